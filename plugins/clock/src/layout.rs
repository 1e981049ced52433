//! Where everything goes: the time as large as the panel allows, the seconds beside it, the date below.
//!
//! Several arrangements are tried: seconds in line, seconds as small digits beside the time, seconds as a line along
//! the bottom. The one with the largest digits wins, where richer arrangements may be a little smaller.
//!
//! Invariant: sizes are chosen for the widest time of day, so that they stay what they are from hour to hour.

use crate::fonts::{DIGITS, Face, WORDS};
use crate::words::Words;

/// What something on the clock is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Time,
    Seconds,
    Below,
}

/// A piece of text in its place.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) role: Role,
    pub(crate) face: &'static Face,
    pub(crate) x: i32,
    pub(crate) baseline: i32,
}

/// A drawn clock, before it is drawn.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub(crate) pieces: Vec<Piece>,
    /// Rows at the bottom in which a line grows with the seconds.
    pub(crate) bar: Option<i32>,
}

/// How the seconds, and AM or PM, are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Variant {
    inline_seconds: bool,
    side_seconds: bool,
    side_meridiem: bool,
    bar: bool,
    /// What its digits' height counts for, in percent.
    weight: i32,
}

/// A variant with the faces that fit.
#[derive(Debug)]
struct Fit {
    variant: Variant,
    time: &'static Face,
    side: Option<&'static Face>,
}

impl Layout {
    /// Arranges words on a panel of this size.
    pub(crate) fn new(words: &Words, width: u32, height: u32) -> Self {
        let (width, height) = (width as i32, height as i32);
        // Larger panels have room for an edge.
        let inner = if width >= 48 { width - width / 32 } else { width };
        let edge = if height >= 32 { height / 32 } else { 0 };
        let bar = if height >= 48 { 2 } else { 1 };
        let gap = (height / 14).max(1);
        let below = if height >= 14 { below(&words.below, inner, height) } else { None };
        let below_rows = below.as_ref().map_or(0, |below| gap + below.above + below.under);
        // On larger panels the bar keeps a little distance.
        let bar_rows = |variant: Variant| if variant.bar { bar + i32::from(height > 16) } else { 0 };
        let fit = variants(words)
            .filter_map(|variant| fit(words, variant, inner, height - edge - below_rows - bar_rows(variant)))
            .max_by_key(|fit| fit.variant.weight * fit.time.height());
        let Some(fit) = fit.or_else(smallest) else { return Self::default() };

        let rows = height - bar_rows(fit.variant);
        let top = ((rows - fit.time.height() - below_rows) / 2).max(0);
        let baseline = top + fit.time.height();
        let mut layout = Self { pieces: Vec::new(), bar: fit.variant.bar.then_some(bar) };
        layout.place_time(words, &fit, width, baseline);
        if let Some(below) = below {
            let x = (width - below.face.width_of_words(&below.text)) / 2;
            let baseline = baseline + gap + below.above;
            layout.pieces.push(Piece { text: below.text, role: Role::Below, face: below.face, x, baseline });
        }
        layout
    }

    fn place_time(&mut self, words: &Words, fit: &Fit, width: i32, baseline: i32) {
        let face = fit.time;
        let seconds = words.second.map(|second| format!("{second:02}"));
        let inline = match &seconds {
            Some(seconds) if fit.variant.inline_seconds => format!(":{seconds}"),
            _ => String::new(),
        };
        let time = format!("{}{inline}", words.time);
        let time_width = face.width_of_digits(&time);
        let side_width = side_width(words, fit);
        let x = ((width - time_width - side_width) / 2).max(0);
        self.pieces.push(Piece { text: words.time.clone(), role: Role::Time, face, x, baseline });
        if !inline.is_empty() {
            let x = x + time_width - face.width_of_digits(&inline);
            self.pieces.push(Piece { text: inline, role: Role::Seconds, face, x, baseline });
        }
        let Some(side) = fit.side else { return };
        let x = x + time_width + side_gap(face);
        if let Some(seconds) = seconds.filter(|_| fit.variant.side_seconds) {
            self.pieces.push(Piece { text: seconds, role: Role::Seconds, face: side, x, baseline });
        }
        if let Some(meridiem) = words.meridiem.filter(|_| fit.variant.side_meridiem) {
            // Above the seconds, or beside the foot of the time if there are none.
            let baseline =
                if fit.variant.side_seconds { baseline - face.height() + side.height() } else { baseline };
            self.pieces.push(Piece {
                text: meridiem.to_owned(),
                role: Role::Seconds,
                face: side,
                x,
                baseline,
            });
        }
    }
}

fn variants(words: &Words) -> impl Iterator<Item = Variant> {
    let (seconds, meridiem) = (words.second.is_some(), words.meridiem.is_some());
    let variant = |inline_seconds, side_seconds, side_meridiem, bar, weight| Variant {
        inline_seconds,
        side_seconds,
        side_meridiem,
        bar,
        weight,
    };
    let all = if seconds {
        vec![
            variant(true, false, meridiem, false, 100),
            variant(false, true, meridiem, false, 85),
            variant(false, false, meridiem, true, 70),
            variant(false, false, false, true, if meridiem { 30 } else { 70 }),
        ]
    } else {
        vec![
            variant(false, false, meridiem, false, 100),
            variant(false, false, false, false, if meridiem { 45 } else { 100 }),
        ]
    };
    all.into_iter()
}

/// The largest faces with which a variant fits.
fn fit(words: &Words, variant: Variant, width: i32, height: i32) -> Option<Fit> {
    let widest = if variant.inline_seconds { "00:00:00" } else { "00:00" };
    for time in DIGITS.iter().filter(|face| face.height() <= height) {
        let fits = |fit: &Fit| time.width_of_digits(widest) + side_width(words, fit) <= width;
        if !variant.side_seconds && !variant.side_meridiem {
            let fit = Fit { variant, time, side: None };
            if fits(&fit) {
                return Some(fit);
            }
            continue;
        }
        // Small enough to stand on top of each other, large enough to go with the time.
        let both = variant.side_seconds && variant.side_meridiem;
        let most = match (both, variant.inline_seconds) {
            (true, _) => (time.height() - 1) / 2,
            (false, true) => time.height() * 2 / 5,
            (false, false) => time.height() * 3 / 5,
        };
        let least = (time.height() / 4).min(most);
        let sides = WORDS.iter().filter(|side| (least..=most).contains(&side.height()));
        let found = sides.map(|side| Fit { variant, time, side: Some(side) }).find(fits);
        if found.is_some() {
            return found;
        }
    }
    None
}

/// For panels on which nothing fits: as much of it as there is room for.
fn smallest() -> Option<Fit> {
    let variant =
        Variant { inline_seconds: false, side_seconds: false, side_meridiem: false, bar: false, weight: 0 };
    DIGITS.last().map(|time| Fit { variant, time, side: None })
}

fn side_gap(time: &Face) -> i32 {
    (time.height() / 7).max(1)
}

/// Columns beside the time, with the gap.
fn side_width(words: &Words, fit: &Fit) -> i32 {
    let Some(side) = fit.side else { return 0 };
    let seconds = if fit.variant.side_seconds { side.width_of_digits("00") } else { 0 };
    let meridiem = match words.meridiem {
        Some(meridiem) if fit.variant.side_meridiem => side.width_of_words(meridiem),
        _ => 0,
    };
    side_gap(fit.time) + seconds.max(meridiem)
}

/// The line below the time, in a face that fits.
struct Below {
    text: String,
    face: &'static Face,
    /// Rows above its baseline, and under it.
    above: i32,
    under: i32,
}

fn below(forms: &[String], width: i32, height: i32) -> Option<Below> {
    let most = (height * 27 / 100).max(5);
    let set = |text: &String, face: &'static Face, complete: bool| {
        // The smallest letters are capitals: lower case is hard to read with five rows.
        let capitals = text.to_uppercase();
        let text = if face.height() <= 5 && face.knows(&capitals) { capitals } else { text.clone() };
        let (above, under) = face.extent(&text);
        let fits = above + under <= most && above > 0 && face.width_of_words(&text) <= width;
        (fits && (face.knows(&text) || !complete)).then_some(Below {
            text,
            face,
            above: above.max(face.height()),
            under,
        })
    };
    // A shorter form in larger letters is better than the full one in letters half as large, and any is better than
    // one with letters missing.
    let least = (most * 11 / 20).min(width / 7);
    let large =
        |text| WORDS.iter().filter(|face| face.height() >= least).find_map(|face| set(text, face, true));
    let small = |text| WORDS.iter().find_map(|face| set(text, face, true));
    let partly = |text| WORDS.iter().find_map(|face| set(text, face, false));
    let found = forms.iter().find_map(large).or_else(|| forms.iter().find_map(small));
    found.or_else(|| forms.iter().find_map(partly))
}

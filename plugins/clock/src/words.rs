//! A point in time in words and digits.
//!
//! Invariant: the forms of a date are ordered from the one that was asked for to the shortest.

use jiff::civil::{Date, DateTime, Weekday};

use crate::settings::{DateFormat, Hours, Settings};

/// What the clock shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    /// Hours and minutes.
    pub(crate) time: String,
    /// The second of the minute, 0 to 59, if wanted.
    pub(crate) second: Option<u32>,
    /// `AM` or `PM`, if hours are counted to twelve.
    pub(crate) meridiem: Option<&'static str>,
    /// The line below the time, in ever shorter forms; none for no line.
    pub(crate) below: Vec<String>,
}

impl Words {
    pub(crate) fn new(settings: &Settings, now: DateTime) -> Self {
        let (hour, minute) = (now.hour(), now.minute());
        let (time, meridiem) = match settings.hours {
            Hours::TwentyFour => (format!("{hour:02}:{minute:02}"), None),
            Hours::Twelve => {
                let shown = (hour + 11) % 12 + 1;
                (format!("{shown}:{minute:02}"), Some(if hour < 12 { "AM" } else { "PM" }))
            }
        };
        let second = settings.seconds.then(|| u32::try_from(now.second()).unwrap_or(0).min(59));
        Self { time, second, meridiem, below: below(settings, now.date()) }
    }
}

fn below(settings: &Settings, date: Date) -> Vec<String> {
    let label: String = settings.label.trim().chars().filter(|c| !c.is_control()).collect();
    let dates = if settings.date { forms(settings.date_format, date) } else { Vec::new() };
    if label.is_empty() {
        return dates;
    }
    let mut all: Vec<String> = dates.iter().map(|date| format!("{label} {date}")).collect();
    all.push(label);
    all
}

/// A date from its longest form to its shortest.
fn forms(format: DateFormat, date: Date) -> Vec<String> {
    let (year, month, day) = (date.year(), date.month(), date.day());
    let weekday = weekday(date.weekday());
    let weekday_short = &weekday[..3];
    let name = MONTHS[usize::try_from(month - 1).unwrap_or(0).min(11)];
    let name_short = &name[..3];
    match format {
        DateFormat::DayMonth => vec![
            format!("{weekday} {day} {name}"),
            format!("{weekday_short} {day} {name}"),
            format!("{weekday_short} {day} {name_short}"),
            format!("{day} {name_short}"),
        ],
        DateFormat::MonthDay => vec![
            format!("{weekday}, {name} {day}"),
            format!("{weekday_short}, {name} {day}"),
            format!("{weekday_short} {name_short} {day}"),
            format!("{name_short} {day}"),
        ],
        DateFormat::Weekday => vec![weekday.to_owned(), weekday_short.to_owned()],
        DateFormat::Iso => vec![format!("{year:04}-{month:02}-{day:02}"), format!("{month:02}-{day:02}")],
        DateFormat::Dots => vec![format!("{day:02}.{month:02}.{year:04}"), format!("{day:02}.{month:02}.")],
        DateFormat::Slashes => vec![format!("{day:02}/{month:02}/{year:04}"), format!("{day:02}/{month:02}")],
        DateFormat::SlashesMonthFirst => {
            vec![format!("{month:02}/{day:02}/{year:04}"), format!("{month:02}/{day:02}")]
        }
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn time(hours: Hours, hour: i8, minute: i8) -> (String, Option<&'static str>) {
        let settings = Settings { hours, ..Settings::default() };
        let words = Words::new(&settings, date(2026, 1, 2).at(hour, minute, 0, 0));
        (words.time, words.meridiem)
    }

    #[test]
    fn hours_to_twelve_have_no_zero() {
        let twelve = |hour| time(Hours::Twelve, hour, 5);
        assert_eq!(twelve(0), ("12:05".into(), Some("AM")));
        assert_eq!(twelve(1), ("1:05".into(), Some("AM")));
        assert_eq!(twelve(12), ("12:05".into(), Some("PM")));
        assert_eq!(twelve(23), ("11:05".into(), Some("PM")));
        assert_eq!(time(Hours::TwentyFour, 0, 5), ("00:05".into(), None));
    }

    #[test]
    fn every_date_gets_shorter() {
        for format in [DateFormat::DayMonth, DateFormat::MonthDay, DateFormat::Weekday, DateFormat::Iso] {
            for month in 1..=12 {
                let forms = forms(format, date(2026, month, 28));
                assert!(forms.windows(2).all(|pair| pair[0].len() >= pair[1].len()), "{forms:?}");
            }
        }
        assert_eq!(forms(DateFormat::DayMonth, date(2026, 1, 2))[2], "Fri 2 Jan");
        assert_eq!(forms(DateFormat::Dots, date(2026, 1, 2))[0], "02.01.2026");
        assert_eq!(forms(DateFormat::SlashesMonthFirst, date(2026, 1, 2))[0], "01/02/2026");
    }

    #[test]
    fn a_label_stands_before_the_date_and_alone_where_that_is_too_long() {
        let settings =
            Settings { label: " Tōkyō\n".into(), date_format: DateFormat::Iso, ..Settings::default() };
        assert_eq!(below(&settings, date(2026, 1, 2)), ["Tōkyō 2026-01-02", "Tōkyō 01-02", "Tōkyō"]);
        assert_eq!(below(&Settings { date: false, ..settings }, date(2026, 1, 2)), ["Tōkyō"]);
        assert!(below(&Settings { date: false, ..Settings::default() }, date(2026, 1, 2)).is_empty());
    }
}

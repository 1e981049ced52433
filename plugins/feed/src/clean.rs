//! From what a feed calls a title to one line of plain text: tags gone, entities resolved, blanks collapsed.
//!
//! Titles are hostile and, more often, merely escaped once too often. They are read once, from left to right: what an
//! entity stands for is never read as a tag, so that "use &lt;b&gt;" stays what its author wrote.
//!
//! Invariant: the answer has no control characters, no two blanks in a row, none at its ends, and is no longer than
//! asked.

/// The plain text of a title, at most `longest` characters; longer ones end in an ellipsis.
pub(crate) fn title(html: &str, longest: usize) -> String {
    let mut text = Plain { text: String::new(), length: 0, blank: false };
    let mut rest = html;
    while let Some(character) = rest.chars().next() {
        if text.length > longest {
            break;
        }
        if let Some(after) = tag(rest) {
            // `one<br>two` are two words, `<b>o</b>ne` is one.
            if breaks_words(&rest[..rest.len() - after.len()]) {
                text.blank = true;
            }
            rest = after;
        } else if let Some((meant, after)) = entity(rest) {
            text.push(meant);
            rest = after;
        } else {
            text.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    text.shortened(longest)
}

struct Plain {
    text: String,
    length: usize,
    /// A blank is due before the next character.
    blank: bool,
}

impl Plain {
    fn push(&mut self, character: char) {
        if character.is_whitespace() || character.is_control() {
            self.blank = true;
            return;
        }
        if directs(character) {
            return;
        }
        if self.blank && !self.text.is_empty() {
            self.text.push(' ');
            self.length += 1;
        }
        self.blank = false;
        self.text.push(character);
        self.length += 1;
    }

    fn shortened(mut self, longest: usize) -> String {
        if self.length > longest {
            let end = self.text.char_indices().nth(longest.saturating_sub(1)).map_or(0, |(at, _)| at);
            self.text.truncate(end);
            self.text.truncate(self.text.trim_end().len());
            self.text.push('…');
        }
        self.text
    }
}

/// Characters that only tell software how to join, order or select others.
fn directs(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// What follows a tag or comment that `text` starts with. A lone `<`, as in "1 < 2" or "<3", is none.
fn tag(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('<')?;
    if let Some(comment) = inside.strip_prefix("!--") {
        return Some(comment.split_once("-->").map_or("", |(_, after)| after));
    }
    if let Some(raw) = inside.strip_prefix("![CDATA[") {
        // The wrapping goes, its content stays; the `]]>` is met again as text.
        return Some(raw);
    }
    let first = inside.strip_prefix('/').unwrap_or(inside).chars().next()?;
    if !first.is_ascii_alphabetic() && first != '!' {
        return None;
    }
    inside.split_once('>').map(|(_, after)| after)
}

fn breaks_words(tag: &str) -> bool {
    let name: String = tag
        .trim_start_matches(['<', '/'])
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    matches!(
        name.as_str(),
        "br" | "p" | "div" | "li" | "tr" | "td" | "h1" | "h2" | "h3" | "h4" | "hr" | "img"
    )
}

/// The character that an entity at the start of `text` stands for, and what follows it.
fn entity(text: &str) -> Option<(char, &str)> {
    let inside = text.strip_prefix('&')?;
    // The longest name below has 8 characters, the longest number 8.
    let end = inside.bytes().take(10).position(|byte| byte == b';')?;
    let (name, after) = (&inside[..end], &inside[end + 1..]);
    let meant = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            windows_1252(code.ok()?)?
        }
        None => named(name)?,
    };
    Some((meant, after))
}

/// The character of a number; 128 to 159 mean Windows-1252, as browsers take them.
fn windows_1252(code: u32) -> Option<char> {
    const HIGH: [char; 32] = [
        '€', ' ', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', ' ', 'Ž', ' ', ' ', '‘', '’', '“',
        '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', ' ', 'ž', 'Ÿ',
    ];
    match code {
        128..=159 => Some(HIGH[code as usize - 128]),
        code => char::from_u32(code),
    }
}

/// The entities that titles are met with: all of Latin-1, punctuation, and what newspapers write.
fn named(name: &str) -> Option<char> {
    const LATIN_1: [&str; 96] = [
        "nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf", "laquo",
        "not", "shy", "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro", "para", "middot",
        "cedil", "sup1", "ordm", "raquo", "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute",
        "Acirc", "Atilde", "Auml", "Aring", "AElig", "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml", "Igrave",
        "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute", "Ocirc", "Otilde", "Ouml", "times",
        "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN", "szlig", "agrave", "aacute",
        "acirc", "atilde", "auml", "aring", "aelig", "ccedil", "egrave", "eacute", "ecirc", "euml", "igrave",
        "iacute", "icirc", "iuml", "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml", "divide",
        "oslash", "ugrave", "uacute", "ucirc", "uuml", "yacute", "thorn", "yuml",
    ];
    const OTHERS: [(&str, char); 40] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("ndash", '–'),
        ("mdash", '—'),
        ("hellip", '…'),
        ("lsquo", '‘'),
        ("rsquo", '’'),
        ("sbquo", '‚'),
        ("ldquo", '“'),
        ("rdquo", '”'),
        ("bdquo", '„'),
        ("lsaquo", '‹'),
        ("rsaquo", '›'),
        ("bull", '•'),
        ("euro", '€'),
        ("trade", '™'),
        ("dagger", '†'),
        ("Dagger", '‡'),
        ("permil", '‰'),
        ("prime", '′'),
        ("Prime", '″'),
        ("minus", '−'),
        ("rarr", '→'),
        ("larr", '←'),
        ("uarr", '↑'),
        ("darr", '↓'),
        ("hearts", '♥'),
        ("OElig", 'Œ'),
        ("oelig", 'œ'),
        ("Scaron", 'Š'),
        ("scaron", 'š'),
        ("Zcaron", 'Ž'),
        ("zcaron", 'ž'),
        ("ensp", ' '),
        ("emsp", ' '),
        ("thinsp", ' '),
        ("zwnj", '\u{200c}'),
    ];
    if let Some(place) = LATIN_1.iter().position(|known| *known == name) {
        return char::from_u32(160 + place as u32);
    }
    OTHERS.iter().find(|(known, _)| *known == name).map(|(_, meant)| *meant)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::title;

    #[test]
    fn tags_go_and_entities_become_what_they_mean() {
        for (html, plain) in [
            ("  Two\n\t words ", "Two words"),
            ("Caf&eacute; &amp; bar &ndash; 5&nbsp;&euro;", "Café & bar – 5 €"),
            ("It&#39;s &#x201c;here&#X201D; &#146;", "It's “here” ’"),
            ("<b>bo</b>ld <a href=\"x\">link</a>", "bold link"),
            ("one<br/>two<p>three</p>", "one two three"),
            ("1 < 2 && I <3 R&D; &unknown; &", "1 < 2 && I <3 R&D; &unknown; &"),
            ("use &lt;b&gt; well", "use <b> well"),
            ("a<!-- not this -->b <!-- nor this", "ab"),
            ("x < y and <no end", "x < y and <no end"),
            ("soft\u{ad}hyphen\u{202e}\u{200b}!", "softhyphen!"),
            ("&#0;&#1114112;&#xD800;", "&#1114112;&#xD800;"),
            ("", ""),
        ] {
            assert_eq!(title(html, 300), plain, "{html}");
        }
    }

    #[test]
    fn a_long_title_ends_in_an_ellipsis() {
        assert_eq!(title("12345", 5), "12345");
        assert_eq!(title("123456", 5), "1234…");
        assert_eq!(title("äöü ß6", 5), "äöü…");
    }

    proptest! {
        #[test]
        fn any_title_becomes_one_clean_line(html in any::<String>(), longest in 1_usize..50) {
            let plain = title(&html, longest);
            prop_assert!(plain.chars().count() <= longest);
            prop_assert!(!plain.contains(char::is_control) && !plain.contains("  "));
            prop_assert_eq!(plain.trim(), &plain);
        }

        #[test]
        fn any_markup_becomes_one_clean_line(html in "[<>&;#!/a-z0-9 -]{0,40}") {
            let plain = title(&html, 60);
            prop_assert!(!plain.contains("  "));
            prop_assert_eq!(plain.trim(), &plain);
        }
    }
}

//! Outside text on paper: whatever a title holds, the file stays one that office programs open.
//!
//! Owns which characters print and how long a text may be. It must not know formats. Nothing here fails: what cannot
//! stand on paper becomes a blank or is left out, what is too long is cut and says so.

use std::borrow::Cow;

/// Longest text of one place, in UTF-16 units: a cell of a workbook holds 32,767.
const LONGEST: usize = 32_000;
/// Longest part of a file's name, in bytes: three of them and an ending stay below the 255 of file systems.
const LONGEST_NAME: usize = 72;

/// A text as it may stand on paper. Control characters and line breaks become blanks; marks that turn the reading
/// direction of what follows, byte order marks and code points that are no characters are left out (XML 1.0 refuses
/// them, or a name could be made to read as another).
pub fn clean(text: &str) -> Cow<'_, str> {
    let fits = text.len() <= LONGEST;
    if fits && text.chars().all(|c| matches!(kept(c), Some(same) if same == c)) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut units) = (String::with_capacity(text.len().min(LONGEST)), 0);
    for c in text.chars().filter_map(kept) {
        units += c.len_utf16();
        if units > LONGEST {
            out.push('…');
            break;
        }
        out.push(c);
    }
    Cow::Owned(out)
}

fn kept(c: char) -> Option<char> {
    match c {
        '\u{2028}' | '\u{2029}' => Some(' '),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fdd0}'..='\u{fdef}' => None,
        c if u32::from(c) & 0xfffe == 0xfffe => None,
        '\0' => None,
        c if c.is_control() => Some(' '),
        c => Some(c),
    }
}

/// A part of a file's name that every system takes: no separators, no characters Windows refuses, no dot at either
/// end, not too long; `_` where nothing is left.
pub fn file_part(text: &str) -> String {
    let cleaned = clean(text);
    let safe = cleaned.chars().map(|c| if r#"/\:*?"<>|"#.contains(c) { '-' } else { c });
    let mut name = String::new();
    for c in safe {
        if name.len() + c.len_utf8() > LONGEST_NAME {
            break;
        }
        name.push(c);
    }
    let name = name.trim_matches([' ', '.', '\u{a0}']);
    if name.is_empty() { "_".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_letters_and_loses_what_no_paper_can_hold() {
        assert!(matches!(clean("Nguyễn Văn Ấn 🏛 <&> עברית"), Cow::Borrowed(_)));
        assert_eq!(clean("a\u{0}b\u{1b}[31mc\nd\u{fffe}e\u{1fffe}f"), "ab [31mc def");
        assert_eq!(clean("gnp\u{202e}.exe\u{2066}x\u{2069}"), "gnp.exex", "nothing turns the direction");
        let long = clean(&"ế".repeat(50_000)).into_owned();
        assert_eq!((long.chars().count(), long.ends_with('…')), (32_001, true));
        assert_eq!(clean(&"🏛".repeat(20_000)).encode_utf16().count(), 32_001, "counted as cells count");
    }

    #[test]
    fn a_name_is_a_name_on_every_system() {
        assert_eq!(file_part("Trần/Thị \\B: \"C\"?"), "Trần-Thị -B- -C--");
        assert_eq!(file_part("../.."), "-");
        for nothing in ["", " . ", "\u{0}"] {
            assert_eq!(file_part(nothing), "_");
        }
        assert!(file_part(&"ễ".repeat(300)).len() <= LONGEST_NAME);
    }
}

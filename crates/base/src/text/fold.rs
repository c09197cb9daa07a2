//! Two keys of a text: one that keeps the accents and one without any.
//!
//! Owns the rules under which two spellings are the same word: composed or decomposed, upper or lower case,
//! any kind of blank, invisible characters, `hoà` or `hòa`, `kĩ` or `kỹ`. It must not know words. Total: any
//! string gives a key.

use super::letter;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Composed text without invisible characters, every run of blanks or control characters made one blank.
/// Keeps case and accents.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = true;
    for c in letter::composed(text).chars() {
        match c {
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' => {}
            c if c.is_whitespace() || c.is_control() => {
                if !blank {
                    out.push(' ');
                }
                blank = true;
            }
            c => {
                out.push(c);
                blank = false;
            }
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

/// The key without accents: lower case, `đ` as `d`, blanks unified. What accent-free search compares.
///
/// ```text
/// "Kế hoạch  ĐIỀU TRA" -> "ke hoach dieu tra"
/// ```
pub fn fold(text: &str) -> String {
    let text = clean(text);
    let known = |c: char| match c {
        c if c.is_ascii() => Some(c.to_ascii_lowercase()),
        c => letter::of(c).map(|letter| letter.bare),
    };
    if let Some(folded) = text.chars().map(known).collect() {
        return folded;
    }
    let bare: String = text.nfd().filter(|c| !is_combining_mark(*c)).collect();
    bare.to_lowercase()
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .map(|c| if c == 'đ' { 'd' } else { c })
        .collect()
}

/// The key that keeps accents but not where they stand: lower case, vowel quality kept, the tone of each word
/// written as a digit at its end (1 huyền, 2 sắc, 3 hỏi, 4 ngã, 5 nặng).
///
/// ```text
/// "Hoà" and "hòa" -> "hoa1";  "Đường" -> "đương1"
/// ```
pub fn lower_key(text: &str) -> String {
    let text = clean(text).to_lowercase();
    let mut out = String::with_capacity(text.len() + 8);
    let mut tone = None;
    let mut word = String::new();
    for c in text.nfd().chain(std::iter::once(' ')) {
        match c {
            '\u{300}' => tone = Some('1'),
            '\u{301}' => tone = Some('2'),
            '\u{309}' => tone = Some('3'),
            '\u{303}' => tone = Some('4'),
            '\u{323}' => tone = Some('5'),
            c if c.is_alphabetic() || is_combining_mark(c) => word.push(c),
            c => {
                out.extend(word.nfc());
                out.extend(tone.take());
                word.clear();
                out.push(c);
            }
        }
    }
    out.pop();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_word_share_both_keys() {
        for (a, b) in [
            ("Hoà bình", "hòa  BÌNH"),
            ("thuỷ", "thủy"),
            ("Đu\u{31b}o\u{31b}\u{300}ng", "ĐƯỜNG"),
            ("kế\u{a0}hoạch", "kế hoạch"),
        ] {
            assert_eq!(lower_key(a), lower_key(b), "{a} {b}");
            assert_eq!(fold(a), fold(b), "{a} {b}");
        }
        assert_eq!(fold("Kế ho\u{ad}ạch ĐIỀU\u{200b} TRA"), "ke hoach dieu tra");
        assert_ne!(lower_key("bán"), lower_key("bản"));
    }

    #[test]
    fn blanks_alone_give_an_empty_key() {
        assert_eq!(fold(" \u{a0}\t\n\u{200b}"), "");
        assert_eq!(lower_key(""), "");
    }
}

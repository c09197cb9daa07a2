//! Latin letters with their marks in one piece, and what each is made of: small letter, tone, letter without marks.
//!
//! Owns the table, made once from the rules of Unicode for every letter alone. It must not know words. Of a letter that is not
//! in it nothing is said: whoever asks goes the long way, with the same result.

use std::borrow::Cow;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What a letter is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Letter {
    /// The small letter with its marks.
    pub lower: char,
    /// The small letter without its tone.
    pub toneless: char,
    /// The digit of its tone ([`super::lower_key`]).
    pub tone: Option<char>,
    /// The small letter without any mark: ASCII.
    pub bare: char,
}

/// Where the letters stand: those of the Latin supplements up to `ư`, and those with two marks.
const SIMPLE: std::ops::RangeInclusive<u32> = 0xc0..=0x1b0;
const DOUBLE: std::ops::RangeInclusive<u32> = 0x1ea0..=0x1ef9;

static LETTERS: LazyLock<Vec<Option<Letter>>> =
    LazyLock::new(|| SIMPLE.chain(DOUBLE).map(|code| char::from_u32(code).and_then(made_of)).collect());

/// What a letter beyond ASCII is made of; none of one that is not in the table.
pub(super) fn of(c: char) -> Option<Letter> {
    let code = u32::from(c);
    let at = if SIMPLE.contains(&code) {
        code - SIMPLE.start()
    } else if DOUBLE.contains(&code) {
        code - DOUBLE.start() + (SIMPLE.end() - SIMPLE.start() + 1)
    } else {
        return None;
    };
    *LETTERS.get(at as usize)?
}

/// The digit a tone is written as.
pub(super) fn tone(mark: char) -> Option<char> {
    match mark {
        '\u{300}' => Some('1'),
        '\u{301}' => Some('2'),
        '\u{309}' => Some('3'),
        '\u{303}' => Some('4'),
        '\u{323}' => Some('5'),
        _ => None,
    }
}

fn made_of(c: char) -> Option<Letter> {
    let single = |mut all: Box<dyn Iterator<Item = char>>| all.next().filter(|_| all.next().is_none());
    single(Box::new(std::iter::once(c).nfc())).filter(|same| *same == c)?;
    let lower = single(Box::new(c.to_lowercase()))?;
    let parts: Vec<char> = std::iter::once(lower).nfd().collect();
    let kept: Vec<char> = parts.iter().copied().filter(|part| tone(*part).is_none()).collect();
    let bare = single(Box::new(parts.clone().into_iter().filter(|part| !is_combining_mark(*part))))?;
    let bare = if bare == 'đ' { 'd' } else { bare };
    Some(Letter {
        lower,
        toneless: single(Box::new(kept.into_iter().nfc()))?,
        tone: parts.iter().rev().find_map(|part| tone(*part)),
        bare: Some(bare).filter(char::is_ascii_lowercase)?,
    })
}

/// A text composed; itself where it is already.
pub(super) fn composed(text: &str) -> Cow<'_, str> {
    let known = |c: char| c.is_ascii() || of(c).is_some();
    let yes = unicode_normalization::IsNormalized::Yes;
    if text.chars().all(known) || unicode_normalization::is_nfc_quick(text.chars()) == yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_the_language_is_in_the_table_and_is_made_of_what_unicode_says() {
        let letters = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ";
        for c in letters.chars().chain(letters.to_uppercase().chars()) {
            let letter = of(c).expect("a letter of the language");
            let decomposed: String = std::iter::once(c).nfd().collect();
            assert_eq!(letter.bare.to_string(), crate::text::fold(&decomposed), "{c}");
            let key: String = std::iter::once(letter.toneless).chain(letter.tone).collect();
            assert_eq!(key, crate::text::lower_key(&decomposed), "{c}");
        }
        for other in ['a', '×', 'ø', 'ß', 'İ', '\u{323}', '한'] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn a_decomposed_text_is_composed_and_a_composed_one_is_left() {
        assert!(matches!(composed("Kế hoạch №"), Cow::Borrowed("Kế hoạch №")));
        assert_eq!(composed("Ke\u{302}\u{301} hoa\u{323}ch"), "Kế hoạch");
    }
}

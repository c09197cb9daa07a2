//! Repair of titles damaged on their way: UTF-8 read as Windows-1252, the old fonts TCVN3 (ABC) and VNI read as
//! Latin text, and glyphs that PDF readers get wrong.
//!
//! Owns the tables of these damages. A repair is taken only on evidence: more words become Vietnamese syllables
//! with accents, and none stops being one. Otherwise the text stays as it came. Total.

use super::letter::composed;
use super::syllable::is_syllable;
use unicode_normalization::UnicodeNormalization;

/// Damage found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// UTF-8 bytes shown as Windows-1252.
    Utf8AsLatin,
    /// Font TCVN3 (ABC).
    Tcvn3,
    /// Font VNI.
    Vni,
}

/// Characters a text in the font TCVN3 shows where it is read as Latin-1, in the order of [`TCVN3_LETTERS`].
pub const TCVN3_CODES: &str =
    "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u{ad}õøö÷ùúýûüþ¡¢£¤¥¦§";
/// Letters meant by [`TCVN3_CODES`].
pub const TCVN3_LETTERS: &str = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂÊÔƠƯĐ";

/// Repairs a text where the evidence allows it, and says what was wrong.
pub fn repair(text: &str) -> (String, Option<Damage>) {
    let text: String = text
        .chars()
        .map(|c| match c {
            '\u{4c7}' | '\u{34b}' => 'ể',
            '\u{32f}' => 'ầ',
            other => other,
        })
        .collect();
    if text.is_ascii() {
        return (text, None);
    }
    let before = evidence(&text);
    if before.1 == 0 {
        return (text, None);
    }
    let candidates = [
        (utf8_as_latin(&text), Damage::Utf8AsLatin),
        (Some(tcvn3(&text)), Damage::Tcvn3),
        (Some(vni(&text)), Damage::Vni),
    ];
    let best = candidates
        .into_iter()
        .filter_map(|(candidate, damage)| {
            candidate.map(|candidate| (evidence(&candidate), candidate, damage))
        })
        .filter(|((good, bad), _, _)| *good > before.0 && *bad < before.1)
        .max_by_key(|((good, bad), _, _)| i64::from(*good) - i64::from(*bad));
    match best {
        Some((_, candidate, damage)) => (candidate, Some(damage)),
        None => (text, None),
    }
}

/// Words with accents that are syllables, and words with other characters that are none.
fn evidence(text: &str) -> (u32, u32) {
    let (mut good, mut bad) = (0, 0);
    let text = composed(text);
    for word in text.split(|c: char| c.is_whitespace() || c.is_ascii_punctuation() || c.is_ascii_digit()) {
        if word.is_ascii() {
            continue;
        }
        if is_syllable(word)
            || matches!(word.to_lowercase().as_str(), "đ" | "qđ" | "nđ" | "hđ" | "hđnd" | "cđ")
        {
            good += 1;
        } else {
            bad += 1;
        }
    }
    (good, bad)
}

fn utf8_as_latin(text: &str) -> Option<String> {
    let (bytes, _, unmappable) = encoding_rs::WINDOWS_1252.encode(text);
    if !unmappable && let Ok(whole) = std::str::from_utf8(&bytes) {
        return Some(whole.to_owned());
    }
    // A blank that was a no-break space breaks one letter, not the title: word by word then.
    let words: Vec<String> = text
        .split(' ')
        .map(|word| {
            let (bytes, _, unmappable) = encoding_rs::WINDOWS_1252.encode(word);
            match std::str::from_utf8(&bytes) {
                Ok(word) if !unmappable => word.to_owned(),
                _ => word.to_owned(),
            }
        })
        .collect();
    Some(words.join(" "))
}

/// Text in the font TCVN3 as Unicode. Capitals with tones share the small letters' codes in that font: where all plain
/// letters of a cell are capitals and one word has two of them, it was typed in the font of capitals and all of it is.
pub(super) fn tcvn3(text: &str) -> String {
    let letter =
        |c| TCVN3_CODES.chars().zip(TCVN3_LETTERS.chars()).find(|(code, _)| *code == c).map_or(c, |(_, l)| l);
    let mut out = String::with_capacity(text.len());
    for cell in text.split_inclusive([',', ';', '\t', '\n', '\r', '"']) {
        let small = cell.contains(|c: char| c.is_ascii_lowercase());
        let capitals = |word: &str| word.chars().filter(char::is_ascii_uppercase).count() >= 2;
        let letters = cell.chars().map(letter);
        if !small && cell.split(' ').any(capitals) {
            out.extend(letters.flat_map(char::to_uppercase));
        } else {
            out.extend(letters);
        }
    }
    out
}

/// Text in the font VNI as Unicode: a base letter followed by a code for its marks.
pub(super) fn vni(text: &str) -> String {
    let mut out: Vec<char> = Vec::with_capacity(text.len());
    for c in text.chars() {
        let upper = c.is_uppercase();
        let low = c.to_lowercase().next().unwrap_or(c);
        let single = match low {
            'ñ' => Some('đ'),
            'ô' => Some('ơ'),
            'ö' => Some('ư'),
            'æ' => Some('ỉ'),
            'ó' => Some('ĩ'),
            'ò' => Some('ị'),
            'î' => Some('ỵ'),
            _ => None,
        };
        let marks = match low {
            'ù' => "\u{301}",
            'ø' => "\u{300}",
            'û' => "\u{309}",
            'õ' => "\u{303}",
            'ï' => "\u{323}",
            'â' => "\u{302}",
            'á' => "\u{302}\u{301}",
            'à' => "\u{302}\u{300}",
            'å' => "\u{302}\u{309}",
            'ã' => "\u{302}\u{303}",
            'ä' => "\u{302}\u{323}",
            'ê' => "\u{306}",
            'é' => "\u{306}\u{301}",
            'è' => "\u{306}\u{300}",
            'ú' => "\u{306}\u{309}",
            'ü' => "\u{306}\u{303}",
            'ë' => "\u{306}\u{323}",
            _ => "",
        };
        let after_vowel =
            out.last().is_some_and(|p| "aeouyơư".contains(p.to_lowercase().next().unwrap_or(*p)));
        if let Some(letter) = single {
            if upper { out.extend(letter.to_uppercase()) } else { out.push(letter) }
        } else if !marks.is_empty() && after_vowel {
            out.extend(marks.chars());
        } else {
            out.push(c);
        }
    }
    out.into_iter().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_fonts_and_wrong_encodings_are_read_back() {
        let cases = [
            (
                "Q§ xö ph¹t «ng Lª TÊn Lùc x©y dùng sai phÐp",
                "QĐ xử phạt ông Lê Tấn Lực xây dựng sai phép",
                Damage::Tcvn3,
            ),
            ("Quyeát ñònh thaønh laäp Toå phuïc vuï", "Quyết định thành lập Tổ phục vụ", Damage::Vni),
            ("BÃ¡o cÃ¡o káº¿t quáº£ hoáº¡t Ä‘á»™ng", "Báo cáo kết quả hoạt động", Damage::Utf8AsLatin),
        ];
        for (broken, sound, damage) in cases {
            assert_eq!(repair(broken), (sound.to_owned(), Some(damage)));
        }
        assert_eq!(repair("Kế hoạch triӇn khai ph̯n").0, "Kế hoạch triển khai phần");
    }

    #[test]
    fn sound_text_is_left_alone() {
        for text in
            ["Kế hoạch kiểm tra quý III", "Café Đà Nẵng", "Ủy ban nhân dân xã Đak Đoa", "plain ascii", "😀"]
        {
            assert_eq!(repair(text), (text.to_owned(), None));
        }
    }
}

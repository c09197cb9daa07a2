//! Titles as other hands type them: the same words without accents, with slips, short forms, another order, in old fonts.
//!
//! Owns the kinds of noise and makes them from a seed: the same title, kind and seed give the same text. It serves
//! measurement alone and must not know products. Any title gives a text.

use crate::text::{fold, tokens};
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A kind of noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Noise {
    /// No accents.
    NoAccents,
    /// One letter in about fifteen lost, doubled or exchanged with its neighbour.
    Typos,
    /// Usual short forms.
    ShortForms,
    /// The parts of the title in another order.
    Order,
    /// TCVN3 font text read as Latin letters.
    Tcvn3,
    /// VNI font text read as Latin letters.
    Vni,
    /// UTF-8 read as Windows-1252.
    Latin,
    /// Decomposed letters.
    Decomposed,
    /// Capitals.
    Upper,
    /// Short forms, a slip and no accents together.
    Hurried,
    /// One letter in twenty hit beside, one mark in five another or lost.
    Beside,
    /// One word in three as Telex keystrokes.
    Keystrokes,
    /// One blank in eight lost.
    LostBlanks,
    /// Two words beside each other by their initials, twice.
    Initials,
    /// Groups of three words in another order.
    Shuffled,
    /// One word in six left out.
    Fewer,
}

impl Noise {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::NoAccents,
        Self::Typos,
        Self::ShortForms,
        Self::Order,
        Self::Tcvn3,
        Self::Vni,
        Self::Latin,
        Self::Decomposed,
        Self::Upper,
        Self::Hurried,
        Self::Beside,
        Self::Keystrokes,
        Self::LostBlanks,
        Self::Initials,
        Self::Shuffled,
        Self::Fewer,
    ];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoAccents => "no accents",
            Self::Typos => "typos",
            Self::ShortForms => "short forms",
            Self::Order => "other order",
            Self::Tcvn3 => "TCVN3",
            Self::Vni => "VNI",
            Self::Latin => "UTF-8 as 1252",
            Self::Decomposed => "NFD",
            Self::Upper => "capitals",
            Self::Hurried => "hurried (short forms, slips, no accents)",
            Self::Beside => "keys and marks beside",
            Self::Keystrokes => "Telex keystrokes",
            Self::LostBlanks => "lost blanks",
            Self::Initials => "unknown initials",
            Self::Shuffled => "shuffled groups of words",
            Self::Fewer => "words left out",
        }
    }

    /// The title with this noise.
    pub fn apply(self, title: &str, seed: u64) -> String {
        match self {
            Self::NoAccents => without_accents(title),
            Self::Typos => typos(title, seed),
            Self::ShortForms => short_forms(title),
            Self::Order => other_order(title),
            Self::Tcvn3 => title.nfc().map(tcvn3).collect(),
            Self::Vni => title.nfc().map(vni).collect(),
            Self::Latin => title.nfc().collect::<String>().bytes().map(as_1252).collect(),
            Self::Decomposed => title.nfd().collect(),
            Self::Upper => title.nfc().collect::<String>().to_uppercase(),
            Self::Hurried => without_accents(&typos(&short_forms(title), seed)),
            Self::Beside => beside(title, seed),
            Self::Keystrokes => by_word(title, seed, |word, chance| {
                if chance.is_multiple_of(3) { keystrokes(word) } else { word.to_owned() }
            }),
            Self::LostBlanks => lost_blanks(title, seed),
            Self::Initials => initials(title, seed),
            Self::Shuffled => shuffled(title, seed),
            Self::Fewer => fewer(title, seed),
        }
    }
}

fn start(title: &str, seed: u64) -> u64 {
    title.bytes().fold(seed, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn by_word(title: &str, seed: u64, change: impl Fn(&str, u64) -> String) -> String {
    let (whole, mut state) = (title.nfc().collect::<String>(), start(title, seed));
    whole.split(' ').map(|word| change(word, next(&mut state) >> 8)).collect::<Vec<_>>().join(" ")
}

fn beside(title: &str, seed: u64) -> String {
    const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
    const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{309}', '\u{303}', '\u{323}'];
    let mut state = start(title, seed);
    let mut out = String::with_capacity(title.len());
    for c in title.nfd() {
        let chance = next(&mut state) >> 8;
        let row = ROWS.iter().find(|row| row.contains(c)).filter(|_| chance.is_multiple_of(20));
        if let Some(row) = row {
            let at = row.find(c).unwrap_or(0);
            let there =
                if at == 0 || chance.is_multiple_of(3) && at + 1 < row.len() { at + 1 } else { at - 1 };
            out.extend(row.get(there..=there));
        } else if TONES.contains(&c) && chance.is_multiple_of(5) {
            out.extend(TONES.get((chance >> 16) as usize % 8));
        } else {
            out.push(c);
        }
    }
    out.nfc().collect()
}

/// A word as the keys Telex types it with.
fn keystrokes(word: &str) -> String {
    let (mut out, mut tone) = (String::with_capacity(word.len() + 3), None);
    for c in word.nfd() {
        match c {
            '\u{300}' => tone = Some('f'),
            '\u{301}' => tone = Some('s'),
            '\u{309}' => tone = Some('r'),
            '\u{303}' => tone = Some('x'),
            '\u{323}' => tone = Some('j'),
            '\u{302}' => out.extend(out.chars().last()),
            '\u{306}' | '\u{31b}' => out.push('w'),
            'đ' => out.push_str("dd"),
            'Đ' => out.push_str("DD"),
            c => out.push(c),
        }
    }
    out.extend(tone);
    out
}

fn lost_blanks(title: &str, seed: u64) -> String {
    let mut state = start(title, seed);
    title.chars().filter(|c| *c != ' ' || !(next(&mut state) >> 8).is_multiple_of(8)).collect()
}

fn initials(title: &str, seed: u64) -> String {
    let (whole, mut state) = (title.nfc().collect::<String>(), start(title, seed));
    let mut words: Vec<String> = whole.split_whitespace().map(str::to_owned).collect();
    for _ in 0..2 {
        if words.len() < 6 {
            break;
        }
        let at = (next(&mut state) >> 8) as usize % (words.len() - 1);
        let two = words.iter().skip(at).take(2);
        let initials: Option<String> =
            two.map(|word| word.chars().next().filter(|c| c.is_lowercase())).collect();
        if let Some(initials) = initials.filter(|initials| initials.chars().count() == 2) {
            words.splice(at..at + 2, [initials]);
        }
    }
    words.join(" ")
}

fn shuffled(title: &str, seed: u64) -> String {
    let mut state = start(title, seed);
    let words: Vec<&str> = title.split_whitespace().collect();
    let mut groups: Vec<&[&str]> = words.chunks(3).collect();
    for last in (1..groups.len()).rev() {
        groups.swap(last, (next(&mut state) >> 8) as usize % (last + 1));
    }
    groups.concat().join(" ")
}

fn fewer(title: &str, seed: u64) -> String {
    let mut state = start(title, seed);
    let keep = |_: &&str| !(next(&mut state) >> 8).is_multiple_of(6);
    title.split_whitespace().filter(keep).collect::<Vec<_>>().join(" ")
}

/// Written forms and their short ones; some are not in our own table, as those of other hands are not.
const SHORT: [(&str, &str); 38] = [
    ("Ủy ban nhân dân", "UBND"),
    ("báo cáo", "bc"),
    ("kế hoạch", "KH"),
    ("quyết định", "QĐ"),
    ("tờ trình", "TTr"),
    ("hồ sơ", "hs"),
    ("đăng ký", "đk"),
    ("giấy chứng nhận", "GCN"),
    ("giấy phép", "GP"),
    ("công văn", "CV"),
    ("văn bản", "VB"),
    ("thông báo", "TB"),
    ("cán bộ", "CB"),
    ("công chức", "CC"),
    ("viên chức", "VC"),
    ("giải quyết", "GQ"),
    ("thực hiện", "t/h"),
    ("đề nghị", "đn"),
    ("nhiệm vụ", "NV"),
    ("quyền sử dụng đất", "QSDĐ"),
    ("thủ tục hành chính", "TTHC"),
    ("cải cách hành chính", "CCHC"),
    ("hội đồng nhân dân", "HĐND"),
    ("kiểm tra", "ktra"),
    ("xây dựng", "XD"),
    ("hợp đồng", "HĐ"),
    ("đầu tư", "ĐT"),
    ("dự án", "DA"),
    ("doanh nghiệp", "DN"),
    ("công ty", "cty"),
    ("khiếu nại", "KN"),
    ("nghị quyết", "NQ"),
    ("nghị định", "NĐ"),
    ("hướng dẫn", "HD"),
    ("biên bản", "BB"),
    ("thẩm định", "TĐ"),
    ("giấy mời", "GM"),
    ("ngân sách", "NS"),
];

fn short_forms(title: &str) -> String {
    let mut text: String = title.nfc().collect();
    for (long, short) in SHORT {
        let mut chars = long.chars();
        let capital: String =
            chars.next().into_iter().flat_map(char::to_uppercase).chain(chars.as_str().chars()).collect();
        text = text.replace(long, short).replace(&capital, short);
    }
    text
}

fn without_accents(title: &str) -> String {
    let bare = |c: char| match c {
        'đ' => 'd',
        'Đ' => 'D',
        other => other,
    };
    title.nfd().filter(|c| !is_combining_mark(*c)).map(bare).collect()
}

/// A number from a seed: the same everywhere (splitmix64).
pub(super) fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn typos(title: &str, seed: u64) -> String {
    let mut state =
        title.bytes().fold(seed, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let letters: Vec<char> = title.nfc().collect();
    let mut out = String::with_capacity(title.len());
    let mut index = 0;
    while let Some(letter) = letters.get(index) {
        let chance = next(&mut state);
        let following = letters.get(index + 1).filter(|c| c.is_alphabetic());
        match (letter.is_alphabetic() && chance.is_multiple_of(15), (chance >> 32) % 3, following) {
            (true, 0, _) => {}
            (true, 1, Some(following)) => {
                out.push(*following);
                out.push(*letter);
                index += 1;
            }
            (true, _, _) => {
                out.push(*letter);
                out.push(*letter);
            }
            _ => out.push(*letter),
        }
        index += 1;
    }
    out
}

/// The last part of the title first: parts end at commas, semicolons and dashes; without any the first third of the words
/// goes to the end.
fn other_order(title: &str) -> String {
    let parts: Vec<&str> =
        title.split([',', ';', '(']).map(str::trim).filter(|part| !part.is_empty()).collect();
    if let Some((last, before)) = parts.split_last().filter(|(_, before)| !before.is_empty()) {
        return format!("{last}, {}", before.join(", "));
    }
    let words: Vec<&str> = title.split_whitespace().collect();
    let (front, back) = words.split_at(words.len() / 3);
    [back, front].concat().join(" ")
}

fn tcvn3(c: char) -> char {
    let codes = || crate::text::repair::TCVN3_CODES.chars().zip(crate::text::repair::TCVN3_LETTERS.chars());
    let small = c.to_lowercase().next().unwrap_or(c);
    let code = |letter: char| codes().find(|(_, own)| *own == letter).map(|(code, _)| code);
    code(c).or_else(|| code(small)).unwrap_or(c)
}

/// A letter in the VNI font: its base and a code for its marks.
fn vni(c: char) -> Written {
    let upper = c.is_uppercase();
    let small: String = c.to_lowercase().collect();
    let parts: Vec<char> = small.nfd().collect();
    let base = parts.first().copied().unwrap_or(c);
    let has = |mark: char| parts.contains(&mark);
    let tone = ['\u{301}', '\u{300}', '\u{309}', '\u{303}', '\u{323}'].iter().position(|mark| has(*mark));
    let base = match base {
        'đ' => 'ñ',
        'o' if has('\u{31b}') => 'ô',
        'u' if has('\u{31b}') => 'ö',
        'i' if tone == Some(2) => 'æ',
        'i' if tone == Some(3) => 'ó',
        'i' if tone == Some(4) => 'ò',
        'y' if tone == Some(4) => 'î',
        other => other,
    };
    let pick = |list: &str| tone.and_then(|tone| list.chars().nth(tone));
    let code = if has('\u{302}') {
        pick("áàåãä").or(Some('â'))
    } else if has('\u{306}') {
        pick("éèúüë").or(Some('ê'))
    } else if matches!(base, 'æ' | 'ó' | 'ò' | 'î') {
        None
    } else {
        pick("ùøûõï")
    };
    let cased = |c: char| if upper { c.to_uppercase().next().unwrap_or(c) } else { c };
    Written(if parts.len() > 1 || base == 'ñ' { cased(base) } else { c }, code.map(cased))
}

/// One or two letters.
struct Written(char, Option<char>);

impl FromIterator<Written> for String {
    fn from_iter<I: IntoIterator<Item = Written>>(letters: I) -> Self {
        let mut out = Self::new();
        for Written(letter, code) in letters {
            out.push(letter);
            out.extend(code);
        }
        out
    }
}

fn as_1252(byte: u8) -> char {
    encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next().unwrap_or(' ')
}

/// Noise found in a title, for slices of measured tasks: what the text itself shows.
pub fn found_in(title: &str) -> &'static str {
    if crate::text::repair(title).1.is_some() {
        "broken encoding"
    } else if tokens(title).is_empty() {
        "no words"
    } else if fold(title) == title.to_lowercase() {
        "no accents"
    } else if title.to_uppercase() == title {
        "capitals"
    } else {
        "none"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_the_same_for_the_same_seed_and_fonts_are_read_back() {
        let title = "Quyết định xử phạt ông Lê Tấn Lực, xây dựng sai phép ở phường";
        for noise in Noise::ALL {
            assert_eq!(noise.apply(title, 7), noise.apply(title, 7));
            // A short title may keep every word and blank by chance.
            assert!((0..20).any(|seed| noise.apply(title, seed) != title), "{}", noise.name());
        }
        let words = |text: &str| tokens(text).into_iter().map(|t| t.accented).collect::<Vec<_>>();
        for noise in [Noise::Tcvn3, Noise::Vni, Noise::Latin, Noise::Decomposed, Noise::Upper] {
            assert_eq!(words(&noise.apply(title, 1)), words(title), "{}", noise.name());
        }
        assert_eq!(Noise::NoAccents.apply("Đường", 0), "Duong");
        assert_eq!(Noise::Order.apply("a, b, c", 0), "c, a, b");
    }
}

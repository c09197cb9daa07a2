//! Names and numbers of people taken out of a text before it leaves the installation.
//!
//! Owns what is recognised: runs of nine digits and more, names after a form of address, names of three and more
//! capital words that begin with a surname, and names the caller knows; where a text goes to strangers whatever may be a
//! name (`Care`). It must not know where a text goes. What is masked too much costs a word of a title; what the ranking
//! learns from never holds names. Total on any input.

use super::fold;
use super::tokens::{is_address, is_surname};
use std::collections::HashSet;
use std::ops::Range;

/// What stands for a number and for a name.
const NUMBER: &str = "[số]";
const NAME: &str = "[họ tên]";
/// Digits from which on a number may be a citizen's: identity cards have nine or twelve, telephones ten.
const DIGITS: usize = 9;
/// Longest and shortest name of a person, in words.
const LONGEST: usize = 6;
const SHORTEST: usize = 2;
/// Words taken for a name where nothing tells its end.
const AT_MOST: usize = 4;
/// The one name of three capital words that says what a task is about.
const SUBJECT: &str = "ho chi minh";

/// More surnames, of words that mostly mean something else.
const RARE: &str = " dao to chu ha tang la quach phung vuong nong y h kieu mac ton dam luu trieu vi giang kim thach son khuat ";

/// Surnames that are written with accents.
const ACCENTED: [&str; 36] = [
    "nguyễn", "trần", "lê", "phạm", "hoàng", "huỳnh", "vũ", "võ", "đặng", "bùi", "đỗ", "hồ", "ngô", "dương",
    "lý", "đào", "đinh", "đoàn", "trương", "lâm", "trịnh", "tô", "châu", "thái", "tạ", "hà", "lương", "tăng",
    "quách", "phùng", "vương", "nông", "rơ", "kpă", "triệu", "lưu",
];

/// How much is taken for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// What surely is one: the text is still to say what a task is about.
    Meaning,
    /// What may be one, in whatever letters: the text leaves the house.
    Stranger,
}

/// A piece of a text: a word, or what stands between words.
struct Piece<'a> {
    at: usize,
    text: &'a str,
    folded: String,
    word: bool,
}

/// The text without recognised names and numbers; `known` are folded full names.
pub fn mask(text: &str, known: &HashSet<String>) -> String {
    let text = numbers(text);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for name in names(&text, known, Care::Meaning) {
        out.push_str(text.get(at..name.start).unwrap_or_default());
        out.push_str(NAME);
        at = name.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// Whether a text holds a number that may be a citizen's.
pub fn has_number(text: &str) -> bool {
    numbers(text) != text
}

fn numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    let flush = |run: &mut String, out: &mut String| {
        let body = run.trim_end_matches(|c: char| !c.is_numeric());
        let rest = run.get(body.len()..).unwrap_or_default().to_owned();
        if body.chars().filter(|c| c.is_numeric()).count() >= DIGITS {
            out.push_str(NUMBER);
        } else {
            out.push_str(body);
        }
        out.push_str(&rest);
        run.clear();
    };
    for c in text.chars() {
        // One blank, dot or dash between digits is the way people write long numbers.
        let between = matches!(c, ' ' | '.' | '-' | '\u{a0}') && run.ends_with(char::is_numeric);
        if c.is_numeric() || (between && !run.is_empty()) {
            run.push(c);
        } else {
            flush(&mut run, &mut out);
            out.push(c);
        }
    }
    flush(&mut run, &mut out);
    out
}

/// Where names stand in a composed (NFC) text, in order; `known` are folded full names.
pub fn names(text: &str, known: &HashSet<String>, care: Care) -> Vec<Range<usize>> {
    let strange = care == Care::Stranger;
    let pieces = pieces(text);
    let both = text.chars().any(char::is_lowercase) && text.chars().any(char::is_uppercase);
    let words: Vec<usize> = (0..pieces.len()).filter(|at| pieces.get(*at).is_some_and(|p| p.word)).collect();
    let piece = |index: usize| words.get(index).and_then(|at| pieces.get(*at));
    let capital = |index: usize| {
        piece(index).is_some_and(|piece| piece.text.chars().next().is_some_and(char::is_uppercase))
    };
    let surname = |index: usize| {
        let rare = |folded: &str| strange && RARE.split(' ').any(|word| !word.is_empty() && word == folded);
        // Where capitals tell nothing, accents tell a surname from another word: Đinh, quyết định.
        let other = |text: &str| {
            strange && !both && !text.is_ascii() && !ACCENTED.contains(&text.to_lowercase().as_str())
        };
        piece(index)
            .is_some_and(|piece| (is_surname(&piece.folded) || rare(&piece.folded)) && !other(piece.text))
    };
    let middle =
        |index: usize| piece(index).is_some_and(|piece| matches!(piece.folded.as_str(), "van" | "thi"));
    // Words one after the other with nothing but blanks between them.
    let joined = |index: usize| {
        let (Some(from), Some(to)) = (words.get(index), words.get(index + 1)) else { return false };
        pieces.get(from + 1..*to).is_some_and(|between| between.iter().all(|p| p.text.trim().is_empty()))
    };
    let run = |from: usize, most: usize| {
        let mut length = usize::from(!both || capital(from));
        while length > 0 && length < most && joined(from + length - 1) && (!both || capital(from + length)) {
            length += 1;
        }
        length
    };
    let mut hidden: Vec<(usize, usize)> = Vec::new();
    let mut index = 0;
    while index < words.len() {
        let longest = run(index, LONGEST);
        let text_of = |length: usize| {
            (index..index + length)
                .filter_map(piece)
                .map(|piece| piece.folded.as_str())
                .collect::<Vec<_>>()
                .join(" ")
        };
        let mut length =
            (SHORTEST..=longest).rev().find(|length| known.contains(&text_of(*length))).unwrap_or(0);
        let addressed = index > 0 && piece(index - 1).is_some_and(|piece| is_address(&piece.folded));
        if length == 0 && surname(index) && addressed {
            // Without capitals nothing tells where a name ends.
            length = if both { longest } else { longest.min(3) };
        }
        if length == 0 && both && surname(index) && longest >= 3 && !text_of(3).starts_with(SUBJECT) {
            length = longest;
        }
        if length == 0 && strange && surname(index) && !text_of(longest.min(3)).starts_with(SUBJECT) {
            let upper = !both && text.chars().any(char::is_uppercase);
            let rest = (1..AT_MOST).take_while(|after| joined(index + after - 1)).count() + 1;
            length = match () {
                () if both && longest >= SHORTEST => longest,
                () if joined(index) && middle(index + 1) && rest > SHORTEST => rest,
                () if upper && rest >= SHORTEST => rest,
                // Nothing but a name.
                () if !both && index == 0 && words.len() == rest && rest >= SHORTEST => rest,
                () => 0,
            };
        }
        if length > 0 {
            hidden.push((index, length));
        }
        index += length.max(1);
    }
    let ends = hidden.into_iter().filter_map(|(first, length)| {
        let (from, last) = (piece(first)?, piece(first + length - 1)?);
        Some(from.at..last.at + last.text.len())
    });
    ends.collect()
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut start, mut last) = (0, None);
    for (at, c) in text.char_indices() {
        let word = c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c);
        if last.is_some_and(|last| last != word) {
            pieces.push(piece_of(text, start..at, last == Some(true)));
            start = at;
        }
        last = Some(word);
    }
    pieces.push(piece_of(text, start..text.len(), last == Some(true)));
    pieces
}

fn piece_of(text: &str, at: Range<usize>, word: bool) -> Piece<'_> {
    let (at, text) = (at.start, text.get(at).unwrap_or_default());
    Piece { at, text, folded: if word { fold(text) } else { String::new() }, word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_of_citizens_are_masked_and_nothing_else() {
        let known = HashSet::from(["rmah h'lan".to_owned(), "le hoa".to_owned()]);
        for (text, masked) in [
            (
                "Giải quyết đơn của ông Nguyễn Văn Tèo, CCCD 000123456789",
                "Giải quyết đơn của ông [họ tên], CCCD [số]",
            ),
            ("Hồ sơ bà Trần Thị Bé xin cấp", "Hồ sơ bà [họ tên] xin cấp"),
            ("GIẢI QUYẾT ĐƠN CỦA BÀ TRẦN THỊ BÉ", "GIẢI QUYẾT ĐƠN CỦA BÀ [họ tên]"),
            ("don cua ong nguyen van teo", "don cua ong [họ tên]"),
            ("Liên hệ 0905 123 456, hộ Phạm Văn Đồng Xuân", "Liên hệ [số], hộ [họ tên]"),
            ("Bổ nhiệm Lê Hoa", "Bổ nhiệm [họ tên]"),
            (
                "Báo cáo số 123/BC-UBND ngày 18/5/2026, quý III",
                "Báo cáo số 123/BC-UBND ngày 18/5/2026, quý III",
            ),
            ("Học tập tư tưởng Hồ Chí Minh năm 2026-2027", "Học tập tư tưởng Hồ Chí Minh năm 2026-2027"),
            ("", ""),
        ] {
            assert_eq!(mask(text, &known), masked);
        }
        assert!(has_number("hs-000123456789") && !has_number("hs-2026-118"));
    }

    #[test]
    fn names_in_any_letters_are_found_for_strangers() {
        for (text, found) in [
            ("QUYẾT ĐỊNH CHO NGUYỄN VĂN TÈO", vec!["NGUYỄN VĂN TÈO"]),
            ("Don cua Tran Quoc Bao va pham thi ut", vec!["Tran Quoc Bao", "pham thi ut"]),
            ("đơn của nguyen van an", vec!["nguyen van an"]),
            ("le hoa", vec!["le hoa"]),
            ("Báo cáo về chế độ, chính sách năm 2026", Vec::new()),
            ("hoàn thành hồ sơ", Vec::new()),
        ] {
            let names = names(text, &HashSet::new(), Care::Stranger);
            let names: Vec<&str> = names.into_iter().filter_map(|at| text.get(at)).collect();
            assert_eq!(names, found, "{text}");
        }
    }
}

//! Names and numbers of people taken out of a text before it leaves the installation.
//!
//! Owns what is recognised: runs of nine digits and more, names after a form of address, names of three and more
//! capital words that begin with a surname, and names the caller knows. It must not know where a text goes. What is
//! masked too much costs a word of a title; what the ranking learns from never holds names. Total on any input.

use crate::text::fold;
use crate::text::tokens::{is_address, is_surname};
use std::collections::HashSet;

/// What stands for a number and for a name.
const NUMBER: &str = "[số]";
const NAME: &str = "[họ tên]";
/// Digits from which on a number may be a citizen's: identity cards have nine or twelve, telephones ten.
const DIGITS: usize = 9;
/// Longest and shortest name of a person, in words.
const LONGEST: usize = 6;
const SHORTEST: usize = 2;
/// The one name of three capital words that says what a task is about.
const SUBJECT: &str = "ho chi minh";

/// A piece of a text: a word, or what stands between words.
struct Piece<'a> {
    text: &'a str,
    folded: String,
    word: bool,
}

/// The text without recognised names and numbers; `known` are folded full names.
pub fn mask(text: &str, known: &HashSet<String>) -> String {
    names(&numbers(text), known)
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

fn names(text: &str, known: &HashSet<String>) -> String {
    let pieces = pieces(text);
    let both = text.chars().any(char::is_lowercase) && text.chars().any(char::is_uppercase);
    let words: Vec<usize> = (0..pieces.len()).filter(|at| pieces.get(*at).is_some_and(|p| p.word)).collect();
    let piece = |index: usize| words.get(index).and_then(|at| pieces.get(*at));
    let capital = |index: usize| {
        piece(index).is_some_and(|piece| piece.text.chars().next().is_some_and(char::is_uppercase))
    };
    let surname = |index: usize| piece(index).is_some_and(|piece| is_surname(&piece.folded));
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
        if length > 0 {
            hidden.push((index, length));
        }
        index += length.max(1);
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (first, length) in hidden {
        let (Some(from), Some(to)) = (words.get(first), words.get(first + length - 1)) else { continue };
        out.extend(pieces.get(at..*from).unwrap_or_default().iter().map(|piece| piece.text));
        out.push_str(NAME);
        at = to + 1;
    }
    out.extend(pieces.get(at..).unwrap_or_default().iter().map(|piece| piece.text));
    out
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut start, mut last) = (0, None);
    for (at, c) in text.char_indices() {
        let word = c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c);
        if last.is_some_and(|last| last != word) {
            pieces.push(piece_of(text.get(start..at).unwrap_or_default(), last == Some(true)));
            start = at;
        }
        last = Some(word);
    }
    pieces.push(piece_of(text.get(start..).unwrap_or_default(), last == Some(true)));
    pieces
}

fn piece_of(text: &str, word: bool) -> Piece<'_> {
    Piece { text, folded: if word { fold(text) } else { String::new() }, word }
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
}

//! Cutting a title into tokens fit for comparison.
//!
//! Owns what is taken out (document numbers, dates, people's names after a form of address) and what is unified
//! (abbreviations, Roman quarters, numbers). It must not know products. Titles are cut to [`MAX_CHARS`]
//! characters, far beyond any real title; total on any input.

use super::abbreviation::expand;
use super::fold::{fold, lower_key};
use super::repair::repair;
use regex::Regex;
use std::sync::LazyLock;

/// Characters of a title that are read; the rest is cut off.
pub const MAX_CHARS: usize = 2_000;

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// With accents, tone at the end ([`lower_key`]).
    pub accented: String,
    /// Without accents ([`fold`]).
    pub folded: String,
    /// As a person would read it, lower case.
    pub shown: String,
}

impl Token {
    /// A word as it stands.
    pub fn of(word: &str) -> Self {
        Self { accented: lower_key(word), folded: fold(word), shown: word.to_lowercase() }
    }
}

const SURNAMES: &str = " nguyen tran le pham hoang huynh phan vu vo dang bui do ho ngo duong ly dinh trinh mai \
truong lam doan cao luong rmah siu ksor rcom kpa rah ro ta thai nay puih kpuih rlan chau ";
const ADDRESS: &str = " ong ba anh chi co cu em chau ";

fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

static DOC_NUMBER: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?i)\b\d{1,6}(/\d{4})?/\p{L}{1,12}([-/&.]\p{L}{1,12})+"));
static DECREE: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?i)(?:(?:nghị định|nđ)\s*(?:số\s*)?)?\b(\d{1,3})(?:/\d{4})?/n[đd]-cp"));
static DATE: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"\b\d{1,2}\s?[/.-]\s?\d{1,2}([/.-]\d{2,4})?\b"));

/// The tokens of a text, repaired, folded and unified.
pub fn tokens(text: &str) -> Vec<Token> {
    let cut: String = text.chars().take(MAX_CHARS).collect();
    let (repaired, _) = repair(&super::fold::clean(&cut));
    let mut text = super::fold::clean(&repaired);
    if let Some(decree) = &*DECREE {
        text = decree.replace_all(&text, " nghị định $1 ").into_owned();
    }
    for taken_out in [&*DOC_NUMBER, &*DATE].into_iter().flatten() {
        text = taken_out.replace_all(&text, " ").into_owned();
    }
    let raw: Vec<Token> = words(&text).map(Token::of).filter(|token| !token.folded.is_empty()).collect();
    unify(&raw)
}

/// Words; figures apart from the letters before them (`NĐ178`).
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).flat_map(|word| {
        let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let (letters, digits) = word.split_at(letters.len());
        [letters, digits].into_iter().filter(|part| !part.is_empty())
    })
}

fn unify(raw: &[Token]) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(raw.len() + 8);
    let mut index = 0usize;
    while let Some(token) = raw.get(index) {
        let word = token.folded.as_str();
        let next = |ahead: usize| raw.get(index + ahead).map_or("", |t| t.folded.as_str());
        let before = index.checked_sub(1).and_then(|i| raw.get(i)).map_or("", |t| t.folded.as_str());
        let mut taken = 1;
        if word.bytes().all(|b| b.is_ascii_digit()) && !(word == "1" && next(1) == "cua") {
            // "6 tháng" is a kind of report, "tháng 6" a moment; decrees and hot lines are known by their number.
            let kept = next(1) == "thang" && matches!(word, "3" | "6" | "9" | "12")
                || matches!(next(1), "sao" | "tieu")
                || matches!(before, "lop" | "tuoi")
                || matches!(word, "1022" | "389" | "1719")
                || out.last().is_some_and(|token| token.folded == "dinh") && before != "quyet";
            out.push(if kept { token.clone() } else { Token::of("#") });
        } else if before == "quy" && matches!(word, "i" | "ii" | "iii" | "iv") {
            out.push(Token::of("#"));
        } else if word == "v" && next(1) == "v" {
            taken = 2;
        } else if let Some((words, long)) = raw.get(index..).and_then(expand) {
            out.extend_from_slice(long);
            taken = words;
        } else {
            out.push(token.clone());
            if is_in(ADDRESS, word) && is_in(SURNAMES, next(1)) {
                taken = if matches!(next(2), "thi" | "van") { 4 } else { 3 };
            }
        }
        index += taken;
    }
    out
}

fn is_in(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split(' ').any(|entry| entry == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        tokens(text).into_iter().map(|token| token.folded).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn numbers_dates_names_and_short_forms_are_unified() {
        assert_eq!(
            folded("V/v BC quý III theo QĐ 123/QĐ-UBND ngày 18/5/2026"),
            "bao cao quy # theo quyet dinh ngay"
        );
        assert_eq!(folded("Báo cáo 6 tháng, tháng 6"), "bao cao 6 thang thang #");
        assert_eq!(folded("Hồ sơ cụ Nguyễn Thị Chín xin cấp"), "ho so cu xin cap");
        assert_eq!(folded(""), "");
    }

    #[test]
    fn a_huge_title_is_cut() {
        assert!(tokens(&"báo cáo ".repeat(200_000)).len() <= MAX_CHARS);
    }
}

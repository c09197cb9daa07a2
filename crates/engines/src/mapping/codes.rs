//! Codes of the catalog that stand in titles.
//!
//! Owns which of them are meant as codes and which settle a task, one condition for rules and for titles no rule speaks
//! of. It must not know the ranking or what a decision becomes. Total: what is no code is a word like any other.

use crate::domain::ProductCode;
use std::collections::BTreeSet;

/// The only catalog code that stands in a title as a word of its own, when it can mean nothing else; two different ones
/// decide nothing. One condition for rules and for titles no rule speaks of.
pub(super) fn code_in(title: &str, codes: &BTreeSet<ProductCode>) -> Option<ProductCode> {
    match codes_in(title, codes).as_slice() {
        [code] if is_unmistakable(code) => Some(code.clone()),
        _ => None,
    }
}

/// The catalog codes that stand in a title as words of their own and may be meant as codes, in its order, each once. A
/// code without a letter ("quý 3", "tháng 10") or of up to four letters alone ("TIN") is a word like any other.
pub(super) fn codes_in(title: &str, codes: &BTreeSet<ProductCode>) -> Vec<ProductCode> {
    let cut: String = title.chars().take(crate::text::tokens::MAX_CHARS).collect();
    let mut found: Vec<ProductCode> = Vec::new();
    for word in cut.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | ',' | ';' | ':'))
    {
        let code = ProductCode::new(word.trim_end_matches('.')).ok().filter(may_be_meant);
        if let Some(code) = code.and_then(|code| codes.get(&code)).filter(|code| !found.contains(code)) {
            found.push(code.clone());
        }
    }
    found
}

fn may_be_meant(code: &ProductCode) -> bool {
    let text = code.as_str();
    text.chars().any(char::is_alphabetic) && (!is_all_letters(code) || text.chars().count() > 4)
}

/// Whether a code is written like a word: letters and nothing else.
pub(super) fn is_all_letters(code: &ProductCode) -> bool {
    code.as_str().chars().all(char::is_alphabetic)
}

/// Whether a code is nothing anybody writes for something else: two letters that number no section ("II.1", "IV-2"), a
/// figure, and five signs or a hyphen, so that "P.12" and "Q.10" stay places.
fn is_unmistakable(code: &ProductCode) -> bool {
    let text = code.as_str();
    let roman = |run: &str| run.chars().all(|c| matches!(c.to_ascii_uppercase(), 'I' | 'V' | 'X' | 'L'));
    let letters: usize = text
        .split(|c: char| !c.is_alphabetic())
        .filter(|run| !roman(run))
        .map(|run| run.chars().count())
        .sum();
    let figure = text.chars().any(|c| c.is_ascii_digit());
    letters >= 2 && figure && (text.contains('-') || text.chars().count() >= 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_numbers_a_section_or_counts_something_settles_nothing() {
        let found = |title: &str, all: &[&str]| {
            let codes = all.iter().filter_map(|code| ProductCode::new(*code).ok()).collect();
            let offered: Vec<String> = codes_in(title, &codes).iter().map(ToString::to_string).collect();
            (offered, code_in(title, &codes).map(|code| code.to_string()))
        };
        let none: (Vec<String>, Option<String>) = (Vec::new(), None);
        let offered = |code: &str| (vec![code.to_owned()], None);
        let settled = |code: &str| (vec![code.to_owned()], Some(code.to_owned()));
        for title in ["Báo cáo quý 3", "Báo cáo tháng 10 năm 2026", "Đợt 1-2", "Đợt 01"] {
            assert_eq!(found(title, &["1", "01", "3", "10", "1-2", "2026"]), none, "{title}");
        }
        assert_eq!(found("GỬI TIN BÀI", &["TIN", "BÀI"]), none);
        for code in ["II.1", "IV.2", "I.1.a", "VIII-12", "P.12", "Q.10", "P12-03", "SP-TP", "TP.9"] {
            assert_eq!(found(&format!("Thực hiện mục {code} của Kế hoạch"), &[code]), offered(code));
        }
        for code in ["SP-TP-001", "TP-9", "SNV.12", "BC2026"] {
            assert_eq!(found(&format!("Thực hiện {code} quý 3"), &[code, "3"]), settled(code));
        }
    }
}

//! What search boxes compare: words without accents, short forms spelled out, in any order.
//!
//! Owns how a text is cut into words for searching and when a search fits it, the same for the page and the command line,
//! for tasks, people and products. It must not know where what is found is kept. Total on any input; a search is cut to its
//! first characters and words.

use crate::text::{Abbreviations, Token, legible, tokens_with};
use std::collections::BTreeSet;

/// Characters of a search and of a text that are read.
const MOST_SOUGHT: usize = 200;
const MOST_READ: usize = 2_000;
/// Words of a search, of a text, and characters of one word.
const SOUGHT_WORDS: usize = 12;
const READ_WORDS: usize = 200;
const WORD: usize = 40;
/// Most words that stand for one short form.
const LONGEST_FORM: usize = 5;

/// Words as they stand, without accents and case; joined by anything that is no letter or digit.
fn plain(text: &str, most: usize) -> Vec<Token> {
    let cut: String = text.chars().take(most).collect();
    let legible = legible(&cut);
    let words = legible.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(Token::of).filter(|token| !token.folded.is_empty()).collect()
}

/// A word as it is sought: a short form as the words it stands for.
fn spelled_out(word: &Token, forms: &Abbreviations) -> Vec<Token> {
    if word.folded.bytes().any(|byte| byte.is_ascii_digit()) {
        return vec![word.clone()];
    }
    let words = tokens_with(&word.shown, forms);
    if words.is_empty() { vec![word.clone()] } else { words }
}

/// Words as they are sought: what a title is read with under one short form (ủy ban nhân dân under UBND) as that form, so
/// that it is found in document numbers too, which know no other; everything else spelled out.
fn in_short(words: &[Token], forms: &Abbreviations) -> Vec<Token> {
    let mut sought = Vec::with_capacity(words.len());
    let mut rest = words;
    while let Some((first, others)) = rest.split_first() {
        let form = (2..=LONGEST_FORM.min(rest.len())).rev().find_map(|length| {
            let (form, after) = rest.split_at_checked(length)?;
            if form.iter().any(|word| word.folded.bytes().any(|byte| byte.is_ascii_digit())) {
                return None;
            }
            let joined = form.iter().map(|word| word.shown.as_str()).collect::<Vec<_>>().join(" ");
            let mut read = tokens_with(&joined, forms);
            (read.len() == 1).then(|| Some((read.pop()?, after))).flatten()
        });
        match form {
            Some((one, after)) => {
                sought.push(one);
                rest = after;
            }
            None => {
                sought.extend(spelled_out(first, forms));
                rest = others;
            }
        }
    }
    sought
}

fn short(token: Token) -> String {
    token.folded.chars().filter(|c| c.is_alphanumeric()).take(WORD).collect()
}

/// The words a text is found by.
pub(crate) fn words(text: &str, forms: &Abbreviations) -> BTreeSet<String> {
    let plain = plain(text, MOST_READ);
    // Without the signs between them nothing of it is a document number or a date, which the ranking takes out.
    let joined = plain.iter().map(|word| word.shown.as_str()).collect::<Vec<_>>().join(" ");
    let words = plain.into_iter().chain(tokens_with(&joined, forms)).map(short);
    words.filter(|word| !word.is_empty()).take(READ_WORDS).collect()
}

/// A search, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sought {
    /// Words, all of which have to be there; of the last one the beginning is enough.
    pub words: Vec<String>,
}

impl Sought {
    /// A search among texts of the field, where short forms stand for words.
    pub fn of(text: &str, forms: &Abbreviations) -> Self {
        Self::from(in_short(&plain(text, MOST_SOUGHT), forms))
    }

    /// A search among names, where nothing is a short form.
    pub fn name(text: &str) -> Self {
        Self::from(plain(text, MOST_SOUGHT))
    }

    fn from(tokens: Vec<Token>) -> Self {
        let mut words: Vec<String> = Vec::new();
        for word in tokens.into_iter().map(short).filter(|word| !word.is_empty()) {
            if !words.contains(&word) && words.len() < SOUGHT_WORDS {
                words.push(word);
            }
        }
        // A single letter begins too many words to be one somebody looks for.
        if words.len() > 1
            && words.last().is_some_and(|last| last.len() == 1 && last.chars().all(char::is_alphabetic))
        {
            words.pop();
        }
        Self { words }
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether each word begins a word of the text, or stands in a number of it.
    pub fn fits(&self, text: &str, forms: &Abbreviations) -> bool {
        let held = words(text, forms);
        self.words.iter().all(|word| {
            let digits = word.bytes().all(|byte| byte.is_ascii_digit());
            held.iter().any(|one| one.starts_with(word.as_str()) || digits && one.contains(word.as_str()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms() -> Abbreviations {
        Abbreviations::default()
    }

    #[test]
    fn accents_case_order_and_short_forms_make_no_difference() {
        let title = "UBND xã báo cáo kết quả giải phóng mặt bằng, thị trấn Hoà Bình (12/KH-UBND)";
        for text in [
            "giai phong mat bang bao cao",
            "BÁO CÁO GPMB",
            "bc gpmb hòa bình",
            "Ba\u{301}o ca\u{301}o",
            "hoà bì",
            "12 ubnd",
            "ubnd xa",
        ] {
            assert!(Sought::of(text, &forms()).fits(title, &forms()), "{text}");
        }
        for text in ["tờ trình", "báo cáo 13", "phonga"] {
            assert!(!Sought::of(text, &forms()).fits(title, &forms()), "{text}");
        }
        assert!(Sought::of(" .,;- ", &forms()).is_empty());
    }

    #[test]
    fn what_titles_shorten_is_found_by_its_full_name_in_document_numbers_too() {
        for title in ["Báo cáo thu chi (12/KH-UBND)", "Báo cáo UBND xã", "Báo cáo của Ủy ban nhân dân xã"]
        {
            for text in ["ủy ban nhân dân", "uy ban nhan dan", "báo cáo ủy ban nhân dân", "UBND"] {
                assert!(Sought::of(text, &forms()).fits(title, &forms()), "{text} in {title}");
            }
        }
        assert!(Sought::of("hội đồng nhân dân", &forms()).fits("Nghị quyết 5/NQ-HĐND", &forms()));
        assert!(!Sought::of("hội đồng nhân dân", &forms()).fits("Kế hoạch 12/KH-UBND", &forms()));
        assert!(!Sought::of("ủy ban nhân dân", &forms()).fits("Kế hoạch của nhân dân", &forms()));
        // Half a name is still words.
        assert!(Sought::of("ủy ban nh", &forms()).fits("Báo cáo của Ủy ban nhân dân xã", &forms()));
    }

    #[test]
    fn names_are_no_short_forms_and_long_searches_are_cut() {
        assert_eq!(Sought::name("Hồ Thị ND").words, ["ho", "thi", "nd"]);
        assert!(Sought::name("0012").fits("GL-00012 Nguyễn Văn An", &forms()));
        assert!(Sought::name("an nguyễn").fits("GL-00012 Nguyễn Văn An", &forms()));
        let many: String = (0..5_000).map(|number| format!("w{number} ")).collect();
        assert!(Sought::of(&many, &forms()).words.len() <= SOUGHT_WORDS);
        assert!(words(&many, &forms()).len() <= READ_WORDS);
    }

    #[test]
    fn title_in_an_old_font_is_found_by_every_letter_of_it() {
        let title = "Tê tr\u{d7}nh xin chñ tr\u{ad}\u{ac}ng mua xe, båi d\u{ad}ìng";
        assert!(Sought::of("chu truong", &forms()).fits(title, &forms()));
        assert!(Sought::of("bồi dưỡng", &forms()).fits(title, &forms()));
    }

    #[test]
    fn own_short_forms_are_spelled_out_in_searches_and_titles() {
        let own = Abbreviations::with("tnhs = tiếp nhận hồ sơ").expect("a table");
        assert!(Sought::of("tnhs", &own).fits("Tiếp nhận hồ sơ đất đai", &own));
        assert!(Sought::of("tiep nhan dat", &own).fits("TNHS đất đai", &own));
        assert!(!Sought::of("tiep nhan dat", &forms()).fits("TNHS đất đai", &forms()));
    }
}

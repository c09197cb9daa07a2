//! Cutting a title into tokens fit for comparison.
//!
//! Owns what is taken out (document numbers, dates, people's names after a form of address) and what is unified
//! (abbreviations, Roman quarters, numbers). It must not know products. Titles are cut to [`MAX_CHARS`]
//! characters, far beyond any real title; total on any input.

use super::abbreviation::Abbreviations;
use super::keys::{squeezed, typed};
use super::letter;
use super::repair::repair;
use super::syllable::is_bare_syllable;
use regex::Regex;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Characters of a title that are read; the rest is cut off.
pub const MAX_CHARS: usize = 2_000;

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// With accents, tone at the end ([`super::lower_key`]).
    pub accented: String,
    /// Without accents ([`super::fold`]).
    pub folded: String,
    /// As a person would read it, lower case.
    pub shown: String,
}

impl Token {
    /// A word as it stands: in one pass what [`super::lower_key`] and [`super::fold()`] make of it.
    pub fn of(word: &str) -> Self {
        if word.is_ascii() {
            let lower = word.to_ascii_lowercase();
            return Self { accented: lower.clone(), folded: lower.clone(), shown: lower };
        }
        Self::of_known(word).unwrap_or_else(|| Self::of_any(word))
    }

    /// The same of a word all letters of which are in the table.
    fn of_known(word: &str) -> Option<Self> {
        let whole = || String::with_capacity(word.len() + 1);
        let (mut accented, mut folded, mut shown) = (whole(), whole(), whole());
        let mut tone = None;
        for c in word.chars() {
            if c.is_ascii() {
                let c = c.to_ascii_lowercase();
                accented.push(c);
                folded.push(c);
                shown.push(c);
            } else {
                let letter = letter::of(c)?;
                accented.push(letter.toneless);
                folded.push(letter.bare);
                shown.push(letter.lower);
                tone = letter.tone.or(tone);
            }
        }
        accented.extend(tone);
        Some(Self { accented, folded, shown })
    }

    fn of_any(word: &str) -> Self {
        let shown = word.to_lowercase();
        let (mut kept, mut folded) = (String::with_capacity(shown.len()), String::with_capacity(shown.len()));
        let mut tone = None;
        for c in shown.nfd() {
            if let Some(digit) = letter::tone(c) {
                tone = Some(digit);
                continue;
            }
            kept.push(c);
            if !is_combining_mark(c) {
                folded.push(if c == 'đ' { 'd' } else { c });
            }
        }
        let accented = kept.nfc().chain(tone).collect();
        Self { accented, folded, shown }
    }
}

const SURNAMES: &[&str] = &[
    "nguyen", "tran", "le", "pham", "hoang", "huynh", "phan", "vu", "vo", "dang", "bui", "do", "ho", "ngo",
    "duong", "ly", "dinh", "trinh", "mai", "truong", "lam", "doan", "cao", "luong", "rmah", "siu", "ksor",
    "rcom", "kpa", "rah", "ro", "ta", "thai", "nay", "puih", "kpuih", "rlan", "chau",
];
const ADDRESS: &[&str] = &["ong", "ba", "anh", "chi", "co", "cu", "em", "chau"];

/// The same as they are written with accents: `chi lương` is no person's name, and `chỉ định`, `có hồ sơ` are none.
const ADDRESS_WRITTEN: &str = " ông bà anh chị chú cô cụ em cháu ";
const SURNAMES_WRITTEN: &str = " nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ hồ ngô dương lý đinh trịnh mai \
trương lâm đoàn cao lương rmah siu ksor rcom kpa rah ro tạ thái này puih kpuih rlan châu ";
/// Forms of address and surnames that without accents are hardly another word; before `thị` and `văn` every one counts.
const ADDRESS_BARE: &[&str] = &["ong", "ba", "anh"];
const SURNAMES_BARE: &[&str] = &[
    "nguyen", "tran", "pham", "hoang", "huynh", "dang", "bui", "ngo", "trinh", "rmah", "siu", "ksor", "rcom",
    "kpa", "puih", "kpuih", "rlan",
];

fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

fn keys(written: &str) -> HashSet<String> {
    written.split_whitespace().map(|word| Token::of(word).accented).collect()
}

static ADDRESS_KEYS: LazyLock<HashSet<String>> = LazyLock::new(|| keys(ADDRESS_WRITTEN));
static SURNAME_KEYS: LazyLock<HashSet<String>> = LazyLock::new(|| keys(SURNAMES_WRITTEN));

static DOC_NUMBER: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?i)\b\d{1,6}(/\d{4})?/\p{L}{1,12}([-/&.]\p{L}{1,12})+"));
static DECREE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"(?i)(?:(?:ngh[ịi] [đd][ịi]nh|n[đd])\s*(?:s[ốo]\s*)?)?\b(\d{1,3})(?:/\d{4})?/n[đd]-cp")
});
static DATE: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"\b\d{1,2}\s?[/.-]\s?\d{1,2}([/.-]\d{2,4})?\b"));

/// The tokens of a text, repaired, folded and unified, with the built-in short forms spelt out.
pub fn tokens(text: &str) -> Vec<Token> {
    tokens_with(text, &Abbreviations::default())
}

/// The same with an operator's own short forms as well.
pub fn tokens_with(text: &str, forms: &Abbreviations) -> Vec<Token> {
    Written::of(text).spelt_out(forms)
}

/// A text as people read it: old fonts and wrong encodings repaired, signs nobody sees taken out.
pub fn legible(text: &str) -> String {
    // Before cleaning: the soft hyphen that is cleaned away is a letter of the font TCVN3.
    let (repaired, _) = repair(&letter::composed(text));
    super::fold::clean(&repaired)
}

/// How well words fit between the token before them and the word after them.
pub type Fit<'f> = dyn Fn(Option<&Token>, &[Token], Option<&Token>) -> u32 + 'f;

/// The words of a text as they are written: repaired, without numbers, short forms as they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written(Vec<Token>);

impl Written {
    /// Reads a text.
    pub fn of(text: &str) -> Self {
        let end = text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(at, _)| at);
        let mut text = legible(text.get(..end).unwrap_or_default());
        if text.bytes().any(|byte| byte.is_ascii_digit()) {
            text = without_numbers(text);
            text = keys_read(text);
        }
        Self(words(&text).map(Token::of).filter(|token| !token.folded.is_empty()).collect())
    }

    /// Whether any word has an accent.
    pub fn accents(&self) -> bool {
        self.0.iter().any(|token| token.accented != token.folded)
    }

    /// The same words typed without accents.
    pub fn bare(&self) -> Self {
        Self(self.0.iter().map(|token| Token::of(&token.folded)).collect())
    }

    /// The tokens, short forms spelt out.
    pub fn spelt_out(&self, forms: &Abbreviations) -> Vec<Token> {
        unify(&self.0, forms, &|_, _, _| 0).into_iter().map(Cow::into_owned).collect()
    }

    /// The tokens; where a short form without accents has several readings, the one that `fit` finds best between the token
    /// before it and the word after it, else the first.
    pub fn spelt_out_by<'s>(&'s self, forms: &'s Abbreviations, fit: &Fit<'_>) -> Vec<Cow<'s, Token>> {
        unify(&self.0, forms, fit)
    }
}

/// A text typed in VNI while the keyboard program was off: figures inside words show it, then those at their ends are read
/// as well.
fn keys_read(text: String) -> String {
    let inside = |word: &&str| {
        let figure = word.bytes().position(|byte| byte.is_ascii_digit());
        figure.is_some_and(|at| word.bytes().skip(at).any(|byte| byte.is_ascii_alphabetic()))
    };
    let parts = || text.split(|c: char| !c.is_alphanumeric());
    if !parts().filter(inside).any(|word| typed(word).is_some()) {
        return text;
    }
    parts().map(|word| typed(word).unwrap_or_else(|| word.to_owned())).collect::<Vec<_>>().join(" ")
}

/// A text without document numbers and dates; of decrees the number stays.
fn without_numbers(mut text: String) -> String {
    // Every decree's and document's number has a stroke, every date one or what stands for it.
    if text.contains('/') {
        if let Some(decree) = &*DECREE {
            text = decree.replace_all(&text, " nghị định $1 ").into_owned();
        }
        if let Some(number) = &*DOC_NUMBER {
            text = number.replace_all(&text, " ").into_owned();
        }
    }
    if let Some(date) = DATE.as_ref().filter(|_| text.contains(['/', '.', '-'])) {
        text = date.replace_all(&text, " ").into_owned();
    }
    text
}

/// Words; figures apart from the letters before them (`NĐ178`).
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).flat_map(|word| {
        let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let (letters, digits) = word.split_at(letters.len());
        [letters, digits].into_iter().filter(|part| !part.is_empty())
    })
}

fn unify<'s>(raw: &'s [Token], forms: &'s Abbreviations, fit: &Fit<'_>) -> Vec<Cow<'s, Token>> {
    let mut out: Vec<Cow<'s, Token>> = Vec::with_capacity(raw.len() + 8);
    let mut index = 0usize;
    let accents = raw.iter().any(|token| token.accented != token.folded);
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
            out.push(if kept { Cow::Borrowed(token) } else { Cow::Owned(Token::of("#")) });
        } else if before == "quy" && matches!(word, "i" | "ii" | "iii" | "iv") {
            out.push(Cow::Owned(Token::of("#")));
        } else if word == "v" && matches!(next(1), "v" | "vv") {
            taken = 2;
        } else if let Some((words, readings)) = expanded(forms, raw.get(index..).unwrap_or_default()) {
            let after = raw.get(index + words);
            let best = readings
                .into_iter()
                .rev()
                .max_by_key(|long| fit(out.last().map(|last| &**last), long, after));
            out.extend(best.unwrap_or_default().iter().map(Cow::Borrowed));
            taken = words;
        } else {
            out.push(Cow::Borrowed(token));
            let middle = matches!(next(2), "thi" | "van");
            if is_named(token, raw.get(index + 1), middle, accents) {
                taken = if middle { 4 } else { 3 };
            }
        }
        index += taken;
    }
    out
}

/// Whether a form of address and a surname begin a person's name. Where a text has accents they tell; without any, words
/// that may be others (`chi lương`, `có hồ sơ`) need the middle of a name behind them.
fn is_named(address: &Token, surname: Option<&Token>, middle: bool, accents: bool) -> bool {
    let Some(surname) = surname else { return false };
    if !ADDRESS.contains(&address.folded.as_str()) || !SURNAMES.contains(&surname.folded.as_str()) {
        return false;
    }
    if accents {
        return ADDRESS_KEYS.contains(&address.accented) && SURNAME_KEYS.contains(&surname.accented);
    }
    middle
        || (ADDRESS_BARE.contains(&address.folded.as_str())
            && SURNAMES_BARE.contains(&surname.folded.as_str()))
}

/// A short form, also one with a letter typed twice (`GCCN`).
fn expanded<'f>(forms: &'f Abbreviations, rest: &[Token]) -> Option<(usize, Vec<&'f [Token]>)> {
    if let Some(found) = forms.expand(rest) {
        return Some(found);
    }
    let first = rest.first().filter(|first| !is_bare_syllable(&first.folded))?;
    let once = squeezed(&first.folded);
    if once.len() < 2 || once.len() == first.folded.len() {
        return None;
    }
    let (accented, shown) = (squeezed(&first.accented), first.shown.clone());
    forms.expand(&[Token { accented, folded: once, shown }])
}

/// Whether a folded word is a surname many people have.
pub fn is_surname(word: &str) -> bool {
    SURNAMES.contains(&word)
}

/// Whether a folded word is a form of address before a name.
pub fn is_address(word: &str) -> bool {
    ADDRESS.contains(&word)
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
    fn names_are_taken_out_and_words_that_look_like_them_without_accents_stay() {
        for (title, cut) in [
            ("Chi lương tháng 5", "chi luong thang #"),
            ("chi đoàn cơ quan", "chi doan co quan"),
            ("chỉ định thầu rút gọn", "chi dinh thau rut gon"),
            ("người chưa có vợ", "nguoi chua co vo"),
            ("tuyến cố định liên tỉnh", "tuyen co dinh lien tinh"),
            ("có hồ sơ, nguy cơ cao", "co ho so nguy co cao"),
            ("chi luong thang 5", "chi luong thang #"),
            ("co ho so xin cap", "co ho so xin cap"),
            ("khảo cổ đo vẽ", "khao co do ve"),
            ("Đơn của chị Lê Mai Hoa về đất", "don cua chi hoa ve dat"),
            ("đơn của chị lê thị hoa về đất", "don cua chi ve dat"),
            ("don cua chi le thi hoa ve dat", "don cua chi ve dat"),
            ("DON CUA ONG TRAN DUNG VE DAT", "don cua ong ve dat"),
        ] {
            assert_eq!(folded(title), cut, "{title}");
        }
    }

    #[test]
    fn a_token_has_the_keys_of_its_word() {
        for word in ["Hoà", "hòa", "ĐƯỜNG", "nghĩa", "Thuỷ", "e\u{302}\u{301}", "quý", "VBQPPL", "x"]
        {
            let token = Token::of(word);
            assert_eq!(
                (token.accented, token.folded),
                (crate::text::lower_key(word), crate::text::fold(word))
            );
        }
    }

    #[test]
    fn a_huge_title_is_cut() {
        assert!(tokens(&"báo cáo ".repeat(200_000)).len() <= MAX_CHARS);
    }
}

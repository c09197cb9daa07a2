//! What two titles have in common: words and pairs of words, rare ones counting more.
//!
//! Owns what of a title is content (numbers, dates, document numbers and names are taken out, words every title has do
//! not count) and the likeness of two such texts, 0 to 1. It must not know tasks or products. Total and deterministic
//! on any input; sums go in the order of the features.

use crate::text::{legible, tokens};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Characters of a title that are looked at.
const MAX_CHARS: usize = 400;
/// Characters shown of one.
const MAX_SHOWN: usize = 160;
/// Weight of a pair of words beside a single one.
const PAIR: f32 = 0.7;
/// Words of a title that are compared.
const MAX_WORDS: usize = 40;
/// Rarest features by which texts that may be alike are found.
const KEYS: usize = 10;
/// Texts compared with one, the most promising ones first.
const COMPARED: usize = 64;

/// Words that begin or join titles and tell nothing of the product.
const EMPTY: &str = " ve viec cua va cho tai theo ngay thang nam quy dot lan cac nhung duoc den tu voi trong ngoai de so do la boi \
bang vv gui kem ky ";

/// Phrases that say that something is done, not what.
const PHRASES: [&str; 12] = [
    " tham muu ",
    " trien khai thuc hien ",
    " thuc hien ",
    " trien khai ",
    " tren dia ban ",
    " uy ban nhan dan ",
    " ban hanh ",
    " soan thao ",
    " nhiem vu duoc giao ",
    " theo quy dinh ",
    " linh vuc ",
    " cong tac ",
];

/// A title without numbers, dates and names, as a person reads it; empty when nothing is left.
pub(super) fn shown(title: &str) -> String {
    let cut: String = title.chars().take(MAX_CHARS).collect();
    let text = legible(&cut);
    let words: Vec<&str> = text.split_whitespace().collect();
    let named: Vec<bool> = std::iter::once(&"")
        .chain(&words)
        .zip(&words)
        .map(|(before, word)| is_name(word) || is_initial(word) && (is_name(before) || addresses(before)))
        .collect();
    let many = named.iter().filter(|name| **name).count() * 5 > words.len() * 3;
    let is_named = |at: Option<usize>| at.and_then(|at| named.get(at)).copied().unwrap_or(false);
    let addressed = |at: Option<usize>| at.and_then(|at| words.get(at)).is_some_and(|word| addresses(word));
    let is_a_name = |at: usize| {
        let before = at.checked_sub(1);
        !many && is_named(Some(at)) && (is_named(before) || is_named(Some(at + 1)) || addressed(before))
    };
    let mut out: Vec<(usize, &str)> = Vec::with_capacity(words.len());
    for (at, word) in words.iter().enumerate() {
        let digit = word.chars().any(|c| c.is_ascii_digit());
        let roman = !word.is_empty() && word.chars().all(|c| matches!(c, 'I' | 'V' | 'X'));
        // "ô." is a word with its name alone.
        let title = word.ends_with('.') && addresses(word) && is_a_name(at + 1);
        if !(digit || roman || title || is_a_name(at)) {
            out.push((at, word));
        }
    }
    let kept: Vec<usize> = out.iter().map(|(at, _)| *at).collect();
    // Before a figure or a name that was taken out: "năm 2026", and not "chuyển đổi số".
    let was_cut = |at: usize| at < words.len() && kept.binary_search(&at).is_err();
    while out
        .last()
        .is_some_and(|(at, word)| dangles(word, was_cut(at + 1)) || addresses(word) && is_a_name(at + 1))
    {
        out.pop();
    }
    let out: Vec<&str> = out.into_iter().map(|(_, word)| word).collect();
    let text = out.join(" ");
    let text = text.trim_matches(|c: char| !c.is_alphanumeric());
    text.chars().take(MAX_SHOWN).collect::<String>().trim_end().to_owned()
}

/// First words of names of bodies: what follows is no person's.
const BODIES: [&str; 7] = ["Sở", "Bộ", "Ban", "Phòng", "Cục", "Viện", "Đài"];

/// A word that begins with a capital and goes on in small letters, of one syllable: two of them in a row are a name.
fn is_name(word: &str) -> bool {
    if BODIES.contains(&crate::text::clean(word).as_str()) {
        return false;
    }
    let mut letters = word.chars().filter(|c| c.is_alphabetic());
    letters.next().is_some_and(char::is_uppercase)
        && letters.clone().next().is_some()
        && letters.all(char::is_lowercase)
}

/// The short form of a part of a name, as in "Trần Q. Huy".
fn is_initial(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase) && letters.as_str() == "."
}

/// A word before a person's name.
fn addresses(word: &str) -> bool {
    matches!(
        crate::text::clean(word).to_lowercase().as_str(),
        "ông" | "bà" | "anh" | "chị" | "ô." | "b." | "đ/c" | "ô" | "đc"
    )
}

/// A word that says nothing at the end of a title: one that joins, or one that counted or named what was taken out after it.
fn dangles(word: &str, before_cut: bool) -> bool {
    let word = crate::text::clean(word).to_lowercase();
    match word.trim_matches(|c: char| !c.is_alphanumeric()) {
        "" | "của" | "tại" | "theo" | "cho" | "và" | "cua" | "va" => true,
        "ngày" | "tháng" | "năm" | "số" | "quý" | "đợt" | "lần" | "xã" | "phường" | "thôn" | "ngay"
        | "thang" | "nam" | "so" | "quy" | "dot" | "lan" | "tai" | "xa" | "phuong" | "thon" => before_cut,
        _ => false,
    }
}

/// All words of a text, folded, abbreviations written out.
pub(super) fn words(text: &str) -> Vec<String> {
    tokens(text).into_iter().map(|token| token.folded).filter(|word| word != "#").collect()
}

/// The words of those that say what a text is about.
pub(super) fn content(words: &[String]) -> Vec<&str> {
    let mut text = format!(" {} ", words.join(" "));
    for phrase in PHRASES {
        text = text.replace(phrase, " ");
    }
    let kept: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| !EMPTY.contains(&format!(" {word} ")) && text.contains(&format!(" {word} ")))
        .take(MAX_WORDS)
        .collect();
    if kept.is_empty() { words.iter().map(String::as_str).take(MAX_WORDS).collect() } else { kept }
}

/// A stable number of a text.
pub(super) fn number_of(text: &str) -> u64 {
    // The hasher of the standard library has fixed keys; it is compared within one run only.
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Features of a text: words and pairs, each once, by number.
pub(super) fn features(content: &[&str]) -> Vec<(u64, f32)> {
    let single = content.iter().map(|word| (number_of(word), 1.0));
    let pairs = content.windows(2).map(|pair| (number_of(&pair.join(" ")), PAIR));
    let mut all: Vec<(u64, f32)> = single.chain(pairs).collect();
    all.sort_by_key(|(number, _)| *number);
    all.dedup_by_key(|(number, _)| *number);
    all
}

/// In how many texts each feature stands.
#[derive(Debug, Default)]
pub(super) struct Rarity {
    texts: f32,
    holding: HashMap<u64, f32>,
}

impl Rarity {
    /// Counts one more text.
    pub(super) fn add(&mut self, features: &[(u64, f32)]) {
        self.texts += 1.0;
        for (number, _) in features {
            *self.holding.entry(*number).or_insert(0.0) += 1.0;
        }
    }

    /// The features weighted by rarity, of length 1 together.
    pub(super) fn weigh(&self, features: &[(u64, f32)]) -> Vec<(u64, f32)> {
        let weight = |number: &u64| {
            let holding = self.holding.get(number).copied().unwrap_or(0.0);
            ((self.texts + 1.0) / (holding + 0.5)).ln().max(0.1)
        };
        let mut weighed: Vec<(u64, f32)> =
            features.iter().map(|(number, base)| (*number, base * weight(number))).collect();
        let length =
            weighed.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        weighed.iter_mut().for_each(|(_, weight)| *weight /= length);
        weighed
    }
}

/// Likeness of two weighed texts, 0 to 1.
pub(super) fn likeness(one: &[(u64, f32)], other: &[(u64, f32)]) -> f32 {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut sum = 0.0;
    while let (Some((a, x)), Some((b, y))) = (one.peek(), other.peek()) {
        match a.cmp(b) {
            std::cmp::Ordering::Less => {
                one.next();
            }
            std::cmp::Ordering::Greater => {
                other.next();
            }
            std::cmp::Ordering::Equal => {
                sum += x * y;
                one.next();
                other.next();
            }
        }
    }
    sum
}

/// Texts held by number, found by their rarest features.
#[derive(Debug, Default)]
pub(super) struct Index {
    texts: Vec<Vec<(u64, f32)>>,
    by_feature: HashMap<u64, Vec<u32>>,
}

impl Index {
    /// Holds one more text; gives its number.
    pub(super) fn put(&mut self, text: Vec<(u64, f32)>) -> usize {
        let at = self.texts.len();
        for (number, _) in rarest(&text) {
            self.by_feature.entry(number).or_default().push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        self.texts.push(text);
        at
    }

    /// The texts most like one, at least so much, best first.
    pub(super) fn like(&self, text: &[(u64, f32)], least: f32) -> Vec<(usize, f32)> {
        let mut promising: HashMap<u32, f32> = HashMap::new();
        for (number, weight) in rarest(text) {
            for held in self.by_feature.get(&number).into_iter().flatten() {
                *promising.entry(*held).or_insert(0.0) += weight;
            }
        }
        let mut promising: Vec<(u32, f32)> = promising.into_iter().collect();
        promising.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        promising.truncate(COMPARED);
        let mut found: Vec<(usize, f32)> = promising
            .into_iter()
            .filter_map(|(held, _)| {
                let at = usize::try_from(held).ok()?;
                Some((at, likeness(text, self.texts.get(at)?)))
            })
            .filter(|(_, likeness)| *likeness >= least)
            .collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found
    }
}

fn rarest(text: &[(u64, f32)]) -> Vec<(u64, f32)> {
    let mut rare = text.to_vec();
    rare.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    rare.truncate(KEYS);
    rare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_dates_and_names_are_taken_out_and_words_stay_as_written() {
        assert_eq!(
            shown(
                "Báo cáo quý III/2026 kết quả xử lý đơn của bà Nguyễn Thị Chín theo QĐ 12/QĐ-UBND ngày 3/4/2026"
            ),
            "Báo cáo quý kết quả xử lý đơn của bà theo QĐ"
        );
        for (title, expected) in [
            ("Cấp GPXD nhà ở riêng lẻ cho ô. Trần Q. Huy", "Cấp GPXD nhà ở riêng lẻ"),
            ("Trả lời đơn của bà Chín về đất đai", "Trả lời đơn của bà về đất đai"),
            ("Cấp phép xây dựng cho ông Nguyễn Văn Nam", "Cấp phép xây dựng"),
            ("Họp tổ ba của phòng", "Họp tổ ba của phòng"),
            ("Kế hoạch A. năm sau", "Kế hoạch A. năm sau"),
            ("Phụ lục A. Danh mục văn bản", "Phụ lục A. Danh mục văn bản"),
            ("Dự thảo Kế hoạch chuyển đổi số năm 2026", "Dự thảo Kế hoạch chuyển đổi số"),
            ("Góp ý dự thảo KH phòng chống thiên tai", "Góp ý dự thảo KH phòng chống thiên tai"),
            ("Soạn CV phúc đáp Sở Tài chính về biên chế", "Soạn CV phúc đáp Sở Tài chính về biên chế"),
            ("BC tháng về TTHC (xã Ia Grai)", "BC tháng về TTHC"),
            ("Trả lời công văn số 15", "Trả lời công văn"),
        ] {
            assert_eq!(shown(title), expected, "{title}");
        }
        assert_eq!(shown("12/2026"), "");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn titles_about_one_thing_are_alike_and_others_are_not() {
        let texts = [
            "Báo cáo kết quả giải ngân vốn đầu tư công tháng 3",
            "BC giải ngân vốn đầu tư công tháng 11",
            "Kế hoạch tổ chức đại hội thể dục thể thao",
        ];
        let mut rarity = Rarity::default();
        let cut: Vec<_> = texts
            .iter()
            .map(|text| {
                let words = words(&shown(text));
                features(&content(&words))
            })
            .collect();
        cut.iter().for_each(|features| rarity.add(features));
        let weighed: Vec<_> = cut.iter().map(|features| rarity.weigh(features)).collect();
        assert!(likeness(&weighed[0], &weighed[1]) > 0.5);
        assert!(likeness(&weighed[0], &weighed[2]) < 0.1);
        assert!((likeness(&weighed[0], &weighed[0]) - 1.0).abs() < 1e-4);
    }
}

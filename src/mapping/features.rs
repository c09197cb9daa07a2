//! What the ranking sees of a text: words, pairs, triples and letter groups with and without accents, and of a
//! task also its document type, direction, category, source and kind of unit.
//!
//! Owns the features and their weights. It must not know products. Features are 64-bit hashes, in order, so that
//! sums are the same on every run. Total on any input.

use super::TaskText;
use super::hashed::ByHash;
use super::phrase::{self, Hit, Kind};
use super::vocabulary::Vocabulary;
use crate::domain::UnitKind;
use crate::text::{Abbreviations, Token, fold, tokens, tokens_with};
use std::collections::BTreeMap;

/// Weight of accents beside their absence, of letter groups, of a pair of words and of three words.
const ACCENTED: f32 = 1.0;
const LETTERS: f32 = 0.6;
const PAIR: f32 = 0.7;
const TRIPLE: f32 = 0.5;
/// Weight of a task's circumstances, of words crossed with the direction, of the first word, of the field.
const CIRCUMSTANCE: f32 = 0.3;
const CROSSED: f32 = 0.3;
const FIRST: f32 = 0.2;
const FIELD: f32 = 0.3;
/// Weight of a known expression beside the words it is made of, of the form of output, of a field's expressions.
const PHRASE: f32 = 1.0;
const FORM: f32 = 0.5;
const MEASURE: f32 = 0.1;
/// Words that only introduce what has to be handed over.
const INTRODUCING: [&str; 22] = [
    "tham", "muu", "xay", "dung", "soan", "thao", "du", "ban", "hanh", "ve", "viec", "lap", "lam", "viet",
    "trien", "khai", "v", "de", "nghi", "xin", "to", "chuc",
];
/// Rare features count more, but less than in proportion.
const RARITY: f32 = 0.6;

/// A feature of a text before its rarity is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw {
    count: f32,
    /// The token it belongs to, for explanations.
    token: Option<u16>,
    word: bool,
}

/// A text cut into features.
#[derive(Debug, Clone, Default)]
pub(super) struct Cut {
    pub tokens: Vec<Token>,
    /// By hash, each once.
    pub text: Vec<(u64, Raw)>,
    extra: BTreeMap<u64, f32>,
    direction: Option<&'static str>,
    pub hits: Vec<Hit>,
    /// The form of output it names.
    pub form: Option<&'static str>,
    /// A hash of words and circumstances: the same for the same task but for spelling, figures, dates and names.
    pub identity: u64,
    /// Whether it has any accents.
    pub accents: bool,
}

/// One weighted feature.
#[derive(Debug, Clone, Copy)]
pub(super) struct Feature {
    pub hash: u64,
    pub weight: f32,
    pub token: Option<u16>,
}

/// How many texts hold a feature.
#[derive(Debug, Clone, Default)]
pub(super) struct Rarity {
    texts: f32,
    holding: ByHash<f32>,
}

impl Rarity {
    pub fn of<'a>(cuts: impl Iterator<Item = &'a Cut>) -> Self {
        let mut rarity = Self::default();
        for cut in cuts {
            rarity.texts += 1.0;
            for (hash, _) in &cut.text {
                *rarity.holding.entry(*hash).or_insert(0.0) += 1.0;
            }
        }
        rarity
    }

    fn weight(&self, hash: u64) -> f32 {
        let holding = self.holding.get(&hash).copied().unwrap_or(0.0);
        ((self.texts + 1.0) / (holding + 0.5)).ln().max(0.05).powf(RARITY)
    }
}

/// A catalog text: a name or a synonym, with the product's field.
pub(super) fn catalog_text(text: &str, field: &str, measure: &str, forms: &Abbreviations) -> Cut {
    let mut cut = cut(tokens_with(text, forms));
    add_extra(&mut cut.extra, field_parts(field), FIELD);
    add_form(&mut cut, None, "");
    add_extra(&mut cut.extra, vec![(format!("d:{}", fold(measure)), 1.0)], MEASURE);
    cut
}

fn field_parts(field: &str) -> Vec<(String, f32)> {
    let words = tokens(field);
    let names = phrase::find(&words, true).into_iter().map(|hit| (format!("gp:{}", hit.name), 1.0));
    words.iter().map(|token| (format!("g:{}", token.folded), 1.0)).chain(names).collect()
}

/// Adds the form of what has to be handed over: the first one the text names, seen from the direction it goes. What comes
/// in and asks for comments or a report is answered with these; what goes out and asks for them is a request or a
/// reminder. A form named late is less likely the output's own.
fn add_form(cut: &mut Cut, direction: Option<&'static str>, doc_type: &str) {
    let forms = || cut.hits.iter().filter(|hit| hit.kind == Kind::Form && hit.name != "draft");
    let Some(first) = forms().min_by_key(|hit| (hit.at, std::cmp::Reverse(hit.len))) else { return };
    let before = || cut.tokens.iter().take(first.at).map(|token| token.folded.as_str());
    let asks = || before().any(|word| matches!(word, "nghi" | "gui" | "yeu"));
    let name = match (first.name, direction) {
        ("askcomment", Some("in")) => "comment",
        ("comment", Some("out")) if asks() => "askcomment",
        ("report", Some("out")) if doc_type == "cong van" => "reminder",
        ("report", _) => {
            let kind = forms().find(|hit| hit.name.starts_with("report") && hit.name != "report");
            kind.map_or("report", |hit| hit.name)
        }
        (name, _) => name,
    };
    let place = before().filter(|word| !INTRODUCING.contains(word)).count();
    let weight = match place {
        0..=1 => 1.0,
        2..=3 => 0.7,
        _ => 0.35,
    };
    cut.form = Some(name);
    cut.extra.insert(hash(&format!("f:{name}")), FORM * weight);
}

/// Where a document goes, as the source's folded category says.
pub(super) fn direction(category: &str) -> &'static str {
    if category.starts_with("vb den") || category.starts_with("van ban den") {
        "in"
    } else if category.starts_with("vb di") || category.starts_with("van ban di") {
        "out"
    } else if category.contains("noi bo") {
        "internal"
    } else {
        "other"
    }
}

/// A task: its title and its circumstances.
pub(super) fn task_text(task: &TaskText<'_>, vocabulary: &Vocabulary) -> Cut {
    let mut cut = cut(vocabulary.tokens(task.title));
    let (category, doc_type) = (fold(task.category), fold(task.doc_type));
    let direction = direction(&category);
    if !(category.starts_with("vb ") || category.starts_with("van ban ") || category.starts_with("nv ")) {
        add_extra(&mut cut.extra, field_parts(task.category), FIELD);
    }
    let unit = if is_commune(task) { "commune".to_owned() } else { fold(task.unit) };
    add_extra(
        &mut cut.extra,
        vec![
            (format!("d:{}", doc_type.strip_suffix(" tthc").unwrap_or(&doc_type)), 1.0),
            (format!("c:{category}"), 1.0),
            (format!("s:{}", fold(task.source_system)), 0.5),
            (format!("dd:{doc_type}|{direction}"), 1.0),
            (format!("u:{unit}"), 0.7),
        ],
        CIRCUMSTANCE,
    );
    if let Some(first) = cut.tokens.first() {
        cut.extra.insert(hash(&format!("first:{}", first.folded)), FIRST);
    }
    cut.direction = Some(direction);
    let words = cut.tokens.iter().fold(hash("task"), |all, token| mix(mix(all, " "), &token.accented));
    cut.identity = [&fold(task.unit), &doc_type, &category, &fold(task.source_system)]
        .into_iter()
        .fold(words, |all, part| mix(mix(all, "|"), part));
    // Files of the one-stop counter are products of their matter, whatever forms their titles name.
    if !doc_type.ends_with("tthc") {
        add_form(&mut cut, Some(direction), &doc_type);
    }
    cut
}

/// Whether the task belongs to a commune or ward.
pub(super) fn is_commune(task: &TaskText<'_>) -> bool {
    match task.unit_kind {
        Some(kind) => kind == UnitKind::Commune,
        None => fold(task.unit).split(' ').any(|word| matches!(word, "xa" | "phuong")),
    }
}

/// The weighted features of a text: its words of length 1 together, circumstances beside them.
pub(super) fn weighted(cut: &Cut, rarity: &Rarity) -> Vec<Feature> {
    let mut out: Vec<Feature> = cut
        .text
        .iter()
        .map(|(hash, raw)| {
            let count = if raw.count >= 1.0 { 1.0 + raw.count.ln() } else { raw.count };
            Feature { hash: *hash, weight: count * rarity.weight(*hash), token: raw.token }
        })
        .collect();
    let length = out.iter().map(|f| f.weight * f.weight).sum::<f32>().sqrt().max(1e-6);
    for feature in &mut out {
        feature.weight /= length;
    }
    if let Some(direction) = cut.direction {
        let crossed: Vec<Feature> = out
            .iter()
            .zip(&cut.text)
            .filter(|(_, (_, raw))| raw.word)
            .map(|(f, _)| Feature {
                hash: mix(f.hash, direction),
                weight: f.weight * CROSSED,
                token: f.token,
            })
            .collect();
        out.extend(crossed);
    }
    out.extend(cut.extra.iter().map(|(hash, weight)| Feature { hash: *hash, weight: *weight, token: None }));
    out
}

fn cut(tokens: Vec<Token>) -> Cut {
    let mut found: Vec<(u64, Raw)> = Vec::with_capacity(tokens.len() * 24);
    // A title typed without accents says nothing by having none.
    let accents = tokens.iter().any(|token| token.accented != token.folded);
    let hits = phrase::find(&tokens, accents);
    let body = |index: usize| {
        hits.iter().any(|hit| hit.kind == Kind::Body && (hit.at..hit.at + hit.len).contains(&index))
    };
    let mut names: Vec<&str> = Vec::new();
    for hit in hits.iter().filter(|hit| hit.kind != Kind::Body) {
        if !names.contains(&hit.name) {
            names.push(hit.name);
            let count = if accents || hit.len > 1 { PHRASE } else { PHRASE / 2.0 };
            found
                .push((key("p:", &[hit.name]), Raw { count, token: u16::try_from(hit.at).ok(), word: true }));
        }
    }
    let mut line = String::from(" ");
    for (index, token) in tokens.iter().enumerate() {
        if body(index) {
            continue;
        }
        let mut add = |hash: u64, count: f32, word: bool| {
            found.push((hash, Raw { count, token: u16::try_from(index).ok(), word }));
        };
        let next = tokens.get(index + 1);
        add(key("w:", &[&token.folded]), 1.0, true);
        if let Some(next) = next {
            add(key("b:", &[&token.folded, &next.folded]), PAIR, true);
            if let Some(third) = tokens.get(index + 2) {
                add(key("t:", &[&token.folded, &next.folded, &third.folded]), TRIPLE, false);
            }
        }
        if accents {
            add(key("a:", &[&token.accented]), ACCENTED, false);
            if let Some(next) = next {
                add(key("ab:", &[&token.accented, &next.accented]), ACCENTED, false);
            }
        }
        line.push_str(&token.folded);
        line.push(' ');
    }
    let start = hash("l:");
    let ends: Vec<usize> = line.char_indices().map(|(at, _)| at).chain(std::iter::once(line.len())).collect();
    for size in 3..=5 {
        for (from, to) in ends.iter().zip(ends.iter().skip(size)) {
            if let Some(group) = line.get(*from..*to) {
                found.push((mix(start, group), Raw { count: LETTERS, token: None, word: false }));
            }
        }
    }
    // Stable: of one feature met twice the first token is shown.
    found.sort_by_key(|(hash, _)| *hash);
    found.dedup_by(|later, first| {
        let same = later.0 == first.0;
        if same {
            first.1.count += later.1.count;
        }
        same
    });
    Cut {
        tokens,
        text: found,
        extra: BTreeMap::new(),
        direction: None,
        hits,
        form: None,
        accents,
        identity: 0,
    }
}

/// A hash of a kind of feature and its words.
pub(super) fn key(kind: &str, words: &[&str]) -> u64 {
    let mut out = hash(kind);
    for (index, word) in words.iter().enumerate() {
        out = if index == 0 { mix(out, word) } else { mix(mix(out, " "), word) };
    }
    out
}

fn add_extra(extra: &mut BTreeMap<u64, f32>, parts: Vec<(String, f32)>, weight: f32) {
    let length = parts.iter().map(|(_, w)| w * w).sum::<f32>().sqrt().max(1e-6);
    for (key, part) in parts {
        extra.insert(hash(&key), weight * part / length);
    }
}

/// FNV-1a: the same on every machine and in every release.
pub(super) fn hash(text: &str) -> u64 {
    mix(0xcbf2_9ce4_8422_2325, text)
}

fn mix(start: u64, text: &str) -> u64 {
    text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

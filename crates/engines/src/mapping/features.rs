//! What the ranking sees of a text: words, pairs, triples and letter groups with and without accents, and of a
//! task also its document type, direction, category, source and kind of unit.
//!
//! Owns the features and their weights. It must not know products. Features are 64-bit hashes, in order, so that
//! sums are the same on every run. Total on any input.

use super::TaskText;
use super::hashed::ByHash;
use super::phrase::{self, Hit, Kind};
use super::slips::Word;
use crate::domain::UnitKind;
use crate::text::{Abbreviations, Token, clean, fold, tokens, tokens_with};
use std::collections::BTreeMap;

/// Weight of accents beside their absence, of letter groups, of a pair of words and of three words.
const ACCENTED: f32 = 0.7;
const LETTERS: f32 = 0.3;
const PAIR: f32 = 0.7;
const TRIPLE: f32 = 0.5;
/// Weight of a task's circumstances, of words crossed with the direction, of the first word, of the field.
const CIRCUMSTANCE: f32 = 0.3;
const CROSSED: f32 = 0.3;
const FIRST: f32 = 0.2;
const FIELD: f32 = 0.3;
/// Weight of a known expression beside the words it is made of, of the form of output, of a field's expressions.
const PHRASE: f32 = 1.4;
const FORM: f32 = 0.2;
/// What a form named besides the output's own is worth, in shares of that.
const OTHER_FORM: f32 = 0.4;
const MEASURE: f32 = 0.1;
/// Words that only introduce what has to be handed over.
const INTRODUCING: [&str; 22] = [
    "tham", "muu", "xay", "dung", "soan", "thao", "du", "ban", "hanh", "ve", "viec", "lap", "lam", "viet",
    "trien", "khai", "v", "de", "nghi", "xin", "to", "chuc",
];
/// Letters of a group.
const SHORTEST_GROUP: usize = 3;
const LONGEST_GROUP: usize = 5;
/// Rare features count more, but less than in proportion.
const RARITY: f32 = 0.6;

/// Stands for a feature whose rarity is known but that has no number.
const UNNUMBERED: u32 = u32::MAX;

/// Stands for no token.
const NO_TOKEN: u16 = u16::MAX;

/// A feature of a text before its rarity is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw {
    count: f32,
    /// The token it belongs to, for explanations; [`NO_TOKEN`] where to none.
    token: u16,
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
    /// The form of output it names, and the one its document type names.
    pub form: Option<&'static str>,
    /// Whether that form begins it.
    pub leads: bool,
    pub doc_form: Option<&'static str>,
    /// Whether it goes out and asks others for a form of work.
    pub asks: bool,
    /// Whether it names the appraisal of others' work, and whether it begins with it.
    pub appraises: bool,
    pub appraises_first: bool,
    /// A hash of words and circumstances: the same for the same task but for spelling, figures, dates and names.
    pub identity: u64,
    /// The same of the words without accents.
    pub bare_identity: u64,
    /// A hash of the words alone, without accents.
    pub words: u64,
    /// Whether it has any accents.
    pub accents: bool,
    /// Mean trust in its words: 1 where none was repaired.
    pub trust: f32,
}

impl Cut {
    /// Leaves the features alone.
    pub fn forget_words(&mut self) {
        self.tokens = Vec::new();
        self.hits = Vec::new();
        self.text.shrink_to_fit();
    }
}

/// One weighted feature.
#[derive(Debug, Clone, Copy)]
pub(super) struct Feature {
    pub hash: u64,
    /// The feature of the text it comes from: of words crossed with the direction the words themselves.
    pub base: u64,
    /// Its number, where it is known.
    pub id: Option<u32>,
    pub weight: f32,
    pub token: Option<u16>,
    /// Whether it is worth keeping where one text alone has it: words, pairs, expressions and circumstances are.
    pub lasting: bool,
}

/// Numbers and rarities of known features.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    numbers: ByHash<(u32, f32)>,
    count: u32,
    unseen: f32,
}

impl Known {
    /// Knows how rare the features of these texts are, none of them by number yet; and how many texts hold each.
    pub fn of<'a>(cuts: impl Iterator<Item = &'a Cut>) -> (Self, ByHash<u32>) {
        let (mut texts, mut holding) = (0.0f32, ByHash::<u32>::default());
        for cut in cuts {
            texts += 1.0;
            for (hash, _) in &cut.text {
                *holding.entry(*hash).or_insert(0) += 1;
            }
        }
        let weight = |held: f32| ((texts + 1.0) / (held + 0.5)).ln().max(0.05).powf(RARITY);
        let numbers =
            holding.iter().map(|(hash, held)| (*hash, (UNNUMBERED, weight(*held as f32)))).collect();
        (Self { numbers, count: 0, unseen: weight(0.0) }, holding)
    }

    fn get(&self, hash: u64) -> (Option<u32>, f32) {
        match self.numbers.get(&hash) {
            Some((id, weight)) => (Some(*id).filter(|id| *id != UNNUMBERED), *weight),
            None => (None, self.unseen),
        }
    }

    /// The number of a feature, a new one where it has none yet.
    pub fn number(&mut self, hash: u64) -> u32 {
        let entry = self.numbers.entry(hash).or_insert((UNNUMBERED, self.unseen));
        if entry.0 == UNNUMBERED {
            entry.0 = self.count;
            self.count += 1;
        }
        entry.0
    }

    /// Forgets the features without a number: they are as rare as unseen ones.
    pub fn settle(&mut self) {
        self.numbers.retain(|_, (id, _)| *id != UNNUMBERED);
        self.numbers.shrink_to_fit();
    }
}

/// A catalog text: a name or a synonym, with the product's field.
pub(super) fn catalog_text(text: &str, field: &str, measure: &str, forms: &Abbreviations) -> Cut {
    let words = tokens_with(text, forms).into_iter().map(|token| Word { token, trust: 1.0 });
    catalog_words(words.collect(), field, measure)
}

fn catalog_words(words: Vec<Word>, field: &str, measure: &str) -> Cut {
    let mut cut = cut(words);
    add_extra(&mut cut.extra, field_parts(field), FIELD);
    add_form(&mut cut, None, "");
    add_extra(&mut cut.extra, vec![(key("d:", &[&fold(measure)]), 1.0)], MEASURE);
    cut
}

fn field_parts(field: &str) -> Vec<(u64, f32)> {
    let words = tokens(field);
    let names = phrase::find(&words, true).into_iter().map(|hit| (key("gp:", &[hit.name]), 1.0));
    words.iter().map(|token| (key("g:", &[&token.folded]), 1.0)).chain(names).collect()
}

/// Adds the form of what has to be handed over: the first one the text names, seen from the direction it goes. What comes
/// in and asks for comments or a report is answered with these; what goes out and asks for them is a request or a
/// reminder. A form named late is less likely the output's own.
fn add_form(cut: &mut Cut, direction: Option<&'static str>, doc_type: &str) {
    let forms = || cut.hits.iter().filter(|hit| hit.kind == Kind::Form && hit.name != "draft");
    let Some(first) = forms().min_by_key(|hit| (hit.at, std::cmp::Reverse(hit.len))) else { return };
    let before = || cut.tokens.iter().take(first.at).map(|token| token.folded.as_str());
    let asks = || before().any(|word| matches!(word, "nghi" | "gui" | "yeu"));
    let asked = direction == Some("out") && doc_type == "cong van" && asks_others(&cut.tokens, first.at);
    let name = match (first.name, direction) {
        // A letter that asks others for their work is a letter, and no such work.
        (name, _) if asked && is_report(name) => "reminder",
        (name, _) if asked && WORK_OF_OTHERS.contains(&name) => "ordinary",
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
    let others: Vec<&'static str> = forms()
        .filter(|_| !asked)
        .map(|hit| hit.name)
        .filter(|other| *other != name && *other != first.name)
        .collect();
    (cut.form, cut.asks, cut.leads) = (Some(name), asked, place <= 1);
    cut.extra.insert(hash(&format!("f:{name}")), FORM * weight);
    for name in others {
        cut.extra.insert(hash(&format!("f:{name}")), FORM * OTHER_FORM);
    }
}

/// Forms of work that a letter which goes out and asks for it leaves to others.
const WORK_OF_OTHERS: [&str; 14] = [
    "plan",
    "yearprogram",
    "schedule",
    "setup",
    "legaldoc",
    "scheme",
    "regulation",
    "minutes",
    "speech",
    "hostmeeting",
    "training",
    "news",
    "supplydata",
    "joininspect",
];

/// Expressions for appraising what others drafted: thẩm định, thẩm tra, phản biện.
const APPRAISING: [[&str; 2]; 3] = [["tham", "dinh"], ["tham", "tra"], ["phan", "bien"]];

/// Where a text names an appraisal.
fn appraisal(words: &[Token]) -> Option<usize> {
    let named = |pair: &[Token]| {
        let [one, other] = pair else { return false };
        APPRAISING.contains(&[one.folded.as_str(), other.folded.as_str()])
    };
    words.windows(2).position(named)
}

/// Last words of what goes before something others asked for: theo, thực hiện, căn cứ, trên cơ sở, sau khi.
const CITING: [&str; 5] = ["theo", "hien", "cu", "so", "khi"];

fn is_report(form: &str) -> bool {
    matches!(form, "report" | "reportmonth" | "reportquarter" | "urgent" | "theme" | "result")
}

/// Whether a text asks for something (đề nghị, yêu cầu) before a place.
fn asks_others(words: &[Token], at: usize) -> bool {
    let word = |place: usize| words.get(place).map_or("", |word| word.folded.as_str());
    (1..at.min(words.len())).any(|second| {
        let first = second - 1;
        // What others asked for ("theo đề nghị của …") is one's own work.
        let cited = first.checked_sub(1).is_some_and(|before| CITING.contains(&word(before)))
            || word(second + 1) == "cua";
        matches!((word(first), word(second)), ("de", "nghi") | ("yeu", "cau")) && !cited
    })
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

/// What a task's circumstances say, whatever its title.
#[derive(Debug, Clone)]
pub(super) struct Circumstances {
    /// Whether the task belongs to a commune or ward.
    pub commune: bool,
    extra: BTreeMap<u64, f32>,
    direction: &'static str,
    doc_type: String,
    doc_form: Option<&'static str>,
    identity: u64,
}

impl Circumstances {
    /// Reads document type, direction, category, source and unit.
    pub fn of(task: &TaskText<'_>) -> Self {
        let (category, doc_type) = (fold(task.category), fold(task.doc_type));
        let (source, unit) = (fold(task.source_system), fold(task.unit));
        let direction = direction(&category);
        let mut extra = BTreeMap::new();
        if !(category.starts_with("vb ") || category.starts_with("van ban ") || category.starts_with("nv ")) {
            add_extra(&mut extra, field_parts(task.category), FIELD);
        }
        let commune = is_commune(task);
        let kind = if commune { "commune" } else { unit.as_str() };
        add_extra(
            &mut extra,
            vec![
                (key("d:", &[doc_type.strip_suffix(" tthc").unwrap_or(&doc_type)]), 1.0),
                (key("c:", &[&category]), 1.0),
                (key("s:", &[&source]), 0.5),
                (mix(mix(key("dd:", &[&doc_type]), "|"), direction), 1.0),
                (key("u:", &[kind]), 0.7),
            ],
            CIRCUMSTANCE,
        );
        let forms = phrase::find(&tokens(task.doc_type), true).into_iter();
        let doc_form = forms
            .filter(|hit| hit.kind == Kind::Form && hit.name != "draft")
            .min_by_key(|hit| hit.at)
            .map(|hit| hit.name);
        let identity = [&unit, &doc_type, &category, &source]
            .into_iter()
            .fold(hash("task"), |all, part| mix(mix(all, "|"), part));
        Self { commune, extra, direction, doc_type, doc_form, identity }
    }
}

/// A task: one reading of its title and its circumstances.
pub(super) fn task_text(words: Vec<Word>, circumstances: &Circumstances) -> Cut {
    let mut cut = cut(words);
    cut.extra.clone_from(&circumstances.extra);
    if let Some(first) = cut.tokens.first() {
        cut.extra.insert(mix(hash("first:"), &first.folded), FIRST);
    }
    cut.direction = Some(circumstances.direction);
    cut.doc_form = circumstances.doc_form;
    let identity = |word: fn(&Token) -> &String| {
        cut.tokens.iter().fold(circumstances.identity, |all, token| mix(mix(all, " "), word(token)))
    };
    (cut.identity, cut.bare_identity) = (identity(|token| &token.accented), identity(|token| &token.folded));
    cut.words = cut.tokens.iter().fold(hash("words"), |all, token| mix(mix(all, " "), &token.folded));
    // Files of the one-stop counter are products of their matter, whatever forms their titles name.
    if !circumstances.doc_type.ends_with("tthc") {
        add_form(&mut cut, Some(circumstances.direction), &circumstances.doc_type);
    }
    cut
}

/// Whether the task belongs to a commune or ward.
pub(super) fn is_commune(task: &TaskText<'_>) -> bool {
    match task.unit_kind {
        Some(kind) => kind == UnitKind::Commune,
        None => named_commune(task.unit),
    }
}

/// Whether a name is that of a commune, ward or special zone: "xã", "phường", "đặc khu", but not "xã hội" nor "địa phương".
fn named_commune(name: &str) -> bool {
    let name = clean(name);
    let cased: Vec<&str> = name.split(' ').collect();
    let written: Vec<String> = cased.iter().map(|word| word.to_lowercase()).collect();
    let bare: Vec<String> = written.iter().map(|word| fold(word)).collect();
    // A name typed without accents says nothing by having none.
    let accents = written != bare;
    let beside = |at: usize| (at.checked_sub(1).and_then(|at| bare.get(at)), bare.get(at + 1));
    written.iter().zip(&bare).enumerate().any(|(at, (word, bare))| {
        let (before, after) = beside(at);
        let is = |accented: &str, letters: &str| if accents { word == accented } else { bare == letters };
        let after_is = |words: &[&str]| after.is_some_and(|after| words.contains(&after.as_str()));
        let capital =
            |at: usize| cased.get(at).and_then(|word| word.chars().next()).is_some_and(char::is_uppercase);
        // "xã Hội Sơn" is a name, "Xã hội" and "Xã Hội" are not.
        (is("xã", "xa") && (!after_is(&["hoi"]) || (capital(at + 1) && !capital(at))))
            || (is("phường", "phuong")
                && (accents
                    || !(before.is_some_and(|before| before == "dia") || after_is(&["tien", "phap", "an"]))))
            || (is("khu", "khu") && before.is_some_and(|before| before == "dac"))
    })
}

/// The weighted features of a text: its words of length 1 together, circumstances beside them.
pub(super) fn weighted(cut: &Cut, known: &Known) -> Vec<Feature> {
    let mut out: Vec<Feature> = Vec::with_capacity(cut.text.len() * 3 / 2);
    out.extend(cut.text.iter().map(|(hash, raw)| {
        let count = if raw.count > 1.0 { 1.0 + raw.count.ln() } else { raw.count };
        let (id, rarity) = known.get(*hash);
        Feature {
            hash: *hash,
            base: *hash,
            id,
            weight: count * rarity,
            token: Some(raw.token).filter(|at| *at != NO_TOKEN),
            lasting: raw.word,
        }
    }));
    let length = out.iter().map(|f| f.weight * f.weight).sum::<f32>().sqrt().max(1e-6);
    for feature in &mut out {
        feature.weight /= length;
    }
    if let Some(direction) = cut.direction {
        for at in 0..out.len() {
            let Some(f) = out.get(at).copied().filter(|f| f.lasting) else { continue };
            let hash = mix(f.hash, direction);
            let (id, _) = known.get(hash);
            out.push(Feature { hash, id, weight: f.weight * CROSSED, lasting: false, ..f });
        }
    }
    out.extend(cut.extra.iter().map(|(hash, weight)| {
        let (id, _) = known.get(*hash);
        Feature { hash: *hash, base: *hash, id, weight: *weight, token: None, lasting: true }
    }));
    out
}

fn cut(words: Vec<Word>) -> Cut {
    let (tokens, trust): (Vec<Token>, Vec<f32>) =
        words.into_iter().map(|word| (word.token, word.trust)).unzip();
    let trusted = |from: usize, len: usize| {
        trust.iter().skip(from).take(len).fold(1.0f32, |least, own| least.min(*own))
    };
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
            let sure = if accents || hit.len > 1 { PHRASE } else { PHRASE / 2.0 };
            let count = sure * trusted(hit.at, hit.len);
            found.push((key("p:", &[hit.name]), Raw { count, token: place(hit.at), word: true }));
        }
    }
    let mut line = String::from(" ");
    for (index, token) in tokens.iter().enumerate() {
        if body(index) {
            continue;
        }
        let mut add = |hash: u64, count: f32, word: bool| {
            found.push((hash, Raw { count, token: place(index), word }));
        };
        let next = tokens.get(index + 1);
        add(key("w:", &[&token.folded]), trusted(index, 1), true);
        if let Some(next) = next {
            add(key("b:", &[&token.folded, &next.folded]), PAIR * trusted(index, 2), true);
            if let Some(third) = tokens.get(index + 2) {
                add(
                    key("t:", &[&token.folded, &next.folded, &third.folded]),
                    TRIPLE * trusted(index, 3),
                    false,
                );
            }
        }
        if accents {
            add(key("a:", &[&token.accented]), ACCENTED * trusted(index, 1), false);
            if let Some(next) = next {
                add(key("ab:", &[&token.accented, &next.accented]), ACCENTED * trusted(index, 2), false);
            }
        }
        line.push_str(&token.folded);
        line.push(' ');
    }
    let start = hash("l:");
    let ends: Vec<usize> = line.char_indices().map(|(at, _)| at).chain(std::iter::once(line.len())).collect();
    for (at, from) in ends.iter().enumerate() {
        // The groups that begin here: each goes on from the one before it.
        let mut group = (*from, start);
        for (size, to) in (1..=LONGEST_GROUP).zip(ends.iter().skip(at + 1)) {
            group = (*to, mix(group.1, line.get(group.0..*to).unwrap_or_default()));
            if size >= SHORTEST_GROUP {
                found.push((group.1, Raw { count: LETTERS, token: NO_TOKEN, word: false }));
            }
        }
    }
    let found = each_once(found);
    let appraised = appraisal(&tokens);
    Cut {
        appraises: appraised.is_some(),
        appraises_first: appraised.is_some_and(|at| at <= 1),
        tokens,
        text: found,
        extra: BTreeMap::new(),
        direction: None,
        hits,
        form: None,
        leads: false,
        doc_form: None,
        asks: false,
        accents,
        identity: 0,
        bare_identity: 0,
        words: 0,
        trust: if trust.is_empty() { 1.0 } else { trust.iter().sum::<f32>() / trust.len() as f32 },
    }
}

/// Features by hash, each once with the sum of its counts; of one met twice the first token is shown.
fn each_once(found: Vec<(u64, Raw)>) -> Vec<(u64, Raw)> {
    // Hashes are spread evenly: told apart by their first byte, few are left to be put in order.
    let bucket = |hash: u64| (hash >> 56) as usize;
    let mut ends = [0usize; 257];
    for (hash, _) in &found {
        if let Some(count) = ends.get_mut(bucket(*hash) + 1) {
            *count += 1;
        }
    }
    let mut total = 0;
    for end in &mut ends {
        total += *end;
        *end = total;
    }
    let nothing = Raw { count: 0.0, token: NO_TOKEN, word: false };
    let mut sorted = vec![(0, nothing); found.len()];
    for (hash, raw) in found {
        let Some(place) = ends.get_mut(bucket(hash)) else { continue };
        if let Some(free) = sorted.get_mut(*place) {
            *free = (hash, raw);
        }
        *place += 1;
    }
    // Each end is now that of its own bucket.
    let mut from = 0;
    for to in ends.iter().take(256) {
        // Stable: the first token of one feature stays first.
        if let Some(few) = sorted.get_mut(from..*to) {
            few.sort_by_key(|(hash, _)| *hash);
        }
        from = *to;
    }
    sorted.dedup_by(|later, first| {
        let same = later.0 == first.0;
        if same {
            first.1.count += later.1.count;
        }
        same
    });
    sorted
}

/// A hash of a kind of feature and its words.
pub(super) fn key(kind: &str, words: &[&str]) -> u64 {
    let mut out = hash(kind);
    for (index, word) in words.iter().enumerate() {
        out = if index == 0 { mix(out, word) } else { mix(mix(out, " "), word) };
    }
    out
}

fn place(token: usize) -> u16 {
    u16::try_from(token).unwrap_or(NO_TOKEN)
}

fn add_extra(extra: &mut BTreeMap<u64, f32>, parts: Vec<(u64, f32)>, weight: f32) {
    let length = parts.iter().map(|(_, w)| w * w).sum::<f32>().sqrt().max(1e-6);
    for (key, part) in parts {
        extra.insert(key, weight * part / length);
    }
}

/// FNV-1a: the same on every machine and in every release.
pub(super) fn hash(text: &str) -> u64 {
    mix(0xcbf2_9ce4_8422_2325, text)
}

pub(super) fn mix(start: u64, text: &str) -> u64 {
    text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn society_and_localities_are_no_communes() {
        for commune in [
            "UBND xã Ia Grai",
            "Ủy ban nhân dân PHƯỜNG Diên Hồng",
            "UBND x\u{61}\u{303} Chư Sê",
            "UBND xa Ia Grai",
            "ubnd phuong dien hong",
            "Đặc khu Phú Quý",
            "dac khu phu quy",
            "UBND phường Hội Phú",
            "UBND xã Hội Sơn",
        ] {
            assert!(named_commune(commune), "{commune}");
        }
        for other in [
            "Sở Lao động, Thương binh và Xã hội",
            "So Lao dong Thuong binh va Xa hoi",
            "SỞ LAO ĐỘNG THƯƠNG BINH VÀ XÃ HỘI",
            "Phòng Chính quyền địa phương",
            "phong chinh quyen dia phuong",
            "Ban An toàn phương tiện",
            "Khu kinh tế",
            "",
        ] {
            assert!(!named_commune(other), "{other}");
        }
        // What the unit is says more than its name.
        let unit = "Văn phòng Quy Nhơn";
        let task = TaskText { unit, unit_kind: Some(UnitKind::Commune), ..TaskText::default() };
        assert!(is_commune(&task));
    }
}

//! The decision: source's own code, rules, a code in the title, then the text ranking with abstention.
//!
//! Owns the order of evidence and the reason given. It must not know files or stores. Building and deciding are
//! total and deterministic; a mapper never changes, a new decision of a person makes a new mapper.

use super::calibration::{Calibration, Case, FEWEST_TASKS, Signs};
use super::codes::{code_in, codes_in, is_all_letters};
use super::copies::hasty;
use super::features::{Circumstances, Cut, catalog_text, task_text};
use super::hashed::ByHash;
use super::phrase::Kind;
use super::ranking::{Ranking, Scores};
use super::slips::{Asked, read};
use super::twins::of_one_name;
use super::vocabulary::Vocabulary;
use super::{Candidate, DecidedBy, Example, MappingDecision, Options, Outcome, RuleBook, TaskText};
use crate::domain::{CatalogProduct, ProductCode};
use crate::error::Text;
use crate::text::fold::fold;
use crate::text::{Abbreviations, Token, Written, tokens_with};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// What a product's score loses when it applies to the other kind of body.
const WRONG_BODY: f32 = 0.1;
/// Texts above which a product's name and synonyms are one text.
const APART: usize = 6_000;
/// By how much the best product has to score more than "outside" to be decided alone.
const CLEAR: f32 = 0.15;
/// Latest different titles on which confidence is measured.
const MEASURED: usize = 1_000;
/// Products looked at together for one that scores enough.
const TOGETHER: usize = 32;
/// Candidates shown.
const SHOWN: usize = 5;

/// The kind of body a product is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    All,
    Commune,
    Department,
}

/// A built mapper: catalog, rules and what was learned.
#[derive(Debug, Clone)]
pub struct Mapper {
    codes: BTreeSet<ProductCode>,
    index: BTreeMap<ProductCode, usize>,
    products: Vec<(ProductCode, Decimal, Body)>,
    /// What each product's score loses for a department's task and for a commune's.
    lost: [Vec<f32>; 2],
    /// The others of one name, where a product has any.
    twins: BTreeMap<usize, BTreeSet<usize>>,
    /// Per product the forms of output its texts name.
    forms: Vec<BTreeSet<&'static str>>,
    /// Per product the forms that tasks people decided name.
    decided_forms: Vec<BTreeSet<&'static str>>,
    /// Per product whether its texts or a decided task name an appraisal.
    appraised: Vec<bool>,
    rules: RuleBook,
    ranking: Ranking,
    calibration: Calibration,
    vocabulary: Vocabulary,
    settled: Settled,
}

/// What people decided, by a task's own words and circumstances, with and without accents: no text match says otherwise.
#[derive(Debug, Clone, Default)]
struct Settled {
    /// The last word about each task.
    written: ByHash<usize>,
    /// The decided tasks that are one without their accents.
    bare: ByHash<Vec<u64>>,
}

impl Settled {
    fn add(&mut self, cut: &Cut, class: usize) {
        if self.written.insert(cut.identity, class).is_none() {
            self.bare.entry(cut.bare_identity).or_default().push(cut.identity);
        }
    }

    /// The same of a decision older than all so far.
    fn add_older(&mut self, cut: &Cut, class: usize) {
        if !self.written.contains_key(&cut.identity) {
            self.add(cut, class);
        }
    }

    /// The class people decided, and whether they decided at all: typed without accents a title may be two tasks, and is
    /// settled where the last words about all of them agree, whatever was said before.
    fn get(&self, cut: &Cut) -> (Option<usize>, bool) {
        if let Some(class) = self.written.get(&cut.identity) {
            return (Some(*class), true);
        }
        let Some(written) = self.bare.get(&cut.bare_identity).filter(|_| !cut.accents) else {
            return (None, false);
        };
        let mut classes = written.iter().filter_map(|identity| self.written.get(identity).copied());
        let first = classes.next();
        (first.filter(|first| classes.all(|class| class == *first)), true)
    }
}

/// Texts and tasks ready for training.
struct Prepared<'a> {
    twins: BTreeMap<usize, BTreeSet<usize>>,
    index: BTreeMap<ProductCode, usize>,
    products: Vec<(ProductCode, Decimal, Body)>,
    texts: Vec<(Cut, usize)>,
    usable: Vec<(&'a Example, usize)>,
    tasks: Vec<(Cut, usize)>,
    vocabulary: Vocabulary,
}

impl<'a> Prepared<'a> {
    fn new(catalog: &[CatalogProduct], examples: &'a [Example], forms: &Abbreviations) -> Self {
        let mut index: BTreeMap<ProductCode, usize> = BTreeMap::new();
        let mut products = Vec::with_capacity(catalog.len());
        let mut texts: Vec<(Cut, usize)> = Vec::new();
        let synonyms: usize = catalog.iter().map(|product| product.synonyms.len()).sum();
        let apart = catalog.len() + synonyms <= APART;
        for product in catalog {
            if index.contains_key(&product.code) {
                continue;
            }
            let class = products.len();
            index.insert(product.code.clone(), class);
            products.push((product.code.clone(), product.coefficient, body(&product.applies_to)));
            if apart {
                let names = std::iter::once(&product.name).chain(&product.synonyms);
                let cut = |name: &String| catalog_text(name, &product.field, &product.measure, forms);
                texts.extend(names.map(|name| (cut(name), class)));
            } else {
                let all = format!("{}. {}", product.name, product.synonyms.join(". "));
                texts.push((catalog_text(&all, &product.field, &product.measure, forms), class));
            }
        }
        let outside = products.len();
        texts.extend(outside_texts(catalog, forms).into_iter().map(|cut| (cut, outside)));
        let usable: Vec<(&Example, usize)> = examples
            .iter()
            .filter_map(|example| match &example.product {
                None => Some((example, outside)),
                Some(code) => index.get(code).map(|class| (example, *class)),
            })
            .collect();
        let vocabulary = {
            let written: Vec<Vec<Token>> =
                usable.iter().map(|(example, _)| tokens_with(&example.title, forms)).collect();
            let catalog = texts.iter().map(|(cut, _)| cut.tokens.as_slice());
            Vocabulary::of(forms, catalog, written.iter().map(Vec::as_slice))
        };
        let tasks = usable
            .iter()
            .map(|(example, class)| {
                let words = read(&vocabulary, &Written::of(&example.title), &mut Asked::default());
                let mut cut = task_text(words, &Circumstances::of(&example.task()));
                // Of ten thousand decisions only what is learned from is kept.
                cut.forget_words();
                (cut, *class)
            })
            .collect();
        let mut twins: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for places in of_one_name(catalog) {
            let codes = places.iter().filter_map(|place| catalog.get(*place));
            let classes: Vec<usize> = codes.filter_map(|one| index.get(&one.code).copied()).collect();
            for class in &classes {
                let others = classes.iter().copied().filter(|other| other != class);
                twins.entry(*class).or_default().extend(others);
            }
        }
        Self { twins, vocabulary, index, products, texts, usable, tasks }
    }
}

impl Mapper {
    /// Builds a mapper from a catalog, rules and tasks decided by people (in the order given; same inputs, same
    /// mapper). Examples whose product the catalog does not have teach nothing. A repeated code counts once.
    pub fn build(
        catalog: &[CatalogProduct],
        rules: RuleBook,
        examples: &[Example],
        options: Options,
    ) -> Self {
        let prepared = Prepared::new(catalog, examples, &options.abbreviations);
        let ranking = Ranking::train(&prepared.texts, &prepared.tasks, prepared.products.len() + 1);
        let mut mapper = Self::of(&prepared, rules, ranking, Calibration::default());
        // One decision settles hundreds of tasks of the same words: they are one case, seen without any of them.
        let mut copies: ByHash<Vec<usize>> = ByHash::default();
        for (number, (cut, _)) in prepared.tasks.iter().enumerate() {
            copies.entry(cut.words).or_default().push(number);
        }
        if copies.len() >= FEWEST_TASKS {
            let mut latest: Vec<Vec<usize>> = copies.into_values().collect();
            latest.sort_unstable_by_key(|copies| std::cmp::Reverse(copies.last().copied()));
            latest.truncate(MEASURED);
            let cases: Vec<(Vec<Case>, bool)> = latest
                .iter()
                .filter_map(|copies| Some((copies, prepared.usable.get(*copies.last()?)?.0)))
                .flat_map(|(copies, example)| mapper.unseen(copies, example))
                .collect();
            mapper.calibration = Calibration::fit(&cases, options.target_precision);
        }
        mapper
    }

    /// The readings of a decided title and of its hasty copy, as if no task of its words had ever been decided.
    fn unseen(&self, copies: &[usize], example: &Example) -> Vec<(Vec<Case>, bool)> {
        let task = example.task();
        let circumstances = Circumstances::of(&task);
        let commune = circumstances.commune;
        let own = readings(&self.vocabulary, task.title, &circumstances);
        let hasty = hasty(task.title).map(|copy| readings(&self.vocabulary, &copy, &circumstances));
        let titles: Vec<Vec<Cut>> = std::iter::once(own).chain(hasty).collect();
        let cuts: Vec<Cut> = titles.iter().flatten().cloned().collect();
        let Some(scores) = self.ranking.score_without(copies, &cuts) else { return Vec::new() };
        let mut scores = scores.into_iter();
        let case = |cut: &Cut, scores: Scores| {
            let ranked = self.ranked(&scores, commune);
            let (best, score) = *ranked.first()?;
            let code = &self.products.get(best)?.0;
            let right = example.product.as_ref() == Some(code)
                || (example.product.is_some() && example.also_ok.contains(code));
            let eligible = scores.by_class.last().is_none_or(|outside| score > outside + CLEAR);
            Some(Case { signs: self.signs(cut, &scores, &ranked), right, eligible })
        };
        titles
            .iter()
            .zip([false, true])
            .map(|(cuts, hasty)| {
                (
                    cuts.iter().zip(scores.by_ref()).filter_map(|(cut, scores)| case(cut, scores)).collect(),
                    hasty,
                )
            })
            .collect()
    }

    /// The mapper a model file describes; none where its shares do not belong to its texts.
    pub(super) fn restore(
        catalog: &[CatalogProduct],
        rules: RuleBook,
        examples: &[Example],
        forms: &Abbreviations,
        shares: Vec<Vec<(u32, f32)>>,
        calibration: Calibration,
    ) -> Option<Self> {
        let prepared = Prepared::new(catalog, examples, forms);
        let ranking =
            Ranking::restore(&prepared.texts, &prepared.tasks, prepared.products.len() + 1, shares)?;
        Some(Self::of(&prepared, rules, ranking, calibration))
    }

    /// What was learned: the shares of the training texts and the calibration.
    pub(super) fn learned(&self) -> (Vec<Vec<(u32, f32)>>, Calibration) {
        (self.ranking.shares(), self.calibration)
    }

    fn of(prepared: &Prepared<'_>, rules: RuleBook, ranking: Ranking, calibration: Calibration) -> Self {
        let mut forms = vec![BTreeSet::new(); prepared.products.len()];
        for (cut, class) in &prepared.texts {
            add_form(&mut forms, cut, *class);
        }
        let mut settled = Settled::default();
        let mut decided_forms = vec![BTreeSet::new(); prepared.products.len()];
        for (cut, class) in &prepared.tasks {
            settled.add(cut, *class);
            add_form(&mut decided_forms, cut, *class);
        }
        let mut appraised = vec![false; prepared.products.len()];
        for (cut, class) in prepared.texts.iter().chain(&prepared.tasks) {
            add_appraisal(&mut appraised, cut, *class);
        }
        Self {
            codes: prepared.index.keys().cloned().collect(),
            index: prepared.index.clone(),
            products: prepared.products.clone(),
            lost: [Body::Commune, Body::Department].map(|other| {
                let lost = |body: Body| if body == other { WRONG_BODY } else { 0.0 };
                prepared.products.iter().map(|(_, _, body)| lost(*body)).collect()
            }),
            twins: prepared.twins.clone(),
            forms,
            decided_forms,
            appraised,
            rules,
            ranking,
            calibration,
            vocabulary: prepared.vocabulary.clone(),
            settled,
        }
    }

    /// The class of a decision; none where the catalog does not have its product.
    fn class_of(&self, example: &Example) -> Option<usize> {
        match &example.product {
            None => Some(self.products.len()),
            Some(code) => self.index.get(code).copied(),
        }
    }

    fn cut_of(&self, example: &Example) -> Cut {
        let words = read(&self.vocabulary, &Written::of(&example.title), &mut Asked::default());
        task_text(words, &Circumstances::of(&example.task()))
    }

    /// Learns one more decision at once; false where the catalog does not have its product. The rarity of words and the
    /// calibration stay those of the last [`Mapper::build`].
    pub fn learn(&mut self, example: &Example) -> bool {
        let Some(class) = self.class_of(example) else { return false };
        let cut = self.cut_of(example);
        self.ranking.learn(&cut, class);
        self.settled.add(&cut, class);
        self.knows(&cut, class);
        true
    }

    /// Keeps what kind of work somebody said a product is.
    fn knows(&mut self, cut: &Cut, class: usize) {
        add_form(&mut self.decided_forms, cut, class);
        add_appraisal(&mut self.appraised, cut, class);
    }

    /// Takes in a decision newer than all so far that the ranking does not learn now: no text match says otherwise of
    /// that task.
    pub fn settle(&mut self, example: &Example) {
        if let Some(class) = self.class_of(example) {
            let cut = self.cut_of(example);
            self.settled.add(&cut, class);
            self.knows(&cut, class);
        }
    }

    /// Takes in what people decided before the examples it was built from, the latest first: those titles are never
    /// decided otherwise by text, though the ranking was not trained on them.
    pub fn remember(&mut self, older: &[Example]) {
        for example in older {
            if let Some(class) = self.class_of(example) {
                let cut = self.cut_of(example);
                self.settled.add_older(&cut, class);
                self.knows(&cut, class);
            }
        }
    }

    /// Decides one task.
    pub fn decide(&self, task: &TaskText<'_>) -> MappingDecision {
        let given = task.product_code.and_then(|code| ProductCode::new(code.trim()).ok());
        if let Some(code) = given.filter(|code| self.codes.contains(code)) {
            let reason = Text::new(
                format!("hệ thống nguồn đã ghi mã {code}"),
                format!("the source itself carries the code {code}"),
            );
            return self.settled(Some(code), DecidedBy::Source, reason);
        }
        if let Some(hit) = self.rules.apply(task, &self.codes) {
            let reason =
                Text::new(format!("theo quy tắc \"{}\"", hit.rule), format!("by rule \"{}\"", hit.rule));
            return self.settled(hit.product, DecidedBy::Rule, reason);
        }
        if let Some(code) = code_in(task.title, &self.codes) {
            let reason =
                Text::new(format!("tiêu đề ghi mã {code}"), format!("the title carries the code {code}"));
            return self.settled(Some(code), DecidedBy::Rule, reason);
        }
        // A code of letters alone that titles or the catalog use as a word is that word.
        let mut written = codes_in(task.title, &self.codes);
        written.retain(|code| !is_all_letters(code) || self.vocabulary.get(&fold(code.as_str())).is_none());
        self.by_text(task, &written)
    }

    /// The confidence from which on the text ranking decides without a person.
    pub fn threshold(&self) -> f64 {
        self.calibration.threshold
    }

    fn settled(&self, code: Option<ProductCode>, decided_by: DecidedBy, reason: Text) -> MappingDecision {
        let outcome = match code.and_then(|code| self.products.iter().find(|(own, _, _)| *own == code)) {
            Some((code, coefficient, _)) => {
                Outcome::Mapped { product: code.clone(), coefficient: *coefficient }
            }
            None => Outcome::Outside,
        };
        MappingDecision {
            outcome,
            decided_by,
            confidence: 1.0,
            candidates: Vec::new(),
            outside_score: 0.0,
            reason,
        }
    }

    /// By the words of the title; codes of the catalog that stand in it are offered before what its words are like.
    fn by_text(&self, task: &TaskText<'_>, written: &[ProductCode]) -> MappingDecision {
        let circumstances = Circumstances::of(task);
        let commune = circumstances.commune;
        let cuts = readings(&self.vocabulary, task.title, &circumstances);
        let beginnings: Vec<Beginning> = cuts.iter().map(Beginning::of).collect();
        let (person, decided) = cuts.first().map_or((None, false), |cut| self.settled.get(cut));
        let read = cuts.into_iter().map(|cut| {
            let scores = self.ranking.score(&cut);
            let ranked = self.ranked(&scores, commune);
            let confidence = self.calibration.confidence(&self.signs(&cut, &scores, &ranked));
            (confidence, cut, scores, ranked)
        });
        // The surest reading decides: a title without its accents is one of those of the title with them, so that its
        // confidence is never higher.
        let surest = read.reduce(|best, other| if other.0 > best.0 { other } else { best });
        let (sure, cut, scores, mut ranked) = surest.unwrap_or_default();
        let overruled = decided && (person.is_none() || person != ranked.first().map(|(class, _)| *class));
        if let Some(class) = person.filter(|class| overruled && *class < self.products.len()) {
            let score = scores.by_class.get(class).copied().unwrap_or(0.0);
            ranked.retain(|(own, _)| *own != class);
            ranked.insert(0, (class, score));
        }
        let likest = ranked.first().map(|(class, _)| *class);
        // A person's word about the very same task stays the first.
        let from = usize::from(decided && person.is_some_and(|class| Some(class) == likest));
        let written = written.iter().filter_map(|code| self.index.get(code).copied());
        let written: Vec<(usize, f32)> = written
            .filter(|class| from == 0 || Some(*class) != likest)
            .map(|class| {
                let known = ranked.iter().find(|(own, _)| *own == class).copied();
                known.unwrap_or((class, scores.by_class.get(class).copied().unwrap_or(0.0)))
            })
            .collect();
        ranked.retain(|(class, _)| written.iter().all(|(own, _)| own != class));
        for (place, offered) in written.iter().enumerate() {
            ranked.insert((from + place).min(ranked.len()), *offered);
        }
        let contradicted = ranked.first().map(|(class, _)| *class) != likest || written.len() > 1;
        // No title tells products of one name apart; only what people said of the very same task does.
        let alike = ranked.first().filter(|(class, _)| person != Some(*class));
        let alike = alike.and_then(|(class, _)| self.twins.get(class)).filter(|_| written.is_empty());
        // Those of the other kind of body are told apart by the unit.
        let lost = |class: usize| {
            self.lost.get(usize::from(commune)).and_then(|lost| lost.get(class)).copied().unwrap_or(0.0)
        };
        let fits = |twin: &&usize| likest.is_none_or(|best| lost(**twin) <= lost(best));
        let alike: Vec<usize> = alike.into_iter().flatten().filter(fits).copied().collect();
        let alike = Some(alike).filter(|alike| !alike.is_empty());
        for twin in alike.iter().flatten().rev() {
            let score = scores.by_class.get(*twin).copied().unwrap_or(0.0);
            ranked.retain(|(class, _)| class != twin);
            ranked.insert(1, (*twin, score));
        }
        // Work that a letter asks for is that of who receives it; who writes it has written a letter.
        let of_others = cut.asks
            && ranked.first().filter(|(class, _)| person != Some(*class)).is_some_and(|(class, _)| {
                self.forms.get(*class).is_none_or(|forms| cut.form.is_none_or(|form| !forms.contains(form)))
            });
        // By every reading: a title without its accents is one of those of the title with them.
        let foreign = ranked
            .first()
            .filter(|(class, _)| person != Some(*class))
            .is_some_and(|(class, _)| beginnings.iter().all(|beginning| self.is_foreign(*beginning, *class)));
        let unsure = cut.tokens.is_empty() || overruled || contradicted || alike.is_some() || of_others;
        let confidence = if unsure { 0.0 } else { sure };
        let shown: Vec<usize> = ranked.iter().take(SHOWN).map(|(class, _)| *class).collect();
        let words = self.ranking.explain(&scores, &shown);
        let candidates: Vec<Candidate> = ranked
            .iter()
            .zip(words)
            .filter_map(|((class, score), words)| {
                let words = words.iter().filter_map(|(token, _)| cut.tokens.get(usize::from(*token)));
                // A figure says nothing to whoever reads the words.
                let words = words.filter(|token| token.folded != "#").take(5);
                Some(Candidate {
                    product: self.products.get(*class)?.0.clone(),
                    score: f64::from(*score),
                    words: words.map(|token| token.shown.clone()).collect(),
                })
            })
            .collect();
        let outside_score = f64::from(scores.by_class.last().copied().unwrap_or(0.0));
        let best =
            ranked.first().and_then(|(class, score)| Some((self.products.get(*class)?, f64::from(*score))));
        let percent = (confidence * 100.0).round();
        match best {
            Some(((code, coefficient, _), score))
                if !overruled
                    && !contradicted
                    && alike.is_none()
                    && !of_others
                    && !foreign
                    && confidence >= self.calibration.threshold
                    && score > outside_score + f64::from(CLEAR) =>
            {
                let words = candidates.first().map(|c| c.words.join(", ")).unwrap_or_default();
                MappingDecision {
                    outcome: Outcome::Mapped { product: code.clone(), coefficient: *coefficient },
                    decided_by: DecidedBy::Text,
                    confidence,
                    candidates,
                    outside_score,
                    reason: Text::new(
                        format!("theo nội dung, tin cậy {percent}%: {words}"),
                        format!("by its words, confidence {percent}%: {words}"),
                    ),
                }
            }
            best => {
                let reason = match best {
                    _ if overruled => Text::new(
                        "người đã quyết định một việc giống hệt theo cách khác; cần người quyết định",
                        "people decided the very same task otherwise; a person has to decide",
                    ),
                    _ if contradicted => Text::new(
                        "tiêu đề ghi mã của danh mục nhưng nội dung giống sản phẩm khác; cần người quyết định",
                        "the title carries a code of the catalog and reads like another product; a person has to decide",
                    ),
                    _ if of_others => Text::new(
                        "văn bản đi đề nghị nơi khác làm việc này; cần người quyết định",
                        "a letter that goes out and asks others for this work; a person has to decide",
                    ),
                    _ if foreign => Text::new(
                        "tiêu đề bắt đầu bằng loại việc khác với sản phẩm giống nhất (góp ý, thẩm định, báo cáo…); cần người quyết định",
                        "the title begins with another kind of work than the nearest product has (a comment, an appraisal, a report …); a person has to decide",
                    ),
                    _ if alike.is_some() => Text::new(
                        "danh mục có sản phẩm khác cùng tên; cần người quyết định",
                        "the catalog has another product of the same name; a person has to decide",
                    ),
                    Some((_, score)) if score <= outside_score => Text::new(
                        "giống các việc ngoài danh mục; cần người quyết định",
                        "looks like tasks outside the catalog; a person has to decide",
                    ),
                    // Sure enough of the product, and not of its being in the catalog at all.
                    Some(_) if confidence >= self.calibration.threshold => Text::new(
                        "cũng gần giống các việc ngoài danh mục; cần người quyết định",
                        "nearly as much like tasks outside the catalog; a person has to decide",
                    ),
                    _ => Text::new(
                        format!("chưa đủ chắc chắn ({percent}%); cần người quyết định"),
                        format!("not sure enough ({percent}%); a person has to decide"),
                    ),
                };
                MappingDecision {
                    outcome: Outcome::Review,
                    decided_by: DecidedBy::Text,
                    confidence,
                    candidates,
                    outside_score,
                    reason,
                }
            }
        }
    }

    /// Whether a title begins with another kind of work than a product ever had, in the catalog or in a decided task: with a form
    /// another product has, or with an appraisal. To comment on a plan, or to appraise it, is not to draft it, however few
    /// words tell them apart.
    fn is_foreign(&self, beginning: Beginning, class: usize) -> bool {
        // A product without a form is one of its matter, whatever hands it over.
        let Some(own) = self.forms.get(class).filter(|own| !own.is_empty()) else { return false };
        if beginning.appraises && self.appraised.get(class) == Some(&false) {
            return true;
        }
        let Some(form) = beginning.form.filter(|form| !own.contains(form)) else { return false };
        let decided = self.decided_forms.get(class).is_some_and(|decided| decided.contains(form));
        !decided && self.forms.iter().any(|forms| forms.contains(form))
    }

    /// The best products with their scores, best first; equal scores go in catalog order.
    fn ranked(&self, scores: &Scores, commune: bool) -> Vec<(usize, f32)> {
        let mut best: Vec<(usize, f32)> = Vec::with_capacity(SHOWN + 1);
        let [department, own] = &self.lost;
        let lost = if commune { own } else { department };
        let mut least = f32::NEG_INFINITY;
        let chunks = lost.chunks(TOGETHER).zip(scores.by_class.chunks(TOGETHER));
        for (number, (lost, some)) in chunks.enumerate() {
            let score = lost.iter().zip(some).map(|(lost, score)| score - lost);
            if !score.clone().fold(false, |any, score| any | (score > least)) {
                continue;
            }
            for (class, score) in (number * TOGETHER..).zip(score) {
                if score <= least {
                    continue;
                }
                let place = best.partition_point(|(_, own)| *own >= score);
                best.insert(place, (class, score));
                best.truncate(SHOWN);
                if let Some((_, last)) = best.last().filter(|_| best.len() == SHOWN) {
                    least = *last;
                }
            }
        }
        best
    }

    fn signs(&self, cut: &Cut, scores: &Scores, ranked: &[(usize, f32)]) -> Signs {
        let score = |at: usize| ranked.get(at).map_or(0.0, |(_, score)| f64::from(*score));
        let outside = f64::from(scores.by_class.last().copied().unwrap_or(0.0));
        let best = ranked.first().map(|(class, _)| *class);
        let agrees = best == Some(scores.nearest.1);
        let form = match (cut.form, best.and_then(|best| self.forms.get(best))) {
            (Some(form), Some(forms)) if forms.contains(form) => 1.0,
            (Some(_), Some(_)) => -1.0,
            _ => 0.0,
        };
        let named = |class: usize| {
            cut.doc_form.is_some_and(|form| self.forms.get(class).is_some_and(|forms| forms.contains(form)))
        };
        let elsewhere =
            best.is_some_and(|best| !named(best)) && ranked.iter().skip(1).any(|(class, _)| named(*class));
        let out = cut.hits.iter().any(|hit| hit.kind == Kind::Outside);
        [
            1.0,
            score(0),
            score(0) - score(1),
            score(0) - outside,
            f64::from(scores.nearest.0),
            f64::from(u8::from(agrees)),
            form,
            f64::from(u8::from(out)),
            f64::from(scores.known),
            f64::from(u8::from(cut.accents)),
            (score(0) - score(1)) / score(0).max(0.05),
            f64::from(scores.vote(best)),
            f64::from(1.0 - cut.trust),
            best.map_or(1.0, |best| f64::from(self.ranking.leaning(scores, best))),
            f64::from(u8::from(elsewhere)),
        ]
    }
}

/// With what kind of work a title begins.
#[derive(Clone, Copy)]
struct Beginning {
    form: Option<&'static str>,
    appraises: bool,
}

impl Beginning {
    fn of(cut: &Cut) -> Self {
        Self { form: cut.form.filter(|_| cut.leads), appraises: cut.appraises_first }
    }
}

fn add_form(forms: &mut [BTreeSet<&'static str>], cut: &Cut, class: usize) {
    if let (Some(forms), Some(form)) = (forms.get_mut(class), cut.form) {
        forms.insert(form);
    }
}

fn add_appraisal(appraised: &mut [bool], cut: &Cut, class: usize) {
    if let Some(appraised) = appraised.get_mut(class) {
        *appraised |= cut.appraises;
    }
}

/// The readings of a title: as it is written, and without its accents where it has any.
fn readings(vocabulary: &Vocabulary, title: &str, circumstances: &Circumstances) -> Vec<Cut> {
    let written = Written::of(title);
    let bare = written.accents().then(|| written.bare());
    let all = std::iter::once(written).chain(bare);
    let mut asked = Asked::default();
    all.map(|written| task_text(read(vocabulary, &written, &mut asked), circumstances)).collect()
}

/// Work that no catalog holds, as texts, except what this catalog names as a product all the same.
fn outside_texts(catalog: &[CatalogProduct], forms: &Abbreviations) -> Vec<Cut> {
    let names: Vec<Cut> = catalog.iter().map(|product| catalog_text(&product.name, "", "", forms)).collect();
    let held = |name: &str| names.iter().flat_map(|cut| &cut.hits).any(|hit| hit.name == name);
    super::phrase::outside()
        .filter(|(name, _)| !held(name))
        .flat_map(|(_, expressions)| expressions.into_iter().map(|text| catalog_text(text, "", "", forms)))
        .collect()
}

pub(super) fn body(applies_to: &str) -> Body {
    match crate::text::fold(applies_to).as_str() {
        "commune" | "xa" | "cap xa" => Body::Commune,
        "province department" | "so" | "cap tinh" | "so, nganh" => Body::Department,
        _ => Body::All,
    }
}

//! The decision: source's own code, rules, then the text ranking with abstention.
//!
//! Owns the order of evidence and the reason given. It must not know files or stores. Building and deciding are
//! total and deterministic; a mapper never changes, a new decision of a person makes a new mapper.

use super::calibration::{Calibration, Signs};
use super::features::{Cut, catalog_text, is_commune, task_text};
use super::phrase::Kind;
use super::ranking::{EXACT_TEXTS, Ranking, Scores};
use super::{Candidate, DecidedBy, Example, MappingDecision, Options, Outcome, RuleBook, TaskText};
use crate::domain::{CatalogProduct, ProductCode};
use crate::error::Text;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// What a product's score loses when it applies to the other kind of body.
const WRONG_BODY: f32 = 0.1;
/// Candidates shown.
const SHOWN: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    All,
    Commune,
    Department,
}

/// A built mapper: catalog, rules and what was learned.
#[derive(Debug, Clone)]
pub struct Mapper {
    codes: BTreeSet<ProductCode>,
    products: Vec<(ProductCode, Decimal, Body)>,
    /// Per product the forms of output its texts name.
    forms: Vec<BTreeSet<&'static str>>,
    rules: RuleBook,
    ranking: Ranking,
    calibration: Calibration,
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
        let mut index: BTreeMap<ProductCode, usize> = BTreeMap::new();
        let mut products = Vec::with_capacity(catalog.len());
        let mut texts: Vec<(Cut, usize)> = Vec::new();
        let synonyms: usize = catalog.iter().map(|product| product.synonyms.len()).sum();
        let apart = catalog.len() + synonyms + examples.len() <= EXACT_TEXTS;
        for product in catalog {
            if index.contains_key(&product.code) {
                continue;
            }
            let class = products.len();
            index.insert(product.code.clone(), class);
            products.push((product.code.clone(), product.coefficient, body(&product.applies_to)));
            if apart {
                let names = std::iter::once(&product.name).chain(&product.synonyms);
                texts.extend(names.map(|name| (catalog_text(name, &product.field, &product.measure), class)));
            } else {
                let all = format!("{}. {}", product.name, product.synonyms.join(". "));
                texts.push((catalog_text(&all, &product.field, &product.measure), class));
            }
        }
        let outside = products.len();
        texts.extend(outside_texts(catalog).into_iter().map(|cut| (cut, outside)));
        let usable: Vec<(&Example, usize)> = examples
            .iter()
            .filter_map(|example| match &example.product {
                None => Some((example, outside)),
                Some(code) => index.get(code).map(|class| (example, *class)),
            })
            .collect();
        let tasks: Vec<(Cut, usize)> =
            usable.iter().map(|(example, class)| (task_text(&example.task()), *class)).collect();
        let (ranking, without) = Ranking::train(&texts, &tasks, outside + 1);
        let mut forms = vec![BTreeSet::new(); products.len()];
        for (cut, class) in &texts {
            if let (Some(forms), Some(form)) = (forms.get_mut(*class), cut.form) {
                forms.insert(form);
            }
        }
        let mut mapper = Self {
            forms,
            codes: index.keys().cloned().collect(),
            products,
            rules,
            ranking,
            calibration: Calibration::default(),
        };
        if let Some(without) = without {
            let cases: Vec<(Signs, bool)> = usable
                .iter()
                .zip(&tasks)
                .zip(without)
                .filter_map(|(((example, _), (cut, _)), scores)| {
                    let ranked = mapper.ranked(&scores, is_commune(&example.task()));
                    let (best, _) = *ranked.first()?;
                    let code = &mapper.products.get(best)?.0;
                    let right = example.product.as_ref() == Some(code)
                        || (example.product.is_some() && example.also_ok.contains(code));
                    Some((mapper.signs(cut, &scores, &ranked), right))
                })
                .collect();
            mapper.calibration = Calibration::fit(&cases, options.target_precision);
        }
        mapper
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
        self.by_text(task)
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

    fn by_text(&self, task: &TaskText<'_>) -> MappingDecision {
        let cut = task_text(task);
        let (scores, vector) = self.ranking.score(&cut);
        let ranked = self.ranked(&scores, is_commune(task));
        let confidence = if cut.tokens.is_empty() {
            0.0
        } else {
            self.calibration.confidence(&self.signs(&cut, &scores, &ranked))
        };
        let candidates: Vec<Candidate> = ranked
            .iter()
            .take(SHOWN)
            .filter_map(|(class, score)| {
                let words = self.ranking.explain(&vector, *class);
                let words = words.iter().take(5).filter_map(|(token, _)| cut.tokens.get(usize::from(*token)));
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
                if confidence >= self.calibration.threshold && score > outside_score =>
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
                    Some((_, score)) if score <= outside_score => Text::new(
                        "giống các việc ngoài danh mục; cần người quyết định",
                        "looks like tasks outside the catalog; a person has to decide",
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

    /// The best products with their scores, best first; equal scores go in catalog order.
    fn ranked(&self, scores: &Scores, commune: bool) -> Vec<(usize, f32)> {
        let mut ranked: Vec<(usize, f32)> = self
            .products
            .iter()
            .zip(&scores.by_class)
            .enumerate()
            .map(|(class, ((_, _, body), score))| {
                let other = matches!((body, commune), (Body::Commune, false) | (Body::Department, true));
                (class, if other { score - WRONG_BODY } else { *score })
            })
            .collect();
        let order = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if ranked.len() > SHOWN {
            ranked.select_nth_unstable_by(SHOWN, order);
            ranked.truncate(SHOWN);
        }
        ranked.sort_by(order);
        ranked
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
        ]
    }
}

/// Work that no catalog holds, as texts, except what this catalog names as a product all the same.
fn outside_texts(catalog: &[CatalogProduct]) -> Vec<Cut> {
    let names: Vec<Cut> = catalog.iter().map(|product| catalog_text(&product.name, "", "")).collect();
    let held = |name: &str| names.iter().flat_map(|cut| &cut.hits).any(|hit| hit.name == name);
    super::phrase::outside()
        .filter(|(name, _)| !held(name))
        .flat_map(|(_, expressions)| expressions.into_iter().map(|text| catalog_text(text, "", "")))
        .collect()
}

fn body(applies_to: &str) -> Body {
    match crate::text::fold(applies_to).as_str() {
        "commune" | "xa" | "cap xa" => Body::Commune,
        "province department" | "so" | "cap tinh" | "so, nganh" => Body::Department,
        _ => Body::All,
    }
}

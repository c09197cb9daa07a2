//! What scores would be if something were otherwise: other products or shares of tasks, another rule set, another catalog.
//!
//! Owns the comparison of a quarter as it is with the same quarter under changed inputs, person by person from the
//! bottom up, both sides computed the same way at the same moment by the scoring step's own code. Nothing of it is
//! ever stored as a result. Memory is bounded by the people of one leader, not by the province.

use super::app::App;
use super::score::{Asked, FULL_PERIOD, Gathered, TO_DATE};
use crate::directory::Directory;
use crate::domain::{Exact, Level, Period, PersonId, ProductCode, RuleSet, UnitCode};
use crate::error::Finding;
use crate::scoring::Shares;
use crate::store::{MappingState, PersonTask, ScoreWrite, TaskProduct};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// What is otherwise about the tasks.
#[derive(Debug, Default)]
pub(super) struct Assumed {
    /// Tasks with another product, by number.
    pub products: HashMap<i64, TaskProduct>,
    /// Parts of shared products, by task; none = the task is whole.
    pub shares: Shares,
    /// Tasks of others that somebody comes to share in.
    pub joining: HashMap<PersonId, Vec<PersonTask>>,
    /// Tasks of others that somebody shares in no more, by number.
    pub leaving: HashMap<PersonId, BTreeSet<i64>>,
    /// The coefficients of another catalog: they count for every mapped task, whatever it was frozen with.
    pub coefficients: Option<HashMap<ProductCode, Decimal>>,
    /// Codes of mapped tasks that catalog does not have.
    missing: Mutex<BTreeSet<ProductCode>>,
}

impl Assumed {
    /// Another catalog.
    pub fn catalog(products: impl Iterator<Item = (ProductCode, Decimal)>) -> Self {
        Self { coefficients: Some(products.collect()), ..Self::default() }
    }

    /// Other products of tasks.
    pub fn products(products: HashMap<i64, TaskProduct>) -> Self {
        Self { products, ..Self::default() }
    }

    /// Whether anything about somebody's tasks is otherwise.
    pub fn concerns(&self, person: PersonId, tasks: &[PersonTask]) -> bool {
        self.coefficients.is_some()
            || self.joining.contains_key(&person)
            || self.leaving.contains_key(&person)
            || tasks.iter().any(|task| self.products.contains_key(&task.task.id))
    }

    /// Changes what was read of somebody's tasks.
    pub fn change(&self, person: PersonId, tasks: &mut Vec<PersonTask>) {
        if let Some(leaving) = self.leaving.get(&person) {
            tasks.retain(|task| !leaving.contains(&task.task.id));
        }
        tasks.extend(self.joining.get(&person).into_iter().flatten().cloned());
        for task in tasks {
            if let Some(product) = self.products.get(&task.task.id) {
                task.mapping = Some(product.clone());
            }
            let (Some(coefficients), Some(mapping)) = (&self.coefficients, &mut task.mapping) else {
                continue;
            };
            let Some(code) = &mapping.product else { continue };
            mapping.coefficient = coefficients.get(code).copied();
            if mapping.coefficient.is_none() {
                self.missing.lock().unwrap_or_else(PoisonError::into_inner).insert(code.clone());
                mapping.state = MappingState::Review;
            }
        }
    }

    /// Changes the shares that were read.
    pub fn share(&self, shares: &mut Shares) {
        for (key, parts) in &self.shares {
            if parts.is_empty() {
                shares.remove(key);
            } else {
                shares.insert(key.clone(), parts.clone());
            }
        }
    }

    /// Codes of mapped tasks the other catalog does not have, as far as tasks were looked at.
    pub fn missing(&self) -> BTreeSet<ProductCode> {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Side {
    /// Total, exact and printed, when it is complete.
    pub total: Option<(Exact, String)>,
    /// R·70, exact and printed, when it can be computed.
    pub task_part: Option<(Exact, String)>,
    /// The band of the total.
    pub level: Option<Level>,
    /// Parts that are missing.
    pub missing: Vec<String>,
}

impl Side {
    fn of(write: &ScoreWrite) -> Self {
        let figure = |part: &str| {
            let figure = write.summary.pointer(&format!("/parts/{part}"))?;
            let exact = figure.get("exact")?.as_str()?.parse().ok()?;
            Some((exact, figure.get("printed")?.as_str()?.to_owned()))
        };
        let missing = write.summary.get("missing").and_then(Value::as_array).into_iter().flatten();
        Self {
            total: figure("total"),
            task_part: figure("task_part"),
            level: write.summary.get("level").and_then(Value::as_str).and_then(Level::parse),
            missing: missing.filter_map(Value::as_str).map(str::to_owned).collect(),
        }
    }
}

/// A score of one person on both sides; none where the person is not scored on that side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Compared {
    /// Whose.
    pub person: PersonId,
    /// Which period.
    pub period: Period,
    /// Unit of the post that scores.
    pub unit: UnitCode,
    /// Role of that post.
    pub role: &'static str,
    /// As it is.
    pub before: Option<Side>,
    /// As it would be.
    pub after: Option<Side>,
}

impl Compared {
    /// Whether anything a person can see of the score is otherwise.
    pub fn moved(&self) -> bool {
        self.before != self.after
    }

    /// Whether the band is another one.
    pub fn band_changed(&self) -> bool {
        let level = |side: &Option<Side>| side.as_ref().and_then(|side| side.level);
        level(&self.before) != level(&self.after)
    }

    /// By how much the total moves, or R·70 where a side has no total; exact.
    pub fn difference(&self) -> Option<Exact> {
        let (before, after) = (self.before.as_ref()?, self.after.as_ref()?);
        let of =
            |a: &Option<(Exact, String)>, b: &Option<(Exact, String)>| Some(&b.as_ref()?.0 - &a.as_ref()?.0);
        of(&before.total, &after.total).or_else(|| of(&before.task_part, &after.task_part))
    }
}

/// What is asked about one period.
pub(super) struct Question<'a> {
    /// Which quarter.
    pub period: Period,
    /// Which view of it.
    pub view: &'static str,
    /// What is otherwise about tasks.
    pub assumed: Arc<Assumed>,
    /// Another rule set.
    pub rules: Option<&'a RuleSet>,
}

/// How far a comparison moved people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// People looked at who are scored on one side at least.
    pub people: u64,
    /// Whose score moves.
    pub moved: u64,
    /// Whose total, or R·70, grows.
    pub up: u64,
    /// Whose total, or R·70, shrinks.
    pub down: u64,
    /// From which band to which; none = no total on that side.
    pub bands: BTreeMap<(Option<Level>, Option<Level>), u64>,
}

impl Totals {
    /// Takes a comparison into account.
    pub fn add(&mut self, compared: &Compared) {
        self.people += 1;
        if !compared.moved() {
            return;
        }
        self.moved += 1;
        match compared.difference() {
            Some(difference) if difference.is_negative() => self.down += 1,
            Some(difference) if !difference.is_zero() => self.up += 1,
            _ => {}
        }
        if compared.band_changed() {
            let level = |side: &Option<Side>| side.as_ref().and_then(|side| side.level);
            *self.bands.entry((level(&compared.before), level(&compared.after))).or_default() += 1;
        }
    }

    /// Adds another comparison's totals.
    pub fn join(&mut self, other: Self) {
        self.people += other.people;
        self.moved += other.moved;
        self.up += other.up;
        self.down += other.down;
        for (bands, count) in other.bands {
            *self.bands.entry(bands).or_default() += count;
        }
    }

    /// How many change their band.
    pub fn bands_changed(&self) -> u64 {
        self.bands.values().sum()
    }
}

impl App {
    /// Compares the scores of some people of a quarter, bottom-up, and hands each comparison over. Subordinates
    /// who are not among them have the score held.
    ///
    /// # Errors
    /// Those of the store, and LT-RUL-010 where no rule set governs the quarter.
    pub(super) async fn compare_scores(
        &self,
        directory: &Directory,
        question: &Question<'_>,
        people: impl IntoIterator<Item = PersonId>,
        mut take: impl FnMut(Compared),
    ) -> Result<Totals, Finding> {
        let Question { period, view, .. } = *question;
        let rules = self.rule_set(period)?;
        let other = question.rules.unwrap_or(rules);
        let as_of = self.clock.today().min(period.last_day());
        let mut ranked: Vec<(u32, PersonId)> =
            people.into_iter().map(|person| (directory.rank(person, period), person)).collect();
        ranked.sort_unstable();
        ranked.dedup();
        // Both sides are assumed: neither keeps anything in the store.
        let as_is = Gathered::assuming(Arc::new(Assumed::default()));
        let otherwise = Gathered::assuming(question.assumed.clone());
        let asked = |rules| {
            Ok::<_, Finding>(Asked { period, view, as_of, terms: Arc::new(self.terms(period, rules)?) })
        };
        let (rules, other) = (asked(rules)?, asked(other)?);
        let mut totals = Totals::default();
        for (_, person) in ranked {
            let before = self.side(directory, &as_is, person, &rules).await?;
            otherwise.adopt(&as_is);
            let after = self.side(directory, &otherwise, person, &other).await?;
            let Some(post) = directory.last_post(person, period) else { continue };
            if before.is_none() && after.is_none() {
                continue;
            }
            let (unit, role) = (post.unit.clone(), post.role.as_str());
            let compared = Compared { person, period, unit, role, before, after };
            totals.add(&compared);
            take(compared);
        }
        Ok(totals)
    }

    /// One side of a comparison, noted for the leaders who come later.
    async fn side(
        &self,
        directory: &Directory,
        gathered: &Gathered,
        person: PersonId,
        asked: &Asked,
    ) -> Result<Option<Side>, Finding> {
        let rules = &asked.terms.rules;
        if !directory.is_scored(person, asked.period, rules.population_filter) {
            return Ok(None);
        }
        let write = if rules.is_monthly() {
            let (months, quarter) = self.monthly(directory, gathered, person, asked, &[]).await?;
            for month in &months {
                gathered.note(self, std::slice::from_ref(&month.write)).await?;
            }
            quarter
        } else {
            self.tasks_score(directory, gathered, person, asked, &[]).await?.map(|scored| scored.write)
        };
        let Some(write) = write else { return Ok(None) };
        gathered.note(self, std::slice::from_ref(&write)).await?;
        Ok(Some(Side::of(&write)))
    }

    /// A view of a quarter by its name; the one that is shown when none.
    pub(super) fn view_of(&self, period: Period, named: Option<&str>) -> &'static str {
        match named {
            Some(TO_DATE) => TO_DATE,
            Some(_) => FULL_PERIOD,
            None => self.shown_view(period),
        }
    }
}

/// A comparison as a document's value: what an order keeps of its effect.
pub(super) fn as_value(directory: &Directory, compared: &Compared) -> Value {
    let printed = |side: &Option<Side>| {
        let side = side.as_ref()?;
        Some(json!({
            "total": side.total.as_ref().map(|(_, printed)| printed),
            "task_part": side.task_part.as_ref().map(|(_, printed)| printed),
            "level": side.level.map(Level::as_str),
        }))
    };
    let number = directory.person(compared.person).map(|known| known.staff_number.to_string());
    json!({
        "person": number,
        "period": compared.period,
        "before": printed(&compared.before),
        "after": printed(&compared.after),
        "band_changed": compared.band_changed(),
    })
}

//! What people's years are made of: results of 3, 6 and 12 months beside each other (plan IV.4.1.a; Decree 335/2025 art.
//! 17.3).
//!
//! Owns who is in the list and where each figure comes from: as it stands approved or was imported, and only where nothing
//! is recorded of a half-year or the year as it is computed from its quarters; the level proposed and the one decided. It
//! computes nothing and must not know tables or pages. What is not there stays none, never 0.

use super::app::App;
use super::score::{FULL_PERIOD, scope_of};
use crate::domain::{Level, Period, PersonId, RuleSet, UnitCode};
use crate::error::Finding;
use crate::store::{Revision, StoreError};
use serde_json::Value;
use std::collections::HashMap;

/// People asked about at a time.
const BATCH: usize = 400;

/// Somebody whose year is evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearPerson {
    /// Who.
    pub id: PersonId,
    /// Staff number.
    pub number: String,
    /// Full name.
    pub name: String,
    /// Unit of the last post of the year.
    pub unit: UnitCode,
}

/// A figure of a half-year or year, as printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// The score.
    pub score: String,
    /// Whether nothing is recorded and it is the mean of the quarters so far.
    pub computed: bool,
}

/// The results of one person's year; figures as printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct YearResults {
    /// The four quarters.
    pub quarters: [Option<String>; 4],
    /// The two half-years.
    pub halves: [Option<Figure>; 2],
    /// The year.
    pub year: Option<Figure>,
    /// The level proposed.
    pub proposed: Option<Level>,
    /// The level decided here, or elsewhere and imported.
    pub decided: Option<Level>,
}

fn told(error: StoreError) -> Finding {
    error.finding()
}

impl App {
    /// Everyone whose year is evaluated, of a unit and those below it where one is named, by unit and staff number.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn people_of_year(
        &self,
        year: i32,
        unit: Option<&UnitCode>,
    ) -> Result<Vec<YearPerson>, Finding> {
        let directory = self.directory().await?;
        let whole = Period::Year(year);
        // Of a year before the first rule set there are results that were imported.
        let population =
            self.rule_set(whole).map_or_else(|_| RuleSet::default(), Clone::clone).population_filter;
        let within = unit.map(|unit| directory.subtree(unit));
        let mut people: Vec<YearPerson> = directory
            .people()
            .filter_map(|known| {
                let post = directory.last_post(known.id, whole)?;
                let wanted = within.as_ref().is_none_or(|units| units.contains(&post.unit));
                (wanted && directory.is_scored(known.id, whole, population)).then(|| YearPerson {
                    id: known.id,
                    number: known.staff_number.to_string(),
                    name: known.full_name.clone(),
                    unit: post.unit.clone(),
                })
            })
            .collect();
        people.sort_unstable_by(|one, other| (&one.unit, &one.number).cmp(&(&other.unit, &other.number)));
        Ok(people)
    }

    /// The level of these people's year, in their order: the one decided here, or elsewhere and imported, else the one
    /// proposed; none where there is neither.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn levels_of_year(
        &self,
        year: i32,
        people: &[YearPerson],
    ) -> Result<Vec<Option<Level>>, Finding> {
        let whole = Period::Year(year);
        let level = |of: &Value| of.get("level").and_then(Value::as_str).and_then(Level::parse);
        let imported = self.store.history_of(whole).await.map_err(told)?;
        let (mut proposed, mut after) = (HashMap::new(), String::new());
        loop {
            let scope = scope_of(whole, FULL_PERIOD);
            let lines = self.store.score_lines(whole, scope, &[], &after, BATCH).await.map_err(told)?;
            let Some(last) = lines.last() else { break };
            after.clone_from(&last.staff_number);
            proposed.extend(lines.into_iter().map(|line| (line.person, level(&line.summary))));
        }
        let mut levels = Vec::with_capacity(people.len());
        for some in people.chunks(BATCH) {
            let ids: Vec<PersonId> = some.iter().map(|person| person.id).collect();
            let approved = self.store.approved_of(&ids, whole).await.map_err(told)?;
            levels.extend(ids.iter().map(|id| {
                let decided = approved.get(id).map(|revision| &revision.content).or_else(|| imported.get(id));
                decided.and_then(level).or_else(|| proposed.get(id).copied().flatten())
            }));
        }
        Ok(levels)
    }

    /// The results of these people's year, in their order.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn year_results(&self, year: i32, people: &[YearPerson]) -> Result<Vec<YearResults>, Finding> {
        let whole = Period::Year(year);
        let [first, second] = [1, 2].map(|half| Period::Half { year, half });
        let mut results = Vec::with_capacity(people.len());
        for some in people.chunks(BATCH) {
            let ids: Vec<PersonId> = some.iter().map(|person| person.id).collect();
            let mut approved: HashMap<Period, HashMap<PersonId, Revision>> = HashMap::new();
            for period in whole.quarters().into_iter().chain([first, second, whole]) {
                approved.insert(period, self.store.approved_of(&ids, period).await.map_err(told)?);
            }
            for id in ids {
                let history = self.store.history(id).await.map_err(told)?;
                let history: HashMap<Period, Value> = history.into_iter().collect();
                let stands = |period: Period, here: &str, imported: &str| {
                    let stands = approved.get(&period).and_then(|all| all.get(&id));
                    let stands = stands.and_then(|stands| stands.content.pointer(here));
                    let entered = || history.get(&period).and_then(|row| row.get(imported));
                    stands.or_else(entered).and_then(Value::as_str).map(str::to_owned)
                };
                let score = |period| stands(period, "/parts/total/printed", "score");
                let figure = |period, mean: Option<String>| {
                    let recorded = score(period).map(|score| Figure { score, computed: false });
                    recorded.or_else(|| mean.map(|score| Figure { score, computed: true }))
                };
                let (mean_of_first, _) = self.mean_of(id, first).await?;
                let (mean_of_second, _) = self.mean_of(id, second).await?;
                let (mean_of_year, proposed) = self.mean_of(id, whole).await?;
                results.push(YearResults {
                    quarters: [1, 2, 3, 4].map(|quarter| score(Period::Quarter { year, quarter })),
                    halves: [figure(first, mean_of_first), figure(second, mean_of_second)],
                    year: figure(whole, mean_of_year),
                    proposed,
                    decided: stands(whole, "/level", "level").as_deref().and_then(Level::parse),
                });
            }
        }
        Ok(results)
    }

    /// Total and level of a half-year or year as it is computed.
    async fn mean_of(
        &self,
        id: PersonId,
        period: Period,
    ) -> Result<(Option<String>, Option<Level>), Finding> {
        let score = self.store.score(id, period, scope_of(period, FULL_PERIOD)).await.map_err(told)?;
        let level = score.as_ref().and_then(|score| score.summary.get("level")?.as_str());
        let level = level.and_then(Level::parse);
        Ok((score.and_then(|score| score.total), level))
    }
}

//! Scores that are means: the quarter of its months, the half-year and the year of recorded results.
//!
//! Owns the gathering of their inputs: which results are recorded, which are lacking, and the dated facts of a
//! person's service. It must not compute a mean. Results of an old unit are carried with the person (art. 19.1).

use super::app::App;
use super::score::{Asked, FULL_PERIOD, Facts, Gathered, Scored, hash_of, put, scope_of, to_bytes, worked};
use crate::directory::Directory;
use crate::domain::{Level, Period, PersonId, Role, RuleSet, UnitCode, local_date};
use crate::error::Finding;
use crate::evaluation::content::{OUTSIDE_POPULATION, WORKED_SHARE};
use crate::evaluation::life::is_deliverable;
use crate::evaluation::{Content, LineCounts, Part};
use crate::scoring::mean::{Figure, MonthScore, mean_of_months};
use crate::scoring::service::{counted_years, has_exempting_leave};
use crate::scoring::year::{MeanInput, RecordedPart, score_mean};
use crate::store::{Packed, ScoreWrite};
use chrono::{Datelike as _, NaiveDate};
use std::collections::BTreeMap;

impl App {
    /// The months of a quarter that have begun, and the quarter as their mean; `others` are months in the other view.
    pub(super) async fn monthly(
        &self,
        directory: &Directory,
        gathered: &Gathered,
        person: PersonId,
        asked: &Asked,
        others: &[Scored],
    ) -> Result<(Vec<Scored>, Option<ScoreWrite>), Finding> {
        let Asked { period: quarter, view, as_of, terms } = asked;
        let rules = &terms.rules;
        let mut months = Vec::new();
        let mut scores = Vec::new();
        let facts = gathered.facts(self).await?;
        for month in quarter.months().into_iter().filter(|month| month.first_day() <= *as_of) {
            let of_month = Asked { period: month, as_of: (*as_of).min(month.last_day()), ..asked.clone() };
            let scored = self.tasks_score(directory, gathered, person, &of_month, others).await?;
            let Some(scored) = scored else { continue };
            if Self::is_evaluated(directory, &facts, person, month, rules) {
                scores.push(month_score(month, &scored.write)?);
            }
            months.push(scored);
        }
        let held = (person, *quarter, *view);
        let post = directory.last_post(person, *quarter);
        let post = post.filter(|_| directory.is_scored(person, *quarter, rules.population_filter));
        let Some(post) = post else {
            return Ok((months, self.void(gathered, held, *as_of, rules, OUTSIDE_POPULATION).await?));
        };
        if scores.is_empty() {
            return Ok((months, self.void(gathered, held, *as_of, rules, WORKED_SHARE).await?));
        }
        let worked = worked(directory, &facts, person, *quarter).unwrap_or_default();
        let inputs_hash = hash_of(&(&scores, &worked, rules, view))?;
        let mut derivation = mean_of_months(*quarter, post.role, &scores, rules);
        derivation.worked = worked;
        let packed = Packed::of(&to_bytes(&derivation)?).map_err(|error| error.finding())?;
        let none = LineCounts::default();
        let write = self.write((person, post), asked, inputs_hash, &derivation, none, Some(packed))?;
        Ok((months, Some(write)))
    }

    /// The half-year or year of a person; none before it opens and without any recorded result.
    pub(super) async fn mean(
        &self,
        directory: &Directory,
        gathered: &Gathered,
        person: PersonId,
        period: Period,
        as_of: NaiveDate,
        rules: &RuleSet,
    ) -> Result<Option<ScoreWrite>, Finding> {
        let scope = scope_of(period, FULL_PERIOD);
        let held = (person, period, scope);
        let post = directory.last_post(person, period);
        let post = post.filter(|_| directory.is_scored(person, period, rules.population_filter));
        let Some(post) = post else {
            return self.void(gathered, held, as_of, rules, OUTSIDE_POPULATION).await;
        };
        if as_of < self.opens(period) {
            return Ok(None);
        }
        let parts = self.recorded_parts(gathered, person, period, rules).await?;
        let all_facts = gathered.facts(self).await?;
        let Some(worked) = worked(directory, &all_facts, person, period) else {
            return self.void(gathered, held, as_of, rules, WORKED_SHARE).await;
        };
        if parts.is_empty() && !gathered.holds(self, (period, scope), person).await? {
            return Ok(None);
        }
        let closed = gathered.closed(self).await?;
        let wanted = if rules.is_monthly() { period.months() } else { period.quarters() };
        let mut absent: Vec<Period> = wanted
            .into_iter()
            .filter(|part| part.last_day() < as_of || closed.contains(part))
            .filter(|part| !parts.iter().any(|recorded| recorded.period == *part))
            .filter(|part| self.was_evaluated(directory, &all_facts, person, *part, rules))
            .collect();
        if !absent.is_empty() && period.is_year() {
            // A year that was classified before its last part ended (art. 19.2) did not wait for it.
            let decided = self.first_decided(person, period).await?;
            absent.retain(|part| decided.is_none_or(|day| part.last_day() < day));
        }
        let facts = all_facts.get(&person).map(Vec::as_slice).unwrap_or_default();
        let agency = |on: NaiveDate| agency_on(directory, person, on);
        let led = |on: NaiveDate| led_on(directory, person, on);
        let counted = counted_years(facts, &agency, &led).into_iter();
        let counted = counted.filter(|(_, year)| period.is_year() && *year == Some(period.year()));
        let organisation = match post.role {
            Role::Head if period.is_year() => self.recognised(&post.unit, period.year()).await?,
            _ => None,
        };
        let exempting_leave = has_exempting_leave(facts, &worked, period, rules.leave_exemption);
        let input = MeanInput {
            period,
            role: post.role,
            parts,
            absent,
            worked,
            exempting_leave,
            facts: counted.map(|(fact, _)| fact).collect(),
            organisation,
        };
        let inputs_hash = hash_of(&(&input, rules, scope))?;
        let derivation = score_mean(&input, rules);
        let rule_set_hash = hash_of(rules)?;
        let mut parts = BTreeMap::new();
        put(&mut parts, Part::Total, derivation.total.as_ref());
        let content = Content {
            period,
            role: post.role,
            unit: post.unit.clone(),
            post: post.post.clone(),
            parts,
            level: derivation.level,
            proposed: None,
            missing: derivation.missing.clone(),
            lines: LineCounts::default(),
            worked: derivation.worked.clone(),
            rule_set: rules.id.to_string(),
            rule_set_hash: rule_set_hash.clone(),
            inputs_hash: inputs_hash.clone(),
            ruling: None,
            remarks: crate::evaluation::Remarks::default(),
        };
        Ok(Some(ScoreWrite {
            person,
            period,
            scope,
            unit: post.unit.clone(),
            role: post.role.as_str(),
            rule_set_hash,
            working_days: None,
            inputs_hash,
            as_of,
            task_part: None,
            total: derivation.total.as_ref().map(|number| number.printed.clone()),
            total_exact: derivation.total.as_ref().map(|number| number.exact.to_string()),
            summary: serde_json::to_value(&content).map_err(|_| super::broken("score"))?,
            derivation: Some(Packed::of(&to_bytes(&derivation)?).map_err(|error| error.finding())?),
            computed_at: self.clock.now(),
            record_due: true,
        }))
    }

    /// Whether a person was evaluated in a part of a longer period, by the rules of that part; by those of the whole where
    /// the part fell into a gap between configured sets: nobody could score it, and that is not to be left out silently.
    /// Not where none governed it, as before the first set.
    fn was_evaluated(
        &self,
        directory: &Directory,
        facts: &Facts,
        person: PersonId,
        part: Period,
        whole: &RuleSet,
    ) -> bool {
        let rules = match self.rule_set(part) {
            Ok(rules) => rules,
            Err(_) if self.policy.is_in_a_gap(part) => whole,
            Err(_) => return false,
        };
        Self::is_evaluated(directory, facts, person, part, rules)
    }

    /// The day on which a year was classified first, whatever became of it.
    async fn first_decided(&self, person: PersonId, year: Period) -> Result<Option<NaiveDate>, Finding> {
        let revisions = self.store.revisions(person, year).await.map_err(|error| error.finding())?;
        let decided = revisions.iter().find(|revision| is_deliverable(revision.state));
        Ok(decided.map(|revision| local_date(revision.at)))
    }

    /// The level an organisation was recognised with for a year, while that stands (art. 20.6).
    async fn recognised(&self, unit: &UnitCode, year: i32) -> Result<Option<Level>, Finding> {
        let revisions =
            self.store.organisation_revisions(unit, year).await.map_err(|error| error.finding())?;
        Ok(revisions.last().filter(|newest| newest.state == "recognised").and_then(|newest| newest.level))
    }

    /// The quarters of a half-year or year whose scores are recorded: imported, or approved and closed here. Where
    /// months are scored, its months; a quarter recorded before that stands for its three (form 02).
    async fn recorded_parts(
        &self,
        gathered: &Gathered,
        person: PersonId,
        period: Period,
        rules: &RuleSet,
    ) -> Result<Vec<RecordedPart>, Finding> {
        let mut recorded: BTreeMap<Period, RecordedPart> = BTreeMap::new();
        let within = |part: Period| {
            !part.is_mean() && period.contains(part.first_day()) && period.contains(part.last_day())
        };
        for (part, row) in self.store.history(person).await.map_err(|error| error.finding())? {
            let score = row.get("score").and_then(|score| score.as_str());
            if let (true, Some(score)) = (within(part), score) {
                let entry = RecordedPart {
                    period: part,
                    score: score.to_owned(),
                    exact: None,
                    level: row.get("level").and_then(|level| level.as_str()).and_then(Level::parse),
                    unit: None,
                    from: "history".to_owned(),
                };
                recorded.insert(part, entry);
            }
        }
        let closed = gathered.closed(self).await?;
        for revision in self.store.approved_revisions(person).await.map_err(|error| error.finding())? {
            let text = |pointer: &str| revision.content.pointer(pointer).and_then(|value| value.as_str());
            let score = text("/parts/total/printed");
            if let (true, true, Some(score)) =
                (within(revision.period), closed.contains(&revision.period), score)
            {
                let entry = RecordedPart {
                    period: revision.period,
                    score: score.to_owned(),
                    exact: text("/parts/total/exact").and_then(|exact| exact.parse().ok()),
                    level: text("/level").and_then(Level::parse),
                    unit: text("/unit").map(str::to_owned),
                    from: format!("record r{}", revision.revision),
                };
                recorded.insert(revision.period, entry);
            }
        }
        if !rules.is_monthly() {
            recorded.retain(|part, _| part.quarter_number().is_some());
            return Ok(recorded.into_values().collect());
        }
        let mut parts = Vec::new();
        for quarter in period.quarters() {
            let months: Vec<RecordedPart> =
                quarter.months().iter().filter_map(|month| recorded.remove(month)).collect();
            match recorded.remove(&quarter) {
                Some(whole) if months.is_empty() => {
                    parts.extend(quarter.months().into_iter().map(|month| RecordedPart {
                        period: month,
                        from: format!("{} ({quarter})", whole.from),
                        ..whole.clone()
                    }));
                }
                _ => parts.extend(months),
            }
        }
        Ok(parts)
    }
}

/// A month as its quarter takes it.
fn month_score(period: Period, write: &ScoreWrite) -> Result<MonthScore, Finding> {
    let content: Content =
        serde_json::from_value(write.summary.clone()).map_err(|_| super::broken("score"))?;
    let figure = |part: Part| -> Option<Figure> {
        content.parts.get(&part).map(|figure| (figure.exact.clone(), figure.printed.clone()))
    };
    let names =
        [(Part::A, "a"), (Part::B, "b"), (Part::C, "c"), (Part::D, "d"), (Part::Dd, "dd"), (Part::E, "e")];
    Ok(MonthScore {
        period,
        components: names.into_iter().filter_map(|(part, name)| Some((name, figure(part)?))).collect(),
        criterion: figure(Part::R),
        task_part: figure(Part::TaskPart),
        general: figure(Part::General),
        total: figure(Part::Total),
        assumed: content.general_is_assumed(),
    })
}

/// The using agency (department, commune) of the post held on a day.
fn agency_on(directory: &Directory, person: PersonId, on: NaiveDate) -> Option<String> {
    let posts = directory.posts(person, Period::Year(on.year()));
    let post = posts.into_iter().rfind(|post| post.from <= on && post.to.is_none_or(|to| on <= to))?;
    directory.agency_of(&post.unit).map(ToString::to_string)
}

/// Whether the post held on a day was one of a head or deputy; none where no post of that day is known.
fn led_on(directory: &Directory, person: PersonId, on: NaiveDate) -> Option<bool> {
    let posts = directory.posts(person, Period::Year(on.year())).into_iter();
    let mut held = posts.filter(|post| post.from <= on && post.to.is_none_or(|to| on <= to)).peekable();
    held.peek()?;
    Some(held.any(|post| post.role.is_leader()))
}

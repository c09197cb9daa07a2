//! Scores: which are due, what they are computed from, and what came out.
//!
//! A score row holds the hash of its inputs; the same inputs are not written again.

use super::bulk::{Bulk, Kind};
use super::db::{Tx, Val, json, json_opt, placeholders, vals};
use super::packed::Packed;
use super::{Store, StoreError};
use crate::domain::{Period, PersonId, UnitCode};
use crate::error::Finding;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a new score is compared with, and what a leader's d is computed from.
#[derive(Debug, Clone)]
pub struct ScoreHead {
    /// Hash of the inputs.
    pub inputs_hash: String,
    /// Total, exact, when it is complete.
    pub total: Option<String>,
    /// Unit and title of the post it is shown under: no input of it, and yet part of what is kept.
    pub post: (String, Option<String>),
}

/// A computed score to be kept.
#[derive(Debug, Clone)]
pub struct ScoreWrite {
    /// Whose.
    pub person: PersonId,
    /// Which period.
    pub period: Period,
    /// View: `to_date`, `full_period` or `year`.
    pub scope: &'static str,
    /// Unit at the end of the period.
    pub unit: UnitCode,
    /// Role in the period.
    pub role: &'static str,
    /// Hash of the rule set applied.
    pub rule_set_hash: String,
    /// Hash of the working days counted by, as they were kept; none where none count.
    pub working_days: Option<String>,
    /// Hash of everything the score depends on.
    pub inputs_hash: String,
    /// Day on which it was judged.
    pub as_of: NaiveDate,
    /// R·70, printed.
    pub task_part: Option<String>,
    /// Total, printed.
    pub total: Option<String>,
    /// Total, exact.
    pub total_exact: Option<String>,
    /// What the page and the record show.
    pub summary: Value,
    /// The whole derivation; none where a score with these inputs is held already, with the same one.
    pub derivation: Option<Packed>,
    /// When.
    pub computed_at: DateTime<Utc>,
    /// Whether a record is to follow from it.
    pub record_due: bool,
}

/// A stored score.
#[derive(Debug, Clone)]
pub struct StoredScore {
    /// Whose.
    pub person: PersonId,
    /// Which period.
    pub period: Period,
    /// View.
    pub scope: String,
    /// Unit.
    pub unit: UnitCode,
    /// Role.
    pub role: String,
    /// Hash of the rule set.
    pub rule_set_hash: String,
    /// Hash of the working days counted by; none where none count, or where it is older than their keeping.
    pub working_days: Option<String>,
    /// Hash of the inputs.
    pub inputs_hash: String,
    /// Day on which it was judged.
    pub as_of: NaiveDate,
    /// R·70, printed.
    pub task_part: Option<String>,
    /// Total, printed.
    pub total: Option<String>,
    /// Summary.
    pub summary: Value,
    /// When.
    pub computed_at: DateTime<Utc>,
}

/// One line of a list of scores.
#[derive(Debug, Clone, Serialize)]
pub struct ScoreLine {
    /// Whose.
    pub person: PersonId,
    /// Staff number.
    pub staff_number: String,
    /// Name.
    pub full_name: String,
    /// Unit code.
    pub unit: String,
    /// Role.
    pub role: String,
    /// R·70, printed.
    pub task_part: Option<String>,
    /// Total, printed.
    pub total: Option<String>,
    /// Summary.
    pub summary: Value,
}

/// Numbers per question: far below the limit of bound values of both databases.
pub(super) const PER_QUESTION: usize = 500;

const COLUMNS: &str = "person_id, period, scope, unit_code, role, rule_set_hash, inputs_hash, as_of, task_part, total, summary, computed_at, working_days";

/// What stands in a row of a score; the derivation last.
const SCORE_COLUMNS: &[(&str, Kind)] = &[
    ("person_id", Kind::Id),
    ("period", Kind::Text),
    ("scope", Kind::Text),
    ("unit_code", Kind::Text),
    ("role", Kind::Text),
    ("rule_set_hash", Kind::Text),
    ("inputs_hash", Kind::Text),
    ("as_of", Kind::Day),
    ("task_part", Kind::Text),
    ("total", Kind::Text),
    ("total_exact", Kind::Text),
    ("summary", Kind::Json),
    ("computed_at", Kind::At),
    ("record_due", Kind::Bool),
    ("working_days", Kind::Text),
    ("derivation", Kind::Blob),
];

static UPSERT_SCORES: Bulk = Bulk::new(
    "score",
    SCORE_COLUMNS,
    "ON CONFLICT (person_id, period, scope) DO UPDATE SET unit_code = excluded.unit_code, role = excluded.role, \
     rule_set_hash = excluded.rule_set_hash, inputs_hash = excluded.inputs_hash, as_of = excluded.as_of, \
     task_part = excluded.task_part, total = excluded.total, total_exact = excluded.total_exact, summary = excluded.summary, \
     derivation = excluded.derivation, computed_at = excluded.computed_at, record_due = excluded.record_due, \
     working_days = excluded.working_days \
     WHERE score.inputs_hash <> excluded.inputs_hash OR score.unit_code <> excluded.unit_code \
     OR (score.summary ->> 'post') <> (excluded.summary ->> 'post') \
     OR (excluded.scope = 'full_period' AND excluded.record_due AND NOT score.record_due) RETURNING 1",
);

/// The same of a score with the inputs held: a full period a record may have to follow, and nothing else.
const SAME_INPUTS: &str = "UPDATE score SET unit_code = $4, role = $5, rule_set_hash = $6, as_of = $8, task_part = $9, \
     total = $10, total_exact = $11, summary = $12, computed_at = $13, record_due = $14, \
     working_days = $15 \
     WHERE person_id = $1 AND period = $2 AND scope = $3 AND inputs_hash = $7 AND NOT record_due";

/// The values of a row without its derivation, and that.
fn score_vals(write: ScoreWrite) -> Result<(Vec<Val>, Option<Packed>), StoreError> {
    let row = vals![
        write.person,
        write.period,
        write.scope,
        write.unit.as_str(),
        write.role,
        write.rule_set_hash,
        write.inputs_hash,
        write.as_of,
        write.task_part,
        write.total,
        write.total_exact,
        json(&write.summary)?,
        write.computed_at,
        write.record_due,
        write.working_days,
    ];
    Ok((row, write.derivation))
}

const EVERYONE_DUE: &str = concat!(
    "INSERT INTO score_due (person_id, period, stamp) SELECT DISTINCT person_id, $1, 1 FROM membership WHERE true ",
    due_again!()
);

/// A score of a period ($1, in the quarter $2) that waits to be computed again, or whose record has yet to follow it.
const UNSETTLED: &str = "s.period = $1 AND (s.record_due OR EXISTS \
     (SELECT 1 FROM score_due d WHERE d.person_id = s.person_id AND d.period IN ($1, $2)))";

/// What the keys begin with under which `meta` says by what a period is judged.
const JUDGED_BY: &str = "judged_by:";

impl Tx {
    /// Has everyone scored for some periods.
    pub(super) async fn everyone_due(&mut self, periods: &[Period]) -> Result<(), StoreError> {
        for period in periods {
            self.execute(EVERYONE_DUE, vals![*period]).await?;
        }
        Ok(())
    }
}

impl Store {
    /// Keeps a rule set, so that every score can be computed again from what is stored.
    pub async fn keep_rule_set(
        &self,
        hash: &str,
        id: &str,
        body: &Value,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO rule_set (hash, id, body, first_used_at) VALUES ($1,$2,$3,$4) ON CONFLICT (hash) DO NOTHING",
            vals![hash, id, json(body)?, now],
        )
        .await?;
        tx.commit().await
    }

    /// A rule set that was kept.
    pub async fn kept_rule_set(&self, hash: &str) -> Result<Option<Value>, StoreError> {
        let row = self.db.row("SELECT body FROM rule_set WHERE hash = $1", vals![hash]).await?;
        row.map(|row| row.json(0)).transpose()
    }

    /// Every rule set that was kept, with its hash.
    pub async fn kept_rule_sets(&self) -> Result<Vec<(String, Value)>, StoreError> {
        let sql = "SELECT hash, body FROM rule_set ORDER BY hash";
        let rows = self.db.rows(sql, vals![]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.json(1)?))).collect()
    }

    /// Hash of the rule set that the newest score of each period was made with.
    pub async fn rule_sets_of_periods(&self) -> Result<BTreeMap<Period, String>, StoreError> {
        // Oldest first: of a period with scores of several sets the newest one stays.
        let sql = "SELECT period, rule_set_hash, max(computed_at) FROM score \
                   GROUP BY period, rule_set_hash ORDER BY max(computed_at), rule_set_hash";
        let rows = self.db.rows(sql, vals![]).await?;
        rows.iter().map(|row| Ok((row.parsed(0)?, row.text(1)?))).collect()
    }

    /// Every period that has scores.
    pub async fn scored_periods(&self) -> Result<BTreeSet<Period>, StoreError> {
        let rows = self.db.rows("SELECT DISTINCT period FROM score", vals![]).await?;
        rows.iter().map(|row| row.parsed(0)).collect()
    }

    /// Hashes of the rule sets the scores of a period were made with.
    pub async fn rule_sets_of(&self, period: Period) -> Result<BTreeSet<String>, StoreError> {
        let sql = "SELECT DISTINCT rule_set_hash FROM score WHERE period = $1";
        let rows = self.db.rows(sql, vals![period]).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// The day up to which time alone has been accounted for in scores; none before the first.
    pub async fn day_judged(&self) -> Result<Option<NaiveDate>, StoreError> {
        let row = self.db.row("SELECT value FROM meta WHERE key = 'day_judged'", vals![]).await?;
        let unreadable = |_| StoreError::unexpected("an unreadable day");
        row.map(|row| row.text(0)?.parse().map_err(unreadable)).transpose()
    }

    /// Begins a day: whoever has a score of these quarters, and everyone for these years is to be scored.
    pub async fn begin_day(
        &self,
        day: NaiveDate,
        quarters: &[Period],
        years: &[Period],
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        for quarter in quarters {
            tx.execute(scored_due!("period = $1 AND scope = 'to_date'"), vals![*quarter]).await?;
        }
        tx.everyone_due(years).await?;
        tx.execute(
            "INSERT INTO meta (key, value) VALUES ('day_judged', $1) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            vals![day.to_string()],
        )
        .await?;
        tx.commit().await
    }

    /// By what the scores of each period are made, as it was kept with [`Store::judge_anew`].
    pub async fn judged_by(&self) -> Result<BTreeMap<Period, String>, StoreError> {
        let sql = "SELECT key, value FROM meta WHERE key LIKE 'judged_by:%'";
        let rows = self.db.rows(sql, vals![]).await?;
        let unreadable = |_| StoreError::unexpected("an unreadable period");
        rows.iter()
            .map(|row| {
                let period = row.text(0)?.trim_start_matches(JUDGED_BY).parse().map_err(unreadable)?;
                Ok((period, row.text(1)?))
            })
            .collect()
    }

    /// Keeps by what periods are judged from now on and has everyone scored again for some, in one transaction.
    pub async fn judge_anew(&self, by: &[(Period, String)], everyone: &[Period]) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        for (period, hash) in by {
            tx.execute(
                "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                vals![format!("{JUDGED_BY}{period}"), hash.as_str()],
            )
            .await?;
        }
        tx.everyone_due(everyone).await?;
        tx.commit().await
    }

    /// Every score held, without its derivation.
    pub async fn scores_held(&self) -> Result<Vec<(PersonId, Period, String)>, StoreError> {
        let sql = "SELECT person_id, period, scope FROM score ORDER BY period, scope, person_id";
        let rows = self.db.rows(sql, vals![]).await?;
        rows.iter().map(|row| Ok((row.person(0)?, row.parsed(1)?, row.text(2)?))).collect()
    }

    /// People and periods to be scored, with the stamp of the mark; those of quarters that have not begun as well.
    pub async fn scores_due(&self, limit: usize) -> Result<Vec<(PersonId, Period, i64)>, StoreError> {
        let rows = self
            .db
            .rows(
                "SELECT person_id, period, stamp FROM score_due ORDER BY period, person_id LIMIT $1",
                vals![limit as u64],
            )
            .await?;
        rows.iter().map(|row| Ok((row.person(0)?, row.parsed(1)?, row.int(2)?))).collect()
    }

    /// The same of what has begun by a day: marks of later quarters stay until then.
    pub async fn scores_due_by(
        &self,
        day: NaiveDate,
        limit: usize,
    ) -> Result<Vec<(PersonId, Period, i64)>, StoreError> {
        let marked = self.periods_marked().await?.into_keys();
        let later: Vec<Period> = marked.filter(|period| !period.has_begun(day)).collect();
        if later.is_empty() {
            let mut due = self.scores_due(limit).await?;
            due.retain(|(_, period, _)| period.has_begun(day));
            return Ok(due);
        }
        let sql = format!(
            "SELECT person_id, period, stamp FROM score_due WHERE period NOT IN {} \
             ORDER BY period, person_id LIMIT $1",
            placeholders(1, later.len(), 2)
        );
        let mut vals = vals![limit as u64];
        vals.extend(later.into_iter().map(Val::from));
        let rows = self.db.rows(sql, vals).await?;
        let due: Result<Vec<_>, StoreError> =
            rows.iter().map(|row| Ok((row.person(0)?, row.parsed::<Period>(1)?, row.int(2)?))).collect();
        let mut due = due?;
        // What was marked between the two questions.
        due.retain(|(_, period, _)| period.has_begun(day));
        Ok(due)
    }

    /// Periods with scores to be computed, and of how many people.
    pub(super) async fn periods_marked(&self) -> Result<BTreeMap<Period, u64>, StoreError> {
        let sql = "SELECT period, count(*) FROM score_due GROUP BY period";
        let rows = self.db.rows(sql, vals![]).await?;
        rows.iter().map(|row| Ok((row.parsed(0)?, u64::try_from(row.int(1)?).unwrap_or(0)))).collect()
    }

    /// How many scores wait to be computed, but for those of quarters that had not begun on the day scores were last judged.
    pub(super) async fn count_due(&self) -> Result<u64, StoreError> {
        let judged = self.day_judged().await?;
        let marked = self.periods_marked().await?.into_iter();
        let waits = marked.filter(|(period, _)| judged.is_none_or(|day| period.has_begun(day)));
        Ok(waits.map(|(_, count)| count).sum())
    }

    /// Periods of a person whose score waits to be computed.
    pub async fn periods_due(&self, person: PersonId) -> Result<Vec<Period>, StoreError> {
        let rows = self.db.rows("SELECT period FROM score_due WHERE person_id = $1", vals![person]).await?;
        rows.iter().map(|row| row.parsed(0)).collect()
    }

    /// The same of some people together.
    pub async fn periods_due_of(&self, people: &[PersonId]) -> Result<BTreeSet<Period>, StoreError> {
        let mut periods = BTreeSet::new();
        for some in people.chunks(PER_QUESTION) {
            let whose = placeholders(1, some.len(), 1);
            let sql = format!("SELECT DISTINCT period FROM score_due WHERE person_id IN {whose}");
            for row in &self.db.rows(sql, some.iter().map(|person| Val::from(*person)).collect()).await? {
                periods.insert(row.parsed(0)?);
            }
        }
        Ok(periods)
    }

    /// What is held of a period's scores in one view, by person.
    pub async fn score_heads(
        &self,
        period: Period,
        scope: &str,
    ) -> Result<HashMap<PersonId, ScoreHead>, StoreError> {
        let sql = "SELECT person_id, inputs_hash, total_exact, unit_code, summary ->> 'post' FROM score \
                   WHERE period = $1 AND scope = $2";
        let rows = self.db.rows(sql, vals![period, scope]).await?;
        rows.iter()
            .map(|row| {
                let post = (row.text(3)?, row.opt_text(4)?);
                Ok((row.person(0)?, ScoreHead { inputs_hash: row.text(1)?, total: row.opt_text(2)?, post }))
            })
            .collect()
    }

    /// Saves scores whose inputs changed, and full periods a record may have to follow since its quarter ended; clears
    /// the marks they answer and sets new ones (leaders of people whose score moved). Gives how many were written.
    pub async fn save_scores(
        &self,
        writes: Vec<ScoreWrite>,
        answered: &[(PersonId, Period, i64)],
        due: &[(PersonId, Period)],
    ) -> Result<u64, StoreError> {
        let mut judged: BTreeMap<(Period, &'static str, NaiveDate), Vec<PersonId>> = BTreeMap::new();
        let (mut new, mut same) = (Vec::new(), Vec::new());
        let mut shown: BTreeMap<(Period, &'static str), Vec<PersonId>> = BTreeMap::new();
        for write in writes {
            if write.record_due && write.derivation.is_some() {
                shown.entry((write.period, write.scope)).or_default().push(write.person);
            }
            judged.entry((write.period, write.scope, write.as_of)).or_default().push(write.person);
            // A record may have to follow a full period although nothing of it changed.
            let may_follow = write.record_due && write.scope == "full_period";
            let (row, derivation) = score_vals(write)?;
            match derivation {
                Some(packed) => {
                    new.extend(row);
                    new.push(packed.into_bytes().into());
                }
                None if may_follow => same.extend(row),
                None => {}
            }
        }
        let new = UPSERT_SCORES.bind(self.db.is_postgres(), new)?;
        let mut tx = self.db.begin().await?;
        for (of, people) in shown {
            tx.keep_what_stands(of, &people).await?;
        }
        let mut written = new.write(&mut tx, Vec::new()).await?.len();
        for row in same.chunks(SCORE_COLUMNS.len() - 1) {
            written += usize::try_from(tx.execute(SAME_INPUTS, row.to_vec()).await?).unwrap_or(0);
        }
        for ((period, scope, as_of), people) in judged {
            for some in people.chunks(PER_QUESTION) {
                // The same inputs on a later day: what is held is what that day says.
                let sql = format!(
                    "UPDATE score SET as_of = $3 WHERE period = $1 AND scope = $2 AND as_of <> $3 AND person_id IN {}",
                    placeholders(1, some.len(), 4)
                );
                let mut vals = vals![period, scope, as_of];
                vals.extend(some.iter().map(|person| Val::from(*person)));
                tx.execute(sql, vals).await?;
            }
        }
        for some in answered.chunks(PER_QUESTION) {
            let sql = format!(
                "DELETE FROM score_due WHERE (person_id, period, stamp) IN (VALUES {})",
                placeholders(some.len(), 3, 1)
            );
            tx.execute(
                sql,
                some.iter().flat_map(|(person, period, stamp)| vals![*person, *period, *stamp]).collect(),
            )
            .await?;
        }
        tx.score_due(due).await?;
        tx.commit().await?;
        Ok(written as u64)
    }

    /// A person's score of one view.
    pub async fn score(
        &self,
        person: PersonId,
        period: Period,
        scope: &str,
    ) -> Result<Option<StoredScore>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM score WHERE person_id = $1 AND period = $2 AND scope = $3");
        let row = self.db.row(sql, vals![person, period, scope]).await?;
        row.map(|row| stored_score(&row)).transpose()
    }

    /// Periods and views in which a person has a score, oldest first.
    pub async fn periods_of(&self, person: PersonId) -> Result<Vec<(Period, String)>, StoreError> {
        let rows = self
            .db
            .rows("SELECT period, scope FROM score WHERE person_id = $1 ORDER BY period", vals![person])
            .await?;
        rows.iter().map(|row| Ok((row.parsed(0)?, row.text(1)?))).collect()
    }

    /// The derivation of a score as JSON text.
    pub async fn derivation(
        &self,
        person: PersonId,
        period: Period,
        scope: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT derivation FROM score WHERE person_id = $1 AND period = $2 AND scope = $3";
        let Some(row) = self.db.row(sql, vals![person, period, scope]).await? else { return Ok(None) };
        Packed::kept(row.blob(0)?).text().map(Some)
    }

    /// Scores from which a record is to follow.
    pub async fn scores_without_record(&self, limit: usize) -> Result<Vec<StoredScore>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM score WHERE record_due ORDER BY period, person_id LIMIT $1");
        let rows = self.db.rows(sql, vals![limit as u64]).await?;
        rows.iter().map(stored_score).collect()
    }

    /// The same of some people's period.
    pub async fn scores_without_record_of(
        &self,
        period: Period,
        people: &[PersonId],
    ) -> Result<Vec<StoredScore>, StoreError> {
        let mut found = Vec::new();
        for some in people.chunks(PER_QUESTION) {
            let whose = placeholders(1, some.len(), 2);
            let sql = format!(
                "SELECT {COLUMNS} FROM score WHERE record_due AND period = $1 AND person_id IN {whose}"
            );
            let mut vals = vals![period];
            vals.extend(some.iter().map(|person| Val::from(*person)));
            for row in &self.db.rows(sql, vals).await? {
                found.push(stored_score(row)?);
            }
        }
        Ok(found)
    }

    /// Whose record of a period has not followed their score yet.
    pub async fn scores_unrecorded(&self, period: Period) -> Result<BTreeSet<PersonId>, StoreError> {
        let sql = "SELECT person_id FROM score WHERE record_due AND period = $1";
        let rows = self.db.rows(sql, vals![period]).await?;
        rows.iter().map(|row| row.person(0)).collect()
    }

    /// Whether a person's score of a period waits to be computed again, or their record to follow it.
    pub async fn is_unsettled(&self, person: PersonId, period: Period) -> Result<bool, StoreError> {
        let sql = format!("SELECT count(*) FROM score s WHERE s.person_id = $3 AND {UNSETTLED}");
        Ok(self.db.count(sql, vals![period, period.quarter_around(), person]).await? > 0)
    }

    /// Everybody of whom that is so.
    pub async fn unsettled(&self, period: Period) -> Result<BTreeSet<PersonId>, StoreError> {
        let sql = format!("SELECT DISTINCT s.person_id FROM score s WHERE {UNSETTLED}");
        let rows = self.db.rows(sql, vals![period, period.quarter_around()]).await?;
        rows.iter().map(|row| row.person(0)).collect()
    }

    /// Scores that are held and wait to be computed again, of one person or of everybody.
    pub async fn to_be_computed_again(
        &self,
        person: Option<PersonId>,
    ) -> Result<BTreeSet<(PersonId, Period)>, StoreError> {
        let mut sql = "SELECT DISTINCT d.person_id, d.period FROM score_due d JOIN score s ON s.person_id = d.person_id \
                       AND s.period = d.period"
            .to_owned();
        let mut vals = Vec::new();
        if let Some(person) = person {
            sql.push_str(" WHERE d.person_id = $1");
            vals.push(person.into());
        }
        let rows = self.db.rows(sql, vals).await?;
        rows.iter().map(|row| Ok((row.person(0)?, row.parsed(1)?))).collect()
    }

    /// Says that the record step has looked at a score with these inputs.
    pub async fn record_followed(
        &self,
        scores: &[StoredScore],
        told: &[(PersonId, Period, Option<Finding>)],
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        for (person, period, finding) in told {
            let sql = match finding {
                Some(_) => "UPDATE record_head SET difference = $3 WHERE person_id = $1 AND period = $2",
                None => {
                    "UPDATE record_head SET difference = $3 WHERE person_id = $1 AND period = $2 AND difference IS NOT NULL"
                }
            };
            tx.execute(sql, vals![*person, *period, json_opt(finding.as_ref())?]).await?;
        }
        for score in scores {
            tx.execute(
                "UPDATE score SET record_due = $5 WHERE person_id = $1 AND period = $2 AND scope = $3 AND inputs_hash = $4",
                vals![score.person, score.period, score.scope.as_str(), score.inputs_hash.as_str(), false],
            )
            .await?;
        }
        tx.commit().await
    }

    /// Scores of a period and view in order of staff number, after one of them; of some units or of all.
    pub async fn score_lines(
        &self,
        period: Period,
        scope: &str,
        units: &[&str],
        after: &str,
        limit: usize,
    ) -> Result<Vec<ScoreLine>, StoreError> {
        let of_units = match units.len() {
            0 => String::new(),
            some => format!("AND s.unit_code IN {} ", placeholders(1, some, 5)),
        };
        let sql = format!(
            "SELECT s.person_id, p.staff_number, p.full_name, s.unit_code, s.role, s.task_part, s.total, s.summary \
             FROM score s JOIN person p ON p.id = s.person_id WHERE s.period = $1 AND s.scope = $2 \
             AND p.staff_number > $3 {of_units}ORDER BY p.staff_number LIMIT $4"
        );
        let mut vals = vals![period, scope, after, limit as u64];
        vals.extend(units.iter().map(|unit| Val::from(*unit)));
        let rows = self.db.rows(sql, vals).await?;
        rows.iter()
            .map(|row| {
                Ok(ScoreLine {
                    person: row.person(0)?,
                    staff_number: row.text(1)?,
                    full_name: row.text(2)?,
                    unit: row.text(3)?,
                    role: row.text(4)?,
                    task_part: row.opt_text(5)?,
                    total: row.opt_text(6)?,
                    summary: row.json(7)?,
                })
            })
            .collect()
    }
}

fn stored_score(row: &super::db::Row) -> Result<StoredScore, StoreError> {
    Ok(StoredScore {
        person: row.person(0)?,
        period: row.parsed(1)?,
        scope: row.text(2)?,
        unit: row.parsed(3)?,
        role: row.text(4)?,
        rule_set_hash: row.text(5)?,
        inputs_hash: row.text(6)?,
        as_of: row.day(7)?,
        task_part: row.opt_text(8)?,
        total: row.opt_text(9)?,
        summary: row.json(10)?,
        computed_at: row.at(11)?,
        working_days: row.opt_text(12)?,
    })
}

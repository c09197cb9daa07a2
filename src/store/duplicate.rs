//! Pairs of tasks that may be one, and what people said of them.
//!
//! Owns the marks tasks are compared by, the pairs found, every word about a pair, and which task counts as which. A
//! word, its marks on scores and its audit entry are one transaction. A pair a person looked at is never proposed
//! again. It must not know what speaks for a pair.

use super::audit::AuditNew;
use super::bulk::{Bulk, Kind};
use super::db::{Row, Tx, Val, json, placeholders, vals};
use super::facts::TASK_COLUMNS;
use super::mapping::{MAPPING_OF_TASK, MapItem, map_item_of};
use super::{Store, StoreError};
use crate::domain::{Period, PersonId, TaskKey};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;

/// Numbers per question.
const PER_QUESTION: usize = 500;
/// Most tasks of one mark that are compared with another one.
const PER_TRAIT: usize = 20;

/// What is known of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PairState {
    /// Waits for a person.
    Proposed,
    /// Is one task.
    Confirmed,
    /// Is two tasks.
    Rejected,
}

impl PairState {
    /// Stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        [Self::Proposed, Self::Confirmed, Self::Rejected]
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| StoreError::unexpected(format!("unknown state \"{word}\" of a pair")))
    }
}

/// What a person says of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PairWord {
    /// One task, once a second person says so as well: nothing counts otherwise before.
    Asked,
    /// One task: the second counts as the first.
    Same,
    /// Two tasks.
    Different,
    /// What was said before does not hold; the pair waits again.
    Undo,
}

impl PairWord {
    /// Stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Same => "same",
            Self::Different => "different",
            Self::Undo => "undo",
        }
    }
}

/// A pair of tasks.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The tasks, the lower number first.
    pub tasks: (i64, i64),
    /// What is known of it.
    pub state: PairState,
    /// What speaks for it.
    pub reasons: Value,
    /// When it was found.
    pub found_at: DateTime<Utc>,
}

/// One word of a person about a pair.
#[derive(Debug, Clone)]
pub struct PairSaid {
    /// The task that counts.
    pub primary: i64,
    /// The other one.
    pub other: i64,
    /// What is said.
    pub word: PairWord,
    /// Who says it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Scores to be computed again.
    pub due: Vec<(PersonId, Period)>,
}

static KEEP_TRAITS: Bulk = Bulk::new(
    "task_trait",
    &[("trait", Kind::Int), ("task_id", Kind::Int)],
    "ON CONFLICT (trait, task_id) DO NOTHING",
);

static PROPOSE: Bulk = Bulk::sharing(
    "task_pair",
    &[("state", Kind::Text), ("found_at", Kind::At)],
    &[("first_id", Kind::Int), ("second_id", Kind::Int), ("reasons", Kind::Json)],
    "ON CONFLICT (first_id, second_id) DO NOTHING",
);

fn ordered(a: i64, b: i64) -> (i64, i64) {
    (a.min(b), a.max(b))
}

impl Store {
    /// Keeps the marks of some tasks in place of those they had; gives the other tasks that have one of them, by mark.
    pub async fn keep_traits(
        &self,
        traits: &HashMap<i64, Vec<i64>>,
    ) -> Result<HashMap<i64, Vec<i64>>, StoreError> {
        let tasks: Vec<i64> = traits.keys().copied().collect();
        let mut tx = self.db.begin().await?;
        for chunk in tasks.chunks(PER_QUESTION) {
            let sql = format!("DELETE FROM task_trait WHERE task_id IN {}", placeholders(1, chunk.len(), 1));
            tx.execute(sql, chunk.iter().map(|task| Val::from(*task)).collect()).await?;
        }
        let rows = traits.iter().flat_map(|(task, own)| own.iter().flat_map(|one| vals![*one, *task]));
        KEEP_TRAITS.insert(&mut tx, rows.collect()).await?;
        tx.commit().await?;
        let mut wanted: Vec<i64> = traits.values().flatten().copied().collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut found: HashMap<i64, Vec<i64>> = HashMap::new();
        for chunk in wanted.chunks(PER_QUESTION) {
            let sql = format!(
                "SELECT trait, task_id FROM task_trait WHERE trait IN {} ORDER BY trait, task_id DESC",
                placeholders(1, chunk.len(), 1)
            );
            for row in self.db.rows(sql, chunk.iter().map(|one| Val::from(*one)).collect()).await? {
                let of = found.entry(row.int(0)?).or_default();
                // The newest; more tasks of one person and day than these are no pairs but a list.
                if of.len() < PER_TRAIT {
                    of.push(row.int(1)?);
                }
            }
        }
        Ok(found)
    }

    /// Keeps pairs that nobody looked at yet; one that is known stays what it is.
    pub async fn propose_pairs(
        &self,
        pairs: &[((i64, i64), Value)],
        found_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if pairs.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        let mut vals = Vec::with_capacity(pairs.len() * 3);
        for ((a, b), reasons) in pairs {
            let (first, second) = ordered(*a, *b);
            vals.extend([Val::from(first), Val::from(second), json(reasons)?]);
        }
        let state = PairState::Proposed.as_str();
        PROPOSE.bind(tx.is_postgres(), vals)?.write(&mut tx, vals![state, found_at]).await?;
        tx.commit().await
    }

    /// Pairs in one state with a second task below a number, newest first.
    pub async fn pairs(&self, state: PairState, before: i64, limit: usize) -> Result<Vec<Pair>, StoreError> {
        let sql = "SELECT first_id, second_id, state, reasons, found_at FROM task_pair \
                   WHERE state = $1 AND second_id < $2 ORDER BY second_id DESC, first_id DESC LIMIT $3";
        let rows = self.db.rows(sql, vals![state.as_str(), before, limit as u64]).await?;
        rows.iter().map(pair_of).collect()
    }

    /// The pairs a task is in.
    pub async fn pairs_of(&self, task: i64) -> Result<Vec<Pair>, StoreError> {
        let sql = "SELECT first_id, second_id, state, reasons, found_at FROM task_pair WHERE first_id = $1 \
                   UNION ALL SELECT first_id, second_id, state, reasons, found_at FROM task_pair WHERE second_id = $1";
        self.db.rows(sql, vals![task]).await?.iter().map(pair_of).collect()
    }

    /// The task another one counts as; none where it counts itself.
    pub async fn counts_as(&self, task: i64) -> Result<Option<i64>, StoreError> {
        let row =
            self.db.row("SELECT primary_id FROM task_duplicate WHERE task_id = $1", vals![task]).await?;
        row.map(|row| row.int(0)).transpose()
    }

    /// The tasks that count as another one, by key.
    pub async fn duplicates_of(&self, task: i64) -> Result<Vec<(i64, TaskKey)>, StoreError> {
        let sql = "SELECT t.id, t.source_id, t.external_id FROM task_duplicate d JOIN task t ON t.id = d.task_id \
                   WHERE d.primary_id = $1 ORDER BY t.id";
        let rows = self.db.rows(sql, vals![task]).await?;
        rows.iter()
            .map(|row| Ok((row.int(0)?, TaskKey { source: row.parsed(1)?, external_id: row.text(2)? })))
            .collect()
    }

    /// Up to which number titles of tasks stored before pairs were looked for are still to be read; 0 = none.
    pub async fn unread_titles(&self) -> Result<i64, StoreError> {
        let row = self.db.row("SELECT value FROM meta WHERE key = 'unread_titles'", vals![]).await?;
        let unreadable = |_| StoreError::unexpected("an unreadable number");
        row.map_or(Ok(0), |row| row.text(0)?.parse().map_err(unreadable))
    }

    /// Says down to which number they have been read.
    pub async fn titles_read_down_to(&self, task: i64) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute("UPDATE meta SET value = $1 WHERE key = 'unread_titles'", vals![task.to_string()]).await?;
        tx.commit().await
    }

    /// The last tasks with numbers up to one, with their people, in order of number.
    pub async fn items_down_from(&self, upto: i64, limit: usize) -> Result<Vec<MapItem>, StoreError> {
        let sql = format!(
            "SELECT {TASK_COLUMNS}, {MAPPING_OF_TASK} FROM task t LEFT JOIN mapping m ON m.task_id = t.id \
             WHERE t.id <= $1 ORDER BY t.id DESC LIMIT $2"
        );
        let rows = self.db.rows(sql, vals![upto, limit as u64]).await?;
        let mut items = rows.iter().rev().map(map_item_of).collect::<Result<Vec<_>, _>>()?;
        self.add_people(&mut items).await?;
        Ok(items)
    }

    /// Who asked that two tasks be one, the second counting as the first, where that is the last word about them.
    pub async fn asked_to_be_one(&self, primary: i64, other: i64) -> Result<Option<String>, StoreError> {
        let (first, second) = ordered(primary, other);
        let sql = "SELECT word, primary_id, author FROM task_pair_word WHERE first_id = $1 AND second_id = $2 \
                   ORDER BY id DESC LIMIT 1";
        let Some(row) = self.db.row(sql, vals![first, second]).await? else { return Ok(None) };
        let asked = row.text(0)? == PairWord::Asked.as_str() && row.int(1)? == primary;
        Ok(if asked { Some(row.text(2)?) } else { None })
    }

    /// Writes what a person says of a pair.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the pair is no longer what the word is about: one of its tasks counts as another
    /// one by now, or does not any more. Nothing is written then.
    pub async fn say_of_pair(&self, said: &PairSaid) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let (first, second) = ordered(said.primary, said.other);
        tx.say(said, first, second).await?;
        tx.execute(
            "INSERT INTO task_pair_word (first_id, second_id, word, primary_id, author, reason, at) VALUES ($1,$2,$3,$4,$5,$6,$7)",
            vals![
                first,
                second,
                said.word.as_str(),
                said.primary,
                said.author.as_str(),
                said.reason.as_str(),
                said.at
            ],
        )
        .await?;
        tx.score_due(&said.due).await?;
        tx.audit(AuditNew {
            at: said.at,
            actor: &said.author,
            action: match said.word {
                PairWord::Asked => "duplicate_asked",
                PairWord::Same => "duplicate_confirmed",
                PairWord::Different => "duplicate_rejected",
                PairWord::Undo => "duplicate_undone",
            },
            object: format!("task {}", said.other),
            detail: format!("with task {}", said.primary),
            reason: Some(&said.reason),
        })
        .await?;
        tx.commit().await
    }
}

impl Tx {
    async fn say(&mut self, said: &PairSaid, first: i64, second: i64) -> Result<(), StoreError> {
        if self.is_postgres() {
            // Two people saying something of one task at a time: the later one sees what the earlier one wrote.
            self.rows("SELECT pg_advisory_xact_lock(7423)", vals![]).await?;
        }
        let state = match said.word {
            // The pair waits on, and the word stands in what was said of it.
            PairWord::Asked => return Ok(()),
            PairWord::Same => {
                let sql = "SELECT task_id FROM task_duplicate WHERE task_id IN ($1, $2) OR primary_id = $2";
                if self.row(sql, vals![said.primary, said.other]).await?.is_some() {
                    return Err(StoreError::Conflict(format!("task {} is in another pair", said.other)));
                }
                self.execute(
                    "INSERT INTO task_duplicate (task_id, primary_id) VALUES ($1, $2)",
                    vals![said.other, said.primary],
                )
                .await?;
                PairState::Confirmed
            }
            PairWord::Different => {
                let sql = "SELECT task_id FROM task_duplicate WHERE (task_id = $1 AND primary_id = $2) OR (task_id = $2 AND primary_id = $1)";
                if self.row(sql, vals![first, second]).await?.is_some() {
                    return Err(StoreError::Conflict(format!("tasks {first} and {second} are one")));
                }
                PairState::Rejected
            }
            PairWord::Undo => {
                self.execute(
                    "DELETE FROM task_duplicate WHERE task_id = $1 AND primary_id = $2",
                    vals![said.other, said.primary],
                )
                .await?;
                PairState::Proposed
            }
        };
        let known = self
            .execute(
                "UPDATE task_pair SET state = $3 WHERE first_id = $1 AND second_id = $2 AND state <> $3",
                vals![first, second, state.as_str()],
            )
            .await?;
        if known > 0 {
            return Ok(());
        }
        let inserted = self
            .execute(
                "INSERT INTO task_pair (first_id, second_id, state, reasons, found_at) VALUES ($1,$2,$3,$4,$5) \
                 ON CONFLICT (first_id, second_id) DO NOTHING",
                vals![first, second, state.as_str(), json(&Value::Array(Vec::new()))?, said.at],
            )
            .await?;
        match inserted {
            0 => Err(StoreError::Conflict(format!("tasks {first} and {second} are that already"))),
            _ => Ok(()),
        }
    }
}

fn pair_of(row: &Row) -> Result<Pair, StoreError> {
    Ok(Pair {
        tasks: (row.int(0)?, row.int(1)?),
        state: PairState::parse(&row.text(2)?)?,
        reasons: row.json(3)?,
        found_at: row.at(4)?,
    })
}

//! What scores read of people's tasks: task, mapping and stake of each.
//!
//! Owns the statement that joins them and, on SQLite, when all tasks of a person stand in one row (`person_tasks`, `short_form`):
//! a person's tasks lie far from each other, and reading them one by one is most of what a province's scores take. That row
//! is empty whenever anything it is made of changed since; triggers of the schema see to it, whoever writes. PostgreSQL
//! has none: its replicas would wait for each other's marks. It must not know scores. A form of another version of the
//! program counts as none, as does a damaged one, with a word in the log.

use super::db::{Row, Val, placeholders, vals};
use super::facts::{Moment, ScoredTask, TASK_COLUMNS, TASK_WIDTH};
use super::mapping::MappingState;
use super::packed::Packed;
use super::proposal::PendingProduct;
use super::short_form::{FORM, packed, unpacked};
use super::task::StoredTask;
use super::{Store, StoreError};
use crate::domain::{Assignment, PersonId, ProductCode, TaskKey};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use std::collections::HashMap;

/// A task of a person with its mapping and the person's stake.
#[derive(Debug, Clone)]
pub struct PersonTask {
    /// The task.
    pub task: StoredTask,
    /// Its mapping; none while it waits to be mapped.
    pub mapping: Option<TaskProduct>,
    /// The person's stake.
    pub stake: Assignment,
    /// Since when the person has had it; none = since it was assigned.
    pub since: Option<DateTime<Utc>>,
    /// The task it counts as, where a person said that both are one.
    pub counts_as: Option<TaskKey>,
}

/// What of a mapping a score depends on.
#[derive(Debug, Clone)]
pub struct TaskProduct {
    /// State.
    pub state: MappingState,
    /// Product, when it is mapped.
    pub product: Option<ProductCode>,
    /// Coefficient frozen with it.
    pub coefficient: Option<Decimal>,
    /// What it may count as while its product is proposed.
    pub pending: Option<PendingProduct>,
    /// Whether it is a product of leadership work.
    pub leadership: bool,
}

/// Columns of a task's product, after those of the task, and where they come from.
const PRODUCT_COLUMNS: &str = "m.state, m.product, m.coefficient, (c.leadership IS NOT NULL AND c.leadership), \
     q.code, q.coefficient, q.catch_all, q.catch_all_coefficient, o.source_id, o.external_id";
const PRODUCT_JOINS: &str = "LEFT JOIN mapping m ON m.task_id = t.id \
     LEFT JOIN catalog_product c ON c.version = m.catalog_version AND c.code = m.product \
     LEFT JOIN mapping_pending q ON q.task_id = t.id \
     LEFT JOIN task_duplicate d ON d.task_id = t.id LEFT JOIN task o ON o.id = d.primary_id";
/// Where the columns of a stake begin after them.
const STAKE: usize = TASK_WIDTH + 10;
const PERSON: usize = STAKE + 3;

/// One task of a person as it is read: from its tables or the short form.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) task: ScoredTask,
    pub(super) mapping: Option<TaskProduct>,
    pub(super) since: Option<Moment>,
    pub(super) handed_over: bool,
    pub(super) taken_over: bool,
    /// Source and key of the task it counts as.
    pub(super) counts_as: Option<(String, String)>,
}

impl Held {
    /// The task of a row whose stake is given.
    fn of(
        row: &Row,
        (since, handed_over, taken_over): (Option<DateTime<Utc>>, bool, bool),
    ) -> Result<Self, StoreError> {
        let counts_as =
            row.opt_text(TASK_WIDTH + 9)?.map(|id| Ok::<_, StoreError>((row.text(TASK_WIDTH + 8)?, id)));
        Ok(Self {
            task: ScoredTask::of(row)?,
            mapping: task_product(row)?,
            since: since.map(Moment),
            handed_over,
            taken_over,
            counts_as: counts_as.transpose()?,
        })
    }

    fn task(self, person: PersonId) -> Result<PersonTask, StoreError> {
        let counts_as = self.counts_as.map(|(source, external_id)| {
            let source =
                source.parse().map_err(|_| StoreError::unexpected("a task with an unreadable source"))?;
            Ok::<_, StoreError>(TaskKey { source, external_id })
        });
        Ok(PersonTask {
            task: self.task.task()?,
            mapping: self.mapping,
            stake: Assignment { person, handed_over: self.handed_over, taken_over: self.taken_over },
            since: self.since.map(|since| since.0),
            counts_as: counts_as.transpose()?,
        })
    }
}

/// The product of a task, none while it waits to be mapped.
fn task_product(row: &Row) -> Result<Option<TaskProduct>, StoreError> {
    let code =
        |code: String| ProductCode::new(code).map_err(|error| StoreError::unexpected(error.to_string()));
    let Some(state) = row.opt_text(TASK_WIDTH)? else { return Ok(None) };
    let product = row.opt_text(TASK_WIDTH + 1)?.map(code).transpose()?;
    let leadership = row.flag(TASK_WIDTH + 3)?;
    let pending = match row.opt_text(TASK_WIDTH + 4)? {
        Some(proposed) => Some(PendingProduct {
            code: code(proposed)?,
            coefficient: row.opt_num(TASK_WIDTH + 5)?,
            catch_all: row.opt_text(TASK_WIDTH + 6)?.map(code).transpose()?.zip(row.opt_num(TASK_WIDTH + 7)?),
        }),
        None => None,
    };
    Ok(Some(TaskProduct {
        state: MappingState::parse(&state)?,
        product,
        coefficient: row.opt_num(TASK_WIDTH + 2)?,
        leadership,
        pending,
    }))
}

/// All tasks of a person.
#[derive(Debug)]
pub struct TasksOf {
    held: Vec<Held>,
    /// The stamp the row to be filled had before they were read; none where nothing is to be kept.
    unkept: Option<i64>,
}

/// A person's tasks ready to be kept in short, as long as nothing of them changed.
#[derive(Debug)]
pub struct TasksToKeep {
    person: PersonId,
    stamp: i64,
    body: Packed,
}

impl TasksOf {
    /// The tasks, in order of number.
    ///
    /// # Errors
    /// When a source's name cannot be read.
    pub fn tasks(self, person: PersonId) -> Result<Vec<PersonTask>, StoreError> {
        self.held.into_iter().map(|held| held.task(person)).collect()
    }

    /// What is to be kept of them, where nothing is.
    ///
    /// # Errors
    /// When the compressor has no memory left.
    pub fn to_keep(&self, person: PersonId) -> Result<Option<TasksToKeep>, StoreError> {
        let Some(stamp) = self.unkept else { return Ok(None) };
        Ok(Some(TasksToKeep { person, stamp, body: packed(&self.held)? }))
    }
}

impl Store {
    /// Tasks of some people, mapped or not; of each task what a score depends on, without the people, words and history
    /// of its source. Everyone asked for is there.
    pub async fn tasks_of(&self, people: &[PersonId]) -> Result<HashMap<PersonId, TasksOf>, StoreError> {
        let mut found = HashMap::with_capacity(people.len());
        if people.is_empty() {
            return Ok(found);
        }
        let (mut stamps, mut bodies) = (HashMap::new(), Vec::new());
        if !self.db.is_postgres() {
            // Before the tasks themselves: what changes in between has another stamp.
            let sql = format!(
                "SELECT person_id, stamp, form, body FROM person_tasks WHERE person_id IN {}",
                placeholders(1, people.len(), 1)
            );
            let take = |row: &Row| {
                let person = row.person(0)?;
                stamps.insert(person, row.int(1)?);
                if row.int(2)? == FORM
                    && let Some(body) = row.opt_blob(3)?
                {
                    bodies.push((person, Packed::kept(body)));
                }
                Ok(())
            };
            let asked = people.iter().map(|person| Val::from(*person)).collect();
            self.db.each(sql, asked, take).await?;
        }
        let unpack = move || -> Vec<_> {
            bodies.into_iter().map(|(person, body)| (person, unpacked(&body))).collect()
        };
        let unpacking = tokio::task::spawn_blocking(unpack).await;
        for (person, held) in unpacking.map_err(|_| StoreError::unexpected("tasks kept in short"))? {
            match held {
                Ok(held) => {
                    found.insert(person, TasksOf { held, unkept: None });
                }
                Err(error) => {
                    tracing::warn!(%person, %error, "tasks kept in short cannot be read: their tables are read instead");
                }
            }
        }
        let others: Vec<PersonId> =
            people.iter().copied().filter(|person| !found.contains_key(person)).collect();
        let mut read = self.held_of(&others).await?;
        for person in others {
            let held = read.remove(&person).unwrap_or_default();
            found.insert(person, TasksOf { held, unkept: stamps.get(&person).copied() });
        }
        Ok(found)
    }

    /// The same, whatever is kept in short: for whoever proves that scores follow from the tables.
    pub async fn tasks_in_tables(
        &self,
        people: &[PersonId],
    ) -> Result<HashMap<PersonId, TasksOf>, StoreError> {
        let mut read = self.held_of(people).await?;
        let mut held = |person: &PersonId| read.remove(person).unwrap_or_default();
        Ok(people.iter().map(|person| (*person, TasksOf { held: held(person), unkept: None })).collect())
    }

    /// The tasks of [`Store::tasks_of`], unpacked.
    pub async fn tasks_of_people(
        &self,
        people: &[PersonId],
    ) -> Result<HashMap<PersonId, Vec<PersonTask>>, StoreError> {
        let found = self.tasks_of(people).await?;
        found.into_iter().map(|(person, tasks)| Ok((person, tasks.tasks(person)?))).collect()
    }

    /// Of each person every task, in order of number, read one by one.
    async fn held_of(&self, people: &[PersonId]) -> Result<HashMap<PersonId, Vec<Held>>, StoreError> {
        let mut found: HashMap<PersonId, Vec<Held>> = HashMap::new();
        if people.is_empty() {
            return Ok(found);
        }
        let sql = format!(
            "SELECT {TASK_COLUMNS}, {PRODUCT_COLUMNS}, p.since, p.handed_over, p.taken_over, p.person_id \
             FROM task_person p JOIN task t ON t.id = p.task_id {PRODUCT_JOINS} \
             WHERE p.person_id IN {}",
            placeholders(1, people.len(), 1)
        );
        let take = |row: &Row| {
            let stake = (row.opt_at(STAKE)?, row.flag(STAKE + 1)?, row.flag(STAKE + 2)?);
            found.entry(row.person(PERSON)?).or_default().push(Held::of(row, stake)?);
            Ok(())
        };
        self.db.each(sql, people.iter().map(|person| Val::from(*person)).collect(), take).await?;
        // A person has one stake in a task.
        found.values_mut().for_each(|tasks| tasks.sort_by_key(|held| held.task.id));
        Ok(found)
    }

    /// Keeps tasks in short, those of people whose tasks did not change since they were read.
    pub async fn keep_tasks(&self, people: Vec<TasksToKeep>) -> Result<(), StoreError> {
        if people.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        for TasksToKeep { person, stamp, body } in people {
            let sql = "UPDATE person_tasks SET form = $3, body = $4 WHERE person_id = $1 AND stamp = $2";
            tx.execute(sql, vals![person, stamp, FORM, body.into_bytes()]).await?;
        }
        tx.commit().await
    }

    /// Tasks people share in without a stake of their own, by person, in order of number.
    pub async fn tasks_shared_with(
        &self,
        people: &[PersonId],
    ) -> Result<HashMap<PersonId, Vec<PersonTask>>, StoreError> {
        let mut found: HashMap<PersonId, Vec<PersonTask>> = HashMap::new();
        if people.is_empty() {
            return Ok(found);
        }
        let sql = format!(
            "SELECT DISTINCT person_id, task_id FROM task_share s WHERE person_id IN {} AND NOT EXISTS \
             (SELECT 1 FROM task_person p WHERE p.task_id = s.task_id AND p.person_id = s.person_id) ORDER BY task_id",
            placeholders(1, people.len(), 1)
        );
        for row in self.db.rows(sql, people.iter().map(|person| Val::from(*person)).collect()).await? {
            let (person, task) = (row.person(0)?, row.int(1)?);
            if let Some(shared) = self.task_shared_with(person, task).await? {
                found.entry(person).or_default().push(shared);
            }
        }
        Ok(found)
    }

    /// A task as it is of somebody who shares in it without a stake of their own.
    pub async fn task_shared_with(
        &self,
        person: PersonId,
        task: i64,
    ) -> Result<Option<PersonTask>, StoreError> {
        let sql =
            format!("SELECT {TASK_COLUMNS}, {PRODUCT_COLUMNS} FROM task t {PRODUCT_JOINS} WHERE t.id = $1");
        let row = self.db.row(sql, vals![task]).await?;
        row.map(|row| Held::of(&row, (None, false, false))?.task(person)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trigger_names_every_column_of_a_task_that_a_score_reads() {
        let schema = include_str!("../../migrations/sqlite/0030_person_tasks.sql");
        let of = schema.split("AFTER UPDATE OF ").nth(1).and_then(|rest| rest.split(" ON task ").next());
        let named: Vec<&str> = of.expect("the trigger of tasks").split(',').map(str::trim).collect();
        let read = TASK_COLUMNS.split(',').map(|column| column.trim().trim_start_matches("t."));
        for column in read.filter(|column| *column != "id") {
            assert!(
                named.contains(&column),
                "{column} is read by scores and not named by the trigger: {named:?}"
            );
        }
    }
}

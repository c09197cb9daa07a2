//! Tasks of a span of days, or of some products, in order of number, for the catalog workshop.
//!
//! Owns the questions that walk over everything: what a task says, whose it is and which product it was
//! given. A page is held at a time. It changes nothing.

use super::db::{Val, placeholders, vals};
use super::facts::{TASK_COLUMNS, TASK_WIDTH, stored_task};
use super::task::StoredTask;
use super::{Store, StoreError};
use crate::domain::{CatalogVersion, PersonId, ProductCode};
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// A task with what the workshop asks of it.
#[derive(Debug, Clone)]
pub struct SurveyedTask {
    /// The task.
    pub task: StoredTask,
    /// Its product, when mapped.
    pub product: Option<ProductCode>,
    /// Everyone who has a stake in it.
    pub people: Vec<PersonId>,
}

/// A task of a product.
#[derive(Debug, Clone)]
pub struct ProductTask {
    /// The task.
    pub task: StoredTask,
    /// Its product.
    pub product: ProductCode,
    /// Coefficient frozen with it.
    pub coefficient: Decimal,
    /// Everyone who has a stake in it.
    pub people: Vec<PersonId>,
}

impl Store {
    /// Tasks due within two days, both included, or without a due date, after a number; withdrawn and vanished ones are
    /// left out.
    pub async fn survey_tasks(
        &self,
        (from, to): (NaiveDate, NaiveDate),
        after: i64,
        limit: usize,
    ) -> Result<Vec<SurveyedTask>, StoreError> {
        let sql = format!(
            "SELECT {TASK_COLUMNS}, m.product FROM task t LEFT JOIN mapping m ON m.task_id = t.id WHERE t.id > $1 \
             AND (t.due_day IS NULL OR (t.due_day >= $2 AND t.due_day <= $3)) \
             AND t.status NOT IN ('cancelled', 'recalled', 'gone') ORDER BY t.id LIMIT $4"
        );
        let rows = self.db.rows(sql, vals![after, from, to, limit as u64]).await?;
        let mut tasks = Vec::with_capacity(rows.len());
        for row in &rows {
            let product = row.opt_text(TASK_WIDTH)?.and_then(|code| ProductCode::new(code).ok());
            tasks.push(SurveyedTask { task: stored_task(row)?, product, people: Vec::new() });
        }
        let numbers: Vec<i64> = tasks.iter().map(|one| one.task.id).collect();
        let mut people = self.people_of_tasks(&numbers).await?;
        for one in &mut tasks {
            one.people = people.remove(&one.task.id).unwrap_or_default();
        }
        Ok(tasks)
    }

    /// Tasks mapped onto some products of a version, after a number, in order.
    pub async fn tasks_of_products(
        &self,
        version: &CatalogVersion,
        codes: &[&str],
        after: i64,
        limit: usize,
    ) -> Result<Vec<ProductTask>, StoreError> {
        if codes.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT {TASK_COLUMNS}, m.product, m.coefficient FROM mapping m JOIN task t ON t.id = m.task_id \
             WHERE m.task_id > $1 AND m.catalog_version = $2 AND m.state = 'mapped' AND m.product IN {} \
             ORDER BY m.task_id LIMIT $3",
            placeholders(1, codes.len(), 4)
        );
        let mut vals = vals![after, version.as_str(), limit as u64];
        vals.extend(codes.iter().map(|code| Val::from(*code)));
        let rows = self.db.rows(sql, vals).await?;
        let mut tasks = Vec::with_capacity(rows.len());
        for row in &rows {
            let product = row.opt_text(TASK_WIDTH)?.and_then(|code| ProductCode::new(code).ok());
            let (Some(product), Some(coefficient)) = (product, row.opt_num(TASK_WIDTH + 1)?) else {
                continue;
            };
            tasks.push(ProductTask { task: stored_task(row)?, product, coefficient, people: Vec::new() });
        }
        let numbers: Vec<i64> = tasks.iter().map(|one| one.task.id).collect();
        let mut people = self.people_of_tasks(&numbers).await?;
        for one in &mut tasks {
            one.people = people.remove(&one.task.id).unwrap_or_default();
        }
        Ok(tasks)
    }
}

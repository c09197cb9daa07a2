//! Who was shown a task, of sources that show each user only what is theirs.
//!
//! Owns its rows: a task and a number made of an account. It must not know accounts, nor what follows from who is shown
//! a task no longer. The same row again is nothing.

use super::db::{placeholders, vals};
use super::{Store, StoreError};
use crate::domain::SourceId;
use std::collections::{HashMap, HashSet};

/// Rows of one statement: far below the limit of bound values of both databases.
const AT_ONCE: usize = 400;

impl Store {
    /// Who was shown each of these tasks; none where nobody is known.
    pub async fn task_viewers(&self, tasks: &[i64]) -> Result<HashMap<i64, HashSet<i64>>, StoreError> {
        let mut viewers: HashMap<i64, HashSet<i64>> = HashMap::new();
        for some in tasks.chunks(AT_ONCE) {
            let places = placeholders(1, some.len(), 1);
            let sql = format!("SELECT task_id, viewer FROM task_viewer WHERE task_id IN {places}");
            for row in self.db.rows(sql, some.iter().map(|task| (*task).into()).collect()).await? {
                viewers.entry(row.int(0)?).or_default().insert(row.int(1)?);
            }
        }
        Ok(viewers)
    }

    /// Everybody who was shown a task of a source that is not gone.
    pub async fn source_viewers(&self, source: &SourceId) -> Result<HashSet<i64>, StoreError> {
        let sql = "SELECT DISTINCT v.viewer FROM task_viewer v JOIN task t ON t.id = v.task_id \
                   WHERE t.source_id = $1 AND t.status <> 'gone'";
        let rows = self.db.rows(sql, vals![source.as_str()]).await?;
        rows.iter().map(|row| row.int(0)).collect()
    }

    /// Keeps who is shown tasks, and forgets who is not any more, in one transaction.
    pub async fn keep_viewers(
        &self,
        shown: &[(i64, i64)],
        not_any_more: &[(i64, i64)],
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        for some in shown.chunks(AT_ONCE) {
            let places = placeholders(some.len(), 2, 1);
            let sql =
                format!("INSERT INTO task_viewer (task_id, viewer) VALUES {places} ON CONFLICT DO NOTHING");
            let values = some.iter().flat_map(|(task, viewer)| [(*task).into(), (*viewer).into()]);
            tx.execute(sql, values.collect()).await?;
        }
        for (task, viewer) in not_any_more {
            let sql = "DELETE FROM task_viewer WHERE task_id = $1 AND viewer = $2";
            tx.execute(sql, vals![*task, *viewer]).await?;
        }
        tx.commit().await
    }
}

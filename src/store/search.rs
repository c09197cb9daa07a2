//! Tasks found by words of their titles.
//!
//! Owns the index of words: a full-text table without contents on SQLite, vectors of words with an inverted index on
//! PostgreSQL; neither needs an extension. What a word is, it is told. Found are the tasks that have every word, newest
//! first, a page at a time; no search walks over all tasks.

use super::db::{Db, Tx, Val, vals};
use super::listing::{TASK_LINE, TaskLine, task_line};
use super::{Store, StoreError};
use sqlx::{AssertSqlSafe, SqlSafeStr as _};

impl Store {
    /// Keeps the words of some tasks, separated by blanks, in place of those they had.
    pub async fn keep_words(&self, words: &[(i64, String)]) -> Result<(), StoreError> {
        if words.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        if let Tx::Postgres(transaction) = &mut tx {
            let (ids, texts): (Vec<i64>, Vec<&str>) =
                words.iter().map(|(id, text)| (*id, text.as_str())).unzip();
            let sql = "INSERT INTO task_words (task_id, words) \
                           SELECT v.id, array_to_tsvector(string_to_array(v.text, ' ')) \
                           FROM UNNEST($1::bigint[], $2::text[]) AS v (id, text) \
                           ON CONFLICT (task_id) DO UPDATE SET words = excluded.words";
            let text = AssertSqlSafe(sql).into_sql_str();
            sqlx::query(text).bind(ids).bind(texts).execute(&mut **transaction).await?;
        } else {
            let rows = serde_json::to_string(words)?;
            tx.execute(
                    "DELETE FROM task_words WHERE rowid IN (SELECT json_extract(value, '$[0]') FROM json_each($1))",
                    vals![rows.as_str()],
                )
                .await?;
            tx.execute(
                "INSERT INTO task_words (rowid, words) \
                     SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($1)",
                vals![rows],
            )
            .await?;
        }
        tx.commit().await
    }

    /// Tasks that have every one of some words, of the last one its beginning, with numbers below one; newest first.
    /// Words are of letters and digits; none finds nothing.
    pub async fn find_tasks(
        &self,
        words: &[String],
        before: i64,
        limit: usize,
    ) -> Result<Vec<TaskLine>, StoreError> {
        let Some((last, whole)) = words.split_last() else { return Ok(Vec::new()) };
        let postgres = matches!(*self.db, Db::Postgres(_));
        let whole = whole.iter().map(|word| quoted(word, postgres));
        let last = if postgres {
            format!("{}:*", quoted(last, postgres))
        } else {
            format!("{} *", quoted(last, postgres))
        };
        let sought: Vec<String> = whole.chain([last]).collect();
        let (sql, sought) = if postgres {
            let sql = format!(
                "SELECT {TASK_LINE} FROM task_words w JOIN task t ON t.id = w.task_id LEFT JOIN mapping m ON m.task_id = t.id \
                 WHERE w.words @@ CAST(CAST($1 AS TEXT) AS TSQUERY) AND w.task_id < $2 ORDER BY w.task_id DESC LIMIT $3"
            );
            (sql, sought.join(" & "))
        } else {
            let sql = format!(
                "SELECT {TASK_LINE} FROM task_words JOIN task t ON t.id = task_words.rowid LEFT JOIN mapping m ON m.task_id = t.id \
                 WHERE task_words MATCH $1 AND task_words.rowid < $2 ORDER BY task_words.rowid DESC LIMIT $3"
            );
            (sql, sought.join(" AND "))
        };
        let vals: Vec<Val> = vals![sought, before, limit as u64];
        self.db.rows(sql, vals).await?.iter().map(task_line).collect()
    }
}

/// A word as a constant of the query language.
fn quoted(word: &str, postgres: bool) -> String {
    let quote = if postgres { '\'' } else { '"' };
    let letters: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
    format!("{quote}{letters}{quote}")
}

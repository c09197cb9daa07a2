//! Many rows in few statements, each of one text, so that both databases prepare it once.
//!
//! Owns how rows travel: SQLite takes several rows per statement in a few fixed sizes (one hop to its thread for
//! many rows), PostgreSQL one array per column. It must not know what the rows mean. A failing statement fails
//! the transaction it belongs to.

use super::StoreError;
use super::db::{Row, Tx, Val, text_of, vals};
use chrono::{DateTime, Utc};
use sqlx::postgres::PgArguments;
use sqlx::{Arguments as _, AssertSqlSafe, SqlSafeStr as _, SqlStr};
use std::sync::OnceLock;

/// Rows per statement on SQLite, largest first; the last one must be 1. A page of 500 is four statements.
const SIZES: [usize; 4] = [125, 25, 5, 1];

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Text,
    Blob,
    Bool,
    At,
    Day,
    Num,
    Id,
    Json,
    /// A document kept as text.
    PlainJson,
}

impl Kind {
    /// What the array is sent as, and what one of its elements becomes.
    fn postgres(self) -> (&'static str, &'static str) {
        match self {
            Self::Int => ("bigint[]", ""),
            Self::Text => ("text[]", ""),
            Self::Blob => ("bytea[]", ""),
            Self::Bool => ("boolean[]", ""),
            Self::At => ("timestamptz[]", ""),
            Self::Day => ("date[]", ""),
            Self::Num => ("numeric[]", ""),
            Self::Id => ("uuid[]", ""),
            Self::Json => ("text[]", "::jsonb"),
            Self::PlainJson => ("text[]", "::json"),
        }
    }
}

/// An inserting statement for any number of rows.
pub(super) struct Bulk {
    table: &'static str,
    columns: &'static [(&'static str, Kind)],
    tail: &'static str,
    texts: OnceLock<Texts>,
}

/// One text for each size of [`SIZES`], and the one for PostgreSQL.
struct Texts {
    sqlite: [SqlStr; SIZES.len()],
    postgres: SqlStr,
}

impl Bulk {
    /// Inserts into `columns` of `table`; `tail` is what follows the rows (conflict, returning).
    pub(super) const fn new(
        table: &'static str,
        columns: &'static [(&'static str, Kind)],
        tail: &'static str,
    ) -> Self {
        Self { table, columns, tail, texts: OnceLock::new() }
    }

    fn texts(&self) -> &Texts {
        self.texts.get_or_init(|| {
            let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
            let into = format!("INSERT INTO {} ({})", self.table, names.join(", "));
            // Without names: SQLite finds the name of the n-th value by walking over all before it.
            let row = format!("({})", vec!["?"; names.len()].join(","));
            let sqlite = SIZES.map(|rows| {
                let text = format!("{into} VALUES {} {}", vec![row.as_str(); rows].join(","), self.tail);
                AssertSqlSafe(text).into_sql_str()
            });
            let (mut picked, mut arrays) = (Vec::new(), Vec::new());
            for (index, (name, kind)) in self.columns.iter().enumerate() {
                let (array, element) = kind.postgres();
                picked.push(format!("u.{name}{element}"));
                arrays.push(format!("${}::{array}", index + 1));
            }
            let postgres = AssertSqlSafe(format!(
                "{into} SELECT {} FROM UNNEST({}) AS u ({}) {}",
                picked.join(", "),
                arrays.join(", "),
                names.join(", "),
                self.tail
            ));
            Texts { sqlite, postgres: postgres.into_sql_str() }
        })
    }

    /// Inserts rows given one after another; gives what the tail returns, in no particular order.
    pub(super) async fn insert(&self, tx: &mut Tx, vals: Vec<Val>) -> Result<Vec<Row>, StoreError> {
        let width = self.columns.len();
        if vals.is_empty() {
            return Ok(Vec::new());
        }
        debug_assert_eq!(vals.len() % width, 0);
        let texts = self.texts();
        match tx {
            Tx::Postgres(transaction) => {
                let arguments = self.arrays(vals)?;
                let query = sqlx::query_with(texts.postgres.clone(), arguments);
                let rows = query.fetch_all(&mut **transaction).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
            Tx::Sqlite(_) => {
                let mut rest = vals.into_iter();
                let mut returned = Vec::with_capacity(rest.len() / width);
                for (size, text) in SIZES.iter().zip(&texts.sqlite) {
                    while rest.len() >= size * width {
                        let some: Vec<Val> = rest.by_ref().take(size * width).collect();
                        returned.extend(tx.rows(text.clone(), some).await?);
                    }
                }
                Ok(returned)
            }
        }
    }

    fn arrays(&self, vals: Vec<Val>) -> Result<PgArguments, StoreError> {
        let width = self.columns.len();
        let mut columns: Vec<Vec<Val>> = (0..width).map(|_| Vec::with_capacity(vals.len() / width)).collect();
        for (index, val) in vals.into_iter().enumerate() {
            columns[index % width].push(val);
        }
        let mut arguments = PgArguments::default();
        for (vals, (name, kind)) in columns.into_iter().zip(self.columns) {
            let unfit =
                || StoreError::unexpected(format!("a value of {}.{name} is not {kind:?}", self.table));
            macro_rules! array {
                ($($variant:ident)|+) => {{
                    let values = vals
                        .into_iter()
                        .map(|val| match val {
                            $(Val::$variant(value) => Ok(value),)+
                            _ => Err(unfit()),
                        })
                        .collect::<Result<Vec<_>, _>>()?;
                    arguments.add(values)
                }};
            }
            match kind {
                Kind::Int => array!(Int),
                Kind::Text => array!(Text),
                Kind::Blob => array!(Blob),
                Kind::Bool => array!(Bool),
                Kind::At => array!(At),
                Kind::Day => array!(Day),
                Kind::Num => array!(Num),
                Kind::Id => array!(Id),
                Kind::Json | Kind::PlainJson => array!(Json),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        Ok(arguments)
    }
}

/// Sets columns of the tasks among `rows` that have not changed since they were read. `set` is SQL of ours.
pub(super) async fn update_unchanged_tasks(
    tx: &mut Tx,
    set: &'static str,
    rows: impl ExactSizeIterator<Item = (i64, DateTime<Utc>)>,
) -> Result<(), StoreError> {
    if rows.len() == 0 {
        return Ok(());
    }
    match tx {
        Tx::Postgres(transaction) => {
            let (ids, moments): (Vec<i64>, Vec<DateTime<Utc>>) = rows.unzip();
            let sql = format!(
                "UPDATE task SET {set} FROM UNNEST($1::bigint[], $2::timestamptz[]) AS v (id, at) \
                 WHERE task.id = v.id AND task.changed_at = v.at"
            );
            let text = AssertSqlSafe(sql).into_sql_str();
            sqlx::query(text).bind(ids).bind(moments).execute(&mut **transaction).await?;
        }
        Tx::Sqlite(_) => {
            let pairs: Vec<(i64, String)> = rows.map(|(id, at)| (id, text_of(at))).collect();
            let sql = format!(
                "UPDATE task SET {set} FROM json_each($1) AS v \
                 WHERE task.id = json_extract(v.value, '$[0]') AND task.changed_at = json_extract(v.value, '$[1]')"
            );
            tx.execute(sql, vals![serde_json::to_string(&pairs)?]).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Bulk, Kind};

    #[test]
    fn each_database_gets_its_own_form_of_the_same_insert() {
        static BULK: Bulk = Bulk::new("t", &[("a", Kind::Int), ("b", Kind::Json)], "ON CONFLICT DO NOTHING");
        let texts = BULK.texts();
        let [.., five, one] = &texts.sqlite;
        assert_eq!(one.as_str(), "INSERT INTO t (a, b) VALUES (?,?) ON CONFLICT DO NOTHING");
        assert_eq!(five.as_str().matches("(?,?)").count(), 5);
        assert_eq!(
            texts.postgres.as_str(),
            "INSERT INTO t (a, b) SELECT u.a, u.b::jsonb FROM UNNEST($1::bigint[], $2::text[]) AS u (a, b) \
             ON CONFLICT DO NOTHING"
        );
    }
}

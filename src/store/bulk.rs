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

/// Rows per statement on SQLite, largest first; the last one must be 1. A full page is one statement.
const SIZES: [usize; 5] = [500, 125, 25, 5, 1];

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
    /// Columns that hold the same in every row: bound once per statement.
    shared: &'static [(&'static str, Kind)],
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
        Self::sharing(table, &[], columns, tail)
    }

    /// The same, with columns that hold one value for all rows of a call.
    pub(super) const fn sharing(
        table: &'static str,
        shared: &'static [(&'static str, Kind)],
        columns: &'static [(&'static str, Kind)],
        tail: &'static str,
    ) -> Self {
        Self { table, shared, columns, tail, texts: OnceLock::new() }
    }

    fn texts(&self) -> &Texts {
        self.texts.get_or_init(|| {
            let names = |columns: &[(&'static str, Kind)]| columns.iter().map(|(name, _)| *name).collect();
            let (shared, own): (Vec<&str>, Vec<&str>) = (names(self.shared), names(self.columns));
            let into = format!("INSERT INTO {} ({})", self.table, [shared, own.clone()].concat().join(", "));
            // Without names: SQLite finds the name of the n-th value by walking over all before it.
            let row = format!("({})", vec!["?"; own.len()].join(","));
            let same = self.shared.iter().map(|_| "?".to_owned());
            let numbered = (1..=own.len()).map(|number| format!("column{number}"));
            let picked = same.chain(numbered).collect::<Vec<_>>().join(", ");
            let sqlite = SIZES.map(|rows| {
                let rows = vec![row.as_str(); rows].join(",");
                let text = format!("{into} SELECT {picked} FROM (VALUES {rows}) WHERE TRUE {}", self.tail);
                AssertSqlSafe(text).into_sql_str()
            });
            let (mut picked, mut arrays) = (Vec::new(), Vec::new());
            for (index, (_, kind)) in self.shared.iter().enumerate() {
                let (array, element) = kind.postgres();
                picked.push(format!("${}::{}{element}", index + 1, array.trim_end_matches("[]")));
            }
            for (index, (name, kind)) in self.columns.iter().enumerate() {
                let (array, element) = kind.postgres();
                picked.push(format!("u.{name}{element}"));
                arrays.push(format!("${}::{array}", self.shared.len() + index + 1));
            }
            let postgres = AssertSqlSafe(format!(
                "{into} SELECT {} FROM UNNEST({}) AS u ({}) {}",
                picked.join(", "),
                arrays.join(", "),
                own.join(", "),
                self.tail
            ));
            Texts { sqlite, postgres: postgres.into_sql_str() }
        })
    }

    /// Inserts rows given one after another; gives what the tail returns, in no particular order.
    pub(super) async fn insert(&self, tx: &mut Tx, vals: Vec<Val>) -> Result<Vec<Row>, StoreError> {
        self.insert_sharing(tx, Vec::new(), vals).await
    }

    /// The same, with the values of the shared columns.
    pub(super) async fn insert_sharing(
        &self,
        tx: &mut Tx,
        shared: Vec<Val>,
        vals: Vec<Val>,
    ) -> Result<Vec<Row>, StoreError> {
        let width = self.columns.len();
        if vals.is_empty() {
            return Ok(Vec::new());
        }
        debug_assert_eq!((vals.len() % width, shared.len()), (0, self.shared.len()));
        let texts = self.texts();
        match tx {
            Tx::Postgres(transaction) => {
                let arguments = self.arrays(shared, vals)?;
                let query = sqlx::query_with(texts.postgres.clone(), arguments);
                let rows = query.fetch_all(&mut **transaction).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
            Tx::Sqlite(_) => {
                let mut rest = vals.into_iter();
                let mut returned = Vec::with_capacity(rest.len() / width);
                for (size, text) in SIZES.iter().zip(&texts.sqlite) {
                    while rest.len() >= size * width {
                        let mut some = Vec::with_capacity(shared.len() + size * width);
                        some.extend_from_slice(&shared);
                        some.extend(rest.by_ref().take(size * width));
                        returned.extend(tx.rows(text.clone(), some).await?);
                    }
                }
                Ok(returned)
            }
        }
    }

    fn arrays(&self, shared: Vec<Val>, vals: Vec<Val>) -> Result<PgArguments, StoreError> {
        let width = self.columns.len();
        let mut columns: Vec<Vec<Val>> = (0..width).map(|_| Vec::with_capacity(vals.len() / width)).collect();
        for (index, val) in vals.into_iter().enumerate() {
            columns[index % width].push(val);
        }
        let mut arguments = PgArguments::default();
        macro_rules! add {
            ($kind:expr, $name:expr, $add:ident) => {{
                let unfit = || {
                    StoreError::unexpected(format!("a value of {}.{} is not {:?}", self.table, $name, $kind))
                };
                match $kind {
                    Kind::Int => $add!(Int, unfit),
                    Kind::Text => $add!(Text, unfit),
                    Kind::Blob => $add!(Blob, unfit),
                    Kind::Bool => $add!(Bool, unfit),
                    Kind::At => $add!(At, unfit),
                    Kind::Day => $add!(Day, unfit),
                    Kind::Num => $add!(Num, unfit),
                    Kind::Id => $add!(Id, unfit),
                    Kind::Json | Kind::PlainJson => $add!(Json, unfit),
                }
                .map_err(sqlx::Error::Encode)?;
            }};
        }
        for (val, (name, kind)) in shared.into_iter().zip(self.shared) {
            macro_rules! one {
                ($variant:ident, $unfit:expr) => {
                    match val {
                        Val::$variant(value) => arguments.add(value),
                        _ => return Err($unfit()),
                    }
                };
            }
            add!(kind, name, one);
        }
        for (vals, (name, kind)) in columns.into_iter().zip(self.columns) {
            macro_rules! array {
                ($variant:ident, $unfit:expr) => {{
                    let value = |val| match val {
                        Val::$variant(value) => Ok(value),
                        _ => Err($unfit()),
                    };
                    arguments.add(vals.into_iter().map(value).collect::<Result<Vec<_>, _>>()?)
                }};
            }
            add!(kind, name, array);
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
        static BULK: Bulk = Bulk::sharing(
            "t",
            &[("s", Kind::At)],
            &[("a", Kind::Int), ("b", Kind::Json)],
            "ON CONFLICT DO NOTHING",
        );
        let texts = BULK.texts();
        let [.., five, one] = &texts.sqlite;
        assert_eq!(
            one.as_str(),
            "INSERT INTO t (s, a, b) SELECT ?, column1, column2 FROM (VALUES (?,?)) WHERE TRUE \
             ON CONFLICT DO NOTHING"
        );
        assert_eq!(five.as_str().matches("(?,?)").count(), 5);
        assert_eq!(
            texts.postgres.as_str(),
            "INSERT INTO t (s, a, b) SELECT $1::timestamptz, u.a, u.b::jsonb \
             FROM UNNEST($2::bigint[], $3::text[]) AS u (a, b) ON CONFLICT DO NOTHING"
        );
    }
}

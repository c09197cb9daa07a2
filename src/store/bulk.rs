//! Many rows in few statements, each of one text, so that both databases prepare it once.
//!
//! Owns how rows travel: SQLite takes several rows per statement in a few fixed sizes (one hop to its thread for
//! many rows), PostgreSQL one array per column. Rows can be bound before their transaction begins, what they share
//! when it is known. It must not know what the rows mean. A failing statement fails the transaction it belongs to.

use super::StoreError;
use super::db::{Row, Tx, Val, Words, add_postgres, add_sqlite, text_of, vals};
use chrono::{DateTime, Utc};
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, SqlSafeStr as _, SqlStr};
use std::sync::OnceLock;

/// Rows per statement on SQLite, largest first; the last one must be 1. A full page is one statement.
const SIZES: [usize; 5] = [500, 125, 25, 5, 1];

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    /// A number above the base that is given when the rows are written; at most one column, not a shared one.
    Above,
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
            Self::Int | Self::Above => ("bigint[]", ""),
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

type Columns = &'static [(&'static str, Kind)];

/// An inserting statement for any number of rows.
#[derive(Debug)]
pub(super) struct Bulk {
    table: &'static str,
    /// Columns that hold the same in every row: bound once per statement.
    shared: Columns,
    columns: Columns,
    tail: &'static str,
    texts: OnceLock<Texts>,
}

/// One text for each size of [`SIZES`], and the one for PostgreSQL.
#[derive(Debug)]
struct Texts {
    sqlite: [SqlStr; SIZES.len()],
    postgres: SqlStr,
}

/// Rows bound to their statements: everything that needs no transaction is done.
#[derive(Debug)]
pub(super) struct Rows {
    bulk: &'static Bulk,
    bound: Bound,
    /// Bytes of the values on SQLite, about.
    bytes: usize,
}

#[derive(Debug)]
enum Bound {
    /// Statements by their place in [`SIZES`].
    Sqlite(Vec<(usize, SqliteArguments)>),
    Postgres(PgArguments),
    /// There are no rows.
    Nothing,
}

impl Bulk {
    /// Inserts into `columns` of `table`; `tail` is what follows the rows (conflict, returning).
    pub(super) const fn new(table: &'static str, columns: Columns, tail: &'static str) -> Self {
        Self::sharing(table, &[], columns, tail)
    }

    /// The same, with columns that hold one value for all rows of a call.
    pub(super) const fn sharing(
        table: &'static str,
        shared: Columns,
        columns: Columns,
        tail: &'static str,
    ) -> Self {
        Self { table, shared, columns, tail, texts: OnceLock::new() }
    }

    fn texts(&self) -> &Texts {
        self.texts.get_or_init(|| {
            let names = |columns: Columns| columns.iter().map(|(name, _)| *name).collect();
            let (shared, own): (Vec<&str>, Vec<&str>) = (names(self.shared), names(self.columns));
            let into = format!("INSERT INTO {} ({})", self.table, [shared, own.clone()].concat().join(", "));
            // Without names: SQLite finds the name of the n-th value by walking over all before it. Rows stand first,
            // because what they share may not be known yet when they are bound.
            let row = format!("({})", vec!["?"; own.len()].join(","));
            let same = self.shared.iter().map(|_| "?".to_owned());
            let each = self.columns.iter().enumerate().map(|(index, (_, kind))| match kind {
                Kind::Above => format!("? + column{}", index + 1),
                _ => format!("column{}", index + 1),
            });
            let picked = same.chain(each).collect::<Vec<_>>().join(", ");
            let sqlite = SIZES.map(|rows| {
                let rows = vec![row.as_str(); rows].join(",");
                let text = format!(
                    "WITH u AS (VALUES {rows}) {into} SELECT {picked} FROM u WHERE TRUE {}",
                    self.tail
                );
                AssertSqlSafe(text).into_sql_str()
            });
            let (mut picked, mut arrays) = (Vec::new(), Vec::new());
            for (index, (_, kind)) in self.shared.iter().enumerate() {
                let (array, element) = kind.postgres();
                let number = own.len() + index + 1;
                picked.push(format!("${number}::{}{element}", array.trim_end_matches("[]")));
            }
            for (index, (name, kind)) in self.columns.iter().enumerate() {
                let (array, element) = kind.postgres();
                picked.push(match kind {
                    Kind::Above => format!("${}::bigint + u.{name}", own.len() + self.shared.len() + 1),
                    _ => format!("u.{name}{element}"),
                });
                arrays.push(format!("${}::{array}", index + 1));
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
    pub(super) async fn insert(&'static self, tx: &mut Tx, vals: Vec<Val>) -> Result<Vec<Row>, StoreError> {
        self.bind(tx.is_postgres(), vals)?.write(tx, Vec::new()).await
    }

    /// Binds rows given one after another.
    pub(super) fn bind(&'static self, postgres: bool, vals: Vec<Val>) -> Result<Rows, StoreError> {
        let width = self.columns.len();
        debug_assert_eq!(vals.len() % width, 0);
        let mut bytes = 0;
        let bound = if vals.is_empty() {
            Bound::Nothing
        } else if postgres {
            Bound::Postgres(self.arrays(vals)?)
        } else {
            let mut rest = vals.into_iter();
            let mut words = Words::default();
            let mut statements = Vec::new();
            bytes = rest.as_slice().iter().map(Val::size).sum();
            for (place, size) in SIZES.iter().enumerate() {
                while rest.len() >= size * width {
                    let mut arguments = SqliteArguments::default();
                    // What is shared comes behind.
                    arguments.reserve(size * width + self.shared.len() + 1, 0);
                    for val in rest.by_ref().take(size * width) {
                        add_sqlite(&mut arguments, val, &mut words)?;
                    }
                    statements.push((place, arguments));
                }
            }
            Bound::Sqlite(statements)
        };
        Ok(Rows { bulk: self, bound, bytes })
    }

    fn arrays(&self, vals: Vec<Val>) -> Result<PgArguments, StoreError> {
        let width = self.columns.len();
        let mut columns: Vec<Vec<Val>> = (0..width).map(|_| Vec::with_capacity(vals.len() / width)).collect();
        for (index, val) in vals.into_iter().enumerate() {
            columns[index % width].push(val);
        }
        let mut arguments = PgArguments::default();
        for (vals, (name, kind)) in columns.into_iter().zip(self.columns) {
            macro_rules! array {
                ($variant:ident) => {{
                    let value = |val| match val {
                        Val::$variant(value) => Ok(value),
                        _ => Err(self.unfit(name, *kind)),
                    };
                    arguments.add(vals.into_iter().map(value).collect::<Result<Vec<_>, _>>()?)
                }};
            }
            let added = match kind {
                Kind::Text | Kind::Json | Kind::PlainJson => {
                    let texts = vals.iter().map(|val| val.as_text().ok_or_else(|| self.unfit(name, *kind)));
                    arguments.add(texts.collect::<Result<Vec<Option<&str>>, _>>()?)
                }
                Kind::Int | Kind::Above => array!(Int),
                Kind::Blob => array!(Blob),
                Kind::Bool => array!(Bool),
                Kind::At => array!(At),
                Kind::Day => array!(Day),
                Kind::Num => array!(Num),
                Kind::Id => array!(Id),
            };
            added.map_err(sqlx::Error::Encode)?;
        }
        Ok(arguments)
    }

    fn unfit(&self, name: &str, kind: Kind) -> StoreError {
        StoreError::unexpected(format!("a value of {}.{name} is not {kind:?}", self.table))
    }
}

impl Rows {
    /// Inserts the rows with the values of the shared columns, and the base as the last one where a column is
    /// [`Kind::Above`]; gives what the tail returns, in no particular order.
    pub(super) async fn write(self, tx: &mut Tx, shared: Vec<Val>) -> Result<Vec<Row>, StoreError> {
        let bulk = self.bulk;
        let based = bulk.columns.iter().any(|(_, kind)| *kind == Kind::Above);
        if shared.len() != bulk.shared.len() + usize::from(based) {
            // SQLite's driver would take nothing for what is missing.
            return Err(StoreError::unexpected(format!("{} shared values for {}", shared.len(), bulk.table)));
        }
        let texts = bulk.texts();
        let mut returned = Vec::new();
        match (self.bound, tx) {
            (Bound::Nothing, _) => {}
            (Bound::Sqlite(statements), Tx::Sqlite(transaction)) => {
                let mut words = Words::default();
                transaction.bytes += self.bytes;
                for (place, mut arguments) in statements {
                    for val in &shared {
                        add_sqlite(&mut arguments, val.clone(), &mut words)?;
                    }
                    let query = sqlx::query_with(texts.sqlite[place].clone(), arguments);
                    let rows = query.fetch_all(&mut *transaction.open).await?;
                    returned.extend(rows.into_iter().map(Row::Sqlite));
                }
            }
            (Bound::Postgres(mut arguments), Tx::Postgres(transaction)) => {
                for val in shared {
                    add_postgres(&mut arguments, val)?;
                }
                let rows =
                    sqlx::query_with(texts.postgres.clone(), arguments).fetch_all(&mut **transaction).await?;
                returned.extend(rows.into_iter().map(Row::Postgres));
            }
            _ => return Err(StoreError::unexpected("rows bound for another database")),
        }
        Ok(returned)
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
            &[("a", Kind::Above), ("b", Kind::Json)],
            "ON CONFLICT DO NOTHING",
        );
        let texts = BULK.texts();
        let [.., five, one] = &texts.sqlite;
        assert_eq!(
            one.as_str(),
            "WITH u AS (VALUES (?,?)) INSERT INTO t (s, a, b) SELECT ?, ? + column1, column2 FROM u WHERE TRUE \
             ON CONFLICT DO NOTHING"
        );
        assert_eq!(five.as_str().matches("(?,?)").count(), 5);
        assert_eq!(
            texts.postgres.as_str(),
            "INSERT INTO t (s, a, b) SELECT $3::timestamptz, $4::bigint + u.a, u.b::jsonb \
             FROM UNNEST($1::bigint[], $2::text[]) AS u (a, b) ON CONFLICT DO NOTHING"
        );
    }
}

//! Rows in the binary form PostgreSQL's `COPY` takes: what is only added to a table travels so, in one go and without a statement
//! that is planned for it.
//!
//! Owns that form. It must not know tables, nor what happens on a conflict: a `COPY` that meets one fails as a whole, and with it
//! the transaction or the savepoint around it. A value that does not fit its column is an error before anything is sent.

use super::StoreError;
use super::bulk::Kind;
use super::db::Val;
use sqlx::encode::{Encode, IsNull};
use sqlx::postgres::PgArgumentBuffer;
use sqlx::{PgConnection, Postgres};

/// How every stream begins: its sign, no flags, nothing more of a head.
const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// In place of a row's number of columns: the end.
const END: i16 = -1;
/// In place of a value's length: there is none.
const NULL: i32 = -1;

/// Rows of a number of columns, put in one value after the other.
pub(super) struct Stream {
    bytes: PgArgumentBuffer,
    width: i16,
}

impl Stream {
    /// An empty one.
    pub(super) fn new(width: usize) -> Result<Self, StoreError> {
        let width = i16::try_from(width).map_err(|_| StoreError::unexpected("too many columns"))?;
        let mut bytes = PgArgumentBuffer::default();
        bytes.extend_from_slice(HEAD);
        Ok(Self { bytes, width })
    }

    /// Begins a row.
    pub(super) fn row(&mut self) {
        self.bytes.extend_from_slice(&self.width.to_be_bytes());
    }

    /// Puts a value in; `base` is what a [`Kind::Above`] counts from. False where the value is not of the kind.
    pub(super) fn put(&mut self, kind: Kind, val: &Val, base: i64) -> Result<bool, StoreError> {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(&NULL.to_be_bytes());
        let is_null = match (kind, val) {
            (Kind::Int, Val::Int(value)) => self.encoded(value)?,
            (Kind::Above, Val::Int(value)) => self.encoded(&value.map(|value| base + value))?,
            (Kind::Blob, Val::Blob(value)) => self.encoded(value)?,
            (Kind::Bool, Val::Bool(value)) => self.encoded(value)?,
            (Kind::At, Val::At(value)) => self.encoded(value)?,
            (Kind::Day, Val::Day(value)) => self.encoded(value)?,
            (Kind::Num, Val::Num(value)) => self.encoded(value)?,
            (Kind::Id, Val::Id(value)) => self.encoded(value)?,
            (Kind::Text | Kind::Json | Kind::PlainJson, val) => match val.as_text() {
                Some(Some(text)) => {
                    if kind == Kind::Json {
                        // The version of its form.
                        self.bytes.push(1);
                    }
                    self.bytes.extend_from_slice(text.as_bytes());
                    IsNull::No
                }
                Some(None) => IsNull::Yes,
                None => return Ok(false),
            },
            _ => return Ok(false),
        };
        if matches!(is_null, IsNull::No) {
            let length = self.bytes.len() - at - 4;
            let length = i32::try_from(length).map_err(|_| StoreError::unexpected("a value too long"))?;
            if let Some(place) = self.bytes.get_mut(at..at + 4) {
                place.copy_from_slice(&length.to_be_bytes());
            }
        }
        Ok(true)
    }

    fn encoded<'v, T: Encode<'v, Postgres>>(&mut self, value: &T) -> Result<IsNull, StoreError> {
        Ok(value.encode_by_ref(&mut self.bytes).map_err(sqlx::Error::Encode)?)
    }

    /// Adds the rows by a `COPY … FROM STDIN (FORMAT BINARY)`.
    pub(super) async fn send(mut self, connection: &mut PgConnection, copy: &str) -> Result<(), sqlx::Error> {
        self.bytes.extend_from_slice(&END.to_be_bytes());
        let mut sent = connection.copy_in_raw(copy).await?;
        sent.send(self.bytes.as_slice()).await?;
        sent.finish().await?;
        Ok(())
    }
}

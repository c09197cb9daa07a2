//! A source whose records are people or units.
//!
//! Owns the rules that make a row of each record ([`Rows`]) and the connector that carries them beside one of any kind:
//! how the list is asked for and cut is the inner connector's. It must not know what becomes of the rows.

use super::manifest::Loaded;
use super::over::{Layer, Over};
use super::{Connector, RawRecord, Rejection};
use crate::domain::{DirectoryContent, SourceId};
use std::sync::Arc;

/// How records become rows of a people or units file.
pub struct Rows {
    whose: String,
    content: DirectoryContent,
    loaded: Arc<Loaded>,
}

impl Rows {
    /// What the rows are.
    pub fn content(&self) -> DirectoryContent {
        self.content
    }

    /// Whether the manifest has a rule for a column.
    pub fn tells(&self, column: &str) -> bool {
        self.loaded.rows().is_some_and(|rows| rows.tells(column))
    }

    /// The cells of a record, in the order of [`DirectoryContent::columns`].
    ///
    /// # Errors
    /// Why it cannot be read, by its column.
    pub fn read(&self, record: &RawRecord) -> Result<Vec<String>, Box<Rejection>> {
        match self.loaded.rows() {
            Some(rows) => rows.read(&self.whose, record),
            None => Ok(Vec::new()),
        }
    }
}

/// The layer over a connector of any kind whose records are rows.
pub(super) struct PeopleSource {
    rows: Rows,
}

impl PeopleSource {
    /// The rules of a manifest whose records are people or units; none where they are tasks.
    pub(super) fn rules(source: &SourceId, loaded: &Arc<Loaded>) -> Option<Rows> {
        let content = loaded.rows()?.content();
        Some(Rows { whose: format!("source {source}"), content, loaded: loaded.clone() })
    }

    /// A source over one that asks for the records.
    pub(super) fn over(inner: Arc<dyn Connector>, rows: Rows) -> Over<Self> {
        Over::new(inner, Self { rows })
    }
}

impl Layer for PeopleSource {
    fn rows<'a>(&'a self, _inner: &'a dyn Connector) -> Option<&'a Rows> {
        Some(&self.rows)
    }
}

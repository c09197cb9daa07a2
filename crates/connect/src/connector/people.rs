//! A source whose records are people or units.
//!
//! Owns the rules that make a row of each record ([`Rows`]) and the connector that carries them beside one of any kind:
//! how the list is asked for and cut is the inner connector's. It must not know what becomes of the rows.

use super::manifest::Loaded;
use super::{
    Abilities, Connector, ConnectorError, Detailed, Pull, PullRequest, RawRecord, Receipt, Rejection,
};
use crate::domain::{DirectoryContent, SourceId, TaskDraft};
use crate::error::Finding;
use async_trait::async_trait;
use bytes::Bytes;
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

/// A connector of any kind whose records are rows.
pub(super) struct PeopleSource {
    inner: Arc<dyn Connector>,
    rows: Rows,
}

impl PeopleSource {
    /// The rules of a manifest whose records are people or units; none where they are tasks.
    pub(super) fn rules(source: &SourceId, loaded: &Arc<Loaded>) -> Option<Rows> {
        let content = loaded.rows()?.content();
        Some(Rows { whose: format!("source {source}"), content, loaded: loaded.clone() })
    }

    /// A source over one that asks for the records.
    pub(super) fn new(inner: Arc<dyn Connector>, rows: Rows) -> Self {
        Self { inner, rows }
    }
}

#[async_trait]
impl Connector for PeopleSource {
    fn source(&self) -> &SourceId {
        self.inner.source()
    }

    fn abilities(&self) -> Abilities {
        self.inner.abilities()
    }

    fn rules(&self) -> Option<[u8; 32]> {
        self.inner.rules()
    }

    fn rows(&self) -> Option<&Rows> {
        Some(&self.rows)
    }

    fn paused(&self) -> Option<Finding> {
        self.inner.paused()
    }

    async fn check(&self) -> Vec<Finding> {
        self.inner.check().await
    }

    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pull>, ConnectorError> {
        self.inner.pull(request).await
    }

    async fn detail(&self, records: Vec<RawRecord>) -> Result<Vec<Detailed>, ConnectorError> {
        self.inner.detail(records).await
    }

    fn list_again(
        &self,
        body: Bytes,
        details: Option<Bytes>,
    ) -> Option<Result<Vec<RawRecord>, Box<Finding>>> {
        self.inner.list_again(body, details)
    }

    fn read(&self, record: &RawRecord) -> Result<TaskDraft, Box<Rejection>> {
        self.inner.read(record)
    }

    async fn acknowledge(&self, receipts: Vec<Receipt>) -> Vec<Finding> {
        self.inner.acknowledge(receipts).await
    }
}

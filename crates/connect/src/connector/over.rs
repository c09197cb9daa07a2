//! Connectors over another connector.
//!
//! Owns the one place where calls go on to the connector below: what a layer does not say itself, that one says, so that
//! a new call of [`Connector`] is never forgotten by a layer. It must not know what layers there are. Failures are those
//! of the connector below.

use super::{
    Abilities, Connector, ConnectorError, Detailed, DetailsAgain, Glance, Pull, PullRequest, RawRecord,
    Receipt, Rejection, Rows, Unpacked,
};
use crate::domain::{SourceId, TaskDraft};
use crate::error::Finding;
use crate::transport::DayBook;
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// What a layer says itself.
#[async_trait]
pub(super) trait Layer: Send + Sync {
    /// See [`Connector::rows`].
    fn rows<'a>(&'a self, inner: &'a dyn Connector) -> Option<&'a Rows> {
        inner.rows()
    }

    /// See [`Connector::pull`].
    async fn pull(
        &self,
        inner: &dyn Connector,
        request: PullRequest,
    ) -> Result<Box<dyn Pull>, ConnectorError> {
        inner.pull(request).await
    }
}

/// A connector with a layer over it.
pub(super) struct Over<L> {
    inner: Arc<dyn Connector>,
    layer: L,
}

impl<L: Layer> Over<L> {
    pub(super) fn new(inner: Arc<dyn Connector>, layer: L) -> Self {
        Self { inner, layer }
    }
}

#[async_trait]
impl<L: Layer> Connector for Over<L> {
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
        self.layer.rows(&*self.inner)
    }

    async fn check(&self) -> Vec<Finding> {
        self.inner.check().await
    }

    fn details_again(&self) -> Option<DetailsAgain> {
        self.inner.details_again()
    }

    fn paused(&self) -> Option<Finding> {
        self.inner.paused()
    }

    fn counts_in(&self, book: Arc<dyn DayBook>) {
        self.inner.counts_in(book);
    }

    async fn glance(&self, now: DateTime<Utc>) -> Result<Option<Glance>, ConnectorError> {
        self.inner.glance(now).await
    }

    async fn pull(&self, request: PullRequest) -> Result<Box<dyn Pull>, ConnectorError> {
        self.layer.pull(&*self.inner, request).await
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

    async fn unpack(&self, body: Bytes) -> Option<Result<Unpacked, Box<Finding>>> {
        self.inner.unpack(body).await
    }

    fn read(&self, record: &RawRecord) -> Result<TaskDraft, Box<Rejection>> {
        self.inner.read(record)
    }

    async fn acknowledge(&self, receipts: Vec<Receipt>) -> Vec<Finding> {
        self.inner.acknowledge(receipts).await
    }
}

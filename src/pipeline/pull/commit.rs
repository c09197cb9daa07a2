//! Pages on their way from a running pull into the store.
//!
//! Owns what waits, what is being packed and the one transaction under way: a cursor never overtakes its pages, and
//! nothing that is not stored counts as seen. It must not know how a page was read. A failure of the store ends the
//! run; what was committed stays.

use super::{Puller, lost, of_store};
use crate::connector::{ConnectorError, Receipt, referring};
use crate::store::{PackedPage, PageCommit, Store, StoreError};
use bytes::Bytes;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use tokio_util::task::AbortOnDropHandle;

/// Pages packed at the same time, beside the one being read.
pub(super) const PAGES_PACKED: usize = 2;

/// Pages that are not stored yet, and the keys of the tasks on them: until they are, the store cannot tell
/// whether such a record changed once more.
#[derive(Default)]
pub(super) struct Unsettled {
    /// Pages being packed beside the reading of the next ones.
    pub(super) pages: Vec<AbortOnDropHandle<Result<PackedPage, StoreError>>>,
    pub(super) keys: HashSet<u64>,
    /// What is due to the source once they are stored.
    pub(super) receipts: Vec<Receipt>,
}

/// The transaction under way, with the keys of its tasks. Dropping it rolls it back.
#[derive(Default)]
pub(super) struct Committing {
    pub(super) commit: Option<AbortOnDropHandle<Result<Vec<i64>, ConnectorError>>>,
    pub(super) keys: HashSet<u64>,
    pub(super) receipts: Vec<Receipt>,
}

impl Puller<'_> {
    /// Has a page packed and lets it wait for the next transaction.
    pub(super) async fn wait(&mut self, page: PageCommit) {
        self.waiting.keys.extend(page.tasks.iter().map(|task| key_hash(&task.external_id)));
        let store = self.app.store.clone();
        // Never closed; and a page packed without a turn of its own would only cost memory.
        let turn = self.packing.clone().acquire_owned().await.ok();
        let packing = tokio::task::spawn_blocking(move || {
            let packed = packed(&store, page);
            drop(turn);
            packed
        });
        self.waiting.pages.push(AbortOnDropHandle::new(packing));
    }

    /// Waits for the transaction under way, if there is one.
    pub(super) async fn settle(&mut self) -> Result<(), ConnectorError> {
        let Some(commit) = &mut self.committing.commit else { return Ok(()) };
        let outcome = commit.await;
        let Committing { receipts, .. } = std::mem::take(&mut self.committing);
        let committed = outcome.map_err(|_| lost(&self.source))??;
        for id in committed {
            self.seen.insert(id);
        }
        crate::failpoint!("pull::after_commit");
        self.app.ring("identify");
        self.acknowledge(receipts).await;
        Ok(())
    }

    /// Stores what waits in a task of its own, so that the next pages are read meanwhile; nothing must be under
    /// way. One transaction after the other: a cursor never overtakes its pages.
    pub(super) fn begin_commit(&mut self) {
        if self.waiting.pages.is_empty() {
            return;
        }
        let Unsettled { pages, keys, receipts } = std::mem::take(&mut self.waiting);
        crate::failpoint!("pull::before_commit");
        let (store, source) = (self.app.store.clone(), self.source.clone());
        let commit = tokio::spawn(async move {
            let mut packed = Vec::with_capacity(pages.len());
            for page in pages {
                packed.push(page.await.map_err(|_| lost(&source))?.map_err(of_store)?);
            }
            store.commit_packed(packed).await.map_err(of_store)
        });
        self.committing = Committing { commit: Some(AbortOnDropHandle::new(commit)), keys, receipts };
    }

    pub(super) async fn commit_all(&mut self) -> Result<(), ConnectorError> {
        self.settle().await?;
        self.begin_commit();
        self.settle().await?;
        // What came again and was stored long ago.
        let receipts = std::mem::take(&mut self.waiting.receipts);
        self.acknowledge(receipts).await;
        Ok(())
    }

    /// Gives the source its receipts. What it cannot be told now, it delivers again.
    async fn acknowledge(&mut self, receipts: Vec<Receipt>) {
        if receipts.is_empty() {
            return;
        }
        for finding in self.connector.acknowledge(receipts).await {
            if !self.findings.iter().any(|known| known.code == finding.code) {
                self.findings.push(finding);
            }
        }
    }

    /// An answer that is cut into several pages is kept with the first of them that is stored.
    pub(super) fn kept_once(&mut self, body: Bytes) -> Bytes {
        let same =
            |kept: &Bytes| !body.is_empty() && kept.as_ptr() == body.as_ptr() && kept.len() == body.len();
        if self.kept.as_ref().is_some_and(same) {
            return referring();
        }
        self.kept = Some(body.clone());
        body
    }
}

/// A page as it is kept; on a thread that may block.
fn packed(store: &Store, page: PageCommit) -> Result<PackedPage, StoreError> {
    crate::failpoint!("pull::inside_packing", StoreError::Unexpected("a fault that was ordered".to_owned()));
    store.pack_page(page)
}

pub(super) fn key_hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

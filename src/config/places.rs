//! Where the keys of a loaded configuration were written, for findings that only show up when a value is used.
//!
//! Owns the translation of a key into file, line and column. It must not know what a key means.

use super::tree::Node;
use crate::error::{Finding, Place};
use std::sync::Arc;

/// The places of every key; cheap to clone.
#[derive(Debug, Clone)]
pub struct Places(Arc<Node>);

impl Places {
    pub(super) fn new(tree: Node) -> Self {
        Self(Arc::new(tree))
    }

    /// Where a key like `source[2].schedule` was written; its nearest ancestor's place when it was not.
    pub fn of(&self, key: &str) -> Place {
        self.0.nearest(key).origin.place(key)
    }

    /// A finding at the key that leads to it. A finding that already names a line of another file keeps it;
    /// what else it names (a request, a record) becomes the detail.
    pub fn locate(&self, finding: Finding, key: &str) -> Finding {
        let place = self.of(key);
        match &finding.place {
            Some(known) if known.line.is_some() => finding,
            Some(known) => {
                let detail = known.to_string();
                finding.at(Place { detail: Some(detail), ..place })
            }
            None => finding.at(place),
        }
    }
}

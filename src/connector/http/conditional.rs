//! Asking for a list only where it changed.
//!
//! Owns the validators an answer carried (`ETag`, `Last-Modified`), the cursor that keeps them, and what they are bound
//! to: the whole manifest and every setting, which together make the request. It must not know what a list holds. A
//! cursor that does not fit is none: the list is read whole.

use super::super::Cursor;
use super::Shared;
use crate::transport::{Reply, Request};
use chrono::{DateTime, TimeDelta};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Shape of a cursor that holds validators; 1 is that of changes.
const SHAPE: u32 = 2;

/// Longest validator worth keeping, bytes.
const LONGEST: usize = 1_024;

/// A list changed within this time before its answer may change again without its `Last-Modified` changing.
const SETTLED: TimeDelta = TimeDelta::minutes(1);

/// What an answer says its state is called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Validators {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    modified: Option<String>,
}

/// What a cursor holds.
#[derive(Serialize, Deserialize)]
struct Stored {
    v: u32,
    of: String,
    #[serde(flatten)]
    validators: Validators,
}

impl Validators {
    /// Those of an answer, where it carries any that may be trusted.
    pub(super) fn of(reply: &Reply) -> Option<Self> {
        let short = |text: &&str| !text.is_empty() && text.len() <= LONGEST;
        if let Some(etag) = reply.header("etag").filter(short) {
            return Some(Self { etag: Some(etag.to_owned()), modified: None });
        }
        let modified = reply.header("last-modified").filter(short)?;
        let at = |text: &str| DateTime::parse_from_rfc2822(text).ok();
        let settled = at(reply.header("date")?)? - at(modified)? >= SETTLED;
        settled.then(|| Self { etag: None, modified: Some(modified.to_owned()) })
    }

    /// The request that asks only for what is no longer this.
    pub(super) fn condition(&self, request: Request) -> Request {
        match (&self.etag, &self.modified) {
            (Some(etag), _) => request.header("if-none-match", etag),
            (None, Some(modified)) => request.header("if-modified-since", modified),
            (None, None) => request,
        }
    }

    /// Those a cursor of this source holds.
    pub(super) fn kept(cursor: &Cursor, shared: &Shared) -> Option<Self> {
        let stored: Stored = serde_json::from_str(&cursor.0).ok()?;
        let fits = stored.v == SHAPE && Some(stored.of) == binding(shared);
        (fits && stored.validators != Self::default()).then_some(stored.validators)
    }

    /// The cursor that keeps these; of none it holds nothing, so that older ones count no more.
    pub(super) fn cursor(validators: Option<Self>, shared: &Shared) -> Cursor {
        let of = binding(shared);
        let validators = validators.filter(|_| of.is_some()).unwrap_or_default();
        let stored = Stored { v: SHAPE, of: of.unwrap_or_default(), validators };
        Cursor(serde_json::to_string(&stored).unwrap_or_default())
    }
}

/// What decides how the list is asked for and read. Secrets are left out: a digest of a short one would tell it.
fn binding(shared: &Shared) -> Option<String> {
    let parts = serde_json::to_vec(&(&shared.loaded.manifest, &shared.settings)).ok()?;
    Some(Sha256::digest(parts).iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

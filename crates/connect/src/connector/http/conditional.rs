//! Asking for a list only where it changed.
//!
//! Owns the validators an answer carried (`ETag`, `Last-Modified`), the cursor that keeps them, and what they are bound
//! to: the whole manifest and every setting, which together make the request, and the secrets, which say who asks: what
//! another account was shown is no word about this one. It must not know what a list holds. A cursor that does not fit is
//! none: the list is read whole.

use super::super::Cursor;
use super::super::salted::{Salted, hex};
use super::Shared;
use crate::transport::{Reply, Request};
use chrono::{DateTime, TimeDelta};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

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
    asked_by: Salted,
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
        let holds = stored.v == SHAPE && stored.validators != Self::default();
        let fits = holds && Some(stored.of) == binding(shared);
        let same = fits && shared.keeper.made(&stored.asked_by);
        same.then_some(stored.validators)
    }

    /// The cursor that keeps these; of none it holds nothing, so that older ones count no more.
    pub(super) fn cursor(validators: Option<Self>, shared: &Shared) -> Cursor {
        let of = binding(shared);
        let validators = validators.filter(|_| of.is_some());
        let asked_by = validators.as_ref().map(|_| shared.keeper.under(None)).unwrap_or_default();
        let validators = validators.unwrap_or_default();
        let stored = Stored { v: SHAPE, of: of.unwrap_or_default(), asked_by, validators };
        Cursor(serde_json::to_string(&stored).unwrap_or_default())
    }
}

/// What decides how the list is asked for and read.
fn binding(shared: &Shared) -> Option<String> {
    let parts = serde_json::to_vec(&(&shared.loaded.manifest, &shared.settings)).ok()?;
    Some(hex(&Sha256::digest(parts)))
}

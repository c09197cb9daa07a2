//! Asking for a list only where it changed.
//!
//! Owns the validators an answer carried (`ETag`, `Last-Modified`), the cursor that keeps them, and what they are bound
//! to: the whole manifest and every setting, which together make the request, and the secrets, which say who asks: what
//! another account was shown is no word about this one. It must not know what a list holds. A cursor that does not fit is
//! none: the list is read whole.

use super::super::Cursor;
use super::Shared;
use crate::transport::{Reply, Request};
use chrono::{DateTime, TimeDelta};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

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

/// Rounds of the digest of secrets: about ten milliseconds, so that nobody tries many passwords on a cursor.
const ROUNDS: u32 = 20_000;

/// The secrets of a source as a cursor may keep them: salted, and slow to be tried out.
pub(super) struct Keeper {
    secrets: SecretString,
    /// The salt that was used last, and the digest under it.
    known: Mutex<Option<Salted>>,
}

/// A salt and the digest of the secrets under it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Salted {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    salt: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    key: String,
}

impl Keeper {
    /// All of a source's secrets, by their names.
    pub(super) fn of<'a>(secrets: impl Iterator<Item = (&'a String, &'a SecretString)>) -> Self {
        let written: String =
            secrets.map(|(name, secret)| format!("{name}\0{}\0", secret.expose_secret())).collect();
        Self { secrets: written.into(), known: Mutex::default() }
    }

    /// The digest under a salt, or under one of its own; nothing where there are no secrets.
    fn under(&self, salt: Option<&str>) -> Salted {
        if self.secrets.expose_secret().is_empty() {
            return Salted::default();
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref().filter(|known| salt.is_none_or(|salt| salt == known.salt)) {
            return known.clone();
        }
        let salt = salt.map_or_else(|| Uuid::now_v7().simple().to_string(), str::to_owned);
        let salted = Salted { key: slow_digest(self.secrets.expose_secret(), &salt), salt };
        known.insert(salted).clone()
    }
}

/// PBKDF2 with HMAC-SHA256, its first 16 bytes in hexadecimal form.
fn slow_digest(secret: &str, salt: &str) -> String {
    // A key of any length is taken.
    let Ok(keyed) = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    let mac = |text: &[u8]| keyed.clone().chain_update(text).finalize().into_bytes();
    let mut last = mac(&[salt.as_bytes(), &[0, 0, 0, 1]].concat());
    let mut sum = last;
    for _ in 1..ROUNDS {
        last = mac(&last);
        sum.iter_mut().zip(&last).for_each(|(sum, byte)| *sum ^= byte);
    }
    hex(&sum)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
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
        let same = fits && shared.keeper.under(Some(&stored.asked_by.salt)) == stored.asked_by;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_of_secrets_is_salted_and_known_again_by_its_salt() {
        let secret = |text: &str| SecretString::from(text.to_owned());
        let name = "password".to_owned();
        let keeper = |text: &str| Keeper::of([(&name, &secret(text))].into_iter());
        let (first, other) = (keeper("a").under(None), keeper("a").under(None));
        assert!(first.salt != other.salt && first.key != other.key && first.key.len() == 32, "{first:?}");
        assert_eq!(keeper("a").under(Some(&first.salt)), first);
        assert_ne!(keeper("b").under(Some(&first.salt)), first);
        assert_eq!(Keeper::of(std::iter::empty()).under(None), Salted::default());
    }
}

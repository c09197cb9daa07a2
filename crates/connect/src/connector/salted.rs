//! The secrets of a source as a cursor may keep them: salted, and slow to be tried out.
//!
//! Owns the digest that tells whether a cursor was made by whoever asks now. It must not know what a cursor is for. Of a
//! source without secrets it holds nothing.

use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// Rounds of the digest of secrets: about ten milliseconds, so that nobody tries many passwords on a cursor.
const ROUNDS: u32 = 20_000;

/// The secrets of a source.
pub(super) struct Keeper {
    secrets: SecretString,
    /// The salt that was used last, and the digest under it.
    known: Mutex<Option<Salted>>,
}

/// A salt and the digest of the secrets under it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Salted {
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
    pub(super) fn under(&self, salt: Option<&str>) -> Salted {
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

    /// Whether a digest was made of these secrets.
    pub(super) fn made(&self, salted: &Salted) -> bool {
        self.under(Some(&salted.salt)) == *salted
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

/// The first sixteen bytes in hexadecimal form.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
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
        assert!(keeper("a").made(&first) && !keeper("b").made(&first));
        assert!(!keeper("a").made(&Salted::default()), "there were no secrets then");
        assert_eq!(Keeper::of(std::iter::empty()).under(None), Salted::default());
    }
}

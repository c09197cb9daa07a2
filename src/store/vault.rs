//! Encryption at rest of citizen id numbers and of source answers.
//!
//! Owns the keys: sealing with XChaCha20-Poly1305 by one of them, opening by every one that is accepted, and the keyed index
//! (HMAC-SHA-256) by which a number is found without being readable. It must not know where a key comes from, or when one
//! gives way to another. A value that does not open is an error, never an empty value.

use super::error::StoreError;
use crate::domain::CitizenId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, AeadCore as _, KeyInit as _, OsRng, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// Bytes of a nonce in front of a sealed value.
const NONCE: usize = 24;

/// Seals, opens and indexes with 32-byte keys. Every copy of a vault has the same keys.
#[derive(Clone)]
pub struct Vault {
    ring: Arc<RwLock<Ring>>,
    index_key: Arc<[u8; 32]>,
    /// Check value of the key it was opened with.
    opened_with: Arc<str>,
}

/// The accepted keys.
struct Ring {
    /// The one that seals.
    sealing: Held,
    /// Others that open.
    others: Vec<Held>,
}

/// One accepted key.
#[derive(Clone)]
struct Held {
    key: [u8; 32],
    check: Arc<str>,
    cipher: Arc<XChaCha20Poly1305>,
}

impl Held {
    /// Sealing and indexing use keys derived from the installation's, so that an index never tells anything about the
    /// cipher's key.
    fn new(key: &[u8; 32]) -> Self {
        let cipher = XChaCha20Poly1305::new(Key::from_slice(&derive(key, b"lienthong seal 1")));
        let check = derive(&derive(key, b"lienthong index 1"), b"lienthong key check 1");
        let check = format!("kc1_{}", URL_SAFE_NO_PAD.encode(check));
        Self { key: *key, check: check.into(), cipher: Arc::new(cipher) }
    }

    fn opens(&self, place: &str, nonce: &[u8], body: &[u8]) -> Option<Vec<u8>> {
        let payload = Payload { msg: body, aad: place.as_bytes() };
        self.cipher.decrypt(XNonce::from_slice(nonce), payload).ok()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// What the index of a number begins with.
    pub const INDEX_MARK: &str = "bi1_";

    /// A vault from the installation's first field key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self::with_index(key, derive(key, b"lienthong index 1"))
    }

    /// A vault of a later key: the index keeps the key it began with.
    pub(super) fn with_index(key: &[u8; 32], index_key: [u8; 32]) -> Self {
        let sealing = Held::new(key);
        let opened_with = sealing.check.clone();
        let ring = Ring { sealing, others: Vec::new() };
        Self { ring: Arc::new(RwLock::new(ring)), index_key: Arc::new(index_key), opened_with }
    }

    fn read(&self) -> RwLockReadGuard<'_, Ring> {
        // Whoever panicked held keys and changed none of them half.
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Ring)) {
        change(&mut self.ring.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Accepts another key; where it seals, the one that did so far opens.
    pub(super) fn accept(&self, key: &[u8; 32], seals: bool) {
        let other = Held::new(key);
        self.change(|ring| {
            if ring.sealing.check == other.check {
                return;
            }
            ring.others.retain(|held| held.check != other.check);
            let opens = if seals { std::mem::replace(&mut ring.sealing, other) } else { other };
            ring.others.push(opens);
        });
    }

    /// Forgets every key but the one that seals.
    pub(super) fn retain_sealing(&self) {
        self.change(|ring| ring.others.clear());
    }

    /// Check values of the accepted keys.
    pub(super) fn checks(&self) -> Vec<String> {
        let ring = self.read();
        std::iter::once(&ring.sealing).chain(&ring.others).map(|held| held.check.to_string()).collect()
    }

    /// The key that seals, alone, and its bytes.
    pub(super) fn sealing(&self) -> (Self, [u8; 32]) {
        let key = self.read().sealing.key;
        (Self::with_index(&key, *self.index_key), key)
    }

    pub(super) fn index_key(&self) -> &[u8; 32] {
        &self.index_key
    }

    /// Whether it was opened with the key that seals.
    pub(super) fn is_opened_with_sealing_key(&self) -> bool {
        self.read().sealing.check == self.opened_with
    }

    /// The keyed index of a citizen id number: the same number gives the same text, nothing leads back.
    pub fn blind_index(&self, id: &CitizenId) -> String {
        let digest = derive(&self.index_key, id.reveal().as_bytes());
        format!("{}{}", Self::INDEX_MARK, URL_SAFE_NO_PAD.encode(&digest[..16]))
    }

    /// Says which key seals and nothing about it: the same key gives the same text, nothing leads back.
    pub(super) fn check_value(&self) -> String {
        self.read().sealing.check.to_string()
    }

    /// Seals bytes for one place; `place` is bound in, so a sealed value cannot be moved elsewhere.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let cipher = self.read().sealing.cipher.clone();
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let payload = Payload { msg: plain, aad: place.as_bytes() };
        let sealed = cipher
            .encrypt(&nonce, payload)
            .map_err(|_| StoreError::Sealed(format!("cannot seal for {place}")))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Vault::seal`] made for the same place, with whichever accepted key it was.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (nonce, body) = sealed
            .split_at_checked(NONCE)
            .ok_or_else(|| StoreError::Sealed(format!("{place} is too short")))?;
        let (sealing, others) = {
            let ring = self.read();
            (ring.sealing.clone(), ring.others.clone())
        };
        std::iter::once(&sealing)
            .chain(&others)
            .find_map(|held| held.opens(place, nonce, body))
            .ok_or_else(|| StoreError::Sealed(format!("{place} does not open with this key")))
    }

    /// Whether a value is sealed with the key that seals now.
    pub(super) fn is_sealed_anew(&self, place: &str, sealed: &[u8]) -> bool {
        let held = self.read().sealing.clone();
        let parts = sealed.split_at_checked(NONCE);
        parts.is_some_and(|(nonce, body)| held.opens(place, nonce, body).is_some())
    }
}

fn derive(key: &[u8; 32], label: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length, so this cannot fail; an all-zero key would only make look-ups miss.
    let Ok(mut mac) = <Hmac<Sha256> as hmac::Mac>::new_from_slice(key) else { return [0; 32] };
    mac.update(label);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_value_opens_only_in_its_place_and_with_its_key() {
        let vault = Vault::new(&[7; 32]);
        let sealed = vault.seal("person", b"099200001234").expect("sealed");
        assert_eq!(vault.open("person", &sealed).expect("opened"), b"099200001234");
        assert!(vault.open("raw", &sealed).is_err());
        assert!(Vault::new(&[8; 32]).open("person", &sealed).is_err());
        assert!(vault.open("person", &sealed[..10]).is_err());
        assert!(!sealed.windows(4).any(|part| part == b"0992"));
    }

    #[test]
    fn two_keys_open_one_seals_and_the_index_stays() {
        let id = CitizenId::parse("099200001234").expect("id");
        let vault = Vault::new(&[7; 32]);
        let (copy, index) = (vault.clone(), vault.blind_index(&id));
        let old = vault.seal("raw", b"a").expect("sealed");
        vault.accept(&[8; 32], true);
        let new = copy.seal("raw", b"b").expect("sealed");
        assert_eq!(
            (copy.open("raw", &old).expect("old"), vault.open("raw", &new).expect("new")),
            (b"a".to_vec(), b"b".to_vec())
        );
        assert!(vault.is_sealed_anew("raw", &new) && !vault.is_sealed_anew("raw", &old));
        assert_eq!(
            (vault.blind_index(&id), vault.check_value()),
            (index, Vault::new(&[8; 32]).check_value())
        );
        assert!(!vault.is_opened_with_sealing_key(), "it was opened with the old one");
        vault.retain_sealing();
        assert!(copy.open("raw", &old).is_err() && copy.open("raw", &new).is_ok());
    }

    #[test]
    fn index_is_stable_per_key_and_hides_the_number() {
        let id = CitizenId::parse("099200001234").expect("id");
        let index = Vault::new(&[7; 32]).blind_index(&id);
        assert_eq!(index, Vault::new(&[7; 32]).blind_index(&id));
        assert_ne!(index, Vault::new(&[8; 32]).blind_index(&id));
        assert!(!index.contains("0992") && index.len() == 26);
    }
}

//! Encryption at rest of citizen id numbers and of source answers.
//!
//! Owns the key: sealing with XChaCha20-Poly1305, and the keyed index (HMAC-SHA-256) by which a number is
//! found without being readable. It must not know where the key comes from. A value that does not open is
//! an error, never an empty value.

use super::error::StoreError;
use crate::domain::CitizenId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, AeadCore as _, KeyInit as _, OsRng, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::fmt;
use std::sync::Arc;

/// Bytes of a nonce in front of a sealed value.
const NONCE: usize = 24;

/// Seals, opens and indexes with one 32-byte key.
#[derive(Clone)]
pub struct Vault {
    cipher: Arc<XChaCha20Poly1305>,
    index_key: Arc<[u8; 32]>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// A vault from the installation's field key. Sealing and indexing use keys derived from it, so that
    /// an index never tells anything about the cipher's key.
    pub fn new(key: &[u8; 32]) -> Self {
        let cipher_key = derive(key, b"lienthong seal 1");
        let cipher = XChaCha20Poly1305::new(Key::from_slice(&cipher_key));
        Self { cipher: Arc::new(cipher), index_key: Arc::new(derive(key, b"lienthong index 1")) }
    }

    /// The keyed index of a citizen id number: the same number gives the same text, nothing leads back.
    pub fn blind_index(&self, id: &CitizenId) -> String {
        let digest = derive(&self.index_key, id.reveal().as_bytes());
        format!("bi1_{}", URL_SAFE_NO_PAD.encode(&digest[..16]))
    }

    /// Says which key this is and nothing about it: the same key gives the same text, nothing leads back.
    pub(super) fn check_value(&self) -> String {
        format!("kc1_{}", URL_SAFE_NO_PAD.encode(derive(&self.index_key, b"lienthong key check 1")))
    }

    /// Seals bytes for one place; `place` is bound in, so a sealed value cannot be moved elsewhere.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let payload = Payload { msg: plain, aad: place.as_bytes() };
        let sealed = self
            .cipher
            .encrypt(&nonce, payload)
            .map_err(|_| StoreError::Sealed(format!("cannot seal for {place}")))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Vault::seal`] made for the same place.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (nonce, body) = sealed
            .split_at_checked(NONCE)
            .ok_or_else(|| StoreError::Sealed(format!("{place} is too short")))?;
        let payload = Payload { msg: body, aad: place.as_bytes() };
        self.cipher
            .decrypt(XNonce::from_slice(nonce), payload)
            .map_err(|_| StoreError::Sealed(format!("{place} does not open with this key")))
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
    fn index_is_stable_per_key_and_hides_the_number() {
        let id = CitizenId::parse("099200001234").expect("id");
        let index = Vault::new(&[7; 32]).blind_index(&id);
        assert_eq!(index, Vault::new(&[7; 32]).blind_index(&id));
        assert_ne!(index, Vault::new(&[8; 32]).blind_index(&id));
        assert!(!index.contains("0992") && index.len() == 26);
    }
}

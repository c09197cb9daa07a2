//! A refresh token that must outlive the process, in a file.
//!
//! Owns the file: written whole or not at all, readable by its owner alone, sealed with a key made of the token
//! the configuration gives. Whoever puts a new token into the configuration thereby makes the old file unreadable,
//! and it is passed over. It must not know who the tokens belong to. What cannot be read counts as not there.

use crate::error::{Text, io_cause};
use chacha20poly1305::aead::{Aead as _, AeadCore as _, KeyInit as _, OsRng};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::io::Write as _;
use std::path::Path;

/// Length of the number that is used once.
const NONCE: usize = 24;

/// A refresh token is some hundred bytes; a larger file is none.
const MOST: u64 = 64 * 1024;

fn cipher(first: &SecretString) -> Option<XChaCha20Poly1305> {
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(first.expose_secret().as_bytes()).ok()?;
    mac.update(b"lienthong kept refresh token 1");
    let key = mac.finalize().into_bytes();
    Some(XChaCha20Poly1305::new(Key::from_slice(&key)))
}

/// The token kept in the file; none when there is none that belongs to `first`.
pub(super) fn read(file: &Path, first: &SecretString) -> Option<SecretString> {
    if std::fs::metadata(file).ok()?.len() > MOST {
        return None;
    }
    let sealed = std::fs::read(file).ok()?;
    let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
    let open = cipher(first)?.decrypt(XNonce::from_slice(nonce), sealed).ok()?;
    String::from_utf8(open).ok().map(SecretString::from)
}

/// Keeps a token: beside the file first, then in its place.
pub(super) fn write(file: &Path, first: &SecretString, token: &SecretString) -> Result<(), Text> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let failed = |error: &std::io::Error| {
        let shown = file.display().to_string();
        Text::new(shown.clone(), shown).because(&io_cause(error))
    };
    let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
    let sealed = cipher(first)
        .and_then(|cipher| cipher.encrypt(&nonce, token.expose_secret().as_bytes()).ok())
        .ok_or_else(|| Text::new("không mã hóa được", "it cannot be sealed"))?;
    let beside = file.with_extension("new");
    let done = || -> std::io::Result<()> {
        let _ = std::fs::remove_file(&beside);
        let mut out = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        out.write_all(&nonce)?;
        out.write_all(&sealed)?;
        out.sync_all()?;
        std::fs::rename(&beside, file)?;
        // The new name must be on disk as well, or a power cut brings the used token back.
        match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => std::fs::File::open(folder)?.sync_all(),
            _ => Ok(()),
        }
    };
    done().map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn kept_token_is_sealed_for_the_owner_and_for_the_configured_token_alone() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("refresh");
        let (first, other) = (SecretString::from("first"), SecretString::from("other"));
        assert!(read(&file, &first).is_none());
        for token in ["second-hidden", "third-hidden"] {
            write(&file, &first, &SecretString::from(token)).expect("kept");
            assert_eq!(
                read(&file, &first).map(|kept| kept.expose_secret().to_owned()).as_deref(),
                Some(token)
            );
        }
        let bytes = std::fs::read(&file).expect("file");
        assert!(!bytes.windows(6).any(|window| window == b"hidden"));
        assert_eq!(std::fs::metadata(&file).expect("file").permissions().mode() & 0o777, 0o600);
        assert!(read(&file, &other).is_none(), "a new token in the configuration counts");
        std::fs::write(&file, &bytes[..bytes.len() - 1]).expect("cut");
        assert!(read(&file, &first).is_none());
        let missing = folder.path().join("none/refresh");
        assert!(write(&missing, &first, &other).is_err());
    }
}

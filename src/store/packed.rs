//! A derivation's JSON text as it is kept: compressed in pieces, one behind the other.
//!
//! Owns the compression. Pieces stand alone, so that what many derivations have in common is compressed once; read
//! back, the text is the pieces' texts one after the other. It must not know what the text says. What does not unpack is
//! an error.

use super::StoreError;
use std::cell::RefCell;
use std::io::Read as _;

/// Largest text that is unpacked: a leader of a whole province has hundreds of thousands of lines.
const MOST: u64 = 1 << 30;

thread_local! {
    // Making the compressor's tables costs more than compressing a short text.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
}

/// A compressed text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packed(Vec<u8>);

impl Packed {
    /// Compresses a text.
    ///
    /// # Errors
    /// When the compressor has no memory left.
    pub fn of(text: &[u8]) -> Result<Self, StoreError> {
        let packed = COMPRESSOR.with_borrow_mut(|kept| {
            let compressor = match kept {
                Some(compressor) => compressor,
                None => {
                    let mut made = zstd::bulk::Compressor::new(1)?;
                    // What is damaged must not be read as something else; kept only with it, or the next text had none.
                    made.include_checksum(true)?;
                    kept.insert(made)
                }
            };
            compressor.compress(text)
        });
        Ok(Self(packed.map_err(sqlx::Error::Io)?))
    }

    /// Puts another text behind this one.
    pub fn append(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// The whole text.
    ///
    /// # Errors
    /// When it does not unpack, or is larger than any derivation.
    pub fn text(&self) -> Result<Vec<u8>, StoreError> {
        let broken =
            |why: String| StoreError::unexpected(format!("a derivation that does not unpack: {why}"));
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        // Most texts are unpacked to less than this; one that is not grows.
        let mut text = Vec::with_capacity((self.0.len() * 16).min(1 << 20));
        let decoder = zstd::stream::read::Decoder::with_buffer(self.0.as_slice());
        let read = decoder.and_then(|decoder| decoder.take(MOST + 1).read_to_end(&mut text));
        match read {
            Ok(read) if read as u64 > MOST => Err(broken(format!("more than {MOST} bytes"))),
            Ok(_) => Ok(text),
            Err(error) => Err(broken(error.to_string())),
        }
    }

    /// How many bytes are kept.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    pub(super) fn kept(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_read_back_as_one_text_and_what_is_cut_is_an_error() {
        let mut whole = Packed::of(b"{\"lines\":[").expect("packed");
        for piece in ["1", ",2", "", "]}"] {
            whole.append(&Packed::of(piece.as_bytes()).expect("packed"));
        }
        assert_eq!(whole.text().expect("text"), b"{\"lines\":[1,2]}");
        assert_eq!(Packed::default().text().expect("nothing"), b"");
        let mut bytes = whole.into_bytes();
        bytes.truncate(bytes.len() - 3);
        assert!(Packed::kept(bytes).text().is_err());
        assert!(Packed::kept(b"no frame".to_vec()).text().is_err());
    }
}

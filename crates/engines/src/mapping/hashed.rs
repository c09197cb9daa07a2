//! Maps whose keys are hashes already.
//!
//! Owns the hasher that leaves them alone. It must not know what was hashed.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map by 64-bit hashes.
pub(super) type ByHash<V> = HashMap<u64, V, BuildHasherDefault<AsIs>>;

/// Takes a hash as its own hash.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

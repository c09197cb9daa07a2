//! edXML packages (QCVN 102:2016/BTTTT) and the axis they travel on.
//!
//! Owns reading and writing packages, their attachments' facts, the identity of documents, what a package means as
//! records and evidence, and the transport of the national document axis. It must not know the store or people. A
//! package that cannot be read is a [`Refusal`] and concerns nobody but itself; attachments' contents are never kept,
//! only their name, type, size and digest.

mod attachment;
pub mod directory;
mod finding;
pub mod key;
pub mod package;
mod read;
pub mod record;
mod tree;
pub mod vxp;
pub mod write;

#[cfg(test)]
mod tests;

use attachment::hex;
pub use finding::Refusal;

use bytes::Bytes;
use key::{Agencies, NoDirectory};
use std::fmt;
use std::sync::Arc;

/// Namespace of the standard.
pub const NAMESPACE: &str = "http://www.mic.gov.vn/TBT/QCVN_102_2016";

/// What one package may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a package.
    pub package: u64,
    /// Bytes of one attachment, decoded and unwrapped.
    pub attachment: u64,
    /// Bytes of all attachments together, decoded and unwrapped: what their reading may cost.
    pub unpacked: u64,
    /// Attachments.
    pub attachments: usize,
    /// Elements.
    pub elements: usize,
    /// Elements inside each other.
    pub depth: usize,
    /// Bytes of text beside the contents of attachments.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            package: 128 * 1024 * 1024,
            attachment: 96 * 1024 * 1024,
            unpacked: 256 * 1024 * 1024,
            attachments: 500,
            elements: 100_000,
            depth: 32,
            text: 8 * 1024 * 1024,
        }
    }
}

/// A package as it is kept: without the contents of its attachments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept(pub Bytes);

/// How packages are read.
#[derive(Clone)]
pub struct Edxml {
    /// Limits.
    pub limits: Limits,
    /// Namespaces that are expected; another one is a warning.
    pub namespaces: Vec<String>,
    /// Known agencies.
    pub agencies: Arc<dyn Agencies>,
}

impl Default for Edxml {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            namespaces: vec![NAMESPACE.to_owned()],
            agencies: Arc::new(NoDirectory),
        }
    }
}

impl fmt::Debug for Edxml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Edxml({:?})", self.limits)
    }
}

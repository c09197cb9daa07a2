//! Catalog files and versions: reading what a province approved, and comparing two versions.
//!
//! Owns the columns of the file, their Vietnamese headers, every check of a row, the difference of two versions, and
//! the workshop in which units and the province make one. It must not know how tasks are matched. A file with any error gives all its errors and no product:
//! a catalog is never half-read.

pub mod diff;
mod read;
mod table;
pub mod workshop;

pub use diff::{Change, Diff, diff};
pub use read::{MAX_BYTES, MAX_ROWS, read};

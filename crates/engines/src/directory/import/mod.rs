//! People and units from files (docs/FILES.md).
//!
//! Owns the columns, the words accepted in them and the checks across rows. Every wrong cell is told at once
//! (500 at most) with its place; a file that has one changes nothing. It must not know what is stored already
//! beyond the units it is given. A citizen id number never stands in a message.

mod people;
mod units;

pub use people::{accounts_elsewhere, read_people};
pub use units::read_units;

/// Most findings of one file; the rest would only repeat them.
const MAX_FINDINGS: usize = 500;

/// Several values of one cell, separated by `|`.
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split('|').map(str::trim).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests;

//! A people file once it is read: what it says about units and people.
//!
//! Owns the shape in which `directory` hands an import to whoever keeps it. Staff numbers are the key; ids
//! are given where it is kept.

use super::id::{SourceId, UnitCode};
use super::person::{CitizenId, Role, StaffNumber, Unit};
use chrono::NaiveDate;

/// One person of an imported file with everything the file says about them.
#[derive(Debug, Clone)]
pub struct ImportedPerson {
    /// Staff number, the key.
    pub staff_number: StaffNumber,
    /// Citizen id number, where given.
    pub citizen_id: Option<CitizenId>,
    /// Full name.
    pub full_name: String,
    /// Posts: unit, title, role, from, to.
    pub memberships: Vec<(UnitCode, String, Role, NaiveDate, Option<NaiveDate>)>,
    /// Units led: unit, from, to.
    pub leads: Vec<(UnitCode, NaiveDate, Option<NaiveDate>)>,
    /// Accounts per source.
    pub accounts: Vec<(SourceId, String)>,
}

/// An imported people file, units included where it has them.
#[derive(Debug, Clone, Default)]
pub struct DirectoryImport {
    /// Units; existing ones are overwritten, others stay.
    pub units: Vec<Unit>,
    /// People; what the file says about a person replaces what was known.
    pub people: Vec<ImportedPerson>,
}

//! A people file once it is read: what it says about units and people.
//!
//! Owns the shape in which `directory` hands an import to whoever keeps it, and the columns such a file may have. Staff
//! numbers are the key; ids are given where it is kept.

use super::id::{SourceId, UnitCode};
use super::person::{Charge, CitizenId, Role, StaffNumber, Unit};
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
    /// Units and people led: which, from, to.
    pub leads: Vec<(Charge<StaffNumber>, NaiveDate, Option<NaiveDate>)>,
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

/// What a list of a personnel system holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectoryContent {
    /// A post of a person in each row.
    People,
    /// A unit in each row.
    Units,
    /// A leave of a person in each row.
    Leave,
}

impl DirectoryContent {
    /// The columns of its file, in order.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::People => &[
                "staff_number",
                "citizen_id",
                "full_name",
                "unit",
                "post",
                "role",
                "from",
                "to",
                "leads",
                "accounts",
                "recruited_on",
            ],
            Self::Units => &["code", "name", "kind", "parent", "org_code"],
            Self::Leave => &["staff_number", "kind", "from", "to", "document", "text", "state"],
        }
    }

    /// Those that every row needs.
    pub fn required(self) -> &'static [&'static str] {
        match self {
            Self::People => &["staff_number", "full_name", "unit", "role", "from"],
            Self::Units => &["code", "name", "kind"],
            Self::Leave => &["staff_number", "kind", "from", "to", "document"],
        }
    }

    /// Those that hold a day.
    pub fn days(self) -> &'static [&'static str] {
        match self {
            Self::People => &["from", "to", "recruited_on"],
            Self::Units => &[],
            Self::Leave => &["from", "to"],
        }
    }
}

//! People, units and who works where (Decree 335/2025 art. 3.1, 10; plan IV.1).
//!
//! Owns identity numbers, posts with dates, and who leads whom from when to when. It must not know
//! accounts of source systems or scores. A citizen id number never prints: `Debug` and `Display` mask it.

use super::id::{PersonId, UnitCode};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Personal identification number (số định danh cá nhân): 12 digits without check digit
/// (interoperability facts 2.3). Shown only masked; the digits leave through [`CitizenId::reveal`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CitizenId(String);

impl CitizenId {
    /// Takes exactly 12 ASCII digits.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())).then(|| Self(text.to_owned()))
    }

    /// The digits, for encryption and for the national database's message only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A text in which every run of exactly 12 digits is masked, whatever it is: what is shown of records nobody has
    /// read yet.
    pub fn mask_in(text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, digits) = rest.split_at(start);
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            let (run, after) = digits.split_at(end);
            out.push_str(before);
            match Self::parse(run) {
                Some(id) => out.push_str(&id.masked()),
                None => out.push_str(run),
            }
            rest = after;
        }
        out + rest
    }

    /// `0790••••••23`
    pub fn masked(&self) -> String {
        format!("{}••••••{}", &self.0[..4], &self.0[10..])
    }
}

impl fmt::Debug for CitizenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Display for CitizenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// Staff number given by the province (số hiệu CBCCVC, `SoHieuCBCCVC_BNDP`): 1–32 visible characters,
/// compared without blanks at either end and around dashes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StaffNumber(String);

impl StaffNumber {
    /// Normalises blanks (a code typed `GL - 00012` equals `GL-00012`) and checks the length.
    pub fn parse(text: &str) -> Option<Self> {
        let joined: String = text.split_whitespace().collect::<Vec<_>>().join("");
        let fits = (1..=32).contains(&joined.chars().count()) && !joined.chars().any(char::is_control);
        fits.then_some(Self(joined))
    }

    /// The normalised number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StaffNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for StaffNumber {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| "a staff number has 1 to 32 visible characters".to_owned())
    }
}

impl From<StaffNumber> for String {
    fn from(number: StaffNumber) -> String {
        number.0
    }
}

/// A civil servant (công chức) or contract worker known to the installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Opaque id used everywhere outside personnel data.
    pub id: PersonId,
    /// Province's number; unique.
    pub staff_number: StaffNumber,
    /// Citizen id number where known; unique.
    pub citizen_id: Option<CitizenId>,
    /// Full name as in the personnel file. Never a key.
    pub full_name: String,
}

/// What kind of body a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// The provincial People's Committee (root; scores heads of departments and commune chairs).
    Province,
    /// Department of the province and equivalent (sở, ngành).
    Department,
    /// Commune or ward People's Committee (UBND xã, phường).
    Commune,
    /// Division inside a department or commune (phòng, ban, chi cục).
    Division,
}

/// An organisational unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Code in this installation.
    pub code: UnitCode,
    /// Name as printed on forms.
    pub name: String,
    /// Kind of body.
    pub kind: UnitKind,
    /// The unit above, none for the root.
    pub parent: Option<UnitCode>,
    /// Agency code for exchange (`H21.15` or `000.00.15.H21`), where it has one.
    pub org_code: Option<String>,
}

/// Role within a unit, as far as scoring needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Người đứng đầu (Decree 335/2025 art. 15.1–3).
    Head,
    /// Cấp phó (art. 15.4).
    Deputy,
    /// Civil servant without leadership post (art. 14).
    Staff,
    /// Contract worker (art. 28.2; plan V.1.e).
    Contract,
    /// Account that administers systems; outside the evaluated population.
    Administrator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Head, Self::Deputy, Self::Staff, Self::Contract, Self::Administrator];

    /// Its word in files, documents and columns.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Deputy => "deputy",
            Self::Staff => "staff",
            Self::Contract => "contract",
            Self::Administrator => "administrator",
        }
    }

    /// Heads and deputies have six components, others three (art. 16).
    pub fn is_leader(self) -> bool {
        matches!(self, Self::Head | Self::Deputy)
    }
}

/// A post in a unit from one day to another; both days included, `to` open when none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Who.
    pub person: PersonId,
    /// Where.
    pub unit: UnitCode,
    /// Title of the post as printed.
    pub post: String,
    /// Role for scoring.
    pub role: Role,
    /// First day.
    pub from: NaiveDate,
    /// Last day, or none while it lasts.
    pub to: Option<NaiveDate>,
}

/// What a leader is in charge of (art. 15.4): a unit with everything below it, or one person by name. `P` says how
/// people are named: by id where they are kept, by staff number in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Charge<P> {
    /// A unit and everything below it.
    Unit(UnitCode),
    /// One person, and nobody below them.
    Person(P),
}

impl<P> From<UnitCode> for Charge<P> {
    fn from(unit: UnitCode) -> Self {
        Self::Unit(unit)
    }
}

/// A leader's charge over a whole unit, or a deputy's over the units and people in their field, by dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leadership {
    /// Who leads.
    pub leader: PersonId,
    /// What is in charge.
    pub over: Charge<PersonId>,
    /// First day.
    pub from: NaiveDate,
    /// Last day, or none while it lasts.
    pub to: Option<NaiveDate>,
}

/// Whether two closed day spans share a day; an open end lasts for ever.
pub fn spans_overlap(a: (NaiveDate, Option<NaiveDate>), b: (NaiveDate, Option<NaiveDate>)) -> bool {
    let end = |to: Option<NaiveDate>| to.unwrap_or(NaiveDate::MAX);
    a.0 <= end(b.1) && b.0 <= end(a.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn citizen_id_never_prints_its_digits() {
        let id = CitizenId::parse("099200001234").expect("twelve digits");
        assert_eq!(format!("{id} {id:?}"), "0992••••••34 0992••••••34");
        for bad in ["", "9920000123", "09920000123x", "０９９２００００１２３４"] {
            assert!(CitizenId::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn blanks_around_the_dash_do_not_make_another_person() {
        assert_eq!(StaffNumber::parse(" GL - 00012 "), StaffNumber::parse("GL-00012"));
        assert!(StaffNumber::parse("  ").is_none());
    }
}

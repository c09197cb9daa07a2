//! What people name in an order: a file, a person, a task, a catalog, a product that is chosen or proposed.
//!
//! Owns how each is written and what it travels as. It must not know orders or how they are carried out. A text that
//! names nothing is refused with how to write it.

use crate::domain::{CatalogVersion, PersonId, ProductCode, SourceId, StaffNumber, UnitCode};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Largest file an order may carry, in bytes.
pub const MAX_FILE_BYTES: usize = 32 << 20;

/// A file as the caller sees it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Name for messages.
    pub name: String,
    /// Contents.
    #[serde(with = "base64_text")]
    pub bytes: Vec<u8>,
}

// Files carry personal data: only the size prints.
impl fmt::Debug for InputFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InputFile({}, {} bytes)", self.name, self.bytes.len())
    }
}

mod base64_text {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        STANDARD.decode(text.as_bytes()).map_err(|_| D::Error::custom("not base64"))
    }
}

/// A person as people name one: the staff number, or the opaque id the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PersonRef {
    /// Opaque id.
    Id(PersonId),
    /// Province's staff number.
    Staff(StaffNumber),
}

impl FromStr for PersonRef {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(id) = text.parse::<PersonId>() {
            return Ok(Self::Id(id));
        }
        StaffNumber::parse(text)
            .map(Self::Staff)
            .ok_or_else(|| "not a staff number (1 to 32 characters)".to_owned())
    }
}

impl fmt::Display for PersonRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Staff(number) => number.fmt(f),
        }
    }
}

impl TryFrom<String> for PersonRef {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PersonRef> for String {
    fn from(person: PersonRef) -> String {
        person.to_string()
    }
}

/// A task as people name one: source and the source's key, written `SOURCE:KEY`; `SOURCE/KEY`, as scores and papers have it, is
/// the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRef {
    /// The source.
    pub source: SourceId,
    /// The source's key.
    pub external_id: String,
}

impl FromStr for TaskRef {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || "write a task as SOURCE:KEY, for example snv-eoffice:1042".to_owned();
        let (source, key) = text.split_once([':', '/']).ok_or_else(wrong)?;
        if key.is_empty() || key.chars().count() > 200 {
            return Err(wrong());
        }
        Ok(Self { source: source.parse().map_err(|_| wrong())?, external_id: key.to_owned() })
    }
}

/// A catalog as people name one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatalogRef {
    /// A file.
    File(InputFile),
    /// A stored version.
    Stored(CatalogVersion),
}

/// What decisions of another installation are taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ImportAs {
    /// Examples the ranking learns from.
    Examples,
    /// Decisions about the same tasks here.
    Decisions,
}

/// A product somebody proposes for the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposedTerms {
    /// Code until a catalog gives it one.
    pub code: ProductCode,
    /// Name.
    pub name: String,
    /// Complexity group, 1 to 5.
    pub group: u8,
    /// Provisional coefficient, above 0.
    pub coefficient: Option<rust_decimal::Decimal>,
    /// Field; empty when not told.
    pub field: String,
    /// Unit of measure; empty when not told.
    pub measure: String,
}

/// What a person decides about a task's product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MappingChoice {
    /// This product of the catalog version in force at assignment.
    Product(ProductCode),
    /// The task is outside the catalog.
    Outside,
}

/// Whom a list of who is known is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Roster {
    /// Everyone, or those of a unit and the ones below it.
    People {
        /// Of this unit and those below it only.
        unit: Option<UnitCode>,
        /// Most rows.
        limit: u32,
    },
    /// Those whose staff number or name has all words of a text.
    Found {
        /// Words in any order, accents optional.
        text: String,
        /// Most rows.
        limit: u32,
    },
    /// One person with posts, charges and accounts.
    One {
        /// Whom.
        person: PersonRef,
    },
    /// Every unit.
    Units,
}

impl Roster {
    /// The order as it is written.
    pub fn name(&self) -> &'static str {
        match self {
            Self::People { .. } => "people list",
            Self::Found { .. } => "people find",
            Self::One { .. } => "people show",
            Self::Units => "people units",
        }
    }
}

/// Which view of a score is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum ScoreView {
    /// Tasks due up to today.
    ToDate,
    /// Every task of the period.
    FullPeriod,
}

impl ScoreView {
    /// Stable name, as stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ToDate => "to_date",
            Self::FullPeriod => "full_period",
        }
    }
}

/// What `report tasks` has a row for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ReportBy {
    /// One row per person.
    Person,
    /// One row per unit.
    Unit,
}

/// How `report tasks` names a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ReportKey {
    /// Staff number; tasks of unidentified accounts under `-`.
    #[default]
    Staff,
    /// The source's own account.
    Account,
}

//! XML answers and files as JSON records: one walk over the text, one record at a time.
//!
//! Owns what XML is here: finding the record elements by their path, turning each into the JSON object text that
//! rules read, and single values at other places (total, next mark, error text) in the same walk. It must not know
//! HTTP, manifests or fields. [`decode`] gives the text, [`split`] walks over it:
//!
//! ```text
//! let shape = Shape { record: Place::parse("tasks/task", &prefixes)?, values: vec![…], lists: vec![…] };
//! let walked = split(&decode(bytes)?, &shape, Limits::default(), &mut |element| …)?;
//! ```
//!
//! A record becomes an object by one convention: attributes are `@name`, text beside attributes or children is
//! `#text`, an element with neither is its text, repeated children become a list (places named in `lists` always are
//! one), names stand without prefix, an empty, blank or `xsi:nil` element is null. Attributes of the XML Schema
//! instance namespace (`xsi:type`) are left out: they say how, not what. Nothing is fetched and nothing is expanded but
//! the five entities of XML and character references.
//!
//! A record that breaks a limit, names an attribute twice or an entity nobody knows is given out as a [`Fault`] and the
//! walk goes on; text that is no complete XML, carries a DOCTYPE or breaks a limit outside a record is an [`XmlError`]
//! and whatever was given out before must be thrown away. Memory is the text and one record.

mod decode;
mod finding;
mod place;
mod record;
pub mod soap;
#[cfg(test)]
mod tests;
mod walk;

pub use decode::decode;
pub use place::Place;
pub use walk::split;

use super::json::MAX_RECORDS;

/// Deepest nesting of elements in a record, the record itself included.
pub const MAX_DEPTH: usize = super::json::MAX_DEPTH as usize;

/// Deepest nesting the walk goes on through: a record deeper than [`MAX_DEPTH`] is rejected alone up to here.
pub const MAX_NESTING: usize = 1_000;

/// Most attributes of one element of a record.
pub const MAX_ATTRIBUTES: usize = 64;

/// Longest single value outside records, in bytes.
pub const MAX_VALUE: usize = 64 * 1024;

/// What to look for in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// The elements that are records. None looks for values alone.
    pub record: Option<Place>,
    /// Single values outside records: of each place the first element counts.
    pub values: Vec<Place>,
    /// Names from the record down to children that are a list however often they stand there.
    pub lists: Vec<Vec<String>>,
}

/// How much is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest record, as JSON text, in bytes.
    pub record_bytes: usize,
    /// Most records.
    pub records: u64,
}

impl Default for Limits {
    /// 8 MiB and 100,000 records.
    fn default() -> Self {
        Self { record_bytes: 8 << 20, records: MAX_RECORDS as u64 }
    }
}

/// One record element.
#[derive(Debug)]
pub struct Element<'r> {
    /// Its number among the records, 0-based.
    pub index: u64,
    /// The record as JSON text, or why it is none.
    pub json: Result<&'r str, Fault>,
    /// The element as it stands in the text.
    pub source: &'r str,
}

/// What a walk found beside the records it gave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walked {
    /// Records given out, faulty ones included.
    pub records: u64,
    /// Whether there is a place for records: the element around them, or the record itself where it is the root. A
    /// list that is there and empty differs from an answer of another shape.
    pub found: bool,
    /// The values, in the order of their places; none where an element is missing, empty or nil.
    pub values: Vec<Option<String>>,
}

/// Why one record could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// Larger than [`Limits::record_bytes`].
    #[error("larger than {0} bytes")]
    TooLarge(usize),
    /// More values than [`super::json::MAX_VALUES`].
    #[error("more than {} values in one record", super::json::MAX_VALUES)]
    TooMany,
    /// An element with more than [`MAX_ATTRIBUTES`].
    #[error("an element has more than {MAX_ATTRIBUTES} attributes")]
    ManyAttributes,
    /// Two attributes of one element have the same name.
    #[error("the attribute \"{0}\" stands twice at one element")]
    DuplicateAttribute(String),
    /// An entity other than the five of XML, or an impossible character reference.
    #[error("the entity \"&{0};\" is not known")]
    Entity(String),
    /// A control character, which XML forbids.
    #[error("it holds a control character")]
    Character,
}

/// Why a text could not be walked over to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// Not XML, or cut off.
    #[error("line {line}: {why}")]
    Broken {
        /// Line of the text, 1-based.
        line: u32,
        /// What the reader says.
        why: String,
    },
    /// A document type declaration.
    #[error("line {0}: a DOCTYPE")]
    Doctype(u32),
    /// Deeper than [`MAX_NESTING`].
    #[error("nested deeper than {MAX_NESTING} levels")]
    TooDeep,
    /// More than [`Limits::records`].
    #[error("more than {0} records")]
    TooManyRecords(u64),
    /// A single value longer than [`MAX_VALUE`].
    #[error("a value outside the records is longer than {MAX_VALUE} bytes")]
    LongValue,
    /// Bytes that are no text in the announced encoding, or in none that can be told.
    #[error("{0}")]
    Encoding(String),
}

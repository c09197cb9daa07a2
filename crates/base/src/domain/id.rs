//! Typed identifiers, one type per thing, so that a unit's code is never passed for a source's.
//!
//! Text identifiers are what people write in configuration and files: 1–64 characters of letters,
//! digits, `.`, `_` and `-` (any alphabet), no blanks. Anything else is refused with a sentence.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Why a text is no identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not a valid {kind}: 1 to 64 letters, digits, '.', '_' or '-', no blanks")]
pub struct InvalidId {
    /// What was being read, for example `source id`.
    pub kind: &'static str,
    /// The refused text, cut to 80 characters.
    pub text: String,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the text and wraps it.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                let fits = (1..=64).contains(&text.chars().count())
                    && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
                if fits {
                    Ok(Self(text))
                } else {
                    Err(InvalidId { kind: $kind, text: text.chars().take(80).collect() })
                }
            }

            /// The text as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

text_id!(
    /// One connected system of one unit, as named in the configuration.
    SourceId, "source id"
);
text_id!(
    /// Where results are sent: the evaluation software or the national database.
    TargetId, "target id"
);
text_id!(
    /// An organisational unit's code in this installation (never a unit of measure).
    UnitCode, "unit code"
);
text_id!(
    /// Code of a catalog product (mã sản phẩm/công việc).
    ProductCode, "product code"
);
text_id!(
    /// Name of one imported version of the catalog.
    CatalogVersion, "catalog version"
);
text_id!(
    /// Name of a dated rule set of scoring.
    RuleSetId, "rule set id"
);

/// A person's opaque id: safe in URLs, logs and messages, unlike the citizen id number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonId(pub uuid::Uuid);

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PersonId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_overlong_texts_are_no_identifiers() {
        assert!(SourceId::new("so-noi-vu.eoffice").is_ok());
        assert!(UnitCode::new("xã").is_ok());
        for bad in ["", "a b", "a/b", &"x".repeat(65)] {
            assert!(SourceId::new(bad).is_err(), "{bad:?} must be refused");
        }
    }
}

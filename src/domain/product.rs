//! Catalog products (danh mục sản phẩm/công việc quy đổi; Decree 335/2025 art. 13, plan IV.2).
//!
//! Owns what one approved row says: code, name, group and conversion coefficient. It must not know how
//! a task finds its product or which version is in force; points and coefficients come from the approved
//! catalog only and are never computed here.

use super::id::ProductCode;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Complexity group 1–5 (at most five groups: plan IV.2.1.a).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct ComplexityGroup(u8);

impl ComplexityGroup {
    /// Group 1 to 5; `None` otherwise.
    pub fn new(group: u8) -> Option<Self> {
        (1..=5).contains(&group).then_some(Self(group))
    }

    /// The group's number.
    pub fn number(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for ComplexityGroup {
    type Error = String;
    fn try_from(group: u8) -> Result<Self, Self::Error> {
        Self::new(group).ok_or_else(|| format!("complexity group {group} is not within 1 to 5"))
    }
}

impl From<ComplexityGroup> for u8 {
    fn from(group: ComplexityGroup) -> u8 {
        group.0
    }
}

/// One product of one catalog version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogProduct {
    /// Unique within its version.
    pub code: ProductCode,
    /// Name as approved (Vietnamese, NFC).
    pub name: String,
    /// Field (lĩnh vực); empty when the catalog has none.
    pub field: String,
    /// Unit of measure of the output; empty when the catalog has none.
    pub measure: String,
    /// Complexity group.
    pub group: ComplexityGroup,
    /// Conversion coefficient (hệ số quy đổi), above 0; the standard product has 1.
    pub coefficient: Decimal,
    /// Further words people use for it.
    pub synonyms: Vec<String>,
    /// Kind of body it applies to (`all`, `commune`, `province department`); empty = all.
    pub applies_to: String,
}

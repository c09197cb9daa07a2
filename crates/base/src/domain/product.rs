//! Catalog products (danh mục sản phẩm/công việc quy đổi; Decree 335/2025 art. 13, plan IV.2).
//!
//! Owns what one approved row says: code, name, group and conversion coefficient. It must not know how
//! a task finds its product or which version is in force; points and coefficients come from the approved
//! catalog only and are never computed here.

use super::id::{ProductCode, UnitCode};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

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
    /// Points given to it within its group's maximum, where the catalog says them (Handbook II.III).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<Decimal>,
    /// Whose work it is.
    #[serde(default)]
    pub kind: ProductKind,
}

/// Whose work a product is (Handbook Annex III: part A leadership, part B everything else).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductKind {
    /// Common and professional work: counts for whoever does it.
    #[default]
    Work,
    /// Directing, assigning, checking (art. 15.1.b): counts for heads and deputies only.
    Leadership,
}

/// For which bodies a catalog version holds (plan V.6): all, one kind of body, or one unit and those below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum CatalogScope {
    /// The common catalog of the province.
    #[default]
    Province,
    /// Departments of the province and what belongs to them.
    Department,
    /// Communes and wards and what belongs to them.
    Commune,
    /// One unit and those below it.
    Unit(UnitCode),
}

impl fmt::Display for CatalogScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Province => f.write_str("province"),
            Self::Department => f.write_str("department"),
            Self::Commune => f.write_str("commune"),
            Self::Unit(unit) => write!(f, "unit:{unit}"),
        }
    }
}

impl FromStr for CatalogScope {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unit = || text.strip_prefix("unit:").and_then(|code| UnitCode::new(code).ok()).map(Self::Unit);
        match text {
            "province" => Ok(Self::Province),
            "department" => Ok(Self::Department),
            "commune" => Ok(Self::Commune),
            _ => unit()
                .ok_or_else(|| format!("\"{text}\" is no scope: province, department, commune or unit:CODE")),
        }
    }
}

impl TryFrom<String> for CatalogScope {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CatalogScope> for String {
    fn from(scope: CatalogScope) -> String {
        scope.to_string()
    }
}

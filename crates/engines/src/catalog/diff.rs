//! What changed between two versions of a catalog.
//!
//! Owns the comparison by code. It must not know files or tasks. Total; results are ordered by code.

use crate::domain::{CatalogProduct, ProductCode};
use serde::Serialize;
use std::collections::BTreeMap;

/// A product that stands in both versions and differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// As it was.
    pub old: CatalogProduct,
    /// As it is.
    pub new: CatalogProduct,
    /// Whether the conversion coefficient differs: scores of later tasks move.
    pub coefficient: bool,
    /// Whether the complexity group differs.
    pub group: bool,
    /// Whether the name differs.
    pub name: bool,
    /// Whether the points differ.
    pub points: bool,
    /// Whether the words people use for it differ.
    pub synonyms: bool,
}

impl Change {
    /// What differs, as stable words; `other` for field, measure, scope or kind.
    pub fn what(&self) -> Vec<&'static str> {
        let told = [
            (self.name, "name"),
            (self.group, "group"),
            (self.points, "points"),
            (self.coefficient, "coefficient"),
            (self.synonyms, "synonyms"),
        ];
        let mut what: Vec<&'static str> =
            told.into_iter().filter(|(differs, _)| *differs).map(|(_, word)| word).collect();
        if what.is_empty() {
            what.push("other");
        }
        what
    }
}

/// The difference of two versions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Diff {
    /// Codes only the new version has.
    pub added: Vec<CatalogProduct>,
    /// Codes only the old version has.
    pub removed: Vec<CatalogProduct>,
    /// Codes of both with another coefficient, group, name, points, synonyms, field, measure, scope or kind.
    pub changed: Vec<Change>,
}

impl Diff {
    /// Whether both versions say the same.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Compares two versions by code. `1.0` and `1.00` are the same coefficient.
pub fn diff(old: &[CatalogProduct], new: &[CatalogProduct]) -> Diff {
    let index = |products: &[CatalogProduct]| -> BTreeMap<ProductCode, CatalogProduct> {
        products.iter().map(|product| (product.code.clone(), product.clone())).collect()
    };
    let (old, new) = (index(old), index(new));
    let mut result = Diff::default();
    for (code, before) in &old {
        match new.get(code) {
            None => result.removed.push(before.clone()),
            Some(after) if after != before => result.changed.push(Change {
                coefficient: before.coefficient != after.coefficient,
                group: before.group != after.group,
                name: before.name != after.name,
                points: before.points != after.points,
                synonyms: before.synonyms != after.synonyms,
                old: before.clone(),
                new: after.clone(),
            }),
            Some(_) => {}
        }
    }
    result.added =
        new.into_iter().filter(|(code, _)| !old.contains_key(code)).map(|(_, product)| product).collect();
    result
}

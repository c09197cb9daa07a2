//! The products nearest to tasks that wait for theirs, by code and name.
//!
//! Owns which of a task's candidates people are shown, on the page and by the command line alike. It only reads, and
//! only the products it names; a code that its catalog version lacks stands alone.

use super::App;
use crate::domain::CatalogVersion;
use crate::store::{ReviewItem, StoreError};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many of a task's candidates are shown.
const SHOWN: usize = 3;

/// What the products nearest to waiting tasks are called, by version and code.
pub(crate) struct ProductNames(BTreeMap<CatalogVersion, HashMap<String, String>>);

impl ProductNames {
    /// The names of the products nearest to some tasks.
    pub(crate) async fn of(app: &App, items: &[ReviewItem]) -> Result<Self, StoreError> {
        let mut wanted: BTreeMap<&CatalogVersion, BTreeSet<&str>> = BTreeMap::new();
        for item in items {
            wanted.entry(&item.catalog_version).or_default().extend(codes(item));
        }
        let mut names = BTreeMap::new();
        for (version, codes) in wanted {
            let codes: Vec<&str> = codes.into_iter().collect();
            let products = app.store.products_of(version, &codes).await?;
            let named = products.into_iter().map(|product| (product.code.to_string(), product.name));
            names.insert(version.clone(), named.collect());
        }
        Ok(Self(names))
    }

    /// Code and name of the products nearest to a task.
    pub(crate) fn nearest(&self, item: &ReviewItem) -> Vec<String> {
        let names = self.0.get(&item.catalog_version);
        codes(item)
            .map(|code| match names.and_then(|names| names.get(code)) {
                Some(name) => format!("{code} {name}"),
                None => code.to_owned(),
            })
            .collect()
    }
}

/// The codes of the products nearest to a task.
fn codes(item: &ReviewItem) -> impl Iterator<Item = &str> {
    let candidates = item.reason.get("candidates").and_then(|list| list.as_array());
    candidates.into_iter().flatten().filter_map(|candidate| candidate.get("product")?.as_str()).take(SHOWN)
}

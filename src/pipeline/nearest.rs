//! What products are called, for tasks that have one and for those whose nearest ones are shown.
//!
//! Owns how code and name stand together, and which of a task's candidates people are shown, on the page and by the command line alike. It only reads, and
//! only the products it names; a code that its catalog version lacks stands alone.

use super::App;
use crate::domain::CatalogVersion;
use crate::pipeline::wording::shortened;
use crate::store::{ReviewItem, StoreError};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many of a task's candidates are shown.
const SHOWN: usize = 3;

/// Characters of a name beside its code.
const NAME_CHARS: usize = 80;

/// What products are called, by version and code.
pub(crate) struct ProductNames(BTreeMap<CatalogVersion, HashMap<String, String>>);

impl ProductNames {
    /// The names of the products nearest to some tasks.
    pub(crate) async fn of(app: &App, items: &[ReviewItem]) -> Result<Self, StoreError> {
        let near = items.iter().flat_map(|item| codes(item).map(move |code| (&item.catalog_version, code)));
        let near: Vec<_> = near.collect();
        Self::named(app, &near).await
    }

    /// The names of some products, each with the version it is looked up in.
    pub(crate) async fn named(app: &App, products: &[(&CatalogVersion, &str)]) -> Result<Self, StoreError> {
        let mut wanted: BTreeMap<&CatalogVersion, BTreeSet<&str>> = BTreeMap::new();
        for (version, code) in products {
            wanted.entry(*version).or_default().insert(*code);
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

    /// What a product is called; nothing where its version has no such code.
    pub(crate) fn name(&self, version: &CatalogVersion, code: &str) -> &str {
        self.0.get(version).and_then(|names| names.get(code)).map_or("", String::as_str)
    }

    /// Code and name of the products nearest to a task.
    pub(crate) fn nearest(&self, item: &ReviewItem) -> Vec<String> {
        codes(item).map(|code| self.called(&item.catalog_version, code)).collect()
    }

    /// Code and name of a product, the name no longer than is read at a glance.
    pub(crate) fn called(&self, version: &CatalogVersion, code: &str) -> String {
        format!("{code} {}", shortened(self.name(version, code), NAME_CHARS)).trim_end().to_owned()
    }
}

/// The codes of the products nearest to a task.
fn codes(item: &ReviewItem) -> impl Iterator<Item = &str> {
    let candidates = item.reason.get("candidates").and_then(|list| list.as_array());
    candidates.into_iter().flatten().filter_map(|candidate| candidate.get("product")?.as_str()).take(SHOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_name_beside_its_code_is_cut_and_a_code_without_a_name_stands_alone() {
        let version = CatalogVersion::new("2026").expect("version");
        let long = "Báo cáo ".repeat(20);
        let named = [("SP-1", "Kế hoạch"), ("SP-2", long.as_str())];
        let named = named.map(|(code, name)| (code.to_owned(), name.to_owned()));
        let names = ProductNames(BTreeMap::from([(version.clone(), HashMap::from(named))]));
        assert_eq!(names.called(&version, "SP-1"), "SP-1 Kế hoạch");
        assert_eq!(names.called(&version, "SP-9"), "SP-9");
        let cut = names.called(&version, "SP-2");
        assert_eq!((cut.chars().count(), cut.ends_with('…')), ("SP-2 ".len() + NAME_CHARS, true), "{cut}");
        assert_eq!(names.name(&version, "SP-2"), long);
    }
}

//! The items of an organisation's criteria (Decree 335/2025 art. 6–7).
//!
//! Owns their names and what a table of their points has to be. It must not know what the province decided. A table
//! that is none gives none; nothing is completed or cut.

use super::exact::Exact;
use std::collections::BTreeMap;

/// General criteria, 0 to 30 together (art. 6): lines and planning; use of people and unity; administrative reform.
pub const GENERAL: [&str; 3] = ["general.1", "general.2", "general.3"];

/// Results, 0 to 70 together (art. 7.1.a–h; `dd` is đ).
pub const RESULTS: [&str; 8] = ["a", "b", "c", "d", "dd", "e", "g", "h"];

/// The items of a points table, when it is one: every item of both lists, nothing else, none negative, 30 and 70 points
/// together (art. 7.2: the province decides them).
pub fn maxima(points: &BTreeMap<String, String>) -> Option<BTreeMap<String, Exact>> {
    let mut read = BTreeMap::new();
    for (item, text) in points {
        let value: Exact = text.parse().ok()?;
        read.insert(item.clone(), value);
    }
    let sum = |items: &[&str]| {
        items.iter().try_fold(Exact::zero(), |sum, item| read.get(*item).map(|value| &sum + value))
    };
    let whole =
        read.len() == GENERAL.len() + RESULTS.len() && read.values().all(|value| !value.is_negative());
    let right = sum(&GENERAL) == Some(Exact::integer(30)) && sum(&RESULTS) == Some(Exact::integer(70));
    (whole && right).then_some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> BTreeMap<String, String> {
        let results = [10, 10, 10, 10, 10, 10, 5, 5];
        let general = GENERAL.iter().map(|item| ((*item).to_owned(), "10".to_owned()));
        general
            .chain(RESULTS.iter().zip(results).map(|(item, n)| ((*item).to_owned(), n.to_string())))
            .collect()
    }

    #[test]
    fn table_of_points_has_every_item_and_thirty_and_seventy_points() {
        assert!(maxima(&table()).is_some());
        let mut short = table();
        short.remove("h");
        assert_eq!(maxima(&short), None);
        let mut more = table();
        more.insert("a".into(), "11".into());
        assert_eq!(maxima(&more), None, "71 points");
        let mut other = table();
        other.insert("z".into(), "0".into());
        assert_eq!(maxima(&other), None);
    }
}

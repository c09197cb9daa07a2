//! Abbreviations of administrative Vietnamese and what they stand for, as data.
//!
//! Owns the table (`abbreviations.txt`: one line each, folded key, blank, folded words). It must not know
//! titles. An unknown abbreviation simply stays a word.

use std::collections::HashMap;
use std::sync::LazyLock;

static TABLE: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    include_str!("abbreviations.txt")
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(short, long)| (short, long.split_whitespace().collect()))
        .collect()
});

/// The folded words behind a folded abbreviation, for example `ubnd` → `uy ban nhan dan`.
pub fn expand(folded: &str) -> Option<&'static [&'static str]> {
    TABLE.get(folded).map(Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_abbreviations_are_known_and_the_table_is_folded() {
        assert_eq!(expand("gpmb"), Some(["giai", "phong", "mat", "bang"].as_slice()));
        assert_eq!(expand("xyz"), None);
        for (short, long) in TABLE.iter() {
            assert!(short.is_ascii() && long.iter().all(|word| word.is_ascii()), "{short}");
        }
    }
}

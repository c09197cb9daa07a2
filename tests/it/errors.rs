//! Every coded finding has a page, every page has a finding, and both say what to do.

use crate::support::project::root;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Codes written as literals in a text: `"LT-ABC-123"`.
fn codes(text: &str) -> BTreeSet<String> {
    let quoted = text.split('"').skip(1).step_by(1);
    quoted.filter(|word| is_code(word)).map(str::to_owned).collect()
}

fn is_code(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    matches!(parts.as_slice(), ["LT", area, number]
        if (2..=4).contains(&area.len()) && area.bytes().all(|b| b.is_ascii_uppercase())
            && number.len() == 3 && number.bytes().all(|b| b.is_ascii_digit()))
}

fn codes_in_sources() -> BTreeMap<String, String> {
    let mut paths = Vec::new();
    for folder in super::architecture::folders() {
        files(&root().join(folder), &mut paths);
    }
    let mut found = BTreeMap::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ext| ext == "rs")) {
        let text = std::fs::read_to_string(path).expect("readable");
        for code in codes(&text) {
            found.entry(code).or_insert_with(|| path.display().to_string());
        }
    }
    found
}

fn pages() -> BTreeMap<String, String> {
    let mut paths = Vec::new();
    files(&root().join("docs/errors"), &mut paths);
    let named = paths.iter().filter_map(|path| {
        let name = path.file_stem()?.to_str()?.to_owned();
        is_code(&name).then(|| (name, std::fs::read_to_string(path).expect("readable")))
    });
    named.collect()
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let (codes, pages) = (codes_in_sources(), pages());
    assert!(codes.len() > 40, "the codes were found");
    let missing: Vec<_> = codes
        .iter()
        .filter(|(code, _)| !pages.contains_key(*code))
        .map(|(code, path)| format!("{code} ({path})"))
        .collect();
    let orphans: Vec<_> = pages.keys().filter(|code| !codes.contains_key(*code)).collect();
    assert!(
        missing.is_empty() && orphans.is_empty(),
        "without a page: {missing:#?}\nwithout a code: {orphans:#?}"
    );
}

#[test]
fn every_page_is_titled_by_its_code_and_speaks_both_languages() {
    let wrong: Vec<String> = pages()
        .into_iter()
        .filter(|(code, text)| {
            let titled = text.starts_with(&format!("# {code}: "));
            let long_enough = text.lines().count() >= 5;
            let vietnamese =
                text.contains(|c: char| "ắằẳẵặấầẩẫậếềểễệốồổỗộớờởỡợứừửữựạảịỉọỏụủỳỷỹđ".contains(c));
            let english = text
                .split(|c: char| !c.is_alphabetic())
                .any(|word| matches!(word, "the" | "The" | "a" | "is"));
            !(titled && long_enough && vietnamese && english)
        })
        .map(|(code, _)| code)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn a_code_is_recognised_and_a_part_of_one_is_not() {
    let found = codes(r#"Finding::error("LT-CFG-001", …) "LT-CFG-1" "XLT-CFG-001" "LT-RUN-002""#);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["LT-CFG-001", "LT-RUN-002"]);
}

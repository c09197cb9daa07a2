//! docs/FAULTS.md names a test for every fault of the connectors' list, and each of these tests exists.

use crate::support::project;
use std::collections::BTreeSet;
use std::path::Path;

/// Names of functions that are tests, in a folder and below.
fn tests(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            tests(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source file");
            let mut is_test = false;
            for line in text.lines().map(str::trim) {
                if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                    is_test = true;
                } else if let Some((_, rest)) = line.split_once("fn ")
                    && let Some((name, _)) = rest.split_once('(')
                {
                    if is_test || line.starts_with("fn ") && text.contains("proptest!") {
                        found.insert(name.to_owned());
                    }
                    is_test = false;
                }
            }
        }
    }
}

/// Names of every test of the repository.
pub fn tests_below(root: &Path) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    tests(&root.join("tests/it"), &mut known);
    for folder in super::architecture::folders() {
        tests(&root.join(folder), &mut known);
    }
    known
}

#[test]
fn every_fault_of_the_list_names_tests_that_exist() {
    let root = project::root();
    let known = tests_below(root);
    let page = std::fs::read_to_string(root.join("docs/FAULTS.md")).expect("the page");
    let rows: Vec<(&str, &str)> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" | "))
        .filter(|(row, _)| row.starts_with(['E', 'F', 'J']) && row[1..].parse::<u32>().is_ok())
        .collect();
    let wanted = [('E', 17), ('F', 12), ('J', 9)];
    let wanted: Vec<String> = wanted
        .iter()
        .flat_map(|(group, last)| (1..=*last).map(move |number| format!("{group}{number}")))
        .collect();
    assert_eq!(rows.iter().map(|(row, _)| (*row).to_owned()).collect::<Vec<_>>(), wanted);
    for (row, rest) in rows {
        let named: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{row} names no test");
        for name in named {
            assert!(known.contains(name), "{row}: there is no test {name}");
        }
    }
}

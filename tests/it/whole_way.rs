//! The whole way in one command: `demo --once --json` runs a province to its settled end and adds it all up.

use crate::support::project;
use crate::support::site::{Daemon, Site};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::process::{Command, Stdio};

/// The account the command printed; its exit code must be 0.
fn account(folder: &std::path::Path) -> Value {
    let output = Command::new(project::program())
        .args(["demo", "--once", "--json", "--people", "128", "--tasks", "900", "--data-dir"])
        .arg(folder)
        .stderr(Stdio::piped())
        .output()
        .expect("the command runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let printed = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{printed}\n{told}");
    serde_json::from_str(&printed).expect("one JSON object")
}

/// What an order on the settled province's folder prints.
fn ask(folder: &std::path::Path, order: &[&str]) -> Value {
    let output = Command::new(project::program())
        .args(order)
        .args(["--json", "--config"])
        .arg(folder.join("lienthong.toml"))
        .output()
        .expect("the command runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{order:?}: {told}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{order:?}: {told}"))
}

#[test]
fn province_settles_with_nothing_lost_twice_or_different() {
    let folder = tempfile::tempdir().expect("a folder");
    let account = account(folder.path());
    let number = |pointer: &str| {
        account.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("{pointer} in {account}"))
    };
    let sources = account["sources"].as_array().expect("a list of sources");
    assert!(sources.len() >= 6, "{sources:?}");
    for source in sources {
        for key in ["records", "events", "tasks", "rejected"] {
            assert!(source[key].is_u64(), "{key} of {source}");
        }
        assert!(source["tasks"].as_u64() > Some(0), "{source}");
    }
    for key in ["/lost", "/duplicates", "/mismatches"] {
        assert_eq!(number(key), 0, "{account}");
    }
    assert_eq!(number("/people"), 128);
    let again = ask(folder.path(), &["score", "verify"]);
    assert!(again["same"].as_u64() > Some(200) && again["different"] == 0, "{again}");
    let tasks = (again["tasks"].as_u64(), again["tasks_told_earlier"].as_u64());
    assert!(tasks.0 > Some(800) && tasks.1 < Some(20) && again["different_tasks"] == 0, "{again}");
    assert!(again["pages"].as_u64() > Some(0) && again["broken_pages"] == 0, "{again}");
    assert!(again["drafts"].as_u64() > Some(900), "records are read again, details included: {again}");
    assert_eq!(again["pages_not_read_again"], 0, "{again}");
    assert!(again["different_drafts"] == 0 && again["unreadable"] == 0, "{again}");
    let refused = ask(folder.path(), &["rejected", "list"]).to_string();
    assert!(refused.contains("LT-AUT-001"), "a stranger's decision must be refused: {refused}");
    assert!(number("/receipts") > 0 && number("/receipts") == number("/receiver_effects"), "{account}");
    assert!(number("/deliveries") >= number("/receipts"));
    assert!(number("/approved_quarter") > 0 && number("/approved_year") > 0, "{account}");
    assert!(number("/scores") > 0 && number("/records") > 0 && number("/identified") > 0);
    // People settled some tasks; what the ranking then dared to decide by itself is nearly always right.
    assert!(number("/mapping/by_people") > 0 && number("/mapping/automatic") > number("/mapping/by_people"));
    assert!(number("/mapping/automatic_wrong") * 100 <= number("/mapping/automatic") * 3, "{account}");
}

#[test]
fn demonstration_writes_over_nothing_that_is_not_its_own() {
    let folder = tempfile::tempdir().expect("folder");
    let config = folder.path().join("lienthong.toml");
    std::fs::write(&config, "# my own\n").expect("written");
    let output = Command::new(project::program())
        .args(["demo", "--once", "--data-dir"])
        .arg(folder.path())
        .output()
        .expect("started");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("LT-RUN-030"), "{told}");
    assert_eq!(std::fs::read_to_string(&config).expect("kept"), "# my own\n");
    assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1, "nothing else was made");
}

/// Where the clock of a demonstration's folder starts.
fn clock_start(site: &Site) -> DateTime<Utc> {
    let text = std::fs::read_to_string(site.file("lienthong.toml")).expect("the configuration");
    let begin = text.lines().find_map(|line| line.strip_prefix("clock_start = ")).expect("a start");
    begin.parse().expect("an instant")
}

#[test]
fn after_a_demonstration_ends_orders_and_the_next_start_go_on_from_the_moment_it_reached() {
    let site = Site::new("");
    std::fs::remove_file(site.file("lienthong.toml")).expect("a folder of its own");
    let start = || {
        let demo = ["demo", "--data-dir", ".", "--port", "0", "--people", "20", "--tasks", "100"];
        Daemon::start(site.path(), &demo, &[])
    };
    let mut first = start();
    let begun = clock_start(&site);
    first.signal("-TERM");
    assert_eq!(first.ended(), Some(0), "{}", first.told());
    let reached = clock_start(&site);
    assert!(reached > begun, "{reached} after {begun}");
    // An order beside no daemon stands in the journal, at a moment of the clock the file names.
    site.write("c.csv", "code,name,complexity_group,coefficient\nA,Một,1,1\n");
    site.json(&["catalog", "import", "c.csv", "--name", "next", "--valid-from", "2027-01-01"]);
    let mut second = start();
    let again = clock_start(&site);
    assert!(again >= reached, "{again} after {reached}");
    second.signal("-TERM");
    assert_eq!(second.ended(), Some(0), "{}", second.told());
    assert!(clock_start(&site) > again);
}

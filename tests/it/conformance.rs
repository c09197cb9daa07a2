//! Every ready-made manifest against its own recorded answers.

use crate::support::project;
use lienthong::connector::conformance;
use lienthong::connector::manifest::{self, Kind};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn folders() -> Vec<PathBuf> {
    let root = project::root().join("connectors");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .expect("connectors/")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("manifest.toml").exists())
        .collect();
    folders.sort();
    folders
}

#[test]
fn every_ready_made_manifest_loads_under_the_name_of_its_folder() {
    assert!(folders().len() >= 3);
    for folder in folders() {
        let loaded =
            manifest::load(&folder.join("manifest.toml")).unwrap_or_else(|findings| panic!("{findings}"));
        assert_eq!(Some(loaded.manifest.name.as_str()), folder.file_name().and_then(|name| name.to_str()));
        let explained = loaded.manifest.kind != Kind::Http || folder.join("README.md").exists();
        assert!(explained, "{} has no README.md", folder.display());
    }
}

#[tokio::test]
async fn every_manifest_gives_exactly_the_expected_drafts() {
    crate::support::install_tls();
    lienthong::connector::process::keeper_is(project::program());
    let (mut ran, mut told, mut again) = (0, String::new(), Vec::new());
    for folder in folders() {
        let report = conformance::run(&folder).await.unwrap_or_else(|findings| panic!("{findings}"));
        if !report.problems.is_empty() {
            let drafts = serde_json::to_string_pretty(&(&report.drafts, &report.rows)).expect("drafts");
            let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
            told.push_str(&format!("{}:\n{}\nits drafts are\n{drafts}\n", report.name, problems.join("\n")));
        }
        let read = report.drafts.len() + report.rows.len();
        assert!(read > 0, "{} gives nothing", report.name);
        if report.listed_again > 0 {
            again.push(report.name);
        }
        ran += 1;
    }
    assert!(told.is_empty(), "{told}");
    assert!(ran >= 6, "only {ran} manifests ran");
    // What is kept says what was read, of every kind of source.
    for name in ["singer-rest", "airbyte-declarative", "kinto", "sql-view", "task-sheet", "eoffice-open"] {
        assert!(again.iter().any(|known| known == name), "{name}: {again:?}");
    }
}

#[tokio::test]
async fn request_no_sample_answers_is_told_as_that_and_not_as_a_fault_of_the_server() {
    crate::support::install_tls();
    let from = project::root().join("connectors/ward-desk");
    let folder = tempfile::tempdir().expect("folder");
    std::fs::create_dir(folder.path().join("samples")).expect("made");
    for file in ["manifest.toml", "samples/02-page.json"] {
        std::fs::copy(from.join(file), folder.path().join(file)).expect("copied");
    }
    let report = conformance::run(folder.path()).await.unwrap_or_else(|findings| panic!("{findings}"));
    let told: Vec<(&str, &str)> =
        report.problems.iter().map(|finding| (finding.code.as_str(), finding.what.en.as_str())).collect();
    assert!(told.iter().all(|(code, _)| *code == "LT-MAN-013"), "{told:?}");
    let unanswered = told.iter().filter(|(_, what)| what.contains("no sample answers GET /"));
    assert_eq!(unanswered.count(), 1, "once, although everything is read twice: {told:?}");
}

/// A copy of the samples and expectations of a ready-made connector.
fn copied(from: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    for part in ["samples", "expected"] {
        std::fs::create_dir(folder.path().join(part)).expect("made");
        for entry in std::fs::read_dir(from.join(part)).expect("listed") {
            let entry = entry.expect("entry");
            std::fs::copy(entry.path(), folder.path().join(part).join(entry.file_name())).expect("copied");
        }
    }
    folder
}

#[tokio::test]
async fn expectations_stay_where_the_reading_they_would_be_taken_from_failed() {
    crate::support::install_tls();
    let from = project::root().join("connectors/task-tracker");
    let folder = copied(&from);
    std::fs::copy(from.join("manifest.toml"), folder.path().join("manifest.toml")).expect("copied");
    let held = |place: &Path| -> BTreeMap<std::ffi::OsString, Vec<u8>> {
        let entries = std::fs::read_dir(place.join("expected")).expect("listed");
        let entries = entries.map(|entry| entry.expect("entry"));
        entries.map(|entry| (entry.file_name(), std::fs::read(entry.path()).expect("read"))).collect()
    };
    conformance::expect(folder.path()).await.unwrap_or_else(|findings| panic!("{findings}"));
    let whole = held(folder.path());
    std::fs::write(folder.path().join("expected/rejected.json"), "[]").expect("written");
    let before = held(folder.path());
    for entry in std::fs::read_dir(folder.path().join("samples")).expect("listed") {
        let sample = entry.expect("entry").path();
        let text = std::fs::read(&sample).expect("read");
        std::fs::remove_file(&sample).expect("removed");
        let told = conformance::expect(folder.path()).await.expect_err("a sample is missing");
        assert!(!told.0.is_empty());
        assert_eq!(held(folder.path()), before, "{told}");
        std::fs::write(&sample, text).expect("written");
    }
    conformance::expect(folder.path()).await.unwrap_or_else(|findings| panic!("{findings}"));
    assert_eq!(held(folder.path()), whole);
}

#[tokio::test]
async fn changed_expectation_is_told_with_record_and_field() {
    crate::support::install_tls();
    let from = project::root().join("connectors/ward-desk");
    let folder = copied(&from);
    let manifest = std::fs::read_to_string(from.join("manifest.toml")).expect("manifest");
    let changed =
        manifest.replace("assignee = { path = \"nguoi_thuc_hien_ma\"", "assignee = { path = \"don_vi\"");
    assert_ne!(manifest, changed);
    std::fs::write(folder.path().join("manifest.toml"), changed).expect("written");
    let report = conformance::run(folder.path()).await.unwrap_or_else(|findings| panic!("{findings}"));
    assert!(report.problems.iter().all(|finding| finding.code == "LT-MAN-013"), "{:?}", report.problems);
    assert!(
        report.problems.iter().any(|finding| finding.what.en.contains("NV-1.assignee")),
        "{:?}",
        report.problems
    );
    // Rejections nobody expected and missing ones are named as a person would, in both languages.
    let rejected = r#"[{ "external_id": "NV-99", "code": "LT-SRC-006" }, { "external_id": null, "code": "LT-SRC-001" }]"#;
    std::fs::write(folder.path().join("expected/rejected.json"), rejected).expect("written");
    std::fs::write(folder.path().join("expected/deleted.json"), r#"["099200000001"]"#).expect("written");
    let report = conformance::run(folder.path()).await.unwrap_or_else(|findings| panic!("{findings}"));
    let told: Vec<_> = report.problems.iter().map(|finding| (&finding.what.vi, &finding.what.en)).collect();
    let says =
        |vi: &str, en: &str| told.iter().any(|(of_vi, of_en)| of_vi.contains(vi) && of_en.contains(en));
    assert!(says("bản ghi bị loại khác mong đợi", "rejected records are not those expected"), "{told:?}");
    assert!(says("thiếu: NV-99 (LT-SRC-006), – (LT-SRC-001)", "missing: NV-99 (LT-SRC-006)"), "{told:?}");
    assert!(says("bản ghi đã xóa", "deleted records"), "{told:?}");
    assert!(
        !told
            .iter()
            .any(|(vi, en)| [vi, en].iter().any(|text| text.contains("Some(") || text.contains("0992000")))
    );
}

//! `connector …`: an IT officer tries a manifest before a source is switched on; nothing is kept.

use crate::support::http::{Scripted, json, status};
use crate::support::project;
use crate::support::site::Site;
use crate::support::source::{HEAD, STREAM, record};
use base64::Engine as _;
use serde_json::{Value, json};

const PASSWORD: &str = "mat-khau-dung";
/// A number that was never issued: its first three digits name no province.
const CITIZEN: &str = "999099000123";
const FIELDS: &str = "[auth]\nkind = \"basic\"\nusername = \"{{ settings.user }}\"\npassword = \"{{ secrets.password }}\"\n\
    [paging]\nkind = \"none\"\n[fields]\ntitle = \"name\"\nassignee = { path = \"cccd\", kind = \"citizen_id\" }\n\
    status = { path = \"status\", map = { \"1\" = \"in_progress\" } }\n";

/// A system with four tasks; one of them may have a state nobody knows.
async fn system(odd: &'static str) -> Scripted {
    let right =
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("reader:{PASSWORD}")));
    Scripted::start(move |asked| {
        if asked.headers.get("authorization") != Some(&right) {
            return status(401, &[], "{}");
        }
        let mut items: Vec<Value> = (1..=4).map(record).collect();
        items[0]["cccd"] = json!(CITIZEN);
        items[2]["id"] = json!(CITIZEN);
        items[1]["status"] = json!(odd);
        items[1]["note"] = json!(format!("của {CITIZEN}"));
        json(json!({ "total": 4, "items": items }))
    })
    .await
}

fn tried(site: &Site, base: &str) -> Vec<String> {
    site.write("desk.toml", format!("{HEAD}{STREAM}{FIELDS}"));
    site.write("secret", PASSWORD);
    let base = format!("base_url={base}");
    ["desk.toml", "--set", &base, "--secret", "password=secret", "--allow-http"].map(str::to_owned).to_vec()
}

fn order<'a>(head: &[&'a str], tried: &'a [String], tail: &[&'a str]) -> Vec<&'a str> {
    head.iter().copied().chain(tried.iter().map(String::as_str)).chain(tail.iter().copied()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn preview_shows_tasks_beside_their_records_and_keeps_nothing() {
    let (server, site) = (system("9").await, Site::new(""));
    let tried = tried(&site, &server.base);
    let shown = site.json(&order(&["connector", "preview"], &tried, &["--rows", "3"]));
    let records = shown["records"].as_array().expect("records");
    assert_eq!((records.len(), &shown["total"], &shown["whole"]), (3, &json!(4), &json!(false)));
    assert_eq!(records[0]["task"]["status"], "in_progress");
    assert_eq!(records[0]["task"]["title"], records[0]["raw"]["name"]);
    assert_eq!(records[1]["rejected"]["code"], "LT-SRC-006", "{}", records[1]);
    assert_eq!(records[1]["task"], Value::Null);
    for raw in [&[] as &[&str], &["--raw"], &["--json"]] {
        let (exit, printed, errors) = site.run(&order(&["connector", "preview"], &tried, raw));
        assert_eq!(exit, 0, "{errors}");
        assert!(!format!("{printed}{errors}").contains(CITIZEN), "{printed}{errors}");
        assert!(printed.contains("9990••••••23"), "{printed}");
    }
    assert!(!site.file("data").exists(), "nothing is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_password_and_wrong_settings_are_told_and_never_shown_as_an_empty_system() {
    let (server, site) = (system("1").await, Site::new(""));
    let tried = tried(&site, &server.base);
    site.json(&order(&["connector", "check"], &tried, &[]));
    site.write("secret", "mat-khau-sai");
    for what in ["check", "preview"] {
        let told = site.refused(&order(&["connector", what], &tried, &[]), 1);
        assert!(told.contains("LT-NET-009"), "{told}");
    }
    let told = site.refused(&["connector", "preview", "desk.toml", "--set", "user=a"], 5);
    for missing in ["settings.base_url", "secrets.password"] {
        assert!(told.contains("LT-MAN-009") && told.contains(missing), "{told}");
    }
    let told = site.refused(&order(&["connector", "check"], &tried[..5], &[]), 5);
    assert!(told.contains("LT-CFG-025") && told.contains("settings.base_url"), "{told}");
    site.write("desk.toml", format!("{HEAD}{STREAM}{FIELDS}").replace("title =", "titel ="));
    let told = site.refused(&["connector", "lint", "desk.toml"], 5);
    assert!(told.contains("desk.toml:") && told.contains("did you mean \"title\""), "{told}");
}

/// One record nobody can read is rejected alone and stops nothing; where none can be read, nothing works.
#[tokio::test(flavor = "multi_thread")]
async fn check_warns_of_a_record_it_cannot_read_and_fails_where_it_can_read_none() {
    let (server, site) = (system("9").await, Site::new(""));
    let tried = tried(&site, &server.base);
    let (exit, _, errors) = site.run(&order(&["connector", "check"], &tried, &["--lang", "en"]));
    assert!(exit == 0 && errors.contains("warning LT-SRC-006"), "{exit}: {errors}");
    site.write("desk.toml", format!("{HEAD}{STREAM}{FIELDS}").replace("\"1\" =", "\"7\" ="));
    let told = site.refused(&order(&["connector", "check"], &tried, &[]), 1);
    assert!(told.contains("LT-SRC-006"), "{told}");
}

/// What is told of a refused file is an error of the whole, where nothing else could be read.
#[test]
fn preview_of_a_folder_whose_every_file_is_refused_fails() {
    let site = Site::new("");
    std::fs::create_dir(site.file("drop")).expect("made");
    let order = ["connector", "preview", "task-sheet", "--set", "folder=drop", "--lang", "en"];
    assert_eq!(site.run(&order).0, 0, "an empty folder is a new one");
    site.write("drop/a.csv", "Mã,Việc\nA1,Một\n");
    assert!(site.refused(&order, 1).contains("LT-FIL-002"));
    site.write("drop/b.csv", "Mã nhiệm vụ,Nội dung,Trạng thái\nB1,Việc,Mới giao\n");
    let (exit, printed, errors) = site.run(&order);
    assert!(
        exit == 0 && printed.contains("B1") && errors.contains("LT-FIL-002"),
        "{exit}: {printed}{errors}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn source_of_the_configuration_is_tried_before_it_is_enabled() {
    let (server, site) = (system("1").await, Site::new(""));
    tried(&site, &server.base);
    site.configure(&format!(
        "[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n\
         [[source]]\nid = \"desk\"\nunit = \"SNV\"\nmanifest = \"desk.toml\"\nschedule = \"0 0 1 1 *\"\nenabled = false\n\
         allow_http = true\nsettings = {{ base_url = \"{}\" }}\nsecrets = {{ password = {{ file = \"secret\" }} }}\n",
        server.base
    ));
    let shown = site.json(&["connector", "preview", "--source", "desk"]);
    assert_eq!(shown["records"].as_array().map(Vec::len), Some(4));
    let told = site.refused(&["connector", "preview", "--source", "dask"], 5);
    assert!(told.contains("LT-PUL-002") && told.contains("desk"), "{told}");
    site.write("secret", "mat-khau-sai");
    assert!(site.refused(&["connector", "check", "--source", "desk"], 1).contains("LT-NET-009"));
}

#[test]
fn manifests_at_hand_are_listed_printed_and_run_against_their_samples() {
    let site = Site::new("");
    let listed = site.json(&["connector", "list"]);
    let names: Vec<&str> =
        listed.as_array().expect("rows").iter().filter_map(|row| row["manifest"].as_str()).collect();
    assert!(names.contains(&"eoffice-open") && names.contains(&"task-sheet"), "{names:?}");
    let (exit, printed, _) = site.run(&["connector", "show", "task-sheet"]);
    assert_eq!(exit, 0);
    site.write("mine.toml", printed);
    assert_eq!(site.json(&["connector", "lint", "mine.toml"])["kind"], "folder");
    let folder = |name: &str| project::root().join("connectors").join(name).display().to_string();
    let report = site.json(&["connector", "test", &folder("ward-desk")]);
    assert_eq!((&report["ok"], report["drafts"].as_u64() > Some(0)), (&json!(true), true));
    let rules = report["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), 14);
    assert!(rules.iter().all(|rule| rule["outcome"] != "broken"), "{rules:?}");
    let (_, printed, _) = site.run(&["connector", "test", &folder("ward-desk"), "--lang", "en"]);
    assert!(printed.contains("ends_when_cancelled") && printed.contains("held"), "{printed}");
    let told = site.refused(&["connector", "test", &folder("nowhere")], 5);
    assert!(told.contains("LT-MAN-012"), "{told}");
}

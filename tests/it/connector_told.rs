//! What `connector …` says to somebody who writes a manifest: nothing seen is passed over, and every remedy is one that
//! can be followed from the command line.

use crate::support::http::{Scripted, json};
use crate::support::site::Site;
use crate::support::source::{HEAD, STREAM, record};
use lienthong::connector::manifest;
use lienthong::connector::propose::{Proposal, from_sample, propose};
use serde_json::{Value, json};

/// An answer of a system whose names no list of ours holds all of.
fn answer() -> Value {
    let record = |number: i32, done: Value| {
        json!({ "ma_cv": format!("CV-{number:03}"), "trich_yeu": "Báo cáo tháng", "trang_thai": "Hoàn thành",
            "nguoi_xu_ly": { "tai_khoan": format!("an{number}"), "ho_ten": "Nguyễn Văn An" }, "so_luong": "1,0",
            "ngay_xong": done, "cap_nhat": format!("2026-10-{number:02}T08:00:00+07:00"), "muc_khan": "thường" })
    };
    json!({ "danh_sach": [record(11, json!("24/09/2026")), record(12, json!("30/09/2026")), record(13, Value::Null)] })
}

fn proposal(answer: &Value) -> Proposal {
    let proposal = propose("giao-viec", &from_sample("a.json", &answer.to_string()).expect("a list"));
    manifest::parse("giao-viec", &proposal.manifest).unwrap_or_else(|findings| panic!("{findings}"));
    proposal
}

#[test]
fn member_that_is_unique_in_every_record_is_proposed_as_the_key_and_asked_about() {
    let answer = answer();
    let known = proposal(&answer);
    assert!(known.manifest.contains("key = \"ma_cv\""), "{}", known.manifest);
    let renamed = answer.to_string().replace("ma_cv", "so_theo_doi");
    let likely = proposal(&serde_json::from_str(&renamed).expect("JSON"));
    assert!(likely.manifest.contains("key = \"so_theo_doi\""), "{}", likely.manifest);
    assert!(
        likely.open.iter().any(|open| open.en.starts_with("\"so_theo_doi\" is unique")),
        "{:?}",
        likely.open
    );
    // Of one record every member is unique: that says nothing.
    let alone = json!([{ "so_theo_doi": "CV-1", "trich_yeu": "x", "trang_thai": "Hoàn thành" }]);
    assert!(proposal(&alone).open.iter().any(|open| open.en.starts_with("no member is unique")));
}

#[test]
fn no_member_is_dropped_in_silence_and_a_comma_is_read_as_one() {
    let Proposal { manifest, open } = proposal(&answer());
    for line in [
        "assignee = { path = \"nguoi_xu_ly.tai_khoan\", kind = \"account\" }",
        "assignee_name = \"nguoi_xu_ly.ho_ten\"",
        "completed_at = { path = \"ngay_xong\", date = [\"%d/%m/%Y\"] }",
        "updated_at = { path = \"cap_nhat\", date = [\"rfc3339\"] }",
        "quantity = { path = \"so_luong\", decimal = \"comma\" }",
    ] {
        assert!(manifest.contains(line), "{line}\n{manifest}");
    }
    assert!(open.iter().any(|open| open.en.starts_with("not read: muc_khan;")), "{open:?}");
    let mut thousands = answer();
    for record in thousands["danh_sach"].as_array_mut().expect("records") {
        record["so_luong"] = json!("1,000");
    }
    let open = proposal(&thousands).open;
    assert!(open.iter().any(|open| open.en.contains("decimals or of thousands")), "{open:?}");
}

#[test]
fn manifests_of_ones_own_are_listed_found_by_their_folder_and_tried_without_samples_with_a_reason() {
    let site = Site::new("");
    site.write("answer.json", answer().to_string());
    let (exit, printed, errors) =
        site.run(&["connector", "new", "qlcv", "--sample", "answer.json", "--lang", "en"]);
    assert_eq!(exit, 0, "{errors}");
    let next = "preview connectors/qlcv/manifest.toml --secret api_key=FILE --set base_url=https://… --raw";
    let turned = "preview connectors/qlcv/manifest.toml --set base_url=https://… --secret api_key=FILE --raw";
    assert!(printed.contains(next) || printed.contains(turned), "{printed}");

    let listed = site.json(&["connector", "list"]);
    let own = |row: &&Value| row["own"] == json!(true);
    let names: Vec<&Value> =
        listed.as_array().expect("rows").iter().filter(own).map(|row| &row["manifest"]).collect();
    assert_eq!(names, [&json!("qlcv")]);
    for named in ["qlcv", "connectors/qlcv", "connectors/qlcv/", "connectors/qlcv/manifest.toml"] {
        assert_eq!(site.json(&["connector", "lint", named])["name"], "qlcv", "{named}");
    }
    let told = site.refused(&["connector", "lint", "connectors/qlvc", "--lang", "en"], 5);
    assert!(told.contains("LT-CFG-028") && told.contains("did you mean \"qlcv\"?"), "{told}");

    let told = site.refused(&["connector", "test", "connectors/qlcv", "--lang", "en"], 1);
    assert!(told.contains("there are no samples") && told.contains("connector record"), "{told}");
}

#[test]
fn samples_nothing_records_are_put_by_hand_and_what_they_give_is_written_by_the_test() {
    let site = Site::new("");
    let (_, manifest, _) = site.run(&["connector", "show", "task-sheet"]);
    std::fs::create_dir_all(site.file("connectors/so/samples")).expect("made");
    site.write("connectors/so/manifest.toml", manifest);
    let test = ["connector", "test", "so", "--lang", "en"];
    let told = site.refused(&test, 1);
    assert!(
        told.contains("by hand") && told.contains("--write") && !told.contains("connector record"),
        "{told}"
    );
    site.write(
        "connectors/so/samples/a.csv",
        "Mã nhiệm vụ,Nội dung,Trạng thái\nB1,Việc,Mới giao\n,Hai,Mới giao\n",
    );
    let told = site.refused(&test, 1);
    assert!(
        told.contains("expected/drafts.json") && told.contains("--write") && !told.contains("os error"),
        "{told}"
    );
    assert_eq!(site.json(&["connector", "test", "connectors/so", "--write"])["drafts"], json!(1));
    assert!(site.file("connectors/so/expected/rejected.json").exists());
    assert_eq!(site.json(&["connector", "test", "connectors/so/manifest.toml"])["ok"], json!(true));
    // What is no longer rejected is no longer expected to be.
    site.write("connectors/so/samples/a.csv", "Mã nhiệm vụ,Nội dung,Trạng thái\nB1,Việc,Mới giao\n");
    site.refused(&test, 1);
    assert_eq!(site.json(&["connector", "test", "so", "--write"])["ok"], json!(true));
    assert!(!site.file("connectors/so/expected/rejected.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn remedies_of_a_manifest_tried_by_hand_name_options_and_no_configuration() {
    let site = Site::new("");
    site.write(
        "desk.toml",
        format!("{HEAD}{STREAM}[paging]\nkind = \"none\"\n[fields]\ntitle = \"name\"\nstatus = \"status\"\n"),
    );
    site.write("secret", "x");
    let order = ["connector", "preview", "desk.toml", "--lang", "en"];
    let told = |more: &[&str]| site.refused(&[&order[..], more].concat(), 5);
    let missing = told(&["--set", "base_url=http://127.0.0.1:9"]);
    for option in ["add --secret password=FILE", "add --allow-http"] {
        assert!(missing.contains(option), "{option}: {missing}");
    }
    assert_eq!(missing.matches("LT-CFG-025").count(), 1, "{missing}");
    assert!(!missing.contains("configuration") && !missing.contains("allow_http"), "{missing}");
    assert!(told(&["--secret", "password=secret"]).contains("add --set base_url=VALUE"));
    let slip = told(&["--set", "base_ul=https://127.0.0.1:9", "--secret", "password=secret"]);
    assert!(slip.contains("did you mean \"base_url\"?"), "{slip}");
    let settings = slip.lines().find(|line| line.contains("did you mean")).unwrap_or_default();
    assert!(!settings.contains("password"), "a secret is no setting: {settings}");
}

#[tokio::test(flavor = "multi_thread")]
async fn preview_fails_where_every_record_is_rejected_and_shows_what_else_is_read() {
    let server = Scripted::start(|_| json(json!({ "total": 2, "items": [record(1), record(2)] }))).await;
    let site = Site::new("");
    let rules = |status: &str| {
        format!(
            "{HEAD}{STREAM}[paging]\nkind = \"none\"\n[fields]\ntitle = \"name\"\nquantity = {{ const = \"2.5\" }}\n\
             assignee_name = {{ const = \"Nguyễn Văn An\" }}\nstatus = {{ const = \"{status}\" }}\n"
        )
    };
    site.write("secret", "x");
    let base = format!("base_url={}", server.base);
    let order = [
        "connector",
        "preview",
        "desk.toml",
        "--set",
        &base,
        "--secret",
        "password=secret",
        "--allow-http",
        "--lang",
        "vi",
    ];
    site.write("desk.toml", rules("done"));
    let (exit, printed, errors) = site.run(&order);
    assert_eq!(exit, 0, "{errors}");
    for seen in ["Nguyễn Văn An", "Số lượng", "2,5", "Thay đổi lúc"] {
        assert!(printed.contains(seen), "{seen}: {printed}");
    }
    site.write("desk.toml", rules("done").replace("title = \"name\"", "title = \"nowhere\""));
    let told = site.refused(&order, 1);
    assert!(told.contains("LT-SRC-"), "{told}");
}

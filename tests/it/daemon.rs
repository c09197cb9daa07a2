//! The daemon as its operator meets it: real processes, signals, orders beside it and without it, systemd.

use crate::support::http::{Scripted, json};
use crate::support::project;
use crate::support::site::{Daemon, Site, told, until};
use crate::support::source::{HEAD, PASSWORD, STREAM, record};
use serde_json::{Value, json};
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

const FIELDS: &str = "[paging]\nkind = \"none\"\n[fields]\ntitle = \"name\"\n\
    status = { path = \"status\", default = \"in_progress\", map = { \"1\" = \"in_progress\" } }\n\
    assignee = { path = \"who\", kind = \"account\" }\ndue = { path = \"due\", date = [\"%Y-%m-%d\"] }\n";

const PEOPLE: &str = "staff_number,citizen_id,full_name,unit,post,role,from,to,leads,accounts\n\
    GL-1,,Nguyễn Văn Một,SNV,Giám đốc,head,2026-01-01,,,desk=an\n\
    GL-2,,Nguyễn Văn Hai,SNV-P,Chuyên viên,staff,2026-01-01,,,desk=binh\n";

const NATIONAL: &str = "[[target]]\nid = \"csdl\"\nkind = \"national\"\nbase_url = \"https://127.0.0.1:9\"\nusername = \"gialai\"\n\
    password = { file = \"secret\" }\norg_code = \"H21\"\nsender_code = \"H21.09\"\n";

fn source(id: &str, base: &str) -> String {
    format!(
        "[[source]]\nid = \"{id}\"\nunit = \"SNV\"\nmanifest = \"desk.toml\"\nschedule = \"0 0 1 1 *\"\nallow_http = true\n\
         settings = {{ base_url = \"{base}\" }}\nsecrets = {{ password = {{ file = \"secret\" }} }}\n"
    )
}

/// The tests' quarter is the fourth of 2026, whenever they run.
const CLOCK: &str = "[simulation]\nclock_start = 2026-12-01T08:00:00+07:00\n";

const UNITS: &str = "[people]\nfile = \"people.csv\"\n[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n\
    [[unit]]\ncode = \"SNV-P\"\nname = \"Phòng\"\nkind = \"division\"\nparent = \"SNV\"\n\
    [[unit]]\ncode = \"STC\"\nname = \"Sở Tài chính\"\nkind = \"department\"\n";

/// A desk with 30 readable records and one that is not.
async fn desk() -> Scripted {
    Scripted::start(|_| {
        let mut items: Vec<Value> = (1..=30)
            .map(|number| {
                let mut task = record(number);
                task["who"] = json!(["an", "binh", "khach"][number % 3]);
                task["due"] = json!("2026-12-15");
                task
            })
            .collect();
        items.insert(0, json!({ "id": 99, "name": "Sai ngày", "status": 1, "due": "mai" }));
        json(json!({ "total": items.len(), "items": items }))
    })
    .await
}

fn site(more: &str) -> Site {
    let site = Site::new(more);
    // Accounts belong to sources that are configured.
    let accounts = more.contains("id = \"desk\"");
    let people =
        if accounts { PEOPLE.to_owned() } else { PEOPLE.replace("desk=an", "").replace("desk=binh", "") };
    site.write("people.csv", people);
    site.write("secret", PASSWORD);
    site.write("desk.toml", format!("{HEAD}{STREAM}{FIELDS}"));
    site
}

/// Every order that shows something, with JSON.
const SHOWING: [&[&str]; 20] = [
    &["status"],
    &["rejected", "list"],
    &["people", "unknown"],
    &["catalog", "diff", "catalog.csv"],
    &["catalog", "list", "van", "ban", "--limit", "3"],
    &["mapping", "review"],
    &["score", "show"],
    &["score", "show", "--view", "to_date"],
    &["score", "explain", "GL-2", "2026-Q4"],
    &["record", "list"],
    &["period", "close", "2020-Q1", "--dry-run"],
    &["outbox", "list"],
    &["report", "tasks"],
    &["report", "tasks", "--by", "unit"],
    &["db", "check"],
    &["people", "list", "--unit", "SNV-P"],
    &["people", "show", "GL-2"],
    &["people", "units"],
    &["task", "show", "desk:1", "--raw"],
    &["rejected", "show", "desk:1"],
];

#[tokio::test(flavor = "multi_thread")]
async fn orders_give_the_same_answer_beside_the_daemon_and_without_it() {
    let server = desk().await;
    let site = site(&format!("{CLOCK}{UNITS}{}", source("desk", &server.base)));
    let root = project::root();
    site.write("catalog.csv", std::fs::read(root.join("config/catalog-example.csv")).expect("the example"));

    let mut daemon = site.daemon();
    site.json(&["catalog", "import", "catalog.csv", "--name", "2026-1", "--valid-from", "2026-01-01"]);
    let pulled = site.json(&["sync", "desk"]);
    assert!(pulled["records"].as_u64() >= Some(31), "{pulled}");
    let again = site.json(&["sync", "desk"]);
    // Of 31 records one is rejected: read to the end, but not everything the source tells of is held.
    let told = (&pulled["complete"], &again["complete"], &again["new"]);
    assert_eq!(told, (&json!(false), &json!(false), &json!(0)), "{again}");
    let mut order = vec!["criteria", "set", "GL-2", "2026-Q4", "--author", "Phòng Tổ chức"];
    let items = ["I.1=4", "I.2=5", "II.1=2", "II.2=2", "II.3=2", "II.4=2", "III.1=2", "III.2=2", "III.3=2"];
    for item in items.into_iter().chain(["III.4=2"]) {
        order.extend(["--item", item]);
    }
    let refused = site.refused(&order, 1);
    assert!(refused.contains("LT-AUT-002"), "an office has to cite a document: {refused}");
    order.extend(["--document", "12/BB-TCCB"]);
    let decided = site.json(&order);
    assert!(decided["message"].is_string(), "{decided}");
    until("every step has done its work", || {
        let due = site.json(&["status"])["numbers"]["due"].clone();
        due.as_object().expect("steps").values().all(|due| *due == 0)
    });
    let beside: Vec<Value> = SHOWING.iter().map(|order| site.json(order)).collect();
    // The refused order was answered and waits for nobody: only the record does.
    assert_eq!(beside[1].as_array().map(Vec::len), Some(1), "{}", beside[1]);
    assert_eq!(beside[2].as_array().map(Vec::len), Some(1), "{}", beside[2]);
    assert!(!beside[6].as_array().expect("scores").is_empty());
    let (list, one, units) = (&beside[15], &beside[16], &beside[17]);
    assert_eq!((list.as_array().map(Vec::len), &list[0]["person"]), (Some(1), &json!("GL-2")), "{list}");
    assert_eq!(
        (&one["posts"][0]["unit"], &one["accounts"][0]["source"]),
        (&json!("SNV-P"), &json!("desk")),
        "{one}"
    );
    assert!(units.as_array().expect("units").iter().any(|unit| unit["unit"] == "SNV-P"), "{units}");
    let task = &beside[18];
    assert_eq!(
        (&task["task"], &task["record"]["body"]["due"]),
        (&json!("desk:1"), &json!("2026-12-15")),
        "{task}"
    );
    assert_eq!(task["answer"]["sha256"].as_str().map(str::len), Some(64), "{task}");
    let shown = &beside[19];
    let told = (&shown["rejected"]["id"], &shown["rejected"]["code"], &shown["rejected"]["state"]);
    assert_eq!(told, (&beside[1][0]["id"], &beside[1][0]["code"], &json!("open")), "{shown}");
    assert_eq!(shown["rejected"]["field"], "due", "{shown}");
    let record: Value =
        serde_json::from_str(shown["record"]["text"].as_str().expect("a text")).expect("JSON");
    assert_eq!(record, json!({ "id": 99, "name": "Sai ngày", "status": 1, "due": "mai" }), "{shown}");
    assert_eq!(task["events"][0]["answer"], task["answer"]["number"], "{task}");

    daemon.signal("-KILL");
    assert_eq!(daemon.ended(), None);
    for (order, beside) in SHOWING.iter().zip(&beside) {
        assert_eq!(&site.json(order), beside, "{order:?}");
    }
    // A unit stands for itself and everything below it, and for nothing else.
    let scored = |unit: &str| site.json(&["score", "show", "--unit", unit]).as_array().map(Vec::len);
    assert_eq!((scored("SNV"), scored("SNV-P"), scored("STC")), (Some(2), Some(1), Some(0)));
    // Programs get stable tokens; people do not meet one.
    for order in SHOWING {
        let (_, told, _) = site.run(&[order, &["--lang", "vi"]].concat());
        let tokens = told.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| {
            [
                "staff",
                "identify",
                "decide",
                "never_pulled",
                "failing",
                "partly",
                "computed",
                "provisional",
                "full_period",
                "to_date",
                "account",
                "period_over",
                "added",
                "removed",
                "general_criteria",
            ]
            .contains(word)
        });
        assert_eq!(tokens.collect::<Vec<_>>(), Vec::<&str>::new(), "{order:?}: {told}");
    }
    assert_eq!(site.json(&["score", "show"])[0]["role"], "head");
    let (_, explained, _) = site.run(&["score", "explain", "GL-2", "2026-Q4", "--lang", "vi"]);
    let words = [
        "Tổng điểm (S): còn thiếu",
        "Còn thiếu: nhiệm vụ được giao",
        "không tính (chưa gán sản phẩm): desk:1",
    ];
    assert!(words.iter().all(|word| explained.contains(word)), "{explained}");
    // The one that refuses does so alike, too.
    let refused = site.refused(&["score", "explain", "GL-9", "2026-Q4"], 1);
    let _daemon = site.daemon();
    assert_eq!(site.refused(&["score", "explain", "GL-9", "2026-Q4"], 1), refused);
    assert!(refused.contains("LT-PPL-020"), "{refused}");
    // An unknown product is answered with a way on, and the catalog can be looked at.
    let told = site.refused(&["mapping", "decide", "desk:1", "--product", "SP-KHONG"], 1);
    assert!(told.contains("LT-CAT-022") && told.contains("--outside"), "{told}");
    let listed = site.json(&["catalog", "list", "NGHI", "quyết"]);
    let named = |row: &Value| row["name"].as_str().is_some_and(|name| name.to_lowercase().contains("nghị"));
    assert!(listed.as_array().is_some_and(|rows| rows.iter().any(named)), "{listed}");
    assert_eq!(listed[0]["valid_from"], "2026-01-01", "{listed}");
    assert!(site.refused(&["catalog", "list", "--name", "2025-1"], 1).contains("LT-CAT-020"));
    // A rejected record is named by source and number, and the replay takes that.
    let rejected = site.json(&["rejected", "list"]);
    let id = rejected[0]["id"].as_str().expect("SOURCE:ID");
    assert!(id.starts_with("desk:"), "{rejected}");
    assert_eq!(site.json(&["rejected", "replay", id])["rejected"], 1);
    assert!(site.refused(&["rejected", "replay", "desk:999"], 1).contains("LT-PUL-007"));
    let (exit, shown, told) = site.run(&["rejected", "show", id, "--lang", "vi"]);
    assert_eq!(exit, 0, "{told}");
    let words = ["Ở đâu", "GET /tasks #1 (bản ghi 99, trường due)", "Chờ xử lý", "\n    \"due\": \"mai\""];
    assert!(words.iter().all(|word| shown.contains(word)), "{shown}");
    for unknown in ["desk:999", "other:1"] {
        assert!(site.refused(&["rejected", "show", unknown], 1).contains("LT-PUL-007"), "{unknown}");
    }
    assert!(site.refused(&["rejected", "show", "desk"], 2).contains("SOURCE:ID"));
    // Orders that change something, beside it.
    let (exit, _, told) = site.run(&["people", "link", "desk", "khach", "GL-2"]);
    assert!(exit == 0 && told.is_empty(), "{told}");
    let (exit, _, told) = site.run(&["people", "link", "desk", "chua-thay", "GL-2"]);
    assert!(exit == 0 && told.contains("LT-PPL-012 source desk (chua-thay)"), "{told}");
    until("the account is found", || site.json(&["people", "unknown"]) == json!([]));
    // Whose it is now loses it only when that is meant.
    let kept = site.refused(&["people", "link", "desk", "khach", "GL-1"], 1);
    assert!(kept.contains("LT-PPL-011") && kept.contains("GL-2") && kept.contains("--move"), "{kept}");
    let (exit, moved, errors) = site.run(&["people", "link", "desk", "khach", "GL-1", "--move"]);
    assert!(exit == 0 && moved.contains("moved from GL-2"), "{moved}{errors}");
    let backup = site.file("copy.db");
    site.json(&["db", "backup", backup.to_str().expect("a path")]);
    let again = site.refused(&["db", "backup", backup.to_str().expect("a path")], 1);
    assert!(again.contains("LT-DB-015"), "{again}");
    let known = site.json(&["people", "import", "people.csv", "--dry-run"]);
    assert_eq!((known["new_people"].as_u64(), known["known_people"].as_u64()), (Some(0), Some(2)));
    site.write("moved.csv", PEOPLE.replace("desk=an", "dsk=an"));
    let (exit, _, told) = site.run(&["people", "import", "moved.csv", "--dry-run"]);
    assert!(exit == 0 && told.contains("LT-PPL-010 moved.csv (GL-1)"), "{told}");
    assert!(told.contains("\"dsk\"") && told.contains("sources: desk"), "{told}");
    site.write("moved.csv", PEOPLE.replace("desk=an", "").replace("desk=binh", "desk=an"));
    site.write("units.csv", "code,name,kind,parent\nUBND,Ủy ban,province,\n");
    let order = ["people", "import", "moved.csv", "--units", "units.csv", "--dry-run"];
    let (exit, _, told) = site.run(&order);
    assert_eq!(exit, 0, "{told}");
    assert!(told.contains("LT-PPL-011 moved.csv (GL-2)") && told.contains("from GL-1 to GL-2"), "{told}");
    assert!(told.contains("LT-PPL-009") && told.contains("SNV, STC, UBND"), "{told}");
    // A unit has one head at a time, whoever was imported before.
    let (header, rest) = PEOPLE.split_once('\n').expect("a header");
    let new = "GL-7,,Nguyễn Văn Bảy,SNV,Giám đốc,head,2026-11-01,,,\n";
    site.write("heads.csv", format!("{header}\n{new}"));
    let told = site.refused(&["people", "import", "heads.csv"], 1);
    assert!(told.contains("LT-PPL-006 heads.csv (GL-7)") && told.contains("GL-1 Nguyễn Văn Một"), "{told}");
    assert!(told.contains("from 2026-11-01") && told.contains("from 2026-01-01"), "{told}");
    let ended = rest.replace("head,2026-01-01,,", "head,2026-01-01,2026-10-31,");
    site.write("heads.csv", format!("{header}\n{new}{ended}"));
    let both = site.json(&["people", "import", "heads.csv", "--dry-run"]);
    assert_eq!((both["new_people"].as_u64(), both["known_people"].as_u64()), (Some(1), Some(2)), "{both}");
    let replayed = site.json(&["rejected", "replay", "desk"]);
    assert_eq!(replayed["rejected"], 1, "{replayed}");
    let twice = site
        .refused(&["catalog", "import", "catalog.csv", "--name", "2026-1", "--valid-from", "2026-01-01"], 1);
    assert!(twice.contains("LT-CAT-024"), "{twice}");
}

#[test]
fn what_an_order_names_and_nobody_knows_is_refused_with_what_is_known() {
    let site = site(UNITS);
    site.json(&["db", "migrate"]);
    for (order, code) in [
        (vec!["sync", "nowhere"], "LT-PUL-002"),
        (vec!["backfill", "nowhere", "--from", "2026-01-01", "--to", "2026-01-02"], "LT-PUL-002"),
        (vec!["rejected", "list", "--source", "nowhere"], "LT-PUL-002"),
        (vec!["people", "link", "nowhere", "x", "GL-1"], "LT-PUL-002"),
        (vec!["outbox", "list", "--target", "nowhere"], "LT-DLV-025"),
        (vec!["record", "list", "--unit", "nowhere"], "LT-PPL-023"),
        (vec!["score", "show", "--unit", "nowhere"], "LT-PPL-023"),
        (vec!["score", "show", "GL-9"], "LT-PPL-020"),
        (vec!["mapping", "decide", "desk:1", "--outside"], "LT-CAT-023"),
        (vec!["record", "approve", "GL-1", "2026-Q3", "--revision", "1"], "LT-SCO-010"),
    ] {
        let told = site.refused(&order, 1);
        assert!(told.contains(code) && told.contains("remedy:"), "{order:?}: {told}");
        let vietnamese = site.refused(&[order.as_slice(), &["--lang", "vi"]].concat(), 1);
        assert!(vietnamese.contains(code) && vietnamese.contains("cách xử lý:"), "{order:?}: {vietnamese}");
        let printed = site.refused(&[order.as_slice(), &["--json"]].concat(), 1);
        let printed: Value = serde_json::from_str(&printed).expect("JSON");
        assert_eq!(printed["findings"][0]["code"], code, "{order:?}");
    }
}

#[test]
fn a_second_daemon_on_one_folder_refuses_and_names_process_and_folder() {
    let site = site("");
    let first = site.daemon();
    let told = site.refused(&["run"], 3);
    assert!(told.contains("LT-RUN-001") && told.contains(&first.id().to_string()), "{told}");
    assert!(told.contains(&site.file("data").display().to_string()), "{told}");
    let printed: Value = serde_json::from_str(&site.run(&["run", "--json"]).1).expect("JSON");
    assert_eq!(printed["findings"][0]["code"], "LT-RUN-001");
}

#[test]
fn terminate_ends_the_daemon_with_zero_and_frees_the_folder() {
    let site = site("");
    let mut daemon = site.daemon();
    daemon.signal("-TERM");
    assert_eq!(daemon.ended(), Some(0));
    assert!(!site.file("data/lienthong.sock").exists());
    let _again = site.daemon();
}

#[test]
fn a_killed_daemon_leaves_nothing_that_blocks_the_next_one() {
    let site = site("");
    let mut daemon = site.daemon();
    daemon.signal("-KILL");
    daemon.ended();
    assert!(site.file("data/lienthong.sock").exists(), "the socket is left behind");
    site.json(&["status"]);
    let _next = site.daemon();
    site.json(&["status"]);
}

#[test]
fn another_key_than_the_databases_ends_with_five_and_says_where_it_is() {
    let site = Site::new("");
    site.run(&["db", "migrate"]);
    let key = std::fs::read(site.file("data/keys/field.key")).expect("the key");
    site.write("data/keys/field.key", format!("{}\n", "07".repeat(32)));
    for order in [&["db", "check"][..], &["db", "migrate"], &["status"], &["run"]] {
        let told = site.refused(order, 5);
        assert!(told.contains("LT-CFG-014") && told.contains("data/keys/field.key"), "{order:?}: {told}");
    }
    site.write("data/keys/field.key", key);
    let (exit, _, errors) = site.run(&["db", "check"]);
    assert_eq!(exit, 0, "the old key put back: {errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hang_up_reads_the_configuration_again_and_a_broken_one_changes_nothing() {
    let server = desk().await;
    let site = site(UNITS);
    let mut daemon = site.daemon();
    assert_eq!(site.json(&["status"])["sources"], json!([]));

    // A mistake: the log tells it, the daemon goes on.
    site.configure(&format!("{UNITS}[log]\nfilterr = \"debug\"\n"));
    daemon.signal("-HUP");
    until("the mistake is told", || daemon.told().contains("LT-CFG-001"));
    // A secret that is missing, and another data folder: the same.
    site.configure(
        &format!("{UNITS}{}", source("desk", &server.base)).replace("file = \"secret\"", "file = \"none\""),
    );
    daemon.signal("-HUP");
    until("the missing secret is told", || daemon.told().contains("LT-CFG-007"));
    let text = std::fs::read_to_string(site.file("lienthong.toml")).expect("readable");
    site.write("lienthong.toml", text.replace("\"none\"", "\"secret\"").replace("\"data\"", "\"elsewhere\""));
    daemon.signal("-HUP");
    until("the other folder is told", || daemon.told().contains("LT-RUN-016"));
    assert!(daemon.runs() && !site.file("elsewhere").exists());
    // Another key: the daemon goes on with the one its database was written with.
    site.configure(UNITS);
    let key = std::fs::read(site.file("data/keys/field.key")).expect("the key");
    site.write("data/keys/field.key", format!("{}\n", "07".repeat(32)));
    daemon.signal("-HUP");
    until("the other key is told", || daemon.told().contains("LT-CFG-014"));
    assert!(daemon.runs());
    let (exit, tried, _) = site.run(&["check", "--json"]);
    assert!(exit == 1 && tried.contains("LT-CFG-014"), "a trial of the file tells it as well: {tried}");
    site.write("data/keys/field.key", key);
    site.refused(&["status", "--data-dir", "nowhere/../data", "--config", "missing.toml"], 5);

    // A good one: sources, secrets and the filter of the log are those of the file.
    site.configure(&format!("{UNITS}[log]\nfilter = \"debug\"\n{}", source("desk", &server.base)));
    daemon.signal("-HUP");
    until("the new source is there", || {
        let (exit, printed, _) = site.run(&["status", "--json"]);
        exit == 0 && printed.contains("\"source\": \"desk\"")
    });
    assert_eq!(site.json(&["sync", "desk"])["rejected"], 1);
    until("the finer log", || daemon.told().contains("\"level\":\"DEBUG\""));
    assert_eq!(daemon.get("/livez").0, 200);
    daemon.signal("-TERM");
    assert_eq!(daemon.ended(), Some(0));
}

/// A manifest that is edited in place is taken up by itself; a bad one leaves the old one running, and status, page and
/// order say so.
#[tokio::test(flavor = "multi_thread")]
async fn watched_manifest_is_taken_up_and_a_bad_one_leaves_the_old_one_running() {
    let server = desk().await;
    let site = site(&format!("{UNITS}{}", source("desk", &server.base)));
    site.refused(&["config", "reload"], 1);
    let mut daemon = Daemon::start(site.path(), &["run"], &[("LIENTHONG__DAEMON__WATCH_FILES_S", "1")]);
    let good = format!("{HEAD}{STREAM}{FIELDS}");
    let status = || site.run(&["status", "--json"]);
    assert_eq!(status().0, 0);

    site.write("desk.toml", good.replace("title = \"name\"", "titel = \"name\""));
    until("status says that the old one runs", || {
        let (exit, printed, told) = status();
        exit == 0 && told.contains("LT-SRC-085") && printed.contains("\"source\": \"desk\"")
    });
    assert!(daemon.get("/").1.contains("cấu hình mới chưa dùng được"), "the page says so");
    assert_eq!(site.json(&["sync", "desk"])["rejected"], 1, "the old one runs");
    let refused = site.refused(&["config", "reload"], 5);
    assert!(refused.contains("titel") && daemon.runs(), "{refused}");

    // What runs is what the file says again.
    site.write("desk.toml", &good);
    until("nothing is told any more", || !status().2.contains("LT-SRC-085"));
    assert!(!daemon.told().contains("configuration read again"), "nothing was begun anew");

    // A good one that reads the record that could not be read before.
    let better = good.replace(
        "due = { path = \"due\", date = [\"%Y-%m-%d\"] }",
        "due = { path = \"due\", empty = [\"mai\"], date = [\"%Y-%m-%d\"] }",
    );
    assert_ne!(better, good);
    site.write("desk.toml", better);
    until("it is taken up by itself", || daemon.told().contains("configuration read again"));
    until("the daemon is there again", || status().0 == 0);
    assert_eq!(site.json(&["sync", "desk"])["rejected"], 0);
    let (exit, _, told) = site.run(&["config", "reload"]);
    assert_eq!((exit, told.as_str()), (0, ""));
    until("the daemon is there again", || status().0 == 0);
    daemon.signal("-TERM");
    assert_eq!(daemon.ended(), Some(0));
}

/// One broken manifest of many: the daemon starts, the others are pulled, and the one is told, shown, and pulled by itself
/// once it can be opened.
#[tokio::test(flavor = "multi_thread")]
async fn source_that_cannot_be_opened_is_set_aside_and_the_others_go_on() {
    let server = desk().await;
    let broken = source("unread", &server.base).replace("desk.toml", "unread.toml");
    let site = site(&format!("{CLOCK}{UNITS}{}{broken}", source("desk", &server.base)));
    let good = format!("{HEAD}{STREAM}{FIELDS}");
    site.write("unread.toml", good.replace("title = \"name\"", "titel = \"name\""));
    site.refused(&["config", "check"], 5);
    let mut daemon = site.daemon();
    assert!(daemon.told().contains("set aside") && daemon.told().contains("titel"), "{}", daemon.told());
    site.json(&["sync", "desk"]);
    let of = |printed: &Value, id: &str| {
        let rows = printed["sources"].as_array().expect("sources");
        let row = rows.iter().find(|row| row["source"] == id).expect("shown");
        (row["state"].as_str().unwrap_or_default().to_owned(), row["code"].clone())
    };
    let status = site.json(&["status"]);
    assert_eq!(of(&status, "unread"), ("failing".to_owned(), json!("LT-SRC-098")));
    assert_eq!(status["sources"][0]["tasks"], 30, "{status}");
    let refused = site.refused(&["sync", "unread"], 1);
    assert!(refused.contains("LT-SRC-098") && refused.contains("unread.toml"), "{refused}");
    for page in ["/", "/sources/unread"] {
        let (status, page) = daemon.get(page);
        assert!(status == 200 && page.contains("LT-SRC-098") && page.contains("Không mở được"), "{page}");
    }
    // Mended, it is pulled at once: neither its schedule nor the failed order keeps it back.
    site.write("unread.toml", good);
    let (exit, _, told) = site.run(&["config", "reload"]);
    assert_eq!((exit, told.as_str()), (0, ""));
    until("it is pulled", || {
        let (exit, printed, _) = site.run(&["status", "--json"]);
        exit == 0 && !printed.contains("LT-SRC-098") && printed.matches("\"tasks\": 30").count() == 2
    });
    daemon.signal("-TERM");
    assert_eq!(daemon.ended(), Some(0));
}

#[test]
fn systemd_is_told_of_readiness_life_reload_and_stop() {
    let site = site("");
    let path = site.file("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("limit");
    let next = |wanted: &str| {
        let mut buffer = [0; 512];
        loop {
            let length = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("{wanted}: {error}"));
            let told = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if told.lines().any(|line| line == wanted) {
                return told;
            }
            assert!(told.starts_with("WATCHDOG=1"), "{told} before {wanted}");
        }
    };
    let path = path.to_str().expect("a path");
    let mut daemon =
        Daemon::start(site.path(), &["run"], &[("NOTIFY_SOCKET", path), ("WATCHDOG_USEC", "300000")]);
    next("READY=1");
    for _ in 0..3 {
        next("WATCHDOG=1");
    }
    daemon.signal("-HUP");
    assert!(next("RELOADING=1").contains("MONOTONIC_USEC="));
    next("READY=1");
    next("WATCHDOG=1");
    daemon.signal("-TERM");
    next("STOPPING=1");
    assert_eq!(daemon.ended(), Some(0));
}

#[test]
fn a_target_nobody_confirmed_is_withheld_and_everything_else_runs() {
    let site = site(&format!("{UNITS}{NATIONAL}"));
    let (exit, printed, told) = site.run(&["config", "check", "--json"]);
    assert_eq!(exit, 0, "{told}");
    assert!(printed.contains("LT-CFG-026"), "{printed}");
    let daemon = site.daemon();
    assert!(daemon.told().contains("LT-DLV-011"), "{}", daemon.told());
    let status = site.json(&["status"]);
    assert_eq!(status["targets"][0]["state"], "withheld", "{status}");
    assert_eq!(status["targets"][0]["code"], "LT-DLV-011");
    let (status, page) = daemon.get("/?lang=en");
    assert_eq!(status, 200);
    assert!(page.contains("LT-DLV-011"), "the page says why");
    assert_eq!(daemon.get("/readyz").0, 200);

    let confirmed = "code_list = { confirmed = true }\nfield_map = { confirmed = true }\n";
    site.configure(&format!("{UNITS}{NATIONAL}{confirmed}"));
    daemon.signal("-HUP");
    until("the target is in use", || {
        let (exit, printed, _) = site.run(&["status", "--json"]);
        exit == 0 && printed.contains("\"in_use\"")
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn check_tries_the_file_as_it_stands_and_tells_every_finding_with_its_line() {
    let server = desk().await;
    let site = site(&format!("{UNITS}{}", source("desk", &server.base)));
    let _daemon = site.daemon();
    let good = format!("{UNITS}{}", source("desk", &server.base));
    site.configure(&format!(
        "{good}{}{}{NATIONAL}",
        source("closed", "http://127.0.0.1:9"),
        source("keyless", &server.base).replace("file = \"secret\"", "file = \"none\""),
    ));
    let text = std::fs::read_to_string(site.file("lienthong.toml")).expect("readable");
    let line =
        |needle: &str| text.lines().position(|line| line.contains(needle)).map_or(0, |line| line as u64 + 1);
    let (exit, printed, errors) = site.run(&["check", "--json"]);
    assert_eq!(exit, 1, "{errors}");
    let printed: Value = serde_json::from_str(&printed).expect("JSON");
    let findings = printed["findings"].as_array().expect("findings");
    let at = |code: &str| -> Vec<u64> {
        let found = findings.iter().filter(|finding| finding["code"] == code);
        found.filter_map(|finding| finding["place"]["line"].as_u64()).collect()
    };
    for finding in findings {
        // What nobody wrote has no line: the operator's file and the section that belongs into it.
        let place = &finding["place"];
        let own = place["what"].as_str().is_some_and(|file| file.ends_with("/lienthong.toml"));
        let section = place["detail"].as_str().is_some_and(|detail| detail.starts_with('['));
        assert!(own && (place["line"].is_u64() || section), "{finding}");
        assert!(finding["remedy"]["vi"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{finding}");
    }
    assert_eq!(at("LT-CFG-007"), [line("\"none\"")]);
    assert_eq!(at("LT-CFG-026"), [line("id = \"csdl\"")]);
    let closed = line("id = \"closed\"") - 1;
    let target = line("id = \"csdl\"") - 1;
    let unreachable = at("LT-NET-001").into_iter().chain(at("LT-NET-002")).chain(at("LT-NET-003"));
    let mut unreachable: Vec<u64> = unreachable.collect();
    unreachable.sort_unstable();
    assert_eq!(unreachable, [closed, target], "{findings:#?}");
    let tried = printed["tried"].as_array().expect("what was tried");
    let result = |name: &str| tried.iter().find(|row| row["name"] == name).map(|row| row["result"].clone());
    assert_eq!(result("closed"), Some(json!("error")), "{tried:?}");
    assert_eq!(result("keyless"), Some(json!("error")), "one whose secret is missing was tried and failed");
    assert!(result("desk").is_some_and(|word| word != "ok"), "one of its records is not readable: {tried:?}");
    assert_eq!(printed["summary"]["ok"], false);
    assert!(
        site.json(&["status"])["sources"].as_array().is_some_and(|list| list.len() == 1),
        "nothing changed"
    );
}

#[test]
fn logs_are_json_in_a_file_and_pretty_on_a_terminal() {
    let site = site("");
    let daemon = site.daemon();
    site.json(&["status"]);
    until("the order is logged", || daemon.told().contains("order done"));
    let lines: Vec<Value> = daemon
        .told()
        .lines()
        .filter(|line| !line.starts_with("http://"))
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let done = lines.iter().find(|line| line["message"] == "order done").expect("the order");
    assert_eq!((done["order"].as_str(), done["exit"].as_u64()), (Some("status"), Some(0)));
    assert_eq!(done["level"], "INFO");
    assert!(done["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{done}");
    drop(daemon);

    let program = project::program().display();
    let terminal = Command::new("script")
        .args(["-q", "-e", "-c", &format!("timeout --signal=TERM 5 {program} run"), "/dev/null"])
        .current_dir(site.path())
        .env("LANG", "C.UTF-8")
        .output()
        .expect("script, of the package bsdutils");
    let shown = String::from_utf8_lossy(&terminal.stdout).into_owned();
    assert!(shown.contains("INFO") && shown.contains("running") && !shown.contains("\"level\""), "{shown}");
    assert!(shown.contains("\u{1b}["), "colours on a terminal");
}

#[test]
fn help_of_every_command_is_there_in_both_languages() {
    let site = site("");
    let mut pending: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = 0;
    while let Some(path) = pending.pop() {
        for (lang, head, commands) in [("en", "Usage:", "Commands:"), ("vi", "Cách dùng:", "Lệnh:")] {
            let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
            arguments.extend(["--help", "--lang", lang]);
            let (exit, help, errors) = told(&crate::support::site::output(site.path(), &arguments));
            assert!(exit == 0 && help.contains(head), "{arguments:?}: {errors}{help}");
            if lang == "en" {
                let below = help.lines().skip_while(|line| *line != commands).skip(1);
                let names = below.take_while(|line| line.starts_with("  "));
                let names = names.filter(|line| !line.starts_with("   "));
                pending.extend(names.filter_map(|line| line.split_whitespace().next()).map(|name| {
                    let mut path = path.clone();
                    path.push(name.to_owned());
                    path
                }));
            }
        }
        seen += 1;
    }
    assert!(seen > 40, "{seen} commands");
}

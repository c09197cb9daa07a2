//! `report tasks`: every rule of counting, from a source's records through the real program.

use crate::support::http::{Scripted, json};
use crate::support::project;
use crate::support::site::Site;
use crate::support::source::{HEAD, PASSWORD, STREAM};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const FIELDS: &str = r#"
[paging]
kind = "none"
[fields]
title = "name"
assignee = { path = "who", kind = "account" }
due = { path = "due", date = ["%Y-%m-%d"] }
completed_at = { path = "done_at", date = ["rfc3339"] }
status = { path = "status", map = { open = "open", doing = "in_progress", back = "returned", done = "done", off = "cancelled", recalled = "recalled" } }
"#;

const PEOPLE: &str = "staff_number,citizen_id,full_name,unit,post,role,from,to,leads,accounts\n\
    GL-1,,Nguyễn Văn Một,SNV,Chuyên viên,staff,2026-01-01,,,desk=an|other=an\n\
    GL-2,,Nguyễn Văn Hai,STC,Chuyên viên,staff,2026-01-01,,,desk=binh\n\
    GL-3,,Nguyễn Văn Ba,SNV,Chuyên viên,staff,2026-01-01,,,desk=chi\n";

type Records = Arc<Mutex<Vec<Value>>>;

fn task(id: u32, who: &str, status: &str, due: &str, done_at: &str) -> Value {
    let mut task = json!({ "id": id, "name": format!("Nhiệm vụ {id}"), "status": status });
    for (key, value) in [("who", who), ("due", due), ("done_at", done_at)] {
        if !value.is_empty() {
            task[key] = json!(value);
        }
    }
    task
}

/// The tasks of the test; each line says which rule it stands for.
fn tasks() -> Vec<Value> {
    vec![
        // 16:59:59 UTC is still the due day in Việt Nam, 17:00 UTC is the day after.
        task(1, "an", "done", "2026-10-15", "2026-10-15T16:59:59Z"),
        task(2, "an", "done", "2026-10-15", "2026-10-15T17:00:00Z"),
        task(3, "an", "done", "2026-10-15", "2026-10-19T08:00:00+07:00"),
        // No due day: never late, whenever it was done, and never overdue.
        task(4, "an", "done", "", "2027-01-01T00:00:00Z"),
        task(5, "an", "open", "", ""),
        // A date of completion without the status is no completion.
        task(6, "an", "doing", "2026-10-15", "2026-10-14T00:00:00Z"),
        task(7, "an", "back", "2026-10-20", ""),
        task(8, "an", "off", "2026-10-01", ""),
        task(9, "an", "recalled", "2026-10-01", ""),
        // Done first, taken up again later.
        task(10, "binh", "done", "2026-10-15", "2026-10-20T03:00:00Z"),
        // Shown first, gone later.
        task(11, "binh", "open", "2026-10-01", ""),
        // Nobody, and someone nobody knows.
        task(12, "", "open", "2026-10-01", ""),
        task(13, "khach", "done", "2026-10-15", "2026-10-16T03:00:00Z"),
    ]
}

async fn site(records: &Records, more: &str) -> (Site, Scripted) {
    let shown = records.clone();
    let server = Scripted::start(move |_| {
        let items = shown.lock().expect("lock").clone();
        json(json!({ "total": items.len(), "items": items }))
    })
    .await;
    let source = |id: &str| {
        format!(
            "[[source]]\nid = \"{id}\"\nunit = \"SNV\"\nmanifest = \"desk.toml\"\nschedule = \"0 0 1 1 *\"\nallow_http = true\n\
             settings = {{ base_url = \"{}\" }}\nsecrets = {{ password = {{ file = \"secret\" }} }}\n",
            server.base
        )
    };
    let site = Site::new(&format!(
        "[people]\nfile = \"people.csv\"\n[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n\
         [[unit]]\ncode = \"STC\"\nname = \"Sở Tài chính\"\nkind = \"department\"\n{}{}",
        source("desk"),
        if more.is_empty() { String::new() } else { source(more) },
    ));
    let people = if more.is_empty() { PEOPLE.replace("|other=an", "") } else { PEOPLE.to_owned() };
    site.write("people.csv", people);
    site.write("secret", PASSWORD);
    site.write("desk.toml", format!("{HEAD}{STREAM}{FIELDS}"));
    (site, server)
}

fn csv(site: &Site, arguments: &[&str]) -> Vec<String> {
    let arguments = [&["report", "tasks", "--format", "csv"], arguments].concat();
    let (exit, printed, errors) = site.run(&arguments);
    assert_eq!(exit, 0, "{errors}");
    let mut lines = printed.lines().map(str::to_owned);
    assert_eq!(
        lines.next().as_deref(),
        Some("person,assigned,done,on_time,late,late_days,open,overdue,cancelled,gone")
    );
    lines.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_follows_its_rule_in_every_form_and_by_every_key() {
    let records: Records = Arc::new(Mutex::new(tasks()));
    let (site, _server) = site(&records, "").await;
    site.json(&["sync", "desk", "--full"]);

    // Overdue goes by the day asked for: due on the 20th is overdue on the 21st.
    let person = ["--by", "person", "--as-of"];
    let day = |day: &'static str| [person.as_slice(), &[day]].concat();
    assert_eq!(
        csv(&site, &day("2026-10-20")),
        ["-,2,1,0,1,1,1,1,0,0", "GL-1,7,4,2,2,5,3,1,2,0", "GL-2,2,1,0,1,5,1,1,0,0", "GL-3,0,0,0,0,0,0,0,0,0"]
    );
    assert_eq!(csv(&site, &day("21/10/2026"))[1], "GL-1,7,4,2,2,5,3,2,2,0");
    assert_eq!(csv(&site, &day("2026-01-01"))[1], "GL-1,7,4,2,2,5,3,0,2,0");

    // By the source's account: unknown accounts have rows of their own, `-` is nobody at all.
    let account = ["--source", "desk", "--key", "account", "--as-of", "2026-10-20"];
    let by_account = [
        "-,1,0,0,0,0,1,1,0,0",
        "an,7,4,2,2,5,3,1,2,0",
        "binh,2,1,0,1,5,1,1,0,0",
        "chi,0,0,0,0,0,0,0,0,0",
        "khach,1,1,0,1,1,0,0,0,0",
    ];
    assert_eq!(csv(&site, &account), by_account);
    assert_eq!(csv(&site, &account[2..]), by_account, "one source needs no naming");

    assert_eq!(
        csv(&site, &["--by", "unit", "--as-of", "2026-10-20"]),
        ["-,2,1,0,1,1,1,1,0,0", "SNV,7,4,2,2,5,3,1,2,0", "STC,2,1,0,1,5,1,1,0,0"]
    );

    // The three forms say the same.
    let rows = site.json(&["report", "tasks", "--as-of", "2026-10-20", "--format", "json"]);
    assert_eq!(
        rows[1],
        json!({ "person": "GL-1", "assigned": 7, "done": 4, "on_time": 2, "late": 2, "late_days": 5, "open": 3, "overdue": 1, "cancelled": 2, "gone": 0 })
    );
    let (_, table, _) = site.run(&["report", "tasks", "--as-of", "2026-10-20", "--lang", "vi"]);
    let row = table.lines().find(|line| line.starts_with("GL-1")).expect("the row");
    assert_eq!(
        row.split_whitespace().collect::<Vec<_>>(),
        ["GL-1", "7", "4", "2", "2", "5", "3", "1", "2", "0"]
    );
    assert!(table.contains("Số ngày trễ"), "{table}");

    // Reopened, handed over to someone else, and gone from a source that was read completely.
    {
        let mut shown = records.lock().expect("lock");
        shown.retain(|task| task["id"] != 11);
        for task in shown.iter_mut() {
            if task["id"] == 10 {
                task["status"] = json!("doing");
            }
            if task["id"] == 3 {
                task["who"] = json!("chi");
            }
        }
    }
    site.json(&["sync", "desk", "--full"]);
    assert_eq!(
        csv(&site, &day("2026-10-20")),
        ["-,2,1,0,1,1,1,1,0,0", "GL-1,6,3,2,1,1,3,1,2,0", "GL-2,1,0,0,0,0,1,1,0,1", "GL-3,1,1,0,1,4,0,0,0,0"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_name_in_two_systems_is_two_rows_and_an_unknown_source_is_refused() {
    let records: Records = Arc::new(Mutex::new(tasks()[..2].to_vec()));
    let (site, _server) = site(&records, "other").await;
    site.json(&["sync", "desk", "--full"]);
    site.json(&["sync", "other", "--full"]);
    assert_eq!(
        csv(&site, &["--key", "account"]),
        [
            "desk:an,2,2,1,1,1,0,0,0,0",
            "desk:binh,0,0,0,0,0,0,0,0,0",
            "desk:chi,0,0,0,0,0,0,0,0,0",
            "other:an,2,2,1,1,1,0,0,0,0"
        ]
    );
    assert_eq!(csv(&site, &["--key", "account", "--source", "other"]), ["an,2,2,1,1,1,0,0,0,0"]);
    assert_eq!(csv(&site, &["--source", "other"])[0], "GL-1,2,2,1,1,1,0,0,0,0");
    assert_eq!(csv(&site, &[])[0], "GL-1,4,4,2,2,2,0,0,0,0");
    let told = site.refused(&["report", "tasks", "--source", "dsk"], 1);
    assert!(told.contains("LT-PUL-002") && told.contains("desk, other"), "{told}");
}

#[test]
fn columns_are_those_the_handbook_names_whatever_a_row_stands_for() {
    let page = project::root().join("docs/OPERATIONS.md");
    let page = std::fs::read_to_string(page).expect("docs/OPERATIONS.md");
    let told = page.split("`report tasks` has the columns ").nth(1).expect("the columns");
    let told: Vec<&str> = told.split(',').map(str::trim).take_while(|word| word.starts_with('`')).collect();
    let told: Vec<&str> = told.into_iter().map(|word| word.trim_matches('`')).collect();
    let site = Site::new("");
    for by in ["person", "unit"] {
        let (exit, printed, errors) = site.run(&["report", "tasks", "--by", by, "--format", "csv"]);
        assert_eq!(exit, 0, "{errors}");
        assert_eq!(printed.lines().next().expect("a head").split(',').collect::<Vec<_>>(), told, "{by}");
    }
}

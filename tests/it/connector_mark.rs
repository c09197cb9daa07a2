//! Sources that go on from an opaque mark: CalDAV by sync-token, change feeds by sequence.

use crate::pull_gates::House;
use crate::support::http::{Asked, Scripted, json, status};
use crate::support::installation::{Installed, Targets};
use crate::support::source::{HEAD, PASSWORD, STREAM, connect, entry, now, opened, pull};
use crate::support::stores::both;
use chrono::{DateTime, TimeDelta, Utc};
use lienthong::clock::Clock;
use lienthong::connector::{Connector as _, MARK_REFUSED, Presence, PullMode, manifest};
use lienthong::pipeline::App;
use lienthong::pipeline::command::{Command, Executor as _};
use lienthong::pipeline::execute::Installation;
use lienthong::store::Store;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const CALENDAR: &str = r#"
[stream]
path = "/tasks/"
method = "REPORT"
xml = "<d:sync-collection xmlns:d=\"DAV:\"><d:sync-token>{{ mark or '' }}</d:sync-token></d:sync-collection>"
format = "xml"
records = "multistatus/response"
key = "href"
icalendar = "prop.data"
deleted = { path = "status", one_of = ["404"] }
truncated = { path = "status", one_of = ["507"] }
[incremental]
mark = "multistatus/sync-token"
[success]
status = [207]
"#;

fn event(number: usize) -> String {
    format!(
        "<response><href>/tasks/{number}</href><prop><data>BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:Việc {number}\nEND:VTODO\n\
         END:VCALENDAR\n</data></prop></response>"
    )
}

fn multistatus(token: &str, inside: &str) -> axum::http::Response<axum::body::Body> {
    let body = format!("<multistatus xmlns=\"DAV:\"><sync-token>{token}</sync-token>{inside}</multistatus>");
    status(207, &[("content-type", "application/xml")], &body)
}

fn token(asked: &Asked) -> String {
    let (_, after) = asked.body.split_once("<d:sync-token>").expect("a token");
    after.split('<').next().expect("its end").to_owned()
}

#[tokio::test]
async fn changes_are_asked_for_by_the_last_mark_and_a_cut_answer_goes_on() {
    let server = Scripted::start(|asked| match token(asked).as_str() {
        "" => multistatus(
            "s&amp;1",
            &format!("{}<response><href>/tasks/</href><status>507</status></response>", event(1)),
        ),
        "s&amp;1" => multistatus("s2", &event(2)),
        "s2" => multistatus("s3", "<response><href>/tasks/1</href><status>404</status></response>"),
        "s3" => multistatus("s3", ""),
        _ => status(
            403,
            &[("content-type", "application/xml")],
            "<error xmlns=\"DAV:\"><valid-sync-token/></error>",
        ),
    })
    .await;
    let connector = connect(&server.base, CALENDAR);
    let first = pull(&connector, PullMode::Full, None).await.expect("everything");
    let records: Vec<_> = first.pages.iter().flat_map(|page| &page.records).collect();
    assert_eq!(records.len(), 2, "the calendar's own line is no task");
    assert!(String::from_utf8_lossy(&records[0].body).contains("\"VTODO\":{\"SUMMARY\":\"Việc 1\"}"));
    assert!(first.end.complete);
    let again = connector.list_again(first.pages[0].body.clone(), None).expect("all").expect("reads");
    assert_eq!(again, first.pages[0].records, "a kept answer says the same again");
    let asked = &server.asked()[0];
    assert_eq!(
        (asked.method.as_str(), asked.headers["content-type"].as_str()),
        ("REPORT", "application/xml; charset=utf-8")
    );

    let cursor = first.end.cursor.expect("a mark").0;
    let changes = pull(&connector, PullMode::Incremental, Some(&cursor)).await.expect("changes");
    assert!(matches!(changes.pages[0].records[0].presence, Presence::Deleted { .. }));
    assert!(!changes.end.complete, "changes prove nothing about the rest");
    let cursor = changes.end.cursor.expect("a mark").0;
    let nothing = pull(&connector, PullMode::Incremental, Some(&cursor)).await.expect("nothing new");
    assert_eq!((nothing.pages.len(), nothing.end.cursor.expect("a mark").0), (0, cursor));

    let error = pull(&connector, PullMode::Incremental, Some(r#"{"v":3,"mark":"forgotten"}"#))
        .await
        .expect_err("refused");
    assert_eq!(error.finding.code, MARK_REFUSED);
    // A cursor of another shape is none: everything is read.
    let moment = r#"{"v":1,"since":"2026-11-24T07:00:00Z"}"#;
    let whole = pull(&connector, PullMode::Incremental, Some(moment)).await.expect("everything");
    assert_eq!(whole.pages.iter().map(|page| page.records.len()).sum::<usize>(), 2);
}

#[tokio::test]
async fn broken_calendar_is_rejected_alone_and_a_sequence_is_a_mark_as_well() {
    let server = Scripted::start(|_| {
        let broken = "<response><href>/tasks/9</href><prop><data>BEGIN:VTODO</data></prop></response>";
        multistatus("s1", &format!("{}{broken}{}", event(1), event(2)))
    })
    .await;
    let pulled = pull(&connect(&server.base, CALENDAR), PullMode::Full, None).await.expect("pages");
    let page = &pulled.pages[0];
    assert_eq!((page.records.len(), page.rejected.len()), (2, 1));
    assert_eq!(page.rejected[0].finding.code, "LT-SRC-090");

    let feed = Scripted::start(|asked| match asked.query.get("since").map(String::as_str) {
        None => json(json!({ "items": [{ "id": 1, "name": "a" }], "last_seq": 41 })),
        Some("41") => json(json!({ "items": [{ "id": 2, "name": "b" }], "last_seq": "42-x" })),
        other => panic!("{other:?}"),
    })
    .await;
    let sections = "[stream]\npath = \"/changes\"\nrecords = \"items\"\nkey = \"id\"\n\
        [incremental]\nparam = \"since\"\nmark = \"last_seq\"\n";
    let connector = connect(&feed.base, sections);
    let first = pull(&connector, PullMode::Full, None).await.expect("everything");
    let cursor = first.end.cursor.expect("a mark").0;
    let second = pull(&connector, PullMode::Incremental, Some(&cursor)).await.expect("changes");
    assert_eq!(second.end.cursor.expect("a mark").0, r#"{"v":3,"mark":"42-x"}"#);
}

#[test]
fn mark_with_what_needs_a_moment_is_refused_when_the_manifest_is_loaded() {
    let fields = "[fields]\ntitle = \"name\"\nstatus = { const = \"open\" }\n";
    let told = |sections: &str| match manifest::parse("m.toml", &format!("{HEAD}{sections}{fields}")) {
        Ok(_) => Vec::new(),
        Err(findings) => findings.0.iter().map(|finding| finding.code.clone()).collect(),
    };
    assert_eq!(told(CALENDAR), Vec::<String>::new());
    for (from, to) in [
        ("[incremental]", "[incremental]\nfield = \"at\""),
        ("[incremental]", "[incremental]\nformat = \"rfc3339\""),
        ("[success]", "[paging]\nkind = \"page\"\nparam = \"p\"\n[success]"),
        ("mark = \"multistatus/sync-token\"", "format = \"rfc3339\"\nparam = \"since\""),
        ("method = \"REPORT\"\n", ""),
        ("{{ mark or '' }}", "x"),
    ] {
        assert!(!told(&CALENDAR.replace(from, to)).is_empty(), "{to}");
    }
}

/// A feed whose mark is lost: what was deleted meanwhile is found, because everything is read in place of the changes.
#[tokio::test]
async fn mark_the_source_forgot_makes_the_pull_a_full_one() {
    const RULES: &str = "[incremental]\nparam = \"mark\"\nmark = \"mark\"\n\
        [fields]\ntitle = \"name\"\nstatus = { path = \"status\", map = { \"1\" = \"in_progress\" } }\n";
    let both = both().await;
    for store in &both.stores {
        let shown: Arc<Mutex<(Vec<usize>, &str)>> = Arc::new(Mutex::new(((0..20).collect(), "m1")));
        let seen = shown.clone();
        let server = Scripted::start(move |asked| {
            let (numbers, mark) = seen.lock().expect("lock").clone();
            match asked.query.get("mark") {
                Some(given) if given != mark => status(410, &[], "gone"),
                given => {
                    let items: Vec<_> = numbers
                        .iter()
                        .filter(|_| given.is_none())
                        .map(|id| json!({ "id": id, "name": format!("Việc {id}"), "status": "1" }))
                        .collect();
                    json(json!({ "items": items, "total": items.len(), "mark": mark }))
                }
            }
        })
        .await;
        let sync = async || sync(store, &server.base, RULES).await;
        assert_eq!(sync().await, [""; 0]);
        assert_eq!(sync().await, [""; 0]);
        *shown.lock().expect("lock") = ((1..20).collect(), "m2");
        assert_eq!(sync().await, [MARK_REFUSED], "{}", store.kind());
        assert_eq!(store.count_live_tasks(&crate::pull_gates::source()).await.expect("count"), 19);
        let state = store.source_state(&crate::pull_gates::source()).await.expect("state");
        assert_eq!((state.consecutive_failures, state.blocked_until), (0, None));
        assert_eq!(sync().await, [""; 0], "and goes on from the new mark");
    }
}

async fn sync(store: &Store, base: &str, rules: &str) -> Vec<String> {
    let house = House::new(store).await;
    let app = house.app_at(base, rules);
    let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
    let command = Command::Sync { source: crate::pull_gates::source(), full: false };
    let outcome = Installation { app: Arc::new(app) }.execute(command, progress).await;
    outcome.findings.into_iter().map(|finding| finding.code).collect()
}

/// The source as the configuration would open it, pulled for its changes; what is told.
async fn opened_and_synced(store: &Store, (base, user, password): (&str, &str, &str)) -> Vec<String> {
    const RULES: &str = "[stream]\npath = \"/tasks\"\nquery = { unit = \"{{ settings.user }}\" }\nrecords = \"items\"\nkey = \"id\"\ntotal = \"total\"\n\
        [incremental]\nparam = \"since\"\nformat = \"rfc3339\"\nfield = \"at\"\n\
        [fields]\ntitle = \"name\"\nstatus = { const = \"in_progress\" }\n";
    let settings = [("base_url", base), ("user", user)];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let secrets = [("password".to_owned(), password.to_owned().into())].into();
    let connector = opened("test", &format!("{HEAD}{RULES}"), &settings, &secrets);
    let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
    let sources = [(crate::pull_gates::source(), entry(connector, "QLVB"))].into();
    let house = &house.app;
    let app = App::new(store.clone(), house.clock, "a".into(), sources, (None, None), house.policy.clone());
    let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
    let command = Command::Sync { source: crate::pull_gates::source(), full: false };
    let outcome = Installation { app: Arc::new(app) }.execute(command, progress).await;
    outcome.findings.into_iter().map(|finding| finding.code).collect()
}

/// What another unit, address or account shows from before the cursor nobody has read yet.
#[tokio::test]
async fn source_that_is_asked_otherwise_than_before_is_read_whole_and_told_once() {
    let both = both().await;
    for store in &both.stores {
        let desk = async |tasks: [usize; 2]| {
            Scripted::start(move |asked| {
                let all = if asked.query["unit"] == "reader" { tasks[0] } else { tasks[1] };
                // All of them changed long ago.
                let shown = if asked.query.contains_key("since") { 0 } else { all };
                let row = |id| json!({ "id": id, "name": "Việc", "at": "2026-10-01T08:00:00Z" });
                let items: Vec<_> = (0..shown).map(row).collect();
                json(json!({ "items": items, "total": items.len() }))
            })
            .await
        };
        let (first, moved) = (desk([20, 25]).await, desk([30, 30]).await);
        let held = async || store.count_live_tasks(&crate::pull_gates::source()).await.expect("count");
        for (asked, told, tasks) in [
            ((&*first.base, "reader", PASSWORD), false, 20),
            ((&*first.base, "reader", PASSWORD), false, 20),
            ((&*first.base, "another unit", PASSWORD), true, 25),
            ((&*first.base, "another unit", PASSWORD), false, 25),
            ((&*moved.base, "another unit", PASSWORD), true, 30),
            ((&*moved.base, "another unit", "another account"), true, 30),
            ((&*moved.base, "another unit", "another account"), false, 30),
        ] {
            let codes: &[&str] = if told { &[MARK_REFUSED] } else { &[] };
            assert_eq!(opened_and_synced(store, asked).await, codes, "{} {asked:?}", store.kind());
            assert_eq!(held().await, tasks, "{} {asked:?}", store.kind());
        }
    }
}

/// A machine whose clock is ahead of the source's would ask for changes only from a moment the source has not reached.
#[tokio::test]
async fn next_cursor_is_the_source_s_present_where_our_clock_is_ahead_of_it() {
    for (minutes, behind) in [(-20, 20), (20, 0)] {
        let server = Scripted::start(move |_| {
            let date = (Clock::system().now() + TimeDelta::minutes(minutes)).to_rfc2822();
            let date = date.replace("+0000", "GMT");
            let body = json!({ "items": [{ "id": 1, "name": "a" }], "total": 1 }).to_string();
            status(200, &[("content-type", "application/json"), ("date", &date)], &body)
        })
        .await;
        let sections = format!("{STREAM}[incremental]\nparam = \"since\"\nformat = \"rfc3339\"\n");
        let pulled = pull(&connect(&server.base, &sections), PullMode::Full, None).await.expect("pull");
        let cursor: Value = serde_json::from_str(&pulled.end.cursor.expect("a cursor").0).expect("JSON");
        let since: DateTime<Utc> = cursor["since"].as_str().expect("since").parse().expect("instant");
        assert_eq!((now() - since).num_minutes(), behind, "{minutes}");
    }
}

//! Records that change their shape (fault E16): what is told, what is kept aside, what stops, and how a person calls
//! it known.

use crate::pull_gates::{House, RULES, source, task};
use crate::support::stores::{both, one};
use crate::web::Site;
use lienthong::connector::drift::Shape;
use lienthong::connector::manifest;
use lienthong::pipeline::command::Command;
use lienthong::store::Store;
use serde_json::{Value, json};
use std::sync::Arc;

/// The tasks, each changed at a later minute by `edit`.
fn later(numbers: std::ops::Range<usize>, minute: u32, edit: impl Fn(usize, &mut Value)) -> Vec<Value> {
    numbers
        .map(|number| {
            let mut task = task(number);
            task["at"] = json!(format!("2026-11-24T14:{minute:02}:00+07:00"));
            edit(number, &mut task);
            task
        })
        .collect()
}

async fn learned(store: &Store) -> House {
    let house = House::new(store).await;
    // Ten pages with eight looked at of each are enough to know what is usual.
    house.shows((0..200).map(task).collect());
    assert_eq!(house.sync(false).await, [""; 0], "learned silently");
    house
}

async fn accept_drift(house: &House) {
    let order = Command::SourceAcceptDrift { source: source(), author: "Lê Văn Trưởng".into() };
    assert_eq!(house.order(order).await.exit, 0);
}

async fn rejected(store: &Store) -> usize {
    store.rejected(None, 0, 1_000).await.expect("rejected").len()
}

#[tokio::test]
async fn new_missing_and_grown_fields_are_told_once_and_the_tasks_are_read() {
    let both = both().await;
    for store in &both.stores {
        let mut house = learned(store).await;
        // Without it their loss stops the run.
        house.rules = format!("{RULES}[drift.field.points]\non_missing = \"tell\"\n");
        house.shows(later(0..60, 1, |number, task| {
            task["urgency"] = json!("cao");
            task.as_object_mut().expect("object").remove("points");
            task["status"] = json!(if number == 0 { "4" } else { "1" });
        }));
        let mut codes = house.sync(false).await;
        codes.sort();
        assert_eq!(codes, ["LT-PUL-016", "LT-PUL-017", "LT-PUL-019"], "{}", store.kind());
        assert_eq!(rejected(store).await, 0, "none of them breaks a record");
        let shape: Shape = store.shape(&source()).await.expect("read").expect("kept");
        let states: Vec<&str> =
            ["urgency", "points", "status", "name"].map(|path| shape.fields[path].state()).into();
        assert_eq!(states, ["new", "missing", "new_value", "known"]);
        house.shows(later(0..60, 2, |_, task| {
            task["urgency"] = json!("cao");
            task.as_object_mut().expect("object").remove("points");
        }));
        assert_eq!(house.sync(false).await, [""; 0], "told once");
        accept_drift(&house).await;
        let shape: Shape = store.shape(&source()).await.expect("read").expect("kept");
        assert!(shape.fields.values().all(|field| !field.is_open()) && !shape.fields.contains_key("points"));
        let entry = store.audit_entries(i64::MAX, 1).await.expect("journal").remove(0);
        assert_eq!((entry.action.as_str(), entry.detail.as_str()), ("drift_accepted", "3 changes"));
    }
}

#[tokio::test]
async fn field_of_another_type_is_kept_aside_alone_and_read_after_a_person_accepts_it() {
    let both = both().await;
    for store in &both.stores {
        let house = learned(store).await;
        // Numbers as text could be read by the rule, and would be: the type alone is what is odd.
        house.shows(later(0..40, 1, |number, task| {
            if number % 4 == 0 {
                task["points"] = json!("20");
            }
        }));
        assert_eq!(house.sync(false).await, ["LT-PUL-018"], "{}", store.kind());
        assert_eq!(rejected(store).await, 10, "only the records that show it");
        let held = store.scan_tasks(None, 0, 2).await.expect("tasks");
        assert_eq!(held[0].task.draft.quantity, Some(2.into()), "what was known stands");
        accept_drift(&house).await;
        let replay = Command::RejectedReplay { source: source(), id: None };
        assert_eq!(house.order(replay).await.exit, 0);
        assert_eq!(rejected(store).await, 0);
        let held = store.scan_tasks(None, 0, 1).await.expect("tasks");
        assert_eq!(held[0].task.draft.quantity, Some(20.into()));
    }
}

#[tokio::test]
async fn manifest_may_ignore_a_change_or_stop_the_source_for_it() {
    let (_folder, store) = one().await;
    let mut house = learned(&store).await;
    house.rules =
        format!("{RULES}[drift]\non_new = \"ignore\"\n[drift.field.points]\non_type_change = \"stop\"\n");
    house.shows(later(0..40, 1, |_, task| task["urgency"] = json!("cao")));
    assert_eq!(house.sync(false).await, [""; 0], "ignored");
    let shape: Shape = store.shape(&source()).await.expect("read").expect("kept");
    assert_eq!(shape.fields["urgency"].state(), "known", "it waits for nobody");
    house.shows(later(0..40, 2, |_, task| task["points"] = json!("2")));
    assert_eq!(house.sync(false).await, ["LT-PUL-015"]);
    assert_eq!((house.state().await.as_str(), rejected(&store).await), ("stopped", 0));
    assert_eq!(house.accept("LT-PUL-015").await, [""; 0]);
    assert_eq!(house.sync(false).await, [""; 0], "let through, and known from now on");
    house.shows(later(0..40, 3, |_, task| task["points"] = json!("3")));
    assert_eq!((house.sync(false).await, house.state().await), (Vec::<String>::new(), "ok".to_owned()));
}

#[tokio::test]
async fn accepted_type_of_one_field_lets_no_other_field_and_no_other_gate_through() {
    let (_folder, store) = one().await;
    let mut house = learned(&store).await;
    house.rules = format!("{RULES}[drift]\non_type_change = \"stop\"\n");
    house.shows(later(0..40, 1, |_, task| task["points"] = json!("2")));
    assert_eq!(house.sync(false).await, ["LT-PUL-015"]);
    assert_eq!(house.accept("LT-PUL-015").await, [""; 0]);
    house.shows(later(0..40, 2, |_, task| {
        task["points"] = json!("2");
        task["who"] = json!(7);
    }));
    assert_eq!(house.sync(false).await, ["LT-PUL-015"], "another field");
    let gate = store.gate(&source()).await.expect("gate").expect("closed");
    assert!(gate.finding.what.en.contains("the field who "), "{}", gate.finding.what.en);
    assert!(gate.accepted.is_none());
    assert_eq!(house.accept("LT-PUL-015").await, [""; 0]);
    assert_eq!(house.sync(false).await, [""; 0], "both were accepted");
    assert_eq!(house.state().await, "ok");
}

/// A rule reads `owner.account`, and the owner becomes a text: nobody would do any task.
#[tokio::test]
async fn object_above_a_place_that_a_rule_reads_is_kept_aside_when_it_becomes_a_text() {
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        house.rules = RULES.replace("assignee = \"who\"", "assignee = \"owner.account\"");
        let owned = |number: usize, task: &mut Value| {
            task["owner"] = json!({ "account": format!("an{}", number % 3), "name": "x" });
        };
        house.shows(later(0..60, 1, owned));
        assert_eq!(house.sync(false).await, [""; 0]);
        house.shows(later(0..60, 2, |_, task| task["owner"] = json!("an")));
        assert_eq!(house.sync(false).await, ["LT-PUL-017", "LT-PUL-018", "LT-PUL-030"], "{}", store.kind());
        assert_eq!(rejected(store).await, 60);
        let held = store.scan_tasks(None, 0, 100).await.expect("tasks");
        assert!(held.iter().all(|task| task.task.draft.assignee.is_some()), "what was known stands");
    }
}

/// A field has another name, or is null in all records: every task would be in nobody's hands, and as good as before.
#[tokio::test]
async fn known_tasks_that_lose_person_due_day_or_quantity_stop_the_run_before_it_is_stored() {
    for emptied in [true, false] {
        let both = both().await;
        for store in &both.stores {
            let mut house = House::new(store).await;
            house.rules = format!("{RULES}due = {{ path = \"until\", date = [\"%Y-%m-%d\"] }}\n");
            let whole = |_: usize, task: &mut Value| task["until"] = json!("2026-12-20");
            house.shows(later(0..60, 1, whole));
            assert_eq!(house.sync(true).await, [""; 0]);
            let cursor = house.cursor().await;
            let lacking = |_: usize, task: &mut Value| {
                let task = task.as_object_mut().expect("object");
                for name in ["who", "points"] {
                    if emptied {
                        task[name] = if name == "who" { json!("") } else { json!(null) };
                    } else {
                        task.remove(name);
                    }
                }
            };
            // Few on a page: what came waits until there are enough to judge.
            house.shows(later(0..60, 2, lacking));
            let codes = house.sync(false).await;
            assert!(codes.contains(&"LT-PUL-029".to_owned()), "{}: {codes:?}", store.kind());
            let gate = store.gate(&source()).await.expect("gate").expect("closed");
            assert_eq!(
                gate.finding.place.and_then(|place| place.detail).as_deref(),
                Some("assignee, due, quantity")
            );
            let held = store.scan_tasks(Some(&source()), 0, 100).await.expect("tasks");
            let whole_ones = |task: &lienthong::store::StoredTask| {
                let draft = &task.task.draft;
                draft.assignee.is_some() && draft.due.is_some() && draft.quantity.is_some()
            };
            assert!(held.iter().all(whole_ones), "what was known stands");
            assert_eq!((house.cursor().await, house.state().await), (cursor, "stopped".to_owned()));
            if emptied {
                // The source is mended: it goes on by itself.
                house.shows(later(0..60, 3, whole));
                assert_eq!(house.sync(false).await, [""; 0], "{}", store.kind());
            } else {
                assert_eq!(house.accept("LT-PUL-029").await, [""; 0]);
                house.sync(false).await;
                let held = store.scan_tasks(Some(&source()), 0, 100).await.expect("tasks");
                assert!(
                    held.iter().all(|task| task.task.draft.assignee.is_none()),
                    "a person said it is true"
                );
            }
            assert_eq!(house.state().await, "ok");
        }
    }
}

#[tokio::test]
async fn small_pages_wait_until_it_is_known_whether_their_tasks_lose_something() {
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        house.rules = RULES.replace("size = 20", "size = 1");
        house.shows(later(0..30, 1, |_, _| ()));
        house.sync(false).await;
        house.shows(later(0..30, 2, |_, task| task["who"] = json!(null)));
        let codes = house.sync(false).await;
        assert!(codes.contains(&"LT-PUL-029".to_owned()), "{}: {codes:?}", store.kind());
        let held = store.scan_tasks(None, 0, 100).await.expect("tasks");
        assert!(held.iter().all(|task| task.task.draft.assignee.is_some()), "none of nine was stored");
    }
}

#[tokio::test]
async fn tasks_may_lose_what_the_manifest_or_the_configuration_says_they_may() {
    let (_folder, store) = one().await;
    let mut house = learned(&store).await;
    let lacking = |minute: u32| later(0..60, minute, |_, task| task["points"] = json!(null));
    house.rules = format!("{RULES}[drift.field.points]\non_missing = \"tell\"\n");
    house.shows(lacking(1));
    assert_eq!(house.sync(false).await, ["LT-PUL-017"], "its own policy: told, and no more");
    assert_eq!(store.scan_tasks(None, 0, 1).await.expect("tasks")[0].task.draft.quantity, None);
    house.rules = RULES.to_owned();
    house.gates.from_changed = 0;
    house.shows(later(60..120, 2, |_, task| task["who"] = json!(null)));
    assert_eq!(house.sync(false).await, ["LT-PUL-017"], "judged never");
    house.gates.from_changed = 10;
    // Who opens tasks again takes their completion away: that is no loss.
    let done = |status: &'static str, at: Value| {
        move |_: usize, task: &mut Value| {
            task["status"] = json!(status);
            task["done_at"] = at.clone();
        }
    };
    house.gates.bulk_close = 0;
    house.shows(later(120..160, 3, done("4", json!("2026-11-24T14:00:00+07:00"))));
    house.sync(false).await;
    house.shows(later(120..160, 4, done("1", json!(null))));
    let codes = house.sync(false).await;
    assert!(!codes.contains(&"LT-PUL-029".to_owned()), "{codes:?}");
    house.shows(later(120..160, 5, done("4", json!("2026-11-24T14:00:00+07:00"))));
    house.sync(false).await;
    house.shows(later(120..160, 6, done("4", json!(null))));
    let codes = house.sync(false).await;
    assert!(codes.contains(&"LT-PUL-029".to_owned()), "done without a day: {codes:?}");
}

#[tokio::test]
async fn manifest_may_stop_the_source_for_a_field_that_is_missing_or_empty() {
    let both = both().await;
    for store in &both.stores {
        let mut house = learned(store).await;
        house.rules = format!("{RULES}[drift.field.name2]\non_missing = \"stop\"\n");
        house.shows(later(0..60, 1, |number, task| task["name2"] = json!(format!("Việc {number}"))));
        assert_eq!(house.sync(false).await, ["LT-PUL-016"]);
        accept_drift(&house).await;
        house.shows(later(0..60, 2, |_, task| task["name2"] = json!("")));
        for _ in 0..2 {
            let codes = house.sync(false).await;
            assert!(codes.contains(&"LT-PUL-015".to_owned()), "{}: {codes:?}", store.kind());
            assert_eq!(house.state().await, "stopped");
        }
        assert_eq!(house.accept("LT-PUL-015").await, [""; 0]);
        assert_eq!(house.sync(false).await, [""; 0], "let through, and known to be empty from now on");
        house.shows(later(0..60, 3, |_, task| task["name2"] = json!(null)));
        assert_eq!((house.sync(false).await, house.state().await), (Vec::<String>::new(), "ok".to_owned()));
    }
}

/// What changed waits for a person wherever one looks.
#[tokio::test]
async fn fields_that_changed_stand_in_status_and_in_what_is_shown_of_the_source_until_accepted() {
    let (_folder, store) = one().await;
    let house = learned(&store).await;
    let counts = async || {
        let status = house.order(Command::Status {}).await.document.to_json(lienthong::error::Lang::En);
        let shown = house.order(Command::SourceShow { source: source() }).await;
        let shown = shown.document.to_json(lienthong::error::Lang::En);
        (status["waiting"]["changed_fields"].clone(), shown["state"]["changed_fields"].clone())
    };
    assert_eq!(counts().await, (0.into(), 0.into()));
    house.shows(later(0..60, 1, |_, task| task["urgency"] = json!("cao")));
    house.sync(false).await;
    assert_eq!(counts().await, (1.into(), 1.into()));
    let folder = tempfile::tempdir().expect("folder");
    let site = Site::serving(folder, Arc::new(house.app(&house.rules))).await;
    let gauge = |count: u32| format!("lienthong_source_changed_fields{{source=\"test\"}} {count}\n");
    assert!(site.shown("/metrics").await.contains(&gauge(1)));
    assert!(site.shown("/waiting").await.contains("lienthong source accept-drift test"));
    accept_drift(&house).await;
    assert_eq!(counts().await, (0.into(), 0.into()));
}

#[tokio::test]
async fn source_stopped_for_what_its_tasks_lose_is_named_among_what_needs_a_person() {
    let (_folder, store) = one().await;
    let house = learned(&store).await;
    house.shows(later(0..60, 1, |_, task| task["who"] = json!(null)));
    house.sync(false).await;
    let status = house.order(Command::Status {}).await;
    assert!(status.findings.iter().any(|finding| finding.code == "LT-PUL-029"), "{:?}", status.findings);
    let shown = status.document.to_json(lienthong::error::Lang::En);
    assert_eq!(shown["waiting"]["stopped_sources"], 1);
    let folder = tempfile::tempdir().expect("folder");
    let site = Site::serving(folder, Arc::new(house.app(&house.rules))).await;
    let page = site.shown("/waiting").await;
    assert!(page.contains("LT-PUL-029") && page.contains("/sources/test"), "{page}");
}

#[test]
fn manifest_that_wants_to_stop_for_a_new_field_is_refused_at_its_line() {
    let text = format!(
        "{}{}{RULES}[drift]\non_new = \"stop\"\n",
        crate::support::source::HEAD,
        crate::support::source::STREAM
    );
    let findings = manifest::parse("test.toml", &text).expect_err("refused");
    let place = findings.0[0].place.clone().expect("a place");
    assert_eq!((findings.0[0].code.as_str(), place.line.is_some()), ("LT-MAN-090", true));
}

fn nobody(_: usize, task: &mut Value) {
    task["who"] = json!(null);
}

/// A ward whose pulls bring four changed tasks each: what one of them cannot show, three do.
#[tokio::test]
async fn few_tasks_a_pull_that_lose_somebody_stop_the_source_once_they_are_many_together() {
    let both = both().await;
    for store in &both.stores {
        let house = learned(store).await;
        let lost = async || {
            let held = store.scan_tasks(None, 0, 300).await.expect("tasks");
            held.iter().filter(|task| task.task.draft.assignee.is_none()).count()
        };
        for round in 0..2u32 {
            let first = 4 * round as usize;
            house.shows(later(first..first + 4, 1 + round, nobody));
            assert_eq!(house.sync(false).await, [""; 0], "{}", store.kind());
        }
        // Somebody's task keeps its assignee: the field is read as before.
        house.shows(later(100..101, 3, |_, task| task["name"] = json!("Việc khác")));
        assert_eq!(house.sync(false).await, [""; 0]);
        for round in 2..4u32 {
            let first = 4 * round as usize;
            house.shows(later(first..first + 4, 2 + round, nobody));
            assert_eq!(house.sync(false).await, [""; 0], "{}", store.kind());
        }
        house.shows(later(16..20, 6, nobody));
        assert!(house.sync(false).await.contains(&"LT-PUL-029".to_owned()), "{}", store.kind());
        assert_eq!((lost().await, house.state().await), (16, "stopped".to_owned()));
        // Too few to judge are no sign that it is mended.
        house.shows(later(16..17, 7, nobody));
        house.sync(false).await;
        assert_eq!(house.state().await, "stopped");
        house.shows(later(0..20, 8, |_, _| ()));
        assert_eq!(house.sync(false).await, [""; 0]);
        assert_eq!((lost().await, house.state().await), (0, "ok".to_owned()), "{}", store.kind());
    }
}

#[tokio::test]
async fn tasks_called_off_may_lose_everything() {
    let (_folder, store) = one().await;
    let mut house = House::new(&store).await;
    house.rules = RULES.replace("\"4\" = \"done\"", "\"4\" = \"done\", \"9\" = \"cancelled\"");
    house.shows((0..60).map(task).collect());
    assert_eq!(house.sync(false).await, [""; 0]);
    house.shows(later(0..12, 1, |number, task| {
        task["status"] = json!("9");
        nobody(number, task);
    }));
    assert_eq!(house.sync(false).await, [""; 0]);
    house.shows(later(20..32, 2, nobody));
    assert!(house.sync(false).await.contains(&"LT-PUL-029".to_owned()));
}

/// What a person accepted of one kind takes back no word about another.
#[tokio::test]
async fn loss_stays_told_when_a_run_is_let_through_for_something_else() {
    let both = both().await;
    for store in &both.stores {
        let mut house = learned(store).await;
        house.gates.from_tasks = 50;
        let losses = async |house: &House| {
            let told = house.order(Command::Status {}).await.findings;
            told.iter().filter(|finding| finding.code == "LT-PUL-028").count()
        };
        house.shows((0..140).map(task).collect());
        assert_eq!(house.sync(true).await, ["LT-PUL-028"], "{}", store.kind());
        house.shows(later(0..140, 1, nobody));
        assert!(house.sync(false).await.contains(&"LT-PUL-029".to_owned()));
        assert_eq!(house.accept("LT-PUL-029").await, [""; 0]);
        house.sync(false).await;
        assert_eq!((house.state().await, losses(&house).await), ("ok".to_owned(), 1), "{}", store.kind());
        assert_eq!(house.accept("LT-PUL-028").await, [""; 0]);
        assert_eq!(losses(&house).await, 0);
    }
}

/// Whoever accepts many new tasks says nothing about those that are missing beside them.
#[tokio::test]
async fn loss_beside_accepted_growth_is_told() {
    let (_folder, store) = one().await;
    let mut house = House::new(&store).await;
    house.gates = lienthong::config::Gates { most_times: 2, ..lienthong::config::Gates::default() };
    house.shows((0..150).map(task).collect());
    house.sync(false).await;
    house.shows((0..90).chain(200..420).map(task).collect());
    assert_eq!(house.sync(true).await, ["LT-PUL-011"]);
    assert_eq!(house.accept("LT-PUL-011").await, [""; 0]);
    assert!(house.sync(true).await.contains(&"LT-PUL-028".to_owned()));
}

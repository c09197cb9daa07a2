//! Tests of reading records into drafts.

use super::*;
use crate::domain::local_offset;
use bytes::Bytes;

fn compile(toml: &str) -> Result<Reader, Vec<Problem>> {
    #[derive(serde::Deserialize)]
    struct Holder {
        fields: FieldRules,
        events: Option<HistoryRules>,
        #[serde(default)]
        event: Vec<EventRule>,
    }
    let holder: Holder = toml::from_str(toml).expect("test rules");
    let mut problems = Vec::new();
    match Reader::compile(
        &holder.fields,
        holder.events.as_ref(),
        &holder.event,
        local_offset(),
        &mut problems,
    ) {
        Some(reader) if problems.is_empty() => Ok(reader),
        _ => Err(problems),
    }
}

fn reader(extra: &str) -> Reader {
    let toml = format!(
        "[fields]\ntitle = \"name\"\nstatus = {{ path = \"status\", map = {{ \"1\" = \"in_progress\", \"4\" = \"done\" }} }}\n{extra}"
    );
    compile(&toml).expect("compiles")
}

fn raw(body: &str) -> RawRecord {
    RawRecord {
        external_id: "7".into(),
        hash: [0; 16],
        body: Bytes::copy_from_slice(body.as_bytes()),
        index: 3,
        file: None,
        presence: crate::connector::Presence::Shown,
    }
}

fn read(reader: &Reader, body: &str) -> TaskDraft {
    reader
        .read("source test", &raw(body))
        .map_err(|rejection| rejection.finding.to_string())
        .expect("readable")
}

fn code(reader: &Reader, body: &str) -> (String, String) {
    let finding = reader.read("source test", &raw(body)).expect_err("must be rejected").finding;
    (finding.code.clone(), finding.place.map(|place| place.to_string()).unwrap_or_default())
}

#[test]
fn no_control_character_reaches_a_task_and_none_is_part_of_a_key() {
    let draft = read(&reader(""), r#"{"name":"Kế\u0000 hoạch\u0007\nquý","status":1}"#);
    assert_eq!(draft.title, "Kế  hoạch \nquý");
    assert!(is_key("nv-1") && is_key(&"đ".repeat(MAX_KEY)));
    assert!(["", "nv\u{0}1", "nv\n1", &"đ".repeat(MAX_KEY + 1)].iter().all(|key| !is_key(key)));
}

#[test]
fn flat_record_becomes_a_draft_with_exact_numbers_and_composed_text() {
    let reader = reader(
        "assignee = { path = \"owner.account\", strip_prefix = \"stc\\\\\" }\n\
         due = \"due\"\nquantity = \"n\"\nunplanned = { path = \"labels\", contains = \"dot_xuat\" }\n\
         doc_type = { first_of = [\"a\", \"b\"], default = \"Khác\" }\ndoc_number = { path = \"doc\", split = { by = \";\", index = 1 } }",
    );
    let draft = read(
        &reader,
        r#"{"name":"  Ke\u0302\u0301 hoạch ","status":1,"owner":{"account":" stc\\an.nv "},"due":"2026-09-15 00:00:00+07",
            "n":2.50,"labels":["x","dot_xuat"],"a":"","b":null,"doc":"1/CV; 12/KH-STC"}"#,
    );
    assert_eq!(draft.title, "  Kế hoạch ", "blanks of a title stay, its letters are composed");
    assert_eq!((draft.status, draft.raw_status.as_str()), (TaskStatus::InProgress, "1"));
    assert_eq!(draft.assignee, Some(AccountRef { kind: AccountKind::Account, value: "an.nv".into() }));
    assert_eq!(draft.due.map(|due| due.day.to_string()).as_deref(), Some("2026-09-15"));
    assert_eq!(draft.quantity.map(|quantity| quantity.to_string()).as_deref(), Some("2.50"));
    assert!(draft.unplanned);
    assert_eq!(draft.doc_type.as_deref(), Some("Khác"));
    assert_eq!(draft.doc_number.as_deref(), Some("12/KH-STC"));
}

#[test]
fn every_unreadable_value_is_rejected_with_code_and_field() {
    let reader = reader("due = \"due\"\nquantity = { path = \"n\", decimal = \"comma\" }\nunplanned = \"u\"");
    for (body, expected, field) in [
        (r#"{"status":1}"#, "LT-SRC-005", "title"),
        (r#"{"name":"  ","status":1}"#, "LT-SRC-005", "title"),
        (r#"{"name":"a"}"#, "LT-SRC-005", "status"),
        (r#"{"name":"a","status":9}"#, "LT-SRC-006", "status"),
        (r#"{"name":"a","status":1,"due":"trong tháng 3"}"#, "LT-SRC-007", "due"),
        (r#"{"name":"a","status":1,"n":"mười"}"#, "LT-SRC-008", "quantity"),
        (r#"{"name":"a","status":1,"n":"-1"}"#, "LT-SRC-008", "quantity"),
        (r#"{"name":"a","status":1,"u":"maybe"}"#, "LT-SRC-008", "unplanned"),
        (r#"{"name":["a"],"status":1}"#, "LT-SRC-008", "title"),
        (r#"{"name":"a","status":1,"status":4}"#, "LT-SRC-010", "(record)"),
        (r#"{"name":"a","status":"#, "LT-SRC-002", "(record)"),
    ] {
        let (got, place) = code(&reader, body);
        assert_eq!(got, expected, "{body}");
        assert!(place.contains("record 7") && place.contains(field), "{body}: {place}");
    }
    assert_eq!(
        read(&reader, r#"{"name":"a","status":1,"n":"1.234,5"}"#).quantity,
        Some(Decimal::new(12_345, 1))
    );
}

#[test]
fn number_that_is_a_thousand_to_some_and_a_fraction_to_others_is_told_with_both_readings() {
    let reader = reader("quantity = { path = \"n\", decimal = \"either\" }");
    let body = |number: &str| format!(r#"{{"name":"a","status":1,"n":"{number}"}}"#);
    for number in ["1.000", "1,000", "12.500", "250,125", "100.000", "1.000,5", "1.000.000"] {
        assert_eq!(code(&reader, &body(number)).0, "LT-SRC-008", "{number}");
    }
    for (number, is) in [
        ("0.8", Decimal::new(8, 1)),
        ("0,8", Decimal::new(8, 1)),
        ("0,125", Decimal::new(125, 3)),
        ("1000", Decimal::from(1000)),
        ("1.25", Decimal::new(125, 2)),
        ("1,2500", Decimal::new(125, 2)),
        ("1000,125", Decimal::new(1_000_125, 3)),
    ] {
        assert_eq!(read(&reader, &body(number)).quantity, Some(is), "{number}");
    }
    let told = super::two_readings("12.500").expect("two readings").what;
    assert!(told.vi.contains("12500") && told.vi.contains("12,5 "), "{}", told.vi);
    assert!(told.en.contains("12500") && told.en.contains("12.5 "), "{}", told.en);
    let thousand = super::two_readings("1,000").expect("two readings").what;
    assert!(thousand.en.contains(": 1000 (") && thousand.en.contains("or 1 ("), "{}", thousand.en);
}

#[test]
fn words_match_without_accents_only_when_the_rule_says_so() {
    let rules = |fold: &str| {
        format!(
            "[fields]\ntitle = \"t\"\nstatus = {{ path = \"s\", map = {{ \"Đang xử lý\" = \"in_progress\" }}{fold} }}"
        )
    };
    let strict = compile(&rules("")).expect("compiles");
    let folded = compile(&rules(", fold = true")).expect("compiles");
    let body = r#"{"t":"a","s":"ĐANG  XU LY"}"#;
    assert_eq!(code(&strict, body).0, "LT-SRC-006");
    let draft = read(&folded, body);
    assert_eq!((draft.status, draft.raw_status.as_str()), (TaskStatus::InProgress, "ĐANG  XU LY"));
    // The same word typed with combining marks is the same word.
    assert_eq!(
        read(&strict, "{\"t\":\"a\",\"s\":\"Đang xu\u{31b}\u{309} ly\u{301}\"}").status,
        TaskStatus::InProgress
    );
}

const HISTORY: &str = r#"
submitted_at = { last_event = "submitted" }
completed_at = { last_event = "approved" }
[events]
list = "$history"
kind = { path = "action", map = { submit = "submitted", approve = "approved", return = "returned", reopen = "reopened", transfer = "handed_over", look = "ignore" } }
at = "at"
actor = "by"
to = "to"
note = "note"
[[event]]
kind = "cancelled"
at = "cancelled_at"
note = "cancel_reason"
"#;

#[test]
fn history_is_sorted_and_only_the_standing_completion_counts() {
    let reader = reader(HISTORY);
    let draft = read(
        &reader,
        r#"{"name":"a","status":4,"$history":[
            {"action":"approve","at":"2026-09-05 08:00:00+07","by":2},
            {"action":"submit","at":"2026-09-04 08:00:00+07","by":1},
            {"action":"look","at":"hôm qua"},
            {"action":"reopen","at":"2026-09-06 08:00:00+07","by":2},
            {"action":"transfer","at":"2026-09-06 09:00:00+07","by":2,"to":"3","note":"nghỉ phép"},
            {"action":"submit","at":"2026-09-07 08:00:00+07","by":"3","to":"9"},
            {"action":"return","at":"2026-09-08 08:00:00+07","by":2},
            {"action":"submit","at":"2026-09-09 08:00:00+07","by":3},
            {"action":"approve","at":"2026-09-10 08:00:00+07","by":2}]}"#,
    );
    let kinds: Vec<_> = draft.events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "submitted",
            "approved",
            "reopened",
            "handed_over",
            "submitted",
            "returned",
            "submitted",
            "approved"
        ]
    );
    let handed = &draft.events[3];
    assert_eq!(handed.to.as_ref().map(|to| to.value.as_str()), Some("3"));
    assert_eq!(handed.note.as_deref(), Some("nghỉ phép"));
    assert_eq!(draft.events[4].to, None, "only a hand-over has a new assignee");
    assert_eq!(draft.completed_at.map(|at| at.to_rfc3339()), Some("2026-09-10T01:00:00+00:00".into()));
    assert_eq!(draft.submitted_at.map(|at| at.to_rfc3339()), Some("2026-09-09T01:00:00+00:00".into()));
}

#[test]
fn reopened_task_has_no_completion_although_it_was_approved_once() {
    let draft = read(
        &reader(HISTORY),
        r#"{"name":"a","status":1,"$history":[
            {"action":"submit","at":"2026-09-04 08:00:00+07"},
            {"action":"approve","at":"2026-09-05 08:00:00+07"},
            {"action":"reopen","at":"2026-09-06 08:00:00+07"}]}"#,
    );
    assert_eq!((draft.completed_at, draft.submitted_at), (None, None));
}

#[test]
fn history_that_cannot_be_read_rejects_the_record_and_a_missing_one_does_not() {
    let reader = reader(HISTORY);
    let entry = |entry: &str| format!(r#"{{"name":"a","status":4,"$history":[{entry}]}}"#);
    assert_eq!(code(&reader, &entry(r#"{"action":"explode","at":"2026-09-04"}"#)).0, "LT-SRC-006");
    assert_eq!(code(&reader, &entry(r#"{"action":"submit","at":"?"}"#)).0, "LT-SRC-007");
    assert_eq!(code(&reader, r#"{"name":"a","status":4,"$history":"none"}"#).0, "LT-SRC-008");
    assert!(read(&reader, r#"{"name":"a","status":4}"#).events.is_empty());
    let cancelled =
        read(&reader, r#"{"name":"a","status":4,"cancelled_at":"2026-09-04 08:00","cancel_reason":"trùng"}"#);
    assert_eq!(cancelled.events.len(), 1);
    assert_eq!(cancelled.events[0].note.as_deref(), Some("trùng"));
}

#[test]
fn expression_is_the_way_out_when_no_typed_rule_fits() {
    let reader = reader(
        "category = { expression = \"record.kind|upper if record.kind is defined else none\" }\nunit = { expression = \"record.u.code\" }",
    );
    assert_eq!(read(&reader, r#"{"name":"a","status":1,"kind":"x","u":{}}"#).category.as_deref(), Some("X"));
    assert_eq!(code(&reader, r#"{"name":"a","status":1}"#).0, "LT-SRC-009");
}

#[test]
fn contradictory_rules_are_refused_with_their_key() {
    let problems = compile(
        "[fields]\ntitle = { path = \"a\", const = \"b\" }\n\
         status = { path = \"s\", map = { x = \"finished\" }, otherwise = \"open\" }\n\
         due = { path = \"d\", date = [\"dd/MM/yyyy\"] }\nassigned_at = { path = \"d\", zone = \"7\" }\n\
         unit = { path = \"a..b\" }\ncategory = { expression = \"recrod.x\" }\ndoc_type = {}",
    )
    .expect_err("must be refused");
    let found: Vec<(&str, &str)> =
        problems.iter().map(|problem| (problem.code, problem.key.as_str())).collect();
    for expected in [
        ("LT-MAN-005", "fields.title"),
        ("LT-MAN-007", "fields.status.map.x"),
        ("LT-MAN-014", "fields.due.date"),
        ("LT-MAN-014", "fields.assigned_at.zone"),
        ("LT-MAN-015", "fields.unit"),
        ("LT-MAN-006", "fields.category.expression"),
        ("LT-MAN-005", "fields.doc_type"),
    ] {
        assert!(found.contains(&expected), "{expected:?} is missing in {found:?}");
    }
}

#[test]
fn hash_follows_record_and_rules() {
    assert_eq!(record_hash(&[1; 32], b"a"), record_hash(&[1; 32], b"a"));
    assert_ne!(record_hash(&[1; 32], b"a"), record_hash(&[2; 32], b"a"));
    assert_ne!(record_hash(&[1; 32], b"a"), record_hash(&[1; 32], b"b"));
}

#[test]
fn moment_that_is_an_object_is_put_together_and_an_odd_one_is_refused() {
    let reader = reader(
        "due = { path = \"due\", parts = [\"year\", \"month\", \"day\"] }\n\
         completed_at = { path = \"done\", parts = [\"y\", \"m\", \"d\", \"h\", \"min\"], zone = \"+00:00\" }\n",
    );
    let draft = read(
        &reader,
        r#"{"name":"a","status":4,"due":{"__class__":"date","year":2026,"month":3,"day":5},"done":{"y":2026,"m":3,"d":4,"h":1,"min":30}}"#,
    );
    let due = draft.due.expect("a day");
    assert_eq!((due.day.to_string().as_str(), due.time), ("2026-03-05", None));
    assert_eq!(draft.completed_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-03-04T01:30:00+00:00"));
    assert_eq!(read(&reader, r#"{"name":"a","status":1,"due":null}"#).due, None);
    for due in [
        r#"{"year":2026,"month":3}"#,
        r#"{"year":2026,"month":13,"day":1}"#,
        r#"{"year":"x","month":1,"day":1}"#,
    ] {
        let body = format!("{{\"name\":\"a\",\"status\":1,\"due\":{due}}}");
        assert_eq!(code(&reader, &body).0, "LT-SRC-007", "{due}");
    }
    for wrong in [
        "due = { path = \"due\", parts = [\"year\", \"month\"] }",
        "due = { path = \"due\", parts = [\"year\", \"month\", \"day\"], date = [\"%Y\"] }",
        "due = { const = \"x\", parts = [\"year\", \"month\", \"day\"] }",
    ] {
        let rules = format!(
            "[fields]\ntitle = \"name\"\nstatus = {{ path = \"status\", map = {{ \"1\" = \"open\" }} }}\n{wrong}"
        );
        assert!(compile(&rules).is_err(), "{wrong}");
    }
}

//! A record's life in a real store, and the workbooks people send for it.

use crate::support::project;
use crate::support::stores::{department, officer};
use chrono::{DateTime, Utc};
use lienthong::domain::{
    DecisionKind, DirectoryImport, Exact, Level, Period, PersonId, RecordState, Role, StaffNumber, UnitCode,
};
use lienthong::evaluation::{
    Approval, Approved, Change, Content, Correction, CriteriaRules, Figure, Held, LineCounts, Part,
    Situation, Standing, Subject, life, moves, read_criteria, read_history,
};
use lienthong::store::{NewRevision, Revision, Store, StoreConfig, StoreError};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use std::collections::BTreeMap;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("instant")
}

fn number() -> StaffNumber {
    StaffNumber::parse("GL-004").expect("number")
}

async fn store_with_one_person(folder: &std::path::Path) -> (Store, PersonId) {
    let store = Store::open(&StoreConfig::Sqlite(folder.join("e.db")), &[7; 32]).await.expect("store");
    store.migrate().await.expect("schema");
    let people = vec![officer("GL-004", "Nguyễn Văn An")];
    let import = DirectoryImport { units: vec![department()], people };
    store.import_directory(&import, "GL-001", None, at("2026-07-01T00:00:00Z")).await.expect("import");
    let person = store.person_by_staff_number(&number()).await.expect("query").expect("person");
    (store, person)
}

fn content(total: Option<&str>) -> Content {
    let figure = |text: &str| Figure { exact: text.parse().expect("figure"), printed: text.to_owned() };
    Content {
        period: "2026-Q3".parse().expect("period"),
        role: Role::Staff,
        unit: UnitCode::new("SNV").expect("unit"),
        post: "Chuyên viên".into(),
        parts: total.map(|total| (Part::Total, figure(total))).into_iter().collect(),
        level: total.map(|total| Level::of_score(&total.parse().expect("total"))),
        proposed: None,
        missing: if total.is_none() { vec!["general".into()] } else { Vec::new() },
        lines: LineCounts::default(),
        worked: Vec::new(),
        rule_set: "decree-335-2025".into(),
        rule_set_hash: "ab".repeat(32),
        inputs_hash: "cd".repeat(32),
        ruling: None,
        remarks: lienthong::evaluation::Remarks::default(),
    }
}

async fn append(
    store: &Store,
    person: PersonId,
    number: u32,
    state: RecordState,
    content: &Content,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    let revision = Revision {
        person,
        period: content.period,
        revision: number,
        state,
        unit: content.unit.clone(),
        content: serde_json::to_value(content).expect("content"),
        content_hash: content.hash(),
        summary: serde_json::Value::Null,
        author: "GL-001".into(),
        reason: reason.map(str::to_owned),
        at: at("2026-10-02T00:00:00Z"),
    };
    store
        .append_revision(&NewRevision { revision, outbox: Vec::new(), settles: Vec::new(), due: Vec::new() })
        .await
}

#[tokio::test]
async fn record_lives_through_approval_and_correction_without_losing_a_revision() {
    let folder = tempfile::tempdir().expect("folder");
    let (store, person) = store_with_one_person(folder.path()).await;
    let staff_number = number();
    let subject = Subject { staff_number: &staff_number, full_name: "Nguyễn Văn An" };
    let quarter: Period = "2026-Q3".parse().expect("period");

    let steps = [(content(None), RecordState::Computed), (content(Some("88.5")), RecordState::Provisional)];
    let mut held: Option<Content> = None;
    for (revision, (computed, expected)) in (1u32..).zip(steps) {
        let previous = held.as_ref().map(|content| Held {
            revision: revision - 1,
            state: RecordState::Computed,
            content,
            content_hash: "",
            situation: Situation::default(),
        });
        let Change::Revision { state, .. } = life::next_revision(previous, &computed, false) else {
            panic!("a new score makes a revision");
        };
        assert_eq!(state, expected);
        append(&store, person, revision, state, &computed, None).await.expect("appended");
        held = Some(computed);
    }
    // Two approvals at once: one wins, the other is told that the record moved on.
    let provisional = held.expect("held");
    let hash = provisional.hash();
    let newest = Held {
        revision: 2,
        state: RecordState::Provisional,
        content: &provisional,
        content_hash: &hash,
        situation: Situation::default(),
    };
    let approval = Approval {
        revision: Some(2),
        content_hash: Some(&hash),
        author: "GL-001",
        at: at("2026-10-02T00:00:00Z"),
        decision_no: None,
    };
    let Ok(Approved::Revision { content: approved, .. }) = life::approve(newest, subject, approval) else {
        panic!("the approval is in order");
    };
    let (one, two) = tokio::join!(
        append(&store, person, 3, RecordState::Approved, &approved, None),
        append(&store, person, 3, RecordState::Approved, &approved, None),
    );
    assert_eq!([&one, &two].iter().filter(|result| result.is_ok()).count(), 1);
    assert!([one, two].iter().any(|result| matches!(result, Err(StoreError::Conflict(_)))));

    // A correction follows the approved revision; both stay as they were written.
    let late = content(Some("86"));
    let latest = store.latest_revision(person, quarter).await.expect("query").expect("record");
    let stored: Content = serde_json::from_value(latest.content.clone()).expect("content");
    assert_eq!((stored.hash(), latest.state), (latest.content_hash.clone(), RecordState::Approved));
    let newest = Held {
        revision: latest.revision,
        state: latest.state,
        content: &stored,
        content_hash: &latest.content_hash,
        situation: Situation::default(),
    };
    assert!(matches!(life::next_revision(Some(newest), &late, true), Change::NeedsCorrection { .. }));
    let correction =
        Correction { revision: Some(3), author: "GL-001", reason: "bổ sung nhiệm vụ nhập muộn" };
    let summary = life::correct(Some(newest), subject, &late, true, correction).expect("allowed");
    assert!(summary.iter().any(|change| change.field == "total"));
    append(&store, person, 4, RecordState::Corrected, &late, Some(correction.reason))
        .await
        .expect("appended");
    let revisions = store.revisions(person, quarter).await.expect("revisions");
    let states: Vec<RecordState> = revisions.iter().map(|revision| revision.state).collect();
    use RecordState::{Approved as A, Computed, Corrected, Provisional};
    assert_eq!(states, [Computed, Provisional, A, Corrected]);
    for revision in revisions {
        let content: Content = serde_json::from_value(revision.content).expect("content");
        assert_eq!(content.hash(), revision.content_hash, "revision {}", revision.revision);
    }
    store.close().await;
}

#[tokio::test]
async fn history_workbook_is_kept_and_given_back_exactly() {
    let folder = tempfile::tempdir().expect("folder");
    let (store, person) = store_with_one_person(folder.path()).await;
    let mut book = Workbook::new();
    let date = Format::new().set_num_format("dd/mm/yyyy");
    let sheet = book.add_worksheet();
    for (column, header) in
        (0u16..).zip(["Số hiệu", "Kỳ", "Điểm", "Mức xếp loại", "Số quyết định", "Ngày quyết định"])
    {
        sheet.write(0, column, header).expect("cell");
    }
    sheet.write(1, 0, "GL-004").expect("cell");
    sheet.write(1, 1, 2025).expect("cell");
    sheet.write(1, 3, "Hoàn thành xuất sắc nhiệm vụ").expect("cell");
    sheet.write(1, 4, "99/QĐ-SNV").expect("cell");
    let decided = ExcelDateTime::from_ymd(2025, 12, 10).expect("date");
    sheet.write_datetime_with_format(1, 5, &decided, &date).expect("cell");
    sheet.write(2, 0, "GL - 004").expect("cell");
    sheet.write(2, 1, "Quý I/2026").expect("cell");
    sheet.write(2, 2, 88.25).expect("cell");
    let bytes = book.save_to_buffer().expect("xlsx");

    let rows =
        read_history("history.xlsx", &bytes, "2026-07-01".parse().expect("day"), &|_| true).expect("rows");
    let kept: Vec<_> =
        rows.iter().map(|row| (person, row.period, serde_json::to_value(row).expect("row"))).collect();
    assert!(rows.iter().all(|row| row.staff_number.as_str() == "GL-004"));
    let by = lienthong::store::Importer { author: "GL-001", document: None, at: at("2026-07-01T00:00:00Z") };
    assert_eq!(store.import_history(&kept, by).await.expect("import"), 2);
    assert_eq!(
        store.import_history(&kept, by).await.expect("import"),
        0,
        "the same file again changes nothing"
    );
    let history = store.history(person).await.expect("history");
    let periods: Vec<String> = history.iter().map(|(period, _)| period.to_string()).collect();
    assert_eq!(periods, ["2025", "2026-Q1"]);
    assert_eq!(history[0].1["level"], "excellent");
    assert_eq!(history[0].1["decided_on"], "2025-12-10");
    assert_eq!(history[1].1["score"], "88.25");
    store.close().await;
}

#[test]
fn criteria_workbook_with_one_wrong_cell_gives_its_address_and_no_decision() {
    let headers = [
        "Số hiệu",
        "Kỳ",
        "Người chấm",
        "I.1",
        "I.2",
        "II.1",
        "II.2",
        "II.3",
        "II.4",
        "III.1",
        "III.2",
        "III.3",
        "III.4",
    ];
    let workbook = |item: f64| {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write(0, 0, "PHIẾU TỔNG HỢP TIÊU CHÍ CHUNG").expect("cell");
        for (column, header) in (0u16..).zip(headers) {
            sheet.write(1, column, header).expect("cell");
        }
        for (column, text) in (0u16..).zip(["GL-004", "2026-Q3", "GL-003 Trần Thị Bình"]) {
            sheet.write(2, column, text).expect("cell");
        }
        for column in 3u16..13 {
            sheet.write(2, column, if column == 7 { item } else { 2.5 }).expect("cell");
        }
        book.save_to_buffer().expect("xlsx")
    };
    let rules = |_: Period| Ok(CriteriaRules { step: "0.5".parse().expect("step"), between: false });
    let standing = |_: &StaffNumber, _: Period| {
        Some(Standing {
            person: PersonId(uuid::Uuid::from_u128(4)),
            full_name: "Nguyễn Văn An".into(),
            is_leader: false,
            enters_d: false,
        })
    };
    let read =
        |item: f64| read_criteria("tc.xlsx", &workbook(item), &rules, at("2026-10-01T00:00:00Z"), &standing);
    let good = read(1.5);
    assert!(good.findings.is_empty(), "{:?}", good.findings);
    let made = good.decisions;
    let DecisionKind::GeneralCriteria { items } = &made[0].kind else { panic!("{:?}", made[0].kind) };
    assert_eq!(items.values().sum::<Exact>(), "24".parse().expect("sum"));
    let found = read(1.3).findings;
    let told: BTreeMap<_, _> =
        found.iter().map(|f| (f.code.as_str(), f.place.clone().expect("place").to_string())).collect();
    assert_eq!(told.get("LT-CRI-002").map(String::as_str), Some("tc.xlsx:3 (H3)"));
}

#[test]
fn table_of_moves_in_the_docs_is_the_programs() {
    let page = std::fs::read_to_string(project::root().join("docs/RECORDS.md")).expect("the page");
    let (_, after) = page.split_once("compares this table with the program -->\n").expect("the table");
    let (table, _) = after.split_once("<!-- end of moves -->").expect("its end");
    assert_eq!(table.trim(), moves::printed().trim());
    let (_, after) = page.split_once("<!-- organisation moves").expect("the other table");
    let (_, after) = after.split_once("program -->\n").expect("its begin");
    let (table, _) = after.split_once("<!-- end of organisation moves -->").expect("its end");
    assert_eq!(table.trim(), lienthong::evaluation::organisation::printed().trim());
    let states = page.split_once("## Moves").expect("states").0;
    for state in RecordState::ALL {
        assert!(states.contains(&format!("| `{}` |", state.as_str())), "{state:?} is not told");
    }
}

//! Orders that are only tried (`--dry-run`): what they would change, what is wrong as the order itself finds it, and that
//! nothing is stored, in the journal neither.

use crate::review::{AN, BINH, OFFICE, codes, house, told};
use crate::support::installation::{CHIEF, Installed};
use crate::support::stores::{both, one};
use lienthong::domain::evaluation::GENERAL_ITEMS;
use lienthong::domain::{CatalogScope, CatalogVersion, Period, PersonId};
use lienthong::pipeline::command::{Command, InputFile, Outcome};
use serde_json::json;

const DOCUMENT: Option<&str> = Some("9/QĐ-SNV");

/// What every order leaves that stores something: entries of the journal and scores that are due.
async fn kept(house: &Installed) -> (usize, Vec<(PersonId, Period, i64)>) {
    let store = &house.app.store;
    let journal = store.audit_entries(i64::MAX, 1_000).await.expect("journal");
    (journal.len(), store.scores_due(1_000).await.expect("due"))
}

/// Carries out an order that is only tried.
async fn tried(house: &Installed, order: Command) -> Outcome {
    let before = kept(house).await;
    let outcome = house.order(order).await;
    assert_eq!(kept(house).await, before, "a trial stores nothing");
    outcome
}

fn file(name: &str, text: String) -> InputFile {
    InputFile { name: name.into(), bytes: text.into_bytes() }
}

/// General criteria of some people and periods with so many points for each item.
fn criteria(rows: &[(&str, &str, &str)], author: &str, dry_run: bool) -> Command {
    let mut text = "staff_number,period,item,points,author\n".to_owned();
    for (who, period, points) in rows {
        for (item, ..) in GENERAL_ITEMS {
            text.push_str(&format!("{who},{period},{item},{points},{author}\n"));
        }
    }
    let document = DOCUMENT.map(str::to_owned);
    Command::CriteriaImport { file: file("tieu-chi.csv", text), document, author: OFFICE.into(), dry_run }
}

#[tokio::test]
async fn file_of_criteria_that_is_tried_says_whose_it_would_change_and_stores_nothing() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.ordered(criteria(&[(AN, "2026-Q4", "2")], CHIEF, false)).await;
        let rows = [(AN, "2026-Q4", "2"), (BINH, "2026-Q4", "1.5"), (AN, "2026-Q3", "2")];
        let shown = told(&tried(&house, criteria(&rows, CHIEF, true)).await);
        let summary = &shown["summary"];
        let counts = ["new", "changed", "unchanged", "people", "standing"].map(|key| summary[key].clone());
        assert_eq!(counts, [1, 1, 1, 2, 0].map(|count| json!(count)), "{} {shown}", store.kind());
        let listed: Vec<[&str; 4]> = shown["changes"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| ["person", "period", "what", "change"].map(|key| row[key].as_str().unwrap_or("")))
            .collect();
        let other = [BINH, "2026-Q4", "general_criteria", "changed"];
        let new = [AN, "2026-Q3", "general_criteria", "added"];
        assert!(listed.len() == 2 && listed.contains(&other) && listed.contains(&new), "{listed:?}");
        house.ordered(criteria(&rows, CHIEF, false)).await;
        let again = told(&tried(&house, criteria(&rows, CHIEF, true)).await);
        assert_eq!(again["summary"]["unchanged"], 3, "{again}");
        assert_eq!(again["changes"], json!([]));
    }
}

#[tokio::test]
async fn file_with_errors_is_refused_the_same_when_it_is_tried_and_the_journal_keeps_silent() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        // Points above the maximum by cell, and of another row a scorer who may not.
        let wrong = |dry_run| {
            let Command::CriteriaImport { file: mut text, document, author, .. } =
                criteria(&[(AN, "2026-Q4", "1"), (BINH, "2026-Q4", "99")], CHIEF, dry_run)
            else {
                unreachable!("an import")
            };
            let rows = String::from_utf8(text.bytes).expect("text");
            text.bytes = rows.replace(&format!(",1,{CHIEF}"), &format!(",1,{BINH}")).into_bytes();
            Command::CriteriaImport { file: text, document, author, dry_run }
        };
        let trial = tried(&house, wrong(true)).await;
        let before = kept(&house).await.0;
        let order = house.order(wrong(false)).await;
        assert_eq!(trial, order, "{}", store.kind());
        assert!(order.exit != 0 && codes(&order).contains(&"LT-AUT-001"), "{:?}", order.findings);
        let cells = order.findings.iter().filter(|told| told.code == "LT-CRI-002");
        assert_eq!(cells.filter(|told| told.place.as_ref().is_some_and(|at| at.line.is_some())).count(), 10);
        assert_eq!(kept(&house).await.0, before + 1, "who ordered it stands in the journal");
    }
}

#[tokio::test]
async fn catalog_that_is_tried_says_what_is_other_in_it_and_what_it_lacks() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let import = |version: &str, products: &str, dry_run| Command::CatalogImport {
            file: file("c.csv", format!("code,name,complexity_group,coefficient\n{products}")),
            version: CatalogVersion::new(version).expect("version"),
            valid_from: "2027-01-01".parse().expect("day"),
            scope: CatalogScope::Province,
            author: OFFICE.into(),
            reason: None,
            dry_run,
        };
        house.ordered(import("2027-1", "SP-1,Một,1,1.5\nSP-2,Hai,2,2\nSP-9,Khác,1,0.5\n", false)).await;
        let next = "SP-1,Một,1,1.5\nSP-2,Hai,2,3\nSP-3,Ba,1,1\n";
        let outcome = tried(&house, import("2027-2", next, true)).await;
        assert_eq!((outcome.exit, codes(&outcome)), (0, vec!["LT-CAT-025"]), "{}", store.kind());
        let shown = told(&outcome);
        let counts = ["new", "changed", "unchanged", "coefficients", "removed"].map(|key| shown[key].clone());
        assert_eq!(counts, [1, 1, 1, 1, 1].map(|count| json!(count)), "{shown}");
        assert_eq!(shown["replaces"], "2027-1");
        assert_eq!(store.catalogs().await.expect("read").len(), 2, "{}", store.kind());
        // What the order refuses the trial refuses as well.
        let taken = tried(&house, import("2027-1", next, true)).await;
        assert_eq!(codes(&taken), ["LT-CAT-024"]);
        let wrong = tried(&house, import("2027-2", "SP-1,,9,x\n", true)).await;
        assert!(wrong.exit != 0 && wrong.findings.len() > 1, "{:?}", wrong.findings);
        house.ordered(import("2027-2", next, false)).await;
    }
}

#[tokio::test]
async fn facts_and_earlier_results_that_are_tried_are_counted_and_not_kept() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let facts = |rows: &str, dry_run| Command::FactImport {
            file: file("f.csv", format!("Số hiệu,Loại,Từ ngày,Đến ngày,Nội dung,Văn bản\n{rows}")),
            author: OFFICE.into(),
            dry_run,
        };
        let leave = format!("{AN},Nghỉ ốm,01/11/2026,20/11/2026,,12/QĐ\n");
        house.ordered(facts(&leave, false)).await;
        // A row twice is one fact.
        let rows = format!("{leave}{BINH},Nghỉ ốm,02/11/2026,20/11/2026,,13/QĐ\n").repeat(2);
        let shown = told(&tried(&house, facts(&rows, true)).await);
        let counts = ["new", "changed", "unchanged", "people"].map(|key| shown[key].clone());
        assert_eq!(counts, [1, 0, 3, 1].map(|count| json!(count)), "{} {shown}", store.kind());
        assert!(shown["scores_due"].as_u64().is_some_and(|scores| scores > 0), "{shown}");
        house.ordered(facts(&rows, false)).await;
        assert_eq!(store.service_facts(None, false).await.expect("read").len(), 2);
        let overlapping = format!("{AN},Nghỉ ốm,10/11/2026,11/11/2026,,12/QĐ\n");
        assert_eq!(codes(&tried(&house, facts(&overlapping, true)).await), ["LT-SCO-024"]);

        let history = |rows: &str, document: Option<&str>, dry_run| Command::HistoryImport {
            file: file("h.csv", format!("staff_number,period,score,level,decision_no,decided_on\n{rows}")),
            document: document.map(str::to_owned),
            author: OFFICE.into(),
            dry_run,
        };
        let old = format!("{AN},2024,,good,9/QĐ,2024-12-10\n");
        house.ordered(history(&old, DOCUMENT, false)).await;
        let rows = format!("{old}{AN},2025,,good,9/QĐ,2025-12-10\n{BINH},2024,,good,9/QĐ,2024-12-10\n");
        let shown = told(&tried(&house, history(&rows, DOCUMENT, true)).await);
        let counts = ["new", "changed", "unchanged", "people"].map(|key| shown[key].clone());
        assert_eq!(counts, [2, 0, 1, 2].map(|count| json!(count)), "{} {shown}", store.kind());
        let other = tried(&house, history(&old.replace("good", "excellent"), DOCUMENT, true)).await;
        assert_eq!(told(&other)["changed"], 1);
        assert_eq!(store.history(house.person(AN).await).await.expect("read").len(), 1);
        let trial = tried(&house, history(&rows, None, true)).await;
        assert_eq!(trial, house.order(history(&rows, None, false)).await);
        assert_eq!(codes(&trial)[0], "LT-AUT-002");
        let empty = Command::HistoryEmpty {
            people: Vec::new(),
            author: OFFICE.into(),
            reason: "mới tuyển".into(),
            document: DOCUMENT.map(str::to_owned),
            dry_run: true,
        };
        assert_eq!(told(&tried(&house, empty).await)["new"], 2, "all but the one whose results came");
    }
}

#[tokio::test]
async fn approved_result_is_told_to_stand_by_a_trial_of_criteria() {
    let (_folder, store) = one().await;
    let house = house(&store).await;
    house.provisional(AN, "2026-Q4", 1, "88").await;
    house.approve(AN, "2026-Q4", 1).await;
    let shown = told(&tried(&house, criteria(&[(AN, "2026-Q4", "2")], CHIEF, true)).await);
    assert_eq!(shown["summary"]["standing"], 1, "{shown}");
    assert_eq!(shown["changes"][0]["stands"], "stands");
}

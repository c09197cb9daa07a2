//! Other rules, working days, catalogs: open periods are scored again by what governs them now, closed ones are told.

mod late;

use crate::review::{AN, BINH, OFFICE, choose, codes, house, rules_with, scored, stored, task, told, waits};
use crate::support::installation::{CHIEF, Installed, period, whom};
use crate::support::office::paragraphs;
use crate::support::stores::both;
use crate::support::task::shown;
use chrono::{DateTime, TimeDelta, Utc};
use lienthong::domain::rules::{CoefficientFreeze, LateUnit};
use lienthong::domain::{
    CatalogScope, CatalogVersion, Decision, DecisionKind, Exact, PersonId, RecordState, RuleSet,
    WorkingCalendar,
};
use lienthong::paper::{Form, Format};
use lienthong::pipeline::Policy;
use lienthong::pipeline::command::{
    CatalogRef, Command, Document, InputFile, LifeOrder, ReportOrder, ShareEntry,
};
use lienthong::pipeline::derived::read;
use lienthong::pipeline::record::Record;
use lienthong::pipeline::score::{FULL_PERIOD, Score};
use lienthong::pipeline::step::Step as _;
use lienthong::store::Revision;
use serde_json::{Value, json};

/// When an installation is started again: what was decided before stays before.
const LATER: &str = "2027-01-05T02:00:00Z";

/// Of each of the two a task in time and one four days late, from Friday 20/11 to Tuesday 24/11.
async fn worked(house: &Installed) {
    let mut tasks = Vec::new();
    for (id, who, done) in [
        ("1", AN, "2026-11-19T01:00:00Z"),
        ("2", AN, "2026-11-24T01:00:00Z"),
        ("3", BINH, "2026-11-19T01:00:00Z"),
        ("4", BINH, "2026-11-24T01:00:00Z"),
    ] {
        tasks.push(task(house, id, who, &format!("Báo cáo {id}"), Some(done)).await);
    }
    waits(house, &tasks).await;
    house.ordered(choose(&["1", "3"], "SP-1", OFFICE)).await;
    house.ordered(choose(&["2", "4"], "SP-2", OFFICE)).await;
    scored(house).await;
}

/// The same installation started again with one rule set and these holidays.
async fn under(house: &Installed, rules: RuleSet, holidays: &[&str]) -> Installed {
    let days = holidays.iter().map(|day| day.parse().expect("day"));
    let calendar = WorkingCalendar::new(days, []);
    let policy = Policy { rule_sets: vec![rules], calendar, ..house.app.policy.clone() };
    house.configured_anew(LATER, policy).await
}

async fn lateness(house: &Installed) -> serde_json::Value {
    let person = house.person(AN).await;
    let bytes = house.app.store.derivation(person, period("2026-Q4"), FULL_PERIOD).await.expect("read");
    let derived = read(&bytes.expect("a score")).expect("a derivation");
    let lines = derived["lines"].as_array().expect("lines").clone();
    lines.iter().find(|line| line["source"] == "snv/2").expect("the late one")["late_count"].clone()
}

fn close(dry_run: bool) -> Command {
    Command::PeriodClose {
        period: period("2026-Q4"),
        author: CHIEF.into(),
        reason: Some("đủ hồ sơ".into()),
        document: None,
        dry_run,
    }
}

/// How the checklist stands at one of its points.
async fn stands(house: &Installed, point: &str) -> serde_json::Value {
    let list = told(&house.ordered(close(true)).await);
    let rows = list.as_array().unwrap_or_else(|| panic!("{list}")).clone();
    rows.iter().find(|row| row["check"] == point).unwrap_or_else(|| panic!("{list}"))["state"].clone()
}

async fn verified(house: &Installed) -> Vec<String> {
    let outcome = house.order(Command::ScoreVerify {}).await;
    outcome.findings.into_iter().map(|finding| finding.code).collect()
}

#[tokio::test]
async fn ended_open_quarter_is_scored_again_by_other_rules_and_working_days_and_a_start_without_change_by_none()
 {
    let both = both().await;
    for store in &both.stores {
        let first = house(store).await;
        worked(&first).await;
        assert_eq!(lateness(&first).await, json!(4), "{}: calendar days", store.kind());
        // The same configuration once more, though with next year's holidays: nobody is due.
        let same = first.app.policy.rule_sets[0].clone();
        let again = under(&first, same, &["2027-02-05"]).await;
        assert_eq!(Score(again.app.clone()).run().await.expect("a run").done, 0);
        let days = rules_with(|rules| rules.late_unit = LateUnit::WorkingDay);
        let working = under(&first, days.clone(), &[]).await;
        // Until it is computed again no close counts on it.
        assert!(codes(&working.order(close(false)).await).contains(&"LT-REC-032"));
        scored(&working).await;
        assert_eq!(lateness(&working).await, json!(2), "{}: Monday and Tuesday", store.kind());
        assert_eq!(stands(&working, "scores_computed").await, "blocks", "no record followed the scores yet");
        Record(working.app.clone()).run().await.expect("a run");
        assert_eq!(stands(&working, "scores_computed").await, "ok", "{}", store.kind());
        let holiday = under(&first, days.clone(), &["2026-11-23", "2027-02-05"]).await;
        scored(&holiday).await;
        assert_eq!(lateness(&holiday).await, json!(1), "{}: Tuesday alone", store.kind());
        let later = under(&first, days.clone(), &["2026-11-23", "2027-02-05", "2028-03-01"]).await;
        assert_eq!(
            Score(later.app.clone()).run().await.expect("a run").done,
            0,
            "a day after every period there is"
        );
        // One rule set for everyone: nothing comes out different.
        assert_eq!(verified(&later).await, Vec::<String>::new(), "{}", store.kind());
        let sets = store.rule_sets_of(period("2026-Q4")).await.expect("read");
        assert_eq!(sets.len(), 1, "{}: {sets:?}", store.kind());
    }
}

#[tokio::test]
async fn closed_quarter_keeps_what_it_was_made_by() {
    let both = both().await;
    for store in &both.stores {
        let first = house(store).await;
        worked(&first).await;
        Record(first.app.clone()).run().await.expect("a run");
        first.ordered(close(false)).await;
        let before = stored(&first, AN).await;
        let milder = under(&first, rules_with(|rules| rules.late_unit = LateUnit::Occurrence), &[]).await;
        scored(&milder).await;
        assert_eq!(stored(&milder, AN).await, before, "{}", store.kind());
    }
}

#[tokio::test]
async fn of_two_replicas_the_one_that_began_last_judges_and_the_other_one_says_so() {
    let both = both().await;
    for store in &both.stores {
        let first = house(store).await;
        worked(&first).await;
        let second = under(&first, rules_with(|rules| rules.late_unit = LateUnit::Occurrence), &[]).await;
        scored(&second).await;
        assert_eq!(lateness(&second).await, json!(1));
        let person = first.person(AN).await;
        store.mark_scores_due(&[(person, period("2026-Q4"))]).await.expect("marked");
        let report = Score(first.app.clone()).run().await.expect("a run");
        let told: Vec<&str> = report.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!((report.done, told), (0, vec!["LT-SCO-027"]), "{}", store.kind());
        assert_eq!(
            Score(second.app.clone()).run().await.expect("a run").done,
            1,
            "the mark was left to the other"
        );
        assert_eq!(lateness(&second).await, json!(1));
        // Started again with its own rules it judges, and once: both do not take turns.
        let third = under(&first, RuleSet::default(), &[]).await;
        scored(&third).await;
        assert_eq!(lateness(&third).await, json!(4));
        let report = Score(second.app.clone()).run().await.expect("a run");
        assert_eq!((report.done, report.findings.len()), (0, 1), "{}", store.kind());
    }
}

fn import(version: &str, valid_from: &str, k: &str) -> Command {
    let text =
        format!("code,name,complexity_group,coefficient\nSP-1,Một,1,{k}\nSP-2,Hai,2,2\nSP-9,Khác,1,0.5\n");
    Command::CatalogImport {
        file: InputFile { name: "c.csv".into(), bytes: text.into() },
        version: CatalogVersion::new(version).expect("version"),
        valid_from: valid_from.parse().expect("day"),
        scope: CatalogScope::Province,
        author: OFFICE.into(),
        reason: Some("điều chỉnh".into()),
        dry_run: false,
    }
}

#[tokio::test]
async fn catalog_of_the_periods_first_day_moves_scores_at_its_import_and_tells_tasks_of_closed_periods() {
    let both = both().await;
    for store in &both.stores {
        let first = house(store).await;
        worked(&first).await;
        // Frozen at the assignment a new version moves nothing and tells nothing.
        let told = first.ordered(import("2026-2", "2026-02-01", "9")).await;
        assert_eq!(codes(&told), Vec::<&str>::new(), "{}", store.kind());
        assert!(store.scores_due(10).await.expect("due").is_empty());
        let frozen = rules_with(|rules| rules.coefficient_freeze = CoefficientFreeze::AtPeriodStart);
        let house = under(&first, frozen, &[]).await;
        scored(&house).await;
        let before = stored(&house, AN).await;
        // One that begins after the quarter's first day governs it not.
        house.ordered(import("2026-3", "2026-11-01", "3")).await;
        assert!(store.scores_due(10).await.expect("due").is_empty(), "{}", store.kind());
        let told = house.ordered(import("2026-4", "2026-10-01", "3")).await;
        assert_eq!(codes(&told), Vec::<&str>::new(), "the quarter is open: nothing is closed");
        assert!(
            !store.scores_due(10).await.expect("due").is_empty(),
            "{}: marked with the import",
            store.kind()
        );
        scored(&house).await;
        let after = stored(&house, AN).await;
        assert_ne!(after, before, "{}", store.kind());
        assert_eq!(verified(&house).await, Vec::<String>::new());
        Record(house.app.clone()).run().await.expect("a run");
        house.ordered(close(false)).await;
        let told = house.ordered(import("2026-5", "2026-10-01", "7")).await;
        assert_eq!(codes(&told), ["LT-REC-089"], "{}", store.kind());
        // Two tasks have the product whose coefficient is another one; the third one's stays.
        assert!(told.findings[0].what.en.contains("2 tasks lie in closed periods: 2026-Q4 (2)"), "{told:?}");
        let number = house.app.store.latest_revision(house.person(AN).await, period("2026-Q4")).await;
        let number = number.expect("read").expect("a record").revision;
        scored(&house).await;
        Record(house.app.clone()).run().await.expect("a run");
        let an = house.person(AN).await;
        let newest = store.latest_revision(an, period("2026-Q4")).await.expect("read");
        assert_eq!(newest.expect("a record").revision, number, "nothing closed moves by itself");
        let told = store.differences(Some(period("2026-Q4")), 10).await.expect("read");
        let of_an = told.iter().find(|(person, ..)| *person == an).expect("An's figures moved");
        assert_eq!(of_an.2.code, "LT-REC-006");
        let said = &of_an.2.what.en;
        assert!(said.contains("k 3 → 7 [the catalog 2026-5 2027-01-05 "), "{}: {said}", store.kind());
        assert_eq!(verified(&house).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn decision_and_share_of_a_task_in_a_closed_period_tell_it_and_move_no_record() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        worked(&house).await;
        let open = house.ordered(choose(&["3"], "SP-9", OFFICE)).await;
        assert_eq!(codes(&open), Vec::<&str>::new(), "{}", store.kind());
        scored(&house).await;
        Record(house.app.clone()).run().await.expect("a run");
        house.ordered(close(false)).await;
        let person = house.person(BINH).await;
        let before = store.latest_revision(person, period("2026-Q4")).await.expect("read").expect("a record");
        let Command::MappingDecide { tasks, group, choice, author, reason, .. } =
            choose(&["3"], "SP-2", OFFICE)
        else {
            unreachable!("a choice")
        };
        let preview = Command::MappingDecide { tasks, group, choice, author, reason, dry_run: true };
        assert_eq!(codes(&house.ordered(preview).await), ["LT-REC-089"], "{}: shown before", store.kind());
        let told = house.ordered(choose(&["3"], "SP-2", OFFICE)).await;
        assert_eq!(codes(&told), ["LT-REC-089"], "{}", store.kind());
        assert!(told.findings[0].what.en.contains("1 tasks lie in closed periods: 2026-Q4 (1)"), "{told:?}");
        let share = Command::MappingShare {
            task: "snv:3".parse().expect("task"),
            parts: vec![ShareEntry {
                person: Some(whom(BINH)),
                period: None,
                percent: Some("40".parse().expect("percent")),
            }],
            document: None,
            author: CHIEF.into(),
            reason: "chia theo đóng góp".into(),
            dry_run: false,
        };
        assert_eq!(codes(&house.ordered(share).await), ["LT-REC-089"], "{}", store.kind());
        scored(&house).await;
        Record(house.app.clone()).run().await.expect("a run");
        let after = store.latest_revision(person, period("2026-Q4")).await.expect("read").expect("a record");
        assert_eq!((after.revision, after.content), (before.revision, before.content), "{}", store.kind());
        // The task in time weighs more beside the late one, and a share of it less; who moved it stands there.
        let told = store.difference(person, period("2026-Q4")).await.expect("read").expect("it moved");
        assert_eq!(told.code, "LT-REC-006", "{}", store.kind());
        for said in ["because: snv:3 \"Báo cáo 3\" ", "k 0.5 → 0.8", "[product decided: ", OFFICE] {
            assert!(told.what.en.contains(said), "{}: {said} in {}", store.kind(), told.what.en);
        }
        assert!(told.what.vi.contains("k 0,5 → 0,8 [quyết định sản phẩm: "), "{}", told.what.vi);
        assert_eq!(verified(&house).await, Vec::<String>::new(), "{}", store.kind());
    }
}

#[tokio::test]
async fn what_a_record_stood_in_is_kept_until_a_correction_takes_the_figures_up() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        worked(&house).await;
        Record(house.app.clone()).run().await.expect("a run");
        let (person, quarter) = (house.person(BINH).await, period("2026-Q4"));
        let revision = async || {
            let newest = store.latest_revision(person, quarter).await.expect("read").expect("a record");
            newest.revision
        };
        house.approve(BINH, "2026-Q4", revision().await).await;
        let stands = store.derivation(person, quarter, FULL_PERIOD).await.expect("read").expect("a score");
        let kept = async || store.stood(person, quarter).await.expect("read").map(|kept| kept.derivation);
        assert_eq!(kept().await, None, "{}: the score is what it rests on", store.kind());
        for product in ["SP-2", "SP-9"] {
            house.ordered(choose(&["3"], product, OFFICE)).await;
            scored(&house).await;
            Record(house.app.clone()).run().await.expect("a run");
            assert_eq!(kept().await.as_ref(), Some(&stands), "{} {product}: the first one", store.kind());
        }
        let causes = house.app.causes(person, quarter).await.expect("read");
        let causes: Vec<&str> = causes.iter().map(|cause| cause.text.en.as_str()).collect();
        assert_eq!(causes.len(), 1, "{causes:?}");
        assert!(causes[0].contains("product SP-1 → SP-9, k 1.2 → 0.5"), "{causes:?}");
        let approved = revision().await;
        let present = explained(&house, None).await;
        assert_eq!(present.0["explanation"]["stands"]["revision"], approved, "{}", store.kind());
        let said = format!(
            "The approved result is {}",
            present.0["explanation"]["stands"]["total"].as_str().expect("a total")
        );
        assert!(present.1.contains(&said), "{}", present.1);
        assert!(present.0["explanation"]["stands"]["level"].is_string(), "{}", present.0["explanation"]);
        let official = explained(&house, Some(approved)).await;
        assert_eq!(official.0["explanation"]["stands"], Value::Null);
        assert!(products(&official.0).contains(&"SP-1") && products(&present.0).contains(&"SP-9"));
        assert_ne!(official.0["total"], present.0["total"], "{}", store.kind());
        house
            .ordered(Command::RecordCorrect {
                person: whom(BINH),
                period: quarter,
                revision: revision().await,
                level: None,
                decision_no: None,
                opinion: None,
                author: CHIEF.into(),
                reason: "sản phẩm được xác định lại".into(),
            })
            .await;
        assert_eq!(kept().await, None, "{}: the correction says what the score says", store.kind());
        assert_eq!(store.difference(person, quarter).await.expect("read"), None);
        // What was approved is explained as it was, before a correction and after it, on the annex as well.
        let still = explained(&house, Some(approved)).await;
        assert_eq!((&still.0["total"], &still.0["lines"]), (&official.0["total"], &official.0["lines"]));
        let text = printed(&house, Form::Explanation, approved).await;
        let total = official.0["total"]["printed"].as_str().expect("a total").replace('.', ",");
        assert!(text.contains(&format!("{total}/100 điểm")), "{}: {text}", store.kind());
        assert!(
            text.contains("hoàn thành") && text.contains("(thấy "),
            "{}: its events: {text}",
            store.kind()
        );
        // What was corrected moves before it is approved: the approval is explained by what was corrected.
        house.ordered(choose(&["3"], "SP-1", OFFICE)).await;
        scored(&house).await;
        Record(house.app.clone()).run().await.expect("a run");
        house.approve(BINH, "2026-Q4", revision().await).await;
        let latest = explained(&house, Some(revision().await)).await;
        assert_eq!(latest.0["total"], present.0["total"], "{}", store.kind());
        assert!(products(&latest.0).contains(&"SP-9"), "{}", store.kind());
    }
}

/// General criteria of Bình's quarter with these points for each item, decided by the chief; `key` is their document.
fn points(key: &str, person: PersonId, at: DateTime<Utc>, each: &str) -> Decision {
    let items = lienthong::domain::evaluation::GENERAL_ITEMS
        .map(|(item, ..)| (item.to_owned(), each.parse::<Exact>().expect("points")));
    Decision {
        key: key.into(),
        person,
        period: period("2026-Q4"),
        author: CHIEF.into(),
        at,
        document: Some(key.into()),
        kind: DecisionKind::GeneralCriteria { items: items.into() },
    }
}

/// Bình's quarter approved, as the revision that was made.
async fn approved(house: &Installed) -> Revision {
    worked(house).await;
    Record(house.app.clone()).run().await.expect("a run");
    let (store, person, quarter) = (&house.app.store, house.person(BINH).await, period("2026-Q4"));
    let newest = async || store.latest_revision(person, quarter).await.expect("read").expect("a record");
    house.approve(BINH, "2026-Q4", newest().await.revision).await;
    newest().await
}

/// A paper about Bình's quarter, as the approved one says it.
async fn printed(house: &Installed, form: Form, revision: u32) -> String {
    let order = ReportOrder::Form {
        person: whom(BINH),
        period: period("2026-Q4"),
        form,
        format: Format::Docx,
        revision: Some(revision),
    };
    let Document::File { file, .. } = house.ordered(Command::Report { order }).await.document else {
        panic!("no file")
    };
    paragraphs(&file.bytes).join("\n")
}

/// What a score is made of, as a value and in words: the present one, or what a revision stands in.
async fn explained(house: &Installed, revision: Option<u32>) -> (Value, String) {
    let explain =
        Command::ScoreExplain { person: whom(BINH), period: period("2026-Q4"), view: None, revision };
    let Document::Json { value, text } = house.ordered(explain).await.document else { panic!("no value") };
    (value, text.en)
}

/// The products of the lines.
fn products(derivation: &Value) -> Vec<&str> {
    let lines = derivation["lines"].as_array().expect("lines");
    lines.iter().filter_map(|line| line["product"].as_str()).collect()
}

/// An approval of Bình's quarter by somebody who read this revision.
fn approve(revision: u32) -> Command {
    Command::RecordApprove {
        person: whom(BINH),
        period: period("2026-Q4"),
        revision,
        level: None,
        decision_no: None,
        opinion: None,
        author: CHIEF.into(),
    }
}

#[tokio::test]
async fn approval_where_no_daemon_runs_settles_its_figures_itself_and_is_of_the_revision_that_was_read() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        worked(&house).await;
        let (person, quarter) = (house.person(BINH).await, period("2026-Q4"));
        Record(house.app.clone()).run().await.expect("a run");
        house.ordered(choose(&["3"], "SP-2", OFFICE)).await;
        assert!(store.is_unsettled(person, quarter).await.expect("read"), "{}", store.kind());
        assert_eq!(codes(&house.order(approve(1)).await), ["LT-REC-002"], "{}: others by now", store.kind());
        assert!(!store.is_unsettled(person, quarter).await.expect("read"), "the order settled them");
        house.ordered(approve(2)).await;
        // The same figures again are what was read.
        let an = house.person(AN).await;
        store.mark_scores_due(&[(an, quarter)]).await.expect("marked");
        house.approve(AN, "2026-Q4", 1).await;
        let corrected = Command::RecordCorrect {
            person: whom(BINH),
            period: quarter,
            revision: 3,
            level: None,
            decision_no: None,
            opinion: None,
            author: CHIEF.into(),
            reason: "sản phẩm được xác định lại".into(),
        };
        house.ordered(choose(&["3"], "SP-9", OFFICE)).await;
        house.ordered(corrected).await;
        let newest = store.latest_revision(person, quarter).await.expect("read").expect("a record");
        let score = store.score(person, quarter, FULL_PERIOD).await.expect("read").expect("a score");
        assert_eq!(newest.revision, 4, "{}", store.kind());
        assert_eq!(newest.content["parts"]["total"]["printed"], json!(score.total), "{}", store.kind());
        assert!(store.periods_due(person).await.expect("read").iter().all(|due| !quarter.depends_on(*due)));
    }
}

#[tokio::test]
async fn approval_under_other_rules_than_those_in_force_computes_nothing_and_is_refused() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        worked(&house).await;
        Record(house.app.clone()).run().await.expect("a run");
        house.ordered(choose(&["3"], "SP-2", OFFICE)).await;
        let in_force = store.judged_by().await.expect("read");
        let other = under(&house, rules_with(|rules| rules.late_unit = LateUnit::Occurrence), &[]).await;
        assert_eq!(codes(&other.order(approve(1)).await), ["LT-REC-085"], "{}", store.kind());
        assert_eq!(store.judged_by().await.expect("read"), in_force, "{}", store.kind());
    }
}

#[tokio::test]
async fn approval_waits_for_whoever_else_computes_its_figures() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await.patient(600);
        worked(&house).await;
        Record(house.app.clone()).run().await.expect("a run");
        let computed = async || {
            scored(&house).await;
            Record(house.app.clone()).run().await.expect("a run");
        };
        // Another replica computes scores.
        house.ordered(choose(&["3"], "SP-2", OFFICE)).await;
        let lease = std::time::Duration::from_secs(600);
        store.acquire_lease("step:score", "b", lease).await.expect("leased").expect("free");
        let (refused, ()) = tokio::join!(house.order(approve(1)), computed());
        assert_eq!(codes(&refused), ["LT-REC-002"], "{}", store.kind());
        // The daemon this order is given to does, once the order rings.
        let bell = house.app.bells["score"].clone();
        bell.rung().await;
        bell.answer();
        let rung = async {
            bell.rung().await;
            computed().await;
        };
        store.mark_scores_due(&[(house.person(BINH).await, period("2026-Q4"))]).await.expect("marked");
        let (approved, ()) = tokio::join!(house.order(approve(2)), rung);
        assert_eq!(codes(&approved), Vec::<&str>::new(), "{}", store.kind());
    }
}

/// A signed table of the totals some people have now, to be approved.
async fn signed(house: &Installed, who: &[&str]) -> Command {
    let mut text = "Số hiệu,Họ và tên,Tổng điểm,Xếp loại\n".to_owned();
    for number in who {
        let total = stored(house, number).await.0.expect("a total");
        text.push_str(&format!("{number},,{total},\n"));
    }
    Command::Life {
        order: LifeOrder::SignedTable {
            file: InputFile { name: "bang.csv".into(), bytes: text.into() },
            period: period("2026-Q4"),
            unit: None,
            decision_no: "77/QĐ-SNV".into(),
            opinion: None,
            approve: true,
            author: CHIEF.into(),
        },
    }
}

async fn state(house: &Installed, who: &str) -> RecordState {
    let person = house.person(who).await;
    let newest = house.app.store.latest_revision(person, period("2026-Q4")).await.expect("read");
    newest.expect("a record").state
}

#[tokio::test]
async fn signed_table_approves_figures_that_have_settled_and_leaves_those_that_have_not() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await.patient(0);
        worked(&house).await;
        Record(house.app.clone()).run().await.expect("a run");
        let before = signed(&house, &[AN, BINH]).await;
        house.ordered(choose(&["3"], "SP-2", OFFICE)).await;
        let told = house.ordered(before.clone()).await;
        assert!(codes(&told).contains(&"LT-REC-085"), "{:?}", told.findings);
        let states = (state(&house, AN).await, state(&house, BINH).await);
        assert_eq!(states, (RecordState::Approved, RecordState::Provisional), "{}", store.kind());
        // With a moment for them the figures settle first, and are others than the table's.
        let house = house.patient(600);
        let told = house.ordered(before).await;
        assert!(codes(&told).contains(&"LT-REC-065"), "{:?}", told.findings);
        assert_eq!(state(&house, BINH).await, RecordState::Provisional, "{}", store.kind());
        house.ordered(signed(&house, &[AN, BINH]).await).await;
        assert_eq!(state(&house, BINH).await, RecordState::Approved, "{}", store.kind());
    }
}

#[tokio::test]
async fn approval_is_refused_while_the_record_has_yet_to_follow_its_figures() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await.patient(0);
        worked(&house).await;
        Record(house.app.clone()).run().await.expect("a run");
        let (person, quarter) = (house.person(BINH).await, period("2026-Q4"));
        house.ordered(choose(&["3"], "SP-2", OFFICE)).await;
        for _ in 0..2 {
            // Due to be computed, then computed and not taken up.
            let refused = house.order(approve(1)).await;
            assert_eq!(codes(&refused), ["LT-REC-085"], "{}", store.kind());
            let review = LifeOrder::Review {
                person: whom(BINH),
                period: quarter,
                revision: 1,
                level: None,
                comment: Some("hoàn thành tốt".into()),
                strengths: None,
                weaknesses: None,
                minutes: None,
                party_opinion: None,
                handling: None,
                author: CHIEF.into(),
            };
            let refused = house.order(Command::Life { order: review }).await;
            assert_eq!(codes(&refused), ["LT-REC-085"], "{}: a review as well", store.kind());
            scored(&house).await;
        }
        Record(house.app.clone()).run().await.expect("a run");
        assert_eq!(codes(&house.order(approve(1)).await), ["LT-REC-002"], "{}: others by now", store.kind());
        house.ordered(approve(2)).await;
        assert_eq!(store.difference(person, quarter).await.expect("read"), None, "{}", store.kind());
    }
}

#[tokio::test]
async fn closed_quarter_is_proved_by_the_holidays_it_was_counted_by_and_a_later_one_is_told() {
    let both = both().await;
    for store in &both.stores {
        let first = house(store).await;
        let days = rules_with(|rules| rules.late_unit = LateUnit::WorkingDay);
        let first = under(&first, days.clone(), &["2026-09-02"]).await;
        worked(&first).await;
        Record(first.app.clone()).run().await.expect("a run");
        first.ordered(close(false)).await;
        assert_eq!(lateness(&first).await, json!(2), "{}: Monday and Tuesday", store.kind());
        assert_eq!(verified(&first).await, Vec::<String>::new());
        // Monday was given free, which became known after the close.
        let house = under(&first, days.clone(), &["2026-09-02", "2026-11-23", "2027-02-05"]).await;
        scored(&house).await;
        assert_eq!(lateness(&house).await, json!(2), "{}: closed", store.kind());
        let outcome = house.order(Command::ScoreVerify {}).await;
        assert_eq!((outcome.exit, codes(&outcome)), (0, vec!["LT-SCO-028"]), "{}", store.kind());
        let told = &outcome.findings[0];
        assert!(told.what.en.ends_with("working days: 2026-11-23 is a day off now"), "{}", told.what.en);
        assert!(told.what.vi.ends_with("lịch làm việc: 23/11/2026 nay là ngày nghỉ"), "{}", told.what.vi);
        // What comes later is counted by the days of now; both are proved, and the record says what moved.
        house.ordered(choose(&["2"], "SP-1", OFFICE)).await;
        scored(&house).await;
        Record(house.app.clone()).run().await.expect("a run");
        assert_eq!(lateness(&house).await, json!(1), "{}", store.kind());
        let an = house.person(AN).await;
        let moved = store.difference(an, period("2026-Q4")).await.expect("read").expect("it moved");
        for said in ["working days: 2026-11-23 is a day off now", "k 2 → 1.2, l 2 → 1"] {
            assert!(moved.what.en.contains(said), "{}: {}", store.kind(), moved.what.en);
        }
        assert_eq!(verified(&house).await, ["LT-SCO-028"], "{}: Bình's stay", store.kind());
        // Back again: nothing is otherwise.
        let back = under(&house, days, &["2026-09-02"]).await;
        assert_eq!(verified(&back).await, ["LT-SCO-028"], "{}: of An's and the chief's", store.kind());
    }
}

#[tokio::test]
async fn what_if_of_another_catalog_shows_what_its_import_gives_at_both_values_of_the_switch() {
    for at_start in [false, true] {
        let both = both().await;
        for store in &both.stores {
            let first = house(store).await;
            worked(&first).await;
            let rules = rules_with(|rules| {
                if at_start {
                    rules.coefficient_freeze = CoefficientFreeze::AtPeriodStart;
                }
            });
            let house = under(&first, rules, &[]).await;
            scored(&house).await;
            let Command::CatalogImport { file, .. } = import("2026-9", "2026-10-01", "7") else {
                unreachable!("an import")
            };
            let question = Command::ScoreWhatIf {
                period: period("2026-Q4"),
                rule_set: None,
                catalog: Some(CatalogRef::File(file)),
                unit: None,
                view: None,
                limit: 100,
            };
            let shown = told(&house.ordered(question).await);
            let moved = shown["moved"].as_array().expect("rows");
            let an =
                moved.iter().find(|row| row["person"] == AN).unwrap_or_else(|| panic!("{at_start}: {shown}"));
            house.ordered(import("2026-9", "2026-10-01", "7")).await;
            if !at_start {
                // Frozen at the assignment it counts once tasks are decided by it.
                house.ordered(choose(&["1", "3"], "SP-9", OFFICE)).await;
                house.ordered(choose(&["1", "3"], "SP-1", OFFICE)).await;
            }
            scored(&house).await;
            assert_eq!(
                an["after"].as_str(),
                stored(&house, AN).await.0.as_deref(),
                "{at_start} {}",
                store.kind()
            );
        }
    }
}

#[tokio::test]
async fn year_misses_a_quarter_that_fell_into_a_gap_between_rule_sets() {
    let both = both().await;
    for store in &both.stores {
        let now = "2026-12-02T01:00:00Z";
        let house = crate::score_step::at_work(store, now).await;
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        let set = |id: &str, from: &str, to: Option<&str>| RuleSet {
            id: id.parse().expect("id"),
            valid_from: from.parse().expect("day"),
            valid_to: to.map(|day| day.parse().expect("day")),
            ..RuleSet::default()
        };
        let rule_sets = vec![set("one", "2026-01-01", Some("2026-03-31")), set("two", "2026-07-01", None)];
        let policy = Policy { rule_sets, ..house.app.policy.clone() };
        let house = house.configured_anew(now, policy).await;
        let person = house.person(AN).await;
        let year = async || {
            scored(&house).await;
            let year = store.score(person, period("2026"), "year").await.expect("read").expect("a year");
            (year.total, year.summary["missing"].clone())
        };
        house.recorded(AN, "2026-Q1", "80.00").await;
        house.recorded(AN, "2026-Q3", "90.00").await;
        assert_eq!(year().await, (None, json!(["2026-Q2"])), "{}: nobody could score it", store.kind());
        house.recorded(AN, "2026-Q2", "70.00").await;
        assert_eq!(year().await, (Some("80.00".to_owned()), json!([])), "{}", store.kind());
    }
}

#[tokio::test]
async fn approval_tells_how_many_tasks_have_no_product_and_one_more_of_them_moves_no_result() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        worked(&house).await;
        let come = async |id: &str| {
            let new =
                task(&house, id, BINH, "Việc không có trong danh mục", Some("2026-11-19T01:00:00Z")).await;
            waits(&house, &[new]).await;
            scored(&house).await;
            Record(house.app.clone()).run().await.expect("a run");
        };
        come("5").await;
        let (person, quarter) = (house.person(BINH).await, period("2026-Q4"));
        let newest = store.latest_revision(person, quarter).await.expect("read").expect("a record");
        let told = house.ordered(approve(newest.revision)).await;
        assert_eq!(codes(&told), ["LT-REC-097"], "{}", store.kind());
        assert!(told.findings[0].what.en.starts_with("1 task of 2026-Q4"), "{:?}", told.findings);
        come("6").await;
        assert_eq!(store.difference(person, quarter).await.expect("read"), None, "{}", store.kind());
    }
}

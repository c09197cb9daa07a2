//! Pains other systems recorded in production, each by its number, through a real store of either kind. docs/PAINS.md names
//! the tests of each, and a test keeps that list true.

use crate::faults::tests_below;
use crate::score_regimes::under_rules;
use crate::score_step::{derivation, settled, task};
use crate::support::installation::{CHIEF, Installed, Targets, at, period, whom};
use crate::support::project;
use crate::support::stores::{both, officer};
use crate::support::task::{mapped, shown};
use lienthong::domain::rules::{PeriodMembership, QuarterMethod};
use lienthong::domain::{
    DecisionKind, DirectoryImport, FactKind, RecordState, Role, RuleSet, ServiceFact, TaskDraft,
};
use lienthong::error::Lang;
use lienthong::pipeline::command::{Command, InputFile, LifeOrder, ScoreView};
use lienthong::pipeline::record::Record;
use lienthong::pipeline::score::{FULL_PERIOD, Score};
use lienthong::pipeline::step::Step as _;
use lienthong::store::Store;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const AN: &str = "GL-00001";

async fn house(store: &Store) -> Installed {
    let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-10-05T01:00:00Z");
    house.import(&[(AN, "Nguyễn Văn An"), ("GL-00002", "Trần Thị Bình")]).await;
    house.no_history().await;
    house
}

fn approve(number: &str, revision: u32) -> Command {
    Command::RecordApprove {
        person: whom(number),
        period: period("2026-Q3"),
        revision,
        level: None,
        decision_no: Some("12/QĐ".into()),
        opinion: None,
        author: CHIEF.into(),
    }
}

async fn total(house: &Installed, key: &str) -> Value {
    let order = LifeOrder::PeriodStatus { period: Some(period("2026-Q3")), unit: None };
    let shown = house.ordered(Command::Life { order }).await.document.to_json(Lang::En);
    let last = shown.as_array().expect("rows").last().expect("the sum").clone();
    last[key].clone()
}

#[tokio::test]
async fn pain_01_missing_part_leaves_no_total_and_no_level() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.score(AN, "2026-Q3", None, &["unit_result", "unity_ability"]).await;
        Record(house.app.clone()).run().await.expect("a run");
        let person = house.person(AN).await;
        let record = store.latest_revision(person, period("2026-Q3")).await.expect("read").expect("record");
        assert_eq!((record.state, &record.content["level"]), (RecordState::Computed, &json!(null)));
        let refused = house.order(approve(AN, 1)).await;
        assert_eq!(refused.findings[0].code, "LT-REC-001");
        assert_eq!(total(&house, "no_components").await, 1, "{}", store.kind());
    }
}

#[tokio::test]
async fn pain_03_result_from_before_a_re_examination_is_told_and_replaced_by_a_correction() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        house.ordered(approve(AN, 1)).await;
        house.score(AN, "2026-Q3", Some("69.50"), &[]).await;
        let told = Record(house.app.clone()).run().await.expect("a run");
        assert_eq!(told.findings[0].code, "LT-REC-006");
        let correct = Command::RecordCorrect {
            person: whom(AN),
            period: period("2026-Q3"),
            revision: 2,
            level: None,
            decision_no: None,
            opinion: None,
            author: CHIEF.into(),
            reason: "phúc tra ngày 04/10".into(),
        };
        house.ordered(correct).await;
        house.ordered(approve(AN, 3)).await;
        let person = house.person(AN).await;
        let stands = store.approved_of(&[person], period("2026-Q3")).await.expect("read");
        assert_eq!(stands[&person].content["parts"]["total"]["printed"], "69.50");
        let kept = store.revisions(person, period("2026-Q3")).await.expect("read");
        assert_eq!(kept[1].content["parts"]["total"]["printed"], "88.50", "what was approved before is kept");
    }
}

#[tokio::test]
async fn pain_08_people_without_a_form_are_counted_as_such_and_have_no_zero_score() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        // The chief and one officer have nothing; nobody has zero points.
        assert_eq!(total(&house, "no_record").await, 2, "{}", store.kind());
        let list = Command::RecordList {
            state: None,
            period: Some(period("2026-Q3")),
            unit: None,
            changed: false,
            limit: 50,
        };
        let rows = house.ordered(list).await.document.to_json(Lang::En);
        assert_eq!(rows.as_array().expect("rows").len(), 1);
        assert_eq!(rows[0]["total"], "88.50");
    }
}

#[tokio::test]
async fn pain_11_accounts_that_administer_are_not_in_the_population() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        assert_eq!(total(&house, "people").await, 3);
        let mut admin = officer("GL-00900", "Quản Trị Viên");
        admin.memberships[0].2 = Role::Administrator;
        let import = DirectoryImport { units: Vec::new(), people: vec![admin] };
        store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
        assert_eq!(total(&house, "people").await, 3, "{}", store.kind());
    }
}

#[tokio::test]
async fn pain_14_every_order_about_a_record_stands_in_an_unbroken_journal() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        let life = |order| Command::Life { order };
        let (person, which) = (whom(AN), period("2026-Q3"));
        house
            .ordered(life(LifeOrder::PetitionOpen {
                person: person.clone(),
                period: which,
                received_on: None,
                content: "đề nghị xem lại".into(),
                document: None,
                hold: true,
                author: CHIEF.into(),
            }))
            .await;
        assert_ne!(house.order(approve(AN, 1)).await.exit, 0);
        let id = store.petitions(true, 1).await.expect("read")[0].id;
        house
            .ordered(life(LifeOrder::PetitionAnswer {
                id,
                outcome: "rejected".into(),
                answer: "giữ nguyên".into(),
                on: None,
                document: None,
                author: CHIEF.into(),
            }))
            .await;
        house.ordered(approve(AN, 1)).await;
        house.close("2026-Q3").await;
        let journal = store.audit_entries(i64::MAX, 100).await.expect("journal");
        let actions: Vec<&str> = journal.iter().rev().map(|entry| entry.action.as_str()).collect();
        let expected = [
            "record_revised",
            "record_held",
            "petition_opened",
            "move_refused",
            "record_released",
            "petition_answered",
            "record_approved",
            "period_closed",
        ];
        let mut left = actions.iter();
        for action in expected {
            assert!(left.any(|known| *known == action), "{action} after the others in {actions:?}");
        }
        assert_eq!(store.verify_audit().await.expect("walked"), None, "{}", store.kind());
    }
}

#[tokio::test]
async fn pain_02_leave_is_no_failure_and_discipline_no_good_result() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let mut late = officer("GL-00003", "Lê Văn Cường");
        late.memberships[0].3 = "2026-09-01".parse().expect("day");
        let import = DirectoryImport { units: Vec::new(), people: vec![late] };
        store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
        house
            .history(
                "GL-00001,2026-Q1,82.00,,,\nGL-00002,2026-Q1,85.00,,,\nGL-00002,2026-Q2,85.00,,,\n\
                 GL-00002,2026-Q3,85.00,,,\nGL-00003,2026-Q3,88.00,,,",
            )
            .await;
        let fact = |kind, from: &str, to: Option<&str>| ServiceFact {
            kind,
            from: from.parse().expect("day"),
            to: to.map(|to| to.parse().expect("day")),
            act_on: None,
            act: None,
            text: kind.article().map(|_| "khiển trách".to_owned()),
            document: "12/QĐ-SNV".into(),
        };
        let leave = fact(FactKind::MaternityLeave, "2026-04-01", Some("2026-12-31"));
        let discipline = fact(FactKind::Discipline, "2026-09-01", None);
        for (who, fact) in [(AN, leave), ("GL-00002", discipline)] {
            house.ordered(Command::FactAdd { person: whom(who), fact, author: CHIEF.into() }).await;
        }
        let december = house.later("2026-12-01T01:00:00Z");
        while Score(december.app.clone()).run().await.expect("a run").more {}
        let person = house.person(AN).await;
        for away in ["2026-Q2", "2026-Q3", "2026-Q4"] {
            let score = store.score(person, period(away), FULL_PERIOD).await.expect("read");
            assert!(score.is_none(), "away all of {away}: no score, and no level");
        }
        let year = async |who: &str| {
            let person = house.person(who).await;
            let year = store.score(person, period("2026"), "year").await.expect("read").expect("a year");
            (year.total, year.summary["level"].clone())
        };
        assert_eq!(year(AN).await, (Some("82.00".into()), json!("good")), "the time worked (art. 11.2)");
        assert_eq!(year("GL-00002").await, (Some("85.00".into()), json!("not_completed")), "art. 20.4.c");
        assert_eq!(
            year("GL-00003").await,
            (Some("88.00".into()), json!(null)),
            "four months: not classified"
        );
    }
}

#[tokio::test]
async fn pain_06_transfer_counts_from_its_day_and_a_corrected_file_leaves_no_junk() {
    let both = both().await;
    for store in &both.stores {
        // Half past one in the morning of 2 June in Gia Lai; in UTC it is still the first.
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-06-01T18:30:00Z");
        let file = |name: &str, text: String| InputFile { name: name.into(), bytes: text.into_bytes() };
        let units = "Mã;Tên;Loại;Đơn vị cấp trên\nSNV;Sở Nội vụ;Sở;\nSNV-TC;Phòng Tổ chức;Phòng;SNV\nSNV-CC;Phòng Công chức;Phòng;SNV\n";
        let people = |posts: &str, dry_run| Command::PeopleImport {
            people: file(
                "nhan-su.csv",
                format!("Số hiệu;Họ và tên;Đơn vị;Vai trò;Từ ngày;Đến ngày\n{posts}\n"),
            ),
            units: Some(file("don-vi.csv", units.to_owned())),
            author: "Phòng Tổ chức".into(),
            dry_run,
        };
        let posts = async || -> Vec<(String, String, Option<String>)> {
            let rows = store.load_directory().await.expect("read").memberships;
            let told = |post: &lienthong::domain::Membership| {
                (post.unit.to_string(), post.from.to_string(), post.to.map(|to| to.to_string()))
            };
            let mut told: Vec<_> = rows.iter().map(told).collect();
            told.sort_by(|one, other| one.1.cmp(&other.1));
            told
        };
        let before = "GL-00001;Nguyễn Văn An;SNV-TC;Công chức;01/01/2026;";
        house.ordered(people(before, false)).await;
        let moved = "GL-00001;Nguyễn Văn An;SNV-TC;Công chức;01/01/2026;15/05/2026\n\
                     GL-00001;Nguyễn Văn An;SNV-CC;Công chức;16/05/2026;";
        house.ordered(people(moved, true)).await;
        assert_eq!(posts().await.len(), 1, "a preview moves nobody");
        // To the wrong unit and back, as people do.
        let wrong = moved.replace("SNV-CC", "SNV");
        for told in [moved, &wrong, before, moved] {
            house.ordered(people(told, false)).await;
        }
        let expected = [
            ("SNV-TC".to_owned(), "2026-01-01".to_owned(), Some("2026-05-15".to_owned())),
            ("SNV-CC".to_owned(), "2026-05-16".to_owned(), None),
        ];
        assert_eq!(posts().await, expected, "the effective day, not the day of entry, and no row too many");
        let overlapping = moved.replace("15/05/2026", "20/05/2026");
        assert_eq!(house.order(people(&overlapping, false)).await.findings[0].code, "LT-PPL-002");
    }
}

#[tokio::test]
async fn pain_07_month_shows_its_own_figures_or_none_and_never_the_quarters() {
    let both = both().await;
    let views = async |house: &Installed, which: &str| {
        let order = Command::ScoreShow {
            period: Some(period(which)),
            person: Some(whom(AN)),
            unit: None,
            view: Some(ScoreView::FullPeriod),
            limit: 10,
        };
        let rows = house.ordered(order).await.document.to_json(Lang::En);
        let rows = rows.as_array().expect("rows").iter().map(|row| row["task_part"].clone());
        rows.collect::<Vec<Value>>()
    };
    for (store, method) in both.stores.iter().zip([QuarterMethod::MeanOfMonths, QuarterMethod::Direct]) {
        let rules = RuleSet { quarter_method: method, ..RuleSet::default() };
        let house = under_rules(store, "2026-12-20T01:00:00Z", rules).await;
        task(&house, "1", "2026-10-20", Some("2026-10-19T03:00:00Z")).await;
        task(&house, "2", "2026-11-20", None).await;
        task(&house, "3", "2026-12-10", Some("2026-12-09T03:00:00Z")).await;
        settled(&house).await;
        let months: Vec<_> = [views(&house, "2026-M10").await, views(&house, "2026-M11").await].into();
        if method == QuarterMethod::MeanOfMonths {
            assert_eq!(months, [[json!("70.00")], [json!("0.00")]], "each month its own");
        } else {
            assert_eq!(
                months,
                [Vec::<Value>::new(), Vec::new()],
                "where quarters are scored there are no months"
            );
            assert_eq!(views(&house, "2026-Q4").await, [json!("46.67")]);
        }
    }
}

#[tokio::test]
async fn pain_09_task_over_the_border_of_two_quarters_counts_in_exactly_one() {
    let both = both().await;
    let cuts = [PeriodMembership::DueInPeriod, PeriodMembership::AssignedInPeriod];
    for (store, period_membership) in both.stores.iter().zip(cuts) {
        let rules = RuleSet { period_membership, ..RuleSet::default() };
        let house = under_rules(store, "2026-12-20T01:00:00Z", rules).await;
        let border = [
            ("1", "2026-09-16", "2026-10-10", "2026-09-25"),
            ("2", "2026-09-01", "2026-09-30", "2026-10-02"),
            ("3", "2026-09-20", "2026-09-30", "2026-09-29"),
            ("4", "2026-10-01", "2026-12-31", "2026-12-01"),
        ];
        let person = house.person(AN).await;
        for (id, assigned, due, done) in border {
            let said = json!({
                "external_id": id, "assignee": { "kind": "staff_number", "value": AN },
                "assigned_at": format!("{assigned}T01:00:00Z"), "due": { "day": due, "time": null },
                "completed_at": format!("{done}T03:00:00Z")
            });
            let id = shown(&house, said).await;
            mapped(&house, id, "SP-1", "1.2", (AN, period("2026-Q4"))).await;
        }
        store.mark_scores_due(&[(person, period("2026-Q3"))]).await.expect("marked");
        settled(&house).await;
        let mut counted = Vec::new();
        for which in ["2026-Q3", "2026-Q4"] {
            let lines = derivation(&house, person, period(which), FULL_PERIOD).await["lines"].clone();
            counted.extend(lines.as_array().expect("lines").iter().map(|line| line["source"].clone()));
        }
        let once: BTreeSet<String> = counted.iter().map(ToString::to_string).collect();
        assert_eq!((counted.len(), once.len()), (4, 4), "{period_membership:?}: {counted:?}");
    }
}

#[tokio::test]
async fn pain_12_work_on_top_never_moves_the_denominator_and_a_tenfold_quantity_is_told() {
    let both = both().await;
    for store in &both.stores {
        let house = under_rules(store, "2026-12-20T01:00:00Z", RuleSet::default()).await;
        task(&house, "1", "2026-11-10", Some("2026-11-09T03:00:00Z")).await;
        task(&house, "2", "2026-11-12", None).await;
        settled(&house).await;
        let person = house.person(AN).await;
        let figures = async || {
            let found = derivation(&house, person, period("2026-Q4"), FULL_PERIOD).await;
            (found["denominator"].clone(), found["task_part"]["printed"].clone())
        };
        assert_eq!(figures().await, (json!("2.4"), json!("35.00")));
        // However much is declared on top: the denominator stays, and the part ends at 70 (art. 12.3, 18.1.d).
        let said = json!({
            "external_id": "3", "assignee": { "kind": "staff_number", "value": AN }, "unplanned": true,
            "due": { "day": "2026-11-15", "time": null }, "completed_at": "2026-11-14T03:00:00Z", "quantity": "50"
        });
        let id = shown(&house, said).await;
        mapped(&house, id, "SP-1", "1.2", (AN, period("2026-Q4"))).await;
        settled(&house).await;
        assert_eq!(figures().await, (json!("2.4"), json!("70.00")));
        let held = store.scan_tasks(None, 0, 10).await.expect("tasks").remove(0).task;
        let swollen = TaskDraft { quantity: Some("10".parse().expect("number")), ..held.draft.clone() };
        let before = lienthong::domain::CanonicalTask {
            draft: TaskDraft { quantity: Some("1".parse().expect("number")), ..held.draft.clone() },
            ..held
        };
        let applied = lienthong::ingest::apply(Some(&before), swollen, at("2026-12-20T02:00:00Z"));
        assert!(
            applied.findings.iter().any(|finding| finding.code == "LT-ING-011"),
            "{:?}",
            applied.findings
        );
    }
}

#[tokio::test]
async fn pain_15_general_points_count_whole_up_to_thirty() {
    let both = both().await;
    for store in &both.stores {
        let house = under_rules(store, "2026-12-20T01:00:00Z", RuleSet::default()).await;
        task(&house, "1", "2026-11-10", Some("2026-11-09T03:00:00Z")).await;
        let person = house.person(AN).await;
        for (of_first, general, total) in [("3.5", "28.50", "98.50"), ("5", "30.00", "100.00")] {
            let all = lienthong::domain::evaluation::GENERAL_ITEMS;
            let items = all.map(|(item, numerator, denominator)| {
                let most = format!("{}", f64::from(numerator) / f64::from(denominator));
                let points = if item == "I.1" { of_first.to_owned() } else { most };
                (item.to_owned(), points.parse().expect("points"))
            });
            house
                .ordered(Command::CriteriaSet {
                    person: whom(AN),
                    period: period("2026-Q4"),
                    decision: DecisionKind::GeneralCriteria { items: items.into() },
                    document: None,
                    author: CHIEF.into(),
                })
                .await;
            settled(&house).await;
            let found = derivation(&house, person, period("2026-Q4"), FULL_PERIOD).await;
            assert_eq!(
                (&found["general"]["printed"], &found["total"]["printed"]),
                (&json!(general), &json!(total))
            );
        }
    }
}

#[test]
fn every_pain_names_tests_that_exist() {
    let root = project::root();
    let known = tests_below(root);
    let page = std::fs::read_to_string(root.join("docs/PAINS.md")).expect("the page");
    let rows: Vec<(&str, &str)> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" | "))
        .filter(|(number, _)| number.parse::<u32>().is_ok())
        .collect();
    let numbers: Vec<u32> = rows.iter().filter_map(|(number, _)| number.parse().ok()).collect();
    assert_eq!(numbers, (1..=15).collect::<Vec<u32>>());
    for (number, rest) in rows {
        let named: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "pain {number} names no test");
        for name in named {
            assert!(known.contains(name), "pain {number}: there is no test {name}");
        }
    }
}

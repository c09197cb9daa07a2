//! Organisations' years on both databases: tasks counted from the scores, steps to recognition, the head's cap.

use crate::support::installation::{CHIEF, Installed, Targets, period, whom};
use crate::support::stores::{both, department};
use lienthong::domain::{DirectoryImport, Exact, Level, Role, Unit, UnitCode, UnitKind};
use lienthong::error::Lang;
use lienthong::pipeline::Policy;
use lienthong::pipeline::command::{Command, LifeOrder, Outcome};
use lienthong::store::{Packed, ScoreWrite, Store};
use serde_json::json;
use std::collections::BTreeMap;

const HEAD: &str = "GL-00003 Phạm Văn Cường";
const CHAIR: &str = "GL-00100 Vũ Thị Chủ";

fn code(text: &str) -> UnitCode {
    UnitCode::new(text).expect("code")
}

fn points() -> BTreeMap<String, String> {
    let general = ["general.1", "general.2", "general.3"].map(|item| (item.to_owned(), "10".to_owned()));
    let results = ["a", "b", "c", "d", "dd", "e"].map(|item| (item.to_owned(), "10".to_owned()));
    let rest = ["g", "h"].map(|item| (item.to_owned(), "5".to_owned()));
    general.into_iter().chain(results).chain(rest).collect()
}

fn with_points(policy: &Policy) -> Policy {
    let mut policy = policy.clone();
    for rules in &mut policy.rule_sets {
        rules.organisation_points = points();
        assert!(rules.refusals().is_empty(), "{:?}", rules.refusals());
    }
    policy
}

/// The province with its chair, a department with its chief, an office below it with a head and an officer.
async fn house(store: &Store) -> Installed {
    let first = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
    let policy = with_points(&first.app.policy);
    let house = first.configured_anew("2026-12-07T01:00:00Z", policy).await;
    house.import(&[]).await;
    let unit = |text: &str, name: &str, kind, parent: Option<&str>| Unit {
        code: code(text),
        name: name.into(),
        kind,
        parent: parent.map(code),
        org_code: None,
    };
    let units = vec![
        unit("UBND", "UBND tỉnh", UnitKind::Province, None),
        Unit { parent: Some(code("UBND")), ..department() },
        unit("SNV-VP", "Văn phòng Sở", UnitKind::Division, Some("SNV")),
    ];
    let person = |who: &str, unit: &str, role| {
        let (number, name) = who.split_once(' ').expect("number and name");
        let mut person = crate::support::stores::officer(number, name);
        for (held, _, is, ..) in &mut person.memberships {
            (*held, *is) = (code(unit), role);
        }
        person
    };
    let people = vec![
        person(CHAIR, "UBND", Role::Head),
        person(HEAD, "SNV-VP", Role::Head),
        person("GL-00001 Nguyễn Văn An", "SNV-VP", Role::Staff),
    ];
    let import = DirectoryImport { units, people };
    store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
    house.no_history().await;
    house
}

/// The derivation of a quarter as scoring would have kept it.
async fn scored(house: &Installed, number: &str, which: &str, lines: serde_json::Value) {
    let derivation = serde_json::to_vec(&json!({ "lines": lines })).expect("derivation");
    let score = ScoreWrite {
        person: house.person(number).await,
        period: period(which),
        scope: "full_period",
        unit: code("SNV-VP"),
        role: "staff",
        rule_set_hash: "rules".into(),
        working_days: None,
        inputs_hash: which.into(),
        as_of: house.app.clock.today(),
        task_part: None,
        total: None,
        total_exact: None,
        summary: json!({}),
        derivation: Some(Packed::of(&derivation).expect("packed")),
        computed_at: house.app.clock.now(),
        record_due: false,
    };
    let read = house.app.store.scores_due(1_000).await.expect("due");
    house.app.store.save_scores(vec![score], &read, &[]).await.expect("saved");
}

fn line(key: &str, day: &str, completed: &str, late: u32, of: Option<&str>) -> serde_json::Value {
    json!({ "source": key, "assigned": "1", "completed": completed, "late_count": late, "quality_failures": 0,
            "counted_on": day, "of": of })
}

fn life(order: LifeOrder) -> Command {
    Command::Life { order }
}

#[derive(Clone, Copy)]
struct Step<'a> {
    unit: &'a str,
    step: &'a str,
    revision: u32,
    level: Option<Level>,
    document: Option<&'a str>,
    reason: Option<&'a str>,
    author: &'a str,
    full: bool,
}

fn step(of: Step<'_>) -> Command {
    let items = |full: bool| {
        let given = points().into_iter().filter(|_| full);
        given.map(|(item, text)| (item, text.parse::<Exact>().expect("points"))).collect()
    };
    life(LifeOrder::OrganisationStep {
        unit: code(of.unit),
        year: 2026,
        step: of.step.into(),
        revision: of.revision,
        level: of.level,
        items: items(of.full),
        document: of.document.map(str::to_owned),
        reason: of.reason.map(str::to_owned),
        exception: None,
        author: of.author.into(),
    })
}

fn state(unit: &str, kind: &str, value: bool, author: &str) -> Command {
    life(LifeOrder::OrganisationState {
        unit: code(unit),
        year: 2026,
        kind: kind.into(),
        value: Some(value),
        document: "5/KL-TTr".into(),
        author: author.into(),
    })
}

async fn refused(house: &Installed, order: Command, expected: &str) {
    let shown = format!("{order:?}");
    let outcome = house.order(order).await;
    let codes: Vec<_> = outcome.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!((outcome.exit != 0, codes.first().copied()), (true, Some(expected)), "{shown}: {codes:?}");
}

async fn shown(house: &Installed, unit: &str) -> serde_json::Value {
    let order = LifeOrder::OrganisationShow { unit: code(unit), year: 2026 };
    house.ordered(life(order)).await.document.to_json(Lang::En)
}

fn codes(outcome: &Outcome) -> Vec<&str> {
    outcome.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[tokio::test]
async fn tasks_of_an_organisations_year_are_counted_once_and_exactly_and_unknown_conditions_stay_unknown() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let own = json!([
            line("qlvb/1", "2026-02-01", "1", 0, None),
            line("qlvb/2", "2026-03-01", "1", 2, None),
            line("qlvb/3", "2026-03-02", "0", 0, None),
        ]);
        scored(&house, "GL-00001", "2026-Q1", own).await;
        // The head's pool repeats a line, and the one who took the third task over finished it.
        let pool = json!([
            line("qlvb/1", "2026-02-01", "1", 0, Some("GL-00001")),
            line("qlvb/3", "2026-03-02", "1", 0, None),
        ]);
        scored(&house, "GL-00003", "2026-Q1", pool).await;
        let told = shown(&house, "SNV-VP").await;
        let counts: Vec<_> =
            told["tasks"].as_array().expect("rows").iter().map(|row| row["count"].clone()).collect();
        assert_eq!(counts, [json!(3), json!(3), json!(2), json!(1), json!(0)], "{}: {told}", store.kind());
        assert_eq!(told["tasks"][2]["percent"], "66.67");
        let met = |condition: &str| {
            let rows = told["conditions"].as_array().expect("rows");
            rows.iter().find(|row| row["condition"] == condition).map(|row| row["state"].clone())
        };
        assert_eq!(met("all_in_order"), Some(json!("not_met")));
        assert_eq!(met("all_done"), Some(json!("met")));
        assert_eq!(met("defects_fixed"), Some(json!("unknown")));
        assert_eq!(told["organisation"]["level_of_rules"], json!(null));
        // The department above has the same tasks, each once.
        assert_eq!(shown(&house, "SNV").await["tasks"][0]["count"], 3);
    }
}

#[tokio::test]
async fn task_finished_after_its_quarter_is_done_late_in_the_year_and_a_part_that_is_open_leaves_it_open() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let later = |key: &str, due: &str, finished: &str, excused: bool| {
            let mut line = line(key, due, "0", 0, None);
            line["due"] = json!(due);
            line["finished_later_on"] = json!(finished);
            line["late_excused"] = json!(excused);
            line
        };
        let first = json!([
            later("qlvb/late", "2026-03-30", "2026-04-02", false),
            later("qlvb/excused", "2026-03-30", "2026-04-02", true),
            later("qlvb/next-year", "2026-03-30", "2027-01-02", false),
            line("qlvb/parts", "2026-03-31", "1", 0, None),
            line("qlvb/on-time", "2026-03-01", "1", 0, None),
        ]);
        scored(&house, "GL-00001", "2026-Q1", first).await;
        scored(&house, "GL-00001", "2026-Q2", json!([line("qlvb/parts", "2026-06-30", "0", 0, None)])).await;
        let told = shown(&house, "SNV-VP").await;
        let counts: Vec<_> =
            told["tasks"].as_array().expect("rows").iter().map(|row| row["count"].clone()).collect();
        // Assigned, done, in order, not on time, above.
        assert_eq!(counts, [json!(5), json!(3), json!(2), json!(3), json!(0)], "{}: {told}", store.kind());
    }
}

#[tokio::test]
async fn by_months_an_organisations_tasks_are_those_of_the_months() {
    let both = both().await;
    for store in &both.stores {
        let first = house(store).await;
        let mut policy = with_points(&first.app.policy);
        for rules in &mut policy.rule_sets {
            rules.quarter_method = lienthong::domain::rules::QuarterMethod::MeanOfMonths;
        }
        let house = first.configured_anew("2026-12-07T01:00:00Z", policy).await;
        // A quarter of months is a mean and has no lines of its own.
        scored(&house, "GL-00001", "2026-Q1", json!([])).await;
        for (month, day) in [("2026-M01", "2026-01-20"), ("2026-M02", "2026-02-20")] {
            scored(&house, "GL-00001", month, json!([line(&format!("qlvb/{month}"), day, "1", 0, None)]))
                .await;
        }
        assert_eq!(shown(&house, "SNV-VP").await["tasks"][0]["count"], 2, "{}", store.kind());
    }
}

#[tokio::test]
async fn organisation_is_assessed_appraised_and_recognised_by_whom_the_plan_names_lower_before_higher() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let first = Step {
            unit: "SNV-VP",
            step: "self_assessed",
            revision: 0,
            level: Some(Level::Good),
            document: None,
            reason: None,
            author: HEAD,
            full: true,
        };
        refused(&house, step(Step { author: "GL-00001", ..first }), "LT-AUT-005").await;
        refused(&house, step(Step { level: None, ..first }), "LT-ORG-007").await;
        refused(&house, step(Step { step: "recognised", author: CHIEF, ..first }), "LT-ORG-003").await;
        house.ordered(step(first)).await;
        refused(&house, step(first), "LT-ORG-002").await;
        let appraised =
            Step { step: "appraised", revision: 1, document: Some("3/TĐ"), full: false, ..first };
        refused(&house, step(appraised), "LT-AUT-004").await;
        refused(&house, step(Step { author: "GL-00001", ..appraised }), "LT-AUT-004").await;
        refused(&house, step(Step { author: "Phòng TCCB", document: None, ..appraised }), "LT-AUT-005").await;
        // Without a staff number the head is still the head.
        refused(&house, step(Step { author: "Phạm Văn Cường", ..appraised }), "LT-AUT-004").await;
        house.ordered(step(Step { author: "Phòng Tổ chức cán bộ", ..appraised })).await;
        let recognised = Step { step: "recognised", revision: 2, author: CHIEF, ..appraised };
        refused(&house, step(Step { author: HEAD, ..recognised }), "LT-AUT-004").await;
        refused(&house, step(Step { author: CHAIR, ..recognised }), "LT-AUT-005").await;
        refused(&house, step(Step { level: Some(Level::Excellent), ..recognised }), "LT-ORG-006").await;
        // The department waits for its office, and a complaint for its end.
        let above = Step { unit: "SNV", author: CHIEF, ..first };
        house.ordered(step(above)).await;
        house.ordered(step(Step { unit: "SNV", author: "Sở Nội vụ", ..appraised })).await;
        let higher = Step { unit: "SNV", author: CHAIR, ..recognised };
        refused(&house, step(higher), "LT-ORG-004").await;
        refused(&house, state("SNV-VP", "hold", true, HEAD), "LT-AUT-004").await;
        refused(&house, state("SNV-VP", "wrongdoing", false, "GL-00001"), "LT-AUT-004").await;
        refused(&house, state("SNV-VP", "wrongdoing", false, CHAIR), "LT-AUT-005").await;
        refused(&house, state("SNV-VP", "wrongdoing", false, "ông Phạm Văn Cường"), "LT-AUT-004").await;
        house.ordered(state("SNV-VP", "hold", true, CHIEF)).await;
        refused(&house, step(recognised), "LT-ORG-005").await;
        house.ordered(state("SNV-VP", "hold", false, CHIEF)).await;
        let done = house.ordered(step(recognised)).await;
        assert_eq!(codes(&done), ["LT-ORG-012"], "no rule gives a level yet, and that is told");
        house.ordered(step(higher)).await;
        // Recognised: it changes only by a revocation with reason and document.
        refused(&house, step(Step { revision: 3, ..recognised }), "LT-ORG-003").await;
        let revoked = Step { step: "revoked", revision: 3, level: None, document: None, ..recognised };
        refused(&house, step(Step { document: Some("9/QĐ"), ..revoked }), "LT-ORG-008").await;
        house.ordered(step(Step { document: Some("9/QĐ"), reason: Some("sai số liệu"), ..revoked })).await;
        let kept = store.organisation_revisions(&code("SNV-VP"), 2026).await.expect("read");
        let states: Vec<_> = kept.iter().map(|revision| revision.state.as_str()).collect();
        assert_eq!(states, ["self_assessed", "appraised", "recognised", "revoked"], "{}", store.kind());
        let wrong = Step { revision: 4, full: true, ..first };
        let mut order = step(wrong);
        if let Command::Life { order: LifeOrder::OrganisationStep { items, .. } } = &mut order {
            items.insert("h".into(), Exact::integer(6));
        }
        refused(&house, order, "LT-ORG-001").await;
    }
}

#[tokio::test]
async fn year_that_has_not_opened_takes_no_step_of_an_organisation() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let mut order = step(Step {
            unit: "SNV-VP",
            step: "self_assessed",
            revision: 0,
            level: Some(Level::Good),
            document: None,
            reason: None,
            author: HEAD,
            full: true,
        });
        if let Command::Life { order: LifeOrder::OrganisationStep { year, .. } } = &mut order {
            *year = 2027;
        }
        refused(&house, order, "LT-REC-012").await;
        assert!(store.organisation_revisions(&code("SNV-VP"), 2027).await.expect("read").is_empty());
    }
}

fn told(revision: u32, to: Option<&str>, on: &str, document: Option<&str>, author: &str) -> Command {
    life(LifeOrder::OrganisationNotify {
        unit: code("SNV-VP"),
        year: 2026,
        revision,
        to: to.map(str::to_owned),
        on: Some(on.parse().expect("day")),
        how: "bằng văn bản".into(),
        document: document.map(str::to_owned),
        author: author.into(),
    })
}

async fn told_on(house: &Installed) -> serde_json::Value {
    let order = LifeOrder::OrganisationList { year: 2026, unit: Some(code("SNV-VP")) };
    house.ordered(life(order)).await.document.to_json(Lang::En)[0]["told_on"].clone()
}

#[tokio::test]
async fn recognition_is_told_to_the_organisation_and_agencies_concerned_by_the_authority_once_it_stands() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let today = "2026-12-07";
        refused(&house, told(0, None, today, None, CHIEF), "LT-ORG-014").await;
        let first = Step {
            unit: "SNV-VP",
            step: "self_assessed",
            revision: 0,
            level: Some(Level::Good),
            document: None,
            reason: None,
            author: HEAD,
            full: true,
        };
        house.ordered(step(first)).await;
        refused(&house, told(1, None, today, None, CHIEF), "LT-ORG-014").await;
        let appraised =
            Step { step: "appraised", revision: 1, author: "Phòng TCCB", document: Some("3/TĐ"), ..first };
        house.ordered(step(appraised)).await;
        house.ordered(step(Step { step: "recognised", revision: 2, author: CHIEF, ..appraised })).await;
        refused(&house, told(2, None, today, None, CHIEF), "LT-ORG-002").await;
        refused(&house, told(3, None, "2026-12-06", None, CHIEF), "LT-ORG-014").await;
        refused(&house, told(3, None, "2026-12-08", None, CHIEF), "LT-ORG-014").await;
        refused(&house, told(3, None, today, None, HEAD), "LT-AUT-004").await;
        refused(&house, told(3, None, today, None, CHAIR), "LT-AUT-005").await;
        refused(&house, told(3, None, today, None, "Văn phòng"), "LT-AUT-006").await;
        refused(&house, told(3, None, today, Some(" "), CHIEF), "LT-AUT-006").await;
        // To another agency alone the organisation itself does not count as told.
        house.ordered(told(3, Some("Ban Tổ chức"), today, Some("7/TB"), "Văn phòng")).await;
        assert_eq!(told_on(&house).await, serde_json::Value::Null);
        house.ordered(told(3, None, today, None, CHIEF)).await;
        assert_eq!(told_on(&house).await, today);
        let notices = shown(&house, "SNV-VP").await["notices"].clone();
        let to: Vec<_> = notices.as_array().expect("rows").iter().map(|row| &row["told_to"]).collect();
        assert_eq!(to, ["Ban Tổ chức", "SNV-VP"], "{}", store.kind());
        // Told of a recognition that is annulled is not told of the next.
        let revoked =
            Step { step: "revoked", revision: 3, level: None, document: Some("9/QĐ"), ..appraised };
        house.ordered(step(Step { author: CHIEF, reason: Some("sai số liệu"), ..revoked })).await;
        refused(&house, told(4, None, today, None, CHIEF), "LT-ORG-014").await;
        assert_eq!(told_on(&house).await, serde_json::Value::Null);
    }
}

#[tokio::test]
async fn head_is_not_classified_above_the_organisation() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.provisional("GL-00003", "2026", 1, "92").await;
        let first = Step {
            unit: "SNV-VP",
            step: "self_assessed",
            revision: 0,
            level: Some(Level::Completed),
            document: None,
            reason: None,
            author: HEAD,
            full: true,
        };
        house.ordered(step(first)).await;
        let appraised =
            Step { step: "appraised", revision: 1, author: "Phòng TCCB", document: Some("3/TĐ"), ..first };
        house.ordered(step(appraised)).await;
        let classify = |level| Command::RecordApprove {
            person: whom("GL-00003"),
            period: period("2026"),
            revision: 1,
            level: Some(level),
            decision_no: Some("12/QĐ".into()),
            opinion: None,
            author: CHIEF.into(),
        };
        house.ordered(step(Step { step: "recognised", revision: 2, author: CHIEF, ..appraised })).await;
        refused(&house, classify(Level::Good), "LT-ORG-010").await;
        house.ordered(classify(Level::Completed)).await;
        // After 15 December it is late, but a decision.
        let later = house.configured_anew("2026-12-16T01:00:00Z", with_points(&house.app.policy)).await;
        later.provisional("GL-00001", "2026", 1, "80").await;
        let order = |level| Command::RecordApprove {
            person: whom("GL-00001"),
            period: period("2026"),
            revision: 1,
            level: Some(level),
            decision_no: Some("13/QĐ".into()),
            opinion: None,
            author: CHIEF.into(),
        };
        let late = later.ordered(order(Level::Good)).await;
        assert_eq!(codes(&late), ["LT-REC-052"]);
    }
}

/// Divisions of the department with a head each, assessed and appraised; the first of them recognised as Good.
async fn divisions(house: &Installed, count: usize, good: usize) {
    let name = |number: usize| format!("SNV-P{number}");
    let head = |number: usize| format!("GL-002{number:02}");
    let units = (1..=count).map(|number| Unit {
        code: code(&name(number)),
        name: format!("Phòng {number}"),
        kind: UnitKind::Division,
        parent: Some(code("SNV")),
        org_code: None,
    });
    let people = (1..=count).map(|number| {
        let mut person = crate::support::stores::officer(&head(number), "Trưởng phòng");
        for (held, _, is, ..) in &mut person.memberships {
            (*held, *is) = (code(&name(number)), Role::Head);
        }
        person
    });
    let import = DirectoryImport { units: units.collect(), people: people.collect() };
    house.app.store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
    for number in 1..=count {
        let (unit, author) = (name(number), head(number));
        let level = if number <= good { Level::Good } else { Level::Excellent };
        let first = Step {
            unit: &unit,
            step: "self_assessed",
            revision: 0,
            level: Some(level),
            document: None,
            reason: None,
            author: &author,
            full: true,
        };
        house.ordered(step(first)).await;
        let document = Some("3/TĐ");
        house
            .ordered(step(Step {
                step: "appraised", revision: 1, author: "Sở Nội vụ", document, ..first
            }))
            .await;
        if number <= good {
            let recognised = Step { step: "recognised", revision: 2, author: CHIEF, ..first };
            house.ordered(step(recognised)).await;
        }
    }
}

#[tokio::test]
async fn of_two_recognitions_at_once_for_which_the_quota_has_one_place_one_is_made() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        // 20 hundredths of five Good ones are one.
        divisions(&house, 7, 5).await;
        let excellent = |unit: &'static str| {
            house.order(step(Step {
                unit,
                step: "recognised",
                revision: 2,
                level: Some(Level::Excellent),
                document: None,
                reason: None,
                author: CHIEF,
                full: false,
            }))
        };
        let (one, other) = tokio::join!(excellent("SNV-P6"), excellent("SNV-P7"));
        let mut exits = [one.exit, other.exit];
        exits.sort_unstable();
        assert_eq!(exits, [0, 1], "{}: {:?} {:?}", store.kind(), codes(&one), codes(&other));
        let lost = if one.exit == 0 { &other } else { &one };
        assert_eq!(codes(lost), ["LT-ORG-006"]);
        let recognised = store.organisations_of(2026).await.expect("read");
        let excellent = |level: &Option<Level>| *level == Some(Level::Excellent);
        let made = recognised.values().filter(|revision| revision.state == "recognised");
        assert_eq!(made.filter(|revision| excellent(&revision.level)).count(), 1);
    }
}

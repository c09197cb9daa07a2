//! The scoring step over real stores: what the day alone changes, quarters worked in part, and the proof that every
//! score follows from what is kept.

use crate::support::installation::{CHIEF, Installed, Targets, at, period, whom};
use crate::support::stores::{both, department, officer, one};
use crate::support::task::{mapped, shown as put};
use lienthong::domain::{
    CatalogProduct, CatalogVersion, DirectoryImport, Period, PersonId, RuleSet,
    rules::{LateUnit, ProvisionalView},
};
use lienthong::pipeline::App;
use lienthong::pipeline::command::{Command, Document, Outcome, ScoreView};
use lienthong::pipeline::derived::read;
use lienthong::pipeline::identify::Identify;
use lienthong::pipeline::record::Record;
use lienthong::pipeline::score::{FULL_PERIOD, Score, TO_DATE};
use lienthong::pipeline::step::Step as _;
use lienthong::store::Store;
use serde_json::{Value, json};
use sqlx::Connection as _;
use std::collections::BTreeMap;
use std::sync::Arc;

pub const AN: &str = "GL-00001";

pub fn day(text: &str) -> chrono::NaiveDate {
    text.parse().expect("day")
}

pub async fn at_work(store: &Store, now: &str) -> Installed {
    let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", now);
    let product: CatalogProduct = serde_json::from_value(json!({
        "code": "SP-1", "name": "Báo cáo", "field": "", "measure": "", "group": 1, "coefficient": "1.20",
        "synonyms": [], "applies_to": ""
    }))
    .expect("product");
    let version = CatalogVersion::new("2026").expect("version");
    store
        .import_catalog(&version, day("2026-01-01"), &[product], &[1], "test", at(now))
        .await
        .expect("catalog");
    house
}

/// Somebody's task of the product, as its source shows it.
pub async fn task(house: &Installed, id: &str, due: &str, done: Option<&str>) {
    let said = json!({
        "external_id": id, "assignee": { "kind": "staff_number", "value": AN },
        "due": { "day": due, "time": null }, "completed_at": done
    });
    let id = put(house, said).await;
    mapped(house, id, "SP-1", "1.2", (AN, period("2026-Q4"))).await;
}

/// Runs the scoring and the recording step until neither has anything to do.
pub async fn settled(house: &Installed) {
    while Score(house.app.clone()).run().await.expect("a run").more {}
    Record(house.app.clone()).run().await.expect("a run");
}

pub async fn derivation(house: &Installed, person: PersonId, which: Period, view: &str) -> Value {
    let bytes = house.app.store.derivation(person, which, view).await.expect("read").expect("a score");
    read(&bytes).expect("a derivation")
}

/// a in percent, in a view of the fourth quarter.
async fn quantity(house: &Installed, view: &str) -> Value {
    let person = house.person(AN).await;
    derivation(house, person, period("2026-Q4"), view).await["components"]["a"]["printed"].clone()
}

/// a of the newest revision of the record.
async fn recorded(house: &Installed) -> Value {
    let person = house.person(AN).await;
    let newest = house.app.store.latest_revision(person, period("2026-Q4")).await.expect("read");
    newest.expect("a record").content["parts"]["a"]["printed"].clone()
}

#[tokio::test]
async fn people_file_and_a_task_that_goes_to_somebody_else_have_scores_computed_again() {
    let both = both().await;
    for store in &both.stores {
        let house = at_work(store, "2026-11-20T08:00:00Z").await;
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        task(&house, "1", "2026-11-25", Some("2026-11-19T01:00:00Z")).await;
        settled(&house).await;
        assert!(store.scores_due(10).await.expect("due").is_empty());
        let person = house.person(AN).await;
        let same = DirectoryImport { units: Vec::new(), people: vec![officer(AN, "Nguyễn Văn An")] };
        store.import_directory(&same, "test", None, house.app.clock.now()).await.expect("imported");
        let due = store.scores_due(10).await.expect("due");
        assert!(due.iter().any(|(who, of, _)| (*who, *of) == (person, period("2026-Q4"))), "{due:?}");
        Identify(house.app.clone()).run().await.expect("identified");
        settled(&house).await;
        let tasks = store.scan_tasks(None, 0, 10).await.expect("tasks");
        let stamp = store.directory_stamp().await.expect("stamp");
        let nobodys = [(tasks[0].id, tasks[0].changed_at, Vec::new())];
        assert!(store.save_assignments(stamp, &nobodys, &[], house.app.clock.now()).await.expect("saved"));
        let due = store.scores_due(10).await.expect("due");
        assert!(due.iter().any(|(who, of, _)| (*who, *of) == (person, period("2026-Q4"))), "{due:?}");
    }
}

#[tokio::test]
async fn quarter_that_has_not_begun_has_no_score_and_its_first_day_scores_whoever_was_marked_before() {
    let both = both().await;
    for store in &both.stores {
        let house = at_work(store, "2026-12-20T01:00:00Z").await;
        const SHARING: &str = "GL-00002";
        house.import(&[(AN, "Nguyễn Văn An"), (SHARING, "Trần Thị B")]).await;
        let (next, slip) = (period("2027-Q1"), period("2027-Q3"));
        let id = put(
            &house,
            json!({ "external_id": "1", "assignee": { "kind": "staff_number", "value": AN },
                "due": { "day": "2027-01-15", "time": null } }),
        )
        .await;
        mapped(&house, id, "SP-1", "1.2", (AN, next)).await;
        let person = house.person(AN).await;
        // Completed on 30 September 2027, says its source; and a share of the next quarter, without a task due in it.
        let sharing = house.person(SHARING).await;
        store.mark_scores_due(&[(person, slip), (sharing, next)]).await.expect("marked");
        settled(&house).await;
        let held = async |which| {
            let score = store.score(person, which, TO_DATE).await.expect("read").is_some();
            (score, store.latest_revision(person, which).await.expect("read").is_some())
        };
        assert_eq!(
            (held(next).await, held(slip).await),
            ((false, false), (false, false)),
            "{}",
            store.kind()
        );
        let today = house.app.clock.today();
        assert!(store.scores_due_by(today, 10).await.expect("due").is_empty(), "nothing waits for it");
        assert_eq!(store.overview().await.expect("read").due["score"], 0, "{}", store.kind());
        let marks = store.scores_due(100).await.expect("due");
        assert!(marks.iter().any(|(who, of, _)| (*who, *of) == (sharing, next)), "{marks:?}");
        let begun = house.later("2027-01-01T01:00:00Z");
        settled(&begun).await;
        let shared = store.score(sharing, next, TO_DATE).await.expect("read");
        assert!(shared.is_some(), "{}: marked before it began", store.kind());
        let today = begun.app.clock.today();
        assert!(store.scores_due_by(today, 10).await.expect("due").is_empty(), "{}", store.kind());
        assert_eq!(held(next).await, (true, true), "{}", store.kind());
        assert_eq!(held(slip).await, (false, false), "{}", store.kind());
    }
}

#[tokio::test]
async fn import_of_one_person_has_their_tasks_and_leaders_looked_at_and_nobody_elses() {
    let both = both().await;
    for store in &both.stores {
        let house = at_work(store, "2026-11-20T08:00:00Z").await;
        const OTHER: &str = "GL-00002";
        house.import(&[(AN, "Nguyễn Văn An"), (OTHER, "Trần Thị B")]).await;
        let chief = CHIEF.split_once(' ').expect("number and name").0;
        let quarter = period("2026-Q4");
        for (id, kind, value, whose) in [
            ("an", "staff_number", AN, AN),
            ("b", "staff_number", OTHER, OTHER),
            ("head", "staff_number", chief, chief),
            ("ghost", "account", "ghost", ""),
            ("new", "staff_number", "GL - 00003", ""),
            ("nobody", "account", "nobody", ""),
        ] {
            let who = json!({ "kind": kind, "value": value });
            let due = json!({ "day": "2026-11-25", "time": null });
            let id = put(&house, json!({ "external_id": id, "assignee": who, "due": due })).await;
            if !whose.is_empty() {
                mapped(&house, id, "SP-1", "1.2", (whose, quarter)).await;
            }
        }
        settled(&house).await;
        let scored = store.score(house.person(chief).await, quarter, TO_DATE).await.expect("read");
        assert!(scored.is_some(), "the head has a score that may move");
        let import = async |person| {
            let import = DirectoryImport { units: Vec::new(), people: vec![person] };
            store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
            let tasks = store.tasks_to_identify(10).await.expect("due");
            let mut tasks: Vec<String> =
                tasks.into_iter().map(|task| task.key.external_id.as_str().to_owned()).collect();
            tasks.sort();
            Identify(house.app.clone()).run().await.expect("identified");
            let due = store.scores_due(100).await.expect("due");
            let mut people: Vec<PersonId> = due.into_iter().map(|(who, ..)| who).collect();
            people.sort();
            people.dedup();
            settled(&house).await;
            (tasks, people)
        };
        let ids = async |numbers: &[&str]| {
            let mut ids = Vec::new();
            for number in numbers {
                ids.push(house.person(number).await);
            }
            ids.sort();
            ids
        };
        // One changed name.
        let (tasks, people) = import(officer(AN, "Nguyễn Văn Anh")).await;
        assert_eq!(tasks, ["an"], "{}", store.kind());
        assert_eq!(people, ids(&[AN, chief]).await, "{}", store.kind());
        // Somebody new: what waits for their number, however it was written, and for their account.
        let mut new = officer("GL-00003", "Lê Thị Mới");
        new.accounts = vec![(lienthong::domain::SourceId::new("snv").expect("source"), "ghost".into())];
        assert_eq!(import(new).await.0, ["ghost", "new"], "{}", store.kind());
        // An account that moves: the tasks of whoever loses it.
        let mut taker = officer(OTHER, "Trần Thị B");
        taker.accounts = vec![(lienthong::domain::SourceId::new("snv").expect("source"), "ghost".into())];
        assert_eq!(import(taker).await.0, ["b", "ghost", "new"], "{}", store.kind());
        // Somebody who leaves the unit is none of its head's any more: the head's score is looked at all the same.
        let mut gone = officer(AN, "Nguyễn Văn Anh");
        for post in &mut gone.memberships {
            post.4 = Some(day("2026-10-31"));
        }
        assert_eq!(import(gone).await.1, ids(&[AN, chief]).await, "{}", store.kind());
    }
}

#[tokio::test]
async fn open_task_is_overdue_in_the_score_the_next_morning_without_a_word_of_its_source() {
    let both = both().await;
    for store in &both.stores {
        let house = at_work(store, "2026-11-25T01:00:00Z").await;
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        task(&house, "1", "2026-11-20", Some("2026-11-19T03:00:00Z")).await;
        task(&house, "2", "2026-11-26", None).await;
        settled(&house).await;
        assert_eq!(quantity(&house, TO_DATE).await, "100.00", "the open task is not due yet");
        // The same day again: nothing is computed anew.
        assert_eq!(Score(house.app.clone()).run().await.expect("a run").done, 0);
        // 26 November in Gia Lai begins at 17:00 UTC; the due day itself is on time but no longer to come.
        let eve = house.later("2026-11-25T16:59:00Z");
        assert_eq!(Score(eve.app.clone()).run().await.expect("a run").done, 0);
        let next = house.later("2026-11-25T17:00:30Z");
        settled(&next).await;
        assert_eq!(quantity(&next, TO_DATE).await, "50.00");
        assert_eq!(recorded(&next).await, "50.00", "the record follows");
        let person = house.person(AN).await;
        let overdue = house.later("2026-11-28T01:00:00Z");
        settled(&overdue).await;
        let score = store.score(person, period("2026-Q4"), TO_DATE).await.expect("read").expect("score");
        assert_eq!(score.as_of, day("2026-11-28"));
        let lines = derivation(&overdue, person, period("2026-Q4"), TO_DATE).await["lines"].clone();
        assert!(lines.to_string().contains("overdue by 2 days"), "{lines}");
    }
}

#[tokio::test]
async fn full_period_is_recorded_once_the_quarter_is_over_though_nothing_else_happened() {
    let both = both().await;
    for store in &both.stores {
        let house = at_work(store, "2026-12-31T01:00:00Z").await;
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        task(&house, "1", "2026-12-20", Some("2026-12-19T03:00:00Z")).await;
        let person = house.person(AN).await;
        settled(&house).await;
        let full = derivation(&house, person, period("2026-Q4"), FULL_PERIOD).await;
        let newest = store.latest_revision(person, period("2026-Q4")).await.expect("read").expect("record");
        assert_eq!(newest.revision, 1);
        assert_eq!(store.scores_without_record(10).await.expect("scores").len(), 0);
        let next = house.later("2026-12-31T17:00:30Z");
        // Nobody closes the quarter on scores of its last day.
        let early = Command::PeriodClose {
            period: period("2026-Q4"),
            author: CHIEF.into(),
            reason: Some("đủ hồ sơ".into()),
            document: None,
            dry_run: false,
        };
        let refused = next.order(early).await;
        let codes: Vec<&str> = refused.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes[..2], ["LT-REC-038", "LT-REC-032"], "{:?}", refused.findings);
        while Score(next.app.clone()).run().await.expect("a run").more {}
        let waiting = store.scores_without_record(10).await.expect("scores");
        assert!(
            waiting.iter().any(|score| score.person == person && score.scope == FULL_PERIOD),
            "the full period waits for its record: {waiting:?}"
        );
        assert_eq!(derivation(&next, person, period("2026-Q4"), FULL_PERIOD).await, full, "the same inputs");
    }
}

#[tokio::test]
async fn year_is_computed_on_the_day_it_opens_without_any_other_event() {
    let (_folder, store) = one().await;
    let house = Installed::new(&store, &Targets::national("http://127.0.0.1:9"), "a", "2026-10-05T01:00:00Z");
    house.with_a_result().await;
    house.history("GL-00001,2026-Q1,88.50,,,\nGL-00001,2026-Q2,88.50,,,").await;
    house.computed().await;
    while Score(house.app.clone()).run().await.expect("a run").more {}
    let person = house.person(AN).await;
    let year = || store.score(person, period("2026"), "year");
    assert!(year().await.expect("read").is_none(), "in October there is no year yet");
    let opened = house.later("2026-12-01T01:00:00Z");
    while Score(opened.app.clone()).run().await.expect("a run").more {}
    let score = year().await.expect("read").expect("the year opened");
    assert_eq!(score.total.as_deref(), Some("88.50"));
}

#[tokio::test]
async fn rule_set_decides_which_view_of_a_running_quarter_is_recorded() {
    let (_folder, store) = one().await;
    let house = at_work(&store, "2026-11-25T01:00:00Z").await;
    let mut policy = house.app.policy.clone();
    policy.rule_sets = vec![RuleSet { provisional_view: ProvisionalView::FullPeriod, ..RuleSet::default() }];
    let app = App::new(store.clone(), house.app.clock, "a".into(), BTreeMap::new(), (None, None), policy);
    house.import(&[(AN, "Nguyễn Văn An")]).await;
    task(&house, "1", "2026-11-20", Some("2026-11-19T03:00:00Z")).await;
    task(&house, "2", "2026-12-26", None).await;
    let app = Arc::new(app);
    assert_eq!(app.shown_view(period("2026-Q4")), FULL_PERIOD);
    while Score(app.clone()).run().await.expect("a run").more {}
    Record(app).run().await.expect("a run");
    assert_eq!((quantity(&house, TO_DATE).await, recorded(&house).await), (json!("100.00"), json!("50.00")));
}

/// The same installation after its configuration was changed to one rule set alone.
pub async fn governed_by(house: &Installed, now: &str, rules: RuleSet) -> Installed {
    let mut policy = house.app.policy.clone();
    policy.rule_sets = vec![rules];
    house.configured_anew(now, policy).await
}

#[tokio::test]
async fn past_quarter_is_corrected_by_the_rule_set_it_was_scored_with_when_the_configuration_drops_it() {
    let both = both().await;
    for store in &both.stores {
        let house = at_work(store, "2026-12-20T01:00:00Z").await;
        let old = RuleSet {
            id: "old-days".parse().expect("id"),
            valid_to: Some(day("2026-12-31")),
            late_unit: LateUnit::Occurrence,
            ..RuleSet::default()
        };
        let house = governed_by(&house, "2026-12-20T01:00:00Z", old.clone()).await;
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        // Two days late: one occurrence, or two days.
        task(&house, "1", "2026-11-20", Some("2026-11-22T03:00:00Z")).await;
        settled(&house).await;
        let person = house.person(AN).await;
        let quarter = period("2026-Q4");
        let progress = async |house: &Installed| {
            derivation(house, person, quarter, FULL_PERIOD).await["components"]["c"]["printed"].clone()
        };
        assert_eq!(progress(&house).await, "75.00");
        // The next year begins with rules of its own; those of the past year are gone from the configuration.
        let new = RuleSet {
            id: "new-days".parse().expect("id"),
            valid_from: day("2027-01-01"),
            ..RuleSet::default()
        };
        let next = governed_by(&house, "2027-02-10T01:00:00Z", new).await;
        assert_eq!(next.app.rule_set(quarter), Ok(&old));
        assert_eq!(next.app.rule_set(period("2026")), Ok(&old), "its year was never scored before");
        assert_eq!(
            next.app.rule_set(period("2027-Q1")).map(|rules| rules.id.to_string()),
            Ok("new-days".into())
        );
        let code = |which| next.app.rule_set(period(which)).map(|_| ()).map_err(|finding| finding.code);
        assert_eq!(code("2025-Q4"), Err("LT-RUL-010".to_owned()), "nothing was ever in force");
        // A late word about the past quarter moves its score by its own rules.
        task(&next, "2", "2026-11-25", Some("2026-11-26T03:00:00Z")).await;
        settled(&next).await;
        assert_eq!(progress(&next).await, "75.00");
        let held = store.score(person, quarter, FULL_PERIOD).await.expect("read").expect("a score");
        assert_eq!(
            (held.summary["lines"]["counted"].clone(), held.summary["rule_set"].clone()),
            (json!(2), json!("old-days"))
        );
        // Configured again, the configuration's word counts.
        let changed = RuleSet { late_unit: LateUnit::CalendarDay, ..old };
        let again = governed_by(&next, "2027-02-11T01:00:00Z", changed.clone()).await;
        assert_eq!(again.app.rule_set(quarter), Ok(&changed));
    }
}

#[tokio::test]
async fn rule_set_the_configuration_ends_scores_no_later_period() {
    let both = both().await;
    for store in &both.stores {
        let house = at_work(store, "2026-12-20T01:00:00Z").await;
        let open = RuleSet { id: "days".parse().expect("id"), ..RuleSet::default() };
        let house = governed_by(&house, "2026-12-20T01:00:00Z", open.clone()).await;
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        task(&house, "1", "2026-11-20", Some("2026-11-19T03:00:00Z")).await;
        settled(&house).await;
        let code = |house: &Installed, which: &str| {
            house.app.rule_set(period(which)).map(|_| ()).map_err(|finding| finding.code)
        };
        let none = || Err("LT-RUL-010".to_owned());
        // The set gets its end, and the next one is forgotten.
        let ended = RuleSet { valid_to: Some(day("2026-12-31")), ..open.clone() };
        let next = governed_by(&house, "2027-01-05T01:00:00Z", ended.clone()).await;
        assert_eq!(next.app.rule_set(period("2026-Q4")), Ok(&ended));
        assert_eq!(code(&next, "2027-Q1"), none());
        // The same where a score of the new quarter was made before the set got its end.
        let early = house.later("2027-01-10T01:00:00Z");
        let person = house.person(AN).await;
        store.mark_scores_due(&[(person, period("2027-Q1"))]).await.expect("marked");
        settled(&early).await;
        assert!(store.score(person, period("2027-Q1"), TO_DATE).await.expect("read").is_some());
        let next = governed_by(&house, "2027-02-10T01:00:00Z", ended).await;
        for which in ["2027-Q1", "2027-Q2", "2027"] {
            assert_eq!(code(&next, which), none(), "{which}");
        }
        // A later edition of the same name takes nothing from the quarters before it.
        let later =
            RuleSet { valid_from: day("2027-04-01"), valid_to: Some(day("2027-12-31")), ..open.clone() };
        let next = governed_by(&house, "2027-05-10T01:00:00Z", later.clone()).await;
        for which in ["2026-Q4", "2026", "2027-Q1", "2027"] {
            assert_eq!(next.app.rule_set(period(which)), Ok(&open), "{which}");
        }
        assert_eq!(next.app.rule_set(period("2027-Q2")), Ok(&later));
        assert_eq!(code(&next, "2028-Q1"), none());
        assert_eq!(code(&next, "2026-Q3"), none(), "it was never scored");
    }
}

/// Staff of one department with these posts.
async fn posts(house: &Installed, spans: &[(&str, Option<&str>)]) {
    let mut person = officer(AN, "Nguyễn Văn An");
    let (unit, post, role, ..) = person.memberships.remove(0);
    let held = |(from, to): &(&str, Option<&str>)| (unit.clone(), post.clone(), role, day(from), to.map(day));
    person.memberships = spans.iter().map(held).collect();
    let import = DirectoryImport { units: vec![department()], people: vec![person] };
    house.app.store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
}

fn shown(outcome: &Outcome) -> String {
    serde_json::to_string(outcome).expect("json")
}

#[tokio::test]
async fn quarter_worked_in_part_counts_and_is_marked_wherever_it_is_shown() {
    for (spans, marked) in [
        (vec![("2026-01-01", None)], None),
        (vec![("2026-01-01", Some("2026-11-14")), ("2026-11-15", None)], None),
        (vec![("2026-10-15", None)], Some("2026-10-15 – 2026-12-31")),
        (vec![("2026-01-01", Some("2026-12-10"))], Some("2026-10-01 – 2026-12-10")),
        (
            vec![("2026-01-01", Some("2026-10-31")), ("2026-12-01", None)],
            Some("2026-10-01 – 2026-10-31, 2026-12-01 – 2026-12-31"),
        ),
    ] {
        let (_folder, store) = one().await;
        let house = at_work(&store, "2026-12-20T01:00:00Z").await;
        posts(&house, &spans).await;
        task(&house, "1", "2026-11-20", Some("2026-11-19T03:00:00Z")).await;
        settled(&house).await;
        assert_eq!(quantity(&house, TO_DATE).await, "100.00", "everything counts");
        let explain = Command::ScoreExplain {
            person: whom(AN),
            period: period("2026-Q4"),
            view: Some(ScoreView::ToDate),
            revision: None,
        };
        let explained = shown(&house.ordered(explain).await);
        let show = Command::ScoreShow {
            period: Some(period("2026-Q4")),
            person: None,
            unit: None,
            view: Some(ScoreView::ToDate),
            limit: 10,
        };
        let listed = shown(&house.ordered(show).await);
        let person = house.person(AN).await;
        let record = store.latest_revision(person, period("2026-Q4")).await.expect("read").expect("record");
        match marked {
            Some(span) => {
                assert!(explained.contains(span), "{explained}");
                assert!(listed.contains(span), "{listed}");
                assert!(record.content["worked"].is_array(), "{}", record.content);
            }
            None => {
                assert!(!explained.contains("Kỳ không trọn"), "{explained}");
                assert!(record.content.get("worked").is_none(), "{}", record.content);
            }
        }
    }
}

/// Codes told, and the counts by name.
pub async fn verified(house: &Installed) -> (Vec<String>, BTreeMap<String, Value>) {
    let outcome = house.order(Command::ScoreVerify {}).await;
    let codes = outcome.findings.iter().map(|finding| finding.code.clone()).collect();
    let Document::Object { fields, .. } = outcome.document else { panic!("{:?}", outcome.document) };
    (codes, fields.into_iter().map(|field| (field.key, field.value)).collect())
}

#[tokio::test]
async fn every_answer_task_and_score_is_derived_again_and_a_change_by_hand_is_found() {
    let both = both().await;
    for store in &both.stores {
        let house = at_work(store, "2026-11-25T01:00:00Z").await;
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        task(&house, "1", "2026-11-20", Some("2026-11-21T03:00:00Z")).await;
        task(&house, "2", "2026-11-26", None).await;
        settled(&house).await;
        let (codes, told) = verified(&house).await;
        assert!(codes.is_empty(), "{codes:?} {told:?}");
        assert_eq!(
            (&told["pages"], &told["tasks"], &told["tasks_told_earlier"]),
            (&json!(2), &json!(2), &json!(0))
        );
        // Two views of one member of staff and of the head.
        assert_eq!((&told["same"], &told["waiting"]), (&json!(4), &json!(0)));
    }
    // By hand, behind the program's back.
    let file = both.folder.path().join("lienthong.db");
    let mut database =
        sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.expect("opens");
    let house = Installed::new(
        &both.stores[0],
        &Targets::national("http://127.0.0.1:9"),
        "a",
        "2026-11-25T02:00:00Z",
    );
    // A document nobody can read is named, and the others are looked at all the same.
    let change = async |database: &mut sqlx::SqliteConnection, sql: &'static str| {
        sqlx::query(sql).execute(database).await.expect("changed");
    };
    change(&mut database, "UPDATE task SET facts = substr(facts, 2) WHERE external_id = '2'").await;
    let outcome = house.order(Command::ScoreVerify {}).await;
    let places: Vec<String> =
        outcome.findings.iter().filter(|one| one.code == "LT-SCO-015").map(ToString::to_string).collect();
    assert!(places.iter().any(|place| place.contains("task snv/2")), "{:?}", outcome.findings);
    assert!(
        places.iter().any(|place| place.contains("score GL-00001 2026-Q4")),
        "its score is named as well"
    );
    let (_, told) = verified(&house).await;
    assert_eq!((&told["tasks"], &told["pages"]), (&json!(1), &json!(2)), "{told:?}");
    change(&mut database, "UPDATE task SET facts = '{' || facts WHERE external_id = '2'").await;
    assert!(verified(&house).await.0.is_empty(), "as it was");
    for (change, code) in [
        (
            // Returned once.
            "UPDATE task SET facts = '{\"b\":1,' || substr(facts, 2) WHERE external_id = '2'",
            "LT-SCO-012",
        ),
        ("UPDATE task_event SET payload = replace(payload, '2026-11-20', '2026-11-22')", "LT-SCO-012"),
        ("UPDATE raw_page SET sha256 = x'00' WHERE id = 1", "LT-SCO-013"),
    ] {
        sqlx::query(change).execute(&mut database).await.expect("changed");
        let (codes, told) = verified(&house).await;
        assert!(codes.iter().any(|found| found == code), "{change}: {codes:?} {told:?}");
    }
    database.close().await.expect("closes");
}

#[tokio::test]
async fn task_of_a_quarter_without_rules_keeps_nobody_from_being_scored_and_counts_once_a_set_governs_it() {
    let both = both().await;
    for store in &both.stores {
        let house = at_work(store, "2026-12-20T01:00:00Z").await;
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        let person = house.person(AN).await;
        task(&house, "1", "2026-11-20", Some("2026-11-19T03:00:00Z")).await;
        // Before the first set, and one slip of a year.
        let before = [period("2016-Q3"), period("2025-Q4")];
        store.mark_scores_due(&before.map(|which| (person, which))).await.expect("marked");
        let report = Score(house.app.clone()).run().await.expect("a run");
        let codes: Vec<&str> = report.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ["LT-RUL-010", "LT-RUL-010"], "{}: each quarter by itself", store.kind());
        assert!(report.findings[1].what.en.ends_with("2025-Q4"), "{:?}", report.findings);
        settled(&house).await;
        let held = async |which: &str| {
            store.score(person, period(which), FULL_PERIOD).await.expect("read").is_some()
        };
        assert!(held("2026-Q4").await && !held("2025-Q4").await, "{}", store.kind());
        let again = Score(house.app.clone()).run().await.expect("a run");
        assert!(again.findings.is_empty() && !again.more, "told once: {:?}", again.findings);
        assert_eq!(store.scores_due(9).await.expect("read"), [], "nothing waits for it");
        // A set for it later is another word about that quarter, and about no earlier one.
        let earlier = RuleSet { valid_from: day("2025-10-01"), ..house.app.policy.rule_sets[0].clone() };
        let next = governed_by(&house, "2026-12-21T01:00:00Z", earlier).await;
        let nothing = async |which: &str| {
            store.judged_by().await.expect("read").get(&period(which)).map(String::as_str) == Some("nothing")
        };
        assert!(nothing("2025-Q4").await, "{}", store.kind());
        let marked = Score(next.app.clone()).run().await.expect("a run");
        assert!(marked.done > 0, "{}: everyone of that quarter", store.kind());
        settled(&next).await;
        assert!(!nothing("2025-Q4").await && nothing("2016-Q3").await, "{}", store.kind());
        // Another process that began before and has no set for it leaves it alone.
        store.mark_scores_due(&[(person, period("2025-Q4"))]).await.expect("marked");
        let report = Score(house.app.clone()).run().await.expect("a run");
        assert_eq!(
            report.findings.iter().map(|found| found.code.as_str()).collect::<Vec<_>>(),
            ["LT-SCO-027"]
        );
        assert!(!nothing("2025-Q4").await, "{}", store.kind());
        let left = store.scores_due(9).await.expect("read");
        let is_left = left.iter().any(|(who, which, _)| (*who, *which) == (person, period("2025-Q4")));
        assert!(is_left, "{}: and its marks to whoever judges it", store.kind());
    }
}

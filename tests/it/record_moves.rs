//! Moves a record's life does not allow, ordered against a real store of either kind: each is refused by its code
//! and changes nothing.

use crate::support::installation::{CHIEF, Installed, Targets, period, whom};
use crate::support::stores::{both, officer};
use lienthong::domain::rules::RecordSteps;
use lienthong::domain::{DirectoryImport, Level, RecordState};
use lienthong::pipeline::command::{Command, LifeOrder};
use lienthong::pipeline::record::Record;
use lienthong::pipeline::step::Step as _;
use lienthong::store::{NewRevision, Revision, Store, StoreError};

const AN: &str = "GL-00001";
const DEPUTY: &str = "GL-00002";

/// An order about the third quarter or the year 2026 of somebody; each test changes what it is about.
#[derive(Clone, Copy)]
struct Order {
    whose: &'static str,
    which: &'static str,
    revision: u32,
    level: Option<Level>,
    number: &'static str,
    opinion: Option<&'static str>,
    author: &'static str,
}

const QUARTER: Order = Order {
    whose: AN,
    which: "2026-Q3",
    revision: 1,
    level: None,
    number: "12/QĐ",
    opinion: None,
    author: CHIEF,
};
const YEAR: Order = Order { which: "2026", level: Some(Level::Good), ..QUARTER };

impl Order {
    fn approve(&self) -> Command {
        Command::RecordApprove {
            person: whom(self.whose),
            period: period(self.which),
            revision: self.revision,
            level: self.level,
            decision_no: Some(self.number.into()),
            opinion: self.opinion.map(str::to_owned),
            author: self.author.into(),
        }
    }

    fn correct(&self, reason: &str) -> Command {
        Command::RecordCorrect {
            person: whom(self.whose),
            period: period(self.which),
            revision: self.revision,
            level: self.level,
            decision_no: Some(self.number.into()),
            opinion: self.opinion.map(str::to_owned),
            author: self.author.into(),
            reason: reason.into(),
        }
    }
}

async fn house(store: &Store) -> Installed {
    let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
    house.import(&[(AN, "Nguyễn Văn An")]).await;
    house.import_deputy(DEPUTY, "Trần Thị Bình").await;
    house.no_history().await;
    house
}

/// Everything about both people's records and what is on its way.
async fn everything(house: &Installed) -> String {
    let mut told = String::new();
    for (whose, which) in [(AN, "2026-Q3"), (AN, "2026"), (DEPUTY, "2026")] {
        let person = house.person(whose).await;
        let store = &house.app.store;
        told.push_str(&format!("{:?}", store.revisions(person, period(which)).await.expect("revisions")));
        let newest = store.latest_revision(person, period(which)).await.expect("newest");
        told.push_str(&format!("{:?}", newest.map(|revision| (revision.revision, revision.state))));
    }
    told + &format!("{:?}", house.states("national").await)
}

/// How often an action stands in the journal.
async fn journalled(store: &Store, action: &str) -> usize {
    let journal = store.audit_entries(i64::MAX, 1_000).await.expect("journal");
    journal.iter().filter(|entry| entry.action == action).count()
}

fn life(order: LifeOrder) -> Command {
    Command::Life { order }
}

fn self_assess(revision: u32, author: &str) -> Command {
    life(LifeOrder::SelfAssess {
        person: whom(AN),
        period: period("2026-Q3"),
        revision,
        level: None,
        strengths: Some("chủ động".into()),
        weaknesses: None,
        author: author.into(),
    })
}

fn own_points() -> Command {
    let items = lienthong::domain::evaluation::GENERAL_ITEMS.iter();
    let two = |(item, ..): &(&str, u8, u8)| ((*item).to_owned(), lienthong::domain::Exact::integer(2));
    Command::CriteriaSet {
        person: whom(AN),
        period: period("2026-Q3"),
        decision: lienthong::domain::DecisionKind::SelfAssessment { items: items.map(two).collect() },
        document: None,
        author: AN.into(),
    }
}

fn review(revision: u32, comment: Option<&str>, author: &str) -> Command {
    life(LifeOrder::Review {
        person: whom(AN),
        period: period("2026-Q3"),
        revision,
        level: None,
        comment: comment.map(str::to_owned),
        strengths: None,
        weaknesses: None,
        minutes: Some("05/BB ngày 01/10/2026".into()),
        party_opinion: None,
        handling: None,
        author: author.into(),
    })
}

fn revoke(revision: u32, author: &str, document: &str) -> Command {
    life(LifeOrder::Revoke {
        person: whom(AN),
        period: period("2026-Q3"),
        revision,
        reason: "khai không trung thực".into(),
        document: document.into(),
        author: author.into(),
    })
}

fn hold(author: &str) -> Command {
    let (person, period, reason) = (whom(AN), period("2026-Q3"), "đơn phản ánh".to_owned());
    life(LifeOrder::Hold { person, period, reason, document: Some("03/ĐT".into()), author: author.into() })
}

fn release(author: &str) -> Command {
    let (person, period, reason) = (whom(AN), period("2026-Q3"), "không đúng".to_owned());
    life(LifeOrder::Release { person, period, reason, document: None, author: author.into() })
}

fn notify(revision: u32, on: &str, author: &str) -> Command {
    life(LifeOrder::Notify {
        person: whom(AN),
        period: period("2026-Q3"),
        revision,
        on: Some(on.parse().expect("a day")),
        how: "tại cuộc họp".into(),
        document: None,
        author: author.into(),
    })
}

/// Orders what must be refused with a code and change nothing.
async fn refused(house: &Installed, order: Command, code: &str) {
    let shown = format!("{order:?}");
    let before = everything(house).await;
    let outcome = house.order(order).await;
    assert_ne!(outcome.exit, 0, "{shown} was carried out");
    assert_eq!(outcome.findings[0].code, code, "{shown}");
    assert_eq!(everything(house).await, before, "{shown} changed something");
}

#[tokio::test]
async fn approval_that_the_life_does_not_allow_is_refused_and_changes_nothing() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        refused(&house, QUARTER.approve(), "LT-SCO-010").await;
        house.score(AN, "2026-Q3", None, &["general_criteria"]).await;
        Record(house.app.clone()).run().await.expect("a run");
        refused(&house, QUARTER.approve(), "LT-REC-001").await;
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        // The second revision is complete and provisional.
        refused(&house, QUARTER.approve(), "LT-REC-002").await;
        let newest = Order { revision: 2, ..QUARTER };
        refused(&house, Order { level: Some(Level::Good), ..newest }.approve(), "LT-REC-007").await;
        refused(&house, Order { author: "GL-00001 Nguyễn Văn An", ..newest }.approve(), "LT-REC-004").await;
        refused(&house, Order { author: DEPUTY, ..newest }.approve(), "LT-AUT-001").await;
        refused(&house, Order { author: "Sở Nội vụ", number: " ", ..newest }.approve(), "LT-AUT-002").await;
        refused(&house, Order { author: " ", ..newest }.approve(), "LT-RUN-020").await;
        // Whoever ordered was answered: nothing waits for a person, and the journal knows who tried.
        assert_eq!(store.overview().await.expect("counted").waiting().decisions, 0, "{}", store.kind());
        let journal = store.audit_entries(i64::MAX, 10).await.expect("journal");
        let without = |reason: &Option<String>| reason.as_ref().is_some_and(|why| why.starts_with("LT-AUT"));
        let tried: Vec<_> =
            journal.iter().filter(|entry| entry.action == "move_refused" && without(&entry.reason)).collect();
        assert_eq!(tried.len(), 2, "{}: {journal:?}", store.kind());
        assert!(tried.iter().any(|entry| entry.actor == DEPUTY), "{tried:?}");
        house.ordered(newest.approve()).await;
        // Approved: another decision about the same or the next revision is no second approval.
        refused(&house, Order { number: "13/QĐ", ..newest }.approve(), "LT-REC-002").await;
        refused(&house, Order { number: "13/QĐ", revision: 3, ..newest }.approve(), "LT-REC-003").await;
    }
}

#[tokio::test]
async fn running_quarter_is_approved_from_the_fifth_of_its_last_month_and_whoever_left_it_the_day_after() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let mut left = officer("GL-00003", "Phạm Văn Cường");
        left.memberships[0].4 = Some("2026-10-31".parse().expect("day"));
        let import = DirectoryImport { units: Vec::new(), people: vec![left] };
        store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
        let quarter = Order { which: "2026-Q4", ..QUARTER };
        for who in [AN, "GL-00003"] {
            house.provisional(who, "2026-Q4", 1, "88.50").await;
        }
        refused(
            &house.later("2026-10-31T10:00:00Z"),
            Order { whose: "GL-00003", ..quarter }.approve(),
            "LT-REC-012",
        )
        .await;
        let november = house.later("2026-10-31T17:00:00Z");
        november.ordered(Order { whose: "GL-00003", ..quarter }.approve()).await;
        refused(&november, quarter.approve(), "LT-REC-012").await;
        // The fourth of December in Gia Lai ends at 17:00 UTC.
        refused(&house.later("2026-12-04T16:59:00Z"), quarter.approve(), "LT-REC-012").await;
        house.later("2026-12-04T17:00:00Z").ordered(quarter.approve()).await;
    }
}

#[tokio::test]
async fn approved_result_whose_figures_changed_is_a_gap_of_the_close_that_needs_a_reason() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        for who in [AN, DEPUTY, "GL-00990"] {
            house.score(who, "2026-Q4", Some("88.50"), &[]).await;
        }
        Record(house.app.clone()).run().await.expect("a run");
        for who in [AN, DEPUTY] {
            house.ordered(Order { whose: who, which: "2026-Q4", ..QUARTER }.approve()).await;
        }
        let january = house.later("2027-01-05T01:00:00Z");
        let close = |reason: Option<&str>| Command::PeriodClose {
            period: period("2026-Q4"),
            author: CHIEF.into(),
            reason: reason.map(str::to_owned),
            document: None,
            dry_run: false,
        };
        let codes = async || -> Vec<String> {
            let outcome = january.order(close(None)).await;
            outcome.findings.into_iter().map(|finding| finding.code).collect()
        };
        assert_eq!(codes().await, ["LT-REC-038", "LT-REC-037"], "{}: the chief's alone", store.kind());
        january.score(AN, "2026-Q4", Some("91.00"), &[]).await;
        // The record has not followed yet: nobody knows whether the result stands.
        assert_eq!(codes().await[1], "LT-REC-032", "{}", store.kind());
        Record(january.app.clone()).run().await.expect("a run");
        assert_eq!(codes().await, ["LT-REC-038", "LT-REC-037", "LT-REC-087"], "{}", store.kind());
        january.ordered(close(Some("Chủ tịch UBND tỉnh đồng ý"))).await;
        let kept = store.period_close(period("2026-Q4")).await.expect("read").expect("closed");
        let told = kept.checklist.to_string();
        assert!(told.contains("figures_stand") && told.contains("LT-REC-087"), "{told}");
    }
}

#[tokio::test]
async fn year_is_classified_once_at_one_level_and_a_deputy_only_after_the_chairs_opinion() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.provisional(AN, "2026", 1, "80").await;
        refused(&house, Order { level: None, ..YEAR }.approve(), "LT-REC-007").await;
        house.ordered(YEAR.approve()).await;
        // Not of the revision before the decision, and not a second time.
        let other = Order { level: Some(Level::Excellent), ..YEAR };
        refused(&house, other.approve(), "LT-REC-002").await;
        refused(&house, Order { revision: 2, ..other }.approve(), "LT-REC-003").await;
        house.provisional(DEPUTY, "2026", 1, "80").await;
        let deputy = Order { whose: DEPUTY, ..YEAR };
        refused(&house, deputy.approve(), "LT-AUT-003").await;
        refused(&house, Order { opinion: Some("  "), ..deputy }.approve(), "LT-AUT-003").await;
        house.ordered(Order { opinion: Some("7/UBND-NV"), ..deputy }.approve()).await;
        let person = house.person(DEPUTY).await;
        let record = store.latest_revision(person, period("2026")).await.expect("read").expect("record");
        assert_eq!(record.content["ruling"]["opinion"], "7/UBND-NV");
        // Correcting the classification needs the opinion as well, and is refused as a whole without it.
        house.score(DEPUTY, "2026", Some("69"), &[]).await;
        let lower = Order { whose: DEPUTY, revision: 2, level: Some(Level::Completed), ..YEAR };
        refused(&house, lower.correct("sai số liệu"), "LT-AUT-003").await;
    }
}

#[tokio::test]
async fn approved_or_closed_record_changes_by_a_reasoned_correction_alone() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        // Open and unapproved: it follows its figures by itself.
        refused(&house, QUARTER.correct("sai số liệu"), "LT-REC-003").await;
        house.ordered(QUARTER.approve()).await;
        house.close("2026-Q3").await;
        // Figures that change afterwards are told and move nothing.
        house.score(AN, "2026-Q3", Some("69.50"), &[]).await;
        let before = everything(&house).await;
        let told = Record(house.app.clone()).run().await.expect("a run");
        assert_eq!(
            told.findings.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(),
            ["LT-REC-006"]
        );
        assert_eq!(everything(&house).await, before, "a closed record moved by itself");
        let newest = Order { revision: 2, ..QUARTER };
        refused(&house, newest.correct("  "), "LT-REC-009").await;
        refused(&house, Order { author: " ", ..newest }.correct("sai số liệu"), "LT-RUN-020").await;
        refused(&house, Order { author: DEPUTY, ..newest }.correct("sai số liệu"), "LT-AUT-001").await;
        refused(&house, QUARTER.correct("sai số liệu"), "LT-REC-002").await;
        house.ordered(newest.correct("sai số liệu")).await;
        let person = house.person(AN).await;
        let record = store.latest_revision(person, period("2026-Q3")).await.expect("read").expect("record");
        assert_eq!((record.revision, record.state), (3, RecordState::Corrected));
        assert_eq!((record.author.as_str(), record.reason.as_deref()), (CHIEF, Some("sai số liệu")));
    }
}

#[tokio::test]
async fn record_that_nobody_approved_is_never_on_its_way_to_the_national_database() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.provisional(AN, "2026-Q3", 1, "88.50").await;
        house.close("2026-Q3").await;
        house.deliver().await;
        assert_eq!(house.states("national").await, Vec::<String>::new());
        house.ordered(QUARTER.approve()).await;
        assert_eq!(house.states("national").await.len(), 1);
        // Corrected and not approved again: nothing new leaves, and nothing says it is delivered.
        house.score(AN, "2026-Q3", Some("69.50"), &[]).await;
        house.ordered(Order { revision: 2, ..QUARTER }.correct("sai số liệu")).await;
        assert_eq!(house.states("national").await.len(), 1);
        let person = house.person(AN).await;
        let record = store.latest_revision(person, period("2026-Q3")).await.expect("read").expect("record");
        assert_eq!(record.state, RecordState::Corrected);
    }
}

#[tokio::test]
async fn record_passes_self_assessment_review_approval_notice_and_revocation() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        // Only the person says so of themselves, of the newest revision.
        refused(&house, self_assess(1, CHIEF), "LT-AUT-001").await;
        refused(&house, self_assess(1, "Sở Nội vụ"), "LT-AUT-002").await;
        refused(&house, self_assess(2, AN), "LT-REC-002").await;
        let told = house.ordered(self_assess(1, "GL-00001 Nguyễn Văn An")).await;
        let codes: Vec<&str> = told.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ["LT-REC-096"], "without points of one's own");
        refused(&house, review(2, Some("tốt"), AN), "LT-REC-004").await;
        refused(&house, review(2, Some("tốt"), DEPUTY), "LT-AUT-001").await;
        refused(&house, review(2, None, CHIEF), "LT-REC-042").await;
        house.ordered(review(2, Some("hoàn thành tốt"), CHIEF)).await;
        refused(&house, notify(3, "2026-12-07", CHIEF), "LT-REC-046").await;
        house.ordered(Order { revision: 3, ..QUARTER }.approve()).await;
        let person = house.person(AN).await;
        let record = store.latest_revision(person, period("2026-Q3")).await.expect("read").expect("record");
        assert_eq!((record.revision, record.state), (4, RecordState::Approved));
        let remarks = &record.content["remarks"];
        assert_eq!(remarks["strengths"], "chủ động");
        assert_eq!(remarks["minutes"], "05/BB ngày 01/10/2026");
        assert_eq!(remarks["review"]["by"], CHIEF);
        // Told from the day of the approval to today, of what stands now, and not by the person.
        refused(&house, notify(4, "2026-12-06", CHIEF), "LT-REC-046").await;
        refused(&house, notify(4, "2026-12-08", CHIEF), "LT-REC-046").await;
        refused(&house, notify(4, "2026-12-07", AN), "LT-REC-004").await;
        house.ordered(notify(4, "2026-12-07", CHIEF)).await;
        assert_eq!(store.notices(person, period("2026-Q3")).await.expect("read").len(), 1);
        // Revoked by a document alone, and approved anew only after a correction.
        refused(&house, revoke(4, CHIEF, " "), "LT-REC-043").await;
        refused(&house, revoke(4, DEPUTY, "9/QĐ"), "LT-AUT-001").await;
        refused(&house, revoke(4, AN, "9/QĐ"), "LT-REC-004").await;
        house.ordered(revoke(4, CHIEF, "9/QĐ")).await;
        refused(&house, Order { revision: 5, number: "14/QĐ", ..QUARTER }.approve(), "LT-REC-003").await;
        refused(&house, revoke(5, CHIEF, "9/QĐ"), "LT-REC-003").await;
        let approved = store.approved_of(&[person], period("2026-Q3")).await.expect("read");
        assert!(approved.is_empty() && store.approved_revisions(person).await.expect("read").is_empty());
        house.ordered(Order { revision: 5, ..QUARTER }.correct("xác minh lại")).await;
        house.ordered(Order { revision: 6, number: "15/QĐ", ..QUARTER }.approve()).await;
        assert_eq!(store.approved_revisions(person).await.expect("read").len(), 1);
        let states: Vec<_> = store.revisions(person, period("2026-Q3")).await.expect("read");
        let states: Vec<_> = states.into_iter().map(|revision| revision.state).collect();
        use RecordState::{Approved, Corrected, Provisional, Reviewed, Revoked, SelfAssessed};
        assert_eq!(states, [Provisional, SelfAssessed, Reviewed, Approved, Revoked, Corrected, Approved]);
        // Every refusal of a move stands in the journal.
        assert_eq!(journalled(store, "move_refused").await, 15, "{}", store.kind());
        for action in ["record_self_assessed", "record_reviewed", "record_notified", "record_revoked"] {
            assert_eq!(journalled(store, action).await, 1, "{action}");
        }
        let shown = LifeOrder::Show { person: whom(AN), period: period("2026-Q3") };
        let shown = house.ordered(life(shown)).await.document.to_json(lienthong::error::Lang::En);
        let words = shown["words"].as_array().expect("words");
        let said = |what: &str| {
            words.iter().find(|word| word["what"] == what).unwrap_or_else(|| panic!("{what}: {shown}"))
        };
        assert_eq!(said("self_assessment")["author"], "GL-00001 Nguyễn Văn An", "{}", store.kind());
        assert_eq!(
            (&said("strengths")["text"], &said("strengths")["author"]),
            (&"chủ động".into(), &"GL-00001 Nguyễn Văn An".into())
        );
        assert_eq!(
            (&said("comment")["text"], &said("comment")["author"]),
            (&"hoàn thành tốt".into(), &CHIEF.into())
        );
        assert_eq!(said("minutes")["text"], "05/BB ngày 01/10/2026");
        assert_eq!(shown["notices"][0]["how"], "tại cuộc họp");
        assert_eq!(shown["record"][4]["decision_no"], "9/QĐ");
        // What is entered apart from a step is the newest word, and whoever entered it is its author.
        let newer = Command::CriteriaSet {
            person: whom(AN),
            period: period("2026-Q3"),
            decision: lienthong::domain::DecisionKind::Remarks {
                strengths: None,
                weaknesses: Some("còn chậm".into()),
                comment: Some("đã khắc phục".into()),
                minutes: None,
            },
            document: Some("7/BB".into()),
            author: "Văn phòng Sở".into(),
        };
        house.ordered(newer).await;
        let shown = LifeOrder::Show { person: whom(AN), period: period("2026-Q3") };
        let shown = house.ordered(life(shown)).await.document.to_json(lienthong::error::Lang::En);
        let words = shown["words"].as_array().expect("words");
        let of = |what: &str| words.iter().find(|word| word["what"] == what).cloned().expect("a word");
        for what in ["weaknesses", "comment"] {
            assert_eq!(of(what)["author"], "Văn phòng Sở", "{shown}");
        }
        assert_eq!(
            (&of("comment")["text"], &of("strengths")["text"]),
            (&"đã khắc phục".into(), &"chủ động".into())
        );
    }
}

#[tokio::test]
async fn nothing_is_approved_or_classified_while_a_complaint_is_verified() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        refused(&house, release(CHIEF), "LT-REC-045").await;
        refused(&house, hold(AN), "LT-REC-004").await;
        refused(&house, hold(DEPUTY), "LT-AUT-001").await;
        house.ordered(hold(CHIEF)).await;
        refused(&house, hold(CHIEF), "LT-REC-044").await;
        refused(&house, QUARTER.approve(), "LT-REC-040").await;
        refused(&house, review(1, Some("tốt"), CHIEF), "LT-REC-040").await;
        // The store itself lets no approval past an open hold, whoever was faster.
        let person = house.person(AN).await;
        let newest = store.latest_revision(person, period("2026-Q3")).await.expect("read").expect("record");
        let next = Revision { revision: 2, state: RecordState::Approved, ..newest };
        let new = NewRevision { revision: next, outbox: Vec::new(), settles: Vec::new(), due: Vec::new() };
        assert!(matches!(store.append_revision(&new).await, Err(StoreError::Conflict(_))));
        house.ordered(release(CHIEF)).await;
        house.ordered(QUARTER.approve()).await;
        assert_eq!(journalled(store, "record_held").await, 1);
        assert_eq!(journalled(store, "record_released").await, 1);
    }
}

#[tokio::test]
async fn revoked_result_leaves_the_list_of_the_national_database_by_its_document() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.provisional(AN, "2026-Q3", 1, "88.50").await;
        house.close("2026-Q3").await;
        house.ordered(QUARTER.approve()).await;
        house.ordered(revoke(2, CHIEF, "9/QĐ-SNV")).await;
        let items = house.items("national").await;
        assert_eq!(house.states("national").await, ["superseded", "pending"], "{}", store.kind());
        assert_eq!(items[1].revision, 3, "{:?}", items[1]);
        let claimed = store
            .claim_outbox(&house.target(), "a", house.app.clock.now(), std::time::Duration::from_secs(60), 5)
            .await
            .expect("claimed");
        assert!(claimed[0].allowed, "the annulling document lets the shorter list out");
    }
}

#[tokio::test]
async fn required_steps_are_self_assessment_review_approval_and_a_decision_of_the_person_counts() {
    let both = both().await;
    for store in &both.stores {
        let first = house(store).await;
        let mut policy = first.app.policy.clone();
        policy.rule_sets.iter_mut().for_each(|rules| rules.record_steps = RecordSteps::Required);
        let house = first.configured_anew("2026-12-07T01:00:00Z", policy).await;
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        refused(&house, QUARTER.approve(), "LT-REC-041").await;
        refused(&house, review(1, Some("tốt"), CHIEF), "LT-REC-041").await;
        house.ordered(own_points()).await;
        house.score(AN, "2026-Q3", Some("88.00"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        let person = house.person(AN).await;
        let newest = store.latest_revision(person, period("2026-Q3")).await.expect("read").expect("record");
        assert_eq!((newest.revision, newest.state), (2, RecordState::SelfAssessed), "{}", store.kind());
        refused(&house, Order { revision: 2, ..QUARTER }.approve(), "LT-REC-041").await;
        assert_eq!(house.ordered(self_assess(2, AN)).await.findings, [], "with them nothing is lacking");
        house.ordered(review(3, Some("tốt"), CHIEF)).await;
        house.ordered(Order { revision: 4, ..QUARTER }.approve()).await;
    }
}

#[tokio::test]
async fn newest_word_stands_after_an_older_entry_a_second_step_and_moved_figures() {
    let entered = |comment: &str| Command::CriteriaSet {
        person: whom(AN),
        period: period("2026-Q3"),
        decision: lienthong::domain::DecisionKind::Remarks {
            strengths: None,
            weaknesses: None,
            comment: Some(comment.into()),
            minutes: None,
        },
        document: Some("7/BB".into()),
        author: CHIEF.into(),
    };
    let both = both().await;
    for store in &both.stores {
        let first = house(store).await;
        first.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(first.app.clone()).run().await.expect("a run");
        let person = first.person(AN).await;
        let comment = || async {
            let newest = store.latest_revision(person, period("2026-Q3")).await.expect("read");
            let newest = newest.expect("record");
            (newest.revision, newest.content["remarks"]["comment"].as_str().unwrap_or("none").to_owned())
        };
        first.ordered(entered("nhập trước")).await;
        first.computed().await;
        let second = first.later("2026-12-07T02:00:00Z");
        second.ordered(review(1, Some("nhận xét của bước"), CHIEF)).await;
        // A step that brings the minutes alone leaves the comment of the step before it.
        let third = first.later("2026-12-07T03:00:00Z");
        third.ordered(review(2, None, CHIEF)).await;
        assert_eq!(comment().await, (3, "nhận xét của bước".to_owned()), "{}", store.kind());
        // What was entered since stands when the figures move, and an approval does not bring the older one back.
        first.later("2026-12-07T04:00:00Z").ordered(entered("nhập sau")).await;
        let moved = first.later("2026-12-07T05:00:00Z");
        moved.score(AN, "2026-Q3", Some("90.50"), &[]).await;
        Record(moved.app.clone()).run().await.expect("a run");
        assert_eq!(comment().await, (4, "nhập sau".to_owned()), "{}", store.kind());
        moved.ordered(entered("nhập sau cùng")).await;
        moved.computed().await;
        let approved = first.later("2026-12-07T06:00:00Z");
        approved.ordered(Order { revision: 4, ..QUARTER }.approve()).await;
        assert_eq!(comment().await, (5, "nhập sau cùng".to_owned()), "{}", store.kind());
    }
}

#[tokio::test]
async fn year_shows_the_recorded_figure_and_a_computed_mean_only_where_nothing_is_recorded() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let year = || async {
            let people = house.app.people_of_year(2026, None).await.expect("people");
            let of: Vec<_> = people.into_iter().filter(|person| person.number == AN).collect();
            let mut found = house.app.year_results(2026, &of).await.expect("results");
            let figure = found.remove(0).year.expect("a figure");
            (figure.score, figure.computed)
        };
        house.score(AN, "2026", Some("80.00"), &[]).await;
        assert_eq!(year().await, ("80.00".to_owned(), true), "{}", store.kind());
        let order = LifeOrder::Results { year: 2026, unit: None, limit: 10 };
        let shown = house.ordered(life(order)).await.document.to_json(lienthong::error::Lang::En);
        let rows = shown.as_array().expect("rows");
        let an = rows.iter().find(|row| row["person"] == AN).expect("a row");
        assert_eq!((&an["year"], &an["computed"]), (&"80.00".into(), &"2026".into()));
        house.recorded(AN, "2026", "91.00").await;
        assert_eq!(year().await, ("91.00".to_owned(), false), "{}", store.kind());
    }
}

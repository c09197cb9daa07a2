//! Moves a record's life does not allow, ordered against a real store of either kind: each is refused by its code
//! and changes nothing.

use crate::support::installation::{CHIEF, Installed, Targets, period, whom};
use crate::support::stores::both;
use lienthong::domain::{Level, RecordState};
use lienthong::pipeline::command::Command;
use lienthong::pipeline::record::Record;
use lienthong::pipeline::step::Step as _;
use lienthong::store::Store;

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
        let tried: Vec<_> = journal.iter().filter(|entry| entry.action == "decision_refused").collect();
        assert_eq!(tried.len(), 2, "{}: {journal:?}", store.kind());
        assert!(tried.iter().any(|entry| entry.actor == DEPUTY), "{tried:?}");
        house.ordered(newest.approve()).await;
        // Approved: another decision about the same or the next revision is no second approval.
        refused(&house, Order { number: "13/QĐ", ..newest }.approve(), "LT-REC-002").await;
        refused(&house, Order { number: "13/QĐ", revision: 3, ..newest }.approve(), "LT-REC-003").await;
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
        refused(&house, Order { level: Some(Level::Excellent), ..YEAR }.approve(), "LT-REC-003").await;
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

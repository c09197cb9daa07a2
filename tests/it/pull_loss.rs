//! A source that shows less, below what a gate judges by a share alone: few tasks of a ward, and a part of many. Nothing is
//! called gone where most are missing, and nothing above a handful without a word.

use crate::pull_gates::{House, tasks};
use crate::support::stores::{both, one};
use lienthong::config::Gates;
use lienthong::pipeline::command::Command;

/// A ward has fewer tasks than say what is usual: most of them missing at once stop the run, one or two never do.
#[tokio::test]
async fn most_of_few_tasks_missing_stop_the_run_and_a_handful_goes_on() {
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        house.gates = Gates::default();
        house.shows(tasks(0..49));
        house.sync(false).await;
        for (left, code) in [(24, "LT-PUL-001"), (1, "LT-PUL-001"), (0, "LT-PUL-010")] {
            house.shows(tasks(0..left));
            assert_eq!(house.sync(true).await, [code], "{}: {left} of 49", store.kind());
            assert_eq!((house.live().await, house.state().await), (49, "stopped".to_owned()));
        }
        // Half of them is the least that is believed, and told.
        house.shows(tasks(0..25));
        assert_eq!(house.sync(true).await, ["LT-PUL-028"]);
        assert_eq!((house.live().await, house.state().await), (25, "ok".to_owned()));
        house.shows(tasks(0..23));
        assert_eq!(house.sync(true).await, [""; 0], "two of dozens are nobody's business");
        // A person says that so few are left.
        house.shows(tasks(0..6));
        assert_eq!(house.sync(true).await, ["LT-PUL-001"]);
        assert_eq!(house.accept("LT-PUL-001").await, [""; 0]);
        assert_eq!(house.sync(true).await, [""; 0], "what a person let through is not told again");
        assert_eq!(house.live().await, 6);
        house.shows(tasks(0..3));
        assert_eq!(house.sync(true).await, [""; 0], "three are a handful, whatever their share");
        house.shows(tasks(7..8));
        let told = house.sync(true).await;
        assert!(told.contains(&"LT-PUL-022".to_owned()), "{told:?}");
        assert_eq!((house.live().await, house.state().await), (1, "ok".to_owned()));
    }
}

#[tokio::test]
async fn none_of_twelve_tasks_shown_any_more_stops_the_run() {
    let (_folder, store) = one().await;
    let house = House::new(&store).await;
    house.shows(tasks(0..12));
    house.sync(false).await;
    house.shows(tasks(100..112));
    assert_eq!(house.sync(true).await, ["LT-PUL-010"]);
    house.shows(tasks(0..3));
    assert_eq!(house.sync(true).await, ["LT-PUL-001"], "a quarter of them");
    assert_eq!((house.live().await, house.state().await), (24, "stopped".to_owned()));
}

/// The codes `status` tells of a loss.
async fn told_losses(house: &House) -> usize {
    let outcome = house.order(Command::Status {}).await;
    outcome.findings.iter().filter(|finding| finding.code == "LT-PUL-028").count()
}

/// A page cut at 100 of 150 rows: no gate closes at two thirds, and nobody may overlook it.
#[tokio::test]
async fn loss_that_stops_nothing_is_told_until_a_full_pull_agrees_or_a_person_accepts_it() {
    let both = both().await;
    for store in &both.stores {
        let mut house = House::new(store).await;
        house.gates = Gates::default();
        house.shows(tasks(0..150));
        house.sync(false).await;
        house.shows(tasks(0..100));
        assert_eq!(house.sync(true).await, ["LT-PUL-028"], "{}", store.kind());
        assert_eq!((house.live().await, told_losses(&house).await), (100, 1));
        assert_eq!(house.sync(false).await, ["LT-PUL-028"], "a pull of changes proves nothing");
        assert_eq!(told_losses(&house).await, 1);
        assert_eq!(house.sync(true).await, [""; 0], "another full pull agrees");
        assert_eq!(told_losses(&house).await, 0);

        house.shows(tasks(0..80));
        assert_eq!(house.sync(true).await, ["LT-PUL-028"]);
        assert_eq!(house.accept("LT-PUL-028").await, [""; 0]);
        let entry = store.audit_entries(i64::MAX, 1).await.expect("journal").pop().expect("an entry");
        assert_eq!((entry.action.as_str(), entry.detail.as_str()), ("gate_accepted", "LT-PUL-028"));
        assert_eq!((told_losses(&house).await, house.sync(false).await), (0, Vec::<String>::new()));
        assert_eq!(house.accept("LT-PUL-028").await, ["LT-PUL-013"], "there is nothing more to accept");
        // A tenth is what happens every week.
        house.shows(tasks(0..72));
        assert_eq!(house.sync(true).await, [""; 0]);
        house.gates.told_percent = 1;
        house.shows(tasks(0..68));
        assert_eq!(house.sync(true).await, ["LT-PUL-028"], "four of 72, where the operator wants to hear it");
        house.shows(tasks(0..65));
        assert_eq!(house.sync(true).await, [""; 0], "never of three");
    }
}

//! Quarters of the monthly regime: the mean of their months, what those lack, and which of their lines weigh most.

use super::*;
use crate::review::waits;
use crate::support::task::shown as shown_task;

#[tokio::test]
async fn d9_quarter_of_the_monthly_regime_is_the_mean_of_its_months_and_each_has_its_record() {
    let both = both().await;
    for store in &both.stores {
        let rules = RuleSet { quarter_method: QuarterMethod::MeanOfMonths, ..RuleSet::default() };
        let house = under_rules(store, "2026-12-20T01:00:00Z", rules).await;
        task(&house, "1", "2026-10-20", Some("2026-10-19T03:00:00Z")).await;
        task(&house, "2", "2026-11-20", Some("2026-11-19T03:00:00Z")).await;
        task(&house, "3", "2026-11-21", None).await;
        task(&house, "4", "2026-12-10", Some("2026-12-09T03:00:00Z")).await;
        settled(&house).await;
        let person = house.person(AN).await;
        let of = async |which: &str| {
            let found = derivation(&house, person, period(which), FULL_PERIOD).await;
            found["components"]["a"]["printed"].clone()
        };
        assert_eq!((of("2026-M10").await, of("2026-M11").await), (json!("100.00"), json!("50.00")));
        assert_eq!(of("2026-Q4").await, json!("83.33"), "(100 + 50 + 100) / 3; directly it would be 75");
        for which in ["2026-M10", "2026-M11", "2026-Q4"] {
            let record = store.latest_revision(person, period(which)).await.expect("read");
            assert!(record.is_some(), "{which} has its record");
        }
        let (codes, told) = verified(&house).await;
        assert!(codes.is_empty(), "{codes:?} {told:?}");
        // Criteria of the quarter hold in each month; those of a month go before them.
        house.ordered(criteria("2026-M11", "1")).await;
        house.ordered(criteria("2026-Q4", "2")).await;
        settled(&house).await;
        let general = async |which: &str| {
            derivation(&house, person, period(which), FULL_PERIOD).await["general"]["printed"].clone()
        };
        assert_eq!((general("2026-M10").await, general("2026-M11").await), (json!("20.00"), json!("10.00")));
        assert_eq!(general("2026-Q4").await, json!("16.67"));
        assert!(verified(&house).await.0.is_empty());
    }
}

#[tokio::test]
async fn approval_of_a_quarter_of_the_monthly_regime_tells_the_tasks_of_its_months_without_a_product() {
    let both = both().await;
    for store in &both.stores {
        let rules = RuleSet { quarter_method: QuarterMethod::MeanOfMonths, ..RuleSet::default() };
        let house = under_rules(store, "2027-01-05T01:00:00Z", rules).await;
        for (id, due, done) in [
            ("1", "2026-10-20", "2026-10-19T03:00:00Z"),
            ("2", "2026-11-20", "2026-11-19T03:00:00Z"),
            ("3", "2026-12-10", "2026-12-09T03:00:00Z"),
        ] {
            task(&house, id, due, Some(done)).await;
        }
        let mut waiting = Vec::new();
        for (id, due) in [("4", "2026-10-21"), ("5", "2026-12-11")] {
            let said = json!({
                "external_id": id, "assignee": { "kind": "staff_number", "value": AN },
                "due": { "day": due, "time": null }, "completed_at": "2026-10-15T03:00:00Z"
            });
            waiting.push(shown_task(&house, said).await);
        }
        waits(&house, &waiting).await;
        house.ordered(criteria("2026-Q4", "2")).await;
        settled(&house).await;
        let newest = store.latest_revision(house.person(AN).await, period("2026-Q4")).await.expect("read");
        let told = house
            .ordered(Command::RecordApprove {
                person: whom(AN),
                period: period("2026-Q4"),
                revision: newest.expect("a record").revision,
                level: None,
                decision_no: None,
                opinion: None,
                author: CHIEF.into(),
            })
            .await;
        assert_eq!(codes(&told), ["LT-REC-097"], "{}", store.kind());
        let said = &told.findings[0].what.en;
        assert!(said.starts_with("2 tasks of 2026-Q4 do not count yet"), "{}: {said}", store.kind());
    }
}

#[tokio::test]
async fn quarter_of_the_monthly_regime_names_the_lines_of_its_months_with_their_part_in_the_mean() {
    let both = both().await;
    for store in &both.stores {
        let rules = RuleSet { quarter_method: QuarterMethod::MeanOfMonths, ..RuleSet::default() };
        let house = under_rules(store, "2027-01-05T01:00:00Z", rules).await;
        for (id, due, done) in [
            ("1", "2026-10-12", Some("2026-10-10T03:00:00Z")),
            ("2", "2026-11-10", Some("2026-11-09T03:00:00Z")),
            ("3", "2026-11-20", None),
            ("4", "2026-12-10", Some("2026-12-11T03:00:00Z")),
        ] {
            task(&house, id, due, done).await;
        }
        settled(&house).await;
        let told = most(&house, AN).await;
        let text = |one: &Value, key: &str| one[key].as_str().map(str::to_owned).unwrap_or_default();
        let told: Vec<[String; 3]> =
            told.iter().map(|one| ["source", "month", "printed"].map(|key| text(one, key))).collect();
        // Done, the open one of November brings half of its month's 70, and a third of that in the quarter. On time, the
        // late one of December brings what its 25 % of c cost: 70 / 3 / 4, and a third of that.
        let expected =
            [["snv/3", "2026-M11", "11.67"], ["snv/4", "2026-M12", "1.94"]].map(|one| one.map(str::to_owned));
        assert_eq!(told, expected, "{}", store.kind());
    }
}

//! Automatic mappings the present mapper would not make: listed and counted, and left as they are.

use crate::foreseen::twelve;
use crate::learning::{settled, taught_elsewhere};
use crate::review::{AN, OFFICE, choose, codes, house, states, task, told};
use crate::support::installation::{CHIEF, Installed, at, period};
use crate::support::stores::both;
use lienthong::pipeline::command::Command;
use lienthong::pipeline::map::Map;
use lienthong::store::PeriodClose;
use serde_json::{Value, json};

/// The list, at most so many of it; and what was told.
async fn doubtful(house: &Installed, limit: u32) -> (Value, Vec<Value>, bool) {
    let outcome = house.ordered(Command::MappingDoubtful { limit }).await;
    let shown = told(&outcome);
    let rows = shown["tasks"].as_array().expect("rows").clone();
    (shown["summary"].clone(), rows, codes(&outcome).contains(&"LT-MAP-071"))
}

/// Twelve tasks of the same words of which one is decided and text mapped the others like it; their numbers.
async fn mapped(house: &Installed, map: &Map) -> Vec<i64> {
    let tasks = twelve(house).await;
    settled(map).await;
    house.ordered(choose(&["1"], "SP-1", OFFICE)).await;
    settled(map).await;
    assert_eq!(states(house, &tasks).await[..12], vec!["SP-1"; 12]);
    tasks
}

#[tokio::test]
async fn mappings_of_text_that_later_decisions_speak_against_are_listed_and_stay() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        taught_elsewhere(store).await;
        let map = Map::new(house.app.clone());
        let tasks = mapped(&house, &map).await;
        let (summary, rows, told) = doubtful(&house, 100).await;
        assert_eq!((&summary["looked_at"], &summary["stand"]), (&json!(11), &json!(11)), "{summary}");
        assert_eq!((rows.len(), told), (0, false));
        // Two tasks of the very same words are something else to a person.
        house.ordered(choose(&["2", "3"], "SP-2", OFFICE)).await;
        settled(&map).await;
        let before = states(&house, &tasks).await;
        let journal = store.audit_entries(i64::MAX, 100).await.expect("journal").len();
        let (summary, rows, told) = doubtful(&house, 100).await;
        assert_eq!((&summary["looked_at"], &summary["stand"]), (&json!(9), &json!(0)), "{summary}");
        let sum = |keys: [&str; 3]| keys.iter().filter_map(|key| summary[*key].as_u64()).sum::<u64>();
        assert_eq!(
            (sum(["would_wait", "other_product", "outside"]), rows.len(), told),
            (9, 9, true),
            "{summary}"
        );
        let numbers: Vec<i64> = rows.iter().filter_map(|row| row["number"].as_i64()).collect();
        assert_eq!(numbers, tasks[3..12]);
        for row in &rows {
            assert_eq!(row["present"], "SP-1 Sản phẩm SP-1");
            assert_ne!(row["would_be"], row["present"]);
            assert!(row["reason"]["vi"].is_string() && row["confidence"].is_number(), "{row}");
        }
        let (again, first, _) = doubtful(&house, 4).await;
        assert_eq!((&first[..], &again["not_listed"]), (&rows[..4], &json!(5)));
        // Nothing of it is written, whoever runs the step afterwards.
        settled(&map).await;
        assert_eq!(states(&house, &tasks).await, before);
        assert_eq!(store.audit_entries(i64::MAX, 100).await.expect("journal").len(), journal);
        // What a person confirms is not asked again.
        house.ordered(choose(&["4"], "SP-1", OFFICE)).await;
        let (summary, rows, _) = doubtful(&house, 100).await;
        assert_eq!(summary["looked_at"], 8, "{summary}");
        assert!(rows.iter().all(|row| row["task"] != "snv:4"));
        // What its source corrected is decided anew by the step: that is no doubt about what was decided.
        let corrected =
            task(&house, "5", AN, "Góp ý dự thảo quy chế làm việc", Some("2026-11-19T01:00:00Z")).await;
        assert_eq!(corrected, tasks[4]);
        assert_eq!(doubtful(&house, 100).await.0["looked_at"], 7);
    }
}

#[tokio::test]
async fn list_is_made_where_no_step_runs_and_leaves_closed_quarters_out() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        taught_elsewhere(store).await;
        let map = Map::new(house.app.clone());
        let tasks = mapped(&house, &map).await;
        house.ordered(choose(&["2", "3"], "SP-2", OFFICE)).await;
        let alone = house.later("2027-01-05T02:00:00Z");
        let (summary, rows, _) = doubtful(&alone, 100).await;
        assert_eq!((&summary["looked_at"], rows.is_empty()), (&json!(9), false), "{summary}");
        assert_eq!(states(&house, &tasks[3..12]).await, vec!["SP-1"; 9]);
        for quarter in ["2026-Q3", "2026-Q4"] {
            let (summary, ..) = doubtful(&alone, 100).await;
            assert_eq!(summary["looked_at"], 9, "{quarter} is open");
            let close = PeriodClose {
                period: period(quarter),
                at: at("2027-01-05T02:00:00Z"),
                author: CHIEF.into(),
                document: None,
                checklist: json!({ "period": quarter, "checks": [] }),
            };
            store.close_period(&close, &[], &[]).await.expect("closed");
        }
        let (summary, rows, told) = doubtful(&alone, 100).await;
        assert_eq!((&summary["looked_at"], rows.len(), told), (&json!(0), 0, false));
    }
}

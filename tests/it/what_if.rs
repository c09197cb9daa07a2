//! What scores would be under another rule set or another catalog: equal to what is stored once it is so, and never
//! stored before.

use crate::review::{
    AN, BINH, OFFICE, catalog, choose, codes, house, rules_with, scored, stored, task, told, waits,
};
use crate::support::installation::Installed;
use crate::support::stores::both;
use lienthong::domain::rules::{GenScoreSource, LateUnit};
use lienthong::domain::{CatalogVersion, RuleSet};
use lienthong::pipeline::command::{CatalogRef, Command, InputFile};
use serde_json::{Value, json};

const NOW: &str = "2027-01-05T01:00:00Z";

fn ask(rule_set: Option<&RuleSet>, catalog: Option<CatalogRef>) -> Command {
    let rule_set = rule_set.map(|rules| {
        let text = toml::to_string(rules).expect("toml");
        InputFile { name: "rules.toml".into(), bytes: text.into_bytes() }
    });
    let period = "2026-Q4".parse().expect("period");
    Command::ScoreWhatIf { period, rule_set, catalog, unit: None, view: None, limit: 100 }
}

async fn asked(house: &Installed, order: Command) -> Value {
    told(&house.ordered(order).await)
}

/// Two people with one task in time and one four days late each, of different products.
async fn worked(house: &Installed) {
    let mut tasks = Vec::new();
    for (id, who, done) in [
        ("1", AN, "2026-11-19T01:00:00Z"),
        ("2", AN, "2026-11-24T01:00:00Z"),
        ("3", BINH, "2026-11-19T01:00:00Z"),
        ("4", BINH, "2026-11-19T01:00:00Z"),
    ] {
        tasks.push(task(house, id, who, &format!("Báo cáo {id}"), Some(done)).await);
    }
    waits(house, &tasks).await;
    house.ordered(choose(&["1", "3"], "SP-1", OFFICE)).await;
    house.ordered(choose(&["2", "4"], "SP-2", OFFICE)).await;
    scored(house).await;
}

/// Everything of a store a comparison could have touched.
async fn everything(house: &Installed) -> String {
    let store = &house.app.store;
    let mut told = format!("{:?}", store.kept_rule_sets().await.expect("sets"));
    for (person, period, view) in store.scores_held().await.expect("scores") {
        told.push_str(&format!("{:?}", store.score(person, period, &view).await.expect("score")));
    }
    told + &format!("{:?}", store.scores_due(10).await.expect("due"))
}

#[tokio::test]
async fn nothing_otherwise_moves_nobody() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        worked(&house).await;
        let before = everything(&house).await;
        let same = asked(&house, ask(Some(&RuleSet::default()), None)).await;
        assert_eq!(
            (same["summary"]["moved"].clone(), same["moved"].clone()),
            (json!(0), json!([])),
            "{same}"
        );
        assert_eq!(same["summary"]["people"], 3, "two officers and their chief");
        let stored = CatalogRef::Stored(CatalogVersion::new("2026").expect("version"));
        let same = asked(&house, ask(None, Some(stored))).await;
        assert_eq!(
            (same["summary"]["moved"].clone(), same["summary"]["missing_products"].clone()),
            (json!(0), json!([]))
        );
        assert_eq!(everything(&house).await, before, "nothing was stored");
    }
}

#[tokio::test]
async fn another_rule_set_gives_what_is_stored_once_it_governs() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        worked(&house).await;
        let before = everything(&house).await;
        let milder = rules_with(|rules| rules.late_unit = LateUnit::Occurrence);
        let told = asked(&house, ask(Some(&milder), None)).await;
        assert_eq!(everything(&house).await, before, "nothing was stored");
        // An was four days late with the heavier of two products; the chief answers for him.
        let row = |who: &str| {
            let rows = told["moved"].as_array().expect("rows");
            rows.iter().find(|row| row["person"] == who).cloned()
        };
        assert!(row(BINH).is_none(), "{told}");
        let an = row(AN).expect("a row");
        assert_eq!(an["before"].as_str(), stored(&house, AN).await.0.as_deref());
        assert_eq!((told["summary"]["down"].clone(), told["summary"]["up"] != json!(0)), (json!(0), true));
        let policy = lienthong::pipeline::Policy { rule_sets: vec![milder], ..house.app.policy.clone() };
        let changed = house.configured_anew(NOW, policy).await;
        scored(&changed).await;
        let (after, level) = stored(&changed, AN).await;
        assert_eq!((an["after"].as_str(), an["level_after"].as_str()), (after.as_deref(), level.as_deref()));
        let chief = row("GL-00990").expect("the chief's lines are those of his people");
        let (after, _) = stored(&changed, "GL-00990").await;
        assert_eq!(chief["after"].as_str(), after.as_deref());
    }
}

#[tokio::test]
async fn another_catalog_gives_what_is_stored_once_tasks_are_decided_by_it_and_names_what_it_lacks() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        worked(&house).await;
        let text = "code,name,complexity_group,coefficient\nSP-1,Một,1,3\nSP-2,Hai,2,1\n";
        let file = CatalogRef::File(InputFile { name: "c.csv".into(), bytes: text.into() });
        let told = asked(&house, ask(None, Some(file))).await;
        let moved = told["moved"].as_array().expect("rows");
        let an = moved.iter().find(|row| row["person"] == AN).cloned().expect("a row");
        catalog(store, "2026-2", "2026-02-01", &[("SP-1", "3"), ("SP-2", "1")]).await;
        house.ordered(choose(&["1", "3"], "SP-1", OFFICE)).await;
        house.ordered(choose(&["2", "4"], "SP-2", OFFICE)).await;
        scored(&house).await;
        assert_eq!(an["after"].as_str(), stored(&house, AN).await.0.as_deref());
        // A catalog without a code in use: its tasks wait again, and the code is named.
        let text = "code,name,complexity_group,coefficient\nSP-1,Một,1,3\n";
        let file = CatalogRef::File(InputFile { name: "c.csv".into(), bytes: text.into() });
        let told = asked(&house, ask(None, Some(file))).await;
        assert_eq!(told["summary"]["missing_products"], json!(["SP-2"]));
    }
}

#[tokio::test]
async fn year_is_refused_and_so_is_a_file_that_is_no_rule_set() {
    let both = both().await;
    let house = house(&both.stores[0]).await;
    let Command::ScoreWhatIf { rule_set, catalog, unit, view, limit, .. } =
        ask(Some(&RuleSet::default()), None)
    else {
        unreachable!("a question")
    };
    let period = "2026".parse().expect("period");
    let year = Command::ScoreWhatIf { period, rule_set, catalog, unit, view, limit };
    assert_eq!(codes(&house.order(year).await), ["LT-MAP-042"]);
    let version = CatalogVersion::new("none").expect("version");
    assert_eq!(codes(&house.order(ask(None, Some(CatalogRef::Stored(version)))).await), ["LT-CAT-020"]);
}

#[tokio::test]
async fn side_without_a_total_is_compared_by_the_part_both_have() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        worked(&house).await;
        // Nobody entered points of their own: no total. Milder about lateness as well, so that the task part moves too.
        let own = rules_with(|rules| {
            (rules.gen_score_source, rules.late_unit) = (GenScoreSource::Own, LateUnit::Occurrence);
        });
        let told = asked(&house, ask(Some(&own), None)).await;
        let rows = told["moved"].as_array().expect("rows");
        let an = rows.iter().find(|row| row["person"] == AN).expect("a row");
        assert_eq!(an["part"], "task_part", "{an}");
        let number = |key: &str| {
            an[key].as_str().expect("a figure").parse::<rust_decimal::Decimal>().expect("decimal")
        };
        assert!(number("difference") > rust_decimal::Decimal::ZERO, "{an}");
        // Each of the three is rounded by itself.
        let off = number("after") - number("before") - number("difference");
        assert!(off.abs() <= "0.01".parse().expect("decimal"), "{an}");
    }
}

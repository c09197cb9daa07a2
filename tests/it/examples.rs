//! Tasks other installations decided: brought in, corrected, taken back and confirmed by a second person as one order.

use crate::learning::{ranked, settled, taught_elsewhere};
use crate::proposal::examples;
use crate::review::{AN, OFFICE, REPORT, codes, house, task, told, undo};
use crate::support::installation::{CHIEF, Installed};
use crate::support::stores::both;
use lienthong::pipeline::Policy;
use lienthong::pipeline::command::{Command, ImportAs, InputFile, Outcome};
use lienthong::pipeline::map::Map;
use lienthong::store::StoreConfig;
use secrecy::ExposeSecret as _;
use serde_json::json;
use sqlx::Connection as _;
use std::time::Duration;

const NOW: &str = "2027-01-05T01:00:00Z";

/// One decision of another province about the report everybody writes.
fn says(product: &str, at: &str, author: &str) -> Command {
    let row = json!({ "title": REPORT, "expected_code": product, "doc_type": "Công văn", "source_category": "VB đến",
                      "unit": "Sở Nội vụ", "author": "Sở Nội vụ", "at": at, "reason": "đúng việc" });
    Command::MappingImport {
        file: InputFile { name: format!("{product}.jsonl"), bytes: row.to_string().into_bytes() },
        as_what: ImportAs::Examples,
        origin: Some("Gia Lai".into()),
        author: author.into(),
        replace: false,
        dry_run: false,
    }
}

fn number(outcome: &Outcome) -> i64 {
    told(outcome)["decision"]["decision"].as_i64().expect("a number")
}

/// What a report that comes now is first thought to be; what came before may be settled already and keeps its product.
async fn first_thought(house: &Installed, map: &Map, id: &str) -> String {
    let late = task(house, id, AN, REPORT, None).await;
    settled(map).await;
    ranked(house, late).await.1
}

/// The step as it starts anew at an hour.
fn started(house: &Installed, hour: u32) -> Map {
    Map::new(house.later(&format!("2027-01-06T{hour:02}:00:00Z")).app.clone())
}

#[tokio::test]
async fn examples_are_taken_back_with_their_order_and_may_come_again() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        taught_elsewhere(store).await;
        let map = Map::new(house.app.clone());
        let before = first_thought(&house, &map, "a").await;
        let said = if before == "SP-1" { "SP-9" } else { "SP-1" };
        let held = examples(store).await.len();
        let first = house.ordered(says(said, "2026-12-01T01:00:00Z", CHIEF)).await;
        assert_eq!(
            (told(&first)["decision"]["kept"].clone(), told(&first)["decision"]["state"].clone()),
            (json!(1), json!("counted"))
        );
        assert_eq!(first_thought(&house, &map, "b").await, said, "learned at once");
        // The order stands among the others, and is taken back as they are.
        let list = Command::MappingDecisions { id: None, waiting: false, limit: 1 };
        let list = told(&house.ordered(list).await);
        assert_eq!(
            (list[0]["kind"].clone(), list[0]["tasks"].clone(), list[0]["reason"].clone()),
            (json!("examples"), json!(1), json!(format!("Gia Lai ({said}.jsonl)")))
        );
        let undone = house.ordered(undo(number(&first), CHIEF)).await;
        assert_eq!(examples(store).await.len(), held);
        for _ in 0..1200 {
            settled(&map).await;
            if map.trainings().await > 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(first_thought(&house, &map, "c").await, before, "as if it had never come");
        assert_eq!(codes(&house.order(undo(number(&first), CHIEF)).await), ["LT-MAP-034"]);
        // The undo is an order of its own; and the same row may come again.
        let undo_number = told(&undone)["decision"]["decision"].as_i64().expect("a number");
        house.ordered(undo(undo_number, CHIEF)).await;
        assert_eq!(examples(store).await.len(), held + 1);
        house.ordered(undo(number(&first), CHIEF)).await;
        let again = house.ordered(says(said, "2026-12-01T01:00:00Z", CHIEF)).await;
        assert_eq!(told(&again)["decision"]["kept"], json!(1));
        assert_eq!(
            told(&house.ordered(says(said, "2026-12-01T01:00:00Z", CHIEF)).await)["decision"]["kept"],
            json!(0)
        );
        assert_eq!(store.verify_audit().await.expect("walked"), None);
    }
}

#[tokio::test]
async fn newest_example_of_the_same_text_is_the_one_that_is_learned() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        taught_elsewhere(store).await;
        house.ordered(says("SP-9", "2026-12-01T01:00:00Z", CHIEF)).await;
        assert_eq!(first_thought(&house, &started(&house, 1), "a").await, "SP-9");
        // Their correction comes, then a file that is older than both.
        let correction = house.ordered(says("SP-1", "2026-12-02T01:00:00Z", CHIEF)).await;
        house.ordered(says("SP-2", "2026-11-01T01:00:00Z", CHIEF)).await;
        assert_eq!(first_thought(&house, &started(&house, 2), "b").await, "SP-1");
        house.ordered(undo(number(&correction), CHIEF)).await;
        let thought = first_thought(&house, &started(&house, 3), "c").await;
        assert_eq!(thought, "SP-9", "what it had corrected stands again");
    }
}

#[tokio::test]
async fn examples_wait_for_a_second_person_where_two_decide() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let policy = Policy { four_eyes: true, ..house.app.policy.clone() };
        let house = house.configured_anew(NOW, policy).await;
        let at = "2026-12-01T01:00:00Z";
        assert_eq!(codes(&house.order(says("SP-1", at, OFFICE)).await), ["LT-MAP-039"]);
        let asked = house.ordered(says("SP-1", at, CHIEF)).await;
        assert_eq!(
            (codes(&asked), told(&asked)["decision"]["state"].clone()),
            (vec!["LT-MAP-036"], json!("waiting"))
        );
        assert!(examples(store).await.is_empty(), "nothing is learned before a second person");
        // What is to be confirmed is seen before.
        let seen = async |id: i64| {
            told(&house.ordered(Command::MappingDecisions { id: Some(id), waiting: false, limit: 9 }).await)
        };
        let shown = seen(number(&asked)).await;
        assert_eq!(
            (&shown["decision"]["origin"], &shown["decision"]["examples"], &shown["decision"]["state"]),
            (&json!("Gia Lai"), &json!(1), &json!("waiting"))
        );
        let first = &shown["examples"][0];
        assert_eq!(
            (&first["title"], &first["product"], &first["author"]),
            (&json!(REPORT), &json!("SP-1"), &json!("Sở Nội vụ"))
        );
        assert_eq!((shown["tasks"].clone(), shown["moved"].clone()), (json!(null), json!([])));
        let same = house.ordered(says("SP-1", at, AN)).await;
        assert_eq!(
            (told(&same)["decision"]["kept"].clone(), told(&same)["decision"]["decision"].clone()),
            (json!(0), json!(null))
        );
        let confirm = |who: &str| Command::MappingConfirm { id: number(&asked), author: who.into() };
        assert_eq!(codes(&house.order(confirm(CHIEF)).await), ["LT-MAP-038"]);
        house.ordered(confirm(AN)).await;
        assert_eq!(examples(store).await.len(), 1);
        // Taking them back asks for two people as well.
        let undone = house.ordered(undo(number(&asked), CHIEF)).await;
        assert_eq!((codes(&undone), examples(store).await.len()), (vec!["LT-MAP-036"], 1));
        let id = told(&undone)["decision"]["decision"].as_i64().expect("a number");
        let shown = seen(id).await;
        assert_eq!(
            (&shown["decision"]["kind"], &shown["examples"][0]["title"]),
            (&json!("undo"), &json!(REPORT))
        );
        house.ordered(Command::MappingConfirm { id, author: AN.into() }).await;
        assert!(examples(store).await.is_empty());
        // One that waits is withdrawn.
        let asked = house.ordered(says("SP-2", at, CHIEF)).await;
        house.ordered(undo(number(&asked), AN)).await;
        assert_eq!(told(&house.ordered(says("SP-2", at, CHIEF)).await)["decision"]["kept"], json!(1));
    }
}

#[tokio::test]
async fn examples_brought_in_before_orders_were_kept_get_one_by_origin_and_time() {
    let both = both().await;
    let rows = "INSERT INTO mapping_example (digest, origin, title, doc_type, category, source_system, unit, product, author, \
                reason, decided_at, imported_by, imported_at) VALUES \
                (X, 'Gia Lai', 'a', '', '', '', '', 'SP-1', 's', '', '2026-12-01T01:00:00Z', 'GL-1', '2026-12-02T01:00:00Z'), \
                (Y, 'Gia Lai', 'b', '', '', '', '', NULL, 's', '', '2026-12-01T01:00:00Z', 'GL-1', '2026-12-02T01:00:00Z'), \
                (Z, 'Kon Tum', 'c', '', '', '', '', NULL, 's', '', '2026-12-01T01:00:00Z', 'GL-1', '2026-12-02T01:00:00Z')";
    let question = "SELECT d.kind || '/' || d.state || '/' || d.reason || '/' || d.author || '/' || d.tasks || '/' || e.title \
                    FROM mapping_example e JOIN mapping_decision d ON d.id = e.decision_id ORDER BY e.id";
    let expected = ["Gia Lai/GL-1/2/a", "Gia Lai/GL-1/2/b", "Kon Tum/GL-1/1/c"]
        .map(|end| format!("examples/counted/{end}"));

    let mut sqlite = sqlx::SqliteConnection::connect("sqlite::memory:").await.expect("opens");
    let written = rows.replace("(X", "(X'01'").replace("(Y", "(X'02'").replace("(Z", "(X'03'");
    for text in [
        include_str!("../../migrations/sqlite/0008_mapping_decision.sql"),
        &written,
        include_str!("../../migrations/sqlite/0027_example_order.sql"),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(text.to_owned())).execute(&mut sqlite).await.expect("done");
    }
    let found: Vec<String> = sqlx::query_scalar(question).fetch_all(&mut sqlite).await.expect("rows");
    assert_eq!(found, expected);

    let [_, StoreConfig::Postgres { url, .. }] = both.configs() else { panic!("PostgreSQL comes second") };
    let mut postgres = sqlx::PgConnection::connect(url.expose_secret()).await.expect("opens");
    let written = rows.replace("(X", "('\\x01'").replace("(Y", "('\\x02'").replace("(Z", "('\\x03'");
    for text in [
        "CREATE SCHEMA before_0027; SET search_path TO before_0027",
        include_str!("../../migrations/postgres/0008_mapping_decision.sql"),
        &written,
        include_str!("../../migrations/postgres/0027_example_order.sql"),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(text.to_owned())).execute(&mut postgres).await.expect("done");
    }
    let found: Vec<String> = sqlx::query_scalar(question).fetch_all(&mut postgres).await.expect("rows");
    assert_eq!(found, expected);
}

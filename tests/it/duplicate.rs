//! Tasks of two systems that are one, over real stores: found, confirmed, counted once, kept two, taken back.

use crate::review::{AN, BINH, OFFICE, REPORT, choose, codes, house, scored, stored, task_of, told};
use crate::support::installation::{CHIEF, Installed, period};
use crate::support::stores::{both, department, officer, one};
use lienthong::domain::{DirectoryImport, SourceId, Unit};
use lienthong::pipeline::command::{Command, TaskOrder, TaskRef};
use lienthong::pipeline::derived::read;
use lienthong::pipeline::map::Map;
use lienthong::pipeline::score::FULL_PERIOD;
use lienthong::pipeline::step::Step as _;
use serde_json::{Value, json};

const DONE: Option<&str> = Some("2026-11-19T01:00:00Z");

fn named(source: &str, id: &str) -> TaskRef {
    TaskRef { source: SourceId::new(source).expect("source"), external_id: id.into() }
}

fn same(first: (&str, &str), second: (&str, &str), author: &str) -> Command {
    let (task, other) = (named(first.0, first.1), named(second.0, second.1));
    let reason = "một công văn, hai hệ thống".into();
    Command::Task { order: TaskOrder::SameAs { task, other, author: author.into(), reason } }
}

fn different(first: (&str, &str), second: (&str, &str)) -> Command {
    let (task, other) = (named(first.0, first.1), named(second.0, second.1));
    Command::Task {
        order: TaskOrder::Different {
            task, other, author: OFFICE.into(), reason: "hai kỳ báo cáo".into()
        },
    }
}

fn apart(first: (&str, &str), second: (&str, &str)) -> Command {
    let (task, other) = (named(first.0, first.1), named(second.0, second.1));
    Command::Task { order: TaskOrder::Apart { task, other, author: OFFICE.into(), reason: "nhầm".into() } }
}

async fn pairs(house: &Installed) -> Value {
    told(&house.ordered(Command::Task { order: TaskOrder::Duplicates { before: None, limit: 9 } }).await)
}

async fn looked_at(house: &Installed) {
    let map = Map::new(house.app.clone());
    while map.run().await.expect("ran").more {}
}

/// One report of An in two systems, and work of Bình and An that is none of it.
async fn two_systems(house: &Installed) -> [i64; 2] {
    let office = task_of(house, "snv", Some("12/SNV-VP"), "1", AN, REPORT, DONE).await;
    task_of(house, "snv", None, "2", BINH, REPORT, DONE).await;
    task_of(house, "snv", None, "3", AN, "Góp ý dự thảo kế hoạch phòng chống dịch bệnh", DONE).await;
    looked_at(house).await;
    let spoken = "BC tinh hinh giai ngan von dau tu cong chuong trinh nong thon moi xa ia grai";
    let tracker = task_of(house, "nhiemvu", None, "77", AN, spoken, DONE).await;
    looked_at(house).await;
    [office, tracker]
}

async fn derivation(house: &Installed, who: &str) -> Value {
    let person = house.person(who).await;
    let bytes = house.app.store.derivation(person, period("2026-Q4"), FULL_PERIOD).await.expect("read");
    read(&bytes.expect("a score")).expect("a derivation")
}

#[tokio::test]
async fn one_task_of_two_systems_is_found_and_counts_once_until_it_is_taken_back() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        two_systems(&house).await;
        let found = pairs(&house).await;
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
        assert_eq!((&found[0]["first"], &found[0]["second"]), (&json!("snv:1"), &json!("nhiemvu:77")));
        assert_eq!(found[0]["reasons"], json!(["title", "due", "assigned"]));
        assert_eq!(found[0]["people"], json!(["GL-00001 Nguyễn Văn An"]));
        // Both are of one product; as long as nobody says otherwise both count.
        house.ordered(choose(&["1"], "SP-1", OFFICE)).await;
        let decide = Command::MappingDecide {
            tasks: vec![named("nhiemvu", "77")],
            group: None,
            choice: lienthong::pipeline::command::MappingChoice::Product("SP-1".parse().expect("code")),
            author: OFFICE.into(),
            reason: None,
            dry_run: false,
        };
        house.ordered(decide).await;
        scored(&house).await;
        let before = stored(&house, AN).await;
        let lines = |value: &Value| {
            let lines = value["lines"].as_array().cloned().unwrap_or_default();
            lines.iter().map(|line| line["source"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(lines(&derivation(&house, AN).await), ["snv/1", "nhiemvu/77"]);
        // Nobody decides about their own work.
        let refused =
            house.order(same(("snv", "1"), ("nhiemvu", "77"), &format!("{AN} Nguyễn Văn An"))).await;
        assert_eq!(codes(&refused), ["LT-DUP-002"]);
        house.ordered(same(("snv", "1"), ("nhiemvu", "77"), OFFICE)).await;
        scored(&house).await;
        let value = derivation(&house, AN).await;
        assert_eq!(lines(&value), ["snv/1"]);
        assert_eq!(value["lines"][0]["notes"][0], "one task with nhiemvu/77");
        let excluded = value["excluded"].as_array().cloned().unwrap_or_default();
        let twin = excluded.iter().find(|one| one["source"] == "nhiemvu/77").expect("listed");
        assert_eq!((&twin["reason"], &twin["counts_as"]), (&json!("duplicate"), &json!("snv/1")));
        assert_eq!(pairs(&house).await, json!([]));
        // Taken back, everything is as it was, and the pair waits again.
        assert_eq!(codes(&house.order(different(("snv", "1"), ("nhiemvu", "77"))).await), ["LT-DUP-003"]);
        house.ordered(apart(("nhiemvu", "77"), ("snv", "1"))).await;
        scored(&house).await;
        assert_eq!(stored(&house, AN).await, before);
        assert_eq!(lines(&derivation(&house, AN).await), ["snv/1", "nhiemvu/77"]);
        assert_eq!(pairs(&house).await.as_array().map(Vec::len), Some(1));
        assert_eq!(store.verify_audit().await.expect("walked"), None);
    }
}

#[tokio::test]
async fn one_document_given_to_two_people_of_a_unit_is_asked_about_and_counts_as_it_did() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let number = Some("99/STP-VB");
        task_of(&house, "snv", number, "1", AN, REPORT, DONE).await;
        task_of(&house, "snv", Some("98/STP-VB"), "2", BINH, REPORT, DONE).await;
        looked_at(&house).await;
        assert_eq!(pairs(&house).await, json!([]));
        // Parts of one document are told apart by their words.
        task_of(&house, "snv", number, "3", BINH, "Góp ý dự thảo kế hoạch phòng chống dịch bệnh", DONE).await;
        looked_at(&house).await;
        assert_eq!(pairs(&house).await, json!([]));
        let before = (stored_after(&house, AN).await, stored_after(&house, BINH).await);
        task_of(&house, "snv", number, "4", BINH, &format!("{REPORT} (lần hai, gửi lại)"), DONE).await;
        looked_at(&house).await;
        let found = pairs(&house).await;
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{} {found}", store.kind());
        assert_eq!((&found[0]["first"], &found[0]["second"]), (&json!("snv:1"), &json!("snv:4")));
        assert!(found[0]["reasons"].as_array().expect("reasons").contains(&json!("one_source")), "{found}");
        assert_eq!(found[0]["people"], json!(["GL-00001 Nguyễn Văn An", "GL-00002 Trần Thị Bình"]));
        // It is a question: whoever has the second alone cannot lose it by a word about the first.
        assert_eq!(codes(&house.order(same(("snv", "1"), ("snv", "4"), OFFICE)).await), ["LT-DUP-004"]);
        assert_eq!((stored_after(&house, AN).await, stored_after(&house, BINH).await), before);
        house.ordered(different(("snv", "1"), ("snv", "4"))).await;
        looked_at(&house).await;
        assert_eq!(pairs(&house).await, json!([]));
    }
}

#[tokio::test]
async fn document_given_to_many_on_purpose_is_no_question_nor_is_one_of_two_units() {
    let (_folder, store) = one().await;
    let house = house(&store).await;
    let people = ["GL-00011", "GL-00012", "GL-00013", "GL-00014", "GL-00015"];
    let named: Vec<(&str, &str)> = people.iter().map(|who| (*who, "Cán bộ")).collect();
    house.import(&named).await;
    for (at, who) in people.iter().enumerate() {
        task_of(&house, "snv", Some("7/UBND-NC"), &format!("m{at}"), who, REPORT, DONE).await;
    }
    looked_at(&house).await;
    assert_eq!(pairs(&house).await, json!([]), "given to five");
    // Two units that were sent one letter have each their own answer to give.
    let other = Unit { code: "STC".parse().expect("code"), name: "Sở Tài chính".into(), ..department() };
    let mut elsewhere = officer("GL-00021", "Cán bộ");
    elsewhere.memberships[0].0 = other.code.clone();
    let import = DirectoryImport { units: vec![other], people: vec![elsewhere] };
    store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
    for (id, who) in [("u1", AN), ("u2", "GL-00021")] {
        task_of(&house, "snv", Some("8/UBND-NC"), id, who, REPORT, DONE).await;
    }
    looked_at(&house).await;
    assert_eq!(pairs(&house).await, json!([]), "of two units");
    task_of(&house, "snv", Some("8/UBND-NC"), "u3", BINH, REPORT, DONE).await;
    looked_at(&house).await;
    assert_eq!(pairs(&house).await.as_array().map(Vec::len), Some(1), "of one");
}

/// Total and band once everything is counted.
async fn stored_after(house: &Installed, who: &str) -> (Option<String>, Option<String>) {
    scored(house).await;
    stored(house, who).await
}

#[tokio::test]
async fn rejected_pair_is_never_proposed_again() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        two_systems(&house).await;
        house.ordered(different(("snv", "1"), ("nhiemvu", "77"))).await;
        assert_eq!(pairs(&house).await, json!([]));
        // The source shows the task anew: it is compared again, and the pair stays what a person said.
        task_of(&house, "nhiemvu", Some("12/SNV-VP"), "77", AN, REPORT, DONE).await;
        looked_at(&house).await;
        assert_eq!(pairs(&house).await, json!([]));
        assert_eq!(codes(&house.order(same(("snv", "1"), ("snv", "1"), OFFICE)).await), ["LT-DUP-001"]);
        assert_eq!(codes(&house.order(apart(("snv", "2"), ("snv", "3"))).await), ["LT-DUP-005"]);
        assert_eq!(codes(&house.order(same(("snv", "1"), ("snv", "99"), OFFICE)).await), ["LT-CAT-023"]);
    }
}

#[tokio::test]
async fn task_counts_in_one_place_and_nobody_loses_theirs() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        two_systems(&house).await;
        task_of(&house, "excel", Some("12/SNV-VP"), "9", AN, REPORT, DONE).await;
        looked_at(&house).await;
        assert_eq!(pairs(&house).await.as_array().map(Vec::len), Some(3), "each with each");
        let others = house.order(same(("snv", "1"), ("snv", "2"), OFFICE)).await;
        assert_eq!(codes(&others), ["LT-DUP-004"], "Bình would lose it");
        house.ordered(same(("snv", "1"), ("nhiemvu", "77"), OFFICE)).await;
        assert!(
            told(&house.ordered(same(("snv", "1"), ("nhiemvu", "77"), OFFICE)).await)["message"].is_string()
        );
        for (first, second) in [(("nhiemvu", "77"), ("excel", "9")), (("excel", "9"), ("snv", "1"))] {
            assert_eq!(codes(&house.order(same(first, second, OFFICE)).await), ["LT-DUP-003"]);
        }
        house.ordered(same(("snv", "1"), ("excel", "9"), OFFICE)).await;
    }
}

#[tokio::test]
async fn one_document_answered_twice_in_one_system_is_found_by_its_number() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let first = task_of(&house, "snv", Some("Số 034/UBND-KT"), "1", AN, REPORT, DONE).await;
        task_of(&house, "snv", Some("35/UBND-KT"), "2", AN, REPORT, DONE).await;
        task_of(&house, "snv", Some("34/ubnd-kt"), "3", AN, REPORT, DONE).await;
        looked_at(&house).await;
        let found = pairs(&house).await;
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
        assert_eq!((&found[0]["first"], &found[0]["second"]), (&json!("snv:1"), &json!("snv:3")));
        assert!(found[0]["reasons"].to_string().contains("one_source"));
        assert_eq!(store.pairs_of(first).await.expect("read").len(), 1);
    }
}

#[tokio::test]
async fn where_two_people_decide_one_alone_takes_no_task_out_of_a_score() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let [office, tracker] = two_systems(&house).await;
        let policy = lienthong::pipeline::Policy { four_eyes: true, ..house.app.policy.clone() };
        let house = house.configured_anew("2027-01-05T01:00:00Z", policy).await;
        let (first, second) = (("snv", "1"), ("nhiemvu", "77"));
        assert_eq!(codes(&house.order(same(first, second, OFFICE)).await), ["LT-MAP-039"]);
        // Asked once or twice by one person it waits; it can be refuted, and then one word counts for nothing again.
        for _ in 0..2 {
            assert_eq!(codes(&house.ordered(same(first, second, CHIEF)).await), ["LT-DUP-006"]);
        }
        assert_eq!(store.counts_as(tracker).await.expect("read"), None);
        assert_eq!(pairs(&house).await.as_array().map(Vec::len), Some(1));
        house.ordered(different(first, second)).await;
        assert_eq!(codes(&house.ordered(same(first, second, BINH)).await), ["LT-DUP-006"]);
        assert_eq!(store.counts_as(tracker).await.expect("read"), None);
        house.ordered(same(first, second, CHIEF)).await;
        assert_eq!(store.counts_as(tracker).await.expect("read"), Some(office));
        assert_eq!(store.verify_audit().await.expect("walked"), None);
    }
}

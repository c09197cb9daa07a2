//! Search boxes over real stores: tasks by words of their titles, people by name, products by name.

use crate::review::{AN, BINH, REPORT, house, task, task_of, told};
use crate::support::installation::Installed;
use crate::support::stores::{both, run_sql};
use lienthong::config::{self, Overrides};
use lienthong::error::Findings;
use lienthong::pipeline::command::{Command, Roster, TaskOrder};
use lienthong::pipeline::map::Map;
use lienthong::pipeline::step::Step as _;
use lienthong::pipeline::{Policy, assemble};
use serde_json::Value;

async fn looked_at(house: &Installed) {
    let map = Map::new(house.app.clone());
    while map.run().await.expect("ran").more {}
}

async fn found(house: &Installed, text: &str) -> Vec<String> {
    let order = TaskOrder::Find { text: text.into(), before: None, limit: 9 };
    keys(&told(&house.ordered(Command::Task { order }).await), "task")
}

fn keys(rows: &Value, key: &str) -> Vec<String> {
    rows.as_array().expect("rows").iter().map(|row| row[key].as_str().expect("text").to_owned()).collect()
}

#[tokio::test]
async fn tasks_are_found_without_accents_in_any_order_and_by_short_forms() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        task(&house, "1", AN, REPORT, None).await;
        task(&house, "2", BINH, "BC tình hình giải ngân vốn đầu tư công xã Ia Dơk", None).await;
        task_of(
            &house,
            "qlvb",
            Some("77/UBND-KT"),
            "3",
            AN,
            "Góp ý dự thảo Quyết định của Uỷ ban nhân dân tỉnh",
            None,
        )
        .await;
        looked_at(&house).await;
        assert_eq!(found(&house, "giai ngan bao cao").await, ["snv:2", "snv:1"], "newest first");
        assert_eq!(
            found(&house, "BÁO CÁO Ia Gr").await,
            ["snv:1"],
            "the beginning of the last word is enough"
        );
        assert_eq!(found(&house, "bc gra").await, ["snv:1"]);
        assert_eq!(found(&house, "nong thon mo\u{301}i").await, ["snv:1"], "decomposed");
        assert_eq!(
            found(&house, "UBND gop y").await,
            ["qlvb:3"],
            "short form of what is written out, old tone mark"
        );
        assert_eq!(found(&house, "77/ubnd").await, ["qlvb:3"], "by the document's number");
        assert!(found(&house, "ngan giai khong").await.is_empty());
        assert!(found(&house, "\" OR * ' & |").await.is_empty(), "nothing of it is a query");
        let before = TaskOrder::Find { text: "bao cao".into(), before: Some(2), limit: 9 };
        assert_eq!(keys(&told(&house.ordered(Command::Task { order: before }).await), "task"), ["snv:1"]);
        // Renamed at its source, it is found by its new words alone.
        task(&house, "2", BINH, "Tờ trình về biên chế", None).await;
        looked_at(&house).await;
        assert_eq!(found(&house, "bao cao giai ngan").await, ["snv:1"]);
        assert_eq!(found(&house, "ttr bien che").await, ["snv:2"]);
    }
}

#[tokio::test]
async fn tasks_stored_before_the_index_are_read_while_nothing_else_is_due() {
    let both = both().await;
    for (store, config) in both.stores.iter().zip(both.configs()) {
        let house = house(store).await;
        task(&house, "1", AN, REPORT, None).await;
        task(&house, "2", BINH, "Tờ trình về biên chế", None).await;
        looked_at(&house).await;
        run_sql(&config, "DELETE FROM task_words").await;
        assert!(found(&house, "to trinh").await.is_empty());
        run_sql(&config, "UPDATE meta SET value = '2' WHERE key = 'unread_titles'").await;
        looked_at(&house).await;
        assert_eq!(found(&house, "to trinh").await, ["snv:2"]);
        assert_eq!(found(&house, "bao cao").await, ["snv:1"]);
        assert_eq!(store.unread_titles().await.expect("read"), 0);
    }
}

#[tokio::test]
async fn people_and_products_are_found_the_same_way() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let people = async |text: &str| {
            let order = Command::Roster { of: Roster::Found { text: text.into(), limit: 9 } };
            keys(&told(&house.ordered(order).await), "staff_number")
        };
        assert_eq!(people("an nguyen").await, [AN]);
        assert_eq!(people("TRẦN thị b").await, [BINH]);
        assert_eq!(people("00002").await, [BINH]);
        assert!(people("?").await.is_empty());
        let products = async |text: &str| {
            let order =
                Command::CatalogList { version: None, text: text.into(), provenance: false, limit: 9 };
            keys(&told(&house.ordered(order).await), "code")
        };
        assert_eq!(products("pham san sp 2").await, ["SP-2"]);
        assert_eq!(products("").await.len(), 3);
    }
}

/// The rules of a configuration that names a file of short forms.
fn configured(file: &str) -> Result<Policy, Findings> {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join("own.txt"), file).expect("written");
    let text = "[daemon]\ndata_dir = \"data\"\n[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n\
                [mapping]\nabbreviations = \"own.txt\"\n";
    let loaded = config::load_text(&folder.path().join("lienthong.toml"), text, [], &Overrides::default())
        .unwrap_or_else(|findings| panic!("{findings}"));
    assemble::policy(&loaded.config)
}

#[tokio::test]
async fn own_short_forms_come_from_the_file_the_configuration_names_and_all_wrong_lines_are_told() {
    let both = both().await;
    let own = configured("# của tỉnh\ntnhs = tiếp nhận hồ sơ\n").expect("a table").abbreviations;
    for store in &both.stores {
        let plain = house(store).await;
        let policy = Policy { abbreviations: own.clone(), ..plain.app.policy.clone() };
        let house = plain.configured_anew("2027-01-05T01:00:00Z", policy).await;
        task(&house, "1", AN, "TNHS đất đai tại bộ phận một cửa", None).await;
        task(&house, "2", AN, "Tiếp nhận hồ sơ hộ tịch", None).await;
        looked_at(&house).await;
        assert_eq!(found(&house, "tiep nhan ho so").await, ["snv:2", "snv:1"]);
        assert_eq!(found(&house, "tnhs").await, ["snv:2", "snv:1"]);
    }
    let refused = configured("tnhs\n\nqlđt = quản lý đô thị\n= y\n").map(|_| ()).expect_err("refused").0;
    let told: Vec<_> = refused
        .iter()
        .map(|one| (one.code.as_str(), one.place.as_ref().and_then(|place| place.line)))
        .collect();
    assert_eq!(told, [("LT-MAP-015", Some(1)), ("LT-MAP-015", Some(4))]);
}

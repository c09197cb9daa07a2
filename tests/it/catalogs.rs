//! One code, two products: what a decision of one body's catalog says in another one, over real stores.

use crate::learning::{ranked, settled, taught_elsewhere};
use crate::review::{AN, OFFICE, REPORT, choose, codes, groups, house, states, task, told};
use crate::support::installation::{CHIEF, Installed, at};
use crate::support::stores::{both, officer};
use lienthong::domain::{CatalogProduct, CatalogVersion, DirectoryImport, Unit, UnitCode, UnitKind};
use lienthong::mapping::RuleBook;
use lienthong::pipeline::Policy;
use lienthong::pipeline::command::{Command, ImportAs, InputFile};
use lienthong::pipeline::map::Map;
use lienthong::store::{CatalogNew, MappingState, Store};
use serde_json::{Value, json};

const NOW: &str = "2027-01-05T01:00:00Z";
const XUAN: &str = "GL-00003";

/// A catalog of products by code and name.
async fn catalog_of(store: &Store, version: &str, (scope, from): (&str, &str), products: &[(&str, String)]) {
    let products: Vec<CatalogProduct> = products
        .iter()
        .map(|(code, name)| {
            serde_json::from_value(json!({
                "code": code, "name": name, "field": "", "measure": "", "group": 2,
                "coefficient": "3", "synonyms": [], "applies_to": ""
            }))
            .expect("product")
        })
        .collect();
    let new = CatalogNew {
        version: &CatalogVersion::new(version).expect("version"),
        valid_from: from.parse().expect("day"),
        scope: &scope.parse().expect("scope"),
        products: &products,
        sha256: &[1],
        author: "test",
        reason: None,
        provenance: &[],
        moves: &[],
    };
    store.add_catalog(new, at(NOW)).await.expect("catalog");
}

/// A catalog of the communes with the codes of the province's, under its names or others.
async fn of_the_communes(store: &Store, same: bool) {
    let name =
        |code: &str| if same { format!("sản phẩm {code}") } else { format!("Việc của xã {code}") };
    let products = ["SP-1", "SP-2", "SP-9"].map(|code| (code, name(code)));
    catalog_of(store, "xa-2026", ("commune", "2026-01-01"), &products).await;
    let unit = UnitCode::new("IAKHA").expect("code");
    let mut person = officer(XUAN, "Phạm Thị Xuân");
    for (of, ..) in &mut person.memberships {
        *of = unit.clone();
    }
    let units = vec![Unit {
        code: unit,
        name: "Ủy ban nhân dân xã Ia Kha".into(),
        kind: UnitKind::Commune,
        parent: None,
        org_code: None,
    }];
    let import = DirectoryImport { units, people: vec![person] };
    store.import_directory(&import, "test", None, at(NOW)).await.expect("imported");
}

async fn version(house: &Installed, task: i64) -> String {
    let item = house.app.store.map_item(task).await.expect("read").expect("a task");
    item.mapping.expect("a mapping").catalog_version.to_string()
}

#[tokio::test]
async fn decision_teaches_another_catalog_only_where_its_code_is_the_same_product() {
    for same in [false, true] {
        let both = both().await;
        for store in &both.stores {
            let house = house(store).await;
            of_the_communes(store, same).await;
            taught_elsewhere(store).await;
            let (commune, province) =
                (task(&house, "1", XUAN, REPORT, None).await, task(&house, "2", AN, REPORT, None).await);
            let map = Map::new(house.app.clone());
            settled(&map).await;
            assert_eq!(
                (version(&house, commune).await, version(&house, province).await),
                ("xa-2026".into(), "2026".into())
            );
            let before = ranked(&house, province).await;
            assert_eq!(before.0, MappingState::Review);
            let said = if before.1 == "SP-1" { "SP-9" } else { "SP-1" };
            house.ordered(choose(&["1"], said, OFFICE)).await;
            settled(&map).await;
            let after = ranked(&house, province).await;
            assert_eq!(after.1, if same { said.to_owned() } else { before.1.clone() }, "{same}");
            // A start anew learns the same.
            let again = Map::new(house.later("2027-01-06T01:00:00Z").app.clone());
            settled(&again).await;
            let after = ranked(&house, province).await;
            assert_eq!(after.1, if same { said.to_owned() } else { before.1 }, "{same}, started anew");
        }
    }
}

#[tokio::test]
async fn one_order_gives_no_two_bodies_different_products_under_one_code() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        of_the_communes(store, false).await;
        let tasks = [task(&house, "1", XUAN, REPORT, None).await, task(&house, "2", AN, REPORT, None).await];
        settled(&Map::new(house.app.clone())).await;
        assert_eq!(codes(&house.order(choose(&["1", "2"], "SP-1", OFFICE)).await), ["LT-MAP-058"]);
        assert_eq!(states(&house, &tasks).await, ["review"; 2]);
        // The very same words in two bodies are two groups.
        let shown = groups(&house).await;
        assert_eq!((shown[0]["tasks"].clone(), shown[1]["tasks"].clone()), (json!(1), json!(1)), "{shown}");
        house.ordered(choose(&["1"], "SP-1", OFFICE)).await;
        house.ordered(choose(&["2"], "SP-1", OFFICE)).await;
        assert_eq!(states(&house, &tasks).await, ["SP-1"; 2]);
    }
}

fn import(text: &str, as_what: ImportAs) -> Command {
    Command::MappingImport {
        file: InputFile { name: "gia-lai.jsonl".into(), bytes: text.into() },
        as_what,
        origin: Some("Gia Lai".into()),
        author: CHIEF.into(),
        replace: true,
        dry_run: false,
    }
}

#[tokio::test]
async fn decisions_carry_the_products_name_and_another_product_of_that_code_is_refused() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        task(&house, "1", AN, REPORT, None).await;
        settled(&Map::new(house.app.clone())).await;
        house.ordered(choose(&["1"], "SP-1", OFFICE)).await;
        let rows = told(&house.ordered(Command::MappingExport { after: 0, limit: 9 }).await);
        assert_eq!(rows[0]["product_name"], "Sản phẩm SP-1");
        let line = |change: &dyn Fn(&mut Value)| {
            let mut row = rows[0].clone();
            change(&mut row);
            format!("{row}\n")
        };
        let other = line(&|row| row["product_name"] = json!("Cấp giấy phép khai thác nước ngầm"));
        for as_what in [ImportAs::Examples, ImportAs::Decisions] {
            let refused = house.order(import(&other, as_what)).await;
            assert_eq!(codes(&refused), ["LT-MAP-059"]);
            assert_eq!(refused.findings[0].place.as_ref().and_then(|place| place.line), Some(1));
        }
        // Written otherwise it is the same name.
        let same = line(&|row| row["product_name"] = json!("SAN PHAM SP-1"));
        let kept = |outcome| told(&outcome)["decision"]["kept"].clone();
        assert_eq!(kept(house.ordered(import(&same, ImportAs::Examples)).await), json!(1));
        // Without a name it is that of the only product of the code; where there are two, the file has to say which.
        let silent = line(&|row| row["product_name"] = json!(""));
        assert_eq!(kept(house.ordered(import(&silent, ImportAs::Examples)).await), json!(1));
        let names: Vec<_> =
            crate::proposal::examples(store).await.into_iter().map(|one| one.product_name).collect();
        assert_eq!(names, [Some("SAN PHAM SP-1".to_owned()), Some("Sản phẩm SP-1".to_owned())]);
        of_the_communes(store, false).await;
        let silent = line(&|row| {
            row["product_name"] = json!("");
            row["title"] = json!("Việc khác");
        });
        assert_eq!(codes(&house.order(import(&silent, ImportAs::Examples)).await), ["LT-MAP-059"]);
        // The task's own catalog says what the code is: the communes' product is not the province's.
        let theirs = line(&|row| row["product_name"] = json!("Việc của xã SP-1"));
        assert_eq!(codes(&house.order(import(&theirs, ImportAs::Decisions)).await), ["LT-MAP-059"]);
    }
}

#[tokio::test]
async fn body_of_a_task_is_that_of_whoever_does_it_though_one_office_serves_the_whole_province() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        of_the_communes(store, true).await;
        let text = "[[rule]]\nid = 'xã'\npriority = 1\nunit = ['Ủy ban nhân dân xã Ia Kha']\nkeywords = ['giải ngân']\nproduct = 'SP-1'\n";
        let policy =
            Policy { rule_book: RuleBook::parse(text, "r.toml").expect("rules"), ..house.app.policy.clone() };
        let house = house.configured_anew(NOW, policy).await;
        let tasks = [task(&house, "1", XUAN, REPORT, None).await, task(&house, "2", AN, REPORT, None).await];
        settled(&Map::new(house.app.clone())).await;
        assert_eq!(states(&house, &tasks).await, ["SP-1", "review"]);
        // A trial of the rules sees the same, and an export names the body.
        let file = InputFile { name: "r.toml".into(), bytes: text.into() };
        let tried = told(&house.ordered(Command::MappingRulesTest { file, limit: 9 }).await);
        assert_eq!(tried["summary"]["decides"], 1, "{tried}");
        house.ordered(choose(&["1"], "SP-9", OFFICE)).await;
        let rows = told(&house.ordered(Command::MappingExport { after: 0, limit: 9 }).await);
        assert_eq!(rows[0]["unit"], "Ủy ban nhân dân xã Ia Kha");
    }
}

#[tokio::test]
async fn catalog_file_is_compared_with_the_provinces_version_in_force_unless_one_is_named() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        of_the_communes(store, false).await;
        catalog_of(store, "2028", ("province", "2028-01-01"), &[("SP-77", "Việc năm sau".to_owned())]).await;
        let diff = |version: Option<&str>| Command::CatalogDiff {
            file: InputFile {
                name: "c.csv".into(),
                bytes: "code,name,complexity_group,coefficient\nSP-1,Sản phẩm SP-1,1,1\n".into(),
            },
            version: version.map(|name| CatalogVersion::new(name).expect("version")),
            affected: false,
        };
        let removed = async |version: Option<&str>| {
            let rows = told(&house.ordered(diff(version)).await);
            let rows = rows.as_array().cloned().unwrap_or_default();
            let gone = rows.iter().filter(|row| row["change"] == "removed");
            gone.map(|row| row["code"].as_str().expect("code").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(removed(None).await, ["SP-2", "SP-9"]);
        assert_eq!(removed(Some("2028")).await, ["SP-77"]);
    }
}

//! Tasks and the catalogs of their bodies, over real stores: what no catalog was for, and products that a catalog of one
//! kind of body brought.

use crate::review::{AN, BINH, OFFICE, codes, house, states, task, told, waits};
use crate::support::installation::{CHIEF, Installed, Targets, at};
use crate::support::site::Site;
use crate::support::stores::{both, officer};
use lienthong::domain::{CatalogProduct, CatalogVersion, DirectoryImport, Unit, UnitCode, UnitKind};
use lienthong::pipeline::command::{Command, ImportAs, InputFile, ProposedTerms};
use lienthong::pipeline::map::Map;
use lienthong::pipeline::step::Step as _;
use lienthong::store::{CatalogNew, Store};
use serde_json::json;

const NOW: &str = "2027-01-05T01:00:00Z";
const XUAN: &str = "GL-00003";

/// A catalog version of one product for some bodies.
async fn catalog_for(store: &Store, version: &str, scope: &str, code: &str, coefficient: &str) {
    let product: CatalogProduct = serde_json::from_value(json!({
        "code": code, "name": "Số hóa hồ sơ lưu trữ", "field": "", "measure": "", "group": 2,
        "coefficient": coefficient, "synonyms": [], "applies_to": ""
    }))
    .expect("product");
    let new = CatalogNew {
        version: &CatalogVersion::new(version).expect("version"),
        valid_from: "2027-01-01".parse().expect("day"),
        scope: &scope.parse().expect("scope"),
        products: &[product],
        sha256: &[1],
        author: "test",
        reason: None,
        provenance: &[],
        moves: &[],
    };
    store.add_catalog(new, at(NOW)).await.expect("catalog");
}

/// Somebody of a commune.
async fn of_a_commune(store: &Store) {
    let unit = UnitCode::new("IAKHA").expect("code");
    let mut person = officer(XUAN, "Phạm Thị Xuân");
    for (of, ..) in &mut person.memberships {
        *of = unit.clone();
    }
    let units = vec![Unit {
        code: unit,
        name: "Xã Ia Kha".into(),
        kind: UnitKind::Commune,
        parent: None,
        org_code: None,
    }];
    let import = DirectoryImport { units, people: vec![person] };
    store.import_directory(&import, "test", None, at(NOW)).await.expect("imported");
}

fn propose(tasks: &[&str], code: &str) -> Command {
    Command::ProductPropose {
        tasks: tasks.iter().map(|id| format!("snv:{id}").parse().expect("task")).collect(),
        group: None,
        terms: ProposedTerms {
            code: code.parse().expect("code"),
            name: "Số hóa hồ sơ lưu trữ".into(),
            group: 2,
            coefficient: None,
            field: String::new(),
            measure: String::new(),
        },
        unit: None,
        author: OFFICE.into(),
        reason: "nhiệm vụ mới phát sinh".into(),
        dry_run: false,
    }
}

fn accept(id: i64, catalog: Option<&str>, author: &str) -> Command {
    let catalog = catalog.map(|name| CatalogVersion::new(name).expect("version"));
    Command::ProductAccept {
        id,
        code: "SP-50".parse().expect("code"),
        catalog,
        author: author.into(),
        dry_run: false,
    }
}

/// Number, state, waiting tasks and accepted code of the newest proposal.
async fn newest(house: &Installed) -> (i64, String, u64, Option<String>) {
    let row = told(&house.ordered(Command::ProductProposals { all: true, limit: 1, workbook: false }).await)
        [0]
    .clone();
    let word = |key: &str| row[key].as_str().map(str::to_owned);
    (
        row["proposal"].as_i64().expect("number"),
        word("state").expect("a state"),
        row["tasks"].as_u64().expect("tasks"),
        word("accepted_as"),
    )
}

async fn given(house: &Installed, task: i64) -> (String, String) {
    let row = house.app.store.map_item(task).await.expect("read").expect("a task").mapping.expect("mapped");
    (row.catalog_version.to_string(), row.coefficient.map(|k| k.to_string()).unwrap_or_default())
}

#[tokio::test]
async fn task_no_catalog_was_for_is_mapped_once_one_is_imported() {
    let both = both().await;
    for store in &both.stores {
        let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", NOW);
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        catalog_for(store, "2027-xa", "commune", "SP-50", "1.8").await;
        let own = task(&house, "1", AN, "Số hóa hồ sơ lưu trữ", None).await;
        let map = Map::new(house.app.clone());
        while map.run().await.expect("ran").more {}
        assert_eq!(states(&house, &[own]).await, ["none"]);
        // What a file says of it cannot be taken over either, and is told.
        let file = "task_id,title,expected_code,author,at,reason\n\
                    snv:1,Số hóa hồ sơ lưu trữ,SP-50,Sở Nội vụ,2026-12-01T01:00:00Z,đúng việc\n";
        let import = Command::MappingImport {
            file: InputFile { name: "q.csv".into(), bytes: file.into() },
            as_what: ImportAs::Decisions,
            origin: None,
            author: CHIEF.into(),
            replace: false,
            dry_run: false,
        };
        assert_eq!(codes(&house.ordered(import).await), ["LT-MAP-052"]);
        assert_eq!(store.tasks_to_map(9).await.expect("read").len(), 0);
        catalog_for(store, "2027", "province", "SP-50", "1.8").await;
        assert_eq!(store.tasks_to_map(9).await.expect("read").len(), 1);
        while map.run().await.expect("ran").more {}
        assert_ne!(states(&house, &[own]).await, ["none"]);
    }
}

/// A file of one rule.
fn rule(scope: &str, code: &str) -> String {
    format!("[[rule]]\nid='a'\npriority=1\nkeywords=['số hóa']\nproduct='{code}'\nscope=[{scope}]\n")
}

#[tokio::test]
async fn rule_is_checked_against_the_catalogs_in_force_for_its_scopes() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        of_a_commune(store).await;
        catalog_for(store, "2027-snv", "unit:SNV", "SNV-1", "1.2").await;
        catalog_for(store, "2027-xa", "commune", "XA-1", "1.2").await;
        let refused = async |scope: &str, code: &str| {
            let file = InputFile { name: "r.toml".into(), bytes: rule(scope, code).into_bytes() };
            let tried = house.order(Command::MappingRulesTest { file, limit: 9 }).await;
            codes(&tried).iter().map(ToString::to_string).collect::<Vec<String>>()
        };
        for (scope, code) in [
            ("'unit:SNV'", "SNV-1"),
            ("'commune'", "XA-1"),
            ("'unit:IAKHA'", "XA-1"),
            ("'unit:SNV', 'commune'", "XA-1"),
            ("'province'", "SNV-1"),
            ("", "SNV-1"),
            ("", "XA-1"),
            ("", "SP-1"),
        ] {
            assert!(refused(scope, code).await.is_empty(), "{scope}: {code}");
        }
        for (scope, code) in
            [("'unit:SNV'", "SP-1"), ("'commune'", "SNV-1"), ("'unit:IAKHA'", "SP-1"), ("", "SP-77")]
        {
            assert_eq!(refused(scope, code).await, ["LT-MAP-005"], "{scope}: {code}");
        }
    }
}

#[test]
fn configuration_with_rules_of_two_scopes_is_checked_against_both_catalogs() {
    let site = Site::new(
        "[mapping]\nrules = \"rules.toml\"\n[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n",
    );
    let both = format!("{}{}", rule("'unit:SNV'", "SNV-1"), rule("", "SP-1").replace("'a'", "'b'"));
    site.write("rules.toml", &both);
    // The unit's catalog is the latest.
    for (code, name, day, scope) in
        [("SP-1", "2026", "2026-01-01", "province"), ("SNV-1", "2026-snv", "2026-02-01", "unit:SNV")]
    {
        site.write(
            "c.csv",
            format!("code,name,complexity_group,coefficient\n{code},Số hóa hồ sơ lưu trữ,2,1.2\n"),
        );
        site.json(&[
            "catalog",
            "import",
            "c.csv",
            "--name",
            name,
            "--valid-from",
            day,
            "--scope",
            scope,
            "--author",
            "GL-1",
        ]);
    }
    let (_, shown, errors) = site.run(&["check"]);
    assert!(!errors.contains("LT-MAP-") && !shown.contains("LT-MAP-"), "{errors}");
    site.write("rules.toml", both.replace("'SP-1'", "'SP-2'"));
    let (_, _, errors) = site.run(&["check"]);
    assert_eq!(errors.matches("LT-MAP-005").count(), 1, "{errors}");
}

#[tokio::test]
async fn accepted_product_is_that_of_the_catalog_of_each_tasks_body() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        of_a_commune(store).await;
        let of_office = task(&house, "1", AN, "Số hóa hồ sơ lưu trữ quý IV", None).await;
        let of_commune = task(&house, "2", XUAN, "Số hóa hồ sơ lưu trữ của xã", None).await;
        waits(&house, &[of_office, of_commune]).await;
        house.ordered(propose(&["1", "2"], "DX-7")).await;
        let (id, ..) = newest(&house).await;
        catalog_for(store, "2027-xa", "commune", "SP-50", "1.8").await;
        // The newest catalog that has the code is none of the department's.
        assert_eq!(codes(&house.ordered(accept(id, None, OFFICE)).await), ["LT-MAP-046"]);
        assert_eq!(states(&house, &[of_office, of_commune]).await, ["proposed", "SP-50"]);
        assert_eq!(given(&house, of_commune).await, ("2027-xa".into(), "1.8".into()));
        assert_eq!(newest(&house).await, (id, "open".into(), 1, None));
        assert_eq!(codes(&house.order(accept(id, Some("2027-xa"), OFFICE)).await), ["LT-MAP-046"]);
        assert_eq!(states(&house, &[of_office]).await, ["proposed"]);
        catalog_for(store, "2027-so", "department", "SP-50", "3").await;
        house.ordered(accept(id, None, OFFICE)).await;
        assert_eq!(given(&house, of_office).await, ("2027-so".into(), "3".into()));
        assert_eq!(given(&house, of_commune).await, ("2027-xa".into(), "1.8".into()));
        assert_eq!(newest(&house).await, (id, "accepted".into(), 0, Some("SP-50".into())));
    }
}

#[tokio::test]
async fn proposal_stays_open_while_a_task_waits_and_is_accepted_when_none_does() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let own = task(&house, "1", AN, "Số hóa hồ sơ lưu trữ", None).await;
        let other = task(&house, "2", BINH, "Số hóa hồ sơ lưu trữ", None).await;
        let third = task(&house, "3", BINH, "Số hóa hồ sơ địa chính", None).await;
        waits(&house, &[own, other, third]).await;
        house.ordered(propose(&["1", "2"], "DX-7")).await;
        let (id, ..) = newest(&house).await;
        catalog_for(store, "2027", "province", "SP-50", "1.8").await;
        // Whoever accepts it does not settle their own task: it goes on waiting, and so does the proposal.
        let an = "GL-00001 Nguyễn Văn An";
        assert_eq!(codes(&house.ordered(accept(id, None, an)).await), ["LT-MAP-032"]);
        assert_eq!(states(&house, &[own, other]).await, ["proposed", "SP-50"]);
        assert_eq!(newest(&house).await, (id, "open".into(), 1, None));
        house.ordered(accept(id, None, OFFICE)).await;
        assert_eq!(states(&house, &[own, other]).await, ["SP-50", "SP-50"]);
        assert_eq!(newest(&house).await, (id, "accepted".into(), 0, Some("SP-50".into())));
        // One whose tasks people decided otherwise meanwhile was brought by the catalog all the same.
        house.ordered(propose(&["3"], "DX-8")).await;
        let (id, ..) = newest(&house).await;
        house.ordered(crate::review::choose(&["3"], "SP-1", OFFICE)).await;
        assert_eq!(newest(&house).await, (id, "open".into(), 0, None));
        house.ordered(accept(id, None, OFFICE)).await;
        assert_eq!(newest(&house).await, (id, "accepted".into(), 0, Some("SP-50".into())));
        assert_eq!(states(&house, &[third]).await, ["SP-1"]);
    }
}

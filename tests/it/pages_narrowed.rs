//! What a reader narrows on the pages, and what leads on from them: the journal, tasks of an unknown account, divisions of a
//! unit, lines of people in charge, names of products.

use crate::review::{AN, BINH, OFFICE, choose, house, scored, task, waits};
use crate::support::stores::{both, department, officer};
use crate::web::Site;
use lienthong::domain::{DirectoryImport, Unit, UnitCode, UnitKind};
use lienthong::pipeline::wording::{Words, word};
use lienthong::store::Store;
use tempfile::TempDir;

async fn site(house: &crate::support::installation::Installed) -> Site {
    Site::serving(TempDir::new().expect("a folder"), house.app.clone()).await
}

#[tokio::test]
async fn journal_is_narrowed_by_kind_unit_person_and_author() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let one = task(&house, "1", AN, "Báo cáo quý", None).await;
        waits(&house, &[one]).await;
        house.ordered(choose(&["1"], "SP-1", OFFICE)).await;
        let site = site(&house).await;
        let called = |action: &str| word(Words::Action, action, lienthong::error::Lang::Vi).into_owned();
        let entries = store.audit_entries(i64::MAX, 100).await.expect("journal");
        let actions: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
        let (imported, other) = ("people_imported", actions[0]);
        assert_ne!(other, imported, "{}: {actions:?}", store.kind());
        let rows = |html: &str, action: &str| html.matches(&format!(">{}<", called(action))).count();
        // Each kind stands once more among those to choose from.
        let all = site.shown("/changes").await;
        assert!(rows(&all, imported) >= 2 && rows(&all, other) >= 2, "{all}");
        let kind = site.shown(&format!("/changes?action={imported}")).await;
        assert!(rows(&kind, imported) >= 2 && rows(&kind, other) == 1, "{kind}");
        let by = site.found("/changes", "ph%C3%B2ng+t%E1%BB%95+ch%E1%BB%A9c").await;
        assert!(by.contains(OFFICE) && !by.contains("UBND tỉnh"), "{by}");
        let nobody = site.found("/changes", "kh%C3%B4ng+ai").await;
        assert!(nobody.contains("Không có mục nào khớp"), "{nobody}");
        let about = site.found("/changes", "UBND").await;
        assert!(about.contains("UBND tỉnh") && !about.contains(OFFICE), "{about}");
        let unit = site.shown("/changes?unit=SNV&lang=en").await;
        let import = word(Words::Action, imported, lienthong::error::Lang::En);
        assert_eq!(unit.matches(&format!(">{import}<")).count(), 1, "an import is of no unit: {unit}");
        let nowhere = site.shown("/changes?unit=STC").await;
        assert!(nowhere.contains("Không có mục nào khớp"), "{nowhere}");
    }
}

#[tokio::test]
async fn journal_of_a_unit_has_what_concerns_whoever_left_it_in_an_earlier_year() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let mut left = officer("GL-00077", "Đinh Thị Hạnh");
        left.memberships[0].4 = Some("2026-10-31".parse().expect("day"));
        let import = DirectoryImport { units: Vec::new(), people: vec![left] };
        store.import_directory(&import, "test", None, crate::store::now()).await.expect("imported");
        let person = house.person("GL-00077").await;
        let source = crate::store::source();
        let linked = store.link_account(&source, "hanh", person, false, "test", crate::store::now()).await;
        linked.expect("linked");
        let site = site(&house.later("2027-01-06T01:00:00Z")).await;
        let unit = site.shown("/changes?unit=SNV").await;
        assert!(unit.contains("Đinh Thị Hạnh"), "{}: {unit}", store.kind());
        let other = site.shown("/changes?unit=STC").await;
        assert!(!other.contains("Đinh Thị Hạnh"), "{}: {other}", store.kind());
    }
}

#[tokio::test]
async fn tasks_of_an_account_that_is_nobodys_are_one_step_away_and_products_have_their_names() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        task(&house, "1", "XX-77", "Rà soát hồ sơ", None).await;
        let known = task(&house, "2", AN, "Báo cáo tháng", None).await;
        waits(&house, &[known]).await;
        let site = site(&house).await;
        let account = store.unknown_accounts(None, 10).await.expect("unknown")[0].id;
        let waiting = site.shown("/waiting").await;
        assert!(
            waiting.contains(&format!("href=\"/tasks?account={account}\"")),
            "{}: {waiting}",
            store.kind()
        );
        assert!(waiting.contains("SP-2 Sản phẩm SP-2") && waiting.contains("0,4"), "{waiting}");
        let theirs = site.shown(&format!("/tasks?account={account}")).await;
        assert!(theirs.contains("Rà soát hồ sơ") && !theirs.contains("Báo cáo tháng"), "{theirs}");
        house.ordered(choose(&["2"], "SP-1", OFFICE)).await;
        let listed = site.shown("/tasks").await;
        assert!(listed.contains("SP-1") && listed.contains("Sản phẩm SP-1"), "{}: {listed}", store.kind());
    }
}

async fn division(store: &Store) {
    let unit = Unit {
        code: UnitCode::new("SNV-TC").expect("code"),
        name: "Phòng Tổ chức cán bộ".into(),
        kind: UnitKind::Division,
        parent: Some(department().code),
        org_code: None,
    };
    let mut person = officer("GL-00077", "Phạm Thị Bảy");
    for (of, ..) in &mut person.memberships {
        of.clone_from(&unit.code);
    }
    let import = DirectoryImport { units: vec![unit], people: vec![person] };
    store.import_directory(&import, "test", None, crate::store::now()).await.expect("imported");
}

#[tokio::test]
async fn unit_leads_to_its_divisions_with_their_people() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let plain = site(&house).await.shown("/units").await;
        assert!(!plain.contains("/units?unit=SNV"), "no division, no page of them: {plain}");
        division(store).await;
        let site = site(&house.later("2027-01-06T01:00:00Z")).await;
        let all = site.shown("/units").await;
        assert!(
            all.contains("href=\"/units?unit=SNV\"") && all.contains("1 phòng, ban"),
            "{}: {all}",
            store.kind()
        );
        let one = site.shown("/units?unit=SNV").await;
        assert!(one.contains("Phòng Tổ chức cán bộ") && one.contains("Sở Nội vụ"), "{one}");
        assert!(one.contains("/scores?period=2027-Q1&amp;unit=SNV-TC"), "{one}");
        let is_number = |cell: &&str| cell.split('>').next().is_some_and(|tag| tag.contains("class=\"num\""));
        let numbers: Vec<&str> = one.split("<td").filter(is_number).collect();
        assert_eq!(numbers.len(), 10, "two rows of five numbers: {one}");
        // The chief and the two officers are in no division; the fourth is.
        assert!(numbers[0].contains(">3<") && numbers[5].contains(">1<"), "{one}");
    }
}

#[tokio::test]
async fn lines_of_people_in_charge_are_one_row_a_person_on_a_heads_page() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let mut tasks = Vec::new();
        for (id, who) in [("1", AN), ("2", AN), ("3", BINH)] {
            tasks.push(task(&house, id, who, &format!("Báo cáo {id}"), Some("2026-11-19T01:00:00Z")).await);
        }
        waits(&house, &tasks).await;
        house.ordered(choose(&["1", "2", "3"], "SP-1", OFFICE)).await;
        scored(&house).await;
        let site = site(&house).await;
        let (chief, an) = (house.person("GL-00990").await, house.person(AN).await);
        let html = site.shown(&format!("/scores/{chief}/2026-Q4")).await;
        assert!(!html.contains("Báo cáo 1"), "{}: {html}", store.kind());
        let led = html.split("id=\"led\"").nth(1).expect("people in charge");
        assert!(led.contains(&format!("href=\"/scores/{an}/2026-Q4\">GL-00001 Nguyễn Văn An</a>")), "{led}");
        // Two tasks of 1.2 each.
        assert!(led.contains(">2<") && led.contains(">2,4<"), "{led}");
        let own = site.shown(&format!("/scores/{an}/2026-Q4")).await;
        assert!(own.contains("Báo cáo 1") && !own.contains("id=\"led\""), "{own}");
    }
}

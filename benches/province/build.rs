//! The store of a province in the middle of a quarter: people, units, tasks as pulls, identification and mapping leave
//! them, and what people entered.
//!
//! Owns the made-up inputs, the same for the same sizes. Tasks stand in the store as they come in, those of all people
//! mixed, each seen several times as it changes: a person's tasks lie far from each other.

use super::policy::policy;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use lienthong::clock::Clock;
use lienthong::domain::evaluation::GENERAL_ITEMS;
use lienthong::domain::{
    AccountKind, AccountRef, CatalogProduct, CatalogVersion, Component, Decision, DecisionKind,
    DirectoryImport, Due, Exact, ImportedPerson, Period, PersonId, Role, RuleSet, SourceEvent, SourceId,
    StaffNumber, TaskDraft, TaskStatus, Unit, UnitCode, UnitKind,
};
use lienthong::ingest;
use lienthong::pipeline::app::{App, Policy};
use lienthong::pipeline::identify::Identify;
use lienthong::pipeline::step::Step as _;
use lienthong::store::{
    MappingChange, MappingRow, MappingState, MappingWrite, PageCommit, RunKind, Store, StoreConfig,
    StoredTask, TaskWrite,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Now: most tasks of the quarter are done, some are late, some not due yet.
const NOW: &str = "2026-12-07T02:00:00Z";

/// When each version of a task was seen.
const SEEN: [&str; 6] = [
    "2026-10-02T01:00:00Z",
    "2026-10-15T01:00:00Z",
    "2026-10-28T01:00:00Z",
    "2026-11-10T01:00:00Z",
    "2026-11-23T01:00:00Z",
    "2026-12-05T01:00:00Z",
];

/// People of a department or commune; in three divisions, with a head, two deputies and the divisions' heads.
const OF_A_BODY: usize = 80;
const DIVISIONS: usize = 3;

/// Records of a page, and pages of a commit.
const PAGE: usize = 500;
const PAGES: usize = 8;

/// How large a province.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub people: usize,
    pub tasks: usize,
}

pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("instant")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("day")
}

/// The quarter that is scored.
pub fn quarter() -> Period {
    "2026-Q4".parse().expect("period")
}

pub fn source() -> SourceId {
    SourceId::new("bench").expect("name")
}

pub fn number(person: usize) -> StaffNumber {
    StaffNumber::parse(&format!("GL-{person:05}")).expect("number")
}

pub fn body_code(body: usize) -> UnitCode {
    UnitCode::new(format!("B{body:03}")).expect("code")
}

fn division_code(body: usize, division: usize) -> UnitCode {
    UnitCode::new(format!("B{body:03}-P{division}")).expect("code")
}

/// The installation over a store file.
pub async fn open(path: &Path) -> Arc<App> {
    let store = Store::open(&StoreConfig::Sqlite(path.to_owned()), &[7; 32]).await.expect("store");
    store.migrate().await.expect("schema");
    let policy = Policy { rule_sets: vec![RuleSet::default()], year_opens: (12, 10), ..policy() };
    let clock = Clock::starting_at(instant(NOW));
    Arc::new(App::new(store, clock, "bench".to_owned(), BTreeMap::new(), (None, None), policy))
}

/// Fills an empty store.
pub async fn fill(path: &Path, size: Size) {
    let app = open(path).await;
    let store = &app.store;
    let seen = instant(SEEN[0]);
    store.import_directory(&people(size), "bench", None, seen).await.expect("people");
    let version = CatalogVersion::new("2026").expect("version");
    let products: Vec<CatalogProduct> = (0..PRODUCTS).map(product).collect();
    store.import_catalog(&version, day("2026-01-01"), &products, &[1], "bench", seen).await.expect("catalog");
    let run = store.begin_run(&source(), RunKind::Full, seen).await.expect("run");
    let total = size.people * size.tasks;
    for first in (0..total).step_by(PAGE * PAGES) {
        let some: Vec<usize> = (first..total.min(first + PAGE * PAGES)).collect();
        let mut held = Vec::new();
        for (version, seen) in SEEN.iter().enumerate() {
            held = commit(store, run, size, &some, version, instant(seen), held).await;
        }
    }
    while Identify(app.clone()).run().await.expect("identified").more {}
    map(store, &products, &version).await;
    enter(store, size).await;
    store.close().await;
}

/// A task in the store: its number, and what is held of it.
pub type Held = (i64, lienthong::domain::CanonicalTask);

/// Has one version of some tasks stored as a pull stores it; gives what is held now.
pub async fn commit(
    store: &Store,
    run: i64,
    size: Size,
    tasks: &[usize],
    version: usize,
    seen: DateTime<Utc>,
    held: Vec<Held>,
) -> Vec<Held> {
    let mut pages = Vec::new();
    let mut now = Vec::with_capacity(tasks.len());
    for (number, some) in tasks.chunks(PAGE).enumerate() {
        let mut writes = Vec::with_capacity(some.len());
        for (at, task) in some.iter().enumerate() {
            let before = held.get(number * PAGE + at);
            let applied = ingest::apply(before.map(|(_, task)| task), draft(*task, size, version), seen);
            now.push(applied.task.clone());
            writes.push(TaskWrite {
                known_id: before.map(|(id, _)| *id),
                external_id: key(*task),
                hash: [u8::try_from(version).expect("small"); 16],
                place: None,
                task: applied.task,
                events: applied.events,
            });
        }
        pages.push(page(run, seen, writes));
    }
    let ids = store.commit_pages(pages).await.expect("committed");
    ids.into_iter().zip(now).collect()
}

/// Has a newer version of one task stored.
pub async fn store_one(store: &Store, run: i64, held: &StoredTask, draft: TaskDraft, seen: DateTime<Utc>) {
    let applied = ingest::apply(Some(&held.task), draft, seen);
    let write = TaskWrite {
        known_id: Some(held.id),
        external_id: held.key.external_id.clone(),
        hash: [77; 16],
        place: None,
        task: applied.task,
        events: applied.events,
    };
    store.commit_pages(vec![page(run, seen, vec![write])]).await.expect("committed");
}

fn page(run: i64, seen: DateTime<Utc>, tasks: Vec<TaskWrite>) -> PageCommit {
    PageCommit {
        source: source(),
        run,
        fetched_at: seen,
        request: "GET /tasks".into(),
        body: Some(bytes::Bytes::from_static(b"[]")),
        details: None,
        tasks,
        rejections: Vec::new(),
        evidence: Vec::new(),
        cursor: None,
    }
}

pub fn key(task: usize) -> String {
    format!("NV-2026-{task:07}")
}

/// Whose a task is: the next task is somebody else's.
pub fn person_of(task: usize, size: Size) -> usize {
    // No number of people here is a multiple of this prime.
    task * 7_919 % size.people
}

/// A task as its source shows it for the n-th time.
pub fn draft(task: usize, size: Size, version: usize) -> TaskDraft {
    let assigned = instant("2026-09-28T02:00:00Z") + TimeDelta::minutes(task as i64 % 4_000);
    // Due from the 8th of October to the end of the year.
    let due = |moved: i64| Due::day(day("2026-10-08") + TimeDelta::days((task as i64 * 31 % 78) + moved));
    let finished = due(0).day <= day("2026-12-12") && !task.is_multiple_of(23);
    let late = if task.is_multiple_of(9) { 3 } else { -2 };
    let done_at = due(4).day.and_hms_opt(8, 0, 0).expect("hour").and_utc() + TimeDelta::days(late);
    let at = |version: usize| instant(SEEN[version]) - TimeDelta::hours(2);
    let status = match version {
        0 => TaskStatus::Open,
        1 | 4 => TaskStatus::InProgress,
        2 => TaskStatus::Submitted,
        3 => TaskStatus::Returned,
        _ if finished => TaskStatus::Done,
        _ => TaskStatus::Submitted,
    };
    let mut noted = SourceEvent::new(lienthong::domain::EventKind::Progressed, Some(at(1)));
    noted.note = Some("đã đọc".to_owned());
    TaskDraft {
        external_id: key(task),
        updated_at: Some(at(version)),
        title: format!(
            "Tham mưu văn bản số {} về việc triển khai nhiệm vụ chuyển đổi số tại đơn vị",
            task % 9_973
        ),
        status,
        raw_status: format!("TRANG_THAI_{version}"),
        assignee: Some(AccountRef {
            kind: AccountKind::StaffNumber,
            value: number(person_of(task, size)).as_str().to_owned(),
        }),
        assignee_name: Some("Nguyễn Thị Minh Khai".to_owned()),
        unit: Some("Phòng Tổng hợp".to_owned()),
        assigned_at: Some(assigned),
        due: Some(due(match version {
            0 => 0,
            1..4 => 2,
            _ => 4,
        })),
        submitted_at: matches!(version, 2 | 5).then(|| done_at.min(at(version))),
        completed_at: (status == TaskStatus::Done).then_some(done_at),
        quantity: task.is_multiple_of(13).then(|| "2".parse().expect("decimal")),
        unplanned: task.is_multiple_of(29),
        doc_type: Some("Công văn".to_owned()),
        category: Some("Chuyển đổi số".to_owned()),
        doc_number: Some(format!("{}/BC-UBND", task % 997)),
        product_code: None,
        events: if version > 0 { vec![noted] } else { Vec::new() },
    }
}

fn people(size: Size) -> DirectoryImport {
    let from = day("2026-01-01");
    let root = UnitCode::new("UBNDT").expect("code");
    let unit = |code: &UnitCode, kind: UnitKind, parent: Option<&UnitCode>| Unit {
        code: code.clone(),
        name: format!("Đơn vị {code}"),
        kind,
        parent: parent.cloned(),
        org_code: None,
    };
    let mut import =
        DirectoryImport { units: vec![unit(&root, UnitKind::Province, None)], people: Vec::new() };
    for person in 0..size.people {
        let (body, place) = (person / OF_A_BODY, person % OF_A_BODY);
        let code = body_code(body);
        let divisions: Vec<UnitCode> = (0..DIVISIONS).map(|n| division_code(body, n)).collect();
        if place == 0 {
            let kind = if body < 15 { UnitKind::Department } else { UnitKind::Commune };
            import.units.push(unit(&code, kind, Some(&root)));
            import.units.extend(divisions.iter().map(|one| unit(one, UnitKind::Division, Some(&code))));
        }
        let (unit, role, leads) = match place {
            0 => (&code, Role::Head, &divisions[..0]),
            1 => (&code, Role::Deputy, &divisions[..2]),
            2 => (&code, Role::Deputy, &divisions[2..]),
            3..6 => (&divisions[place - 3], Role::Head, &divisions[..0]),
            _ => (&divisions[place % DIVISIONS], Role::Staff, &divisions[..0]),
        };
        import.people.push(ImportedPerson {
            staff_number: number(person),
            citizen_id: None,
            full_name: format!("Nguyễn Văn {person}"),
            memberships: vec![(unit.clone(), "Công chức".to_owned(), role, from, None)],
            leads: leads.iter().map(|unit| (unit.clone().into(), from, None)).collect(),
            accounts: Vec::new(),
        });
    }
    import
}

/// Products of the catalog.
const PRODUCTS: usize = 166;

fn product(index: usize) -> CatalogProduct {
    serde_json::from_value(json!({
        "code": format!("SP-{index:03}"), "name": format!("Báo cáo loại {index}"), "field": "Tổng hợp",
        "measure": "văn bản", "group": index % 5 + 1, "coefficient": format!("{}.{}", index % 7 + 1, index % 10),
        "synonyms": ["báo cáo", "tổng hợp"], "applies_to": ""
    }))
    .expect("product")
}

/// Gives every task its product, with a reason as long as text matching gives.
async fn map(store: &Store, products: &[CatalogProduct], version: &CatalogVersion) {
    loop {
        let items = store.tasks_to_map(5_000).await.expect("tasks");
        if items.is_empty() {
            return;
        }
        let writes: Vec<MappingWrite> = items
            .iter()
            .map(|item| {
                let product = &products[item.task.id.unsigned_abs() as usize % products.len()];
                let row = MappingRow {
                    state: MappingState::Mapped,
                    product: Some(product.code.clone()),
                    catalog_version: version.clone(),
                    coefficient: Some(product.coefficient),
                    decided_by: "text".into(),
                    author: None,
                    reason: reason(products, item.task.id.unsigned_abs() as usize),
                    decided_at: instant(SEEN[0]),
                };
                let (task, changed_at) = (item.task.id, item.task.changed_at);
                MappingWrite { task, changed_at, change: MappingChange::Decide(row) }
            })
            .collect();
        store.save_mappings(&writes, &[], None).await.expect("mapped");
    }
}

fn reason(products: &[CatalogProduct], task: usize) -> Value {
    let candidates: Vec<Value> = (0..3)
        .map(|next| {
            let product = &products[(task + next) % products.len()];
            json!({ "product": product.code, "score": format!("0.{}", 90 - next), "words": ["tham mưu", "chuyển đổi số"] })
        })
        .collect();
    json!({ "decided_by": "text", "precision": "0.97", "candidates": candidates })
}

/// General criteria of everyone, đ and e of leaders.
async fn enter(store: &Store, size: Size) {
    let ids: BTreeMap<StaffNumber, PersonId> = store
        .load_directory()
        .await
        .expect("people")
        .people
        .into_iter()
        .map(|row| (row.staff_number, row.id))
        .collect();
    let mut decisions = Vec::new();
    for person in 0..size.people {
        let id = ids[&number(person)];
        let decision = |key: &str, kind| Decision {
            key: format!("{key}-{person}"),
            person: id,
            period: quarter(),
            author: "GL-00000".into(),
            at: instant(SEEN[5]),
            document: None,
            kind,
        };
        let points = |(item, most, of): (&str, u8, u8)| {
            (item.to_owned(), Exact::ratio(most.into(), of.into()).expect("points"))
        };
        let items: BTreeMap<String, Exact> = GENERAL_ITEMS.into_iter().map(points).collect();
        decisions.push(decision("tc", DecisionKind::GeneralCriteria { items }));
        if person % OF_A_BODY < 6 {
            for component in [Component::ImplementationAbility, Component::UnityAbility] {
                let kind = DecisionKind::LeaderComponent { component, percent: Exact::integer(100) };
                decisions.push(decision(component.as_str(), kind));
            }
        }
    }
    for some in decisions.chunks(2_000) {
        store.append_decisions("bench", some, instant(SEEN[0])).await.expect("decisions");
    }
}

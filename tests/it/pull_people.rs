//! People and units from personnel systems: real HTTP, a drop folder and a database view; all of a list or nothing.

use crate::support::http::{Scripted, json, status};
use crate::support::installation::{Installed, Targets};
use crate::support::project;
use crate::support::source::{entry, opened};
use crate::support::stores::{both, officer};
use lienthong::config::Gates;
use lienthong::connector::PullMode;
use lienthong::domain::{Charge, DirectoryImport, Leadership, Role, SourceId, UnitCode};
use lienthong::error::{Finding, Findings};
use lienthong::pipeline::App;
use lienthong::pipeline::command::{Command, Executor as _};
use lienthong::pipeline::execute::Installation;
use lienthong::pipeline::pull::{PullSummary, pull_source};
use lienthong::store::Store;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const UNITS: &str = r#"
format_version = 1
kind = "http"
name = "units"
version = "1"
title = { vi = "Đơn vị", en = "Units" }
content = "units"
[settings.base_url]
label = { vi = "Địa chỉ", en = "Address" }
[transport]
base_url = "{{ settings.base_url }}"
[stream]
path = "/don-vi"
records = "data"
key = "ma"
[row]
code = "ma"
name = "ten"
kind = { path = "loai", map = { so = "department", phong = "division" } }
parent = "cap_tren"
"#;

/// What the personnel system shows, and an installation that pulls it.
struct Office {
    posts: Arc<Mutex<Vec<Value>>>,
    server: Scripted,
    store: Store,
    installed: Installed,
}

fn source(name: &str) -> SourceId {
    SourceId::new(name).expect("id")
}

fn post(id: usize, number: &str, unit: &str, rank: &str, from: &str, to: Option<&str>) -> Value {
    json!({ "id": id, "ma_don_vi": unit, "chuc_vu": "Chức vụ", "nhom_chuc_vu": rank, "hieu_luc_tu": from, "hieu_luc_den": to,
        "can_bo": { "so_hieu": number, "so_dinh_danh": null, "ho_ten": format!("Người {number}"), "tai_khoan": number.to_lowercase() } })
}

fn staff(number: usize) -> Value {
    post(number, &format!("GL-{number:05}"), "SNV-CC", "Công chức", "01/01/2026", None)
}

fn ready_made(name: &str) -> String {
    let file = project::root().join("connectors").join(name).join("manifest.toml");
    std::fs::read_to_string(file).expect("manifest")
}

impl Office {
    async fn new(store: &Store) -> Self {
        let posts: Arc<Mutex<Vec<Value>>> = Arc::default();
        let shown = posts.clone();
        let server = Scripted::start(move |asked| match asked.path.as_str() {
            "/don-vi" => json(json!({ "data": [
                { "ma": "SNV", "ten": "Sở Nội vụ", "loai": "so", "cap_tren": null },
                { "ma": "SNV-CC", "ten": "Phòng Công chức", "loai": "phong", "cap_tren": "SNV" },
                { "ma": "SNV-TC", "ten": "Phòng Tổ chức", "loai": "phong", "cap_tren": "SNV" },
            ] })),
            _ if asked.headers.get("x-api-key").map(String::as_str) != Some("khoa") => status(401, &[], ""),
            _ => {
                let shown = shown.lock().expect("lock");
                let page: Vec<&Value> =
                    shown.iter().skip((asked.number("trang").max(1) - 1) * 500).take(500).collect();
                json(json!({ "data": page, "tong_so": shown.len() }))
            }
        })
        .await;
        let installed =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        Self { posts, server, store: store.clone(), installed }
    }

    fn shows(&self, posts: Vec<Value>) {
        *self.posts.lock().expect("lock") = posts;
    }

    fn app(&self, id: &str, manifest: &str, settings: BTreeMap<String, String>) -> App {
        let secrets = match manifest.contains("api_key") {
            true => [("api_key".to_owned(), "khoa".to_owned().into())].into(),
            false => BTreeMap::new(),
        };
        let connector = opened(id, manifest, &settings, &secrets);
        let entry = entry(connector, "NHANSU");
        let (clock, policy) = (self.installed.app.clock, self.installed.app.policy.clone());
        let mut app = App::new(
            self.store.clone(),
            clock,
            "a".into(),
            [(source(id), entry)].into(),
            (None, None),
            policy,
        );
        app.gates.insert(source(id), Gates { from_tasks: 20, ..Gates::default() });
        app
    }

    async fn pull_at(
        &self,
        id: &str,
        manifest: &str,
        settings: BTreeMap<String, String>,
    ) -> Result<PullSummary, Findings> {
        let app = self.app(id, manifest, settings);
        let connector = app.sources.get(&source(id)).expect("source").connector.clone();
        pull_source(&app, &connector, PullMode::Incremental, &|_, _| {}).await
    }

    fn address(&self) -> BTreeMap<String, String> {
        [("base_url".to_owned(), self.server.base.clone())].into()
    }

    async fn pull(&self) -> Result<PullSummary, Findings> {
        self.pull_at("nhansu", &ready_made("personnel-http"), self.address()).await
    }

    async fn units(&self) -> PullSummary {
        self.pull_at("donvi", UNITS, self.address()).await.unwrap_or_else(|findings| panic!("{findings}"))
    }

    /// Posts held: staff number, unit, role, from, to.
    async fn held(&self) -> Vec<(String, String, Role, String, Option<String>)> {
        let rows = self.store.load_directory().await.expect("directory");
        let number = |id| rows.people.iter().find(|row| row.id == id).map(|row| row.staff_number.to_string());
        let mut held: Vec<_> = rows
            .memberships
            .iter()
            .map(|post| {
                let to = post.to.map(|to| to.to_string());
                (
                    number(post.person).expect("person"),
                    post.unit.to_string(),
                    post.role,
                    post.from.to_string(),
                    to,
                )
            })
            .collect();
        held.sort_by(|a, b| (&a.0, &a.3).cmp(&(&b.0, &b.3)));
        held
    }

    async fn journal(&self) -> Vec<(String, String)> {
        let entries = self.store.audit_entries(i64::MAX, 50).await.expect("journal");
        entries.into_iter().map(|entry| (entry.actor, entry.action)).collect()
    }
}

/// Charges held: unit, first day, last day.
async fn charges(store: &Store) -> Vec<(String, String, Option<String>)> {
    let rows = store.load_directory().await.expect("directory");
    let charge = |held: &Leadership| {
        let Charge::Unit(unit) = &held.over else { panic!("{held:?}") };
        (unit.to_string(), held.from.to_string(), held.to.map(|to| to.to_string()))
    };
    let mut held: Vec<_> = rows.leaderships.iter().map(charge).collect();
    held.sort();
    held
}

fn unit(code: &str) -> UnitCode {
    UnitCode::new(code).expect("code")
}

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().expect("day")
}

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[tokio::test]
async fn transfers_take_effect_on_their_day_and_the_same_list_again_writes_nothing() {
    let both = both().await;
    for store in &both.stores {
        let office = Office::new(store).await;
        assert_eq!(office.units().await.counters.new, 3);
        assert_eq!(office.units().await.counters.unchanged, 3, "known units are not written again");
        let mut posts: Vec<Value> = (1..=700).map(staff).collect();
        office.shows(posts.clone());
        let first = office.pull().await.unwrap_or_else(|findings| panic!("{findings}"));
        assert_eq!((first.counters.new, first.counters.pages, first.complete), (700, 2, true), "{first:?}");
        let journal = office.journal().await;
        assert_eq!(journal[0], ("source nhansu".to_owned(), "people_imported".to_owned()));

        let again = office.pull().await.unwrap_or_else(|findings| panic!("{findings}"));
        assert_eq!((again.counters.unchanged, again.counters.changed, again.counters.new), (700, 0, 0));
        assert_eq!(office.journal().await, journal, "nothing was written");

        // GL-00007 is moved on 1 December: known today, in force then.
        posts[6] = post(7, "GL-00007", "SNV-CC", "Công chức", "01/01/2026", Some("30/11/2026"));
        posts.push(post(900, "GL-00007", "SNV-TC", "Cấp phó", "01/12/2026", None));
        office.shows(posts);
        let moved = office.pull().await.unwrap_or_else(|findings| panic!("{findings}"));
        assert_eq!((moved.counters.changed, moved.counters.unchanged), (1, 699));
        let held = office.held().await;
        let theirs: Vec<_> = held.into_iter().filter(|post| post.0 == "GL-00007").collect();
        let expected = [
            ("SNV-CC", Role::Staff, "2026-01-01", Some("2026-11-30")),
            ("SNV-TC", Role::Deputy, "2026-12-01", None),
        ]
        .map(|(unit, role, from, to)| {
            ("GL-00007".to_owned(), unit.to_owned(), role, from.to_owned(), to.map(str::to_owned))
        });
        assert_eq!(theirs, expected);
    }
}

#[tokio::test]
async fn one_wrong_head_refuses_the_whole_list_and_is_told_with_its_record() {
    let both = both().await;
    for store in &both.stores {
        let office = Office::new(store).await;
        office.units().await;
        office.shows((1..=30).map(staff).collect());
        office.pull().await.unwrap_or_else(|findings| panic!("{findings}"));
        let before = office.held().await;
        let mut posts: Vec<Value> = (1..=31).map(staff).collect();
        posts[3] = post(4, "GL-00004", "SNV-CC", "Cấp trưởng", "01/01/2026", None);
        posts[8] = post(9, "GL-00009", "SNV-CC", "Cấp trưởng", "01/02/2026", None);
        posts[20] = post(21, "GL-00021", "SNV-XX", "Công chức", "01/02/2026", None);
        office.shows(posts);
        let Err(Findings(told)) = office.pull().await else { panic!("two heads") };
        assert_eq!(codes(&told), ["LT-PPL-006", "LT-PPL-001"], "{told:?}");
        let places: Vec<String> =
            told.iter().filter_map(|one| Some(one.place.as_ref()?.to_string())).collect();
        assert_eq!(places, ["source nhansu (record 9, field role)", "source nhansu (record 21, field unit)"]);
        assert_eq!(office.held().await, before, "nothing was written");
        let runs = store.runs(&source("nhansu"), i64::MAX, 1).await.expect("runs");
        assert_eq!(runs[0].outcome.as_deref(), Some("failed"));
        assert_eq!(codes(&runs[0].findings), ["LT-PPL-006", "LT-PPL-001"], "kept with the run");

        // A rank nobody knows and a day that is none are told together, each at its field.
        let mut posts: Vec<Value> = (1..=30).map(staff).collect();
        posts[0]["nhom_chuc_vu"] = json!("Cộng tác viên");
        posts[1]["hieu_luc_tu"] = json!("31/02/2026");
        office.shows(posts);
        let Err(Findings(told)) = office.pull().await else { panic!("a rank nobody knows") };
        assert_eq!(codes(&told), ["LT-SRC-006", "LT-SRC-007"], "{told:?}");
        assert_eq!(office.held().await, before);
    }
}

#[tokio::test]
async fn list_that_loses_most_people_is_stopped_until_a_person_lets_it_through() {
    let both = both().await;
    for store in &both.stores {
        let office = Office::new(store).await;
        office.units().await;
        office.shows((1..=60).map(staff).collect());
        office.pull().await.unwrap_or_else(|findings| panic!("{findings}"));
        office.shows((1..=29).map(staff).collect());
        let Err(Findings(told)) = office.pull().await else { panic!("a list of half the people") };
        assert_eq!(codes(&told), ["LT-PPL-030"]);
        office.shows((1..=601).map(staff).collect());
        let Err(Findings(told)) = office.pull().await else { panic!("a list of ten times the people") };
        assert_eq!(codes(&told), ["LT-PPL-031"]);
        assert_eq!(office.held().await.len(), 60);
        office.shows(Vec::new());
        let Err(Findings(told)) = office.pull().await else { panic!("an empty list") };
        assert_eq!(told[0].code, "LT-PPL-032");

        office.shows((1..=29).map(staff).collect());
        assert!(office.pull().await.is_err());
        let app = office.app("nhansu", &ready_made("personnel-http"), office.address());
        let installation = Installation { app: Arc::new(app) };
        let order = Command::SourceAccept {
            source: source("nhansu"),
            code: "LT-PPL-030".into(),
            author: "Lê Văn Trưởng".into(),
            reason: "tách thành hai nguồn".into(),
        };
        let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
        assert_eq!(installation.execute(order, progress).await.exit, 0);
        // A list that grew tenfold meanwhile is another matter.
        office.shows((1..=601).map(staff).collect());
        let Err(Findings(told)) = office.pull().await else { panic!("accepted for being short") };
        assert_eq!((codes(&told), office.held().await.len()), (vec!["LT-PPL-031"], 60));
        office.shows((1..=29).map(staff).collect());
        let passed = office.pull().await.unwrap_or_else(|findings| panic!("{findings}"));
        assert!(codes(&passed.findings).contains(&"LT-PPL-036"), "who is named no longer is told");
        assert_eq!(office.held().await.len(), 60, "and stays as they were");
        // The usual counts anew from there.
        office.pull().await.unwrap_or_else(|findings| panic!("{findings}"));
    }
}

#[tokio::test]
async fn half_a_list_and_a_refused_key_write_nothing() {
    let both = both().await;
    let store = &both.stores[0];
    let office = Office::new(store).await;
    office.units().await;
    office.shows((1..=30).map(staff).collect());
    // It says there are more than it shows.
    let cut = ready_made("personnel-http").replace("total = \"tong_so\"", "total = \"tong\"");
    let server = Scripted::start(|_| json(json!({ "data": [staff(1)], "tong": 40 }))).await;
    let address = [("base_url".to_owned(), server.base.clone())].into();
    let told = office.pull_at("nhansu", &cut, address).await.err().map(|Findings(told)| told[0].code.clone());
    assert!(told.is_some(), "a list that is not whole");
    assert_eq!(office.held().await.len(), 0);
    let other = ready_made("personnel-http").replace("X-Api-Key", "X-Other-Key");
    let Err(Findings(told)) = office.pull_at("nhansu", &other, office.address()).await else { panic!("401") };
    assert!(told[0].code.starts_with("LT-NET"), "{told:?}");
    assert_eq!(office.held().await.len(), 0);
}

#[tokio::test]
async fn newest_file_of_a_folder_is_the_list_and_a_broken_newest_one_is_not_passed_over() {
    let both = both().await;
    for store in &both.stores {
        let office = Office::new(store).await;
        office.units().await;
        let folder = tempfile::tempdir().expect("folder");
        let put = |name: &str, minute: u64, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            let at = std::time::SystemTime::UNIX_EPOCH
                + std::time::Duration::from_secs(1_780_000_000 + minute * 60);
            std::fs::File::options().append(true).open(&path).expect("open").set_modified(at).expect("time");
        };
        let head = "Số hiệu,Họ và tên,Mã đơn vị,Chức vụ,Nhóm chức vụ,Ngày hiệu lực,Đến ngày,Tài khoản\n";
        put(
            "thang-9.csv",
            0,
            &format!(
                "{head}GL-1,An,SNV-CC,,Chuyên viên,01/01/2026,,\nGL-2,Hoa,SNV-CC,,Cấp trưởng,01/01/2026,,\n"
            ),
        );
        put("thang-10.csv", 1, &format!("{head}GL-1,An,SNV-TC,,staff,01/10/2026,,\n"));
        let settings: BTreeMap<String, String> =
            [("folder".to_owned(), folder.path().display().to_string())].into();
        let manifest = ready_made("personnel-folder");
        let pulled = office.pull_at("nhansu", &manifest, settings.clone()).await;
        assert_eq!(pulled.unwrap_or_else(|findings| panic!("{findings}")).counters.new, 1);
        let held = office.held().await;
        assert_eq!((held.len(), held[0].1.as_str()), (1, "SNV-TC"), "{held:?}");
        put("thang-11.csv", 2, "chỉ có một dòng\n");
        let Err(Findings(told)) = office.pull_at("nhansu", &manifest, settings.clone()).await else {
            panic!("the newest file is none")
        };
        assert_eq!(told[0].code, "LT-PPL-033", "{told:?}");
        // A wrong row is told with file and line.
        put(
            "thang-11.csv",
            3,
            &format!(
                "{head}GL-1,An,SNV-TC,,Chuyên viên,01/10/2026,,\nGL-3,Mai,SNV-XX,,Cấp phó,01/10/2026,,\n"
            ),
        );
        let Err(Findings(told)) = office.pull_at("nhansu", &manifest, settings).await else {
            panic!("no unit")
        };
        let place = told[0].place.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(place.starts_with("thang-11.csv:3 (record gl-3"), "{place}");
        assert!(place.ends_with("field unit)"), "{place}");
    }
}

/// People never go back to what an older file says of them, however the newer one was lost.
#[tokio::test]
async fn older_file_never_takes_the_place_of_the_list_that_was_imported() {
    let both = both().await;
    for store in &both.stores {
        let office = Office::new(store).await;
        office.units().await;
        let folder = tempfile::tempdir().expect("folder");
        let put = |name: &str, minute: u64, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            let at = std::time::SystemTime::UNIX_EPOCH
                + std::time::Duration::from_secs(1_780_000_000 + minute * 60);
            std::fs::File::options().append(true).open(&path).expect("open").set_modified(at).expect("time");
        };
        let list = |unit: &str, from: &str| {
            format!("Số hiệu,Họ và tên,Mã đơn vị,Nhóm chức vụ,Ngày hiệu lực\nGL-1,An,{unit},staff,{from}\n")
        };
        let settings: BTreeMap<String, String> =
            [("folder".to_owned(), folder.path().display().to_string())].into();
        let manifest = ready_made("personnel-folder");
        let pull = async || {
            let pulled = office.pull_at("nhansu", &manifest, settings.clone()).await;
            pulled.map_err(|Findings(told)| codes(&told).into_iter().map(str::to_owned).collect::<Vec<_>>())
        };
        put("thang-9.csv", 0, &list("SNV-CC", "01/01/2026"));
        put("thang-10.csv", 1, &list("SNV-TC", "01/10/2026"));
        pull().await.expect("the newest one");
        let held = office.held().await;
        assert_eq!((held.len(), held[0].1.as_str()), (1, "SNV-TC"), "{held:?}");

        // Copying stopped before the first byte, and then the newest file is gone altogether.
        put("thang-11.csv", 2, "");
        assert_eq!(pull().await.expect_err("empty"), ["LT-PPL-033", "LT-FIL-020", "LT-PPL-041"]);
        std::fs::remove_file(folder.path().join("thang-11.csv")).expect("removed");
        assert_eq!(pull().await.expect("as before").counters.unchanged, 1);
        std::fs::remove_file(folder.path().join("thang-10.csv")).expect("removed");
        let told = pull().await.expect_err("an older list");
        assert_eq!(told, ["LT-PPL-033", "LT-PPL-040"], "{}", store.kind());
        assert_eq!(office.held().await, held, "nobody went back");
        // Another manifest version reads the same folder: still no way back.
        let corrected = manifest.replace("\"Mã cán bộ\"", "\"Mã cán bộ\", \"Mã số\"");
        assert!(office.pull_at("nhansu", &corrected, settings.clone()).await.is_err());
        // Saved again it is the newest word; and the same content under an older time is no other list.
        put("thang-9.csv", 5, &list("SNV-CC", "01/11/2026"));
        assert_eq!(pull().await.expect("saved again").counters.changed, 1);
        put("thang-9.csv", 3, &list("SNV-CC", "01/11/2026"));
        assert_eq!(pull().await.expect("the very same").counters.unchanged, 1);
    }
}

/// A clock that runs a year ahead somewhere locks nobody out: the next list is taken.
#[tokio::test]
async fn list_whose_time_lies_in_the_future_is_followed_by_later_ones() {
    let both = both().await;
    for store in &both.stores {
        let office = Office::new(store).await;
        office.units().await;
        let folder = tempfile::tempdir().expect("folder");
        let put = |name: &str, days: i64, unit: &str, from: &str| {
            let path = folder.path().join(name);
            let head = "Số hiệu,Họ và tên,Mã đơn vị,Nhóm chức vụ,Ngày hiệu lực";
            std::fs::write(&path, format!("{head}\nGL-1,An,{unit},staff,{from}\n")).expect("written");
            let at =
                std::time::SystemTime::from(office.installed.app.clock.now() + chrono::TimeDelta::days(days));
            std::fs::File::options().append(true).open(&path).expect("open").set_modified(at).expect("time");
        };
        let settings: BTreeMap<String, String> =
            [("folder".to_owned(), folder.path().display().to_string())].into();
        let manifest = ready_made("personnel-folder");
        let pull = async || {
            let pulled = office.pull_at("nhansu", &manifest, settings.clone()).await;
            pulled.map_err(|Findings(told)| codes(&told).into_iter().map(str::to_owned).collect::<Vec<_>>())
        };
        put("thang-9.csv", 365, "SNV-CC", "01/01/2026");
        assert_eq!(pull().await.expect("taken").counters.new, 1, "{}", store.kind());
        std::fs::remove_file(folder.path().join("thang-9.csv")).expect("removed");
        put("thang-10.csv", 0, "SNV-TC", "01/10/2026");
        assert_eq!(pull().await.expect("the next one").counters.changed, 1);
        put("thang-10.csv", -1, "SNV-CC", "01/11/2026");
        assert_eq!(pull().await.expect_err("an older one"), ["LT-PPL-033", "LT-PPL-040"]);
    }
}

/// What docs/FILES.md calls the groups of posts is what the ready-made manifest takes.
#[tokio::test]
async fn personnel_folder_takes_every_word_for_a_group_that_a_people_file_takes() {
    let both = both().await;
    let office = Office::new(&both.stores[0]).await;
    office.units().await;
    let documented = include_str!("../../docs/FILES.md");
    let row = documented.lines().find(|line| line.starts_with("| `role` |")).expect("the column");
    let told = row.rsplit('|').nth(1).expect("its words");
    let words: Vec<String> = told
        .split("), ")
        .flat_map(|group| group.split(['(', ')', ',', '`']))
        .map(|word| word.trim().to_owned())
        .filter(|word| !word.is_empty())
        .collect();
    assert!(words.len() >= 11 && words.contains(&"quản trị".to_owned()), "{words:?}");
    for word in words {
        let folder = tempfile::tempdir().expect("folder");
        let text = format!(
            "Số hiệu,Họ và tên,Mã đơn vị,Nhóm chức vụ,Ngày hiệu lực\nGL-1,An,SNV-CC,{word},01/01/2026\n"
        );
        std::fs::write(folder.path().join("a.csv"), text).expect("written");
        let settings = [("folder".to_owned(), folder.path().display().to_string())].into();
        let app = office.app("nhansu", &ready_made("personnel-folder"), settings);
        let connector = app.sources.get(&source("nhansu")).expect("source").connector.clone();
        assert_eq!(connector.check().await, [], "{word}");
    }
}

#[tokio::test]
async fn view_of_a_personnel_database_is_a_list_too() {
    let both = both().await;
    let office = Office::new(&both.stores[0]).await;
    office.units().await;
    let folder = tempfile::tempdir().expect("folder");
    let database = folder.path().join("nhan-su.sqlite");
    let script = "CREATE TABLE post (id INTEGER, so_hieu TEXT, ho_ten TEXT, don_vi TEXT, tu TEXT, den TEXT);\n\
                  INSERT INTO post VALUES (1, 'GL-1', 'An', 'SNV-CC', '2026-01-01', NULL), (2, 'GL-2', 'Hoa', 'SNV-TC', '2026-02-01', '2026-12-31');";
    lienthong::connector::sql::make_sqlite(&database, &[script.to_owned()]).await.expect("database");
    let manifest = r#"
format_version = 1
kind = "view"
name = "personnel-view"
version = "1"
title = { vi = "Cán bộ", en = "People" }
content = "people"
[settings.database]
label = { vi = "Tệp", en = "File" }
[view]
database = "sqlite"
select = "SELECT id, so_hieu, ho_ten, don_vi, tu, den FROM post"
columns = ["id", "so_hieu", "ho_ten", "don_vi", "tu", "den"]
key = "id"
changed = "id"
cursor_type = "integer"
page_size = 100
[row]
staff_number = "so_hieu"
full_name = "ho_ten"
unit = "don_vi"
role = { const = "staff" }
from = "tu"
to = "den"
"#;
    let settings: BTreeMap<String, String> = [("database".to_owned(), database.display().to_string())].into();
    let pulled = office.pull_at("nhansu", manifest, settings).await;
    assert_eq!(pulled.unwrap_or_else(|findings| panic!("{findings}")).counters.new, 2);
    assert_eq!(office.held().await[1].4.as_deref(), Some("2026-12-31"));
}

#[test]
fn rules_that_do_not_fit_the_content_are_told_when_the_manifest_is_loaded() {
    let told = |from: &str, to: &str| {
        let text = UNITS.replace(from, to);
        assert_ne!(text, UNITS, "{from}");
        let loaded = lienthong::connector::manifest::parse("t.toml", &text);
        loaded
            .err()
            .map(|findings| findings.0.into_iter().map(|one| one.code).collect::<Vec<_>>())
            .unwrap_or_default()
    };
    assert_eq!(told("name = \"ten\"\nkind", "names = \"ten\"\nkind"), ["LT-MAN-007", "LT-MAN-005"]);
    assert_eq!(told("content = \"units\"", ""), ["LT-MAN-005", "LT-MAN-020"]);
    assert_eq!(told("[row]", "[fields]\ntitle = \"a\"\nstatus = \"b\"\n[row]"), ["LT-MAN-005"]);
}

/// What a pull told of the list as a whole.
fn of_lists(pulled: &PullSummary) -> Vec<&str> {
    codes(&pulled.findings).into_iter().filter(|code| code.starts_with("LT-PPL-03")).collect()
}

/// What an imported people file says of a person: their posts and charges.
async fn imported(
    store: &Store,
    number: &str,
    posts: &[(&str, Role, &str, Option<&str>)],
    leads: &[(&str, &str, Option<&str>)],
) {
    let mut person = officer(number, &format!("Người {number}"));
    person.memberships = posts
        .iter()
        .map(|(code, role, from, to)| (unit(code), "Chức vụ".to_owned(), *role, day(from), to.map(day)))
        .collect();
    person.leads = leads.iter().map(|(code, from, to)| (unit(code).into(), day(from), to.map(day))).collect();
    let import = DirectoryImport { units: Vec::new(), people: vec![person] };
    let now = "2026-11-24T08:00:00Z".parse().expect("instant");
    store.import_directory(&import, "test", None, now).await.expect("imported");
}

#[tokio::test]
async fn list_that_does_not_tell_charges_takes_none_and_one_that_does_replaces_them() {
    let both = both().await;
    for store in &both.stores {
        let office = Office::new(store).await;
        office.units().await;
        let open = [("SNV", Role::Deputy, "2026-01-01", None)];
        imported(store, "GL-2", &open, &[("SNV-CC", "2026-01-01", None)]).await;
        let mut shown = post(1, "GL-2", "SNV", "Cấp phó", "01/01/2026", None);
        office.shows(vec![shown.clone()]);
        let silent = office.pull().await.unwrap_or_else(|findings| panic!("{findings}"));
        // The account is news; the charge is not touched.
        assert_eq!(silent.counters.changed, 1);
        assert_eq!(charges(store).await, [("SNV-CC".to_owned(), "2026-01-01".to_owned(), None)]);
        let again = office.pull().await.unwrap_or_else(|findings| panic!("{findings}"));
        assert_eq!((again.counters.unchanged, again.counters.changed), (1, 0));

        // A charge ends with its post, whoever tells the post.
        shown["hieu_luc_den"] = json!("30/06/2026");
        office.shows(vec![shown.clone()]);
        office.pull().await.unwrap_or_else(|findings| panic!("{findings}"));
        let ended = ("SNV-CC".to_owned(), "2026-01-01".to_owned(), Some("2026-06-30".to_owned()));
        assert_eq!(charges(store).await, [ended]);

        // A list with the column is believed.
        let tells = ready_made("personnel-http").replace("[row]\n", "[row]\nleads = \"phu_trach\"\n");
        shown["phu_trach"] = json!("SNV-TC");
        office.shows(vec![shown]);
        let told = office.pull_at("nhansu", &tells, office.address()).await;
        told.unwrap_or_else(|findings| panic!("{findings}"));
        let other = ("SNV-TC".to_owned(), "2026-01-01".to_owned(), Some("2026-06-30".to_owned()));
        assert_eq!(charges(store).await, [other]);
    }
}

#[tokio::test]
async fn two_lists_of_present_posts_end_the_earlier_post_and_delete_none() {
    let both = both().await;
    for store in &both.stores {
        let office = Office::new(store).await;
        office.units().await;
        let before = [
            ("SNV-CC", Role::Staff, "2024-01-01", Some("2025-12-31")),
            ("SNV-CC", Role::Deputy, "2026-01-01", None),
        ];
        imported(store, "GL-7", &before, &[("SNV-CC", "2026-01-01", None)]).await;
        let old = vec![post(1, "GL-7", "SNV-CC", "Cấp phó", "01/01/2026", None)];
        let new = vec![post(9, "GL-7", "SNV-TC", "Cấp phó", "01/06/2026", None)];
        let held = [
            ("SNV-CC", Role::Staff, "2024-01-01", Some("2025-12-31")),
            ("SNV-CC", Role::Deputy, "2026-01-01", Some("2026-05-31")),
            ("SNV-TC", Role::Deputy, "2026-06-01", None),
        ]
        .map(|(unit, role, from, to)| {
            ("GL-7".to_owned(), unit.to_owned(), role, from.to_owned(), to.map(str::to_owned))
        });
        let pull = async |id: &str, posts: &Vec<Value>| {
            office.shows(posts.clone());
            let pulled = office.pull_at(id, &ready_made("personnel-http"), office.address()).await;
            pulled.unwrap_or_else(|findings| panic!("{findings}"))
        };
        pull("donvi-a", &old).await;
        assert_eq!(office.held().await.len(), 2, "a list of present posts deletes no earlier one");
        let moved = pull("donvi-b", &new).await;
        assert_eq!(of_lists(&moved), ["LT-PPL-037"]);
        assert_eq!(office.held().await, held);
        let charge = ("SNV-CC".to_owned(), "2026-01-01".to_owned(), Some("2026-05-31".to_owned()));
        assert_eq!(charges(store).await, std::slice::from_ref(&charge), "the charge ended with its post");
        // The unit that has not heard of it yet takes nothing back, and says so each time.
        for (id, posts, told) in [("donvi-a", &old, vec!["LT-PPL-038"]), ("donvi-b", &new, Vec::new())] {
            let again = pull(id, posts).await;
            assert_eq!((again.counters.unchanged, again.counters.changed), (1, 0), "{id}");
            assert_eq!(of_lists(&again), told, "{id}");
        }
        assert_eq!((office.held().await, charges(store).await), (held.to_vec(), vec![charge]));
        // A post that ended stands beside what another list says: two heads are told for it as well.
        imported(store, "GL-8", &[("SNV-TC", Role::Head, "2026-01-01", None)], &[]).await;
        office.shows(vec![
            post(1, "GL-8", "SNV-CC", "Công chức", "01/09/2026", None),
            post(2, "GL-9", "SNV-TC", "Cấp trưởng", "01/08/2026", None),
        ]);
        let Err(Findings(told)) = office.pull().await else { panic!("two heads in August") };
        assert_eq!(codes(&told), ["LT-PPL-006"]);
        // An imported file replaces what was known.
        imported(store, "GL-7", &[("SNV-TC", Role::Staff, "2026-06-01", None)], &[]).await;
        let left: Vec<_> = office.held().await.into_iter().filter(|post| post.0 == "GL-7").collect();
        assert_eq!(left.len(), 1);
    }
}

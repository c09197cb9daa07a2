//! The simulated province, through its doors: every quirk, every refusal, every count of the oracle.
//!
//! What other tests and the demonstration rely on is proven here with plain requests, not with the daemon's own
//! clients, so that a mistake cannot hide on both sides.

use crate::support::install_tls;
use base64::Engine as _;
use calamine::{Reader as _, open_workbook};
use chrono::NaiveDate;
use lienthong::directory::import::{read_people, read_units};
use lienthong::evaluation::history::read_history;
use lienthong::simulator::{BODIES, Running, SECRETS, SimulatorConfig, start};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tempfile::TempDir;

const ORG: &str = "000.00.15.H21";
const CLOSING: &str = "2026-Q3";

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 12, 7).expect("a day")
}

fn secret(name: &str) -> &'static str {
    SECRETS.iter().find(|(known, _)| *known == name).expect("a secret").1
}

fn config(folder: &Path) -> SimulatorConfig {
    SimulatorConfig {
        seed: 7,
        today: today(),
        people: 128,
        tasks: 1_600,
        folder: folder.to_owned(),
        port: 0,
        last_tick: None,
        auto_tick_ms: None,
    }
}

/// A province of its own with somebody who asks it things.
struct Province {
    running: Running,
    folder: TempDir,
    http: Client,
}

impl Province {
    async fn open() -> Self {
        let folder = TempDir::new().expect("a folder");
        Self::on(folder).await
    }

    async fn on(folder: TempDir) -> Self {
        install_tls();
        let running = start(config(folder.path())).await.expect("a province");
        let http = Client::builder().tls_certs_only([]).no_proxy().build().expect("a client");
        Self { running, folder, http }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.address)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> reqwest::Result<Response> {
        let mut request = self.http.request(method, self.url(path));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await
    }

    async fn json(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> (StatusCode, Value) {
        let answer = self.ask(method, path, token, body).await.expect("an answer");
        (answer.status(), answer.json().await.expect("JSON"))
    }

    async fn get(&self, path: &str) -> Value {
        self.json(Method::GET, path, "", None).await.1
    }

    async fn log_in(&self, path: &str, password: &str, pointer: &str) -> String {
        let body = json!({ "username": secret("user"), "password": password });
        let (_, answer) = self.json(Method::POST, path, "", Some(&body)).await;
        answer.pointer(pointer).and_then(Value::as_str).expect("a token").to_owned()
    }

    async fn national_token(&self) -> String {
        self.log_in("/national/ApiAuth/oauth/login", secret("national"), "/access_token").await
    }

    async fn evaluation_token(&self) -> String {
        self.log_in("/evaluation/api/v1/login", secret("evaluation"), "/token").await
    }

    async fn eoffice_token(&self) -> String {
        self.log_in("/eoffice/snv/api/auth/login", secret("eoffice"), "/data/accessToken").await
    }

    async fn faults(&self, script: Value) {
        let (status, _) = self.json(Method::POST, "/sim/faults", "", Some(&script)).await;
        assert_eq!(status, StatusCode::OK);
    }

    async fn settings(&self, settings: Value) {
        let answer = self.ask(Method::POST, "/sim/settings", "", Some(&settings)).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    }

    async fn send(&self, token: &str, message: &Value) -> reqwest::Result<(StatusCode, Value)> {
        let answer =
            self.ask(Method::POST, "/national/apisyncmsg/syncmsg/servicem0006", token, Some(message)).await?;
        Ok((answer.status(), answer.json().await?))
    }

    async fn score(&self, token: &str, score: &Value) -> (StatusCode, Value) {
        let key = score["external_key"].as_str().expect("a key");
        self.json(Method::PUT, &format!("/evaluation/api/v1/scores/{key}"), token, Some(score)).await
    }
}

fn row(period: &str, level: &str, score: &str) -> Value {
    json!({ "KetQuaDanhGia": level, "Nam": "2026", "KyDanhGia": period, "DiemSo": score })
}

fn message(action: &str, staff: &str, rows: Value) -> Value {
    let mut file = json!({ "SoHieuCBCCVC_BNDP": staff });
    if !rows.is_null() {
        file["DS_KETQUA_DANHGIA_PHANLOAI"] = rows;
    }
    let content = json!({ "Data": {
        "Header": { "Action_Type": action, "Sender_Code": ORG },
        "Body": { "HOSO_CBCCVC": file },
    }});
    let encoded = base64::engine::general_purpose::STANDARD.encode(content.to_string());
    json!({ "org_Code": ORG, "jsonContent": encoded })
}

fn score(staff: &str, period: &str, revision: u64, total: Option<&str>, missing: &[&str]) -> Value {
    json!({
        "external_key": format!("0199-{staff}.{period}.gl-2026.r{revision}"),
        "person": { "staff_number": staff, "unit": "SNV-P1" },
        "period": period,
        "rule_set": "gl-2026",
        "revision": revision,
        "state": if total.is_some() { "computed" } else { "provisional" },
        "task_part": "60.00",
        "general": null,
        "total": total,
        "level": null,
        "missing": missing,
        "components": {},
        "content_hash": format!("{revision}-{total:?}"),
    })
}

#[tokio::test]
async fn files_of_the_personnel_office_can_be_imported_as_they_are() {
    let province = Province::open().await;
    let read = |name: &str| std::fs::read(province.folder.path().join(name)).expect("a file");
    let units = read_units("units.csv", &read("units.csv"), &[]).expect("units");
    let people =
        read_people("people.csv", &read("people.csv"), units.as_slice(), &std::collections::BTreeSet::new())
            .expect("people")
            .people;
    let history = read_history("history.csv", &read("history.csv"), today(), &|_| true).expect("history");
    assert_eq!(people.len(), 128);
    assert_eq!(units.iter().filter(|unit| unit.parent.is_none()).count(), 1);
    assert!(people.iter().any(|person| person.memberships.len() == 2), "nobody moved");
    assert!(people.iter().any(|person| person.accounts.len() == 2), "nobody has two accounts");
    let names: BTreeSet<&str> = people.iter().map(|person| person.full_name.as_str()).collect();
    assert!(names.len() < people.len(), "no two people share a name");
    let citizens = people.iter().filter_map(|person| person.citizen_id.as_ref());
    assert_eq!(citizens.count(), people.len());
    let text = String::from_utf8(read("people.csv")).expect("UTF-8");
    assert!(text.lines().skip(1).all(|line| line.contains(",099")), "an id that may have been issued");
    // Two earlier quarters of everybody who is scored.
    assert!(history.len() > 2 * 100, "{} rows", history.len());
    use std::os::unix::fs::PermissionsExt as _;
    let mode =
        std::fs::metadata(province.folder.path().join("national.secret")).expect("a file").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
}

#[tokio::test]
async fn eoffice_refuses_wrong_passwords_and_ended_tokens() {
    let province = Province::open().await;
    let wrong = json!({ "username": secret("user"), "password": "x" });
    let (status, answer) = province.json(Method::POST, "/eoffice/snv/api/auth/login", "", Some(&wrong)).await;
    assert_eq!((status, &answer["success"]), (StatusCode::UNAUTHORIZED, &json!(false)));
    let list = "/eoffice/snv/api/ho-so-cong-viec?page=1&page_size=5";
    assert_eq!(province.json(Method::GET, list, "made-up", None).await.0, StatusCode::UNAUTHORIZED);
    let other = province.national_token().await;
    assert_eq!(province.json(Method::GET, list, &other, None).await.0, StatusCode::UNAUTHORIZED);
    province.settings(json!({ "token_uses": 2 })).await;
    let token = province.eoffice_token().await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(province.json(Method::GET, list, &token, None).await.0);
    }
    assert_eq!(seen, [StatusCode::OK, StatusCode::OK, StatusCode::UNAUTHORIZED]);
    province.settings(json!({ "token_uses": 0, "token_life_ms": 1 })).await;
    let short = province.eoffice_token().await;
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    assert_eq!(province.json(Method::GET, list, &short, None).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn one_walk_over_the_eoffice_repeats_and_loses_rows_and_many_walks_reach_all() {
    let province = Province::open().await;
    let token = province.eoffice_token().await;
    let (mut all, mut walks, mut flawed) = (BTreeSet::new(), 0, false);
    let mut total = usize::MAX;
    while all.len() < total {
        walks += 1;
        assert!(walks < 60, "{} of {total} after {walks} walks", all.len());
        let mut shown = Vec::new();
        for page in 1.. {
            let path = format!("/eoffice/snv/api/ho-so-cong-viec?page={page}&page_size=20");
            let (_, answer) = province.json(Method::GET, &path, &token, None).await;
            total = answer["pagination"]["total"].as_u64().expect("a total") as usize;
            let rows = answer["data"].as_array().expect("rows");
            if rows.is_empty() {
                break;
            }
            shown.extend(rows.iter().map(|row| match &row["id"] {
                Value::String(id) => id.clone(),
                id => id.to_string(),
            }));
        }
        let distinct: BTreeSet<String> = shown.iter().cloned().collect();
        flawed |= distinct.len() < shown.len() && distinct.len() < total;
        all.extend(distinct);
    }
    assert!(flawed, "no walk repeated and lost rows");
}

#[tokio::test]
async fn eoffice_tells_the_completion_date_in_the_history_only() {
    let province = Province::open().await;
    let token = province.eoffice_token().await;
    let (_, list) = province
        .json(Method::GET, "/eoffice/snv/api/ho-so-cong-viec?page=1&page_size=500", &token, None)
        .await;
    let rows = list["data"].as_array().expect("rows");
    assert!(rows.iter().any(|row| row["id"].is_string()) && rows.iter().any(|row| row["id"].is_number()));
    let done = rows.iter().find(|row| row["status"] == 4).expect("a finished file");
    let id = done["id"].as_str().map_or_else(|| done["id"].to_string(), str::to_owned);
    let at = |call: &str| format!("/eoffice/snv/api/ho-so-cong-viec/{id}{call}");
    let (_, detail) = province.json(Method::GET, &at(""), &token, None).await;
    let (_, people) = province.json(Method::GET, &at("/can-bo"), &token, None).await;
    let (_, history) = province.json(Method::GET, &at("/lich-su"), &token, None).await;
    assert_eq!(detail["data"]["name"], done["name"]);
    for shown in [done, &detail["data"], &people["data"][0]] {
        let told = ["completed_at", "finish_date", "done_at"].iter().any(|name| shown[*name].is_string());
        assert!(!told, "{shown}");
    }
    let steps = history["data"].as_array().expect("steps");
    let last = steps.last().expect("a step");
    assert_eq!(last["action_type"], "approve");
    let stamp = last["created_at"].as_str().expect("a time");
    assert!(stamp.len() == 22 && stamp.ends_with("+07") && stamp.contains(' '), "{stamp}");
    let (first, second) = (&done["curator_name"], &people["data"][0]["staff_name"]);
    assert_ne!(first, second, "names come in one order");
    let gone = province.json(Method::GET, "/eoffice/snv/api/ho-so-cong-viec/999999", &token, None).await;
    assert_eq!(gone.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn walk_over_the_tracker_loses_nothing_while_life_goes_on() {
    let province = Province::open().await;
    let key = [("x-api-key", secret("tracker"))];
    let page = async |cursor: &str, since: i64| -> Value {
        let path = format!("/tracker/syt/v1/tasks?limit=25&updated_since={since}&cursor={cursor}");
        let request = key.iter().fold(province.http.get(province.url(&path)), |r, (n, v)| r.header(*n, *v));
        request.send().await.expect("an answer").json().await.expect("JSON")
    };
    let (mut ids, mut newest, mut cursor) = (BTreeSet::new(), 0, String::new());
    loop {
        let answer = page(&cursor, 0).await;
        for item in answer["items"].as_array().expect("items") {
            ids.insert(item["id"].as_str().expect("an id").to_owned());
            newest = newest.max(item["modified_at"].as_i64().expect("a time"));
        }
        province.running.live(3).await.expect("life");
        match answer["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    let since = page("", newest).await;
    assert!(since["items"].as_array().is_some_and(|items| !items.is_empty()), "since is not inclusive");
    ids.extend(
        since["items"].as_array().expect("items").iter().map(|i| i["id"].as_str().unwrap_or("").to_owned()),
    );
    let census = province.get("/sim/census").await;
    let held = census.as_array().expect("sources").iter().find(|source| source["id"] == "syt").expect("syt");
    assert_eq!(ids.len() as u64, held["tasks"].as_u64().expect("a count"));
    let refused = province.http.get(province.url("/tracker/syt/v1/tasks")).send().await.expect("an answer");
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn ward_shows_its_login_page_with_200_and_links_to_the_next_page() {
    let province = Province::open().await;
    let bare = province.http.get(province.url("/ward/quynhon/api/nhiem-vu")).send().await.expect("an answer");
    assert_eq!(bare.status(), StatusCode::OK);
    assert!(bare.text().await.expect("text").starts_with("<html"));
    let (mut ids, mut next) = (BTreeSet::new(), Some("/ward/quynhon/api/nhiem-vu?size=40".to_owned()));
    while let Some(path) = next.take() {
        let request = province.http.get(province.url(&path)).basic_auth(secret("user"), Some(secret("ward")));
        let answer = request.send().await.expect("an answer");
        let link = answer.headers().get("link").map(|link| link.to_str().expect("text").to_owned());
        next = link.map(|link| link.split(['<', '>']).nth(1).expect("an address").to_owned());
        for task in answer.json::<Vec<Value>>().await.expect("an array") {
            assert!(ids.insert(task["ma_nhiem_vu"].as_str().expect("a key").to_owned()));
        }
    }
    let census = province.get("/sim/census").await;
    let held =
        census.as_array().expect("sources").iter().find(|source| source["id"] == "quynhon").expect("ward");
    assert_eq!(ids.len() as u64, held["tasks"].as_u64().expect("a count"));
}

#[tokio::test]
async fn sheets_come_now_and_then_whole_and_with_one_unreadable_row() {
    let province = Province::open().await;
    let names = || -> BTreeSet<String> {
        let entries = std::fs::read_dir(province.folder.path().join("drop")).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect()
    };
    assert_eq!(names().len(), 1);
    province.running.live(39).await.expect("life");
    assert_eq!(names().len(), 1, "a sheet came early");
    province.running.live(30).await.expect("life");
    assert_eq!(names().len(), 2);
    province.running.live(11).await.expect("life");
    assert_eq!(names().len(), 3, "the next one is due at 80, whatever the steps");
    for name in names() {
        assert!(name.ends_with(".xlsx"), "{name}");
        let path = province.folder.path().join("drop").join(&name);
        let mut book: calamine::Xlsx<_> = open_workbook(&path).expect("a workbook");
        let sheet = book.worksheet_range_at(0).expect("a sheet").expect("a range");
        let text = |row: u32, column: u32| {
            sheet.get_value((row, column)).map(ToString::to_string).unwrap_or_default()
        };
        assert_eq!(text(2, 0), "Mã nhiệm vụ");
        let last = sheet.end().expect("rows").0;
        assert_eq!(text(last, 0), "Tổng cộng");
        assert!(text(last - 1, 0).starts_with("CS-LOI-"));
    }
}

#[tokio::test]
async fn view_follows_life_and_drops_what_was_deleted() {
    let province = Province::open().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(province.folder.path().join("dakdoa.db"))
        .read_only(true);
    let pool = sqlx::SqlitePool::connect_with(options).await.expect("a database");
    let mut deleted = 0;
    for _ in 0..6 {
        let rows: i64 =
            sqlx::query_scalar("SELECT count(*) FROM v_nhiem_vu").fetch_one(&pool).await.expect("a count");
        let done: i64 = sqlx::query_scalar("SELECT count(*) FROM v_nhiem_vu WHERE status = 'DONE'")
            .fetch_one(&pool)
            .await
            .expect("a count");
        let census = province.get("/sim/census").await;
        let held =
            census.as_array().expect("sources").iter().find(|source| source["id"] == "dakdoa").expect("view");
        assert_eq!((json!(rows), json!(done)), (held["tasks"].clone(), held["done"].clone()));
        deleted = held["gone"].as_u64().expect("a count");
        province.running.live(100).await.expect("life");
    }
    assert!(deleted > 0, "nothing was ever deleted");
}

#[tokio::test]
async fn national_database_refuses_in_its_own_ways() {
    let province = Province::open().await;
    let wrong = json!({ "username": "x", "password": "y" });
    let (status, answer) =
        province.json(Method::POST, "/national/ApiAuth/oauth/login", "", Some(&wrong)).await;
    assert_eq!((status, &answer["err_code"]), (StatusCode::OK, &json!(1)));
    let good = message("EDIT", "GL-00001", json!([row("QUY_3", "00", "81.50")]));
    assert_eq!(province.send("", &good).await.expect("an answer").0, StatusCode::UNAUTHORIZED);
    let token = province.national_token().await;
    let (status, answer) = province.send(&token, &json!({ "org_Code": ORG })).await.expect("an answer");
    assert_eq!((status, &answer["message"]), (StatusCode::BAD_REQUEST, &json!("validation error")));
    assert_eq!(answer["fieldErrors"][0]["field"], "jsonContent");
    let unknown = province.json(Method::POST, "/national/apisyncmsg/syncmsg/x", &token, Some(&good)).await;
    assert_eq!((unknown.0, &unknown.1["err_code"]), (StatusCode::NOT_FOUND, &json!(1)));
    let mut foreign = good.clone();
    foreign["org_Code"] = json!("000.00.99.H21");
    for bad in [
        foreign,
        json!({ "org_Code": ORG, "jsonContent": "bm90IGpzb24=" }),
        message("ADD", "GL-00001", json!([])),
        message("EDIT", "GL-99999", json!([])),
        message("EDIT", "GL-00001", json!([row("QUY_3", "07", "81.50")])),
        message("EDIT", "GL-00001", json!([row("Q3", "01", "81.50")])),
        message(
            "EDIT",
            "GL-00001",
            json!([{ "KetQuaDanhGia": "01", "Nam": "2026", "KyDanhGia": "NAM", "NgayQuyetDinh": "05/10/2026" }]),
        ),
        message("DEL", "GL-00001", json!([])),
        message("DEL", "GL-00001", Value::Null),
    ] {
        let (status, answer) = province.send(&token, &bad).await.expect("an answer");
        assert_eq!((status, &answer["err_code"]), (StatusCode::OK, &json!(1)), "{bad}: {answer}");
    }
    let oracle = province.get("/sim/oracle").await;
    assert_eq!((&oracle["national"]["effects"], &oracle["national"]["people"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn national_database_replaces_lists_and_counts_only_changes() {
    let province = Province::open().await;
    let token = province.national_token().await;
    let long = json!([row("QUY_1", "00", "80.00"), row("QUY_2", "00", "81.00"), row("QUY_3", "02", "82.00")]);
    let send = async |action: &str, rows: &Value| {
        let (status, answer) =
            province.send(&token, &message(action, "GL-00002", rows.clone())).await.expect("an answer");
        assert_eq!((status, &answer["err_code"]), (StatusCode::OK, &json!(0)), "{answer}");
        let oracle = province.get("/sim/oracle").await["national"].clone();
        ["effects", "rows", "shrunk"].map(|name| oracle[name].as_u64().expect("a count"))
    };
    assert_eq!(send("EDIT", &long).await, [1, 3, 0]);
    assert_eq!(send("EDIT", &long).await, [1, 3, 0], "the same list again is no effect");
    assert_eq!(send("EDIT", &Value::Null).await, [1, 3, 0], "an absent list is left alone");
    assert_eq!(send("EDIT", &json!([row("QUY_3", "02", "82.00")])).await, [2, 1, 1], "history is gone");
    assert_eq!(send("EDIT", &long).await, [3, 3, 1]);
    let verdict = province.get("/sim/oracle").await["verdict"].clone();
    assert_eq!(verdict["duplicates"], 1, "the same list became an effect twice: {verdict}");
    assert_eq!(send("DEL", &long).await, [4, 0, 2], "DEL removes every row");
    let log = province.get("/sim/national").await;
    let receipts: BTreeSet<&str> = log
        .as_array()
        .expect("messages")
        .iter()
        .map(|m| m["transaction_id"].as_str().expect("a receipt"))
        .collect();
    assert_eq!(receipts.len(), 5, "{log}");

    province.settings(json!({ "national_appends": true })).await;
    assert_eq!(send("EDIT", &json!([row("QUY_1", "00", "80.00")])).await, [5, 1, 2]);
    assert_eq!(send("EDIT", &json!([row("QUY_2", "00", "81.00")])).await, [6, 2, 2]);
}

#[tokio::test]
async fn evaluation_software_keeps_a_key_for_one_content() {
    let province = Province::open().await;
    let token = province.evaluation_token().await;
    let first = score("GL-00010", CLOSING, 1, None, &["general_criteria"]);
    assert_eq!(
        province.json(Method::GET, "/evaluation/api/v1/scores/none", &token, None).await.0,
        StatusCode::NOT_FOUND
    );
    let (_, stored) = province.score(&token, &first).await;
    let (_, again) = province.score(&token, &first).await;
    assert_eq!((&stored["status"], &again["status"]), (&json!("stored"), &json!("unchanged")));
    assert_eq!(stored["receipt"], again["receipt"]);
    let path = format!("/evaluation/api/v1/scores/{}", first["external_key"].as_str().expect("a key"));
    let (_, held) = province.json(Method::GET, &path, &token, None).await;
    assert_eq!((&held["content_hash"], &held["receipt"]), (&first["content_hash"], &stored["receipt"]));
    let mut other = first.clone();
    other["content_hash"] = json!("other");
    assert_eq!(province.score(&token, &other).await, (StatusCode::CONFLICT, json!({ "code": "conflict" })));
    province.score(&token, &score("GL-00010", CLOSING, 3, None, &["general_criteria"])).await;
    let (_, late) = province.score(&token, &score("GL-00010", CLOSING, 2, None, &[])).await;
    assert_eq!(late["status"], "stale");
    let unknown = province.score(&token, &score("GL-77777", CLOSING, 1, None, &[])).await;
    assert_eq!(unknown, (StatusCode::UNPROCESSABLE_ENTITY, json!({ "code": "unknown_person" })));
    province.settings(json!({ "locked": [CLOSING] })).await;
    let locked = province.score(&token, &score("GL-00010", CLOSING, 4, None, &[])).await;
    assert_eq!(locked, (StatusCode::CONFLICT, json!({ "code": "locked" })));
    let counts = province.get("/sim/oracle").await["evaluation"].clone();
    assert_eq!(
        ["effects", "conflicts", "stale"].map(|name| counts[name].as_u64()),
        [Some(3), Some(1), Some(1)]
    );
    assert_eq!(province.score("", &first).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn people_decide_what_is_missing_and_then_approve_and_the_oracle_waits_for_it() {
    let province = Province::open().await;
    let token = province.evaluation_token().await;
    let staff = "GL-00014";
    province
        .score(
            &token,
            &score(staff, CLOSING, 1, None, &["general_criteria", "implementation_ability", "unity_ability"]),
        )
        .await;
    let (_, page) = province.json(Method::GET, "/evaluation/api/v1/events?limit=200", &token, None).await;
    let events = page["events"].as_array().expect("events");
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().expect("a type")).collect();
    for kind in ["self_assessment", "general_criteria", "leader_component"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    assert!(!kinds.contains(&"approval"), "approved before it was complete");
    let complete = score(staff, CLOSING, 2, Some("83.25"), &[]);
    province.score(&token, &complete).await;
    let after = page["next"].as_str().expect("a cursor");
    let path = format!("/evaluation/api/v1/events?limit=200&after={after}");
    let (_, page) = province.json(Method::GET, &path, &token, None).await;
    let approval = &page["events"][0];
    assert_eq!((&approval["type"], &approval["revision"]), (&json!("approval"), &json!(2)));
    assert_eq!((page["events"].as_array().map(Vec::len), &page["more"]), (Some(1), &json!(false)));

    // Approved, and not in the national database: this quarter and the two imported ones.
    let verdict = async || province.get("/sim/oracle").await["verdict"].clone();
    assert_eq!(verdict().await["lost"], 3);
    let national = province.national_token().await;
    let history = std::fs::read(province.folder.path().join("history.csv")).expect("a file");
    let mut rows: Vec<Value> = csv::Reader::from_reader(history.as_slice())
        .into_records()
        .map(|record| record.expect("a row"))
        .filter(|record| &record[0] == staff)
        .map(|record| row(&format!("QUY_{}", &record[1][6..]), "00", &record[2]))
        .collect();
    rows.push(row("QUY_3", "02", "83.20"));
    province.send(&national, &message("EDIT", staff, json!(rows))).await.expect("an answer");
    let wrong = verdict().await;
    assert_eq!((&wrong["lost"], &wrong["mismatches"]), (&json!(0), &json!(1)), "{wrong}");
    rows.pop();
    rows.push(row("QUY_3", "02", "83.25"));
    province.send(&national, &message("EDIT", staff, json!(rows))).await.expect("an answer");
    let right = verdict().await;
    let counts = ["lost", "mismatches", "duplicates", "approved"].map(|name| right[name].as_u64());
    assert_eq!(counts, [Some(0), Some(0), Some(0), Some(1)], "{right}");

    // A complete year is classified; few may be Excellent.
    for number in [14, 15, 16, 17, 18, 19] {
        let staff = format!("GL-{number:05}");
        province.score(&token, &score(&staff, "2026", 1, Some("93.00"), &[])).await;
    }
    let (_, page) =
        province.json(Method::GET, &format!("/evaluation/api/v1/events?after={after}"), &token, None).await;
    let levels: BTreeMap<&str, &str> = page["events"]
        .as_array()
        .expect("events")
        .iter()
        .filter(|event| event["type"] == "classification")
        .map(|event| {
            (event["staff_number"].as_str().expect("a number"), event["level"].as_str().expect("a level"))
        })
        .collect();
    assert_eq!(levels.len(), 6);
    assert_eq!(levels.values().filter(|level| **level == "excellent").count(), 1, "{levels:?}");

    // The level that was sent counts, not the one of the printed figure.
    let mut rounded = score("GL-00020", "2026", 1, Some("70.00"), &[]);
    rounded["level"] = json!("completed");
    province.score(&token, &rounded).await;
    let (_, page) =
        province.json(Method::GET, &format!("/evaluation/api/v1/events?after={after}"), &token, None).await;
    let events = page["events"].as_array().expect("events");
    let decided: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "classification" && event["staff_number"] == "GL-00020")
        .map(|event| &event["level"])
        .collect();
    assert_eq!(decided, ["completed"]);
}

#[tokio::test]
async fn answer_lost_after_the_commit_leaves_the_effect_and_one_lost_before_leaves_none() {
    let province = Province::open().await;
    let token = province.national_token().await;
    let service = "/national/apisyncmsg";
    let list = message("EDIT", "GL-00003", json!([row("QUY_3", "02", "75.00")]));
    let effects = async || province.get("/sim/oracle").await["national"]["effects"].as_u64();

    province
        .faults(json!([{ "path_prefix": service, "kind": "reset_before", "every": 1, "times": 1 }]))
        .await;
    assert!(province.send(&token, &list).await.is_err());
    assert_eq!(effects().await, Some(0));

    province
        .faults(json!([{ "path_prefix": service, "kind": "reset_after_commit", "every": 1, "times": 1 }]))
        .await;
    assert!(province.send(&token, &list).await.is_err());
    assert_eq!(effects().await, Some(1));
    assert_eq!(province.send(&token, &list).await.expect("an answer").0, StatusCode::OK);
    assert_eq!(effects().await, Some(1), "sent again, changed nothing");

    province.faults(json!([{ "path_prefix": service, "kind": "truncate", "every": 1, "times": 1 }])).await;
    let answer =
        province.ask(Method::POST, "/national/apisyncmsg/syncmsg/servicem0006", &token, Some(&list)).await;
    let answer = answer.expect("a head");
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.bytes().await.is_err(), "the whole body came");
    let fired = province.get("/sim/faults").await;
    assert_eq!((&fired[0]["seen"], &fired[0]["fired"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn scripted_answers_come_as_written_and_stop_when_the_script_is_cleared() {
    let province = Province::open().await;
    let path = "/national/apisyncmsg/syncmsg/servicem0006";
    let token = province.national_token().await;
    let list = message("EDIT", "GL-00004", json!([row("QUY_3", "02", "75.00")]));
    let with = async |fault: Value| {
        let mut fault = fault;
        fault["path_prefix"] = json!("/national/apisyncmsg");
        fault["every"] = json!(1);
        province.faults(json!([fault])).await;
        let answer = province.ask(Method::POST, path, &token, Some(&list)).await.expect("an answer");
        let after = answer.headers().get("retry-after").map(|value| value.to_str().expect("text").to_owned());
        (answer.status().as_u16(), after, answer.text().await.expect("text"))
    };
    let (status, after, _) = with(json!({ "kind": "status", "code": 429, "retry_after": 7 })).await;
    assert_eq!((status, after.as_deref()), (429, Some("7")));
    assert_eq!(with(json!({ "kind": "token_expired" })).await.0, 401);
    let (status, _, text) = with(json!({ "kind": "err_code_1" })).await;
    assert!(status == 200 && text.contains("\"err_code\":1"), "{text}");
    assert!(with(json!({ "kind": "html" })).await.2.starts_with("<html"));
    assert!(serde_json::from_str::<Value>(&with(json!({ "kind": "garbage" })).await.2).is_err());
    assert_eq!(province.get("/sim/oracle").await["national"]["effects"], 0);
    let (status, _, text) = with(json!({ "kind": "slow", "ms": 20 })).await;
    assert!(status == 200 && text.contains("transaction_id"), "{text}");
    let cleared = province.json(Method::DELETE, "/sim/faults", "", None).await;
    assert_eq!(cleared.0, StatusCode::OK);
    assert_eq!(province.send(&token, &list).await.expect("an answer").1["err_code"], 0);
    assert_eq!(province.get("/sim/faults").await, json!([]));
}

#[tokio::test]
async fn restarted_province_remembers_what_it_received_and_lived() {
    let province = Province::open().await;
    let (national, evaluation) = (province.national_token().await, province.evaluation_token().await);
    let list = message("EDIT", "GL-00005", json!([row("QUY_3", "02", "75.00")]));
    province.send(&national, &list).await.expect("an answer");
    province.score(&evaluation, &score("GL-00005", CLOSING, 1, Some("75.00"), &[])).await;
    province.running.live(70).await.expect("life");
    let held = async |province: &Province| {
        (
            province.get("/sim/holdings").await,
            province.get("/sim/census").await,
            province.get("/sim/state").await,
        )
    };
    let before = held(&province).await;
    let Province { running, folder, .. } = province;
    drop(running);
    let again = Province::on(folder).await;
    assert_eq!(before, held(&again).await);
    assert_eq!(again.send(&national, &list).await.expect("an answer").0, StatusCode::UNAUTHORIZED);
    let token = again.national_token().await;
    again.send(&token, &list).await.expect("an answer");
    assert_eq!(
        again.get("/sim/oracle").await["national"]["effects"],
        1,
        "a second delivery after the restart"
    );
}

#[tokio::test]
async fn life_ends_where_it_was_told_to_and_steps_do_not_matter() {
    let (one, two) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let finite = |folder: &TempDir| SimulatorConfig { last_tick: Some(90), ..config(folder.path()) };
    install_tls();
    let (first, second) = (start(finite(&one)).await.expect("one"), start(finite(&two)).await.expect("two"));
    assert_eq!(first.live(500).await.expect("life"), 90);
    while !second.is_over() {
        second.live(7).await.expect("life");
    }
    assert_eq!(second.live(7).await.expect("life"), 0);
    let http = Client::builder().tls_certs_only([]).no_proxy().build().expect("a client");
    let census = async |running: &Running| -> Value {
        let url = format!("http://{}/sim/census", running.address);
        http.get(url).send().await.expect("an answer").json().await.expect("JSON")
    };
    assert_eq!(census(&first).await, census(&second).await);
    assert_eq!(census(&first).await.as_array().map(Vec::len), Some(BODIES.len()));
    let last = |folder: &TempDir| folder.path().join("drop/theo-doi-nhiem-vu-000090.xlsx").exists();
    assert!(last(&one) && last(&two), "the last sheet is missing");
}

#[tokio::test]
async fn bench_pages_walk_like_the_tracker() {
    let province = Province::open().await;
    let (mut ids, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page =
            province.get(&format!("/bench/1250/v1/tasks?limit=500&updated_since=0&cursor={cursor}")).await;
        assert_eq!(page["total"], 1_250);
        ids.extend(page["items"].as_array().expect("items").iter().map(|item| item["id"].to_string()));
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(ids.len(), 1_250);
    let page = province.get("/bench/tasks?page=3&size=500&total=1250").await;
    assert_eq!(page["items"].as_array().map(Vec::len), Some(250));
}

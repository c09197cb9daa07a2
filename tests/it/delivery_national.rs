//! The way of a result to the national database: what is sent, when, to whom, and what is never sent.
//!
//! The receiver is the simulated national database in its own server, or a scripted one where the exact bytes or an
//! unusual answer matter; both are real HTTP.

use crate::support::http::{Asked, Scripted, json as answer, status};
use crate::support::installation::{CHIEF, Installed, ORG, Targets, at, period, whom};
use crate::support::stores::{both, one};
use axum::body::Body;
use axum::http::Response;
use base64::Engine as _;
use chrono::NaiveDate;
use lienthong::delivery::deadline::{Deadline, deadlines};
use lienthong::delivery::{ResultList, ResultRow, payload_hash};
use lienthong::domain::RecordState;
use lienthong::error::Disposition;
use lienthong::pipeline::command::Command;
use lienthong::simulator::{Running, SECRETS, SimulatorConfig, start};
use lienthong::store::{OutboxKind, OutboxNew, ReceiptNew, Settlement};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) const SEND: &str = "/apisyncmsg/syncmsg/servicem0006";
pub(crate) const LOGIN: &str = "/ApiAuth/oauth/login";

/// A simulated province and its address.
pub(crate) struct Province {
    running: Running,
    folder: tempfile::TempDir,
    http: reqwest::Client,
}

impl Province {
    pub(crate) async fn open() -> Self {
        crate::support::install_tls();
        let folder = tempfile::tempdir().expect("folder");
        let config = SimulatorConfig {
            seed: 7,
            today: NaiveDate::from_ymd_opt(2026, 12, 7).expect("a day"),
            people: 128,
            tasks: 1_600,
            folder: folder.path().to_owned(),
            port: 0,
            last_tick: None,
            auto_tick_ms: None,
        };
        let running = start(config).await.expect("a province");
        let http = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("a client");
        Self { running, folder, http }
    }

    pub(crate) fn targets(&self) -> Targets {
        let secret =
            |name: &str| SECRETS.iter().find(|(known, _)| *known == name).expect("secret").1.to_owned();
        Targets {
            national: Some(self.url("/national")),
            evaluation: Some(self.url("/evaluation/api/v1")),
            user: secret("user"),
            national_password: secret("national"),
            evaluation_password: secret("evaluation"),
            exchange_s: 20,
            unconfirmed: false,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.address)
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.http.get(self.url(path)).send().await.expect("an answer").json().await.expect("JSON")
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) {
        let reply = self.http.post(self.url(path)).json(body).send().await.expect("an answer");
        assert!(reply.status().is_success());
    }

    /// Lines of the personnel office's history file about a person, under its head.
    pub(crate) fn history_of(&self, number: &str) -> Vec<u8> {
        let text = std::fs::read_to_string(self.folder.path().join("history.csv")).expect("a file");
        let lines = text.lines().enumerate().filter(|(index, line)| *index == 0 || line.contains(number));
        lines.map(|(_, line)| format!("{line}\n")).collect::<String>().into_bytes()
    }

    /// What is held of a person.
    pub(crate) async fn held(&self, number: &str) -> Value {
        self.get("/sim/holdings").await["national"][number].clone()
    }

    /// Messages accepted and changes they made.
    pub(crate) async fn counts(&self) -> (u64, u64) {
        let oracle = self.get("/sim/oracle").await;
        let count = |name: &str| oracle["national"][name].as_u64().expect("a count");
        (count("requests"), count("effects"))
    }
}

/// A national database that takes everything.
pub(crate) fn accepting(asked: &Asked) -> Response<Body> {
    match asked.path.as_str() {
        LOGIN => {
            answer(json!({ "access_token": "t1", "err_code": 0, "expired_time": "03:00:00 08-12-2099" }))
        }
        _ => {
            answer(json!({ "message": "ok", "err_code": 0, "transaction_id": format!("tx-{}", asked.index) }))
        }
    }
}

/// The text inside a message.
pub(crate) fn opened(asked: &Asked) -> Value {
    let message: Value = serde_json::from_str(&asked.body).expect("JSON");
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(message["jsonContent"].as_str().expect("content"))
        .expect("base64");
    serde_json::from_slice(&bytes).expect("JSON in UTF-8")
}

fn rows(asked: &Asked) -> Vec<Value> {
    let inner = opened(asked);
    inner["Data"]["Body"]["HOSO_CBCCVC"]["DS_KETQUA_DANHGIA_PHANLOAI"].as_array().expect("rows").clone()
}

#[tokio::test]
async fn result_travels_with_the_whole_history_and_its_receipt_is_kept() {
    let both = both().await;
    for store in &both.stores {
        let province = Province::open().await;
        let house = Installed::new(store, &province.targets(), "a", "2026-11-24T01:00:00Z");
        house.import(&[("GL-00002", "Trần Thị Bình")]).await;
        house.history("GL-00002,2025,91.5,good,77/QĐ-UBND,2025-12-10\nGL-00002,2026-Q2,80,,,").await;
        house.provisional("GL-00002", "2026-Q3", 1, "88.50").await;
        house.approve("GL-00002", "2026-Q3", 1).await;
        house.deliver().await;
        assert!(house.items("national").await.is_empty(), "an approved quarter waits for its close");
        house.close("2026-Q3").await;
        let waiting = house.newest("national").await.2;
        assert_eq!((waiting.state.as_str(), waiting.attempts), ("pending", 0));
        assert_eq!(waiting.deadline_at, Some(at("2026-11-29T17:00:00Z")), "five days from the close");
        house.deliver().await;
        assert_eq!(
            province.held("GL-00002").await,
            json!([
                { "Nam": "2025", "KyDanhGia": "NAM", "KetQuaDanhGia": "02", "DiemSo": "91.50",
                  "NgayQuyetDinh": "20251210", "SoQuyetDinh": "77/QĐ-UBND" },
                { "Nam": "2026", "KyDanhGia": "QUY_2", "KetQuaDanhGia": "00", "DiemSo": "80.00" },
                { "Nam": "2026", "KyDanhGia": "QUY_3", "KetQuaDanhGia": "02", "DiemSo": "88.50",
                  "NgayQuyetDinh": "20261124", "SoQuyetDinh": "12/QĐ-SNV" },
            ])
        );
        let sent = house.newest("national").await.2;
        let log = province.get("/sim/national").await;
        assert_eq!(sent.state, "acknowledged");
        assert_eq!(
            sent.transaction_id.as_deref(),
            log[0]["transaction_id"].as_str(),
            "the receiver's number"
        );
        let person = house.person("GL-00002").await;
        let record = store.latest_revision(person, period("2026-Q3")).await.expect("read").expect("record");
        assert_eq!(record.state, RecordState::Delivered);

        house.provisional("GL-00002", "2026", 1, "86.10").await;
        house.approve("GL-00002", "2026", 1).await;
        house.deliver().await;
        house.deliver().await;
        let held = province.held("GL-00002").await;
        assert_eq!(held.as_array().map(Vec::len), Some(4), "{held}");
        assert_eq!(held[3]["KyDanhGia"], "NAM");
        assert_eq!(province.counts().await, (2, 2), "{}: one message per change", store.kind());
    }
}

#[tokio::test]
async fn revision_and_its_delivery_are_one_transaction() {
    let both = both().await;
    for store in &both.stores {
        let server = Scripted::start(accepting).await;
        let house = Installed::new(store, &Targets::national(&server.base), "a", "2026-12-03T01:00:00Z");
        house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
        house.provisional("GL-00001", "2026", 1, "70").await;
        let approve = |revision| Command::RecordApprove {
            person: whom("GL-00001"),
            period: period("2026"),
            revision,
            level: Some(lienthong::domain::Level::Good),
            decision_no: None,
            opinion: None,
            author: "GL-00001 Nguyễn Văn An".into(),
        };
        let refused = house.order(approve(1)).await;
        assert_eq!(refused.findings[0].code, "LT-REC-004");
        assert!(house.items("national").await.is_empty(), "a refused approval sends nothing");
        house.approve("GL-00001", "2026", 1).await;
        assert_eq!(house.items("national").await.len(), 1);
        assert_eq!(server.asked().len(), 0, "nothing is sent before the transaction is through");
    }
}

#[tokio::test]
async fn login_and_message_are_these_bytes() {
    let (_folder, store) = one().await;
    let server = Scripted::start(accepting).await;
    let house = Installed::new(&store, &Targets::national(&server.base), "a", "2026-11-24T01:00:00Z");
    house.with_a_result().await;
    house.deliver().await;
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!((asked[0].method.as_str(), asked[0].path.as_str()), ("POST", LOGIN));
    assert_eq!(asked[0].body, r#"{"password":"mat-khau","username":"gialai"}"#);
    assert_eq!(asked[0].headers.get("authorization"), None);
    assert_eq!((asked[1].method.as_str(), asked[1].path.as_str()), ("POST", SEND));
    assert_eq!(asked[1].headers.get("authorization").map(String::as_str), Some("Bearer t1"));
    assert_eq!(asked[1].headers.get("content-type").map(String::as_str), Some("application/json"));
    let outer: Value = serde_json::from_str(&asked[1].body).expect("JSON");
    assert_eq!(
        outer.as_object().map(serde_json::Map::len),
        Some(2),
        "org_Code and jsonContent, nothing else"
    );
    assert_eq!(outer["org_Code"], ORG);
    let inner = r#"{"Data":{"Body":{"HOSO_CBCCVC":{"DS_KETQUA_DANHGIA_PHANLOAI":[{"DiemSo":"88.50","KetQuaDanhGia":"02","KyDanhGia":"QUY_3","Nam":"2026","NgayQuyetDinh":"20261124","SoQuyetDinh":"12/QĐ-SNV"}],"SoHieuCBCCVC_BNDP":"GL-00001"}},"Header":{"Action_Type":"EDIT","Sender_Code":"000.00.15.H21"}}}"#;
    let encoded = base64::engine::general_purpose::STANDARD.encode(inner);
    assert_eq!(asked[1].body, format!(r#"{{"jsonContent":"{encoded}","org_Code":"{ORG}"}}"#));
    let page = include_str!("../../docs/targets/NATIONAL.md");
    for example in [asked[0].body.as_str(), inner, asked[1].body.as_str()] {
        assert!(page.lines().any(|line| line == example), "docs/targets/NATIONAL.md shows {example}");
    }
}

#[tokio::test]
async fn nothing_is_sent_while_the_earlier_history_is_unknown() {
    let both = both().await;
    for store in &both.stores {
        let server = Scripted::start(accepting).await;
        let house = Installed::new(store, &Targets::national(&server.base), "a", "2026-12-03T01:00:00Z");
        house.import(&[("GL-00001", "Nguyễn Văn An"), ("GL-00002", "Trần Thị Bình")]).await;
        for number in ["GL-00001", "GL-00002"] {
            house.provisional(number, "2026", 1, "86").await;
            house.approve(number, "2026", 1).await;
        }
        house.deliver().await;
        assert_eq!(house.states("national").await, ["parked", "parked"], "{}", store.kind());
        assert_eq!(house.newest("national").await.1, "LT-DLV-020");
        // An order alone does not help: the reason still stands.
        let first = house.items("national").await.remove(0).id;
        house.ordered(Command::OutboxRetry { id: first, author: CHIEF.into() }).await;
        house.deliver().await;
        assert_eq!(house.states("national").await, ["parked", "parked"]);
        assert_eq!(server.asked().len(), 0, "not even a login");

        house.history("GL-00001,2024,75,good,,").await;
        house.deliver().await;
        let sent: Vec<Vec<Value>> =
            server.asked().iter().filter(|asked| asked.path == SEND).map(rows).collect();
        assert_eq!(sent.len(), 1, "the other one still waits");
        let years: Vec<&Value> = sent[0].iter().map(|row| &row["Nam"]).collect();
        assert_eq!(years, [&json!("2024"), &json!("2026")], "the list was made anew with what is known now");
        house.no_history().await;
        house.deliver().await;
        assert_eq!(server.count(SEND), 2);
    }
}

#[tokio::test]
async fn list_made_before_a_history_became_known_is_made_anew_before_it_goes_out() {
    let both = both().await;
    for store in &both.stores {
        let server = Scripted::start(accepting).await;
        let house = Installed::new(store, &Targets::national(&server.base), "a", "2026-12-03T01:00:00Z");
        house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
        house.provisional("GL-00001", "2026", 1, "86").await;
        house.approve("GL-00001", "2026", 1).await;
        house.deliver().await;
        // The import is through and the power goes before lists are renewed.
        let kept = [(
            house.person("GL-00001").await,
            period("2024"),
            serde_json::to_value(good_in("2024")).expect("row"),
        )];
        store
            .import_history(
                &kept,
                lienthong::store::Importer { author: CHIEF, document: None, at: house.app.clock.now() },
            )
            .await
            .expect("imported");
        let parked = house.newest("national").await.2;
        house.ordered(Command::OutboxRetry { id: parked.id, author: CHIEF.into() }).await;
        house.deliver().await;
        house.deliver().await;
        let sent: Vec<usize> =
            server.asked().iter().filter(|asked| asked.path == SEND).map(|asked| rows(asked).len()).collect();
        assert_eq!(sent, [2], "{}: the old list never left", store.kind());
        let last = house.newest("national").await.2;
        assert_eq!(last.state, "acknowledged");
        assert_eq!(last.deadline_at, parked.deadline_at, "the clock of the first list runs on");
    }
}

/// A year that was classified as good.
fn good_in(year: &str) -> ResultRow {
    ResultRow {
        period: period(year),
        level: Some(lienthong::domain::Level::Good),
        score: None,
        decision_no: None,
        decided_on: None,
    }
}

fn foreign_list(house: &Installed, person: lienthong::domain::PersonId, years: &[&str]) -> OutboxNew {
    let rows = years.iter().map(|year| good_in(year)).collect::<Vec<_>>();
    let list_len = u32::try_from(rows.len()).expect("few");
    let payload = ResultList { staff_number: "GL-00001".into(), rows }.canonical().expect("bytes");
    OutboxNew {
        target: house.target(),
        kind: OutboxKind::Result,
        person,
        period: period("2025"),
        revision: 1,
        payload_hash: payload_hash(&payload),
        payload,
        list_len,
        covers: Vec::new(),
        deadline_at: Some(at("2026-12-20T17:00:00Z")),
        deadlines: json!([]),
        at: house.app.clock.now(),
        allowed: None,
    }
}

/// An earlier installation had sent these years; this one knows nothing of them.
async fn acknowledged_before(house: &Installed, years: &[&str]) {
    let store = &house.app.store;
    let person = house.person("GL-00001").await;
    store.enqueue(&[foreign_list(house, person, years)]).await.expect("enqueued");
    let now = house.app.clock.now();
    let claimed = store
        .claim_outbox(&house.target(), "earlier", now, Duration::from_secs(60), 10)
        .await
        .expect("claimed");
    let receipt = ReceiptNew {
        transaction_id: "old".into(),
        received_at: now,
        answer: "{}".into(),
        payload_hash: claimed[0].payload_hash.clone(),
    };
    let settled = Settlement::Acknowledged { receipt, verified: false };
    store.settle(claimed[0].id, claimed[0].fence, settled, now).await.expect("settled");
}

/// A person whose list of 2026 lacks the years 2023 and 2025, which the receiver has acknowledged.
async fn shorter_than_acknowledged(store: &lienthong::store::Store, base: &str) -> Installed {
    let house = Installed::new(store, &Targets::national(base), "a", "2026-12-03T01:00:00Z");
    house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
    house.no_history().await;
    acknowledged_before(&house, &["2023", "2025"]).await;
    house.provisional("GL-00001", "2026", 1, "86").await;
    house.approve("GL-00001", "2026", 1).await;
    house
}

#[tokio::test]
async fn list_that_lacks_what_was_acknowledged_is_never_sent() {
    let both = both().await;
    for store in &both.stores {
        let server = Scripted::start(accepting).await;
        let house = shorter_than_acknowledged(store, &server.base).await;
        house.history("GL-00001,2025,80,good,,").await;
        house.deliver().await;
        let (state, code, line) = house.newest("national").await;
        assert_eq!((state.as_str(), code.as_str()), ("parked", "LT-DLV-021"));
        let why = line.finding.expect("why").what.vi;
        assert!(why.contains("kỳ 2023") && !why.contains("2025"), "as many rows, but one is lost: {why}");
        assert_eq!(server.asked().len(), 0);
        house.history("GL-00001,2023,80,good,,").await;
        house.deliver().await;
        assert_eq!(rows(&server.asked()[1]).len(), 3, "complete again, and sent by itself");
    }
}

#[tokio::test]
async fn list_without_an_annulled_result_goes_out_on_a_named_persons_word_and_only_that_list() {
    let both = both().await;
    for store in &both.stores {
        let server = Scripted::start(accepting).await;
        let house = shorter_than_acknowledged(store, &server.base).await;
        let allow = |id, reason: &str, document: &str| Command::OutboxAllow {
            id,
            author: CHIEF.into(),
            reason: reason.into(),
            document: document.into(),
        };
        let id = house.newest("national").await.2.id;
        let refused = async |command| house.order(command).await.findings[0].code.clone();
        let all = || allow(id, "kết quả năm 2023 bị hủy", "7/QĐ-UBND");
        assert_eq!(refused(all()).await, "LT-DLV-026", "nothing has held it back yet");
        house.deliver().await;
        assert_eq!(house.newest("national").await.1, "LT-DLV-021");
        assert_eq!(refused(allow(id, " ", "7/QĐ-UBND")).await, "LT-DLV-027");
        assert_eq!(refused(allow(id, "kết quả bị hủy", "")).await, "LT-DLV-027");
        assert_eq!(refused(allow(uuid::Uuid::now_v7(), "bị hủy", "7/QĐ")).await, "LT-DLV-026");
        assert_eq!(house.newest("national").await.0, "parked", "{}", store.kind());
        house.ordered(all()).await;
        // Something changed before it left: the list made anew is another one, and held back again.
        house.history("GL-00001,2025,80,good,,").await;
        house.deliver().await;
        house.deliver().await;
        let (state, code, line) = house.newest("national").await;
        assert_eq!((state.as_str(), code.as_str()), ("parked", "LT-DLV-021"), "{}", store.kind());
        assert!(line.id != id && line.allowed_by.is_none());
        assert_eq!(server.count(SEND), 0);
        assert_eq!(refused(all()).await, "LT-DLV-026", "the item that was allowed is no more");

        house.ordered(allow(line.id, "kết quả năm 2023 bị hủy", "7/QĐ-UBND")).await;
        house.deliver().await;
        let (state, _, sent) = house.newest("national").await;
        assert_eq!((state.as_str(), sent.id), ("acknowledged", line.id), "{}", store.kind());
        assert_eq!(sent.allowed_by.as_deref(), Some(CHIEF));
        assert_eq!(rows(&server.asked()[1]).len(), 2, "2025 and 2026");
        let audit = store.audit_entries(i64::MAX, 100).await.expect("audit");
        let told = audit.iter().find(|entry| entry.action == "outbox_allowed").expect("an entry");
        assert!(told.detail.contains("7/QĐ-UBND") && told.detail.contains("2023"), "{told:?}");
        assert_eq!(told.reason.as_deref(), Some("kết quả năm 2023 bị hủy"));
        // What is there now is what the next list is compared with.
        house.history("GL-00001,2024,80,good,,").await;
        house.deliver().await;
        assert_eq!(house.newest("national").await.0, "acknowledged");
        assert_eq!(server.count(SEND), 2);
    }
}

#[tokio::test]
async fn results_approved_before_a_national_database_was_connected_are_sent_later() {
    let both = both().await;
    for store in &both.stores {
        let server = Scripted::start(accepting).await;
        let none = Targets { exchange_s: 20, ..Targets::default() };
        let before = Installed::new(store, &none, "a", "2026-11-24T01:00:00Z");
        before.with_a_result().await;
        assert!(before.items("national").await.is_empty());
        let after = Installed::new(store, &Targets::national(&server.base), "a", "2026-11-26T01:00:00Z");
        after.deliver().await;
        let line = after.newest("national").await.2;
        assert_eq!(
            (line.state.as_str(), line.period.as_str()),
            ("acknowledged", "2026-Q3"),
            "{}",
            store.kind()
        );
        assert_eq!(line.deadline_at, Some(at("2026-11-29T17:00:00Z")), "still counted from the close");
        after.deliver().await;
        assert_eq!(server.count(SEND), 1);
    }
}

#[tokio::test]
async fn database_whose_lists_nobody_confirmed_gets_nothing_and_nothing_is_lost() {
    let (_folder, store) = one().await;
    let server = Scripted::start(accepting).await;
    let targets = Targets { unconfirmed: true, ..Targets::national(&server.base) };
    let house = Installed::new(&store, &targets, "a", "2026-11-24T01:00:00Z");
    house.with_a_result().await;
    let report = house.deliver().await;
    assert_eq!(report.findings.first().map(|finding| finding.code.as_str()), Some("LT-DLV-011"));
    assert_eq!(house.states("national").await, ["pending"]);
    assert_eq!(server.asked().len(), 0, "not even a login");
    let confirmed = Installed::new(&store, &Targets::national(&server.base), "a", "2026-11-25T01:00:00Z");
    confirmed.deliver().await;
    assert_eq!(server.count(SEND), 1);
}

#[test]
fn documented_configurations_are_configurations() {
    for page in
        [include_str!("../../docs/targets/NATIONAL.md"), include_str!("../../docs/targets/EVALUATION.md")]
    {
        let block =
            page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
        let unit = "[[unit]]\ncode = \"GL\"\nname = \"UBND tỉnh Gia Lai\"\nkind = \"province\"\n";
        let text = format!("{unit}{block}");
        let path = std::path::Path::new("/nowhere/lienthong.toml");
        let overrides = lienthong::config::Overrides::default();
        let loaded = lienthong::config::load_text(path, &text, [], &overrides)
            .unwrap_or_else(|findings| panic!("{findings}\n{text}"));
        assert!(loaded.config.target.iter().all(|target| target.is_released()));
    }
}

#[tokio::test]
async fn newer_list_supersedes_an_undelivered_one_and_takes_its_deadline_and_records_along() {
    let both = both().await;
    for store in &both.stores {
        let server = Scripted::start(accepting).await;
        let house = Installed::new(store, &Targets::national(&server.base), "a", "2026-11-24T01:00:00Z");
        house.with_a_result().await;
        let house = house.later("2026-11-27T01:00:00Z");
        house.provisional("GL-00001", "2026", 1, "86").await;
        house.approve("GL-00001", "2026", 1).await;
        assert_eq!(house.states("national").await, ["superseded", "pending"]);
        let line = house.newest("national").await.2;
        assert_eq!(
            line.deadline_at,
            Some(at("2026-11-29T17:00:00Z")),
            "the quarter is still due on the 29th"
        );
        house.deliver().await;
        assert_eq!(server.count(SEND), 1, "{}: one message carries both", store.kind());
        let person = house.person("GL-00001").await;
        for which in ["2026-Q3", "2026"] {
            let record = store.latest_revision(person, period(which)).await.expect("read").expect("record");
            assert_eq!(record.state, RecordState::Delivered, "{which}");
        }
    }
}

#[tokio::test]
async fn correction_of_a_closed_period_is_a_new_version_that_replaces_the_old_row() {
    let (_folder, store) = one().await;
    let province = Province::open().await;
    let house = Installed::new(&store, &province.targets(), "a", "2026-11-24T01:00:00Z");
    house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
    house.no_history().await;
    house.provisional("GL-00001", "2026-Q3", 1, "88.50").await;
    house.approve("GL-00001", "2026-Q3", 1).await;
    house.close("2026-Q3").await;
    house.deliver().await;
    house.provisional("GL-00001", "2026-Q3", 3, "69.90").await;
    house.deliver().await;
    assert_eq!(province.counts().await, (1, 1), "a correction waits for its approval");
    let later = house.later("2026-12-01T01:00:00Z");
    later.approve("GL-00001", "2026-Q3", 3).await;
    assert_eq!(
        later.newest("national").await.2.deadline_at,
        Some(at("2026-12-06T17:00:00Z")),
        "counted from the new approval"
    );
    later.deliver().await;
    let held = province.held("GL-00001").await;
    assert_eq!((held.as_array().map(Vec::len), &held[0]["DiemSo"]), (Some(1), &json!("69.90")));
    assert_eq!(held[0]["KetQuaDanhGia"], "03");
    let lines = later.items("national").await;
    assert_eq!(lines.iter().map(|line| line.revision).collect::<Vec<_>>(), [2, 4], "both are kept");
    assert!(lines.iter().all(|line| line.transaction_id.is_some()));
}

#[tokio::test]
async fn person_sees_why_an_item_waits_retries_it_and_parks_it() {
    let (_folder, store) = one().await;
    let server = Scripted::start(|asked| match asked.path.as_str() {
        LOGIN => accepting(asked),
        _ => answer(json!({ "message": "Không tồn tại hồ sơ", "err_code": 1, "transaction_id": "t" })),
    })
    .await;
    let house = Installed::new(&store, &Targets::national(&server.base), "a", "2026-11-24T01:00:00Z");
    house.with_a_result().await;
    house.deliver().await;
    let list = async |state: Option<&str>| {
        let command = Command::OutboxList { target: None, state: state.map(str::to_owned), limit: 10 };
        let document = house.ordered(command).await.document;
        document.to_json(lienthong::error::Lang::Vi)
    };
    let shown = list(Some("rejected")).await;
    let row = &shown.as_array().expect("a list")[0];
    assert_eq!((&row["code"], &row["state"]), (&json!("LT-DLV-001"), &json!("rejected")), "{row}");
    assert!(row["reason"].to_string().contains("Không tồn tại hồ sơ"), "{row}");
    assert!(row["remedy"].to_string().contains("outbox retry"), "{row}");
    assert_eq!(row["deadline_at"], "2026-11-29T17:00:00Z", "the clock runs on");
    house.deliver().await;
    assert_eq!(server.count(SEND), 1, "what was refused is not repeated by itself");

    let id = house.newest("national").await.2.id;
    let park = || Command::OutboxPark { id, author: CHIEF.into(), reason: "chờ bên nhận".into() };
    house.ordered(park()).await;
    let row = list(Some("parked")).await[0].clone();
    assert_eq!(row["code"], "LT-DLV-023");
    assert!(row["reason"].to_string().contains("chờ bên nhận"));
    assert_eq!(house.order(park()).await.findings[0].code, "LT-DLV-024", "it is parked already");
    house.ordered(Command::OutboxRetry { id, author: CHIEF.into() }).await;
    house.deliver().await;
    assert_eq!((server.count(SEND), house.newest("national").await.0.as_str()), (2, "rejected"));

    // All that wait at once, but not what a person took out of the queue.
    let all = async |target: &str, state: Option<&str>| {
        let command = Command::OutboxRetryAll {
            target: Some(target.parse().expect("a name")),
            state: state.map(str::to_owned),
            author: CHIEF.into(),
        };
        let outcome = house.order(command).await;
        (outcome.document.to_json(lienthong::error::Lang::En), outcome.findings)
    };
    let (none, told) = all("nowhere", None).await;
    assert_eq!((none, told[0].code.as_str()), (Value::Null, "LT-DLV-025"));
    let (answer, _) = all("national", Some("parked")).await;
    assert_eq!(answer, json!({ "due": 0, "overtaken": 0, "kept": 0 }), "it was refused, not parked");
    let (answer, _) = all("national", None).await;
    assert_eq!(answer, json!({ "due": 1, "overtaken": 0, "kept": 0 }));
    let journal = store.audit_entries(i64::MAX, 1).await.expect("journal");
    assert_eq!(
        (journal[0].action.as_str(), journal[0].object.as_str()),
        ("outbox_retried", format!("outbox {id}").as_str())
    );
    house.deliver().await;
    assert_eq!(server.count(SEND), 3);
    house.ordered(park()).await;
    let (answer, _) = all("national", None).await;
    assert_eq!(answer, json!({ "due": 0, "overtaken": 0, "kept": 1 }));
    assert_eq!(list(Some("parked")).await.as_array().map(Vec::len), Some(1), "its own order frees it");
}

#[tokio::test]
async fn target_that_refuses_the_login_is_told_with_code_and_moment_until_something_arrives() {
    let both = both().await;
    for store in &both.stores {
        let opens = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let server = {
            let opens = opens.clone();
            Scripted::start(move |asked| match asked.path.as_str() {
                LOGIN if opens.load(std::sync::atomic::Ordering::Relaxed) => accepting(asked),
                LOGIN => status(401, &[], "{}"),
                _ => accepting(asked),
            })
            .await
        };
        let house = Installed::new(store, &Targets::national(&server.base), "a", "2026-11-24T01:00:00Z");
        house.with_a_result().await;
        let shown = async |house: &Installed| {
            let outcome = house.ordered(Command::Status {}).await;
            let told: Vec<String> = outcome.findings.iter().map(|finding| finding.code.clone()).collect();
            let document = outcome.document.to_json(lienthong::error::Lang::En);
            let row = document["targets"].as_array().expect("targets").iter();
            let row = row.clone().find(|row| row["target"] == "national").expect("a row").clone();
            (row, told)
        };
        let (row, told) = shown(&house).await;
        assert_eq!((&row["state"], &row["failed_at"], told.len()), (&json!("in_use"), &Value::Null, 0));
        house.deliver().await;
        let (row, told) = shown(&house).await;
        assert_eq!(row["state"], "failing", "{}: {row}", store.kind());
        assert_eq!(vec![row["code"].as_str().expect("a code").to_owned()], told);
        assert!(row["failed_at"].as_str().is_some_and(|at| at.starts_with("2026-11-24T01:00")), "{row}");
        opens.store(true, std::sync::atomic::Ordering::Relaxed);
        // After a restart: a login that was refused is not tried again at once.
        let later = Installed::new(store, &Targets::national(&server.base), "a", "2026-11-25T01:00:00Z");
        later.deliver().await;
        let (row, told) = shown(&later).await;
        assert_eq!((&row["state"], &row["code"], told.len()), (&json!("in_use"), &Value::Null, 0), "{row}");
    }
}

#[tokio::test]
async fn target_fails_no_more_once_it_refuses_an_item_or_nothing_waits_for_it() {
    let both = both().await;
    for store in &both.stores {
        let opens = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let open = |open: bool| opens.store(open, std::sync::atomic::Ordering::Relaxed);
        let server = {
            let opens = opens.clone();
            Scripted::start(move |asked| match asked.path.as_str() {
                LOGIN if opens.load(std::sync::atomic::Ordering::Relaxed) => accepting(asked),
                LOGIN => status(401, &[], "{}"),
                _ => {
                    answer(json!({ "message": "Không tồn tại hồ sơ", "err_code": 1, "transaction_id": "t" }))
                }
            })
            .await
        };
        // Each time after a restart: a login that was refused is not tried again at once.
        let at_work = |now: &str| Installed::new(store, &Targets::national(&server.base), "a", now);
        let shown = async |house: &Installed| {
            let outcome = house.ordered(Command::Status {}).await;
            let document = outcome.document.to_json(lienthong::error::Lang::En);
            let mut rows = document["targets"].as_array().expect("targets").iter();
            let row = rows.find(|row| row["target"] == "national").expect("a row");
            (row["state"].as_str().expect("a state").to_owned(), outcome.findings.len())
        };
        let house = at_work("2026-11-24T01:00:00Z");
        house.with_a_result().await;
        house.deliver().await;
        assert_eq!(shown(&house).await, ("failing".to_owned(), 1), "{}", store.kind());
        open(true);
        let house = at_work("2026-11-25T01:00:00Z");
        house.deliver().await;
        let (state, _, line) = house.newest("national").await;
        assert_eq!(state, "rejected");
        assert_eq!(shown(&house).await, ("in_use".to_owned(), 0), "{}: it answered", store.kind());
        open(false);
        let house = at_work("2026-11-26T01:00:00Z");
        house.ordered(Command::OutboxRetry { id: line.id, author: CHIEF.into() }).await;
        house.deliver().await;
        assert_eq!(shown(&house).await, ("failing".to_owned(), 1), "{}", store.kind());
        let reason = "chờ bên nhận".to_owned();
        house.ordered(Command::OutboxPark { id: line.id, author: CHIEF.into(), reason }).await;
        assert_eq!(shown(&house).await, ("in_use".to_owned(), 0), "{}: nothing waits", store.kind());
    }
}

#[tokio::test]
async fn deadlines_follow_the_configured_rules_over_new_year_tet_and_swapped_days() {
    let (_folder, store) = one().await;
    let house = Installed::new(&store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T01:00:00Z");
    let policy = &house.app.policy;
    let rules = policy.rule_set(period("2026-Q4")).expect("in force");
    // Last permitted day of the 1-day, 3-working-day and 5-day rule, in that order.
    let last_days = |start: &str| -> Vec<String> {
        let all: Vec<Deadline> = deadlines(at(start), &rules.sync_deadline, &policy.calendar);
        ["1 ngày", "3 ngày làm việc", "05 ngày"]
            .map(|word| {
                let rule = all.iter().find(|limit| limit.name.ends_with(word)).expect("a rule");
                let local = rule.at.with_timezone(&lienthong::domain::local_offset());
                assert_eq!(local.format("%H:%M:%S").to_string(), "00:00:00", "ends with the day in Gia Lai");
                (local.date_naive() - chrono::Days::new(1)).to_string()
            })
            .to_vec()
    };
    // Wednesday 25 November 2026, one millisecond before and at midnight in Asia/Ho_Chi_Minh.
    assert_eq!(last_days("2026-11-25T16:59:59.999Z"), ["2026-11-26", "2026-11-30", "2026-11-30"]);
    assert_eq!(last_days("2026-11-25T17:00:00Z"), ["2026-11-27", "2026-12-01", "2026-12-01"]);
    // New Year's Eve 2025: 1 and 2 January 2026 are closed, Saturday 10 January is worked.
    assert_eq!(last_days("2025-12-31T03:00:00Z"), ["2026-01-01", "2026-01-07", "2026-01-05"]);
    assert_eq!(last_days("2026-01-08T03:00:00Z"), ["2026-01-09", "2026-01-12", "2026-01-13"]);
    // Friday before Tết Bính Ngọ (16–20 February 2026): work begins again on Monday the 23rd.
    assert_eq!(last_days("2026-02-13T03:00:00Z"), ["2026-02-14", "2026-02-25", "2026-02-18"]);
    // During Tết.
    assert_eq!(last_days("2026-02-17T16:00:00Z"), ["2026-02-18", "2026-02-25", "2026-02-22"]);
    // Saturday 22 August is worked for Monday 31 August; 1 and 2 September are closed.
    assert_eq!(last_days("2026-08-20T03:00:00Z"), ["2026-08-21", "2026-08-24", "2026-08-25"]);
    assert_eq!(last_days("2026-08-28T03:00:00Z"), ["2026-08-29", "2026-09-07", "2026-09-02"]);
}

#[tokio::test]
async fn message_is_refused_before_it_leaves_when_a_level_has_no_code() {
    let (_folder, store) = one().await;
    let server = Scripted::start(|_| status(500, &[], "")).await;
    let house = Installed::new(&store, &Targets::national(&server.base), "a", "2026-11-24T01:00:00Z");
    house.with_a_result().await;
    let target = house.app.national.clone().expect("target");
    let unreadable = lienthong::delivery::Item { key: "x".into(), payload: b"not json".to_vec() };
    let refused = lienthong::delivery::Target::send(&*target, &unreadable).await;
    assert!(
        matches!(&refused, lienthong::delivery::Answer::NotSent { finding, disposition: Disposition::GiveUp, .. }
            if finding.code == "LT-DLV-006"),
        "{refused:?}"
    );
    assert_eq!(server.asked().len(), 0);
}

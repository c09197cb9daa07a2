//! The page's surface over HTTP: probes, metrics, refusals, headers, and an installation without data.

mod approved;

use crate::support::install_tls;
use crate::support::installation::{CHIEF, Installed, Targets, period, whom};
use crate::support::stores::both;
use lienthong::config::{self, Overrides};
use lienthong::error::Lang;
use lienthong::pipeline::command::{Command, Document, LifeOrder, ScoreView};
use lienthong::pipeline::record::Record;
use lienthong::pipeline::step::Step as _;
use lienthong::pipeline::{App, assemble};
use lienthong::schedule::Board;
use lienthong::web::{Health, Hosts, Live, Web, router};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use sqlx::Connection as _;
use std::collections::BTreeSet;
use std::sync::Arc;
use tempfile::TempDir;
use tokio_util::task::AbortOnDropHandle;

/// A page on a store of its own.
pub(crate) struct Site {
    folder: TempDir,
    app: Arc<App>,
    health: Health,
    base: String,
    client: Client,
    _server: AbortOnDropHandle<()>,
}

impl Site {
    /// An installation that nobody has put anything into yet.
    async fn empty() -> Self {
        install_tls();
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("lienthong.toml");
        let text = format!("[daemon]\ndata_dir = {:?}\n", folder.path().join("data").display().to_string());
        let loaded =
            config::load_text(&path, &text, std::iter::empty(), &Overrides::default()).expect("loads");
        let store = assemble::open_store(&loaded.config).await.expect("opens");
        store.migrate().await.expect("migrates");
        let app = Arc::new(assemble::assemble(&loaded, store, "test".to_owned()).await.expect("assembles"));
        Self::serving(folder, app).await
    }

    /// The page of an installation.
    pub(crate) async fn serving(folder: TempDir, app: Arc<App>) -> Self {
        let health = Health::default();
        let web = Web {
            app: app.clone(),
            name: "Tỉnh <thử>".to_owned(),
            board: Board::default(),
            simulated: false,
            lang: Lang::Vi,
            hosts: Hosts::new(&["lienthong.example.gov.vn".to_owned()]),
            health: health.clone(),
            live: Live::default(),
            metrics: Arc::new(String::new),
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("address"));
        let server = tokio::spawn(async move { axum::serve(listener, router(web)).await.expect("serves") });
        Self { folder, app, health, base, client: Client::new(), _server: AbortOnDropHandle::new(server) }
    }

    /// A page as it is read: its text, addresses with their slashes.
    pub(crate) async fn shown(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.expect("text").replace("&#x2f;", "/")
    }

    /// The same of what a search box finds.
    pub(crate) async fn found(&self, path: &str, name: &str) -> String {
        let sent = self
            .client
            .post(format!("{}{path}", self.base))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("name={name}"));
        let answer = sent.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.expect("text").replace("&#x2f;", "/")
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.base)).send().await.expect("an answer")
    }

    async fn ready(&self) -> (StatusCode, Value) {
        let answer = self.get("/readyz").await;
        (answer.status(), answer.json().await.expect("JSON"))
    }

    async fn make_the_schema_newer(&self) {
        let file = self.folder.path().join("data/lienthong.db");
        let mut connection =
            sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.expect("opens");
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                     VALUES (999, 'newer', 1, x'00', 1)";
        sqlx::query(newer).execute(&mut connection).await.expect("written");
        connection.close().await.expect("closes");
    }
}

const PAGES: [&str; 10] = [
    "/",
    "/units",
    "/tasks",
    "/scores",
    "/records",
    "/results",
    "/deliveries",
    "/waiting",
    "/changes",
    "/people",
];

#[tokio::test]
async fn year_that_is_classified_late_and_organisations_without_recognition_stand_among_what_waits() {
    let both = both().await;
    for store in &both.stores {
        for (now, late) in [("2026-12-07T01:00:00Z", false), ("2026-12-20T01:00:00Z", true)] {
            let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", now);
            if !late {
                house.import(&[("GL-00001", "Nguyễn Văn An")]).await;
                house.provisional("GL-00001", "2026", 1, "88.50").await;
            }
            let site = Site::serving(TempDir::new().expect("a folder"), house.app.clone()).await;
            let html = site.get("/waiting").await.text().await.expect("text");
            assert!(html.contains("Xếp loại năm 2026") && html.contains("LT-ORG-011"), "{now}");
            assert_eq!(html.contains("LT-REC-052"), late, "{now}");
        }
        let summer =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-08-01T01:00:00Z");
        let site = Site::serving(TempDir::new().expect("a folder"), summer.app.clone()).await;
        let html = site.get("/waiting").await.text().await.expect("text");
        assert!(!html.contains("Xếp loại năm"), "nobody classifies in summer");
    }
}

#[tokio::test]
async fn first_page_calls_nothing_sent_that_was_never_approved_and_names_a_receiver_that_is_missing() {
    let both = both().await;
    for store in &both.stores {
        let now = "2026-10-07T01:00:00Z";
        let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", now);
        house.import(&[("GL-00001", "Nguyễn Văn An"), ("GL-00002", "Trần Thị Bình")]).await;
        // Counts are kept for a moment: a page of its own counts anew.
        let home = async |house: &Installed| {
            let site = Site::serving(TempDir::new().expect("a folder"), house.app.clone()).await;
            site.get("/").await.text().await.expect("text")
        };
        assert!(home(&house).await.contains("Có, không còn gì chờ gửi"), "{}", store.kind());
        for number in ["GL-00001", "GL-00002"] {
            house.provisional(number, "2026-Q3", 1, "88.50").await;
            // A quarter that has not ended is nobody's fault yet.
            house.provisional(number, "2026-Q4", 1, "88.50").await;
        }
        let html = home(&house).await;
        assert!(
            html.contains("Chưa gửi hết: 2 kết quả của kỳ đã kết thúc chưa phê duyệt"),
            "{}",
            store.kind()
        );
        assert!(!html.contains("Có, không còn gì chờ gửi"), "{}", store.kind());
        assert!(html.contains("0 biên nhận của CSDL quốc gia"), "{}", store.kind());
        let alone = Installed::new(store, &Targets::evaluation("http://127.0.0.1:9"), "a", now);
        let html = home(&alone).await;
        assert!(html.contains("CSDL quốc gia chưa được khai báo"), "{}", store.kind());
        assert!(!html.contains("Không còn gì chờ gửi"), "{}", store.kind());
    }
}

#[tokio::test]
async fn an_installation_without_data_shows_what_is_missing_on_every_page_in_both_languages() {
    let site = Site::empty().await;
    for path in PAGES {
        for (lang, title) in [("vi", "Đến nội dung chính"), ("en", "Skip to content")] {
            let answer = site.get(&format!("{path}?lang={lang}")).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            let html = answer.text().await.expect("text");
            assert!(html.contains(title) && html.contains("</html>"), "{path} in {lang}");
            assert!(html.contains("Tỉnh &lt;thử&gt;"), "names are escaped");
            assert!(!html.contains("LT-WEB-001"), "{path} renders");
        }
    }
    let html = site.get("/").await.text().await.expect("text");
    assert!(
        html.contains("Chưa khai báo nguồn nào") && html.contains("[[source]]"),
        "the first step is named"
    );
    assert!(html.contains("Chưa khai báo CSDL quốc gia"));
}

#[tokio::test]
async fn what_does_not_exist_is_not_found_and_nothing_can_be_changed() {
    let site = Site::empty().await;
    let id = "01a21553-ebe3-772d-affa-060e235f57f7";
    for path in [
        "/nowhere".to_owned(),
        "/sources/nobody".to_owned(),
        "/tasks/999".to_owned(),
        "/tasks/x".to_owned(),
        format!("/deliveries/{id}"),
        format!("/scores/{id}/2026-Q3"),
        "/scores/x/y".to_owned(),
        "/assets/../Cargo.toml".to_owned(),
    ] {
        let answer = site.get(&path).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    for path in PAGES
        .into_iter()
        .filter(|path| !["/people", "/tasks", "/results", "/changes"].contains(path))
        .chain(["/readyz", "/metrics", "/live"])
    {
        let address = format!("{}{path}", site.base);
        for request in [site.client.post(&address), site.client.put(&address), site.client.delete(&address)] {
            let answer = request.body("x").send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        }
    }
}

#[tokio::test]
async fn odd_requests_get_an_answer_and_no_server_error() {
    let site = Site::empty().await;
    let long = "x".repeat(6_000);
    for query in [
        "after=%FF%FE",
        "before=-1",
        "before=99999999999999999999",
        "after=' OR 1=1 --",
        "period=2026-Q9",
        "unit=%00",
        "open=~~~",
        "line=-5",
        "state=nonsense",
        "target=../..",
        "lang=xx",
        "a&b&c=&=d",
        long.as_str(),
    ] {
        for path in PAGES {
            let answer = site.get(&format!("{path}?{query}")).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}?{}", &query[..query.len().min(60)]);
        }
    }
    let large =
        site.client.post(format!("{}/people", site.base)).body("name=".to_owned() + &"x".repeat(100_000));
    let large =
        large.header("content-type", "application/x-www-form-urlencoded").send().await.expect("an answer");
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_foreign_host_name_is_refused_on_every_path_and_every_answer_carries_the_headers() {
    let site = Site::empty().await;
    for path in PAGES.into_iter().chain(["/livez", "/readyz", "/metrics", "/nowhere", "/assets/live.js"]) {
        for (host, refused) in
            [("attacker.example", true), ("lienthong.example.gov.vn", false), ("localhost:8335", false)]
        {
            let request = site.client.get(format!("{}{path}", site.base)).header("host", host);
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status() == StatusCode::MISDIRECTED_REQUEST, refused, "{host}{path}");
            let header =
                |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
            let policy = header("content-security-policy");
            assert!(
                policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
                "{path}: {policy}"
            );
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert_eq!(header("referrer-policy"), "no-referrer");
            assert_eq!(header("cross-origin-resource-policy"), "same-origin");
            assert!(answer.headers().get("access-control-allow-origin").is_none());
            if refused {
                assert!(answer.text().await.expect("text").contains("LT-WEB-003"));
            }
        }
    }
}

#[tokio::test]
async fn pages_are_not_kept_and_assets_are_kept_by_their_content() {
    let site = Site::empty().await;
    let page = site.get("/").await;
    assert_eq!(page.headers()["cache-control"], "no-store");
    let html = page.text().await.expect("text");
    for kind in ["/assets/style-", "/assets/live-"] {
        let start = html.find(kind).expect("linked");
        let address: String = html[start..].chars().take_while(|c| *c != '"').collect();
        let answer = site.get(&address).await;
        assert_eq!(answer.status(), StatusCode::OK, "{address}");
        assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable");
    }
    assert_eq!(site.get("/assets/style-000000000000.css").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_daemon_is_live_always_and_ready_only_with_a_store_of_its_schema_and_not_while_stopping() {
    let site = Site::empty().await;
    let all_well = json!({ "ready": true, "store": "ok", "schema": "ok", "stopping": false });
    assert_eq!(site.ready().await, (StatusCode::OK, all_well));

    site.make_the_schema_newer().await;
    let (status, body) = site.ready().await;
    assert_eq!(
        (status, &body["schema"], &body["store"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("failing"), &json!("ok"))
    );

    site.app.store.close().await;
    let (status, body) = site.ready().await;
    assert_eq!((status, &body["store"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("failing")));
    let answer = site.get("/").await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let html = answer.text().await.expect("text");
    assert!(
        html.contains("LT-DB-") && html.contains("Cần làm gì"),
        "the page says what is wrong and what to do"
    );
    assert_eq!(site.get("/metrics").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let live = site.get("/livez").await;
    assert_eq!((live.status(), live.text().await.expect("text")), (StatusCode::OK, "ok\n".to_owned()));

    let site = Site::empty().await;
    site.health.stopping();
    let (status, body) = site.ready().await;
    assert_eq!(
        (status, &body["stopping"], &body["ready"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!(true), &json!(false))
    );
    assert_eq!(site.get("/livez").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn metrics_are_named_described_and_typed_and_each_sample_belongs_to_its_family() {
    let site = Site::empty().await;
    let answer = site.get("/metrics").await;
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = answer.text().await.expect("text");
    let (mut helped, mut typed) = (BTreeSet::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a name and a text");
            assert!(!help.is_empty() && helped.insert(name.to_owned()), "{name} is described once");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a name and a kind");
            assert!(matches!(kind, "gauge" | "counter" | "histogram"), "{line}");
            assert!(typed.insert(name.to_owned()), "{name} is typed once");
        } else {
            let (series, value) = line.rsplit_once(' ').expect("a sample");
            let name = series.split('{').next().expect("a name");
            assert!(name.starts_with("lienthong_") && typed.contains(name), "{line} follows its type");
            value.parse::<f64>().expect("a number");
        }
    }
    assert_eq!(helped, typed);
    assert!(
        typed.contains("lienthong_outbox_deadline_margin_seconds") && typed.contains("lienthong_store_up")
    );
}

#[tokio::test]
async fn approved_total_is_shown_with_its_state_where_another_one_is_computed_since() {
    const AN: &str = "GL-00001";
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        house.no_history().await;
        house.score(AN, "2026-Q3", Some("96.32"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        house.approve(AN, "2026-Q3", 1).await;
        let first_screen = async |house: &Installed| {
            let site = Site::serving(TempDir::new().expect("a folder"), house.app.clone()).await;
            site.get("/?lang=en").await.text().await.expect("text")
        };
        let html = first_screen(&house).await;
        assert!(html.contains("; 1 approved, sent once the period is closed"), "{html}");
        house.close("2026-Q3").await;
        let html = first_screen(&house).await;
        assert!(html.contains("; 1 approved records without a receipt"), "{html}");
        assert!(!html.contains("sent once the period is closed"), "it is closed: {html}");
        let site = Site::serving(TempDir::new().expect("a folder"), house.app.clone()).await;
        let address = format!("/scores/{}/2026-Q3", house.person(AN).await);
        let html = site.get(&address).await.text().await.expect("text");
        assert!(html.contains("96,32") && !html.contains("id=\"approved\""), "both say the same: {html}");

        house.score(AN, "2026-Q3", Some("96.68"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        for (lang, told, now, state) in [
            ("vi", ("Điểm đã duyệt (phiên bản 2):", ">96,32<"), "Tính lại bây giờ: 96,68.", "Đã phê duyệt"),
            ("en", ("Approved score (revision 2):", ">96.32<"), "Computed now: 96.68.", "Approved"),
        ] {
            let html = site.get(&format!("{address}?lang={lang}")).await.text().await.expect("text");
            let (before, after) = html.split_once("id=\"approved\"").expect("the approved total");
            let (beside, below) = after.split_once("</p>").expect("a paragraph");
            assert!(
                beside.contains(told.0) && beside.contains(told.1),
                "the figure that stands is the big one: {beside}"
            );
            assert!(beside.contains(&format!(">{state}</span>")), "{beside}");
            assert!(below.contains(now), "{below}");
            assert!(!before.contains(&format!(">{state}</span>")), "the computed total is not approved");
        }
        let list = site.get("/scores?period=2026-Q3&lang=en").await.text().await.expect("text");
        for told in ["96.68", "96.32", "revision 2, computed otherwise by now"] {
            assert!(list.contains(told), "{told} in {list}");
        }
        let show = Command::ScoreShow {
            period: Some(period("2026-Q3")),
            person: Some(whom(AN)),
            unit: None,
            view: Some(ScoreView::FullPeriod),
            limit: 10,
        };
        let shown = serde_json::to_value(house.ordered(show).await.document).expect("JSON");
        let columns = shown["columns"].as_array().expect("columns");
        let cell = |key: &str| {
            let at = columns.iter().position(|column| column["key"] == key).expect("a column");
            shown["rows"][0][at].clone()
        };
        assert_eq!(cell("total"), "96.68", "{}", store.kind());
        assert_eq!((cell("approved_total"), cell("approved_revision")), (json!("96.32"), json!(2)));
    }
}

#[tokio::test]
async fn papers_are_linked_and_come_whole_under_their_vietnamese_name() {
    const AN: &str = "GL-00001";
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        let site = Site::serving(TempDir::new().expect("a folder"), house.app.clone()).await;
        let address = format!("/scores/{}/2026-Q3", house.person(AN).await);
        let html = site.get(&address).await.text().await.expect("text");
        assert!(!html.contains("id=\"papers\""), "there is nothing to print: {html}");
        assert_eq!(site.get(&format!("{address}/01.docx")).await.status(), StatusCode::NOT_FOUND);
        house.score(AN, "2026-Q3", Some("96.32"), &[]).await;
        for (lang, told) in [("vi", "Phiếu công việc"), ("en", "Work sheet")] {
            let html = site.get(&format!("{address}?lang={lang}")).await.text().await.expect("text");
            assert!(html.contains("id=\"papers\"") && html.contains(told), "{html}");
        }
        let html = site.get(&address).await.text().await.expect("text");
        let links: Vec<String> = html
            .split("href=\"")
            .filter_map(|rest| rest.split('"').next())
            .filter(|link| link.ends_with(".docx") || link.ends_with(".xlsx"))
            .map(|link| link.replace("&#x2f;", "/"))
            .collect();
        assert_eq!(links.len(), 6, "three papers in two formats: {links:?}");
        for link in links {
            let answer = site.get(&link).await;
            let header = |name: &str| answer.headers()[name].to_str().expect("ASCII").to_owned();
            assert_eq!((answer.status(), header("cache-control").as_str()), (StatusCode::OK, "no-store"));
            assert!(header("content-type").starts_with("application/vnd.openxmlformats"), "{link}");
            let name = header("content-disposition");
            assert!(
                name.starts_with("attachment; ") && name.contains("Nguy%E1%BB%85n%20V%C4%83n%20An"),
                "{name}"
            );
            let bytes = answer.bytes().await.expect("bytes");
            assert!(bytes.starts_with(b"PK"), "{link}");
        }
        for wrong in ["02.docx", "01.pdf", "01", "x.docx", "..%2f01.docx"] {
            let answer = site.get(&format!("{address}/{wrong}")).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{wrong}");
        }
    }
}

#[tokio::test]
async fn revoked_result_is_shown_as_not_in_force_with_who_why_and_by_which_document() {
    const AN: &str = "GL-00001";
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        house.score(AN, "2026-Q3", Some("96.32"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        house.approve(AN, "2026-Q3", 1).await;
        let order = LifeOrder::Revoke {
            person: whom(AN),
            period: period("2026-Q3"),
            revision: 2,
            reason: "kê khai không trung thực".into(),
            document: "31/QĐ-SNV".into(),
            author: CHIEF.into(),
        };
        house.ordered(Command::Life { order }).await;
        let site = Site::serving(TempDir::new().expect("a folder"), house.app.clone()).await;
        let address = format!("/scores/{}/2026-Q3", house.person(AN).await);
        let html = site.get(&address).await.text().await.expect("text");
        for told in [
            "Không có kết quả nào đang có hiệu lực",
            "<s>96,32</s>",
            "31/QĐ-SNV",
            "kê khai không trung thực",
            "Tính lại bây giờ, không có hiệu lực:",
        ] {
            assert!(html.replace("&#x2f;", "/").contains(told), "{told} in {html}");
        }
        assert!(!html.contains("class=\"big\""), "no figure stands out: {html}");
        let html = site.get(&format!("{address}?lang=en")).await.text().await.expect("text");
        assert!(html.contains("No result is in force"), "{html}");
        let list = site.get("/records?period=2026-Q3").await.text().await.expect("text");
        assert!(list.contains("không còn hiệu lực"), "{list}");
    }
}

#[tokio::test]
async fn what_moved_a_level_and_the_switches_applied_are_told_in_words_in_both_languages() {
    const AN: &str = "GL-00001";
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        let site = Site::serving(TempDir::new().expect("a folder"), house.app.clone()).await;
        let address = format!("/scores/{}/2026", house.person(AN).await);
        let page = async |lang: &str| {
            let html = site.get(&format!("{address}?lang={lang}")).await.text().await.expect("text");
            html.replace("&#x2f;", "/")
        };
        house.score(AN, "2026", Some("92.00"), &[]).await;
        assert!(!page("vi").await.contains("id=\"ruled\""), "nothing moved it");
        let derivation = json!({
            "ruled": [
                { "rule": "quarter_not_completed_no_excellent_year", "from": "excellent", "to": "good",
                  "because": "1 quarters not completed" },
                { "rule": "Đ20.6", "from": "good", "to": "completed", "because": "organisation completed" },
            ],
            "rule_set": { "id": "gia-lai", "late_unit": "occurrence", "extra_in_denominator": false },
        });
        house.score_of(AN, "2026", (Some("92.01"), &[]), &derivation).await;
        for (lang, told) in [
            (
                "vi",
                [
                    "Hoàn thành xuất sắc</span>",
                    "1 quý không hoàn thành nhiệm vụ",
                    "khoản 6 Điều 20",
                    "tổ chức được xếp loại: Hoàn thành nhiệm vụ",
                    "<dt>Chậm tiến độ tính theo (Đ14.2.c) <span class=\"mono\">late_unit</span></dt><dd>lần</dd>",
                ],
            ),
            (
                "en",
                [
                    "Excellent",
                    "1 quarters not completed",
                    "Art. 20(6)",
                    "the organisation is: Completed",
                    "<dt>Lateness is counted in <span class=\"mono\">late_unit</span></dt><dd>occurrences</dd>",
                ],
            ),
        ] {
            let html = page(lang).await;
            let (_, after) = html.split_once("id=\"ruled\"").expect("the section");
            for words in told {
                assert!(after.contains(words), "{words} ({}): {after}", store.kind());
            }
        }
    }
}

#[tokio::test]
async fn what_people_wrote_about_a_record_stands_on_its_page() {
    const AN: &str = "GL-00001";
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        house.score(AN, "2026-Q3", Some("96.32"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        let site = Site::serving(TempDir::new().expect("a folder"), house.app.clone()).await;
        let address = format!("/scores/{}/2026-Q3", house.person(AN).await);
        let page = async |lang: &str| {
            let html = site.get(&format!("{address}?lang={lang}")).await.text().await.expect("text");
            html.replace("&#x2f;", "/")
        };
        let html = page("vi").await;
        for section in ["words", "criteria", "holds", "notices", "petitions"] {
            assert!(!html.contains(&format!("id=\"{section}\"")), "nobody wrote anything: {section}");
        }
        let life = |order: LifeOrder| Command::Life { order };
        let (person, period) = (whom(AN), period("2026-Q3"));
        house
            .ordered(life(LifeOrder::SelfAssess {
                person: person.clone(),
                period,
                revision: 1,
                level: None,
                strengths: Some("chủ động".into()),
                weaknesses: None,
                author: "GL-00001 Nguyễn Văn An".into(),
            }))
            .await;
        let items = lienthong::domain::evaluation::GENERAL_ITEMS
            .map(|(item, ..)| (item.to_owned(), "2.5".parse().expect("points")));
        house
            .ordered(Command::CriteriaSet {
                person: person.clone(),
                period,
                decision: lienthong::domain::DecisionKind::GeneralCriteria { items: items.into() },
                document: None,
                author: CHIEF.into(),
            })
            .await;
        house
            .ordered(life(LifeOrder::PetitionOpen {
                person: person.clone(),
                period,
                received_on: None,
                content: "đề nghị xem lại số ngày chậm".into(),
                document: Some("4/ĐKN".into()),
                hold: true,
                author: CHIEF.into(),
            }))
            .await;
        let html = page("vi").await;
        let told =
            ["Ưu điểm", "chủ động", "Tự đánh giá", "id=\"criteria\"", "2,5", "đang tạm dừng", "Chờ trả lời"];
        for words in told {
            assert!(html.contains(words), "{words} on {}: {html}", store.kind());
        }
        // The page asks for no login: what somebody petitions for, and why a record is held, is for the orders alone.
        for words in ["đề nghị xem lại số ngày chậm", "4/ĐKN"] {
            assert!(!html.contains(words), "{words} on {}: {html}", store.kind());
        }
        let html = page("en").await;
        for words in ["Strengths", "2.5", "still held"] {
            assert!(html.contains(words), "{words}: {html}");
        }
    }
}

#[tokio::test]
async fn results_of_a_year_stand_side_by_side_filtered_searched_and_linked_to_records_and_form_02() {
    const AN: &str = "GL-00001";
    const BINH: &str = "GL-00002";
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
        house.import(&[(AN, "Nguyễn Văn An"), (BINH, "Trần Thị Bình")]).await;
        house.provisional(AN, "2026-Q1", 1, "88.50").await;
        house.approve(AN, "2026-Q1", 1).await;
        house.recorded(BINH, "2026-Q2", "71.25").await;
        house.score(AN, "2026", Some("88.50"), &[]).await;
        // Computed beside the imported result: nothing is missing of it.
        house.score(BINH, "2026-Q2", None, &["general_criteria"]).await;
        Record(house.app.clone()).run().await.expect("a run");
        house.approve(AN, "2026", 1).await;
        let site = Site::serving(TempDir::new().expect("a folder"), house.app.clone()).await;
        let shown = async |path: &str| {
            let answer = site.get(path).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            answer.text().await.expect("text").replace("&#x2f;", "/")
        };
        let (an, binh) = (house.person(AN).await, house.person(BINH).await);
        let html = shown("/").await;
        assert!(
            html.contains("Kết quả đã nhập") && !html.contains("period=2026-Q2&amp;state=computed"),
            "{html}"
        );
        let html = shown("/results").await;
        for told in [
            "Kết quả năm · Năm 2026".to_owned(),
            format!("href=\"/scores/{an}/2026-Q1\">88,50</a>"),
            format!("href=\"/scores/{an}/2026\">88,50</a>"),
            format!("href=\"/scores/{binh}/2026-Q2\">71,25</a>"),
            format!("href=\"/scores/{an}/2026/02.docx\""),
            "Hoàn thành tốt".to_owned(),
            "Đã phê duyệt".to_owned(),
        ] {
            assert!(html.contains(&told), "{told} on {}: {html}", store.kind());
        }
        assert!(!html.contains(&format!("/scores/{binh}/2026/02.docx")), "nothing to print: {html}");
        let answer = site.get(&format!("/scores/{an}/2026/02.docx")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let html = shown("/results?lang=en&state=approved").await;
        assert!(html.contains("Nguyễn Văn An") && !html.contains("Trần Thị Bình"), "{html}");
        assert!(html.contains("Results of the year") && html.contains(">88.50</a>"), "{html}");
        let html = shown("/results?state=none&unit=SNV").await;
        assert!(!html.contains("Nguyễn Văn An") && html.contains("Trần Thị Bình"), "{html}");
        // The level decided, or proposed where nobody decided yet.
        house.score(BINH, "2026", Some("71.25"), &[]).await;
        let html = shown("/results?level=good").await;
        assert!(html.contains("Nguyễn Văn An") && html.contains("Trần Thị Bình"), "{}: {html}", store.kind());
        let html = shown("/results?level=good&state=approved").await;
        assert!(html.contains("Nguyễn Văn An") && !html.contains("Trần Thị Bình"), "{html}");
        let html = shown("/results?level=excellent").await;
        assert!(!html.contains("Nguyễn Văn An") && html.contains("Không có ai khớp"), "{html}");
        let html = shown("/results?level=none").await;
        assert!(html.contains("Lê Văn Trưởng") && !html.contains("Nguyễn Văn An"), "{html}");
        // What was decided counts, not what was proposed before.
        Record(house.app.clone()).run().await.expect("a run");
        house
            .ordered(Command::RecordApprove {
                person: BINH.parse().expect("a person"),
                period: "2026".parse().expect("period"),
                revision: 1,
                level: Some(lienthong::domain::Level::Completed),
                decision_no: Some("13/QĐ-SNV".into()),
                opinion: None,
                author: CHIEF.into(),
            })
            .await;
        assert!(shown("/results?level=completed").await.contains("Trần Thị Bình"), "{}", store.kind());
        assert!(!shown("/results?level=good").await.contains("Trần Thị Bình"), "{}", store.kind());
        let html = shown("/results?year=2025").await;
        assert!(html.contains("Năm 2025") && !html.contains("88,50"), "{html}");
        let found = site
            .client
            .post(format!("{}/results", site.base))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("name=tran+binh");
        let html = found.send().await.expect("an answer").text().await.expect("text");
        assert!(!html.contains("Nguyễn Văn An") && html.contains("Trần Thị Bình"), "{html}");
    }
}

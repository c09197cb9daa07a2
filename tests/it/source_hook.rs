//! Calls by which a source says that something changed: signed, written down, one more pull, nothing believed.

use crate::pull_gates::{House, RULES, source, task};
use crate::support::site::{Site, until};
use crate::support::source::{HEAD, PASSWORD, STREAM};
use crate::support::stores::{both, one};
use hmac::{Hmac, Mac as _};
use lienthong::config::{SecretRef, SignatureEncoding, Webhook};
use lienthong::pipeline::App;
use lienthong::pipeline::hook::Hook;
use lienthong::pipeline::source::PullSource;
use lienthong::pipeline::step::Step as _;
use lienthong::store::{RunCounters, RunKind, RunOutcome, Store};
use reqwest::{Client, RequestBuilder};
use secrecy::SecretString;
use serde_json::Value;
use sha2::Sha256;
use std::sync::Arc;
use tokio_util::task::AbortOnDropHandle;

const SECRET: &str = "mot-bi-mat-du-dai-2026";
const BODY: &str = "{\"event\":\"task.changed\",\"note\":\"khong-duoc-ghi-lai\"}";

fn webhook(timestamp: bool) -> Webhook {
    Webhook {
        secret: SecretRef::File("hook".into()),
        header: "X-Signature".into(),
        prefix: "sha256=".into(),
        encoding: SignatureEncoding::Hex,
        signed: if timestamp { "{X-Time}.{body}" } else { "{body}" }.into(),
        timestamp_header: timestamp.then(|| "X-Time".to_owned()),
        tolerance_s: 60,
        body_kib: 1,
        at_most_every_s: 1,
    }
}

fn signature(text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(text.as_bytes());
    let bytes = mac.finalize().into_bytes();
    "sha256=".to_owned() + &bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
}

/// The house's installation, whose source may call, and the address for it.
struct Called {
    app: Arc<App>,
    base: String,
    client: Client,
    _server: AbortOnDropHandle<()>,
}

impl Called {
    async fn start(house: &House, timestamp: bool) -> Self {
        let mut app = house.app(RULES);
        let hook = Hook::new(&webhook(timestamp), &SecretString::from(SECRET));
        app.hooks.insert(source(), hook.unwrap_or_else(|(key, finding)| panic!("{key}: {finding}")));
        let app = Arc::new(app);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let base = format!("http://{}/hooks/", listener.local_addr().expect("address"));
        let router = lienthong::web::hook::router(app.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        Self { app, base, client: Client::new(), _server: AbortOnDropHandle::new(server) }
    }

    fn post(&self, source: &str) -> RequestBuilder {
        self.client.post(format!("{}{source}", self.base)).body(BODY)
    }

    async fn answer(&self, request: RequestBuilder) -> (u16, Value) {
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    async fn runs(&self, store: &Store) -> usize {
        PullSource::new(self.app.clone(), source()).run().await.expect("a run");
        store.runs(&source(), i64::MAX, 100).await.expect("runs").len()
    }
}

#[tokio::test]
async fn calls_are_one_more_pull_also_after_a_restart_and_none_is_lost_while_a_pull_runs() {
    let both = both().await;
    for store in &both.stores {
        let house = House::new(store).await;
        house.shows((0..3).map(task).collect());
        let called = Called::start(&house, false).await;
        assert_eq!(called.runs(store).await, 1, "the first pull");
        assert_eq!(called.runs(store).await, 1, "the schedule waits for the hour");

        for _ in 0..3 {
            let request = called.post("test").header("x-signature", signature(BODY));
            assert_eq!(called.answer(request).await.0, 202);
        }
        let hooks = store.source_state(&source()).await.expect("state").hooks;
        assert_eq!((hooks.received, hooks.served, hooks.waiting()), (3, 0, true), "{}", store.kind());
        // The process ends here; the next one finds the mark.
        drop(called);
        let called = Called::start(&house, false).await;
        house.shows((0..4).map(task).collect());
        until_runs(&called, store, 2).await;
        assert_eq!(store.count_live_tasks(&source()).await.expect("count"), 4);
        let hooks = store.source_state(&source()).await.expect("state").hooks;
        assert_eq!((hooks.received, hooks.served), (3, 3), "three calls were one pull");
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        assert_eq!(called.runs(store).await, 2);

        // A call that comes while a pull runs waits for the next one; a failed one and a backfill serve none.
        let now = called.app.clock.now();
        let finding = lienthong::error::Finding::error(
            "LT-SRC-001",
            lienthong::error::Text::new("lỗi", "an error"),
            lienthong::error::Text::new("thử lại", "try again"),
        );
        let failed = RunOutcome::Failed {
            finding: Box::new(finding),
            disposition: lienthong::error::Disposition::RetryLater,
            retry_after: None,
        };
        for (kind, outcome, served) in [
            (RunKind::Backfill, &RunOutcome::Succeeded, 3),
            (RunKind::Incremental, &failed, 3),
            (RunKind::Incremental, &RunOutcome::Succeeded, 5),
        ] {
            let run = store.begin_run(&source(), kind, now).await.expect("a run");
            store.mark_hooks(&source(), 1, now).await.expect("marked");
            let counters = RunCounters::default();
            store.finish_run(run, &source(), &counters, outcome, &[], now).await.expect("ended");
            let hooks = store.source_state(&source()).await.expect("state").hooks;
            assert_eq!((hooks.served, hooks.waiting()), (served, true), "{kind:?}");
        }
    }
}

async fn until_runs(called: &Called, store: &Store, wanted: usize) {
    for _ in 0..200 {
        if called.runs(store).await == wanted {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the call caused no pull");
}

#[tokio::test]
async fn unsigned_late_large_and_foreign_calls_change_nothing_and_say_a_code_alone() {
    let (_folder, store) = one().await;
    let house = House::new(&store).await;
    let called = Called::start(&house, true).await;
    let now = called.app.clock.now().timestamp();
    let signed = |time: i64, body: &str| {
        let (time, request) = (time.to_string(), called.post("test").body(body.to_owned()));
        request.header("x-signature", signature(&format!("{time}.{body}"))).header("x-time", time)
    };
    let large = "x".repeat(1_025);
    for (request, status, code) in [
        (called.post("test"), 401, "LT-HOOK-002"),
        (called.post("test").header("x-signature", signature(BODY)), 401, "LT-HOOK-002"),
        (signed(now, BODY).header("x-signature", "sha256=00"), 401, "LT-HOOK-002"),
        (signed(now, BODY).body("{}"), 401, "LT-HOOK-002"),
        (signed(now - 70, BODY), 401, "LT-HOOK-003"),
        (signed(now + 90, BODY), 401, "LT-HOOK-003"),
        (signed(now, &large), 413, "LT-HOOK-004"),
        (called.post("nobody"), 404, "LT-HOOK-001"),
        (called.post("test/more"), 404, "LT-HOOK-001"),
        (called.client.get(called.base.replace("/hooks/", "/")), 404, "LT-HOOK-001"),
    ] {
        let shown = format!("{request:?}");
        let (told, answer) = called.answer(request).await;
        let expected = serde_json::json!({ "accepted": false, "code": code });
        assert_eq!((told, answer), (status, expected), "{shown}");
    }
    let (status, _) = called.answer(called.client.get(format!("{}test", called.base))).await;
    assert_eq!(status, 405);
    assert_eq!(store.source_state(&source()).await.expect("state").hooks.received, 0);

    let (status, answer) = called.answer(signed(now, BODY)).await;
    assert_eq!((status, &answer["repeated"]), (202, &Value::Bool(false)));
    let (status, answer) = called.answer(signed(now, BODY)).await;
    assert_eq!((status, &answer["repeated"]), (202, &Value::Bool(true)), "the same call does nothing more");
    assert_eq!(store.source_state(&source()).await.expect("state").hooks.received, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_calls_at_once_are_all_counted() {
    let (_folder, store) = one().await;
    let house = House::new(&store).await;
    let called = Called::start(&house, false).await;
    let taken = futures_util::future::join_all((0..500).map(|_| async {
        called.answer(called.post("test").header("x-signature", signature(BODY))).await.0
    }))
    .await;
    let accepted = taken.iter().filter(|status| **status == 202).count();
    assert!(taken.iter().all(|status| [202, 503].contains(status)), "{taken:?}");
    assert!(accepted > 0);
    let hooks = store.source_state(&source()).await.expect("state").hooks;
    assert_eq!(hooks.received, accepted as u64, "what was answered 202 is written down");
}

/// The daemon: calls come to an address of their own, under any host name, and cause a pull at once.
#[tokio::test(flavor = "multi_thread")]
async fn daemon_takes_calls_at_an_address_that_shows_no_page_and_logs_refusals_once() {
    let server = crate::support::http::Scripted::start(|_| {
        let items = [serde_json::json!({ "id": 1, "name": "Báo cáo", "status": "1" })];
        crate::support::http::json(serde_json::json!({ "total": 1, "items": items }))
    })
    .await;
    let site = Site::new(&format!(
        "hooks_listen = \"127.0.0.1:0\"\n[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n\
         [[source]]\nid = \"desk\"\nunit = \"SNV\"\nmanifest = \"desk.toml\"\nschedule = \"0 0 1 1 *\"\nallow_http = true\n\
         settings = {{ base_url = \"{}\" }}\nsecrets = {{ password = {{ file = \"secret\" }} }}\n\
         [source.webhook]\nsecret = {{ file = \"hook\" }}\nheader = \"X-Signature\"\nprefix = \"sha256=\"\nat_most_every_s = 1\n",
        server.base
    ));
    site.write("secret", PASSWORD);
    site.write("hook", SECRET);
    let fields = "[paging]\nkind = \"none\"\n[fields]\ntitle = \"name\"\n\
        status = { path = \"status\", map = { \"1\" = \"in_progress\" } }\n";
    site.write("desk.toml", format!("{HEAD}{STREAM}{fields}"));
    let daemon = site.daemon();
    until("the source was pulled", || server.count("/tasks") == 1);
    until("calls are taken", || daemon.told().contains("hooks: http://"));
    let told = daemon.told();
    let own = told.lines().find_map(|line| line.strip_prefix("hooks: ")).expect("an address").to_owned();
    let client = Client::new();
    let send = async |base: &str, host: &str, signature: String| {
        let request =
            client.post(format!("{base}desk")).header("host", host).header("x-signature", signature);
        request.body(BODY).send().await.expect("an answer").status().as_u16()
    };
    for _ in 0..3 {
        assert_eq!(send(&own, "hooks.example.gov.vn", "sha256=00".to_owned()).await, 401);
    }
    assert_eq!(send(&own, "hooks.example.gov.vn", signature(BODY)).await, 202);
    until("the call caused a pull", || server.count("/tasks") == 2);
    let page = format!("http://{}/hooks/", daemon.page());
    assert_eq!(send(&page, "attacker.example", signature(BODY)).await, 421, "the page keeps its guard");
    assert_eq!(send(&page, "localhost", signature(BODY)).await, 202);
    until("and another one", || server.count("/tasks") == 3);
    for path in ["", "metrics", "people"] {
        let address = own.replace("hooks/", path);
        let status = client.get(&address).send().await.expect("an answer").status().as_u16();
        assert_eq!(status, 404, "{address}");
    }
    let log = daemon.told();
    assert_eq!(log.matches("LT-HOOK-002").count(), 1, "{log}");
    assert!(!log.contains("khong-duoc-ghi-lai"), "nothing of a call is logged");
    let shown = site.json(&["source", "show", "desk"]);
    assert!(shown.to_string().contains("\"hooks\":2"), "{shown}");
    let (_, metrics) = daemon.get("/metrics");
    assert!(
        metrics.contains("lienthong_source_hooks_total{source=\"desk\",result=\"unsigned\"} 3"),
        "{metrics}"
    );
}

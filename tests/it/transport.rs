//! What the network and far sides can do to a request, on real connections.

use crate::support::http::{Scripted, json, raw_server, status};
use crate::support::project;
use crate::support::source::{PASSWORD, STREAM, connect, full, pull, record};
use lienthong::connector::{Connector, ConnectorError, PullMode};
use lienthong::error::Disposition;
use lienthong::transport::{BreakerState, Client, Options, Reached, Request, Roots};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const LOGIN: &str = "[auth]\nkind = \"login\"\npath = \"/login\"\nbody = { user = \"{{ settings.user }}\", password = \"{{ secrets.password }}\" }\ntoken = \"data.token\"\nsuccess = [{ path = \"ok\", one_of = [\"true\"] }]\nerror_text = \"message\"\n";
const BASIC: &str =
    "[auth]\nkind = \"basic\"\nusername = \"{{ settings.user }}\"\npassword = \"{{ secrets.password }}\"\n";

fn one_page() -> axum::http::Response<axum::body::Body> {
    json(json!({ "items": [record(1)], "total": 1 }))
}

fn seen(error: &ConnectorError) -> (&str, Disposition) {
    (error.finding.code.as_str(), error.disposition)
}

async fn failure(server: &Scripted, sections: &str) -> ConnectorError {
    full(server, sections).await.expect_err("the pull must fail")
}

#[tokio::test]
async fn slow_down_in_both_forms_is_waited_for_and_the_pull_goes_on() {
    let past = "Wed, 21 Oct 2026 07:28:00 GMT";
    let soon = "Wed, 21 Oct 2026 07:28:01 GMT";
    for headers in
        [vec![("retry-after", "1")], vec![("date", past), ("retry-after", soon)], vec![("retry-after", "-3")]]
    {
        let script = headers.clone();
        let server = Scripted::start(
            move |asked| {
                if asked.index == 0 { status(429, &script, "") } else { one_page() }
            },
        )
        .await;
        let pulled = full(&server, STREAM).await.unwrap_or_else(|error| panic!("{headers:?}: {error}"));
        assert_eq!(pulled.distinct(), [1]);
        assert_eq!(server.asked().len(), 2, "{headers:?}");
    }
}

#[tokio::test]
async fn absurd_wait_is_capped_told_and_left_for_a_later_run() {
    let server = Scripted::start(|_| status(429, &[("retry-after", "1000000000")], "")).await;
    let error = failure(&server, STREAM).await;
    assert_eq!(seen(&error), ("LT-NET-011", Disposition::RetryLater));
    assert_eq!(error.retry_after, Some(Duration::from_secs(6 * 3600)));
    assert_eq!(server.asked().len(), 1, "nobody waits six hours inside a run");
    let connector = connect(&server.base, STREAM);
    for code in ["LT-NET-011", "LT-NET-036", "LT-NET-036"] {
        let error = pull(&connector, PullMode::Full, None).await.expect_err("slow down");
        assert_eq!(seen(&error), (code, Disposition::RetryLater));
        assert!(error.retry_after.is_some_and(|wait| wait > Duration::from_secs(5 * 3600)));
    }
    assert_eq!(server.asked().len(), 2, "later runs keep to the wait as well");
}

/// E2: the breaker opens after ten failures in a row, and nothing is asked while it is open.
#[tokio::test]
async fn storm_of_errors_ends_with_few_repetitions_and_heals_later() {
    let server = Scripted::start(|_| status(503, &[], "busy")).await;
    let connector = connect(&server.base, STREAM);
    assert_eq!(connector.breaker(), BreakerState::Closed);
    let mut codes = Vec::new();
    for _ in 0..20 {
        let error = pull(&connector, PullMode::Full, None).await.expect_err("down");
        assert_eq!(error.disposition, Disposition::RetryLater);
        assert!(error.finding.what.vi.contains("máy chủ gặp lỗi"), "the cause is told: {error}");
        codes.push(error.finding.code);
    }
    assert_eq!(server.asked().len(), 10);
    assert_eq!(codes.iter().filter(|code| *code == "LT-NET-012").count(), 3, "{codes:?}");
    assert!(codes[3..].iter().all(|code| code == "LT-NET-037"), "{codes:?}");
    assert!(matches!(connector.breaker(), BreakerState::Open { .. }));
    let healed =
        Scripted::start(|asked| if asked.index < 2 { status(500, &[], "") } else { one_page() }).await;
    assert_eq!(full(&healed, STREAM).await.expect("heals").distinct(), [1]);
}

#[tokio::test]
async fn page_for_people_is_an_error_and_never_an_empty_system() {
    for (body, disposition) in [
        ("<!DOCTYPE html><form>Đăng nhập <input type=\"password\"></form>", Disposition::NeedsOperator),
        ("<html><h1>Hệ thống đang bảo trì</h1></html>", Disposition::RetryLater),
    ] {
        for kind in ["text/html; charset=utf-8", "application/json"] {
            let server = Scripted::start(move |_| status(200, &[("content-type", kind)], body)).await;
            assert_eq!(seen(&failure(&server, STREAM).await), ("LT-NET-014", disposition), "{kind}: {body}");
        }
    }
}

#[tokio::test]
async fn broken_answers_are_thrown_away_whole() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"items\":[{\"id\":1,";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\n{\"items\":[{\"id\":1,";
    for bytes in [cut, chunked, "HTTP/1.1 200 OK\r\n", "garbage\r\n\r\n", ""] {
        let (base, _server) = raw_server(bytes.as_bytes()).await;
        let error = pull(&connect(&base, STREAM), PullMode::Full, None).await.expect_err("broken");
        assert_eq!(seen(&error), ("LT-NET-003", Disposition::RetryLater), "{bytes:?}: {error}");
    }
    for (code, body, expected) in [
        (200, "{\"items\":[{\"id\":1},", "LT-SRC-002"),
        (200, "", "LT-NET-018"),
        (200, "  \n", "LT-NET-018"),
        (206, "{\"items\":[]}", "LT-NET-018"),
        (204, "", "LT-NET-018"),
        (404, "{\"message\":\"no such path\"}", "LT-NET-013"),
        (403, "", "LT-NET-010"),
    ] {
        let server =
            Scripted::start(move |_| status(code, &[("content-type", "application/json")], body)).await;
        assert_eq!(failure(&server, STREAM).await.finding.code, expected, "{code} {body:?}");
    }
}

#[tokio::test]
async fn answer_over_the_limit_is_refused_also_when_it_arrives_compressed() {
    let server = Scripted::start(|_| json(json!({ "items": [], "padding": "x".repeat(2 << 20) }))).await;
    assert_eq!(seen(&failure(&server, STREAM).await), ("LT-NET-007", Disposition::NeedsOperator));
    let bomb = std::fs::read(project::root().join("tests/data/bomb.json.gz")).expect("bomb");
    assert!(bomb.len() < 10_000);
    let server = Scripted::start(move |_| {
        axum::http::Response::builder()
            .header("content-encoding", "gzip")
            .body(axum::body::Body::from(bomb.clone()))
            .expect("answer")
    })
    .await;
    assert_eq!(failure(&server, STREAM).await.finding.code, "LT-NET-007");
}

#[tokio::test]
async fn wrong_password_is_an_error_and_is_not_tried_again() {
    let in_status = Scripted::start(|_| status(401, &[], "{\"message\":\"sai mật khẩu\"}")).await;
    let in_body = Scripted::start(|asked| match asked.path.as_str() {
        "/login" => json(json!({ "ok": false, "message": "sai mật khẩu" })),
        _ => one_page(),
    })
    .await;
    let auth = format!("{LOGIN}{STREAM}");
    for server in [&in_status, &in_body] {
        let connector = connect(&server.base, &auth);
        for _ in 0..3 {
            let error = pull(&connector, PullMode::Full, None).await.expect_err("refused");
            assert_eq!(seen(&error), ("LT-NET-008", Disposition::NeedsOperator));
            assert!(error.finding.what.vi.contains("sai mật khẩu"), "{error}");
            // A running daemon goes on with the old password until it is told to read the new one.
            assert!(error.finding.remedy.en.contains("systemctl reload lienthong (SIGHUP)"), "{error}");
        }
        assert_eq!((server.count("/login"), server.count("/tasks")), (1, 0));
    }
    let basic = Scripted::start(|_| status(401, &[], "")).await;
    let connector = connect(&basic.base, &format!("{BASIC}{STREAM}"));
    for _ in 0..3 {
        let error = pull(&connector, PullMode::Full, None).await.expect_err("refused");
        assert_eq!(seen(&error), ("LT-NET-009", Disposition::NeedsOperator));
        assert!(!error.finding.what.en.contains("the login was accepted"), "there was none: {error}");
    }
    assert_eq!(basic.asked().len(), 1);
    let checked = connector.check().await;
    assert_eq!(checked.first().map(|finding| finding.code.as_str()), Some("LT-NET-009"));
}

#[tokio::test]
async fn maintenance_page_at_a_login_is_no_wrong_password_and_heals_by_itself() {
    let down = Arc::new(AtomicUsize::new(2));
    let left = down.clone();
    let server = Scripted::start(move |asked| match asked.path.as_str() {
        "/login"
            if left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() =>
        {
            status(200, &[("content-type", "text/html")], "<html>Bảo trì hệ thống, đăng nhập sau</html>")
        }
        "/login" => json(json!({ "ok": true, "data": { "token": "t" } })),
        _ => one_page(),
    })
    .await;
    let connector = connect(&server.base, &format!("{LOGIN}{STREAM}"));
    while down.load(Ordering::SeqCst) > 0 {
        let error = pull(&connector, PullMode::Full, None).await.expect_err("down");
        assert_eq!(seen(&error), ("LT-NET-014", Disposition::RetryLater));
    }
    pull(&connector, PullMode::Full, None).await.expect("it is up again");
}

#[tokio::test]
async fn login_without_a_token_names_the_manifest_key() {
    let server = Scripted::start(|_| json(json!({ "ok": true, "data": {} }))).await;
    let error = failure(&server, &format!("{LOGIN}{STREAM}")).await;
    assert_eq!(seen(&error), ("LT-NET-017", Disposition::NeedsOperator));
    assert!(error.finding.remedy.en.contains("auth.token"));
}

/// A server whose tokens die after a number of list requests.
async fn expiring(uses: usize) -> Scripted {
    let (logins, used) = (AtomicUsize::new(0), AtomicUsize::new(0));
    Scripted::start(move |asked| {
        if asked.path == "/login" {
            used.store(0, Ordering::SeqCst);
            let number = logins.fetch_add(1, Ordering::SeqCst) + 1;
            return json(json!({ "ok": true, "data": { "token": format!("t{number}") } }));
        }
        let current = format!("Bearer t{}", logins.load(Ordering::SeqCst));
        let dead = used.fetch_add(1, Ordering::SeqCst) >= uses;
        if dead || asked.headers.get("authorization") != Some(&current) {
            return status(401, &[], "");
        }
        match asked.path.as_str() {
            "/tasks" => {
                let page = asked.number("page");
                json(json!({ "items": [record(page)], "total": 4 }))
            }
            _ => json(json!({ "note": asked.path })),
        }
    })
    .await
}

#[tokio::test]
async fn token_that_dies_during_a_run_is_renewed_once_and_the_run_goes_on() {
    let server = expiring(2).await;
    let paging = "[paging]\nkind = \"page\"\nparam = \"page\"\nsize = 1\n";
    let pulled = full(&server, &format!("{LOGIN}{STREAM}{paging}")).await.expect("goes on");
    assert_eq!(pulled.distinct(), [1, 2, 3, 4]);
    assert_eq!((server.count("/login"), server.count("/tasks")), (2, 5));
}

#[tokio::test]
async fn refusal_for_ever_ends_after_one_renewal() {
    let server = expiring(0).await;
    let error = failure(&server, &format!("{LOGIN}{STREAM}")).await;
    assert_eq!(seen(&error), ("LT-NET-009", Disposition::NeedsOperator));
    assert!(error.finding.what.en.contains("the login was accepted"), "the password is right: {error}");
    assert!(error.finding.remedy.en.contains("auth.token"), "{error}");
    assert_eq!((server.count("/login"), server.count("/tasks")), (2, 2));
}

#[tokio::test]
async fn many_calls_that_need_a_token_share_one_login() {
    let server = expiring(100).await;
    let details = "[[detail]]\nname = \"more\"\npath = \"/more/{{ key }}\"\n";
    let connector = connect(&server.base, &format!("{LOGIN}{STREAM}{details}"));
    let records = (1..=16)
        .map(|number| lienthong::connector::RawRecord {
            external_id: number.to_string(),
            hash: [0; 16],
            body: bytes::Bytes::from(record(number).to_string()),
            index: 0,
            file: None,
            presence: lienthong::connector::Presence::Shown,
        })
        .collect();
    let detailed = connector.detail(records).await.expect("details");
    assert!(detailed.iter().all(|outcome| matches!(outcome, lienthong::connector::Detailed::Complete(_))));
    assert_eq!(server.count("/login"), 1);
}

#[tokio::test]
async fn redirects_leave_the_origin_never_and_stay_on_it_only_when_allowed() {
    let other = Scripted::start(|_| one_page()).await;
    let target = format!("{}/tasks", other.base);
    let server = Scripted::start(move |_| status(302, &[("location", &target)], "")).await;
    let allowed = "follow_redirects = true\n";
    for sections in [format!("{BASIC}{STREAM}"), format!("{allowed}{BASIC}{STREAM}")] {
        assert_eq!(seen(&failure(&server, &sections).await), ("LT-NET-006", Disposition::NeedsOperator));
    }
    assert_eq!(other.asked().len(), 0, "no credentials reach another host");
    let moved = Scripted::start(|asked| match asked.path.as_str() {
        "/tasks" => status(301, &[("location", "/v2/tasks")], ""),
        _ => one_page(),
    })
    .await;
    assert_eq!(failure(&moved, STREAM).await.finding.code, "LT-NET-006");
    assert_eq!(full(&moved, &format!("{allowed}{STREAM}")).await.expect("followed").distinct(), [1]);
    let circle = Scripted::start(|_| status(302, &[("location", "/tasks")], "")).await;
    assert_eq!(failure(&circle, &format!("{allowed}{STREAM}")).await.finding.code, "LT-NET-006");
    assert_eq!(circle.asked().len(), 6);
}

#[tokio::test]
async fn next_page_on_another_host_is_not_asked_for() {
    let other = Scripted::start(|_| one_page()).await;
    let link = format!("<{}/tasks?page=2>; rel=\"next\"", other.base);
    let server = Scripted::start(move |_| {
        let body = json!({ "items": [record(1)] }).to_string();
        status(200, &[("content-type", "application/json"), ("link", &link)], &body)
    })
    .await;
    let error = failure(&server, &format!("{STREAM}[paging]\nkind = \"link\"\n")).await;
    assert_eq!(seen(&error), ("LT-NET-005", Disposition::NeedsOperator));
    assert_eq!(other.asked().len(), 0);
}

#[tokio::test]
async fn no_message_carries_a_secret_or_a_query() {
    let server = Scripted::start(|_| status(500, &[], "")).await;
    let sections = format!(
        "{BASIC}{}query = {{ token = \"hidden-query\" }}\n",
        STREAM.replace("total = \"total\"\n", "")
    );
    let connector = connect(&server.base, &sections);
    let error = pull(&connector, PullMode::Full, None).await.expect_err("down");
    let told = format!("{error} {error:?} {connector:?} {:?}", connector.check().await);
    assert!(server.asked()[0].query.contains_key("token"));
    for hidden in [PASSWORD, "hidden-query", "cmVhZGVyOmhpZGRlbi03ZjNh"] {
        assert!(!told.contains(hidden), "{hidden} in {told}");
    }
    assert!(told.contains("GET /tasks"), "{told}");
}

fn client(base: &str) -> Client {
    Client::new(Options { allow_http: true, ..Options::new("target test", base) }).expect("client")
}

#[tokio::test]
async fn sending_tells_whether_the_request_may_have_arrived() {
    let server = Scripted::start(|_| status(500, &[("retry-after", "7")], "oops")).await;
    let reply =
        client(&server.base).send(Request::post("/x").json(&json!({ "a": 1 }))).await.expect("an answer");
    assert_eq!((reply.status, reply.retry_after), (500, Some(Duration::from_secs(7))));
    assert_eq!(server.asked().len(), 1, "a delivery is never repeated by the transport");
    let (broken, _server) = raw_server(b"").await;
    let error = client(&broken).send(Request::post("/x")).await.expect_err("broken");
    assert_eq!(error.reached, Reached::Perhaps);
    let unused =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("port");
    let error = client(&format!("http://{unused}")).send(Request::post("/x")).await.expect_err("closed");
    assert_eq!((error.finding.code.as_str(), error.reached), ("LT-NET-001", Reached::No));
    let error = client("http://no-such-host.invalid").send(Request::get("/")).await.expect_err("no name");
    assert_eq!((error.finding.code.as_str(), error.reached), ("LT-NET-001", Reached::No));
}

#[tokio::test]
async fn server_without_tls_and_missing_authority_are_named() {
    let server = Scripted::start(|_| one_page()).await;
    let https = server.base.replace("http://", "https://");
    let missing =
        Options { roots: Roots::File("/no/such/ca.pem".into()), ..Options::new("source x", &https) };
    assert_eq!(Client::new(missing).expect_err("no file").code, "LT-NET-016");
}

#[test]
fn addresses_that_must_not_be_used_are_refused_when_a_client_is_built() {
    crate::support::install_tls();
    for (base, allow_http, code) in [
        ("http://10.0.0.1/api", false, "LT-CFG-025"),
        ("http:/10.0.0.1/api", false, "LT-CFG-025"),
        ("HTTP:10.0.0.1/api", false, "LT-CFG-025"),
        ("ht\ttp://10.0.0.1/api", false, "LT-CFG-025"),
        ("ftp://10.0.0.1/api", true, "LT-NET-016"),
        ("http://user:secret@10.0.0.1/api", true, "LT-NET-016"),
        ("http://10.0.0.1/api?key=1", true, "LT-NET-016"),
        ("eoffice", true, "LT-NET-016"),
        ("http://169.254.169.254/latest", true, "LT-NET-005"),
    ] {
        let finding = Client::new(Options { allow_http, ..Options::new("source x", base) }).expect_err(base);
        assert_eq!(finding.code, code, "{base}");
        assert!(!finding.to_string().contains("secret"), "{finding}");
    }
}

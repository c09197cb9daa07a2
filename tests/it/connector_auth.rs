//! Every way of being let in, against real servers on this machine, and what must never show or repeat.

use crate::support::http::{Asked, Scripted, json, status};
use crate::support::source::{PASSWORD, STREAM, connect, full, pull, record};
use axum::body::Body;
use axum::http::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use lienthong::connector::{Connector, ConnectorError, PullMode};
use lienthong::error::Disposition;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

const PAGES: &str = "[paging]\nkind = \"next_url\"\nnext = \"next\"\n";

const OAUTH: &str = r#"
[auth]
kind = "oauth2"
path = "/token"
client_id = "{{ settings.user }}"
client_secret = "{{ secrets.password }}"
scope = "tasks.read"
form = { audience = "eoffice" }
"#;

fn one_page() -> Response<Body> {
    json(json!({ "items": [record(1)], "total": 1 }))
}

fn seen(error: &ConnectorError) -> (&str, Disposition) {
    (error.finding.code.as_str(), error.disposition)
}

fn fields(asked: &Asked) -> BTreeMap<String, String> {
    let url = reqwest::Url::parse(&format!("http://x/?{}", asked.body)).expect("a form");
    url.query_pairs().into_owned().collect()
}

fn header<'a>(asked: &'a Asked, name: &str) -> &'a str {
    asked.headers.get(name).map_or("", String::as_str)
}

#[tokio::test]
async fn client_credentials_are_sent_in_the_header_or_in_the_form_and_the_token_is_kept_while_it_lives() {
    let script = |asked: &Asked| match asked.path.as_str() {
        "/token" => json(json!({ "access_token": "t1", "token_type": "bearer", "expires_in": 3600 })),
        _ if header(asked, "authorization") == "Bearer t1" => one_page(),
        _ => status(401, &[], ""),
    };
    let server = Scripted::start(script).await;
    let connector = connect(&server.base, &format!("{OAUTH}{STREAM}"));
    for _ in 0..3 {
        pull(&connector, PullMode::Full, None).await.expect("let in");
    }
    assert_eq!((server.count("/token"), server.count("/tasks")), (1, 3));
    let asked = &server.asked()[0];
    let basic = format!("Basic {}", STANDARD.encode(format!("reader:{PASSWORD}")));
    assert_eq!((asked.method.as_str(), header(asked, "authorization")), ("POST", basic.as_str()));
    let sent = fields(asked);
    assert_eq!(
        (sent["grant_type"].as_str(), sent["scope"].as_str(), sent["audience"].as_str(), sent.len()),
        ("client_credentials", "tasks.read", "eoffice", 3)
    );

    let server = Scripted::start(script).await;
    full(&server, &format!("{OAUTH}client_in = \"body\"\n{STREAM}")).await.expect("let in");
    let asked = &server.asked()[0];
    assert_eq!((header(asked, "authorization"), fields(asked)["client_secret"].as_str()), ("", PASSWORD));
}

/// E12: a token that ends during the run, and one that is refused for ever.
#[tokio::test]
async fn token_is_asked_for_once_more_and_then_no_more() {
    let used = AtomicUsize::new(0);
    let server = Scripted::start(move |asked| match asked.path.as_str() {
        "/token" => json(json!({ "access_token": "t", "expires_in": 3600 })),
        _ if used.fetch_add(1, Ordering::SeqCst) == 0 => status(401, &[], ""),
        _ => one_page(),
    })
    .await;
    full(&server, &format!("{OAUTH}{STREAM}")).await.expect("the second token works");
    assert_eq!((server.count("/token"), server.count("/tasks")), (2, 2));

    let server = Scripted::start(|asked| match asked.path.as_str() {
        "/token" => json(json!({ "access_token": "t", "expires_in": 3600 })),
        _ => status(401, &[], ""),
    })
    .await;
    let connector = connect(&server.base, &format!("{OAUTH}{STREAM}"));
    for _ in 0..4 {
        let error = pull(&connector, PullMode::Full, None).await.expect_err("refused");
        assert_eq!(seen(&error), ("LT-NET-009", Disposition::NeedsOperator));
    }
    assert_eq!((server.count("/token"), server.count("/tasks")), (2, 2), "the account is not locked by us");
}

#[tokio::test]
async fn refused_client_pauses_and_a_strange_token_type_is_told() {
    let server = Scripted::start(|_| {
        status(400, &[], &json!({ "error": "invalid_client", "error_description": "sai khóa" }).to_string())
    })
    .await;
    let connector = connect(&server.base, &format!("{OAUTH}{STREAM}"));
    for _ in 0..3 {
        let error = pull(&connector, PullMode::Full, None).await.expect_err("refused");
        assert_eq!(seen(&error), ("LT-NET-008", Disposition::NeedsOperator));
        assert!(error.finding.what.vi.contains("sai khóa"), "{error}");
    }
    assert_eq!(server.asked().len(), 1);

    let server = Scripted::start(|asked| match asked.path.as_str() {
        "/token" => json(json!({ "access_token": "t", "token_type": "mac" })),
        _ => one_page(),
    })
    .await;
    let error = full(&server, &format!("{OAUTH}{STREAM}")).await.expect_err("of no use");
    assert_eq!(seen(&error), ("LT-NET-039", Disposition::NeedsOperator));
    full(&server, &format!("{OAUTH}prefix = \"MAC \"\n{STREAM}")).await.expect("the manifest knows it");
    assert_eq!(header(&server.asked()[2], "authorization"), "MAC t");
}

#[tokio::test]
async fn rotated_refresh_token_is_kept_for_the_next_process_and_read_by_nobody_else() {
    let folder = tempfile::tempdir().expect("folder");
    let keep = folder.path().join("refresh");
    let newest = AtomicUsize::new(0);
    let server = Scripted::start(move |asked| match asked.path.as_str() {
        "/token" => {
            let number = newest.load(Ordering::SeqCst);
            let valid = if number == 0 { PASSWORD.to_owned() } else { format!("hidden-r{number}") };
            if fields(asked)["refresh_token"] != valid {
                return status(400, &[], "{\"error\":\"invalid_grant\"}");
            }
            newest.store(number + 1, Ordering::SeqCst);
            let next = format!("hidden-r{}", number + 1);
            json(json!({ "access_token": "t", "expires_in": 3600, "refresh_token": next }))
        }
        _ => one_page(),
    })
    .await;
    let refreshing = |keep: &str| {
        format!(
            "[auth]\nkind = \"oauth2\"\npath = \"/token\"\ngrant = \"refresh_token\"\nrefresh_token = \"{{{{ secrets.password }}}}\"\n{keep}{STREAM}"
        )
    };
    let kept = refreshing(&format!("keep = \"{}\"\n", keep.display()));
    // Each connector is a process of its own: it knows nothing but its configuration and the file.
    for _ in 0..3 {
        full(&server, &kept).await.expect("the newest token is used");
    }
    let bytes = std::fs::read(&keep).expect("kept");
    assert!(!bytes.windows(6).any(|window| window == b"hidden"));
    // Without the file the first token is used, which the server no longer takes.
    let error = full(&server, &refreshing("")).await.expect_err("used up");
    assert_eq!(seen(&error), ("LT-NET-008", Disposition::NeedsOperator));
    // A file that cannot be written does not stop the run; `check` tells it.
    std::fs::remove_file(&keep).expect("removed");
    let server = Scripted::start(|asked| match asked.path.as_str() {
        "/token" => json(json!({ "access_token": "t", "refresh_token": "hidden-next" })),
        _ => one_page(),
    })
    .await;
    let connector = connect(&server.base, &refreshing("keep = \"/no/such/folder/refresh\"\n"));
    let told = connector.check().await;
    assert_eq!(told.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), ["LT-NET-033"]);
    assert!(!format!("{told:?}").contains("hidden"));
}

/// The key is in every request and nowhere else: not in messages, not in next pages a server builds with it.
/// A wrong password that comes as 200: the system's own words are told, from where the manifest says errors stand.
#[tokio::test]
async fn login_refused_with_a_good_status_says_what_the_system_said() {
    let login = "[auth]\nkind = \"login\"\npath = \"/login\"\nbody = { user = \"{{ settings.user }}\", pass = \"{{ secrets.password }}\" }\n\
        token = \"data.token\"\n";
    let success = "success = [{ path = \"ok\", one_of = [\"true\"] }]\n";
    let told = async |answer: serde_json::Value, manifest: String| {
        let server = Scripted::start(move |_| json(answer.clone())).await;
        full(&server, &manifest).await.expect_err("refused").finding.what.vi
    };
    let said = json!({ "ok": false, "loi": { "noi_dung": "Tài khoản đã hết hạn" } });
    let words = "[success]\nerror_text = \"loi.noi_dung\"\n";
    let shown = told(said.clone(), format!("{login}{success}{STREAM}{words}")).await;
    assert!(shown.contains("đăng nhập bị từ chối") && shown.contains("Tài khoản đã hết hạn"), "{shown}");
    let shown = told(said, format!("{login}{STREAM}{words}")).await;
    assert!(shown.contains("không có token") && shown.contains("Tài khoản đã hết hạn"), "{shown}");
    // Without a declared place the usual ones are looked at, and the login's own goes first.
    let usual = json!({ "ok": false, "message": "Sai mật khẩu", "ma": "E7" });
    let shown = told(usual.clone(), format!("{login}{success}{STREAM}")).await;
    assert!(shown.contains("Sai mật khẩu"), "{shown}");
    let shown = told(usual, format!("{login}{success}error_text = \"ma\"\n{STREAM}{words}")).await;
    assert!(shown.contains("E7") && !shown.contains("Sai mật khẩu"), "{shown}");
}

/// A far side that repeats what it was sent, or what it gave, brings nothing of it into a message.
#[tokio::test]
async fn secrets_sent_in_a_login_and_tokens_it_gave_are_hidden_in_what_the_system_says() {
    const TOKEN: &str = "phieu-song-1";
    let echo = |asked: &Asked| {
        let sent = format!("{} {}", asked.body, header(asked, "authorization"));
        format!("{}không hiểu: {sent}", "x ".repeat(50))
    };
    let login = "[auth]\nkind = \"login\"\npath = \"/login\"\nbody = { user = \"{{ settings.user }}\", pass = \"{{ secrets.password }}\" }\n\
        token = \"token\"\nerror_text = \"loi\"\n";
    let refused =
        Scripted::start(move |asked| status(403, &[], &json!({ "loi": echo(asked) }).to_string())).await;
    let told = full(&refused, &format!("{login}{STREAM}")).await.expect_err("refused").to_string();
    assert!(told.contains("LT-NET-008") && told.contains("•••") && !told.contains(PASSWORD), "{told}");
    let later = Scripted::start(move |asked| match asked.path.as_str() {
        "/login" => json(json!({ "token": TOKEN })),
        _ => status(422, &[], &json!({ "message": echo(asked) }).to_string()),
    })
    .await;
    let told = full(&later, &format!("{login}{STREAM}")).await.expect_err("refused").to_string();
    assert!(told.contains("•••") && !told.contains("phieu"), "{told}");
    let inside = Scripted::start(move |asked| match asked.path.as_str() {
        "/login" => json(json!({ "token": TOKEN })),
        _ => json(json!({ "items": [], "ok": false, "loi": echo(asked) })),
    })
    .await;
    let words = "[success]\ncheck = [{ path = \"ok\", one_of = [\"true\"] }]\nerror_text = \"loi\"\n";
    let told = full(&inside, &format!("{login}{STREAM}{words}")).await.expect_err("refused").to_string();
    assert!(told.contains("LT-SRC-020") && told.contains("•••") && !told.contains("phieu"), "{told}");
}

#[tokio::test]
async fn key_in_the_query_shows_nowhere() {
    let server = Scripted::start(|asked| {
        if asked.query.get("api_key").map(String::as_str) != Some(PASSWORD) {
            return status(401, &[], "");
        }
        match asked.number("page") {
            0 => json(json!({
                "items": [record(1)],
                "next": format!("/tasks?api_key={PASSWORD}&page=2"),
            })),
            2 => json(json!({ "items": [record(2)], "next": "/tasks?page=3" })),
            _ => status(400, &[], &format!("bad request /tasks?api_key={PASSWORD}")),
        }
    })
    .await;
    let auth = "[auth]\nkind = \"query\"\nname = \"api_key\"\nvalue = \"{{ secrets.password }}\"\n";
    let stream = STREAM.replace("total = \"total\"\n", "");
    let connector = connect(&server.base, &format!("{auth}{stream}{PAGES}"));
    let error = pull(&connector, PullMode::Full, None).await.expect_err("the third page is refused");
    let told = format!("{error} {error:?} {connector:?}");
    assert!(told.contains("bad request") && !told.contains(PASSWORD), "{told}");
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|asked| asked.query["api_key"] == PASSWORD));
}

/// Interoperability facts 3.2, 3.3: a gateway header with the login and with every request, a bearer token, and the
/// second token of an e-office behind the gateway.
#[tokio::test]
async fn gateway_header_token_and_second_token_go_together() {
    let gateway = STANDARD.encode(format!("{{\"AccessKey\":\"reader\",\"SecretKey\":\"{PASSWORD}\"}}"));
    let expected = gateway.clone();
    let server = Scripted::start(move |asked| {
        if header(asked, "lgspaccesstoken") != expected {
            return status(403, &[], "");
        }
        match asked.path.as_str() {
            "/token" => json(json!({ "access_token": "first", "token_type": "Bearer" })),
            _ if header(asked, "authorization") != "Bearer first" => status(401, &[], ""),
            "/user/7/token" => json(json!({ "data": { "token": "second" } })),
            _ if header(asked, "x-authentication-token") == "second" => one_page(),
            _ => status(401, &[], ""),
        }
    })
    .await;
    let steps = r#"
[auth]
kind = "steps"
[auth.headers]
lgspaccesstoken = '{{ {"AccessKey": settings.user, "SecretKey": secrets.password} | json | b64encode }}'
[[auth.step]]
kind = "oauth2"
path = "/token"
[[auth.step]]
kind = "login"
method = "GET"
path = "/user/7/token"
token = "data.token"
header = "X-Authentication-Token"
prefix = ""
"#;
    full(&server, &format!("{steps}{STREAM}")).await.expect("let in");
    let asked: Vec<String> =
        server.asked().iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect();
    assert_eq!(asked, ["POST /token", "GET /user/7/token", "GET /tasks"]);
}

const FORM: &str = r#"
[auth]
kind = "session"
page = "/login"
path = "/login"
form = { user = "{{ settings.user }}", password = "{{ secrets.password }}" }
cookie = "sid"
"#;

const LOGIN_PAGE: &str = "<html><meta name=\"csrf\" content=\"c1\"><form><input type=\"password\" name=\"password\"></form></html>";

/// A web application: the form of its login page carries a token, its session is a cookie.
async fn web_application(sessions_live: usize, password: &'static str) -> Scripted {
    let (logins, used) = (AtomicUsize::new(0), AtomicUsize::new(0));
    Scripted::start(move |asked| {
        let cookie = header(asked, "cookie").to_owned();
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/login") => {
                let headers = [("content-type", "text/html"), ("set-cookie", "pre=p; Path=/; HttpOnly")];
                let hidden = "<input type=hidden name=_token value='c&#43;1'>";
                status(200, &headers, &LOGIN_PAGE.replace("<form>", &format!("<form>{hidden}")))
            }
            ("POST", "/login") => {
                let sent = fields(asked);
                let good = cookie.contains("pre=p")
                    && sent.get("_token").map(String::as_str) == Some("c+1")
                    && sent.get("password").map(String::as_str) == Some(password);
                if !good {
                    return status(200, &[("content-type", "text/html")], LOGIN_PAGE);
                }
                used.store(0, Ordering::SeqCst);
                let number = logins.fetch_add(1, Ordering::SeqCst) + 1;
                let set = format!("sid=s{number}; Path=/; HttpOnly");
                status(302, &[("location", "/home"), ("set-cookie", &set)], "")
            }
            _ => {
                let current = format!("sid=s{}", logins.load(Ordering::SeqCst));
                let alive = used.fetch_add(1, Ordering::SeqCst) < sessions_live;
                if alive && cookie.contains(&current) {
                    one_page()
                } else if logins.load(Ordering::SeqCst).is_multiple_of(2) {
                    status(302, &[("location", "/login?next=%2Ftasks")], "")
                } else {
                    status(200, &[("content-type", "text/html")], LOGIN_PAGE)
                }
            }
        }
    })
    .await
}

const CSRF: &str = "csrf = { from = \"field\", name = \"_token\", field = \"_token\" }\n";

/// E12: a session that ends shows as a login page or as a redirect to it; one new login follows, never a loop.
#[tokio::test]
async fn session_is_opened_through_the_form_and_opened_again_once_when_it_ends() {
    let server = web_application(2, PASSWORD).await;
    let connector = connect(&server.base, &format!("{FORM}{CSRF}{STREAM}"));
    for _ in 0..6 {
        pull(&connector, PullMode::Full, None).await.expect("let in");
    }
    let posts = server.asked().iter().filter(|asked| asked.method == "POST").count();
    assert_eq!((posts, server.count("/tasks")), (3, 8), "a new login after every second request");

    let server = web_application(0, PASSWORD).await;
    let connector = connect(&server.base, &format!("{FORM}{CSRF}{STREAM}"));
    for _ in 0..4 {
        let error = pull(&connector, PullMode::Full, None).await.expect_err("never let in");
        assert_eq!(seen(&error), ("LT-NET-034", Disposition::NeedsOperator));
    }
    let posts = server.asked().iter().filter(|asked| asked.method == "POST").count();
    assert_eq!((posts, server.count("/tasks")), (2, 2));
}

#[tokio::test]
async fn wrong_password_of_a_form_and_a_missing_token_are_errors_that_pause() {
    let server = web_application(9, "another").await;
    let connector = connect(&server.base, &format!("{FORM}{CSRF}{STREAM}"));
    for _ in 0..3 {
        let error = pull(&connector, PullMode::Full, None).await.expect_err("refused");
        assert_eq!(seen(&error), ("LT-NET-008", Disposition::NeedsOperator));
        assert!(!format!("{error:?}").contains(PASSWORD));
    }
    assert_eq!(server.asked().iter().filter(|asked| asked.method == "POST").count(), 1);
    let missing = CSRF.replace("\"_token\", field", "\"elsewhere\", field");
    let error = full(&server, &format!("{FORM}{missing}{STREAM}")).await.expect_err("no such field");
    assert_eq!(seen(&error), ("LT-NET-032", Disposition::NeedsOperator));
}

#[tokio::test]
async fn token_against_forged_requests_goes_on_in_a_header_where_the_manifest_says_so() {
    for (from, name) in [("meta", "csrf"), ("cookie", "XSRF"), ("header", "x-csrf")] {
        let server = Scripted::start(|asked| match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/login") => status(200, &[("set-cookie", "XSRF=c1"), ("x-csrf", "c1")], LOGIN_PAGE),
            ("POST", "/login") if header(asked, "x-token") == "c1" => {
                status(200, &[("set-cookie", "sid=1"), ("x-csrf", "c1")], "{}")
            }
            _ if header(asked, "x-token") == "c1" && header(asked, "cookie").contains("sid=1") => one_page(),
            _ => status(419, &[], ""),
        })
        .await;
        let csrf =
            format!("csrf = {{ from = \"{from}\", name = \"{name}\", header = \"X-Token\" }}\njson = true\n");
        full(&server, &format!("{FORM}{csrf}{STREAM}"))
            .await
            .unwrap_or_else(|error| panic!("{from}: {error}"));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn mac(text: &str) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(PASSWORD.as_bytes()).expect("key");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[tokio::test]
async fn signature_covers_method_path_query_moment_and_body() {
    let server = Scripted::start(|asked| {
        let text = format!(
            "{}\n{}\n{}\n{}\n{}",
            asked.method,
            asked.path,
            "state=all",
            header(asked, "x-time"),
            hex(&Sha256::digest(asked.body.as_bytes()))
        );
        if header(asked, "x-signature") == STANDARD.encode(mac(&text)) {
            one_page()
        } else {
            status(401, &[], "")
        }
    })
    .await;
    let auth = r#"
[auth]
kind = "hmac"
secret = "{{ secrets.password }}"
encoding = "base64"
sign = "{{ method }}\n{{ path }}\n{{ query }}\n{{ timestamp }}\n{{ body_sha256 }}"
headers = { X-Time = "{{ timestamp }}", X-Signature = "{{ signature }}" }
"#;
    let query = "query = { state = \"all\" }\n";
    full(&server, &format!("{auth}{STREAM}{query}")).await.expect("the signature fits");
    let post = "method = \"POST\"\nbody = { filter = \"tất cả\" }\n";
    full(&server, &format!("{auth}{STREAM}{query}{post}")).await.expect("its body is signed as well");
    assert_eq!(server.asked().iter().filter(|asked| asked.body.contains("tất cả")).count(), 1);
}

/// Interoperability facts 1.10: parameters travel as prefixed headers, the signature is over their JSON.
#[tokio::test]
async fn document_axis_signing_can_be_expressed() {
    let server = Scripted::start(|asked| {
        let signed = header(asked, "xroadvnpt-sign-header");
        let said: BTreeMap<String, String> = serde_json::from_str(signed).expect("JSON");
        let names: Vec<&str> = header(asked, "xroadvnpt-sign-header-key").split(';').collect();
        let carried = |name: &str| header(asked, &format!("xroadvnpt-{name}")).to_owned();
        let good = asked.query.is_empty()
            && names == ["messagetype", "servicetype", "systemid", "timestamp"]
            && names.iter().all(|name| said[&format!("XroadVnpt-{name}")] == carried(name))
            && header(asked, "xroadvnpt-hash-header") == hex(&mac(signed))
            && carried("timestamp").len() == "24112026T150000+0000".len();
        if good { one_page() } else { status(401, &[], "") }
    })
    .await;
    let auth = r#"
[auth]
kind = "hmac"
secret = "{{ secrets.password }}"
timestamp = "%d%m%YT%H%M%S+0%3f"
params = { systemid = "{{ settings.user }}", timestamp = "{{ timestamp }}" }
params_prefix = "XroadVnpt-"
sign = "{{ headers | json }}"
[auth.headers]
XroadVnpt-sign-header = "{{ signed }}"
XroadVnpt-sign-header-key = "{{ params | list | join(';') }}"
XroadVnpt-hash-header = "{{ signature }}"
"#;
    let query = "query = { servicetype = \"eDoc\", messagetype = \"edoc\" }\n";
    full(&server, &format!("{auth}{STREAM}{query}")).await.expect("as the axis wants it");
}

/// X-Road (3.4): client header, and a new number with every request that errors tell for matching.
#[tokio::test]
async fn every_request_carries_a_new_number_that_errors_tell() {
    let server = Scripted::start(|asked| match asked.index {
        0 => one_page(),
        _ => status(302, &[("location", "/elsewhere")], ""),
    })
    .await;
    let text = format!(
        "request_id = \"X-Road-Id\"\n[transport.headers]\nX-Road-Client = \"VN/GOV/{{{{ settings.user }}}}/lienthong\"\n{STREAM}"
    );
    let connector = connect(&server.base, &text);
    pull(&connector, PullMode::Full, None).await.expect("let in");
    let error = pull(&connector, PullMode::Full, None).await.expect_err("moved");
    let asked = server.asked();
    let numbers: Vec<&str> = asked.iter().map(|asked| header(asked, "x-road-id")).collect();
    assert!(numbers[0] != numbers[1] && numbers[0].len() == 36, "{numbers:?}");
    assert!(error.to_string().contains(numbers[1]), "{error}");
    assert_eq!(header(&asked[0], "x-road-client"), "VN/GOV/reader/lienthong");
}

#[test]
fn contradictions_of_auth_and_limits_are_told_with_their_keys() {
    use crate::support::source::HEAD;
    let fields = "[fields]\ntitle = \"name\"\nstatus = { const = \"open\" }\n";
    for (sections, code, key) in [
        ("[auth]\nkind = \"oauth2\"\npath = \"/t\"\nclient_id = \"a\"\n", "LT-MAN-011", "auth.client_id"),
        (
            "[auth]\nkind = \"oauth2\"\npath = \"/t\"\ngrant = \"refresh_token\"\n",
            "LT-MAN-011",
            "auth.refresh_token",
        ),
        ("[auth]\nkind = \"steps\"\nstep = [{ kind = \"none\" }]\n", "LT-MAN-011", "auth.step.0"),
        (
            "[auth]\nkind = \"session\"\npath = \"/l\"\nform = {}\ncsrf = { from = \"meta\", name = \"c\", field = \"c\" }\n",
            "LT-MAN-011",
            "auth.page",
        ),
        ("[limits]\nper_second = 0\n", "LT-MAN-030", "limits.per_second"),
        ("[limits]\nconcurrency = 65\n", "LT-MAN-030", "limits.concurrency"),
        (
            "[auth]\nkind = \"hmac\"\nsecret = \"s\"\nsign = \"{{ signature }}\"\nheaders = {}\n",
            "LT-MAN-006",
            "auth.sign",
        ),
        (
            "[auth]\nkind = \"query\"\nname = \"k\"\nvalue = \"{{ settings.password }}\"\n",
            "LT-MAN-008",
            "auth.value",
        ),
        (
            "[auth]\nkind = \"steps\"\nstep = [{ kind = \"login\", pth = \"/x\", token = \"t\" }]\n",
            "LT-MAN-002",
            "auth.step.0.pth",
        ),
    ] {
        let text = format!("{HEAD}{sections}{STREAM}{fields}");
        let findings = lienthong::connector::manifest::parse("test.toml", &text).expect_err(sections);
        let found = findings.0.iter().any(|finding| {
            let place = finding.place.as_ref().map(ToString::to_string).unwrap_or_default();
            finding.code == code && (place.contains(key) || finding.what.en.contains(key))
        });
        assert!(found, "{sections}: {findings}");
    }
}

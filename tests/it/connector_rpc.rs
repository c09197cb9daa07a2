//! Sources that tell everything inside their answers, as JSON-RPC and SOAP do: bodies of details, errors and refusals.

use crate::support::http::{Scripted, json, status};
use crate::support::source::{HEAD, connect, full, pull};
use lienthong::connector::{Connector, Detailed, PullMode, manifest};
use lienthong::error::Disposition;
use serde_json::json as value;

const RPC: &str = r#"
[stream]
path = "/rpc"
method = "POST"
body = { id = 1, method = "list" }
records = "result"
key = "id"
[success]
check = [{ path = "error", absent = true }]
refused = [{ path = "error.code", one_of = ["401", "ended"] }]
error_text = "error.message"
"#;

const LOGIN: &str = r#"
[auth]
kind = "login"
path = "/login"
body = { password = "{{ secrets.password }}" }
token = "result.session"
success = [{ path = "error", absent = true }]
"#;

#[tokio::test]
async fn detail_is_asked_by_a_body_whose_numbers_stay_numbers() {
    let server = Scripted::start(|asked| {
        let body: serde_json::Value = serde_json::from_str(&asked.body).expect("a JSON body");
        json(match body["method"].as_str() {
            Some("list") => value!({ "result": [{ "id": 7, "owner": 3, "name": "a" }] }),
            _ => value!({ "result": { "asked": body["params"] } }),
        })
    })
    .await;
    let detail = r#"
[[detail]]
name = "more"
path = "/rpc"
method = "POST"
body = { method = "read", params = ["{{ record.owner }}", "{{ key }}", "user {{ record.owner }}", true, { unit = "{{ settings.user }}" }] }
select = "result.asked"
"#;
    let connector = connect(&server.base, &format!("{RPC}{detail}"));
    let pulled = pull(&connector, PullMode::Full, None).await.expect("a list");
    let detailed = connector.detail(pulled.pages[0].records.clone()).await.expect("details");
    let [Detailed::Complete(record)] = detailed.as_slice() else { panic!("{detailed:?}") };
    let record: serde_json::Value = serde_json::from_slice(&record.body).expect("JSON");
    assert_eq!(record["$more"], value!([3, "7", "user 3", true, { "unit": "reader" }]));
    assert_eq!(server.asked()[1].headers["content-type"], "application/json");
}

/// Row E13: an error inside an answer is an error, whatever the status, and never an empty system.
#[tokio::test]
async fn error_member_is_an_error_even_beside_a_list_and_null_is_none() {
    for (answer, outcome) in [
        (value!({ "result": [], "error": { "code": 5, "message": "quá tải" } }), Err("quá tải")),
        (value!({ "result": [], "error": false }), Err("LT-SRC-020")),
        (value!({ "result": null, "error": "x" }), Err("LT-SRC-020")),
        (value!({ "result": [{ "id": 1, "name": "a" }], "error": null }), Ok(1)),
        (value!({ "result": [{ "id": 1, "name": "a" }] }), Ok(1)),
    ] {
        let given = answer.clone();
        let server = Scripted::start(move |_| json(given.clone())).await;
        match (full(&server, RPC).await, outcome) {
            (Ok(pulled), Ok(count)) => assert_eq!(pulled.distinct().len(), count, "{answer}"),
            (Err(error), Err(told)) => {
                assert_eq!(error.finding.code, "LT-SRC-020");
                let text = error.finding.to_string();
                assert!(text.contains(told), "{answer}: {text}");
            }
            (other, _) => panic!("{answer}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn session_that_ended_inside_an_answer_is_renewed_once_and_the_call_repeated() {
    let server = Scripted::start(|asked| match (asked.path.as_str(), asked.headers.get("authorization")) {
        ("/login", _) => json(value!({ "result": { "session": format!("s{}", asked.index) } })),
        (_, Some(token)) if token == "Bearer s0" => json(value!({ "error": { "code": "ended" } })),
        _ => json(value!({ "result": [{ "id": 1, "name": "a" }] })),
    })
    .await;
    let pulled = full(&server, &format!("{RPC}{LOGIN}")).await.expect("let in again");
    assert_eq!(pulled.distinct(), vec![1]);
    assert_eq!((server.count("/login"), server.count("/rpc")), (2, 2));
}

/// A session of several places of the login's answer, as `Session base64(user:id:key)`.
#[tokio::test]
async fn header_is_made_of_several_places_of_the_logins_answer_and_hidden_as_a_token_is() {
    use base64::Engine as _;
    const KEY: &str = "k1234567890abcdef0123456789";
    let session = base64::engine::general_purpose::STANDARD.encode(format!("reader:5:{KEY}"));
    let expected = format!("Session {session}");
    let login = r#"
[auth]
kind = "login"
path = "/login"
body = { password = "{{ secrets.password }}" }
value = "Session {{ (settings.user ~ ':' ~ answer.result[0] ~ ':' ~ answer.result[1]) | b64encode }}"
success = [{ path = "error", absent = true }]
"#;
    let let_in = expected.clone();
    let server =
        Scripted::start(move |asked| match (asked.path.as_str(), asked.headers.get("authorization")) {
            ("/login", _) => json(value!({ "id": 1, "result": [5, KEY] })),
            (_, Some(told)) if *told == let_in => json(value!({ "result": [{ "id": 1, "name": "a" }] })),
            _ => json(value!({ "error": { "code": 5, "message": format!("no session {KEY}") } })),
        })
        .await;
    let pulled = full(&server, &format!("{RPC}{login}")).await.expect("let in");
    assert_eq!(pulled.distinct(), vec![1]);
    assert_eq!(server.asked()[1].headers["authorization"], expected);

    let other = Scripted::start(|asked| match asked.path.as_str() {
        "/login" => json(value!({ "result": [5, KEY] })),
        _ => json(value!({ "error": { "code": 5, "message": format!("bad {KEY}") } })),
    })
    .await;
    let error = full(&other, &format!("{RPC}{login}")).await.expect_err("an error");
    assert!(!error.finding.to_string().contains(KEY), "{}", error.finding);

    let short = Scripted::start(|_| json(value!({ "result": [5] }))).await;
    let error = full(&short, &format!("{RPC}{login}")).await.expect_err("half an answer is no session");
    assert_eq!(error.finding.code, "LT-NET-017", "{}", error.finding);
    assert_eq!(short.count("/rpc"), 0, "nothing is asked without a session");
}

#[test]
fn login_names_a_token_or_a_whole_value_and_braces_in_a_prefix_are_told() {
    for (keys, right) in [
        ("token = \"result.session\"", true),
        ("value = \"{{ answer.result }}\"", true),
        ("token = \"result.session\"\nvalue = \"{{ answer.result }}\"", false),
        ("value = \"{{ answer.result }}\"\nprefix = \"Session \"", false),
        ("header = \"X-Session\"", false),
        ("token = \"result.session\"\nprefix = \"Session {{ settings.user }}:\"", false),
    ] {
        let auth = format!("[auth]\nkind = \"login\"\npath = \"/login\"\n{keys}\n");
        let fields = "[fields]\ntitle = \"name\"\nstatus = { const = \"open\" }\n";
        let loaded = manifest::parse("test.toml", &format!("{HEAD}{RPC}{auth}{fields}"));
        assert_eq!(loaded.is_ok(), right, "{keys}: {:?}", loaded.err());
    }
}

/// Task, allocation, employee: each call names what the one before it answered.
#[tokio::test]
async fn detail_is_asked_for_by_what_those_before_it_answered_and_lists_are_sent() {
    let server = Scripted::start(|asked| {
        let body: serde_json::Value = serde_json::from_str(&asked.body).expect("a JSON body");
        json(match body["method"].as_str() {
            Some("list") => {
                value!({ "result": [{ "id": 7, "allocations": [31, 32] }, { "id": 8, "allocations": [] }] })
            }
            Some("allocation") => value!({ "result": [{ "employee": 5, "asked": body["params"] }] }),
            _ => value!({ "result": { "asked": body["params"], "login": "an.nv" } }),
        })
    })
    .await;
    let details = r#"
[[detail]]
name = "allocation"
path = "/rpc"
method = "POST"
body = { method = "allocation", params = "{{ [record.allocations, ['employee']] }}" }
select = "result"
when = "record.allocations"
[[detail]]
name = "employee"
path = "/rpc"
method = "POST"
body = { method = "employee", params = ["{{ record['$allocation'][0].employee }}"] }
select = "result"
when = "record['$allocation'] is defined"
"#;
    let connector = connect(&server.base, &format!("{RPC}{details}"));
    let pulled = pull(&connector, PullMode::Full, None).await.expect("a list");
    let detailed = connector.detail(pulled.pages[0].records.clone()).await.expect("details");
    let [Detailed::Complete(first), Detailed::Complete(second)] = detailed.as_slice() else {
        panic!("{detailed:?}")
    };
    let first: serde_json::Value = serde_json::from_slice(&first.body).expect("JSON");
    assert_eq!(first["$allocation"][0]["asked"], value!([[31, 32], ["employee"]]));
    assert_eq!(first["$employee"], value!({ "asked": [5], "login": "an.nv" }));
    let second: serde_json::Value = serde_json::from_slice(&second.body).expect("JSON");
    assert_eq!(second, value!({ "id": 8, "allocations": [] }), "nothing is asked for nobody");
}

/// Systems that build their objects anew at every start write members in another order.
#[tokio::test]
async fn members_in_another_order_are_no_change_where_the_manifest_says_so() {
    let listed = |text: &'static str| async move {
        Scripted::start(move |_| status(200, &[("content-type", "application/json")], text)).await
    };
    let first = r#"{"result":[{"id":1,"name":"a","due":{"year":2026,"month":11}}]}"#;
    let again = r#"{"result":[{"due":{"month":11,"year":2026},"name":"a","id":1}]}"#;
    let other = r#"{"result":[{"due":{"month":12,"year":2026},"name":"a","id":1}]}"#;
    let varies = RPC.replace("key = \"id\"", "key = \"id\"\nmember_order = \"varies\"");
    for (sections, same) in [(RPC, false), (varies.as_str(), true)] {
        let mut hashes = Vec::new();
        for text in [first, again, other] {
            let server = listed(text).await;
            let pulled = full(&server, sections).await.expect("a list");
            hashes.push(pulled.pages[0].records[0].hash);
        }
        assert_eq!(hashes[0] == hashes[1], same, "{sections}");
        assert_ne!(hashes[0], hashes[2], "another value is a change");
    }
}

const SOAP: &str = r#"
[stream]
path = "/rpc"
format = "xml"
records = "Envelope/Body/R/Task"
key = "Id"
[soap]
body = "<a/>"
[soap.security]
username = "{{ settings.user }}"
password = "{{ secrets.password }}"
"#;

/// An account is not locked by us, however the source says that it refuses it.
#[tokio::test]
async fn refusal_inside_an_answer_pauses_as_a_401_does_and_nothing_more_is_asked() {
    let rpc = r#"{"error":{"code":401,"message":"sai mật khẩu"}}"#;
    let soap = "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><e:Fault>\
                <faultcode>w:FailedAuthentication</faultcode><faultstring>sai mật khẩu</faultstring></e:Fault></e:Body></e:Envelope>";
    let with_login = format!("{RPC}{LOGIN}");
    for (sections, kind, body, code, calls) in [
        (RPC, "application/json", rpc, "LT-SRC-055", 1),
        (with_login.as_str(), "application/json", rpc, "LT-SRC-055", 2),
        (SOAP, "text/xml", soap, "LT-XML-011", 1),
    ] {
        for number in [200, 500] {
            let server = Scripted::start(move |asked| match asked.path.as_str() {
                "/login" => json(value!({ "result": { "session": "s" } })),
                _ => status(number, &[("content-type", kind)], body),
            })
            .await;
            let connector = connect(&server.base, sections);
            for again in [false, true, true] {
                let error = pull(&connector, PullMode::Full, None).await.expect_err("refused");
                let text = error.finding.to_string();
                assert_eq!(
                    (error.finding.code.as_str(), error.disposition),
                    (code, Disposition::NeedsOperator)
                );
                assert!(text.contains("sai mật khẩu") && text.contains("not tried") == again, "{text}");
                assert_eq!(server.count("/rpc"), calls, "{code} {number}: the account would be locked");
            }
        }
    }
}

/// A fault that is no refusal does not pause.
#[tokio::test]
async fn other_error_inside_an_answer_is_asked_for_again_by_the_next_pull() {
    let server = Scripted::start(|asked| match asked.index {
        0 => status(200, &[("content-type", "application/json")], r#"{"error":{"code":4010}}"#),
        _ => json(value!({ "result": [{ "id": 1, "name": "a" }] })),
    })
    .await;
    let connector = connect(&server.base, RPC);
    let error = pull(&connector, PullMode::Full, None).await.expect_err("an error");
    assert_eq!((error.finding.code.as_str(), error.disposition), ("LT-SRC-020", Disposition::RetryLater));
    assert_eq!(pull(&connector, PullMode::Full, None).await.expect("good").distinct(), vec![1]);
}

#[test]
fn check_that_says_nothing_or_two_things_is_told_when_the_manifest_is_loaded() {
    let fields = "[fields]\ntitle = \"name\"\nstatus = { const = \"open\" }\n";
    let told = |sections: &str| match manifest::parse("m.toml", &format!("{HEAD}{sections}{fields}")) {
        Ok(_) => Vec::new(),
        Err(findings) => findings.0.iter().map(|finding| finding.code.clone()).collect(),
    };
    assert_eq!(told(RPC), Vec::<String>::new());
    for (from, to) in [
        ("absent = true", "one_of = []"),
        ("absent = true", "absent = true, one_of = [\"0\"]"),
        ("one_of = [\"401\", \"ended\"]", "absent = true"),
    ] {
        assert_eq!(told(&RPC.replace(from, to)), ["LT-MAN-011"], "{to}");
    }
    let detail = "[[detail]]\nname = \"d\"\npath = \"/d\"\nbody = { a = 1 }\n";
    assert_eq!(told(&format!("{RPC}{detail}")), ["LT-MAN-011"]);
}

//! Lists that are asked for only where they changed: what is sent, what a 304 means, and what makes a kept state of a
//! list count no more.

use crate::support::http::{Asked, Scripted, status};
use crate::support::source::{HEAD, PASSWORD, STREAM, connect, connect_with, pull, record};
use axum::body::Body;
use axum::http::Response;
use lienthong::connector::http::SourceLimits;
use lienthong::connector::{PullMode, manifest};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};

const ONCE: &str = "conditional = true\n";

fn answer(headers: &[(&str, &str)], records: usize) -> Response<Body> {
    let items: Vec<_> = (1..=records).map(record).collect();
    let headers: Vec<_> =
        [("content-type", "application/json")].into_iter().chain(headers.iter().copied()).collect();
    status(200, &headers, &json!({ "items": items, "total": records }).to_string())
}

fn sent(server: &Scripted, name: &str) -> Option<String> {
    server.asked().last().and_then(|asked: &Asked| asked.headers.get(name).cloned())
}

#[tokio::test]
async fn unchanged_list_is_nothing_new_and_never_an_empty_source() {
    let version = std::sync::Arc::new(AtomicUsize::new(1));
    let seen = version.clone();
    let server = Scripted::start(move |asked| {
        let version = seen.load(Ordering::SeqCst);
        let etag = format!("W/\"v{version}\"");
        if asked.headers.get("if-none-match") == Some(&etag) {
            return status(304, &[("etag", &etag)], "");
        }
        answer(&[("etag", &etag)], version)
    })
    .await;
    let connector = connect(&server.base, &format!("{STREAM}{ONCE}"));
    let first = pull(&connector, PullMode::Incremental, None).await.expect("read");
    assert_eq!((first.keys().len(), first.end.complete, sent(&server, "if-none-match")), (1, true, None));
    let cursor = first.end.cursor.expect("kept").0;
    // Another process, the same cursor.
    let connector = connect(&server.base, &format!("{STREAM}{ONCE}"));
    let second = pull(&connector, PullMode::Incremental, Some(&cursor)).await.expect("unchanged");
    assert_eq!(sent(&server, "if-none-match").as_deref(), Some("W/\"v1\""));
    assert!(second.pages.is_empty() && second.end.unchanged && second.codes().is_empty());
    assert!(!second.end.complete && second.end.cursor.is_none(), "nothing is called gone, the cursor stays");
    version.store(2, Ordering::SeqCst);
    let third = pull(&connector, PullMode::Incremental, Some(&cursor)).await.expect("changed");
    assert_eq!((third.keys().len(), third.end.unchanged), (2, false));
    // Until a pull has ended well nothing counts as held.
    let half = third.pages[0].cursor.clone().expect("kept with the page").0;
    pull(&connector, PullMode::Incremental, Some(&half)).await.expect("read");
    assert_eq!(sent(&server, "if-none-match"), None);
    let newest = third.end.cursor.expect("kept").0;
    pull(&connector, PullMode::Full, Some(&newest)).await.expect("read");
    assert_eq!(sent(&server, "if-none-match"), None, "a full pull rests on nothing that was said before");
}

#[tokio::test]
async fn kept_state_counts_for_the_same_manifest_and_settings_only() {
    let server = Scripted::start(|_| answer(&[("etag", "\"v1\"")], 1)).await;
    let sections = format!("{STREAM}{ONCE}");
    let first = pull(&connect(&server.base, &sections), PullMode::Incremental, None).await.expect("read");
    let cursor = first.end.cursor.expect("kept").0;
    for (base, sections, counts) in [
        (server.base.clone(), sections.clone(), true),
        (server.base.clone(), format!("{sections}query = {{ state = \"all\" }}\n"), false),
        (server.base.clone(), format!("{sections}volatile = [\"seen\"]\n"), false),
        (format!("{}/", server.base), sections.clone(), false),
    ] {
        pull(&connect(&base, &sections), PullMode::Incremental, Some(&cursor)).await.expect("read");
        assert_eq!(sent(&server, "if-none-match").is_some(), counts, "{base} {sections}");
    }
    for strange in
        ["", "{}", "{\"v\":1,\"since\":\"2026-11-01T00:00:00Z\"}", "{\"v\":2,\"of\":\"\",\"etag\":\"a\"}"]
    {
        pull(&connect(&server.base, &sections), PullMode::Incremental, Some(strange)).await.expect("read");
        assert_eq!(sent(&server, "if-none-match"), None, "{strange}");
    }
}

/// What another account was shown is no word about this one; and a cursor does not tell the password.
#[tokio::test]
async fn kept_state_counts_for_the_same_secrets_only() {
    let server = Scripted::start(|_| answer(&[("etag", "\"v1\"")], 1)).await;
    let sections = format!("{STREAM}{ONCE}");
    let as_if = |password: &str| connect_with((&server.base, password), &sections, SourceLimits::default());
    let first = pull(&as_if(PASSWORD), PullMode::Incremental, None).await.expect("read");
    let cursor = first.end.cursor.expect("kept").0;
    assert!(!cursor.contains(PASSWORD), "{cursor}");
    for (password, counts) in [(PASSWORD, true), ("another-one", false), ("", false), (PASSWORD, true)] {
        pull(&as_if(password), PullMode::Incremental, Some(&cursor)).await.expect("read");
        assert_eq!(sent(&server, "if-none-match").is_some(), counts, "{password}");
    }
}

#[tokio::test]
async fn moment_of_change_is_trusted_only_once_it_has_settled() {
    for (modified, counts) in [
        ("Tue, 24 Nov 2026 07:00:00 GMT", true),
        ("Tue, 24 Nov 2026 07:59:30 GMT", false),
        ("yesterday", false),
    ] {
        let server = Scripted::start(move |_| {
            answer(&[("last-modified", modified), ("date", "Tue, 24 Nov 2026 08:00:00 GMT")], 1)
        })
        .await;
        let connector = connect(&server.base, &format!("{STREAM}{ONCE}"));
        let first = pull(&connector, PullMode::Incremental, None).await.expect("read");
        let cursor = first.end.cursor.expect("kept").0;
        pull(&connector, PullMode::Incremental, Some(&cursor)).await.expect("read");
        assert_eq!(sent(&server, "if-modified-since").as_deref(), counts.then_some(modified));
    }
}

#[tokio::test]
async fn answer_without_a_body_nobody_asked_for_is_an_error() {
    let server = Scripted::start(|_| status(304, &[], "")).await;
    let connector = connect(&server.base, &format!("{STREAM}{ONCE}"));
    let error = pull(&connector, PullMode::Incremental, None).await.expect_err("no list");
    assert!(error.finding.code.starts_with("LT-NET-"), "{error}");
}

#[test]
fn lists_of_several_answers_are_not_asked_for_conditionally() {
    for more in [
        "[paging]\nkind = \"page\"\nparam = \"page\"\n",
        "[incremental]\nparam = \"since\"\nformat = \"rfc3339\"\nfield = \"at\"\ndate = [\"rfc3339\"]\n",
    ] {
        let text = format!(
            "{HEAD}{STREAM}{ONCE}{more}[fields]\ntitle = \"name\"\nstatus = {{ path = \"status\", default = \"in_progress\" }}\n"
        );
        let findings = manifest::parse("test.toml", &text).expect_err("refused");
        assert!(findings.to_string().contains("stream.conditional"), "{findings}");
    }
}

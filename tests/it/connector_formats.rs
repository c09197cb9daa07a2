//! Sources that answer in XML, JSON Lines or tables, on real servers, with the faults such answers have.

use crate::support::http::{Asked, Scripted, raw_server, status};
use crate::support::source::{Pulled, connect, full, pull};
use axum::body::Body;
use axum::http::Response;
use lienthong::connector::{Connector, Detailed, PullMode};
use lienthong::error::Disposition;
use serde_json::{Value, json};

const LINES: &str = "[stream]\npath = \"/tasks\"\nformat = \"json_lines\"\nkey = \"id\"\n";
const CSV: &str = "[stream]\npath = \"/tasks\"\nformat = \"csv\"\nkey = \"Mã\"\n";
const XML: &str = "[stream]\npath = \"/tasks\"\nformat = \"xml\"\nrecords = \"tasks/task\"\nkey = \"@id\"\n\
                   total = \"tasks/@total\"\nlists = [\"step\"]\n";

/// A source of each format, its content type, and an answer of one good record.
const GOOD: [(&str, &str, &str); 3] = [
    (LINES, "application/x-ndjson", "{\"id\":1,\"name\":\"a\"}\n"),
    (CSV, "text/csv", "Mã,name\n1,a\n"),
    (XML, "text/xml", "<tasks total=\"1\"><task id=\"1\"><name>a</name></task></tasks>"),
];

async fn serving(kind: &'static str, body: impl Into<String>) -> Scripted {
    let body = body.into();
    Scripted::start(move |_| status(200, &[("content-type", kind)], &body)).await
}

fn bodies(pulled: &Pulled) -> Vec<Value> {
    let records = pulled.pages.iter().flat_map(|page| &page.records);
    records.map(|record| serde_json::from_slice(&record.body).expect("JSON")).collect()
}

fn rejected(pulled: &Pulled) -> Vec<(u32, &str)> {
    let all = pulled.pages.iter().flat_map(|page| &page.rejected);
    all.map(|rejection| (rejection.index, rejection.finding.code.as_str())).collect()
}

#[tokio::test]
async fn every_format_gives_the_same_records_and_lists_them_again_from_what_was_kept() {
    for (sections, kind, body) in GOOD {
        let server = serving(kind, body).await;
        let connector = connect(&server.base, sections);
        let pulled = pull(&connector, PullMode::Full, None).await.expect(kind);
        assert_eq!((pulled.keys(), pulled.end.complete), (vec!["1".to_owned()], true), "{kind}");
        assert_eq!(bodies(&pulled)[0]["name"], "a", "{kind}");
        assert!(server.asked()[0].headers["accept"].contains(kind.trim_start_matches("text/")), "{kind}");
        let page = &pulled.pages[0];
        assert_eq!(page.body, body, "the answer is kept as it came");
        let again = connector.list_again(page.body.clone(), None).expect("says everything").expect("reads");
        assert_eq!(again, page.records, "{kind}");
        assert_eq!(connector.read(&again[0]).expect("a draft").title, "a", "{kind}");
    }
}

#[tokio::test]
async fn xml_pages_go_on_by_a_place_in_the_answer_and_carry_the_sources_total() {
    let page = |asked: &Asked| -> Response<Body> {
        let from = asked.number("at");
        let tasks: String = (from..(from + 10).min(25))
            .map(|at| format!("<t:task id=\"{}\"><name>n</name><step>x</step></t:task>", at + 1))
            .collect();
        let next = if from + 10 < 25 { format!("<next>{}</next>", from + 10) } else { "<next/>".to_owned() };
        let body = format!("<t:tasks xmlns:t=\"urn:t\" total=\"25\">{tasks}{next}</t:tasks>");
        status(200, &[("content-type", "application/xml")], &body)
    };
    let server = Scripted::start(page).await;
    let sections = format!("{XML}[paging]\nkind = \"cursor\"\nparam = \"at\"\nnext = \"tasks/next\"\n");
    let pulled = full(&server, &sections).await.expect("pages");
    assert_eq!(pulled.distinct(), (1..=25).collect::<Vec<_>>());
    assert_eq!((server.asked().len(), pulled.end.source_total, pulled.end.complete), (3, Some(25), true));
    assert_eq!(bodies(&pulled)[0], json!({ "@id": "1", "name": "n", "step": ["x"] }));
    let short = serving("text/xml", "<tasks total=\"9\"><task id=\"1\"><name>a</name></task></tasks>").await;
    let pulled = full(&short, XML).await.expect("pull");
    assert_eq!((pulled.end.complete, pulled.codes()), (false, vec!["LT-SRC-013"]));
}

/// Rows F6, F10 and F11: the bad record is alone.
#[tokio::test]
async fn bad_record_of_any_format_is_rejected_alone() {
    let big = "x".repeat(70 * 1024);
    let lines = format!(
        "{{\"id\":1}}\n\n{{\"id\":2,\"id\":3}}\r\nno json\n[4]\n{{\"name\":\"no key\"}}\n{{\"id\":5,\"n\":\"{big}\"}}\n{{\"id\":6}}\n"
    );
    let server = serving("application/x-ndjson", lines).await;
    let pulled = full(&server, &format!("{LINES}max_record_kib = 64\n")).await.expect("lines");
    assert_eq!(pulled.keys(), ["1", "6"]);
    let expected =
        [(1, "LT-SRC-010"), (2, "LT-SRC-002"), (3, "LT-SRC-002"), (4, "LT-SRC-003"), (5, "LT-SRC-004")];
    assert_eq!(rejected(&pulled), expected);
    assert!(!pulled.end.complete);

    let csv = "Báo cáo;;\nMã;name;Hạn\n1;a;\n;b;\n2;c;x;y\n3;\"d;\n4;e;f\n";
    let pulled = full(&serving("text/csv", csv).await, CSV).await.expect("table");
    assert_eq!(pulled.keys(), ["1", "4"]);
    let codes: Vec<&str> = rejected(&pulled).into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, ["LT-SRC-003", "LT-SRC-053", "LT-TAB-004"]);
    assert_eq!(bodies(&pulled)[0], json!({ "Mã": "1", "name": "a" }));

    let xml = format!(
        "<tasks><task id=\"1\"/><task id=\"2\" id=\"3\"/><task><name/></task><task id=\"4\">&nbsp;</task>\
         <task id=\"5\">{big}</task><task id=\"6\"><b>\u{1}</b></task><task id=\"7\"/></tasks>"
    );
    let sections = format!("{XML}max_record_kib = 64\n");
    let pulled = full(&serving("text/xml", xml).await, &sections).await.expect("XML");
    assert_eq!(pulled.keys(), ["1", "7"]);
    let expected =
        [(1, "LT-XML-005"), (2, "LT-SRC-003"), (3, "LT-XML-005"), (4, "LT-SRC-004"), (5, "LT-XML-005")];
    assert_eq!(rejected(&pulled), expected);
    assert!(pulled.pages[0].rejected[3].body.len() <= 4096, "a record over the limit is not kept whole");
}

/// Row E13: a page for people, an empty answer, a part of one, an error inside a good status.
#[tokio::test]
async fn answer_of_another_kind_is_an_error_and_never_an_empty_system() {
    let login = "<!DOCTYPE html><html><form><input type=\"password\"></form></html>";
    for (sections, kind, good) in GOOD {
        for (answer, content_type, code, what) in [
            (login, "text/html; charset=utf-8", "LT-NET-014", Disposition::NeedsOperator),
            (login, kind, "LT-NET-014", Disposition::NeedsOperator),
            ("bảo trì", "text/html", "LT-NET-014", Disposition::RetryLater),
            (" \n", kind, "LT-NET-018", Disposition::RetryLater),
        ] {
            if answer == " \n" && kind.contains("ndjson") {
                // No line is no record; it proves nothing either.
                let pulled = full(&serving(kind, answer).await, sections).await.expect("no record");
                assert_eq!((pulled.keys().len(), pulled.end.complete), (0, false));
                continue;
            }
            let server =
                Scripted::start(move |_| status(200, &[("content-type", content_type)], answer)).await;
            let error = full(&server, sections).await.expect_err(code);
            assert_eq!((error.finding.code.as_str(), error.disposition), (code, what), "{kind}: {answer}");
        }
        let server = Scripted::start(|_| status(204, &[], "")).await;
        let error = full(&server, sections).await.expect_err("no content");
        assert_eq!(error.finding.code, "LT-NET-018", "{kind}");
        let allowed = format!("{sections}[success]\nstatus = [200, 204]\n");
        let pulled = full(&server, &allowed).await.expect("no content, where the manifest knows it");
        assert_eq!((pulled.keys().len(), pulled.end.complete), (0, false), "{kind}");
        let server = Scripted::start(move |_| status(206, &[("content-type", kind)], good)).await;
        assert!(full(&server, sections).await.is_err(), "{kind}: a part is no answer");
    }
    let checks =
        "[success]\ncheck = [{ path = \"tasks/ok\", one_of = [\"true\"] }]\nerror_text = \"tasks/message\"\n";
    let said = serving("text/xml", "<tasks><ok>false</ok><message>hết phiên</message></tasks>").await;
    let error = full(&said, &format!("{XML}{checks}")).await.expect_err("an error inside");
    assert_eq!(error.finding.code, "LT-SRC-020");
    assert!(error.finding.what.vi.contains("hết phiên"));
    let good = serving("text/xml", "<tasks><ok>true</ok></tasks>").await;
    assert!(full(&good, &format!("{XML}{checks}")).await.is_ok());
    for (sections, kind, answer, code) in [
        (XML, "text/xml", "<error>no</error>", "LT-SRC-001"),
        (CSV, "text/csv", "Số;Tên\n1;a\n", "LT-SRC-051"),
        (CSV, "text/csv", "Mã;name;name\n1;a;b\n", "LT-SRC-052"),
    ] {
        let error = full(&serving(kind, answer).await, sections).await.expect_err(code);
        assert_eq!(error.finding.code, code);
    }
}

/// Rows F3, F4 and E4: what is broken, over a limit or cut off is thrown away whole.
#[tokio::test]
async fn body_that_cannot_be_trusted_is_thrown_away_whole() {
    let deep = format!("<tasks>{}{}</tasks>", "<a>".repeat(30_000), "</a>".repeat(30_000));
    let laughs =
        "<!DOCTYPE r [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><tasks><task id=\"1\">&b;</task></tasks>";
    let external = "<!DOCTYPE r SYSTEM \"http://127.0.0.1:9/x.dtd\"><tasks><task id=\"1\"/></tasks>";
    for (answer, code) in [
        (deep.as_str(), "LT-XML-003"),
        (laughs, "LT-XML-002"),
        (external, "LT-XML-002"),
        ("<tasks><task id=\"1\"/><task id=\"2\">", "LT-XML-001"),
        ("<tasks><task id=\"1\"/></task></tasks>", "LT-XML-001"),
        ("<?xml version=\"1.0\" encoding=\"x-none\"?><tasks><task id=\"1\"/></tasks>", "LT-XML-004"),
    ] {
        let error = full(&serving("text/xml", answer).await, XML).await.expect_err(code);
        assert_eq!(error.finding.code, code, "{answer:.80}");
    }
    for (sections, kind, whole, part) in [
        (LINES, "application/x-ndjson", "{\"id\":1}\n{\"id\":2}", "{\"id\":1}\n{\"id\":2,\"na"),
        (CSV, "text/csv", "Mã,name\n1,a\n2,b", "Mã,name\n1,a\n2,"),
    ] {
        // Content-Length proves that nothing is missing.
        let pulled = full(&serving(kind, whole).await, sections).await.expect("whole");
        assert_eq!(pulled.keys(), ["1", "2"], "{kind}");
        for body in [whole, part] {
            let answer =
                format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n{body}");
            let (base, _server) = raw_server(answer.leak().as_bytes()).await;
            let error = pull(&connect(&base, sections), PullMode::Full, None).await.expect_err("cut off");
            assert_eq!(error.finding.code, "LT-SRC-050", "{kind}");
        }
    }
}

#[tokio::test]
async fn details_of_tables_and_json_lines_are_asked_for_as_json() {
    for (sections, kind, body) in [GOOD[0], GOOD[1]] {
        let server = Scripted::start(move |asked| match asked.path.as_str() {
            "/tasks" => status(200, &[("content-type", kind)], body),
            _ if asked.headers["accept"] == "application/json" => {
                status(200, &[("content-type", "application/json")], "{\"a\":1}")
            }
            _ => status(406, &[], ""),
        })
        .await;
        let detail = "[[detail]]\nname = \"more\"\npath = \"/more/{{ key }}\"\n";
        let connector = connect(&server.base, &format!("{sections}{detail}"));
        let pulled = pull(&connector, PullMode::Full, None).await.expect(kind);
        let detailed = connector.detail(pulled.pages[0].records.clone()).await.expect("JSON");
        let Detailed::Complete(record) = &detailed[0] else { panic!("{detailed:?}") };
        let record: Value = serde_json::from_slice(&record.body).expect("JSON");
        assert_eq!(record["$more"]["a"], 1, "{kind}");
    }
}

/// No record is exactly an empty body in JSON Lines: no changes, or the page after the last.
#[tokio::test]
async fn empty_body_of_json_lines_is_a_list_of_no_record_where_it_is_whole() {
    let changes = format!("{LINES}[incremental]\nparam = \"since\"\nformat = \"rfc3339\"\n");
    let quiet = serving("application/x-ndjson", "").await;
    let mark = json!({ "v": 1, "since": "2026-11-23T08:00:00Z" }).to_string();
    let pulled =
        pull(&connect(&quiet.base, &changes), PullMode::Incremental, Some(&mark)).await.expect("quiet");
    assert!(pulled.keys().is_empty() && pulled.end.cursor.is_some(), "{:?}", pulled.end);
    let pages = Scripted::start(|asked| {
        let body =
            if asked.number("page") < 3 { format!("{{\"id\":{}}}\n", asked.index) } else { "\n".to_owned() };
        status(200, &[("content-type", "application/x-ndjson")], &body)
    })
    .await;
    let paged = format!("{LINES}[paging]\nkind = \"page\"\nparam = \"page\"\n");
    assert_eq!(full(&pages, &paged).await.expect("pages").keys(), ["0", "1"]);
    // Nothing proves that this one is whole; and in other formats no body is no answer.
    let (base, _server) =
        raw_server(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\nconnection: close\r\n\r\n")
            .await;
    let cut = pull(&connect(&base, LINES), PullMode::Full, None).await.expect_err("not whole");
    let csv = full(&serving("text/csv", "").await, CSV).await.expect_err("no header");
    assert_eq!((cut.finding.code.as_str(), csv.finding.code.as_str()), ("LT-NET-018", "LT-NET-018"));
}

/// Row F9.
#[tokio::test]
async fn encodings_are_told_by_mark_declaration_or_evidence() {
    let xml = "<tasks><task id=\"1\"><name>Kế hoạch kiểm tra</name></task></tasks>";
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(xml.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let win = b"<?xml version='1.0' encoding='windows-1258'?><tasks><task id='1'><name>K\xea\xec hoa\xf2ch ki\xea\xd2m tra</name></task></tasks>";
    let csv = b"Ma\xde,name\n1,K\xea\xec hoa\xf2ch ki\xea\xd2m tra\n2,th\xfd\xf2c ph\xe2\xd2m\n".to_vec();
    let lines: Vec<u8> = "\u{feff}{\"id\":1,\"name\":\"Kế hoạch kiểm tra\"}\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (sections, body) in [
        (XML, format!("\u{feff}{xml}").into_bytes()),
        (XML, utf16),
        (XML, win.to_vec()),
        (LINES, lines),
        (CSV, csv),
    ] {
        let server = Scripted::start(move |_| {
            Response::builder()
                .header("content-type", "text/plain")
                .body(Body::from(body.clone()))
                .expect("answer")
        })
        .await;
        let pulled = full(&server, sections).await.expect("text");
        assert_eq!(bodies(&pulled)[0]["name"], "Kế hoạch kiểm tra", "{sections}");
    }
}

/// Row F7 and F8: nothing passes through a float, and an id keeps its zeros.
#[tokio::test]
async fn numbers_and_ids_stay_the_text_of_the_source() {
    let number = "9007199254740993";
    for (sections, body) in [
        (LINES, format!("{{\"id\":\"0007\",\"n\":{number}}}\n")),
        (CSV, format!("Mã,n\n0007,{number}\n")),
        (XML, format!("<tasks><task id=\"0007\"><n>{number}</n></task></tasks>")),
    ] {
        let pulled = full(&serving("text/plain", body).await, sections).await.expect("pull");
        assert_eq!(pulled.keys(), ["0007"]);
        let text = String::from_utf8(pulled.pages[0].records[0].body.to_vec()).expect("text");
        assert!(text.contains(number), "{text}");
    }
}

#[tokio::test]
async fn details_of_xml_sources_are_the_elements_at_their_place() {
    let server = Scripted::start(|asked| {
        let body = match asked.path.as_str() {
            "/tasks" => "<tasks><task id=\"1\"/><task id=\"2\"/></tasks>",
            "/tasks/1" => "<task><log><entry>a</entry><entry>b</entry></log></task>",
            _ => "<task><log/></task>",
        };
        status(200, &[("content-type", "text/xml")], body)
    })
    .await;
    let sections = format!(
        "{XML}[[detail]]\nname = \"log\"\npath = \"/tasks/{{{{ key }}}}\"\nselect = \"task/log/entry\"\n"
    );
    let connector = connect(&server.base, &sections);
    let pulled = pull(&connector, PullMode::Full, None).await.expect("pull");
    let detailed = connector.detail(pulled.pages[0].records.clone()).await.expect("details");
    let text = |detailed: &Detailed| match detailed {
        Detailed::Complete(record) => String::from_utf8_lossy(&record.body).into_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(text(&detailed[0]), r#"{"@id":"1","$log":["a","b"]}"#);
    assert_eq!(text(&detailed[1]), r#"{"@id":"2","$log":null}"#);
}

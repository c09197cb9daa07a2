//! `connector new`: a proposal loads, reads what it was made from, and asks about everything it cannot know.

use crate::support::site::Site;
use lienthong::connector::propose::{from_openapi, from_sample, propose};
use lienthong::connector::{OpenSource, Step, manifest};
use lienthong::connector::{PullMode, PullRequest, http::SourceLimits, open};
use lienthong::domain::{SourceId, TaskStatus};
use serde_json::{Value, json};

/// An answer of a system in Vietnamese, its list two levels down.
fn answer() -> Value {
    json!({
        "success": true,
        "data": {
            "tong_so": 3, "trang": 1, "kich_thuoc": 20,
            "danh_sach": [
                { "id": 1, "trich_yeu": "Báo cáo tháng 9", "trang_thai": "Hoàn thành", "nguoi_xu_ly": { "username": "an.nv", "ho_ten": "Nguyễn Văn An" },
                  "ngay_giao": "01/09/2026", "han_xu_ly": "25/09/2026", "ngay_hoan_thanh": "24/09/2026 16:00:00", "don_vi": "SNV" },
                { "id": 2, "trich_yeu": "Kế hoạch kiểm tra", "trang_thai": "Đang xử lý", "nguoi_xu_ly": { "username": "binh.tt", "ho_ten": "Trần Thị Bình" },
                  "ngay_giao": "05/10/2026", "han_xu_ly": null, "ngay_hoan_thanh": null, "don_vi": "SNV" },
                { "id": 3, "trich_yeu": "Tờ trình", "trang_thai": "Chờ ý kiến", "nguoi_xu_ly": null,
                  "ngay_giao": "13/10/2026", "han_xu_ly": "30/10/2026", "ngay_hoan_thanh": null, "don_vi": "SNV" },
            ],
        },
    })
}

#[tokio::test]
async fn proposal_from_an_answer_reads_that_answer_and_refuses_the_status_it_does_not_know() {
    let answer = answer();
    let shape = from_sample("a.json", &answer.to_string()).expect("a list");
    let proposal = propose("giao-viec", &shape);
    let loaded =
        manifest::parse("giao-viec", &proposal.manifest).unwrap_or_else(|findings| panic!("{findings}"));
    let stream = loaded.manifest.stream.as_ref().expect("a stream");
    assert_eq!((stream.records.as_deref(), stream.key.as_str()), (Some("data.danh_sach"), "id"));
    assert_eq!(stream.total.as_deref(), Some("data.tong_so"));

    let body = answer.to_string();
    let server = crate::support::http::Scripted::start(move |_| {
        crate::support::http::status(200, &[("content-type", "application/json")], &body)
    })
    .await;
    let opened = open(OpenSource {
        id: SourceId::new("new").expect("id"),
        manifest_name: "giao-viec".to_owned(),
        manifest: proposal.manifest.clone(),
        settings: [("base_url".to_owned(), server.base.clone())].into(),
        secrets: [("api_key".to_owned(), "k".into())].into(),
        folder: std::env::temp_dir(),
        ca_file: None,
        allow_http: true,
        limits: SourceLimits::default(),
    })
    .unwrap_or_else(|findings| panic!("{findings}"));
    let now = chrono::Utc::now();
    let mut pull =
        opened.connector.pull(PullRequest { mode: PullMode::Full, cursor: None, now }).await.expect("pulls");
    let Step::Page(page) = pull.next_page().await.expect("a page") else { panic!("no page") };
    let read: Vec<_> = page.records.iter().map(|record| opened.connector.read(record)).collect();
    let first = read[0].as_ref().expect("reads");
    assert_eq!((first.status, first.title.as_str()), (TaskStatus::Done, "Báo cáo tháng 9"));
    assert_eq!(first.assignee.as_ref().map(|account| account.value.as_str()), Some("an.nv"));
    assert_eq!(first.due.map(|due| due.day.to_string()).as_deref(), Some("2026-09-25"));
    assert!(first.completed_at.is_some() && first.assigned_at.is_some());
    assert_eq!(read[1].as_ref().expect("reads").status, TaskStatus::InProgress);
    let refused = read[2].as_ref().expect_err("nobody said what it means");
    assert_eq!(refused.finding.code, "LT-SRC-006");
    assert!(proposal.open.iter().any(|open| open.en.contains("Chờ ý kiến")), "{:?}", proposal.open);
    assert!(proposal.open.iter().any(|open| open.en.contains("never a full name")), "{:?}", proposal.open);
}

#[test]
fn statuses_of_which_none_is_known_leave_the_table_to_a_person() {
    let list = json!([{ "id": "a", "title": "x", "status": -3 }, { "id": "b", "title": "y", "status": 1 }]);
    let proposal = propose("x", &from_sample("a.json", &list.to_string()).expect("a list"));
    manifest::parse("x", &proposal.manifest).unwrap_or_else(|findings| panic!("{findings}"));
    assert!(proposal.open.iter().any(|open| open.en.contains("\"-3\", \"1\"")), "{:?}", proposal.open);
}

#[test]
fn day_and_month_are_not_guessed_where_both_fit() {
    let list = json!([{ "id": "a", "title": "x", "status": "new", "deadline": "03/04/2026" }]);
    let proposal = propose("x", &from_sample("a.json", &list.to_string()).expect("a list"));
    assert!(
        proposal.open.iter().any(|open| open.en.contains("day first or month first")),
        "{:?}",
        proposal.open
    );
    let clear = json!([{ "id": "a", "title": "x", "status": "new", "deadline": "13/04/2026" }]);
    let proposal = propose("x", &from_sample("a.json", &clear.to_string()).expect("a list"));
    assert!(!proposal.open.iter().any(|open| open.en.contains("month first")), "{:?}", proposal.open);
    assert!(
        proposal.manifest.contains("due = { path = \"deadline\", date = [\"%d/%m/%Y\"] }"),
        "{}",
        proposal.manifest
    );
}

fn description() -> Value {
    json!({
        "openapi": "3.0.3",
        "security": [{ "key": [] }],
        "components": {
            "securitySchemes": { "key": { "type": "apiKey", "in": "header", "name": "X-Api-Key" } },
            "schemas": {
                "Task": { "type": "object", "properties": {
                    "id": { "type": "string" },
                    "name": { "type": "string" },
                    "status": { "type": "string", "enum": ["NEW", "DOING", "DONE", "ARCHIVED"] },
                    "deadline": { "type": "string", "format": "date" },
                    "updated_at": { "type": "string", "format": "date-time" },
                    "owner": { "$ref": "#/components/schemas/User" },
                }},
                "User": { "type": "object", "properties": { "account": { "type": "string" }, "self": { "$ref": "#/components/schemas/User" } } },
                "Page": { "type": "object", "properties": {
                    "items": { "type": "array", "items": { "$ref": "#/components/schemas/Task" } },
                    "total": { "type": "integer" }, "next_cursor": { "type": "string" },
                }},
            },
        },
        "paths": {
            "/users": { "get": { "responses": { "200": { "content": { "application/json": { "schema": {
                "type": "array", "items": { "$ref": "#/components/schemas/User" } } } } } } } },
            "/v1/tasks": { "get": {
                "parameters": [{ "in": "query", "name": "cursor" }, { "in": "query", "name": "limit" }, { "in": "query", "name": "updated_since" }],
                "responses": { "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Page" } } } } },
            } },
            "/v1/tasks/{id}": { "get": { "responses": { "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Page" } } } } } } },
        },
    })
}

#[test]
fn proposal_from_openapi_takes_paging_key_and_changes_from_the_description() {
    let shape = from_openapi("api.json", &description().to_string(), None).expect("a list");
    let proposal = propose("tasks", &shape);
    let text = &proposal.manifest;
    manifest::parse("tasks", text).unwrap_or_else(|findings| panic!("{findings}\n{text}"));
    for part in [
        "path = \"/v1/tasks\"",
        "records = \"items\"",
        "kind = \"cursor\"\nparam = \"cursor\"\nnext = \"next_cursor\"\nsize_param = \"limit\"",
        "name = \"X-Api-Key\"",
        "param = \"updated_since\"",
        "assignee = { path = \"owner.account\"",
        "DOING = ",
    ] {
        assert!(text.contains(part) || text.contains(&part.replace("DOING", "\"DOING\"")), "{part}: {text}");
    }
    assert!(proposal.open.iter().any(|open| open.en.contains("ARCHIVED")), "{:?}", proposal.open);
    let users = from_openapi("api.json", &description().to_string(), Some("/users")).expect("named");
    assert_eq!(users.path.as_deref(), Some("/users"));
}

#[test]
fn what_holds_no_list_is_refused_with_a_reason() {
    for text in ["", "{", "[]", "{\"a\": [1, 2]}", "nonsense", "{\"paths\": {}}"] {
        assert_eq!(from_sample("a.json", text).expect_err(text).code, "LT-MAN-022");
        assert_eq!(from_openapi("a.json", text, None).expect_err(text).code, "LT-MAN-022");
    }
    // A reference to itself ends.
    let looped = json!({ "paths": { "/t": { "get": { "responses": { "200": { "$ref": "#/paths/~1t/get/responses/200" } } } } } });
    assert_eq!(from_openapi("a.json", &looped.to_string(), None).expect_err("no list").code, "LT-MAN-022");
}

#[test]
fn command_writes_once_tells_what_is_open_and_never_overwrites() {
    let site = Site::new("");
    site.write("answer.json", answer().to_string());
    let made =
        site.json(&["connector", "new", "giao-viec", "--sample", "answer.json", "--path", "/cong-viec"]);
    assert_eq!(made["manifest"]["records"], "data.danh_sach");
    assert!(made["open"].as_array().is_some_and(|open| !open.is_empty()), "{made}");
    let file = "connectors/giao-viec/manifest.toml";
    assert!(std::fs::read_to_string(site.file(file)).expect("written").contains("path = \"/cong-viec\""));
    assert_eq!(site.json(&["connector", "lint", file])["ok"], true);
    let told = site.refused(&["connector", "new", "giao-viec", "--sample", "answer.json"], 5);
    assert!(told.contains("LT-MAN-023"), "{told}");
    let told = site.refused(&["connector", "new", "../x", "--sample", "answer.json"], 5);
    assert!(told.contains("LT-MAN-023"), "{told}");
}

#[test]
fn answer_of_json_rpc_is_asked_for_by_post_and_its_moments_are_put_together() {
    let moment = json!({ "__class__": "datetime", "year": 2026, "month": 11, "day": 15, "hour": 9, "minute": 30, "second": 0 });
    let answer = json!({ "jsonrpc": "2.0", "id": 7, "result": [
        { "id": 41, "name": "Báo cáo", "state": "done", "deadline": { "__class__": "date", "year": 2026, "month": 11, "day": 20 },
          "closed_at": moment, "quantity": { "__class__": "Decimal", "decimal": "2" } },
        { "id": 42, "name": "Tờ trình", "state": "new", "deadline": null, "closed_at": null, "quantity": null },
    ] });
    let shape = from_sample("a.json", &answer.to_string()).expect("a list");
    let text = propose("rpc", &shape).manifest;
    let loaded = manifest::parse("rpc", &text).unwrap_or_else(|findings| panic!("{findings}\n{text}"));
    let stream = loaded.manifest.stream.as_ref().expect("a stream");
    assert_eq!((stream.records.as_deref(), stream.key.as_str()), (Some("result"), "id"));
    assert!(text.contains("method = \"POST\"\nbody = { jsonrpc = \"2.0\""), "{text}");
    assert!(text.contains("check = [{ path = \"error\", absent = true }]"), "{text}");
    assert!(text.contains("due = { path = \"deadline\", parts = [\"year\", \"month\", \"day\"] }"), "{text}");
    assert!(text.contains("\"hour\", \"minute\", \"second\"] }"), "{text}");
    assert!(text.contains("quantity = \"quantity.decimal\""), "{text}");
    let numbers = json!({ "jsonrpc": "2.0", "id": 7, "result": [41, 42] });
    let told = from_sample("a.json", &numbers.to_string()).expect_err("no record");
    assert!(told.what.en.contains("numbers alone"), "{told}");
}

#[tokio::test]
async fn rows_that_are_lists_are_named_by_the_answer_or_by_a_person() {
    let named = json!({ "result": { "fields": ["id", "name", "state"], "rows": [[1, "Báo cáo", "done"], [2, "Tờ trình", "new"]] } });
    let shape = from_sample("a.json", &named.to_string()).expect("rows");
    let proposal = propose("rows", &shape);
    assert!(proposal.manifest.contains("columns = [\"id\", \"name\", \"state\"]"), "{}", proposal.manifest);
    let loaded = manifest::parse("rows", &proposal.manifest);
    let loaded = loaded.unwrap_or_else(|findings| panic!("{findings}\n{}", proposal.manifest));
    assert_eq!(loaded.manifest.stream.as_ref().map(|stream| stream.key.as_str()), Some("id"));
    let nameless = json!([[1, "Báo cáo", "done"], [2, "Tờ trình", "new"]]);
    let shape = from_sample("a.json", &nameless.to_string()).expect("rows");
    let nameless = propose("rows", &shape);
    assert!(nameless.manifest.contains("columns = [\"c1\", \"c2\", \"c3\"]"), "{}", nameless.manifest);
    assert!(nameless.open.iter().any(|open| open.en.contains("without names")), "{:?}", nameless.open);

    let body = json!({ "result": { "rows": [[1, "Báo cáo", "done"], [2, "Tờ trình", "new", "odd"], [3, "Kế hoạch"]] } }).to_string();
    let server = crate::support::http::Scripted::start(move |_| {
        crate::support::http::status(200, &[("content-type", "application/json")], &body)
    })
    .await;
    let sections = "[stream]\npath = \"/\"\nrecords = \"result.rows\"\nkey = \"id\"\ncolumns = [\"id\", \"name\", \"status\"]\n";
    let pulled = crate::support::source::full(&server, sections).await.expect("pulled");
    assert_eq!(pulled.keys(), ["1", "3"]);
    let rejected: Vec<&str> =
        pulled.pages[0].rejected.iter().map(|rejection| rejection.finding.code.as_str()).collect();
    assert_eq!((rejected, pulled.end.complete), (vec!["LT-SRC-053"], false), "a wider row is no row");
    assert_eq!(
        pulled.pages[0].records[0].body.as_ref(),
        r#"{"id":1,"name":"Báo cáo","status":"done"}"#.as_bytes()
    );
}

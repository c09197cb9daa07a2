//! Lists, changes and details of HTTP sources, on real servers.

use crate::support::http::{Asked, Scripted, json, status};
use crate::support::source::{HEAD, Pulled, STREAM, connect, connect_within, full, now, pull, record};
use axum::body::Body;
use axum::http::Response;
use lienthong::connector::http::SourceLimits;
use lienthong::connector::{Connector, Detailed, OpenSource, Presence, PullMode, open};
use lienthong::domain::SourceId;
use lienthong::error::Disposition;
use serde_json::{Value, json};

const PAGE: &str = "[paging]\nkind = \"page\"\nparam = \"page\"\nsize_param = \"size\"\nsize = 10\n";
const CURSOR: &str = "[paging]\nkind = \"cursor\"\nparam = \"cursor\"\nnext = \"next\"\n";

/// A page of `all` records; `size` is what the server gives, whatever was asked.
fn page_of(all: usize, start: usize, size: usize, total: bool) -> Value {
    let items: Vec<Value> = (start..(start + size).min(all)).map(|index| record(index + 1)).collect();
    if total { json!({ "items": items, "total": all }) } else { json!({ "items": items }) }
}

fn everything(pulled: &Pulled, all: usize) {
    assert_eq!(pulled.distinct(), (1..=all).collect::<Vec<_>>());
    assert_eq!(pulled.keys().len(), all, "no record comes twice");
    assert!(pulled.end.complete, "{:?}", pulled.end.findings);
}

/// Every record, but several pages without a total prove nothing.
fn everything_unproven(pulled: &Pulled, all: usize) {
    assert_eq!(pulled.distinct(), (1..=all).collect::<Vec<_>>());
    let codes: Vec<&str> = pulled.end.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!((pulled.end.complete, codes), (false, vec!["LT-SRC-016"]));
}

#[tokio::test]
async fn every_way_of_paging_sees_every_record_once() {
    let no_total = "[stream]\npath = \"/tasks\"\nrecords = \"items\"\nkey = \"id\"\n";
    let number = |asked: &Asked| page_of(25, asked.number("page").saturating_sub(1) * 10, 10, true);
    let server = Scripted::start(move |asked| json(number(asked))).await;
    everything(&full(&server, &format!("{STREAM}{PAGE}")).await.expect("pages"), 25);
    assert_eq!(server.asked().len(), 3, "the total saves the empty page");
    assert_eq!(server.asked()[0].query["size"], "10");

    // The server cuts the size to 7 without saying so and tells no total.
    let server = Scripted::start(|asked| json(page_of(25, asked.number("skip"), 7, false))).await;
    let offset = format!(
        "{no_total}[paging]\nkind = \"offset\"\nparam = \"skip\"\nsize_param = \"limit\"\nsize = 10\n"
    );
    everything_unproven(&full(&server, &offset).await.expect("offsets"), 25);
    assert_eq!(server.asked().len(), 5);
    let short = Scripted::start(|asked| json(page_of(25, asked.number("skip"), 10, false))).await;
    everything_unproven(
        &full(&short, &format!("{offset}stop = \"short_page\"\n")).await.expect("offsets"),
        25,
    );
    assert_eq!(short.asked().len(), 3);

    let step = |asked: &Asked, name: &str| {
        asked.query.get(name).and_then(|text| text.parse().ok()).unwrap_or(0usize)
    };
    let server = Scripted::start(move |asked| {
        let mut page = page_of(25, step(asked, "cursor"), 10, true);
        let next = step(asked, "cursor") + 10;
        page["next"] = if next < 25 { json!(next.to_string()) } else { Value::Null };
        json(page)
    })
    .await;
    everything(&full(&server, &format!("{STREAM}{CURSOR}")).await.expect("cursor"), 25);

    for (kind, header) in [("link", "link"), ("next_header\"\nheader = \"Next-Page", "next-page")] {
        let server = Scripted::start(move |asked| {
            let next = step(asked, "_token") + 10;
            let address = format!("/tasks?keep=1&_token={next}");
            let given = if header == "link" { format!("<{address}>; rel=\"next\"") } else { address };
            let body = page_of(25, step(asked, "_token"), 10, true).to_string();
            let headers = [("content-type", "application/json"), (header, given.as_str())];
            status(200, if next < 25 { &headers } else { &headers[..1] }, &body)
        })
        .await;
        let sections = format!("{STREAM}[paging]\nkind = \"{kind}\"\n");
        everything(&full(&server, &sections).await.expect(kind), 25);
        assert!(server.asked()[1..].iter().all(|asked| asked.query["keep"] == "1"));
    }

    let server = Scripted::start(move |asked| {
        let mut page = page_of(25, step(asked, "at"), 10, true);
        let next = step(asked, "at") + 10;
        page["links"] = json!({ "next": (next < 25).then(|| format!("tasks?at={next}")) });
        json(page)
    })
    .await;
    let sections = format!("{STREAM}[paging]\nkind = \"next_url\"\nnext = \"links.next\"\n");
    everything(&full(&server, &sections).await.expect("addresses"), 25);

    let server = Scripted::start(|asked| {
        let body: Value = serde_json::from_str(&asked.body).expect("a JSON body");
        assert_eq!((&body["filter"], &body["deep"]["user"]), (&json!("all"), &json!("reader")));
        let page = body["page"].as_u64().expect("a number") as usize;
        json(page_of(25, (page - 1) * 10, 10, true))
    })
    .await;
    let post = format!(
        "{STREAM}method = \"POST\"\nbody = {{ filter = \"all\", deep = {{ user = \"{{{{ settings.user }}}}\" }} }}\n{PAGE}"
    );
    everything(&full(&server, &post).await.expect("POST"), 25);
    assert!(server.asked().iter().all(|asked| asked.method == "POST"));
}

#[tokio::test]
async fn list_that_repeats_and_loses_rows_is_read_until_nothing_is_missing() {
    // Rows of one page come in an order that changes with every request, and page borders cut through it.
    let shuffled = |asked: &Asked| {
        let (all, size) = (40usize, asked.number("size").max(1));
        let mut rows: Vec<usize> = (0..all).collect();
        rows.sort_by_key(|row| (row.wrapping_mul(2_654_435_761) ^ asked.index.wrapping_mul(40_503)) % 997);
        let start = asked.number("page").saturating_sub(1) * size;
        let items: Vec<Value> = rows.iter().skip(start).take(size).map(|row| record(row + 1)).collect();
        json(json!({ "items": items, "total": all }))
    };
    let server = Scripted::start(shuffled).await;
    let shifting = format!("{STREAM}snapshot = \"shifting\"\nmax_passes = 20\n{PAGE}");
    let pulled = full(&server, &shifting).await.expect("pull");
    assert!(server.asked().len() > 8, "one pass is not enough here");
    everything(&pulled, 40);
    // The same list read as if it were stable is noticed and proves nothing.
    let server = Scripted::start(shuffled).await;
    let pulled = full(&server, &format!("{STREAM}{PAGE}")).await.expect("pull");
    assert!(pulled.distinct().len() < 40 && !pulled.end.complete);
    assert_eq!(pulled.codes(), ["LT-SRC-013"]);
}

#[tokio::test]
async fn list_that_never_settles_is_told_and_not_called_complete() {
    let server = Scripted::start(|asked| {
        let start = asked.index * 10;
        json(json!({ "items": (start..start + 10).map(record).collect::<Vec<_>>(), "total": 1_000_000 }))
    })
    .await;
    let sections = format!(
        "{STREAM}snapshot = \"shifting\"\nmax_passes = 3\n{PAGE}max_pages = 3\nstop = \"short_page\"\n"
    );
    let error = full(&server, &sections).await.expect_err("more pages than allowed");
    assert_eq!(error.finding.code, "LT-SRC-012");
    let server = Scripted::start(|asked| {
        let items = if asked.number("page") == 1 { vec![record(asked.index)] } else { Vec::new() };
        json(json!({ "items": items }))
    })
    .await;
    let pulled = full(&server, &format!("{STREAM}snapshot = \"shifting\"\nmax_passes = 3\n{PAGE}"))
        .await
        .expect("ends");
    assert!(!pulled.end.complete);
    assert_eq!(pulled.codes(), ["LT-SRC-015"]);
    assert_eq!(pulled.distinct().len(), 3, "what was seen is given out all the same");
}

#[tokio::test]
async fn endless_paging_is_stopped() {
    let same = |next: Value| {
        move |asked: &Asked| {
            json(json!({ "items": [record(asked.index)], "next": next.clone(), "total": null }))
        }
    };
    let repeated = Scripted::start(same(json!("again"))).await;
    let stuck = Scripted::start(|_: &Asked| json(json!({ "items": [record(1), record(2)] }))).await;
    let hollow =
        Scripted::start(|asked: &Asked| json(json!({ "items": [], "next": asked.index.to_string() }))).await;
    let growing = Scripted::start(|asked: &Asked| {
        json(json!({ "items": [record(asked.index)], "next": asked.index.to_string(), "total": asked.index + 2 }))
    })
    .await;
    for (server, paging, code, most) in [
        (&repeated, CURSOR.to_owned(), "LT-SRC-011", 2),
        (&stuck, PAGE.to_owned(), "LT-SRC-011", 2),
        (&hollow, CURSOR.to_owned(), "LT-SRC-011", 102),
        (&growing, format!("{CURSOR}max_pages = 30\n"), "LT-SRC-012", 31),
    ] {
        let error = full(server, &format!("{STREAM}{paging}")).await.expect_err(code);
        assert_eq!((error.finding.code.as_str(), error.disposition), (code, Disposition::NeedsOperator));
        assert!(server.asked().len() <= most, "{code}: {} requests", server.asked().len());
    }
}

#[tokio::test]
async fn records_that_cannot_be_listed_are_rejected_alone_and_nothing_counts_as_complete() {
    let big = format!(r#"{{"id":9,"name":"{}"}}"#, "x".repeat(70 * 1024));
    let body = format!(
        r#"{{"items":[{{"id":1,"name":"a","status":1}},{{"id":2,"id":3,"name":"b"}},{{"name":"no key"}},{{"id":"  "}},{{"id":{{}}}},{big},5,{{"id":"00012"}}],"total":8}}"#
    );
    let server = Scripted::start(move |_| status(200, &[("content-type", "application/json")], &body)).await;
    let pulled = full(&server, &format!("{STREAM}max_record_kib = 64\n")).await.expect("pull");
    assert_eq!(pulled.keys(), ["1", "00012"]);
    let page = &pulled.pages[0];
    let rejected: Vec<(u32, &str)> =
        page.rejected.iter().map(|rejection| (rejection.index, rejection.finding.code.as_str())).collect();
    assert_eq!(
        rejected,
        [
            (1, "LT-SRC-010"),
            (2, "LT-SRC-003"),
            (3, "LT-SRC-003"),
            (4, "LT-SRC-003"),
            (5, "LT-SRC-004"),
            (6, "LT-SRC-003")
        ]
    );
    assert!(page.rejected[4].body.len() <= 4096, "a record over the limit is not kept whole");
    assert!(!pulled.end.complete);
}

#[tokio::test]
async fn source_that_shows_less_than_its_own_total_proves_nothing() {
    let short = Scripted::start(|_| json(json!({ "items": [record(1)], "total": 500 }))).await;
    let pulled = full(&short, STREAM).await.expect("pull");
    assert_eq!(
        (pulled.end.complete, pulled.codes(), pulled.end.source_total),
        (false, vec!["LT-SRC-013"], Some(500))
    );
    let empty = Scripted::start(|_| json(json!({ "items": [], "total": 0 }))).await;
    let pulled = full(&empty, STREAM).await.expect("pull");
    assert_eq!((pulled.end.complete, pulled.codes()), (false, vec!["LT-SRC-014"]));
    let partial = Scripted::start(|_| json(json!({ "items": [record(1)], "total": 1 }))).await;
    let connector = connect(&partial.base, &format!("{STREAM}full_is_complete = false\n"));
    assert!(!connector.abilities().full_is_complete);
    assert!(!pull(&connector, PullMode::Full, None).await.expect("pull").end.complete);
}

#[tokio::test]
async fn answers_of_another_shape_are_errors() {
    let checks =
        "[success]\ncheck = [{ path = \"success\", one_of = [\"true\"] }]\nerror_text = \"message\"\n";
    for (answer, sections, code) in [
        (json!({ "data": [] }), STREAM.to_owned(), "LT-SRC-001"),
        (json!({ "items": {} }), STREAM.to_owned(), "LT-SRC-001"),
        (json!([1]), STREAM.to_owned(), "LT-SRC-001"),
        (
            json!({ "success": false, "message": "hết phiên của 099123456789", "items": [] }),
            format!("{STREAM}{checks}"),
            "LT-SRC-020",
        ),
        (json!({ "items": [] }), format!("{STREAM}{checks}"), "LT-SRC-020"),
    ] {
        let server = Scripted::start(move |_| json(answer.clone())).await;
        let error = full(&server, &sections).await.expect_err(code);
        assert_eq!(error.finding.code, code);
        assert!(!error.finding.what.vi.contains("099123456789"), "{}", error.finding.what.vi);
    }
}

const SINCE: &str =
    "[incremental]\nparam = \"since\"\nformat = \"rfc3339\"\nfield = \"at\"\noverlap_s = 3600\n";

/// A server of dated records, oldest first, that knows `since`.
fn dated(times: &'static [&'static str]) -> impl Fn(&Asked) -> Response<Body> + Send + Sync {
    move |asked| {
        let since = asked.query.get("since").map_or("", String::as_str).to_owned();
        let rows: Vec<Value> = times
            .iter()
            .enumerate()
            .filter(|(_, at)| {
                chrono::DateTime::parse_from_rfc3339(at).ok()
                    >= chrono::DateTime::parse_from_rfc3339(&since).ok()
            })
            .map(|(index, at)| json!({ "id": index, "name": "n", "status": 1, "at": at }))
            .collect();
        json(json!({ "items": rows }))
    }
}

#[tokio::test]
async fn changes_are_asked_for_from_the_last_one_with_overlap_and_ties_come_again() {
    let server = Scripted::start(dated(&[
        "2026-11-20T08:00:00+07:00",
        "2026-11-21T08:00:00+07:00",
        "2026-11-21T08:00:00+07:00",
    ]))
    .await;
    let connector = connect(&server.base, &format!("{STREAM}{SINCE}"));
    assert!(connector.abilities().incremental);
    let first = pull(&connector, PullMode::Incremental, None).await.expect("first");
    assert_eq!(first.keys(), ["0", "1", "2"]);
    assert_eq!(server.asked()[0].query.get("since"), None, "without a cursor everything is read");
    let cursor = first.end.cursor.expect("a cursor").0;
    let second = pull(&connector, PullMode::Incremental, Some(&cursor)).await.expect("second");
    assert_eq!(server.asked()[1].query["since"], "2026-11-21T07:00:00+07:00", "an hour of overlap");
    assert_eq!(second.keys(), ["1", "2"], "both records of the last moment come again");
    assert_eq!(second.end.cursor.as_ref().expect("kept").0, cursor);
    assert!(!second.end.complete, "a filtered pull proves nothing about missing ones");
    let replay = pull(&connector, PullMode::Incremental, Some(&cursor)).await.expect("replay");
    assert_eq!(replay.keys(), second.keys());
}

#[tokio::test]
async fn record_dated_in_the_future_does_not_hide_later_changes() {
    let server = Scripted::start(dated(&["2026-11-20T08:00:00+07:00", "2031-01-01T00:00:00+07:00"])).await;
    let connector = connect(&server.base, &format!("{STREAM}{SINCE}"));
    let pulled = pull(&connector, PullMode::Incremental, None).await.expect("pull");
    assert!(pulled.end.cursor.expect("cursor").0.contains("2026-11-24T08:00:00"));
}

#[tokio::test]
async fn strange_cursors_lead_to_more_reading_not_to_less() {
    let server = Scripted::start(dated(&["2026-11-20T08:00:00+07:00"])).await;
    let connector = connect(&server.base, &format!("{STREAM}{SINCE}"));
    for cursor in ["rubbish", "{\"v\":9,\"since\":\"2026-11-21T00:00:00Z\"}"] {
        let pulled = pull(&connector, PullMode::Incremental, Some(cursor)).await.expect("pull");
        assert_eq!((pulled.keys(), pulled.codes()), (vec!["0".to_owned()], vec!["LT-SRC-018"]));
    }
    let future = "{\"v\":1,\"since\":\"2090-01-01T00:00:00Z\"}";
    let pulled = pull(&connector, PullMode::Incremental, Some(future)).await.expect("pull");
    assert_eq!(pulled.codes(), ["LT-SRC-018"]);
    let asked = server.asked();
    assert_eq!(asked.last().expect("asked").query["since"], "2026-11-24T14:00:00+07:00");
}

#[tokio::test]
async fn only_a_sorted_list_may_be_gone_on_with_from_its_middle() {
    let pages = |sorted: bool| {
        move |asked: &Asked| {
            let page = asked.number("cursor") + 1;
            let day = if sorted { 10 + page } else { 20 - page };
            let items = [json!({ "id": page, "name": "n", "at": format!("2026-11-{day}T00:00:00Z") })];
            json(json!({ "items": items, "next": (page < 3).then(|| page.to_string()) }))
        }
    };
    let sections = format!("{STREAM}{CURSOR}{SINCE}sorted = true\n");
    let cursor = "{\"v\":1,\"since\":\"2026-11-01T00:00:00Z\"}";
    let server = Scripted::start(pages(true)).await;
    let pulled =
        pull(&connect(&server.base, &sections), PullMode::Incremental, Some(cursor)).await.expect("pull");
    let cursors: Vec<bool> = pulled.pages.iter().map(|page| page.cursor.is_some()).collect();
    assert_eq!(cursors, [true, true, true]);
    assert!(pulled.pages[1].cursor.as_ref().expect("cursor").0.contains("2026-11-12"));
    let server = Scripted::start(pages(false)).await;
    let pulled =
        pull(&connect(&server.base, &sections), PullMode::Incremental, Some(cursor)).await.expect("pull");
    assert_eq!(pulled.codes(), ["LT-SRC-021"]);
    assert!(pulled.pages[1..].iter().all(|page| page.cursor.is_none()));
    assert!(
        pulled.end.cursor.expect("at the end").0.contains("2026-11-19"),
        "the latest change, not the last one"
    );
}

#[tokio::test]
async fn backfill_asks_for_its_span_and_moves_no_cursor() {
    let server = Scripted::start(|_| json(json!({ "items": [record(1)], "total": 1 }))).await;
    let connector = connect(&server.base, &format!("{STREAM}{SINCE}until_param = \"until\"\n"));
    let (from, to) = (now() - chrono::TimeDelta::days(30), now());
    let pulled = pull(&connector, PullMode::Backfill { from, to }, None).await.expect("pull");
    assert_eq!((pulled.end.cursor, pulled.end.complete), (None, false));
    assert_eq!(pulled.pages[0].total, Some(1), "how far it is can be shown");
    let asked = &server.asked()[0].query;
    assert_eq!(
        (asked["since"].as_str(), asked["until"].as_str()),
        ("2026-10-25T14:00:00+07:00", "2026-11-24T15:00:00+07:00")
    );
}

#[tokio::test]
async fn counters_inside_a_record_do_not_make_it_count_as_changed() {
    let server = Scripted::start(|asked| {
        let mut row = record(1);
        row["total_count"] = json!(asked.index);
        json(json!({ "items": [row], "total": 1 }))
    })
    .await;
    let hash = |pulled: Pulled| pulled.pages[0].records[0].hash;
    let volatile = format!("{STREAM}volatile = [\"total_count\"]\n");
    let quiet = connect(&server.base, &volatile);
    let first = hash(pull(&quiet, PullMode::Full, None).await.expect("pull"));
    assert_eq!(first, hash(pull(&quiet, PullMode::Full, None).await.expect("pull")));
    let loud = connect(&server.base, STREAM);
    let first = hash(pull(&loud, PullMode::Full, None).await.expect("pull"));
    assert_ne!(first, hash(pull(&loud, PullMode::Full, None).await.expect("pull")));
}

#[tokio::test]
async fn details_join_the_record_and_a_refused_one_rejects_it_alone() {
    let server = Scripted::start(|asked| match asked.path.as_str() {
        "/tasks" => json(json!({ "items": (1..=4).map(record).collect::<Vec<_>>(), "total": 4 })),
        "/tasks/2/history" => status(403, &[], "{}"),
        "/tasks/4/history" => status(404, &[], "{}"),
        "/tasks/3/history" => json(json!({ "data": null })),
        _ => json(json!({ "data": [{ "what": "approve" }] })),
    })
    .await;
    let sections = format!(
        "{STREAM}[[detail]]\nname = \"history\"\npath = \"/tasks/{{{{ key }}}}/history\"\nselect = \"data\"\nquery = {{ by = \"{{{{ record.name }}}}\" }}\n[[detail]]\nname = \"never\"\npath = \"/never\"\nwhen = \"record.status == 9\"\n"
    );
    let connector = connect(&server.base, &sections);
    let pulled = pull(&connector, PullMode::Full, None).await.expect("pull");
    let records = pulled.pages[0].records.clone();
    let hashes: Vec<_> = records.iter().map(|record| record.hash).collect();
    let detailed = connector.detail(records).await.expect("details");
    let body = |index: usize| -> Value {
        let Detailed::Complete(record) = &detailed[index] else { panic!("{:?}", detailed[index]) };
        assert_eq!(record.hash, hashes[index], "details do not change the hash");
        serde_json::from_slice(&record.body).expect("JSON")
    };
    assert_eq!(body(0)["$history"], json!([{ "what": "approve" }]));
    assert_eq!((&body(2)["$history"], body(2).get("$never")), (&Value::Null, None));
    let Detailed::Rejected(rejection) = &detailed[1] else { panic!("{:?}", detailed[1]) };
    assert_eq!(
        (rejection.finding.code.as_str(), rejection.external_id.as_deref()),
        ("LT-SRC-017", Some("2"))
    );
    let Detailed::Vanished(finding) = &detailed[3] else { panic!("{:?}", detailed[3]) };
    assert_eq!(finding.code, "LT-SRC-022", "deleted meanwhile is no rejection");
    assert_eq!(
        server.asked().iter().find(|asked| asked.path == "/tasks/1/history").expect("asked").query["by"],
        "Nhiệm vụ 1"
    );
    assert_eq!(server.count("/never"), 0);
    assert!(connector.check().await.iter().any(|finding| finding.code == "LT-SRC-017"));
}

#[tokio::test]
async fn details_that_are_missing_for_a_whole_page_are_a_wrong_path_and_end_the_run() {
    let server = Scripted::start(|asked| match asked.path.as_str() {
        "/tasks" => json(json!({ "items": [record(1), record(2), record(3)], "total": 3 })),
        _ => status(404, &[], "{}"),
    })
    .await;
    let connector =
        connect(&server.base, &format!("{STREAM}[[detail]]\nname = \"d\"\npath = \"/d/{{{{ key }}}}\"\n"));
    let pulled = pull(&connector, PullMode::Full, None).await.expect("pull");
    let records = pulled.pages[0].records.clone();
    let error = connector.detail(records.clone()).await.expect_err("wrong path");
    assert_eq!((error.finding.code.as_str(), error.disposition), ("LT-SRC-022", Disposition::NeedsOperator));
    let two = connector.detail(records[..2].to_vec()).await.expect("two may have been deleted");
    assert!(two.iter().all(|outcome| matches!(outcome, Detailed::Vanished(_))));
}

#[tokio::test]
async fn limits_of_the_installation_hold_for_a_manifest_that_asks_for_more() {
    let long = "x".repeat(1_500_000);
    let server =
        Scripted::start(move |_| json(json!({ "items": [{ "id": 1, "name": long }], "total": 1 }))).await;
    let sections = STREAM.to_owned();
    // The tests' manifest allows 1 MiB, the installation less time than any exchange takes.
    let error = full(&server, &sections).await.expect_err("too large");
    assert_eq!(error.finding.code, "LT-NET-007");
    let limits = SourceLimits { exchange: std::time::Duration::from_nanos(1), ..SourceLimits::default() };
    let connector = connect_within(&server.base, &sections, limits);
    let error = pull(&connector, PullMode::Full, None).await.expect_err("too slow");
    assert_eq!(error.disposition, Disposition::RetryLater);
}

#[tokio::test]
async fn tombstones_are_told_apart_and_the_header_of_the_first_answer_is_the_next_cursor() {
    let server = Scripted::start(|asked| {
        let second = asked.query.contains_key("_token");
        let deleted = json!({ "id": 9, "deleted": true, "last_modified": 1_789_434_000_123_u64 });
        let items = if second { json!([deleted]) } else { json!([record(1)]) };
        let mark = if second { "\"1789434000999\"" } else { "W/\"1789434000500\"" };
        let mut headers = vec![("content-type", "application/json"), ("etag", mark)];
        if !second {
            headers.push(("next-page", "/tasks?_token=1"));
        }
        status(200, &headers, &json!({ "items": items }).to_string())
    })
    .await;
    let sections = "[stream]\npath = \"/tasks\"\nrecords = \"items\"\nkey = \"id\"\n\
                    deleted = { path = \"deleted\", one_of = [\"true\"] }\n\
                    [paging]\nkind = \"next_header\"\nheader = \"Next-Page\"\n\
                    [incremental]\nparam = \"_since\"\nformat = \"epoch_ms\"\nheader = \"ETag\"\n\
                    field = \"last_modified\"\ndate = [\"epoch_ms\"]\noverlap_s = 0\n";
    let connector = connect(&server.base, sections);
    let first = pull(&connector, PullMode::Incremental, None).await.expect("pull");
    let presences: Vec<Presence> =
        first.pages.iter().flat_map(|page| &page.records).map(|record| record.presence).collect();
    let at = "2026-09-15T01:00:00.123Z".parse().expect("instant");
    assert_eq!(presences, [Presence::Shown, Presence::Deleted { at: Some(at) }]);
    let cursor = first.end.cursor.expect("cursor").0;
    pull(&connector, PullMode::Incremental, Some(&cursor)).await.expect("pull");
    let asked = server.asked();
    assert!(!asked[0].query.contains_key("_since"));
    // Of the first answer, to the millisecond: what changed while later pages were read comes again.
    assert_eq!(asked[2].query["_since"], "1789434000500");

    let silent = Scripted::start(|_| json(json!({ "items": [record(1)] }))).await;
    let told =
        pull(&connect(&silent.base, sections), PullMode::Incremental, Some(&cursor)).await.expect("pull");
    assert_eq!((told.codes(), told.end.cursor.as_ref()), (vec!["LT-SRC-023"], None), "the old one is kept");
}

#[tokio::test]
async fn source_that_fails_during_details_ends_the_run() {
    let server = Scripted::start(|asked| match asked.path.as_str() {
        "/tasks" => json(json!({ "items": [record(1)], "total": 1 })),
        _ => status(500, &[], ""),
    })
    .await;
    let connector =
        connect(&server.base, &format!("{STREAM}[[detail]]\nname = \"d\"\npath = \"/d/{{{{ key }}}}\"\n"));
    let pulled = pull(&connector, PullMode::Full, None).await.expect("pull");
    let error = connector.detail(pulled.pages[0].records.clone()).await.expect_err("down");
    assert_eq!((error.finding.code.as_str(), error.disposition), ("LT-NET-012", Disposition::RetryLater));
}

#[tokio::test]
async fn check_of_a_good_source_finds_nothing_and_of_a_changed_one_names_the_field() {
    let good = Scripted::start(|_| json(json!({ "items": [record(1)], "total": 1 }))).await;
    assert_eq!(connect(&good.base, STREAM).check().await, []);
    let changed = Scripted::start(|_| json(json!({ "items": [{ "id": 1, "ten": "a" }] }))).await;
    let findings = connect(&changed.base, STREAM).check().await;
    assert_eq!(findings[0].code, "LT-SRC-005");
    assert!(findings[0].to_string().contains("title"), "{}", findings[0]);
    let empty = Scripted::start(|_| json(json!({ "items": [] }))).await;
    assert_eq!(connect(&empty.base, STREAM).check().await[0].code, "LT-SRC-014");
}

#[test]
fn of_settings_an_address_begins_with_the_longest_is_told_as_the_one_without_encryption() {
    let fields = "[auth]\nkind = \"none\"\n[paging]\nkind = \"none\"\n[fields]\ntitle = \"name\"\n\
                  status = { path = \"status\", map = { \"1\" = \"in_progress\" } }\n";
    let area = "[settings.area]\nlabel = { vi = \"Vùng\", en = \"Area\" }\n";
    let opened = open(OpenSource {
        id: SourceId::new("test").expect("id"),
        manifest_name: "test.toml".to_owned(),
        manifest: format!("{HEAD}{STREAM}{area}{fields}"),
        settings: [("area", "h"), ("base_url", "http://10.0.0.1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        secrets: [("password".to_owned(), "x".to_owned().into())].into(),
        folder: "/".into(),
        ca_file: None,
        allow_http: false,
        limits: SourceLimits::default(),
    });
    let told = opened.err().map(|findings| findings.to_string()).unwrap_or_default();
    assert!(told.contains("LT-CFG-025") && told.contains("settings.base_url"), "{told}");
}

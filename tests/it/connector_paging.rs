//! Windows, keys, parents and exports of HTTP sources, on real servers; and a model source whose every version must
//! arrive, whatever moves while it is read.

use crate::support::http::{Asked, Scripted, json, status};
use crate::support::source::{HEAD, STREAM, connect, full, now, pull, record};
use axum::body::Body;
use axum::http::Response;
use chrono::{NaiveDate, TimeDelta};
use lienthong::connector::{Connector, PullMode, manifest};
use serde_json::{Value, json};

const SINCE: &str = "[incremental]\nparam = \"from\"\nuntil_param = \"to\"\nfield = \"at\"\n";
const HOURS: &str =
    "format = \"epoch_s\"\ndate = [\"epoch_s\"]\n[window]\nstart = \"2026-11-23\"\nstep_hours = 24\n";
const BARE: &str = "[stream]\npath = \"/tasks\"\nrecords = \"items\"\nkey = \"id\"\n";
const OFFSET: &str = "[paging]\nkind = \"offset\"\nparam = \"offset\"\nsize_param = \"limit\"\nsize = 3\n";

/// A cursor so many days old.
fn mark(days: i64) -> String {
    json!({ "v": 1, "since": now() - TimeDelta::days(days) }).to_string()
}

fn bad(reason: &str) -> Response<Body> {
    status(422, &[], &json!({ "message": reason }).to_string())
}

/// A record a day from the first of September, asked for by days, at most five of them, none after tomorrow.
fn by_days(asked: &Asked, last_included: bool) -> Response<Body> {
    let day = |name: &str| NaiveDate::parse_from_str(&asked.query[name], "%d/%m/%Y").expect("dd/MM/yyyy");
    let (from, to) = (day("from"), day("to"));
    if (to - from).num_days() >= 5 || to > now().date_naive() + TimeDelta::days(1) {
        return bad("at most five days, none after tomorrow");
    }
    let first = NaiveDate::from_ymd_opt(2026, 9, 1).expect("a day");
    let all: Vec<Value> = (0..85)
        .map(|index| (index, first + TimeDelta::days(index)))
        // Nothing at all in October: empty windows are usual.
        .filter(|(_, day)| *day >= from && (*day < to || (last_included && *day == to)))
        .filter(|(_, day)| !day.to_string().contains("-10-"))
        .map(|(index, day)| json!({ "id": index + 1, "name": "n", "at": format!("{day}T08:00:00+07:00") }))
        .collect();
    let page: Vec<Value> =
        all.iter().skip(asked.number("offset")).take(asked.number("limit")).cloned().collect();
    json(json!({ "items": page, "DataCount": all.len() }))
}

fn windows() -> String {
    format!(
        "{}{OFFSET}{SINCE}format = \"%d/%m/%Y\"\n[window]\nstart = \"2026-09-01\"\nstep_days = 5\n",
        BARE.replace("key = \"id\"\n", "key = \"id\"\ntotal = \"DataCount\"\n")
    )
}

/// Row E10 and interoperability fact 3.2; invariant 3: a cursor never passes rows that were not given out.
#[tokio::test]
async fn windows_of_days_cover_the_span_and_each_is_a_point_to_go_on_from() {
    let expected: Vec<usize> = (1..=30).chain(62..=85).collect();
    for last_included in [true, false] {
        let server = Scripted::start(move |asked| by_days(asked, last_included)).await;
        let pulled = full(&server, &windows()).await.expect("pull");
        assert_eq!(pulled.distinct(), expected, "whether the last day counts or not");
        assert!(pulled.end.complete, "{:?}", pulled.end.findings);
        assert!(pulled.pages.iter().all(|page| page.cursor.is_none()), "a full pull has to see the rest");
    }
    let server = Scripted::start(|asked| by_days(asked, true)).await;
    let connector = connect(&server.base, &windows());
    let first = pull(&connector, PullMode::Incremental, None).await.expect("first load");
    let at = |page: usize| first.pages[page].cursor.as_ref().map(|cursor| cursor.0.clone());
    let marked: Vec<usize> = (0..first.pages.len()).filter(|page| at(*page).is_some()).collect();
    assert!(marked.len() > 8, "{marked:?}");
    // Killed after any of them: what was given out and what the next pull gives are everything.
    for page in marked {
        let rest = pull(&connector, PullMode::Incremental, at(page).as_deref()).await.expect("goes on");
        let mut seen = rest.distinct();
        let before = first.pages[..=page].iter().flat_map(|page| &page.records);
        seen.extend(before.map(|record| record.external_id.parse::<usize>().expect("a number")));
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, expected, "after page {page}");
    }
    let asked = server.asked().len();
    let end = first.end.cursor.expect("at the end").0;
    pull(&connector, PullMode::Incremental, Some(&end)).await.expect("again");
    assert!(server.asked().len() - asked <= 2, "one window is enough now");
    let span = PullMode::Backfill { from: now() - TimeDelta::days(3), to: now() };
    let back = pull(&connector, span, None).await.expect("backfill");
    assert_eq!((back.distinct(), back.end.cursor), (vec![82, 83, 84, 85], None));
}

/// Invariant 3: a list that ends before its own total gives no point to go on from, in any kind of pull.
#[tokio::test]
async fn list_that_ends_before_its_own_total_leaves_the_point_to_go_on_from() {
    let row = |id: usize| json!({ "id": id, "name": "n", "at": "2026-11-24T01:00:00Z" });
    let server = Scripted::start(move |asked| {
        let items = if asked.number("offset") == 0 { vec![row(1), row(2), row(3)] } else { vec![] };
        json(json!({ "items": items, "total": 20 }))
    })
    .await;
    let changes = format!("{STREAM}{OFFSET}{SINCE}format = \"rfc3339\"\n");
    let connector = connect(&server.base, &changes);
    for (mode, cursor) in [(PullMode::Full, None), (PullMode::Incremental, Some(mark(1)))] {
        let pulled = pull(&connector, mode, cursor.as_deref()).await.expect("pull");
        assert_eq!((pulled.codes(), pulled.end.cursor.as_ref()), (vec!["LT-SRC-013"], None));
    }
    // With windows: those before the short one keep their points, none comes after it.
    let short = Scripted::start(|asked| {
        let mut answer = by_days(asked, true);
        if asked.query["from"].ends_with("/09/2026")
            && asked.query["from"].as_str() > "15"
            && asked.number("offset") > 0
        {
            answer = json(json!({ "items": [], "DataCount": 5 }));
        }
        answer
    })
    .await;
    let connector = connect(&short.base, &windows());
    let pulled = pull(&connector, PullMode::Incremental, None).await.expect("first load");
    assert!(pulled.codes().contains(&"LT-SRC-013") && pulled.end.cursor.is_none(), "{:?}", pulled.end);
    let points: Vec<&str> =
        pulled.pages.iter().filter_map(|page| Some(page.cursor.as_ref()?.0.as_str())).collect();
    assert!(
        !points.is_empty() && points.iter().all(|point| *point < "{\"v\":1,\"since\":\"2026-09-18"),
        "{points:?}"
    );
    // A row without key is told by itself and does not hold the pull back for ever.
    let unlisted =
        Scripted::start(move |_| json(json!({ "items": [row(1), { "name": "n" }], "total": 2 }))).await;
    let connector = connect(&unlisted.base, &changes);
    for (mode, cursor) in [(PullMode::Full, None), (PullMode::Incremental, Some(mark(1)))] {
        let pulled = pull(&connector, mode, cursor.as_deref()).await.expect("pull");
        assert!(pulled.end.cursor.is_some() && !pulled.end.complete, "{:?}", pulled.end);
    }
}

/// A server of rows by their seconds of change; once a second page was asked for the edited one has another time.
async fn edited_while_read(rows: &'static [(usize, i64)], edited: (usize, i64), total: bool) -> Scripted {
    let begun = std::sync::atomic::AtomicBool::new(false);
    Scripted::start(move |asked| {
        use std::sync::atomic::Ordering::SeqCst;
        let skip = asked.number("offset");
        let is_edited = begun.fetch_or(skip > 0, SeqCst) || skip > 0;
        let present = now().timestamp();
        let (from, to) = (asked.number("from") as i64, asked.number("to") as i64);
        let shown: Vec<Value> = rows
            .iter()
            .map(|row| if is_edited && row.0 == edited.0 { edited } else { *row })
            .map(|(id, at)| (id, present + at))
            .filter(|(_, at)| (from..=to).contains(at))
            .map(|(id, at)| json!({ "id": id, "name": "n", "at": at }))
            .collect();
        let page: Vec<&Value> = shown.iter().skip(skip).take(asked.number("limit")).collect();
        json(json!({ "items": page, "total": total.then_some(shown.len()) }))
    })
    .await
}

/// Row E10: a task edited while it is read stays in the last window, and is not called gone.
#[tokio::test]
async fn task_edited_while_the_last_window_is_read_is_not_called_gone() {
    let server = edited_while_read(&[(1, -100), (2, -50)], (2, 30), true).await;
    let sections = format!("{STREAM}{}{SINCE}{HOURS}", OFFSET.replace("size = 3", "size = 1"));
    let pulled = full(&server, &sections).await.expect("pull");
    assert_eq!((pulled.distinct(), pulled.end.complete), (vec![1, 2], true), "{:?}", pulled.end);
}

/// Row E10: a task edited while its window is read moves to a later one, and the rows behind it move up.
#[tokio::test]
async fn window_whose_rows_may_have_slipped_over_a_border_proves_nothing() {
    const ROWS: [(usize, i64); 4] = [(1, -90_000), (2, -89_000), (3, -88_000), (4, -87_000)];
    for (snapshot, total) in [("", false), ("", true), ("snapshot = \"shifting\"\n", true)] {
        let server = edited_while_read(&ROWS, (1, -10), total).await;
        let sections = format!("{STREAM}{snapshot}{}{SINCE}{HOURS}", OFFSET.replace("size = 3", "size = 2"));
        let pulled = full(&server, &sections).await.expect("pull");
        let seen = pulled.distinct();
        assert_eq!(pulled.end.complete, seen == [1, 2, 3, 4], "{snapshot} {total}: {seen:?}");
        assert_eq!(pulled.end.complete, !snapshot.is_empty());
        assert_eq!(pulled.codes().contains(&"LT-SRC-016"), snapshot.is_empty(), "{:?}", pulled.codes());
    }
}

/// Windows of days overlap: their order is proven within each.
#[tokio::test]
async fn sorted_source_is_sorted_in_windows_too() {
    let server = Scripted::start(|asked| {
        let day = |name: &str| NaiveDate::parse_from_str(&asked.query[name], "%d/%m/%Y").expect("a day");
        let days = day("from").iter_days().take_while(|at| *at <= day("to") && *at <= now().date_naive());
        let row = |at: NaiveDate, hour: u32| json!({ "id": format!("{at}-{hour}"), "name": "n", "at": format!("{at}T0{hour}:00:00+07:00") });
        let items: Vec<Value> = days.flat_map(|at| [row(at, 8), row(at, 9)]).collect();
        json(json!({ "items": items, "total": items.len() }))
    })
    .await;
    let sections = format!(
        "{STREAM}{SINCE}format = \"%d/%m/%Y\"\nsorted = true\n[window]\nstart = \"2026-11-01\"\nstep_days = 5\n"
    );
    let connector = connect(&server.base, &sections);
    let pulled = pull(&connector, PullMode::Incremental, None).await.expect("pull");
    assert!(pulled.codes().is_empty(), "{:?}", pulled.end.findings);
    assert!(pulled.pages.len() > 4 && pulled.pages.iter().all(|page| page.cursor.is_some()));
}

fn ordered(rows: &mut [(i64, u64)], asked: &Asked, limit: usize) -> Response<Body> {
    rows.sort_unstable();
    let text = |name: &str| asked.query.get(name).cloned();
    let since = text("from").map_or(0, |from| from.parse().expect("seconds"));
    let behind = text("last_at").map_or((0, 0), |at| {
        (at.parse().expect("seconds"), text("last").expect("both").parse().expect("a number"))
    });
    let left: Vec<(i64, u64)> = rows.iter().filter(|row| row.0 >= since && **row > behind).copied().collect();
    let items: Vec<Value> =
        left.iter().take(limit).map(|(at, id)| json!({ "id": id, "name": "n", "at": at })).collect();
    json(json!({ "items": items, "total": left.len() }))
}

const KEYSET: &str = "[paging]\nkind = \"keyset\"\nparam = \"last\"\nchanged_param = \"last_at\"\nsize_param = \"limit\"\nsize = 100\n";

/// Row E11 and invariant 4: ties at the cursor survive any page border.
#[tokio::test]
async fn five_hundred_equal_times_over_page_borders_are_all_seen() {
    let moment = now().timestamp() - 100;
    let server = Scripted::start(move |asked| {
        let mut rows: Vec<(i64, u64)> = (1..=500).map(|id| (moment, id)).collect();
        rows.push((moment + 50, 501));
        ordered(&mut rows, asked, 37)
    })
    .await;
    let sections =
        format!("{STREAM}{KEYSET}{SINCE}format = \"epoch_s\"\ndate = [\"epoch_s\"]\nsorted = true\n");
    let connector = connect(&server.base, &sections);
    let whole = pull(&connector, PullMode::Full, None).await.expect("pull");
    assert_eq!((whole.distinct().len(), whole.keys().len(), whole.end.complete), (501, 501, true));
    let changes = pull(&connector, PullMode::Incremental, Some(&mark(1))).await.expect("pull");
    // From the cursor of every page: the moment is included, so that no tie is left behind.
    for page in &changes.pages {
        let cursor = page.cursor.as_ref().expect("sorted");
        let again = pull(&connector, PullMode::Incremental, Some(&cursor.0)).await.expect("pull");
        assert_eq!(again.distinct().len(), 501);
    }
}

/// Row E11 and invariant 5: a late commit within the lookback is found; beyond it the full pull finds it.
#[tokio::test]
async fn late_commit_within_lookback_is_found_and_beyond_it_by_the_full_pull() {
    let present = now().timestamp();
    let sections = format!("{STREAM}{KEYSET}{SINCE}format = \"epoch_s\"\ndate = [\"epoch_s\"]\n");
    let early = Scripted::start(move |asked| ordered(&mut [(present - 50, 1)], asked, 100)).await;
    let first = pull(&connect(&early.base, &sections), PullMode::Incremental, None).await.expect("pull");
    let cursor = first.end.cursor.expect("cursor").0;
    // 2 was committed late with a time before the cursor, 3 even later.
    let late = Scripted::start(move |asked| {
        ordered(&mut [(present - 50, 1), (present - 600, 2), (present - 7_000, 3)], asked, 100)
    })
    .await;
    let connector = connect(&late.base, &sections);
    let changes = pull(&connector, PullMode::Incremental, Some(&cursor)).await.expect("pull");
    assert_eq!(changes.distinct(), [1, 2]);
    assert_eq!(pull(&connector, PullMode::Full, None).await.expect("pull").distinct(), [1, 2, 3]);
}

#[tokio::test]
async fn list_that_does_not_ascend_is_thrown_away_and_not_paged_through() {
    let server = Scripted::start(|asked| {
        let items = if asked.query.contains_key("last") {
            vec![json!({ "id": 4, "name": "n", "at": "2026-11-01T00:00:00Z" })]
        } else {
            vec![json!({ "id": 9, "name": "n", "at": "2026-11-02T00:00:00Z" })]
        };
        json(json!({ "items": items }))
    })
    .await;
    let error =
        full(&server, &format!("{STREAM}{KEYSET}{SINCE}format = \"rfc3339\"\n")).await.expect_err("order");
    assert_eq!(error.finding.code, "LT-SRC-060");
    // Numbers in the order of numbers and codes in the order of texts both ascend.
    for ids in [["9", "10"], ["10", "9"], ["A-1", "A-2"]] {
        let server = Scripted::start(move |asked| {
            let id = if asked.query.contains_key("last") { ids[1] } else { ids[0] };
            let items =
                if asked.index > 1 { vec![] } else { vec![json!({ "id": id, "name": "n", "at": 1 })] };
            json(json!({ "items": items }))
        })
        .await;
        let keys = "[paging]\nkind = \"keyset\"\nparam = \"last\"\n";
        assert_eq!(full(&server, &format!("{BARE}{keys}")).await.expect("pull").keys(), ids);
    }
}

/// Row E9: gaps are no end, and a list whose end nobody knows is an error.
#[tokio::test]
async fn range_of_ids_goes_over_gaps_up_to_the_highest_one() {
    let server = Scripted::start(|asked| {
        let (from, to) = (asked.number("from_id"), asked.number("to_id"));
        let items: Vec<Value> =
            [3, 4, 2_500, 2_501].into_iter().filter(|id| (from..=to).contains(id)).map(record).collect();
        json(json!({ "items": items, "max": 2_501 }))
    })
    .await;
    let range = "[paging]\nkind = \"id_range\"\nparam = \"from_id\"\nuntil_param = \"to_id\"\nhighest = \"max\"\nsize = 10\n";
    let pulled = full(&server, &format!("{BARE}{range}")).await.expect("pull");
    assert_eq!((pulled.distinct(), pulled.end.complete), (vec![3, 4, 2_500, 2_501], true));
    let silent = Scripted::start(|_| json(json!({ "items": [] }))).await;
    let error = full(&silent, &format!("{BARE}{range}")).await.expect_err("no end");
    assert_eq!(error.finding.code, "LT-SRC-068");
}

#[tokio::test]
async fn parameters_stand_in_places_of_the_body_as_numbers_or_in_its_templates() {
    let answer = |asked: &Asked, page: &str| {
        let body: Value = serde_json::from_str(&asked.body).expect("JSON");
        let number = body.pointer(page).and_then(Value::as_u64).expect("a number, not a text") as usize;
        assert_eq!(body.pointer("/filter/state"), Some(&json!("all")));
        assert_eq!(body.pointer("/paging/size"), Some(&json!(10)));
        assert!(asked.query.is_empty() && asked.method == "POST");
        let items: Vec<Value> =
            ((number - 1) * 10..(number * 10).min(25)).map(|index| record(index + 1)).collect();
        json(json!({ "items": items, "total": 25 }))
    };
    let post = format!("{STREAM}method = \"POST\"\n");
    let places = format!(
        "{post}body = {{ filter = {{ state = \"all\" }} }}\n[paging]\nkind = \"page\"\nparam = \"paging.number\"\nsize_param = \"paging.size\"\nsize = 10\n"
    );
    let server = Scripted::start(move |asked| answer(asked, "/paging/number")).await;
    assert_eq!(full(&server, &places).await.expect("pull").distinct().len(), 25);
    let templates = format!(
        "{post}body = {{ filter = {{ state = \"all\" }}, paging = {{ at = \"{{{{ page }}}}\", size = \"{{{{ size }}}}\" }} }}\n[paging]\nkind = \"page\"\nsize = 10\n"
    );
    let server = Scripted::start(move |asked| answer(asked, "/paging/at")).await;
    assert_eq!(full(&server, &templates).await.expect("pull").distinct().len(), 25);
}

const PARENTS: &str = "[[parent]]\nname = \"unit\"\npath = \"/units\"\nrecords = \"data\"\nkey = \"code\"\ntotal = \"count\"\nwhen = \"record.active\"\nkeep = [\"code\", \"name\"]\npaging = { kind = \"page\", param = \"page\", size = 2 }\n";
const CHILDREN: &str = "[stream]\npath = \"/units/{{ parent.code }}/tasks\"\nrecords = \"items\"\nkey = \"id\"\ntotal = \"total\"\n";

fn units(asked: &Asked) -> Response<Body> {
    let all = ["A", "B", "C", "D", "E"];
    if asked.path == "/units" {
        let page = asked.number("page").max(1) - 1;
        let units: Vec<Value> = all
            .iter()
            .skip(page * 2)
            .take(2)
            .map(|code| json!({ "code": code, "name": format!("Phòng {code}"), "active": *code != "D", "seen": asked.index }))
            .collect();
        return json(json!({ "data": units, "count": all.len() }));
    }
    let unit = asked.path.trim_start_matches("/units/").chars().next().expect("a unit");
    assert_ne!(unit, 'D', "not asked for");
    let skip = asked.number("offset");
    let tasks: Vec<Value> = (skip..(skip + 3).min(7)).map(|index| record(index + 1)).collect();
    json(json!({ "items": tasks, "total": 7 }))
}

#[tokio::test]
async fn tasks_stand_below_their_parents_with_what_these_give() {
    let server = Scripted::start(units).await;
    for at_once in [1, 3] {
        let sections =
            format!("{CHILDREN}key_scope = \"parent\"\nparent_concurrency = {at_once}\n{OFFSET}{PARENTS}");
        let connector = connect(&server.base, &sections);
        let pulled = pull(&connector, PullMode::Full, None).await.expect("pull");
        let mut keys = pulled.keys();
        keys.sort();
        let expected: Vec<String> = ["A", "B", "C", "E"]
            .iter()
            .flat_map(|unit| (1..=7).map(move |id| format!("{unit}/{id}")))
            .collect();
        assert_eq!(keys, expected);
        assert!(pulled.end.complete && pulled.end.source_total == Some(28), "{:?}", pulled.end);
        let one = &pulled.pages[0].records[0];
        let body: Value = serde_json::from_slice(&one.body).expect("JSON");
        assert_eq!(body["$parent"], json!({ "code": "A", "name": "Phòng A" }));
        // What is kept lists the same records again.
        let page = &pulled.pages[0];
        let details = lienthong::connector::details_of(page.records.iter());
        let again = connector.list_again(page.body.clone(), Some(details)).expect("says all").expect("reads");
        assert_eq!(again, page.records);
        if at_once == 3 {
            let order: Vec<&str> = pulled.pages.iter().map(|page| page.request.as_str()).collect();
            let turns = |page| ["A", "B", "C"].map(|unit| format!("GET /units/{unit}/tasks (page {page})"));
            assert_eq!(order[..6], [turns(1), turns(2)].concat(), "in turns, each list with its own pages");
        }
        // A second pull gives the same hashes: what changes in a parent and is not kept means nothing.
        let twice = pull(&connector, PullMode::Full, None).await.expect("pull");
        let hashes = |pulled: &crate::support::source::Pulled| {
            let records = pulled.pages.iter().flat_map(|page| &page.records);
            records
                .map(|record| (record.external_id.clone(), record.hash))
                .collect::<std::collections::BTreeMap<_, _>>()
        };
        assert_eq!(hashes(&pulled), hashes(&twice));
    }
    // The same keys below several parents, declared unique: told.
    let pulled = full(&server, &format!("{CHILDREN}{OFFSET}{PARENTS}")).await.expect("pull");
    assert!(pulled.codes().contains(&"LT-SRC-064"), "{:?}", pulled.codes());
}

#[tokio::test]
async fn refused_parent_fails_the_pull_unless_it_may_be_skipped() {
    let refusing = |asked: &Asked| if asked.path == "/units/B/tasks" { bad("closed") } else { units(asked) };
    let server = Scripted::start(refusing).await;
    let sections = format!("{CHILDREN}key_scope = \"parent\"\n{OFFSET}{PARENTS}");
    assert!(full(&server, &sections).await.is_err());
    let skipping =
        format!("{sections}on_error = \"skip\"\n[incremental]\nparam = \"since\"\nformat = \"rfc3339\"\n");
    let pulled = full(&server, &skipping).await.expect("the others");
    assert_eq!(pulled.keys().len(), 21);
    assert_eq!(pulled.codes(), ["LT-SRC-063"]);
    assert!(!pulled.end.complete && pulled.end.short && pulled.end.cursor.is_none());
    // A source that is down is no refused parent.
    let down =
        Scripted::start(|asked| if asked.path == "/units" { units(asked) } else { status(503, &[], "") })
            .await;
    assert!(full(&down, &skipping).await.is_err());
    let many = Scripted::start(units).await;
    let error = full(&many, &format!("{sections}max = 2\n")).await.expect_err("too many");
    assert_eq!(error.finding.code, "LT-SRC-061");
    // Invariant 6: a list of parents that shows less than its total proves nothing.
    let fewer = Scripted::start(|asked| {
        if asked.path == "/units" {
            let units =
                if asked.number("page") < 2 { vec![json!({ "code": "A", "active": true })] } else { vec![] };
            return json(json!({ "data": units, "count": 5 }));
        }
        units(asked)
    })
    .await;
    let changes = format!("{sections}[incremental]\nparam = \"since\"\nformat = \"rfc3339\"\n");
    let connector = connect(&fewer.base, &changes);
    for (mode, cursor) in [(PullMode::Full, None), (PullMode::Incremental, Some(mark(1)))] {
        let pulled = pull(&connector, mode, cursor.as_deref()).await.expect("pull");
        assert!(!pulled.end.complete && pulled.end.short, "{:?}", pulled.end);
        assert_eq!(pulled.end.cursor, None, "changes below the parents nobody showed would be lost");
    }
    // What templates may name of parents is kept, and counted.
    let heavy = Scripted::start(|asked| {
        let filling = "x".repeat(900_000);
        let unit = json!({ "code": asked.number("page"), "filling": filling, "active": true });
        json(json!({ "data": if asked.number("page") <= 40 { vec![unit] } else { vec![] } }))
    })
    .await;
    let error = full(&heavy, &sections).await.expect_err("more than 32 MiB");
    assert_eq!(error.finding.code, "LT-SRC-061");
    let none = Scripted::start(|_| json(json!({ "data": [], "count": 0 }))).await;
    let pulled = full(&none, &sections).await.expect("pull");
    assert_eq!((pulled.codes(), pulled.end.complete), (vec!["LT-SRC-014"], false));
}

#[tokio::test]
async fn partitions_and_parents_below_parents_are_walked() {
    let server = Scripted::start(|asked| {
        let unit = asked.query.get("unit").cloned().unwrap_or_default();
        match asked.path.as_str() {
            "/projects" => json(json!([{ "id": format!("{unit}1") }, { "id": format!("{unit}2") }])),
            path if path.ends_with("/boards") => json(json!([{ "no": 7 }])),
            path => {
                assert!(path.ends_with("/7/tasks"), "{path}");
                json(json!([record(1)]))
            }
        }
    })
    .await;
    let sections = "[stream]\npath = \"/boards/{{ parent_key }}/tasks\"\nquery = { unit = \"{{ partition }}\" }\nrecords = \"\"\nkey = \"id\"\nkey_scope = \"parent\"\n\
        [partition]\nvalues = [\"X, Y\", \"{{ settings.user }}\"]\n\
        [[parent]]\nname = \"project\"\npath = \"/projects\"\nquery = { unit = \"{{ partition }}\" }\nrecords = \"\"\nkey = \"id\"\n\
        [[parent]]\nname = \"board\"\npath = \"/projects/{{ parent.id }}/boards\"\nrecords = \"\"\nkey = \"no\"\n";
    let pulled = full(&server, sections).await.expect("pull");
    assert_eq!(
        pulled.keys(),
        ["X/X1/7/1", "X/X2/7/1", "Y/Y1/7/1", "Y/Y2/7/1", "reader/reader1/7/1", "reader/reader2/7/1"]
    );
    let body: Value = serde_json::from_slice(&pulled.pages[0].records[0].body).expect("JSON");
    assert_eq!((&body["$partition"], &body["$parent"]["$parent"]["id"]), (&json!("X"), &json!("X1")));
}

const EXPORT: &str = "[export]\npath = \"/exports\"\nbody = { kind = \"tasks\", since = \"{{ since or '' }}\" }\nid = \"data.id\"\n\
    [export.poll]\npath = \"/exports/{{ export }}\"\nstate = \"state\"\ndone = [\"done\"]\nfailed = [\"broken\"]\nerror_text = \"why\"\nevery_s = 1\n";
const EXPORTED: &str = "[stream]\npath = \"/exports/{{ export }}/file\"\nrecords = \"\"\nkey = \"id\"\n[incremental]\nparam = \"ignored\"\nformat = \"rfc3339\"\n";

fn exporting(asked: &Asked, state: &str) -> Response<Body> {
    match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", "/exports") => status(202, &[("content-type", "application/json")], r#"{"data":{"id":17}}"#),
        (_, "/exports/17") => {
            json(json!({ "state": state, "why": "hết chỗ cho 099123456789", "url": "/exports/17/elsewhere" }))
        }
        (_, "/exports/17/file" | "/exports/17/elsewhere") => json(json!([record(1), record(2)])),
        (_, path) => panic!("{path}"),
    }
}

#[tokio::test]
async fn export_is_started_waited_for_and_read() {
    let server =
        Scripted::start(|asked| exporting(asked, if asked.index > 1 { "done" } else { "running" })).await;
    let pulled = full(&server, &format!("{EXPORTED}{EXPORT}")).await.expect("pull");
    assert_eq!((pulled.distinct(), pulled.end.complete), (vec![1, 2], true));
    let paths: Vec<String> = server.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/exports", "/exports/17", "/exports/17", "/exports/17/file"]);
    let address = format!("{EXPORTED}{EXPORT}address = \"url\"\n");
    let server = Scripted::start(|asked| exporting(asked, "done")).await;
    assert_eq!(full(&server, &address).await.expect("pull").distinct(), [1, 2]);
    assert_eq!(server.count("/exports/17/elsewhere"), 1);
    // Killed while it waits: dropped, and begun anew without harm.
    let slow =
        Scripted::start(|asked| exporting(asked, if asked.index > 3 { "done" } else { "running" })).await;
    let connector = connect(&slow.base, &format!("{EXPORTED}{EXPORT}"));
    let waiting = pull(&connector, PullMode::Full, None);
    tokio::select! {
        _ = waiting => panic!("not done yet"),
        () = async { while slow.count("/exports/17") == 0 { tokio::task::yield_now().await } } => {}
    }
    assert_eq!(pull(&connector, PullMode::Full, None).await.expect("anew").distinct(), [1, 2]);
    assert_eq!(slow.count("/exports"), 2);
}

#[tokio::test]
async fn export_that_fails_never_ends_or_lies_elsewhere_is_an_error_with_its_state() {
    let code = |state: &'static str, more: &'static str| async move {
        let server = Scripted::start(move |asked| exporting(asked, state)).await;
        let error = full(&server, &format!("{EXPORTED}{EXPORT}{more}")).await.expect_err(state);
        (error.finding.code.clone(), error.finding.what.en.clone())
    };
    let (failed, told) = code("broken", "").await;
    assert_eq!(failed, "LT-SRC-065");
    assert!(told.contains("broken") && told.contains("hết chỗ cho 0991••••••89"), "{told}");
    let (endless, told) = code("queued", "timeout_s = 1\n").await;
    assert_eq!(endless, "LT-SRC-066");
    assert!(told.contains("queued"), "{told}");
    assert_eq!(code("done", "address = \"nowhere\"\n").await.0, "LT-SRC-067");
    let away = Scripted::start(|asked| {
        if asked.path == "/exports/17" {
            return json(json!({ "state": "done", "url": "http://192.0.2.1/steal" }));
        }
        exporting(asked, "done")
    })
    .await;
    let error =
        full(&away, &format!("{EXPORTED}{EXPORT}address = \"url\"\n")).await.expect_err("another host");
    assert!(error.finding.code.starts_with("LT-NET-"), "{}", error.finding.code);
}

/// Row E9: no way of paging goes on for ever, whatever the source answers.
#[tokio::test]
async fn paging_that_never_ends_is_stopped_in_every_way() {
    let cursor = "[paging]\nkind = \"cursor\"\nparam = \"cursor\"\nnext = \"next\"\n";
    let page = "[paging]\nkind = \"page\"\nparam = \"page\"\n";
    let keys = "[paging]\nkind = \"keyset\"\nparam = \"last\"\n";
    for (name, paging, code) in [
        ("the same cursor", cursor, "LT-SRC-011"),
        ("the same page", page, "LT-SRC-011"),
        ("the same offset", OFFSET, "LT-SRC-011"),
        ("the same link", "[paging]\nkind = \"link\"\n", "LT-SRC-011"),
        ("the same header", "[paging]\nkind = \"next_header\"\nheader = \"X-Next\"\n", "LT-SRC-011"),
        ("the same address", "[paging]\nkind = \"next_url\"\nnext = \"next\"\n", "LT-SRC-011"),
        ("a growing chain of links", "[paging]\nkind = \"link\"\nmax_pages = 20\n", "LT-SRC-012"),
        (
            "a growing chain of addresses",
            "[paging]\nkind = \"next_url\"\nnext = \"next\"\nmax_pages = 20\n",
            "LT-SRC-012",
        ),
        ("the same keys", keys, "LT-SRC-060"),
        ("a growing total", &*format!("{page}max_pages = 20\n"), "LT-SRC-012"),
    ] {
        let server = Scripted::start(move |asked| {
            let grows = name.starts_with("a growing");
            let number = if grows { asked.index } else { 1 };
            let next = if grows { format!("/tasks?at={number}") } else { "/tasks?at=x".to_owned() };
            let body = json!({ "items": [record(number)], "total": asked.index + 100, "next": next });
            let link = format!("<{next}>; rel=\"next\"");
            status(
                200,
                &[("content-type", "application/json"), ("link", &link), ("x-next", &next)],
                &body.to_string(),
            )
        })
        .await;
        let error = full(&server, &format!("{STREAM}{paging}")).await.expect_err(name);
        assert_eq!(error.finding.code, code, "{name}");
        assert!(server.asked().len() < 25, "{name}");
    }
}

/// Row E12: one new login in the middle of a pull; a token refused for ever ends it without further logins.
#[tokio::test]
async fn token_that_dies_between_two_pages_is_renewed_once() {
    let auth = "[auth]\nkind = \"login\"\npath = \"/login\"\nbody = { p = \"{{ secrets.password }}\" }\ntoken = \"token\"\n";
    let sections = format!("{auth}{STREAM}{OFFSET}");
    let server_with = |for_ever: bool| {
        Scripted::start(move |asked| {
            if asked.path == "/login" {
                return json(json!({ "token": format!("t{}", asked.index) }));
            }
            let first = asked.headers["authorization"] == "Bearer t0";
            if asked.number("offset") >= 3 && (first || for_ever) {
                return status(401, &[], "");
            }
            let skip = asked.number("offset");
            let items: Vec<Value> = (skip..(skip + 3).min(8)).map(|index| record(index + 1)).collect();
            json(json!({ "items": items, "total": 8 }))
        })
    };
    let server = server_with(false).await;
    assert_eq!(full(&server, &sections).await.expect("pull").distinct().len(), 8);
    assert_eq!(server.count("/login"), 2);
    let server = server_with(true).await;
    assert!(full(&server, &sections).await.is_err());
    assert!(server.count("/login") <= 2, "no lock-out by repeated logins");
}

#[test]
fn what_would_lose_records_is_refused_when_the_manifest_is_loaded() {
    let incremental = "[incremental]\nparam = \"since\"\nformat = \"rfc3339\"\nfield = \"at\"\n";
    let page = "[paging]\nkind = \"page\"\nparam = \"page\"\n";
    let keys = "[paging]\nkind = \"keyset\"\nparam = \"last\"\nchanged_param = \"at\"\n";
    let sorted = format!("{incremental}sorted = true\n");
    for (sections, code) in [
        (format!("{STREAM}{page}{sorted}"), "LT-MAN-050"),
        (format!("{STREAM}[partition]\nvalues = [\"A\"]\n{sorted}"), "LT-MAN-050"),
        (format!("{STREAM}snapshot = \"shifting\"\n{keys}{incremental}"), "LT-MAN-050"),
        (format!("{STREAM}{keys}"), "LT-MAN-050"),
        (format!("{STREAM}[paging]\nkind = \"page\"\n"), "LT-MAN-011"),
        (format!("{STREAM}[paging]\nkind = \"keyset\"\n"), "LT-MAN-011"),
        (format!("{STREAM}{page}in = \"body\"\n"), "LT-MAN-011"),
        (format!("{STREAM}{incremental}[window]\nstart = \"2026-01-01\"\nstep_days = 5\n"), "LT-MAN-011"),
        (format!("{STREAM}key_scope = \"parent\"\n"), "LT-MAN-011"),
        (STREAM.replace("/tasks", "/{{ parent.id }}"), "LT-MAN-006"),
        (STREAM.replace("/tasks", "/{{ cursor }}"), "LT-MAN-006"),
    ] {
        let fields = "[fields]\ntitle = \"name\"\nstatus = \"status\"\n";
        let findings = manifest::parse("m.toml", &format!("{HEAD}{sections}{fields}")).expect_err(&sections);
        assert!(findings.0.iter().any(|finding| finding.code == code), "{sections}: {findings}");
    }
}

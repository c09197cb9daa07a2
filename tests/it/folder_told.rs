//! What a drop folder tells beside its tasks: files that wait, keys that stand twice, rows and files nobody can read.

use crate::connector_file::{HEADER, connect, ids, pull, pulled_at, put, under};
use crate::support::installation::{Installed, Targets};
use crate::support::stores::both;
use lienthong::connector::PullMode;
use lienthong::connector::preview::preview;
use lienthong::domain::SourceId;
use lienthong::error::{Finding, Lang, Severity};
use lienthong::pipeline::command::{Command, Executor as _, Outcome};
use lienthong::pipeline::execute::Installation;
use lienthong::store::RunKind;

/// Minutes after the first file of [`put`]: five before the present moment of the tests.
const JUST_NOW: u64 = 91_782;

fn half() -> String {
    format!("{HEADER}\nNV-1;Việc một;GL-1;;;;Đang xử lý\nNV-2;Việc hai;GL-1;01/09/2026;1")
}

fn waits(told: &[Finding]) -> Vec<&Finding> {
    told.iter().filter(|finding| finding.code == "LT-FIL-030").collect()
}

/// A file cut in half is named from the first look on, wherever somebody looks.
#[tokio::test(flavor = "multi_thread")]
async fn file_that_waits_is_named_by_sync_status_preview_and_check() {
    let folder = tempfile::tempdir().expect("folder");
    put(folder.path(), "nua.csv", JUST_NOW, half().as_bytes());
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        let installation = Installation { app: under(&house, connect(folder.path())) };
        let source = SourceId::new("sheets").expect("id");
        for order in [Command::Sync { source, full: false }, Command::Status {}] {
            let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
            let outcome = installation.execute(order, progress).await;
            let told = waits(&outcome.findings);
            assert_eq!(told.len(), 1, "{}: {:?}", store.kind(), outcome.findings);
            assert!(told[0].what.vi.contains("1 tệp đang chờ"), "{}", told[0].what.vi);
            assert!(
                told[0].what.vi.contains("nua.csv (dòng cuối chưa có dấu xuống dòng)"),
                "{}",
                told[0].what.vi
            );
            assert_eq!(outcome.exit, 0, "nothing has failed");
        }
    }
    let connector = connect(folder.path());
    let now = "2026-11-24T08:00:00Z".parse().expect("instant");
    let seen = preview(connector.as_ref(), 10, now).await.expect("preview");
    assert_eq!((seen.seen.len(), waits(&seen.findings).len()), (0, 1));
    // The moment of a check is the present one.
    std::fs::write(folder.path().join("nua.csv"), half()).expect("written");
    let told = connector.check().await;
    assert_eq!((told.len(), waits(&told).len()), (1, 1), "{told:?}");
}

#[tokio::test]
async fn rows_of_one_file_with_one_key_are_told_and_the_later_one_counts() {
    let folder = tempfile::tempdir().expect("folder");
    let row = |key: &str, title: &str| format!("{key};{title};GL-1;;;;Đang xử lý\n");
    let rows = [("NV-1", "Một"), ("NV-2", "Hai"), ("NV-1", "Một"), ("NV-2", "Khác"), ("NV-3", "Ba")];
    let text: String = rows.iter().map(|(key, title)| row(key, title)).collect();
    put(folder.path(), "a.csv", 0, format!("{HEADER}\n{text}").as_bytes());
    // The same key in another file is a later word and nothing odd.
    put(folder.path(), "b.csv", 1, format!("{HEADER}\n{}", row("NV-3", "Ba, sửa")).as_bytes());
    let connector = connect(folder.path());
    let pulled = pulled_at(connector.as_ref(), "2026-11-24T08:00:00Z").await;
    assert_eq!(ids(&pulled), ["NV-1", "NV-2", "NV-1", "NV-2", "NV-3", "NV-3"]);
    assert_eq!(pulled.findings.len(), 1, "{:?}", pulled.findings);
    let told = &pulled.findings[0];
    assert!(
        told.contains("LT-FIL-031 a.csv:5") && told.contains("1 rows") && told.contains("\"NV-2\""),
        "{told}"
    );
    let full = pull(connector.as_ref(), PullMode::Full, None).await;
    assert_eq!(full.findings, ["LT-FIL-031"]);
    let checked = connector.check().await;
    let codes: Vec<&str> = checked.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["LT-FIL-031"]);
}

/// Rows that cannot be read are rejected alone: a warning. Where none can, nothing works.
#[tokio::test]
async fn check_of_a_folder_warns_of_rows_it_cannot_read_and_fails_where_it_can_read_none() {
    let folder = tempfile::tempdir().expect("folder");
    let rows = |days: [&str; 3]| -> String {
        let row = |(number, day): (usize, &str)| format!("NV-{number};Việc;GL-1;{day};;;Đang xử lý\n");
        days.into_iter().enumerate().map(row).collect()
    };
    let connector = connect(folder.path());
    for (days, expected) in [
        (["01/09/2026", "hôm qua", "31/02/2026"], Severity::Warning),
        (["hôm kia", "hôm qua", "31/02/2026"], Severity::Error),
    ] {
        put(folder.path(), "a.csv", 0, format!("{HEADER}\n{}", rows(days)).as_bytes());
        let told = connector.check().await;
        let bad = days.iter().filter(|day| **day != "01/09/2026").count();
        assert_eq!(told.len(), bad, "{told:?}");
        assert!(told.iter().all(|one| one.code == "LT-SRC-007" && one.severity == expected), "{told:?}");
        let place = told[0].place.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(place.starts_with("a.csv:"), "{place}");
    }
}

/// A file that is no workbook, whatever its name says, and no text either.
#[tokio::test]
async fn binary_file_under_the_name_of_a_workbook_is_not_called_text() {
    let folder = tempfile::tempdir().expect("folder");
    let noise: Vec<u8> = (0..4_000u32).map(|n| u8::try_from(n * n * 31 % 251).expect("a byte")).collect();
    put(folder.path(), "hong.xlsx", 0, &noise);
    let connector = connect(folder.path());
    assert_eq!(pull(connector.as_ref(), PullMode::Incremental, None).await.findings, ["LT-TAB-005"]);
    let told = connector.check().await.remove(0);
    assert!(told.what.vi.contains("không phải văn bản"), "{}", told.what.vi);
    assert!(!told.remedy.vi.contains("encoding") && !told.remedy.vi.contains("UTF-8"), "{}", told.remedy.vi);
}

/// Told once, and forgotten by the next order that looked at no file.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_not_read_stand_in_one_list_until_they_are_read_or_gone() {
    let both = both().await;
    for store in &both.stores {
        let folder = tempfile::tempdir().expect("folder");
        let row = "NV-1;Việc một;GL-1;;;;Đang xử lý\n";
        put(folder.path(), "tot.csv", 0, format!("{HEADER}\n{row}").as_bytes());
        put(folder.path(), "thieu.csv", 1, b"a;b\n1;2\n");
        let noise: Vec<u8> = (0..4_000u32).map(|n| u8::try_from(n * n * 31 % 251).expect("a byte")).collect();
        put(folder.path(), "hong.xlsx", 2, &noise);
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        let installation = Installation { app: under(&house, connect(folder.path())) };
        let order = async |order: Command| {
            let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
            installation.execute(order, progress).await
        };
        let source = || SourceId::new("sheets").expect("id");
        let listed = async || {
            let outcome = order(Command::Status {}).await;
            let document = outcome.document.to_json(Lang::En);
            let told = outcome.findings.into_iter().find(|finding| finding.code == "LT-FIL-050");
            (document["waiting"]["unread_files"].clone(), told.map(|finding| finding.what.vi))
        };
        order(Command::Sync { source: source(), full: false }).await;
        let (count, told) = listed().await;
        let told = told.expect("told");
        assert_eq!(count, 2, "{}: {told}", store.kind());
        for part in ["2 tệp", "thieu.csv", "LT-FIL-002", "hong.xlsx", "LT-TAB-005"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(!told.contains("tot.csv"), "{told}");
        // An order that looks at no file, and a run that was cut off.
        order(Command::RejectedReplay { source: source(), id: None }).await;
        let now = house.app.clock.now();
        store.begin_run(&source(), RunKind::Incremental, now).await.expect("run");
        assert_eq!(listed().await, (2.into(), Some(told)), "{}", store.kind());
        std::fs::remove_file(folder.path().join("hong.xlsx")).expect("removed");
        order(Command::Sync { source: source(), full: false }).await;
        let (count, told) = listed().await;
        assert!(told.is_some_and(|told| told.contains("thieu.csv") && !told.contains("hong.xlsx")));
        assert_eq!(count, 1);
        put(folder.path(), "thieu.csv", 3, format!("{HEADER}\n{row}").as_bytes());
        order(Command::Sync { source: source(), full: false }).await;
        assert_eq!(listed().await, (0.into(), None), "{}", store.kind());
    }
}

/// Rows without a key: nothing but the file itself tells that they were corrected.
#[tokio::test(flavor = "multi_thread")]
async fn row_nobody_could_read_is_settled_by_the_next_version_of_its_file_and_by_no_other_file() {
    let both = both().await;
    for store in &both.stores {
        let folder = tempfile::tempdir().expect("folder");
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        let installation = Installation { app: under(&house, connect(folder.path())) };
        let source = SourceId::new("sheets").expect("id");
        let good = "NV-1;Việc một;GL-1;;;;Đang xử lý\n";
        let bad = |title: &str| format!(";{title};GL-1;;;;Đang xử lý\n");
        let put_rows = |name: &str, minute: u64, rows: &[&str]| {
            put(folder.path(), name, minute, format!("{HEADER}\n{}", rows.concat()).as_bytes());
        };
        // Where each one stands that waits, and its number.
        let pulled = async || {
            let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
            installation.execute(Command::Sync { source: source.clone(), full: false }, progress).await;
            let rows = store.rejected(None, 0, 10).await.expect("rejected");
            let (ids, places): (Vec<i64>, Vec<String>) = rows.iter().map(|row| (row.id, row.place())).unzip();
            (ids, places)
        };
        put_rows("a.csv", 0, &[good, &bad("Họp"), &bad("Báo cáo")]);
        put_rows("b.csv", 1, &[&bad("Kế hoạch")]);
        let (ids, places) = pulled().await;
        assert_eq!(places, ["a.csv:3", "a.csv:4", "b.csv:2"], "{}", store.kind());
        // One has other words by now, the other one stands in another line: that is the same row.
        put_rows(
            "a.csv",
            2,
            &[&bad("Họp giao ban"), good, "NV-2;Việc hai;GL-1;;;;Đang xử lý\n", &bad("Báo cáo")],
        );
        let (later, places) = pulled().await;
        assert_eq!(places, ["a.csv:5", "b.csv:2", "a.csv:2"], "{}", store.kind());
        assert_eq!(later[..2], ids[1..], "what only moved keeps its number");
        // A file that cannot be read settles nothing; one that can, whatever became of its rows.
        put(folder.path(), "a.csv", 3, b"a;b\n1;2\n");
        let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
        installation.execute(Command::Sync { source: source.clone(), full: false }, progress).await;
        assert_eq!(store.rejected(None, 0, 10).await.expect("rejected").len(), 3);
        put_rows("a.csv", 4, &[good]);
        let (_, places) = pulled().await;
        assert_eq!(places, ["b.csv:2"], "{}", store.kind());
        let first = store.rejected_record(&source, ids[0]).await.expect("read").expect("kept");
        assert_eq!(first.state, "gone");
    }
}

/// What an order says of the source: `sync` itself, `source show` in its first part, `status` in the row of the source.
fn field(outcome: &Outcome, key: &str) -> serde_json::Value {
    let shown = outcome.document.to_json(Lang::Vi);
    let places = ["", "/state", "/sources/0"].map(|place| shown.pointer(&format!("{place}/{key}")));
    places.into_iter().flatten().next().cloned().unwrap_or_default()
}

/// One answer to "is everything here" for every order, and files that vanish are told until somebody looks.
#[tokio::test(flavor = "multi_thread")]
async fn folder_is_judged_alike_by_every_order_and_tells_files_that_vanish_until_they_are_accepted() {
    let both = both().await;
    for store in &both.stores {
        let folder = tempfile::tempdir().expect("folder");
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        let source = SourceId::new("sheets").expect("id");
        // As a daemon that was started again: what is known stands in the store alone.
        let order = async |command: Command| {
            let installation = Installation { app: under(&house, connect(folder.path())) };
            let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
            installation.execute(command, progress).await
        };
        let sync = |full| Command::Sync { source: source.clone(), full };
        let show = || Command::SourceShow { source: source.clone() };
        let accept = |code: &str| Command::SourceAccept {
            source: source.clone(),
            code: code.to_owned(),
            author: "Nguyễn Văn An".to_owned(),
            reason: "đã chuyển vào kho lưu trữ".to_owned(),
        };
        let vanished = |outcome: &Outcome| {
            outcome.findings.iter().filter(|finding| finding.code == "LT-PUL-027").count()
        };
        for (minute, name) in (0..).zip(["a.csv", "b.csv", "c.csv"]) {
            let row = format!("{HEADER}\nNV-{minute};Việc {name};GL-1;;;;Đang xử lý\n");
            put(folder.path(), name, minute, row.as_bytes());
        }
        assert_eq!(field(&order(show()).await, "completeness"), "never_pulled", "{}", store.kind());
        let judged = async |outcome: Outcome, word: &str, because: &str, told: usize| {
            for outcome in [outcome, order(Command::Status {}).await, order(show()).await] {
                assert_eq!(field(&outcome, "completeness"), word, "{}: {outcome:?}", store.kind());
                let why = field(&outcome, "because").to_string();
                assert!(why.contains(because), "{}: {why}", store.kind());
                assert_eq!(field(&outcome, "proven_at").is_null(), word != "all_files_read", "{word}");
                assert_eq!(vanished(&outcome), told, "{}: {:?}", store.kind(), outcome.findings);
            }
        };
        let first = order(sync(false)).await;
        assert_eq!((field(&first, "read"), field(&first, "records")), ("whole".into(), 3.into()));
        judged(first, "all_files_read", "đã đọc hết 3 tệp", 0).await;
        put(folder.path(), "d.csv", 9, b"no header at all\n");
        let second = order(sync(false)).await;
        assert_eq!((field(&second, "read"), field(&second, "records")), ("new_files".into(), 0.into()));
        judged(second, "files_unread", "đã đọc 3 trong 4 tệp", 0).await;
        for name in ["a.csv", "b.csv", "c.csv", "d.csv"] {
            std::fs::remove_file(folder.path().join(name)).expect("removed");
        }
        judged(order(sync(false)).await, "fewer_files", "nay có 0 tệp, trước có 4", 1).await;
        let full = order(sync(true)).await;
        assert_eq!((field(&full, "read"), full.exit), ("full".into(), 0));
        judged(full, "fewer_files", "nay có 0 tệp, trước có 4", 1).await;
        let other = order(accept("LT-PUL-001")).await.findings;
        assert_eq!(
            other[0].code, "LT-PUL-013",
            "nothing is stopped, and another code is no word about files"
        );
        assert_eq!(order(accept("lt-pul-027")).await.exit, 0);
        let entry = store.audit_entries(i64::MAX, 1).await.expect("entries").remove(0);
        assert_eq!((entry.action.as_str(), entry.detail.as_str()), ("fewer_files_accepted", "0 of 4 files"));
        judged(order(sync(false)).await, "no_files", "không có tệp nào", 0).await;
        assert_eq!(
            order(accept("LT-PUL-027")).await.findings[0].code,
            "LT-PUL-013",
            "nothing is told any more"
        );
        put(folder.path(), "a.csv", 0, format!("{HEADER}\nNV-1;Việc;GL-1;;;;Đang xử lý\n").as_bytes());
        judged(order(sync(false)).await, "all_files_read", "đã đọc hết 1 tệp", 0).await;
    }
}

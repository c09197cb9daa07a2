//! Spreadsheets as units drop them: headers, encodings, dates, broken rows, the same file twice.

use crate::support::installation::{Installed, Targets};
use crate::support::source::{entry, opened};
use crate::support::stores::both;
use chrono::{DateTime, TimeDelta, Utc};
use lienthong::clock::Clock;
use lienthong::connector::{Connector, Cursor, PullMode, PullRequest, RawRecord, Step};
use lienthong::domain::{SourceId, TaskDraft};
use lienthong::pipeline::App;
use lienthong::pipeline::command::{Command, Document, Executor as _};
use lienthong::pipeline::execute::Installation;
use lienthong::pipeline::pull::pull_source;
use sqlx::Connection as _;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub(crate) const HEADER: &str =
    "Mã nhiệm vụ;Nội dung;Mã cán bộ;Ngày giao;Hạn xử lý;Ngày hoàn thành;Trạng thái";

pub(crate) fn connect(folder: &Path) -> Arc<dyn Connector> {
    connect_by(include_str!("../../connectors/task-sheet/manifest.toml"), folder)
}

pub(crate) fn connect_by(manifest: &str, folder: &Path) -> Arc<dyn Connector> {
    let settings = [("folder".to_owned(), folder.display().to_string())].into();
    opened("sheets", manifest, &settings, &Default::default())
}

/// The installation with this one source.
pub(crate) fn under(house: &Installed, connector: Arc<dyn Connector>) -> Arc<App> {
    let source = entry(connector, "EXCEL");
    let sources = [(SourceId::new("sheets").expect("id"), source)].into();
    let app = &house.app;
    Arc::new(App::new(app.store.clone(), app.clock, "a".into(), sources, (None, None), app.policy.clone()))
}

/// Drops a file that was saved so many minutes after the first one.
pub(crate) fn put(folder: &Path, name: &str, minute: u64, bytes: &[u8]) {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("written");
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 + minute * 60);
    std::fs::File::options().append(true).open(path).and_then(|file| file.set_modified(time)).expect("time");
}

#[derive(Default)]
pub(crate) struct Pulled {
    pub(crate) records: Vec<RawRecord>,
    pub(crate) rejected: Vec<(Option<String>, String, u32)>,
    pub(crate) findings: Vec<String>,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) complete: bool,
    pub(crate) short: bool,
}

pub(crate) async fn pull(connector: &dyn Connector, mode: PullMode, cursor: Option<Cursor>) -> Pulled {
    pull_when(connector, mode, cursor, "2026-11-24T08:00:00Z".parse().expect("instant")).await
}

async fn pull_when(
    connector: &dyn Connector,
    mode: PullMode,
    cursor: Option<Cursor>,
    now: DateTime<Utc>,
) -> Pulled {
    let mut pulled = Pulled { cursor: cursor.clone(), ..Pulled::default() };
    let mut pull = connector.pull(PullRequest { mode, cursor, now }).await.expect("pull");
    loop {
        match pull.next_page().await.expect("page") {
            Step::Page(page) => {
                let rejected = page.rejected.into_iter();
                pulled.rejected.extend(rejected.map(|one| (one.external_id, one.finding.code, one.index)));
                pulled.cursor = page.cursor.or(pulled.cursor);
                for record in page.records {
                    match connector.read(&record) {
                        Ok(_) => pulled.records.push(record),
                        Err(one) => pulled.rejected.push((one.external_id, one.finding.code, one.index)),
                    }
                }
            }
            Step::End(end) => {
                (pulled.complete, pulled.short) = (end.complete, end.short);
                pulled.cursor = end.cursor.or(pulled.cursor);
                pulled.findings = end.findings.into_iter().map(|finding| finding.code).collect();
                return pulled;
            }
        }
    }
}

pub(crate) fn drafts(connector: &dyn Connector, pulled: &Pulled) -> Vec<TaskDraft> {
    pulled.records.iter().map(|record| connector.read(record).expect("draft")).collect()
}

#[tokio::test]
async fn encodings_and_delimiters_of_vietnamese_offices_give_the_same_task() {
    let text = format!("{HEADER}\nNV-1;Kế hoạch kiểm tra thực phẩm;GL-1;01/09/2026;15/11/2026;;Đang xử lý\n");
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let marked: Vec<u8> = [0xef, 0xbb, 0xbf].into_iter().chain(text.bytes()).collect();
    // Windows-1258 keeps some tones apart from their letters.
    use unicode_normalization::UnicodeNormalization as _;
    let apart: String = text
        .nfc()
        .flat_map(|c| {
            let whole = encoding_rs::WINDOWS_1258.encode(&c.to_string()).2;
            if !whole {
                return vec![c];
            }
            let parts: Vec<char> = std::iter::once(c).nfd().collect();
            let (tone, letter): (Vec<char>, Vec<char>) = parts
                .into_iter()
                .partition(|c| ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'].contains(c));
            letter.into_iter().nfc().chain(tone).collect()
        })
        .collect();
    let (cp1258, _, lossy) = encoding_rs::WINDOWS_1258.encode(&apart);
    assert!(!lossy, "{apart}");
    for bytes in [text.as_bytes(), &utf16, &marked, &cp1258, text.replace('\n', "\r\n").as_bytes()] {
        let folder = tempfile::tempdir().expect("folder");
        put(folder.path(), "a.csv", 0, bytes);
        let connector = connect(folder.path());
        let pulled = pull(connector.as_ref(), PullMode::Incremental, None).await;
        let drafts = drafts(connector.as_ref(), &pulled);
        assert_eq!(drafts.len(), 1, "{:?} {:?}", pulled.findings, pulled.rejected);
        assert_eq!(drafts[0].title, "Kế hoạch kiểm tra thực phẩm");
        assert_eq!(drafts[0].due.map(|due| due.day.to_string()).as_deref(), Some("2026-11-15"));
    }
}

#[tokio::test]
async fn workbook_with_titles_synonyms_formulas_and_serial_dates_is_read() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let day = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy");
    sheet.merge_range(0, 0, 0, 6, "SỔ THEO DÕI", &rust_xlsxwriter::Format::new()).expect("title");
    let header = [
        "MÃ NHIỆM VỤ (*)",
        "Tên nhiệm vụ",
        "Số hiệu",
        "Ngày được giao",
        "THỜI HẠN:",
        "Ngày hoàn thành",
        "Trạng thái",
        "Ghi chú",
        "Ghi chú",
    ];
    for (column, title) in (0u16..).zip(header) {
        sheet.write(2, column, title.replace(" (*)", "*")).expect("cell");
    }
    for row in 3..6u32 {
        sheet.write(row, 0, format!("NV-{row}")).expect("cell");
        sheet.write(row, 1, "Báo cáo").expect("cell");
        sheet.write(row, 6, "Hoàn thành").expect("cell");
    }
    let date = chrono::NaiveDate::from_ymd_opt(2026, 11, 15).expect("day");
    sheet.write_datetime_with_format(3, 4, date, &day).expect("cell");
    sheet.write(4, 4, 46_341).expect("a serial without its format");
    let formula = rust_xlsxwriter::Formula::new("=D6+14").set_result("46341");
    sheet.write_formula_with_format(5, 4, formula, &day).expect("cell");
    let broken = rust_xlsxwriter::Formula::new("=VLOOKUP(1,A:A,2)").set_result("#N/A");
    sheet.write(6, 0, "NV-6").expect("cell");
    sheet.write_formula(6, 1, broken).expect("cell");
    sheet.write(6, 6, "Đang xử lý").expect("cell");
    let folder = tempfile::tempdir().expect("folder");
    put(folder.path(), "a.xlsx", 0, &book.save_to_buffer().expect("xlsx"));
    let connector = connect(folder.path());
    let pulled = pull(connector.as_ref(), PullMode::Incremental, None).await;
    let drafts = drafts(connector.as_ref(), &pulled);
    assert_eq!(drafts.len(), 3, "{:?} {:?}", pulled.findings, pulled.rejected);
    for draft in drafts {
        assert_eq!(draft.due.map(|due| due.day), Some(date), "{}", draft.external_id);
    }
    assert_eq!(pulled.rejected, [(Some("NV-6".to_owned()), "LT-TAB-006".to_owned(), 7)]);
}

#[tokio::test]
async fn bad_rows_are_rejected_alone_and_bad_files_do_not_stop_others() {
    let folder = tempfile::tempdir().expect("folder");
    let rows = "NV-1;Việc một;GL-1;01/09/2026;15/09/2026;;Đang xử lý\nNV-2;Việc hai;GL-1;01/09/2026;trong tháng 3;;Đang xử lý\n\
                NV-3;Việc ba;GL-1;01/09/2026;15;;Đang xử lý\n;Không mã;;;;;Đang xử lý\nNV-5;Việc năm;GL-1;;;;Hoàn thành\n";
    put(folder.path(), "b.csv", 1, format!("{HEADER}\n{rows}").as_bytes());
    put(folder.path(), "a.csv", 0, "TT;Tên;Khác\n1;x;y\n".as_bytes());
    put(folder.path(), "c.xlsx", 2, b"PK\x03\x04 half a file");
    put(folder.path(), "d.csv", 3, &vec![b'x'; 33 << 20]);
    put(folder.path(), "e.csv", 4, b"");
    put(folder.path(), "f.csv.part", 5, format!("{HEADER}\nNV-9;x;;;;;Hoàn thành\n").as_bytes());
    put(folder.path(), "~$g.xlsx", 6, b"lock");
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("h.csv")).expect("link");
    let connector = connect(folder.path());
    let pulled = pull(connector.as_ref(), PullMode::Incremental, None).await;
    let read: Vec<&str> = pulled.records.iter().map(|record| record.external_id.as_str()).collect();
    assert_eq!(read, ["NV-1", "NV-5"]);
    let rejected: Vec<(Option<&str>, &str)> =
        pulled.rejected.iter().map(|(id, code, _)| (id.as_deref(), code.as_str())).collect();
    assert_eq!(rejected, [(None, "LT-FIL-003"), (Some("NV-2"), "LT-SRC-007"), (Some("NV-3"), "LT-SRC-007")]);
    assert_eq!(pulled.findings, ["LT-FIL-020", "LT-FIL-002", "LT-TAB-005", "LT-TAB-001"]);
}

#[tokio::test]
async fn same_file_is_nothing_a_corrected_one_a_change_and_a_row_that_disappears_is_not_gone() {
    let folder = tempfile::tempdir().expect("folder");
    let sheet = |status: &str| {
        format!("{HEADER}\nNV-1;Việc một;GL-1;;;;{status}\nNV-2;Việc hai;GL-1;;;;Đang xử lý\n")
    };
    put(folder.path(), "a.csv", 0, sheet("Đang xử lý").as_bytes());
    let connector = connect(folder.path());
    let first = pull(connector.as_ref(), PullMode::Incremental, None).await;
    assert_eq!(first.records.len(), 2);
    put(folder.path(), "copy.csv", 1, sheet("Đang xử lý").as_bytes());
    let same = pull(connector.as_ref(), PullMode::Incremental, first.cursor.clone()).await;
    assert_eq!(same.records.len(), 0);
    let later = format!("{HEADER}\nNV-1;Việc một;GL-1;;;;Hoàn thành\n");
    put(folder.path(), "a.csv", 2, later.as_bytes());
    let changed = pull(connector.as_ref(), PullMode::Incremental, same.cursor).await;
    assert_eq!((changed.records.len(), changed.complete), (1, false));
    assert_ne!(changed.records[0].hash, first.records[0].hash);
    // Everything again: of each row the newest file's word alone, so that nothing is reopened.
    let again = pull(connector.as_ref(), PullMode::Full, changed.cursor).await;
    let seen: Vec<(&str, bool)> = again
        .records
        .iter()
        .map(|record| (record.external_id.as_str(), record.hash == changed.records[0].hash))
        .collect();
    assert_eq!((seen, again.complete), (vec![("NV-1", true), ("NV-2", false)], false));
    let (from, to) =
        ("2026-09-21T00:00:00Z".parse().expect("instant"), "2026-09-22T00:00:00Z".parse().expect("instant"));
    let span = pull(connector.as_ref(), PullMode::Backfill { from, to }, None).await;
    assert!(
        span.records
            .iter()
            .all(|record| record.external_id != "NV-1" || record.hash == changed.records[0].hash)
    );
}

/// Row E14: each file of a bulk copy is read, and read once; one dropped later with an old time is read as well.
#[tokio::test]
async fn no_file_of_many_thousand_counts_as_read_that_was_not_and_none_is_opened_twice() {
    const FILES: u64 = 8_000;
    let folder = tempfile::tempdir().expect("folder");
    let sheet = |key: &str| format!("{HEADER}\n{key};Việc;GL-1;;;;Đang xử lý\n");
    for number in 0..FILES {
        // Half of them were written in one second.
        let minute = number.saturating_sub(FILES / 2);
        put(folder.path(), &format!("{number}.csv"), minute, sheet(&format!("NV-{number}")).as_bytes());
    }
    let connector = connect(folder.path());
    // Behind the times at which these files came onto this disk.
    let later = Clock::system().now() + TimeDelta::hours(1);
    let first = pull_when(connector.as_ref(), PullMode::Incremental, None, later).await;
    let keys: HashSet<&str> = ids(&first).into_iter().collect();
    assert_eq!((keys.len() as u64, first.records.len() as u64), (FILES, FILES));
    // Whoever opened it would meet the lock and tell it.
    let locked = std::fs::File::open(folder.path().join("17.csv")).expect("opens");
    locked.lock().expect("locked");
    let second = pull_when(connector.as_ref(), PullMode::Incremental, first.cursor, later).await;
    assert_eq!((ids(&second), &second.findings), (vec![], &vec![]));
    put(folder.path(), "old.csv", 0, sheet("NV-old").as_bytes());
    put(folder.path(), "18.csv", 18, sheet("NV-18").as_bytes());
    let third = pull_when(connector.as_ref(), PullMode::Incremental, second.cursor, later).await;
    assert_eq!((ids(&third), &third.findings), (vec!["NV-old"], &vec![]), "the other one says nothing new");
    let fourth = pull_when(connector.as_ref(), PullMode::Incremental, third.cursor, later).await;
    assert_eq!(ids(&fourth), Vec::<&str>::new());
}

/// What a pull of one folder gives: keys read, and key, code and line of each rejection.
pub(crate) async fn pulled_at(connector: &dyn Connector, now: &str) -> Pulled {
    let now = now.parse().expect("instant");
    let mut pulled = Pulled::default();
    let request = PullRequest { mode: PullMode::Incremental, cursor: None, now };
    let mut pull = connector.pull(request).await.expect("pull");
    loop {
        match pull.next_page().await.expect("page") {
            Step::Page(page) => {
                let rejected = page.rejected.into_iter();
                pulled.rejected.extend(rejected.map(|one| (one.external_id, one.finding.code, one.index)));
                pulled.records.extend(page.records);
            }
            Step::End(end) => {
                (pulled.complete, pulled.short) = (end.complete, end.short);
                pulled.findings = end.findings.iter().map(ToString::to_string).collect();
                return pulled;
            }
        }
    }
}

pub(crate) fn ids(pulled: &Pulled) -> Vec<&str> {
    pulled.records.iter().map(|record| record.external_id.as_str()).collect()
}

#[tokio::test]
async fn unclosed_quote_rejects_its_line_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().expect("folder");
    let rows = "NV-1;Việc một;GL-1;01/09/2026;15/09/2026;;Đang xử lý\n\
                NV-2;\"Việc hai;GL-1;01/09/2026;15/09/2026;;Đang xử lý\n\
                NV-3;Việc ba;GL-1;01/09/2026;15/09/2026;;Đang xử lý\n\
                NV-4;\"Việc \"\"bốn\"\"\n(phần 2)\";GL-1;01/09/2026;15/09/2026;;Đang xử lý\n\
                NV-5;Việc năm\";GL-1;01/09/2026;15/09/2026;;Đang xử lý\n";
    put(folder.path(), "a.csv", 0, format!("{HEADER}\n{rows}").as_bytes());
    let connector = connect(folder.path());
    let pulled = pull(connector.as_ref(), PullMode::Incremental, None).await;
    let read: Vec<&str> = ids(&pulled);
    assert_eq!(read, ["NV-1", "NV-3", "NV-4"], "{:?}", pulled.rejected);
    let code = "LT-TAB-004".to_owned();
    assert_eq!(
        pulled.rejected,
        [(Some("NV-2".to_owned()), code.clone(), 3), (Some("NV-5".to_owned()), code, 7)]
    );
    let titles: Vec<String> =
        drafts(connector.as_ref(), &pulled).into_iter().map(|draft| draft.title).collect();
    assert_eq!(titles[2], "Việc \"bốn\"\n(phần 2)", "a cell with line breaks stays one");
}

#[tokio::test]
async fn half_written_file_waits_and_its_last_line_is_never_taken_for_whole() {
    let folder = tempfile::tempdir().expect("folder");
    // The writer stalled in the middle of the second row; its quantity or date may be cut.
    let half = format!("{HEADER}\nNV-1;Việc một;GL-1;;;;Đang xử lý\nNV-2;Việc hai;GL-1;01/09/2026;1");
    put(folder.path(), "a.csv", 0, half.as_bytes());
    let connector = connect(folder.path());
    let written = chrono::DateTime::<chrono::Utc>::from_timestamp(1_790_000_000, 0).expect("instant");
    let after = |seconds| (written + chrono::TimeDelta::seconds(seconds)).to_rfc3339();
    let soon = pulled_at(connector.as_ref(), &after(599)).await;
    assert_eq!((ids(&soon).len(), soon.rejected.len(), soon.findings.len()), (0, 0, 1), "someone may write");
    let told = &soon.findings[0];
    assert!(told.contains("LT-FIL-030") && told.contains("1 files wait"), "{told}");
    assert!(told.contains("a.csv (its last line has no end yet)"), "{told}");
    assert!(soon.short, "what is passed over is not called read to its end");
    let later = pulled_at(connector.as_ref(), &after(600)).await;
    assert_eq!(ids(&later), ["NV-1"]);
    assert_eq!(later.rejected, [(Some("NV-2".to_owned()), "LT-FIL-005".to_owned(), 3)]);
    assert!(!later.complete, "rows a cut file does not show are not gone");
    // A line end shows that the row is whole: no waiting.
    put(folder.path(), "a.csv", 0, format!("{HEADER}\nNV-1;Việc một;GL-1;;;;Đang xử lý\n").as_bytes());
    let whole = pulled_at(connector.as_ref(), &after(1)).await;
    assert_eq!((ids(&whole), whole.short), (vec!["NV-1"], false));
}

#[tokio::test]
async fn unended_file_from_the_future_is_told_by_name_instead_of_waiting_silently() {
    let folder = tempfile::tempdir().expect("folder");
    let half = format!("{HEADER}\nNV-1;Việc một;GL-1;;;;Đang xử lý\nNV-2;Việc hai;GL-1;01/09/2026;1");
    put(folder.path(), "a.csv", 10, half.as_bytes());
    let connector = connect(folder.path());
    let written = chrono::DateTime::<chrono::Utc>::from_timestamp(1_790_000_600, 0).expect("instant");
    let before = |seconds| (written - chrono::TimeDelta::seconds(seconds)).to_rfc3339();
    let early = pulled_at(connector.as_ref(), &before(3_600)).await;
    assert_eq!((ids(&early).len(), early.findings.len()), (0, 1));
    let told = &early.findings[0];
    assert!(told.contains("LT-FIL-006") && told.contains("a.csv") && told.contains("future"), "{told}");
    let soon = pulled_at(connector.as_ref(), &before(30)).await;
    assert_eq!((ids(&soon).len(), soon.findings.len()), (0, 1));
    assert!(soon.findings[0].contains("LT-FIL-030"), "clocks may be a little apart: {:?}", soon.findings);
    put(folder.path(), "a.csv", 10, format!("{half}5/09/2026;;Đang xử lý\n").as_bytes());
    assert_eq!(ids(&pulled_at(connector.as_ref(), &before(3_600)).await), ["NV-1", "NV-2"], "it is whole");
}

#[tokio::test]
async fn refused_file_is_told_at_every_pull_until_it_is_corrected() {
    let folder = tempfile::tempdir().expect("folder");
    put(folder.path(), "a.csv", 0, "TT;Khác\n1;x\n".as_bytes());
    put(folder.path(), "b.xlsx", 1, b"PK\x03\x04 half a file");
    let connector = connect(folder.path());
    let mut cursor = None;
    for mode in [PullMode::Incremental, PullMode::Incremental, PullMode::Full] {
        let pulled = pull(connector.as_ref(), mode, cursor).await;
        cursor = pulled.cursor;
        let mut told = pulled.findings;
        told.sort();
        assert_eq!(told, ["LT-FIL-002", "LT-TAB-005"]);
    }
    assert_eq!(connector.check().await[0].code, "LT-TAB-005", "the newest file");
    put(folder.path(), "a.csv", 0, format!("{HEADER}\nNV-1;Việc;GL-1;;;;Đang xử lý\n").as_bytes());
    let pulled = pull(connector.as_ref(), PullMode::Incremental, cursor).await;
    assert_eq!((ids(&pulled), &pulled.findings), (vec!["NV-1"], &vec!["LT-TAB-005".to_owned()]));
}

#[tokio::test]
async fn kept_file_is_read_into_the_same_tasks_again_and_a_change_by_hand_is_found() {
    let both = both().await;
    for store in &both.stores {
        let folder = tempfile::tempdir().expect("folder");
        let row = |number: u32| format!("NV-{number};Việc {number};GL-1;01/09/2026;15/09/2026;;Đang xử lý\n");
        let rows: String = (0..600).map(row).collect();
        put(folder.path(), "a.csv", 1, format!("{HEADER}\n{rows}").as_bytes());
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        let id = SourceId::new("sheets").expect("id");
        let app = under(&house, connect(folder.path()));
        let connector = app.sources[&id].connector.clone();
        let summary = pull_source(&app, &connector, PullMode::Full, &|_, _| {}).await.expect("a pull");
        assert_eq!(summary.counters.new, 600);
        let told = async |app: &Arc<App>| {
            let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
            let outcome = Installation { app: app.clone() }.execute(Command::ScoreVerify {}, progress).await;
            let codes: Vec<String> = outcome.findings.into_iter().map(|finding| finding.code).collect();
            let Document::Object { fields, .. } = outcome.document else { panic!("{:?}", outcome.document) };
            let field = |key| fields.iter().find(|field| field.key == key).map(|field| field.value.clone());
            (codes, field("drafts"), field("pages_not_read_again"))
        };
        // Of the two pages of the file the first one keeps it.
        assert_eq!(told(&app).await, (vec![], Some(600.into()), Some(1.into())));
        // Of a grown file whose first page says nothing new the page with the new row keeps it.
        put(folder.path(), "b.csv", 2, format!("{HEADER}\n{rows}{}", row(600)).as_bytes());
        let summary = pull_source(&app, &connector, PullMode::Full, &|_, _| {}).await.expect("a pull");
        assert_eq!((summary.counters.new, summary.counters.unchanged), (1, 600));
        assert_eq!(told(&app).await, (vec![], Some(1201.into()), Some(1.into())), "{}", store.kind());
        // Other rules read something else; what they gave is not compared with what the old ones gave.
        let other =
            include_str!("../../connectors/task-sheet/manifest.toml").replace("unit = \"unit\"\n", "");
        let changed = under(&house, connect_by(&other, folder.path()));
        assert_eq!(told(&changed).await, (vec![], Some(0.into()), Some(1.into())));
        if !std::ptr::eq(store, &both.stores[0]) {
            continue;
        }
        let file = format!("sqlite://{}", both.folder.path().join("lienthong.db").display());
        let mut database = sqlx::SqliteConnection::connect(&file).await.expect("opens");
        let change = "UPDATE task SET title = 'Bị sửa' WHERE external_id = 'NV-7'";
        sqlx::query(change).execute(&mut database).await.expect("changed");
        let (codes, same, _) = told(&app).await;
        assert_eq!((codes, same), (vec!["LT-SCO-014".to_owned()], Some(1199.into())));
        database.close().await.expect("closes");
    }
}

#[tokio::test]
async fn numbers_of_citizens_are_hidden_in_replayed_records_too() {
    const NUMBER: &str = "099200000001";
    let both = both().await;
    for store in &both.stores {
        let folder = tempfile::tempdir().expect("folder");
        let row = format!("NV-1;Việc;{NUMBER};01/09/2026;15/09/2026;;Đang xử lý\n");
        put(folder.path(), "a.csv", 1, format!("{HEADER}\n{row}").as_bytes());
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-24T08:00:00Z");
        let manifest = include_str!("../../connectors/task-sheet/manifest.toml")
            .replace("kind = \"staff_number\"", "kind = \"citizen_id\"");
        let incomplete = manifest.replace("\"Đang xử lý\" = \"in_progress\"\n", "");
        assert_ne!(manifest, incomplete);
        let app = under(&house, connect_by(&incomplete, folder.path()));
        let id = SourceId::new("sheets").expect("id");
        let connector = app.sources[&id].connector.clone();
        let summary = pull_source(&app, &connector, PullMode::Full, &|_, _| {}).await.expect("a pull");
        assert_eq!((summary.counters.new, summary.counters.rejected), (0, 1));
        let app = under(&house, connect_by(&manifest, folder.path()));
        let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
        let order = Command::RejectedReplay { source: id, id: None };
        let outcome = Installation { app: app.clone() }.execute(order, progress).await;
        assert!(outcome.findings.is_empty(), "{:?}", outcome.findings);
        let tasks = store.tasks_to_identify(10).await.expect("tasks");
        let [task] = &tasks[..] else { panic!("{tasks:?}") };
        let told = format!("{task:?} {:?}", store.events_of(task.id).await.expect("events"));
        assert!(told.contains("bi1_") && !told.contains(NUMBER), "{}: {told}", store.kind());
    }
}

#[tokio::test]
async fn other_work_goes_on_while_a_sheet_is_read() {
    let folder = tempfile::tempdir().expect("folder");
    let row = |number: u32| format!("NV-{number};Việc;GL-1;01/09/2026;15/09/2026;;Đang xử lý\n");
    let rows: String = (0..10_000).map(row).collect();
    put(folder.path(), "a.csv", 1, format!("{HEADER}\n{rows}").as_bytes());
    let connector = connect(folder.path());
    // One thread: the other task runs only where the pull gives it way.
    let other = tokio::spawn(async {});
    let pulled = pull(connector.as_ref(), PullMode::Incremental, None).await;
    assert_eq!(pulled.records.len(), 10_000);
    assert!(other.is_finished());
}

#[tokio::test]
async fn header_of_two_rows_is_read_and_one_that_could_mean_two_things_is_refused() {
    let two_rows = |folder: &Path, group: [&str; 2], sub: [[&str; 2]; 2]| {
        let mut book = rust_xlsxwriter::Workbook::new();
        let plain = rust_xlsxwriter::Format::new();
        let sheet = book.add_worksheet();
        sheet.merge_range(0, 0, 0, 6, "SỔ THEO DÕI NHIỆM VỤ", &plain).expect("title");
        for (column, name) in [(0, "Mã nhiệm vụ"), (1, "Nội dung"), (6, "Trạng thái")] {
            sheet.merge_range(2, column, 3, column, name, &plain).expect("header");
        }
        sheet.merge_range(2, 2, 2, 3, group[0], &plain).expect("group");
        sheet.merge_range(2, 4, 2, 5, group[1], &plain).expect("group");
        for (column, name) in (2u16..).zip(sub.concat()) {
            sheet.write(3, column, name).expect("header");
        }
        for (column, value) in
            (0u16..).zip(["NV-1", "Việc một", "01/09/2026", "15/09/2026", "14/09/2026", "x", "Hoàn thành"])
        {
            sheet.write(4, column, value).expect("cell");
        }
        put(folder, "a.xlsx", 0, &book.save_to_buffer().expect("xlsx"));
    };
    let folder = tempfile::tempdir().expect("folder");
    let connector = connect(folder.path());
    two_rows(
        folder.path(),
        ["Thời gian", "Kết quả"],
        [["Ngày giao", "Hạn xử lý"], ["Ngày hoàn thành", "Sản phẩm"]],
    );
    let pulled = pull(connector.as_ref(), PullMode::Incremental, None).await;
    assert_eq!((pulled.rejected.len(), &pulled.findings), (0, &Vec::<String>::new()));
    let draft = drafts(connector.as_ref(), &pulled).remove(0);
    assert_eq!(draft.due.map(|due| due.day.to_string()).as_deref(), Some("2026-09-15"));
    assert_eq!(draft.completed_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-09-13T17:00:00+00:00"));
    // The same over the first of its columns alone would be a guess.
    two_rows(folder.path(), ["Thời gian", "Hạn xử lý"], [["Bắt đầu", "Kết thúc"], ["Ban đầu", "Gia hạn"]]);
    let pulled = pulled_at(connector.as_ref(), "2026-11-24T08:00:00Z").await;
    assert_eq!(ids(&pulled).len(), 0);
    let told = pulled.findings.join("\n");
    assert!(
        told.contains("LT-TAB-008") && told.contains("a.xlsx:3 (E3)") && told.contains("row 4"),
        "{told}"
    );
}

#[tokio::test]
async fn two_columns_of_one_field_refuse_the_file_and_name_both() {
    for (header, places) in [
        ("Mã nhiệm vụ;Nội dung;Trạng thái;Hạn xử lý;Hạn xử lý", ["column 4", "column 5"]),
        ("Mã nhiệm vụ;Trích yếu;Trạng thái;Hạn xử lý;Nội dung nhiệm vụ", ["column 2", "column 5"]),
    ] {
        let folder = tempfile::tempdir().expect("folder");
        let text = format!("SỔ THEO DÕI;;;;\n{header}\nNV-1;Việc;Hoàn thành;15/09/2026;20/09/2026\n");
        put(folder.path(), "a.csv", 0, text.as_bytes());
        let pulled = pulled_at(connect(folder.path()).as_ref(), "2026-11-24T08:00:00Z").await;
        let told = pulled.findings.join("\n");
        assert!(ids(&pulled).is_empty() && told.contains("LT-TAB-007") && told.contains("a.csv:2"), "{told}");
        assert!(places.iter().all(|place| told.contains(place)), "{told}");
        assert!(told.contains("[[folder.column]]"), "what to do where a unit always has both: {told}");
    }
    // What the message says helps.
    let folder = tempfile::tempdir().expect("folder");
    let text =
        "Mã nhiệm vụ;Trích yếu;Trạng thái;Nội dung nhiệm vụ\nNV-1;V/v kiểm tra;Hoàn thành;Kiểm tra hồ đập\n";
    put(folder.path(), "a.csv", 0, text.as_bytes());
    let manifest = include_str!("../../connectors/task-sheet/manifest.toml").replace(", \"Trích yếu\"", "");
    let connector = connect_by(&manifest, folder.path());
    let pulled = pull(connector.as_ref(), PullMode::Full, None).await;
    assert_eq!(drafts(connector.as_ref(), &pulled)[0].title, "Kiểm tra hồ đập");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_placed_by_its_file_line_and_field() {
    let folder = tempfile::tempdir().expect("folder");
    let file = format!(
        "{HEADER}\nNV-1;Một;GL-1;01/09/2026;15/11/2026;;Đang xử lý\nNV-2;Hai;GL-1;mai;15/11/2026;;Đang xử lý\n"
    );
    put(folder.path(), "thang-11.csv", 0, file.as_bytes());
    let connector = connect(folder.path());
    let now = "2026-11-24T08:00:00Z".parse().expect("instant");
    let request = PullRequest { mode: PullMode::Full, cursor: None, now };
    let mut pull = connector.pull(request).await.expect("pull");
    let Step::Page(page) = pull.next_page().await.expect("page") else { panic!("a page") };
    let refused =
        page.records.iter().find_map(|record| connector.read(record).err()).expect("the second row");
    let place = refused.finding.place.as_ref().expect("a place").to_string();
    assert!(place.starts_with("thang-11.csv:3 (record NV-2, field "), "{place}");
}

#[tokio::test]
async fn quantity_of_a_sheet_takes_comma_and_point_and_a_bad_cell_is_told_by_its_header() {
    let folder = tempfile::tempdir().expect("folder");
    let row = |key: &str, state: &str, quantity: &str| {
        format!("{key};Việc {key};GL-1;01/09/2026;15/11/2026;;{state};{quantity}\n")
    };
    let rows = [
        row("NV-1", "Đang xử lý", "0,8"),
        row("NV-2", "Đang xử lý", "0.8"),
        row("NV-3", "Đang xử lý", "1.000,5"),
        row("NV-4", "Chưa từng thấy", "1"),
    ];
    let file = format!("{HEADER};Số lượng\n{}", rows.concat());
    put(folder.path(), "quy-4.csv", 0, file.as_bytes());
    let connector = connect(folder.path());
    let now = "2026-11-24T08:00:00Z".parse().expect("instant");
    let request = PullRequest { mode: PullMode::Full, cursor: None, now };
    let mut pull = connector.pull(request).await.expect("pull");
    let Step::Page(page) = pull.next_page().await.expect("page") else { panic!("a page") };
    let of = |key: &str| {
        let record = page.records.iter().find(|record| record.external_id == key).expect("the row");
        connector.read(record)
    };
    let eight = Some("0.8".parse().expect("decimal"));
    assert_eq!((of("NV-1").expect("read").quantity, of("NV-2").expect("read").quantity), (eight, eight));
    for (key, code, header) in [("NV-3", "LT-SRC-008", "Số lượng"), ("NV-4", "LT-SRC-006", "Trạng thái")]
    {
        let finding = of(key).expect_err("refused").finding;
        let place = finding.place.as_ref().expect("a place").to_string();
        assert_eq!(finding.code, code);
        assert!(place.contains(header), "{place}");
        let remedy = &finding.remedy.vi;
        assert!(remedy.contains(header) && remedy.contains("thả lại tệp"), "{remedy}");
        assert!(!remedy.contains("hệ thống nguồn"), "{remedy}");
    }
    // A row without its key names the column as the sheet does.
    put(folder.path(), "quy-4b.csv", 1, format!("{HEADER}\n;Việc;GL-1;;;;Đang xử lý\n").as_bytes());
    let mut pull =
        connector.pull(PullRequest { mode: PullMode::Full, cursor: None, now }).await.expect("pull");
    let mut told = Vec::new();
    while let Step::Page(page) = pull.next_page().await.expect("page") {
        told.extend(page.rejected.into_iter().map(|rejection| rejection.finding.what.vi));
    }
    assert_eq!(told, ["dòng không có khóa (cột Mã nhiệm vụ)"]);
}

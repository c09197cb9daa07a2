//! What files of a folder hold: sheets as people make them, encodings, JSON, states in any spelling.

use super::connector_file::{HEADER, Pulled, connect, connect_by, drafts, ids, pull, pulled_at, put};
use lienthong::connector::{Connector, PullMode, PullRequest, Step};
use std::path::Path;
use std::sync::Arc;

const SHEET: &str = include_str!("../../connectors/task-sheet/manifest.toml");

/// What a pull of everything gives by the manifest of task sheets with these changes.
async fn pulled_by(changes: &[(&str, &str)], folder: &Path) -> (Arc<dyn Connector>, Pulled) {
    let manifest = changes.iter().fold(SHEET.to_owned(), |manifest, (from, to)| {
        assert!(manifest.contains(from), "{from}");
        manifest.replace(from, to)
    });
    let connector = connect_by(&manifest, folder);
    let pulled = pull(connector.as_ref(), PullMode::Incremental, None).await;
    (connector, pulled)
}

#[tokio::test]
async fn old_workbook_in_the_folder_gives_the_tasks_of_its_rows_and_merged_cells() {
    let folder = tempfile::tempdir().expect("folder");
    // Its name says something else.
    put(folder.path(), "so-theo-doi.csv", 0, include_bytes!("../data/so-theo-doi.xls"));
    let (connector, pulled) = pulled_by(&[], folder.path()).await;
    let keys: Vec<&str> = pulled.records.iter().map(|record| record.external_id.as_str()).collect();
    assert_eq!(keys, ["NV-1", "NV-2", "NV-3"], "{:?} {:?}", pulled.findings, pulled.rejected);
    for draft in drafts(connector.as_ref(), &pulled) {
        let due = draft.due.map(|due| due.day.to_string());
        assert_eq!(due.as_deref(), Some("2026-11-15"), "one date merged over three rows: {}", draft.title);
    }
}

#[tokio::test]
async fn group_rows_repeated_headers_and_cells_left_out_are_understood_where_they_are_declared() {
    let folder = tempfile::tempdir().expect("folder");
    let text = "TT;Mã nhiệm vụ;Nội dung;Đơn vị;Ngày giao;Trạng thái\n\
        I;;Phòng Nội vụ;;;\n\
        1;NV-1;Việc một;;01/09/2026;Đang xử lý\n\
        2;NV-2;Việc hai;;;Đang xử lý\n\
        TT;Mã nhiệm vụ;Nội dung;Đơn vị;Ngày giao;Trạng thái\n\
        3;NV-3;Việc ba;;02/09/2026;Đang xử lý\n\
        II. Phòng Tài chính;;;;;\n\
        4;NV-4;Việc bốn;;;Đang xử lý\n\
        5;NV-5;Việc năm;Phòng Y tế;;Đang xử lý\n\
        ;Tổng cộng;5;;;\n\
        STT;Trạng thái;Mã NV;Nội dung\n\
        6;Hoàn thành;NV-6;Bảng khác thứ tự cột\n";
    put(folder.path(), "a.csv", 0, text.as_bytes());
    let declared = "key = \"task_code\"\nfill_down = [\"assigned_on\"]\ngroup = { column = \"unit\" }";
    let (connector, pulled) = pulled_by(&[("key = \"task_code\"", declared)], folder.path()).await;
    assert_eq!((pulled.rejected.len(), pulled.findings.len()), (0, 0), "{:?}", pulled.rejected);
    let read: Vec<(String, Option<String>, bool)> = drafts(connector.as_ref(), &pulled)
        .into_iter()
        .map(|draft| (draft.external_id, draft.unit, draft.assigned_at.is_some()))
        .collect();
    let row = |key: &str, unit: &str, assigned| (key.to_owned(), Some(unit.to_owned()), assigned);
    let expected = [
        row("NV-1", "Phòng Nội vụ", true),
        row("NV-2", "Phòng Nội vụ", true),
        row("NV-3", "Phòng Nội vụ", true),
        row("NV-4", "Phòng Tài chính", false),
        row("NV-5", "Phòng Y tế", false),
        row("NV-6", "Phòng Tài chính", false),
    ];
    assert_eq!(read, expected);
    // Where nothing is declared nothing is filled in, and a row without a key is told.
    let (connector, pulled) = pulled_by(&[], folder.path()).await;
    let codes: Vec<&str> = pulled.rejected.iter().map(|(_, code, _)| code.as_str()).collect();
    assert_eq!(codes, ["LT-FIL-003", "LT-FIL-003"]);
    assert!(drafts(connector.as_ref(), &pulled)[0].unit.is_none());
}

#[tokio::test]
async fn all_sheets_of_a_workbook_are_read_where_that_is_declared() {
    let mut book = rust_xlsxwriter::Workbook::new();
    for (title, key) in [("Quý III", "NV-1"), ("Quý IV", "NV-2")] {
        let sheet = book.add_worksheet().set_name(title).expect("title");
        for (column, (name, value)) in
            (0u16..).zip([("Mã nhiệm vụ", key), ("Nội dung", "Việc"), ("Trạng thái", "Hoàn thành")])
        {
            sheet.write(0, column, name).expect("cell");
            sheet.write(1, column, value).expect("cell");
        }
    }
    book.add_worksheet().set_name("Ghi chú").expect("title").write(0, 0, "ghi chú").expect("cell");
    let folder = tempfile::tempdir().expect("folder");
    put(folder.path(), "a.xlsx", 0, &book.save_to_buffer().expect("xlsx"));
    let key = "key = \"task_code\"";
    for (sheets, keys, told) in [
        ("\"first\"", vec!["NV-1"], vec![]),
        ("\"all\"", vec!["NV-1", "NV-2"], vec!["LT-FIL-029"]),
        ("[\"quý iv\"]", vec!["NV-2"], vec![]),
        ("[\"Quý I\"]", vec![], vec!["LT-TAB-021"]),
        ("[\"Ghi chú\"]", vec![], vec!["LT-FIL-002"]),
    ] {
        let declared = format!("{key}\nsheets = {sheets}");
        let (_, pulled) = pulled_by(&[(key, &declared)], folder.path()).await;
        let read: Vec<&str> = pulled.records.iter().map(|record| record.external_id.as_str()).collect();
        assert_eq!(
            (read, pulled.findings),
            (keys, told.into_iter().map(str::to_owned).collect()),
            "{sheets}"
        );
    }
}

#[tokio::test]
async fn key_of_several_columns_tells_rows_apart_and_invisible_characters_do_not() {
    let folder = tempfile::tempdir().expect("folder");
    let text = "Mã nhiệm vụ;Nội dung;Đơn vị;Trạng thái\nA\u{200b}1;Báo cáo quý;Sở Y tế;Hoàn thành\n\
        A1;Báo cáo quý;Sở Nội vụ;Hoàn thành\nA1;;Sở Nội vụ;Hoàn thành\n";
    put(folder.path(), "a.csv", 0, text.as_bytes());
    let key = "key = \"task_code\"";
    let (_, single) = pulled_by(&[], folder.path()).await;
    assert!(single.records.iter().all(|record| record.external_id == "A1"));
    let (_, several) = pulled_by(&[(key, "key = [\"title\", \"unit\"]")], folder.path()).await;
    let keys: Vec<&str> = several.records.iter().map(|record| record.external_id.as_str()).collect();
    assert_eq!(keys, ["bao cao quy | so y te", "bao cao quy | so noi vu"]);
    assert_eq!(several.rejected, [(None, "LT-FIL-003".to_owned(), 4)]);
}

/// F9: an encoding that cannot be told is refused and told until it is declared; the file stays where it is.
#[tokio::test]
async fn file_in_doubtful_encoding_is_refused_until_its_encoding_is_declared() {
    let text = "Code;Ten;Trang thai\nNV-1;C«ng;Hoan thanh\n";
    let (bytes, _, lossy) = encoding_rs::WINDOWS_1252.encode(text);
    assert!(!lossy);
    let folder = tempfile::tempdir().expect("folder");
    put(folder.path(), "a.csv", 0, &bytes);
    let names = ("\"Mã nhiệm vụ\"", "\"Code\", \"Mã nhiệm vụ\"");
    let title = ("\"Nội dung nhiệm vụ\"", "\"Ten\", \"Nội dung nhiệm vụ\"");
    let (connector, pulled) = pulled_by(&[names, title], folder.path()).await;
    assert_eq!((pulled.records.len(), &pulled.findings), (0, &vec!["LT-TAB-003".to_owned()]));
    let told = connector.check().await.remove(0);
    assert!(told.remedy.en.contains("declare encoding"), "{}", told.remedy.en);
    let key = "key = \"task_code\"";
    let declared = "key = \"task_code\"\nencoding = \"tcvn3\"";
    let (connector, pulled) = pulled_by(&[names, title, (key, declared)], folder.path()).await;
    assert_eq!(drafts(connector.as_ref(), &pulled)[0].title, "Công");
}

/// E14: a locked file waits and is told, names in other encodings and of several lines are read and shown on one.
#[cfg(unix)]
#[tokio::test]
async fn locked_files_wait_and_names_of_any_bytes_are_read() {
    use std::os::unix::ffi::OsStrExt as _;
    use unicode_normalization::UnicodeNormalization as _;
    let folder = tempfile::tempdir().expect("folder");
    let sheet = |key: &str| format!("{HEADER}\n{key};Việc;GL-1;;;;Đang xử lý\n");
    put(folder.path(), "a.csv", 0, sheet("NV-1").as_bytes());
    let apart: String = "sổ theo dõi.csv".nfd().collect();
    put(folder.path(), &apart, 1, sheet("NV-2").as_bytes());
    let lines = "b\r\nc.csv";
    put(folder.path(), lines, 2, sheet("NV-3").as_bytes());
    let foreign = folder.path().join(std::ffi::OsStr::from_bytes(b"s\xe6.csv"));
    std::fs::write(&foreign, sheet("NV-4")).expect("written");
    let lock = std::fs::File::open(folder.path().join("a.csv")).expect("opens");
    lock.lock().expect("locked");
    let connector = connect(folder.path());
    let first = pull(connector.as_ref(), PullMode::Incremental, None).await;
    assert_eq!(
        (ids(&first), first.findings.clone(), first.short),
        (vec!["NV-2", "NV-3", "NV-4"], vec!["LT-FIL-022".to_owned()], true)
    );
    let files: Vec<&str> = first.records.iter().filter_map(|record| record.file.as_deref()).collect();
    assert_eq!(files, ["sổ theo dõi.csv", "b\u{fffd}\u{fffd}c.csv", "s\u{fffd}.csv"]);
    lock.unlock().expect("unlocked");
    let later = pull(connector.as_ref(), PullMode::Incremental, first.cursor).await;
    assert_eq!((ids(&later), later.findings.len(), later.short), (vec!["NV-1"], 0, false));
}

/// E14: a file that another took the name of, and rules that changed: every row by its newest file's word.
#[tokio::test]
async fn files_are_read_again_by_other_rules_and_each_page_keeps_the_original() {
    let folder = tempfile::tempdir().expect("folder");
    let sheet = |status: &str| format!("{HEADER}\nNV-1;Việc;GL-1;;;;{status}\n");
    put(folder.path(), "a.csv", 0, sheet("Đang xử lý").as_bytes());
    put(folder.path(), "new.part", 1, sheet("Hoàn thành").as_bytes());
    let connector = connect(folder.path());
    let first = pull(connector.as_ref(), PullMode::Incremental, None).await;
    std::fs::copy(folder.path().join("a.csv"), folder.path().join("old.csv")).expect("kept");
    put(folder.path(), "old.csv", 0, sheet("Đang xử lý").as_bytes());
    std::fs::rename(folder.path().join("new.part"), folder.path().join("a.csv")).expect("renamed in place");
    let second = pull(connector.as_ref(), PullMode::Incremental, first.cursor).await;
    assert_eq!(second.records.len(), 1, "the same name with another content");
    let nothing = pull(connector.as_ref(), PullMode::Incremental, second.cursor.clone()).await;
    assert_eq!(nothing.records.len(), 0);
    // Other rules: all files again, and of the row the newest word alone.
    let other = connect_by(&SHEET.replace("unit = \"unit\"\n", ""), folder.path());
    let again = pull(other.as_ref(), PullMode::Incremental, second.cursor).await;
    assert_eq!(again.records.len(), 1);
    assert_eq!(drafts(other.as_ref(), &again)[0].raw_status, "Hoàn thành");
    let known = pull(other.as_ref(), PullMode::Incremental, again.cursor).await;
    assert_eq!(known.records.len(), 0);
    let request = PullRequest {
        mode: PullMode::Full,
        cursor: None,
        now: "2026-11-24T08:00:00Z".parse().expect("instant"),
    };
    let mut pull = connector.pull(request).await.expect("pull");
    let Step::Page(page) = pull.next_page().await.expect("page") else { panic!("a page") };
    assert_eq!(page.body, sheet("Hoàn thành").as_bytes(), "the original is kept");
}

/// E14, F5: a workbook or document that breaks off may still be written; it is refused only once it lies untouched.
#[tokio::test]
async fn what_breaks_off_waits_before_it_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    put(folder.path(), "a.xlsx", 0, b"PK\x03\x04 half a file");
    let connector = connect(folder.path());
    let written = chrono::DateTime::<chrono::Utc>::from_timestamp(1_790_000_000, 0).expect("instant");
    let after = |seconds| (written + chrono::TimeDelta::seconds(seconds)).to_rfc3339();
    let soon = pulled_at(connector.as_ref(), &after(60)).await;
    assert_eq!((soon.findings.len(), soon.short), (1, true));
    assert!(soon.findings[0].contains("a.xlsx (its content breaks off)"), "{:?}", soon.findings);
    let later = pulled_at(connector.as_ref(), &after(600)).await;
    assert!(later.findings[0].contains("LT-TAB-005"), "{:?}", later.findings);
}

/// F1, F2, F6, F7, F9, F11: JSON in a folder. One bad record is rejected alone and the others keep their exact text.
#[tokio::test]
async fn json_documents_and_lines_give_records_and_bad_ones_stand_alone() {
    let fields = SHEET.split("[fields]").nth(1).expect("fields");
    let manifest = |folder: &str| {
        let head = SHEET.split("[folder]").next().expect("head");
        connect_text(&format!("{head}[folder]\n{folder}\n[fields]{fields}"))
    };
    let deep = format!("{{\"id\": \"D\", \"x\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let items = [
        r#"{"id": 9007199254740993, "title": "Số lớn", "status": "Hoàn thành", "quantity": 0.10}"#,
        r#"{"id": "B", "id": "C", "title": "Khóa đứng hai lần", "status": "Hoàn thành"}"#,
        r#"{"title": "Không khóa", "status": "Hoàn thành"}"#,
        r#"{"id": "099200000001", "title": "Việc", "status": "Hoàn thành"}"#,
    ];
    let folder = tempfile::tempdir().expect("folder");
    let document = format!("\u{feff}{{\"data\": {{\"items\": [{}]}}}}", items.join(",\n"));
    put(folder.path(), "a.json", 0, document.as_bytes());
    let connector = manifest(
        "endings = [\"json\"]\nformat = \"json\"\nrecords = \"data.items\"\nkey = \"id\"",
    )(folder.path());
    let pulled = pull(connector.as_ref(), PullMode::Incremental, None).await;
    assert_eq!(ids(&pulled), ["9007199254740993", "099200000001"], "{:?}", pulled.findings);
    let codes: Vec<(&str, u32)> = pulled.rejected.iter().map(|(_, code, at)| (code.as_str(), *at)).collect();
    assert_eq!(codes, [("LT-FIL-028", 2), ("LT-FIL-003", 3)]);
    assert_eq!(
        drafts(connector.as_ref(), &pulled)[0].quantity.map(|n| n.to_string()).as_deref(),
        Some("0.10")
    );

    let lines = format!(
        "{}\r\n{}\n{{\"id\": NaN}}\n\n{deep}\n{}\n{{\"id\": \"E\", \"tit",
        items[0], items[1], items[3]
    );
    put(folder.path(), "b.jsonl", 1, lines.as_bytes());
    let connector = manifest("endings = [\"jsonl\"]\nformat = \"json_lines\"\nkey = \"id\"")(folder.path());
    let pulled = pull(connector.as_ref(), PullMode::Incremental, None).await;
    assert_eq!(ids(&pulled), ["9007199254740993", "099200000001"], "{:?}", pulled.findings);
    let at: Vec<u32> = pulled.rejected.iter().map(|(_, _, at)| *at).collect();
    assert_eq!(at, [2, 3, 7, 5]);
    // What is no JSON, no list and no text is told by name.
    for (name, bytes, code) in [
        ("c.json", &b"{\"data\": {\"items\": [{]}}"[..], "LT-FIL-024"),
        ("d.json", b"{\"data\": {\"rows\": []}}", "LT-FIL-025"),
        ("e.json", b"{\"data\": \"\xff\xfe\"}", "LT-FIL-023"),
    ] {
        let folder = tempfile::tempdir().expect("folder");
        put(folder.path(), name, 0, bytes);
        let connector = manifest(
            "endings = [\"json\"]\nformat = \"json\"\nrecords = \"data.items\"\nkey = \"id\"",
        )(folder.path());
        let pulled = pull(connector.as_ref(), PullMode::Incremental, None).await;
        assert_eq!((pulled.records.len(), pulled.findings), (0, vec![code.to_owned()]), "{name}");
    }
}

/// F1, F3, F6, F9: XML in a folder, by the same walk as answers in XML.
#[tokio::test]
async fn xml_documents_give_records_and_bad_ones_stand_alone() {
    let fields = SHEET.split("[fields]").nth(1).expect("fields").replace("\"task_code\"", "\"@id\"");
    let head = SHEET.split("[folder]").next().expect("head");
    let section = "[folder]\nendings = [\"xml\"]\nformat = \"xml\"\nrecords = \"t:tasks/task\"\nkey = \"@id\"\n\
                   lists = [\"step\"]\nnamespaces = { t = \"urn:t\" }";
    let connect = connect_text(&format!("{head}{section}\n[fields]{fields}"));
    let list = |tasks: &str| format!("<x:tasks xmlns:x=\"urn:t\">{tasks}</x:tasks>");
    let task = |id: &str, title: &str| {
        format!("<task id=\"{id}\"><title>{title}</title><status>Hoàn thành</status><step>1</step></task>")
    };
    let tasks = [
        task("099200000001", "Kế hoạch &amp; báo cáo"),
        task("B", "&không;"),
        "<task><title>Không khóa</title><status>Hoàn thành</status></task>".to_owned(),
        "<task id=\"D\" id=\"E\"><status>Hoàn thành</status></task>".to_owned(),
        task("9007199254740993", "Việc"),
    ];
    let folder = tempfile::tempdir().expect("folder");
    put(folder.path(), "a.xml", 0, list(&tasks.concat()).as_bytes());
    let connector = connect(folder.path());
    let pulled = pull(connector.as_ref(), PullMode::Incremental, None).await;
    assert_eq!(ids(&pulled), ["099200000001", "9007199254740993"], "{:?}", pulled.findings);
    let codes: Vec<(&str, u32)> = pulled.rejected.iter().map(|(_, code, at)| (code.as_str(), *at)).collect();
    assert_eq!(codes, [("LT-XML-005", 2), ("LT-FIL-003", 3), ("LT-XML-005", 4)]);
    assert_eq!(drafts(connector.as_ref(), &pulled)[0].title, "Kế hoạch & báo cáo");
    let body: serde_json::Value = serde_json::from_slice(&pulled.records[0].body).expect("JSON");
    assert_eq!(body["step"], serde_json::json!(["1"]));
    for (text, code) in [
        (list("<task id=\"1\">"), "LT-XML-001"),
        (format!("<!DOCTYPE a [<!ENTITY a \"aaaa\">]>{}", list("")), "LT-XML-002"),
        ("<tasks><task id=\"1\"/></tasks>".to_owned(), "LT-FIL-025"),
    ] {
        let folder = tempfile::tempdir().expect("folder");
        put(folder.path(), "b.xml", 0, text.as_bytes());
        let connector = connect(folder.path());
        let pulled = pull(connector.as_ref(), PullMode::Incremental, None).await;
        assert_eq!((pulled.records.len(), pulled.findings), (0, vec![code.to_owned()]), "{text}");
        let remedy = connector.check().await.remove(0).remedy.en;
        assert!(
            !remedy.contains("daemon") && !remedy.contains("owner"),
            "a file is mended by its writer: {remedy}"
        );
    }
}

fn connect_text(manifest: &str) -> impl Fn(&Path) -> Arc<dyn Connector> + use<> {
    let manifest = manifest.to_owned();
    move |folder| connect_by(&manifest, folder)
}

#[test]
fn keys_of_a_folder_that_do_not_fit_together_are_told_with_their_lines() {
    let told = |from: &str, to: &str| {
        let manifest = SHEET.replace(from, to);
        let findings = lienthong::connector::manifest::parse("m.toml", &manifest).expect_err("refused").0;
        findings.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    let key = "key = \"task_code\"";
    assert_eq!(told(key, "key = \"code\""), ["LT-MAN-060"]);
    assert_eq!(told(key, "key = \"task_code\"\nfill_down = [\"unt\"]"), ["LT-MAN-060"]);
    assert_eq!(told(key, "key = \"task_code\"\nfill_down = [\"task_code\"]"), ["LT-MAN-061"]);
    assert_eq!(told(key, "key = \"task_code\"\nformat = \"json\""), ["LT-MAN-061"]);
    assert_eq!(told(key, "key = \"task_code\"\nrecords = \"a\""), ["LT-MAN-061"]);
    assert_eq!(told(key, "key = []"), ["LT-MAN-061"]);
    assert_eq!(told(key, "key = \"task_code\"\nlists = [\"a\"]"), ["LT-MAN-061"]);
}

#[tokio::test]
async fn states_as_people_type_them_are_told_apart() {
    let folder = tempfile::tempdir().expect("folder");
    let spellings = [
        ("HOÀN THÀNH", "done"),
        ("Hòan thành", "done"),
        ("hoan  thanh", "done"),
        ("HT", "done"),
        ("Đã xong", "done"),
        ("Hoàn thành (Trễ hạn)", "done"),
        ("Hoàn thành - trễ hạn", "done"),
        ("Hoàn thành, TRỄ HẠN", "done"),
        ("Hoàn thành chậm", "done"),
        ("Hoàn thành trước hạn", "done"),
        ("CHƯA HOÀN THÀNH", "in_progress"),
        ("chưa hòan thành", "in_progress"),
        ("Chưa HT", "in_progress"),
        ("Chưa hoàn thành (trễ hạn)", "in_progress"),
        ("Chưa hoàn thành - trễ hạn", "in_progress"),
        ("Chưa hoàn thành, quá hạn", "in_progress"),
        ("Chưa triển khai", "open"),
        ("Đã trình", "submitted"),
        ("Huỷ", "cancelled"),
    ];
    let rows: String = spellings
        .iter()
        .enumerate()
        .map(|(index, (spelling, _))| format!("NV-{index};Việc;GL-1;;;;{spelling}\n"))
        .collect();
    // What nobody foresaw is told, never guessed.
    let text = format!("{HEADER}\n{rows}NV-X;Việc;GL-1;;;;Không hoàn thành\n");
    put(folder.path(), "a.csv", 0, text.as_bytes());
    let (connector, pulled) = pulled_by(&[], folder.path()).await;
    let states: Vec<String> = drafts(connector.as_ref(), &pulled)
        .into_iter()
        .map(|draft| {
            let draft = serde_json::to_value(&draft).expect("a draft");
            draft["status"].as_str().unwrap_or_default().to_owned()
        })
        .collect();
    assert_eq!(states, spellings.map(|(_, state)| state));
    let rejected: Vec<&str> = pulled.rejected.iter().map(|(_, code, _)| code.as_str()).collect();
    assert_eq!(rejected, ["LT-SRC-006"]);
}

/// Keys of what was read and what was told, with places and remedies.
async fn read_csv(text: &str) -> (Vec<String>, String) {
    let folder = tempfile::tempdir().expect("folder");
    put(folder.path(), "a.csv", 0, text.as_bytes());
    let pulled = pulled_at(connect(folder.path()).as_ref(), "2026-11-24T08:00:00Z").await;
    assert!(pulled.rejected.is_empty(), "{:?}", pulled.rejected);
    (ids(&pulled).into_iter().map(str::to_owned).collect(), pulled.findings.join("\n"))
}

#[tokio::test]
async fn narrow_table_above_a_wider_one_is_read_like_it() {
    let narrow =
        "Mã nhiệm vụ;Nội dung;Trạng thái\nA1;Việc A1;Mới giao\nA2;Việc A2;Mới giao\nA3;Việc A3;Mới giao\n\n";
    let wide = "Mã nhiệm vụ;Nội dung;Trạng thái;Hạn xử lý;Số lượng\nB1;Việc B1;Mới giao;01/05/2026;1\nB2;Việc B2;Mới giao;;\n";
    let (keys, told) = read_csv(&format!("{narrow}{wide}")).await;
    assert_eq!((keys.join(" ").as_str(), told.as_str()), ("A1 A2 A3 B1 B2", ""));
    // A row whose cells are words that name columns elsewhere is a row.
    let head = "Mã nhiệm vụ;Nội dung;Trạng thái;Loại công việc;Nguồn giao;Hạn xử lý\n";
    let (keys, told) =
        read_csv(&format!("{head}A1;Việc A1;Mới giao;Công việc;Văn bản giao;01/05/2026\n")).await;
    assert_eq!((keys.join(" ").as_str(), told.as_str()), ("A1", ""));
    // The names of the key and the title need not come first.
    let (keys, told) =
        read_csv(&format!("{narrow}STT;Ghi chú;Trạng thái;Mã nhiệm vụ;Nội dung\n1;x;Mới giao;C1;Việc\n"))
            .await;
    assert_eq!((keys.join(" ").as_str(), told.as_str()), ("A1 A2 A3 C1", ""));
}

#[tokio::test]
async fn header_that_spells_a_required_column_otherwise_refuses_the_file_by_its_line() {
    let known = "Mã nhiệm vụ;Nội dung;Mã CB;Hạn xử lý;Trạng thái\n";
    let other = "Mã phiếu;Mã CB;Nội dung;Hạn xử lý;Trạng thái\n";
    let rows = "C1;Việc 1;GL-1;01/11/2026;Mới giao\n";
    let swapped = "P1;GL-2;Soạn báo cáo;02/11/2026;Mới giao\n";
    for (text, place, header) in [
        (format!("{known}{rows}{other}{swapped}"), "a.csv:3 (column 2)", "row 1"),
        (format!("{other}{swapped}{known}{rows}"), "a.csv:1 (column 2)", "row 3"),
    ] {
        let (keys, told) = read_csv(&text).await;
        assert!(keys.is_empty() && told.contains("LT-TAB-010") && told.contains(place), "{keys:?} {told}");
        for part in ["\"Mã nhiệm vụ\"", "\"Mã phiếu\"", "[[folder.column]]", header] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
    // Of a header nobody knows the rows are seen.
    let unknown = format!("Phiếu;Việc;Người;Hạn;Kết quả\n{rows}{rows}");
    let (keys, told) = read_csv(&format!("{unknown}{known}{rows}")).await;
    assert!(
        keys.is_empty() && told.contains("LT-TAB-011") && told.contains("rows 1 to 3"),
        "{keys:?} {told}"
    );
}

#[tokio::test]
async fn label_above_a_table_and_signature_below_it_lose_no_row() {
    let manifest = include_str!("../../connectors/tracking-sheet/manifest.toml");
    let head = "STT;Tên công việc;Loại công việc;Chủ trì;Ngày giao;Tình trạng\n";
    let row = "1;Soạn báo cáo;Khác;Nguyễn Văn Thử;01/10/2026;Mới giao\n";
    let label = "Người thực hiện;Nguyễn Văn Thử\n";
    let signed = "NGƯỜI LẬP BIỂU;;NGƯỜI PHỤ TRÁCH\n(Ký, ghi rõ họ tên);;(Ký, ghi rõ họ tên)\n";
    let read = async |text: &str| {
        let folder = tempfile::tempdir().expect("folder");
        put(folder.path(), "a.csv", 0, text.as_bytes());
        let pulled = pull(connect_by(manifest, folder.path()).as_ref(), PullMode::Incremental, None).await;
        let rejected: Vec<String> = pulled.rejected.iter().map(|(_, code, _)| code.clone()).collect();
        (pulled.records.len(), rejected, pulled.findings)
    };
    assert_eq!(read(&format!("{label}{head}{row}")).await, (1, Vec::new(), Vec::new()));
    let told = vec!["LT-FIL-003".to_owned(); 2];
    assert_eq!(read(&format!("{head}{row}{signed}")).await, (1, told.clone(), Vec::new()));
    // A table after the signature is read, and one nobody knows is not lost.
    let next = "STT;Người chủ trì;Nội dung;Ngày giao;Trạng thái\n1;Lê Thử;Việc;02/10/2026;Xong\n";
    assert_eq!(read(&format!("{head}{row}{signed}{next}")).await, (2, told, Vec::new()));
    let lost = "Phần việc;Ngày;Người phụ trách\nSoạn;02/10/2026;Lê Thử\n";
    for text in [format!("{head}{row}{lost}"), format!("{lost}{head}{row}")] {
        assert_eq!(read(&text).await, (0, Vec::new(), vec!["LT-TAB-010".to_owned()]), "{text}");
    }
}

#[tokio::test]
async fn header_of_two_rows_may_stand_again_in_one_row_or_in_two() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let plain = rust_xlsxwriter::Format::new();
    let sheet = book.add_worksheet();
    sheet.merge_range(0, 0, 0, 5, "SỔ THEO DÕI", &plain).expect("title");
    for top in [2, 9] {
        for (column, name) in [(0, "STT"), (1, "Mã nhiệm vụ"), (2, "Nội dung"), (5, "Trạng thái")] {
            sheet.merge_range(top, column, top + 1, column, name, &plain).expect("header");
        }
        sheet.merge_range(top, 3, top, 4, "Thời gian", &plain).expect("group");
        sheet.write(top + 1, 3, "Ngày giao").expect("header");
        sheet.write(top + 1, 4, "Hạn xử lý").expect("header");
    }
    for (column, name) in
        (0u16..).zip(["STT", "Mã nhiệm vụ", "Nội dung", "Ngày giao", "Hạn xử lý", "Trạng thái"])
    {
        sheet.write(6, column, name).expect("header");
    }
    for (row, key) in [(4, "X1"), (5, "X2"), (7, "X3"), (11, "X4")] {
        for (column, value) in (0u16..).zip(["1", key, "Việc", "01/09/2026", "15/09/2026", "Đang xử lý"])
        {
            sheet.write(row, column, value).expect("cell");
        }
    }
    let folder = tempfile::tempdir().expect("folder");
    put(folder.path(), "so.xlsx", 0, &book.save_to_buffer().expect("xlsx"));
    let (connector, pulled) = pulled_by(&[], folder.path()).await;
    assert_eq!((pulled.rejected.len(), pulled.findings.len()), (0, 0), "{:?}", pulled.findings);
    let read: Vec<(String, bool)> = drafts(connector.as_ref(), &pulled)
        .into_iter()
        .map(|draft| (draft.external_id, draft.due.is_some() && draft.assigned_at.is_some()))
        .collect();
    assert_eq!(read, ["X1", "X2", "X3", "X4"].map(|key| (key.to_owned(), true)));
}

#[tokio::test]
async fn title_of_a_group_in_the_column_of_the_key_ends_the_group_above() {
    let declared = "key = \"task_code\"\nfill_down = [\"unit\"]\ngroup = { column = \"unit\" }";
    let declared = [("key = \"task_code\"", declared)];
    let units = |connector: &Arc<dyn Connector>, pulled: &Pulled| -> Vec<(String, Option<String>)> {
        let drafts = drafts(connector.as_ref(), pulled).into_iter();
        drafts.map(|draft| (draft.external_id, draft.unit)).collect()
    };
    let some = |key: &str, unit: &str| (key.to_owned(), Some(unit.to_owned()));
    // Numbered by figures, a code in the title: the cells it is merged over say what it is.
    let mut book = rust_xlsxwriter::Workbook::new();
    let plain = rust_xlsxwriter::Format::new();
    let sheet = book.add_worksheet();
    let head = ["STT", "Mã nhiệm vụ", "Nội dung", "Đơn vị", "Ngày giao", "Trạng thái"];
    for (column, name) in (0u16..).zip(head) {
        sheet.write(0, column, name).expect("header");
    }
    for (row, number, title) in [(1, "I", "PHÒNG TỔ CHỨC"), (4, "2", "TỔ 5")] {
        sheet.write(row, 0, number).expect("number");
        sheet.merge_range(row, 1, row, 5, title, &plain).expect("group");
    }
    for (row, key, unit) in [(2, "G1", ""), (3, "G2", "Phòng TC"), (5, "G3", "")] {
        for (column, value) in (0u16..).zip(["1", key, "Việc", unit, "01/04/2026", "Đang xử lý"]) {
            sheet.write(row, column, value).expect("cell");
        }
    }
    let folder = tempfile::tempdir().expect("folder");
    put(folder.path(), "a.xlsx", 0, &book.save_to_buffer().expect("xlsx"));
    let (connector, pulled) = pulled_by(&declared, folder.path()).await;
    assert_eq!(pulled.rejected.len(), 0, "{:?}", pulled.rejected);
    let expected = [some("G1", "PHÒNG TỔ CHỨC"), some("G2", "Phòng TC"), some("G3", "TỔ 5")];
    assert_eq!(units(&connector, &pulled), expected);
    // A CSV file merges nothing: words without figures are a title, a code is a row, and of what is neither nobody knows.
    let head = "STT;Mã nhiệm vụ;Nội dung;Đơn vị;Ngày giao;Trạng thái\n";
    let row = |key: &str| format!("1;{key};Việc;;01/04/2026;Đang xử lý\n");
    let text = format!(
        "{head};1. Phòng Tổ chức;;;;\n{}5;G9;;;;\n{}1;TC2 quận;;;;\n{}II;TCKH;;;;\n{}",
        row("G1"),
        row("G2"),
        row("G3"),
        row("G4")
    );
    let folder = tempfile::tempdir().expect("folder");
    put(folder.path(), "a.csv", 0, text.as_bytes());
    let (connector, pulled) = pulled_by(&declared, folder.path()).await;
    let codes: Vec<&str> = pulled.rejected.iter().map(|(_, code, _)| code.as_str()).collect();
    assert_eq!(codes, ["LT-FIL-033", "LT-SRC-005"]);
    let expected = [
        some("G1", "Phòng Tổ chức"),
        some("G2", "Phòng Tổ chức"),
        ("G3".to_owned(), None),
        some("G4", "TCKH"),
    ];
    assert_eq!(units(&connector, &pulled), expected);
}

#[tokio::test]
async fn cells_are_filled_down_within_one_table_and_the_group_goes_on_below_it() {
    let declared = "key = \"task_code\"\nsheets = \"all\"\nfill_down = [\"assigned_on\", \"due\"]\ngroup = { column = \"unit\" }";
    let declared = [("key = \"task_code\"", declared)];
    let first = ["Mã nhiệm vụ", "Nội dung", "Ngày giao", "Hạn xử lý", "Trạng thái"];
    let other = ["Mã nhiệm vụ", "Nội dung", "Hạn xử lý", "Trạng thái", "Ghi chú"];
    let rows: [&[&str]; 11] = [
        &first,
        &["I. Phòng Một"],
        &["A1", "Việc", "01/09/2026", "15/09/2026", "Đang xử lý"],
        &["A2", "Việc", "", "", "Đang xử lý"],
        // The same header on the next page: what is filled down goes on.
        &first,
        &["A3", "Việc", "", "", "Đang xử lý"],
        // Another table: it has no day of assignment, and its due days are its own.
        &other,
        &["B1", "Việc", "", "Đang xử lý"],
        &["B2", "Việc", "20/09/2026", "Đang xử lý"],
        &first,
        &["A4", "Việc", "", "", "Đang xử lý"],
    ];
    let mut book = rust_xlsxwriter::Workbook::new();
    // The second sheet begins with two headers in succession.
    let next: [&[&str]; 3] = [&first, &other, &["C1", "Việc", "", "Đang xử lý"]];
    for rows in [&rows[..], &next[..]] {
        let sheet = book.add_worksheet();
        for (row, cells) in (0u32..).zip(rows) {
            for (column, cell) in (0u16..).zip(*cells) {
                sheet.write(row, column, *cell).expect("cell");
            }
        }
    }
    let folder = tempfile::tempdir().expect("folder");
    put(folder.path(), "a.xlsx", 0, &book.save_to_buffer().expect("xlsx"));
    let (connector, pulled) = pulled_by(&declared, folder.path()).await;
    assert_eq!((pulled.rejected.len(), pulled.findings.len()), (0, 0), "{:?}", pulled.findings);
    let read: Vec<(String, Option<String>, bool, Option<String>)> = drafts(connector.as_ref(), &pulled)
        .into_iter()
        .map(|draft| {
            let due = draft.due.map(|due| due.day.to_string());
            (draft.external_id, draft.unit, draft.assigned_at.is_some(), due)
        })
        .collect();
    let row = |key: &str, unit: Option<&str>, assigned, due: Option<&str>| {
        (key.to_owned(), unit.map(str::to_owned), assigned, due.map(str::to_owned))
    };
    let (unit, due) = (Some("Phòng Một"), Some("2026-09-15"));
    let expected = [
        row("A1", unit, true, due),
        row("A2", unit, true, due),
        row("A3", unit, true, due),
        row("B1", unit, false, None),
        row("B2", unit, false, Some("2026-09-20")),
        row("A4", unit, false, None),
        row("C1", None, false, None),
    ];
    assert_eq!(read, expected);
}

#[tokio::test]
async fn broken_line_has_the_key_of_the_table_it_stands_in() {
    let text = "Mã nhiệm vụ;Nội dung;Trạng thái\nA1;Việc;Đang xử lý\nA2;\"Việc\" một;Đang xử lý\n\
        Nội dung;Mã nhiệm vụ;Trạng thái\nViệc;B1;Đang xử lý\nViệc;B2;\"Đang\" xử lý\n";
    let folder = tempfile::tempdir().expect("folder");
    put(folder.path(), "a.csv", 0, text.as_bytes());
    let (_, pulled) = pulled_by(&[], folder.path()).await;
    assert_eq!(ids(&pulled), ["A1", "B1"], "{:?}", pulled.findings);
    let told = |key: &str, line| (Some(key.to_owned()), "LT-TAB-004".to_owned(), line);
    assert_eq!(pulled.rejected, [told("A2", 3), told("B2", 6)]);
}

#[tokio::test]
async fn row_numbered_in_figures_with_its_title_alone_is_no_title_of_a_group() {
    let declared = "key = [\"title\", \"status\"]\ngroup = { column = \"unit\" }";
    let declared = [("key = \"task_code\"", declared)];
    let text = "STT;Mã nhiệm vụ;Nội dung;Đơn vị;Trạng thái\nI;;Ý kiến góp ý;;\n1;NV-1;Việc một;;Đang xử lý\n\
        8;;Chuẩn bị hội nghị tổng kết;;\n9;NV-9;Việc chín;Phòng Hai;Đang xử lý\n10;NV-10;Việc mười;;Đang xử lý\n\
        ;;Ý kiến của Sở;;\n11;NV-11;Việc mười một;;Đang xử lý\n";
    let folder = tempfile::tempdir().expect("folder");
    put(folder.path(), "a.csv", 0, text.as_bytes());
    let (connector, pulled) = pulled_by(&declared, folder.path()).await;
    let rejected: Vec<(&str, u32)> =
        pulled.rejected.iter().map(|(_, code, line)| (code.as_str(), *line)).collect();
    assert_eq!(rejected, [("LT-FIL-033", 4)]);
    let units: Vec<Option<String>> =
        drafts(connector.as_ref(), &pulled).into_iter().map(|draft| draft.unit).collect();
    // Below the row nobody can tell no group goes on.
    let expected = [Some("Ý kiến góp ý"), Some("Phòng Hai"), None, Some("Ý kiến của Sở")];
    assert_eq!(units, expected.map(|unit| unit.map(str::to_owned)));
}

#[tokio::test]
async fn due_date_in_words_without_a_year_says_that_the_year_is_missing() {
    let folder = tempfile::tempdir().expect("folder");
    let head = "Mã nhiệm vụ;Nội dung;Ngày giao;Hạn xử lý;Trạng thái\n";
    let text = format!(
        "{head}NV-1;Một;01/09/2026;trong tháng 12;Mới giao\nNV-2;Hai;;trong tháng 12;Mới giao\nNV-3;Ba;;sớm;Mới giao\n"
    );
    put(folder.path(), "a.csv", 0, text.as_bytes());
    let due = "due = { path = \"due\", date = [\"auto\", \"excel\"] }";
    let manifest = SHEET.replace(due, "due = { path = \"due\", date = [\"auto\", \"words\"] }");
    assert_ne!(manifest, SHEET);
    let connector = connect_by(&manifest, folder.path());
    let pulled = pulled_at(connector.as_ref(), "2026-11-24T08:00:00Z").await;
    let told = |at: usize| connector.read(&pulled.records[at]).map_err(|refused| refused.finding);
    let due = told(0).expect("read").due.map(|due| due.day.to_string());
    assert_eq!(due.as_deref(), Some("2026-12-31"));
    let (year, other) = (told(1).expect_err("no year"), told(2).expect_err("no date"));
    assert_eq!((year.code.as_str(), other.code.as_str()), ("LT-SRC-007", "LT-SRC-007"));
    assert!(year.what.en.contains("names no year"), "{year:?}");
    assert!(!other.what.en.contains("names no year"), "{other:?}");
}

//! Row F10: one text that would be an order wherever it is read as one, from a source through to everything that shows it.

use crate::support::http::{Scripted, json};
use crate::support::project;
use crate::support::site::{Site, until};
use crate::support::source::{HEAD, PASSWORD, STREAM};
use lienthong::sheet::{Reading, Sheet};
use serde_json::json;
use std::io::Read as _;

/// A formula, colours of a terminal, a new line of a log, a program of a page.
const TITLE: &str = "=1+1\u{1b}[31mđỏ\u{7}\r\nERROR giả mạo <script>alert(1)</script>";

const FIELDS: &str = "[paging]\nkind = \"none\"\n[fields]\ntitle = \"name\"\nstatus = { const = \"in_progress\" }\n\
    assignee = { path = \"who\", kind = \"account\" }\ndue = { path = \"due\", date = [\"%Y-%m-%d\"] }\n";

const PEOPLE: &str = "staff_number,citizen_id,full_name,unit,post,role,from,to,leads,accounts\n\
    GL-1,,Nguyễn Văn Một,SNV,Giám đốc,head,2026-01-01,,,\n\
    GL-2,,Nguyễn Văn Hai,SNV,Chuyên viên,staff,2026-01-01,,,desk=binh\n";

/// Nothing a terminal or a log would take for more than letters; a line alone may hold the text.
fn is_tame(told: &str) {
    let odd = told.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(odd, None, "{told:?}");
    assert!(told.lines().all(|line| !line.starts_with("ERROR giả mạo")), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn title_that_is_code_everywhere_is_text_on_page_terminal_log_csv_and_workbook() {
    let server = Scripted::start(|_| {
        let good = json!({ "id": 1, "name": TITLE, "who": "binh", "due": "2026-12-15" });
        let bad = json!({ "id": 2, "name": TITLE, "who": "binh", "due": TITLE });
        json(json!({ "total": 2, "items": [good, bad] }))
    })
    .await;
    let site = Site::new(&format!(
        "[simulation]\nclock_start = 2026-12-01T08:00:00+07:00\n[people]\nfile = \"people.csv\"\n\
         [[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n\
         [[source]]\nid = \"desk\"\nunit = \"SNV\"\nmanifest = \"desk.toml\"\nschedule = \"0 0 1 1 *\"\nallow_http = true\n\
         settings = {{ base_url = \"{}\" }}\nsecrets = {{ password = {{ file = \"secret\" }} }}\n",
        server.base
    ));
    site.write("people.csv", PEOPLE);
    site.write("secret", PASSWORD);
    site.write("desk.toml", format!("{HEAD}{STREAM}{FIELDS}"));
    let root = project::root();
    site.write("catalog.csv", std::fs::read(root.join("config/catalog-example.csv")).expect("the example"));
    let daemon = site.daemon();
    site.json(&["catalog", "import", "catalog.csv", "--name", "2026-1", "--valid-from", "2026-01-01"]);
    site.json(&["sync", "desk"]);
    until("every step has done its work", || {
        let due = site.json(&["status"])["numbers"]["due"].clone();
        due.as_object().expect("steps").values().all(|due| *due == 0)
    });

    // The terminal, in both languages; the task is found by what its title says.
    for order in [
        &["task", "find", "alert"][..],
        &["rejected", "list"],
        &["rejected", "show", "desk:1"],
        &["source", "show", "desk"],
    ] {
        for lang in ["vi", "en"] {
            let (exit, shown, told) = site.run(&[order, &["--lang", lang]].concat());
            assert_eq!(exit, 0, "{order:?}: {told}");
            is_tame(&shown);
            is_tame(&told);
            assert!(order[0] == "source" || shown.contains("=1+1"), "{order:?}: {shown}");
        }
    }
    // Pages.
    let mut shown = 0;
    for path in ["/tasks", "/waiting", "/sources/desk", "/tasks/1", "/people"] {
        let (status, page) = daemon.get(path);
        assert!(!page.contains("<script>alert") && !page.contains(['\u{1b}', '\u{7}']), "{path}: {page}");
        shown += usize::from(status == 200 && page.contains("&lt;script&gt;alert(1)"));
    }
    assert!(shown >= 2, "the title stands on pages");
    // The log.
    is_tame(&daemon.told());

    // Sheets.
    let propose = [
        "mapping",
        "propose-product",
        "desk:1",
        "--code",
        "DX-1",
        "--name",
        "Việc mới",
        "--group",
        "2",
        "--unit",
        "SNV",
        "--reason",
        "chưa có trong danh mục",
        "--author",
        "GL-1",
    ];
    site.json(&propose);
    let (exit, sheet, told) = site.run(&["mapping", "proposals", "--format", "csv"]);
    assert_eq!(exit, 0, "{told}");
    is_tame(&sheet);
    let mut reader = csv::Reader::from_reader(sheet.trim_start_matches('\u{feff}').as_bytes());
    let cells: Vec<String> = reader
        .records()
        .flat_map(|row| row.expect("a row").iter().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let titled: Vec<&String> = cells.iter().filter(|cell| cell.contains("alert(1)")).collect();
    assert!(!titled.is_empty() && titled.iter().all(|cell| cell.starts_with("'=1+1")), "{cells:?}");

    let (exit, _, told) = site.run(&["mapping", "proposals", "--out", "p.xlsx"]);
    assert_eq!(exit, 0, "{told}");
    let book = std::fs::read(site.file("p.xlsx")).expect("a workbook");
    let sheets = Sheet::read_all("p.xlsx", &book, &Reading::default()).expect("reads");
    let text = sheets.iter().flat_map(|sheet| &sheet.lines).flat_map(|line| &line.cells);
    assert!(text.clone().any(|cell| cell.contains("=1+1") && cell.contains("alert(1)")), "as text");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(book)).expect("an archive");
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).expect("a part");
        let mut xml = String::new();
        part.read_to_string(&mut xml).expect("text");
        // Numbers may be sums; what a source wrote never is.
        let formulas = xml.split("<f>").skip(1).map(|rest| rest.split("</f>").next().unwrap_or_default());
        assert!(formulas.clone().all(|formula| !formula.contains("1+1")), "{:?}", part.name());
        assert!(!xml.contains("<script>") && !xml.contains('\u{1b}'), "{:?}", part.name());
    }
}

//! Papers by order: which revision is printed and what it says of itself, a unit's archive, statistics, and the way over
//! the socket to a PDF.

use crate::support::http::{Scripted, json as answer};
use crate::support::installation::{CHIEF, Installed, Targets, period, whom};
use crate::support::office::{paragraphs, words};
use crate::support::site::{Site, until};
use crate::support::source::{HEAD, PASSWORD, STREAM};
use crate::support::stores::{both, department};
use calamine::{Data, Reader as _};
use lienthong::domain::{DirectoryImport, Unit};
use lienthong::error::Lang;
use lienthong::paper::{Form, Format};
use lienthong::pipeline::command::{Command, Document, Executor as _, LifeOrder, Outcome, ReportOrder};
use lienthong::pipeline::execute::Installation;
use lienthong::pipeline::record::Record;
use lienthong::pipeline::step::Step as _;
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::Path;

const AN: &str = "GL-00001";
const BINH: &str = "GL-00002";

fn form(form: Form, which: &str, revision: Option<u32>) -> Command {
    let (person, period) = (whom(AN), period(which));
    Command::Report { order: ReportOrder::Form { person, period, form, format: Format::Docx, revision } }
}

/// Name and paragraphs of the file an order brought.
fn brought(outcome: Outcome) -> (String, String) {
    let Document::File { file, .. } = outcome.document else { panic!("no file: {outcome:?}") };
    (file.name, paragraphs(&file.bytes).join("\n"))
}

fn code(outcome: &Outcome) -> &str {
    outcome.findings.first().map_or("", |finding| finding.code.as_str())
}

#[tokio::test]
async fn the_approved_revision_is_printed_and_everything_else_says_what_it_is() {
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
        house.import(&[(AN, "Nguyễn Văn An"), (BINH, "Lê Thị Bình")]).await;
        let nothing = house.order(form(Form::Form01, "2026-Q3", None)).await;
        assert_eq!((nothing.exit, code(&nothing)), (1, "LT-PAP-001"));
        for (wrong, which) in [(Form::Form02, "2026-Q3"), (Form::WorkSheet, "2026"), (Form::Form01, "2026")] {
            assert_eq!(code(&house.order(form(wrong, which, None)).await), "LT-PAP-003", "{wrong:?}");
        }

        house.score(AN, "2026-Q3", Some("96.32"), &[]).await;
        let (name, text) = brought(house.ordered(form(Form::Form01, "2026-Q3", None)).await);
        assert_eq!(name, "Mau-01_GL-00001_Nguyễn Văn An_2026-Q3.docx");
        assert!(text.contains("TẠM TÍNH") && text.contains("chưa có phiên bản"), "{text}");

        Record(house.app.clone()).run().await.expect("a run");
        let (_, text) = brought(house.ordered(form(Form::Form01, "2026-Q3", None)).await);
        assert!(text.contains("TẠM TÍNH") && text.contains("phiên bản 1"), "{text}");
        house.approve(AN, "2026-Q3", 1).await;
        let (_, text) = brought(house.ordered(form(Form::Form01, "2026-Q3", None)).await);
        let revision = store.latest_revision(house.person(AN).await, period("2026-Q3")).await.expect("read");
        let revision = revision.expect("a revision");
        assert!(!text.contains("TẠM TÍNH") && text.contains("96,32/100 điểm"), "{text}");
        assert!(text.contains(&format!("phiên bản 2 · mã {}", &revision.content_hash[..12])), "{text}");
        assert!(text.contains("Lê Văn Trưởng"), "who approved signs: {text}");
        let (_, sheet) = brought(house.ordered(form(Form::WorkSheet, "2026-Q3", None)).await);
        assert!(!sheet.contains("TẠM TÍNH"), "the lines are those of the approved figures: {sheet}");

        // Computed otherwise since: form 01 stays the approved one, sheets of lines say that they moved.
        house.score(AN, "2026-Q3", Some("90.00"), &[]).await;
        let (_, text) = brought(house.ordered(form(Form::Form01, "2026-Q3", None)).await);
        assert!(!text.contains("TẠM TÍNH") && text.contains("96,32/100 điểm"), "{text}");
        for lines in [Form::WorkSheet, Form::Explanation] {
            let (_, text) = brought(house.ordered(form(lines, "2026-Q3", None)).await);
            assert!(text.contains("khác kết quả đã duyệt ở phiên bản 2"), "{text}");
            assert_eq!(code(&house.order(form(lines, "2026-Q3", Some(2))).await), "LT-PAP-004");
        }
        let (_, old) = brought(house.ordered(form(Form::Form01, "2026-Q3", Some(1))).await);
        assert!(old.contains("BẢN CŨ – đã được thay bằng phiên bản 2"), "{old}");
        assert_eq!(code(&house.order(form(Form::Form01, "2026-Q3", Some(9))).await), "LT-PAP-002");

        // Annulled: every paper says so, and sheets of lines that their figures are those of now.
        let order = LifeOrder::Revoke {
            person: whom(AN),
            period: period("2026-Q3"),
            revision: 2,
            reason: "kê khai không trung thực".into(),
            document: "31/QĐ-SNV".into(),
            author: CHIEF.into(),
        };
        house.ordered(Command::Life { order }).await;
        let (_, text) = brought(house.ordered(form(Form::Form01, "2026-Q3", None)).await);
        assert!(text.contains("KẾT QUẢ ĐÃ BỊ HỦY"), "{text}");
        for lines in [Form::WorkSheet, Form::Explanation] {
            let (_, text) = brought(house.ordered(form(lines, "2026-Q3", None)).await);
            assert!(
                text.contains("KẾT QUẢ ĐÃ BỊ HỦY ở phiên bản 3 – số liệu dưới đây được tính lại"),
                "{text}"
            );
        }
    }
}

/// Whether a cell reads so, as a word or as a number.
fn says(cell: &Data, text: &str) -> bool {
    let told = cell.to_string();
    told == text
}

/// Names of an archive, and the bytes of one of its files.
fn archive(path: &Path) -> (Vec<String>, Vec<u8>) {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).expect("file")).expect("an archive");
    let (mut names, mut index) = (Vec::new(), Vec::new());
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).expect("entry");
        let name = file.name().expect("a name").into_owned();
        if name == "00-Muc-luc.xlsx" {
            file.read_to_end(&mut index).expect("read");
        }
        names.push(name);
    }
    names.sort();
    (names, index)
}

#[tokio::test]
async fn a_units_archive_is_whole_or_not_there_and_lists_those_without_a_score() {
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
        house.import(&[(AN, "Nguyễn Văn An"), (BINH, "Lê Thị \"Bình\"/Hà")]).await;
        house.score(AN, "2026-Q3", Some("96.32"), &[]).await;
        house.score(BINH, "2026-Q3", None, &["general_criteria"]).await;
        let folder = tempfile::tempdir().expect("folder");
        let to = folder.path().join("snv.zip");
        let bundle = |which: &str, forms: Vec<Form>| {
            let (unit, period) = ("SNV".parse().expect("unit"), period(which));
            Command::Report {
                order: ReportOrder::Bundle { unit, period, forms, format: None, to: to.clone() },
            }
        };
        let empty = Unit { code: "STC".parse().expect("code"), ..department() };
        let import = DirectoryImport { units: vec![empty], people: Vec::new() };
        store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
        let (unit, forms) = ("STC".parse().expect("unit"), Vec::new());
        let nobody =
            ReportOrder::Bundle { unit, period: period("2026-Q3"), forms, format: None, to: to.clone() };
        assert_eq!(code(&house.order(Command::Report { order: nobody }).await), "LT-PAP-012");
        assert_eq!(code(&house.order(bundle("2026-Q3", vec![Form::Form02])).await), "LT-PAP-003");
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("listed").count(),
            0,
            "nothing unfinished is left"
        );

        let (sender, mut progress) = tokio::sync::mpsc::unbounded_channel();
        let installation = Installation { app: house.app.clone() };
        let outcome = installation.execute(bundle("2026-Q3", Vec::new()), sender).await;
        assert_eq!(outcome.exit, 0, "{outcome:?}");
        let mut told = Vec::new();
        while let Ok(step) = progress.try_recv() {
            told.push((step.done, step.total));
        }
        assert_eq!(told, [(1, Some(3)), (2, Some(3)), (3, Some(3))]);
        let (names, index) = archive(&to);
        assert_eq!(
            names,
            [
                "00-Muc-luc.xlsx",
                "SNV/Giai-trinh-diem_GL-00001_Nguyễn Văn An_2026-Q3.docx",
                "SNV/Giai-trinh-diem_GL-00002_Lê Thị -Bình--Hà_2026-Q3.docx",
                "SNV/Mau-01_GL-00001_Nguyễn Văn An_2026-Q3.docx",
                "SNV/Mau-01_GL-00002_Lê Thị -Bình--Hà_2026-Q3.docx",
                "SNV/Phieu-cong-viec_GL-00001_Nguyễn Văn An_2026-Q3.xlsx",
                "SNV/Phieu-cong-viec_GL-00002_Lê Thị -Bình--Hà_2026-Q3.xlsx",
            ]
        );
        let mut book: calamine::Xlsx<_> =
            calamine::open_workbook_from_rs(std::io::Cursor::new(index)).expect("a workbook");
        let sheet = book.worksheet_range_at(0).expect("a sheet").expect("readable");
        let row = |number: &str| {
            let mut rows = sheet.rows().filter(|row| row.iter().any(|cell| says(cell, number)));
            rows.next().unwrap_or_else(|| panic!("{number} is listed")).to_vec()
        };
        // The chief has no score and is listed all the same.
        assert!(row("GL-00990").iter().any(|cell| says(cell, "chưa có điểm")));
        assert!(row(BINH).iter().any(|cell| cell.to_string().starts_with("SNV/")));
        assert_eq!(code(&house.order(bundle("2026-Q3", Vec::new())).await), "LT-PAP-010");
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);
        assert!(CHIEF.starts_with("GL-00990"));
    }
}

const FIELDS: &str = r#"
[paging]
kind = "none"
[fields]
title = "name"
category = "kind"
assignee = { path = "who", kind = "account" }
due = { path = "due", date = ["%Y-%m-%d"] }
completed_at = { path = "done_at", date = ["rfc3339"] }
status = { path = "status", map = { open = "open", done = "done", off = "cancelled" } }
"#;

const PEOPLE: &str = "staff_number,citizen_id,full_name,unit,post,role,from,to,leads,accounts\n\
    GL-1,,Nguyễn Văn Một,SNV,Chuyên viên,staff,2026-01-01,,,desk=an\n\
    GL-2,,Nguyễn Văn Hai,STC,Chuyên viên,staff,2026-01-01,,,desk=binh\n\
    GL-9,,Trần Thị Chín,SNV,Giám đốc,head,2026-01-01,,,\n";

fn task(id: u32, who: &str, status: &str, due: &str, done_at: &str, kind: &str) -> Value {
    let mut task = json!({ "id": id, "name": format!("Nhiệm vụ {id}"), "status": status, "due": due });
    for (key, value) in [("who", who), ("done_at", done_at), ("kind", kind)] {
        if !value.is_empty() {
            task[key] = json!(value);
        }
    }
    task
}

async fn desk() -> (Site, Scripted) {
    let server = Scripted::start(|_| {
        let items = [
            task(1, "an", "done", "2026-10-15", "2026-10-15T03:00:00Z", "Văn bản"),
            task(2, "an", "done", "2026-10-15", "2026-10-19T03:00:00Z", ""),
            task(3, "an", "open", "2026-10-20", "", ""),
            task(4, "an", "open", "2026-12-20", "", "Nhiệm vụ TRỌNG TÂM"),
            task(5, "an", "off", "2026-10-01", "", ""),
            task(6, "binh", "done", "2026-11-02", "2026-11-02T03:00:00Z", "Công trình trọng điểm"),
            // Nobody knows whose it is: the source belongs to SNV.
            task(7, "khach", "open", "2026-11-01", "", ""),
            // Another quarter's.
            task(8, "an", "open", "2026-09-30", "", ""),
        ];
        answer(json!({ "total": items.len(), "items": items }))
    })
    .await;
    let site = Site::new(&format!(
        "[people]\nfile = \"people.csv\"\n[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n\
         [[unit]]\ncode = \"STC\"\nname = \"Sở Tài chính\"\nkind = \"department\"\n\
         [[source]]\nid = \"desk\"\nunit = \"SNV\"\nmanifest = \"desk.toml\"\nschedule = \"0 0 1 1 *\"\nallow_http = true\n\
         settings = {{ base_url = \"{}\" }}\nsecrets = {{ password = {{ file = \"secret\" }} }}\n",
        server.base
    ));
    site.write("people.csv", PEOPLE);
    site.write("secret", PASSWORD);
    site.write("desk.toml", format!("{HEAD}{STREAM}{FIELDS}"));
    (site, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_count_each_agencys_quarter_and_warn_outside_the_window() {
    let (site, _server) = desk().await;
    site.json(&["sync", "desk", "--full"]);
    let statistics = ["report", "statistics", "--period", "2026-Q4"];
    let csv = |day: &str| site.run(&[&statistics[..], &["--as-of", day, "--format", "csv"]].concat());
    let (exit, printed, errors) = csv("2026-12-07");
    assert_eq!(exit, 0, "{errors}");
    assert_eq!(
        printed.lines().collect::<Vec<_>>(),
        [
            "unit,name,head,head_name,assigned,on_time,late,open,overdue,key,key_done,key_overdue,cancelled,unidentified",
            "SNV,Sở Nội vụ,GL-9,Trần Thị Chín,5,1,1,3,2,1,0,0,1,1",
            "STC,Sở Tài chính,,,1,1,0,0,0,1,1,0,0,0",
        ]
    );
    assert!(!errors.contains("LT-PAP-020"), "within day 5 to 10: {errors}");
    for day in ["2026-12-04", "2026-12-11"] {
        let (exit, printed, errors) = csv(day);
        assert!(exit == 0 && printed.contains("SNV") && errors.contains("LT-PAP-020"), "{day}: {errors}");
    }
    let rows = site.json(&[&statistics[..], &["--as-of", "2026-12-07", "--format", "json"]].concat());
    assert_eq!((&rows[0]["overdue"], &rows[1]["key_done"]), (&json!(2), &json!(1)));
    site.json(&[&statistics[..], &["--as-of", "2026-12-07", "--out", "a.xlsx"]].concat());
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(site.file("a.xlsx")).expect("a workbook");
    let sheet = book.worksheet_range_at(0).expect("a sheet").expect("readable");
    let sums = sheet.rows().find(|row| says(&row[1], "Tổng cộng")).expect("the sums");
    assert_eq!((&sums[4], &sums[8]), (&Data::Float(6.0), &Data::Float(2.0)));
    let (exit, shown, errors) =
        site.run(&[&statistics[..], &["--as-of", "2026-12-07", "--out", "a.csv"]].concat());
    assert_eq!(std::fs::read_to_string(site.file("a.csv")).expect("a file"), printed, "{errors}");
    assert!(exit == 0 && shown != printed && shown.contains("Sở Tài chính"), "{shown}");
    let taken = site.refused(&[&statistics[..], &["--out", "a.xlsx"]].concat(), 2);
    assert!(taken.contains("LT-PAP-010"), "{taken}");
    let year = site.refused(&["report", "statistics", "--period", "2026"], 1);
    assert!(year.contains("LT-PAP-021"), "{year}");
    let no_file = site.refused(&[&statistics[..], &["--format", "xlsx"]].concat(), 2);
    assert!(no_file.contains("--out"), "{no_file}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paper_comes_from_the_daemon_and_becomes_a_pdf_in_the_callers_process() {
    let (site, _server) = desk().await;
    site.json(&["sync", "desk", "--full"]);
    let _daemon = site.daemon();
    until("the score is computed", || {
        ["full_period", "to_date"].iter().all(|view| {
            let shown = site.json(&["score", "show", "GL-1", "--period", "2026-Q4", "--view", view]);
            !shown.as_array().expect("rows").is_empty()
        })
    });
    site.json(&["report", "form", "GL-1", "2026-Q4", "--form", "01", "--out", "phiếu.pdf"]);
    let pdf = words(&site.file("phiếu.pdf"));
    assert!(pdf.contains("Nguyễn Văn Một") && pdf.contains("TẠM TÍNH"), "{pdf}");
    site.json(&["report", "form", "GL-1", "2026-Q4", "--form", "worksheet", "--out", "a.xlsx"]);
    let book = std::fs::read(site.file("a.xlsx")).expect("a workbook");
    assert!(book.starts_with(b"PK"));
    site.json(&["report", "bundle", "--unit", "SNV", "--period", "2026-Q4", "--out", "snv.zip"]);
    assert!(archive(&site.file("snv.zip")).0.len() > 3);
    // On a terminal it shows how many of how many people it has come to, and takes that away before it says what it wrote.
    let (exit, shown) =
        site.on_a_terminal(&["report", "bundle", "--unit", "SNV", "--period", "2026-Q4", "--out", "b.zip"]);
    assert_eq!(exit, 0, "{shown}");
    let people = archive(&site.file("b.zip")).0.len();
    assert!(people > 3 && shown.contains("1/") && shown.contains("people, GL-1"), "{shown:?}");
    let written = shown.rsplit('\u{1b}').next().expect("what stands there at the end");
    assert!(written.contains("b.zip") && !written.contains("people, GL-"), "{shown:?}");
    // Without LibreOffice the order says what is missing, and leaves nothing.
    let bare = crate::support::site::program(site.path())
        .env("PATH", "/nowhere")
        .args(["report", "form", "GL-1", "2026-Q4", "--form", "01", "--out", "b.pdf"])
        .output()
        .expect("starts");
    let (exit, _, errors) = crate::support::site::told(&bare);
    assert!(exit == 1 && errors.contains("LT-PAP-013") && !site.file("b.pdf").exists(), "{errors}");
}

#[tokio::test]
async fn use_of_a_years_result_that_a_review_proposes_stands_on_form_02_and_with_the_record() {
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        house.provisional(AN, "2026", 1, "88.50").await;
        let review = LifeOrder::Review {
            person: whom(AN),
            period: period("2026"),
            revision: 1,
            level: Some(lienthong::domain::Level::Good),
            comment: Some("hoàn thành tốt".into()),
            strengths: None,
            weaknesses: None,
            minutes: None,
            party_opinion: None,
            handling: Some("Cho nâng bậc lương trước thời hạn".into()),
            author: CHIEF.into(),
        };
        house.ordered(Command::Life { order: review }).await;
        let (_, text) = brought(house.ordered(form(Form::Form02, "2026", None)).await);
        assert!(text.contains("Đề xuất (Điều 23): Cho nâng bậc lương trước thời hạn"), "{text}");
        let show = LifeOrder::Show { person: whom(AN), period: period("2026") };
        let shown = house.ordered(Command::Life { order: show }).await.document.to_json(Lang::En);
        let words = shown["words"].as_array().expect("words");
        let handling = words.iter().find(|word| word["what"] == "handling").expect("the use");
        assert_eq!(handling["author"], CHIEF, "{}", store.kind());
    }
}

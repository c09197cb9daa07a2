//! Files that are handed out: the criteria workbook of a unit, opened and filled in, and a person's own data.

use crate::support::installation::{CHIEF, Installed, Targets, period, whom};
use crate::support::office::{part, pdfs, pictures, words};
use crate::support::project;
use crate::support::stores::both;
use lienthong::domain::DecisionKind;
use lienthong::evaluation::CriteriaRules;
use lienthong::evaluation::template::{About, Asked, workbook};
use lienthong::paper::form01::words_of;
use lienthong::pipeline::command::{Command, InputFile, LifeOrder};
use lienthong::pipeline::record::Record;
use lienthong::pipeline::step::Step as _;
use lienthong::sheet::{Reading, Sheet, Sheets};
use std::os::unix::fs::PermissionsExt as _;

const AN: &str = "GL-00001";

fn life(order: LifeOrder) -> Command {
    Command::Life { order }
}

#[tokio::test]
async fn criteria_workbook_of_a_unit_names_people_and_scorers_and_comes_back_filled() {
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-10-05T01:00:00Z");
        house.import(&[(AN, "Nguyễn Văn An"), ("GL-00002", "Trần Thị Bình")]).await;
        let folder = tempfile::tempdir().expect("folder");
        let to = folder.path().join("mau.xlsx");
        let order = |to: std::path::PathBuf| {
            let (unit, period) = ("SNV".parse().expect("unit"), period("2026-Q3"));
            life(LifeOrder::CriteriaTemplate { unit, period, own: false, to })
        };
        house.ordered(order(to.clone())).await;
        assert_eq!(std::fs::metadata(&to).expect("file").permissions().mode() & 0o777, 0o600);
        let again = house.order(order(to.clone())).await;
        assert_eq!(again.findings[0].code, "LT-REC-070", "nothing is overwritten");
        let nowhere = house.order(order(folder.path().join("none/mau.xlsx"))).await;
        assert_eq!(nowhere.findings[0].code, "LT-REC-071");
        let reading = Reading { sheets: Sheets::All, ..Reading::default() };
        let bytes = std::fs::read(&to).expect("read");
        let sheets = Sheet::read_all("mau.xlsx", &bytes, &reading).expect("a workbook");
        assert_eq!(sheets.len(), 4, "the last one says how it is filled in");
        assert_eq!(sheets[0].lines[1].cells[..4], [AN, "Nguyễn Văn An", "2026-Q3", CHIEF]);
        // Filled in as a person does, and brought back by the scorer.
        let mut book = rust_xlsxwriter::Workbook::new();
        for sheet in &sheets {
            let copy = book.add_worksheet();
            copy.set_name(sheet.title.clone().expect("title")).expect("title");
            for line in &sheet.lines {
                for (column, text) in (0..).zip(&line.cells) {
                    copy.write(line.number - 1, column, text).expect("cell");
                }
                if line.number == 2 && sheet.title.as_deref() == Some("Tiêu chí chung") {
                    for column in 4..14 {
                        copy.write(1, column, 2.5).expect("cell");
                    }
                }
                if line.number == 2 && sheet.title.as_deref() == Some("Nhận xét") {
                    copy.write(1, 6, "hoàn thành tốt").expect("cell");
                }
            }
        }
        let file = InputFile { name: "mau.xlsx".into(), bytes: book.save_to_buffer().expect("xlsx") };
        let import = Command::CriteriaImport { file, document: None, author: CHIEF.into(), dry_run: false };
        house.ordered(import.clone()).await;
        // The same file again enters nothing, and says so.
        let again = house.ordered(import).await.document.to_json(lienthong::error::Lang::En).to_string();
        assert!(again.contains("0 decisions entered"), "{again}");
        let person = house.person(AN).await;
        let kept = store.decisions_of(person, period("2026-Q3")).await.expect("read");
        let words = kept.iter().find_map(|stored| match &stored.decision.kind {
            DecisionKind::Remarks { comment, .. } => comment.clone(),
            _ => None,
        });
        assert_eq!((kept.len(), words.as_deref()), (2, Some("hoàn thành tốt")), "{}", store.kind());
        // The review takes up what was entered.
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        let review = LifeOrder::Review {
            person: whom(AN),
            period: period("2026-Q3"),
            revision: 1,
            level: None,
            comment: None,
            strengths: None,
            weaknesses: None,
            minutes: None,
            party_opinion: None,
            handling: None,
            author: CHIEF.into(),
        };
        house.ordered(life(review)).await;
        let newest = store.latest_revision(person, period("2026-Q3")).await.expect("read").expect("record");
        assert_eq!(newest.content["remarks"]["comment"], "hoàn thành tốt");
    }
}

#[tokio::test]
async fn persons_own_data_is_readable_and_has_no_citizen_number() {
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-10-05T01:00:00Z");
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        house.no_history().await;
        house.score(AN, "2026-Q3", Some("88.50"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        house
            .ordered(life(LifeOrder::PetitionOpen {
                person: whom(AN),
                period: period("2026-Q3"),
                received_on: None,
                content: "số định danh 099200001234".into(),
                document: None,
                hold: false,
                author: AN.into(),
            }))
            .await;
        let folder = tempfile::tempdir().expect("folder");
        let to = folder.path().join("du-lieu.txt");
        house
            .ordered(life(LifeOrder::PersonData {
                person: whom(AN),
                to: to.clone(),
                reason: "người này đề nghị".into(),
                document: None,
                author: CHIEF.into(),
            }))
            .await;
        let text = std::fs::read_to_string(&to).expect("text");
        let made = "Lập lúc 08:00:00 05/10/2026";
        for told in [AN, "Nguyễn Văn An", "Chuyên viên", "88,50", "số định danh 0992••••••34", made]
        {
            assert!(text.contains(told), "{told} is not in {text}");
        }
        assert!(!text.contains("+00:00") && !text.contains(" 2026-10-05"), "{text}");
        assert!(!text.contains("099200001234") && !text.contains("GL-00990 Lê Văn Trưởng |"), "{text}");
        let journal = store.audit_entries(i64::MAX, 5).await.expect("journal");
        assert_eq!(journal[0].action, "person_data_given", "{}", store.kind());
    }
}

/// What is filled in is open, everything else is locked, and printed it is as wide as a page, with its head on each.
#[test]
fn criteria_workbook_is_open_where_it_is_filled_in_and_prints_one_page_wide() {
    let rules = CriteriaRules { step: "0.5".parse().expect("step"), between: false };
    let asked = |number: usize| Asked {
        staff_number: format!("GL-{number:05}"),
        full_name: "Nguyễn Thị Hoàng Anh".into(),
        scorer: "GL-00990 Lê Văn Trưởng".into(),
        is_leader: number.is_multiple_of(2),
        enters_d: number.is_multiple_of(10),
    };
    let people: Vec<Asked> = (1..=80).map(asked).collect();
    let about = About { unit: "Sở Nội vụ", period: period("2026-Q3"), words: words_of };
    let bytes = workbook(&people, about, &rules, false).expect("a workbook");
    for sheet in 1..=3 {
        let xml = part(&bytes, &format!("xl/worksheets/sheet{sheet}.xml"));
        let protection = xml.split("<sheetProtection ").nth(1).and_then(|rest| rest.split("/>").next());
        let protection = protection.expect("a locked sheet");
        assert!(protection.contains("sheet=\"1\"") && !protection.contains("password"), "{protection}");
        for set in ["fitToPage=\"1\"", "fitToHeight=\"0\"", "orientation=\"landscape\"", "paperSize=\"9\""] {
            assert!(xml.contains(set), "sheet {sheet}: {set}");
        }
    }
    assert_eq!(part(&bytes, "xl/workbook.xml").matches("_xlnm.Print_Titles").count(), 3);
    // Cells of points and of words are open, no other one is.
    assert_eq!(part(&bytes, "xl/styles.xml").matches("<protection locked=\"0\"/>").count(), 2);
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("tieu-chi.xlsx");
    std::fs::write(&file, &bytes).expect("written");
    let made = pdfs(folder.path(), &[file]);
    let pdf = made.values().next().expect("LibreOffice opens it");
    let words = words(pdf);
    let pages: Vec<&str> = words.split('\u{c}').filter(|page| !page.trim().is_empty()).collect();
    assert!((3..=12).contains(&pages.len()), "{} pages", pages.len());
    // Headings are broken into lines on paper.
    let texts = part(&bytes, "xl/sharedStrings.xml");
    assert!(texts.contains("Ý thức kỷ luật, kỷ cương trong thực thi công vụ"), "{texts}");
    assert!(words.contains("kỷ cương trong"), "{words}");
    // The last sheet says how it is filled in; the others name their columns on every page.
    let lists: Vec<&&str> = pages.iter().filter(|page| page.contains("Nguyễn Thị Hoàng Anh")).collect();
    assert!(lists.len() >= 3, "{words}");
    assert!(lists.iter().all(|page| page.contains("Số hiệu") && page.contains("Người chấm")), "{words}");
    pictures(pdf, &project::root().join("target/papers"), 60);
}

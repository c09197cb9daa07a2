//! A signed decision table against a real store of either kind: what matches is approved in one transaction, what does
//! not is told by cause and left alone.

use crate::support::installation::{CHIEF, Installed, Targets, period};
use crate::support::stores::both;
use lienthong::domain::RecordState;
use lienthong::error::Lang;
use lienthong::pipeline::command::{Command, InputFile, LifeOrder, Outcome};
use lienthong::pipeline::record::Record;
use lienthong::pipeline::step::Step as _;
use lienthong::sheet::{Reading, Sheet, Sheets};
use lienthong::store::Store;
use rust_xlsxwriter::Workbook;
use std::path::Path;

const PEOPLE: [(&str, &str); 5] = [
    ("GL-00001", "Nguyễn Văn An"),
    ("GL-00002", "Nguyễn Văn An"),
    ("GL-00003", "Trần Thị Bình"),
    ("GL-00004", "Phạm Thị Dung"),
    ("GL-00005", "Lê Văn Em"),
];

/// Five people with a complete result each, one of them made anew since.
async fn house(store: &Store) -> Installed {
    let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-10-05T01:00:00Z");
    house.import(&PEOPLE).await;
    house.no_history().await;
    for (number, total) in
        PEOPLE.iter().map(|(number, _)| *number).zip(["88.29", "71.5", "90", "69.75", "80"])
    {
        house.provisional(number, "2026-Q3", 1, total).await;
    }
    house
}

fn table(lines: &[(&str, &str, f64, &str)]) -> InputFile {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "DANH SÁCH KÈM THEO QUYẾT ĐỊNH 77/QĐ-SNV").expect("cell");
    for (column, head) in (0..).zip(["STT", "Số hiệu", "Họ và tên", "Tổng điểm", "Xếp loại"])
    {
        sheet.write(1, column, head).expect("cell");
    }
    for (row, (number, name, total, level)) in (2..).zip(lines) {
        sheet.write(row, 0, row - 1).expect("cell");
        sheet.write(row, 1, *number).expect("cell");
        sheet.write(row, 2, *name).expect("cell");
        sheet.write(row, 3, *total).expect("cell");
        sheet.write(row, 4, *level).expect("cell");
    }
    InputFile { name: "bang.xlsx".into(), bytes: book.save_to_buffer().expect("xlsx") }
}

fn import(file: InputFile, approve: bool, author: &str) -> Command {
    Command::Life {
        order: LifeOrder::SignedTable {
            file,
            period: period("2026-Q3"),
            unit: None,
            decision_no: "77/QĐ-SNV".into(),
            opinion: None,
            approve,
            author: author.into(),
        },
    }
}

/// The list to be signed as it is written, sheet by sheet.
async fn list(house: &Installed, which: &str, to: &Path) -> (InputFile, Vec<Vec<Vec<String>>>) {
    let (unit, to) = (Some("SNV".parse().expect("unit")), to.to_path_buf());
    let order = LifeOrder::DecisionList { period: period(which), unit, to: to.clone() };
    house.ordered(Command::Life { order }).await;
    let bytes = std::fs::read(&to).expect("written");
    let reading = Reading { sheets: Sheets::All, ..Reading::default() };
    let sheets = Sheet::read_all("bang.xlsx", &bytes, &reading).expect("a workbook");
    let cells = |sheet: &Sheet| sheet.lines.iter().map(|line| line.cells.clone()).collect();
    (InputFile { name: "bang.xlsx".into(), bytes }, sheets.iter().map(cells).collect())
}

/// Rows of a sheet with a staff number: number, and the last cell of the row.
fn listed(sheet: &[Vec<String>]) -> Vec<(&str, &str)> {
    let people = sheet.iter().filter(|row| row.get(1).is_some_and(|cell| cell.starts_with("GL-")));
    people.map(|row| (row[1].as_str(), row.last().map_or("", String::as_str))).collect()
}

fn codes(outcome: &Outcome) -> Vec<String> {
    outcome.findings.iter().map(|finding| finding.code.clone()).collect()
}

async fn states(house: &Installed) -> Vec<RecordState> {
    let mut states = Vec::new();
    for (number, _) in PEOPLE {
        let person = house.person(number).await;
        let newest = house.app.store.latest_revision(person, period("2026-Q3")).await.expect("read");
        states.push(newest.expect("record").state);
    }
    states
}

#[tokio::test]
async fn matching_rows_are_approved_by_the_decision_and_the_others_told_by_cause() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let rows = [
            // Blanks around the dash, a decimal cut, a name with a year of birth: all the same person.
            ("GL - 00001", "Nguyễn Văn An (1980)", 88.2, "Hoàn thành tốt"),
            ("GL-00002", "Nguyễn Văn An", 71.5, ""),
            ("GL-00003", "Trần Thị Bình", 89.0, ""),
            ("GL-00004", "Phạm Thị Dung", 69.75, "Hoàn thành tốt"),
            ("GL-00099", "Không Ai Biết", 70.0, ""),
        ];
        let compared = house.ordered(import(table(&rows), false, CHIEF)).await;
        assert_eq!(states(&house).await, [RecordState::Provisional; 5], "comparing changes nothing");
        let shown = compared.document.to_json(Lang::En);
        assert_eq!(shown["summary"]["to_approve"], 2, "{shown}");
        assert_eq!(shown["summary"]["approved"], 0);
        // One missing and one surplus: the counts are equal and both are told.
        let causes: Vec<(String, String)> = shown["differences"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| {
                (
                    row["person"].as_str().unwrap_or("").to_owned(),
                    row["causes"][0].as_str().unwrap_or("").to_owned(),
                )
            })
            .collect();
        let told = |person: &str, cause: &str| (person.to_owned(), cause.to_owned());
        assert_eq!(
            causes,
            [
                told("GL-00001", "cut_decimals"),
                told("GL-00003", "score_differs"),
                told("GL-00004", "level_differs"),
                told("GL-00099", "surplus_person"),
                told("GL-00005", "missing_person"),
                told("GL-00990", "missing_person"),
            ],
            "{}",
            store.kind()
        );
        let approved = house.ordered(import(table(&rows), true, CHIEF)).await;
        assert_eq!(codes(&approved), ["LT-REC-063", "LT-REC-064", "LT-REC-069", "LT-REC-066"]);
        use RecordState::{Approved, Provisional};
        assert_eq!(states(&house).await, [Approved, Approved, Provisional, Provisional, Provisional]);
        let person = house.person("GL-00001").await;
        let newest = store.latest_revision(person, period("2026-Q3")).await.expect("read").expect("record");
        assert_eq!(newest.content["ruling"]["decision_no"], "77/QĐ-SNV");
        assert_eq!(
            newest.content["parts"]["total"]["printed"], "88.29",
            "our figure stands, not the cut one"
        );
        // The same table again changes nothing.
        let again = house.ordered(import(table(&rows), true, CHIEF)).await;
        assert_eq!(again.document.to_json(Lang::En)["summary"]["already"], 2);
        assert_eq!(store.revisions(person, period("2026-Q3")).await.expect("read").len(), 2);
    }
}

#[tokio::test]
async fn table_with_a_wrong_cell_or_an_unentitled_author_approves_nobody() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let wrong =
            [("GL-00001", "", 888.0, ""), ("", "Nguyễn Văn An", 71.5, ""), ("GL-00003", "", 90.0, "lạ")];
        let refused = house.order(import(table(&wrong), true, CHIEF)).await;
        assert_eq!(codes(&refused), ["LT-REC-060", "LT-REC-060", "LT-REC-060"]);
        let places: Vec<_> = refused.findings.iter().filter_map(|finding| finding.place.clone()).collect();
        assert!(places[0].to_string().contains("D3") && places[2].to_string().contains("E5"), "{places:?}");
        let good = [("GL-00001", "", 88.29, ""), ("GL-00002", "", 71.5, "")];
        // A person of the table brings it in: their own row is refused, and so is what they may not decide.
        let own = house.order(import(table(&good), true, "GL-00001")).await;
        assert_eq!(codes(&own)[..2], ["LT-REC-004", "LT-AUT-001"]);
        assert_eq!(states(&house).await, [RecordState::Provisional; 5], "{}", store.kind());
        // Held records are left out, the others go through.
        let hold = Command::Life {
            order: LifeOrder::Hold {
                person: "GL-00002".parse().expect("person"),
                period: period("2026-Q3"),
                reason: "đơn".into(),
                document: None,
                author: CHIEF.into(),
            },
        };
        house.ordered(hold).await;
        let held = house.ordered(import(table(&good), true, CHIEF)).await;
        assert!(codes(&held).contains(&"LT-REC-040".to_owned()), "{:?}", codes(&held));
        assert_eq!(states(&house).await[..2], [RecordState::Approved, RecordState::Provisional]);
    }
}

#[tokio::test]
async fn list_to_be_signed_comes_back_as_approvals_of_exactly_those_on_its_first_sheet() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        house.approve("GL-00003", "2026-Q3", 1).await;
        house.import_deputy("GL-00006", "Võ Thị Giang").await;
        house.score("GL-00006", "2026-Q3", None, &["general_criteria"]).await;
        Record(house.app.clone()).run().await.expect("a run");
        let hold = LifeOrder::Hold {
            person: "GL-00002".parse().expect("person"),
            period: period("2026-Q3"),
            reason: "đơn".into(),
            document: None,
            author: CHIEF.into(),
        };
        house.ordered(Command::Life { order: hold }).await;
        let folder = tempfile::tempdir().expect("folder");
        let (file, sheets) = list(&house, "2026-Q3", &folder.path().join("bang.xlsx")).await;
        let ready: Vec<&str> = listed(&sheets[0]).into_iter().map(|(number, _)| number).collect();
        assert_eq!(ready, ["GL-00001", "GL-00004", "GL-00005"], "{:?}", sheets[0]);
        // Nobody of the unit is left out: whoever is not on the first sheet stands on the second with the reason.
        let left = listed(&sheets[1]);
        let why = |number: &str| left.iter().find(|(who, _)| *who == number).map_or("", |(_, why)| *why);
        for (number, told) in [
            ("GL-00002", "LT-REC-040"),
            ("GL-00003", "12/QĐ-SNV"),
            ("GL-00006", "điểm tiêu chí chung (LT-REC-001)"),
            ("GL-00990", "LT-SCO-010"),
        ] {
            assert!(why(number).contains(told), "{number}: {left:?}");
        }
        assert_eq!(left.len(), 4, "{} {left:?}", store.kind());
        house.ordered(import(file.clone(), true, CHIEF)).await;
        use RecordState::{Approved, Provisional};
        assert_eq!(states(&house).await, [Approved, Provisional, Approved, Approved, Approved]);
        let person = house.person("GL-00002").await;
        assert_eq!(store.revisions(person, period("2026-Q3")).await.expect("read").len(), 1);
        // Once more: nothing is left to sign but whoever is still held, and the table changes nothing.
        let again = house.ordered(import(file, true, CHIEF)).await;
        assert_eq!(again.document.to_json(Lang::En)["summary"]["already"], 3);
        let (_, sheets) = list(&house, "2026-Q3", &folder.path().join("sau.xlsx")).await;
        assert_eq!((listed(&sheets[0]).len(), listed(&sheets[1]).len()), (0, 7));
    }
}

#[tokio::test]
async fn cell_changed_in_the_list_of_a_year_is_told_by_its_cause_and_not_approved() {
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-05T01:00:00Z");
        house.import(&PEOPLE[..3]).await;
        house.import_deputy("GL-00006", "Võ Thị Giang").await;
        house.no_history().await;
        for (number, total) in
            [("GL-00001", "92"), ("GL-00002", "71.5"), ("GL-00003", "72.25"), ("GL-00006", "75")]
        {
            house.provisional(number, "2026", 1, total).await;
        }
        let folder = tempfile::tempdir().expect("folder");
        let (_, sheets) = list(&house, "2026", &folder.path().join("bang.xlsx")).await;
        let notes = listed(&sheets[0]);
        assert_eq!(notes.len(), 4, "{notes:?}");
        assert!(notes[3].1.contains("LT-AUT-003"), "the chair's opinion comes first: {notes:?}");
        assert!(sheets[0].iter().flatten().any(|cell| cell == "Hoàn thành xuất sắc nhiệm vụ"), "{sheets:?}");
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (row, cells) in (0..).zip(&sheets[0]) {
            for (column, cell) in (0..).zip(cells) {
                let cell = match (cell.as_str(), column) {
                    // A total that grew, and a level above the proposed one.
                    ("71.5", _) => "71.75",
                    // Below the proposed one is for whoever decides.
                    ("Hoàn thành tốt nhiệm vụ", _) if cells[1] == "GL-00006" => "Hoàn thành nhiệm vụ",
                    ("Hoàn thành nhiệm vụ", _) if cells[1] == "GL-00003" => "Hoàn thành tốt nhiệm vụ",
                    ("Hoàn thành tốt nhiệm vụ", _) if cells[1] == "GL-00003" => {
                        "Hoàn thành xuất sắc nhiệm vụ"
                    }
                    (text, _) => text,
                };
                sheet.write(row, column, cell).expect("cell");
            }
        }
        let file = InputFile { name: "bang.xlsx".into(), bytes: book.save_to_buffer().expect("xlsx") };
        let Command::Life { order } = import(file, true, CHIEF) else { panic!("another order") };
        let LifeOrder::SignedTable { file, unit, decision_no, author, .. } = order else {
            panic!("another order")
        };
        let order = LifeOrder::SignedTable {
            file,
            period: period("2026"),
            unit,
            decision_no,
            opinion: Some("5/UBND-NC".into()),
            approve: true,
            author,
        };
        let outcome = house.ordered(Command::Life { order }).await;
        let told = codes(&outcome);
        assert!(told.contains(&"LT-REC-069".into()) && told.contains(&"LT-REC-066".into()), "{told:?}");
        assert_eq!(
            told.iter().filter(|code| *code == "LT-REC-008").count(),
            1,
            "as one order tells it: {told:?}"
        );
        let mut approved = Vec::new();
        for number in ["GL-00001", "GL-00002", "GL-00003", "GL-00006"] {
            let person = house.person(number).await;
            let newest = store.latest_revision(person, period("2026")).await.expect("read").expect("record");
            approved.push((newest.state == RecordState::Approved, newest.content["level"].clone()));
        }
        let level = |text: &str| serde_json::json!(text);
        assert_eq!(approved[0], (true, level("excellent")), "{} {outcome:?}", store.kind());
        assert!(!approved[1].0 && !approved[2].0 && approved[3].0, "{approved:?}");
        assert_eq!(approved[3].1, level("completed"));
    }
}

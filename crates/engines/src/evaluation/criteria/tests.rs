//! Criteria files: both layouts, and every way a cell can be wrong.

use super::*;
use uuid::Uuid;

fn at() -> DateTime<Utc> {
    "2026-10-01T02:00:00Z".parse().expect("instant")
}

fn half(_: Period) -> Result<CriteriaRules, Box<Finding>> {
    Ok(CriteriaRules { step: "0.5".parse().expect("step"), between: false })
}

fn standing(number: &StaffNumber, _: Period) -> Option<Standing> {
    let id = match number.as_str() {
        "GL-1" => 1,
        "GL-2" => 2,
        "GL-3" => 3,
        _ => return None,
    };
    let person = PersonId(Uuid::from_u128(id));
    Some(Standing { person, full_name: format!("Người {id}"), is_leader: id != 2, enters_d: id == 3 })
}

fn workbook(people: &[template::Asked], period: Period) -> Vec<u8> {
    let about = template::About {
        unit: "Sở Nội vụ", period, words: |_| "Ý thức kỷ luật (kỷ cương)"
    };
    template::workbook(people, about, &half(period).expect("rules"), false).expect("a workbook")
}

fn whole(read: ReadCriteria) -> Result<Vec<Decision>, Findings> {
    if read.findings.is_empty() { Ok(read.decisions) } else { Err(Findings(read.findings)) }
}

fn read(file: &str) -> Result<Vec<Decision>, Findings> {
    whole(read_criteria("criteria.csv", file.as_bytes(), &half, at(), &standing))
}

fn codes(file: &str) -> Vec<String> {
    read(file).expect_err("must be refused").0.into_iter().map(|finding| finding.code).collect()
}

const WIDE_HEADER: &str =
    "staff_number,period,author,I.1,I.2,II.1,II.2,II.3,II.4,III.1,III.2,III.3,III.4,d,đ,e\n";

#[test]
fn wide_row_gives_ten_items_and_two_components() {
    let file = format!("{WIDE_HEADER}GL-1,2026-Q3,GL-9,5,4.5,2.5,2,2,2,0,2.5,\"1,5\",2,,100,50\n");
    let made = read(&file).expect("decisions");
    assert_eq!(made.len(), 3);
    let DecisionKind::GeneralCriteria { items } = &made[0].kind else { panic!("{:?}", made[0].kind) };
    assert_eq!((items.len(), items["III.3"].clone()), (10, Exact::ratio(3, 2).expect("points")));
    let percents: Vec<_> = made[1..]
        .iter()
        .map(|made| match &made.kind {
            DecisionKind::LeaderComponent { component, percent } => (*component, percent.to_text()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(percents.contains(&(Component::ImplementationAbility, "100".into())));
    assert!(percents.contains(&(Component::UnityAbility, "50".into())));
    let keys: std::collections::BTreeSet<_> = made.iter().map(|made| &made.key).collect();
    assert_eq!(keys.len(), 3);
}

#[test]
fn long_rows_of_one_person_make_one_form() {
    let rows: String =
        GENERAL_ITEMS.iter().map(|(item, _, _)| format!("GL-2;2026-Q3;{item};2;Bà B;tự chấm\n")).collect();
    let file = format!("Số hiệu;Kỳ;Tiêu chí;Điểm;Người chấm;Loại điểm\n{rows}");
    let made = read(&file).expect("decisions");
    assert_eq!(made.len(), 1);
    assert!(matches!(&made[0].kind, DecisionKind::SelfAssessment { items } if items.len() == 10));
}

#[test]
fn points_above_the_maximum_or_off_the_step_are_refused_with_their_cell() {
    let file = format!("{WIDE_HEADER}GL-1,2026-Q3,GL-9,5.5,4.5,2.25,2,2,2,0,2.5,1.5,2,,75,\n");
    let found = read(&file).expect_err("refused").0;
    assert_eq!(found.iter().filter(|finding| finding.code == "LT-CRI-002").count(), 3);
    assert_eq!(found[0].place.as_ref().expect("place").to_string(), "criteria.csv:2 (column 4)");
    let quarter = |_| Ok(CriteriaRules { step: "0.25".parse().expect("step"), between: true });
    let file = format!("{WIDE_HEADER}GL-1,2026-Q3,GL-9,5,4.5,2.25,2,2,2,0,2.5,1.5,2,,75,\n");
    assert!(read_criteria("c.csv", file.as_bytes(), &quarter, at(), &standing).findings.is_empty());
}

#[test]
fn each_row_is_held_to_the_rules_of_its_own_period() {
    // Quarters of a point in the third quarter, halves in the fourth, no rules in 2025.
    let rules = |period: Period| match period {
        Period::Quarter { year: 2026, quarter } => {
            let step = if quarter == 3 { "0.25" } else { "0.5" };
            Ok(CriteriaRules { step: step.parse().expect("step"), between: false })
        }
        _ => Err(Box::new(Finding::error("LT-RUL-010", Text::new("chưa có", "none"), Text::new("", "")))),
    };
    let row = |period: &str| format!("GL-2,{period},GL-9,5,4.5,2.25,2,2,2,0,2.5,1.5,2,,,\n");
    let file = format!("{WIDE_HEADER}{}{}{}", row("2026-Q3"), row("2026-Q4"), row("2025-Q4"));
    let told = read_criteria("c.csv", file.as_bytes(), &rules, at(), &standing).findings;
    let off: Vec<String> = told
        .iter()
        .filter(|finding| finding.code == "LT-CRI-002")
        .map(|finding| finding.place.clone().expect("place").to_string())
        .collect();
    assert_eq!(off, ["c.csv:3 (column 6)"], "{told:?}");
    assert!(told.iter().any(|finding| finding.code == "LT-RUL-010"));
}

#[test]
fn missing_items_d_and_components_of_staff_are_refused() {
    assert_eq!(codes(&format!("{WIDE_HEADER}GL-1,2026-Q3,GL-9,5,4.5,,,,,,,,,,,\n")), ["LT-CRI-004"]);
    assert_eq!(codes(&format!("{WIDE_HEADER}GL-1,2026-Q3,GL-9,,,,,,,,,,,100,,\n")), ["LT-CRI-003"]);
    assert_eq!(codes(&format!("{WIDE_HEADER}GL-2,2026-Q3,GL-9,,,,,,,,,,,,100,\n")), ["LT-CRI-003"]);
    assert_eq!(codes("staff_number,period,item,points,author\nGL-1,2026-Q3,IV.1,1,GL-9\n"), ["LT-CRI-003"]);
}

#[test]
fn unknown_people_own_scores_and_repeated_items_are_refused_at_once() {
    let file = "staff_number,period,item,points,author\n\
                GL-7,2026-Q3,I.1,1,GL-9\n\
                GL-1,2026-Q9,I.1,1,GL-9\n\
                GL-1,2026-Q3,I.1,1,GL-1\n\
                GL-2,2026-Q3,e,100,GL-9\n\
                GL-1,2026-Q3,đ,100,GL-9\n\
                GL-1,2026-Q3,đ,50,GL-9\n\
                GL-1,2026-Q3,I.1,x,GL-9\n";
    assert_eq!(
        codes(file),
        ["LT-CRI-001", "LT-CRI-001", "LT-CRI-006", "LT-CRI-003", "LT-CRI-005", "LT-CRI-001"]
    );
    assert_eq!(codes("staff_number,period,item,points,author\n"), ["LT-CRI-007"]);
}

#[test]
fn what_is_wrong_in_a_cell_is_told_once_and_the_item_is_not_missing_beside_it() {
    let header = "staff_number,period,author,I.1,I.2,II.1,II.2,II.3,II.4,III.1,III.2,III.3,III.4\n";
    let file = format!(
        "{header}GL-1,2026-Q3,GL-9,6,bốn,2,2,2,2,2,2,2,2\nGL-2,2026-Q3,GL-9,\"4,3\",4,2,2,2,2,2,2,2,2\n"
    );
    assert_eq!(codes(&file), ["LT-CRI-002", "LT-CRI-001", "LT-CRI-002"]);
    // What nobody wrote down is missing all the same.
    let file = format!("{header}GL-1,2026-Q3,GL-9,6,4,,2,2,2,2,2,2,2\n");
    let told = read(&file).expect_err("refused").0;
    let last = told.last().expect("told");
    assert_eq!((last.code.as_str(), last.what.en.as_str()), ("LT-CRI-004", "the form lacks the items: II.1"));
}

#[test]
fn a_workbook_says_each_item_in_words_and_leaves_the_scorer_to_be_written_where_nobody_is_known() {
    let asked = |number: u32, scorer: &str| template::Asked {
        staff_number: format!("GL-{number}"),
        full_name: format!("Người {number}"),
        scorer: scorer.to_owned(),
        is_leader: true,
        enters_d: false,
    };
    let period: Period = "2026-Q3".parse().expect("period");
    let bytes = workbook(&[asked(1, ""), asked(2, "GL-9 Bà B")], period);
    let reading = Reading { sheets: Sheets::All, ..Reading::default() };
    let sheets = Sheet::read_all("mau.xlsx", &bytes, &reading).expect("sheets");
    let head = &sheets[0].lines[0].cells;
    assert_eq!(head[4], "I.1 (tối đa 5: Ý thức kỷ luật (kỷ cương))");
    let help = sheets.last().expect("help");
    assert!(help.lines.iter().any(|line| line.cells.join("|") == "Đơn vị|Sở Nội vụ"), "{help:?}");
    // What stands in the archive: one style for the empty cell, another for the locked one.
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).expect("archive");
    let mut text = String::new();
    let mut entry = archive.by_name("xl/worksheets/sheet1.xml").expect("sheet");
    std::io::Read::read_to_string(&mut entry, &mut text).expect("text");
    let style = |cell: &str| {
        let after = text.split(&format!("r=\"{cell}\"")).nth(1).expect("cell");
        after.split("s=\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned)
    };
    assert_eq!(style("D3"), style("A3"), "locked");
    assert_ne!(style("D2"), style("D3"), "to be written");
}

#[test]
fn entered_items_are_checked_like_those_of_a_file() {
    let step: Exact = "0.5".parse().expect("step");
    let mut items: BTreeMap<String, Exact> =
        GENERAL_ITEMS.iter().map(|(item, _, _)| ((*item).to_owned(), Exact::integer(2))).collect();
    assert_eq!(check_items(&items, &step), Ok(()));
    items.insert("I.1".into(), Exact::integer(6));
    items.insert("X".into(), Exact::one());
    items.remove("II.1");
    let found: Vec<String> =
        check_items(&items, &step).expect_err("refused").0.into_iter().map(|f| f.code).collect();
    assert_eq!(found, ["LT-CRI-002", "LT-CRI-003", "LT-CRI-004"]);
}

#[test]
fn quantity_below_zero_cannot_be_confirmed() {
    let quantity = |text: &str| DecisionKind::CompletedQuantity {
        source: "snv".into(),
        external_id: "1".into(),
        quantity: text.parse().expect("exact"),
    };
    assert_eq!(
        impossible_value(&quantity("-0.1")).map(|finding| finding.code).as_deref(),
        Some("LT-CRI-010")
    );
    assert!(impossible_value(&quantity("0")).is_none() && impossible_value(&quantity("0.8")).is_none());
}

#[test]
fn template_comes_back_filled_and_only_what_was_filled_is_read() {
    let asked = |n: u32, is_leader| template::Asked {
        staff_number: format!("GL-{n}"),
        full_name: format!("Người {n}"),
        scorer: "GL-9 Trần Thị Bình".into(),
        is_leader,
        enters_d: n == 3,
    };
    let period: Period = "2026-Q3".parse().expect("period");
    let people = [asked(1, true), asked(2, false), asked(3, true)];
    let bytes = workbook(&people, period);
    assert_eq!(bytes, workbook(&people, period), "the same file");
    // Nobody filled it in: that is told, and nothing is taken for zero.
    let empty = read_criteria("mau.xlsx", &bytes, &half, at(), &standing);
    assert_eq!(empty.findings.iter().map(|told| told.code.as_str()).collect::<Vec<_>>(), ["LT-CRI-007"]);
    let fill = |cells: &[(usize, u32, u16, &str)]| {
        // What a person does in Excel, on the same three sheets.
        let mut book = rust_xlsxwriter::Workbook::new();
        for (index, title) in template::SHEETS.iter().enumerate() {
            let sheet = book.add_worksheet();
            sheet.set_name(*title).expect("title");
            let read = Sheet::read_all(
                "mau.xlsx",
                &bytes,
                &Reading { sheets: Sheets::Named(vec![(*title).to_owned()]), ..Reading::default() },
            )
            .expect("the sheet");
            for line in &read[0].lines {
                for (column, text) in (0..).zip(&line.cells) {
                    sheet.write(line.number - 1, column, text).expect("cell");
                }
            }
            for (_, row, column, value) in cells.iter().filter(|cell| cell.0 == index) {
                match value.parse::<f64>() {
                    Ok(number) => sheet.write(*row, *column, number).expect("cell"),
                    Err(_) => sheet.write(*row, *column, *value).expect("cell"),
                };
            }
        }
        book.save_to_buffer().expect("xlsx")
    };
    let mut cells: Vec<(usize, u32, u16, &str)> = (4..14).map(|column| (0, 2, column, "2.5")).collect();
    // d stands in the row of who has nobody in charge.
    cells.extend([
        (1, 1, 4, "100"),
        (1, 1, 5, "50"),
        (1, 2, 6, "50"),
        (2, 2, 6, "hoàn thành tốt"),
        (2, 2, 7, "05/BB"),
    ]);
    let read = read_criteria("mau.xlsx", &fill(&cells), &half, at(), &standing);
    assert!(read.findings.is_empty(), "{:?}", read.findings);
    let kinds = read.decisions.iter().map(|made| match &made.kind {
        DecisionKind::GeneralCriteria { items } => format!("general {}", items.len()),
        DecisionKind::LeaderComponent { percent, .. } => percent.to_text(),
        DecisionKind::Remarks { comment, minutes, strengths, .. } => {
            format!("{comment:?} {minutes:?} {strengths:?}")
        }
        other => panic!("{other:?}"),
    });
    let kinds: Vec<_> = kinds.collect();
    assert_eq!(kinds, ["50", "100", "general 10", "Some(\"hoàn thành tốt\") Some(\"05/BB\") None", "50"]);
    // Every wrong cell of every sheet at once, each with sheet and cell, and nothing to be entered as a whole.
    cells.extend([
        (0, 1, 4, "6"),
        (0, 2, 5, "1.3"),
        (1, 1, 4, "70"),
        (2, 1, 4, &*Box::leak("x".repeat(4_001).into_boxed_str())),
    ]);
    let wrong = read_criteria("mau.xlsx", &fill(&cells), &half, at(), &standing);
    let told: Vec<String> = wrong
        .findings
        .iter()
        .map(|told| format!("{} {}", told.code, told.place.clone().expect("place")))
        .collect();
    assert_eq!(
        told,
        [
            "LT-CRI-002 mau.xlsx, Tiêu chí chung:2 (E2)",
            "LT-CRI-002 mau.xlsx, Tiêu chí chung:3 (F3)",
            "LT-CRI-002 mau.xlsx, đ và e:2 (E2)",
            "LT-REC-042 mau.xlsx, Nhận xét:2 (E2)",
        ]
    );
}

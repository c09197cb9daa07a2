//! A signed table of results beside our records: who matches, who does not, and why (pains 4, 5 and 13).
//!
//! Owns the names of its columns, the reading of such a table, the tolerance for decimals that were cut, the check of its sums, and the
//! cause of each difference. What is made to be signed (`annex`) uses the same names. People are matched by staff number alone; a name
//! is shown and never a key. It must not know how a record is approved. A table with a wrong cell gives every wrong cell and no
//! comparison.

use super::cell;
use crate::domain::{Exact, Level, StaffNumber};
use crate::error::{Finding, Findings, Place, Text};
use crate::sheet::{Column, Table};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const NUMBER: &str = "Số hiệu";
pub(super) const NAME: &str = "Họ và tên";
pub(super) const GENERAL: &str = "Điểm tiêu chí chung";
pub(super) const TASK_PART: &str = "Điểm kết quả thực hiện nhiệm vụ";
pub(super) const TOTAL: &str = "Tổng điểm";
pub(super) const LEVEL: &str = "Mức xếp loại";

const COLUMNS: &[Column] = &[
    Column {
        name: "staff_number",
        synonyms: &[NUMBER, "Số hiệu CBCC", "Mã cán bộ", "Mã công chức"],
        required: true,
    },
    Column { name: "full_name", synonyms: &[NAME, "Họ tên"], required: false },
    Column { name: "general", synonyms: &[GENERAL, "Tiêu chí chung"], required: false },
    Column {
        name: "task_part",
        synonyms: &[TASK_PART, "Điểm kết quả nhiệm vụ", "Kết quả nhiệm vụ"],
        required: false,
    },
    Column { name: "total", synonyms: &[TOTAL, "Điểm", "Tổng cộng"], required: true },
    Column { name: "level", synonyms: &[LEVEL, "Xếp loại", "Mức"], required: false },
];

/// One row of a signed table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRow {
    /// The key.
    pub staff_number: StaffNumber,
    /// Name as written there.
    pub full_name: String,
    /// Points for general criteria.
    pub general: Option<Exact>,
    /// Points for tasks.
    pub task_part: Option<Exact>,
    /// Total.
    pub total: Exact,
    /// Level.
    pub level: Option<Level>,
    /// Where it stands.
    pub place: Place,
}

/// What is held of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeldResult {
    /// Points for general criteria as printed; none for a year.
    pub general: Option<Exact>,
    /// Points for tasks as printed; none for a year.
    pub task_part: Option<Exact>,
    /// Total as printed; none while something is missing.
    pub total: Option<Exact>,
    /// Of a quarter the level of its record, of a year the one proposed; none where the year is not classified (art. 11.1).
    pub level: Option<Level>,
    /// Totals of earlier revisions, as printed.
    pub earlier: Vec<Exact>,
}

/// Why a row does not say what is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The same but for decimals that were cut: it matches.
    CutDecimals,
    /// Held here, not in the table.
    MissingPerson,
    /// In the table, nobody of the period here.
    SurplusPerson,
    /// It says what an earlier revision said.
    ChangedSince,
    /// Another total, from wherever.
    ScoreDiffers,
    /// Another level; of a year one above the proposed one.
    LevelDiffers,
    /// Its own parts do not add up to its own total.
    SumWrong,
    /// Our result lacks a part.
    Incomplete,
}

impl Cause {
    /// Stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CutDecimals => "cut_decimals",
            Self::MissingPerson => "missing_person",
            Self::SurplusPerson => "surplus_person",
            Self::ChangedSince => "changed_since",
            Self::ScoreDiffers => "score_differs",
            Self::LevelDiffers => "level_differs",
            Self::SumWrong => "sum_wrong",
            Self::Incomplete => "incomplete",
        }
    }
}

/// One person of the comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Who.
    pub staff_number: StaffNumber,
    /// Every difference; only [`Cause::CutDecimals`] leaves a match.
    pub causes: BTreeSet<Cause>,
    /// Total of the table.
    pub signed: Option<Exact>,
    /// Total held.
    pub held: Option<Exact>,
    /// Level of the table.
    pub level: Option<Level>,
    /// Where it stands in the table.
    pub place: Option<Place>,
}

impl Compared {
    /// Whether the row may be approved as it stands.
    pub fn matches(&self) -> bool {
        self.causes.iter().all(|cause| *cause == Cause::CutDecimals)
    }
}

/// Reads a signed table; a row without a staff number and without a number before it is a heading or a sum.
///
/// # Errors
/// LT-TAB-nnn no table; LT-REC-060 a wrong cell; LT-REC-061 a person twice; LT-REC-062 no rows. Every finding at once.
pub fn read_signed(name: &str, bytes: &[u8], year: bool) -> Result<Vec<SignedRow>, Findings> {
    let table = Table::read(name, bytes, COLUMNS)?;
    let (mut rows, mut findings) = (Vec::new(), Vec::new());
    let mut seen: BTreeMap<StaffNumber, u32> = BTreeMap::new();
    for row in table.rows() {
        if findings.len() >= cell::MAX_FINDINGS {
            break;
        }
        let number = row.get("staff_number");
        if number.is_empty() {
            let named = crate::text::fold(row.get("full_name"));
            let is_sum = named.is_empty() || named.starts_with("tong") || named.starts_with("cong");
            if is_sum {
                continue;
            }
        }
        let mut wrong = |column: &str, vi: &str, en: &str| {
            findings.push(cell::wrong("LT-REC-060", row, column, vi, en));
        };
        let staff_number = StaffNumber::parse(number);
        if staff_number.is_none() {
            wrong(
                "staff_number",
                "cần số hiệu, 1 đến 32 ký tự",
                "a staff number of 1 to 32 characters is needed",
            );
        }
        let mut points = |column: &str, required: bool, most: i64| {
            let text = row.get(column);
            let value = cell::number(text).filter(|value| *value <= Exact::integer(most));
            if value.is_none() && (required || !text.is_empty()) {
                wrong(
                    column,
                    "cần số từ 0, tối đa 4 chữ số thập phân",
                    "a number from 0 of at most 4 decimals is needed",
                );
            }
            value
        };
        let general = points("general", false, 30);
        let task_part = points("task_part", false, 70);
        let total = points("total", true, 100);
        let level = cell::level(row.get("level"));
        if level.is_none() && (year || !row.get("level").is_empty()) {
            findings.push(cell::wrong(
                "LT-REC-060",
                row,
                "level",
                "cần mức xếp loại",
                "a level of classification is needed",
            ));
        }
        let (Some(staff_number), Some(total)) = (staff_number, total) else { continue };
        if let Some(before) = seen.insert(staff_number.clone(), row.line()) {
            findings.push(
                Finding::error(
                    "LT-REC-061",
                    Text::new(
                        format!("{staff_number} đã có ở dòng {before}"),
                        format!("{staff_number} stands on line {before} already"),
                    ),
                    Text::new(
                        "mỗi người một dòng; chưa có gì được ghi",
                        "one row a person; nothing was written",
                    ),
                )
                .at(row.place("staff_number")),
            );
        }
        let full_name = row.get("full_name").to_owned();
        let place = row.place("staff_number");
        rows.push(SignedRow { staff_number, full_name, general, task_part, total, level, place });
    }
    if rows.is_empty() && findings.is_empty() {
        findings.push(
            Finding::error(
                "LT-REC-062",
                Text::new("bảng không có dòng nào", "the table has no rows"),
                Text::new("kiểm tra tờ đầu tiên của tệp", "look at the first sheet of the file"),
            )
            .at(Place::of(name)),
        );
    }
    if findings.is_empty() { Ok(rows) } else { Err(Findings(findings)) }
}

/// Compares a signed table with what is held of everyone evaluated in the period.
pub fn compare(rows: &[SignedRow], held: &BTreeMap<StaffNumber, HeldResult>, year: bool) -> Vec<Compared> {
    let mut compared: Vec<Compared> =
        rows.iter().map(|row| one(row, held.get(&row.staff_number), year)).collect();
    let listed: BTreeSet<&StaffNumber> = rows.iter().map(|row| &row.staff_number).collect();
    for (staff_number, result) in held.iter().filter(|(number, _)| !listed.contains(number)) {
        compared.push(Compared {
            staff_number: staff_number.clone(),
            causes: BTreeSet::from([Cause::MissingPerson]),
            signed: None,
            held: result.total.clone(),
            level: None,
            place: None,
        });
    }
    compared
}

fn one(row: &SignedRow, held: Option<&HeldResult>, year: bool) -> Compared {
    let mut causes = BTreeSet::new();
    if let (Some(general), Some(tasks)) = (&row.general, &row.task_part)
        && !close(&(general + tasks), &row.total)
    {
        causes.insert(Cause::SumWrong);
    }
    match held {
        None => {
            causes.insert(Cause::SurplusPerson);
        }
        Some(held) => {
            match &held.total {
                None => {
                    causes.insert(Cause::Incomplete);
                }
                Some(total) if *total == row.total => {}
                Some(total) if is_cut(&row.total, total) => {
                    causes.insert(Cause::CutDecimals);
                }
                Some(_)
                    if held
                        .earlier
                        .iter()
                        .any(|earlier| *earlier == row.total || is_cut(&row.total, earlier)) =>
                {
                    causes.insert(Cause::ChangedSince);
                }
                Some(_) => {
                    causes.insert(Cause::ScoreDiffers);
                }
            }
            for (signed, ours) in [(&row.general, &held.general), (&row.task_part, &held.task_part)] {
                if let (Some(signed), Some(ours)) = (signed, ours)
                    && signed != ours
                {
                    causes.insert(if is_cut(signed, ours) {
                        Cause::CutDecimals
                    } else {
                        Cause::ScoreDiffers
                    });
                }
            }
            // Of a quarter it is the level of its record; of a year what is decided, at most what is proposed.
            if !year && row.level.is_some() && row.level != held.level {
                causes.insert(Cause::LevelDiffers);
            }
            let above = |level| held.level.is_none_or(|proposed| level > proposed);
            if year && held.total.is_some() && row.level.is_some_and(above) {
                causes.insert(Cause::LevelDiffers);
            }
        }
    }
    Compared {
        staff_number: row.staff_number.clone(),
        causes,
        signed: Some(row.total.clone()),
        held: held.and_then(|held| held.total.clone()),
        level: row.level,
        place: Some(row.place.clone()),
    }
}

/// Whether two figures lie less than a tenth apart: what a table loses when it is cut to one decimal.
fn close(one: &Exact, other: &Exact) -> bool {
    let difference = one - other;
    let tenth = Exact::ratio(1, 10).unwrap_or_else(Exact::zero);
    difference <= tenth && (&Exact::zero() - &difference) <= tenth
}

/// Whether a figure of the table is ours with fewer decimals, cut or rounded.
fn is_cut(signed: &Exact, ours: &Exact) -> bool {
    // With as many decimals as ours it is another figure, however near.
    let decimals = |value: &Exact| value.to_text().split_once('.').map_or(0, |(_, fraction)| fraction.len());
    close(signed, ours) && decimals(signed) <= 1 && decimals(signed) < decimals(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "STT,Số hiệu,Họ và tên,Điểm tiêu chí chung,Điểm kết quả nhiệm vụ,Tổng điểm,Xếp loại\n";

    fn number(text: &str) -> StaffNumber {
        StaffNumber::parse(text).expect("number")
    }

    fn exact(text: &str) -> Exact {
        text.parse().expect("figure")
    }

    fn held(total: &str) -> HeldResult {
        HeldResult {
            total: Some(exact(total)),
            level: Some(Level::of_score(&exact(total))),
            earlier: vec![exact("70")],
            ..HeldResult::default()
        }
    }

    fn causes(lines: &str, held: &[(&str, HeldResult)]) -> Vec<Vec<Cause>> {
        let rows = read_signed("bang.csv", format!("{HEAD}{lines}").as_bytes(), false).expect("a table");
        let held = held.iter().map(|(name, result)| (number(name), result.clone())).collect();
        compare(&rows, &held, false).into_iter().map(|row| row.causes.into_iter().collect()).collect()
    }

    #[test]
    fn blanks_around_the_dash_match_and_names_never_do() {
        let held = [("GL-001", held("88.25")), ("GL-002", held("70"))];
        let told = causes("1,GL - 001,Nguyễn Văn  An (1980),,,88.25,\n2,GL-002,Nguyễn Văn An,,,70,\n", &held);
        assert_eq!(told, [vec![], vec![]]);
    }

    #[test]
    fn decimals_cut_to_one_match_and_every_other_difference_has_its_cause() {
        let held = [
            ("GL-001", held("88.29")),
            ("GL-002", held("88.29")),
            ("GL-003", held("88.29")),
            ("GL-004", held("88.29")),
            ("GL-005", HeldResult::default()),
            ("GL-009", held("60")),
        ];
        let lines = "1,GL-001,,,,88.2,\n2,GL-002,,,,88.28,\n3,GL-003,,,,70,\n4,GL-004,,20,70,89.5,\n5,GL-005,,,,50,\n\
                     6,GL-006,,,,50,\n7,GL-001x,,,,1,\n,,Tổng cộng,,,300,\n";
        use Cause::*;
        assert_eq!(
            causes(lines, &held),
            [
                vec![CutDecimals],
                vec![ScoreDiffers],
                vec![ChangedSince],
                vec![ScoreDiffers, SumWrong],
                vec![Incomplete],
                vec![SurplusPerson],
                vec![SurplusPerson],
                // Equal counts hide nothing: one missing, one surplus.
                vec![MissingPerson],
            ]
        );
        let level = causes("1,GL-001,,,,88.29,Hoàn thành\n", &held[..1]);
        assert_eq!(level, [vec![LevelDiffers]]);
    }

    #[test]
    fn wrong_cells_are_all_told_with_their_places() {
        let lines = "1,GL-001,,31,,88,\n2,,Trần Bình,,,88,\n3,GL-001,,,,abc,\n4,GL-001,,,,7,lạ\n";
        let told = read_signed("bang.csv", format!("{HEAD}{lines}").as_bytes(), false).expect_err("refused");
        let places: Vec<String> = told
            .0
            .iter()
            .map(|finding| format!("{} {}", finding.code, finding.place.clone().expect("place")))
            .collect();
        assert_eq!(
            places,
            [
                "LT-REC-060 bang.csv:2 (column 4)",
                "LT-REC-060 bang.csv:3 (column 2)",
                "LT-REC-060 bang.csv:4 (column 6)",
                "LT-REC-060 bang.csv:5 (column 7)",
                "LT-REC-061 bang.csv:5 (column 2)",
            ]
        );
        let none = read_signed("bang.csv", HEAD.as_bytes(), false).expect_err("refused");
        assert_eq!(none.0[0].code, "LT-REC-062");
        let year = read_signed("bang.csv", format!("{HEAD}1,GL-001,,,,88,\n").as_bytes(), true);
        assert_eq!(year.expect_err("a year needs levels").0[0].code, "LT-REC-060");
    }
}

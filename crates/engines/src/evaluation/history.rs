//! Earlier results from files (docs/FILES.md): what was decided before this installation existed.
//!
//! Owns the columns and the checks of a history file. The national database replaces a person's whole list, so
//! a wrong line here would overwrite a true one there: a file with one wrong cell changes nothing, and every
//! wrong cell is told at once. It must not know which people are stored.

use super::cell;
use crate::domain::{Exact, Level, Period, StaffNumber};
use crate::error::{Finding, Findings, Place, Text};
use crate::sheet::{Column, Table, TableRow};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

const COLUMNS: &[Column] = &[
    Column {
        name: "staff_number", synonyms: &["Số hiệu", "Số hiệu CBCC", "Mã cán bộ"], required: true
    },
    Column { name: "period", synonyms: &["Kỳ", "Kỳ đánh giá", "Năm"], required: true },
    Column { name: "score", synonyms: &["Điểm", "Tổng điểm"], required: false },
    Column { name: "level", synonyms: &["Mức", "Mức xếp loại", "Xếp loại"], required: false },
    Column { name: "decision_no", synonyms: &["Số quyết định"], required: false },
    Column { name: "decided_on", synonyms: &["Ngày quyết định"], required: false },
];

/// One earlier result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// Whose.
    pub staff_number: StaffNumber,
    /// Which period.
    pub period: Period,
    /// Score, 0 to 100, at most 4 decimals; always there for a quarter or half-year.
    pub score: Option<Exact>,
    /// Level; always there for a year.
    pub level: Option<Level>,
    /// Decision number, at most 100 characters.
    pub decision_no: Option<String>,
    /// Day of the decision.
    pub decided_on: Option<NaiveDate>,
}

/// Reads a history file. `today` bounds the days of decisions and the periods; `known` says whether a staff number
/// is somebody's.
///
/// # Errors
/// Every finding at once (500 at most): LT-HIS-001 a wrong cell, LT-HIS-002 a result twice, LT-HIS-003 a year
/// without level or a shorter period without score, LT-HIS-004 a file without rows, LT-HIS-010 an unknown staff
/// number; LT-TAB-nnn when it is no table.
pub fn read_history(
    name: &str,
    bytes: &[u8],
    today: NaiveDate,
    known: &dyn Fn(&StaffNumber) -> bool,
) -> Result<Vec<HistoryRow>, Findings> {
    let table = Table::read(name, bytes, COLUMNS)?;
    let mut findings = Vec::new();
    let mut seen: HashMap<(StaffNumber, Period), u32> = HashMap::new();
    let mut rows = Vec::new();
    for row in table.rows() {
        if findings.len() >= cell::MAX_FINDINGS {
            break;
        }
        let number = StaffNumber::parse(row.get("staff_number"));
        findings.extend(number.filter(|number| !known(number)).map(|number| nobody(row, &number)));
        let Some(read) = read_row(row, today, &mut findings) else { continue };
        match seen.insert((read.staff_number.clone(), read.period), row.line()) {
            Some(first) => findings.push(twice(row, &read, first)),
            None => rows.push(read),
        }
    }
    if !findings.is_empty() {
        return Err(Findings(findings));
    }
    if rows.is_empty() {
        return Err(Finding::error(
            "LT-HIS-004",
            Text::new("tệp không có dòng kết quả nào", "the file has no result"),
            Text::new(
                "nếu đúng là không có kết quả trước đây, xác nhận bằng `history import --empty`",
                "if there really are no earlier results, sign that off with `history import --empty`",
            ),
        )
        .at(Place::of(name))
        .into());
    }
    Ok(rows)
}

fn read_row(row: TableRow<'_>, today: NaiveDate, findings: &mut Vec<Finding>) -> Option<HistoryRow> {
    let before = findings.len();
    let mut wrong = |column, vi, en| findings.push(cell::wrong("LT-HIS-001", row, column, vi, en));
    let staff_number = StaffNumber::parse(row.get("staff_number"));
    if staff_number.is_none() {
        wrong("staff_number", "cần 1 đến 32 ký tự", "1 to 32 characters are needed");
    }
    let period = cell::period(row.get("period")).filter(|period| period.first_day() <= today);
    if period.is_none() {
        wrong(
            "period",
            "cần kỳ đã bắt đầu, dạng 2025 hoặc 2026-Q1",
            "a period that has begun is needed, as 2025 or 2026-Q1",
        );
    }
    let score = row.get("score");
    let read_score = cell::number(score).filter(|value| *value <= Exact::integer(100));
    if !score.is_empty() && read_score.is_none() {
        wrong(
            "score",
            "cần số từ 0 đến 100, tối đa 4 chữ số thập phân",
            "a number from 0 to 100 with at most 4 decimals is needed",
        );
    }
    let level = row.get("level");
    let read_level = cell::level(level);
    if !level.is_empty() && read_level.is_none() {
        wrong(
            "level",
            "chỉ nhận excellent, good, completed, not_completed hoặc tên mức tiếng Việt",
            "one of excellent, good, completed, not_completed or a level's Vietnamese name",
        );
    }
    let decided_on = row.get("decided_on");
    let read_day = cell::day(decided_on).filter(|day| *day <= today);
    if !decided_on.is_empty() && read_day.is_none() {
        wrong(
            "decided_on",
            "cần ngày dd/MM/yyyy không ở tương lai",
            "a day as dd/MM/yyyy that is not in the future is needed",
        );
    }
    let decision_no = row.get("decision_no");
    if decision_no.chars().count() > 100 {
        wrong("decision_no", "tối đa 100 ký tự", "at most 100 characters");
    }
    if findings.len() > before {
        return None;
    }
    let (staff_number, period) = (staff_number?, period?);
    let lacks = if period.is_year() { read_level.is_none() } else { read_score.is_none() };
    if lacks {
        findings.push(lacking(row, period));
        return None;
    }
    Some(HistoryRow {
        staff_number,
        period,
        score: read_score,
        level: read_level,
        decision_no: (!decision_no.is_empty()).then(|| decision_no.to_owned()),
        decided_on: read_day,
    })
}

fn nobody(row: TableRow<'_>, number: &StaffNumber) -> Finding {
    Finding::error(
        "LT-HIS-010",
        Text::new(format!("không có số hiệu {number}"), format!("there is no staff number {number}")),
        Text::new(
            "sửa số hiệu, hoặc nhập người này trước bằng `people import`; chưa có gì được ghi",
            "correct the number, or import the person first with `people import`; nothing was written",
        ),
    )
    .at(row.place("staff_number"))
}

fn twice(row: TableRow<'_>, read: &HistoryRow, first: u32) -> Finding {
    let (number, period) = (&read.staff_number, read.period);
    Finding::error(
        "LT-HIS-002",
        Text::new(
            format!("kết quả {period} của {number} có hai dòng (dòng {first})"),
            format!("the result of {number} for {period} stands twice (line {first})"),
        ),
        Text::new("giữ lại một dòng", "keep one of the lines"),
    )
    .at(row.place("period"))
}

fn lacking(row: TableRow<'_>, period: Period) -> Finding {
    let (column, vi, en) = if period.is_year() {
        ("level", "kết quả năm phải có mức xếp loại", "a year needs its level")
    } else {
        ("score", "kết quả quý hoặc 6 tháng phải có điểm", "a quarter or half-year needs its score")
    };
    let remedy = Text::new("bổ sung ô này theo quyết định", "fill in the cell from the decision");
    Finding::error("LT-HIS-003", Text::new(vi, en), remedy).at(row.place(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "staff_number,period,score,level,decision_no,decided_on\n";

    fn read(rows: &str) -> Result<Vec<HistoryRow>, Findings> {
        let today = NaiveDate::from_ymd_opt(2026, 10, 1).expect("day");
        read_history("history.csv", format!("{HEADER}{rows}").as_bytes(), today, &|number| {
            number.as_str() != "GL-404"
        })
    }

    fn told(rows: &str) -> Vec<(String, String)> {
        let findings = read(rows).expect_err("must be refused").0;
        findings.into_iter().map(|f| (f.code, f.place.map(|p| p.to_string()).unwrap_or_default())).collect()
    }

    #[test]
    fn years_and_quarters_are_read_with_vietnamese_words() {
        let file = "Số hiệu;Kỳ;Điểm;Mức;Số quyết định;Ngày quyết định\n\
                    GL - 1;Năm 2025;;Hoàn thành tốt nhiệm vụ;12/QĐ-SNV;05/12/2025\n\
                    GL-1;Quý I/2026;84,5;;;\n";
        let today = NaiveDate::from_ymd_opt(2026, 10, 1).expect("day");
        let rows = read_history("h.csv", file.as_bytes(), today, &|_| true).expect("rows");
        assert_eq!(rows[0].level, Some(Level::Good));
        assert_eq!(rows[0].decided_on, NaiveDate::from_ymd_opt(2025, 12, 5));
        assert_eq!(rows[1].score, Exact::ratio(169, 2));
        assert_eq!(rows[1].staff_number.as_str(), "GL-1");
    }

    #[test]
    fn every_wrong_cell_is_told_with_its_place() {
        let found =
            told(",2025,,good,,\nGL-1,2027,101,fine,,31/02/2025\nGL-2,2026-Q1,84.49999999,,,2026-12-01\n");
        let codes: Vec<&str> = found.iter().map(|(code, _)| code.as_str()).collect();
        assert_eq!(codes, ["LT-HIS-001"; 7]);
        assert_eq!(found[0].1, "history.csv:2 (column 1)");
        assert_eq!(found[6].1, "history.csv:4 (column 6)");
    }

    #[test]
    fn unknown_people_and_wrong_cells_are_told_together_each_with_its_line() {
        let found = told("GL-404,2025,,good,,\nGL-404,2025,,fine,,\nGL-1,2025,,good,,\n");
        let places: Vec<(&str, &str)> =
            found.iter().map(|(code, place)| (code.as_str(), place.as_str())).collect();
        assert_eq!(
            places,
            [
                ("LT-HIS-010", "history.csv:2 (column 1)"),
                ("LT-HIS-010", "history.csv:3 (column 1)"),
                ("LT-HIS-001", "history.csv:3 (column 4)"),
            ]
        );
    }

    #[test]
    fn a_result_twice_or_without_its_figure_is_refused() {
        assert_eq!(told("GL-1,2025,,good,,\nGL - 1,2025,,good,,\n")[0].0, "LT-HIS-002");
        assert_eq!(told("GL-1,2025,90,,,\nGL-1,2026-Q1,,good,,\n").len(), 2);
        assert_eq!(told("GL-1,2025,90,,,\n")[0], ("LT-HIS-003".into(), "history.csv:2 (column 4)".into()));
        assert_eq!(told("")[0].0, "LT-HIS-004");
    }
}

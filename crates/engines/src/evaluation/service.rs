//! Dated facts of people's service as they are entered, one by one or from a file (docs/FILES.md).
//!
//! Owns what a fact can be, and the columns of the file. Every wrong cell is told at once and nothing is taken from a
//! file that has one. It must not know who is stored, who may enter what, or what a fact does to a score.

use super::cell;
use crate::domain::{FactKind, ServiceFact, StaffNumber};
use crate::error::{Finding, Findings, Place, Text};
use crate::sheet::{Column, Table, TableRow};
use chrono::Datelike as _;

const COLUMNS: &[Column] = &[
    Column {
        name: "staff_number", synonyms: &["Số hiệu", "Số hiệu CBCC", "Mã cán bộ"], required: true
    },
    Column { name: "kind", synonyms: &["Loại", "Loại dữ kiện"], required: true },
    Column { name: "from", synonyms: &["Từ ngày", "Ngày hiệu lực"], required: true },
    Column { name: "to", synonyms: &["Đến ngày"], required: false },
    Column { name: "act_on", synonyms: &["Ngày vi phạm"], required: false },
    Column { name: "act", synonyms: &["Mã vụ việc"], required: false },
    Column { name: "text", synonyms: &["Nội dung", "Hình thức kỷ luật", "Nhóm"], required: false },
    Column { name: "document", synonyms: &["Văn bản", "Số quyết định"], required: true },
];

/// Kinds as people write them in Vietnamese, folded.
const VIETNAMESE: [(&str, FactKind); 8] = [
    ("nghi khong luong", FactKind::UnpaidLeave),
    ("nghi om", FactKind::SickLeave),
    ("nghi thai san", FactKind::MaternityLeave),
    ("ky luat", FactKind::Discipline),
    ("ky luat khong lien quan", FactKind::DisciplineUnrelated),
    ("suy thoai", FactKind::Degradation),
    ("don vi tham nhung", FactKind::CorruptionBelow),
    ("nhom nhiem vu", FactKind::TaskGroup),
];

/// Why a fact cannot be; none when it can. LT-SCO-020.
pub fn impossible_fact(fact: &ServiceFact) -> Option<Finding> {
    let told = |vi: &str, en: &str| {
        Some(Finding::error(
            "LT-SCO-020",
            Text::new(format!("dữ kiện không thể có: {vi}"), format!("a fact that cannot be: {en}")),
            Text::new(
                "sửa rồi nhập lại; chưa có gì được ghi",
                "correct it and enter it again; nothing was written",
            ),
        ))
    };
    let days = [Some(fact.from), fact.to, fact.act_on];
    let long = |text: &Option<String>| {
        text.as_ref().is_some_and(|text| text.trim().is_empty() || text.chars().count() > 200)
    };
    let dated_once = fact.kind.article().is_some() || fact.kind == FactKind::DisciplineUnrelated;
    if days.iter().flatten().any(|day| !(2000..3000).contains(&day.year())) {
        return told("ngày phải trong các năm 2000 đến 2999", "days lie in the years 2000 to 2999");
    }
    if fact.to.is_some_and(|to| to < fact.from) {
        return told("ngày cuối trước ngày đầu", "its last day is before its first");
    }
    if fact.document.trim().is_empty()
        || fact.document.chars().count() > 200
        || long(&fact.text)
        || long(&fact.act)
    {
        return told(
            "cần văn bản làm căn cứ; văn bản, nội dung và mã vụ việc dài 1 đến 200 ký tự",
            "a document is needed; document, text and act have 1 to 200 characters",
        );
    }
    if dated_once && fact.to.is_some() {
        return told(
            "kỷ luật và kết luận chỉ có ngày hiệu lực",
            "discipline and conclusions have one day, not a span",
        );
    }
    if !dated_once && (fact.act.is_some() || fact.act_on.is_some()) {
        return told(
            "chỉ kỷ luật và kết luận mới có vụ việc",
            "only discipline and conclusions are about an act",
        );
    }
    if fact.act_on.is_some_and(|act| act > fact.from) {
        return told("ngày vi phạm sau ngày hiệu lực", "the act lies after the day it takes effect");
    }
    if fact.text.is_none() && (dated_once || fact.kind == FactKind::TaskGroup) {
        return told(
            "thiếu nội dung: hình thức kỷ luật, kết luận hoặc tên nhóm",
            "its text is missing: degree, conclusion or name of the group",
        );
    }
    if fact.kind.is_leave() && fact.to.is_none() {
        return told("nghỉ phải có ngày cuối (dự kiến)", "leave needs a last day, the expected one at least");
    }
    None
}

/// What a file of facts says, and everything wrong with it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadFacts {
    /// Every row that could be read, of known people; what cannot be is among them, and is told.
    pub facts: Vec<(StaffNumber, ServiceFact)>,
    /// What is wrong (500 at most); where there is anything nothing may be entered.
    pub findings: Vec<Finding>,
}

/// Reads a file of facts. `known` says whether a staff number is somebody's. Findings: LT-SCO-020 a fact that cannot be, LT-SCO-021 a
/// wrong cell, LT-SCO-022 an unknown staff number, LT-SCO-023 a file without rows; LT-TAB-nnn when it is no table.
pub fn read_facts(name: &str, bytes: &[u8], known: &dyn Fn(&StaffNumber) -> bool) -> ReadFacts {
    let table = match Table::read(name, bytes, COLUMNS) {
        Ok(table) => table,
        Err(Findings(findings)) => return ReadFacts { facts: Vec::new(), findings },
    };
    let (mut facts, mut findings) = (Vec::new(), Vec::new());
    for row in table.rows() {
        if findings.len() >= cell::MAX_FINDINGS {
            break;
        }
        let Some((number, fact)) = read_row(row, &mut findings) else { continue };
        if !known(&number) {
            findings.push(nobody(row, &number));
            findings.extend(impossible_fact(&fact).map(|finding| finding.at(row.place("kind"))));
            continue;
        }
        findings.extend(impossible_fact(&fact).map(|finding| finding.at(row.place("kind"))));
        facts.push((number, fact));
    }
    if findings.is_empty() && facts.is_empty() {
        findings.push(
            Finding::error(
                "LT-SCO-023",
                Text::new("tệp không có dữ kiện nào", "the file has no fact"),
                Text::new("kiểm tra dòng tiêu đề và nội dung", "check the heading and the rows below it"),
            )
            .at(Place::of(name)),
        );
    }
    ReadFacts { facts, findings }
}

fn read_row(row: TableRow<'_>, findings: &mut Vec<Finding>) -> Option<(StaffNumber, ServiceFact)> {
    let before = findings.len();
    let mut wrong = |column, vi, en| findings.push(cell::wrong("LT-SCO-021", row, column, vi, en));
    let number = StaffNumber::parse(row.get("staff_number"));
    if number.is_none() {
        wrong("staff_number", "cần 1 đến 32 ký tự", "1 to 32 characters are needed");
    }
    let written = row.get("kind").trim();
    let folded = crate::text::fold(written);
    let kind = FactKind::parse(written)
        .or_else(|| VIETNAMESE.iter().find(|(name, _)| *name == folded).map(|(_, kind)| *kind));
    if kind.is_none() {
        wrong(
            "kind",
            "cần một trong: unpaid_leave, sick_leave, maternity_leave, discipline, discipline_unrelated, degradation, corruption_below, task_group, hoặc tên tiếng Việt (docs/FILES.md)",
            "one of unpaid_leave, sick_leave, maternity_leave, discipline, discipline_unrelated, degradation, corruption_below, task_group is needed, or its Vietnamese name (docs/FILES.md)",
        );
    }
    let mut day = |column: &'static str, needed: bool| {
        let text = row.get(column);
        let day = cell::day(text);
        if day.is_none() && (needed || !text.is_empty()) {
            wrong(column, "cần ngày dd/MM/yyyy", "a day as dd/MM/yyyy is needed");
        }
        day
    };
    let (from, to, act_on) = (day("from", true), day("to", false), day("act_on", false));
    if findings.len() > before {
        return None;
    }
    let text = |column: &str| Some(row.get(column).trim().to_owned()).filter(|text| !text.is_empty());
    let fact = ServiceFact {
        kind: kind?,
        from: from?,
        to,
        act_on,
        act: text("act"),
        text: text("text"),
        document: row.get("document").trim().to_owned(),
    };
    Some((number?, fact))
}

fn nobody(row: TableRow<'_>, number: &StaffNumber) -> Finding {
    Finding::error(
        "LT-SCO-022",
        Text::new(format!("không có người \"{number}\""), format!("there is no person \"{number}\"")),
        Text::new(
            "kiểm tra số hiệu, hoặc nhập người này bằng `people import` trước",
            "check the staff number, or import the person with `people import` first",
        ),
    )
    .at(row.place("staff_number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_cell_of_a_file_is_told_with_its_place_and_nothing_is_read() {
        let file = "staff_number,kind,from,to,text,document\n\
                    GL-1,nghỉ thai sản,01/03/2026,31/08/2026,,12/QĐ\n\
                    GL-2,holiday,32/01/2026,,,12/QĐ\n\
                    GL-9,sick_leave,01/03/2026,28/02/2026,,12/QĐ\n\
                    GL-3,discipline,01/03/2026,,,12/QĐ\n";
        let read = read_facts("f.csv", file.as_bytes(), &|number| number.as_str() != "GL-9");
        // Who may enter them and whether days meet is asked of what could be read, so that all is told at once.
        assert_eq!(
            read.facts.iter().map(|(number, _)| number.as_str()).collect::<Vec<_>>(),
            ["GL-1", "GL-3"]
        );
        let codes: Vec<String> = read
            .findings
            .iter()
            .map(|finding| {
                let line = finding.place.as_ref().and_then(|place| place.line).unwrap_or(0);
                format!("{} {line}", finding.code)
            })
            .collect();
        assert_eq!(codes, ["LT-SCO-021 3", "LT-SCO-021 3", "LT-SCO-022 4", "LT-SCO-020 4", "LT-SCO-020 5"]);
    }

    #[test]
    fn facts_are_read_by_their_names_in_both_languages() {
        let file = "Số hiệu,Loại,Từ ngày,Đến ngày,Ngày vi phạm,Mã vụ việc,Nội dung,Văn bản\n\
                    GL-1,Nghỉ thai sản,01/03/2026,31/08/2026,,,,12/QĐ\n\
                    GL-1,Kỷ luật,01/11/2026,,05/05/2026,VV-1,Khiển trách,13/QĐ\n";
        let facts = read_facts("f.csv", file.as_bytes(), &|_| true).facts;
        assert_eq!(facts[0].1.kind, FactKind::MaternityLeave);
        assert_eq!(facts[1].1.act_on.map(|day| day.to_string()).as_deref(), Some("2026-05-05"));
        assert_eq!(
            (facts[1].1.act.as_deref(), facts[1].1.text.as_deref()),
            (Some("VV-1"), Some("Khiển trách"))
        );
    }
}

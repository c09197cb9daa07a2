//! Criteria people enter by file: the ten items of form 01, and đ, e and, where it is not computed, d of leaders
//! (docs/FILES.md).
//!
//! Owns both layouts (one item per row, or one person per row), the maxima and the step of the items, and the
//! percents of the components. Every wrong cell is told at once and nothing is taken from a file that has one.
//! It must not know how points enter a score, nor who is stored: the caller says whose a staff number is.

use super::cell;
use super::life::{Subject, is_own};
use super::remarks::Remarks;
use super::template;
use crate::domain::evaluation::GENERAL_ITEMS;
use crate::domain::{Component, Decision, DecisionKind, Exact, Period, PersonId, StaffNumber};
use crate::error::{Finding, Findings, Place, Text};
use crate::sheet::{Column, Reading, Sheet, Sheets, Table, TableRow};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

const PERSON: Column =
    Column {
        name: "staff_number", synonyms: &["Số hiệu", "Số hiệu CBCC", "Mã cán bộ"], required: true
    };
const PERIOD: Column = Column { name: "period", synonyms: &["Kỳ", "Kỳ đánh giá"], required: true };
const AUTHOR: Column =
    Column { name: "author", synonyms: &["Người chấm", "Người đánh giá"], required: true };
const KIND: Column = Column { name: "kind", synonyms: &["Loại điểm"], required: false };

/// Words of form 01.
const WORDS: &[Column] = &[
    PERSON,
    PERIOD,
    AUTHOR,
    Column { name: "strengths", synonyms: &["Ưu điểm"], required: true },
    Column { name: "weaknesses", synonyms: &["Hạn chế", "Khuyết điểm"], required: true },
    Column { name: "comment", synonyms: &["Nhận xét"], required: true },
    Column { name: "minutes", synonyms: &["Biên bản"], required: false },
];

const fn item(name: &'static str) -> Column {
    Column { name, synonyms: &[], required: false }
}

/// One item per row.
const LONG: &[Column] = &[
    PERSON,
    PERIOD,
    Column { name: "item", synonyms: &["Tiêu chí", "Mục"], required: true },
    Column { name: "points", synonyms: &["Điểm"], required: true },
    AUTHOR,
    KIND,
];

/// One person per row.
const WIDE: &[Column] = &[
    PERSON,
    PERIOD,
    AUTHOR,
    KIND,
    item("I.1"),
    item("I.2"),
    item("II.1"),
    item("II.2"),
    item("II.3"),
    item("II.4"),
    item("III.1"),
    item("III.2"),
    item("III.3"),
    item("III.4"),
    item("d"),
    Column { name: "đ", synonyms: &["dd"], required: false },
    item("e"),
];

/// What the rule set says about entered values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CriteriaRules {
    /// Step of the items (`gen_step`): a quarter or half a point.
    pub step: Exact,
    /// Whether d, đ and e may lie between 50 and 100 (`leader_levels`).
    pub between: bool,
}

/// The rules of a period, each row's own.
///
/// # Errors
/// None govern it.
pub type RulesOf<'a> = dyn Fn(Period) -> Result<CriteriaRules, Box<Finding>> + 'a;

/// Who a staff number belongs to, and whether they lead in the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The person.
    pub person: PersonId,
    /// Full name, to refuse scoring oneself.
    pub full_name: String,
    /// Whether they are head or deputy in the period: only then đ and e belong to them.
    pub is_leader: bool,
    /// Whether d is entered: they lead, and nobody evaluated is in their charge.
    pub enters_d: bool,
}

/// What a criteria file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadCriteria {
    /// Decisions of the forms that could be read. To be entered only when nothing is wrong: others may be missing.
    pub decisions: Vec<Decision>,
    /// What is wrong with the file.
    pub findings: Vec<Finding>,
}

/// Reads a criteria file into decisions made at `at`. `standing` says whose a staff number is in a period, `rules` what
/// the rule set of that period asks of entered values; a row of a period without one is told with what it says.
///
/// A file row with `kind` = `self` (tự chấm) gives the person's own assessment, without it or with `superior`
/// the scorer's.
///
/// Every finding comes at once (500 at most): LT-CRI-001 a wrong cell, LT-CRI-002 points above the maximum or off the
/// step, LT-CRI-003 an unknown item, đ/e for someone who does not lead, or d where it is computed, LT-CRI-004 items are missing,
/// LT-CRI-005 a value twice, LT-CRI-006 own record, LT-CRI-007 no rows; LT-TAB-nnn when it is no table.
pub fn read_criteria(
    name: &str,
    bytes: &[u8],
    rules: &RulesOf<'_>,
    at: DateTime<Utc>,
    standing: &dyn Fn(&StaffNumber, Period) -> Option<Standing>,
) -> ReadCriteria {
    if let Some(sheets) = sheets_of_template(name, bytes) {
        return read_template(name, sheets, rules, at, standing);
    }
    let long = Table::read(name, bytes, LONG).map(|table| (table, true));
    let read = match long {
        // Not this form: its columns are not there. Whatever else is wrong is wrong with both.
        Err(findings) if findings.0.iter().all(|finding| finding.code == "LT-TAB-002") => {
            Table::read(name, bytes, WIDE).map(|table| (table, false))
        }
        long => long,
    };
    let (table, is_long) = match read {
        Ok(read) => read,
        Err(findings) => return ReadCriteria { decisions: Vec::new(), findings: findings.0 },
    };
    let mut reader = Reader { rules, at, standing, findings: Vec::new(), sheets: BTreeMap::new() };
    for row in table.rows() {
        if reader.findings.len() >= cell::MAX_FINDINGS {
            break;
        }
        if is_long { reader.long_row(row) } else { reader.wide_row(row) }
    }
    reader.finish(name)
}

/// The sheets of a filled template; none when the file is something else.
fn sheets_of_template(name: &str, bytes: &[u8]) -> Option<Vec<Sheet>> {
    let reading = Reading { sheets: Sheets::All, ..Reading::default() };
    let mut sheets = Sheet::read_all(name, bytes, &reading).ok()?;
    sheets.retain(|sheet| sheet.title.as_deref().is_some_and(|title| template::SHEETS.contains(&title)));
    (!sheets.is_empty()).then_some(sheets)
}

/// Reads a filled template: rows nobody filled in are passed over, every other one is whole or told.
fn read_template(
    name: &str,
    sheets: Vec<Sheet>,
    rules: &RulesOf<'_>,
    at: DateTime<Utc>,
    standing: &dyn Fn(&StaffNumber, Period) -> Option<Standing>,
) -> ReadCriteria {
    let mut reader = Reader { rules, at, standing, findings: Vec::new(), sheets: BTreeMap::new() };
    for mut sheet in sheets {
        let words = sheet.title.as_deref() == Some(template::SHEETS[2]);
        // Several sheets have a cell of the same name.
        sheet.name = format!("{name}, {}", sheet.title.clone().unwrap_or_default());
        match Table::of(sheet, if words { WORDS } else { WIDE }) {
            Err(findings) => reader.findings.extend(findings.0),
            Ok(table) => {
                for row in table.rows() {
                    if reader.findings.len() >= cell::MAX_FINDINGS {
                        break;
                    }
                    if words { reader.words_row(row) } else { reader.filled_row(row) }
                }
            }
        }
    }
    reader.finish(name)
}

/// Checks entered items against form 01: known names, all ten, 0 to the maximum, on the step.
///
/// # Errors
/// LT-CRI-002, LT-CRI-003 and LT-CRI-004 as [`read_criteria`], each with the item as its place.
pub fn check_items(items: &BTreeMap<String, Exact>, step: &Exact) -> Result<(), Findings> {
    let mut findings = Vec::new();
    for (item, points) in items {
        let place = Place::of(format!("item {item}"));
        match maximum(item) {
            None => findings.push(unknown_item(item).at(place)),
            Some(maximum) if !fits(points, &maximum, step) => {
                findings.push(off_scale(item, &points.to_text(), &maximum, step).at(place));
            }
            Some(_) => {}
        }
    }
    let missing = missing_items(items);
    if !missing.is_empty() {
        findings.push(incomplete(&missing));
    }
    if findings.is_empty() { Ok(()) } else { Err(Findings(findings)) }
}

/// Most failed assessments of one task's quality that are entered: more is a slip of the hand.
pub const MAX_FAILURES: u32 = 1_000;

/// Why a decided value cannot be, whatever the rule set: a form without all items, a negative or endless quantity,
/// thousands of failures. None when it can.
pub fn impossible_value(kind: &DecisionKind) -> Option<Finding> {
    match kind {
        DecisionKind::SelfAssessment { items } | DecisionKind::GeneralCriteria { items } => {
            let missing = missing_items(items);
            (!missing.is_empty()).then(|| incomplete(&missing))
        }
        DecisionKind::Remarks { strengths, weaknesses, comment, minutes } => {
            let mut remarks = Remarks::default();
            remarks.overlay(strengths.clone(), weaknesses.clone(), comment.clone(), minutes.clone());
            if remarks.is_empty() {
                return super::remarks::wrong_text("nhận xét", "remarks", "");
            }
            remarks.wrong()
        }
        DecisionKind::SupportPercents { percents, .. } => {
            let hundred = Exact::integer(100);
            let wrong = percents.iter().find(|percent| percent.is_negative() || **percent > hundred)?;
            Some(Finding::error(
                "LT-CRI-010",
                Text::new(
                    format!("tỷ lệ {wrong} không nằm trong khoảng 0 đến 100"),
                    format!("the percent {wrong} is not between 0 and 100"),
                ),
                Text::new(
                    "nhập lại ba tỷ lệ; chưa có gì được ghi",
                    "give the three percents again; nothing was entered",
                ),
            ))
        }
        DecisionKind::QualityFailures { count, .. } if *count > MAX_FAILURES => Some(Finding::error(
            "LT-CRI-010",
            Text::new(
                format!("số lần không đạt chất lượng {count} lớn hơn {MAX_FAILURES}"),
                format!("{count} failed assessments are more than {MAX_FAILURES}"),
            ),
            Text::new(
                "mỗi lần trừ 25 % nên từ 4 lần trở lên phần đó đã bằng 0; ghi lại --failures, chưa có gì được ghi",
                "each takes 25 %, so that from four on nothing is left of it; give --failures again, nothing was entered",
            ),
        )),
        DecisionKind::CompletedQuantity { quantity, .. } => {
            let plain = quantity.to_text().parse::<rust_decimal::Decimal>().is_ok();
            (quantity.is_negative() || !plain).then(|| {
                Finding::error(
                    "LT-CRI-010",
                    Text::new(
                        format!(
                            "khối lượng hoàn thành không thể là {quantity}: cần số thập phân từ 0 trở lên, tối đa 28 chữ số, không phải phân số"
                        ),
                        format!(
                            "the completed quantity cannot be {quantity}: a decimal of 0 or more is needed, of at most 28 digits and no fraction"
                        ),
                    ),
                    Text::new(
                        "ghi lại --quantity theo biên bản nghiệm thu, ví dụ 1 hoặc 0.5; chưa có gì được ghi",
                        "give --quantity as it was accepted, for example 1 or 0.5; nothing was entered",
                    ),
                )
            })
        }
        _ => None,
    }
}

/// One person's form: who filled it in, and where the first row stands.
struct Form {
    standing: Standing,
    author: String,
    own: bool,
    place: Place,
    items: BTreeMap<String, Exact>,
    /// Items somebody filled in, rightly or not: what is wrong with them is told once.
    filled: BTreeSet<String>,
    components: BTreeMap<&'static str, Exact>,
    remarks: Remarks,
}

type Key = (StaffNumber, Period, bool);

struct Reader<'a> {
    rules: &'a RulesOf<'a>,
    at: DateTime<Utc>,
    standing: &'a dyn Fn(&StaffNumber, Period) -> Option<Standing>,
    findings: Vec<Finding>,
    sheets: BTreeMap<Key, Form>,
}

impl Reader<'_> {
    fn wrong(&mut self, row: TableRow<'_>, column: &str, vi: &str, en: &str) {
        self.findings.push(cell::wrong("LT-CRI-001", row, column, vi, en));
    }

    /// Reads the columns both layouts share and opens the person's form.
    fn open(&mut self, row: TableRow<'_>) -> Option<Key> {
        let number = StaffNumber::parse(row.get("staff_number"));
        if number.is_none() {
            self.wrong(row, "staff_number", "cần 1 đến 32 ký tự", "1 to 32 characters are needed");
        }
        let period = cell::period(row.get("period"));
        if period.is_none() {
            self.wrong(row, "period", "cần kỳ dạng 2026-Q3", "a period as 2026-Q3 is needed");
        }
        let named = number.zip(period);
        let standing = named.as_ref().and_then(|(number, period)| (self.standing)(number, *period));
        if named.is_some() && standing.is_none() {
            self.wrong(
                row,
                "staff_number",
                "không có người này trong kỳ",
                "there is no such person in the period",
            );
        }
        let own = match crate::text::fold(row.get("kind")).as_str() {
            "" | "superior" | "cap tren" => Some(false),
            "self" | "tu cham" => Some(true),
            _ => {
                self.wrong(
                    row,
                    "kind",
                    "chỉ nhận self (tự chấm) hoặc superior (cấp trên)",
                    "one of self, superior",
                );
                None
            }
        };
        let author = row.get("author");
        if author.is_empty() || author.chars().count() > 200 {
            self.wrong(
                row,
                "author",
                "cần tên hoặc số hiệu, 1 đến 200 ký tự",
                "a name or staff number of 1 to 200 characters is needed",
            );
            return None;
        }
        let ((number, period), standing, own) = (named?, standing?, own?);
        let subject = Subject { staff_number: &number, full_name: &standing.full_name };
        if !own && is_own(subject, author) {
            self.findings.push(own_record(row));
            return None;
        }
        let key = (number, period, own);
        if let Some(form) = self.sheets.get(&key) {
            if form.author != author {
                self.wrong(row, "author", "một phiếu chỉ có một người chấm", "one form has one author");
                return None;
            }
        } else {
            let form = Form {
                standing,
                author: author.to_owned(),
                own,
                place: row.place("staff_number"),
                items: BTreeMap::new(),
                filled: BTreeSet::new(),
                components: BTreeMap::new(),
                remarks: Remarks::default(),
            };
            self.sheets.insert(key.clone(), form);
        }
        Some(key)
    }

    fn long_row(&mut self, row: TableRow<'_>) {
        let Some(key) = self.open(row) else { return };
        let item = row.get("item").to_owned();
        self.take(row, &key, &item, "points");
    }

    fn wide_row(&mut self, row: TableRow<'_>) {
        let already = self.findings.len();
        let Some(key) = self.open(row) else { return };
        let names = GENERAL_ITEMS.iter().map(|(item, _, _)| *item).chain(["d", "đ", "e"]);
        for item in names {
            if !row.get(item).is_empty() {
                self.take(row, &key, item, item);
            }
        }
        let form = self.sheets.get(&key);
        let empty = form.is_none_or(|form| form.items.is_empty() && form.components.is_empty());
        if empty && self.findings.len() == already {
            self.wrong(row, "staff_number", "dòng không có điểm nào", "the row has no points");
        }
    }

    /// A row of a template, unless nobody filled it in.
    fn filled_row(&mut self, row: TableRow<'_>) {
        let names = GENERAL_ITEMS.iter().map(|(item, _, _)| *item).chain(["d", "đ", "e"]);
        if names.into_iter().any(|item| !row.get(item).is_empty()) {
            self.wide_row(row);
        }
    }

    /// A row of words, unless nobody wrote any.
    fn words_row(&mut self, row: TableRow<'_>) {
        let text = |column: &str| Some(row.get(column)).filter(|text| !text.is_empty()).map(str::to_owned);
        let columns = ["strengths", "weaknesses", "comment", "minutes"];
        if columns.iter().all(|column| row.get(column).is_empty()) {
            return;
        }
        for column in columns {
            let Some(written) = text(column) else { continue };
            if let Some(wrong) = super::remarks::wrong_text(column, column, &written) {
                self.findings.push(wrong.at(row.place(column)));
            }
        }
        let Some(key) = self.open(row) else { return };
        if let Some(form) = self.sheets.get_mut(&key) {
            form.remarks.overlay(text("strengths"), text("weaknesses"), text("comment"), text("minutes"));
        }
    }

    fn take(&mut self, row: TableRow<'_>, key: &Key, item: &str, column: &str) {
        if let Some(form) = self.sheets.get_mut(key) {
            form.filled.insert(item.to_owned());
        }
        let Some(points) = cell::number(row.get(column)) else {
            return self.wrong(
                row,
                column,
                "cần số không âm, tối đa 4 chữ số thập phân",
                "a number of at most 4 decimals, not negative, is needed",
            );
        };
        let component = match item.to_lowercase().as_str() {
            "đ" | "dd" => Some("đ"),
            "e" => Some("e"),
            "d" => Some("d"),
            _ => None,
        };
        let rules = match (self.rules)(key.1) {
            Ok(rules) => rules,
            Err(none) => {
                // Once a row, not once a cell.
                let told = none.at(row.place("period"));
                if self.findings.last() != Some(&told) {
                    self.findings.push(told);
                }
                return;
            }
        };
        let Some(form) = self.sheets.get_mut(key) else { return };
        let twice = match component {
            Some(component) => {
                if form.own || !form.standing.is_leader {
                    return self.findings.push(not_a_leader(row, column));
                }
                if component == "d" && !form.standing.enters_d {
                    return self.findings.push(computed_not_entered().at(row.place(column)));
                }
                if !rules.allows(&points) {
                    let (vi, en) = if rules.between {
                        ("từ 50 đến 100", "50 to 100")
                    } else {
                        ("50 hoặc 100", "50 or 100")
                    };
                    return self.findings.push(cell::wrong("LT-CRI-002", row, column, vi, en));
                }
                form.components.insert(component, points).is_some()
            }
            None => {
                let Some(maximum) = maximum(item) else {
                    let finding = unknown_item(item).at(row.place("item"));
                    return self.findings.push(finding);
                };
                if !fits(&points, &maximum, &rules.step) {
                    let finding =
                        off_scale(item, row.get(column), &maximum, &rules.step).at(row.place(column));
                    return self.findings.push(finding);
                }
                form.items.insert(item.to_owned(), points).is_some()
            }
        };
        if twice {
            self.findings.push(cell::wrong(
                "LT-CRI-005",
                row,
                column,
                "mục này đã có điểm ở dòng khác",
                "the item has points on another row",
            ));
        }
    }

    fn finish(mut self, name: &str) -> ReadCriteria {
        for form in self.sheets.values() {
            let mut missing = missing_items(&form.items);
            missing.retain(|item| !form.filled.contains(*item));
            if !form.items.is_empty() && !missing.is_empty() {
                self.findings.push(incomplete(&missing).at(form.place.clone()));
            }
        }
        if self.findings.is_empty() && self.sheets.is_empty() {
            self.findings.push(
                Finding::error(
                    "LT-CRI-007",
                    Text::new("tệp không có dòng điểm nào", "the file has no points"),
                    Text::new("kiểm tra tờ đầu tiên của tệp", "look at the first sheet of the file"),
                )
                .at(Place::of(name)),
            );
        }
        let at = self.at;
        let decisions = self.sheets.into_iter().flat_map(|(key, form)| decisions(key, form, at)).collect();
        ReadCriteria { decisions, findings: self.findings }
    }
}

impl CriteriaRules {
    fn allows(&self, percent: &Exact) -> bool {
        let (half, full) = (Exact::integer(50), Exact::integer(100));
        *percent == half || *percent == full || (self.between && *percent > half && *percent < full)
    }
}

fn decisions((number, period, _): Key, form: Form, at: DateTime<Utc>) -> Vec<Decision> {
    let stamp = at.format("%Y%m%dT%H%M%S%.3fZ");
    let decision = |word: &str, kind: DecisionKind| Decision {
        key: format!("file:{stamp}:{number}:{period}:{word}"),
        person: form.standing.person,
        period,
        author: form.author.clone(),
        at,
        document: None,
        kind,
    };
    let mut made = Vec::new();
    if !form.items.is_empty() {
        let items = form.items.clone();
        made.push(if form.own {
            decision("self", DecisionKind::SelfAssessment { items })
        } else {
            decision("general", DecisionKind::GeneralCriteria { items })
        });
    }
    if !form.remarks.is_empty() {
        let Remarks { strengths, weaknesses, comment, minutes, .. } = form.remarks.clone();
        made.push(decision("remarks", DecisionKind::Remarks { strengths, weaknesses, comment, minutes }));
    }
    for (name, percent) in &form.components {
        let (word, component) = match *name {
            "d" => ("d", Component::UnitResult),
            "e" => ("e", Component::UnityAbility),
            _ => ("dd", Component::ImplementationAbility),
        };
        made.push(decision(word, DecisionKind::LeaderComponent { component, percent: percent.clone() }));
    }
    made
}

fn maximum(item: &str) -> Option<Exact> {
    let (_, numerator, denominator) = GENERAL_ITEMS.iter().find(|(name, _, _)| *name == item)?;
    Exact::ratio((*numerator).into(), (*denominator).into())
}

fn fits(points: &Exact, maximum: &Exact, step: &Exact) -> bool {
    let steps = points.checked_div(step).and_then(|steps| steps.to_i64_ratio());
    !points.is_negative() && points <= maximum && steps.is_some_and(|(_, denominator)| denominator == 1)
}

fn missing_items(items: &BTreeMap<String, Exact>) -> Vec<&'static str> {
    GENERAL_ITEMS.iter().map(|(item, _, _)| *item).filter(|item| !items.contains_key(*item)).collect()
}

fn off_scale(item: &str, value: &str, maximum: &Exact, step: &Exact) -> Finding {
    let value: String = value.chars().take(20).collect();
    Finding::error(
        "LT-CRI-002",
        Text::new(
            format!(
                "tiêu chí {item}: {value} điểm không hợp lệ; từ 0 đến {}, bước {}",
                maximum.to_text().replace('.', ","),
                step.to_text().replace('.', ",")
            ),
            format!("item {item}: {value} points are not valid; 0 to {maximum} in steps of {step}"),
        ),
        Text::new("sửa điểm theo Mẫu số 01", "correct the points after form 01"),
    )
}

fn unknown_item(item: &str) -> Finding {
    let item: String = item.chars().filter(|c| !c.is_control()).take(40).collect();
    Finding::error(
        "LT-CRI-003",
        Text::new(format!("không có tiêu chí \"{item}\""), format!("there is no item \"{item}\"")),
        Text::new("dùng I.1, I.2, II.1 … III.4, d, đ hoặc e", "use I.1, I.2, II.1 … III.4, d, đ or e"),
    )
}

fn incomplete(missing: &[&str]) -> Finding {
    let list = missing.join(", ");
    Finding::error(
        "LT-CRI-004",
        Text::new(format!("phiếu thiếu tiêu chí: {list}"), format!("the form lacks the items: {list}")),
        Text::new(
            "chấm đủ mười tiêu chí; tiêu chí không đạt ghi 0",
            "score all ten items; write 0 for one that is not met",
        ),
    )
}

/// Nobody enters what follows from others.
pub fn computed_not_entered() -> Finding {
    Finding::error(
        "LT-CRI-003",
        Text::new(
            "d được tính từ kết quả của người được đánh giá do người này phụ trách (Điều 15.3.a), không nhập",
            "d is computed from the results of those in charge who are evaluated (art. 15.3.a) and not entered",
        ),
        Text::new(
            "bỏ giá trị này; d chỉ nhập cho cấp trưởng, cấp phó không phụ trách ai được đánh giá; chưa có gì được ghi",
            "leave it out; d is entered for heads and deputies with nobody evaluated in charge alone; nothing was entered",
        ),
    )
}

/// d, đ and e belong to whoever leads.
pub fn leaders_only() -> Finding {
    Finding::error(
        "LT-CRI-003",
        Text::new(
            "d, đ và e chỉ có ở người lãnh đạo, quản lý (Điều 15.3)",
            "d, đ and e belong to those who lead (art. 15.3)",
        ),
        Text::new("bỏ giá trị này; chưa có gì được ghi", "leave it out; nothing was entered"),
    )
}

fn not_a_leader(row: TableRow<'_>, column: &str) -> Finding {
    cell::wrong(
        "LT-CRI-003",
        row,
        column,
        "d, đ và e chỉ do cấp trên chấm cho người lãnh đạo (Điều 15.3)",
        "d, đ and e are scored by the superior and for leaders only (art. 15.3)",
    )
}

fn own_record(row: TableRow<'_>) -> Finding {
    cell::wrong(
        "LT-CRI-006",
        row,
        "author",
        "không ai được chấm cho chính mình; phiếu tự chấm ghi kind = self",
        "nobody scores themselves; a self-assessment has kind = self",
    )
}

#[cfg(test)]
mod tests;

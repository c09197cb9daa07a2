//! Field rules at work: one raw record in, one task draft out.
//!
//! Owns the compiled rules of a manifest ([`Reader`]) and the typing of their results: instants, due dates,
//! decimals, states, accounts. It must not know how records are fetched; every kind of source uses it. Pure:
//! the same record gives the same draft. A record that cannot be read becomes a [`Rejection`] that names
//! the field; it never stops its neighbours and nothing is guessed.

pub mod date;
mod history;
mod row;
pub mod spec;
pub mod value;

use super::json::{Json, JsonError};
use super::manifest::Problem;
use super::{RawRecord, Rejection};
use crate::domain::{
    AccountKind, AccountRef, Due, EventKind, SourceEvent, TaskDraft, TaskStatus, local_date,
};
use crate::error::{Finding, Place, Text};
use chrono::{DateTime, FixedOffset, Utc};
use date::DateRule;
use history::{EventReader, HistoryReader};
pub use row::RowReader;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use spec::{DecimalSign, EventRule, FieldRules, HistoryRules, Rule};
use std::borrow::Cow;
use std::collections::BTreeMap;
use value::{Fault, Scope, ValueRule, excerpt};

/// Longest key a task may have, in characters.
pub const MAX_KEY: usize = 200;

/// Whether a text can be a task's key: 1 to [`MAX_KEY`] characters, none of them a control character (PostgreSQL
/// keeps no NUL, and nobody could type the others).
pub fn is_key(text: &str) -> bool {
    (1..=MAX_KEY).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// First 16 bytes of SHA-256 over a manifest's fingerprint and a record's text: equal hash, nothing to do.
pub fn record_hash(fingerprint: &[u8; 32], record: &[u8]) -> [u8; 16] {
    let digest = Sha256::new_with_prefix(fingerprint).chain_update(record).finalize();
    let mut hash = [0; 16];
    hash.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    hash
}

/// A fault with the field in which it was found.
struct FieldFault {
    field: &'static str,
    fault: Fault,
}

/// Compiled rules of one manifest.
#[derive(Debug)]
pub struct Reader {
    title: ValueRule,
    status: ValueRule,
    raw_status: Option<ValueRule>,
    assignee: Option<AccountRule>,
    assignee_name: Option<ValueRule>,
    unit: Option<ValueRule>,
    assigned_at: Option<TimeRule>,
    due: Option<TimeRule>,
    submitted_at: Option<TimeRule>,
    completed_at: Option<TimeRule>,
    updated_at: Option<TimeRule>,
    quantity: Option<(ValueRule, DecimalSign)>,
    unplanned: Option<ValueRule>,
    doc_type: Option<ValueRule>,
    category: Option<ValueRule>,
    doc_number: Option<ValueRule>,
    product_code: Option<ValueRule>,
    history: Option<HistoryReader>,
    events: Vec<EventReader>,
    /// Of a sheet: the header of the column each field is read from.
    headers: BTreeMap<String, String>,
}

#[derive(Debug)]
struct TimeRule {
    value: ValueRule,
    date: DateRule,
    /// The value is an instant of our own making, not a text of the source.
    from_event: bool,
}

#[derive(Debug)]
struct AccountRule {
    value: ValueRule,
    kind: AccountKind,
}

/// Compiles single rules and collects every problem.
struct Compiler<'a> {
    zone: FixedOffset,
    problems: &'a mut Vec<Problem>,
}

impl Compiler<'_> {
    fn text(&mut self, key: &str, rule: &Rule, required: bool, trim: bool) -> Option<ValueRule> {
        ValueRule::compile(key, &rule.0, required, trim, self.problems)
    }

    fn optional(&mut self, key: &str, rule: Option<&Rule>) -> Option<ValueRule> {
        self.text(key, rule?, false, true)
    }

    fn time(&mut self, key: &str, rule: Option<&Rule>) -> Option<TimeRule> {
        let rule = rule?;
        let zone = match &rule.0.zone {
            None => self.zone,
            Some(text) => match date::offset(text) {
                Some(zone) => zone,
                None => {
                    self.problems.push(Problem::zone(&format!("{key}.zone"), text));
                    return None;
                }
            },
        };
        let of_parts = ["%Y-%m-%d %H:%M:%S".to_owned(), "%Y-%m-%d".to_owned()];
        let spellings = if rule.0.parts.is_empty() { &rule.0.date[..] } else { &of_parts[..] };
        let date = match DateRule::compile(spellings, zone) {
            Ok(date) => date,
            Err((spelling, why)) => {
                self.problems.push(Problem::date(&format!("{key}.date"), &spelling, why));
                return None;
            }
        };
        let value = self.text(key, rule, false, true)?;
        Some(TimeRule { value, date, from_event: rule.0.last_event.is_some() })
    }

    fn account(&mut self, key: &str, rule: Option<&Rule>) -> Option<AccountRule> {
        let rule = rule?;
        let kind = rule.0.kind.unwrap_or(AccountKind::Account);
        Some(AccountRule { value: self.text(key, rule, false, true)?, kind })
    }

    fn words(&mut self, key: &str, rule: &Rule, known: impl Fn(&str) -> bool, list: &str) {
        for (from, to) in &rule.0.map {
            if !known(to) {
                self.problems.push(Problem::word(&format!("{key}.map.{from}"), to, list));
            }
        }
        for (name, value) in
            [("otherwise", &rule.0.otherwise), ("default", &rule.0.default), ("const", &rule.0.constant)]
        {
            if let Some(word) = value.as_ref().filter(|word| !known(word)) {
                self.problems.push(Problem::word(&format!("{key}.{name}"), word, list));
            }
        }
    }
}

impl Reader {
    /// Compiles a manifest's rules. Problems name the key; without a reader there is at least one.
    pub fn compile(
        fields: &FieldRules,
        history: Option<&HistoryRules>,
        events: &[EventRule],
        zone: FixedOffset,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let mut compiler = Compiler { zone, problems };
        let key = |name: &str| format!("fields.{name}");
        compiler.words(
            &key("status"),
            &fields.status,
            |word| TaskStatus::parse(word).is_some(),
            "open, in_progress, submitted, done, returned, refused, paused, cancelled, recalled, gone",
        );
        let title = compiler.text(&key("title"), &fields.title, true, false);
        let status = compiler.text(&key("status"), &fields.status, true, true);
        let quantity = compiler.optional(&key("quantity"), fields.quantity.as_ref()).map(|rule| {
            let sign = fields.quantity.as_ref().and_then(|rule| rule.0.decimal);
            (rule, sign.unwrap_or(DecimalSign::Point))
        });
        let raw_status = compiler.optional(&key("raw_status"), fields.raw_status.as_ref());
        let assignee = compiler.account(&key("assignee"), fields.assignee.as_ref());
        let assignee_name = compiler.optional(&key("assignee_name"), fields.assignee_name.as_ref());
        let unit = compiler.optional(&key("unit"), fields.unit.as_ref());
        let assigned_at = compiler.time(&key("assigned_at"), fields.assigned_at.as_ref());
        let due = compiler.time(&key("due"), fields.due.as_ref());
        let submitted_at = compiler.time(&key("submitted_at"), fields.submitted_at.as_ref());
        let completed_at = compiler.time(&key("completed_at"), fields.completed_at.as_ref());
        let updated_at = compiler.time(&key("updated_at"), fields.updated_at.as_ref());
        let unplanned = compiler.optional(&key("unplanned"), fields.unplanned.as_ref());
        let doc_type = compiler.optional(&key("doc_type"), fields.doc_type.as_ref());
        let category = compiler.optional(&key("category"), fields.category.as_ref());
        let doc_number = compiler.optional(&key("doc_number"), fields.doc_number.as_ref());
        let product_code = compiler.optional(&key("product_code"), fields.product_code.as_ref());
        let history = history.and_then(|rules| HistoryReader::compile(rules, &mut compiler));
        let events = events
            .iter()
            .enumerate()
            .filter_map(|(index, rule)| EventReader::compile(&format!("event.{index}"), rule, &mut compiler))
            .collect();
        Some(Self {
            title: title?,
            status: status?,
            raw_status,
            assignee,
            assignee_name,
            unit,
            assigned_at,
            due,
            submitted_at,
            completed_at,
            updated_at,
            quantity,
            unplanned,
            doc_type,
            category,
            doc_number,
            product_code,
            history,
            events,
            headers: BTreeMap::new(),
        })
    }

    /// The same for a sheet: what cannot be read is told by the header its column stands under, and mended in its cell.
    pub fn of_sheet(self, headers: BTreeMap<String, String>) -> Self {
        Self { headers, ..self }
    }

    /// Reads one record. `whose` names the source in the rejection of a record that stands in no file.
    pub fn read(&self, whose: &str, record: &RawRecord) -> Result<TaskDraft, Box<Rejection>> {
        self.draft(record).map_err(|FieldFault { field, fault }| {
            match self.headers.get(field).filter(|_| record.file.is_some()) {
                Some(header) => refused(whose, record, header, in_its_cell(header, fault)),
                None => refused(whose, record, field, fault),
            }
        })
    }

    fn draft(&self, record: &RawRecord) -> Result<TaskDraft, FieldFault> {
        let whole = |fault| FieldFault { field: "(record)", fault };
        let json = parsed(record).map_err(whole)?;
        let mut events = Vec::new();
        let plain = Scope::new(&json, &[]);
        if let Some(history) = &self.history {
            history.read(&plain, &mut events).map_err(in_field("events"))?;
        }
        for event in &self.events {
            events.extend(event.read(&plain).map_err(in_field("event"))?);
        }
        events.sort_by_key(|event: &SourceEvent| event.at);
        let last_events = last_events(&events);
        let scope = Scope::new(&json, &last_events);
        let status = self.status.find(&scope).map_err(in_field("status"))?;
        let raw_status = match &self.raw_status {
            Some(rule) => text_of(rule, &scope, "raw_status")?,
            None => status.raw.map(|raw| raw.into_owned()),
        };
        let word = status.value.unwrap_or_default();
        let status = TaskStatus::parse(&word)
            .ok_or_else(|| FieldFault { field: "status", fault: unknown_status(&word) })?;
        let assigned_at = time_of(&self.assigned_at, &scope, "assigned_at")?;
        Ok(TaskDraft {
            external_id: record.external_id.clone(),
            title: text_of(&self.title, &scope, "title")?.unwrap_or_default(),
            raw_status: raw_status.unwrap_or_else(|| word.into_owned()),
            status,
            updated_at: time_of(&self.updated_at, &scope, "updated_at")?,
            assignee: account_of(&self.assignee, &scope, "assignee")?,
            assignee_name: optional(&self.assignee_name, &scope, "assignee_name")?,
            unit: optional(&self.unit, &scope, "unit")?,
            assigned_at,
            due: due_of(&self.due, &scope, assigned_at)?,
            submitted_at: time_of(&self.submitted_at, &scope, "submitted_at")?,
            completed_at: time_of(&self.completed_at, &scope, "completed_at")?,
            quantity: quantity_of(&self.quantity, &scope)?,
            unplanned: flag_of(&self.unplanned, &scope, "unplanned")?,
            doc_type: optional(&self.doc_type, &scope, "doc_type")?,
            category: optional(&self.category, &scope, "category")?,
            doc_number: optional(&self.doc_number, &scope, "doc_number")?,
            product_code: optional(&self.product_code, &scope, "product_code")?,
            events,
        })
    }
}

fn parsed(record: &RawRecord) -> Result<Json<'_>, Fault> {
    let text = simdutf8::basic::from_utf8(&record.body).map_err(|_| not_utf8())?;
    Json::parse(text).map_err(|error| unreadable(&error))
}

/// The rejection of a record for the fault of one of its fields.
fn refused(whose: &str, record: &RawRecord, field: &str, fault: Fault) -> Box<Rejection> {
    // A key may be a person's number at some sources; it is kept in the rejection, not in the place.
    let stands = match &record.file {
        Some(file) => Place::line(&**file, record.index),
        None => Place::of(whose),
    };
    let place = stands.at(format!("record {}, field {field}", excerpt(&record.external_id)));
    Box::new(Rejection {
        external_id: Some(record.external_id.clone()),
        index: record.index,
        body: record.body.clone(),
        finding: Finding::error(fault.code, fault.what, fault.remedy).at(place),
    })
}

/// What is wrong with a cell, for whoever typed the sheet.
fn in_its_cell(header: &str, fault: Fault) -> Fault {
    let (vi, en) = match fault.code {
        "LT-SRC-006" | "LT-SRC-007" => (
            "; nếu tệp của đơn vị luôn viết như vậy, người quản trị khai thêm cách viết trong manifest (map, date hoặc empty)",
            "; where the unit's sheets always write it so, the operator adds the spelling to the manifest (map, date or empty)",
        ),
        "LT-SRC-005" | "LT-SRC-008" => ("", ""),
        _ => return fault,
    };
    Fault {
        remedy: Text::new(
            format!("sửa ô ở cột \"{header}\" của dòng này trong tệp rồi thả lại tệp{vi}"),
            format!("mend the cell of this row under \"{header}\" in the file and put the file again{en}"),
        ),
        ..fault
    }
}

/// Times of the last submission, approval and so on that still hold: none that a reopening (for a
/// submission also a return or refusal) followed.
fn last_events(events: &[SourceEvent]) -> Vec<(EventKind, DateTime<Utc>)> {
    let mut last: Vec<(EventKind, DateTime<Utc>)> = Vec::new();
    for event in events {
        let undone: &[EventKind] = match event.kind {
            EventKind::Reopened => &[EventKind::Approved, EventKind::Submitted],
            EventKind::Returned | EventKind::Refused => &[EventKind::Submitted],
            _ => &[],
        };
        last.retain(|(kind, _)| !undone.contains(kind) && *kind != event.kind);
        last.extend(event.at.map(|at| (event.kind, at)));
    }
    last
}

fn in_field(field: &'static str) -> impl Fn(Fault) -> FieldFault {
    move |fault| FieldFault { field, fault }
}

fn text_of(rule: &ValueRule, scope: &Scope<'_>, field: &'static str) -> Result<Option<String>, FieldFault> {
    Ok(rule.value(scope).map_err(in_field(field))?.map(|text| text.into_owned()))
}

fn optional(
    rule: &Option<ValueRule>,
    scope: &Scope<'_>,
    field: &'static str,
) -> Result<Option<String>, FieldFault> {
    rule.as_ref().map_or(Ok(None), |rule| text_of(rule, scope, field))
}

fn instant(rule: &TimeRule, scope: &Scope<'_>) -> Result<Option<DateTime<Utc>>, Fault> {
    let Some(text) = rule.value.value(scope)? else { return Ok(None) };
    let read = if rule.from_event {
        DateTime::parse_from_rfc3339(&text).ok().map(|at| at.to_utc())
    } else {
        rule.date.instant(&text)
    };
    read.map(Some).ok_or_else(|| not_a_date(&rule.date, &text))
}

fn time_of(
    rule: &Option<TimeRule>,
    scope: &Scope<'_>,
    field: &'static str,
) -> Result<Option<DateTime<Utc>>, FieldFault> {
    rule.as_ref().map_or(Ok(None), |rule| instant(rule, scope).map_err(in_field(field)))
}

fn due_of(
    rule: &Option<TimeRule>,
    scope: &Scope<'_>,
    assigned_at: Option<DateTime<Utc>>,
) -> Result<Option<Due>, FieldFault> {
    let Some(rule) = rule else { return Ok(None) };
    let Some(text) = rule.value.value(scope).map_err(in_field("due"))? else { return Ok(None) };
    let since = assigned_at.map(local_date);
    rule.date.due(&text, since).map(Some).ok_or_else(|| {
        let in_a_year = since.is_none() && rule.date.lacks_year(&text);
        let fault = if in_a_year { without_year(&text) } else { not_a_date(&rule.date, &text) };
        FieldFault { field: "due", fault }
    })
}

fn account(rule: &AccountRule, scope: &Scope<'_>) -> Result<Option<AccountRef>, Fault> {
    Ok(rule.value.value(scope)?.map(|value| AccountRef { kind: rule.kind, value: value.into_owned() }))
}

fn account_of(
    rule: &Option<AccountRule>,
    scope: &Scope<'_>,
    field: &'static str,
) -> Result<Option<AccountRef>, FieldFault> {
    rule.as_ref().map_or(Ok(None), |rule| account(rule, scope).map_err(in_field(field)))
}

fn flag_of(rule: &Option<ValueRule>, scope: &Scope<'_>, field: &'static str) -> Result<bool, FieldFault> {
    let Some(rule) = rule else { return Ok(false) };
    let Some(text) = rule.value(scope).map_err(in_field(field))? else { return Ok(false) };
    match &*text {
        "true" | "True" | "1" => Ok(true),
        "false" | "False" | "0" => Ok(false),
        other => Err(FieldFault {
            field,
            fault: not_this_kind(other, "đúng/sai (true, false, 1, 0)", "true or false (true, false, 1, 0)"),
        }),
    }
}

fn quantity_of(
    rule: &Option<(ValueRule, DecimalSign)>,
    scope: &Scope<'_>,
) -> Result<Option<Decimal>, FieldFault> {
    let Some((rule, sign)) = rule else { return Ok(None) };
    let Some(text) = rule.value(scope).map_err(in_field("quantity"))? else { return Ok(None) };
    if *sign == DecimalSign::Either
        && let Some(fault) = two_readings(&text)
    {
        return Err(in_field("quantity")(fault));
    }
    let plain = match sign {
        DecimalSign::Point => Cow::Borrowed(&*text),
        DecimalSign::Comma => Cow::Owned(text.replace('.', "").replace(',', ".")),
        // Two signs leave two points, which are no number.
        DecimalSign::Either => Cow::Owned(text.replace(',', ".")),
    };
    let read = Decimal::from_str_exact(&plain).or_else(|_| Decimal::from_scientific(&plain));
    match read {
        Ok(value) if !value.is_sign_negative() || value.is_zero() => Ok(Some(value)),
        _ => Err(FieldFault {
            field: "quantity",
            fault: not_this_kind(&text, "số lượng không âm", "a quantity of 0 or more"),
        }),
    }
}

/// Why a number people type is not read: one sign before three figures is a thousand to some and a fraction to others
/// (`1.000`, `1,250`). A zero before it (`0,125`) is no thousand.
fn two_readings(text: &str) -> Option<Fault> {
    let (whole, rest) = text.trim().split_once(['.', ','])?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let thousand = (1..=3).contains(&whole.len()) && digits(whole) && whole.bytes().any(|byte| byte != b'0');
    if !thousand || rest.len() != 3 || !digits(rest) {
        return None;
    }
    let shown = excerpt(text);
    let fraction = rest.trim_end_matches('0');
    let part =
        |sign: &str| if fraction.is_empty() { whole.to_owned() } else { format!("{whole}{sign}{fraction}") };
    Some(Fault {
        code: "LT-SRC-008",
        what: Text::new(
            format!(
                "\"{shown}\" có hai cách đọc: {whole}{rest} (dấu ngăn hàng nghìn) hoặc {} (dấu thập phân)",
                part(",")
            ),
            format!("\"{shown}\" reads in two ways: {whole}{rest} (thousands) or {} (decimals)", part(".")),
        ),
        remedy: Text::new(
            format!("viết {whole}{rest} không có dấu, hoặc {whole},{rest}0 nếu là phần thập phân"),
            format!("write {whole}{rest} without a sign, or {whole}.{rest}0 if it is a fraction"),
        ),
    })
}

fn not_utf8() -> Fault {
    Fault {
        code: "LT-SRC-002",
        what: Text::new("bản ghi không phải UTF-8", "the record is not UTF-8"),
        remedy: Text::new("sửa bảng mã ở hệ thống nguồn", "correct the encoding at the source"),
    }
}

fn unreadable(error: &JsonError) -> Fault {
    let code = match error {
        JsonError::DuplicateKey(_) => "LT-SRC-010",
        JsonError::TooDeep | JsonError::TooMany | JsonError::TooManyRecords => "LT-SRC-004",
        JsonError::Syntax(_) => "LT-SRC-002",
    };
    Fault {
        code,
        what: Text::new("bản ghi không đọc được", "the record cannot be read").because(&error.told()),
        remedy: Text::new(
            "báo đơn vị quản lý hệ thống nguồn; các bản ghi khác vẫn được xử lý",
            "tell the owner of the source system; the other records go on",
        ),
    }
}

fn unknown_status(word: &str) -> Fault {
    Fault {
        code: "LT-SRC-006",
        what: Text::new(
            format!("trạng thái \"{}\" không thuộc các trạng thái của hệ thống", excerpt(word)),
            format!("the state \"{}\" is none of ours", excerpt(word)),
        ),
        remedy: Text::new(
            "thêm giá trị này vào fields.status.map rồi chạy lại các bản ghi bị loại",
            "add the value to fields.status.map and replay the rejected records",
        ),
    }
}

fn without_year(text: &str) -> Fault {
    let shown = excerpt(text);
    Fault {
        code: "LT-SRC-007",
        what: Text::new(
            format!("\"{shown}\" không ghi năm, và công việc không có ngày giao để suy ra năm"),
            format!("\"{shown}\" names no year, and there is no day of assignment to tell it from"),
        ),
        remedy: Text::new(
            "ghi năm trong hạn, hoặc điền ngày giao (assigned_at trong manifest)",
            "write the year of the due date, or fill in the day of assignment (assigned_at of the manifest)",
        ),
    }
}

fn not_a_date(rule: &DateRule, text: &str) -> Fault {
    let shown = excerpt(text);
    if rule.is_no_day(text) {
        return Fault {
            code: "LT-SRC-007",
            what: Text::new(
                format!(
                    "\"{shown}\" viết đúng kiểu đã khai báo nhưng không phải ngày có thật, hoặc ngoài các năm 1900–2200"
                ),
                format!(
                    "\"{shown}\" is written as declared but is no day of the calendar, or outside of 1900 to 2200"
                ),
            ),
            remedy: Text::new(
                "sửa ngày này ở hệ thống nguồn, hoặc khai empty nếu nó nghĩa là không có",
                "correct this day at the source, or add it to the field's empty list where it means \"none\"",
            ),
        };
    }
    Fault {
        code: "LT-SRC-007",
        what: Text::new(
            format!("\"{shown}\" không phải ngày giờ theo các cách viết đã khai báo"),
            format!("\"{shown}\" is no date in any of the declared spellings"),
        ),
        remedy: Text::new(
            "thêm cách viết này vào date của trường, hoặc khai empty nếu nó nghĩa là không có",
            "add the spelling to the field's date, or to its empty list where it means \"none\"",
        ),
    }
}

fn not_this_kind(text: &str, vi: &str, en: &str) -> Fault {
    let shown = excerpt(text);
    Fault {
        code: "LT-SRC-008",
        what: Text::new(format!("\"{shown}\" không phải {vi}"), format!("\"{shown}\" is not {en}")),
        remedy: Text::new(
            "sửa ở hệ thống nguồn, hoặc dùng map, strip_suffix hay decimal trong manifest",
            "correct it at the source, or use map, strip_suffix or decimal in the manifest",
        ),
    }
}

#[cfg(test)]
mod tests;

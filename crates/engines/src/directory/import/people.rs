//! The people file: one row per post, all rows of a staff number together one person.
//!
//! Owns the checks within a row and across rows: overlapping posts, one number with two names, one account or
//! citizen id of two people, two heads of a unit, a charge over a unit above one's own. Whatever is doubtful is
//! refused with its cell; nothing is guessed, not even a lost leading zero.

use super::{MAX_FINDINGS, split};
use crate::domain::person::spans_overlap;
use crate::domain::{
    Charge, CitizenId, DirectoryImport, ImportedPerson, Role, SourceId, StaffNumber, Unit, UnitCode,
};
use crate::error::{Finding, Findings, Place, Text};
use crate::sheet::{Column, Table, TableRow};
use crate::text::fold;
use crate::text::fold::clean;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const COLUMNS: &[Column] = &[
    Column {
        name: "staff_number", synonyms: &["Số hiệu", "Số hiệu CBCC", "Mã cán bộ"], required: true
    },
    Column {
        name: "citizen_id",
        synonyms: &["Số định danh", "Số định danh cá nhân", "CCCD", "Số CCCD"],
        required: false,
    },
    Column { name: "full_name", synonyms: &["Họ và tên", "Họ tên"], required: true },
    Column { name: "unit", synonyms: &["Đơn vị", "Mã đơn vị"], required: true },
    Column { name: "post", synonyms: &["Chức vụ", "Chức danh"], required: false },
    Column { name: "role", synonyms: &["Vai trò"], required: true },
    Column { name: "from", synonyms: &["Từ ngày"], required: true },
    Column { name: "to", synonyms: &["Đến ngày"], required: false },
    Column { name: "leads", synonyms: &["Phụ trách"], required: false },
    Column { name: "accounts", synonyms: &["Tài khoản"], required: false },
    Column {
        name: "recruited_on",
        synonyms: &["Ngày tuyển dụng", "Tuyển dụng", "Ngày tuyển dụng chính thức"],
        required: false,
    },
];

/// Reads a people file. `units` are the units that may stand in it, with their parents; none when they could not be
/// read, so that any may stand there and everything else is told all the same. `people` are those known before, who
/// may stand in the column of charges beside those of the file.
///
/// # Errors
/// Every finding at once: LT-PPL-001 a wrong cell, LT-PPL-002 overlapping posts, LT-PPL-003 one staff number with
/// two names or citizen ids, LT-PPL-006 two heads of one unit, LT-PPL-007 a charge over a unit above one's own, LT-PPL-013
/// a post that begins before the person was recruited; LT-TAB-nnn when it is no table.
pub fn read_people<'a>(
    name: &str,
    bytes: &[u8],
    units: impl Into<Option<&'a [Unit]>>,
    people: &BTreeSet<StaffNumber>,
) -> Result<DirectoryImport, Findings> {
    let units = units.into();
    let table = Table::read(name, bytes, COLUMNS)?;
    let mut reader = Reader {
        any_unit: units.is_none(),
        units: units.unwrap_or_default().iter().map(|unit| (&unit.code, unit)).collect(),
        findings: Vec::new(),
        people: BTreeMap::new(),
        numbers: people.clone(),
        led: Vec::new(),
        account_owners: HashMap::new(),
        citizen_owners: HashMap::new(),
        heads: HashMap::new(),
        recruited: HashMap::new(),
        begun: Vec::new(),
    };
    for row in table.rows() {
        if reader.findings.len() >= MAX_FINDINGS {
            break;
        }
        reader.row(row);
    }
    reader.check_led();
    reader.check_recruited();
    if !reader.findings.is_empty() {
        return Err(Findings(reader.findings));
    }
    let people = reader.people.into_values().map(|(person, _)| person).collect();
    Ok(DirectoryImport { units: Vec::new(), people })
}

type Span = (NaiveDate, Option<NaiveDate>);

struct Reader<'a> {
    units: BTreeMap<&'a UnitCode, &'a Unit>,
    any_unit: bool,
    findings: Vec<Finding>,
    /// By staff number, with the line that named the person first.
    people: BTreeMap<String, (ImportedPerson, u32)>,
    /// Everybody known before or named by a row, whatever else is wrong with it.
    numbers: BTreeSet<StaffNumber>,
    /// People who stand in a charge, with their cells.
    led: Vec<(StaffNumber, Place)>,
    account_owners: HashMap<(SourceId, String), String>,
    citizen_owners: HashMap<String, String>,
    heads: HashMap<UnitCode, Vec<(Span, String, u32)>>,
    /// Day of recruitment by staff number, with the line that named it first.
    recruited: HashMap<String, (NaiveDate, u32)>,
    /// Where posts of civil servants begin: whose, when, and the cell.
    begun: Vec<(String, NaiveDate, Place)>,
}

/// What one row says, once every cell is in order.
struct Row {
    staff_number: StaffNumber,
    citizen_id: Option<CitizenId>,
    full_name: String,
    unit: UnitCode,
    post: String,
    role: Role,
    span: Span,
    leads: Vec<Charge<StaffNumber>>,
    accounts: Vec<(SourceId, String)>,
    recruited_on: Option<NaiveDate>,
}

impl Row {
    fn leads(&self, code: &UnitCode) -> bool {
        self.leads.iter().any(|over| matches!(over, Charge::Unit(unit) if unit == code))
    }
}

impl Reader<'_> {
    fn row(&mut self, row: TableRow<'_>) {
        let before = self.findings.len();
        let Some(read) = self.cells(row) else { return };
        if self.findings.len() > before {
            return;
        }
        self.check_head(row, &read);
        self.check_charge(row, &read);
        self.note_recruited(row, &read);
        self.join(row, read);
    }

    /// Reads the cells of a row; none when one that everything else needs is wrong.
    fn cells(&mut self, row: TableRow<'_>) -> Option<Row> {
        let staff_number = StaffNumber::parse(row.get("staff_number"));
        if staff_number.is_none() {
            self.wrong(row, "staff_number", "cần 1 đến 32 ký tự", "1 to 32 characters are needed");
        }
        self.numbers.extend(staff_number.clone());
        let owner = staff_number.as_ref().map_or("", StaffNumber::as_str);
        let citizen_id = self.citizen_id(row, owner);
        let full_name = clean(row.get("full_name"));
        if !(1..=100).contains(&full_name.chars().count()) {
            self.wrong(row, "full_name", "cần 1 đến 100 ký tự", "1 to 100 characters are needed");
        }
        let unit = self.unit(row, "unit", row.get("unit"));
        let post = clean(row.get("post"));
        if post.chars().count() > 200 {
            self.wrong(row, "post", "tối đa 200 ký tự", "at most 200 characters");
        }
        let role = self.role(row);
        let from = self.day(row, "from");
        let to = if row.get("to").is_empty() { None } else { self.day(row, "to") };
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            self.wrong(row, "to", "trước ngày bắt đầu", "before the first day");
        }
        let leads = split(row.get("leads")).filter_map(|named| self.led(row, named)).collect();
        let accounts = self.accounts(row, owner);
        let recruited_on =
            if row.get("recruited_on").is_empty() { None } else { self.day(row, "recruited_on") };
        Some(Row {
            staff_number: staff_number?,
            citizen_id,
            full_name,
            unit: unit?,
            post,
            role: role?,
            span: (from?, to),
            leads,
            accounts,
            recruited_on,
        })
    }

    /// Notes the day of recruitment, which is one for all rows of a person, and where the post begins.
    fn note_recruited(&mut self, row: TableRow<'_>, read: &Row) {
        let number = read.staff_number.as_str().to_owned();
        if let Some(day) = read.recruited_on {
            let (known, line) = *self.recruited.entry(number.clone()).or_insert((day, row.line()));
            if known != day {
                self.tell(
                    "LT-PPL-003",
                    row.place("recruited_on"),
                    format!("{number} có hai ngày tuyển dụng khác nhau: {day} và {known} (dòng {line})"),
                    format!("{number} has two days of recruitment: {day} and {known} (line {line})"),
                    ("ghi một ngày ở mọi dòng của người đó", "write one day on every row of the person"),
                );
            }
        }
        // Whoever worked by contract may be recruited later.
        if read.role != Role::Contract {
            self.begun.push((number, read.span.0, row.place("from")));
        }
    }

    /// Nobody has a post before they were recruited: one of the two days is wrong.
    fn check_recruited(&mut self) {
        for (number, from, place) in std::mem::take(&mut self.begun) {
            let Some((day, _)) = self.recruited.get(&number).copied().filter(|(day, _)| from < *day) else {
                continue;
            };
            if self.findings.len() >= MAX_FINDINGS {
                return;
            }
            self.tell(
                "LT-PPL-013",
                place,
                format!("{number} giữ chức vụ từ ngày {from}, trước ngày tuyển dụng {day}"),
                format!("{number} has a post from {from} on, before the day of recruitment {day}"),
                (
                    "kiểm tra ngày bắt đầu (ngày quyết định có hiệu lực) và ngày tuyển dụng rồi nhập lại; chưa có gì được ghi",
                    "check the post's first day (the decision's effect) and the day of recruitment, then import again; nothing was written",
                ),
            );
        }
    }

    fn role(&mut self, row: TableRow<'_>) -> Option<Role> {
        let role = match fold(row.get("role")).as_str() {
            "head" | "nguoi dung dau" | "cap truong" => Some(Role::Head),
            "deputy" | "cap pho" => Some(Role::Deputy),
            "staff" | "cong chuc" | "chuyen vien" => Some(Role::Staff),
            "contract" | "hop dong" => Some(Role::Contract),
            "administrator" | "quan tri" => Some(Role::Administrator),
            _ => None,
        };
        if role.is_none() {
            self.wrong(
                row,
                "role",
                "chỉ nhận head (cấp trưởng), deputy (cấp phó), staff (công chức), contract (hợp đồng), administrator (quản trị)",
                "one of head, deputy, staff, contract, administrator",
            );
        }
        role
    }

    fn citizen_id(&mut self, row: TableRow<'_>, owner: &str) -> Option<CitizenId> {
        let text = row.get("citizen_id");
        if text.is_empty() {
            return None;
        }
        let Some(id) = CitizenId::parse(text) else {
            if text.len() == 11 && text.bytes().all(|b| b.is_ascii_digit()) {
                self.wrong(
                    row,
                    "citizen_id",
                    "chỉ có 11 chữ số: số 0 ở đầu có lẽ đã mất vì ô là kiểu số; định dạng cột là văn bản rồi nhập lại số đầy đủ",
                    "only 11 digits: the leading zero was probably lost in a number cell; format the column as text and enter the full number",
                );
            } else {
                self.wrong(row, "citizen_id", "cần đúng 12 chữ số", "exactly 12 digits are needed");
            }
            return None;
        };
        let known = self.citizen_owners.insert(id.reveal().to_owned(), owner.to_owned());
        if known.is_some_and(|known| known != owner) {
            self.wrong(
                row,
                "citizen_id",
                "đã thuộc về một số hiệu khác trong tệp",
                "belongs to another staff number in this file",
            );
        }
        Some(id)
    }

    fn known_unit(&self, text: &str) -> Option<UnitCode> {
        UnitCode::new(text).ok().filter(|code| self.any_unit || self.units.contains_key(code))
    }

    /// A unit or person in charge: what is no unit is somebody's number, and is told at the end where it is nobody's.
    fn led(&mut self, row: TableRow<'_>, text: &str) -> Option<Charge<StaffNumber>> {
        if let Some(unit) = self.known_unit(text) {
            return Some(Charge::Unit(unit));
        }
        let number = StaffNumber::parse(text);
        match &number {
            Some(number) => self.led.push((number.clone(), row.place("leads"))),
            None => self.wrong(row, "leads", "cần mã đơn vị hoặc số hiệu", "a unit's code or a staff number"),
        }
        number.map(Charge::Person)
    }

    fn check_led(&mut self) {
        let mut unknown = std::mem::take(&mut self.led);
        unknown.retain(|(number, _)| !self.numbers.contains(number));
        for (number, place) in unknown {
            self.tell(
                "LT-PPL-001",
                place,
                format!("cột leads nêu {number}, không phải đơn vị hay người đã biết"),
                format!("column leads names {number}, which is no unit and nobody known"),
                (
                    "sửa ô này, hoặc nhập người hay đơn vị đó cùng lúc; chưa có gì được ghi",
                    "correct the cell, or import that person or unit in the same order; nothing was written",
                ),
            );
        }
    }

    fn unit(&mut self, row: TableRow<'_>, column: &str, text: &str) -> Option<UnitCode> {
        let known = self.known_unit(text);
        if known.is_none() {
            let shown: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
            self.wrong(
                row,
                column,
                &format!("không có đơn vị {shown}; nhập đơn vị cùng lúc bằng --units TỆP"),
                &format!("there is no unit {shown}; import the units with --units FILE in the same order"),
            );
        }
        known
    }

    fn day(&mut self, row: TableRow<'_>, column: &str) -> Option<NaiveDate> {
        let day = crate::text::date::date(row.get(column)).ok();
        if day.is_none() {
            self.wrong(
                row,
                column,
                "cần ngày có trong lịch, dạng 31/01/2026 hoặc 2026-01-31",
                "a day of the calendar, as 31/01/2026 or 2026-01-31, is needed",
            );
        }
        day
    }

    fn accounts(&mut self, row: TableRow<'_>, owner: &str) -> Vec<(SourceId, String)> {
        let mut accounts = Vec::new();
        for part in split(row.get("accounts")) {
            let pair = part.split_once('=').map(|(source, account)| (source.trim(), account.trim()));
            let Some((source, account)) =
                pair.filter(|(_, account)| (1..=200).contains(&account.chars().count()))
            else {
                self.wrong(
                    row,
                    "accounts",
                    "viết nguồn=tài_khoản, cách nhau bằng |",
                    "write source=account, separated by |",
                );
                continue;
            };
            let Ok(source) = SourceId::new(source) else {
                self.wrong(row, "accounts", "mã nguồn không hợp lệ", "the source id is not valid");
                continue;
            };
            let known = self.account_owners.insert((source.clone(), account.to_owned()), owner.to_owned());
            if known.is_some_and(|known| known != owner) {
                self.wrong(
                    row,
                    "accounts",
                    "tài khoản đã thuộc về người khác trong tệp",
                    "the account belongs to another person in this file",
                );
            }
            accounts.push((source, account.to_owned()));
        }
        accounts
    }

    /// A unit has one head at a time.
    fn check_head(&mut self, row: TableRow<'_>, read: &Row) {
        if read.role != Role::Head {
            return;
        }
        let number = read.staff_number.as_str();
        let heads = self.heads.entry(read.unit.clone()).or_default();
        let other = heads.iter().find(|(span, other, _)| other != number && spans_overlap(*span, read.span));
        let told = other.map(|(_, other, line)| (other.clone(), *line));
        heads.push((read.span, number.to_owned(), row.line()));
        if let Some((other, line)) = told {
            let unit = &read.unit;
            self.tell(
                "LT-PPL-006",
                row.place("role"),
                format!("đơn vị {unit} có hai người đứng đầu cùng lúc: {number} và {other} (dòng {line})"),
                format!("unit {unit} has two heads at the same time: {number} and {other} (line {line})"),
                (
                    "ghi ngày kết thúc cho người cũ, hoặc ghi người phụ trách là cấp phó",
                    "give the former head a last day, or enter the person in charge as deputy",
                ),
            );
        }
    }

    /// Nobody is in charge of a unit above their own, nor a deputy of the own one: two people would each lead
    /// the other.
    fn check_charge(&mut self, row: TableRow<'_>, read: &Row) {
        if read.role == Role::Deputy && read.leads(&read.unit) {
            let own = &read.unit;
            return self.tell(
                "LT-PPL-007",
                row.place("leads"),
                format!("cấp phó phụ trách chính đơn vị mình ({own}), nơi có người đứng đầu"),
                format!("a deputy in charge of the own unit {own}, which has its head"),
                (
                    "ghi các đơn vị cấp dưới, hoặc số hiệu từng người, trong lĩnh vực phụ trách",
                    "name the units below, or the staff numbers of the people, in the deputy's field",
                ),
            );
        }
        let mut above = self.units.get(&read.unit).and_then(|unit| unit.parent.as_ref());
        for _ in 0..=self.units.len() {
            let Some(code) = above else { return };
            if read.leads(code) {
                let (code, own) = (code.clone(), &read.unit);
                return self.tell(
                    "LT-PPL-007",
                    row.place("leads"),
                    format!("phụ trách {code} là đơn vị cấp trên của đơn vị mình ({own})"),
                    format!("in charge of {code}, which stands above the own unit {own}"),
                    (
                        "chỉ ghi đơn vị cùng cấp hoặc cấp dưới trong lĩnh vực phụ trách",
                        "name only units beside or below one's own",
                    ),
                );
            }
            above = self.units.get(code).and_then(|unit| unit.parent.as_ref());
        }
    }

    /// Adds a row to its person.
    fn join(&mut self, row: TableRow<'_>, read: Row) {
        let key = read.staff_number.as_str().to_owned();
        let (from, to) = read.span;
        let post = (read.unit, read.post, read.role, from, to);
        let leads = read.leads.into_iter().map(|over| (over, from, to));
        let Some((person, first_line)) = self.people.get_mut(&key) else {
            let person = ImportedPerson {
                staff_number: read.staff_number,
                citizen_id: read.citizen_id,
                full_name: read.full_name,
                memberships: vec![post],
                leads: leads.collect(),
                accounts: read.accounts,
            };
            self.people.insert(key, (person, row.line()));
            return;
        };
        let first_line = *first_line;
        let overlaps = person.memberships.iter().any(|known| spans_overlap((known.3, known.4), read.span));
        let other_name = person.full_name != read.full_name;
        let other_id = match (&person.citizen_id, &read.citizen_id) {
            (Some(known), Some(new)) => known != new,
            _ => false,
        };
        person.memberships.push(post);
        person.leads.extend(leads);
        for account in read.accounts {
            if !person.accounts.contains(&account) {
                person.accounts.push(account);
            }
        }
        if person.citizen_id.is_none() {
            person.citizen_id = read.citizen_id;
        }
        if overlaps {
            self.tell(
                "LT-PPL-002",
                row.place("from"),
                format!("{key} có hai thời gian công tác chồng nhau (xem dòng {first_line})"),
                format!("{key} has two posts at the same time (see line {first_line})"),
                ("ghi ngày kết thúc ở vị trí cũ", "give the earlier post its last day"),
            );
        }
        let remedy = (
            "mỗi số hiệu là một người; kiểm tra lại số hiệu và viết giống nhau ở mọi dòng",
            "one staff number is one person; check the number and write it alike on every row",
        );
        if other_name {
            self.tell(
                "LT-PPL-003",
                row.place("full_name"),
                format!("{key} có hai họ tên khác nhau (xem dòng {first_line})"),
                format!("{key} has two different names (see line {first_line})"),
                remedy,
            );
        }
        if other_id {
            self.tell(
                "LT-PPL-003",
                row.place("citizen_id"),
                format!("{key} có hai số định danh khác nhau (xem dòng {first_line})"),
                format!("{key} has two different citizen ids (see line {first_line})"),
                remedy,
            );
        }
    }

    fn wrong(&mut self, row: TableRow<'_>, column: &str, vi: &str, en: &str) {
        let value: String = match column {
            "citizen_id" => "…".to_owned(),
            _ => row.get(column).chars().filter(|c| !c.is_control()).take(60).collect(),
        };
        let title = row.title(column);
        self.tell(
            "LT-PPL-001",
            row.place(column),
            format!("giá trị \"{value}\" ở cột {title} không hợp lệ: {vi}"),
            format!("value \"{value}\" in column {title} is not valid: {en}"),
            (
                "sửa ô này rồi nhập lại; chưa có gì được ghi",
                "correct the cell and import again; nothing was written",
            ),
        );
    }

    fn tell(&mut self, code: &str, place: Place, vi: String, en: String, remedy: (&str, &str)) {
        let remedy = Text::new(remedy.0, remedy.1);
        self.findings.push(Finding::error(code, Text::new(vi, en), remedy).at(place));
    }
}

/// Accounts of sources that are not among those known, told once per source: a slip in a name, or a system that is
/// not connected yet. They are kept, since one file may list the accounts of every system of the province.
pub fn accounts_elsewhere(name: &str, import: &DirectoryImport, known: &BTreeSet<SourceId>) -> Vec<Finding> {
    let mut elsewhere: BTreeMap<&SourceId, (u32, &StaffNumber)> = BTreeMap::new();
    for person in &import.people {
        for (source, _) in person.accounts.iter().filter(|(source, _)| !known.contains(source)) {
            elsewhere.entry(source).or_insert((0, &person.staff_number)).0 += 1;
        }
    }
    let list = known.iter().map(SourceId::as_str).collect::<Vec<_>>().join(", ");
    let tell = |(source, (count, first)): (&SourceId, (u32, &StaffNumber))| {
        Finding::warning(
            "LT-PPL-010",
            Text::new(
                format!("{count} tài khoản của nguồn \"{source}\", nguồn này chưa được khai báo; các nguồn: {list}"),
                format!("{count} accounts of source \"{source}\", which is not configured; sources: {list}"),
            ),
            Text::new(
                "nếu gõ sai tên nguồn thì sửa rồi nhập lại; nếu hệ thống chưa kết nối thì không cần làm gì",
                "correct the source's name and import again if it is a slip; nothing to do while the system is not connected",
            ),
        )
        .at(Place::of(name).at(first.to_string()))
    };
    elsewhere.into_iter().map(tell).collect()
}

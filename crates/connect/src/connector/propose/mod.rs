//! A manifest proposed for a system nobody connected yet, from one answer of it or from its OpenAPI file.
//!
//! Owns what a list of tasks looks like ([`Shape`]) and the manifest written from it: where the records, the key and
//! the next page are, and which member is which field. What is only likely is written with a comment that says so; what
//! nobody can know (the meaning of a status, a missing title) is left for a person, so that records are refused with a
//! reason and never read wrongly. It must not ask the system anything. A proposal always loads.

mod openapi;
mod sample;
mod words;

pub use openapi::from_openapi;
pub use sample::from_sample;

use super::json::Path;
use super::rule::date::DateRule;
use crate::domain::{TaskStatus, local_offset};
use crate::error::{Finding, Place, Text};
use std::fmt::Write as _;
use words::{FIELDS, Field, Meaning};

/// Values of a member that are looked at.
const LOOKED_AT: usize = 200;

/// A list of tasks, as far as it can be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// Path of the list's request, where it is known.
    pub path: Option<String>,
    /// Place of the list in the answer; empty where the answer is the list.
    pub records: String,
    /// Members of a record that hold single values.
    pub members: Vec<Member>,
    /// Single values beside the list: place and value.
    pub beside: Vec<(String, String)>,
    /// Parameters the request takes, where they are known.
    pub parameters: Vec<String>,
    /// How the system lets somebody in, where that is known.
    pub access: Access,
    /// Names of the values of a row, where rows are lists, and whether the answer told them.
    pub columns: Option<(Vec<String>, bool)>,
    /// Whether it is an answer of JSON-RPC: every call goes to one path, errors come with status 200.
    pub rpc: bool,
}

/// A member of the records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Member {
    /// Its place in a record.
    pub path: String,
    /// Values seen, at most 200; words of an enumeration.
    pub values: Vec<String>,
    /// Records that have a value here, of all records.
    pub filled: (usize, usize),
    /// Members of an object that make a moment, where it is one.
    pub parts: Vec<String>,
}

/// Ways of being let in that a proposal knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Access {
    /// Not known: a key in `Authorization` is proposed.
    #[default]
    Unknown,
    /// User name and password with each request.
    Basic,
    /// A key in a header.
    Header(String),
    /// A token in `Authorization`.
    Bearer,
    /// Nothing is asked.
    None,
}

/// A manifest's text, and what of it a person has to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The manifest.
    pub manifest: String,
    /// What is uncertain or missing.
    pub open: Vec<Text>,
}

/// Why no proposal can be made.
pub(super) fn unfit(file: &str, what: Text) -> Finding {
    Finding::error(
        "LT-MAN-022",
        Text::new("không đề xuất được manifest từ tệp này", "no manifest can be proposed from this file")
            .because(&what),
        Text::new(
            "dùng một câu trả lời JSON của danh sách công việc, hoặc tệp OpenAPI (JSON) có mô tả danh sách đó",
            "use one JSON answer of the list of tasks, or an OpenAPI file (JSON) that describes that list",
        ),
    )
    .at(Place::of(file))
}

/// The place of a member; none where it needs a pointer, which a person writes, or can be no place at all.
fn joined(path: &str, name: &str) -> Option<String> {
    let plain = !name.is_empty() && !name.contains(['.', '/', ' ']);
    let joined = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    (plain && Path::parse(&joined).is_ok()).then_some(joined)
}

/// Collects the text and what is open.
struct Writer {
    out: String,
    open: Vec<Text>,
}

impl Writer {
    fn line(&mut self, line: &str) {
        let _infallible = writeln!(self.out, "{line}");
    }

    /// Something a person has to look at, above the line it concerns.
    fn ask(&mut self, vi: &str, en: &str) {
        // Names are the system's: a line break in one must not begin a line of the manifest.
        let shown: String =
            format!("{vi} / {en}").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.line(&format!("# ? {shown}"));
        self.open.push(Text::new(vi, en));
    }
}

/// Writes a manifest for what was seen.
pub fn propose(name: &str, shape: &Shape) -> Proposal {
    let mut writer = Writer { out: String::new(), open: Vec::new() };
    head(&mut writer, name, &shape.access);
    stream(&mut writer, shape);
    paging(&mut writer, shape);
    let chosen = choose(&shape.members);
    let changed =
        chosen.iter().find(|(field, _)| field.meaning == Meaning::Updated).map(|(_, member)| *member);
    incremental(&mut writer, shape, changed);
    if shape.rpc {
        writer.line("# Errors come with status 200.\n[success]\ncheck = [{ path = \"error\", absent = true }]\nerror_text = \"error.message\"\n");
    }
    fields(&mut writer, shape, &chosen);
    unread(&mut writer, shape, &chosen);
    Proposal { manifest: writer.out, open: writer.open }
}

fn head(w: &mut Writer, name: &str, access: &Access) {
    w.line("# Bản đề xuất: dòng \"# ?\" là chỗ cần người kiểm tra. Tài liệu: docs/CONNECTORS.md.");
    w.line("# A proposal: lines with \"# ?\" want a look. Reference: docs/CONNECTORS.md.");
    w.line("format_version = 1\nkind = \"http\"");
    w.line(&format!("name = {}\nversion = \"0.1\"\nsystem = \"NHIEMVU\"", quoted(name)));
    w.line(&format!("title = {{ vi = {0}, en = {0} }}\n", quoted(name)));
    w.line("[settings.base_url]\nlabel = { vi = \"Địa chỉ\", en = \"Address\" }");
    w.line("example = \"https://he-thong.example.vn/api\"\n");
    let secret = |w: &mut Writer, name: &str, vi: &str, en: &str| {
        w.line(&format!("[settings.{name}]\nlabel = {{ vi = \"{vi}\", en = \"{en}\" }}\nsecret = true\n"));
    };
    match access {
        Access::None => {}
        Access::Basic => {
            w.line("[settings.username]\nlabel = { vi = \"Tài khoản\", en = \"User name\" }\n");
            secret(w, "password", "Mật khẩu", "Password");
        }
        Access::Unknown | Access::Header(_) | Access::Bearer => {
            secret(w, "api_key", "Khóa truy cập", "API key")
        }
    }
    w.line("[transport]\nbase_url = \"{{ settings.base_url }}\"\n\n[auth]");
    match access {
        Access::None => w.line("kind = \"none\"\n"),
        Access::Basic => w.line(
            "kind = \"basic\"\nusername = \"{{ settings.username }}\"\npassword = \"{{ secrets.password }}\"\n",
        ),
        Access::Header(header) => {
            w.line(&format!("kind = \"header\"\nname = {}\nvalue = \"{{{{ secrets.api_key }}}}\"\n", quoted(header)));
        }
        Access::Unknown | Access::Bearer => {
            if *access == Access::Unknown {
                w.ask(
                    "cách đăng nhập chưa biết: none, basic, header, login …",
                    "how to be let in is not known: none, basic, header, login …",
                );
            }
            w.line("kind = \"header\"\nname = \"Authorization\"\nvalue = \"Bearer {{ secrets.api_key }}\"\n");
        }
    }
}

fn stream(w: &mut Writer, shape: &Shape) {
    w.line("[stream]");
    if shape.path.is_none() {
        w.ask("đường dẫn của danh sách", "path of the list");
    }
    let path = shape.path.as_deref().unwrap_or(if shape.rpc { "/rpc" } else { "/tasks" });
    w.line(&format!("path = {}", quoted(path)));
    if shape.rpc {
        w.ask(
            "câu trả lời JSON-RPC: tên lệnh và tham số của lệnh liệt kê; trang sau bằng {{ offset }} và {{ size }} trong params",
            "an answer of JSON-RPC: name and parameters of the call that lists; further pages by {{ offset }} and {{ size }} within params",
        );
        w.line(
            "method = \"POST\"\nbody = { jsonrpc = \"2.0\", id = 1, method = \"CHUA_BIET\", params = [] }",
        );
    }
    w.ask(
        "nhiều hệ thống chỉ liệt kê việc đang mở: thêm tham số để có cả việc đã xong",
        "many systems list open tasks only: add the parameter that includes closed ones",
    );
    w.line(&format!("records = {}", quoted(&shape.records)));
    if let Some((columns, told)) = &shape.columns {
        if !told {
            w.ask(
                "dòng là danh sách không tên: đặt tên cho từng giá trị theo thứ tự",
                "rows are lists without names: name their values in order",
            );
        }
        let names: Vec<String> = columns.iter().map(|name| quoted(name)).collect();
        w.line(&format!("columns = [{}]", names.join(", ")));
    }
    let key = words::key(&shape.members);
    match key {
        None => w.ask("không thấy khóa không trùng nhau", "no member is unique in every record"),
        Some((_, true)) => {}
        Some((key, false)) => w.ask(
            &format!("\"{key}\" không trùng nhau trong mẫu này; nó có mãi là khóa của một công việc không?"),
            &format!("\"{key}\" is unique in this sample; is it the key of a task for ever?"),
        ),
    }
    w.line(&format!("key = {}", quoted(key.map_or("id", |(key, _)| key))));
    if let Some((place, _)) = shape.beside.iter().find(|(place, value)| words::is_total(place, value)) {
        w.line(&format!("total = {}", quoted(place)));
    }
    w.line("");
}

fn paging(w: &mut Writer, shape: &Shape) {
    w.line("[paging]");
    let parameter = |names: &[&str]| words::named(shape.parameters.iter().map(String::as_str), names);
    let size = parameter(&words::SIZE);
    let next = shape.beside.iter().find(|(place, _)| words::is_next(place));
    if let Some((place, value)) = next {
        if value.contains("://") || value.starts_with('/') {
            w.line(&format!("kind = \"next_url\"\nnext = {}", quoted(place)));
        } else {
            let param = parameter(&words::CURSOR);
            if param.is_none() {
                w.ask("tên tham số mang con trỏ", "name of the parameter that carries the cursor");
            }
            let param = quoted(param.unwrap_or("cursor"));
            w.line(&format!("kind = \"cursor\"\nparam = {param}\nnext = {}", quoted(place)));
        }
    } else if let Some(param) = parameter(&words::OFFSET) {
        w.line(&format!("kind = \"offset\"\nparam = {}", quoted(param)));
    } else if let Some(param) = parameter(&words::PAGE) {
        w.line(&format!("kind = \"page\"\nparam = {}", quoted(param)));
    } else if shape.beside.iter().any(|(place, _)| words::is_numbered(place)) {
        w.ask("tên tham số số trang và cỡ trang", "names of the parameters for page number and page size");
        w.line("kind = \"page\"\nparam = \"page\"");
    } else {
        w.ask(
            "câu trả lời không cho thấy cách sang trang; none = mọi bản ghi trong một câu trả lời",
            "the answer shows no way to a next page; none = one answer holds every record",
        );
        w.line("kind = \"none\"");
    }
    if let Some(size) = size {
        w.line(&format!("size_param = {}\nsize = 100", quoted(size)));
    }
    w.line("");
}

fn incremental(w: &mut Writer, shape: &Shape, changed: Option<&Member>) {
    let since = words::named(shape.parameters.iter().map(String::as_str), &words::SINCE);
    let Some(since) = since else { return };
    w.line("[incremental]");
    w.ask(
        "cách viết thời điểm trong tham số này, và nguồn có tính cả thời điểm đó không",
        "how the moment is written in this parameter, and whether the source includes that moment",
    );
    w.line(&format!("param = {}\nformat = \"rfc3339\"", quoted(since)));
    // A moment that is an object cannot be the field.
    if let Some(member) = changed.filter(|member| member.parts.is_empty()) {
        let date = spellings(&member.values).map_or("auto", |(spelling, _)| spelling);
        w.line(&format!("field = {}\ndate = [{}]", quoted(&member.path), quoted(date)));
    }
    w.line("");
}

/// The best member for each field; a member serves one field only.
fn choose(members: &[Member]) -> Vec<(&'static Field, &Member)> {
    let mut chosen: Vec<(&'static Field, &Member)> = Vec::new();
    for field in &FIELDS {
        let free = members.iter().filter(|member| !chosen.iter().any(|(_, taken)| taken.path == member.path));
        let best =
            free.filter_map(|member| Some((field.rank(&member.path)?, member))).min_by_key(|(rank, _)| *rank);
        chosen.extend(best.map(|(_, member)| (field, member)));
    }
    chosen
}

fn fields(w: &mut Writer, shape: &Shape, chosen: &[(&'static Field, &Member)]) {
    w.line("[fields]");
    for field in &FIELDS {
        let member = chosen.iter().find(|(known, _)| known.name == field.name).map(|(_, member)| *member);
        let Some(member) = member else {
            if field.required {
                let names: Vec<&str> =
                    shape.members.iter().map(|member| member.path.as_str()).take(40).collect();
                let names = names.join(", ");
                w.ask(
                    &format!("không thấy \"{}\"; các trường: {names}", field.name),
                    &format!("no member looks like \"{}\"", field.name),
                );
                w.line(&format!("{} = \"CHUA_BIET\"", field.name));
            }
            continue;
        };
        let path = quoted(&member.path);
        match field.meaning {
            Meaning::Text => w.line(&format!("{} = {path}", field.name)),
            Meaning::Number => number(w, field.name, member),
            Meaning::Status => status(w, member),
            Meaning::Person => {
                w.ask(
                    "đây là tài khoản, mã công chức (staff_number) hay số định danh (citizen_id)? không bao giờ là họ tên",
                    "is it an account, a staff number or a citizen id? never a full name",
                );
                w.line(&format!("{} = {{ path = {path}, kind = \"account\" }}", field.name));
            }
            Meaning::Date | Meaning::Updated if !member.parts.is_empty() => {
                let parts: Vec<String> = member.parts.iter().map(|part| quoted(part)).collect();
                w.line(&format!("{} = {{ path = {path}, parts = [{}] }}", field.name, parts.join(", ")));
            }
            Meaning::Date | Meaning::Updated => {
                let found = spellings(&member.values);
                match found {
                    None if member.values.is_empty() => {}
                    None => w.ask("không nhận ra cách viết ngày", "the spelling of these dates is not known"),
                    Some((_, true)) => w.ask(
                        "ngày trước hay tháng trước? các giá trị đã thấy hợp với cả hai",
                        "day first or month first? the values seen fit both",
                    ),
                    Some((_, false)) => {}
                }
                let date = found.map_or("auto", |(spelling, _)| spelling);
                w.line(&format!("{} = {{ path = {path}, date = [{}] }}", field.name, quoted(date)));
            }
        }
    }
}

/// What nobody will read, so that a person sees what a name did not tell.
fn unread(w: &mut Writer, shape: &Shape, chosen: &[(&'static Field, &Member)]) {
    const NAMED: usize = 40;
    let key = words::key(&shape.members).map(|(key, _)| key);
    let is_read = |path: &str| key == Some(path) || chosen.iter().any(|(_, member)| member.path == path);
    let left: Vec<&str> =
        shape.members.iter().map(|member| member.path.as_str()).filter(|path| !is_read(path)).collect();
    if left.is_empty() {
        return;
    }
    let more = if left.len() > NAMED { ", …" } else { "" };
    let names = left.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    w.ask(
        &format!("chưa dùng: {names}{more}; thêm vào [fields] nếu cần"),
        &format!("not read: {names}{more}; add them to [fields] where they matter"),
    );
}

/// A quantity, with the sign of its decimals where the values show one.
fn number(w: &mut Writer, name: &str, member: &Member) {
    let path = quoted(&member.path);
    let commas: Vec<&str> =
        member.values.iter().filter_map(|value| Some(value.rsplit_once(',')?.1)).collect();
    if commas.is_empty() {
        return w.line(&format!("{name} = {path}"));
    }
    if commas.iter().all(|after| after.len() == 3) {
        w.ask(
            "dấu phẩy là dấu thập phân hay dấu nghìn? các giá trị đã thấy hợp với cả hai",
            "is the comma the sign of decimals or of thousands? the values seen fit both",
        );
    }
    w.line(&format!("{name} = {{ path = {path}, decimal = \"comma\" }}"));
}

/// The map of a status: words whose meaning is common, the others for a person.
fn status(w: &mut Writer, member: &Member) {
    let mut map = Vec::new();
    let mut unknown = Vec::new();
    let mut values = member.values.clone();
    values.sort();
    values.dedup();
    for value in &values {
        match words::status(value) {
            Some(status) => map.push(format!("{} = {}", quoted(value), quoted(status.as_str()))),
            None => unknown.push(value.as_str()),
        }
    }
    w.ask(
        "kiểm tra từng trạng thái; giá trị không có trong bảng bị từ chối kèm lý do",
        "look at every status; a value that is not in the table is refused with a reason",
    );
    if !unknown.is_empty() {
        let known: Vec<&str> = STATES.iter().map(|state| state.as_str()).collect();
        let shown = unknown.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", ");
        w.ask(
            &format!("chưa biết nghĩa của {shown}; dùng một trong: {}", known.join(", ")),
            &format!("the meaning of {shown} is not known; use one of: {}", known.join(", ")),
        );
    }
    let path = quoted(&member.path);
    match map.is_empty() {
        // Words of ours are taken as they are; every other value is refused.
        true => w.line(&format!("status = {{ path = {path} }}")),
        false => {
            w.line(&format!("status = {{ path = {path}, fold = true, map = {{ {} }} }}", map.join(", ")))
        }
    }
}

const STATES: [TaskStatus; 9] = [
    TaskStatus::Open,
    TaskStatus::InProgress,
    TaskStatus::Submitted,
    TaskStatus::Done,
    TaskStatus::Returned,
    TaskStatus::Refused,
    TaskStatus::Paused,
    TaskStatus::Cancelled,
    TaskStatus::Recalled,
];

/// The spelling that reads every value, and whether another order of day and month does as well.
fn spellings(values: &[String]) -> Option<(&'static str, bool)> {
    if values.is_empty() {
        return None;
    }
    let fits = |spelling: &str| {
        let rule = DateRule::compile(&[spelling.to_owned()], local_offset());
        rule.is_ok_and(|rule| values.iter().all(|value| rule.instant(value).is_some()))
    };
    let spelling = words::DATES.iter().copied().find(|spelling| fits(spelling))?;
    let turned = spelling.replacen("%d/%m", "%m/%d", 1);
    Some((spelling, turned != spelling && fits(&turned)))
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

//! The names and words by which a proposal recognises members, in Vietnamese and English.
//!
//! Owns the lists. Names are compared without case, accents and separators, so that `NguoiXuLy`, `nguoi_xu_ly` and
//! `người xử lý` are one. A word that is not in a list means nothing, rather than something near to it.

use super::Member;
use crate::connector::rule::is_key;
use crate::domain::TaskStatus;
use crate::text::{self, fold};
use std::collections::HashSet;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Text,
    Number,
    Status,
    Person,
    Date,
    /// The date of the last change, which a proposal also uses as a cursor.
    Updated,
}

/// A field of a task with the names members of that meaning have, the likeliest first.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) meaning: Meaning,
    pub(super) required: bool,
    names: &'static [&'static str],
}

const fn field(name: &'static str, meaning: Meaning, names: &'static [&'static str]) -> Field {
    Field { name, meaning, required: false, names }
}

const fn required(name: &'static str, meaning: Meaning, names: &'static [&'static str]) -> Field {
    Field { name, meaning, required: true, names }
}

/// In the order in which they choose.
pub(super) static FIELDS: [Field; 13] = [
    required(
        "title",
        Meaning::Text,
        &[
            "title",
            "subject",
            "trichyeu",
            "tieude",
            "tencongviec",
            "tennhiemvu",
            "noidungcongviec",
            "noidung",
            "summary",
            "taskname",
            "name",
            "ten",
            "content",
            "description",
            "mota",
        ],
    ),
    required(
        "status",
        Meaning::Status,
        &[
            "status",
            "state",
            "trangthai",
            "tinhtrang",
            "statusname",
            "statuscode",
            "tentrangthai",
            "matrangthai",
        ],
    ),
    field(
        "assignee",
        Meaning::Person,
        &[
            "assignee",
            "assignedto",
            "owner",
            "officer",
            "nguoixuly",
            "nguoithuchien",
            "canboxuly",
            "canbo",
            "chutri",
            "nguoinhan",
            "username",
            "account",
            "taikhoan",
            "macanbo",
            "macc",
        ],
    ),
    field(
        ASSIGNEE_NAME,
        Meaning::Text,
        &[
            "assigneename",
            "ownername",
            "tennguoixuly",
            "hotennguoixuly",
            "tencanbo",
            "fullname",
            "hoten",
            "hovaten",
        ],
    ),
    field(
        "unit",
        Meaning::Text,
        &["unitcode", "madonvi", "unit", "donvi", "department", "departmentcode", "phongban", "coquan"],
    ),
    field(
        "assigned_at",
        Meaning::Date,
        &[
            "assignedat",
            "assignedon",
            "ngaygiao",
            "ngaygiaoviec",
            "startdate",
            "ngaybatdau",
            "createdat",
            "createdon",
            "creation",
            "ngaytao",
        ],
    ),
    field(
        "due",
        Meaning::Date,
        &[
            "due",
            "duedate",
            "dueon",
            "dueat",
            "deadline",
            "hanxuly",
            "hanhoanthanh",
            "han",
            "thoihan",
            "enddate",
            "ngayketthuc",
            "ngayhethan",
        ],
    ),
    field(
        "completed_at",
        Meaning::Date,
        &[
            "completedat",
            "completedon",
            "doneat",
            "doneon",
            "finishedat",
            "closedat",
            "closedon",
            "ngayhoanthanh",
            "ngaykethuc",
            "completeddate",
            "approvedat",
            "ngayxong",
            "ngayhoantat",
        ],
    ),
    field(
        "updated_at",
        Meaning::Updated,
        &[
            "updatedat",
            "updatedon",
            "modifiedat",
            "modifiedon",
            "lastmodified",
            "lastupdated",
            "changedat",
            "activity",
            "ngaycapnhat",
            "ngaysua",
            "capnhat",
            "capnhatluc",
            "thoigiancapnhat",
        ],
    ),
    field("doc_number", Meaning::Text, &["docnumber", "documentnumber", "sokyhieu", "sovanban", "sohieu"]),
    field("doc_type", Meaning::Text, &["doctype", "documenttype", "loaivanban", "tenloaivanban"]),
    field("quantity", Meaning::Number, &["quantity", "soluong"]),
    field("product_code", Meaning::Text, &["productcode", "masanpham", "macongviec"]),
];

/// The field that holds a full name: beside the account, never instead of it.
const ASSIGNEE_NAME: &str = "assignee_name";

/// Members of an object that name a person or thing better than the others.
/// What stands in an object of a typed value comes first.
const INNER: [&str; 13] = [
    "value",
    "iso",
    "decimal",
    "username",
    "account",
    "taikhoan",
    "tendangnhap",
    "login",
    "code",
    "ma",
    "name",
    "ten",
    "title",
];

/// Members of an object that hold a person's full name.
const FULL_NAMES: [&str; 6] = ["hoten", "hovaten", "fullname", "displayname", "name", "ten"];

/// Names of parameters.
pub(super) const SIZE: [&str; 7] = ["pagesize", "perpage", "limit", "size", "take", "top", "kichthuoc"];
pub(super) const PAGE: [&str; 5] = ["page", "pageindex", "pagenumber", "trang", "p"];
pub(super) const OFFSET: [&str; 4] = ["offset", "skip", "start", "from"];
pub(super) const CURSOR: [&str; 5] = ["cursor", "after", "continuation", "pagetoken", "token"];
pub(super) const SINCE: [&str; 9] = [
    "updatedsince",
    "modifiedsince",
    "changedsince",
    "since",
    "updatedafter",
    "updatedfrom",
    "updatedon",
    "tungay",
    "fromdate",
];

/// Spellings of dates, tried in this order.
pub(super) const DATES: [&str; 13] = [
    "rfc3339",
    "epoch_ms",
    "epoch_s",
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%d/%m/%Y",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y",
    "%d-%m-%Y",
];

/// A name without case, accents and separators.
fn plain(name: &str) -> String {
    fold(name).chars().filter(|c| c.is_ascii_alphanumeric()).collect()
}

impl Field {
    /// How well a member's place fits; smaller is better, none not at all.
    pub(super) fn rank(&self, path: &str) -> Option<(usize, usize)> {
        let mut steps: Vec<String> = path.split('.').map(plain).collect();
        let last = steps.pop()?;
        let at = |name: &str| self.names.iter().position(|known| *known == name);
        match steps.last() {
            None => Some((at(&last)?, 0)),
            // `owner.username` is the owner; `owner.phone` is not.
            Some(outer) if self.name == ASSIGNEE_NAME => {
                let person = FIELDS.iter().find(|field| field.meaning == Meaning::Person)?;
                let inner = FULL_NAMES.iter().position(|known| *known == last)?;
                Some((person.names.iter().position(|known| known == outer)?, inner + 1))
            }
            Some(outer) => {
                let inner = INNER.iter().position(|known| *known == last)?;
                Some((at(outer)?, inner + 1))
            }
        }
    }
}

/// The first of the wanted names that stands in a list, as it is spelt there.
pub(super) fn named<'a>(given: impl Iterator<Item = &'a str> + Clone, wanted: &[&str]) -> Option<&'a str> {
    wanted.iter().find_map(|name| given.clone().find(|known| plain(known) == *name))
}

/// A member that is there once in every record, and whether its name says that it is the key: else several records
/// show it to be unique, and a person has to say whether it stays so.
pub(super) fn key(members: &[Member]) -> Option<(&str, bool)> {
    const NAMES: [&str; 11] = [
        "id",
        "uuid",
        "guid",
        "key",
        "taskid",
        "macongviec",
        "idcongviec",
        "ma",
        "macv",
        "manhiemvu",
        "code",
    ];
    let unique = |member: &&Member| {
        let distinct: HashSet<&str> = member.values.iter().map(String::as_str).collect();
        member.filled.0 == member.filled.1 && distinct.len() == member.values.len()
    };
    let top: Vec<&Member> =
        members.iter().filter(|member| !member.path.contains('.')).filter(unique).collect();
    let by_name = NAMES.iter().find_map(|name| top.iter().find(|member| plain(&member.path) == *name));
    let ends_so = || top.iter().find(|member| plain(&member.path).ends_with("id"));
    let certain = by_name.or_else(ends_so).map(|member| (member.path.as_str(), true));
    certain.or_else(|| Some((likely(&top)?, false)))
}

/// Of members that several records show to be unique the one that is written as a key: no words, no date, no part.
fn likely<'a>(unique: &[&'a Member]) -> Option<&'a str> {
    let is_date = |value: &str| value.contains(['/', '-', ':', '.']) && text::date::instant(value).is_ok();
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_part =
        |value: &str| value.split_once([',', '.']).is_some_and(|(whole, part)| digits(whole) && digits(part));
    let is_code = |value: &String| {
        is_key(value) && value.len() <= 40 && !value.contains(' ') && !is_date(value) && !is_part(value)
    };
    let is_written_so = |member: &&&&'a Member| member.values.len() > 1 && member.values.iter().all(is_code);
    let written: Vec<&&'a Member> = unique.iter().filter(|member| is_written_so(&member)).collect();
    // A code has a digit; of those that have none the first.
    let has_digit =
        |member: &&&&'a Member| member.values.iter().all(|value| value.bytes().any(|b| b.is_ascii_digit()));
    let best = written.iter().find(|member| has_digit(member)).or_else(|| written.first());
    best.map(|member| member.path.as_str())
}

fn last(place: &str) -> String {
    plain(place.rsplit('.').next().unwrap_or(place))
}

/// A number beside the list that may be the source's own total.
pub(super) fn is_total(place: &str, value: &str) -> bool {
    const NAMES: [&str; 9] = [
        "total",
        "totalcount",
        "count",
        "totalitems",
        "totalelements",
        "recordstotal",
        "tongso",
        "totalsize",
        "datacount",
    ];
    NAMES.contains(&last(place).as_str()) && value.parse::<u64>().is_ok()
}

/// A mark of the next page.
pub(super) fn is_next(place: &str) -> bool {
    ["next", "nextcursor", "nextpagetoken", "nexturl", "nextlink", "cursor", "odatanextlink"]
        .contains(&last(place).as_str())
}

/// A sign that pages are numbered.
pub(super) fn is_numbered(place: &str) -> bool {
    let name = last(place);
    PAGE.contains(&name.as_str())
        || SIZE.contains(&name.as_str())
        || name == "totalpages"
        || name == "lastpage"
}

/// What a status word commonly means.
pub(super) fn status(word: &str) -> Option<TaskStatus> {
    let word = plain(word);
    let means = |words: &[&str]| words.contains(&word.as_str());
    Some(
        if means(&[
            "new",
            "open",
            "moi",
            "moigiao",
            "chuaxuly",
            "chuathuchien",
            "todo",
            "assigned",
            "dagiao",
            "pending",
        ]) {
            TaskStatus::Open
        } else if means(&["inprogress", "doing", "processing", "dangxuly", "dangthuchien", "started"]) {
            TaskStatus::InProgress
        } else if means(&["submitted", "waitingapproval", "choduyet", "trinhky", "datrinh", "inreview"]) {
            TaskStatus::Submitted
        } else if means(&[
            "done",
            "completed",
            "complete",
            "finished",
            "approved",
            "hoanthanh",
            "dahoanthanh",
            "resolved",
            "daduyet",
        ]) {
            TaskStatus::Done
        } else if means(&["returned", "tralai", "bitralai", "rework"]) {
            TaskStatus::Returned
        } else if means(&["refused", "rejected", "tuchoi"]) {
            TaskStatus::Refused
        } else if means(&["paused", "onhold", "tamdung"]) {
            TaskStatus::Paused
        } else if means(&["cancelled", "canceled", "huy", "dahuy", "huybo"]) {
            TaskStatus::Cancelled
        } else if means(&["recalled", "thuhoi", "dathuhoi"]) {
            TaskStatus::Recalled
        } else {
            return None;
        },
    )
}

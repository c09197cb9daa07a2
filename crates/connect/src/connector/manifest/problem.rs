//! What can be wrong with a manifest, each with its key.
//!
//! Owns the sentences and codes; the loader adds file, line and column. It must not know how a manifest is
//! read or compiled.

use crate::error::{Finding, Text, written_cause};

/// One thing wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Dotted key, for example `fields.due.date`.
    pub key: String,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong.
    pub what: Text,
    /// What to do.
    pub remedy: Text,
}

impl Problem {
    fn new(key: &str, code: &'static str, what: Text, remedy: Text) -> Self {
        Self { key: key.to_owned(), code, what, remedy }
    }

    /// A format version this program does not read.
    pub fn version(found: u32, known: u32) -> Self {
        Self::new(
            "format_version",
            "LT-MAN-004",
            Text::new(
                format!("format_version = {found}, chương trình này đọc được {known}"),
                format!("format_version = {found}, this program reads {known}"),
            ),
            Text::new(
                "nâng cấp chương trình, hoặc viết lại manifest theo docs/CONNECTORS.md",
                "upgrade the program, or rewrite the manifest after docs/CONNECTORS.md",
            ),
        )
    }

    /// A field that only a detail shows.
    pub fn detail_alone(key: &str) -> Self {
        Self::new(
            key,
            "LT-MAN-101",
            Text::new(
                "chỉ chi tiết mới có giá trị này: khi nó đổi mà dòng trong danh sách không đổi thì không lần đọc nào thấy",
                "a detail alone shows this: where it changes and the listed row does not, no pull sees it",
            ),
            Text::new(
                "đọc từ danh sách nếu hệ thống đưa được; nếu không, thêm stream.details_again = { of = \"open\", every = 7 }",
                "read it from the list where the system can put it there; else add stream.details_again = { of = \"open\", every = 7 }",
            ),
        )
    }

    /// A change of shape that can only be told or ignored.
    pub fn types_only(key: &str) -> Self {
        Self::new(
            key,
            "LT-MAN-090",
            Text::new(
                "\"quarantine\" chỉ dùng cho on_type_change, \"stop\" cho on_type_change và on_missing",
                "\"quarantine\" is for on_type_change only, \"stop\" for on_type_change and on_missing",
            ),
            Text::new("dùng \"tell\" hoặc \"ignore\"", "use \"tell\" or \"ignore\""),
        )
    }

    /// The section a kind of source needs.
    pub fn missing_section(name: &str) -> Self {
        Self::new(
            "kind",
            "LT-MAN-020",
            Text::new(
                format!("loại nguồn này cần mục [{name}]"),
                format!("this kind of source needs the section [{name}]"),
            ),
            Text::new(
                format!("thêm mục [{name}] theo docs/CONNECTORS.md"),
                format!("add [{name}] as docs/CONNECTORS.md says"),
            ),
        )
    }

    /// A record of a list of people or units is asked to be a task.
    pub fn no_tasks() -> Finding {
        Finding::error(
            "LT-SRC-070",
            Text::new(
                "bản ghi của nguồn này là người hoặc đơn vị, không phải nhiệm vụ",
                "records of this source are people or units, not tasks",
            ),
            Text::new(
                "lấy cả danh sách bằng `sync`; từng bản ghi không đọc lại được",
                "pull the whole list with `sync`; single records are not read again",
            ),
        )
    }

    /// A limit of requests out of its range.
    pub fn limit(key: &str, most: u32) -> Self {
        Self::new(
            key,
            "LT-MAN-030",
            Text::new(format!("giới hạn phải từ 1 đến {most}"), format!("the limit must be 1 to {most}")),
            Text::new(
                "ghi số bên kia cho phép, hoặc bỏ khóa này nếu không có giới hạn",
                "write the number the far side allows, or leave the key out where there is no limit",
            ),
        )
    }

    /// A rule that contradicts itself.
    pub fn rule(key: &str, vi: &str, en: &str) -> Self {
        Self::new(
            key,
            "LT-MAN-005",
            Text::new(format!("quy tắc không hợp lệ: {vi}"), format!("the rule contradicts itself: {en}")),
            Text::new(
                "xem bảng quy tắc trong docs/CONNECTORS.md",
                "see the table of rules in docs/CONNECTORS.md",
            ),
        )
    }

    /// An expression or template that does not compile.
    pub fn expression(key: &str, why: &str) -> Self {
        Self::new(
            key,
            "LT-MAN-006",
            Text::new("biểu thức không hợp lệ", "the expression is not valid").because(&written_cause(why)),
            Text::new(
                "sửa biểu thức; các tên dùng được ghi trong docs/CONNECTORS.md",
                "correct the expression; docs/CONNECTORS.md lists the names it may use",
            ),
        )
    }

    /// A word of ours that does not exist.
    pub fn word(key: &str, word: &str, list: &str) -> Self {
        Self::new(
            key,
            "LT-MAN-007",
            Text::new(
                format!("\"{word}\" không phải từ được dùng ở đây"),
                format!("\"{word}\" is no word of this place"),
            ),
            Text::new(format!("dùng một trong: {list}"), format!("use one of: {list}")),
        )
    }

    /// A setting that is used but not declared, or used where it must not be.
    pub fn setting(key: &str, vi: &str, en: &str) -> Self {
        Self::new(
            key,
            "LT-MAN-008",
            Text::new(vi, en),
            Text::new(
                "khai báo trong [settings]; giá trị bí mật (secret = true) chỉ dùng trong [auth] qua secrets.<tên>",
                "declare it in [settings]; secrets (secret = true) are used in [auth] only, as secrets.<name>",
            ),
        )
    }

    /// Sections that do not fit together.
    pub fn incoherent(key: &str, vi: &str, en: &str) -> Self {
        Self::new(
            key,
            "LT-MAN-011",
            Text::new(vi, en),
            Text::new(
                "xem docs/CONNECTORS.md, phần Paging và Incremental",
                "see docs/CONNECTORS.md, Paging and Incremental",
            ),
        )
    }

    /// Sections each of which is right, but which would lose records together.
    pub fn unsafe_mix(key: &str, vi: &str, en: &str) -> Self {
        Self::new(
            key,
            "LT-MAN-050",
            Text::new(
                format!("cách kết hợp này sẽ làm mất bản ghi: {vi}"),
                format!("together these would lose records: {en}"),
            ),
            Text::new(
                "xem docs/connectors/paging.md, phần \"Chỗ đọc tiếp\"",
                "see docs/connectors/paging.md, \"Points to go on from\"",
            ),
        )
    }

    /// A spelling of dates that cannot be used.
    pub fn date(key: &str, spelling: &str, (vi, en): (&str, &str)) -> Self {
        Self::new(
            key,
            "LT-MAN-014",
            Text::new(
                format!("cách viết ngày \"{spelling}\" không dùng được: {vi}"),
                format!("the spelling of dates \"{spelling}\" cannot be used: {en}"),
            ),
            Text::new(
                "dùng auto, rfc3339, epoch_ms, epoch_s, excel, words hoặc mẫu như %d/%m/%Y %H:%M:%S",
                "use auto, rfc3339, epoch_ms, epoch_s, excel, words or a pattern such as %d/%m/%Y %H:%M:%S",
            ),
        )
    }

    /// An offset that cannot be read.
    pub fn zone(key: &str, text: &str) -> Self {
        Self::new(
            key,
            "LT-MAN-014",
            Text::new(
                format!("múi giờ \"{text}\" không đọc được"),
                format!("the offset \"{text}\" cannot be read"),
            ),
            Text::new("viết +07:00, -03:30 hoặc Z", "write +07:00, -03:30 or Z"),
        )
    }

    /// A place in an XML answer that cannot be read.
    pub fn element(key: &str, place: &str, why: &str) -> Self {
        Self::new(
            key,
            "LT-MAN-040",
            Text::new(
                format!("chỗ \"{place}\" trong XML không hợp lệ: {why}"),
                format!("the place \"{place}\" in XML is not valid: {why}"),
            ),
            Text::new(
                "viết Envelope/Body/Tasks/Task, tasks/@total, hoặc p:Task với p khai trong namespaces",
                "write Envelope/Body/Tasks/Task, tasks/@total, or p:Task with p declared in namespaces",
            ),
        )
    }

    /// A column that is named and not declared.
    pub fn no_column(key: &str, name: &str) -> Self {
        Self::new(
            key,
            "LT-MAN-060",
            Text::new(
                format!("không có [[folder.column]] tên \"{name}\""),
                format!("there is no [[folder.column]] named \"{name}\""),
            ),
            Text::new("khai báo cột đó, hoặc sửa tên", "declare the column, or correct the name"),
        )
    }

    /// Keys of a folder that do not fit together.
    pub fn folder(key: &str, vi: &str, en: &str) -> Self {
        Self::new(
            key,
            "LT-MAN-061",
            Text::new(vi, en),
            Text::new("xem [folder] trong docs/CONNECTORS.md", "see [folder] in docs/CONNECTORS.md"),
        )
    }

    /// A path that cannot be read.
    pub fn path(key: &str, path: &str, why: &str) -> Self {
        Self::new(
            key,
            "LT-MAN-015",
            Text::new(
                format!("đường dẫn \"{path}\" không hợp lệ: {why}"),
                format!("the path \"{path}\" is not valid: {why}"),
            ),
            Text::new("viết owner.account, labels.0 hoặc /a.b/c", "write owner.account, labels.0 or /a.b/c"),
        )
    }
}

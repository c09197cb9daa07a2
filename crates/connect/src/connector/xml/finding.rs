//! What can be wrong with an XML text, in both languages.
//!
//! Owns sentences and codes; places are added by whoever knows them. Values of records are never shown here.

use super::{Fault, MAX_ATTRIBUTES, MAX_DEPTH, MAX_NESTING, MAX_VALUE, XmlError};
use crate::connector::json::MAX_VALUES;
use crate::error::{Finding, Text, written_cause};

impl XmlError {
    /// The error as an operator is told: the whole text was thrown away.
    pub fn finding(&self) -> Finding {
        let owner = || {
            Text::new(
                "dịch vụ đang chạy thì tự thử lại; nếu kéo dài, báo đơn vị quản lý hệ thống nguồn",
                "a running daemon tries again by itself; if it lasts, tell the source's owner",
            )
        };
        let limit = |vi: String, en: String| {
            Finding::error(
                "LT-XML-003",
                Text::new(vi, en),
                Text::new(
                    "chia nhỏ (phân trang, nhiều tệp), hoặc sửa chỗ đọc bản ghi trong manifest",
                    "split it up (paging, several files), or correct the place of records in the manifest",
                ),
            )
        };
        match self {
            Self::Broken { line, why } => Finding::error(
                "LT-XML-001",
                Text::new(
                    format!("không phải XML trọn vẹn (dòng {line}), tất cả bị bỏ"),
                    format!("it is no complete XML (line {line}), all of it is thrown away"),
                )
                .because(&written_cause(why)),
                owner(),
            ),
            Self::Doctype(line) => Finding::error(
                "LT-XML-002",
                Text::new(
                    format!("XML có DOCTYPE (dòng {line}), không được đọc"),
                    format!("the XML has a DOCTYPE (line {line}) and is not read"),
                ),
                Text::new(
                    "thường là trang HTML (trang đăng nhập, trang lỗi) thay cho XML; nếu nguồn thật sự gửi DOCTYPE, đề nghị bỏ đi",
                    "usually it is an HTML page (login, error) in place of XML; if the source really sends a DOCTYPE, ask for it to be left out",
                ),
            ),
            Self::TooDeep => limit(
                format!("XML lồng nhau sâu hơn {MAX_NESTING} tầng"),
                format!("the XML is nested deeper than {MAX_NESTING} levels"),
            ),
            Self::TooManyRecords(most) => {
                limit(format!("có hơn {most} bản ghi"), format!("it holds more than {most} records"))
            }
            Self::LongValue => limit(
                format!("một giá trị ngoài bản ghi dài hơn {MAX_VALUE} byte"),
                format!("a value outside the records is longer than {MAX_VALUE} bytes"),
            ),
            Self::Encoding(why) => Finding::error(
                "LT-XML-004",
                Text::new("không rõ bảng mã của XML", "the encoding of the XML is unclear")
                    .because(&written_cause(why)),
                Text::new(
                    "đề nghị nguồn gửi UTF-8 và khai đúng encoding; không có gì được đoán",
                    "ask the source for UTF-8 and a true declaration; nothing was guessed",
                ),
            ),
        }
    }
}

impl Fault {
    /// The reason in both languages.
    pub fn told(&self) -> Text {
        let vi = match self {
            Self::TooDeep => format!("lồng nhau sâu hơn {MAX_DEPTH} tầng"),
            Self::TooLarge(most) => format!("lớn hơn {most} byte"),
            Self::TooMany => format!("có hơn {MAX_VALUES} giá trị"),
            Self::ManyAttributes => format!("một phần tử có hơn {MAX_ATTRIBUTES} thuộc tính"),
            Self::DuplicateAttribute(name) => format!("thuộc tính \"{name}\" đứng hai lần ở một phần tử"),
            Self::Entity(name) => format!("không có thực thể \"&{name};\""),
            Self::Character => "có ký tự điều khiển".to_owned(),
        };
        Text::new(vi, self.to_string())
    }

    /// The fault as an operator is told: this record alone is rejected.
    pub fn finding(&self) -> Finding {
        Finding::error(
            "LT-XML-005",
            Text::new("bản ghi XML không đọc được", "the XML record cannot be read").because(&self.told()),
            Text::new(
                "báo đơn vị quản lý hệ thống nguồn; các bản ghi khác vẫn được xử lý",
                "tell the owner of the source system; the other records go on",
            ),
        )
    }
}

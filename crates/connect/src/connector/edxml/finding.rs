//! What is told of packages.
//!
//! Owns why a package is refused and the sentences with their codes. It must not know how a package is read.

use crate::error::{Finding, Text, written_cause};

/// Why a package is no package for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No `<` near its beginning.
    NotXml,
    /// The bytes are not UTF-8.
    NotUtf8,
    /// Broken XML.
    Syntax(String),
    /// XML, but its root is another element.
    OtherRoot(String),
    /// A DTD, or a reference that needs one.
    Entity,
    /// A limit: its name and its value.
    Limit(&'static str, u64),
    /// Neither number, notation and day of issue, nor an id.
    NoKey,
}

impl Refusal {
    /// The finding; the caller adds the place.
    pub fn finding(&self) -> Finding {
        let resend = || {
            Text::new(
                "gói đã được lưu nguyên; đề nghị đơn vị gửi kiểm tra phần mềm và gửi lại",
                "the package is kept as it came; ask the sender to check its software and to send it again",
            )
        };
        let unreadable = |vi: &str, en: &str| Finding::error("LT-EDX-001", Text::new(vi, en), resend());
        match self {
            Self::NotXml => unreadable("gói không phải XML", "the package is no XML"),
            Self::NotUtf8 => unreadable("gói không phải UTF-8", "the package is not UTF-8"),
            Self::Syntax(why) => Finding::error(
                "LT-EDX-001",
                Text::new("gói edXML bị hỏng", "the edXML package is broken").because(&written_cause(why)),
                resend(),
            ),
            Self::OtherRoot(name) => {
                let shown: String = name.chars().take(60).collect();
                unreadable(
                    &format!("phần tử gốc là \"{shown}\", không phải edXML"),
                    &format!("the root element is \"{shown}\", not edXML"),
                )
            }
            Self::Entity => Finding::error(
                "LT-EDX-002",
                Text::new(
                    "gói chứa DTD hoặc thực thể lạ; không đọc vì lý do an toàn",
                    "the package holds a DTD or a foreign entity; it is not read for safety",
                ),
                resend(),
            ),
            Self::Limit(what, limit) => Finding::error(
                "LT-EDX-003",
                Text::new(
                    format!("gói vượt giới hạn {limit} ({what})"),
                    format!("the package is over the limit of {limit} ({what})"),
                ),
                Text::new(
                    "nếu gói hợp lệ, nâng giới hạn trong [edxml] của manifest rồi chạy lại",
                    "where the package is right, raise the limit in [edxml] of the manifest and replay it",
                ),
            ),
            Self::NoKey => Finding::error(
                "LT-EDX-004",
                Text::new(
                    "gói không cho biết văn bản nào: thiếu số, ký hiệu, ngày ban hành hoặc DocumentId",
                    "the package does not say which document: number, notation, day of issue or DocumentId are missing",
                ),
                resend(),
            ),
        }
    }
}

//! What stands above and below every paper about a person: agency, person, period, standing, and where the values
//! come from.
//!
//! Owns the letterhead's words, the mark of a result nobody approved, and the footer by which a sheet on a desk is
//! traced to a revision in the store. It must not know how a standing comes about.

use super::layout::{Block, Paper, Run};
use super::words::{moment, period_in_words};
use crate::domain::Period;
use chrono::{DateTime, NaiveDate, Utc};

/// Whose paper it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The body above the agency, where there is one.
    pub superior: Option<String>,
    /// The using agency: department or commune.
    pub agency: String,
    /// Name of the person.
    pub full_name: String,
    /// Staff number.
    pub staff_number: String,
    /// Title of the post.
    pub post: String,
    /// The unit the person works in.
    pub unit: String,
    /// Which period.
    pub period: Period,
    /// What the result is worth.
    pub standing: Standing,
    /// Where the values come from.
    pub trace: Trace,
}

/// What a printed result is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Approved by the person the law names.
    Approved,
    /// Computed, nobody approved it yet.
    Provisional,
    /// A correction that waits for its approval.
    Corrected,
    /// Annulled (art. 21.3).
    Revoked,
    /// An earlier revision, replaced by this one.
    Replaced(u32),
    /// Computed now, and no longer what was approved with this revision.
    Moved(u32),
    /// Computed now, and no longer what this revision annulled.
    Annulled(u32),
}

impl Standing {
    /// What is printed below the title; nothing for an approved result.
    pub fn mark(self) -> Option<String> {
        match self {
            Self::Approved => None,
            Self::Provisional => Some("TẠM TÍNH – chưa được cấp có thẩm quyền phê duyệt".to_owned()),
            Self::Corrected => Some("TẠM TÍNH – bản đính chính chưa được phê duyệt".to_owned()),
            Self::Revoked => Some("KẾT QUẢ ĐÃ BỊ HỦY".to_owned()),
            Self::Replaced(by) => Some(format!("BẢN CŨ – đã được thay bằng phiên bản {by}")),
            Self::Moved(approved) => {
                Some(format!("TẠM TÍNH – tính lại hiện nay, khác kết quả đã duyệt ở phiên bản {approved}"))
            }
            Self::Annulled(revision) => Some(format!(
                "KẾT QUẢ ĐÃ BỊ HỦY ở phiên bản {revision} – số liệu dưới đây được tính lại hiện nay, chưa được phê duyệt"
            )),
        }
    }
}

/// Where the values of a paper come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Revision of the record; none where the score has no record yet.
    pub revision: Option<u32>,
    /// SHA-256 of the revision's content, or of the inputs where there is no revision; hexadecimal.
    pub hash: String,
    /// Rule set applied.
    pub rule_set: String,
    /// Day the score was judged on, where it is known.
    pub as_of: Option<NaiveDate>,
    /// When it is printed.
    pub printed_at: DateTime<Utc>,
}

/// Digits of a hash that are printed: enough to find one among all revisions of a province.
const SHORT: usize = 12;

impl Trace {
    /// The hash as printed.
    pub fn short_hash(&self) -> &str {
        self.hash.get(..SHORT).unwrap_or(&self.hash)
    }
}

impl Head {
    /// The line at the foot of every page.
    pub fn footer(&self) -> String {
        let revision = match self.trace.revision {
            Some(revision) => format!("phiên bản {revision}"),
            None => "chưa có phiên bản".to_owned(),
        };
        format!(
            "{} · {} · {revision} · mã {} · in lúc {}",
            self.staff_number,
            self.period,
            self.trace.short_hash(),
            moment(self.trace.printed_at)
        )
    }

    /// An empty paper with letterhead, title, mark and the person's lines. `form`: `Mẫu số 01`.
    pub fn paper(&self, form: Option<&str>, title: &str, landscape: bool) -> Paper {
        let asked = format!("(Kỳ theo dõi, đánh giá: {})", period_in_words(self.period));
        let about = if self.period.is_year() { period_in_words(self.period) } else { asked };
        let mut paper = Paper {
            title: title.to_owned(),
            landscape,
            footer: self.footer(),
            printed_at: self.trace.printed_at,
            blocks: vec![
                Block::Letterhead {
                    superior: self.superior.clone(),
                    agency: self.agency.clone(),
                    form: form.map(str::to_owned),
                    year: self.period.year(),
                },
                Block::Title { text: title.to_owned(), sub: about, mark: self.standing.mark() },
            ],
        };
        for (label, value) in [
            ("Họ và tên: ", self.full_name.clone()),
            ("Chức vụ, chức danh: ", self.post.clone()),
            ("Đơn vị công tác: ", self.unit_in_full()),
        ] {
            paper.blocks.push(Block::Line(vec![Run::plain(label), Run::bold(value)]));
        }
        paper
    }

    fn unit_in_full(&self) -> String {
        if self.unit == self.agency || self.unit.is_empty() {
            return self.agency.clone();
        }
        format!("{}, {}", self.unit, self.agency)
    }
}

//! What others say about a document or a task: answers, states on the axis, recalls.
//!
//! Owns the words of the list. Evidence is never believed alone: it decides no task, it stands beside it and shows
//! where both contradict each other. It is kept as it came, in the order it came, and nothing of it is overwritten.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// What kind of word it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// A document came: new, updated or replacing another one.
    Document,
    /// Its sender takes it back.
    Recall,
    /// Another document replaces it.
    Replaced,
    /// Another document answers it.
    Answer,
    /// A document answers this task.
    TaskAnswer,
    /// An agency reports its state.
    Status,
}

impl EvidenceKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Document, Self::Recall, Self::Replaced, Self::Answer, Self::TaskAnswer, Self::Status];

    /// Stable lower-case name, as stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Recall => "recall",
            Self::Replaced => "replaced",
            Self::Answer => "answer",
            Self::TaskAnswer => "task_answer",
            Self::Status => "status",
        }
    }

    /// Reads a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One word about a document or a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What kind of word.
    pub kind: EvidenceKind,
    /// Natural key of the document; of a task answer the task's code.
    pub subject: String,
    /// Number and notation of the document, as one compares them.
    pub number: Option<String>,
    /// `DocumentId` of the document a document package brings, as one compares it.
    pub alias: Option<String>,
    /// State (`01` … `16`), or what is done with a document (`0` … `3`).
    pub code: Option<String>,
    /// When, by the sender's own claim.
    pub at: Option<DateTime<Utc>>,
    /// Code of the agency that says so.
    pub who: Option<String>,
    /// SHA-256 of the package.
    pub package: [u8; 32],
}

/// How far a state of the axis has gone: of two reports the one with the higher rank holds, of equal ones the later.
/// 01 < 03 < 04 < 05 < 06; a refusal and what concerns taking back stand beside that order and come after it.
pub fn status_rank(code: &str) -> u8 {
    match code {
        "01" => 1,
        "03" => 2,
        "04" => 3,
        "05" => 4,
        "02" => 5,
        "06" => 6,
        "13" => 7,
        "16" => 8,
        "15" => 9,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_states_are_ranked() {
        for kind in EvidenceKind::ALL {
            assert_eq!(EvidenceKind::parse(kind.as_str()), Some(kind));
        }
        let ranks: Vec<u8> =
            ["99", "01", "03", "04", "05", "02", "06", "13", "16", "15"].map(status_rank).to_vec();
        assert!(ranks.is_sorted() && ranks.first() == Some(&0), "{ranks:?}");
    }
}

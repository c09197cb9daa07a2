//! Where evidence contradicts a task.
//!
//! Owns the comparison of a task's state with what others say of it. Evidence changes no task: states of the axis are
//! closed in bulk, and answers rarely say what they answer, so that a person looks at what does not fit. It must not
//! know where the words come from. Pure.

use crate::domain::{EvidenceKind, TaskStatus, status_rank};
use chrono::{DateTime, Utc};

/// One word, as far as it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'a> {
    /// What kind of word.
    pub kind: EvidenceKind,
    /// State, or what is done with the document.
    pub code: Option<&'a str>,
    /// When, by the sender's claim.
    pub at: Option<DateTime<Utc>>,
}

/// What does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contradiction {
    /// Done here; the last word there is a refusal.
    DoneButRefused,
    /// Done here; its sender took it back.
    DoneButWithdrawn,
    /// Done here; nobody answered, and no agency reports it finished.
    DoneWithoutWord,
    /// Open here; reported finished there.
    OpenButFinished,
    /// Open here; a document answers it.
    OpenButAnswered,
    /// Open here; its sender took it back, or asks for it.
    OpenButWithdrawn,
}

impl Contradiction {
    /// Stable lower-case name, as printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DoneButRefused => "done_but_refused",
            Self::DoneButWithdrawn => "done_but_withdrawn",
            Self::DoneWithoutWord => "done_without_word",
            Self::OpenButFinished => "open_but_finished",
            Self::OpenButAnswered => "open_but_answered",
            Self::OpenButWithdrawn => "open_but_withdrawn",
        }
    }
}

/// The state the axis is at, from every state reported: by rank, then by time, then by order.
pub fn axis_state<'a>(words: &[Word<'a>]) -> Option<&'a str> {
    let states = words.iter().filter(|word| word.kind == EvidenceKind::Status);
    let ranked = states.filter_map(|word| Some((status_rank(word.code?), word.at, word.code?)));
    // Of equal ones the last counts.
    ranked.max_by_key(|(rank, at, _)| (*rank, *at)).map(|(_, _, code)| code)
}

/// What does not fit, in order of weight. Without any word there is nothing to compare.
pub fn contradictions(status: TaskStatus, words: &[Word<'_>]) -> Vec<Contradiction> {
    let mut found = Vec::new();
    if words.is_empty() || status.is_withdrawn() || status == TaskStatus::Gone {
        return found;
    }
    let state = axis_state(words);
    let said = |kinds: &[EvidenceKind]| words.iter().any(|word| kinds.contains(&word.kind));
    let answered = said(&[EvidenceKind::Answer, EvidenceKind::TaskAnswer]);
    let withdrawn =
        said(&[EvidenceKind::Recall, EvidenceKind::Replaced]) || matches!(state, Some("13" | "15"));
    if status == TaskStatus::Done {
        if state == Some("02") {
            found.push(Contradiction::DoneButRefused);
        }
        if withdrawn {
            found.push(Contradiction::DoneButWithdrawn);
        }
        if !answered && !withdrawn && !matches!(state, Some("02" | "06" | "16")) {
            found.push(Contradiction::DoneWithoutWord);
        }
        return found;
    }
    if state == Some("06") {
        found.push(Contradiction::OpenButFinished);
    }
    if answered {
        found.push(Contradiction::OpenButAnswered);
    }
    if withdrawn {
        found.push(Contradiction::OpenButWithdrawn);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use Contradiction::*;
    use EvidenceKind as K;

    fn word<'a>(kind: K, code: &'a str, minute: u32) -> Word<'a> {
        let at = format!("2026-07-01T08:{minute:02}:00Z").parse().expect("instant");
        Word { kind, code: Some(code), at: Some(at) }
    }

    #[test]
    fn state_follows_from_rank_and_time_however_the_words_come() {
        let mut words = vec![
            word(K::Status, "05", 30),
            word(K::Status, "01", 50),
            word(K::Status, "03", 10),
            word(K::Status, "03", 20),
        ];
        assert_eq!(axis_state(&words), Some("05"), "01 after 05 is a repetition");
        words.push(word(K::Status, "06", 5));
        words.reverse();
        assert_eq!(axis_state(&words), Some("06"));
        assert_eq!(axis_state(&[word(K::Answer, "06", 0)]), None);
    }

    #[test]
    fn every_contradiction_is_told_and_agreement_is_silent() {
        let document = word(K::Document, "0", 0);
        let cases: [(TaskStatus, &[Word<'_>], &[Contradiction]); 11] = [
            (TaskStatus::Done, &[], &[]),
            (TaskStatus::Done, &[document], &[DoneWithoutWord]),
            (TaskStatus::Done, &[document, word(K::Status, "05", 1)], &[DoneWithoutWord]),
            (TaskStatus::Done, &[document, word(K::Status, "06", 1)], &[]),
            (TaskStatus::Done, &[document, word(K::Answer, "1/A", 1)], &[]),
            (TaskStatus::Done, &[document, word(K::Status, "02", 1)], &[DoneButRefused]),
            (TaskStatus::Done, &[document, word(K::Recall, "1", 1)], &[DoneButWithdrawn]),
            (TaskStatus::Open, &[document, word(K::Status, "05", 1)], &[]),
            (
                TaskStatus::InProgress,
                &[word(K::Status, "06", 1), word(K::TaskAnswer, "", 1)],
                &[OpenButFinished, OpenButAnswered],
            ),
            (TaskStatus::Open, &[document, word(K::Status, "13", 1)], &[OpenButWithdrawn]),
            (TaskStatus::Recalled, &[document, word(K::Recall, "1", 1)], &[]),
        ];
        for (status, words, expected) in cases {
            assert_eq!(contradictions(status, words), expected, "{status:?} {words:?}");
        }
    }
}

//! How an event of a task reads.
//!
//! Owns the one form of it, for the command line and for papers. It must not know where the event was kept; a kind it does not
//! know is shown as it is.

use super::{Words, word};
use crate::error::Lang;

/// An event, its values as the reader's language writes them.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// What happened.
    pub kind: &'a str,
    /// When, as the source says.
    pub at: &'a str,
    /// When it was seen here.
    pub seen: &'a str,
    /// Number of the answer it was seen in.
    pub answer: &'a str,
    /// Whether the record alone tells it.
    pub of_record: bool,
}

impl Event<'_> {
    /// Its line.
    pub fn told(&self, lang: Lang) -> String {
        let Self { at, seen, answer, .. } = self;
        let kind = word(Words::Event, self.kind, lang);
        let by = match (self.of_record, lang) {
            (false, _) => "",
            (true, Lang::Vi) => ", theo bản ghi",
            (true, Lang::En) => ", by the record",
        };
        match lang {
            Lang::Vi => format!("{kind} {at} (thấy {seen}, câu trả lời {answer}{by})"),
            Lang::En => format!("{kind} {at} (seen {seen}, answer {answer}{by})"),
        }
    }
}

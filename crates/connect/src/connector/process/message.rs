//! What the two protocols say, in one vocabulary.
//!
//! Owns the types between a protocol and the pull, and reading single values out of a state. It must not know processes
//! or pages.

use crate::connector::json::{Json, Path};
use crate::error::{Disposition, Finding, Text};
use std::borrow::Cow;
use std::cmp::Ordering;

/// What one line means for the pull of one stream.
#[derive(Debug)]
pub(super) enum Message<'a> {
    /// A record of the stream, as JSON text.
    Record(&'a str),
    /// The stream is announced, with pointers to its key where the announcement names them.
    Announced(Vec<String>),
    /// Where a later run goes on.
    State(&'a str),
    /// The program reports an error; the words are not masked.
    Failed(String, Disposition),
    /// The stream is read to its end, or not.
    Status(bool),
    /// Something for the log; not masked.
    Said(Cow<'a, str>),
    /// Worth telling the operator.
    Tell(Finding),
    /// Nothing for this stream.
    Nothing,
}

/// Why a line has no meaning.
#[derive(Debug)]
pub(super) enum Wrong {
    /// It is no message: it is set aside and the others are read.
    NoMessage(Text),
    /// It breaks the protocol: nothing that follows can be trusted.
    Protocol(Box<Finding>),
}

/// A protocol, reading lines about one stream.
pub(super) trait Dialect: Send {
    /// What a line means.
    fn read<'a>(&mut self, line: &'a str) -> Result<Message<'a>, Wrong>;

    /// The value in a state that grows with every change, where one can be told.
    fn mark(&self, state: &str) -> Option<String>;

    /// Whether what was read proves that everything was shown, where the protocol can prove it.
    fn proves_whole(&self) -> bool;
}

/// The single value at one of some places in a state.
pub(super) fn value_at(state: &str, places: &[Path]) -> Option<String> {
    let json = Json::parse(state).ok()?;
    places.iter().find_map(|place| json.at(place)?.scalar().map(str::to_owned))
}

/// Whether a mark lies before another; only where both are whole numbers or both are times.
pub(super) fn goes_back(from: &str, to: &str) -> bool {
    let number = |text: &str| text.parse::<i128>().ok();
    let time = |text: &str| {
        let dates = crate::connector::rule::date::DateRule::local();
        text.get(..4)?.bytes().all(|b| b.is_ascii_digit()).then(|| dates.instant(text))?
    };
    let order = match (number(from), number(to)) {
        (Some(from), Some(to)) => Some(to.cmp(&from)),
        _ => time(from).zip(time(to)).map(|(from, to)| to.cmp(&from)),
    };
    order == Some(Ordering::Less)
}

/// A place in a document by its steps.
pub(super) fn place(steps: &[&str]) -> Option<Path> {
    let pointer: String =
        steps.iter().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1"))).collect();
    Path::parse(&pointer).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_compared_goes_back() {
        assert!(goes_back("10", "9") && !goes_back("9", "10"));
        assert!(goes_back("2026-11-02T00:00:00Z", "2026-11-01T23:59:59Z"));
        assert!(!goes_back("2026-11-02T00:00:00Z", "2026-11-02T07:00:00+07:00"), "the same moment");
        assert!(!goes_back("b", "a") && !goes_back("10", "x") && !goes_back("", ""));
    }

    #[test]
    fn value_is_found_at_the_first_place_that_has_one() {
        let places = [place(&["bookmarks", "a/b", "x"]), place(&["bookmarks", "a/b", "y"])];
        let places: Vec<Path> = places.into_iter().flatten().collect();
        assert_eq!(value_at(r#"{"bookmarks":{"a/b":{"y":7}}}"#, &places).as_deref(), Some("7"));
        assert_eq!(value_at("{}", &places), None);
    }
}

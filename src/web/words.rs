//! The lights of states on the page.
//!
//! Owns which state is in order, worth a look or bad; what it is called is `pipeline::wording`'s. A state it does not
//! know has no light.

use super::page::say;
use crate::domain::{Level, RecordState};
use crate::error::Lang;
use crate::pipeline::wording::{Words, word};
use crate::store::{PairState, RecordLine};

/// A name and its light: `ok`, `warn`, `bad` or none.
pub type Lit = (String, &'static str);

/// A level in short, with its light.
pub fn level(level: Option<Level>, lang: Lang) -> Lit {
    let Some(level) = level else { return ("–".to_owned(), "") };
    let name = word(Words::Level, level.as_str(), lang);
    let light = if level == Level::NotCompleted { "bad" } else { "ok" };
    (name.trim_end_matches(" nhiệm vụ").to_owned(), light)
}

/// A record's state with its light.
pub fn record(state: RecordState, lang: Lang) -> Lit {
    let light = match state {
        RecordState::Approved | RecordState::Delivered => "ok",
        RecordState::Corrected => "warn",
        RecordState::Revoked => "bad",
        RecordState::Computed
        | RecordState::Provisional
        | RecordState::SelfAssessed
        | RecordState::Reviewed => "",
    };
    (word(Words::RecordState, state.as_str(), lang).into_owned(), light)
}

/// What a line of the list of records says of its state.
pub fn record_line(line: &RecordLine, lang: Lang) -> Lit {
    let (_, light) = record(line.state, lang);
    (word(Words::RecordState, line.shown_state(), lang).into_owned(), light)
}

/// A delivery's state with its light.
pub fn delivery(state: &str, lang: Lang) -> Lit {
    let light = match state {
        "acknowledged" | "verified" => "ok",
        "sent" | "unknown" => "warn",
        "rejected" | "parked" => "bad",
        _ => "",
    };
    (word(Words::Delivery, state, lang).into_owned(), light)
}

/// A target by its kind and id.
pub fn target(id: &str, national: bool, lang: Lang) -> String {
    match national {
        true => format!("{} ({id})", say(lang, "CSDL quốc gia", "National database")),
        false => format!("{} ({id})", say(lang, "Phần mềm đánh giá", "Evaluation software")),
    }
}

/// What is known of two tasks that may be one, with its light.
pub fn pair(state: PairState, lang: Lang) -> Lit {
    let light = match state {
        PairState::Proposed => "warn",
        PairState::Confirmed => "ok",
        PairState::Rejected => "",
    };
    (word(Words::Pair, state.as_str(), lang).into_owned(), light)
}

/// A state of mapping with its light.
pub fn mapping(state: Option<&str>, lang: Lang) -> Lit {
    let light = match state {
        Some("mapped") => "ok",
        Some("review") => "warn",
        _ => "",
    };
    let name = state.map_or_else(
        || say(lang, "Chưa xét", "Not looked at yet").to_owned(),
        |state| word(Words::Mapping, state, lang).into_owned(),
    );
    (name, light)
}

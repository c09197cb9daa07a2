//! What an operator is told: coded findings with place, cause and remedy, in Vietnamese and English.
//!
//! Owns the shape of every message that reaches a person and what a caller should do about a failure
//! (`Disposition`). Each layer keeps its own typed error; at the boundary where it is handled it becomes
//! one [`Finding`]. It must not know any layer's details. Codes are stable (`LT-SRC-003`), never reused,
//! and each has a page `docs/errors/<code>.md`; a test compares both lists.

mod cause;

pub use cause::{cause, io_cause, sql_cause, written_cause};

use crate::domain::CitizenId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Language of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Vietnamese.
    Vi,
    /// English.
    #[default]
    En,
}

/// One sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Both sentences.
    pub fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }

    /// The sentence followed by its cause.
    pub fn because(self, why: &Self) -> Self {
        Self { vi: format!("{}: {}", self.vi, why.vi), en: format!("{}: {}", self.en, why.en) }
    }

    /// The sentence in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Vi => &self.vi,
            Lang::En => &self.en,
        }
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing to do.
    Info,
    /// Works, but should be looked at.
    Warning,
    /// Does not work until someone acts.
    Error,
}

/// What a caller should do about a failure. Retry, breaker, page and alerts use only this and the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Try again within the same run.
    RetryNow,
    /// Try again at a later run; heals by itself.
    RetryLater,
    /// This item will never succeed as it is; go on with the others.
    GiveUp,
    /// A person has to act (password, configuration, decision).
    NeedsOperator,
}

/// Where a finding is: a file with line, a record, a configuration key, a URL without query.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    /// File, source or target.
    pub what: String,
    /// Line, 1-based.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column, cell, key or record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Place {
    /// A place without line or detail.
    pub fn of(what: impl Into<String>) -> Self {
        Self { what: what.into(), line: None, detail: None }
    }

    /// A line of a file.
    pub fn line(what: impl Into<String>, line: u32) -> Self {
        Self { what: what.into(), line: Some(line), detail: None }
    }

    /// The same place, narrowed to a column, cell, key or record.
    pub fn at(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// What places that are no files begin with, in English and Vietnamese.
const NAMED: [(&str, &str); 12] = [
    ("source ", "nguồn "),
    ("target ", "đích "),
    ("record ", "hồ sơ "),
    ("quota ", "hạn mức "),
    ("organisation ", "tổ chức "),
    ("petition ", "kiến nghị "),
    ("score ", "điểm "),
    ("person ", "người "),
    ("unit ", "đơn vị "),
    ("task ", "nhiệm vụ "),
    ("item ", "mục "),
    ("step ", "bước "),
];

/// A place as it is written, in a reader's language: its fixed words are few and stand at fixed positions.
pub fn place_in(written: &str, lang: Lang) -> String {
    if lang == Lang::En {
        return written.to_owned();
    }
    let line = end_of_line(written);
    let (what, detail) = written.split_at(line.or_else(|| written.find(" (")).unwrap_or(written.len()));
    // What has a line is a file, and its name is its own.
    // What has a dot or a slash may be a file as well; the names of these things have neither.
    let is_name = |name: &str| !name.contains(['.', '/']) && name.split(' ').count() <= 3;
    let what = NAMED
        .iter()
        .filter(|_| line.is_none())
        .find_map(|(en, vi)| {
            let name = what.strip_prefix(en)?;
            (matches!(*en, "source " | "target ") || is_name(name)).then(|| format!("{vi}{name}"))
        })
        .unwrap_or_else(|| what.to_owned());
    let detail = detail
        .replacen(" (column ", " (cột ", 1)
        .replacen(" (source ", " (nguồn ", 1)
        .replacen(" (target ", " (đích ", 1)
        .replacen(" (record ", " (bản ghi ", 1)
        .replacen(" (page ", " (trang ", 1)
        .replacen(", record ", ", bản ghi ", 1)
        .replacen(" (event ", " (sự kiện ", 1)
        .replacen(", field ", ", trường ", 1);
    what + &detail
}

/// Where file and line of a written place end; none where it has no line.
fn end_of_line(written: &str) -> Option<usize> {
    written.match_indices(':').find_map(|(colon, _)| {
        let after = written.get(colon + 1..)?;
        let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        let ends = rest.len() < after.len() && (rest.is_empty() || rest.starts_with(" ("));
        ends.then(|| written.len() - rest.len())
    })
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(detail) = &self.detail {
            write!(f, " ({detail})")?;
        }
        Ok(())
    }
}

/// One thing an operator is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable code, for example `LT-CFG-001`.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What happened.
    pub what: Text,
    /// What to do about it.
    pub remedy: Text,
}

impl Finding {
    /// A finding of severity error without a place.
    pub fn error(code: &str, what: Text, remedy: Text) -> Self {
        Self { code: code.to_owned(), severity: Severity::Error, place: None, what, remedy }
    }

    /// A finding of severity warning without a place.
    pub fn warning(code: &str, what: Text, remedy: Text) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, what, remedy) }
    }

    /// A finding of severity info without a place.
    pub fn info(code: &str, what: Text, remedy: Text) -> Self {
        Self { severity: Severity::Info, ..Self::error(code, what, remedy) }
    }

    /// The same finding as something to know: what it is about was left out, the rest was done.
    pub fn as_warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// The same finding with its place.
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same finding without the numbers of citizens in what it quotes: before it is kept or shown.
    pub fn masked(mut self) -> Self {
        let mask = |text: &mut String| *text = CitizenId::mask_in(text);
        for text in [&mut self.what, &mut self.remedy] {
            mask(&mut text.vi);
            mask(&mut text.en);
        }
        // The name of a file is no quotation, and without it nobody finds the file.
        if let Some(detail) = self.place.as_mut().and_then(|place| place.detail.as_mut()) {
            mask(detail);
        }
        self
    }

    /// Whether another finding tells the same: the same words, and no other line of a file.
    pub fn tells_what(&self, other: &Self) -> bool {
        let line = |finding: &Self| {
            let place = finding.place.as_ref()?;
            Some((place.what.clone(), place.line?))
        };
        let elsewhere = line(self).zip(line(other)).is_some_and(|(one, other)| one != other);
        self.code == other.code && self.what == other.what && !elsewhere
    }

    /// One line, and a second one with the remedy, as the command line prints it.
    pub fn render(&self, lang: Lang) -> String {
        let place = self.place.as_ref().map(|place| format!("{}: ", place_in(&place.to_string(), lang)));
        let place = place.unwrap_or_default();
        let remedy = match lang {
            Lang::Vi => "cách xử lý",
            Lang::En => "remedy",
        };
        format!("{} {place}{}\n  {remedy}: {}", self.code, self.what.get(lang), self.remedy.get(lang))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Lang::En))
    }
}

/// Findings as an error: what `check`, imports and loaders return when they cannot go on. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// Adds what was found later and elsewhere, without what was told before and without repetitions.
    pub fn add_new(told: &mut Vec<Finding>, later: impl IntoIterator<Item = Finding>) {
        let before = told.len();
        for finding in later {
            let known = told.iter().take(before).any(|known| known.tells_what(&finding));
            if !known && !told.contains(&finding) {
                told.push(finding);
            }
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            finding.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Findings {}

impl From<Finding> for Findings {
    fn from(finding: Finding) -> Self {
        Self(vec![finding])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_in_the_readers_language_and_names_stay_as_they_are() {
        let told = |place: Place| place_in(&place.to_string(), Lang::Vi);
        assert_eq!(told(Place::line("people.csv", 2).at("column 10")), "people.csv:2 (cột 10)");
        let setting = Place::line("a.toml", 9).at("source snv (settings.url)");
        assert_eq!(told(setting), "a.toml:9 (nguồn snv (settings.url))");
        let row = Place::line("tháng 11.xlsx", 3).at("record NV-2, field due");
        assert_eq!(told(row.clone()), "tháng 11.xlsx:3 (bản ghi NV-2, trường due)");
        assert_eq!(told(Place::of("source snv").at("GET /tasks")), "nguồn snv (GET /tasks)");
        assert_eq!(told(Place::of("target csdl").at("event 7")), "đích csdl (sự kiện 7)");
        assert_eq!(place_in(&row.to_string(), Lang::En), row.to_string());
        for file in ["source abc.csv", "source abc (column 1).csv", "target (1).xlsx"] {
            assert_eq!(told(Place::line(file, 2)), format!("{file}:2"));
            assert_eq!(told(Place::line(file, 2).at("column 10")), format!("{file}:2 (cột 10)"));
        }
        assert_eq!(told(Place::of("source snv").at("record a:1")), "nguồn snv (bản ghi a:1)");
        assert_eq!(told(Place::of("record GL-00012 2026-Q4")), "hồ sơ GL-00012 2026-Q4");
        assert_eq!(told(Place::of("quota PLEIKU 2026")), "hạn mức PLEIKU 2026");
        assert_eq!(told(Place::of("organisation SNV 2026")), "tổ chức SNV 2026");
        for file in ["unit plan.csv", "record of last year.xlsx", "task/list"] {
            assert_eq!(told(Place::of(file)), file);
        }
    }
}

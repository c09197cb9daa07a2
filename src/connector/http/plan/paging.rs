//! How a list goes on and how changes are asked for, compiled.
//!
//! Owns what each way of paging needs and how a moment is written for the source. It must not know where a running
//! pull stands. Whatever is wrong is a `Problem` with its key.

use super::super::super::json::Path;
use super::super::super::manifest::Problem;
use super::super::super::manifest::http::{IncrementalSection, PagingKind, PagingSection};
use super::super::super::rule::date::{DateRule, offset};
use super::compile::Compiler;
use chrono::{DateTime, FixedOffset, Utc};

/// A way of paging with what it needs.
#[derive(Debug)]
pub(in super::super) enum Way {
    Single,
    Page { param: String },
    Offset { param: String },
    Cursor { param: String, next: Path },
    Link,
    Header { name: String },
    Address { next: Path },
}

/// Asking for changes.
#[derive(Debug)]
pub(in super::super) struct Incremental {
    pub(in super::super) section: IncrementalSection,
    pub(in super::super) field: Option<(Path, DateRule)>,
    pub(in super::super) header: Option<(String, DateRule)>,
    stamp: Stamp,
}

#[derive(Debug)]
enum Stamp {
    EpochMillis,
    EpochSeconds,
    Rfc3339(FixedOffset),
    Pattern(String, FixedOffset),
}

impl Incremental {
    /// A moment as the source wants it written.
    pub(in super::super) fn write(&self, at: DateTime<Utc>) -> String {
        match &self.stamp {
            Stamp::EpochMillis => at.timestamp_millis().to_string(),
            Stamp::EpochSeconds => at.timestamp().to_string(),
            Stamp::Rfc3339(zone) => at.with_timezone(zone).to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            Stamp::Pattern(pattern, zone) => at.with_timezone(zone).format(pattern).to_string(),
        }
    }
}

impl Compiler<'_> {
    /// `named` says that a template names the values itself, so that no parameter is needed.
    pub(super) fn way(&mut self, paging: &PagingSection, named: bool) -> Option<Way> {
        let mut missing = Vec::new();
        let mut needed = |name: &'static str, value: &Option<String>| {
            if value.is_none() && !(named && name == "param") {
                missing.push(name);
            }
            value.clone().unwrap_or_default()
        };
        let (param, next, header) = match paging.kind {
            PagingKind::None | PagingKind::Link => Default::default(),
            PagingKind::Page | PagingKind::Offset => {
                (needed("param", &paging.param), String::new(), String::new())
            }
            PagingKind::Cursor => {
                (needed("param", &paging.param), needed("next", &paging.next), String::new())
            }
            PagingKind::NextHeader => (String::new(), String::new(), needed("header", &paging.header)),
            PagingKind::NextUrl => (String::new(), needed("next", &paging.next), String::new()),
        };
        for name in missing {
            self.problems.push(Problem::incoherent(
                "paging.kind",
                &format!("cách phân trang này cần paging.{name}"),
                &format!("this way of paging needs paging.{name}"),
            ));
        }
        if !(1..=100_000).contains(&paging.size) || paging.max_pages == 0 {
            self.problems.push(Problem::incoherent(
                "paging.size",
                "paging.size phải từ 1 đến 100000 và max_pages từ 1",
                "paging.size must be 1 to 100000 and max_pages at least 1",
            ));
        }
        let next = if next.is_empty() { Path::parse("").ok()? } else { self.place("paging.next", &next)? };
        Some(match paging.kind {
            PagingKind::None => Way::Single,
            PagingKind::Page => Way::Page { param },
            PagingKind::Offset => Way::Offset { param },
            PagingKind::Cursor => Way::Cursor { param, next },
            PagingKind::Link => Way::Link,
            PagingKind::NextHeader => Way::Header { name: header },
            PagingKind::NextUrl => Way::Address { next },
        })
    }

    pub(super) fn incremental(
        &mut self,
        section: &IncrementalSection,
        zone: FixedOffset,
    ) -> Option<Incremental> {
        let zone = match &section.zone {
            None => zone,
            Some(text) => match offset(text) {
                Some(zone) => zone,
                None => {
                    self.problems.push(Problem::zone("incremental.zone", text));
                    zone
                }
            },
        };
        let stamp = match section.format.as_str() {
            "epoch_ms" => Stamp::EpochMillis,
            "epoch_s" => Stamp::EpochSeconds,
            "rfc3339" => Stamp::Rfc3339(zone),
            pattern => {
                let valid = pattern.contains('%')
                    && chrono::format::StrftimeItems::new(pattern)
                        .all(|item| item != chrono::format::Item::Error);
                if !valid {
                    self.problems.push(Problem::date(
                        "incremental.format",
                        pattern,
                        "is none of epoch_ms, epoch_s, rfc3339 and no pattern of dates",
                    ));
                    return None;
                }
                Stamp::Pattern(pattern.to_owned(), zone)
            }
        };
        let dates = match DateRule::compile(&section.date, zone) {
            Ok(rule) => rule,
            Err(_) if section.field.is_none() && section.header.is_none() && section.date.is_empty() => {
                DateRule::local()
            }
            Err((spelling, why)) => {
                self.problems.push(Problem::date("incremental.date", &spelling, why));
                return None;
            }
        };
        let field = match &section.field {
            None => None,
            Some(text) => Some((self.path("incremental.field", text)?, dates.clone())),
        };
        let header = section.header.clone().map(|name| (name, dates));
        if section.sorted && field.is_none() {
            self.problems.push(Problem::incoherent(
                "incremental.sorted",
                "sorted cần incremental.field",
                "sorted needs incremental.field",
            ));
        }
        Some(Incremental { section: section.clone(), field, header, stamp })
    }
}

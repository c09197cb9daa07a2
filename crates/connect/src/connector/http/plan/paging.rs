//! How a list goes on and how changes are asked for, compiled.
//!
//! Owns what each way of paging needs and how a moment is written for the source. It must not know where a running
//! pull stands. Whatever is wrong is a `Problem` with its key.

use super::super::super::json::Path;
use super::super::super::manifest::Problem;
use super::super::super::manifest::http::{IncrementalSection, Method, PagingKind, PagingSection, Placement};
use super::super::super::rule::date::{DateRule, offset};
use super::compile::Compiler;
use super::list::RequestPlan;
use chrono::{DateTime, FixedOffset, NaiveTime, Utc};

/// A parameter and where it stands.
#[derive(Debug)]
pub(in super::super) struct Param {
    /// As written; the name in a query.
    pub(in super::super) name: String,
    /// Members to walk down to it, where it stands in the body.
    pub(in super::super) inside: Option<Vec<String>>,
}

/// A way of paging with what it needs. A parameter that is missing stands in a template.
#[derive(Debug)]
pub(in super::super) enum Way {
    Single,
    Page { param: Option<Param> },
    Offset { param: Option<Param> },
    Cursor { param: Option<Param>, next: Path },
    Link,
    Header { name: String },
    Address { next: Path },
    Keyset { param: Option<Param>, changed: Option<Param> },
    Range { param: Option<Param>, until: Option<Param>, highest: Path },
}

impl Way {
    /// Whether places in the list are counted, so that rows which come or go move the others.
    pub(in super::super) fn is_counted(&self) -> bool {
        matches!(self, Self::Page { .. } | Self::Offset { .. })
    }
}

/// Asking for changes.
#[derive(Debug)]
pub(in super::super) struct Incremental {
    pub(in super::super) section: IncrementalSection,
    pub(in super::super) since: Option<Param>,
    pub(in super::super) until: Option<Param>,
    pub(in super::super) field: Option<(Path, DateRule)>,
    pub(in super::super) header: Option<(String, DateRule)>,
    /// Place of an opaque mark in place of a moment.
    pub(in super::super) mark: Option<Path>,
    stamp: Stamp,
    /// Offset in which moments and days are written.
    pub(in super::super) zone: FixedOffset,
}

#[derive(Debug)]
enum Stamp {
    EpochMillis,
    EpochSeconds,
    Rfc3339(FixedOffset),
    Pattern(String, FixedOffset),
}

impl Incremental {
    /// Whether moments are written as days, without a time.
    pub(in super::super) fn writes_days(&self) -> bool {
        let Stamp::Pattern(pattern, _) = &self.stamp else { return false };
        let (midnight, noon) = (NaiveTime::MIN, NaiveTime::from_hms_opt(12, 34, 56));
        let written = |time: NaiveTime| {
            let moment = DateTime::<Utc>::UNIX_EPOCH.date_naive().and_time(time).and_utc();
            moment.format(pattern).to_string()
        };
        noon.is_some_and(|noon| written(midnight) == written(noon))
    }

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
    /// A parameter where it belongs.
    pub(super) fn param(
        &mut self,
        key: &str,
        name: &str,
        place: Option<Placement>,
        request: &RequestPlan,
    ) -> Option<Param> {
        let post = request.method == Method::Post;
        let in_body = place.map_or(post && request.body.is_some(), |place| place == Placement::Body);
        if !in_body {
            return Some(Param { name: name.to_owned(), inside: None });
        }
        if !post {
            self.incoherent(
                key,
                "in = \"body\" cần method = \"POST\"",
                "in = \"body\" needs method = \"POST\"",
            );
        }
        let inside: Vec<String> = self.path(key, name)?.steps().map(str::to_owned).collect();
        if let Some(body) = &request.body
            && !body.has_room(&inside)
        {
            self.incoherent(
                key,
                "chỗ này trong body không nằm trong một đối tượng",
                "this place of the body is inside something that is no object",
            );
        }
        Some(Param { name: name.to_owned(), inside: Some(inside) })
    }

    /// `named` says that another template, such as a SOAP body, may name the values, so that no parameter is needed.
    pub(super) fn way(
        &mut self,
        key: &str,
        paging: &PagingSection,
        request: &RequestPlan,
        named: bool,
    ) -> Option<Way> {
        let at = |name: &str| format!("{key}.{name}");
        let before = self.problems.len();
        if !(1..=100_000).contains(&paging.size) || paging.max_pages == 0 {
            self.incoherent(
                &at("size"),
                "paging.size phải từ 1 đến 100000 và max_pages từ 1",
                "paging.size must be 1 to 100000 and max_pages at least 1",
            );
        }
        let missing = |problems: &mut Self, name: &str| {
            problems.incoherent(
                &at("kind"),
                &format!("cách phân trang này cần paging.{name}"),
                &format!("this way of paging needs paging.{name}"),
            );
        };
        // A parameter of its own, or a template of the request that names the value.
        let param =
            |this: &mut Self, name: &str, given: &Option<String>, value: &str, needed: bool| match given {
                Some(given) => this.param(&at(name), given, paging.place, request),
                None => {
                    if needed && !named && !request.uses(value) {
                        missing(this, name);
                    }
                    None
                }
            };
        let place = |this: &mut Self, name: &str, given: &Option<String>| match given {
            // Lists of parents are JSON, whatever the tasks below them are.
            Some(given) if key == "paging" => this.place(&at(name), given),
            Some(given) => this.path(&at(name), given),
            None => {
                this.incoherent(
                    &at("kind"),
                    &format!("cách phân trang này cần paging.{name}"),
                    &format!("this way of paging needs paging.{name}"),
                );
                None
            }
        };
        let way = match paging.kind {
            PagingKind::None => Some(Way::Single),
            PagingKind::Link => Some(Way::Link),
            PagingKind::Page => Some(Way::Page { param: param(self, "param", &paging.param, "page", true) }),
            PagingKind::Offset => {
                Some(Way::Offset { param: param(self, "param", &paging.param, "offset", true) })
            }
            PagingKind::Cursor => {
                let param = param(self, "param", &paging.param, "cursor", true);
                place(self, "next", &paging.next).map(|next| Way::Cursor { param, next })
            }
            PagingKind::NextHeader => {
                if paging.header.is_none() {
                    self.incoherent(
                        &at("kind"),
                        "cách phân trang này cần paging.header",
                        "this way of paging needs paging.header",
                    );
                }
                paging.header.clone().map(|name| Way::Header { name })
            }
            PagingKind::NextUrl => place(self, "next", &paging.next).map(|next| Way::Address { next }),
            PagingKind::Keyset => Some(Way::Keyset {
                param: param(self, "param", &paging.param, "last_key", true),
                changed: param(self, "changed_param", &paging.changed_param, "last_changed", false),
            }),
            PagingKind::IdRange => {
                let first = param(self, "param", &paging.param, "first_id", true);
                let until = param(self, "until_param", &paging.until_param, "last_id", true);
                place(self, "highest", &paging.highest).map(|highest| Way::Range {
                    param: first,
                    until,
                    highest,
                })
            }
        };
        way.filter(|_| self.problems.len() == before)
    }

    pub(super) fn incremental(
        &mut self,
        section: &IncrementalSection,
        zone: FixedOffset,
        request: &RequestPlan,
        named: bool,
    ) -> Option<Incremental> {
        let mark = match &section.mark {
            None => None,
            Some(text) => Some(self.place("incremental.mark", text)?),
        };
        let moments = !section.format.is_empty()
            || section.zone.is_some()
            || section.until_param.is_some()
            || section.field.is_some()
            || section.header.is_some()
            || section.sorted
            || !section.date.is_empty();
        if mark.is_some() && moments {
            self.incoherent(
                "incremental.mark",
                "mark không đi cùng format, zone, until_param, field, header, date, sorted: nó không phải thời điểm",
                "mark goes without format, zone, until_param, field, header, date and sorted: it is no moment",
            );
        }
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
            // No moment is ever written.
            "" if mark.is_some() => Stamp::Rfc3339(zone),
            pattern => {
                let valid = pattern.contains('%')
                    && chrono::format::StrftimeItems::new(pattern)
                        .all(|item| item != chrono::format::Item::Error);
                if !valid {
                    self.problems.push(Problem::date(
                        "incremental.format",
                        pattern,
                        (
                            "không phải epoch_ms, epoch_s, rfc3339 và không phải mẫu ngày giờ",
                            "is none of epoch_ms, epoch_s, rfc3339 and no pattern of dates",
                        ),
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
        let value = if mark.is_some() { "mark" } else { "since" };
        if section.param.is_none() && !named && !request.uses(value) {
            self.incoherent(
                "incremental",
                &format!("cần incremental.param, hoặc một mẫu có {{{{ {value} }}}} trong [stream]"),
                &format!(
                    "incremental.param is needed, or a template of [stream] that names {{{{ {value} }}}}"
                ),
            );
        }
        let param = |this: &mut Self, name: &str, given: &Option<String>| {
            given
                .as_ref()
                .and_then(|given| this.param(&format!("incremental.{name}"), given, section.place, request))
        };
        let since = param(self, "param", &section.param);
        let until = param(self, "until_param", &section.until_param);
        Some(Incremental { section: section.clone(), since, until, field, header, mark, stamp, zone })
    }
}

//! The requests of an HTTP manifest, compiled.
//!
//! Owns turning sections into templates and paths, and the checks that need several sections at once: which
//! settings exist, what a way of paging needs, where secrets may be used. It must not know the values of
//! settings; those come when a source is connected. Whatever is wrong is a `Problem` with its key.

use super::super::expression::{Expression, Template};
use super::super::json::Path;
use super::super::manifest::http::{
    AuthSection, CheckSection, IncrementalSection, PagingKind, PagingSection, StreamSection, TransportSection,
};
use super::super::manifest::{Manifest, Problem, Setting};
use super::super::rule::date::{DateRule, offset};
use chrono::{DateTime, FixedOffset, Utc};
use std::collections::BTreeMap;

/// Everything a source of this manifest asks.
#[derive(Debug)]
pub struct Plan {
    pub(super) transport: TransportSection,
    pub(super) base_url: Template,
    pub(super) headers: Vec<(String, Template)>,
    pub(super) auth: AuthPlan,
    pub(super) stream: StreamSection,
    pub(super) path: Template,
    pub(super) query: Vec<(String, Template)>,
    pub(super) body: Option<JsonTemplate>,
    pub(super) records: Path,
    pub(super) key: Path,
    pub(super) total: Option<Path>,
    pub(super) deleted: Option<(Path, Vec<String>)>,
    pub(super) paging: PagingSection,
    pub(super) way: Way,
    pub(super) incremental: Option<Incremental>,
    pub(super) details: Vec<Detail>,
    pub(super) status: Vec<u16>,
    pub(super) checks: Vec<(Path, Vec<String>)>,
    pub(super) error_text: Option<Path>,
}

/// A way of paging with what it needs.
#[derive(Debug)]
pub(super) enum Way {
    Single,
    Page { param: String },
    Offset { param: String },
    Cursor { param: String, next: Path },
    Link,
    Header { name: String },
    Address { next: Path },
}

#[derive(Debug)]
pub(super) enum AuthPlan {
    None,
    Basic { username: Template, password: Template },
    Header { name: String, value: Template },
    Login(Box<LoginPlan>),
}

/// A login call; places are RFC 6901 pointers.
#[derive(Debug)]
pub(super) struct LoginPlan {
    pub(super) path: Template,
    pub(super) body: JsonTemplate,
    pub(super) form: bool,
    pub(super) token: String,
    pub(super) header: String,
    pub(super) prefix: String,
    pub(super) lifetime_s: u32,
    pub(super) expires_in: Option<String>,
    pub(super) success: Vec<(String, Vec<String>)>,
    pub(super) error_text: Option<String>,
}

/// Asking for changes.
#[derive(Debug)]
pub(super) struct Incremental {
    pub(super) section: IncrementalSection,
    pub(super) field: Option<(Path, DateRule)>,
    pub(super) header: Option<(String, DateRule)>,
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
    pub(super) fn write(&self, at: DateTime<Utc>) -> String {
        match &self.stamp {
            Stamp::EpochMillis => at.timestamp_millis().to_string(),
            Stamp::EpochSeconds => at.timestamp().to_string(),
            Stamp::Rfc3339(zone) => at.with_timezone(zone).to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            Stamp::Pattern(pattern, zone) => at.with_timezone(zone).format(pattern).to_string(),
        }
    }
}

/// A further call per record.
#[derive(Debug)]
pub(super) struct Detail {
    pub(super) name: String,
    pub(super) path: Template,
    pub(super) query: Vec<(String, Template)>,
    pub(super) select: Path,
    pub(super) when: Option<Expression>,
    /// Whether the record itself is needed to write the request.
    pub(super) needs_record: bool,
}

/// A JSON document whose texts are templates.
#[derive(Debug)]
pub(super) enum JsonTemplate {
    Text(Template),
    Fixed(serde_json::Value),
    List(Vec<JsonTemplate>),
    Object(Vec<(String, JsonTemplate)>),
}

impl JsonTemplate {
    /// The document for a context.
    pub(super) fn render(&self, context: &minijinja::Value) -> Result<serde_json::Value, String> {
        Ok(match self {
            Self::Text(template) => template.render(context)?.into(),
            Self::Fixed(value) => value.clone(),
            Self::List(items) => {
                items.iter().map(|item| item.render(context)).collect::<Result<Vec<_>, _>>()?.into()
            }
            Self::Object(members) => {
                let mut object = serde_json::Map::new();
                for (name, member) in members {
                    object.insert(name.clone(), member.render(context)?);
                }
                object.into()
            }
        })
    }
}

struct Compiler<'a> {
    settings: &'a BTreeMap<String, Setting>,
    problems: &'a mut Vec<Problem>,
}

impl Compiler<'_> {
    fn template(&mut self, key: &str, source: &str, names: &[&str]) -> Option<Template> {
        match Template::compile(source, names) {
            Ok(template) => {
                self.names(key, &template.names());
                Some(template)
            }
            Err(why) => {
                self.problems.push(Problem::expression(key, &why));
                None
            }
        }
    }

    /// Every setting and secret a template names has to be declared, and declared as what it is used as.
    fn names(&mut self, key: &str, names: &[String]) {
        for (name, as_secret) in names.iter().filter_map(|name| {
            let plain = name.strip_prefix("settings.").map(|name| (name, false));
            plain.or_else(|| name.strip_prefix("secrets.").map(|name| (name, true)))
        }) {
            match self.settings.get(name) {
                None => self.problems.push(Problem::setting(
                    key,
                    &format!("\"{name}\" không có trong [settings]"),
                    &format!("\"{name}\" is not in [settings]"),
                )),
                Some(setting) if setting.secret != as_secret => self.problems.push(Problem::setting(
                    key,
                    &format!("\"{name}\" được dùng sai chỗ: giá trị bí mật viết secrets.{name}, còn lại settings.{name}"),
                    &format!("\"{name}\" is used as what it is not: secrets are secrets.{name}, others settings.{name}"),
                )),
                Some(_) => {}
            }
        }
    }

    fn templates(
        &mut self,
        key: &str,
        sources: &BTreeMap<String, String>,
        names: &[&str],
    ) -> Vec<(String, Template)> {
        sources
            .iter()
            .filter_map(|(name, source)| {
                Some((name.clone(), self.template(&format!("{key}.{name}"), source, names)?))
            })
            .collect()
    }

    fn json(&mut self, key: &str, value: &serde_json::Value, names: &[&str]) -> Option<JsonTemplate> {
        Some(match value {
            serde_json::Value::String(text) => JsonTemplate::Text(self.template(key, text, names)?),
            serde_json::Value::Array(items) => {
                JsonTemplate::List(items.iter().filter_map(|item| self.json(key, item, names)).collect())
            }
            serde_json::Value::Object(members) => JsonTemplate::Object(
                members
                    .iter()
                    .filter_map(|(name, member)| {
                        Some((name.clone(), self.json(&format!("{key}.{name}"), member, names)?))
                    })
                    .collect(),
            ),
            fixed => JsonTemplate::Fixed(fixed.clone()),
        })
    }

    fn path(&mut self, key: &str, text: &str) -> Option<Path> {
        match Path::parse(text) {
            Ok(path) => Some(path),
            Err(why) => {
                self.problems.push(Problem::path(key, text, why));
                None
            }
        }
    }

    fn pointer(&mut self, key: &str, text: Option<&String>) -> Option<String> {
        self.path(key, text?).map(|path| path.pointer())
    }

    fn checks(&mut self, key: &str, checks: &[CheckSection]) -> Vec<(Path, Vec<String>)> {
        checks
            .iter()
            .enumerate()
            .filter_map(|(index, check)| {
                let path = self.path(&format!("{key}.{index}.path"), &check.path)?;
                Some((path, check.one_of.clone()))
            })
            .collect()
    }

    fn auth(&mut self, section: &AuthSection) -> Option<AuthPlan> {
        const NAMES: [&str; 2] = ["settings", "secrets"];
        Some(match section {
            AuthSection::None => AuthPlan::None,
            AuthSection::Basic { username, password } => AuthPlan::Basic {
                username: self.template("auth.username", username, &NAMES)?,
                password: self.template("auth.password", password, &NAMES)?,
            },
            AuthSection::Header { name, value } => {
                AuthPlan::Header { name: name.clone(), value: self.template("auth.value", value, &NAMES)? }
            }
            AuthSection::Login {
                path,
                body,
                form,
                token,
                header,
                prefix,
                lifetime_s,
                expires_in,
                success,
                error_text,
            } => AuthPlan::Login(Box::new(LoginPlan {
                path: self.template("auth.path", path, &NAMES[..1])?,
                body: self.json("auth.body", body, &NAMES)?,
                form: *form,
                token: self.path("auth.token", token)?.pointer(),
                header: header.clone(),
                prefix: prefix.clone(),
                lifetime_s: *lifetime_s,
                expires_in: self.pointer("auth.expires_in", expires_in.as_ref()),
                success: self
                    .checks("auth.success", success)
                    .into_iter()
                    .map(|(path, one_of)| (path.pointer(), one_of))
                    .collect(),
                error_text: self.pointer("auth.error_text", error_text.as_ref()),
            })),
        })
    }

    fn way(&mut self, paging: &PagingSection) -> Option<Way> {
        let mut missing = Vec::new();
        let mut needed = |name: &'static str, value: &Option<String>| {
            if value.is_none() {
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
        let next = self.path("paging.next", &next)?;
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

    fn incremental(&mut self, section: &IncrementalSection, zone: FixedOffset) -> Option<Incremental> {
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

    fn details(&mut self, manifest: &Manifest) -> Vec<Detail> {
        const NAMES: [&str; 3] = ["settings", "key", "record"];
        let mut details: Vec<Detail> = Vec::new();
        for (index, section) in manifest.detail.iter().enumerate() {
            let key = |name: &str| format!("detail.{index}.{name}");
            let plain = !section.name.is_empty()
                && section.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !plain || details.iter().any(|known| known.name == section.name) {
                self.problems.push(Problem::incoherent(
                    &key("name"),
                    "tên chỉ gồm chữ, số, gạch dưới và không trùng nhau",
                    "a name holds letters, digits and _ only, and stands once",
                ));
            }
            let Some(path) = self.template(&key("path"), &section.path, &NAMES) else { continue };
            let query = self.templates(&key("query"), &section.query, &NAMES);
            let Some(select) = self.path(&key("select"), &section.select) else { continue };
            let when = match &section.when {
                None => None,
                Some(source) => match Expression::compile(source, &["record"]) {
                    Ok(expression) => Some(expression),
                    Err(why) => {
                        self.problems.push(Problem::expression(&key("when"), &why));
                        continue;
                    }
                },
            };
            let uses_record = |names: Vec<String>| names.iter().any(|name| name.starts_with("record"));
            let needs_record = when.is_some()
                || uses_record(path.names())
                || query.iter().any(|(_, template)| uses_record(template.names()));
            details.push(Detail { name: section.name.clone(), path, query, select, when, needs_record });
        }
        details
    }
}

impl Plan {
    /// Compiles the HTTP sections of a manifest.
    pub fn compile(manifest: &Manifest, zone: FixedOffset, problems: &mut Vec<Problem>) -> Option<Self> {
        const NAMES: [&str; 1] = ["settings"];
        let mut compiler = Compiler { settings: &manifest.settings, problems };
        let (Some(transport), Some(stream)) = (&manifest.transport, &manifest.stream) else {
            compiler.problems.push(Problem::incoherent(
                "kind",
                "kind = \"http\" cần [transport] và [stream]",
                "kind = \"http\" needs [transport] and [stream]",
            ));
            return None;
        };
        let range = |value: u32, least: u32, most: u32| (least..=most).contains(&value);
        if !range(transport.retry.attempts, 1, 10)
            || !range(transport.max_answer_mib, 1, 1024)
            || !range(stream.detail_concurrency, 1, 16)
            || !range(stream.max_passes, 2, 20)
            || transport.connect_timeout_s == 0
            || transport.read_timeout_s == 0
            || transport.total_timeout_s == 0
        {
            compiler.problems.push(Problem::incoherent(
                "transport",
                "giới hạn: retry.attempts 1–10, max_answer_mib 1–1024, detail_concurrency 1–16, max_passes 2–20, thời gian chờ từ 1",
                "limits: retry.attempts 1–10, max_answer_mib 1–1024, detail_concurrency 1–16, max_passes 2–20, time-outs from 1",
            ));
        }
        let base_url = compiler.template("transport.base_url", &transport.base_url, &NAMES);
        let headers = compiler.templates("transport.headers", &transport.headers, &NAMES);
        let auth = compiler.auth(&manifest.auth);
        let path = compiler.template("stream.path", &stream.path, &NAMES);
        let query = compiler.templates("stream.query", &stream.query, &NAMES);
        let body = match &stream.body {
            Some(body) => Some(compiler.json("stream.body", body, &NAMES)?),
            None => None,
        };
        let records = compiler.path("stream.records", &stream.records);
        let key = compiler.path("stream.key", &stream.key);
        let total = match &stream.total {
            Some(text) => Some(compiler.path("stream.total", text)?),
            None => None,
        };
        let deleted = match &stream.deleted {
            Some(check) => Some((compiler.path("stream.deleted.path", &check.path)?, check.one_of.clone())),
            None => None,
        };
        let way = compiler.way(&manifest.paging);
        let incremental = match &manifest.incremental {
            Some(section) => Some(compiler.incremental(section, zone)?),
            None => None,
        };
        let details = compiler.details(manifest);
        let checks = compiler.checks("success.check", &manifest.success.check);
        let error_text = match &manifest.success.error_text {
            Some(text) => Some(compiler.path("success.error_text", text)?),
            None => None,
        };
        Some(Self {
            transport: transport.clone(),
            base_url: base_url?,
            headers,
            auth: auth?,
            stream: stream.clone(),
            path: path?,
            query,
            body,
            records: records?,
            key: key?,
            total,
            deleted,
            paging: manifest.paging.clone(),
            way: way?,
            incremental,
            details,
            status: manifest.success.status.clone(),
            checks,
            error_text,
        })
    }
}

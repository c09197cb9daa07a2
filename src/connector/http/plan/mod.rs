//! The requests of an HTTP manifest, compiled.
//!
//! Owns turning sections into templates and paths, one file per part, and the checks that need several sections at
//! once. It must not know the values of settings; those come when a source is connected. Whatever is wrong is a
//! `Problem` with its key.

mod auth;
mod compile;
mod detail;
mod format;
mod paging;
mod soap;

pub(super) use auth::AuthPlan;
pub(super) use compile::JsonTemplate;
pub(super) use detail::Detail;
pub(super) use paging::{Incremental, Way};
pub(super) use soap::SoapPlan;

use super::super::expression::Template;
use super::super::json::Path;
use super::super::manifest::http::{PagingSection, StreamSection, TransportSection};
use super::super::manifest::{Manifest, Problem};
use super::format::Format;
use chrono::FixedOffset;
use compile::Compiler;
use format::Places;

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
    pub(super) format: Format,
    pub(super) soap: Option<SoapPlan>,
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

impl Plan {
    /// Compiles the HTTP sections of a manifest.
    pub fn compile(manifest: &Manifest, zone: FixedOffset, problems: &mut Vec<Problem>) -> Option<Self> {
        const NAMES: [&str; 1] = ["settings"];
        let places = Places::of(manifest);
        let mut compiler = Compiler { settings: &manifest.settings, problems, places };
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
        let records = compiler.records(stream);
        let key = compiler.path("stream.key", &stream.key);
        let total = match &stream.total {
            Some(text) => Some(compiler.place("stream.total", text)?),
            None => None,
        };
        let deleted = match &stream.deleted {
            Some(check) => Some((compiler.path("stream.deleted.path", &check.path)?, check.one_of.clone())),
            None => None,
        };
        let way = compiler.way(&manifest.paging, manifest.soap.is_some());
        let incremental = match &manifest.incremental {
            Some(section) => Some(compiler.incremental(section, zone)?),
            None => None,
        };
        let details = compiler.details(manifest);
        let checks = compiler.answer_checks("success.check", &manifest.success.check);
        let error_text = match &manifest.success.error_text {
            Some(text) => Some(compiler.place("success.error_text", text)?),
            None => None,
        };
        let soap = match &manifest.soap {
            Some(section) => Some(compiler.soap(manifest, section)?),
            None => None,
        };
        let format = compiler.format(stream, soap.is_some())?;
        Some(Self {
            transport: transport.clone(),
            format,
            soap,
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

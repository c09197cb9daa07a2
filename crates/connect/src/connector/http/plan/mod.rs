//! The requests of an HTTP manifest, compiled.
//!
//! Owns turning sections into templates and paths, one file per part, and the checks that need several sections at
//! once. It must not know the values of settings; those come when a source is connected. Whatever is wrong is a
//! `Problem` with its key.

mod auth;
mod branch;
mod compile;
mod detail;
mod format;
mod list;
mod paging;
mod soap;
mod users;

pub(super) use auth::{AuthPlan, LoginPlan, SignPlan};
pub(super) use branch::{ExportPlan, ParentPlan, WindowPlan};
pub(in crate::connector) use compile::{JsonTemplate, json_template, text_template};
pub(super) use detail::Detail;
pub(super) use list::{ListPlan, RequestPlan};
pub(super) use paging::{Incremental, Param, Way};
pub(super) use soap::{Call, SoapPlan};
pub(super) use users::{UsersFrom, UsersPlan};

use super::super::expression::Template;
use super::super::json::Path;
use super::super::manifest::http::{LimitsSection, StreamSection, TransportSection};
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
    /// Our certificate and its key.
    pub(super) identity: Option<(Template, Template)>,
    pub(super) auth: AuthPlan,
    pub(super) limits: LimitsSection,
    pub(super) stream: StreamSection,
    pub(super) format: Format,
    pub(super) soap: Option<SoapPlan>,
    /// The list of tasks.
    pub(super) tasks: ListPlan,
    /// Users who are each shown only what is theirs.
    pub(super) users: Option<UsersPlan>,
    pub(super) parents: Vec<ParentPlan>,
    pub(super) partition: Vec<Template>,
    pub(super) export: Option<ExportPlan>,
    pub(super) deleted: Option<(Path, Vec<String>)>,
    /// What says that an answer was cut.
    pub(super) truncated: Option<(Path, Vec<String>)>,
    pub(super) incremental: Option<Incremental>,
    pub(super) window: Option<WindowPlan>,
    pub(super) details: Vec<Detail>,
    pub(super) status: Vec<u16>,
    /// What a good answer holds; no values: nothing may stand there.
    pub(super) checks: Vec<(Path, Vec<String>)>,
    /// What says that the account was refused.
    pub(super) refused: Vec<(Path, Vec<String>)>,
    pub(super) error_text: Option<Path>,
}

impl Plan {
    /// Whether tasks stand below parents or partitions.
    pub(super) fn is_branched(&self) -> bool {
        !self.parents.is_empty() || !self.partition.is_empty()
    }

    /// Compiles the HTTP sections of a manifest.
    pub fn compile(manifest: &Manifest, zone: FixedOffset, problems: &mut Vec<Problem>) -> Option<Self> {
        const NAMES: [&str; 1] = ["settings"];
        let places = Places::of(manifest);
        let user = manifest.users.is_some();
        let mut compiler = Compiler { settings: &manifest.settings, problems, places, user };
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
            || !range(stream.parent_concurrency, 1, 8)
            || transport.connect_timeout_s == 0
            || transport.read_timeout_s == 0
            || transport.total_timeout_s == 0
        {
            compiler.problems.push(Problem::incoherent(
                "transport",
                "giới hạn: retry.attempts 1–10, max_answer_mib 1–1024, detail_concurrency 1–16, parent_concurrency 1–8, max_passes 2–20, thời gian chờ từ 1",
                "limits: retry.attempts 1–10, max_answer_mib 1–1024, detail_concurrency 1–16, parent_concurrency 1–8, max_passes 2–20, time-outs from 1",
            ));
        }
        let base_url = compiler.template("transport.base_url", &transport.base_url, &NAMES);
        let headers = compiler.templates("transport.headers", &transport.headers, &NAMES);
        let identity = compiler.identity(transport);
        let auth = compiler.auth(&manifest.auth, zone);
        compiler.limits(&manifest.limits);
        let users = compiler.users(manifest, zone);
        if users.is_none() && manifest.users.is_some() {
            return None;
        }
        let tasks = compiler.tasks(manifest, stream);
        let deleted = match &stream.deleted {
            Some(check) => {
                compiler.one_check("stream.deleted.one_of", check);
                Some((compiler.path("stream.deleted.path", &check.path)?, check.one_of.clone()))
            }
            None => None,
        };
        let truncated = match &stream.truncated {
            Some(check) => {
                compiler.one_check("stream.truncated.one_of", check);
                Some((compiler.path("stream.truncated.path", &check.path)?, check.one_of.clone()))
            }
            None => None,
        };
        let parents = compiler.branches(manifest);
        let partition = compiler.partition(manifest);
        let export = match &manifest.export {
            Some(section) => Some(compiler.export(section, manifest)?),
            None => None,
        };
        let tasks = tasks?;
        let incremental = match &manifest.incremental {
            Some(section) => {
                Some(compiler.incremental(section, zone, &tasks.request, manifest.soap.is_some())?)
            }
            None => None,
        };
        let window = match &manifest.window {
            Some(section) => Some(compiler.window(section, incremental.as_ref(), &tasks)?),
            None => None,
        };
        compiler.mixes(manifest, &tasks);
        let details = compiler.details(manifest);
        let checks = compiler.answer_checks("success.check", &manifest.success.check);
        let refused = compiler.value_checks("success.refused", &manifest.success.refused);
        let error_text = match &manifest.success.error_text {
            Some(text) => Some(compiler.place("success.error_text", text)?),
            None => None,
        };
        let mut auth = auth?;
        // A login that is no data answer says what went wrong where the other answers do, unless it says otherwise.
        for login in &mut auth.logins {
            login.error_text = login.error_text.take().or_else(|| error_text.as_ref().map(Path::pointer));
        }
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
            identity,
            auth,
            limits: manifest.limits.clone(),
            stream: stream.clone(),
            tasks,
            users,
            parents,
            partition,
            export,
            deleted,
            truncated,
            incremental,
            window,
            details,
            status: manifest.success.status.clone(),
            checks,
            refused,
            error_text,
        })
    }
}

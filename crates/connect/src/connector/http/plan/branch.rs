//! Parents, partitions, windows and exports, compiled.
//!
//! Owns the checks which of them fit together: mixes that would lose records are refused here. It must not know
//! parents or moments; those come when a source is pulled. Whatever is wrong is a `Problem` with its key.

use super::super::super::expression::{Expression, Template};
use super::super::super::json::Path;
use super::super::super::manifest::http::{
    BodyFormat, ExportSection, KeyScope, OnError, PagingKind, PollSection, Snapshot, WindowSection,
};
use super::super::super::manifest::{Manifest, Problem};
use super::compile::Compiler;
use super::list::{ListPlan, RequestPlan, stream_names};
use super::paging::{Incremental, Way};
use chrono::TimeDelta;

/// Parents stand at most so many below each other.
const MAX_LEVELS: usize = 3;

/// A list of parents.
#[derive(Debug)]
pub(in super::super) struct ParentPlan {
    pub(in super::super) name: String,
    pub(in super::super) list: ListPlan,
    pub(in super::super) when: Option<Expression>,
    pub(in super::super) keep: Vec<String>,
    pub(in super::super) max: u32,
    pub(in super::super) skips: bool,
}

/// Windows of time.
#[derive(Debug)]
pub(in super::super) struct WindowPlan {
    pub(in super::super) start: Template,
    pub(in super::super) step: TimeDelta,
    /// Whether windows begin and end with days.
    pub(in super::super) days: bool,
}

/// A list that is written into a file first.
#[derive(Debug)]
pub(in super::super) struct ExportPlan {
    pub(in super::super) start: RequestPlan,
    pub(in super::super) id: Path,
    pub(in super::super) poll: RequestPlan,
    pub(in super::super) state: Path,
    pub(in super::super) error_text: Option<Path>,
    pub(in super::super) address: Option<Path>,
    pub(in super::super) section: PollSection,
}

impl Compiler<'_> {
    pub(super) fn branches(&mut self, manifest: &Manifest) -> Vec<ParentPlan> {
        if manifest.parent.len() > MAX_LEVELS {
            self.incoherent("parent", "nhiều nhất ba [[parent]]", "there are at most three [[parent]]");
        }
        let mut parents = Vec::new();
        for (index, section) in manifest.parent.iter().enumerate() {
            let Some(list) = self.parents(index, section, manifest.partition.is_some()) else { continue };
            if section.max == 0 {
                self.incoherent(&format!("parent.{index}.max"), "max phải từ 1", "max is at least 1");
            }
            let when = match &section.when {
                Some(source) => self.expression(&format!("parent.{index}.when"), source, &["record"]),
                None => None,
            };
            parents.push(ParentPlan {
                name: section.name.clone(),
                list,
                when,
                keep: section.keep.clone(),
                max: section.max,
                skips: section.on_error == OnError::Skip,
            });
        }
        parents
    }

    pub(super) fn partition(&mut self, manifest: &Manifest) -> Vec<Template> {
        let Some(section) = &manifest.partition else { return Vec::new() };
        if section.values.is_empty() {
            self.incoherent("partition.values", "cần ít nhất một giá trị", "at least one value is needed");
        }
        let key = |index: usize| format!("partition.values.{index}");
        let values = section.values.iter().enumerate();
        values.filter_map(|(index, value)| self.template(&key(index), value, &["settings"])).collect()
    }

    pub(super) fn window(
        &mut self,
        section: &WindowSection,
        incremental: Option<&Incremental>,
        tasks: &ListPlan,
    ) -> Option<WindowPlan> {
        let start = self.template("window.start", &section.start, &["settings"]);
        let days = incremental.is_some_and(Incremental::writes_days);
        let until = incremental.is_some_and(|incremental| incremental.until.is_some());
        if !until && !tasks.request.uses("until") {
            self.incoherent(
                "window",
                "[window] cần incremental.until_param, hoặc một mẫu có {{ until }}",
                "[window] needs incremental.until_param, or a template that names {{ until }}",
            );
        }
        let step = match (section.step_days, section.step_hours) {
            (Some(step @ 1..=366), None) => TimeDelta::days(step.into()),
            (None, Some(step @ 1..=8784)) if !days => TimeDelta::hours(step.into()),
            _ => {
                self.incoherent(
                    "window",
                    "[window] cần đúng một: step_days (1–366), hoặc step_hours (1–8784) khi incremental.format có giờ",
                    "[window] needs exactly one: step_days (1–366), or step_hours (1–8784) where incremental.format writes a time",
                );
                return None;
            }
        };
        Some(WindowPlan { start: start?, step, days })
    }

    pub(super) fn export(&mut self, section: &ExportSection, manifest: &Manifest) -> Option<ExportPlan> {
        let names = stream_names(manifest);
        let mut later = names.clone();
        later.push("export");
        let (poll, body) = (&section.poll, section.body.as_ref());
        let start = self.request("export", (section.method, &section.path), &section.query, body, &names);
        let get = (super::super::super::manifest::http::Method::Get, poll.path.as_str());
        let polled = self.request("export.poll", get, &poll.query, None, &later);
        let ranged = (1..=3_600).contains(&poll.every_s) && (1..=86_400).contains(&poll.timeout_s);
        if !ranged || poll.done.is_empty() {
            self.incoherent(
                "export.poll",
                "cần done; every_s 1–3600, timeout_s 1–86400",
                "done is needed; every_s 1–3600, timeout_s 1–86400",
            );
        }
        if poll.address.is_some() && manifest.paging.kind != PagingKind::None {
            self.incoherent(
                "export.poll.address",
                "tệp ở một địa chỉ riêng không phân trang được",
                "a file at an address of its own cannot be paged",
            );
        }
        Some(ExportPlan {
            start: start?,
            id: self.path("export.id", &section.id)?,
            poll: polled?,
            state: self.path("export.poll.state", &poll.state)?,
            error_text: self.optional_path("export.poll.error_text", poll.error_text.as_ref())?,
            address: self.optional_path("export.poll.address", poll.address.as_ref())?,
            section: poll.clone(),
        })
    }

    /// Refuses what is right alone and loses records together.
    pub(super) fn mixes(&mut self, manifest: &Manifest, tasks: &ListPlan) {
        let Some(stream) = &manifest.stream else { return };
        let branched = !manifest.parent.is_empty() || manifest.partition.is_some();
        let shifting = stream.snapshot == Snapshot::Shifting;
        let sorted = manifest.incremental.as_ref().is_some_and(|incremental| incremental.sorted);
        let mut refuse = |key: &str, vi: &str, en: &str| self.problems.push(Problem::unsafe_mix(key, vi, en));
        if sorted && branched {
            refuse(
                "incremental.sorted",
                "sorted cùng [[parent]] hoặc [partition]: thứ tự chỉ đúng trong từng nhánh",
                "sorted with [[parent]] or [partition]: the order holds within each of them only",
            );
        }
        if sorted && (shifting || tasks.way.is_counted()) {
            refuse(
                "incremental.sorted",
                "sorted cùng page hoặc offset: bản ghi được sửa chuyển xuống cuối, các bản ghi sau nó lùi qua ranh giới trang",
                "sorted with page or offset: an edited record moves to the end and those behind it slip over a page's border",
            );
        }
        let keyset = matches!(tasks.way, Way::Keyset { .. } | Way::Range { .. });
        if shifting && !tasks.way.is_counted() {
            refuse(
                "stream.snapshot",
                "shifting chỉ dành cho page và offset; cách khác không đọc lại danh sách",
                "shifting is for page and offset; other ways do not read the list again",
            );
        }
        if keyset
            && matches!(&tasks.way, Way::Keyset { changed: Some(_), .. })
            && manifest.incremental.as_ref().is_none_or(|incremental| incremental.field.is_none())
        {
            refuse(
                "paging.changed_param",
                "changed_param cần incremental.field: không có nó thì thứ tự không kiểm tra được",
                "changed_param needs incremental.field: without it the order cannot be proven",
            );
        }
        let alone = matches!(tasks.way, Way::Single) && !branched && !shifting;
        let other = manifest.incremental.is_some() || manifest.window.is_some() || manifest.export.is_some();
        if stream.conditional && (!alone || other || manifest.soap.is_some() || !manifest.detail.is_empty()) {
            self.incoherent(
                "stream.conditional",
                "conditional chỉ dành cho danh sách trả về trong một lần, không có [incremental], [window], [export], [soap], [[parent]], [partition], [[detail]]",
                "conditional is for lists of one answer, without [incremental], [window], [export], [soap], [[parent]], [partition], [[detail]]",
            );
        }
        if stream.key_scope == KeyScope::Parent && !branched {
            self.incoherent(
                "stream.key_scope",
                "key_scope = \"parent\" cần [[parent]] hoặc [partition]",
                "key_scope = \"parent\" needs [[parent]] or [partition]",
            );
        }
        if stream.format == BodyFormat::Xml && (branched || manifest.export.is_some()) {
            self.incoherent(
                "stream.format",
                "[[parent]], [partition] và [export] chưa dùng được với XML",
                "[[parent]], [partition] and [export] are not for XML",
            );
        }
        let marked = manifest.incremental.as_ref().is_some_and(|incremental| incremental.mark.is_some());
        let other = branched || shifting || manifest.window.is_some() || manifest.export.is_some();
        if marked && (other || manifest.soap.is_some() || tasks.way.is_counted()) {
            self.incoherent(
                "incremental.mark",
                "mark dành cho một danh sách, không có [window], [export], [soap], [[parent]], [partition], page, offset, shifting",
                "mark is for one list, without [window], [export], [soap], [[parent]], [partition], page, offset, shifting",
            );
        }
        if stream.truncated.is_some() && !(marked && matches!(tasks.way, Way::Single)) {
            self.incoherent(
                "stream.truncated",
                "truncated cần incremental.mark và không có cách phân trang khác",
                "truncated needs incremental.mark and no other way of paging",
            );
        }
        if manifest.window.is_some() && manifest.incremental.as_ref().is_none() {
            self.incoherent("window", "[window] cần [incremental]", "[window] needs [incremental]");
        }
    }
}

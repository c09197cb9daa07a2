//! One list, compiled: how it is asked for, where its records are, how it goes on.
//!
//! Owns the request whose parts are templates and the names such a template may use. Tasks and parents are lists
//! alike. It must not know where a running pull stands. Whatever is wrong is a `Problem` with its key.

use super::super::super::expression::{Markup, Template};
use super::super::super::json::Path;
use super::super::super::manifest::Manifest;
use super::super::super::manifest::http::{
    BodyFormat, Method, PagingKind, PagingSection, ParentSection, StreamSection,
};
use super::compile::{Compiler, JsonTemplate};
use super::paging::{Param, Way};
use std::collections::BTreeMap;

/// A request whose parts are templates.
#[derive(Debug)]
pub(in super::super) struct RequestPlan {
    pub(in super::super) method: Method,
    pub(in super::super) path: Template,
    pub(in super::super) query: Vec<(String, Template)>,
    pub(in super::super) body: Option<JsonTemplate>,
    /// An XML body.
    pub(in super::super) xml: Option<Markup>,
}

impl RequestPlan {
    /// Whether a template of it uses a name.
    pub(super) fn uses(&self, name: &str) -> bool {
        let names = self.path.names().into_iter();
        let names = names.chain(self.query.iter().flat_map(|(_, template)| template.names()));
        let names = names.chain(self.xml.iter().flat_map(Markup::names));
        let mut names = names.chain(self.body.iter().flat_map(JsonTemplate::names));
        names.any(|used| used.split('.').next() == Some(name))
    }
}

/// A list.
#[derive(Debug)]
pub(in super::super) struct ListPlan {
    pub(in super::super) request: RequestPlan,
    pub(in super::super) records: Path,
    pub(in super::super) key: Path,
    pub(in super::super) total: Option<Path>,
    pub(in super::super) total_header: Option<String>,
    pub(in super::super) paging: PagingSection,
    pub(in super::super) way: Way,
    pub(in super::super) size_param: Option<Param>,
    /// Whether its records are tasks.
    pub(in super::super) of_tasks: bool,
}

/// What the templates of a request may name.
fn names(paging: &PagingSection, partition: bool, parent: bool) -> Vec<&'static str> {
    let mut names = vec!["settings", "size"];
    names.extend(match paging.kind {
        PagingKind::Page => &["page"][..],
        PagingKind::Offset => &["offset"],
        PagingKind::Cursor => &["cursor"],
        PagingKind::Keyset => &["last_key", "last_changed"],
        PagingKind::IdRange => &["first_id", "last_id"],
        PagingKind::None | PagingKind::Link | PagingKind::NextHeader | PagingKind::NextUrl => &[],
    });
    if partition {
        names.push("partition");
    }
    if parent {
        names.extend(["parent", "parent_key"]);
    }
    names
}

/// What the templates of `[stream]` may name.
pub(super) fn stream_names(manifest: &Manifest) -> Vec<&'static str> {
    let mut names = names(&manifest.paging, manifest.partition.is_some(), !manifest.parent.is_empty());
    match &manifest.incremental {
        Some(incremental) if incremental.mark.is_some() => names.push("mark"),
        Some(_) => names.extend(["since", "until"]),
        None => {}
    }
    names
}

impl Compiler<'_> {
    pub(super) fn request(
        &mut self,
        key: &str,
        (method, path): (Method, &str),
        query: &BTreeMap<String, String>,
        body: Option<&serde_json::Value>,
        names: &[&str],
    ) -> Option<RequestPlan> {
        if body.is_some() && method != Method::Post {
            self.incoherent(
                &format!("{key}.body"),
                "body cần method = \"POST\"",
                "a body needs method = \"POST\"",
            );
        }
        Some(RequestPlan {
            method,
            path: self.template(&format!("{key}.path"), path, names)?,
            query: self.templates(&format!("{key}.query"), query, names),
            body: match body {
                Some(body) => Some(self.json(&format!("{key}.body"), body, names)?),
                None => None,
            },
            xml: None,
        })
    }

    fn size_param(&mut self, key: &str, paging: &PagingSection, request: &RequestPlan) -> Option<Param> {
        let name = paging.size_param.as_ref()?;
        self.param(&format!("{key}.size_param"), name, paging.place, request)
    }

    /// The list of tasks.
    pub(super) fn tasks(&mut self, manifest: &Manifest, stream: &StreamSection) -> Option<ListPlan> {
        let mut names = stream_names(manifest);
        if manifest.export.is_some() {
            names.push("export");
        }
        let (method, body) = (stream.method, stream.body.as_ref());
        let mut request = self.request("stream", (method, &stream.path), &stream.query, body, &names);
        if let (Some(request), Some(source)) = (&mut request, &stream.xml) {
            if method == Method::Get || body.is_some() || manifest.soap.is_some() {
                self.incoherent(
                    "stream.xml",
                    "stream.xml cần method POST, PROPFIND hoặc REPORT, không có stream.body và [soap]",
                    "stream.xml needs the method POST, PROPFIND or REPORT, and neither stream.body nor [soap]",
                );
            }
            request.xml = Some(self.markup("stream.xml", source, &names)?);
        }
        let records = self.records(stream);
        let before = |at: usize| stream.columns.iter().take(at);
        let twice = stream.columns.iter().enumerate().any(|(at, name)| before(at).any(|other| other == name));
        if !stream.columns.is_empty() && (stream.format != BodyFormat::Json || twice) {
            self.incoherent(
                "stream.columns",
                "columns dành cho JSON có dòng là danh sách; mỗi tên một lần",
                "columns are for JSON whose rows are lists; each name stands once",
            );
        }
        let key = self.path("stream.key", &stream.key);
        let total = match &stream.total {
            Some(text) => self.place("stream.total", text).map(Some),
            None => Some(None),
        };
        let request = request?;
        let way = self.way("paging", &manifest.paging, &request, manifest.soap.is_some());
        Some(ListPlan {
            records: records?,
            key: key?,
            total: total?,
            total_header: stream.total_header.clone(),
            paging: manifest.paging.clone(),
            way: way?,
            size_param: self.size_param("paging", &manifest.paging, &request),
            request,
            of_tasks: true,
        })
    }

    /// A list of parents.
    pub(super) fn parents(
        &mut self,
        index: usize,
        section: &ParentSection,
        partition: bool,
    ) -> Option<ListPlan> {
        let names = names(&section.paging, partition, index > 0);
        self.parents_at(&format!("parent.{index}"), section, &names)
    }

    /// A list whose records others stand below, at this key.
    pub(super) fn parents_at(
        &mut self,
        key: &str,
        section: &ParentSection,
        names: &[&str],
    ) -> Option<ListPlan> {
        let (method, body) = (section.method, section.body.as_ref());
        let request = self.request(key, (method, &section.path), &section.query, body, names)?;
        let way = self.way(&format!("{key}.paging"), &section.paging, &request, false)?;
        Some(ListPlan {
            records: self.path(&format!("{key}.records"), &section.records)?,
            key: self.path(&format!("{key}.key"), &section.key)?,
            total: self.optional_path(&format!("{key}.total"), section.total.as_ref())?,
            total_header: None,
            paging: section.paging.clone(),
            way,
            size_param: self.size_param(&format!("{key}.paging"), &section.paging, &request),
            request,
            of_tasks: false,
        })
    }
}

//! Detail calls, compiled.
//!
//! Owns names, templates and conditions of `[[detail]]`. It must not know records. Whatever is wrong is a `Problem`
//! with its key.

use super::super::super::expression::{Expression, Template};
use super::super::super::json::Path;
use super::super::super::manifest::http::Method;
use super::super::super::manifest::{Manifest, Problem};
use super::super::super::xml;
use super::compile::{Compiler, JsonTemplate};
use super::soap::Call;

/// A further call per record.
#[derive(Debug)]
pub(in super::super) struct Detail {
    pub(in super::super) name: String,
    pub(in super::super) path: Template,
    pub(in super::super) method: Method,
    pub(in super::super) query: Vec<(String, Template)>,
    pub(in super::super) body: Option<JsonTemplate>,
    /// A SOAP call in its place.
    pub(in super::super) call: Option<Call>,
    pub(in super::super) select: Path,
    /// The same of an XML answer.
    pub(in super::super) element: Option<xml::Place>,
    pub(in super::super) when: Option<Expression>,
    /// Whether the record itself is needed to write the request.
    pub(in super::super) needs_record: bool,
    /// Whether a detail before it is needed for that.
    pub(in super::super) needs_details: bool,
}

impl Compiler<'_> {
    pub(super) fn details(&mut self, manifest: &Manifest) -> Vec<Detail> {
        const NAMES: [&str; 3] = ["settings", "key", "record"];
        let mut details: Vec<Detail> = Vec::new();
        let again = manifest.stream.as_ref().and_then(|stream| stream.details_again.as_ref());
        if again.is_some_and(|again| manifest.detail.is_empty() || !(1..=1_000).contains(&again.every)) {
            self.incoherent(
                "stream.details_again",
                "details_again cần [[detail]], every từ 1 đến 1000",
                "details_again needs [[detail]], and every is 1–1000",
            );
        }
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
            if section.body.is_some() && section.method != Method::Post {
                self.problems.push(Problem::incoherent(
                    &key("body"),
                    "body cần method = \"POST\"",
                    "a body needs method = \"POST\"",
                ));
            }
            let body = match &section.body {
                None => None,
                Some(body) => match self.json(&key("body"), body, &NAMES) {
                    Some(body) => Some(body),
                    None => continue,
                },
            };
            let call = match &section.soap {
                None => None,
                Some(call) => {
                    if manifest.soap.is_none() || section.body.is_some() {
                        self.problems.push(Problem::incoherent(
                            &key("soap"),
                            "detail.soap cần [soap] và không có detail.body",
                            "detail.soap needs [soap] and no detail.body",
                        ));
                    }
                    match self.call(&key("soap"), call, &NAMES) {
                        Some(call) => Some(call),
                        None => continue,
                    }
                }
            };
            let Some((select, element)) = self.select(&key("select"), &section.select) else { continue };
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
                || query.iter().any(|(_, template)| uses_record(template.names()))
                || body.as_ref().is_some_and(|body| uses_record(body.names()))
                || call.as_ref().is_some_and(|call| uses_record(call.names()));
            // A member that begins with $ is a detail: record['$task'].
            let needs_details = needs_record
                && !details.is_empty()
                && serde_json::to_string(section)
                    .is_ok_and(|text| text.contains("'$") || text.contains("\\\"$"));
            details.push(Detail {
                name: section.name.clone(),
                path,
                method: section.method,
                query,
                body,
                call,
                select,
                element,
                when,
                needs_record,
                needs_details,
            });
        }
        details
    }
}

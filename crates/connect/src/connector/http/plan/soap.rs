//! The SOAP call of a manifest, compiled.
//!
//! Owns its templates and the checks that need other sections. It must not know how an envelope looks. Whatever is
//! wrong is a `Problem` with its key.

use super::super::super::expression::{Markup, Template};
use super::super::super::manifest::http::{BodyFormat, DetailCallSection};
use super::super::super::manifest::soap::SoapSection;
use super::super::super::manifest::{Manifest, Problem};
use super::compile::Compiler;

/// What header and body may name.
const NAMES: [&str; 7] = ["settings", "page", "offset", "cursor", "size", "since", "until"];

/// What one call says.
#[derive(Debug)]
pub(in super::super) struct Call {
    pub(in super::super) action: String,
    pub(in super::super) header: Option<Markup>,
    pub(in super::super) body: Markup,
}

impl Call {
    /// Names its templates use, with their members.
    pub(super) fn names(&self) -> Vec<String> {
        self.header.iter().chain([&self.body]).flat_map(Markup::names).collect()
    }
}

/// The calls of a SOAP service.
#[derive(Debug)]
pub(in super::super) struct SoapPlan {
    pub(in super::super) section: SoapSection,
    /// The call for the list.
    pub(in super::super) list: Call,
    /// User name and password.
    pub(in super::super) security: Option<(Template, Template)>,
}

impl Compiler<'_> {
    pub(super) fn soap(&mut self, manifest: &Manifest, section: &SoapSection) -> Option<SoapPlan> {
        let stream = manifest.stream.as_ref()?;
        if stream.format != BodyFormat::Xml || stream.body.is_some() {
            self.problems.push(Problem::incoherent(
                "soap",
                "[soap] cần stream.format = \"xml\" và không có stream.body",
                "[soap] needs stream.format = \"xml\" and no stream.body",
            ));
        }
        self.action("soap.action", &section.action);
        let plain = |prefix: &String| {
            let mut letters = prefix.chars();
            letters.next().is_some_and(|c| c.is_ascii_alphabetic())
                && letters.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        };
        let taken = ["soap", "wsse", "wsu", "xml", "xmlns"];
        for prefix in
            section.namespaces.keys().filter(|prefix| !plain(prefix) || taken.contains(&prefix.as_str()))
        {
            self.problems.push(Problem::incoherent(
                &format!("soap.namespaces.{prefix}"),
                "tiền tố gồm chữ và số, bắt đầu bằng chữ, không phải soap, wsse, wsu, xml",
                "a prefix holds letters and digits, begins with a letter and is none of soap, wsse, wsu, xml",
            ));
        }
        let header = match &section.header {
            Some(source) => Some(self.markup("soap.header", source, &NAMES)?),
            None => None,
        };
        let body = self.markup("soap.body", &section.body, &NAMES)?;
        let security = match &section.security {
            Some(security) => Some((
                self.template("soap.security.username", &security.username, &["settings", "secrets"])?,
                self.template("soap.security.password", &security.password, &["settings", "secrets"])?,
            )),
            None => None,
        };
        let list = Call { action: section.action.clone(), header, body };
        Some(SoapPlan { section: section.clone(), list, security })
    }

    /// A call of a detail.
    pub(super) fn call(&mut self, key: &str, section: &DetailCallSection, names: &[&str]) -> Option<Call> {
        self.action(&format!("{key}.action"), &section.action);
        let header = match &section.header {
            Some(source) => Some(self.markup(&format!("{key}.header"), source, names)?),
            None => None,
        };
        let body = self.markup(&format!("{key}.body"), &section.body, names)?;
        Some(Call { action: section.action.clone(), header, body })
    }

    fn action(&mut self, key: &str, action: &str) {
        if action.chars().any(|c| c.is_control() || c == '"' || !c.is_ascii()) {
            self.problems.push(Problem::incoherent(
                key,
                "action chỉ gồm ký tự ASCII, không có dấu nháy kép",
                "an action holds ASCII characters and no double quote",
            ));
        }
    }

    /// A text of XML whose values are escaped.
    pub(super) fn markup(&mut self, key: &str, source: &str, names: &[&str]) -> Option<Markup> {
        match Markup::compile(source, names) {
            Ok(markup) => {
                self.names(key, &markup.names());
                Some(markup)
            }
            Err(why) => {
                self.problems.push(Problem::expression(key, &why));
                None
            }
        }
    }
}

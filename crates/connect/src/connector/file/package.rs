//! edXML packages in a drop folder: one file, one package.
//!
//! Owns what a package gives as rows and evidence by the same choice as on the axis, and what is kept of it: everything
//! but the contents of its attachments. It must not know files or pages. A package that cannot be read is refused with
//! the file's name; nothing is acknowledged to anybody.

use super::Row;
use super::document::Document;
use crate::connector::edxml::record::{Meaning, TaskChoice, meaning};
use crate::connector::edxml::{Edxml, Kept, Refusal, package::Package};
use crate::connector::manifest::edxml::EdxmlSection;
use crate::error::{Findings, Place};
use bytes::Bytes;

/// How packages are read, and which of them are tasks.
#[derive(Debug, Clone)]
pub struct Packages {
    edxml: Edxml,
    tasks: TaskChoice,
    fingerprint: [u8; 32],
}

impl Packages {
    pub(super) fn of(section: &EdxmlSection, fingerprint: [u8; 32]) -> Self {
        let namespaces = section.namespaces.clone();
        let edxml = Edxml { limits: section.limits(), namespaces, ..Edxml::default() };
        Self { edxml, tasks: section.tasks(), fingerprint }
    }

    /// Reads a package as it was dropped.
    ///
    /// # Errors
    /// LT-EDX-001 to 004 why it is none.
    pub(super) fn read(&self, name: &str, bytes: &[u8]) -> Result<Document, Findings> {
        let refused = |refusal: Refusal| Findings::from(refusal.finding().at(Place::of(name)));
        let (package, Kept(kept)) = self.edxml.read_and_cut(bytes).map_err(refused)?;
        Ok(Document { kept: Some(kept), ..self.document(&package) })
    }

    /// Reads a package as it was kept; none where the bytes were kept by another program.
    pub(super) fn read_kept(&self, kept: &Bytes) -> Option<Document> {
        let package = self.edxml.read_kept(kept).ok()?;
        Some(self.document(&package))
    }

    fn document(&self, package: &Package) -> Document {
        let Meaning { records, evidence } = meaning(package, &self.tasks, &self.fingerprint);
        let row = |record: crate::connector::RawRecord| Row {
            key: Some(record.external_id),
            line: record.index + 1,
            body: record.body,
            presence: record.presence,
            ..Row::default()
        };
        Document { rows: records.into_iter().map(row).collect(), evidence, ..Document::default() }
    }
}

//! What a package means: records for the rules of a manifest, and evidence.
//!
//! Owns which package is a task (steering documents with a deadline, by the manifest's choice), what a recall and a
//! replacement do to the tasks of other packages, and which words about documents a package carries. It must not know
//! the store: a recall of a task nobody has is evidence alone. Pure.

use super::package::{Package, PackageKind};
use super::{key, read};
use crate::connector::rule::{is_key, record_hash};
use crate::connector::{Presence, RawRecord};
use crate::domain::{Evidence, EvidenceKind, local_offset};
use bytes::Bytes;
use chrono::{DateTime, TimeZone as _, Utc};
use sha2::{Digest as _, Sha256};

/// Which documents are tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskChoice {
    /// Kinds of steering (`SteeringType`); a document without one is of kind 0.
    pub steering: Vec<String>,
    /// Whether a document without a deadline is a task as well.
    pub without_due: bool,
}

impl Default for TaskChoice {
    fn default() -> Self {
        Self { steering: vec!["2".to_owned()], without_due: false }
    }
}

impl TaskChoice {
    fn takes(&self, package: &Package) -> bool {
        let steering = package.steering.as_deref().unwrap_or("0");
        let steers = self.steering.iter().any(|kind| kind == steering);
        steers && (self.without_due || package.due.is_some())
    }
}

/// What one package gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meaning {
    /// Records.
    pub records: Vec<RawRecord>,
    /// Words about documents and tasks.
    pub evidence: Vec<Evidence>,
}

/// What a package means. `fingerprint` is that of the manifest whose rules read the records.
pub fn meaning(package: &Package, choice: &TaskChoice, fingerprint: &[u8; 32]) -> Meaning {
    let mut meaning = Meaning::default();
    let at = package.sent_at.as_deref().and_then(instant);
    let who = package.from.organ_id.as_deref().map(key::plain);
    let digest = digest_of(package);
    let word = |kind: EvidenceKind, subject: &str, number: Option<&str>, code: Option<&str>| Evidence {
        kind,
        subject: subject.to_owned(),
        number: number.map(key::plain).filter(|number| !number.is_empty()),
        alias: None,
        code: code.map(|code| code.chars().take(20).collect()),
        at,
        who: package.issuer.clone().filter(|_| package.kind == PackageKind::Document).or_else(|| who.clone()),
        package: digest,
    };
    let number = package.number.as_deref();
    if package.kind == PackageKind::Status {
        let code = package.report.as_ref().and_then(|report| report.code.as_deref());
        meaning.evidence.push(word(EvidenceKind::Status, &package.key, number, code));
        return meaning;
    }
    let business = package.business_kind();
    let recalled = business == "1";
    let kind = if recalled { EvidenceKind::Recall } else { EvidenceKind::Document };
    let alias = package.document_id.as_deref().map(key::plain).filter(|alias| !alias.is_empty());
    meaning.evidence.push(Evidence { alias, ..word(kind, &package.key, number, Some(business)) });
    let body = Bytes::from(serde_json::to_vec(package).unwrap_or_default());
    let record = |external_id: &str, presence: Presence, index: u32| RawRecord {
        external_id: external_id.to_owned(),
        hash: record_hash(fingerprint, &body),
        body: body.clone(),
        index,
        file: None,
        presence,
    };
    if choice.takes(package) {
        meaning.records.push(record(&package.key, Presence::Shown, 0));
    } else if recalled {
        meaning.records.push(record(&package.key, Presence::Recalled { at }, 0));
    }
    let replaced = package.business.iter().flat_map(|business| &business.replaced);
    for (index, replaced) in (1u32..).zip(replaced.filter_map(|replaced| replaced.key.as_deref())) {
        if replaced != package.key {
            meaning.evidence.push(word(EvidenceKind::Replaced, replaced, None, number));
            meaning.records.push(record(replaced, Presence::Recalled { at }, index));
        }
    }
    for answer in &package.response_for {
        if let Some(key) = &answer.key {
            meaning.evidence.push(word(EvidenceKind::Answer, key, answer.code.as_deref(), number));
        }
    }
    for code in package.task_codes.iter().filter(|code| is_key(code)) {
        meaning.evidence.push(word(EvidenceKind::TaskAnswer, code, None, number));
    }
    // The same word twice in one package is one word.
    let mut told: Vec<(EvidenceKind, String)> = Vec::with_capacity(meaning.evidence.len());
    meaning.evidence.retain(|word| {
        let what = (word.kind, word.subject.clone());
        let new = !told.contains(&what);
        if new {
            told.push(what);
        }
        new
    });
    meaning
}

/// The digest of a package as bytes.
fn digest_of(package: &Package) -> [u8; 32] {
    let mut digest = [0; 32];
    let pairs = package.sha256.as_bytes().chunks(2);
    let nibble = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let read: Option<Vec<u8>> =
        pairs.map(|pair| Some(nibble(*pair.first()?)? << 4 | nibble(*pair.get(1)?)?)).collect();
    match read.as_deref().map(<[u8; 32]>::try_from) {
        Some(Ok(read)) => read,
        // A package that was made and never came has no digest of its own.
        _ => {
            digest.copy_from_slice(&Sha256::digest(package.key.as_bytes()));
            digest
        }
    }
}

/// A local time of the standard as an instant.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let local = local_offset().from_local_datetime(&read::moment(text)?);
    local.single().map(|at| at.to_utc())
}

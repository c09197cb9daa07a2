//! What comes back of an order: the exit code, what went wrong and what there is to show; and how far it has come.
//!
//! Owns the exit codes and what decides between them. It must not know orders or how they are carried out. A failure is an
//! [`Outcome`] with findings; there is no other error.

use super::document::Document;
use crate::error::{Finding, Severity, Text};
use serde::{Deserialize, Serialize};

/// Everything went as ordered.
pub const EXIT_OK: u8 = 0;
/// The order was understood but failed, or a check found errors.
pub const EXIT_FAILED: u8 = 1;
/// The command line itself is wrong.
pub const EXIT_USAGE: u8 = 2;
/// The data folder is in use, or the daemon that holds it does not answer.
pub const EXIT_BUSY: u8 = 3;
/// The store cannot be opened, is newer than this program, full or damaged.
pub const EXIT_STORE: u8 = 4;
/// The configuration or a secret is wrong.
pub const EXIT_CONFIG: u8 = 5;

/// The exit code of an order that failed with these findings.
pub fn exit_of(findings: &[Finding]) -> u8 {
    // Lost races and what a backup, a check or a rotation tells are no failures of the store itself.
    const NO_FAILURE_OF_THE_STORE: [&str; 9] = [
        "LT-DB-009",
        "LT-DB-012",
        "LT-DB-013",
        "LT-DB-014",
        "LT-DB-015",
        "LT-DB-017",
        "LT-DB-018",
        "LT-DB-019",
        "LT-DB-020",
    ];
    let store = |finding: &Finding| {
        finding.code.starts_with("LT-DB-") && !NO_FAILURE_OF_THE_STORE.contains(&finding.code.as_str())
    };
    if findings.iter().any(store) { EXIT_STORE } else { EXIT_FAILED }
}

/// How far an order has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Items handled.
    pub done: u64,
    /// Items altogether, where known.
    pub total: Option<u64>,
    /// What is being done.
    pub note: Text,
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Exit code of the process that ordered, one of the `EXIT_…` constants.
    pub exit: u8,
    /// What went wrong or is worth knowing.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What there is to show.
    #[serde(default)]
    pub document: Document,
}

impl Outcome {
    /// Success with something to show.
    pub fn ok(document: Document) -> Self {
        Self { exit: EXIT_OK, findings: Vec::new(), document }
    }

    /// Success with a sentence.
    pub fn done(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::ok(Document::Message { text: Text::new(vi, en) })
    }

    /// Failure with one finding.
    pub fn failed(exit: u8, finding: Finding) -> Self {
        Self { exit, findings: vec![finding], document: Document::Nothing }
    }

    /// A document with findings: exit 1 when one of them is an error.
    pub fn with_findings(document: Document, findings: Vec<Finding>) -> Self {
        let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
        Self { exit: if failed { EXIT_FAILED } else { EXIT_OK }, findings, document }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_no_failure_but_an_error_is() {
        let text = || Text::new("a", "a");
        let warning = Finding::warning("LT-CFG-001", text(), text());
        assert_eq!(Outcome::with_findings(Document::Nothing, vec![warning.clone()]).exit, EXIT_OK);
        let error = Finding::error("LT-CFG-001", text(), text());
        assert_eq!(Outcome::with_findings(Document::Nothing, vec![warning, error]).exit, EXIT_FAILED);
    }
}

//! Files an order gives back, on the disk of whoever ordered.
//!
//! Owns the promise that no file is ever overwritten: a form people edited for weeks would be lost. It must not know what
//! a file holds. What cannot be written is a finding; the order itself was carried out.

use super::args::{Action, Catalog};
use crate::error::{Finding, Place, Text, io_cause};
use crate::pipeline::command::{Document, EXIT_FAILED, Outcome};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where an order's file goes.
///
/// # Errors
/// LT-CAT-046 something stands there already.
pub fn wanted(action: &Action) -> Result<Option<PathBuf>, Box<Finding>> {
    let out = match action {
        Action::Catalog(Catalog::Propose { out, .. }) => Some(out),
        Action::Catalog(Catalog::Merge { out, .. }) => out.as_ref(),
        _ => None,
    };
    match out {
        Some(path) if path.exists() => {
            Err(Box::new(unwritten(path, &Text::new("đã có tệp này", "it exists already"))))
        }
        out => Ok(out.cloned()),
    }
}

/// Writes the file an outcome carries; what is left is what there is to say.
pub fn keep(outcome: Outcome, out: Option<&Path>) -> Outcome {
    let Outcome { exit, mut findings, document } = outcome;
    let Document::File { file, told } = document else { return Outcome { exit, findings, document } };
    let Some(path) = out else { return Outcome { exit, findings, document: *told } };
    let written = std::fs::File::options()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut open| open.write_all(&file.bytes).and_then(|()| open.sync_all()));
    match written {
        Ok(()) => Outcome { exit, findings, document: *told },
        Err(error) => {
            findings.push(unwritten(path, &io_cause(&error)));
            Outcome { exit: exit.max(EXIT_FAILED), findings, document: *told }
        }
    }
}

fn unwritten(path: &Path, why: &Text) -> Finding {
    Finding::error(
        "LT-CAT-046",
        Text::new("không ghi được tệp kết quả", "the resulting file cannot be written").because(why),
        Text::new("chọn tên tệp khác với --out", "give another file with --out"),
    )
    .at(Place::of(path.display().to_string()))
}

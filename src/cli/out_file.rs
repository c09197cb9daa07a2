//! Files an order gives back, on the disk of whoever ordered.
//!
//! Owns where such a file goes, under which endings, and what becomes of it on the way. It must not know what a file holds, or how
//! it becomes whole (`whole_file`). What cannot be written is a finding; the order itself was carried out.

use super::args::{Action, Catalog, Mapping, sheet};
use super::pdf;
use crate::error::{Finding, Place, Text, io_cause};
use crate::pipeline::command::{Document, EXIT_FAILED, Outcome};
use crate::pipeline::whole_file;
use std::path::{Path, PathBuf};

/// Where an order's file goes, and what becomes of it on the way.
#[derive(Debug, Clone)]
pub struct Out {
    path: PathBuf,
    /// A text that is to be a PDF.
    as_pdf: bool,
    /// Code of the finding that something stands there, and of the one that it cannot be written.
    codes: (&'static str, &'static str),
}

/// Where an order's file goes.
///
/// # Errors
/// LT-CAT-046 or LT-PAP-010 something stands there already, LT-PAP-015 a paper under an ending of something else.
pub fn wanted(action: &Action) -> Result<Option<Out>, Box<Finding>> {
    if let Action::Report(report) = action
        && let Some((path, endings)) = report.endings()
    {
        check_ending(path, endings)?;
    }
    let catalog =
        |path: &PathBuf| Out { path: path.clone(), as_pdf: false, codes: ("LT-CAT-046", "LT-CAT-046") };
    let paper =
        |path: &PathBuf, as_pdf| Out { path: path.clone(), as_pdf, codes: ("LT-PAP-010", "LT-PAP-011") };
    let out = match action {
        Action::Catalog(Catalog::Propose { out, .. }) => Some(catalog(out)),
        Action::Catalog(Catalog::Merge { out, .. }) => out.as_ref().map(catalog),
        Action::Mapping(Mapping::Proposals { format, out, .. }) if sheet(*format, out.as_ref()) => {
            out.as_ref().map(|path| paper(path, false))
        }
        Action::Report(report) => report.out().map(|(path, as_pdf)| paper(path, as_pdf)),
        _ => None,
    };
    match out {
        Some(out) if out.path.exists() => {
            let why = Text::new("đã có tệp này", "it exists already");
            Err(Box::new(unwritten(out.codes.0, &out.path, &why)))
        }
        out => Ok(out),
    }
}

/// Whether a file's ending says what will be in it; one without an ending says nothing wrong.
fn check_ending(path: &Path, endings: &[&str]) -> Result<(), Box<Finding>> {
    let Some(ending) = path.extension() else { return Ok(()) };
    let ending = ending.to_string_lossy().to_lowercase();
    if endings.contains(&ending.as_str()) {
        return Ok(());
    }
    let list = endings.iter().map(|ending| format!(".{ending}")).collect::<Vec<_>>().join(", ");
    let finding = Finding::error(
        "LT-PAP-015",
        Text::new(
            format!("đuôi tệp .{ending} không phải định dạng sẽ được ghi"),
            format!("the ending .{ending} is not that of what would be written"),
        ),
        Text::new(
            format!("đặt tên tệp với đuôi {list}; chưa có gì được ghi"),
            format!("name the file with the ending {list}; nothing was written"),
        ),
    );
    Err(Box::new(finding.at(Place::of(path.display().to_string()))))
}

/// Writes the file an outcome carries, as a PDF where asked for; what is left is what there is to say.
pub async fn keep(outcome: Outcome, out: Option<&Out>) -> Outcome {
    let Outcome { exit, mut findings, document } = outcome;
    let Document::File { file, told } = document else { return Outcome { exit, findings, document } };
    let Some(out) = out else { return Outcome { exit, findings, document: *told } };
    let bytes = if out.as_pdf { pdf::of_text(&file.bytes).await } else { Ok(file.bytes) };
    match bytes.and_then(|bytes| put(out, &bytes)) {
        Ok(()) => Outcome { exit, findings, document: *told },
        Err(finding) => {
            findings.push(*finding);
            Outcome { exit: exit.max(EXIT_FAILED), findings, document: *told }
        }
    }
}

fn put(out: &Out, bytes: &[u8]) -> Result<(), Box<Finding>> {
    whole_file::put(&out.path, bytes)
        .map_err(|error| Box::new(unwritten(out.codes.1, &out.path, &io_cause(&error))))
}

fn unwritten(code: &str, path: &Path, why: &Text) -> Finding {
    Finding::error(
        code,
        Text::new("không ghi được tệp kết quả", "the resulting file cannot be written").because(why),
        Text::new("chọn tên tệp khác với --out", "give another file with --out"),
    )
    .at(Place::of(path.display().to_string()))
}

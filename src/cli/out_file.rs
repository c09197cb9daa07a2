//! Files an order gives back, on the disk of whoever ordered.
//!
//! Owns where such a file goes, under which endings, and what becomes of it on the way. It must not know what a file holds, or how
//! it becomes whole (`whole_file`). What cannot be written is a finding; the order itself was carried out.

use super::args::{Action, Catalog, Mapping, PaperFormat, Report, SheetFormat};
use super::{pdf, print};
use crate::error::{Finding, Place, Text, io_cause};
use crate::pipeline::command::{Document, EXIT_FAILED, Outcome};
use crate::pipeline::whole_file;
use std::path::{Path, PathBuf};

/// Where an order's file goes, and what becomes of it on the way.
#[derive(Debug, Clone)]
pub struct Out {
    path: PathBuf,
    becomes: Becomes,
    /// Code of the finding that something stands there, and of the one that it cannot be written.
    codes: (&'static str, &'static str),
}

/// What becomes of what an order brings back.
#[derive(Debug, Clone, Copy)]
enum Becomes {
    /// Its file as it is.
    File,
    /// Its file, a text, as a PDF.
    Pdf,
    /// Its table as CSV.
    Csv(fn(&Document) -> Option<String>),
}

/// Where an order's file goes.
///
/// # Errors
/// LT-CAT-046 or LT-PAP-010 something stands there already, LT-PAP-015 an ending of something else than what is written, or a
/// form that is for the terminal alone.
pub fn wanted(action: &Action) -> Result<Option<Out>, Box<Finding>> {
    let named = match action {
        Action::Report(report) => report.endings(),
        Action::Mapping(Mapping::Proposals { format, out, .. }) => {
            out.as_ref().map(|path| (path, SheetFormat::endings(*format)))
        }
        _ => None,
    };
    if let Some((path, endings)) = named {
        check_ending(path, endings)?;
    }
    let catalog = |path: &PathBuf| Out {
        path: path.clone(),
        becomes: Becomes::File,
        codes: ("LT-CAT-046", "LT-CAT-046"),
    };
    let paper =
        |path: &PathBuf, becomes| Out { path: path.clone(), becomes, codes: ("LT-PAP-010", "LT-PAP-011") };
    let sheet = |format, path: Option<&PathBuf>, csv| {
        let becomes = match SheetFormat::of(format, path) {
            Some(SheetFormat::Csv) => Becomes::Csv(csv),
            _ => Becomes::File,
        };
        path.map(|path| paper(path, becomes))
    };
    let out = match action {
        Action::Catalog(Catalog::Propose { out, .. }) => Some(catalog(out)),
        Action::Catalog(Catalog::Merge { out, .. }) => out.as_ref().map(catalog),
        // It leaves the house: people of another office read it.
        Action::Mapping(Mapping::Proposals { format, out, .. }) => sheet(*format, out.as_ref(), print::sheet),
        Action::Report(Report::Statistics { format, out, .. }) => sheet(*format, out.as_ref(), print::csv),
        Action::Report(Report::Form { format, out, .. }) => Some(paper(
            out,
            if PaperFormat::of(*format, out) == PaperFormat::Pdf { Becomes::Pdf } else { Becomes::File },
        )),
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
    if endings.is_empty() {
        let finding = Finding::error(
            "LT-PAP-015",
            Text::new(
                "định dạng này chỉ để xem trên màn hình, không ghi ra tệp",
                "this format is for the terminal alone and not written to a file",
            ),
            Text::new(
                "bỏ --out, hoặc bỏ --format và đặt tên tệp với đuôi .xlsx, .csv; chưa có gì được ghi",
                "leave --out away, or --format and name the file with the ending .xlsx, .csv; nothing was written",
            ),
        );
        return Err(Box::new(finding.at(Place::of("--out"))));
    }
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
    let (bytes, told) = match (document, out.map(|out| out.becomes)) {
        (Document::File { told, .. }, None) => return Outcome { exit, findings, document: *told },
        (Document::File { file, told }, Some(Becomes::Pdf)) => (pdf::of_text(&file.bytes).await, *told),
        (Document::File { file, told }, Some(_)) => (Ok(file.bytes), *told),
        (document, Some(Becomes::Csv(csv))) => match csv(&document) {
            Some(text) => (Ok(text.into_bytes()), document),
            None => return Outcome { exit, findings, document },
        },
        (document, _) => return Outcome { exit, findings, document },
    };
    let Some(out) = out else { return Outcome { exit, findings, document: told } };
    let written = bytes.and_then(|bytes| put(out, &bytes));
    // What was made is told by the name it has here, and not at all where it is not here.
    let document = match (told, &written) {
        (Document::Message { .. }, Ok(())) => {
            let shown = out.path.display();
            Document::Message { text: Text::new(format!("đã ghi {shown}"), format!("{shown} is written")) }
        }
        (Document::Message { .. }, Err(_)) => Document::Nothing,
        (told, _) => told,
    };
    let Err(finding) = written else { return Outcome { exit, findings, document } };
    findings.push(*finding);
    Outcome { exit: exit.max(EXIT_FAILED), findings, document }
}

fn put(out: &Out, bytes: &[u8]) -> Result<(), Box<Finding>> {
    whole_file::put(&out.path, bytes)
        .map_err(|error| Box::new(unwritten(out.codes.1, &out.path, &io_cause(&error))))
}

fn unwritten(code: &str, path: &Path, why: &Text) -> Finding {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let remedy = match folder.map(Path::display) {
        Some(folder) => Text::new(
            format!("thư mục {folder} không có: tạo thư mục rồi chạy lại, hoặc chọn tên tệp khác với --out"),
            format!("there is no folder {folder}: make it and try again, or give another file with --out"),
        ),
        None => Text::new("chọn tên tệp khác với --out", "give another file with --out"),
    };
    Finding::error(
        code,
        Text::new("không ghi được tệp kết quả", "the resulting file cannot be written").because(why),
        remedy,
    )
    .at(Place::of(path.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::command::InputFile;

    fn outcome() -> Outcome {
        let file = InputFile { name: "Mau-02_GL-00012_2026.docx".into(), bytes: b"bytes".to_vec() };
        let text = Text::new("văn bản Mau-02_GL-00012_2026.docx", "paper Mau-02_GL-00012_2026.docx");
        Outcome::ok(Document::File { file, told: Box::new(Document::Message { text }) })
    }

    fn out(path: PathBuf) -> Out {
        Out { path, becomes: Becomes::File, codes: ("LT-PAP-010", "LT-PAP-011") }
    }

    #[tokio::test]
    async fn a_file_is_told_by_the_name_it_was_given_here() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("f02.docx");
        let kept = keep(outcome(), Some(&out(path.clone()))).await;
        let Document::Message { text } = kept.document else { panic!("{:?}", kept.document) };
        assert_eq!((kept.exit, text.vi), (0, format!("đã ghi {}", path.display())));
        assert!(path.exists());
    }

    #[tokio::test]
    async fn a_file_whose_folder_is_missing_is_not_told_as_made_and_the_folder_is_named() {
        let folder = tempfile::tempdir().expect("folder");
        let missing = folder.path().join("nodir");
        let kept = keep(outcome(), Some(&out(missing.join("f.docx")))).await;
        assert!(matches!(kept.document, Document::Nothing), "{:?}", kept.document);
        let told = kept.findings.first().expect("told");
        assert_eq!((kept.exit, told.code.as_str()), (EXIT_FAILED, "LT-PAP-011"));
        assert!(told.remedy.vi.contains(&format!("thư mục {} không có", missing.display())), "{told:?}");
    }
}

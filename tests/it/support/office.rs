//! A real office suite: LibreOffice opens what we write, and makes pages and pictures of it.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Lets LibreOffice turn files into PDFs, all in one run; gives those it could open, by the stem of their name.
pub fn pdfs(folder: &Path, files: &[PathBuf]) -> BTreeMap<String, PathBuf> {
    let made = folder.join("pdf");
    std::fs::create_dir_all(&made).expect("folder");
    let status = Command::new("soffice")
        .args(["--headless", "--norestore", "--nolockcheck", "--nodefault"])
        .arg(format!("-env:UserInstallation=file://{}/profile", folder.display()))
        .args(["--convert-to", "pdf", "--outdir"])
        .arg(&made)
        .args(files)
        .env("HOME", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("soffice starts (libreoffice-writer-nogui)");
    assert!(status.success(), "soffice: {status}");
    let stem = |path: &PathBuf| path.file_stem().expect("name").to_string_lossy().into_owned();
    let pdf = |file: &PathBuf| (stem(file), made.join(stem(file) + ".pdf"));
    files.iter().map(pdf).filter(|(_, pdf)| pdf.is_file()).collect()
}

/// The words of a PDF, as they stand on its pages.
pub fn words(pdf: &Path) -> String {
    let output = Command::new("pdftotext").arg("-layout").arg(pdf).arg("-").output();
    let output = output.expect("pdftotext starts (poppler-utils)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Pictures of the pages of a PDF, in order.
pub fn pictures(pdf: &Path, folder: &Path, dots_per_inch: u32) -> Vec<PathBuf> {
    std::fs::create_dir_all(folder).expect("folder");
    let stem = pdf.file_stem().expect("name").to_string_lossy().into_owned();
    let status = Command::new("pdftoppm")
        .args(["-png", "-r", &dots_per_inch.to_string()])
        .arg(pdf)
        .arg(folder.join(&stem))
        .status()
        .expect("pdftoppm starts (poppler-utils)");
    assert!(status.success());
    let mut made: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("listed")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.file_name().expect("name").to_string_lossy().starts_with(&stem))
        .collect();
    made.sort();
    made
}

/// One part of a package.
pub fn part(bytes: &[u8], name: &str) -> String {
    let mut package = zip::ZipArchive::new(Cursor::new(bytes)).expect("a package");
    let mut text = String::new();
    package.by_name(name).expect(name).read_to_string(&mut text).expect("text");
    text
}

/// The texts of a DOCX's body, one per paragraph; every part has to be well-formed.
pub fn paragraphs(bytes: &[u8]) -> Vec<String> {
    use quick_xml::events::Event;
    let mut package = zip::ZipArchive::new(Cursor::new(bytes)).expect("a package");
    let count = package.len();
    let mut paragraphs = Vec::new();
    for at in 0..count {
        let mut text = String::new();
        package.by_index(at).expect("part").read_to_string(&mut text).expect("text");
        let mut reader = quick_xml::Reader::from_str(&text);
        let mut open = false;
        loop {
            match reader.read_event().unwrap_or_else(|error| panic!("part {at}: {error}\n{text}")) {
                Event::Eof => break,
                Event::Start(start) if start.name().as_ref() == "w:p" => paragraphs.push(String::new()),
                Event::Start(start) => open = start.name().as_ref() == "w:t",
                Event::End(_) => open = false,
                Event::Text(words) if open => {
                    let last = paragraphs.last_mut().expect("a paragraph around every text");
                    last.push_str(&words.xml10_content());
                }
                Event::GeneralRef(reference) if open => {
                    let last = paragraphs.last_mut().expect("a paragraph around every text");
                    let entity = quick_xml::escape::resolve_xml_entity(&reference);
                    last.push_str(entity.expect("an entity of XML"));
                }
                _ => {}
            }
        }
    }
    paragraphs
}

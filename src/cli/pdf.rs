//! A text as a PDF, by LibreOffice where it is installed.
//!
//! Owns one run of the office program: a folder and a profile of its own, removed afterwards, a time limit, and the end
//! of everything it began. It runs in the process of whoever asked, never in the daemon: an office suite has no place
//! beside people's scores. It must not know what the text says. Without LibreOffice, and when it fails, a finding says so.

use crate::error::{Finding, Text, io_cause};
use rustix::process::{Pid, Signal, kill_process_group};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};

/// Longest a conversion may take: the first start of a profile takes most of it.
const LONGEST: Duration = Duration::from_secs(180);
/// Names the program goes by.
const PROGRAMS: [&str; 2] = ["soffice", "libreoffice"];
/// Most of its error output that is told.
const MOST_TOLD: u64 = 500;

/// The text (DOCX) as a PDF.
///
/// # Errors
/// LT-PAP-013 LibreOffice is not installed, LT-PAP-014 it failed or did not end in time.
pub async fn of_text(docx: &[u8]) -> Result<Vec<u8>, Box<Finding>> {
    let program = installed(std::env::var_os("PATH")).ok_or_else(|| Box::new(not_installed()))?;
    convert(&program, docx, LONGEST).await
}

/// The program, where one of its names stands on the search path.
fn installed(path: Option<std::ffi::OsString>) -> Option<PathBuf> {
    let path = path?;
    let places: Vec<PathBuf> = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect();
    let found = PROGRAMS.iter().flat_map(|name| places.iter().map(move |folder| folder.join(name)));
    found.into_iter().find(|program| program.is_file())
}

/// A folder nobody else looks into; dropping it removes it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("lienthong-pdf-{}", uuid::Uuid::now_v7()));
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// The program and what it began; dropping it ends them all.
struct Group {
    child: Child,
    leader: Option<Pid>,
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            // The launcher is a script; the office itself is its child and outlives it otherwise.
            let _ended = kill_process_group(leader, Signal::KILL);
        }
    }
}

async fn convert(program: &Path, docx: &[u8], longest: Duration) -> Result<Vec<u8>, Box<Finding>> {
    let trouble = |error: std::io::Error| Box::new(failed(&io_cause(&error)));
    let folder = Folder::new().map_err(trouble)?;
    let (text, made) = (folder.0.join("paper.docx"), folder.0.join("paper.pdf"));
    let mut file =
        std::fs::File::options().write(true).create_new(true).mode(0o600).open(&text).map_err(trouble)?;
    std::io::Write::write_all(&mut file, docx).map_err(trouble)?;
    drop(file);
    let child = Command::new(program)
        .arg("--headless")
        .args(["--norestore", "--nodefault", "--nolockcheck", "--nofirststartwizard"])
        .arg(format!("-env:UserInstallation=file://{}/profile", folder.0.display()))
        .args(["--convert-to", "pdf", "--outdir"])
        .arg(&folder.0)
        .arg(&text)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", &folder.0)
        .env("TMPDIR", &folder.0)
        .env("LANG", "C.UTF-8")
        .current_dir(&folder.0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(trouble)?;
    let leader = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let mut group = Group { child, leader };
    let told = tokio::time::timeout(longest, ended(&mut group.child)).await;
    let said = match told {
        Ok(Ok(said)) => said,
        Ok(Err(error)) => return Err(trouble(error)),
        Err(_) => return Err(Box::new(failed(&too_long(longest)))),
    };
    drop(group);
    // Its exit code says nothing: it is 0 when a text could not be read.
    std::fs::read(&made).map_err(|_| Box::new(failed(&Text::new(said.clone(), said))))
}

/// Waits for the end of the program; gives the beginning of what it said.
async fn ended(child: &mut Child) -> std::io::Result<String> {
    let mut said = Vec::new();
    if let Some(mut errors) = child.stderr.take() {
        (&mut errors).take(MOST_TOLD).read_to_end(&mut said).await?;
        tokio::io::copy(&mut errors, &mut tokio::io::sink()).await?;
    }
    child.wait().await?;
    let said = String::from_utf8_lossy(&said);
    Ok(said.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned())
}

fn too_long(longest: Duration) -> Text {
    let seconds = longest.as_secs();
    Text::new(format!("không xong trong {seconds} giây"), format!("not done within {seconds} s"))
}

fn not_installed() -> Finding {
    Finding::error(
        "LT-PAP-013",
        Text::new(
            "máy này không có LibreOffice, nên không tạo được PDF",
            "LibreOffice is not installed on this machine, so no PDF can be made",
        ),
        Text::new(
            "cài gói libreoffice-writer-nogui, hoặc dùng --format docx",
            "install libreoffice-writer-nogui, or use --format docx",
        ),
    )
}

fn failed(why: &Text) -> Finding {
    Finding::error(
        "LT-PAP-014",
        Text::new("LibreOffice không tạo được PDF", "LibreOffice could not make the PDF").because(why),
        Text::new(
            "thử lại; nếu vẫn lỗi, ghi --format docx và mở tệp bằng LibreOffice để xem lý do",
            "try again; if it stays, write --format docx and open the file with LibreOffice to see why",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn program(folder: &Path, text: &str) -> PathBuf {
        let path = folder.join("soffice");
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("mode");
        path
    }

    #[test]
    fn the_program_is_looked_for_in_whole_folders_of_the_search_path_only() {
        let folder = tempfile::tempdir().expect("folder");
        let found = program(folder.path(), "#!/bin/sh\n");
        let path =
            std::env::join_paths([Path::new("."), Path::new("/nowhere"), folder.path()]).expect("path");
        assert_eq!(installed(Some(path)), Some(found));
        assert_eq!((installed(Some("/nowhere".into())), installed(None)), (None, None));
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_ended_with_everything_it_began() {
        let folder = tempfile::tempdir().expect("folder");
        let mark = folder.path().join("child");
        let text = format!("#!/bin/sh\nsleep 1000 &\necho $! > {}\nwait\n", mark.display());
        let hanging = program(folder.path(), &text);
        let finding = convert(&hanging, b"x", Duration::from_millis(700)).await.expect_err("too long");
        assert_eq!(finding.code, "LT-PAP-014");
        let child: i32 = std::fs::read_to_string(&mark).expect("began").trim().parse().expect("a number");
        // Ended, or ended and not yet collected by whoever inherited it.
        let state = || std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        for _ in 0..100 {
            if state().is_empty() || state().contains(") Z ") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("still there: {}", state());
    }

    #[tokio::test]
    async fn what_the_program_says_is_told_when_it_makes_nothing() {
        let folder = tempfile::tempdir().expect("folder");
        let broken =
            program(folder.path(), "#!/bin/sh\necho 'source file could not be loaded' >&2\nexit 0\n");
        let finding = convert(&broken, b"x", Duration::from_secs(20)).await.expect_err("nothing made");
        assert_eq!(finding.code, "LT-PAP-014");
        assert!(finding.what.en.contains("could not be loaded"), "{}", finding.what.en);
    }
}

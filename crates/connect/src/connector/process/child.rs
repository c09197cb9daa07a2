//! One child program of a source, supervised.
//!
//! Owns its folder (mode 700, removed afterwards), the files handed over in it (mode 600), the keeper that stands in
//! between, its output line by line, its error output (always drained, bounded in the log, secrets and numbers of
//! citizens masked) and the idle deadline. It must not know what a line means. Dropping it ends the program with
//! everything it began, within the keeper's grace. How it ended is a value; only what never began is an error.

use super::confinement::{Confinement, Granted, VARIABLE};
use super::finding;
use super::keeper::{Ended, GRACE};
use super::lines::{Line, Lines, MAX_LINE};
use crate::domain::{CitizenId, SourceId};
use crate::error::Finding;
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

/// Longest line of error output that is shown, in bytes.
const MAX_TOLD: usize = 4 * 1024;

/// Lines of error output that go into the log in one second.
const TOLD_PER_SECOND: u32 = 20;

/// Last lines of error output kept for the finding of a failure.
const LAST_TOLD: usize = 6;

/// Shortest secret that is looked for in texts: shorter ones would mask ordinary words.
const SHORTEST_SECRET: usize = 4;

static KEEPER: OnceLock<PathBuf> = OnceLock::new();

/// Names the program whose hidden subcommand keeps children, where it is not the running one: in tests.
pub fn keeper_is(program: &Path) {
    // The first name holds.
    let _ = KEEPER.set(program.to_owned());
}

/// What every child of a source is begun with.
#[derive(Debug)]
pub struct Launch {
    /// The source, for the log.
    pub source: SourceId,
    /// Program and its first arguments.
    pub program: Vec<String>,
    /// Names of variables handed through from our own environment.
    pub env: Vec<String>,
    /// What it is allowed; the folder is filled in for each child.
    pub confinement: Confinement,
    /// Longest time without a line.
    pub idle: Duration,
    /// What must not be shown.
    pub secrets: Vec<SecretString>,
}

impl Launch {
    /// A text of the child without secrets, numbers of citizens and control characters.
    pub fn shown(&self, text: &str) -> String {
        let mut text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        for secret in &self.secrets {
            let secret = secret.expose_secret();
            if secret.len() >= SHORTEST_SECRET {
                text = text.replace(secret, "•••");
            }
        }
        CitizenId::mask_in(text.trim())
    }

    fn environment(&self, work: &Path) -> BTreeMap<String, OsString> {
        let fixed = [("PATH", "/usr/local/bin:/usr/bin:/bin".into()), ("LANG", "C.UTF-8".into())];
        let own = [("HOME", work.into()), ("TMPDIR", work.into())];
        let given = self.env.iter().filter_map(|name| Some((name.as_str(), std::env::var_os(name)?)));
        fixed.into_iter().chain(own).chain(given).map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// The folder of one child, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        // A name nobody can foresee: the temporary folder may be everyone's.
        let path = std::env::temp_dir().join(format!("lienthong-{}", uuid::Uuid::now_v7()));
        let private = |path: &Path| std::fs::DirBuilder::new().mode(0o700).create(path);
        private(&path)?;
        let made = Self(path);
        private(&made.0.join("work"))?;
        Ok(made)
    }

    fn file(&self, name: &str, text: &[u8]) -> std::io::Result<()> {
        use std::io::Write as _;
        let path = self.0.join("work").join(name);
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The keeper may have removed it already; what cannot be removed lies in the temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The last lines of an error output, as they came.
type LastTold = Arc<Mutex<VecDeque<Bytes>>>;

/// A running child.
pub struct Running {
    launch: Arc<Launch>,
    confinement: Confinement,
    child: Child,
    /// Its end tells the keeper to end everything.
    input: Option<ChildStdin>,
    output: Lines<ChildStdout>,
    last_told: LastTold,
    /// Reads the error output to its end, also when nobody waits for it any more.
    drain: tokio::task::JoinHandle<()>,
    folder: Option<Folder>,
}

/// What came out of a child.
pub enum Said {
    /// A line.
    Line(Line),
    /// Nothing for longer than it may be quiet.
    Idle,
    /// Nothing within the time asked for.
    Nothing,
    /// Its output is over.
    Over,
}

/// How a child ended, with what it said last.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended; none where the keeper could not say.
    pub ended: Option<Ended>,
    /// Version of Landlock it ran under; 0 = none.
    pub landlock: i32,
    /// Its last words on the error output, masked.
    pub last_words: String,
}

impl Running {
    /// Begins a child with these arguments behind the program's own and these files in its folder. `{work}` in an
    /// argument is that folder.
    ///
    /// # Errors
    /// LT-PRC-002 it cannot be begun.
    pub fn start(
        launch: &Arc<Launch>,
        arguments: &[String],
        files: &[(&str, Vec<u8>)],
    ) -> Result<Self, Finding> {
        let failed = |error: std::io::Error| finding::not_begun(&crate::error::io_cause(&error));
        let folder = Folder::new().map_err(failed)?;
        for (name, text) in files {
            folder.file(name, text).map_err(failed)?;
        }
        let confinement = Confinement { folder: folder.0.clone(), ..launch.confinement.clone() };
        let work = confinement.work();
        let order = serde_json::to_string(&confinement).unwrap_or_default();
        let arguments =
            arguments.iter().map(|argument| argument.replace("{work}", &work.display().to_string()));
        // The kernel's own name of the running program: it holds after an upgrade has replaced the file.
        let keeper = KEEPER.get().map_or(Path::new("/proc/self/exe"), PathBuf::as_path);
        let mut child = Command::new(keeper)
            .arg0("lienthong")
            .args(["confine", "--"])
            .args(&launch.program)
            .args(arguments)
            .env_clear()
            .envs(launch.environment(&work))
            .env(VARIABLE, order)
            .current_dir(&work)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(failed(std::io::ErrorKind::BrokenPipe.into()));
        };
        let last_told = LastTold::default();
        let drain = tokio::spawn(drain(launch.clone(), errors, last_told.clone()));
        Ok(Self {
            launch: launch.clone(),
            confinement,
            input: child.stdin.take(),
            child,
            output: Lines::new(output, MAX_LINE),
            last_told,
            drain,
            folder: Some(folder),
        })
    }

    /// The next line, waited for until the idle deadline, or only for `patience`.
    pub async fn next(&mut self, patience: Option<Duration>) -> Said {
        let short = patience.filter(|patience| *patience < self.launch.idle);
        match tokio::time::timeout(short.unwrap_or(self.launch.idle), self.output.next()).await {
            Ok(Some(line)) => Said::Line(line),
            Ok(None) => Said::Over,
            Err(_) if short.is_some() => Said::Nothing,
            Err(_) => Said::Idle,
        }
    }

    /// Waits for the end of a child whose output is over; one that goes on without output is ended.
    pub async fn end(mut self) -> Outcome {
        if tokio::time::timeout(self.launch.idle, self.child.wait()).await.is_err() {
            return self.stop().await;
        }
        self.outcome().await
    }

    /// Ends the child with everything it began and waits until nothing is left.
    pub async fn stop(mut self) -> Outcome {
        drop(self.input.take());
        // Longer than the keeper takes at most; should it hang, its family is the kernel's last word.
        let patience = GRACE + Duration::from_secs(12);
        if tokio::time::timeout(patience, self.child.wait()).await.is_err() {
            let _already_gone = self.child.start_kill();
        }
        self.outcome().await
    }

    async fn outcome(&mut self) -> Outcome {
        fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
            serde_json::from_slice(&std::fs::read(path).ok()?).ok()
        }
        // What it said last may still be on its way.
        let _late = tokio::time::timeout(Duration::from_secs(1), &mut self.drain).await;
        let last = self.last_told.lock().map(|last| last.clone()).unwrap_or_default();
        let shown = |line: &Bytes| {
            let text = self.launch.shown(&String::from_utf8_lossy(line));
            text.chars().take(200).collect::<String>()
        };
        let words: Vec<String> = last.iter().map(shown).collect();
        Outcome {
            ended: read(&self.confinement.ended()),
            landlock: read::<Granted>(&self.confinement.granted()).map_or(0, |granted| granted.landlock),
            last_words: words.join(" | "),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.input.take());
        if self.child.id().is_some()
            && let Some(folder) = self.folder.take()
        {
            // Still running: the keeper removes the folder after the last process that may write there.
            std::mem::forget(folder);
        }
    }
}

/// Reads the error output to its end, whatever comes.
async fn drain(launch: Arc<Launch>, errors: ChildStderr, last_told: LastTold) {
    let mut lines = Lines::new(errors, MAX_TOLD);
    let (mut second, mut told, mut left_out) = (Instant::now(), 0u32, 0u64);
    while let Some(line) = lines.next().await {
        let (Line::Whole(bytes) | Line::Unended(bytes) | Line::TooLong { head: bytes, .. }) = line;
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        if let Ok(mut last) = last_told.lock() {
            last.push_back(bytes.clone());
            while last.len() > LAST_TOLD {
                last.pop_front();
            }
        }
        if second.elapsed() >= Duration::from_secs(1) {
            if left_out > 0 {
                tracing::info!(source.id = %launch.source, bytes = left_out, "error output of a child left out");
            }
            (second, told, left_out) = (Instant::now(), 0, 0);
        }
        if told >= TOLD_PER_SECOND {
            left_out += bytes.len() as u64 + 1 + lines.pass_over(LAST_TOLD);
            continue;
        }
        told += 1;
        let said = launch.shown(&String::from_utf8_lossy(&bytes));
        tracing::info!(source.id = %launch.source, %said, "a child says");
    }
}

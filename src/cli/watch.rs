//! Looking at the configuration file and the manifests while the daemon runs.
//!
//! Owns when a file counts as changed: its time or size differs, it has been at rest for one more look, and its content
//! is another one than what runs or what was tried last. It must not know what the files say. A file that cannot be read
//! counts as changed once: whoever reads it tells why.

use crate::config::{Loaded, manifest};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

type Mark = Option<(SystemTime, u64)>;

/// What was looked at.
pub(super) struct Watch {
    every: Option<Duration>,
    files: Vec<PathBuf>,
    marks: Vec<Mark>,
    moving: bool,
    runs: [u8; 32],
    tried: [u8; 32],
}

/// What a look found.
pub(super) enum Change {
    /// Another content than before.
    Other,
    /// The content that runs, after another one.
    Back,
}

impl Watch {
    /// Looks at what a configuration came from.
    pub(super) fn of(loaded: &Loaded) -> Self {
        let every = loaded.config.daemon.watch_files_s;
        let mut files = vec![PathBuf::from(loaded.places.own_file())];
        // What is compiled in has no file; one that appears where it is looked for first counts.
        files.extend(
            loaded.config.source.iter().flat_map(|source| manifest::places(&source.manifest, &loaded.folder)),
        );
        files.sort();
        files.dedup();
        let runs = digest(&files);
        let marks = files.iter().map(|file| mark(file)).collect();
        let every = (every > 0).then(|| Duration::from_secs(every.into()));
        Self { every, files, marks, moving: false, runs, tried: runs }
    }

    /// Waits for a change; for ever where nothing is watched.
    pub(super) async fn changed(&mut self) -> Change {
        let Some(every) = self.every else { return std::future::pending().await };
        loop {
            tokio::time::sleep(every).await;
            if let Some(change) = self.look() {
                return change;
            }
        }
    }

    /// One look.
    fn look(&mut self) -> Option<Change> {
        let marks: Vec<Mark> = self.files.iter().map(|file| mark(file)).collect();
        if marks != self.marks {
            self.marks = marks;
            self.moving = true;
            return None;
        }
        if !std::mem::take(&mut self.moving) {
            return None;
        }
        let now = digest(&self.files);
        if std::mem::replace(&mut self.tried, now) == now {
            return None;
        }
        Some(if now == self.runs { Change::Back } else { Change::Other })
    }
}

fn mark(file: &Path) -> Mark {
    let meta = std::fs::metadata(file).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

fn digest(files: &[PathBuf]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for file in files {
        let content = std::fs::read(file).unwrap_or_default();
        digest.update((content.len() as u64).to_le_bytes());
        digest.update(content);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_counts_once_the_file_has_come_to_rest_and_says_something_else() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("a.toml");
        let write = |text: &str, second: u64| {
            std::fs::write(&file, text).expect("written");
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 + second);
            std::fs::File::options()
                .append(true)
                .open(&file)
                .expect("open")
                .set_modified(time)
                .expect("time");
        };
        write("one", 0);
        let files = vec![file.clone(), folder.path().join("none.toml")];
        let runs = digest(&files);
        let marks = files.iter().map(|file| mark(file)).collect();
        let mut watch = Watch { every: None, files, marks, moving: false, runs, tried: runs };
        assert!(watch.look().is_none());
        write("two", 1);
        assert!(watch.look().is_none(), "it may still be written");
        write("three", 2);
        assert!(watch.look().is_none());
        assert!(matches!(watch.look(), Some(Change::Other)));
        assert!(watch.look().is_none(), "told once");
        write("three", 3);
        assert!(watch.look().is_none() && watch.look().is_none(), "another time, the same words");
        write("one", 4);
        assert!(watch.look().is_none());
        assert!(matches!(watch.look(), Some(Change::Back)), "what runs is what the file says again");
        std::fs::remove_file(&file).expect("removed");
        assert!(watch.look().is_none());
        assert!(matches!(watch.look(), Some(Change::Other)));
    }
}

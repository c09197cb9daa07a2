//! Files of orders on the disk: whole or not there.
//!
//! Owns the promise that a file takes its name only once it is whole, that no other file is ever overwritten (one people
//! edited for weeks would be lost), that nobody but its owner reads it, and that what was broken off leaves nothing behind.
//! Where a file system knows no links (of sticks), the name is taken by an empty file first, which the whole one replaces: a
//! power failure just then leaves the empty one.
//! It must not know what a file holds or what is told of it; what fails is the system's own error.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A file under another name until it is whole; dropping it before removes it.
#[derive(Debug)]
pub struct Growing {
    temporary: PathBuf,
    to: PathBuf,
}

impl Growing {
    /// Begins a file beside its place; gives what is written into.
    ///
    /// # Errors
    /// Its folder does not take it.
    pub fn begin(to: &Path) -> std::io::Result<(Self, File)> {
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let temporary = folder.join(format!(".lienthong-{}.part", uuid::Uuid::now_v7()));
        // Personal data: nobody but the owner reads it.
        let file = File::options().write(true).create_new(true).mode(0o600).open(&temporary)?;
        Ok((Self { temporary, to: to.to_owned() }, file))
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// What was written does not reach the disk; something stands at its place by now.
    pub fn become_whole(self, file: &File) -> std::io::Result<()> {
        file.sync_all()?;
        match std::fs::hard_link(&self.temporary, &self.to) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => reserve(&self.temporary, &self.to),
            // A link never replaces what came to stand there meanwhile.
            linked => linked,
        }
    }
}

/// Gives a file its name where there are no links; fails where something stands there.
fn reserve(temporary: &Path, to: &Path) -> std::io::Result<()> {
    File::options().write(true).create_new(true).mode(0o600).open(to)?;
    std::fs::rename(temporary, to).inspect_err(|_| {
        // It is ours and empty.
        let _gone = std::fs::remove_file(to);
    })
}

impl Drop for Growing {
    fn drop(&mut self) {
        // Whole files have another name by now.
        let _gone = std::fs::remove_file(&self.temporary);
    }
}

/// Writes a file.
///
/// # Errors
/// As [`Growing`]; nothing is left then.
pub fn put(to: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let (growing, mut file) = Growing::begin(to)?;
    file.write_all(bytes)?;
    growing.become_whole(&file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn names(folder: &Path) -> Vec<String> {
        let entries =
            std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("entry").file_name());
        entries.map(|name| name.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn what_came_to_stand_there_meanwhile_stays_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().join("a.zip");
        let (growing, mut file) = Growing::begin(&to).expect("begun");
        file.write_all(b"ours").expect("written");
        std::fs::write(&to, "theirs").expect("written");
        let error = growing.become_whole(&file).expect_err("it is there");
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&to).expect("read"), b"theirs");
        assert_eq!(names(folder.path()), ["a.zip"]);
    }

    #[test]
    fn without_links_a_name_is_reserved_and_what_stands_there_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let (part, to) = (folder.path().join("part"), folder.path().join("a.zip"));
        assert_eq!(reserve(&part, &to).expect_err("no file").kind(), ErrorKind::NotFound);
        assert!(names(folder.path()).is_empty(), "the name is free again");
        std::fs::write(&part, "ours").expect("written");
        reserve(&part, &to).expect("named");
        assert_eq!(
            (names(folder.path()), std::fs::read(&to).expect("read")),
            (vec!["a.zip".into()], b"ours".into())
        );
        std::fs::write(&part, "later").expect("written");
        assert_eq!(reserve(&part, &to).expect_err("it is there").kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&to).expect("read"), b"ours");
    }

    #[test]
    fn file_is_whole_and_its_owners_alone_and_one_broken_off_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().join("a.txt");
        put(&to, b"whole").expect("written");
        assert_eq!(std::fs::metadata(&to).expect("a file").permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read(&to).expect("read"), b"whole");
        drop(Growing::begin(&folder.path().join("b.txt")).expect("begun"));
        assert_eq!(names(folder.path()), ["a.txt"]);
        assert!(put(&folder.path().join("none/c.txt"), b"x").is_err());
    }
}

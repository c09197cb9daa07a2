//! The lock of the data folder: one process works on it at a time.
//!
//! Owns `data_dir/lock`, the folder's permissions and the message for whoever comes second. The lock is the
//! kernel's and ends with the process, however it ends, so a stale file never blocks; the note in the file is for
//! people, and tells a starting daemon whether waiting is worth while. It must not know what the holder does.

use crate::error::{Finding, Place, Text, io_cause};
use crate::pipeline::command::{EXIT_BUSY, EXIT_STORE};
use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long whoever comes second waits for an order that works in process under the lock.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What kind of process holds the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// The daemon.
    Daemon,
    /// One order carried out in process.
    Order,
}

/// A data folder that belongs to this process until dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    // Held for its lock, which ends when the file is closed.
    _lock: File,
}

impl DataFolder {
    /// Takes the folder, making it (mode 0700) when missing.
    ///
    /// # Errors
    /// LT-RUN-001 another process has it; LT-RUN-004 it cannot be made or locked.
    pub fn take(path: &Path, holder: Holder) -> Result<Self, Box<Finding>> {
        let unusable = |error: std::io::Error| Box::new(unusable(path, &error));
        // Only the last folder is made: where the ones above are missing, a disk may not be mounted, and an
        // installation must not begin anew in its place.
        if !path.is_dir() {
            std::fs::DirBuilder::new().mode(0o700).create(path).map_err(unusable)?;
        }
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join("lock"))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Box::new(in_use(path, &mut lock))),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let word = match holder {
            Holder::Daemon => "daemon",
            Holder::Order => "order",
        };
        let note = |lock: &mut File| {
            lock.set_len(0)?;
            lock.rewind()?;
            writeln!(lock, "{} {word}", std::process::id())
        };
        note(&mut lock).map_err(unusable)?;
        Ok(Self { path: path.to_path_buf(), _lock: lock })
    }

    /// Takes the folder for a daemon: at once or not at all beside another daemon, after a while beside an order.
    /// Somebody looking at the status must not keep the service from starting.
    ///
    /// # Errors
    /// As [`DataFolder::take`].
    pub async fn take_after_orders(path: &Path) -> Result<Self, Box<Finding>> {
        let began = Instant::now();
        loop {
            match Self::take(path, Holder::Daemon) {
                Err(finding)
                    if finding.code == "LT-RUN-001"
                        && began.elapsed() < PATIENCE
                        && !held_by_daemon(path) =>
                {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                taken => return taken,
            }
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The exit code where the folder could not be taken: in use, or not usable at all.
pub fn exit_of(why: &Finding) -> u8 {
    if why.code == "LT-RUN-001" { EXIT_BUSY } else { EXIT_STORE }
}

/// Whether the note names a daemon that lives. A note about a process that is gone says nothing: whoever took the
/// lock since is just writing its own.
fn held_by_daemon(path: &Path) -> bool {
    let note = std::fs::read_to_string(path.join("lock")).unwrap_or_default();
    let mut words = note.split_whitespace();
    let lives = words.next().is_some_and(|pid| Path::new("/proc").join(pid).exists());
    lives && words.next() == Some("daemon")
}

fn in_use(path: &Path, lock: &mut File) -> Finding {
    let mut note = String::new();
    // The note is for people; a holder that is just writing it may leave it empty.
    let _unreadable = lock.take(64).read_to_string(&mut note);
    let pid = note.split_whitespace().next().unwrap_or("?");
    let folder = path.display();
    Finding::error(
        "LT-RUN-001",
        Text::new(
            format!("thư mục dữ liệu {folder} đang được tiến trình {pid} sử dụng"),
            format!("data folder {folder} is in use by process {pid}"),
        ),
        Text::new(
            "mỗi thư mục chỉ một dịch vụ; dừng tiến trình kia (systemctl stop lienthong) hoặc chọn --data-dir khác",
            "one daemon per folder; stop the other process (systemctl stop lienthong) or choose another --data-dir",
        ),
    )
    .at(Place::of(folder.to_string()))
}

fn unusable(path: &Path, error: &std::io::Error) -> Finding {
    let folder = path.display();
    Finding::error(
        "LT-RUN-004",
        Text::new(
            format!("không dùng được thư mục dữ liệu {folder}"),
            format!("data folder {folder} cannot be used"),
        )
        .because(&io_cause(error)),
        remedy(path, error),
    )
    .at(Place::of(folder.to_string()))
}

fn remedy(path: &Path, error: &std::io::Error) -> Text {
    let folder = path.display();
    let user = rustix::process::geteuid().as_raw();
    match (error.kind(), path.parent().filter(|above| !above.as_os_str().is_empty())) {
        (std::io::ErrorKind::NotFound, Some(above)) => {
            let above = above.display();
            Text::new(
                format!("thư mục {above} không có: gắn ổ đĩa, hoặc tạo nó (mkdir -p {above})"),
                format!("there is no folder {above}: mount its disk, or make it (mkdir -p {above})"),
            )
        }
        // The folder itself was never made: nothing of it can belong to anybody.
        (std::io::ErrorKind::PermissionDenied, Some(above)) if !path.exists() => {
            let above = above.display();
            Text::new(
                format!(
                    "tài khoản đang chạy (uid {user}) không tạo được gì trong {above}; tạo sẵn thư mục cho tài khoản dịch vụ: install -d -m 700 -o TÀI-KHOẢN-DỊCH-VỤ {folder}"
                ),
                format!(
                    "the account this runs as (uid {user}) cannot make anything in {above}; make the folder for the account of the daemon: install -d -m 700 -o ACCOUNT {folder}"
                ),
            )
        }
        (std::io::ErrorKind::ReadOnlyFilesystem, _) => Text::new(
            format!(
                "hệ thống tệp của {folder} chỉ cho đọc: gắn lại để ghi được (mount -o remount,rw), hoặc chọn --data-dir khác"
            ),
            format!(
                "the file system of {folder} is read-only: mount it for writing (mount -o remount,rw), or choose another --data-dir"
            ),
        ),
        (std::io::ErrorKind::PermissionDenied, _) => Text::new(
            format!(
                "tài khoản đang chạy (uid {user}) không ghi được; lệnh đã chạy bằng root để lại tệp của root: chown -R TÀI-KHOẢN-DỊCH-VỤ {folder}, và chạy mọi lệnh bằng sudo -u TÀI-KHOẢN-DỊCH-VỤ"
            ),
            format!(
                "the account this runs as (uid {user}) cannot write there; orders given as root leave files of root: chown -R ACCOUNT {folder}, and give every order with sudo -u ACCOUNT"
            ),
        ),
        _ => Text::new(
            "kiểm tra đường dẫn, quyền ghi và dung lượng đĩa",
            "check the path, the right to write and the space on the disk",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_second_one_is_told_who_has_the_folder_and_gets_it_afterwards() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("data");
        let first = DataFolder::take(&path, Holder::Daemon).expect("free");
        assert_eq!(std::fs::metadata(&path).expect("made").permissions().mode() & 0o777, 0o700);
        let finding = DataFolder::take(&path, Holder::Order).expect_err("taken");
        assert_eq!(finding.code, "LT-RUN-001");
        let text = finding.to_string();
        assert!(text.contains(&std::process::id().to_string()) && text.contains("data"), "{text}");
        drop(first);
        DataFolder::take(&path, Holder::Order).expect("free again");
    }

    #[tokio::test]
    async fn a_daemon_waits_for_an_order_and_not_for_another_daemon() {
        let folder = tempfile::tempdir().expect("folder");
        let order = DataFolder::take(folder.path(), Holder::Order).expect("free");
        let starting = tokio::spawn({
            let path = folder.path().to_owned();
            async move { DataFolder::take_after_orders(&path).await }
        });
        tokio::time::sleep(Duration::from_millis(60)).await;
        drop(order);
        let daemon = starting.await.expect("no panic").expect("free after the order");
        let refused = DataFolder::take_after_orders(folder.path()).await.expect_err("taken");
        assert_eq!(refused.code, "LT-RUN-001");
        drop(daemon);
    }

    #[test]
    fn a_stale_lock_file_blocks_nobody() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("lock"), "999999 daemon\n").expect("stale");
        DataFolder::take(folder.path(), Holder::Daemon).expect("free");
    }

    #[test]
    fn a_folder_on_a_disk_that_is_not_mounted_is_not_made() {
        let folder = tempfile::tempdir().expect("folder");
        let finding =
            DataFolder::take(&folder.path().join("disk/data"), Holder::Daemon).expect_err("no folder");
        assert!(finding.code == "LT-RUN-004" && finding.remedy.en.contains("disk"), "{finding}");
        assert!(!folder.path().join("disk").exists());
    }

    #[test]
    fn a_folder_nobody_may_write_is_no_folder_in_use_and_one_never_made_belongs_to_nobody() {
        let told = |kind: std::io::ErrorKind, path: &Path| unusable(path, &std::io::Error::from(kind));
        let there = tempfile::tempdir().expect("folder");
        let denied = told(std::io::ErrorKind::PermissionDenied, there.path());
        assert!(denied.remedy.en.contains("chown -R"), "{denied}");
        let missing = there.path().join("data");
        let denied = told(std::io::ErrorKind::PermissionDenied, &missing);
        assert!(!denied.remedy.en.contains("chown"), "{denied}");
        assert!(denied.remedy.en.contains(&format!("install -d -m 700 -o ACCOUNT {}", missing.display())));
        let fixed = told(std::io::ErrorKind::ReadOnlyFilesystem, there.path());
        assert!(fixed.remedy.en.contains("read-only"), "{fixed}");
        assert_eq!((exit_of(&denied), exit_of(&fixed)), (EXIT_STORE, EXIT_STORE));
        let _held = DataFolder::take(there.path(), Holder::Order).expect("free");
        let busy = DataFolder::take(there.path(), Holder::Order).expect_err("taken");
        assert_eq!(exit_of(&busy), EXIT_BUSY);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_a_finding() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("file"), "").expect("a file in the way");
        let finding =
            DataFolder::take(&folder.path().join("file/data"), Holder::Daemon).expect_err("no folder");
        assert_eq!(finding.code, "LT-RUN-004");
    }
}

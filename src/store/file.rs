//! What is told of the file of a SQLite database.
//!
//! Owns the place of findings about it, and who may not write it: its path, its owner and the account the program runs
//! as. It must not open anything. A file nobody can look at is told without its owner.

use crate::error::{Finding, Place, Text};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A finding about the disk or the file of a database, with the file where it names no place.
pub fn of_file(file: &Path, finding: Finding) -> Finding {
    if finding.place.is_some() {
        return finding;
    }
    let at = |finding: Finding| finding.at(Place::of(file.display().to_string()));
    match finding.code.as_str() {
        "LT-DB-002" => {
            let user = rustix::process::geteuid().as_raw();
            at(read_only(file, somebody_elses(file, user), user, finding))
        }
        "LT-DB-001" | "LT-DB-005" | "LT-DB-006" => at(finding),
        _ => finding,
    }
}

/// The first of the files of a database, or its folder, that belongs to another account, with that account.
fn somebody_elses(file: &Path, user: u32) -> Option<(PathBuf, u32)> {
    let beside = |ending: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let folder = file.parent().map(Path::to_path_buf);
    let files = [beside(""), beside("-wal"), beside("-shm")].into_iter().chain(folder);
    let owned = files.filter_map(|path| std::fs::metadata(&path).ok().map(|meta| (path, meta.uid())));
    let mut others = owned.filter(|(_, owner)| *owner != user);
    others.next()
}

/// Why a file can only be read: who owns what stands in the way, and who we are.
fn read_only(file: &Path, other: Option<(PathBuf, u32)>, user: u32, finding: Finding) -> Finding {
    let folder = file.parent().unwrap_or(Path::new(".")).display();
    let file = file.display();
    let (why, remedy) = match other {
        Some((path, owner)) => {
            let path = path.display();
            (
                Text::new(
                    format!("{path} thuộc uid {owner}, chương trình chạy với uid {user}"),
                    format!("{path} belongs to uid {owner}, and this runs as uid {user}"),
                ),
                Text::new(
                    format!(
                        "lệnh đã chạy bằng root để lại tệp của root: chown -R TÀI-KHOẢN-DỊCH-VỤ {folder}, và chạy mọi lệnh bằng sudo -u TÀI-KHOẢN-DỊCH-VỤ"
                    ),
                    format!(
                        "orders given as root leave files of root: chown -R ACCOUNT {folder}, and give every order with sudo -u ACCOUNT"
                    ),
                ),
            )
        }
        None => (
            Text::new(
                format!("{file} không ghi được với uid {user}"),
                format!("{file} cannot be written as uid {user}"),
            ),
            Text::new(
                format!(
                    "trả lại quyền ghi: chmod u+w {file}; ổ đĩa chỉ cho đọc thì gắn lại để ghi được (mount -o remount,rw)"
                ),
                format!(
                    "give the right to write back: chmod u+w {file}; where the disk is read-only, mount it for writing (mount -o remount,rw)"
                ),
            ),
        ),
    };
    Finding { what: finding.what.clone().because(&why), remedy, ..finding }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(code: &str) -> Finding {
        let remedy = Text::new("máy chủ PostgreSQL", "the PostgreSQL server");
        Finding::error(code, Text::new("chỉ cho đọc", "read-only"), remedy)
    }

    #[test]
    fn what_can_only_be_read_is_told_with_its_owner_and_the_account_that_tried() {
        let file = Path::new("/var/lib/lienthong/lienthong.db");
        let wal = PathBuf::from("/var/lib/lienthong/lienthong.db-wal");
        let told = read_only(file, Some((wal, 0)), 998, finding("LT-DB-002"));
        assert!(
            told.what.vi.contains("lienthong.db-wal thuộc uid 0, chương trình chạy với uid 998"),
            "{told}"
        );
        assert!(told.what.en.contains("belongs to uid 0, and this runs as uid 998"), "{told}");
        assert!(told.remedy.en.contains("chown -R ACCOUNT /var/lib/lienthong,"), "{told}");
        let told = read_only(file, None, 998, finding("LT-DB-002"));
        assert!(told.remedy.en.contains("chmod u+w /var/lib/lienthong/lienthong.db"), "{told}");
    }

    #[test]
    fn the_file_is_named_where_nothing_else_is_and_a_server_is_not_spoken_of() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("a.db");
        std::fs::write(&file, "").expect("written");
        for code in ["LT-DB-001", "LT-DB-002", "LT-DB-005", "LT-DB-006"] {
            let told = of_file(&file, finding(code));
            assert!(told.to_string().contains("a.db"), "{told}");
            assert_eq!(told.remedy.en.contains("PostgreSQL"), code != "LT-DB-002", "{told}");
        }
        assert_eq!(of_file(&file, finding("LT-DB-003")).place, None);
        let elsewhere = finding("LT-DB-006").at(Place::of("backup"));
        assert_eq!(of_file(&file, elsewhere.clone()), elsewhere);
        let own = std::fs::metadata(&file).expect("there").uid();
        assert_eq!(somebody_elses(&file, own), None);
        assert_eq!(somebody_elses(&file, own + 1), Some((file, own)));
    }
}

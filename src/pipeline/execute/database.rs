//! Orders about the store itself.

use super::{Answer, App, Refusal};
use crate::error::{Finding, Place, Text, io_cause};
use crate::pipeline::command::{Document, Outcome};
use std::path::Path;

pub(super) async fn migrate(app: &App) -> Answer {
    let number = app.store.migrate().await?;
    Ok(Outcome::done(
        format!("lược đồ dữ liệu ở phiên bản {number}"),
        format!("the schema is at number {number}"),
    ))
}

pub(super) async fn check(app: &App) -> Answer {
    app.store.require_schema().await?;
    let findings = app.store.integrity().await?;
    let document = if findings.is_empty() {
        Document::Message {
            text: Text::new(
                "dữ liệu và chuỗi nhật ký kiểm toán nguyên vẹn",
                "the data and the audit chain are intact",
            ),
        }
    } else {
        Document::Nothing
    };
    Ok(Outcome::with_findings(document, findings))
}

/// Whether a file can be written there by whoever carries the order out: beside a running daemon that is the daemon,
/// with its rights and what its unit lets it see.
pub(super) fn writable(to: &Path) -> Result<(), (Text, Text)> {
    let folder = to.parent().unwrap_or(Path::new("/"));
    let shown = folder.display();
    let account = rustix::process::geteuid().as_raw();
    if !folder.is_dir() {
        return Err((
            Text::new(
                format!("thư mục {shown} không có, hoặc tài khoản chạy lệnh (uid {account}) không thấy nó"),
                format!(
                    "there is no folder {shown}, or the user that carries the order out (uid {account}) cannot see it"
                ),
            ),
            Text::new(
                format!(
                    "tạo thư mục trước: mkdir -p {shown}; khi dịch vụ đang chạy, chính dịch vụ ghi tệp, nên thư mục phải thấy được từ dịch vụ (không phải /tmp hay /home nếu unit có PrivateTmp, ProtectHome)"
                ),
                format!(
                    "make it first: mkdir -p {shown}; beside a running daemon the daemon itself writes the file and has to see the folder (not /tmp or /home where the unit has PrivateTmp, ProtectHome)"
                ),
            ),
        ));
    }
    // Tried for real: rights alone do not tell of a read-only or full disk.
    // A name of its own: another order may be trying, and one that was killed may have left its file behind.
    let name = format!(".lienthong-backup-{}", uuid::Uuid::now_v7());
    let tried = folder.join(name);
    let made = std::fs::OpenOptions::new().write(true).create_new(true).open(&tried);
    match made.and_then(|_| std::fs::remove_file(&tried)) {
        Ok(()) => Ok(()),
        Err(error) => Err((
            Text::new(
                format!("tài khoản chạy lệnh (uid {account}) không ghi được vào thư mục {shown}"),
                format!("the user that carries the order out (uid {account}) cannot write into {shown}"),
            )
            .because(&io_cause(&error)),
            Text::new(
                "chọn thư mục mà tài khoản đó ghi được, ví dụ dưới thư mục dữ liệu; khi dịch vụ đang chạy, chính dịch vụ ghi tệp (ReadWritePaths= trong unit), rồi chuyển tệp đi nơi khác",
                "choose a folder that user may write into, for example one below the data folder; beside a running daemon the daemon itself writes the file (ReadWritePaths= of its unit), then move the file elsewhere",
            ),
        )),
    }
}

pub(super) async fn backup(app: &App, to: &Path) -> Answer {
    if to.exists() {
        let finding = Finding::error(
            "LT-DB-015",
            Text::new(
                "tệp sao lưu đã tồn tại; không ghi đè",
                "the backup file exists already; it is not overwritten",
            ),
            Text::new("chọn tên khác", "choose another name"),
        );
        return Err(finding.at(Place::of(to.display().to_string())).into());
    }
    if app.store.file().is_some() {
        writable(to).map_err(|(what, remedy)| {
            Finding::error("LT-DB-017", what, remedy).at(Place::of(to.display().to_string()))
        })?;
    }
    let told = app.store.backup(to).await.map_err(|error| match error.is_of_full_disk() {
        true => Refusal::from(no_room(to)),
        false => error.into(),
    })?;
    Ok(Outcome::with_findings(Document::Nothing, vec![told]))
}

/// The disk of a backup was full before the copy was whole.
fn no_room(to: &Path) -> Finding {
    let folder = to.parent().unwrap_or(Path::new("/")).display();
    Finding::error(
        "LT-DB-017",
        Text::new(
            format!("ổ đĩa của thư mục {folder} không đủ chỗ cho bản sao lưu; không để lại gì ở đó"),
            format!("the disk of folder {folder} has no room for the backup; nothing was left there"),
        ),
        Text::new(
            "giải phóng dung lượng ở đó, hoặc chọn thư mục trên ổ đĩa khác; dữ liệu đang dùng không bị ảnh hưởng",
            "free some space there, or choose a folder on another disk; the data in use is not concerned",
        ),
    )
    .at(Place::of(to.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_at_once_and_what_a_killed_one_left_behind_are_in_nobodys_way() {
        let folder = tempfile::tempdir().expect("folder");
        let left = folder.path().join(format!(".lienthong-backup-{}", std::process::id()));
        std::fs::write(&left, "").expect("written");
        let to = folder.path().join("copy.db");
        std::thread::scope(|orders| {
            for _ in 0..4 {
                orders.spawn(|| (0..100).for_each(|_| assert!(writable(&to).is_ok())));
            }
        });
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("listed").count(),
            1,
            "none of them left anything"
        );
    }
}

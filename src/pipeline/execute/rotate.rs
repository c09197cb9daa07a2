//! Orders about the field key: everything sealed again with the next one, the old one let go.
//!
//! Owns what has to be true before either. It must not know how values are sealed, or where. A rotation that was broken off
//! goes on where it was when the same order is given again; both keys open the store until the old one is retired.

use super::{Answer, App, author};
use crate::config;
use crate::error::{Finding, Text};
use crate::pipeline::command::{Document, Field, Outcome, Progress};
use crate::store::{Begun, Rotation};
use std::path::Path;
use tokio::sync::mpsc::UnboundedSender;

/// Seals everything again with a new key.
pub(super) async fn rotate(
    app: &App,
    file: &Path,
    (who, why): (&str, &str),
    progress: UnboundedSender<Progress>,
) -> Answer {
    let who = author(who)?;
    let key = config::key_file(file)?;
    let now = app.clock.now();
    if let Some(other) = app.store.other_replica(&app.owner, now).await? {
        return Err(replica(&other).into());
    }
    match app.store.begin_rotation(&key, (who, why), now).await? {
        Begun::Now | Begun::Before => {}
        Begun::Same => return Err(not_another().into()),
        Begun::Other => return Err(under_way().into()),
    }
    let mut rotation = Rotation::default();
    while !rotation.is_done() {
        rotation = app.store.rotate_some().await?;
        let note = Text::new("giá trị đã niêm phong lại", "values sealed again");
        // Nobody may be listening.
        let _nobody = progress.send(Progress { done: rotation.sealed, total: None, note });
    }
    let unreadable = (rotation.unreadable > 0).then(|| damaged(rotation.unreadable));
    let document = Document::Object {
        title: Text::new(
            "Đã niêm phong lại bằng khóa mới; khóa cũ vẫn mở được cho đến khi bỏ",
            "Sealed again with the new key; the old one opens as well until it is retired",
        ),
        fields: vec![
            Field::new("sealed", "Đã niêm phong lại", "Sealed again", rotation.sealed),
            Field::new("unreadable", "Không mở được", "Cannot be opened", rotation.unreadable),
            Field::new(
                "next",
                "Việc tiếp theo",
                "What comes next",
                "keys.field_key, config reload, db rotate-key --retire",
            ),
        ],
    };
    Ok(Outcome::with_findings(document, unreadable.into_iter().collect()))
}

/// Lets the old key go.
pub(super) async fn retire(app: &App, (who, why): (&str, &str)) -> Answer {
    let who = author(who)?;
    let store = &app.store;
    let done = store.rotation().await?.is_some_and(|rotation| rotation.is_done());
    if store.keys() < 2 || !done {
        return Err(nothing_to_retire().into());
    }
    if !store.is_opened_with_sealing_key() {
        return Err(still_configured().into());
    }
    let left = store.only_by_old_key().await?;
    if !left.is_empty() {
        let left: Vec<String> = left.iter().map(|(place, count)| format!("{place}: {count}")).collect();
        return Err(still_used(&left.join(", ")).into());
    }
    store.retire_key((who, why), app.clock.now()).await?;
    Ok(Outcome::done(
        "khóa cũ không còn mở được gì; hủy tệp khóa cũ sau khi các bản sao lưu dùng nó đã hết hạn",
        "the old key opens nothing any more; destroy its file once the backups that need it have expired",
    ))
}

fn refused(what: Text, remedy: Text) -> Finding {
    Finding::error("LT-DB-018", what, remedy)
}

fn not_another() -> Finding {
    refused(
        Text::new("đó là khóa đang dùng", "that is the key in use"),
        Text::new(
            "tạo khóa mới: openssl rand -base64 32 > moi.key; chmod 600 moi.key",
            "make a new one: openssl rand -base64 32 > new.key; chmod 600 new.key",
        ),
    )
}

fn under_way() -> Finding {
    refused(
        Text::new(
            "đang có một lần đổi khóa chưa kết thúc, với khóa khác",
            "another rotation is not at its end, with another key",
        ),
        Text::new(
            "chạy lại lệnh với khóa của lần đó, rồi `db rotate-key --retire`, sau đó mới đổi tiếp",
            "give the order again with that key, then `db rotate-key --retire`, and only then rotate again",
        ),
    )
}

fn replica(other: &str) -> Finding {
    refused(
        Text::new(
            format!("bản sao {other} đang chạy trên cùng cơ sở dữ liệu và không biết khóa mới"),
            format!("replica {other} works on the same database and knows nothing of a new key"),
        ),
        Text::new("dừng các bản sao khác rồi chạy lại", "stop the other replicas, then try again"),
    )
}

fn nothing_to_retire() -> Finding {
    refused(
        Text::new(
            "không có khóa cũ nào để bỏ, hoặc lần đổi khóa chưa xong",
            "there is no old key to retire, or the rotation is not at its end",
        ),
        Text::new("chạy `db rotate-key --new TỆP` đến hết", "run `db rotate-key --new FILE` to its end"),
    )
}

fn still_configured() -> Finding {
    Finding::error(
        "LT-DB-019",
        Text::new(
            "hệ thống đang mở bằng khóa cũ; bỏ nó thì lần khởi động sau không mở được",
            "this installation is opened with the old key; without it the next start could open nothing",
        ),
        Text::new(
            "đặt khóa mới vào keys.field_key (hoặc thay keys/field.key trong thư mục dữ liệu), nạp lại cấu hình hoặc khởi động lại, rồi chạy lại",
            "name the new key in keys.field_key (or put it in place of keys/field.key in the data folder), reload or restart, then try again",
        ),
    )
}

fn still_used(left: &str) -> Finding {
    Finding::error(
        "LT-DB-019",
        Text::new(
            format!("còn giá trị chỉ khóa cũ mở được: {left}"),
            format!("values remain that only the old key opens: {left}"),
        ),
        Text::new(
            "chạy lại `db rotate-key --new TỆP`; nếu vẫn còn, báo nhóm phát triển",
            "run `db rotate-key --new FILE` again; if they stay, tell the developers",
        ),
    )
}

fn damaged(count: u64) -> Finding {
    Finding::warning(
        "LT-DB-020",
        Text::new(
            format!("{count} giá trị không mở được bằng khóa nào, được để nguyên"),
            format!("{count} values open with no key at hand and were left alone"),
        ),
        Text::new(
            "chạy `score verify` và `db check` để biết chúng ở đâu; khôi phục từ bản sao lưu",
            "`score verify` and `db check` tell where they are; restore them from a backup",
        ),
    )
}

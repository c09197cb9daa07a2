//! Reading the configuration again while the installation runs.
//!
//! Owns the way from an order to whoever runs the installation, and what was wrong with the last configuration that was
//! not used. It must not know files. Where nobody listens, nothing runs that could read anything again.

use crate::error::{Finding, Findings, Severity, Text};
use chrono::{DateTime, Utc};
use std::sync::Mutex;
use tokio::sync::{mpsc, oneshot};

/// Somebody asks for the configuration to be read again and waits for what becomes of it.
pub type Asked = oneshot::Sender<Result<(), Findings>>;

/// Orders to read the configuration again.
#[derive(Default)]
pub struct Reload {
    listener: Mutex<Option<mpsc::UnboundedSender<Asked>>>,
    refused: Mutex<Option<(DateTime<Utc>, Findings)>>,
}

impl Reload {
    /// Orders from now on; those of an earlier listener end.
    pub fn listen(&self) -> mpsc::UnboundedReceiver<Asked> {
        let (sender, receiver) = mpsc::unbounded_channel();
        if let Ok(mut listener) = self.listener.lock() {
            *listener = Some(sender);
        }
        receiver
    }

    /// Asks; what became of it, or none where nobody listens.
    pub async fn ask(&self) -> Option<Result<(), Findings>> {
        let (sender, answer) = oneshot::channel();
        self.listener.lock().ok()?.as_ref()?.send(sender).ok()?;
        answer.await.ok()
    }

    /// Keeps why a configuration was not used, or that the file says again what runs.
    pub fn refuse(&self, why: Option<(DateTime<Utc>, Findings)>) {
        if let Ok(mut refused) = self.refused.lock() {
            *refused = why;
        }
    }

    /// What is told of a configuration that was not used: that the old one runs, and why the new one does not.
    pub fn told(&self) -> Vec<Finding> {
        let refused = self.refused.lock().ok().and_then(|refused| refused.clone());
        let Some((at, Findings(why))) = refused else { return Vec::new() };
        let at = at.with_timezone(&crate::domain::local_offset()).format("%d/%m/%Y %H:%M");
        let told = Finding::warning(
            "LT-SRC-085",
            Text::new(
                format!("cấu hình mới (đọc lúc {at}) không dùng được; đang chạy cấu hình cũ"),
                format!("the new configuration (read at {at}) cannot be used; the old one runs"),
            ),
            Text::new(
                "sửa các chỗ nêu dưới đây rồi `config reload`",
                "correct what stands below, then `config reload`",
            ),
        );
        // What is wrong with a file nobody uses fails nothing that runs.
        let softened = why.into_iter().map(|finding| Finding { severity: Severity::Warning, ..finding });
        std::iter::once(told).chain(softened).collect()
    }
}

/// Nothing runs that could read it again.
pub fn nobody_runs() -> Finding {
    Finding::error(
        "LT-SRC-086",
        Text::new(
            "không có dịch vụ nào đang chạy với thư mục dữ liệu này",
            "no daemon runs on this data folder",
        ),
        Text::new(
            "không cần nạp lại: lần khởi động sau đọc cấu hình mới; kiểm tra bằng `config check`",
            "nothing to reload: the next start reads it; `config check` tries it",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn order_reaches_whoever_listens_and_a_refusal_is_told_until_it_is_taken_back() {
        let reload = Reload::default();
        assert!(reload.ask().await.is_none(), "nobody listens");
        let mut orders = reload.listen();
        let listening = async {
            let answer = orders.recv().await.expect("an order");
            answer.send(Err(nobody_runs().into())).expect("waited for");
        };
        let (answer, ()) = tokio::join!(reload.ask(), listening);
        assert_eq!(answer.expect("answered").expect_err("refused").0[0].code, "LT-SRC-086");
        reload.refuse(Some((DateTime::UNIX_EPOCH, nobody_runs().into())));
        let told = reload.told();
        assert_eq!(
            told.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(),
            ["LT-SRC-085", "LT-SRC-086"]
        );
        assert!(told.iter().all(|one| one.severity == Severity::Warning));
        reload.refuse(None);
        assert!(reload.told().is_empty());
    }
}

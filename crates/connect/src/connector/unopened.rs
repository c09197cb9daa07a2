//! A source that could not be opened: a broken manifest, a missing secret.
//!
//! Owns what such a source answers: whoever asks it learns what is wrong with it, so that one of many keeps nobody from
//! the others and is shown as failing wherever sources are shown. It must not know what a manifest says, and never
//! reaches a far side. Nothing is pulled, and nothing it delivered before is touched.

use super::{Abilities, Connector, ConnectorError, Detailed, Pull, PullRequest, RawRecord, Rejection};
use crate::domain::{SourceId, TaskDraft};
use crate::error::{Disposition, Finding, Findings, Place, Severity, Text};
use async_trait::async_trait;
use bytes::Bytes;

/// Code of the finding of a source that could not be opened.
pub const UNOPENED: &str = "LT-SRC-098";

/// A source that was set aside when the configuration was read.
pub struct Unopened {
    id: SourceId,
    why: Vec<Finding>,
}

impl Unopened {
    /// A source by its name, with everything that is wrong with it.
    pub fn new(id: SourceId, why: Findings) -> Self {
        Self { id, why: why.0 }
    }

    /// That it was set aside, and the first reason.
    fn told(&self) -> Finding {
        let more = self.why.len().saturating_sub(1);
        let first = self.why.iter().find(|finding| finding.severity == Severity::Error).or(self.why.first());
        let mut what = Text::new(
            "nguồn không mở được khi khởi động, không lấy gì",
            "the source could not be opened at the start; nothing is pulled",
        );
        if let Some(first) = first {
            what = what.because(&Text::new(
                format!("{} {}", first.code, first.what.vi),
                format!("{} {}", first.code, first.what.en),
            ));
        }
        if more > 0 {
            what = Text::new(
                format!("{} (và {more} lỗi khác)", what.vi),
                format!("{} (and {more} more)", what.en),
            );
        }
        let place = first.and_then(|first| first.place.clone());
        Finding::error(
            UNOPENED,
            what,
            Text::new(
                "sửa manifest, cài đặt hoặc tệp bí mật của nguồn (`config check` nêu đủ các chỗ) rồi `config reload`",
                "correct the source's manifest, settings or secret files (`config check` names every place), then `config reload`",
            ),
        )
        .at(place.unwrap_or_else(|| Place::of(format!("source {}", self.id))))
    }

    fn error(&self) -> ConnectorError {
        ConnectorError {
            finding: Box::new(self.told()),
            disposition: Disposition::RetryLater,
            retry_after: None,
        }
    }
}

#[async_trait]
impl Connector for Unopened {
    fn source(&self) -> &SourceId {
        &self.id
    }

    fn abilities(&self) -> Abilities {
        Abilities::default()
    }

    async fn check(&self) -> Vec<Finding> {
        self.why.clone()
    }

    fn paused(&self) -> Option<Finding> {
        Some(self.told())
    }

    async fn pull(&self, _request: PullRequest) -> Result<Box<dyn Pull>, ConnectorError> {
        Err(self.error())
    }

    async fn detail(&self, _records: Vec<RawRecord>) -> Result<Vec<Detailed>, ConnectorError> {
        Err(self.error())
    }

    fn list_again(
        &self,
        _body: Bytes,
        _details: Option<Bytes>,
    ) -> Option<Result<Vec<RawRecord>, Box<Finding>>> {
        None
    }

    fn read(&self, record: &RawRecord) -> Result<TaskDraft, Box<Rejection>> {
        Err(Box::new(Rejection {
            external_id: Some(record.external_id.clone()),
            index: record.index,
            body: record.body.clone(),
            finding: self.told(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn source_that_could_not_be_opened_says_why_whatever_is_asked_of_it() {
        let wrong = |code: &'static str, severity| Finding {
            severity,
            ..Finding::error(code, Text::new("sai", "wrong"), Text::new("sửa", "mend"))
        };
        let id: SourceId = "desk".parse().expect("a name");
        let why = vec![wrong("LT-MAN-030", Severity::Warning), wrong("LT-CFG-011", Severity::Error)];
        let unopened = Unopened::new(id.clone(), Findings(why.clone()));
        let told = unopened.paused().expect("told");
        assert_eq!((told.code.as_str(), told.severity), (UNOPENED, Severity::Error));
        assert!(told.what.en.contains("LT-CFG-011 wrong (and 1 more)"), "{told}");
        assert!(told.what.vi.contains("LT-CFG-011 sai (và 1 lỗi khác)"), "{told}");
        assert_eq!(told.place.map(|place| place.what), Some("source desk".to_owned()));
        assert_eq!((unopened.source(), unopened.check().await), (&id, why));
        let error = unopened.detail(Vec::new()).await.expect_err("told");
        assert_eq!(error.finding.code, UNOPENED);
        assert!(unopened.list_again(Bytes::new(), None).is_none());
    }
}

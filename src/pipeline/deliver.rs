//! Sending what is due to one target, and finding out what became of unclear attempts.
//!
//! Owns the order around one attempt: claim under a fence, mark as sent, send, settle with the receipt. An
//! item found in state *sent* by a new claimant is unclear: it is read back, or sent again where that is
//! harmless. One item per person is in flight, so an older version never overtakes a newer one. What a
//! target answers decides the next state; nothing here counts attempts down.

use super::app::App;
use super::step::{Step, StepReport};
use crate::delivery::policy::{Attempt, RetryPolicy};
use crate::delivery::{Answer, Item, ReadBack, Receipt, ResultList, Target};
use crate::error::{Disposition, Finding, Place, Text};
use crate::store::{HistoryState, OutboxItem, OutboxKind, ReceiptNew, Settlement, StoreError};
use crate::telemetry::name;
use async_trait::async_trait;
use futures_util::StreamExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long an attempt may hold an item. Longer than the longest request, so that a slow answer is not
/// overtaken by a second attempt.
const LEASE: Duration = Duration::from_secs(180);

/// Items claimed at once.
const BATCH: usize = 64;

/// Sends what is due to one target.
pub struct Deliver {
    app: Arc<App>,
    target: Arc<dyn Target>,
    name: String,
    parallel: usize,
    policy: RetryPolicy,
}

enum Became {
    Settled,
    Waiting,
    NeedsPerson,
}

impl Deliver {
    /// A step for one target, with at most `parallel` requests at the same time.
    pub fn new(app: Arc<App>, target: Arc<dyn Target>, parallel: usize) -> Self {
        // Counters of rare things stand at zero from the start, so that their first increase shows.
        metrics::counter!(name::LEASE_FENCED, "target" => target.id().to_string()).increment(0);
        let name = format!("deliver:{}", target.id());
        Self { app, target, name, parallel: parallel.max(1), policy: RetryPolicy::default() }
    }

    async fn attempt(&self, item: OutboxItem) -> Result<Became, Finding> {
        if let Some(finding) = self.refusal_of_ours(&item).await? {
            return self.settle(&item, Settlement::Parked { finding }).await.map(|()| Became::NeedsPerson);
        }
        let outgoing = Item { key: item.id.to_string(), payload: item.payload.clone() };
        if item.unclear {
            match self.target.read_back(&outgoing).await {
                ReadBack::Held(receipt) => return self.acknowledge(&item, receipt, true).await,
                ReadBack::Missing => {}
                ReadBack::NotOffered if self.target.resend_is_harmless() => {}
                ReadBack::NotOffered => {
                    let finding = unclear_for_ever(self.target.id().as_str(), &outgoing.key);
                    return self
                        .settle(&item, Settlement::Parked { finding })
                        .await
                        .map(|()| Became::NeedsPerson);
                }
                ReadBack::Failed(finding) => return self.try_later(&item, finding, None, true).await,
            }
        }
        self.app.store.mark_sent(item.id, item.fence).await.map_err(|error| error.finding())?;
        crate::failpoint!("deliver::before_send");
        let timer = Instant::now();
        let answer = self.target.send(&outgoing).await;
        self.count(&answer, timer.elapsed());
        crate::failpoint!("deliver::after_send");
        self.conclude(&item, answer).await
    }

    fn count(&self, answer: &Answer, took: Duration) {
        let class = match answer {
            Answer::Acknowledged(_) => "acknowledged",
            Answer::Stale(_) => "stale",
            Answer::Refused(_) => "refused",
            Answer::NotSent { .. } => "not_sent",
            Answer::Unknown { .. } => "unknown",
        };
        let target = self.target.id().to_string();
        metrics::counter!(name::DELIVERY_ATTEMPTS, "target" => target.clone(), "class" => class).increment(1);
        metrics::histogram!(name::DELIVERY_SECONDS, "target" => target).record(took.as_secs_f64());
        super::step::alive();
    }

    async fn conclude(&self, item: &OutboxItem, answer: Answer) -> Result<Became, Finding> {
        match answer {
            Answer::Acknowledged(receipt) => self.acknowledge(item, receipt, false).await,
            Answer::Stale(receipt) => {
                let receipt = self.receipt(item, receipt);
                self.settle(item, Settlement::Superseded { receipt: Some(receipt) }).await?;
                Ok(Became::Settled)
            }
            Answer::Refused(finding) => {
                self.settle(item, Settlement::Rejected { finding }).await?;
                Ok(Became::NeedsPerson)
            }
            Answer::NotSent { finding, disposition: Disposition::GiveUp, .. } => {
                self.settle(item, Settlement::Rejected { finding }).await?;
                Ok(Became::NeedsPerson)
            }
            Answer::NotSent { finding, disposition, retry_after } => {
                // A wrong password concerns every item: waiting the full cap keeps the account unlocked.
                let retry_after = match disposition {
                    Disposition::NeedsOperator => Some(Duration::from_secs(self.policy.late_cap_s.into())),
                    _ => retry_after,
                };
                self.try_later(item, finding, retry_after, false).await
            }
            Answer::Unknown { finding, retry_after } => {
                self.try_later(item, finding, retry_after, true).await
            }
        }
    }

    async fn acknowledge(
        &self,
        item: &OutboxItem,
        receipt: Receipt,
        read_back: bool,
    ) -> Result<Became, Finding> {
        let receipt = self.receipt(item, receipt);
        self.settle(item, Settlement::Acknowledged { receipt, verified: read_back }).await?;
        Ok(Became::Settled)
    }

    fn receipt(&self, item: &OutboxItem, receipt: Receipt) -> ReceiptNew {
        ReceiptNew {
            transaction_id: receipt.transaction_id,
            received_at: self.app.clock.now(),
            answer: receipt.answer,
            payload_hash: item.payload_hash.clone(),
        }
    }

    async fn try_later(
        &self,
        item: &OutboxItem,
        finding: Finding,
        retry_after: Option<Duration>,
        unclear: bool,
    ) -> Result<Became, Finding> {
        let key = item.id.to_string();
        let now = self.app.clock.now();
        let next_try_at = self.policy.next_try(Attempt {
            key: &key,
            made: item.attempts + 1,
            enqueued_at: item.created_at,
            deadline_at: item.deadline_at,
            now,
            retry_after,
        });
        let settlement = if unclear {
            Settlement::Unknown { finding, next_try_at }
        } else {
            Settlement::Retry { finding, next_try_at }
        };
        self.settle(item, settlement).await?;
        Ok(Became::Waiting)
    }

    async fn settle(&self, item: &OutboxItem, settlement: Settlement) -> Result<(), Finding> {
        let now = self.app.clock.now();
        self.app.store.settle(item.id, item.fence, settlement, now).await.map_err(|error| {
            if matches!(error, StoreError::Conflict(_)) {
                let target = self.target.id().to_string();
                metrics::counter!(name::LEASE_FENCED, "target" => target).increment(1);
            }
            error.finding()
        })
    }

    /// Our own reasons not to send: a history that is unknown, or a list shorter than the last one.
    async fn refusal_of_ours(&self, item: &OutboxItem) -> Result<Option<Finding>, Finding> {
        if item.kind != OutboxKind::Result {
            return Ok(None);
        }
        let history = self.app.store.history_state(item.person).await.map_err(|error| error.finding())?;
        if history == HistoryState::Missing {
            return Ok(Some(history_unknown(self.target.id().as_str())));
        }
        let rows = serde_json::from_slice::<ResultList>(&item.payload).map_or(0, |list| list.rows.len());
        let last = self
            .app
            .store
            .last_acknowledged(self.target.id(), item.person)
            .await
            .map_err(|error| error.finding())?;
        let held = last.map_or(0, |(list_len, _)| list_len as usize);
        Ok((rows < held).then(|| shorter_list(self.target.id().as_str(), rows, held)))
    }
}

#[async_trait]
impl Step for Deliver {
    fn name(&self) -> &str {
        &self.name
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn run(&self) -> Result<StepReport, Finding> {
        let now = self.app.clock.now();
        let claimed = self
            .app
            .store
            .claim_outbox(self.target.id(), &self.app.owner, now, LEASE, BATCH)
            .await
            .map_err(|error| error.finding())?;
        let more = claimed.len() == BATCH;
        let outcomes: Vec<Result<Became, Finding>> =
            futures_util::stream::iter(claimed.into_iter().map(|item| self.attempt(item)))
                .buffer_unordered(self.parallel)
                .collect()
                .await;
        let mut report = StepReport { more, ..StepReport::default() };
        for outcome in outcomes {
            match outcome {
                Ok(Became::Settled) => report.done += 1,
                Ok(Became::Waiting | Became::NeedsPerson) => report.failed += 1,
                Err(finding) => {
                    report.failed += 1;
                    if report.findings.len() < 20 {
                        report.findings.push(finding);
                    }
                }
            }
        }
        Ok(report)
    }
}

fn history_unknown(target: &str) -> Finding {
    Finding::error(
        "LT-DLV-020",
        Text::new(
            "chưa biết kết quả các kỳ trước của người này; đích nhận thay toàn bộ danh sách nên không được gửi",
            "this person's earlier results are unknown; the receiver replaces the whole list, so nothing is sent",
        ),
        Text::new(
            "nhập bằng `history import TỆP`, hoặc xác nhận không có bằng `history import --empty`, rồi `outbox retry`",
            "import them with `history import FILE`, or sign off that there are none with `history import --empty`, then `outbox retry`",
        ),
    )
    .at(Place::of(format!("target {target}")))
}

fn shorter_list(target: &str, rows: usize, held: usize) -> Finding {
    Finding::error(
        "LT-DLV-021",
        Text::new(
            format!("danh sách gửi có {rows} dòng, ít hơn {held} dòng đã được xác nhận lần trước; gửi sẽ xóa kết quả cũ"),
            format!("the list has {rows} rows, fewer than the {held} acknowledged before; sending it would erase results"),
        ),
        Text::new(
            "kiểm tra lịch sử của người này; chỉ gửi lại sau khi đã bổ sung đủ",
            "check this person's history; send again once it is complete",
        ),
    )
    .at(Place::of(format!("target {target}")))
}

fn unclear_for_ever(target: &str, key: &str) -> Finding {
    Finding::error(
        "LT-DLV-022",
        Text::new(
            format!("không rõ mục {key} đã tới nơi chưa; đích không cho đọc lại và gửi trùng có hại"),
            format!("it is unclear whether item {key} arrived; the target offers no query and a repetition would do harm"),
        ),
        Text::new(
            "hỏi đơn vị quản lý đích, rồi `outbox retry` hoặc `outbox park`",
            "ask those who run the target, then `outbox retry` or `outbox park`",
        ),
    )
    .at(Place::of(format!("target {target}")))
}

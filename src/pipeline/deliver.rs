//! Sending what is due to one target, and finding out what became of unclear attempts.
//!
//! Owns the order around one attempt: claim under a fence, mark as sent, send, settle with the receipt. An
//! item found in state *sent* by a new claimant is unclear: it is read back, or sent again where that is
//! harmless. One item per person is in flight, so an older version never overtakes a newer one. A list is
//! compared with what is true now before it goes out, and once a minute everyone is looked for whose approved
//! result is neither there nor on its way. What a target answers decides the next state; nothing here counts
//! attempts down.

use super::app::App;
use super::results::{Occasion, is_current, result_item};
use super::step::{Step, StepReport};
use crate::delivery::policy::{Attempt, RetryPolicy};
use crate::delivery::{Answer, Item, ReadBack, Receipt, ResultList, Target, unreadable_payload};
use crate::error::{Disposition, Finding, Place, Text};
use crate::store::{HistoryState, OutboxItem, OutboxKind, ReceiptNew, Settlement, StoreError};
use crate::telemetry::name;
use async_trait::async_trait;
use futures_util::StreamExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Added to the longest attempt: how long an item stays claimed, so that a slow answer is not overtaken by a
/// second attempt.
const MARGIN: Duration = Duration::from_secs(30);

/// Items claimed at once per request that may run at the same time.
const IN_LINE: usize = 16;

/// Time between two looks for people whose result is not on its way.
const LOOK: Duration = Duration::from_secs(60);

/// Code of a list that lacks what was acknowledged before.
pub(super) const LACKS_ACKNOWLEDGED: &str = "LT-DLV-021";

/// Sends what is due to one target.
pub struct Deliver {
    app: Arc<App>,
    target: Arc<dyn Target>,
    name: String,
    parallel: usize,
    policy: RetryPolicy,
    looked: Mutex<Option<Instant>>,
}

#[derive(Clone, Copy)]
enum Became {
    Settled,
    Waiting,
    NeedsPerson,
    /// Another holder has it.
    TakenOver,
}

impl Deliver {
    /// A step for one target, with at most `parallel` requests at the same time.
    pub fn new(app: Arc<App>, target: Arc<dyn Target>, parallel: usize) -> Self {
        // Counters of rare things stand at zero from the start, so that their first increase shows.
        metrics::counter!(name::LEASE_FENCED, "target" => target.id().to_string()).increment(0);
        let name = format!("deliver:{}", target.id());
        Self {
            app,
            target,
            name,
            parallel: parallel.max(1),
            policy: RetryPolicy::default(),
            looked: Mutex::default(),
        }
    }

    fn lease(&self) -> Duration {
        self.target.longest_attempt() + MARGIN
    }

    fn is_national(&self) -> bool {
        self.app.national.as_ref().is_some_and(|national| national.id() == self.target.id())
    }

    async fn attempt(&self, item: OutboxItem) -> Result<Became, Finding> {
        if item.kind == OutboxKind::Result {
            if let Some(became) = self.renewed(&item).await? {
                return Ok(became);
            }
            if let Some(finding) = self.refusal_of_ours(&item).await? {
                return self.settle(&item, Settlement::Parked { finding }, Became::NeedsPerson).await;
            }
        }
        // Asking back counts as an attempt as well: an origin that is away is asked ever more rarely.
        let now = self.app.clock.now();
        match self.app.store.mark_sent(item.id, item.fence, now, self.lease()).await {
            Ok(()) => {}
            Err(StoreError::Conflict(_)) => return Ok(self.fenced()),
            Err(error) => return Err(error.finding()),
        }
        crate::failpoint!("deliver::after_claim");
        let outgoing = Item { key: item.id.to_string(), payload: item.payload.clone() };
        let mut unclear = item.unclear;
        if unclear {
            let held = self.target.read_back(&outgoing).await;
            crate::failpoint!("deliver::after_read_back");
            match held {
                ReadBack::Held(receipt) => return self.acknowledge(&item, receipt, true).await,
                ReadBack::Missing => unclear = false,
                ReadBack::NotOffered if self.target.resend_is_harmless() => {}
                ReadBack::NotOffered => {
                    let finding = unclear_for_ever(self.target.id().as_str(), &outgoing.key);
                    return self.settle(&item, Settlement::Parked { finding }, Became::NeedsPerson).await;
                }
                ReadBack::Failed(finding) => return self.try_later(&item, finding, None, true).await,
            }
        }
        crate::failpoint!("deliver::before_send");
        let timer = Instant::now();
        let answer = self.target.send(&outgoing).await;
        self.count(&answer, timer.elapsed());
        crate::failpoint!("deliver::after_send");
        let became = self.conclude(&item, answer, unclear).await?;
        if matches!(became, Became::TakenOver) && item.kind == OutboxKind::Result {
            self.repair(&item).await?;
        }
        Ok(became)
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

    /// A list that no longer says what is true is replaced before it goes out; one that a newer item replaces
    /// already is done with.
    async fn renewed(&self, item: &OutboxItem) -> Result<Option<Became>, Finding> {
        let directory = self.app.directory().await?;
        if is_current(&self.app, &directory, item.person, &item.payload_hash).await? {
            return Ok(None);
        }
        match result_item(&self.app, &directory, item.person, Occasion::Renewal).await? {
            Some(new) => match self.app.store.replace_item(item.id, item.fence, &new).await {
                Ok(()) => Ok(Some(Became::Settled)),
                Err(StoreError::Conflict(_)) => Ok(Some(self.fenced())),
                Err(error) => Err(error.finding()),
            },
            None => {
                self.settle(item, Settlement::Superseded { receipt: None }, Became::Settled).await.map(Some)
            }
        }
    }

    /// This process was held up so long that another one took the item over, and has sent all the same. What it
    /// sent may be older than what the other one delivered since: the person's list goes out once more.
    async fn repair(&self, item: &OutboxItem) -> Result<(), Finding> {
        tracing::warn!(code = "LT-DLV-014", item = %item.id, "an attempt outlived its claim; the list is sent again");
        let directory = self.app.directory().await?;
        if let Some(new) = result_item(&self.app, &directory, item.person, Occasion::Repair).await? {
            self.app.store.enqueue(&[new]).await.map_err(|error| error.finding())?;
        }
        Ok(())
    }

    /// Enqueues what is neither there nor on its way: results approved while no national database was configured,
    /// approvals that met the close of their period, histories imported when the power went.
    async fn look_for_people_behind(&self) -> Result<u64, Finding> {
        let due = {
            let mut looked = self.looked.lock().await;
            let due = looked.is_none_or(|at| at.elapsed() >= LOOK);
            if due {
                *looked = Some(Instant::now());
            }
            due
        };
        if !due || !self.is_national() {
            return Ok(0);
        }
        let behind =
            self.app.store.people_behind(self.target.id(), 1_000).await.map_err(|error| error.finding())?;
        let mut found = 0;
        if !behind.is_empty() {
            let directory = self.app.directory().await?;
            for person in behind {
                if let Some(new) = result_item(&self.app, &directory, person, Occasion::Renewal).await? {
                    self.app.store.enqueue(&[new]).await.map_err(|error| error.finding())?;
                    found += 1;
                }
            }
        }
        Ok(found)
    }

    async fn conclude(&self, item: &OutboxItem, answer: Answer, unclear: bool) -> Result<Became, Finding> {
        match answer {
            Answer::Acknowledged(receipt) => self.acknowledge(item, receipt, false).await,
            Answer::Stale(receipt) => {
                let receipt = self.receipt(item, receipt);
                self.settle(item, Settlement::Superseded { receipt: Some(receipt) }, Became::Settled).await
            }
            Answer::Refused(finding) => {
                let refused = Settlement::Rejected { finding, answered: true };
                self.settle(item, refused, Became::NeedsPerson).await
            }
            Answer::NotSent { finding, disposition: Disposition::GiveUp, .. } => {
                let refused = Settlement::Rejected { finding, answered: false };
                self.settle(item, refused, Became::NeedsPerson).await
            }
            Answer::NotSent { finding, disposition, retry_after } => {
                // A wrong password concerns every item: waiting the full cap keeps the account unlocked.
                let retry_after = match disposition {
                    Disposition::NeedsOperator => Some(Duration::from_secs(self.policy.late_cap_s.into())),
                    _ => retry_after,
                };
                // An attempt that did not leave does not make an earlier one clear.
                self.try_later(item, finding, retry_after, unclear).await
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
        self.settle(item, Settlement::Acknowledged { receipt, verified: read_back }, Became::Settled).await
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
        self.settle(item, settlement, Became::Waiting).await
    }

    fn fenced(&self) -> Became {
        metrics::counter!(name::LEASE_FENCED, "target" => self.target.id().to_string()).increment(1);
        Became::TakenOver
    }

    /// Writes down what became of an item; what it became, or that another holder has it.
    async fn settle(
        &self,
        item: &OutboxItem,
        settlement: Settlement,
        became: Became,
    ) -> Result<Became, Finding> {
        let now = self.app.clock.now();
        let settled = self.app.store.settle(item.id, item.fence, settlement, now).await;
        crate::failpoint!("deliver::after_receipt");
        match settled {
            Ok(()) => Ok(became),
            Err(StoreError::Conflict(_)) => Ok(self.fenced()),
            Err(error) => Err(error.finding()),
        }
    }

    /// Our own reasons not to send: a history that is unknown, or a list that lacks what the last one showed.
    async fn refusal_of_ours(&self, item: &OutboxItem) -> Result<Option<Finding>, Finding> {
        let history = self.app.store.history_state(item.person).await.map_err(|error| error.finding())?;
        if history == HistoryState::Missing {
            return Ok(Some(history_unknown(self.target.id().as_str())));
        }
        if item.allowed {
            return Ok(None);
        }
        let last = self
            .app
            .store
            .last_acknowledged(self.target.id(), item.person)
            .await
            .map_err(|error| error.finding())?;
        let Some(last) = last else { return Ok(None) };
        let read = |bytes: &[u8]| {
            serde_json::from_slice::<ResultList>(bytes)
                .map_err(|error| unreadable_payload(&item.id.to_string(), &error))
        };
        let (held, next) = (read(&last)?, read(&item.payload)?);
        let lost: Vec<String> = next.lacks(&held).iter().map(|row| row.period.to_string()).collect();
        let target = self.target.id().as_str();
        Ok((!lost.is_empty())
            .then(|| shorter_list(target, next.rows.len(), held.rows.len(), &lost.join(", "))))
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
        if let Some(finding) = self.app.withheld.get(self.target.id()) {
            return Ok(StepReport { findings: vec![finding.clone()], ..StepReport::default() });
        }
        let found = self.look_for_people_behind().await?;
        let now = self.app.clock.now();
        let batch = self.parallel * IN_LINE;
        let claimed = self
            .app
            .store
            .claim_outbox(self.target.id(), &self.app.owner, now, self.lease(), batch)
            .await
            .map_err(|error| error.finding())?;
        let more = claimed.len() == batch || found > 0;
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
                Ok(Became::TakenOver) => {}
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
            "nhập bằng `history import TỆP`, hoặc xác nhận không có bằng `history import --empty --person SỐ_HIỆU --reason \"…\"` (bắt buộc nêu lý do), rồi `outbox retry MỤC`; muốn để nguyên thì `outbox park MỤC --reason \"…\"`",
            "import them with `history import FILE`, or sign off that there are none with `history import --empty --person NUMBER --reason \"…\"` (the reason is needed), then `outbox retry ITEM`; to leave it as it is, `outbox park ITEM --reason \"…\"`",
        ),
    )
    .at(Place::of(format!("target {target}")))
}

fn shorter_list(target: &str, rows: usize, held: usize, lost: &str) -> Finding {
    Finding::error(
        LACKS_ACKNOWLEDGED,
        Text::new(
            format!("danh sách có {rows} dòng, lần được xác nhận trước có {held} dòng; gửi sẽ xóa kết quả kỳ {lost}"),
            format!("the list has {rows} rows, the one acknowledged before {held}; sending it would erase {lost}"),
        ),
        Text::new(
            "bổ sung kết quả còn thiếu bằng `history import TỆP`, danh sách tự được lập lại và gửi; nếu kết quả đó đã bị cấp có thẩm quyền hủy, cho gửi bằng `outbox allow` kèm văn bản",
            "add the missing results with `history import FILE`, then the list is made anew and sent by itself; where the authority annulled that result, let it go out with `outbox allow` and the document",
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

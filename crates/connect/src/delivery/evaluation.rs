//! The evaluation software as receiver of provisional scores and as origin of people's decisions.
//!
//! Owns the JSON interface of `docs/targets/EVALUATION.md`: scores go out under an external key made of
//! person, period, rule set and revision; decisions (general criteria, đ and e, excuses, approvals,
//! classifications) are read back page by page behind a cursor. It must not know what a decision does to a
//! score. An entry that cannot be read comes with its reason and its body and never stops the others.

use super::national::transport_answer;
use super::{Answer, Item, ReadBack, Receipt, Target, kept_answer, unreadable_payload};
use crate::domain::{Component, DecisionKind, Exact, Level, Period, StaffNumber, TargetId};
use crate::error::{Disposition, Finding, Place, Text, written_cause};
use crate::transport::{Client, Reply, Request};
use async_trait::async_trait;
use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// Most decisions asked for at once.
const PAGE: usize = 200;

/// A person's score of one revision, as the evaluation software receives it. Missing parts are null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreMessage {
    /// `{person}.{period}.{rule set}.r{revision}`: the same key always carries the same content.
    pub external_key: String,
    /// Whose score.
    pub person: ScorePerson,
    /// Which period.
    pub period: Period,
    /// Rule set that was applied.
    pub rule_set: String,
    /// Revision of the record.
    pub revision: u32,
    /// State of the revision.
    pub state: String,
    /// R·70, printed; none for a year.
    pub task_part: Option<String>,
    /// General criteria, printed.
    pub general: Option<String>,
    /// Period score, printed.
    pub total: Option<String>,
    /// Band of the total.
    pub level: Option<Level>,
    /// Parts that are missing.
    pub missing: Vec<String>,
    /// a, b, c, d, đ, e in percent, printed, as far as they exist.
    pub components: BTreeMap<String, String>,
    /// SHA-256 of the record's content.
    pub content_hash: String,
}

/// The person of a score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScorePerson {
    /// Staff number.
    pub staff_number: String,
    /// Unit at the end of the period.
    pub unit: String,
}

/// A decision as the evaluation software tells it; the person still by staff number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingDecision {
    /// Key at the origin.
    pub key: String,
    /// Whose evaluation.
    pub staff_number: StaffNumber,
    /// Which period.
    pub period: Period,
    /// Who decided.
    pub author: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The document it cites.
    pub document: Option<String>,
    /// What.
    pub kind: DecisionKind,
}

/// One entry of a page, in order.
#[derive(Debug)]
pub struct Entry {
    /// Its id as far as it can be read, for people.
    pub id: String,
    /// As received.
    pub body: Vec<u8>,
    /// The decision, or why it is none.
    pub read: Result<IncomingDecision, Finding>,
}

/// One page of entries.
#[derive(Debug)]
pub struct EventPage {
    /// Entries in order.
    pub entries: Vec<Entry>,
    /// Where the next page begins.
    pub next: String,
    /// Whether there is more right now.
    pub more: bool,
}

/// Why a page could not be read.
#[derive(Debug)]
pub enum Unread {
    /// The origin does not know the cursor (any more): reading begins anew, known decisions change nothing.
    CursorLost,
    /// Tried again later; what to tell.
    Failed(Finding),
}

/// Client of the evaluation software.
#[derive(Debug)]
pub struct EvaluationSoftware {
    id: TargetId,
    client: Client,
}

#[derive(Deserialize)]
struct PageBody {
    events: Vec<Value>,
    next: String,
    more: bool,
}

#[derive(Deserialize)]
struct EventHead {
    id: String,
    at: DateTime<Utc>,
    author: String,
    staff_number: String,
    period: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct EventBody {
    items: Option<BTreeMap<String, Exact>>,
    component: Option<Component>,
    percent: Option<Exact>,
    source: Option<String>,
    external_id: Option<String>,
    count: Option<u32>,
    covers: Option<String>,
    reason: Option<String>,
    quantity: Option<Exact>,
    revision: Option<u32>,
    content_hash: Option<String>,
    level: Option<Level>,
    decision_no: Option<String>,
    opinion: Option<String>,
}

impl EvaluationSoftware {
    /// A client over a transport that logs in by itself.
    pub fn new(id: TargetId, client: Client) -> Self {
        Self { id, client }
    }

    fn place(&self) -> Place {
        Place::of(format!("target {}", self.id))
    }

    /// The entries after a cursor (none = from the beginning), at most 200. `now` bounds the moments of decisions.
    pub async fn decisions(&self, after: Option<&str>, now: DateTime<Utc>) -> Result<EventPage, Unread> {
        let mut request = Request::get("/events").query("limit", PAGE.to_string());
        if let Some(after) = after {
            request = request.query("after", after);
        }
        let reply = self.client.send(request).await.map_err(|error| Unread::Failed(*error.finding))?;
        let page: PageBody = match (reply.status, serde_json::from_slice(&reply.body)) {
            (200, Ok(page)) => page,
            (410, _) if after.is_some() => return Err(Unread::CursorLost),
            (status, _) => return Err(Unread::Failed(self.strange_answer(status))),
        };
        let entries = page.events.iter().map(|event| self.entry(event, now)).collect();
        Ok(EventPage { entries, next: page.next, more: page.more })
    }

    /// Reads an entry that was kept as received.
    pub fn read_again(&self, body: &[u8], now: DateTime<Utc>) -> Entry {
        self.entry(&serde_json::from_slice(body).unwrap_or(Value::Null), now)
    }

    fn entry(&self, event: &Value, now: DateTime<Utc>) -> Entry {
        let id: String = event.get("id").and_then(Value::as_str).unwrap_or("?").chars().take(80).collect();
        let read = read_event(event, now).map_err(|why| self.unreadable_event(&id, &why));
        Entry { id, body: event.to_string().into_bytes(), read }
    }

    fn strange_answer(&self, status: u16) -> Finding {
        Finding::warning(
            "LT-DLV-003",
            Text::new(
                format!("phần mềm đánh giá trả lời không đúng khuôn dạng (HTTP {status})"),
                format!("the evaluation software's answer has not the agreed shape (HTTP {status})"),
            ),
            Text::new(
                "dịch vụ đang chạy thì tự thử lại; nếu kéo dài, kiểm tra base_url trong mục [[target]]",
                "a running daemon tries again by itself; if it lasts, check base_url of its [[target]]",
            ),
        )
        .at(self.place())
    }

    fn unreadable_event(&self, id: &str, why: &Text) -> Finding {
        Finding::warning(
            "LT-DLV-007",
            Text::new(
                format!("không đọc được quyết định {id} của phần mềm đánh giá"),
                format!("decision {id} of the evaluation software cannot be read"),
            )
            .because(why),
            Text::new(
                "mục được giữ nguyên văn; đối chiếu với docs/targets/EVALUATION.md và báo bên cung cấp phần mềm",
                "the entry is kept as received; compare it with docs/targets/EVALUATION.md and tell the supplier",
            ),
        )
        .at(self.place())
    }

    fn classify(&self, reply: &Reply) -> Answer {
        let body: Option<Value> = serde_json::from_slice(&reply.body).ok();
        let text = |key: &str| body.as_ref().and_then(|b| b.get(key)).and_then(Value::as_str);
        match (reply.status, text("status"), text("receipt"), text("code")) {
            (200, Some("stored" | "unchanged"), Some(receipt), _) => {
                Answer::Acknowledged(receipt_of(receipt, reply))
            }
            (200, Some("stale"), Some(receipt), _) => Answer::Stale(receipt_of(receipt, reply)),
            (409 | 422, _, _, code) => Answer::Refused(self.refusal(code.unwrap_or("?"), reply.status)),
            (400 | 413, _, _, _) => Answer::Refused(self.refusal("invalid", reply.status)),
            (401 | 403 | 404, _, _, _) => Answer::NotSent {
                finding: self.strange_answer(reply.status),
                disposition: Disposition::NeedsOperator,
                retry_after: None,
            },
            (429, ..) => Answer::NotSent {
                finding: self.strange_answer(reply.status),
                disposition: Disposition::RetryLater,
                retry_after: reply.retry_after,
            },
            (status, ..) => {
                Answer::Unknown { finding: self.strange_answer(status), retry_after: reply.retry_after }
            }
        }
    }

    fn refusal(&self, code: &str, status: u16) -> Finding {
        let code: String = code.chars().filter(|c| !c.is_control()).take(60).collect();
        let (vi, en) = match code.as_str() {
            "locked" => ("kỳ đánh giá đã khóa ở phần mềm đánh giá", "the period is locked there"),
            "conflict" => {
                ("cùng khóa ngoài nhưng khác nội dung", "the same external key carries another content there")
            }
            "unknown_person" => ("phần mềm đánh giá không có người này", "it does not know the person"),
            _ => ("dữ liệu không hợp lệ", "it finds the data invalid"),
        };
        Finding::error(
            "LT-DLV-008",
            Text::new(
                format!("phần mềm đánh giá từ chối (HTTP {status}, {code}): {vi}"),
                format!("the evaluation software refuses it (HTTP {status}, {code}): {en}"),
            ),
            Text::new(
                "xử lý ở phần mềm đánh giá rồi chạy `outbox retry`",
                "settle it in the evaluation software, then `outbox retry`",
            ),
        )
        .at(self.place())
    }
}

fn receipt_of(receipt: &str, reply: &Reply) -> Receipt {
    Receipt { transaction_id: receipt.chars().take(200).collect(), answer: kept_answer(&reply.body) }
}

/// A hash that is none would let an approval wait or be refused for ever.
fn seen_hash(text: Option<&str>) -> Result<Option<String>, Text> {
    let Some(hash) = text.map(|text| text.trim().to_ascii_lowercase()) else { return Ok(None) };
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    let wrong = || {
        Text::new(
            "\"content_hash\" không phải mã băm của một điểm",
            "\"content_hash\" is not the one of a score",
        )
    };
    if is_hash { Ok(Some(hash)) } else { Err(wrong()) }
}

fn no_period(written: &str) -> Text {
    let shown: String = written.chars().take(40).collect();
    Text::new(
        format!("kỳ \"{shown}\" không đọc được; viết như 2026-Q3 hoặc 2026"),
        format!("the period \"{shown}\" cannot be read; it is written like 2026-Q3 or 2026"),
    )
}

fn read_event(event: &Value, now: DateTime<Utc>) -> Result<IncomingDecision, Text> {
    let head = EventHead::deserialize(event).map_err(|error| written_cause(&error))?;
    let body = EventBody::deserialize(event).map_err(|error| written_cause(&error))?;
    if head.id.is_empty() || head.id.len() > 200 || head.author.trim().is_empty() {
        return Err(Text::new("id hoặc author để trống", "id or author is empty"));
    }
    // A decision from the future or from before there was anything to decide would move deadlines and order.
    if head.at > now + TimeDelta::days(2) || head.at.year() < 2025 {
        let day = head.at.format("%Y-%m-%d");
        return Err(Text::new(format!("\"at\" không thể là {day}"), format!("\"at\" cannot be {day}")));
    }
    let missing = |name: &str| Text::new(format!("thiếu \"{name}\""), format!("\"{name}\" is missing"));
    let task = || -> Result<(String, String), Text> {
        let source = body.source.clone().ok_or_else(|| missing("source"))?;
        Ok((source, body.external_id.clone().ok_or_else(|| missing("external_id"))?))
    };
    let reason = body.reason.clone().unwrap_or_default().chars().take(2000).collect::<String>();
    let kind = match head.kind.as_str() {
        "self_assessment" => {
            DecisionKind::SelfAssessment { items: body.items.clone().ok_or_else(|| missing("items"))? }
        }
        "general_criteria" => {
            DecisionKind::GeneralCriteria { items: body.items.clone().ok_or_else(|| missing("items"))? }
        }
        "leader_component" => DecisionKind::LeaderComponent {
            component: body.component.ok_or_else(|| missing("component"))?,
            percent: body.percent.clone().ok_or_else(|| missing("percent"))?,
        },
        "quality_failures" => {
            let (source, external_id) = task()?;
            let count = body.count.ok_or_else(|| missing("count"))?;
            DecisionKind::QualityFailures { source, external_id, count, reason }
        }
        "excuse" => {
            let (source, external_id) = task()?;
            let covers =
                body.covers.clone().filter(|covers| matches!(covers.as_str(), "late" | "quality" | "none"));
            DecisionKind::Excuse {
                source,
                external_id,
                covers: covers.ok_or_else(|| missing("covers"))?,
                reason,
            }
        }
        "completed_quantity" => {
            let (source, external_id) = task()?;
            let quantity = body.quantity.clone().ok_or_else(|| missing("quantity"))?;
            DecisionKind::CompletedQuantity { source, external_id, quantity }
        }
        "approval" => DecisionKind::Approval {
            revision: body.revision.ok_or_else(|| missing("revision"))?,
            content_hash: seen_hash(body.content_hash.as_deref())?,
            decision_no: body.decision_no.clone(),
        },
        "classification" => DecisionKind::Classification {
            revision: body.revision,
            level: body.level.ok_or_else(|| missing("level"))?,
            decision_no: body.decision_no.clone(),
            opinion: body.opinion.clone().map(|number| number.trim().chars().take(200).collect()),
        },
        other => {
            let other: String = other.chars().take(40).collect();
            return Err(Text::new(
                format!("loại \"{other}\" chưa biết"),
                format!("unknown type \"{other}\""),
            ));
        }
    };
    Ok(IncomingDecision {
        key: head.id,
        staff_number: StaffNumber::parse(&head.staff_number).ok_or_else(|| missing("staff_number"))?,
        period: head.period.parse().map_err(|_| no_period(&head.period))?,
        author: head.author.trim().chars().take(200).collect(),
        at: head.at,
        document: body.decision_no.map(|number| number.trim().chars().take(200).collect()),
        kind,
    })
}

#[async_trait]
impl Target for EvaluationSoftware {
    fn id(&self) -> &TargetId {
        &self.id
    }

    fn resend_is_harmless(&self) -> bool {
        // The external key makes a second identical message a repetition, not a change.
        true
    }

    fn longest_attempt(&self) -> Duration {
        self.client.longest_send()
    }

    async fn check(&self) -> Vec<Finding> {
        match self.client.log_in().await {
            Ok(()) => self.client.findings(),
            Err(error) => vec![error.finding.at(self.place())],
        }
    }

    async fn send(&self, item: &Item) -> Answer {
        let (message, value) = match serde_json::from_slice::<ScoreMessage>(&item.payload)
            .and_then(|message| Ok((message, serde_json::from_slice::<Value>(&item.payload)?)))
        {
            Ok(both) => both,
            Err(error) => return Answer::never_sent(unreadable_payload(&item.key, &error).at(self.place())),
        };
        match self.client.send(Request::put(format!("/scores/{}", message.external_key)).json(&value)).await {
            Ok(reply) => self.classify(&reply),
            Err(error) => transport_answer(error),
        }
    }

    async fn read_back(&self, item: &Item) -> ReadBack {
        let message: ScoreMessage = match serde_json::from_slice(&item.payload) {
            Ok(message) => message,
            Err(error) => return ReadBack::Failed(unreadable_payload(&item.key, &error).at(self.place())),
        };
        let reply = match self.client.send(Request::get(format!("/scores/{}", message.external_key))).await {
            Ok(reply) => reply,
            Err(error) => return ReadBack::Failed(*error.finding),
        };
        let body: Option<Value> = serde_json::from_slice(&reply.body).ok();
        let text = |key: &str| body.as_ref().and_then(|b| b.get(key)).and_then(Value::as_str);
        match (reply.status, text("content_hash"), text("receipt")) {
            (200, Some(hash), Some(receipt)) if hash == message.content_hash => {
                ReadBack::Held(receipt_of(receipt, &reply))
            }
            // Not this content, or no receipt yet: the answer to sending it again tells which.
            (200, Some(_), _) | (404, ..) => ReadBack::Missing,
            (status, ..) => ReadBack::Failed(self.strange_answer(status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn now() -> DateTime<Utc> {
        "2026-12-08T00:00:00Z".parse().expect("instant")
    }

    fn event(kind: &str, extra: Value) -> Value {
        let mut event = json!({
            "id": "e1", "at": "2026-12-07T02:00:00Z", "author": "Trần Thị B", "staff_number": "GL-00001",
            "period": "2026-Q3", "type": kind
        });
        for (key, value) in extra.as_object().expect("object") {
            event[key] = value.clone();
        }
        event
    }

    #[test]
    fn every_kind_of_decision_is_read() {
        let task = json!({"source": "stc", "external_id": "7", "count": 1, "covers": "late", "quantity": "0.8", "reason": "x"});
        for (kind, extra) in [
            ("self_assessment", json!({"items": {"I.1": "4.5"}})),
            ("general_criteria", json!({"items": {"I.1": "5"}})),
            ("leader_component", json!({"component": "unity_ability", "percent": "100"})),
            ("quality_failures", task.clone()),
            ("excuse", task.clone()),
            ("completed_quantity", task),
            ("approval", json!({"revision": 3, "decision_no": null})),
            ("approval", json!({"revision": 3, "content_hash": "9F".repeat(32), "decision_no": null})),
            ("approval", json!({"revision": 3, "content_hash": null})),
            ("classification", json!({"level": "good", "decision_no": "12/QĐ"})),
        ] {
            let read = read_event(&event(kind, extra), now());
            assert!(read.is_ok(), "{kind}: {read:?}");
        }
    }

    #[test]
    fn decision_without_its_value_names_what_is_missing() {
        for (kind, extra, missing) in [
            ("approval", json!({}), "revision"),
            ("approval", json!({"revision": 3, "content_hash": "r3"}), "content_hash"),
            ("classification", json!({"level": null}), "level"),
            ("excuse", json!({"source": "a", "external_id": "b", "covers": "all"}), "covers"),
            ("general_criteria", json!({}), "items"),
        ] {
            let why = read_event(&event(kind, extra), now()).expect_err(kind);
            assert!(why.en.contains(missing), "{kind}: {why:?}");
        }
        let promotion = read_event(&event("promotion", json!({})), now());
        assert!(promotion.expect_err("type").en.contains("promotion"));
        assert!(read_event(&json!({"id": 5}), now()).is_err());
    }

    #[test]
    fn moment_of_a_decision_is_neither_in_the_future_nor_before_there_was_anything() {
        for at in ["2027-12-07T02:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            let why = read_event(&event("approval", json!({"revision": 1, "at": at})), now()).expect_err(at);
            assert!(why.en.contains("\"at\""), "{why:?}");
        }
        let leap = json!({"revision": 1, "at": "2026-12-07T23:59:60Z"});
        assert!(read_event(&event("approval", leap), now()).is_ok());
    }
}

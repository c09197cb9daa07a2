//! The national database of cadres, civil servants and public employees (CSDL quốc gia về CBCCVC), message
//! M0006 (interoperability facts 4.3).
//!
//! Owns its login, the base64 message, the code list and field map, and the reading of its answers:
//! HTTP 200 with `err_code` 1 is a refusal, not a success. The receiver replaces a person's whole list,
//! so every message carries the whole history; that the list is whole is the caller's duty. Every name
//! and code is configuration, because the official field tables are not public.

use super::{
    Answer, Item, ReadBack, Receipt, ResultList, ResultRow, Target, kept_answer, unreadable_payload,
};
use crate::domain::{Level, Period, TargetId};
use crate::error::{Disposition, Finding, Place, Text};
use crate::transport::{Client, Reached, Reply, Request, TransportError};
use async_trait::async_trait;
use base64::Engine as _;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Names of the fields of one row, and the words of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldMap {
    /// Level code.
    pub level: String,
    /// Year.
    pub year: String,
    /// Period word.
    pub period: String,
    /// Printed score.
    pub score: String,
    /// Day of the decision, written yyyyMMdd.
    pub decided_on: String,
    /// Decision number.
    pub decision_no: String,
    /// Words of the four quarters.
    pub quarters: [String; 4],
    /// Words of the two halves.
    pub halves: [String; 2],
    /// Word of the year.
    pub whole_year: String,
}

/// What the client needs to know about the receiver.
#[derive(Debug, Clone)]
pub struct NationalOptions {
    /// Name in the configuration.
    pub id: TargetId,
    /// Agency code the account may write for (`org_Code`).
    pub org_code: String,
    /// Sender code of the header (`Sender_Code`).
    pub sender_code: String,
    /// Path of the message service under the base URL.
    pub path: String,
    /// Level → code of `KetQuaDanhGia`.
    pub codes: BTreeMap<Level, String>,
    /// Code of a row that has no level (an earlier result known by its score only).
    pub no_level_code: String,
    /// Names of fields.
    pub fields: FieldMap,
}

/// Client of the national database.
#[derive(Debug)]
pub struct NationalDatabase {
    options: NationalOptions,
    client: Client,
}

impl NationalDatabase {
    /// A client over a transport that logs in by itself.
    pub fn new(options: NationalOptions, client: Client) -> Self {
        Self { options, client }
    }

    fn place(&self) -> Place {
        Place::of(format!("target {}", self.options.id))
    }

    /// The message for one person's whole list.
    fn message(&self, list: &ResultList) -> Result<Value, Finding> {
        let rows = list.rows.iter().map(|row| self.row(row)).collect::<Result<Vec<_>, _>>()?;
        let content = json!({
            "Data": {
                "Header": { "Action_Type": "EDIT", "Sender_Code": self.options.sender_code },
                "Body": {
                    "HOSO_CBCCVC": {
                        "SoHieuCBCCVC_BNDP": list.staff_number,
                        "DS_KETQUA_DANHGIA_PHANLOAI": rows,
                    }
                }
            }
        });
        let encoded = base64::engine::general_purpose::STANDARD.encode(content.to_string());
        Ok(json!({ "org_Code": self.options.org_code, "jsonContent": encoded }))
    }

    fn row(&self, row: &ResultRow) -> Result<Value, Finding> {
        let fields = &self.options.fields;
        let code = match row.level {
            Some(level) => self.options.codes.get(&level).ok_or_else(|| {
                Finding::error(
                    "LT-DLV-010",
                    Text::new(
                        format!(
                            "mức xếp loại \"{}\" chưa có mã trong danh mục KetQuaDanhGia",
                            level.vietnamese()
                        ),
                        format!("level \"{}\" has no code in the list KetQuaDanhGia", level.as_str()),
                    ),
                    Text::new(
                        "khai báo mã trong code_list của đích và đánh dấu confirmed",
                        "add the code to the target's code_list and mark it confirmed",
                    ),
                )
                .at(self.place())
            })?,
            None => &self.options.no_level_code,
        };
        let word = match row.period {
            // M0006 has no word for a month; `results` never lists one.
            Period::Month { .. } => None,
            Period::Quarter { quarter, .. } => fields.quarters.get(usize::from(quarter) - 1),
            Period::Half { half, .. } => fields.halves.get(usize::from(half) - 1),
            Period::Year(_) => Some(&fields.whole_year),
        };
        let mut out = Map::new();
        let mut put = |name: &str, value: Value| {
            if !name.is_empty() {
                out.insert(name.to_owned(), value);
            }
        };
        put(&fields.level, Value::from(code.as_str()));
        put(&fields.year, Value::from(row.period.year().to_string()));
        put(&fields.period, Value::from(word.map_or("", String::as_str)));
        if let Some(score) = &row.score {
            put(&fields.score, Value::from(score.as_str()));
        }
        if let Some(day) = row.decided_on {
            put(&fields.decided_on, Value::from(day.format("%Y%m%d").to_string()));
        }
        if let Some(number) = &row.decision_no {
            put(&fields.decision_no, Value::from(number.as_str()));
        }
        Ok(Value::Object(out))
    }

    fn classify(&self, reply: &Reply) -> Answer {
        let body: Option<Value> = serde_json::from_slice(&reply.body).ok();
        let message =
            body.as_ref().and_then(|b| b.get("message")).and_then(Value::as_str).unwrap_or("").to_owned();
        let message: String = message.chars().filter(|c| !c.is_control()).take(300).collect();
        let error_code = body.as_ref().and_then(|b| b.get("err_code")).and_then(as_text);
        let transaction = body
            .as_ref()
            .and_then(|b| b.get("transaction_id"))
            .and_then(Value::as_str)
            .filter(|id| !id.is_empty());
        match (reply.status, error_code.as_deref(), transaction) {
            (200, Some("0"), Some(id)) => Answer::Acknowledged(Receipt {
                transaction_id: id.chars().take(200).collect(),
                answer: kept_answer(&reply.body),
            }),
            (200, Some("0"), None) => self.unknown(
                "LT-DLV-004",
                "trả lời thành công nhưng không có transaction_id",
                "it answered success without a transaction_id",
                reply.retry_after,
            ),
            (200, Some(_), _) => Answer::Refused(self.refusal(&message, reply.status)),
            (200, None, _) => self.unknown(
                "LT-DLV-003",
                "trả lời không đúng khuôn dạng (có thể đang bảo trì)",
                "its answer has not the agreed shape (maintenance?)",
                reply.retry_after,
            ),
            (400 | 413 | 422, _, _) => {
                Answer::Refused(self.refusal(&field_errors(body.as_ref(), &message), reply.status))
            }
            (401 | 403 | 404, _, _) => Answer::NotSent {
                finding: self.not_let_in(reply.status, &message),
                disposition: Disposition::NeedsOperator,
                retry_after: None,
            },
            (429, _, _) => Answer::NotSent {
                finding: self.busy(reply.status),
                disposition: Disposition::RetryLater,
                retry_after: reply.retry_after,
            },
            (status, _, _) => {
                let vi = format!("trả lời HTTP {status}");
                let en = format!("it answered HTTP {status}");
                self.unknown("LT-DLV-003", &vi, &en, reply.retry_after)
            }
        }
    }

    fn unknown(&self, code: &str, vi: &str, en: &str, retry_after: Option<Duration>) -> Answer {
        let finding = Finding::warning(
            code,
            Text::new(
                format!("không rõ kết quả gửi: {vi}"),
                format!("outcome of the delivery is unknown: {en}"),
            ),
            Text::new(
                "hệ thống tự gửi lại nguyên danh sách; gửi trùng không làm thay đổi dữ liệu",
                "the whole list is sent again by itself; sending it twice changes nothing",
            ),
        )
        .at(self.place());
        Answer::Unknown { finding, retry_after }
    }

    fn refusal(&self, message: &str, status: u16) -> Finding {
        Finding::error(
            "LT-DLV-001",
            Text::new(
                format!("CSDL quốc gia từ chối (HTTP {status}): {message}"),
                format!("the national database refuses it (HTTP {status}): {message}"),
            ),
            Text::new(
                "sửa dữ liệu theo thông báo rồi chạy `outbox retry`; đồng hồ thời hạn vẫn chạy",
                "correct the data as the message says, then `outbox retry`; the deadline clock runs on",
            ),
        )
        .at(self.place())
    }

    fn not_let_in(&self, status: u16, message: &str) -> Finding {
        Finding::error(
            "LT-DLV-002",
            Text::new(
                format!("CSDL quốc gia không cho vào (HTTP {status}): {message}"),
                format!("the national database does not let us in (HTTP {status}): {message}"),
            ),
            Text::new(
                "kiểm tra tài khoản, mật khẩu, org_code và đường dẫn bằng `lienthong check`",
                "check account, password, org_code and path with `lienthong check`",
            ),
        )
        .at(self.place())
    }

    fn busy(&self, status: u16) -> Finding {
        Finding::warning(
            "LT-DLV-005",
            Text::new(
                format!("đích nhận đang quá tải (HTTP {status})"),
                format!("the receiver is busy (HTTP {status})"),
            ),
            Text::new("hệ thống tự gửi lại", "it is sent again by itself"),
        )
        .at(self.place())
    }
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn field_errors(body: Option<&Value>, message: &str) -> String {
    let errors = body.and_then(|b| b.get("fieldErrors")).and_then(Value::as_array);
    let listed: Vec<String> = errors
        .into_iter()
        .flatten()
        .take(10)
        .map(|error| match error {
            Value::Object(fields) => fields.values().filter_map(Value::as_str).collect::<Vec<_>>().join(": "),
            other => as_text(other).unwrap_or_default(),
        })
        .collect();
    if listed.is_empty() { message.to_owned() } else { format!("{message}: {}", listed.join("; ")) }
}

/// A failed exchange as an answer: what certainly did not arrive may simply be sent again.
pub(super) fn transport_answer(error: TransportError) -> Answer {
    match error.reached {
        Reached::No => Answer::NotSent {
            finding: *error.finding,
            disposition: error.disposition,
            retry_after: error.retry_after,
        },
        Reached::Perhaps => Answer::Unknown { finding: *error.finding, retry_after: error.retry_after },
    }
}

#[async_trait]
impl Target for NationalDatabase {
    fn id(&self) -> &TargetId {
        &self.options.id
    }

    fn resend_is_harmless(&self) -> bool {
        // Replacing a list by the identical list changes nothing at the receiver.
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
        let list: ResultList = match serde_json::from_slice(&item.payload) {
            Ok(list) => list,
            Err(error) => return Answer::never_sent(unreadable_payload(&item.key, &error).at(self.place())),
        };
        let message = match self.message(&list) {
            Ok(message) => message,
            Err(finding) => return Answer::never_sent(finding),
        };
        match self.client.send(Request::post(&self.options.path).json(&message)).await {
            Ok(reply) => self.classify(&reply),
            Err(error) => transport_answer(error),
        }
    }

    async fn read_back(&self, _item: &Item) -> ReadBack {
        // No query service is known (interoperability facts 4.4).
        ReadBack::NotOffered
    }
}

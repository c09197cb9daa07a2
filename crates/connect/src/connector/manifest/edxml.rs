//! Sections of a manifest for edXML packages and the national document axis.
//!
//! Owns their TOML shape, defaults and checks; what they do is `connector::edxml`'s business. Values outside their
//! bounds are told with their key.

use super::Problem;
use super::http::RetrySection;
use crate::connector::edxml::record::TaskChoice;
use crate::connector::edxml::vxp::Fetch;
use crate::connector::edxml::{Limits, NAMESPACE};
use crate::error::Text;
use crate::transport::RetryPolicy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// `[edxml]`: how packages are read, and which documents are tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EdxmlSection {
    /// Namespaces that are expected; another one is a warning, never a refusal. Default: that of QCVN 102:2016.
    pub namespaces: Vec<String>,
    /// Kinds of steering (`SteeringType`) that make a document a task; 0 is a document that says nothing. An empty
    /// list makes none: the axis is evidence only. Default: `["2"]`.
    pub task_steering: Vec<String>,
    /// Whether such a document without a deadline is a task as well. Default: false.
    pub task_without_due: bool,
    /// Largest package in MiB, 1–512. Default: 128.
    pub max_package_mib: u32,
    /// Largest attachment in MiB, decoded and unwrapped, 1–512; a larger one is a warning. Default: 96.
    pub max_attachment_mib: u32,
    /// Most that all attachments of a package may come to, in MiB, decoded and unwrapped, 1–4,096; what lies beyond is
    /// a warning. Default: 256.
    pub max_unpacked_mib: u32,
    /// Most attachments of a package, 1–5,000. Default: 500.
    pub max_attachments: u32,
}

impl Default for EdxmlSection {
    fn default() -> Self {
        Self {
            namespaces: vec![NAMESPACE.to_owned()],
            task_steering: TaskChoice::default().steering,
            task_without_due: false,
            max_package_mib: 128,
            max_attachment_mib: 96,
            max_unpacked_mib: 256,
            max_attachments: 500,
        }
    }
}

impl EdxmlSection {
    /// Limits of one package.
    pub fn limits(&self) -> Limits {
        const MIB: u64 = 1024 * 1024;
        Limits {
            package: u64::from(self.max_package_mib) * MIB,
            attachment: u64::from(self.max_attachment_mib) * MIB,
            unpacked: u64::from(self.max_unpacked_mib) * MIB,
            attachments: self.max_attachments as usize,
            ..Limits::default()
        }
    }

    /// Which documents are tasks.
    pub fn tasks(&self) -> TaskChoice {
        TaskChoice { steering: self.task_steering.clone(), without_due: self.task_without_due }
    }

    pub(super) fn check(&self, problems: &mut Vec<Problem>) {
        let mut bounds = |key: &str, value: u32, most: u32| {
            if !(1..=most).contains(&value) {
                problems.push(out_of_bounds(&format!("edxml.{key}"), value, most));
            }
        };
        bounds("max_package_mib", self.max_package_mib, 512);
        bounds("max_attachment_mib", self.max_attachment_mib, 512);
        bounds("max_unpacked_mib", self.max_unpacked_mib, 4_096);
        bounds("max_attachments", self.max_attachments, 5_000);
        for kind in &self.task_steering {
            if !["0", "1", "2", "3"].contains(&kind.as_str()) {
                problems.push(Problem::word("edxml.task_steering", kind, "0, 1, 2, 3"));
            }
        }
    }
}

/// `[vxp]`: how the axis is asked. Address, centre and secret are the settings `base_url` and `system_id` and the
/// secret `secret`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VxpSection {
    /// Kinds of messages pulled, in this order. Default: `["edoc", "status"]`.
    pub messages: Vec<Message>,
    /// How a package is asked for. Default: `download`.
    pub fetch: FetchKind,
    /// Seconds for one whole exchange, 5–3,600. Default: 300.
    pub timeout_s: u32,
    /// Repeating one request.
    pub retry: RetrySection,
    /// Where the directory of agencies comes from. Default: `none`.
    pub directory: DirectoryKind,
    /// `level` of `getAgenciesListQD20`, where the axis wants one.
    pub directory_level: Option<String>,
}

impl Default for VxpSection {
    fn default() -> Self {
        Self {
            messages: vec![Message::Edoc, Message::Status],
            fetch: FetchKind::Download,
            timeout_s: 300,
            retry: RetrySection::default(),
            directory: DirectoryKind::None,
            directory_level: None,
        }
    }
}

impl VxpSection {
    /// How one request is repeated.
    pub fn retry(&self) -> RetryPolicy {
        RetryPolicy {
            attempts: self.retry.attempts,
            first_wait: Duration::from_millis(self.retry.first_wait_ms.into()),
            max_wait: Duration::from_secs(self.retry.max_wait_s.into()),
        }
    }

    pub(super) fn check(&self, problems: &mut Vec<Problem>) {
        if !(5..=3_600).contains(&self.timeout_s) {
            problems.push(Problem {
                key: "vxp.timeout_s".to_owned(),
                code: "LT-MAN-100",
                what: Text::new(
                    format!("timeout_s = {} ngoài khoảng 5–3600", self.timeout_s),
                    format!("timeout_s = {} is outside 5–3600", self.timeout_s),
                ),
                remedy: Text::new("chọn một giá trị trong khoảng đó", "choose a value within"),
            });
        }
        if !(1..=10).contains(&self.retry.attempts) {
            problems.push(out_of_bounds("vxp.retry.attempts", self.retry.attempts, 10));
        }
        if self.messages.is_empty() {
            problems.push(Problem::word("vxp.messages", "[]", "edoc, status"));
        }
        let printable =
            |level: &String| !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_graphic());
        if let Some(level) = self.directory_level.as_ref().filter(|level| !printable(level)) {
            problems.push(Problem::word("vxp.directory_level", level, "1, 2, 3 …"));
        }
    }
}

/// A kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// Documents.
    Edoc,
    /// States of documents.
    Status,
}

impl Message {
    /// As the axis calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Edoc => "edoc",
            Self::Status => "status",
        }
    }
}

/// How a package is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FetchKind {
    /// `GET /downloadEdoc`: the bytes themselves.
    Download,
    /// `POST /getEdoc`: base64 within JSON.
    Get,
}

impl From<FetchKind> for Fetch {
    fn from(kind: FetchKind) -> Self {
        match kind {
            FetchKind::Download => Self::Download,
            FetchKind::Get => Self::Get,
        }
    }
}

/// Where the directory of agencies comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DirectoryKind {
    /// None: every code is its own spelling.
    None,
    /// A CSV file with the columns `code`, `code102`, `name`, setting `agencies`.
    File,
    /// `getAgenciesListQD20` of the axis.
    Qd20,
    /// `getAgenciesList` of the axis.
    Old,
}

fn out_of_bounds(key: &str, value: u32, most: u32) -> Problem {
    Problem {
        key: key.to_owned(),
        code: "LT-MAN-100",
        what: Text::new(format!("{value} ngoài khoảng 1–{most}"), format!("{value} is outside 1–{most}")),
        remedy: Text::new("chọn một giá trị trong khoảng đó", "choose a value within"),
    }
}

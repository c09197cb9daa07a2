//! Faults by script: what goes wrong, where, how often.
//!
//! Owns the list of faults, the seeded decision whether one fires, and the count of how often each did. A fault
//! that changes an answer runs around the real handler, so that "the answer was lost after the commit" really
//! commits.

use super::connection::Line;
use axum::body::{Body, Bytes};
use axum::http::{Response, StatusCode, header};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// The answer comes late.
    Slow {
        /// Milliseconds.
        ms: u64,
    },
    /// A status instead of an answer, before anything happened.
    Status {
        /// Status code.
        code: u16,
        /// Seconds for `Retry-After`.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// The connection breaks before anything happened.
    ResetBefore,
    /// Everything happens, and the connection breaks before the answer.
    ResetAfterCommit,
    /// 200 with bytes that are no JSON.
    Garbage,
    /// 200 with a maintenance page.
    Html,
    /// The length of the whole answer, half of its bytes, and the end of the connection.
    Truncate,
    /// 401, as if the token had run out.
    TokenExpired,
    /// 200 with `err_code` 1.
    #[serde(alias = "err_code_1")]
    ErrCode,
}

/// A fault with its place and frequency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Paths it concerns.
    pub path_prefix: String,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// Fires at every n-th request below the path; 0 = not by count.
    #[serde(default)]
    pub every: u64,
    /// Fires by chance, so many times in a thousand requests; seeded, hence the same in every run that asks in
    /// the same order.
    #[serde(default)]
    pub per_mille: u64,
    /// How often it may fire; none = always.
    #[serde(default)]
    pub times: Option<u64>,
    /// Requests seen.
    #[serde(default)]
    pub seen: u64,
    /// Times it fired.
    #[serde(default)]
    pub fired: u64,
}

/// The script, with its own chance.
#[derive(Debug)]
pub struct Faults {
    /// What is to go wrong.
    pub script: Vec<Fault>,
    chance: fastrand::Rng,
}

impl Faults {
    /// An empty script.
    pub fn new(seed: u64) -> Self {
        Self { script: Vec::new(), chance: fastrand::Rng::with_seed(seed) }
    }

    /// The fault that fires for a request, if any: the first one due. Control calls never fail.
    pub fn strike(&mut self, path: &str) -> Option<FaultKind> {
        if path.starts_with("/sim") {
            return None;
        }
        let mut struck = None;
        for fault in self.script.iter_mut().filter(|fault| path.starts_with(&fault.path_prefix)) {
            fault.seen += 1;
            let counted = fault.every > 0 && fault.seen.is_multiple_of(fault.every);
            let by_chance = fault.per_mille > 0 && self.chance.u64(..1_000) < fault.per_mille;
            let may = fault.times.is_none_or(|times| fault.fired < times);
            if struck.is_none() && may && (counted || by_chance) {
                fault.fired += 1;
                struck = Some(fault.kind.clone());
            }
        }
        struck
    }
}

fn plain(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}

/// What a client gets instead of the handler's answer; `handler` runs only where the fault lets it.
pub async fn apply<F>(kind: FaultKind, line: &Line, handler: F) -> Response<Body>
where
    F: Future<Output = Response<Body>>,
{
    match kind {
        FaultKind::Slow { ms } => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            handler.await
        }
        FaultKind::Status { code, retry_after } => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = plain(status, "text/plain", "scripted fault");
            if let Some(Ok(value)) = retry_after.map(|seconds| seconds.to_string().parse()) {
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
            response
        }
        FaultKind::ResetBefore => {
            line.cut();
            plain(StatusCode::OK, "text/plain", "")
        }
        FaultKind::ResetAfterCommit => {
            let answer = handler.await;
            line.cut();
            answer
        }
        FaultKind::Garbage => plain(StatusCode::OK, "application/json", "\u{0}\u{1}{]not json"),
        FaultKind::Html => {
            plain(StatusCode::OK, "text/html", "<html><body>Hệ thống đang bảo trì</body></html>")
        }
        FaultKind::Truncate => truncated(handler.await, line).await,
        FaultKind::TokenExpired => {
            plain(StatusCode::UNAUTHORIZED, "application/json", r#"{"err_code":1,"message":"Token expired"}"#)
        }
        FaultKind::ErrCode => {
            plain(StatusCode::OK, "application/json", r#"{"err_code":1,"message":"Lỗi theo kịch bản"}"#)
        }
    }
}

/// Announces the whole answer, sends half of it and cuts the connection.
async fn truncated(answer: Response<Body>, line: &Line) -> Response<Body> {
    let (parts, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, 64 << 20).await.unwrap_or_default();
    let half = bytes.slice(..bytes.len() / 2);
    let line = line.clone();
    let stream = futures_util::stream::iter([Ok(half)]).chain(futures_util::stream::once(async move {
        // The first half has to leave before the line is cut.
        tokio::time::sleep(Duration::from_millis(20)).await;
        line.cut();
        Err::<Bytes, _>(std::io::Error::other("cut off by the fault script"))
    }));
    let mut response = Response::new(Body::from_stream(stream));
    *response.status_mut() = parts.status;
    *response.headers_mut() = parts.headers;
    response.headers_mut().insert(header::CONTENT_LENGTH, header::HeaderValue::from(bytes.len()));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(script: serde_json::Value) -> Faults {
        let mut faults = Faults::new(1);
        faults.script = serde_json::from_value(script).expect("a script");
        faults
    }

    #[test]
    fn every_third_request_fails_until_the_times_are_used_up() {
        let mut faults = faults(
            json!([{ "path_prefix": "/national", "kind": "status", "code": 500, "every": 3, "times": 2 }]),
        );
        let struck: Vec<bool> = (0..12).map(|_| faults.strike("/national/x").is_some()).collect();
        assert_eq!(struck.iter().filter(|fired| **fired).count(), 2);
        assert!(struck[2] && struck[5] && !struck[8]);
        assert_eq!((faults.script[0].seen, faults.script[0].fired), (12, 2));
    }

    #[test]
    fn other_paths_and_the_control_room_never_fail() {
        let mut faults = faults(json!([
            { "path_prefix": "/", "kind": "garbage", "every": 1 },
            { "path_prefix": "/ward", "kind": "html", "every": 1 },
        ]));
        assert_eq!(faults.strike("/sim/oracle"), None);
        assert_eq!(faults.strike("/tracker/syt/v1/tasks"), Some(FaultKind::Garbage));
        assert_eq!(faults.script[1].seen, 0);
    }

    #[test]
    fn chance_is_seeded() {
        let script = json!([{ "path_prefix": "/", "kind": "reset_after_commit", "per_mille": 250 }]);
        let run = || {
            let mut faults = faults(script.clone());
            (0..400).map(|_| faults.strike("/x").is_some()).collect::<Vec<_>>()
        };
        let fired = run().iter().filter(|fired| **fired).count();
        assert_eq!(run(), run());
        assert!((60..140).contains(&fired), "{fired} of 400");
    }

    #[test]
    fn unknown_kind_is_refused() {
        let read =
            serde_json::from_value::<Vec<Fault>>(json!([{ "path_prefix": "/", "kind": "earthquake" }]));
        assert!(read.is_err());
        let read =
            serde_json::from_value::<Vec<Fault>>(json!([{ "path_prefix": "/", "kind": "err_code_1" }]));
        assert_eq!(read.expect("the other name")[0].kind, FaultKind::ErrCode);
    }
}

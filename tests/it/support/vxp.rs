//! A centre of the national document axis on this machine: checks every signature, keeps what waits, and misbehaves
//! where a test asks for it.
//!
//! Owns the checks of a receiving axis: centre, secret (compared in constant time), every signed header beside the one
//! sent, allowed skew of the clock. What is not acknowledged is listed again.

use super::http::{Asked, Scripted, json, status};
use axum::body::Body;
use axum::http::Response;
use base64::Engine as _;
use bytes::Bytes;
use chrono::{NaiveDateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// The centre that may ask.
pub const SYSTEM: &str = "vxp.thu.01";
/// Its secret.
pub const SECRET: &str = "khoa-bi-mat-7f3a";

/// How one answer goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// This status code.
    Status(u16),
    /// HTTP 200 that says FAIL.
    Fail,
    /// The same in these words.
    Says(&'static str),
    /// HTTP 200 with OK and this error code.
    Code(&'static str),
    /// The connection ends in the middle of the answer.
    Drop,
    /// A page for people.
    Html,
    /// The announced digest is another one.
    WrongHash,
    /// Only the first half arrives, well-formed as HTTP.
    Half,
}

#[derive(Debug, Clone)]
struct Item {
    message: &'static str,
    bytes: Bytes,
    acknowledged: Option<String>,
}

#[derive(Debug, Default)]
struct State {
    items: Vec<(String, Item)>,
    acknowledged: Vec<(String, String)>,
    /// Faults by path and package, each answered once.
    faults: BTreeMap<(String, String), Vec<Fault>>,
    refused: Vec<String>,
    directory: String,
    skew: i64,
    tells_hash: bool,
}

/// The centre; it ends when dropped.
pub struct Centre {
    /// Its server.
    pub server: Scripted,
    state: Arc<Mutex<State>>,
}

impl Centre {
    /// Starts one whose clock may differ by this many seconds.
    pub async fn start(skew: i64) -> Self {
        let state = Arc::new(Mutex::new(State { skew, tells_hash: true, ..State::default() }));
        let shared = state.clone();
        let server = Scripted::start(move |asked| answer(&mut shared.lock().expect("lock"), asked)).await;
        Self { server, state }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("lock")
    }

    /// Lets a package wait.
    pub fn put(&self, id: &str, message: &'static str, bytes: impl Into<Bytes>) {
        let item = Item { message, bytes: bytes.into(), acknowledged: None };
        self.state().items.push((id.to_owned(), item));
    }

    /// Answers of a path about a package (empty: any call of it) that go wrong, one after the other.
    pub fn fail(&self, path: &str, id: &str, faults: &[Fault]) {
        self.state().faults.entry((path.to_owned(), id.to_owned())).or_default().extend_from_slice(faults);
    }

    /// What was acknowledged, in order.
    pub fn acknowledged(&self) -> Vec<(String, String)> {
        self.state().acknowledged.clone()
    }

    /// Ids that still wait.
    pub fn waiting(&self) -> Vec<String> {
        let state = self.state();
        state.items.iter().filter(|(_, item)| item.acknowledged.is_none()).map(|(id, _)| id.clone()).collect()
    }

    /// Delivers everything once more.
    pub fn redeliver(&self) {
        self.state().items.iter_mut().for_each(|(_, item)| item.acknowledged = None);
    }

    /// Whether packages come with their digests.
    pub fn tells_hash(&self, tells: bool) {
        self.state().tells_hash = tells;
    }

    /// The directory, as the text of its rows.
    pub fn directory(&self, rows: &str) {
        self.state().directory = rows.to_owned();
    }

    /// Why requests were refused.
    pub fn refused(&self) -> Vec<String> {
        self.state().refused.clone()
    }
}

fn good(more: Value) -> Response<Body> {
    let mut answer = json!({ "status": "OK", "ErrorCode": "0", "ErrorDesc": "" });
    if let (Some(answer), Value::Object(more)) = (answer.as_object_mut(), more) {
        answer.extend(more);
    }
    json(answer)
}

fn bad(code: &str, why: &str) -> Response<Body> {
    json(json!({ "status": "FAIL", "ErrorCode": code, "ErrorDesc": why }))
}

/// What is wrong with a request's signature.
fn unsigned(asked: &Asked, skew: i64) -> Result<(), String> {
    let header = |name: &str| {
        asked.headers.get(&format!("xroadvnpt-{name}")).cloned().ok_or_else(|| format!("{name} is missing"))
    };
    if header("systemid")? != SYSTEM {
        return Err("unknown centre".to_owned());
    }
    let signed = header("sign-header")?;
    let hash: Vec<u8> = header("hash-header")?
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(&String::from_utf8_lossy(pair), 16).unwrap_or(0))
        .collect();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(signed.as_bytes());
    // Compares in constant time.
    mac.verify_slice(&hash).map_err(|_| "wrong signature".to_owned())?;
    let members: serde_json::Map<String, Value> =
        serde_json::from_str(&signed).map_err(|error| error.to_string())?;
    for (name, value) in &members {
        let sent = asked.headers.get(&name.to_lowercase()).map(String::as_str);
        if sent != value.as_str() {
            return Err(format!("{name} is not what was signed"));
        }
    }
    let mut keys: Vec<&str> = members.keys().filter_map(|name| name.strip_prefix("XroadVnpt-")).collect();
    let listed = header("sign-header-key")?;
    let mut listed: Vec<&str> = listed.split(';').collect();
    keys.sort_unstable();
    listed.sort_unstable();
    if keys != listed || !keys.contains(&"timestamp") || !keys.contains(&"systemid") {
        return Err("sign-header-key lists other names".to_owned());
    }
    let stamp = header("timestamp")?;
    let (stamp, millis) = stamp.split_once('+').ok_or("no milliseconds")?;
    let at = NaiveDateTime::parse_from_str(stamp, "%d%m%YT%H%M%S").map_err(|error| error.to_string())?;
    let now = (Utc::now() + TimeDelta::hours(7)).naive_utc();
    if millis.len() != 4 || (now - at).num_seconds().abs() > skew {
        return Err("timestamp is outside the allowed skew".to_owned());
    }
    if header("version")? != "3.0.201608"
        || asked.headers.get("user-agent").map(String::as_str) != Some("JAVASDKAgent/1.0.0 XRoad/VPCP")
    {
        return Err("version or agent".to_owned());
    }
    Ok(())
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn answer(state: &mut State, asked: &Asked) -> Response<Body> {
    if let Err(why) = unsigned(asked, state.skew) {
        state.refused.push(why.clone());
        return bad("101", &why);
    }
    let param = |name: &str| asked.headers.get(&format!("xroadvnpt-{name}")).cloned().unwrap_or_default();
    let id = param("docid");
    let queue = state.faults.get_mut(&(asked.path.clone(), id.clone()));
    let fault = queue.filter(|queue| !queue.is_empty()).map(|queue| queue.remove(0));
    match &fault {
        Some(Fault::Status(code)) => return status(*code, &[], "{}"),
        Some(Fault::Fail) => return bad("100", "loi truyen nhan"),
        Some(Fault::Says(why)) => return bad("100", why),
        Some(Fault::Code(code)) => return json(json!({ "status": "OK", "ErrorCode": code, "data": null })),
        Some(Fault::Html) => {
            return status(200, &[("content-type", "text/html")], "<html><body>Bảo trì</body></html>");
        }
        _ => {}
    }
    let item = state.items.iter_mut().find(|(known, _)| *known == id).map(|(_, item)| item);
    match asked.path.as_str() {
        "/getReceivedEdocList" => {
            let message = param("messagetype");
            let waits =
                state.items.iter().filter(|(_, item)| item.acknowledged.is_none() && item.message == message);
            let rows: Vec<Value> = waits
                .map(|(id, item)| json!({ "docId": id, "serviceType": "eDoc", "messageType": item.message, "status": "initial" }))
                .collect();
            good(json!({ "data": rows }))
        }
        "/downloadEdoc" | "/getEdoc" => {
            let Some(item) = item else { return bad("-1", "khong co") };
            let mut bytes = item.bytes.clone();
            let mut hash = digest(&bytes);
            match fault {
                Some(Fault::WrongHash) => hash = digest(b"another one"),
                Some(Fault::Half) => bytes = bytes.slice(..bytes.len() / 2),
                Some(Fault::Drop) => return Response::new(broken_off(bytes)),
                _ => {}
            }
            if asked.path == "/getEdoc" {
                return good(json!({ "data": base64::engine::general_purpose::STANDARD.encode(bytes) }));
            }
            let mut response =
                Response::builder().status(200).header("content-type", "application/octet-stream");
            if state.tells_hash {
                response = response.header("hash-file", hash);
            }
            response.body(slowly(bytes)).expect("answer")
        }
        "/updateStatus" => {
            let status = param("status");
            let Some(item) = item else { return bad("-1", "khong co") };
            item.acknowledged = Some(status.clone());
            state.acknowledged.push((id, status));
            good(json!({}))
        }
        "/countReceiveEdoc" | "/countReceiveStatus" => good(json!({ "count": state.items.len() })),
        "/getAgenciesListQD20" => {
            let rows = &state.directory;
            status(200, &[], &format!("{{\"status\":\"OK\",\"ErrorCode\":\"0\",\"data\":[{rows}]}}"))
        }
        _ => status(404, &[], "{}"),
    }
}

/// A body in pieces, each after the other was taken: a large package is on its way for a while.
fn slowly(bytes: Bytes) -> Body {
    let pieces = bytes.chunks(256 * 1024).map(Bytes::copy_from_slice).collect::<Vec<_>>();
    Body::from_stream(futures_util::stream::unfold(pieces.into_iter(), |mut pieces| async {
        let piece = pieces.next()?;
        tokio::task::yield_now().await;
        Some((Ok::<_, std::io::Error>(piece), pieces))
    }))
}

/// Half of the bytes, then the connection ends.
fn broken_off(bytes: Bytes) -> Body {
    let half = bytes.slice(..bytes.len() / 2);
    let pieces = [Ok(half), Err(std::io::Error::other("broken off"))];
    Body::from_stream(futures_util::stream::iter(pieces))
}

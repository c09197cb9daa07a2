//! Recording samples of a running source, without anything personal or secret.
//!
//! Owns the pulls that are listened to (everything, then what changed since), what of each exchange becomes a sample, and
//! the bounds of a recording. What is replaced, and by what, is `mask`'s. It must not know where samples are kept. A source that does not answer in JSON
//! or shows too much for a set of samples is refused: nothing half-recorded is given out.

mod mask;
mod secret;

use super::manifest::http::{BodyFormat, IncrementalSection};
use super::manifest::{Kind, Loaded};
use super::{Connector, Cursor, Detailed, Presence, PullMode, PullRequest, Step};
use crate::error::{Finding, Findings, Place, Text};
use crate::transport::{Exchange, Recorder};
use chrono::{DateTime, Utc};
use mask::Mask;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Most exchanges of one recording: samples are read by people.
const MOST_EXCHANGES: usize = 200;

/// So many records of one page without any detail are no coincidence of deletions.
const NO_COINCIDENCE: usize = 3;

/// What was recorded.
#[derive(Debug)]
pub struct Recorded {
    /// Samples in order, each as it stands in its file.
    pub samples: Vec<Value>,
    /// Records that were read.
    pub records: usize,
    /// How many values were replaced, each once.
    pub replaced: usize,
}

/// What a source was given, by the names of its manifest.
pub struct Given<'a> {
    /// Settings.
    pub settings: &'a BTreeMap<String, String>,
    /// Secrets.
    pub secrets: &'a BTreeMap<String, SecretString>,
}

/// Pulls everything of a source and its details, then what changed since, and gives the exchanges as samples.
///
/// Where the point to go on from is a moment of this machine's clock, no sample could ask from it again: then only
/// everything is recorded. So is a source of windows, which are as many as days have passed.
///
/// # Errors
/// LT-SRC-080 a kind of source or a format that is not recorded, LT-SRC-081 too many exchanges, LT-SRC-091 a secret that
/// would be left, or why the source cannot
/// be pulled.
pub async fn record(
    connector: &dyn Connector,
    loaded: &Loaded,
    given: &Given<'_>,
    now: DateTime<Utc>,
) -> Result<Recorded, Findings> {
    if !is_recorded(loaded) {
        return Err(not_recorded().into());
    }
    let recorder = Recorder::default();
    let records = recorder.of(read(connector, &recorder, goes_on(loaded), now)).await?;
    let mut exchanges = last_of_each(recorder.taken());
    exchanges.retain(|exchange| exchange.status < 400);
    let mut answers = Vec::with_capacity(exchanges.len());
    for exchange in &exchanges {
        let answer = serde_json::from_slice::<Value>(&exchange.reply);
        answers.push(answer.map_err(|_| Findings::from(not_recorded().at(Place::of(&exchange.path))))?);
    }
    let mut mask = Mask::new(loaded, given, &exchanges, &answers);
    let samples =
        exchanges.iter().zip(answers).map(|(exchange, answer)| sample(&mut mask, loaded, exchange, answer));
    let samples: Vec<Value> = samples.collect();
    // The last look: a login may have written a secret in a way nobody thought of.
    if let Some(sample) = samples.iter().find(|sample| mask.tells(sample)) {
        let path = sample.pointer("/request/path").and_then(Value::as_str).unwrap_or_default();
        return Err(tells_a_secret().at(Place::of(path)).into());
    }
    Ok(Recorded { samples, records, replaced: mask.replaced() })
}

/// Whether samples of such a source can be recorded: of JSON over HTTP alone everything personal can be replaced.
pub fn is_recorded(loaded: &Loaded) -> bool {
    let stream = loaded.manifest.stream.as_ref().map(|stream| stream.format);
    loaded.manifest.kind == Kind::Http && stream == Some(BodyFormat::Json)
}

/// Whether what the source tells, and not our clock, says where a pull of changes begins.
fn goes_on(loaded: &Loaded) -> bool {
    let manifest = &loaded.manifest;
    let told = |section: &IncrementalSection| {
        section.field.is_some() || section.header.is_some() || section.mark.is_some()
    };
    manifest.window.is_none() && manifest.incremental.as_ref().is_some_and(told)
}

/// Reads everything, and then what changed since, if anybody can say that; the number of records of the first.
async fn read(
    connector: &dyn Connector,
    recorder: &Recorder,
    goes_on: bool,
    now: DateTime<Utc>,
) -> Result<usize, Findings> {
    let everything = PullRequest { mode: PullMode::Full, cursor: None, now };
    let (records, cursor) = walk(connector, recorder, everything).await?;
    if let Some(cursor) = cursor.filter(|_| goes_on) {
        let changes = PullRequest { mode: PullMode::Incremental, cursor: Some(cursor), now };
        walk(connector, recorder, changes).await?;
    }
    Ok(records)
}

/// One pull with its details; the number of records, and where the next one goes on.
async fn walk(
    connector: &dyn Connector,
    recorder: &Recorder,
    request: PullRequest,
) -> Result<(usize, Option<Cursor>), Findings> {
    let failed = |error: super::ConnectorError| Findings::from(*error.finding);
    let mut pull = connector.pull(request).await.map_err(failed)?;
    let (mut records, mut cursor) = (0, None);
    let within = || {
        if recorder.is_cut() {
            return Err(Findings::from(too_large()));
        }
        if recorder.count() > MOST_EXCHANGES { Err(Findings::from(too_many())) } else { Ok(()) }
    };
    loop {
        match pull.next_page().await.map_err(failed)? {
            Step::End(end) => return within().map(|()| (records, end.cursor.or(cursor))),
            Step::Page(page) => {
                records += page.records.len() + page.rejected.len();
                cursor = page.cursor.or(cursor);
                within()?;
                let (mut asked, mut vanished) = (0, Vec::new());
                // One after the other: the same source gives the same samples in the same order.
                for record in page.records.into_iter().filter(|record| record.presence == Presence::Shown) {
                    asked += 1;
                    for detailed in connector.detail(vec![record]).await.map_err(failed)? {
                        if let Detailed::Vanished(finding) = detailed {
                            vanished.push(finding);
                        }
                    }
                    within()?;
                }
                // As in a pull: a whole page without details means that their path is wrong.
                if vanished.len() == asked
                    && asked >= NO_COINCIDENCE
                    && let Some(finding) = vanished.pop()
                {
                    return Err((*finding).into());
                }
            }
        }
    }
}

/// Of a request that was made several times the last answer.
fn last_of_each(exchanges: Vec<Exchange>) -> Vec<Exchange> {
    let mut seen = BTreeSet::new();
    let mut kept: Vec<Exchange> = exchanges
        .into_iter()
        .rev()
        .filter(|one| seen.insert((one.method, one.path.clone(), one.query.clone(), one.body.clone())))
        .collect();
    kept.reverse();
    kept
}

/// Headers of an answer that a manifest reads, by whatever name it has there, and those every reader needs.
fn is_read(loaded: &Loaded, name: &str) -> bool {
    if ["content-type", "link"].contains(&name) {
        return true;
    }
    let written = serde_json::to_string(&loaded.manifest).unwrap_or_default().to_lowercase();
    // A name that stands as a key, such as `date` of a field, is no header.
    written.split(&format!("\"{name}\"")).skip(1).any(|after| !after.starts_with(':'))
}

fn sample(mask: &mut Mask, loaded: &Loaded, exchange: &Exchange, answer: Value) -> Value {
    let mut request = json!({ "path": mask.path(&exchange.path) });
    if exchange.method != "GET" {
        request["method"] = json!(exchange.method);
    }
    let query: BTreeMap<String, String> =
        exchange.query.iter().map(|(name, value)| (name.clone(), mask.value_sent(value))).collect();
    if !query.is_empty() {
        request["query"] = json!(query);
    }
    // Only what lets in is asked for again.
    let headers: BTreeMap<String, String> = exchange
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), mask.credential(value)?)))
        .collect();
    if !headers.is_empty() {
        request["headers"] = json!(headers);
    }
    if let Some(body) = exchange.body.as_ref().and_then(|body| serde_json::from_slice(body).ok()) {
        request["body"] = mask.sent(body);
    }
    let headers = exchange.reply_headers.iter().filter(|(name, _)| is_read(loaded, &name.to_lowercase()));
    let headers: BTreeMap<String, String> =
        headers.map(|(name, value)| (name.clone(), mask.header(value))).collect();
    json!({ "request": request, "reply": { "status": exchange.status, "headers": headers, "body": mask.answer(answer) } })
}

fn not_recorded() -> Finding {
    Finding::error(
        "LT-SRC-080",
        Text::new(
            "chỉ ghi mẫu của nguồn HTTP trả lời bằng JSON",
            "only sources that answer in JSON over HTTP are recorded",
        ),
        Text::new(
            "tự viết mẫu vào samples/ và bỏ mọi thông tin cá nhân; xem docs/CONNECTORS.md, phần Samples",
            "write samples by hand and leave out everything personal; see docs/CONNECTORS.md, Samples",
        ),
    )
}

fn tells_a_secret() -> Finding {
    Finding::error(
        "LT-SRC-091",
        Text::new(
            "mẫu vẫn còn một bí mật ở dạng mã hóa khác; không ghi mẫu nào",
            "a sample would still hold a secret in another coding; no sample was written",
        ),
        Text::new(
            "nguồn mã hóa mật khẩu theo cách riêng: tự viết mẫu của lần hỏi đáp này vào samples/, xem docs/CONNECTORS.md, phần Samples",
            "the source codes its password in a way of its own: write the sample of this exchange by hand, see docs/CONNECTORS.md, Samples",
        ),
    )
}

fn too_large() -> Finding {
    let what = Text::new(
        "các câu trả lời của nguồn lớn hơn 64 MiB, quá nhiều cho một bộ mẫu",
        "the answers of the source weigh more than 64 MiB, too much for a set of samples",
    );
    Finding { what, ..too_many() }
}

fn too_many() -> Finding {
    Finding::error(
        "LT-SRC-081",
        Text::new(
            format!("nguồn cần hơn {MOST_EXCHANGES} lần hỏi đáp, quá nhiều cho một bộ mẫu"),
            format!("the source takes more than {MOST_EXCHANGES} exchanges, too many for a set of samples"),
        ),
        Text::new(
            "dùng tài khoản thử chỉ thấy vài nhiệm vụ, hoặc thêm bộ lọc vào query của một bản sao manifest",
            "use a test account that sees a few tasks, or add a filter to the query of a copy of the manifest",
        ),
    )
}

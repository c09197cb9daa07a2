//! Exchanges as they were, for whoever records samples of a source.
//!
//! Owns the list of one recording, bounded, kept only while somebody listens. It must not know what an answer means, and
//! prints nothing: requests and answers hold secrets and personal data until whoever asked for them has removed both.

use super::auth::Pass;
use super::request::{Body, Reply, Request};
use bytes::Bytes;
use std::future::Future;
use std::sync::{Arc, Mutex};

/// Most bytes of answers kept of one recording.
const MOST_BYTES: usize = 64 << 20;

/// One request with its answer.
#[derive(Clone)]
pub struct Exchange {
    /// Method.
    pub method: &'static str,
    /// Path.
    pub path: String,
    /// Query parameters, without keys every request carries.
    pub query: Vec<(String, String)>,
    /// Headers of the request alone and of what lets it in.
    pub headers: Vec<(String, String)>,
    /// The request's body, where it is JSON.
    pub body: Option<Bytes>,
    /// Status.
    pub status: u16,
    /// Headers of the answer.
    pub reply_headers: Vec<(String, String)>,
    /// The answer.
    pub reply: Bytes,
}

/// Listens to the exchanges of one future.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    exchanges: Vec<Exchange>,
    /// Some were not kept: there was no room.
    cut: bool,
}

tokio::task_local! {
    static RECORDER: Recorder;
}

impl Recorder {
    /// Runs something whose exchanges are kept.
    pub async fn of<F: Future>(&self, run: F) -> F::Output {
        RECORDER.scope(self.clone(), run).await
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.lock().map_or(0, |kept| kept.exchanges.len())
    }

    /// Whether exchanges are missing, because answers weigh more than is kept.
    pub fn is_cut(&self) -> bool {
        !self.0.lock().is_ok_and(|kept| !kept.cut)
    }

    /// What was kept, in order.
    pub fn taken(&self) -> Vec<Exchange> {
        self.0.lock().map(|mut kept| std::mem::take(&mut kept.exchanges)).unwrap_or_default()
    }
}

/// Keeps an exchange where somebody listens.
pub(super) fn note(request: &Request, pass: &Pass, reply: &Reply) {
    let _nobody_listens = RECORDER.try_with(|recorder| {
        let Ok(mut kept) = recorder.0.lock() else { return };
        let held: usize = kept.exchanges.iter().map(|exchange| exchange.reply.len()).sum();
        if held + reply.body.len() > MOST_BYTES {
            kept.cut = true;
            return;
        }
        let text = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let mut headers = request.headers.clone();
        headers.extend(pass.headers.iter().filter_map(text));
        kept.exchanges.push(Exchange {
            method: request.method.as_str(),
            path: reply.url.path().to_owned(),
            query: reply.url.query_pairs().into_owned().collect(),
            headers,
            body: match &request.body {
                Some(Body::Json(bytes)) => Some(bytes.clone()),
                _ => None,
            },
            status: reply.status,
            reply_headers: reply.headers.iter().filter_map(text).collect(),
            reply: reply.body.clone(),
        });
    });
}

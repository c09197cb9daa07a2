//! A real HTTP server on this machine that answers by a script and notes what it was asked.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio_util::task::AbortOnDropHandle;

/// Installs the process's TLS provider; more than once does no harm.
pub fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Number of requests before this one.
    pub index: usize,
    /// Method.
    pub method: String,
    /// Path.
    pub path: String,
    /// Query parameters.
    pub query: BTreeMap<String, String>,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Body as text.
    pub body: String,
}

impl Asked {
    /// A query parameter as a number; 0 when it is missing.
    pub fn number(&self, name: &str) -> usize {
        self.query.get(name).and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}

type Script = dyn Fn(&Asked) -> Response<Body> + Send + Sync;

struct Inner {
    script: Box<Script>,
    asked: Mutex<Vec<Asked>>,
}

/// The server; it ends when dropped.
pub struct Scripted {
    /// Its address, without a slash at the end.
    pub base: String,
    inner: Arc<Inner>,
    _task: AbortOnDropHandle<()>,
}

impl Scripted {
    /// Starts a server that answers by the script.
    pub async fn start(script: impl Fn(&Asked) -> Response<Body> + Send + Sync + 'static) -> Self {
        install_tls();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("address"));
        let inner = Arc::new(Inner { script: Box::new(script), asked: Mutex::default() });
        let router = Router::new().fallback(answer).with_state(inner.clone());
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("serves");
        });
        Self { base, inner, _task: AbortOnDropHandle::new(task) }
    }

    /// Every request so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.inner.asked.lock().expect("lock").clone()
    }

    /// How many requests went to a path.
    pub fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path == path).count()
    }
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("body");
    let url = reqwest::Url::parse(&format!("http://test{}", parts.uri)).expect("url");
    let asked = {
        let mut list = inner.asked.lock().expect("lock");
        let asked = Asked {
            index: list.len(),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: url.query_pairs().into_owned().collect(),
            headers: parts
                .headers
                .iter()
                .map(|(name, value)| {
                    (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                })
                .collect(),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        list.push(asked.clone());
        asked
    };
    (inner.script)(&asked)
}

/// A JSON answer.
pub fn json(value: serde_json::Value) -> Response<Body> {
    status(200, &[("content-type", "application/json")], &value.to_string())
}

/// Any answer.
pub fn status(code: u16, headers: &[(&str, &str)], body: &str) -> Response<Body> {
    let mut response = Response::builder().status(code);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::from(body.to_owned())).expect("answer")
}

/// A server below HTTP: gives every connection these bytes and closes it.
pub async fn raw_server(bytes: &'static [u8]) -> (String, AbortOnDropHandle<()>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    install_tls();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("address"));
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
        }
    });
    (base, AbortOnDropHandle::new(task))
}

//! Faults of far sides below HTTP, in their packing and in their patience (groups E1–E5), on real connections.

use crate::support::http::{Asked, Scripted, install_tls, json, status};
use crate::support::installation::{Installed, Targets};
use crate::support::source::{HEAD, PASSWORD, STREAM, connect, entry, full, opened, pull, record};
use crate::support::stores::both;
use axum::body::Body;
use axum::http::Response;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use lienthong::connector::PullMode;
use lienthong::domain::SourceId;
use lienthong::error::Disposition;
use lienthong::pipeline::App;
use lienthong::pipeline::command::{Command, Executor as _};
use lienthong::pipeline::execute::Installation;
use lienthong::transport::{Accept, BreakerState, Client, Limits, Options, Request, RetryPolicy, Timeouts};
use serde_json::json;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::task::AbortOnDropHandle;

fn page() -> String {
    json!({ "items": [record(1)], "total": 1 }).to_string()
}

/// A server that does something to each connection once a request came.
async fn misbehaving<F, W>(answer: F) -> (String, AbortOnDropHandle<()>)
where
    F: Fn(TcpStream) -> W + Send + Sync + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    install_tls();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("address"));
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            tokio::spawn(answer(stream));
        }
    });
    (base, AbortOnDropHandle::new(task))
}

fn hurried(base: &str) -> Client {
    let second = Duration::from_secs(1);
    Client::new(Options {
        allow_http: true,
        timeouts: Timeouts { connect: second, read: second, total: second * 2 },
        retry: RetryPolicy { attempts: 1, ..RetryPolicy::default() },
        ..Options::new("source test", base)
    })
    .expect("client")
}

/// E2: neither that the source works nor that it fails: nine failures before it and one behind it are ten in a row.
#[tokio::test]
async fn request_that_never_left_is_no_word_of_a_source_that_is_down() {
    let server = Scripted::start(|_| status(503, &[], "busy")).await;
    let client = Client::new(Options {
        allow_http: true,
        limits: Some(Limits::default()),
        retry: RetryPolicy { attempts: 1, ..RetryPolicy::default() },
        ..Options::new("source test", &server.base)
    })
    .expect("client");
    let code = async |target: &str| {
        let outcome = client.fetch(&Request::get(target), &Accept::default()).await;
        outcome.expect_err("down").finding.code
    };
    for _ in 0..9 {
        assert_eq!(code("/").await, "LT-NET-012");
    }
    assert_eq!(code("://nowhere").await, "LT-NET-005");
    assert_eq!(client.breaker(), BreakerState::Closed);
    assert_eq!(code("/").await, "LT-NET-012");
    assert!(matches!(client.breaker(), BreakerState::Open { .. }));
    assert_eq!(server.asked().len(), 10);
}

/// E3: a byte now and then keeps the idle deadline away; the total deadline ends it. The same for headers.
#[tokio::test]
async fn slow_loris_ends_at_the_total_deadline() {
    for begin in ["HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n[", "HTTP/1.1 200 OK\r\n"] {
        let (base, _server) = misbehaving(move |mut stream| async move {
            let _ = stream.write_all(begin.as_bytes()).await;
            while stream.write_all(if begin.ends_with('[') { b" " } else { b"x-a: b\r\n" }).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        let error = hurried(&base).fetch(&Request::get("/"), &Accept::default()).await.expect_err("too slow");
        assert_eq!(error.finding.code, "LT-NET-002", "{begin:?}: {error}");
    }
    // Nothing at all after the first bytes ends at the idle deadline.
    let (base, _server) = misbehaving(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[").await;
        tokio::time::sleep(Duration::from_secs(60)).await;
    })
    .await;
    let patient = Client::new(Options {
        allow_http: true,
        // Whoever kept the total deadline alone would wait for an hour.
        timeouts: Timeouts {
            total: Duration::from_secs(3600),
            read: Duration::from_secs(1),
            ..Timeouts::default()
        },
        retry: RetryPolicy { attempts: 1, ..RetryPolicy::default() },
        ..Options::new("source test", &base)
    })
    .expect("client");
    let error = patient.fetch(&Request::get("/"), &Accept::default()).await.expect_err("silent");
    assert_eq!(error.finding.code, "LT-NET-002");
}

/// E4: a connection that is reset in the middle, and an answer that is shorter than it says: nothing is applied.
#[tokio::test]
async fn reset_and_wrong_lengths_give_no_record() {
    let (base, _server) = misbehaving(|mut stream| async move {
        let body = page();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        let _ = stream.write_all(format!("{head}{}", &body[..body.len() / 2]).as_bytes()).await;
        let _ = stream.set_zero_linger();
    })
    .await;
    let error = pull(&connect(&base, STREAM), PullMode::Full, None).await.expect_err("reset");
    assert_eq!((error.finding.code.as_str(), error.disposition), ("LT-NET-003", Disposition::RetryLater));

    let (base, _server) = misbehaving(|mut stream| async move {
        let body = page();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len() / 2);
        let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
    })
    .await;
    let error = pull(&connect(&base, STREAM), PullMode::Full, None).await.expect_err("cut");
    assert_eq!(error.finding.code, "LT-SRC-002");
}

/// E4: a far side that takes the request and says nothing, and one whose queue is full so that nobody takes it.
#[tokio::test]
async fn silent_server_and_full_backlog_end_at_their_limits_and_are_tried_later() {
    let (base, _server) = misbehaving(|stream| async move {
        tokio::time::sleep(Duration::from_secs(600)).await;
        drop(stream);
    })
    .await;
    let error = hurried(&base).fetch(&Request::get("/"), &Accept::default()).await.expect_err("silent");
    assert_eq!((error.finding.code.as_str(), error.disposition), ("LT-NET-002", Disposition::RetryLater));

    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("address")).expect("bound");
    let listener = socket.listen(1).expect("listens");
    let address = listener.local_addr().expect("address");
    let mut waiting = Vec::new();
    // Whoever comes when the queue is full gets no answer at all.
    while let Ok(connected) =
        tokio::time::timeout(Duration::from_millis(500), TcpStream::connect(address)).await
    {
        waiting.push(connected.expect("connects"));
        assert!(waiting.len() < 100, "the queue has an end");
    }
    let client = hurried(&format!("http://{address}"));
    let error = client.fetch(&Request::get("/"), &Accept::default()).await.expect_err("full");
    // Whichever limit ends first: that of the connection or that of the whole answer.
    assert!(["LT-NET-001", "LT-NET-002"].contains(&error.finding.code.as_str()), "{}", error.finding);
    assert_eq!(error.disposition, Disposition::RetryLater);
    drop((listener, waiting));
}

/// F1: an answer of 2 GiB. One that announces it is refused before it comes; of one that does not only as much is taken
/// as may be, whatever is sent.
#[tokio::test]
async fn answer_of_two_gibibytes_is_refused_at_once_or_ends_at_the_cap() {
    let (base, _server) = misbehaving(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2147483648\r\n\r\n[").await;
        // Nothing more ever comes: whoever waited for it would end at another limit.
        tokio::time::sleep(Duration::from_secs(600)).await;
    })
    .await;
    let error = pull(&connect(&base, STREAM), PullMode::Full, None).await.expect_err("announced");
    assert_eq!((error.finding.code.as_str(), error.disposition), ("LT-NET-007", Disposition::NeedsOperator));

    let taken = Arc::new(AtomicUsize::new(0));
    let count = taken.clone();
    let (base, _server) = misbehaving(move |mut stream| {
        let count = count.clone();
        async move {
            let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x1_0000], b"\r\n"].concat();
            let _ = stream.write_all(head).await;
            // 2 GiB in pieces of 64 KiB.
            for _ in 0..0x8000 {
                if stream.write_all(&chunk).await.is_err() {
                    return;
                }
                count.fetch_add(chunk.len(), Ordering::SeqCst);
            }
        }
    })
    .await;
    let error = pull(&connect(&base, STREAM), PullMode::Full, None).await.expect_err("endless");
    assert_eq!((error.finding.code.as_str(), error.disposition), ("LT-NET-007", Disposition::NeedsOperator));
    // The cap is 1 MiB; the rest is what lay in the sockets.
    let taken = taken.load(Ordering::SeqCst);
    assert!(taken < 64 << 20, "{taken}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("packs")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("packs")
}

fn packed(coding: &'static str, body: Vec<u8>) -> impl Fn(&Asked) -> Response<Body> + Send + Sync {
    move |_| {
        let response = Response::builder().header("content-encoding", coding);
        response.header("content-type", "application/json").body(Body::from(body.clone())).expect("answer")
    }
}

/// E5: packed answers are read; cut, mislabelled and twice packed ones and bombs are refused whole with a reason.
#[tokio::test]
async fn packed_answers_are_read_or_refused_whole() {
    let text = page();
    for (coding, body) in [("gzip", gzip(text.as_bytes())), ("deflate", zlib(text.as_bytes()))] {
        let server = Scripted::start(packed(coding, body)).await;
        assert_eq!(full(&server, STREAM).await.expect(coding).distinct(), [1]);
        assert_eq!(server.asked()[0].headers["accept-encoding"], "gzip, deflate, br");
    }
    let whole = gzip(text.as_bytes());
    let spaces = [text.as_bytes(), vec![b' '; 900 << 10].as_slice()].concat();
    for (coding, body, code) in [
        ("gzip", whole[..whole.len() - 5].to_vec(), "LT-NET-030"),
        ("gzip", zlib(text.as_bytes()), "LT-NET-030"),
        ("gzip", gzip(&whole), "LT-NET-030"),
        ("gzip", text.clone().into_bytes(), "LT-NET-030"),
        ("zstd", whole.clone(), "LT-NET-030"),
        ("gzip", gzip(&spaces.repeat(2)), "LT-NET-007"),
    ] {
        let server = Scripted::start(packed(coding, body)).await;
        let error = full(&server, STREAM).await.expect_err(code);
        assert_eq!(error.finding.code, code, "{error}");
    }
    // 100 MiB from some 100 kB: within a larger cap of bytes it is the ratio that ends it.
    let server = Scripted::start(packed("gzip", gzip(&vec![b' '; 100 << 20]))).await;
    let error =
        hurried(&server.base).fetch(&Request::get("/"), &Accept::default()).await.expect_err("a bomb");
    assert_eq!((error.finding.code.as_str(), error.disposition), ("LT-NET-031", Disposition::NeedsOperator));
}

/// E1: what the manifest allows and what the far side's own count says both stop a run, and a later one goes on.
#[tokio::test]
async fn limits_of_the_manifest_and_of_the_answers_hold_across_runs() {
    let server = Scripted::start(|_| json(json!({ "items": [record(1)], "total": 1 }))).await;
    let connector = connect(&server.base, &format!("[limits]\nper_day = 2\nconcurrency = 1\n{STREAM}"));
    for allowed in [true, true, false, false] {
        match pull(&connector, PullMode::Full, None).await {
            Ok(_) => assert!(allowed),
            Err(error) => {
                assert!(!allowed, "{error}");
                assert_eq!(
                    (error.finding.code.as_str(), error.disposition),
                    ("LT-NET-036", Disposition::RetryLater)
                );
                assert_eq!(error.retry_after, Some(Duration::from_secs(6 * 3600)));
            }
        }
    }
    assert_eq!(server.asked().len(), 2);

    let server = Scripted::start(|_| {
        let headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "3600")];
        status(200, &headers, &page())
    })
    .await;
    let connector = connect(&server.base, STREAM);
    pull(&connector, PullMode::Full, None).await.expect("the last one allowed");
    let error = pull(&connector, PullMode::Full, None).await.expect_err("used up");
    assert_eq!(error.finding.code, "LT-NET-036");
    assert_eq!(server.asked().len(), 1);
}

/// E1: a limit of a day is one of the day and not of the process: each restart finds what left before it, on both
/// databases, and another source has a day of its own.
#[tokio::test]
async fn limit_of_a_day_is_kept_across_restarts() {
    let both = both().await;
    for store in &both.stores {
        let server = Scripted::start(|_| json(json!({ "items": [record(1)], "total": 1 }))).await;
        let manifest = format!(
            "{HEAD}[limits]\nper_day = 3\n{STREAM}[fields]\ntitle = \"name\"\nstatus = {{ const = \"open\" }}\n"
        );
        let settings = [("base_url".to_owned(), server.base.clone())].into();
        let secrets = [("password".to_owned(), PASSWORD.to_owned().into())].into();
        // One pull of a process that begins at a moment; the code of why it failed.
        let pulled = async |id: &str, at: &str| {
            let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", at);
            let source = SourceId::new(id).expect("id");
            let connector = opened(id, &manifest, &settings, &secrets);
            let sources = [(source.clone(), entry(connector, "QLVB"))].into();
            let app = &house.app;
            let app =
                App::new(store.clone(), app.clock, "a".into(), sources, (None, None), app.policy.clone());
            let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
            let installation = Installation { app: Arc::new(app) };
            let outcome = installation.execute(Command::Sync { source, full: true }, progress).await;
            outcome.findings.first().map(|finding| finding.code.clone()).unwrap_or_default()
        };
        let kind = store.kind();
        for at in ["2026-11-23T09:00:00Z", "2026-11-24T08:00:00Z", "2026-11-24T08:30:00Z"] {
            assert_eq!(pulled("desk", at).await, "", "{kind} {at}");
        }
        for at in ["2026-11-24T08:59:00Z", "2026-11-24T09:00:30Z"] {
            assert_eq!(
                pulled("desk", at).await,
                "LT-NET-036",
                "{kind} {at}: the first of the three is not a day old"
            );
        }
        assert_eq!(server.asked().len(), 3, "{kind}");
        assert_eq!(pulled("other", "2026-11-24T08:59:00Z").await, "", "{kind}: another source");
        assert_eq!(pulled("desk", "2026-11-24T09:01:00Z").await, "", "{kind}: the first one is a day old");
        assert_eq!(pulled("desk", "2026-11-24T09:02:00Z").await, "LT-NET-036", "{kind}");
        assert_eq!(pulled("desk", "2026-11-26T00:00:00Z").await, "", "{kind}: the next day");
        assert_eq!(server.asked().len(), 6, "{kind}");
    }
}

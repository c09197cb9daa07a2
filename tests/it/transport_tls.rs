//! TLS of far sides that are wrong in one way each, and our own certificate (group E6), on real connections.

use crate::support::http::{Scripted, install_tls, raw_server, status};
use chrono::{Datelike as _, TimeDelta, Utc};
use lienthong::error::Severity;
use lienthong::transport::{Accept, Auth, Client, Options, Request, RetryPolicy, Roots, TransportError};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::task::AbortOnDropHandle;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn named(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut parameters = CertificateParams::new(names).expect("names");
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(2060, 1, 1);
    parameters
}

fn authority_parameters(name: &str) -> CertificateParams {
    let mut parameters = named(&[]);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
    parameters
}

fn authority(name: &str) -> Authority {
    CertifiedIssuer::self_signed(authority_parameters(name), KeyPair::generate().expect("key"))
        .expect("authority")
}

/// A certificate and its key.
struct Shown {
    chain: Vec<CertificateDer<'static>>,
    pem: String,
    key: KeyPair,
}

fn shown(parameters: CertificateParams, issuer: &Issuer<'static, KeyPair>) -> Shown {
    let key = KeyPair::generate().expect("key");
    let certificate = parameters.signed_by(&key, issuer).expect("certificate");
    Shown { chain: vec![certificate.der().clone()], pem: certificate.pem(), key }
}

/// A server with this certificate; it asks for one of ours where an authority is given.
async fn serve(own: &Shown, asks_for: Option<&Authority>) -> (String, AbortOnDropHandle<()>) {
    answering(own, asks_for, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}".into())
        .await
}

/// The same with any answer.
async fn answering(
    own: &Shown,
    asks_for: Option<&Authority>,
    answer: String,
) -> (String, AbortOnDropHandle<()>) {
    install_tls();
    let builder = match asks_for {
        None => ServerConfig::builder().with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().clone()).expect("root");
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().expect("verifier");
            ServerConfig::builder().with_client_cert_verifier(verifier)
        }
    };
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.key.serialize_der()));
    let config = builder.with_single_cert(own.chain.clone(), key).expect("certificate");
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let base = format!("https://localhost:{}", listener.local_addr().expect("address").port());
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, answer) = (acceptor.clone(), answer.clone());
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (base, AbortOnDropHandle::new(task))
}

fn client(base: &str, trusted: &Authority, identity: Option<&Shown>) -> Client {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, trusted.pem()).expect("written");
    let identity = identity.map(|own| format!("{}\n{}", own.pem, own.key.serialize_pem()).into());
    Client::new(Options {
        roots: Roots::File(file),
        retry: RetryPolicy { attempts: 1, ..RetryPolicy::default() },
        identity,
        ..Options::new("source test", base)
    })
    .expect("client")
}

async fn asked(client: &Client) -> Result<(), TransportError> {
    client.fetch(&Request::get("/"), &Accept::default()).await.map(|_| ())
}

/// E6: expired, not yet valid, wrong host, unknown authority, missing intermediate, TLS too old: refused, each with
/// its reason.
#[tokio::test]
async fn wrong_certificates_are_refused_with_the_reason() {
    let (trusted, other) = (authority("trusted"), authority("other"));
    let good = shown(named(&["localhost"]), &trusted);
    let (base, _server) = serve(&good, None).await;
    asked(&client(&base, &trusted, None)).await.expect("a good certificate");

    let mut expired = named(&["localhost"]);
    expired.not_after = date_time_ymd(2021, 1, 1);
    let mut future = named(&["localhost"]);
    future.not_before = date_time_ymd(2059, 1, 1);
    let middle_parameters = authority_parameters("middle");
    let middle = CertifiedIssuer::signed_by(middle_parameters, KeyPair::generate().expect("key"), &trusted)
        .expect("intermediate");
    let mut reasons = Vec::new();
    for (what, own) in [
        ("expired", shown(expired, &trusted)),
        ("not yet valid", shown(future, &trusted)),
        ("wrong host", shown(named(&["eoffice.example.vn"]), &trusted)),
        ("unknown authority", shown(named(&["localhost"]), &other)),
        ("no intermediate", shown(named(&["localhost"]), &middle)),
    ] {
        let (base, _server) = serve(&own, None).await;
        let error = asked(&client(&base, &trusted, None)).await.expect_err(what);
        assert_eq!(error.finding.code, "LT-NET-004", "{what}: {error}");
        reasons.push(error.finding.what.vi.clone());
    }
    reasons.truncate(4);
    reasons.sort();
    reasons.dedup();
    assert_eq!(reasons.len(), 4, "{reasons:?}");

    let mut whole = shown(named(&["localhost"]), &middle);
    whole.chain.push(middle.der().clone());
    let (base, _server) = serve(&whole, None).await;
    asked(&client(&base, &trusted, None)).await.expect("with its intermediate");

    // What a server that speaks TLS 1.1 at most answers: the alert "protocol version".
    let (base, _server) = raw_server(b"\x15\x03\x02\x00\x02\x02\x46").await;
    let base = base.replace("http://127.0.0.1", "https://localhost");
    let error = asked(&client(&base, &trusted, None)).await.expect_err("too old");
    assert_eq!(error.finding.code, "LT-NET-004", "{error}");
}

/// E6: our certificate is shown where it is asked for; without it, or when it has ended, the refusal is one of TLS.
#[tokio::test]
async fn our_certificate_is_shown_and_its_end_is_told() {
    let trusted = authority("trusted");
    let (base, _server) = serve(&shown(named(&["localhost"]), &trusted), Some(&trusted)).await;
    let ours = shown(named(&["lienthong"]), &trusted);
    let with = client(&base, &trusted, Some(&ours));
    asked(&with).await.expect("let in");
    assert_eq!(with.findings(), []);
    let error = asked(&client(&base, &trusted, None)).await.expect_err("nothing is shown");
    assert_eq!(error.finding.code, "LT-NET-004", "{error}");

    let mut ended = named(&["lienthong"]);
    ended.not_after = date_time_ymd(2021, 1, 1);
    let ended = client(&base, &trusted, Some(&shown(ended, &trusted)));
    let error = asked(&ended).await.expect_err("it has ended");
    assert_eq!(error.finding.code, "LT-NET-004", "{error}");
    let told = ended.findings();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].code.as_str(), told[0].severity), ("LT-NET-038", Severity::Error));
}

#[tokio::test]
async fn end_of_the_servers_certificate_is_told_before_it_comes() {
    let trusted = authority("trusted");
    let day = (Utc::now() + TimeDelta::days(6)).date_naive();
    let mut soon = named(&["localhost"]);
    soon.not_after = date_time_ymd(
        day.year(),
        u8::try_from(day.month()).expect("month"),
        u8::try_from(day.day()).expect("day"),
    );
    let (base, _server) = serve(&shown(soon, &trusted), None).await;
    let client = client(&base, &trusted, None);
    assert_eq!(client.findings(), []);
    asked(&client).await.expect("still good");
    let told = client.findings();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].code.as_str(), told[0].severity), ("LT-NET-038", Severity::Warning));
    assert!(told[0].what.vi.contains("khẩn"), "{told:?}");
}

/// E8: from an encrypted address to one that is not, on the same host: not followed, whatever is allowed, and no
/// password goes there in clear.
#[tokio::test]
async fn redirect_to_an_address_without_encryption_is_not_followed_and_no_password_goes_there() {
    let trusted = authority("trusted");
    let plain = Scripted::start(|_| status(200, &[], "{}")).await;
    let target = plain.base.replace("127.0.0.1", "localhost");
    let answer = format!(
        "HTTP/1.1 302 Found\r\nlocation: {target}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let (base, _server) = answering(&shown(named(&["localhost"]), &trusted), None, answer).await;
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, trusted.pem()).expect("written");
    let client = Client::new(Options {
        follow_redirects: true,
        allow_http: true,
        roots: Roots::File(file),
        auth: Auth { basic: Some(("reader".to_owned(), "hidden".to_owned().into())), ..Auth::none() },
        retry: RetryPolicy { attempts: 1, ..RetryPolicy::default() },
        ..Options::new("source test", &base)
    })
    .expect("client");
    assert_eq!(asked(&client).await.expect_err("another address").finding.code, "LT-NET-006");
    assert_eq!(plain.asked().len(), 0);
}

#[test]
fn certificate_that_is_none_is_refused_without_telling_its_key() {
    install_tls();
    let options = Options {
        identity: Some("-----BEGIN PRIVATE KEY-----\nhidden\n-----END PRIVATE KEY-----".to_owned().into()),
        ..Options::new("source test", "https://localhost")
    };
    let finding = Client::new(options).expect_err("no certificate");
    assert_eq!(finding.code, "LT-NET-016");
    assert!(!finding.to_string().contains("hidden"));
}

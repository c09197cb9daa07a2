//! The egress guard: where requests may go.
//!
//! Owns the check of every address against the one origin a client was made for, and of every resolved IP
//! against ranges nobody runs a source in (link-local, cloud metadata, multicast); what speaks another protocol asks
//! for them as well ([`is_forbidden`]). The addresses that were
//! checked are the ones connected to, so a name that changes its answer in between gains nothing.

use futures_util::future::BoxFuture;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// Why an address was refused.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(pub String);

/// The origin a client may talk to.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    origin: (String, String, Option<u16>),
}

impl Guard {
    /// The guard of a base address.
    pub(super) fn new(base: &Url) -> Result<Self, Refused> {
        let guard = Self { origin: origin(base) };
        guard.check(base)?;
        Ok(guard)
    }

    /// Whether a request to the address may be sent.
    pub(super) fn check(&self, url: &Url) -> Result<(), Refused> {
        if origin(url) != self.origin {
            let (scheme, host, port) = origin(url);
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            return Err(Refused(format!("{scheme}://{host}{port}")));
        }
        match literal(&self.origin.1) {
            Some(ip) if is_forbidden(ip) => Err(Refused(ip.to_string())),
            _ => Ok(()),
        }
    }

    /// The resolver that lets only allowed addresses through. A name that is not plainly this machine's must
    /// not resolve to it.
    pub(super) fn resolver(&self) -> Resolver {
        self.resolver_by(Arc::new(|host| {
            Box::pin(async move { Ok(tokio::net::lookup_host((host.as_str(), 0)).await?.collect()) })
        }))
    }

    /// The same over another look-up.
    fn resolver_by(&self, look_up: LookUp) -> Resolver {
        let loopback = self.origin.1 == "localhost" || self.origin.1.ends_with(".localhost");
        Resolver { loopback, look_up }
    }
}

fn origin(url: &Url) -> (String, String, Option<u16>) {
    (url.scheme().to_owned(), url.host_str().unwrap_or("").to_ascii_lowercase(), url.port_or_known_default())
}

fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Addresses no source has: unspecified, link-local (cloud metadata among them), multicast, broadcast; also inside an
/// IPv6 address that a router turns into such a one.
pub fn is_forbidden(ip: IpAddr) -> bool {
    match unwrapped(ip) {
        IpAddr::V4(v4) => forbidden_v4(v4),
        IpAddr::V6(v6) => forbidden_v6(v6),
    }
}

/// The address that is reached: the IPv4 one inside `::ffff:a.b.c.d`, `::a.b.c.d`, NAT64 (`64:ff9b::/96`, and what a
/// network uses below `64:ff9b:1::/48`) and 6to4 (`2002::/16`).
fn unwrapped(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else { return ip };
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => ip,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 1, _, _, _, high, low]
        | [0x2002, high, low, ..] => v4(high, low),
        _ => ip,
    }
}

fn forbidden_v4(ip: Ipv4Addr) -> bool {
    // 100.100.100.200 and 192.0.0.192 are metadata services outside the link-local range.
    let metadata = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];
    ip.is_unspecified()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_broadcast()
        || metadata.contains(&ip)
}

fn forbidden_v6(ip: Ipv6Addr) -> bool {
    let metadata = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    ip.is_unspecified() || ip.is_unicast_link_local() || ip.is_multicast() || ip == metadata
}

/// Gives the addresses of a name.
type LookUp = Arc<dyn Fn(String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// Resolves names and keeps only allowed addresses.
#[derive(Clone)]
pub(super) struct Resolver {
    loopback: bool,
    look_up: LookUp,
}

impl Resolver {
    fn allows(&self, ip: IpAddr) -> bool {
        !is_forbidden(ip) && (self.loopback || !unwrapped(ip).is_loopback())
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = (resolver.look_up)(host.clone()).await?;
            let allowed: Vec<SocketAddr> =
                found.iter().copied().filter(|addr| resolver.allows(addr.ip())).collect();
            match (allowed.is_empty(), found.first()) {
                (true, Some(refused)) => Err(Refused(format!("{host} = {}", refused.ip())).into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn url(text: &str) -> Url {
        Url::parse(text).expect("url")
    }

    #[test]
    fn only_the_origin_of_the_base_address_is_allowed() {
        let guard = Guard::new(&url("https://eoffice.example.vn/api")).expect("allowed");
        for good in ["https://eoffice.example.vn/x?y=1", "https://EOFFICE.example.vn:443/"] {
            assert!(guard.check(&url(good)).is_ok(), "{good}");
        }
        for bad in [
            "http://eoffice.example.vn/api",
            "https://eoffice.example.vn:8443/api",
            "https://eoffice.example.vn.evil.test/",
            "https://evil.test/eoffice.example.vn",
            "https://eoffice.example.vn@evil.test/",
            "file:///etc/passwd",
        ] {
            assert!(guard.check(&url(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn metadata_and_link_local_literals_are_refused_in_every_spelling() {
        for bad in [
            "http://169.254.169.254/latest",
            "http://0xa9fea9fe/",
            "http://2852039166/",
            "http://[::ffff:169.254.169.254]/",
            "http://[64:ff9b::169.254.169.254]/",
            "http://[64:ff9b:1::a9fe:a9fe]/",
            "http://[2002:a9fe:a9fe::1]/",
            "http://[::169.254.169.254]/",
            "http://[64:ff9b::100.100.100.200]/",
            "http://[2002::]/",
            "http://[fe80::1]/",
            "http://[fd00:ec2::254]/",
            "http://0.0.0.0/",
            "http://100.100.100.200/",
            "http://224.0.0.1/",
        ] {
            assert!(Guard::new(&url(bad)).is_err(), "{bad}");
        }
        for good in [
            "http://127.0.0.1:8080/",
            "http://10.1.2.3/",
            "http://192.168.1.5/",
            "http://[::1]:80/",
            "http://[64:ff9b::10.1.2.3]/",
            "http://[2001:db8::a9fe:a9fe]/",
        ] {
            assert!(Guard::new(&url(good)).is_ok(), "{good}");
        }
    }

    #[test]
    fn name_must_not_resolve_to_this_machine_or_metadata() {
        let outside = Guard::new(&url("https://eoffice.example.vn/")).expect("allowed").resolver();
        for bad in [
            "127.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::127.0.0.1",
            "2002:7f00:1::",
            "169.254.169.254",
            "64:ff9b::169.254.169.254",
            "fe80::5",
        ] {
            assert!(!outside.allows(bad.parse().expect("ip")), "{bad}");
        }
        assert!(outside.allows("10.20.30.40".parse().expect("ip")));
        let local = Guard::new(&url("http://localhost:8080/")).expect("allowed").resolver();
        assert!(local.allows("127.0.0.1".parse().expect("ip")));
    }

    /// A client of `desk.localhost`, whose addresses are what `look_up` says for the first, second … connection.
    fn client(
        port: u16,
        look_up: impl Fn(usize) -> std::io::Result<Vec<&'static str>> + Send + Sync + 'static,
    ) -> (reqwest::Client, String) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let base = format!("http://desk.localhost:{port}/");
        let asked = AtomicUsize::new(0);
        let look_up: LookUp = Arc::new(move |host| {
            assert_eq!(host, "desk.localhost");
            let found = look_up(asked.fetch_add(1, Ordering::SeqCst));
            let addresses = |found: Vec<&str>| {
                found.iter().map(|ip| SocketAddr::new(ip.parse().expect("ip"), 0)).collect::<Vec<_>>()
            };
            Box::pin(async move { found.map(addresses) })
        });
        let resolver = Guard::new(&url(&base)).expect("allowed").resolver_by(look_up);
        let client = reqwest::Client::builder().no_proxy().dns_resolver(resolver);
        (client.build().expect("a client"), base)
    }

    /// A server that answers each connection once; its port and how many came.
    async fn server() -> (u16, Arc<AtomicUsize>) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let port = listener.local_addr().expect("address").port();
        let came = Arc::new(AtomicUsize::new(0));
        let count = came.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4_096]).await;
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        (port, came)
    }

    /// Code and words of what an operator is told.
    fn told(error: reqwest::Error) -> (String, String) {
        let finding = super::super::error::failed(error, crate::error::Place::of("test")).finding;
        (finding.code.clone(), finding.what.en.clone())
    }

    /// Row E7: the addresses that were checked are those connected to, each time anew.
    #[tokio::test]
    async fn name_that_turns_to_metadata_between_two_requests_is_refused_and_not_asked() {
        let (port, came) = server().await;
        let turned = |asked| Ok(if asked == 0 { vec!["127.0.0.1"] } else { vec!["169.254.169.254"] });
        let (client, base) = client(port, turned);
        let first = client.get(&base).send().await.expect("the first answer");
        assert_eq!(first.text().await.expect("text"), "ok");
        let error = client.get(&base).send().await.expect_err("refused");
        let (code, why) = told(error);
        assert!(code == "LT-NET-005" && why.ends_with("desk.localhost = 169.254.169.254"), "{code} {why}");
        assert_eq!(came.load(Ordering::SeqCst), 1);
    }

    /// Row E7: of mixed answers the allowed addresses alone are tried.
    #[tokio::test]
    async fn mixed_answers_lose_the_forbidden_addresses_and_no_name_is_no_answer() {
        let (port, came) = server().await;
        let mixed = |_| Ok(vec!["169.254.169.254", "fe80::1", "64:ff9b::a9fe:a9fe", "127.0.0.1"]);
        let (mixed, base) = client(port, mixed);
        assert_eq!(mixed.get(&base).send().await.expect("an answer").status(), 200);
        assert_eq!(came.load(Ordering::SeqCst), 1);
        let (unknown, base) = client(port, |_| Err(std::io::Error::other("no such host")));
        let error = unknown.get(&base).send().await.expect_err("no address");
        assert_eq!(told(error).0, "LT-NET-001");
        let (nothing, base) = client(port, |_| Ok(Vec::new()));
        let error = nothing.get(&base).send().await.expect_err("no address");
        assert_eq!(told(error).0, "LT-NET-001");
        assert_eq!(came.load(Ordering::SeqCst), 1);
    }

    /// Row E7: a resolver that does not answer ends with the time to connect.
    #[tokio::test]
    async fn look_up_without_an_answer_ends_with_the_time_to_connect() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guard = Guard::new(&url("http://desk.localhost:1/")).expect("allowed");
        let resolver = guard.resolver_by(Arc::new(|_| Box::pin(std::future::pending())));
        let client = reqwest::Client::builder().no_proxy().dns_resolver(resolver);
        let client = client.connect_timeout(std::time::Duration::from_millis(50)).build().expect("a client");
        let error = client.get("http://desk.localhost:1/").send().await.expect_err("nothing");
        assert!(error.is_timeout(), "{error:?}");
        assert_eq!(told(error).0, "LT-NET-001");
    }
}

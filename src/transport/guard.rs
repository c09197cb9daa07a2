//! The egress guard: where requests may go.
//!
//! Owns the check of every address against the one origin a client was made for, and of every resolved IP
//! against ranges nobody runs a source in (link-local, cloud metadata, multicast). The addresses that were
//! checked are the ones connected to, so a name that changes its answer in between gains nothing.

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Why an address was refused.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(pub String);

/// The origin a client may talk to.
#[derive(Debug)]
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
            Some(ip) if forbidden(ip) => Err(Refused(ip.to_string())),
            _ => Ok(()),
        }
    }

    /// The resolver that lets only allowed addresses through. A name that is not plainly this machine's must
    /// not resolve to it.
    pub(super) fn resolver(&self) -> Resolver {
        Resolver { loopback: self.origin.1 == "localhost" || self.origin.1.ends_with(".localhost") }
    }
}

fn origin(url: &Url) -> (String, String, Option<u16>) {
    (url.scheme().to_owned(), url.host_str().unwrap_or("").to_ascii_lowercase(), url.port_or_known_default())
}

fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Addresses no source has: unspecified, link-local (cloud metadata among them), multicast, broadcast.
fn forbidden(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => forbidden_v4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => forbidden_v4(v4),
            None => forbidden_v6(v6),
        },
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

/// Resolves names and keeps only allowed addresses.
#[derive(Debug, Clone)]
pub(super) struct Resolver {
    loopback: bool,
}

impl Resolver {
    fn allows(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        !forbidden(ip) && (self.loopback || !ip.is_loopback())
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
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
            "http://[fe80::1]/",
            "http://[fd00:ec2::254]/",
            "http://0.0.0.0/",
            "http://100.100.100.200/",
            "http://224.0.0.1/",
        ] {
            assert!(Guard::new(&url(bad)).is_err(), "{bad}");
        }
        for good in ["http://127.0.0.1:8080/", "http://10.1.2.3/", "http://192.168.1.5/", "http://[::1]:80/"]
        {
            assert!(Guard::new(&url(good)).is_ok(), "{good}");
        }
    }

    #[test]
    fn name_must_not_resolve_to_this_machine_or_metadata() {
        let outside = Guard::new(&url("https://eoffice.example.vn/")).expect("allowed").resolver();
        for bad in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fe80::5"] {
            assert!(!outside.allows(bad.parse().expect("ip")), "{bad}");
        }
        assert!(outside.allows("10.20.30.40".parse().expect("ip")));
        let local = Guard::new(&url("http://localhost:8080/")).expect("allowed").resolver();
        assert!(local.allows("127.0.0.1".parse().expect("ip")));
    }
}

//! Where a server of a view may be.
//!
//! Owns the check that none of the addresses a server's name has is one nobody runs a database at (link-local, cloud
//! metadata, multicast, unspecified): this machine and private networks are usual places for one. It must not know a
//! database's own words. A name that cannot be resolved is no finding of its own: connecting tells it.

use crate::transport::is_forbidden;
use std::net::IpAddr;
use std::time::Duration;

/// Longest a look-up may take before connecting is left to tell why.
const PATIENCE: Duration = Duration::from_secs(10);

/// The address for which a server is not connected to, with its name.
pub(super) async fn refused(host: &str, port: u16) -> Option<String> {
    // A socket of this machine.
    if host.starts_with('/') {
        return None;
    }
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let looked_up = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, port))).await;
    let mut found = looked_up.ok()?.ok()?.map(|address| address.ip());
    // All of them may be tried in turn.
    let refused = found.find(|ip| is_forbidden(*ip))?;
    Some(match host.parse::<IpAddr>() {
        Ok(_) => refused.to_string(),
        Err(_) => format!("{host} = {refused}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn metadata_is_refused_in_every_spelling_and_this_machine_and_private_networks_are_not() {
        for bad in ["169.254.169.254", "[::ffff:169.254.169.254]", "64:ff9b::a9fe:a9fe", "0.0.0.0", "ff02::1"]
        {
            assert!(refused(bad, 5432).await.is_some(), "{bad}");
        }
        for good in ["127.0.0.1", "::1", "localhost", "10.1.2.3", "192.168.1.5", "/run/postgresql"] {
            assert_eq!(refused(good, 5432).await, None, "{good}");
        }
    }
}

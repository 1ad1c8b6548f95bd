//! Which address a request comes from.
//!
//! Forwarded addresses are believed only from configured proxies. Reading `X-Forwarded-For` from the right, each hop was
//! written by the one that connected to us or by a proxy we trust; the first address that is not a trusted proxy is the
//! client's. What stands left of it may have been typed by anybody.

use std::net::IpAddr;

use http::HeaderMap;
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Set by Cloudflare's edge; used when a tunnel passes no `X-Forwarded-For`.
const CONNECTING_IP: &str = "cf-connecting-ip";
/// Any of these means that somebody stands between us and the client.
const FORWARDING: [&str; 5] = [FORWARDED_FOR, CONNECTING_IP, "forwarded", "x-real-ip", "cf-ray"];

/// Where a request comes from, and whether the one that handed it over is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// The client's address, as far as we can know it.
    pub(crate) address: IpAddr,
    /// The connection comes from a configured proxy, so its headers may be believed.
    pub(crate) through_trusted: bool,
    /// The request carries forwarding headers at all.
    pub(crate) forwarded: bool,
}

/// Finds the client behind `peer`, the other end of the connection.
pub(crate) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Client {
    let peer = peer.to_canonical();
    let through_trusted = is_trusted(peer, trusted);
    let forwarded = FORWARDING.iter().any(|name| headers.contains_key(*name));
    let address = if through_trusted { behind(peer, headers, trusted) } else { peer };
    Client { address, through_trusted, forwarded }
}

fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let hops: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    if hops.is_empty() {
        return headers.get(CONNECTING_IP).and_then(|value| value.to_str().ok()).and_then(parse).unwrap_or(peer);
    }
    let mut nearest = peer;
    for hop in hops.iter().rev() {
        // What can't be read was not written by a proxy of ours: stop at the last hop that could.
        let Some(address) = parse(hop) else { return nearest };
        if !is_trusted(address, trusted) {
            return address;
        }
        nearest = address;
    }
    nearest
}

fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<std::net::SocketAddr>().map(|address| address.ip()))
        .ok()
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())?;
    Some(address.to_canonical())
}

/// Whether an address belongs to a configured proxy.
pub(crate) fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// The peer, the headers it sends, and the address found.
    type Row = (&'static str, &'static [(&'static str, &'static str)], &'static str);

    fn found(peer: &str, headers: &[(&'static str, &'static str)]) -> String {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "127.0.0.1/32".parse().unwrap()];
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        client(peer.parse().unwrap(), &map, &trusted).address.to_string()
    }

    #[test]
    fn only_configured_proxies_are_believed() {
        let table: &[Row] = &[
            ("203.0.113.9", &[], "203.0.113.9"),
            ("203.0.113.9", &[("x-forwarded-for", "1.2.3.4")], "203.0.113.9"),
            ("203.0.113.9", &[("cf-connecting-ip", "1.2.3.4")], "203.0.113.9"),
            ("127.0.0.1", &[("x-forwarded-for", "1.2.3.4")], "1.2.3.4"),
            ("127.0.0.1", &[("x-forwarded-for", "6.6.6.6, 1.2.3.4")], "1.2.3.4"),
            ("127.0.0.1", &[("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.1.1.1")], "1.2.3.4"),
            ("127.0.0.1", &[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.2.3.4")], "1.2.3.4"),
            ("127.0.0.1", &[("x-forwarded-for", "1.2.3.4, nonsense")], "127.0.0.1"),
            ("127.0.0.1", &[("x-forwarded-for", "10.0.0.7")], "10.0.0.7"),
            ("127.0.0.1", &[("cf-connecting-ip", "1.2.3.4")], "1.2.3.4"),
            ("127.0.0.1", &[("cf-connecting-ip", "6.6.6.6"), ("x-forwarded-for", "1.2.3.4")], "1.2.3.4"),
            ("::ffff:127.0.0.1", &[("x-forwarded-for", "[2001:db8::1]:443")], "2001:db8::1"),
        ];
        for (peer, headers, expected) in table {
            assert_eq!(found(peer, headers), *expected, "{peer} {headers:?}");
        }
    }
}

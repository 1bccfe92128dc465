//! Who called, where proxies stand between.

use actix_http::header::{HeaderMap, HeaderName};
use std::net::{IpAddr, SocketAddr};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The caller's address. Each of `proxies` that the operator vouches for has appended the address
/// it was called from to `X-Forwarded-For`; what stands before that, anybody can have written.
pub fn caller(peer: Option<SocketAddr>, headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    let peer = peer.map(|peer| peer.ip());
    if proxies == 0 {
        return peer;
    }
    let values = headers.get_all(FORWARDED_FOR).filter_map(|value| value.to_str().ok());
    let listed: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    // Fewer than there are proxies: the call came in behind the first of them.
    let at = listed.len().saturating_sub(proxies);
    match listed.get(at) {
        Some(text) => address(text),
        None => peer,
    }
}

/// An address as proxies write it: with a port or without, IPv6 in brackets or not.
fn address(text: &str) -> Option<IpAddr> {
    let plain = || text.parse().ok();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    plain().or_else(bracketed).or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_http::header::HeaderValue;

    #[test]
    fn only_what_trusted_proxies_wrote_is_believed() {
        let peer = "10.0.0.1:5000".parse().ok();
        for (proxies, headers, expected) in [
            (0, &["203.0.113.9"][..], Some("10.0.0.1")),
            (1, &["203.0.113.9"], Some("203.0.113.9")),
            (1, &["6.6.6.6, 203.0.113.9"], Some("203.0.113.9")),
            (2, &["6.6.6.6, 203.0.113.9, 10.0.0.7"], Some("203.0.113.9")),
            (2, &["6.6.6.6, 203.0.113.9", "10.0.0.7"], Some("203.0.113.9")),
            (2, &["203.0.113.9"], Some("203.0.113.9")),
            (1, &[], Some("10.0.0.1")),
            (1, &["203.0.113.9:4711"], Some("203.0.113.9")),
            (1, &["[2001:db8::1]:4711"], Some("2001:db8::1")),
            (1, &["[2001:db8::1]"], Some("2001:db8::1")),
            (1, &["2001:db8::1"], Some("2001:db8::1")),
            (1, &["unknown"], None),
        ] {
            let mut map = HeaderMap::new();
            for value in headers {
                map.append(FORWARDED_FOR, HeaderValue::from_str(value).unwrap());
            }
            let expected = expected.map(|text| text.parse().unwrap());
            assert_eq!(caller(peer, &map, proxies), expected, "{proxies} {headers:?}");
        }
    }
}

//! Networks that a key is taken from, as people write them.

use crate::api::ApiError;
use ipnet::IpNet;
use std::net::IpAddr;

/// Networks of one key at most.
pub const MAX: usize = 50;

/// Reads networks in CIDR notation, or single addresses. Bits of the host are cleared.
pub fn parse(field: &str, raw: &[String]) -> Result<Vec<IpNet>, ApiError> {
    if raw.len() > MAX {
        return Err(ApiError::field(field, format!("must be at most {MAX} networks")));
    }
    let mut networks = Vec::with_capacity(raw.len());
    for (at, text) in raw.iter().enumerate() {
        let network = match text.parse::<IpAddr>() {
            Ok(address) => Some(IpNet::from(address)),
            Err(_) => text.parse::<IpNet>().ok().map(|network| network.trunc()),
        };
        let bad = || ApiError::field(format!("{field}[{at}]"), "must be a network or an address");
        let network = network.ok_or_else(bad)?;
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    Ok(networks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &[&str]) -> Option<Vec<String>> {
        let raw: Vec<String> = raw.iter().map(|text| (*text).to_owned()).collect();
        let networks = parse("allowed_addresses", &raw).ok()?;
        Some(networks.iter().map(IpNet::to_string).collect())
    }

    #[test]
    fn networks_are_written_in_one_way() {
        for (raw, expected) in [
            (&["10.0.0.0/8"][..], Some(vec!["10.0.0.0/8"])),
            (&["10.1.2.3/8", "10.0.0.0/8"], Some(vec!["10.0.0.0/8"])),
            (&["192.0.2.7"], Some(vec!["192.0.2.7/32"])),
            (&["2001:db8::1", "2001:db8::/32"], Some(vec!["2001:db8::1/128", "2001:db8::/32"])),
            (&[], Some(vec![])),
            (&["10.0.0.0/33"], None),
            (&["10.0.0"], None),
            (&["localhost"], None),
            (&[""], None),
        ] {
            let expected = expected.map(|e| e.into_iter().map(str::to_owned).collect());
            assert_eq!(read(raw), expected, "{raw:?}");
        }
        assert!(read(&vec!["10.0.0.0/8"; MAX]).is_some());
        assert!(read(&vec!["10.0.0.0/8"; MAX + 1]).is_none());
    }
}

//! Which addresses may be asked. Source: the registries of special-purpose addresses at IANA.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far requests may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Public,
    /// For development.
    PublicAndLoopback,
}

impl Reach {
    pub const fn of(with_loopback: bool) -> Self {
        if with_loopback { Self::PublicAndLoopback } else { Self::Public }
    }

    pub fn allows(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || (self == Self::PublicAndLoopback && address.is_loopback())
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// First address and length of the prefix.
const REFUSED_V4: [([u8; 4], u32); 17] = [
    ([0, 0, 0, 0], 8),        // this network
    ([10, 0, 0, 0], 8),       // private
    ([100, 64, 0, 0], 10),    // carriers' own, and a cloud's metadata
    ([127, 0, 0, 0], 8),      // loopback
    ([168, 63, 129, 16], 32), // a cloud's own services
    ([169, 254, 0, 0], 16),   // link-local, and most clouds' metadata
    ([172, 16, 0, 0], 12),    // private
    ([192, 0, 0, 0], 24),     // protocol assignments
    ([192, 0, 2, 0], 24),     // documentation
    ([192, 52, 193, 0], 24),  // multicast relays
    ([192, 88, 99, 0], 24),   // 6to4 relays
    ([192, 168, 0, 0], 16),   // private
    ([198, 18, 0, 0], 15),    // benchmarks
    ([198, 51, 100, 0], 24),  // documentation
    ([203, 0, 113, 0], 24),   // documentation
    ([224, 0, 0, 0], 4),      // multicast
    ([240, 0, 0, 0], 4),      // reserved, and broadcast
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    REFUSED_V4.iter().all(|(first, length)| {
        let first = Ipv4Addr::from(*first).to_bits();
        (bits ^ first) >> (32 - length) != 0
    })
}

/// Of what is given out (2000::/3), the parts that lead elsewhere.
const REFUSED_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, Teredo
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4: an IPv4 address inside
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Translated to IPv4 on the way: what it becomes is what counts.
    if let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = address.segments() {
        return is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    }
    let bits = address.to_bits();
    let is_given_out = bits >> 125 == 1;
    is_given_out
        && REFUSED_V6.iter().all(|(first, length)| (bits ^ first.to_bits()) >> (128 - length) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reach: Reach, address: &str, allowed: bool) {
        assert_eq!(reach.allows(address.parse().unwrap()), allowed, "{address}");
    }

    const PUBLIC: [&str; 14] = [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "168.63.129.17",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450:4001:82f::200e",
        "2001:4860:4860::8888",
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1",
    ];

    const REFUSED: [&str; 55] = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "168.63.129.16",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.52.193.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::2",
        "::127.0.0.1",
        "::1.1.1.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1.1.1.1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1::",
        "2001:2::1",
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:101:101::1",
        "3fff::1",
        "3fff:fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ];

    const LOOPBACK: [&str; 4] = ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"];

    #[test]
    fn only_public_addresses_are_asked() {
        for address in PUBLIC {
            check(Reach::Public, address, true);
            check(Reach::PublicAndLoopback, address, true);
        }
        for address in REFUSED {
            check(Reach::Public, address, false);
            check(Reach::PublicAndLoopback, address, false);
        }
    }

    #[test]
    fn development_reaches_this_machine_and_nothing_else() {
        for address in LOOPBACK {
            check(Reach::Public, address, false);
            check(Reach::PublicAndLoopback, address, true);
        }
    }
}

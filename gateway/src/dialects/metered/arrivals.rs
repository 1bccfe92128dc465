//! How often one address may connect. Source: spec/metered.md §4, §10.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

/// Connects of the last minutes by address: bounded, so that many addresses cost no more than some.
#[derive(Debug, Default)]
pub struct Arrivals(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    seen: HashMap<IpAddr, Seen>,
}

/// The minute being counted, the connects in it, and those in the minute before.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    minute: u64,
    now: u32,
    before: u32,
}

/// Addresses held at most; then those not seen in the last minute go, or else all.
const MAX_ADDRESSES: usize = 65_536;
const WINDOW_MS: u64 = 60_000;

impl Arrivals {
    /// Counts a connect, if it is within `per_minute`. 0 is no limit.
    ///
    /// Errors: the milliseconds after which another try may do better.
    pub fn note(&self, peer: IpAddr, per_minute: u32, now_ms: u64) -> Result<(), u64> {
        if per_minute == 0 {
            return Ok(());
        }
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now_ms / WINDOW_MS;
        if table.seen.len() >= MAX_ADDRESSES && !table.seen.contains_key(&peer) {
            table.seen.retain(|_, seen| seen.minute == minute);
            if table.seen.len() >= MAX_ADDRESSES {
                table.seen.clear();
            }
        }
        table.seen.entry(network(peer)).or_default().take(per_minute, minute, now_ms)
    }
}

impl Seen {
    /// The minute before counts by the share of it that the last 60 seconds still reach into.
    fn take(&mut self, per_minute: u32, minute: u64, now_ms: u64) -> Result<(), u64> {
        if self.minute != minute {
            let before = if self.minute + 1 == minute { self.now } else { 0 };
            *self = Self { minute, now: 0, before };
        }
        let into_ms = now_ms % WINDOW_MS;
        let before = u64::from(self.before) * (WINDOW_MS - into_ms) / WINDOW_MS;
        match before + u64::from(self.now) < u64::from(per_minute) {
            true => {
                self.now += 1;
                Ok(())
            }
            false => Err(if self.before > 0 { 1_000 } else { WINDOW_MS - into_ms }),
        }
    }
}

/// A host has a whole /64 of IPv6 to itself.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(raw: &str) -> IpAddr {
        raw.parse().expect(raw)
    }

    fn let_in(arrivals: &Arrivals, peer: &str, tries: u32, now_ms: u64) -> usize {
        (0..tries).filter(|_| arrivals.note(ip(peer), 60, now_ms).is_ok()).count()
    }

    #[test]
    fn sixty_a_minute_come_in_and_not_one_more() {
        let arrivals = Arrivals::default();
        assert_eq!(let_in(&arrivals, "192.0.2.1", 61, 600_000), 60);
        assert_eq!(let_in(&arrivals, "192.0.2.2", 1, 600_000), 1, "another address");
        assert_eq!(arrivals.note(ip("192.0.2.1"), 60, 605_000), Err(55_000));
    }

    #[test]
    fn the_minute_slides() {
        let arrivals = Arrivals::default();
        assert_eq!(let_in(&arrivals, "192.0.2.1", 60, 659_000), 60);
        assert_eq!(let_in(&arrivals, "192.0.2.1", 60, 661_000), 1, "59 of them are a second ago");
        assert_eq!(let_in(&arrivals, "192.0.2.1", 60, 690_000), 29);
        assert_eq!(let_in(&arrivals, "192.0.2.1", 60, 900_000), 60);
    }

    #[test]
    fn a_host_is_one_whatever_address_of_its_network_it_takes() {
        let arrivals = Arrivals::default();
        assert_eq!(let_in(&arrivals, "2001:db8::1", 60, 600_000), 60);
        assert_eq!(let_in(&arrivals, "2001:db8::2", 1, 600_000), 0);
        assert_eq!(let_in(&arrivals, "2001:db8:0:1::2", 1, 600_000), 1);
        assert_eq!(let_in(&arrivals, "192.0.2.9", 60, 600_000), 60);
        assert_eq!(let_in(&arrivals, "::ffff:192.0.2.9", 1, 600_000), 0);
    }

    #[test]
    fn no_limit_counts_nothing() {
        let arrivals = Arrivals::default();
        assert!((0..1_000).all(|_| arrivals.note(ip("192.0.2.1"), 0, 600_000).is_ok()));
        assert!(arrivals.0.lock().unwrap().seen.is_empty());
    }

    #[test]
    fn the_table_is_bounded() {
        let arrivals = Arrivals::default();
        for n in 0..MAX_ADDRESSES as u32 + 10 {
            let peer = IpAddr::V4((0x0a00_0000 + n).into());
            assert!(arrivals.note(peer, 60, 600_000).is_ok());
        }
        assert!(arrivals.0.lock().unwrap().seen.len() <= MAX_ADDRESSES);
    }
}

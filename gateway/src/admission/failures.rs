//! Failed credentials per caller and app, in a table of fixed size.
//!
//! A caller that keeps failing is not locked out, since others may share its address: it only
//! loses the tolerant reading of signatures (up to eight candidates) and the explanation, so that
//! a bad signature costs one HMAC.

use contract::AppId;
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

pub struct FailureTable {
    /// Per slot the time, in ms, at which its debt is paid off. Callers that share a slot share it.
    paid_at_ms: Box<[AtomicU64]>,
    hasher: RandomState,
}

impl FailureTable {
    const SLOTS: usize = 8_192;
    const MS_PER_FAILURE: u64 = 20;
    pub const BURST: u64 = 200;

    fn slot(&self, peer: Option<IpAddr>, app: Option<&AppId>) -> &AtomicU64 {
        let hash = self.hasher.hash_one((peer.map(network), app));
        &self.paid_at_ms[hash as usize % Self::SLOTS]
    }

    /// Milliseconds until this caller is read tolerantly again; 0 when it is.
    pub fn wait_ms(&self, peer: Option<IpAddr>, app: Option<&AppId>, now_ms: u64) -> u64 {
        let debt = self.slot(peer, app).load(Relaxed).saturating_sub(now_ms);
        debt.saturating_sub((Self::BURST - 1) * Self::MS_PER_FAILURE)
    }

    pub fn note(&self, peer: Option<IpAddr>, app: Option<&AppId>, now_ms: u64) {
        let ceiling = now_ms + 2 * Self::BURST * Self::MS_PER_FAILURE;
        // `Err` would mean that the closure refused, which it never does.
        let _ = self.slot(peer, app).fetch_update(Relaxed, Relaxed, |paid_at| {
            Some((paid_at.max(now_ms) + Self::MS_PER_FAILURE).min(ceiling))
        });
    }
}

/// An address as a caller can hold it: a whole /64 of IPv6.
pub(crate) fn network(peer: IpAddr) -> u64 {
    match peer {
        IpAddr::V4(v4) => u64::from(v4.to_bits()),
        IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64,
    }
}

impl Default for FailureTable {
    fn default() -> Self {
        let paid_at_ms = (0..Self::SLOTS).map(|_| AtomicU64::new(0)).collect();
        Self { paid_at_ms, hasher: RandomState::new() }
    }
}

impl fmt::Debug for FailureTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FailureTable(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_forgiven_and_then_fifty_a_second() {
        let table = FailureTable::default();
        let (peer, app) = (Some([127, 0, 0, 1].into()), "1".parse().unwrap());
        let (app, other) = (Some(&app), "2".parse().unwrap());
        for _ in 1..FailureTable::BURST {
            table.note(peer, app, 1_000);
        }
        assert_eq!(table.wait_ms(peer, app, 1_000), 0);
        table.note(peer, app, 1_000);
        assert_eq!(table.wait_ms(peer, app, 1_000), 20);
        assert_eq!(table.wait_ms(peer, app, 1_020), 0);
        assert_eq!(table.wait_ms(peer, Some(&other), 1_000), 0, "another app");
        assert_eq!(table.wait_ms(peer, None, 1_000), 0, "no app");
    }

    #[test]
    fn a_flood_is_forgotten_within_seconds() {
        let table = FailureTable::default();
        let (peer, app) = (None, None);
        for _ in 0..1_000_000 {
            table.note(peer, app, 1_000);
        }
        assert_eq!(table.wait_ms(peer, app, 1_000 + 5_000), 0);
    }
}

//! How often somebody may try, in tables of fixed size: callers that share a slot share its bound.

use crate::admission::failures::network;
use contract::AppId;
use std::{
    fmt,
    hash::{BuildHasher, Hash, RandomState},
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// Connections that were turned away, per address and key.
///
/// Clients of this dialect take an opened WebSocket for a success and begin to count their attempts
/// anew, so one that is closed at once comes back every second for ever. One that is not opened
/// lets them wait longer each time and give up. Source: spec/relay.md §10, trap 9.
#[derive(Default)]
pub struct TurnedAway(Table);

impl TurnedAway {
    /// So many are told why over a WebSocket.
    pub const TOLD: u32 = 5;
    /// So long nobody may try, before one is told again. Longer than clients wait between tries.
    const QUIET_S: u32 = 60;

    /// Whether this caller has been told often enough. Asking counts as a try.
    pub fn is_held_off(&self, peer: Option<IpAddr>, key: &str, now_ms: u64) -> bool {
        let now_s = (now_ms / 1_000) as u32;
        let mut held_off = false;
        self.0.update((peer.map(network), key), |slot| {
            let (tries, last_s) = unpack(slot);
            held_off = tries >= Self::TOLD && now_s.saturating_sub(last_s) <= Self::QUIET_S;
            if held_off { pack(tries, now_s) } else { slot }
        });
        held_off
    }

    /// Somebody was turned away.
    pub fn note(&self, peer: Option<IpAddr>, key: &str, now_ms: u64) {
        let now_s = (now_ms / 1_000) as u32;
        self.0.update((peer.map(network), key), |slot| {
            let (tries, last_s) = unpack(slot);
            let is_over = now_s.saturating_sub(last_s) > Self::QUIET_S;
            pack(if is_over { 1 } else { tries.saturating_add(1) }, now_s)
        });
    }
}

fn pack(tries: u32, last_s: u32) -> u64 {
    u64::from(tries) << 32 | u64::from(last_s)
}

fn unpack(slot: u64) -> (u32, u32) {
    ((slot >> 32) as u32, slot as u32)
}

/// Requests to have a channel signed: per address and app, and per app.
#[derive(Default)]
pub struct SigningPace {
    by_caller: Table,
    by_app: Table,
}

impl SigningPace {
    const CALLER: Pace = Pace { per_s: 10, burst: 40 };
    const APP: Pace = Pace { per_s: 200, burst: 1_000 };
    /// Signatures that one caller may have at once.
    pub const BURST: u32 = Self::CALLER.burst as u32;

    /// Errors: milliseconds to wait.
    pub fn take(&self, peer: Option<IpAddr>, app: &AppId, now_ms: u64) -> Result<(), u64> {
        Self::CALLER.take(&self.by_caller, (peer.map(network), app), now_ms)?;
        Self::APP.take(&self.by_app, app, now_ms)
    }
}

/// A bucket that refills evenly.
struct Pace {
    per_s: u64,
    burst: u64,
}

impl Pace {
    /// A slot is the time, in microseconds, at which its bucket is full again.
    fn take(&self, table: &Table, key: impl Hash, now_ms: u64) -> Result<(), u64> {
        let (now_us, one_us) = (now_ms * 1_000, 1_000_000 / self.per_s);
        let mut wait_us = 0;
        table.update(key, |full_at_us| {
            let after = full_at_us.max(now_us) + one_us;
            wait_us = (after - now_us).saturating_sub(one_us * self.burst);
            if wait_us == 0 { after } else { full_at_us }
        });
        if wait_us == 0 { Ok(()) } else { Err(wait_us.div_ceil(1_000)) }
    }
}

struct Table {
    slots: Box<[AtomicU64]>,
    hasher: RandomState,
}

impl Table {
    const SLOTS: usize = 8_192;

    fn update(&self, key: impl Hash, mut to: impl FnMut(u64) -> u64) {
        let slot = &self.slots[self.hasher.hash_one(key) as usize % Self::SLOTS];
        // `Err` would mean that the closure refused, which it never does.
        let _ = slot.fetch_update(Relaxed, Relaxed, |before| Some(to(before)));
    }
}

impl Default for Table {
    fn default() -> Self {
        let slots = (0..Self::SLOTS).map(|_| AtomicU64::new(0)).collect();
        Self { slots, hasher: RandomState::new() }
    }
}

impl fmt::Debug for TurnedAway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TurnedAway(…)")
    }
}

impl fmt::Debug for SigningPace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningPace(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;

    fn peer(last: u8) -> Option<IpAddr> {
        Some([127, 0, 0, last].into())
    }

    #[test]
    fn a_few_are_told_and_then_nobody_until_a_minute_is_quiet() {
        let table = TurnedAway::default();
        for at in 0..u64::from(TurnedAway::TOLD) {
            assert!(!table.is_held_off(peer(1), "k", NOW + at), "{at}");
            table.note(peer(1), "k", NOW + at);
        }
        let mut now = NOW + 1_000;
        for wait_s in [1, 2, 4, 8, 16, 30, 60] {
            now += wait_s * 1_000;
            assert!(table.is_held_off(peer(1), "k", now), "after {wait_s} s more");
        }
        assert!(!table.is_held_off(peer(2), "k", now), "another address");
        assert!(!table.is_held_off(peer(1), "other", now), "another key");
        now += 61_000;
        assert!(!table.is_held_off(peer(1), "k", now));
        table.note(peer(1), "k", now);
        assert!(!table.is_held_off(peer(1), "k", now), "counted anew");
    }

    #[test]
    fn signing_has_a_burst_and_then_a_pace() {
        let pace = SigningPace::default();
        let app: AppId = "1".parse().unwrap();
        let taken = |at, last| (0..100).filter(|_| pace.take(peer(last), &app, at).is_ok()).count();
        assert_eq!(taken(NOW, 1), 40);
        assert_eq!(pace.take(peer(1), &app, NOW), Err(100));
        assert_eq!(taken(NOW + 100, 1), 1);
        let others: usize = (2..=60).map(|last| taken(NOW + 100, last)).sum();
        assert_eq!(others, 1_000 - 41 + 20, "the app's own bound");
    }
}

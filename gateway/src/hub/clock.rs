//! Milliseconds, two ways.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

thread_local!(static START: Instant = Instant::now());

/// Milliseconds of this thread's own steady clock: for silences and delays.
pub fn now_ms() -> u64 {
    START.with(|start| start.elapsed().as_millis() as u64)
}

/// Unix milliseconds: for what others get to see.
pub fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

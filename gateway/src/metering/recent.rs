//! The last events of an app, for its developers to look at: who needs them all has history.

use contract::{ChannelName, EventName};
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// What was published, without its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub channel: ChannelName,
    pub event: EventName,
    /// Unix milliseconds.
    pub at_ms: u64,
}

/// A ring of an app's own, so that nobody's traffic pushes out another's. Names are shared with the
/// event, so noting one allocates nothing.
#[derive(Debug, Default)]
pub struct Recent(Mutex<VecDeque<Seen>>);

impl Recent {
    pub const KEPT: usize = 20;

    pub fn note(&self, channel: ChannelName, event: EventName, at_ms: u64) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() == Self::KEPT {
            seen.pop_front();
        } else if seen.len() == seen.capacity() {
            // Most apps of many publish little.
            let more = seen.len().clamp(1, Self::KEPT - seen.len());
            seen.reserve_exact(more);
        }
        seen.push_back(Seen { channel, event, at_ms });
    }

    /// Oldest first.
    pub fn all(&self) -> Vec<Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_kept_in_their_order() {
        let recent = Recent::default();
        for n in 0..Recent::KEPT as u64 + 5 {
            let event = format!("e{n}").parse().unwrap();
            recent.note("chat".parse().unwrap(), event, n);
        }
        let all: Vec<u64> = recent.all().iter().map(|seen| seen.at_ms).collect();
        assert_eq!(all, (5..Recent::KEPT as u64 + 5).collect::<Vec<_>>());
    }
}

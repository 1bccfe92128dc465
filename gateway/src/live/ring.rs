//! Kept events that wait to be told, in the order in which they happened.

use contract::{
    AppId,
    live::{KeptEvent, LiveEvent},
};
use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// One per gateway.
#[derive(Debug, Default)]
pub struct Ring {
    held: Mutex<Held>,
    kept: AtomicU64,
    left_out: AtomicU64,
}

#[derive(Debug, Default)]
struct Held {
    queue: VecDeque<KeptEvent>,
    last_seq: u64,
}

impl Ring {
    pub const MAX: usize = 10_000;

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there was room for it.
    #[must_use]
    pub fn push(&self, app: &AppId, event: LiveEvent) -> bool {
        let mut held = self.held();
        if held.queue.len() >= Self::MAX {
            return false;
        }
        held.last_seq += 1;
        let seq = held.last_seq;
        held.queue.push_back(KeptEvent { app: app.clone(), seq, event });
        self.kept.fetch_add(1, Relaxed);
        true
    }

    /// The oldest ones, out of the ring.
    pub fn take(&self, most: usize) -> Vec<KeptEvent> {
        let mut held = self.held();
        let n = held.queue.len().min(most);
        held.queue.drain(..n).collect()
    }

    /// What could not be told waits again, before what came since. Answers the oldest ones, which
    /// there is no room for any more.
    #[must_use]
    pub fn put_back(&self, mut events: Vec<KeptEvent>) -> Vec<KeptEvent> {
        let mut held = self.held();
        let room = Self::MAX.saturating_sub(held.queue.len());
        let kept = events.split_off(events.len().saturating_sub(room));
        for event in kept.into_iter().rev() {
            held.queue.push_front(event);
        }
        events
    }

    pub fn waiting(&self) -> usize {
        self.held().queue.len()
    }

    /// Events that were put into it since the process started.
    pub fn kept(&self) -> u64 {
        self.kept.load(Relaxed)
    }

    /// Events that were to be kept and were not.
    pub fn left_out(&self) -> u64 {
        self.left_out.load(Relaxed)
    }

    pub fn leave_out(&self, n: u64) {
        self.left_out.fetch_add(n, Relaxed);
    }
}

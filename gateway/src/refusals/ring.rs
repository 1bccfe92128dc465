//! Refusals that wait to be reported, bounded as a whole and per app.

use contract::{AppId, refusal::RefusalRecord};
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// One per gateway. What does not fit is counted, in the app's meter by its cause and here.
#[derive(Debug, Default)]
pub struct Ring {
    held: Mutex<Held>,
    left_out: AtomicU64,
}

#[derive(Debug, Default)]
struct Held {
    queue: VecDeque<RefusalRecord>,
    second: u64,
    of_apps: HashMap<AppId, u32>,
}

impl Ring {
    pub const MAX: usize = 10_000;
    /// Of one app in one second.
    pub const PER_APP: u32 = 50;

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `record` is made only if it is kept.
    pub fn note(&self, app: &AppId, now_ms: u64, record: impl FnOnce() -> RefusalRecord) {
        let mut held = self.held();
        if held.has_room_for(app, now_ms / 1_000) {
            held.queue.push_back(record());
        } else {
            self.left_out.fetch_add(1, Relaxed);
        }
    }

    /// The oldest ones, out of the ring.
    pub fn take(&self, most: usize) -> Vec<RefusalRecord> {
        let mut held = self.held();
        let n = held.queue.len().min(most);
        held.queue.drain(..n).collect()
    }

    /// What could not be reported waits again, before what came since.
    pub fn put_back(&self, records: Vec<RefusalRecord>) {
        let mut held = self.held();
        let room = Self::MAX.saturating_sub(held.queue.len());
        let lost = records.len().saturating_sub(room);
        self.left_out.fetch_add(lost as u64, Relaxed);
        for record in records.into_iter().skip(lost).rev() {
            held.queue.push_front(record);
        }
    }

    pub fn waiting(&self) -> usize {
        self.held().queue.len()
    }

    /// Refusals that were not kept since the process started.
    pub fn left_out(&self) -> u64 {
        self.left_out.load(Relaxed)
    }

    pub fn leave_out(&self, n: usize) {
        self.left_out.fetch_add(n as u64, Relaxed);
    }
}

impl Held {
    fn has_room_for(&mut self, app: &AppId, second: u64) -> bool {
        if self.second != second {
            self.second = second;
            self.of_apps.clear();
        }
        if self.queue.len() >= Ring::MAX {
            return false;
        }
        let is_full = self.of_apps.len() >= Ring::MAX;
        match self.of_apps.get_mut(app) {
            Some(n) if *n >= Ring::PER_APP => return false,
            Some(n) => *n += 1,
            None if is_full => return false,
            None => {
                self.of_apps.insert(app.clone(), 1);
            }
        }
        true
    }
}

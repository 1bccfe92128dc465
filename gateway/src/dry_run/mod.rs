//! What the keys of an app were used for in the last minutes, so that a change of a key can be
//! tried out on it.
//!
//! Each worker thread writes into a shard of its own, and only where a key with a scope does
//! something of its own accord: publishes, subscribes, sends, connects. What is delivered is not
//! looked at. What does not fit is counted, so that an answer says when it is a part.

mod counts;
mod findings;
mod shard;
#[cfg(test)]
mod tests;

use crate::admission::KeyRef;
use contract::{
    Action, ChannelName,
    dry_run::{DryRun, Findings},
};
use findings::Judge;
use shard::{Shard, What};
use std::{
    fmt,
    net::IpAddr,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// Threads beyond this share shards.
const SHARDS: usize = 8;

/// What one app's keys did. Nothing is held before one did something.
#[derive(Default)]
pub struct Seen(OnceLock<Box<[Mutex<Shard>; SHARDS]>>);

impl Seen {
    /// The key did this on the channel. `now_s` is Unix time.
    pub fn on_channel(&self, key: &KeyRef, action: Action, channel: &ChannelName, now_s: u64) {
        self.note(key, What::Channel(action), channel.as_str(), now_s);
    }

    /// The key was used to listen to a pattern.
    pub fn on_pattern(&self, key: &KeyRef, pattern: &str, now_s: u64) {
        self.note(key, What::Pattern, pattern, now_s);
    }

    /// A connection was opened with the key, by a page of this origin.
    pub fn from_origin(&self, key: &KeyRef, origin: Option<&str>, now_s: u64) {
        self.note(key, What::Origin, origin.unwrap_or(NO_ORIGIN), now_s);
    }

    /// A request with the key came from here.
    pub fn from_address(&self, key: &KeyRef, peer: Option<IpAddr>, now_s: u64) {
        if let Some(peer) = peer {
            self.note(key, What::Address, &peer.to_string(), now_s);
        }
    }

    fn note(&self, key: &KeyRef, what: What, name: &str, now_s: u64) {
        let shards = self.0.get_or_init(Box::default);
        let shard = &shards[own_shard()];
        shard.lock().unwrap_or_else(PoisonError::into_inner).note(key, what, name, now_s);
    }

    /// What of it the key would not have been allowed as `question` has it. The gateway has run for
    /// `uptime_s`.
    pub fn ask(&self, question: &DryRun, now_s: u64, uptime_s: u64) -> Findings {
        let mut judge = Judge::new(question);
        let mut forgotten = 0;
        for shard in self.0.get().iter().flat_map(|shards| shards.iter()) {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            forgotten += shard.forgotten(now_s);
            shard.each(&question.key, now_s, |what, name, count| judge.look_at(what, name, count));
        }
        judge.findings(counts::window_s(now_s).min(uptime_s), forgotten)
    }
}

/// Stands for clients that send no `Origin`; no origin is written so.
const NO_ORIGIN: &str = "none";

fn own_shard() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static OWN: usize = THREADS.fetch_add(1, Relaxed) % SHARDS);
    OWN.with(|own| *own)
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seen(…)")
    }
}

//! What one thread saw of an app's keys, each thing once with its counts.

use super::counts::Counts;
use crate::admission::KeyRef;
use contract::{Action, dry_run::KeyName};
use hashbrown::{HashTable, hash_table::Entry as Place};
use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// Different things that one thread remembers of one app.
pub const MAX_OF_SHARD: usize = 4_096;
/// And all threads of all apps together: some 20 MiB.
const MAX_OF_PROCESS: usize = 131_072;

static HELD: AtomicUsize = AtomicUsize::new(0);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    Channel(Action),
    Pattern,
    Origin,
    Address,
}

struct Entry {
    key: KeyRef,
    what: What,
    name: Box<str>,
    counts: Counts,
}

#[derive(Default)]
pub struct Shard {
    entries: HashTable<Entry>,
    hasher: RandomState,
    forgotten: Counts,
    /// The minute in which stale entries were last looked for.
    tidied: u64,
}

impl Shard {
    pub fn note(&mut self, key: &KeyRef, what: What, name: &str, now_s: u64) {
        let hash = self.hasher.hash_one((key, what, name));
        let is_it = |held: &Entry| held.what == what && *held.name == *name && held.key == *key;
        if let Some(held) = self.entries.find_mut(hash, is_it) {
            return held.counts.add(now_s);
        }
        if !self.has_room() {
            self.tidy(now_s);
        }
        if !self.has_room() {
            return self.forgotten.add(now_s);
        }
        let hasher = &self.hasher;
        let rehash = |held: &Entry| hasher.hash_one((&held.key, held.what, &*held.name));
        if let Place::Vacant(place) = self.entries.entry(hash, is_it, rehash) {
            let mut counts = Counts::default();
            counts.add(now_s);
            place.insert(Entry { key: key.clone(), what, name: name.into(), counts });
            HELD.fetch_add(1, Relaxed);
        }
    }

    fn has_room(&self) -> bool {
        self.entries.len() < MAX_OF_SHARD && HELD.load(Relaxed) < MAX_OF_PROCESS
    }

    /// Drops what nobody did within the window: once a minute, since it looks at everything.
    fn tidy(&mut self, now_s: u64) {
        if now_s / 60 == self.tidied {
            return;
        }
        self.tidied = now_s / 60;
        let before = self.entries.len();
        self.entries.retain(|held| held.counts.total(now_s) > 0);
        HELD.fetch_sub(before - self.entries.len(), Relaxed);
    }

    /// Deeds of the window that there was no room for.
    pub fn forgotten(&self, now_s: u64) -> u64 {
        self.forgotten.total(now_s)
    }

    pub fn each(&self, key: &KeyName, now_s: u64, mut take: impl FnMut(What, &str, u64)) {
        for held in &self.entries {
            let count = held.counts.total(now_s);
            if count > 0 && is_named(&held.key, key) {
                take(held.what, &held.name, count);
            }
        }
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        HELD.fetch_sub(self.entries.len(), Relaxed);
    }
}

fn is_named(key: &KeyRef, name: &KeyName) -> bool {
    match (key, name) {
        (KeyRef::Secret(own), KeyName::Secret(id)) => own == id,
        (KeyRef::Publishable(own), KeyName::Publishable(key)) => own == key,
        (KeyRef::App(_) | KeyRef::Secret(_) | KeyRef::Publishable(_), _) => false,
    }
}

//! Which messages have been taken, by their publishers' ids for them.

use hashbrown::HashMap;
use std::{collections::VecDeque, sync::Arc};

/// Idempotency keys and the places their messages got, the oldest forgotten first. It outlasts the
/// history ring: a retry comes seconds later, when a busy channel is hundreds of messages on.
#[derive(Debug, Default)]
pub struct Keys {
    places: HashMap<Arc<str>, u64>,
    by_age: VecDeque<(u64, Arc<str>)>,
    text_bytes: usize,
}

impl Keys {
    pub fn is_empty(&self) -> bool {
        self.by_age.is_empty()
    }

    pub fn bytes(&self) -> usize {
        let map = self.places.capacity() * (size_of::<(Arc<str>, u64)>() + 1);
        map + self.by_age.capacity() * size_of::<(u64, Arc<str>)>() + self.text_bytes
    }

    pub fn find(&self, key: &str) -> Option<u64> {
        self.places.get(key).copied()
    }

    /// Adds a key that is not there.
    pub fn insert(&mut self, key: Arc<str>, seq: u64, now_ms: u64, max_keys: usize) {
        self.text_bytes += key.len();
        self.places.insert(key.clone(), seq);
        self.by_age.push_back((now_ms, key));
        while self.by_age.len() > max_keys {
            self.forget_oldest();
        }
    }

    /// Whether there was one to forget.
    pub fn forget_oldest(&mut self) -> bool {
        let Some((_, key)) = self.by_age.pop_front() else { return false };
        self.text_bytes -= key.len();
        self.places.remove(&key);
        if self.by_age.len() < self.by_age.capacity() / 4 {
            self.by_age.shrink_to(self.by_age.len() * 2);
            self.places.shrink_to(self.places.len() * 2);
        }
        true
    }

    pub fn expire(&mut self, now_ms: u64, ttl_ms: u64) {
        while self.by_age.front().is_some_and(|&(at_ms, _)| at_ms.saturating_add(ttl_ms) <= now_ms)
        {
            self.forget_oldest();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_key_gives_way_and_nothing_stays_charged() {
        let mut keys = Keys::default();
        for n in 0..1_000_u64 {
            keys.insert(format!("key-{n}").into(), n, n, 100);
        }
        assert_eq!((keys.find("key-899"), keys.find("key-900")), (None, Some(900)));
        keys.expire(1_949, 1_000);
        assert_eq!((keys.find("key-949"), keys.find("key-950")), (None, Some(950)));
        keys.expire(2_000, 1_000);
        assert!(keys.is_empty());
        assert_eq!(keys.text_bytes, 0);
        assert!(keys.bytes() < 1_000, "{}", keys.bytes());
    }
}

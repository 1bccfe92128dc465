//! What a channel remembers: recent events, and the one a cache channel shows to newcomers.

use super::keys::Keys;
use crate::{Cached, EngineConfig, Event, Payload, Position, Publish, Sender, Topic};
use contract::{EventName, SocketId};
use std::{collections::VecDeque, sync::Arc};

/// Bounds of one channel's history.
#[derive(Clone, Copy, Debug)]
pub struct HistoryLimits {
    pub max_events: usize,
    pub max_bytes: usize,
    pub ttl_ms: u64,
    /// Idempotency keys, for as long as events.
    pub max_keys: usize,
}

impl From<&EngineConfig> for HistoryLimits {
    fn from(config: &EngineConfig) -> Self {
        Self {
            max_events: config.history_max_events,
            max_bytes: config.history_max_bytes,
            ttl_ms: config.history_ttl_ms,
            max_keys: config.idempotency_max_keys,
        }
    }
}

/// Recent events, their publishers' ids, and the cached one.
#[derive(Debug, Default)]
pub struct Retained {
    ring: VecDeque<Kept>,
    text_bytes: usize,
    keys: Option<Box<Keys>>,
    cached: Option<CachedUntil>,
}

/// An event of the past without what only delivery needs.
#[derive(Debug)]
struct Kept {
    seq: u64,
    at_ms: u64,
    name: EventName,
    data: Payload,
    sender: Sender,
    except: Option<SocketId>,
    idempotency_key: Option<Arc<str>>,
}

#[derive(Debug)]
struct CachedUntil {
    event: Arc<Event>,
    until_ms: u64,
}

impl Kept {
    fn text_bytes(&self) -> usize {
        self.name.as_str().len()
            + self.data.as_str().len()
            + self.idempotency_key.as_ref().map_or(0, |key| key.len())
            + self.sender.identity().map_or(0, |member| member.text_bytes())
    }

    fn event(&self, topic: &Topic, epoch: u64) -> Arc<Event> {
        Arc::new(Event {
            topic: topic.clone(),
            position: Position { epoch, seq: self.seq },
            name: self.name.clone(),
            data: self.data.clone(),
            sender: self.sender.clone(),
            except: self.except,
            idempotency_key: self.idempotency_key.clone(),
            at_ms: self.at_ms,
            kept: true,
            encoded: Default::default(),
        })
    }
}

impl Retained {
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty() && self.keys.is_none() && self.cached.is_none()
    }

    /// Estimated bytes held: texts and structures, and one encoding of the cached event.
    pub fn bytes(&self) -> usize {
        let cached = self.cached.as_ref().map_or(0, |cached| {
            size_of::<Event>()
                + 2 * (cached.event.data.as_str().len() + cached.event.name.as_str().len())
        });
        let keys = self.keys.as_ref().map_or(0, |keys| keys.bytes() + size_of::<Keys>());
        self.ring.capacity() * size_of::<Kept>()
            + self.text_bytes
            + keys
            + cached
            + size_of::<Self>()
    }

    /// Where the message with this key stands.
    pub fn find(&self, idempotency_key: &str) -> Option<u64> {
        self.keys.as_ref()?.find(idempotency_key)
    }

    pub fn remember_key(&mut self, key: Arc<str>, seq: u64, now_ms: u64, limits: &HistoryLimits) {
        self.keys.get_or_insert_default().insert(key, seq, now_ms, limits.max_keys);
    }

    pub fn forget_oldest_key(&mut self) -> bool {
        let forgotten = self.keys.as_mut().is_some_and(|keys| keys.forget_oldest());
        self.rest_keys();
        forgotten
    }

    /// Adds an event and returns the last position the bounds pushed out, 0 for none.
    pub fn remember(
        &mut self,
        seq: u64,
        publish: &Publish,
        now_ms: u64,
        limits: &HistoryLimits,
    ) -> u64 {
        let kept = Kept {
            seq,
            at_ms: now_ms,
            name: publish.name.clone(),
            data: publish.data.clone(),
            sender: publish.sender.clone(),
            except: publish.except,
            idempotency_key: publish.idempotency_key.clone(),
        };
        if self.ring.capacity() == 0 {
            // Most channels that are published to once are not published to a second time.
            self.ring.reserve_exact(1);
        }
        self.text_bytes += kept.text_bytes();
        self.ring.push_back(kept);
        let mut dropped = self.expire_history(now_ms, limits.ttl_ms);
        while self.ring.len() > limits.max_events || self.history_bytes() > limits.max_bytes {
            match self.forget_oldest() {
                Some(seq) => dropped = seq,
                None => break,
            }
        }
        dropped
    }

    fn history_bytes(&self) -> usize {
        self.ring.len() * size_of::<Kept>() + self.text_bytes
    }

    /// Drops the oldest event of history and returns its place.
    pub fn forget_oldest(&mut self) -> Option<u64> {
        let kept = self.ring.pop_front()?;
        self.text_bytes -= kept.text_bytes();
        if self.ring.len() < self.ring.capacity() / 4 {
            self.ring.shrink_to(self.ring.len() * 2);
        }
        Some(kept.seq)
    }

    /// Drops what is too old and returns the last place dropped, 0 for none.
    pub fn expire_history(&mut self, now_ms: u64, ttl_ms: u64) -> u64 {
        let mut dropped = 0;
        while self.ring.front().is_some_and(|kept| kept.at_ms.saturating_add(ttl_ms) <= now_ms) {
            dropped = self.forget_oldest().unwrap_or(dropped);
        }
        dropped
    }

    /// Drops keys and a cached event that are too old.
    pub fn expire_others(&mut self, now_ms: u64, ttl_ms: u64) {
        if let Some(keys) = &mut self.keys {
            keys.expire(now_ms, ttl_ms);
        }
        self.rest_keys();
        if self.cached.as_ref().is_some_and(|cached| cached.until_ms <= now_ms) {
            self.cached = None;
        }
    }

    fn rest_keys(&mut self) {
        self.keys.take_if(|keys| keys.is_empty());
    }

    pub fn cache(&mut self, event: Arc<Event>, until_ms: u64) {
        self.cached = Some(CachedUntil { event, until_ms });
    }

    pub fn cached(&self, now_ms: u64) -> Option<Cached> {
        let cached = self.cached.as_ref().filter(|cached| cached.until_ms > now_ms)?;
        Some(Cached { event: cached.event.clone(), ttl_ms: cached.until_ms - now_ms })
    }

    /// Events after `seq` that are not too old: the first `limit` of them, and whether more follow.
    pub fn after(
        &self,
        seq: u64,
        limit: usize,
        now_ms: u64,
        ttl_ms: u64,
        of: (&Topic, u64),
    ) -> (Vec<Arc<Event>>, bool) {
        let mut fresh = self.fresh(seq, now_ms, ttl_ms);
        let events = fresh.by_ref().take(limit).map(|kept| kept.event(of.0, of.1)).collect();
        (events, fresh.next().is_some())
    }

    /// The last `limit` events after `seq` that are not too old.
    pub fn latest(
        &self,
        seq: u64,
        limit: usize,
        now_ms: u64,
        ttl_ms: u64,
        of: (&Topic, u64),
    ) -> Vec<Arc<Event>> {
        let fresh = self.fresh(seq, now_ms, ttl_ms).count();
        let skipped = fresh.saturating_sub(limit);
        self.fresh(seq, now_ms, ttl_ms).skip(skipped).map(|kept| kept.event(of.0, of.1)).collect()
    }

    fn fresh(&self, seq: u64, now_ms: u64, ttl_ms: u64) -> impl Iterator<Item = &Kept> {
        self.ring
            .iter()
            .filter(move |kept| kept.seq > seq && kept.at_ms.saturating_add(ttl_ms) > now_ms)
    }

    /// The last place that is too old to be served, 0 for none.
    pub fn stale_through(&self, now_ms: u64, ttl_ms: u64) -> u64 {
        let stale = |kept: &&Kept| kept.at_ms.saturating_add(ttl_ms) <= now_ms;
        self.ring.iter().take_while(stale).last().map_or(0, |kept| kept.seq)
    }
}

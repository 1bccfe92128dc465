//! One channel as a pure state machine: a command goes in, deliveries to origins come out.
//!
//! No clock and no random source in here: time and the epoch are passed in. Nothing in here
//! locks; the shard that owns the channel calls one method at a time.

pub mod audience;
pub mod count;
mod keys;
mod membership;
pub mod presence;
pub mod retained;
pub mod user;

use crate::{
    Delivery, Event, History, Occupancy, OriginId, Position, Publish, PublishError, Published,
    Topic,
};
use audience::Audience;
use contract::ChannelKind;
use count::CountPace;
use presence::Presence;
use retained::{HistoryLimits, Retained};
use std::sync::Arc;
use user::UserState;

/// The places a channel's deliveries go to.
pub trait Origins {
    /// Whether the origin takes another event. A place that is gone takes, and drops, everything.
    fn has_room(&self, origin: OriginId) -> bool;
    fn deliver(&self, origin: OriginId, delivery: Delivery);
}

/// The state of one channel. Small while nobody hears it and it remembers nothing.
#[derive(Debug)]
pub struct Channel {
    kind: ChannelKind,
    epoch: u64,
    /// Place of the last message; 0 before the first.
    seq: u64,
    /// Every message after this place is in the history.
    complete_after: u64,
    audience: Audience,
    retained: Option<Box<Retained>>,
    role: Role,
}

/// What some channels do beside carrying messages. A channel has one such role or none.
#[derive(Debug, Default)]
enum Role {
    #[default]
    Plain,
    /// Tells its subscribers how many they are.
    Counted(Box<CountPace>),
    /// Tells its subscribers who they are.
    Presence(Box<Presence>),
    /// Stands for a user, and tells watchers whether the user is there.
    User(Box<UserState>),
}

impl Channel {
    pub fn new(kind: ChannelKind, epoch: u64) -> Self {
        Self {
            kind,
            epoch,
            seq: 0,
            complete_after: 0,
            audience: Audience::default(),
            retained: None,
            role: Role::Plain,
        }
    }

    pub fn kind(&self) -> ChannelKind {
        self.kind
    }

    pub fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq }
    }

    pub fn subscriptions(&self) -> u32 {
        self.audience.len()
    }

    /// Nobody hears it, watches it, or waits for it: forgetting it costs only its memory of events.
    pub fn is_idle(&self) -> bool {
        self.audience.is_empty() && !matches!(&self.role, Role::User(user) if user.is_waited_for())
    }

    pub fn is_forgettable(&self) -> bool {
        self.is_idle() && self.retained.is_none()
    }

    pub fn retained_bytes(&self) -> usize {
        self.retained.as_ref().map_or(0, |retained| retained.bytes())
    }

    /// When the channel has something to do by itself, if it has.
    pub fn wake_at_ms(&self) -> Option<u64> {
        match &self.role {
            Role::Counted(pace) => pace.due_ms(),
            Role::User(user) => user.offline_due_ms(),
            Role::Plain | Role::Presence(_) => None,
        }
    }

    /// Does what is due: a held-back count, the end of a user's absence delay.
    pub fn wake(&mut self, topic: &Topic, now_ms: u64, out: &impl Origins) {
        let subscriptions = self.subscriptions();
        match &mut self.role {
            Role::Counted(pace) => {
                if pace.wake(subscriptions, now_ms) {
                    self.tell_count(topic, out);
                }
            }
            Role::User(user) => {
                user.wake(topic, now_ms, out);
                self.rest_user();
            }
            Role::Plain | Role::Presence(_) => {}
        }
    }

    /// Takes a message, gives it its place, and delivers it once to every origin with subscribers.
    ///
    /// Errors: `Overloaded` when one of these origins has no room; then nothing has happened.
    pub fn publish(
        &mut self,
        publish: Publish,
        limits: &HistoryLimits,
        now_ms: u64,
        out: &impl Origins,
    ) -> Result<Published, PublishError> {
        if let Some(key) = &publish.idempotency_key
            && let Some(seq) = self.find(key, limits, now_ms)
        {
            return Ok(Published {
                position: Position { epoch: self.epoch, seq },
                duplicate: true,
                occupancy: publish.want_counts.then(|| self.occupancy(now_ms)),
                delivered_to: 0,
            });
        }
        if !self.audience.origins().all(|origin| out.has_room(origin)) {
            return Err(PublishError::Overloaded);
        }
        self.seq += 1;
        if let Some(key) = &publish.idempotency_key {
            let seq = self.seq;
            self.retained().remember_key(key.clone(), seq, now_ms, limits);
        }
        if publish.keep_history {
            let seq = self.seq;
            let dropped = self.retained().remember(seq, &publish, now_ms, limits);
            self.complete_after = self.complete_after.max(dropped);
            self.rest_retained();
        } else {
            self.complete_after = self.seq;
        }
        let (cache_ttl_ms, want_counts) = (publish.cache_ttl_ms, publish.want_counts);
        let delivered_to = self.deliver(publish, cache_ttl_ms, now_ms, out);
        Ok(Published {
            position: self.position(),
            duplicate: false,
            occupancy: want_counts.then(|| self.occupancy(now_ms)),
            delivered_to,
        })
    }

    fn deliver(
        &mut self,
        publish: Publish,
        cache_ttl_ms: Option<u64>,
        now_ms: u64,
        out: &impl Origins,
    ) -> u32 {
        let cache_until_ms = cache_ttl_ms
            .filter(|_| self.kind.is_cache())
            .map(|ttl_ms| now_ms.saturating_add(ttl_ms));
        if self.audience.is_empty() && cache_until_ms.is_none() {
            return 0;
        }
        let event = Arc::new(Event {
            topic: publish.topic,
            position: self.position(),
            name: publish.name,
            data: publish.data,
            sender: publish.sender,
            except: publish.except,
            idempotency_key: publish.idempotency_key,
            at_ms: now_ms,
            encoded: Default::default(),
        });
        if let Some(until_ms) = cache_until_ms {
            self.retained().cache(event.clone(), until_ms);
        }
        for origin in self.audience.origins() {
            out.deliver(origin, Delivery::Event(event.clone()));
        }
        let excepted = event.except.is_some_and(|socket| self.audience.has_socket(socket));
        self.audience.len() - u32::from(excepted)
    }

    /// Where an event with this key stands, if it still counts.
    fn find(&mut self, key: &str, limits: &HistoryLimits, now_ms: u64) -> Option<u64> {
        self.expire(limits, now_ms);
        self.retained.as_ref()?.find(key)
    }

    fn retained(&mut self) -> &mut Retained {
        self.retained.get_or_insert_default()
    }

    fn rest_retained(&mut self) {
        self.retained.take_if(|retained| retained.is_empty());
    }

    /// Drops what is too old.
    pub fn expire(&mut self, limits: &HistoryLimits, now_ms: u64) {
        let Some(retained) = &mut self.retained else { return };
        self.complete_after =
            self.complete_after.max(retained.expire_history(now_ms, limits.ttl_ms));
        retained.expire_others(now_ms, limits.ttl_ms);
        self.rest_retained();
    }

    /// Drops the oldest event of history, or key when there is none. Whether that left less.
    pub fn forget_oldest(&mut self) -> bool {
        let Some(retained) = &mut self.retained else { return false };
        let forgotten = match retained.forget_oldest() {
            Some(seq) => {
                self.complete_after = self.complete_after.max(seq);
                true
            }
            None => retained.forget_oldest_key(),
        };
        self.rest_retained();
        forgotten
    }

    pub fn occupancy(&self, now_ms: u64) -> Occupancy {
        let cached = self.retained.as_ref().and_then(|retained| retained.cached(now_ms));
        Occupancy { cached, ..self.counts() }
    }

    /// As [`Channel::occupancy`] without what is cached.
    pub fn counts(&self) -> Occupancy {
        let users = match &self.role {
            Role::Presence(presence) => presence.len(),
            _ => 0,
        };
        Occupancy { subscriptions: self.subscriptions(), users, cached: None }
    }

    /// Events after `after`, or the latest ones: see [`History`].
    pub fn history(
        &self,
        topic: &Topic,
        after: Option<Position>,
        limit: usize,
        limits: &HistoryLimits,
        now_ms: u64,
    ) -> History {
        let stale =
            self.retained.as_ref().map_or(0, |kept| kept.stale_through(now_ms, limits.ttl_ms));
        let floor = self.complete_after.max(stale);
        let last = Some(self.position());
        let of = (topic, self.epoch);
        let known =
            after.filter(|at| at.epoch == self.epoch && (floor..=self.seq).contains(&at.seq));
        let Some(retained) = &self.retained else {
            let recovered = after.is_none() || known.is_some();
            return History { events: Vec::new(), last, recovered, more: false };
        };
        match known {
            Some(at) => {
                let (events, more) = retained.after(at.seq, limit, now_ms, limits.ttl_ms, of);
                History { events, last, recovered: true, more }
            }
            None => {
                let events = retained.latest(floor, limit, now_ms, limits.ttl_ms, of);
                History { events, last, recovered: after.is_none(), more: false }
            }
        }
    }
}

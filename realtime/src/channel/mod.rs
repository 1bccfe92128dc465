//! One channel as a pure state machine: a command goes in, deliveries to origins come out.
//!
//! No clock and no random source in here: time and the epoch are passed in. Nothing in here
//! locks; the shard that owns the channel calls one method at a time.

pub mod audience;
pub mod count;
mod keys;
mod members;
mod membership;
pub mod presence;
pub mod retained;
mod role;
mod transitions;
pub mod user;

use crate::{
    Delivery, Event, History, Occupancy, OriginId, Position, Publish, PublishError, Published,
    Topic, listeners::Listening, witness::Witness,
};
use audience::Audience;
use contract::ChannelKind;
use presence::Presence;
use retained::{HistoryLimits, Retained};
use role::{Crowd, Role};
use std::sync::Arc;
use transitions::HeldBack;
use user::UserState;

/// The places a channel's deliveries go to, and who sees what happens on it.
pub trait Origins {
    /// Whether the origin takes another event. A place that is gone takes, and drops, everything.
    fn has_room(&self, origin: OriginId) -> bool;
    fn deliver(&self, origin: OriginId, delivery: Delivery);
    fn witness(&self) -> &dyn Witness;
}

/// The state of one channel. Small while nobody hears it and it remembers nothing.
#[derive(Debug)]
pub struct Channel {
    kind: ChannelKind,
    epoch: u64,
    /// Place of the last message; 0 before the first.
    seq: u64,
    /// Every message after this place that history was to keep is in it.
    complete_after: u64,
    audience: Audience,
    retained: Option<Box<Retained>>,
    role: Option<Box<Role>>,
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
            role: None,
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

    /// Nobody hears it, watches it, or waits for it: forgetting it costs only its memory of events,
    /// and of members who may come back.
    pub fn is_idle(&self) -> bool {
        self.audience.is_empty() && !self.user().is_some_and(UserState::is_waited_for)
    }

    pub fn is_forgettable(&self) -> bool {
        self.is_idle()
            && self.retained.is_none()
            && self.presence().is_none()
            && self.held_back().is_none()
    }

    /// Bytes of what it remembers, and of members it holds while nobody hears it.
    pub fn retained_bytes(&self) -> usize {
        let events = self.retained.as_ref().map_or(0, |retained| retained.bytes());
        if self.role.is_none() || !self.audience.is_empty() {
            return events;
        }
        let members = self.presence().map_or(0, Presence::bytes);
        events + members + self.held_back().map_or(0, HeldBack::bytes)
    }

    /// When the channel has something to do by itself, if it has.
    pub fn wake_at_ms(&self) -> Option<u64> {
        self.role.as_ref()?.due_ms()
    }

    /// Does what is due: what was held back, the end of a member's grace or of a user's absence
    /// delay.
    pub fn wake(&mut self, topic: &Topic, now_ms: u64, out: &impl Origins) {
        self.wake_members(topic, now_ms, out);
        self.wake_count(topic, now_ms, out);
        if let Some(user) = self.user_mut() {
            user.wake(topic, now_ms, out);
        }
        self.rest_role();
    }

    /// Takes a message, gives it its place, and delivers it once to every origin with subscribers
    /// or listeners.
    ///
    /// Errors: `Overloaded` when one of these origins has no room; then nothing has happened.
    pub fn publish(
        &mut self,
        publish: Publish,
        listening: Option<&Listening>,
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
        let has_room = |origin: OriginId| out.has_room(origin);
        let beside = listening.map(|listening| listening.beside(&self.audience, publish.except));
        let listeners = beside.as_ref().map_or(&[][..], |beside| &beside.origins);
        if !(self.audience.origins().all(has_room) && listeners.iter().copied().all(has_room)) {
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
        }
        let (cache_ttl_ms, want_counts) = (publish.cache_ttl_ms, publish.want_counts);
        let heard = self.deliver(publish, cache_ttl_ms, listeners, now_ms, out);
        Ok(Published {
            position: self.position(),
            duplicate: false,
            occupancy: want_counts.then(|| self.occupancy(now_ms)),
            delivered_to: heard + beside.map_or(0, |beside| beside.connections),
        })
    }

    fn deliver(
        &mut self,
        publish: Publish,
        cache_ttl_ms: Option<u64>,
        listeners: &[OriginId],
        now_ms: u64,
        out: &impl Origins,
    ) -> u32 {
        let cache_until_ms = cache_ttl_ms
            .filter(|_| self.kind.is_cache())
            .map(|ttl_ms| now_ms.saturating_add(ttl_ms));
        if self.audience.is_empty() && listeners.is_empty() && cache_until_ms.is_none() {
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
            kept: publish.keep_history,
            encoded: Default::default(),
        });
        if let Some(until_ms) = cache_until_ms {
            self.retained().cache(event.clone(), until_ms);
        }
        for origin in self.audience.origins() {
            out.deliver(origin, Delivery::Event(event.clone()));
        }
        for &origin in listeners {
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

    fn presence(&self) -> Option<&Presence> {
        self.role.as_ref()?.crowd()?.presence.as_deref()
    }

    fn presence_mut(&mut self) -> Option<&mut Presence> {
        self.role.as_mut()?.crowd_mut()?.presence.as_deref_mut()
    }

    fn user(&self) -> Option<&UserState> {
        self.role.as_ref()?.user()
    }

    fn user_mut(&mut self) -> Option<&mut UserState> {
        self.role.as_mut()?.user_mut()
    }

    /// Gives up what the role no longer needs.
    fn rest_role(&mut self) {
        if let Some(crowd) = self.role.as_mut().and_then(|role| role.crowd_mut()) {
            crowd.pace.take_if(|_| self.audience.is_empty());
            crowd.presence.take_if(|presence| presence.is_empty());
            crowd.held_back.take_if(|held| held.is_empty());
        }
        self.role.take_if(|role| role.is_idle());
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
        let users = self.presence().map_or(0, Presence::len);
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

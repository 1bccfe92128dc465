//! One shard: the channels whose names fall in it, their bounds, and what they do by themselves.

mod apps;
mod asking;
mod idle;
mod memory;
mod outlets;
mod seeing;
mod slot;
mod time;

use crate::{
    Delivery, EngineConfig, EnterRefusal, Join, JoinRefusal, Member, OriginId, Outlet, Position,
    Publish, PublishError, Published, Topic, Witness,
    channel::{Channel, Origins as _, audience::Seat, retained::HistoryLimits},
    listeners::Listening,
};
use apps::Apps;
use hashbrown::{DefaultHashBuilder, HashTable};
use idle::IdleList;
pub use memory::Budget;
use outlets::Outlets;
use slab::Slab;
use slot::{Slot, Weight};
use std::{hash::BuildHasher, sync::Arc};
use time::Alarms;

/// Channels and everything their owner needs to decide about them. One thread at a time.
pub struct Shard {
    /// Slots by topic. The hash is keyed anew in each process: strangers choose the names.
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    slots: Slab<Slot>,
    /// Every slot in use has a smaller index.
    slots_end: usize,
    /// The occupied channels of each app.
    apps: Apps,
    idle: IdleList,
    alarms: Alarms,
    outlets: Outlets,
    bounds: Bounds,
    budget: Arc<Budget>,
    next_epoch: u64,
    next_generation: u32,
    tally: Tally,
}

/// This shard's part of the engine's bounds.
struct Bounds {
    max_channels: usize,
    /// Retained bytes this shard may always hold; more only while the others leave room.
    retained_share: usize,
    history: HistoryLimits,
}

/// Running sums, so that figures never need a walk over the channels.
#[derive(Default)]
struct Tally {
    occupied: [u64; crate::answer::ChannelKinds::COUNT],
    subscriptions: u64,
    retained_bytes: usize,
    evicted: u64,
}

/// The shard holds as many channels as it may, and somebody needs each of them.
#[derive(Debug, PartialEq, Eq)]
pub struct Full;

impl Shard {
    pub fn new(config: &EngineConfig, budget: Arc<Budget>, witness: Arc<dyn Witness>) -> Self {
        let shards = config.shards.max(1) as usize;
        Self {
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            slots: Slab::new(),
            slots_end: 0,
            apps: Apps::default(),
            idle: IdleList::default(),
            alarms: Alarms::default(),
            outlets: Outlets::new(witness),
            bounds: Bounds {
                max_channels: config.max_channels.div_ceil(shards),
                retained_share: config.retained_max_bytes / shards,
                history: HistoryLimits::from(config),
            },
            budget,
            next_epoch: config.first_epoch,
            next_generation: 0,
            tally: Tally::default(),
        }
    }

    pub fn add_origin(&mut self, origin: OriginId, outlet: Arc<dyn Outlet>) {
        self.outlets.add(origin, outlet);
    }

    /// Forgets an origin and every connection at it, and tells the others what that changes.
    pub fn remove_origin(&mut self, origin: OriginId, now_ms: u64) {
        self.outlets.remove(origin);
        for slot in 0..self.slots_end as u32 {
            if self.slots.get(slot as usize).is_some_and(|slot| slot.channel.knows(origin)) {
                self.act(slot, |channel, cx| {
                    channel.remove_origin(cx.topic, origin, now_ms, cx.outlets)
                });
            }
        }
    }

    /// Takes a message. See [`Channel::publish`].
    ///
    /// A channel without subscribers that is to remember nothing is not even kept: its message has
    /// the only place of an epoch of its own.
    pub fn publish(
        &mut self,
        publish: Publish,
        listening: Option<&Listening>,
        now_ms: u64,
    ) -> Result<Published, PublishError> {
        let Some((topic, seen)) = self.said(&publish) else {
            return self.take(publish, listening, now_ms);
        };
        let published = self.take(publish, listening, now_ms)?;
        if !published.duplicate {
            self.outlets.witness().saw(&topic, now_ms, seen);
        }
        Ok(published)
    }

    fn take(
        &mut self,
        publish: Publish,
        listening: Option<&Listening>,
        now_ms: u64,
    ) -> Result<Published, PublishError> {
        let slot = match self.find(&publish.topic) {
            Some(slot) => slot,
            None if !publish.is_remembered() => return self.pass_on(publish, listening, now_ms),
            None => self.create(&publish.topic, now_ms).map_err(|Full| PublishError::Overloaded)?,
        };
        let published = self.act(slot, |channel, cx| {
            channel.publish(publish, listening, cx.history, now_ms, cx.outlets)
        });
        self.make_room(Some(slot), now_ms);
        published
    }

    /// A message of a channel that is not held.
    fn pass_on(
        &mut self,
        publish: Publish,
        listening: Option<&Listening>,
        now_ms: u64,
    ) -> Result<Published, PublishError> {
        let epoch = self.epoch();
        if listening.is_some() {
            let mut channel = Channel::new(publish.topic.channel.kind(), epoch);
            let limits = &self.bounds.history;
            return channel.publish(publish, listening, limits, now_ms, &self.outlets);
        }
        Ok(Published {
            position: Position { epoch, seq: 1 },
            duplicate: false,
            occupancy: publish.want_counts.then(Default::default),
            delivered_to: 0,
        })
    }

    /// Lets a connection in; the answer goes to its origin.
    pub fn join(&mut self, join: Join, now_ms: u64) {
        if !self.outlets.has(join.origin) {
            return;
        }
        match self.find_or_create(&join.topic, now_ms) {
            Ok(slot) => self.act(slot, |channel, cx| channel.join(join, now_ms, cx.outlets)),
            Err(Full) => {
                let reason = JoinRefusal::Overloaded;
                let refused = Delivery::Refused { topic: join.topic, socket: join.socket, reason };
                self.outlets.deliver(join.origin, refused);
            }
        }
    }

    /// Lets a connection go; nothing happens if it was not in.
    pub fn leave(
        &mut self,
        topic: &Topic,
        seat: Seat,
        announce_count: bool,
        grace_ms: u64,
        now_ms: u64,
    ) {
        if let Some(slot) = self.find(topic) {
            self.act(slot, |channel, cx| {
                channel.leave(cx.topic, seat, announce_count, grace_ms, now_ms, cx.outlets);
            });
        }
    }

    /// Makes a connection that is in a member. See [`Channel::enter`].
    pub fn enter(
        &mut self,
        topic: &Topic,
        seat: Seat,
        member: Member,
        max_members: u32,
        now_ms: u64,
    ) -> Result<(), EnterRefusal> {
        let slot = self.find(topic).ok_or(EnterRefusal::NotJoined)?;
        self.act(slot, |channel, cx| {
            channel.enter(cx.topic, seat, member, max_members, now_ms, cx.outlets)
        })
    }

    /// Ends a membership; nothing happens if there is none.
    pub fn exit(&mut self, topic: &Topic, seat: Seat, now_ms: u64) {
        if let Some(slot) = self.find(topic) {
            self.act(slot, |channel, cx| channel.exit(cx.topic, seat, now_ms, cx.outlets));
        }
    }

    /// Adds a watcher of the user whose channel this is. Whether the user is online.
    pub fn watch(&mut self, topic: &Topic, seat: Seat, now_ms: u64) -> Result<bool, Full> {
        if !self.outlets.has(seat.origin) {
            return Ok(false);
        }
        let slot = self.find_or_create(topic, now_ms)?;
        Ok(self.act(slot, |channel, cx| {
            // What is due is told first, so that the answer and later news do not overlap.
            channel.wake(cx.topic, now_ms, cx.outlets);
            channel.watch(seat)
        }))
    }

    pub fn unwatch(&mut self, topic: &Topic, seat: Seat) {
        if let Some(slot) = self.find(topic) {
            self.act(slot, |channel, _| channel.unwatch(seat));
        }
    }

    /// Asks the origins to close the connections of the user whose channel this is. How many.
    pub fn terminate(&mut self, topic: &Topic) -> u32 {
        match self.find(topic) {
            Some(slot) => self.act(slot, |channel, cx| channel.terminate(cx.topic, cx.outlets)),
            None => 0,
        }
    }

    fn find(&self, topic: &Topic) -> Option<u32> {
        let hash = self.hasher.hash_one(topic);
        self.table.find(hash, |&slot| self.slots[slot as usize].topic == *topic).copied()
    }

    fn find_or_create(&mut self, topic: &Topic, now_ms: u64) -> Result<u32, Full> {
        self.find(topic).map_or_else(|| self.create(topic, now_ms), Ok)
    }

    /// A channel that is not there yet, in an epoch that no channel of this name has had.
    fn create(&mut self, topic: &Topic, now_ms: u64) -> Result<u32, Full> {
        if self.slots.len() >= self.bounds.max_channels && !self.evict_oldest(None, now_ms) {
            return Err(Full);
        }
        let channel = Channel::new(topic.channel.kind(), self.epoch());
        self.next_generation = self.next_generation.wrapping_add(1);
        let slot =
            self.slots.insert(Slot::new(topic.clone(), channel, self.next_generation)) as u32;
        self.slots_end = self.slots_end.max(slot as usize + 1);
        let (hasher, slots) = (&self.hasher, &self.slots);
        self.table.insert_unique(hasher.hash_one(topic), slot, |&slot| {
            hasher.hash_one(&slots[slot as usize].topic)
        });
        Ok(slot)
    }

    fn epoch(&mut self) -> u64 {
        self.next_epoch += 1;
        self.next_epoch
    }

    /// Changes a channel, and then whatever is kept about it beside the channel.
    fn act<R>(&mut self, slot: u32, change: impl FnOnce(&mut Channel, Surroundings<'_>) -> R) -> R {
        self.act_quietly(slot, true, change)
    }

    /// As [`Shard::act`]; with `touch` false the channel grows no younger by it.
    fn act_quietly<R>(
        &mut self,
        slot: u32,
        touch: bool,
        change: impl FnOnce(&mut Channel, Surroundings<'_>) -> R,
    ) -> R {
        let held = &mut self.slots[slot as usize];
        let before = Weight::of(&held.channel);
        let surroundings = Surroundings {
            topic: &held.topic,
            outlets: &self.outlets,
            history: &self.bounds.history,
        };
        let result = change(&mut held.channel, surroundings);
        self.settle(slot, before, touch);
        result
    }

    fn settle(&mut self, slot: u32, before: Weight, touch: bool) {
        let held = &mut self.slots[slot as usize];
        let after = Weight::of(&held.channel);
        let kind = held.channel.kind() as usize;
        self.tally.subscriptions += u64::from(after.subscriptions);
        self.tally.subscriptions -= u64::from(before.subscriptions);
        match (before.subscriptions > 0, after.subscriptions > 0) {
            (false, true) => {
                self.tally.occupied[kind] += 1;
                self.apps.add(&mut self.slots, slot);
            }
            (true, false) => {
                self.tally.occupied[kind] -= 1;
                self.apps.remove(&mut self.slots, slot);
            }
            _ => {}
        }
        self.settle_memory(slot, after, touch);
        if self.slots.contains(slot as usize) {
            self.alarms.set(slot, &mut self.slots[slot as usize]);
        }
    }

    /// The channel is nobody's any more.
    fn remove(&mut self, slot: u32) {
        let topic = &self.slots[slot as usize].topic;
        if let Ok(found) =
            self.table.find_entry(self.hasher.hash_one(topic), |&other| other == slot)
        {
            found.remove();
        }
        self.slots.remove(slot as usize);
        if self.slots.is_empty() && self.slots.capacity() > Self::WORTH_KEEPING {
            (self.slots, self.table, self.slots_end) = (Slab::new(), HashTable::new(), 0);
        }
    }

    /// Room for this many channels is kept when the last one goes.
    const WORTH_KEEPING: usize = 64;
}

/// What a channel's methods need of its shard.
struct Surroundings<'a> {
    topic: &'a Topic,
    outlets: &'a Outlets,
    history: &'a HistoryLimits,
}

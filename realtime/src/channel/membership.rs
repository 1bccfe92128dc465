//! Coming and going.

use super::{
    Channel, Crowd, Origins, Role, audience::Seat, count::CountPace, transitions::tell_of,
};
use crate::{CacheAnswer, Cached, Delivery, Join, JoinRefusal, Joined, OriginId, Seen, Topic};
use contract::{ChannelKind, webhooks::HookKind};
use std::sync::Arc;

impl Channel {
    /// Lets a connection in, or says why not. A connection that is in already gets its answer once
    /// more and changes nothing.
    ///
    /// Order at the origins: `MemberAdded` to those who were there, `Joined` to the newcomer, then
    /// `Count` to all.
    pub fn join(&mut self, join: Join, now_ms: u64, out: &impl Origins) {
        let seat = Seat { origin: join.origin, socket: join.socket };
        if self.audience.contains(seat) {
            out.deliver(seat.origin, self.welcome(&join.topic, seat, now_ms));
            return;
        }
        if let Some(user) = self.user_state() {
            user.sign_in(&join.topic, out);
        } else {
            if let Some(member) = &join.member {
                self.wake_members(&join.topic, now_ms, out);
                if !self.has_place_for(&member.user, join.max_members) {
                    let reason = JoinRefusal::MembersFull { max: join.max_members };
                    let refused =
                        Delivery::Refused { topic: join.topic, socket: seat.socket, reason };
                    return out.deliver(seat.origin, refused);
                }
            }
            self.is_being_joined(&join.topic, now_ms, out);
            if let Some(member) = join.member {
                self.seat_member(&join.topic, seat, member, join.replace_info, now_ms, out);
            }
        }
        self.audience.insert(seat);
        out.deliver(seat.origin, self.welcome(&join.topic, seat, now_ms));
        if self.kind.is_cache() && self.cached(now_ms).is_none() {
            self.missed(&join.topic, now_ms, out);
        }
        self.counted(join.announce_count);
        self.count_changed(&join.topic, now_ms, out);
        self.rest_role();
    }

    fn cached(&self, now_ms: u64) -> Option<Cached> {
        self.retained.as_ref()?.cached(now_ms)
    }

    fn welcome(&self, topic: &Topic, seat: Seat, now_ms: u64) -> Delivery {
        let roster = match self.presence() {
            Some(presence) => Some(Arc::new(presence.roster())),
            None => self.kind.is_presence().then(Arc::default),
        };
        let cached = match self.cached(now_ms) {
            _ if !self.kind.is_cache() => CacheAnswer::NotACache,
            None => CacheAnswer::Miss,
            Some(cached) => CacheAnswer::Hit(cached.event),
        };
        let position = self.position();
        Delivery::Joined(Box::new(Joined {
            topic: topic.clone(),
            socket: seat.socket,
            roster,
            cached,
            position,
        }))
    }

    /// Lets a connection go. With a `grace_ms` its member stays that long for another connection to
    /// come.
    pub fn leave(
        &mut self,
        topic: &Topic,
        seat: Seat,
        announce_count: bool,
        grace_ms: u64,
        now_ms: u64,
        out: &impl Origins,
    ) {
        if self.audience.remove(seat) {
            self.counted(announce_count);
            self.departed(topic, &[seat], grace_ms, now_ms, out);
        }
    }

    /// Lets every connection and every watcher of an origin go.
    pub fn remove_origin(
        &mut self,
        topic: &Topic,
        origin: OriginId,
        now_ms: u64,
        out: &impl Origins,
    ) {
        let gone = self.audience.remove_origin(origin);
        if !gone.is_empty() {
            self.departed(topic, &gone, 0, now_ms, out);
        }
        if let Some(user) = self.user_mut() {
            user.remove_origin(origin);
        }
        self.rest_role();
    }

    /// The seats are given back; tells the rest who is gone and how many are left.
    fn departed(
        &mut self,
        topic: &Topic,
        gone: &[Seat],
        grace_ms: u64,
        now_ms: u64,
        out: &impl Origins,
    ) {
        for &seat in gone {
            self.unseat_member(topic, seat, grace_ms, now_ms, out);
        }
        if self.audience.is_empty() {
            match self.user_mut() {
                Some(user) => user.sign_out(now_ms),
                None => self.is_left(topic, now_ms, out),
            }
        }
        self.count_changed(topic, now_ms, out);
        self.rest_role();
    }

    /// Whether a connection or a watcher of the origin is here.
    pub fn knows(&self, origin: OriginId) -> bool {
        self.user().is_some_and(|user| user.is_watched_from(origin))
            || self.audience.origins().any(|other| other == origin)
    }

    /// Presence channels have members and users' own channels have neither: none of them counts.
    fn counted(&mut self, announce_count: bool) {
        if self.kind.is_presence() || self.kind == ChannelKind::User {
            return;
        }
        if announce_count {
            if let Some(crowd) = self.crowd() {
                crowd.pace.get_or_insert_default();
            }
        } else if let Some(crowd) = self.role.as_mut().and_then(|role| role.crowd_mut()) {
            crowd.pace = None;
            self.rest_role();
        }
    }

    fn pace(&mut self) -> Option<&mut CountPace> {
        self.role.as_mut()?.crowd_mut()?.pace.as_mut()
    }

    fn count_changed(&mut self, topic: &Topic, now_ms: u64, out: &impl Origins) {
        let subscriptions = self.subscriptions();
        if self.pace().is_some_and(|pace| pace.changed(subscriptions, now_ms)) {
            self.tell_count(topic, now_ms, out);
        }
    }

    pub(super) fn wake_count(&mut self, topic: &Topic, now_ms: u64, out: &impl Origins) {
        let subscriptions = self.subscriptions();
        if self.pace().is_some_and(|pace| pace.wake(subscriptions, now_ms)) {
            self.tell_count(topic, now_ms, out);
        }
    }

    /// Nobody is left to read a 0 but the witness.
    fn tell_count(&self, topic: &Topic, now_ms: u64, out: &impl Origins) {
        let subscriptions = self.subscriptions();
        self.tell(out, || Delivery::Count { topic: topic.clone(), subscriptions });
        tell_of(topic, now_ms, HookKind::SubscriptionCount, out, || Seen::Count { subscriptions });
    }

    /// One delivery to every origin with subscribers.
    pub(super) fn tell(&self, out: &impl Origins, mut delivery: impl FnMut() -> Delivery) {
        for origin in self.audience.origins() {
            out.deliver(origin, delivery());
        }
    }

    /// What subscribers are told of each other, on any channel but a user's own.
    pub(super) fn crowd(&mut self) -> Option<&mut Crowd> {
        if self.kind == ChannelKind::User {
            return None;
        }
        self.role.get_or_insert_with(|| Box::new(Role::Crowd(Crowd::default()))).crowd_mut()
    }
}

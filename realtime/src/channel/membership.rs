//! Coming and going.

use super::{
    Channel, Origins, Role, audience::Seat, count::CountPace, presence::Presence, user::UserState,
};
use crate::{CacheAnswer, Delivery, Join, JoinRefusal, Joined, Member, OriginId, Topic};
use contract::ChannelKind;
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
        if let Some(member) = join.member.filter(|_| self.kind.is_presence()) {
            if let Err(reason) = self.arrive(&join.topic, seat, member, join.max_members, out) {
                out.deliver(
                    seat.origin,
                    Delivery::Refused { topic: join.topic, socket: seat.socket, reason },
                );
                return;
            }
        } else if self.kind == ChannelKind::User {
            self.user_state().sign_in(&join.topic, out);
        }
        self.audience.insert(seat);
        out.deliver(seat.origin, self.welcome(&join.topic, seat, now_ms));
        self.counted(join.announce_count);
        self.count_changed(&join.topic, now_ms, out);
    }

    fn arrive(
        &mut self,
        topic: &Topic,
        seat: Seat,
        member: Member,
        max_members: u32,
        out: &impl Origins,
    ) -> Result<(), JoinRefusal> {
        let full = match &self.role {
            Role::Presence(presence) => {
                presence.len() >= max_members && !presence.has_user(&member.user)
            }
            _ => max_members == 0,
        };
        if full {
            return Err(JoinRefusal::MembersFull { max: max_members });
        }
        if let Some(member) = self.presence().arrive(seat, member) {
            self.tell(out, || Delivery::MemberAdded {
                topic: topic.clone(),
                member: member.clone(),
            });
        }
        Ok(())
    }

    fn welcome(&self, topic: &Topic, seat: Seat, now_ms: u64) -> Delivery {
        let roster = match &self.role {
            Role::Presence(presence) => Some(Arc::new(presence.roster())),
            _ => self.kind.is_presence().then(Arc::default),
        };
        let cached = match self.retained.as_ref().and_then(|retained| retained.cached(now_ms)) {
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

    /// Lets a connection go. Whether it was in.
    pub fn leave(
        &mut self,
        topic: &Topic,
        seat: Seat,
        announce_count: bool,
        now_ms: u64,
        out: &impl Origins,
    ) -> bool {
        if !self.audience.remove(seat) {
            return false;
        }
        self.counted(announce_count);
        self.departed(topic, &[seat], now_ms, out);
        true
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
            self.departed(topic, &gone, now_ms, out);
        }
        if let Role::User(user) = &mut self.role {
            user.remove_origin(origin);
        }
        self.rest_user();
    }

    /// The seats are given back; tells the rest who is gone and how many are left.
    fn departed(&mut self, topic: &Topic, gone: &[Seat], now_ms: u64, out: &impl Origins) {
        for &seat in gone {
            if let Role::Presence(presence) = &mut self.role
                && let Some(user) = presence.depart(seat)
            {
                self.tell(out, || Delivery::MemberRemoved {
                    topic: topic.clone(),
                    user: user.clone(),
                });
            }
        }
        if let Role::User(user) = &mut self.role
            && self.audience.is_empty()
        {
            user.sign_out(now_ms);
        }
        self.count_changed(topic, now_ms, out);
        if self.audience.is_empty() && matches!(self.role, Role::Presence(_) | Role::Counted(_)) {
            self.role = Role::Plain;
        }
    }

    /// Whether a connection or a watcher of the origin is here.
    pub fn knows(&self, origin: OriginId) -> bool {
        let watches = matches!(&self.role, Role::User(user) if user.is_watched_from(origin));
        watches || self.audience.origins().any(|other| other == origin)
    }

    /// Everyone present, in order of arrival.
    pub fn members(&self) -> Vec<Member> {
        match &self.role {
            Role::Presence(presence) => presence.roster(),
            _ => Vec::new(),
        }
    }

    /// Presence channels have members and users' own channels have neither: none of them counts.
    fn counted(&mut self, announce_count: bool) {
        match (&self.role, announce_count) {
            _ if self.kind.is_presence() || self.kind == ChannelKind::User => {}
            (Role::Plain, true) => self.role = Role::Counted(Box::default()),
            (Role::Counted(_), false) => self.role = Role::Plain,
            _ => {}
        }
    }

    fn count_changed(&mut self, topic: &Topic, now_ms: u64, out: &impl Origins) {
        let subscriptions = self.subscriptions();
        if let Role::Counted(pace) = &mut self.role
            && CountPace::changed(pace, subscriptions, now_ms)
        {
            self.tell_count(topic, out);
        }
    }

    pub(super) fn tell_count(&self, topic: &Topic, out: &impl Origins) {
        let subscriptions = self.subscriptions();
        self.tell(out, || Delivery::Count { topic: topic.clone(), subscriptions });
    }

    /// One delivery to every origin with subscribers.
    pub(super) fn tell(&self, out: &impl Origins, mut delivery: impl FnMut() -> Delivery) {
        for origin in self.audience.origins() {
            out.deliver(origin, delivery());
        }
    }

    fn presence(&mut self) -> &mut Presence {
        if !matches!(self.role, Role::Presence(_)) {
            self.role = Role::Presence(Box::default());
        }
        match &mut self.role {
            Role::Presence(presence) => presence,
            _ => unreachable!("set above"),
        }
    }

    pub(super) fn user_state(&mut self) -> &mut UserState {
        if !matches!(self.role, Role::User(_)) {
            self.role = Role::User(Box::default());
        }
        match &mut self.role {
            Role::User(user) => user,
            _ => unreachable!("set above"),
        }
    }
}

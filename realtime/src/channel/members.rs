//! Who is seen on a channel: connections that joined as somebody, or entered once they were in.

use super::{Channel, Origins, Presence, audience::Seat};
use crate::{Delivery, EnterRefusal, Member, Topic};
use contract::{ChannelKind, UserId};
use std::sync::Arc;

impl Channel {
    /// Makes a connection that hears the channel a member of it. `MemberAdded` goes to everyone,
    /// the newcomer too; a user who is here already gets new info, and nobody is told.
    ///
    /// Errors: [`EnterRefusal`]; nothing has changed then.
    pub fn enter(
        &mut self,
        topic: &Topic,
        seat: Seat,
        member: Member,
        max_members: u32,
        now_ms: u64,
        out: &impl Origins,
    ) -> Result<(), EnterRefusal> {
        if !self.audience.contains(seat) || self.kind == ChannelKind::User {
            return Err(EnterRefusal::NotJoined);
        }
        let seated_as = self.presence().and_then(|presence| presence.user_of(seat));
        if seated_as.is_some_and(|user| *user != member.user) {
            return Err(EnterRefusal::OtherMember);
        }
        self.wake_members(topic, now_ms, out);
        if !self.has_place_for(&member.user, max_members) {
            return Err(EnterRefusal::MembersFull { max: max_members });
        }
        self.seat_member(topic, seat, member, true, now_ms, out);
        self.rest_role();
        Ok(())
    }

    /// Ends a connection's membership, at once. It goes on hearing the channel.
    pub fn exit(&mut self, topic: &Topic, seat: Seat, now_ms: u64, out: &impl Origins) {
        self.wake_members(topic, now_ms, out);
        self.unseat_member(topic, seat, 0, now_ms, out);
        self.rest_role();
    }

    /// Everyone present, in order of arrival.
    pub fn members(&self) -> Vec<Member> {
        self.presence().map(Presence::roster).unwrap_or_default()
    }

    pub(super) fn has_place_for(&self, user: &UserId, max_members: u32) -> bool {
        match self.presence() {
            Some(presence) => presence.len() < max_members || presence.has_user(user),
            None => max_members > 0,
        }
    }

    pub(super) fn seat_member(
        &mut self,
        topic: &Topic,
        seat: Seat,
        member: Member,
        replace_info: bool,
        now_ms: u64,
        out: &impl Origins,
    ) {
        let Some(crowd) = self.crowd() else { return };
        let presence = crowd.presence.get_or_insert_default();
        if let Some(member) = presence.arrive(seat, member, replace_info) {
            let added = || Delivery::MemberAdded { topic: topic.clone(), member: member.clone() };
            self.tell(out, added);
            self.member_came(topic, &member.user, now_ms, out);
        }
    }

    pub(super) fn unseat_member(
        &mut self,
        topic: &Topic,
        seat: Seat,
        grace_ms: u64,
        now_ms: u64,
        out: &impl Origins,
    ) {
        let gone = self.presence_mut().and_then(|there| there.depart(seat, grace_ms, now_ms));
        if let Some(member) = gone {
            self.tell_removed(topic, &member, (now_ms, now_ms), out);
        }
    }

    /// Lets those go whose grace has ended.
    pub(super) fn wake_members(&mut self, topic: &Topic, now_ms: u64, out: &impl Origins) {
        while let Some((member, absence)) =
            self.presence_mut().and_then(|there| there.expire_one(now_ms))
        {
            self.tell_removed(topic, &member, absence, out);
        }
        self.tell_held_back(topic, now_ms, out);
        self.rest_role();
    }

    fn tell_removed(
        &mut self,
        topic: &Topic,
        member: &Arc<Member>,
        absence: (u64, u64),
        out: &impl Origins,
    ) {
        self.tell(out, || Delivery::MemberRemoved { topic: topic.clone(), member: member.clone() });
        self.member_went(topic, &member.user, absence, out);
    }
}

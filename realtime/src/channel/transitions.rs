//! What the witness is told: each transition once, and nothing that is undone within [`HOLD_MS`].

use super::{Channel, Origins};
use crate::{
    Topic,
    witness::{HOLD_MS, Seen},
};
use contract::{
    UserId,
    webhooks::{HookKind, HookSet},
};
use hashbrown::HashMap;
use std::collections::BTreeSet;

/// What is to be told if it is not undone by then. It is there only while something is waited for.
#[derive(Debug, Default)]
pub struct HeldBack {
    vacated_ms: Option<u64>,
    removed: BTreeSet<(u64, UserId)>,
    removed_ms: HashMap<UserId, u64>,
    /// No miss is told before.
    next_miss_ms: Option<u64>,
}

/// What a user takes who is held back beside the id, an estimate: it stands in two tables.
const USER_BYTES: usize = 128;

/// Either of a pair is worth holding back for.
const OCCUPANCY: HookSet =
    HookSet::NONE.with(HookKind::ChannelOccupied).with(HookKind::ChannelVacated);
const MEMBERS: HookSet = HookSet::NONE.with(HookKind::MemberAdded).with(HookKind::MemberRemoved);

impl HeldBack {
    pub fn is_empty(&self) -> bool {
        self.vacated_ms.is_none() && self.removed.is_empty() && self.next_miss_ms.is_none()
    }

    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.removed.len() * USER_BYTES
    }

    pub fn due_ms(&self) -> Option<u64> {
        let removed_ms = self.removed.first().map(|(due_ms, _)| *due_ms);
        [self.vacated_ms, removed_ms, self.next_miss_ms].into_iter().flatten().min()
    }

    fn hold_removed(&mut self, user: UserId, due_ms: u64) {
        if !self.removed_ms.contains_key(&user) {
            self.removed_ms.insert(user.clone(), due_ms);
            self.removed.insert((due_ms, user));
        }
    }

    /// Whether the user was about to be told as gone.
    fn is_back(&mut self, user: &UserId) -> bool {
        let Some(due_ms) = self.removed_ms.remove(user) else { return false };
        self.removed.remove(&(due_ms, user.clone()))
    }

    /// The next thing to tell by `now_ms`, and when it became certain. Members go before their
    /// channel does.
    fn pop(&mut self, now_ms: u64) -> Option<(u64, Seen)> {
        self.next_miss_ms.take_if(|next_ms| *next_ms <= now_ms);
        let until_ms = self.vacated_ms.map_or(now_ms, |vacated_ms| vacated_ms.min(now_ms));
        if self.removed.first().is_some_and(|(due_ms, _)| *due_ms <= until_ms) {
            let (due_ms, user) = self.removed.pop_first()?;
            self.removed_ms.remove(&user);
            return Some((due_ms, Seen::MemberRemoved { user }));
        }
        let due_ms = self.vacated_ms.take_if(|due_ms| *due_ms <= now_ms)?;
        Some((due_ms, Seen::Vacated))
    }
}

impl Channel {
    /// A connection is about to hear the channel.
    pub(super) fn is_being_joined(&mut self, topic: &Topic, now_ms: u64, out: &impl Origins) {
        self.tell_held_back(topic, now_ms, out);
        if !self.audience.is_empty() {
            return;
        }
        let is_back = self.held_back_mut().is_some_and(|held| held.vacated_ms.take().is_some());
        if !is_back {
            tell(topic, now_ms, Seen::Occupied, out);
        }
    }

    /// The last connection is gone.
    pub(super) fn is_left(&mut self, topic: &Topic, now_ms: u64, out: &impl Origins) {
        if wants_any(topic, OCCUPANCY, out)
            && let Some(held) = self.hold_back()
        {
            held.vacated_ms = Some(now_ms.saturating_add(HOLD_MS));
        }
    }

    pub(super) fn member_came(
        &mut self,
        topic: &Topic,
        user: &UserId,
        now_ms: u64,
        out: &impl Origins,
    ) {
        if !self.held_back_mut().is_some_and(|held| held.is_back(user)) {
            tell_of(topic, now_ms, HookKind::MemberAdded, out, || Seen::MemberAdded {
                user: user.clone(),
            });
        }
    }

    /// A member is gone since `left_ms`, and was waited for until `until_ms`.
    pub(super) fn member_went(
        &mut self,
        topic: &Topic,
        user: &UserId,
        (left_ms, until_ms): (u64, u64),
        out: &impl Origins,
    ) {
        if wants_any(topic, MEMBERS, out)
            && let Some(held) = self.hold_back()
        {
            held.hold_removed(user.clone(), until_ms.max(left_ms.saturating_add(HOLD_MS)));
        }
    }

    /// A connection came, and nothing was there to show it.
    pub(super) fn missed(&mut self, topic: &Topic, now_ms: u64, out: &impl Origins) {
        if wants_any(topic, HookSet::NONE.with(HookKind::CacheMiss), out)
            && let Some(held) = self.hold_back()
            && held.next_miss_ms.is_none()
        {
            held.next_miss_ms = Some(now_ms.saturating_add(HOLD_MS));
            out.witness().saw(topic, now_ms, Seen::CacheMiss);
        }
    }

    /// Tells what has become certain by now.
    pub(super) fn tell_held_back(&mut self, topic: &Topic, now_ms: u64, out: &impl Origins) {
        let Some(held) = self.held_back_mut() else { return };
        while let Some((due_ms, seen)) = held.pop(now_ms) {
            tell(topic, due_ms, seen, out);
        }
        self.rest_role();
    }

    /// The channel is about to be forgotten to make room: what would be told later is told now.
    pub fn is_being_forgotten(&mut self, topic: &Topic, now_ms: u64, out: &impl Origins) {
        let absent = if wants_any(topic, MEMBERS, out) { self.members() } else { Vec::new() };
        for member in absent {
            if let Some(held) = self.hold_back() {
                held.hold_removed(member.user, now_ms);
            }
        }
        let Some(held) = self.held_back_mut() else { return };
        while let Some((due_ms, seen)) = held.pop(u64::MAX) {
            tell(topic, due_ms.min(now_ms), seen, out);
        }
    }

    /// The channel stands as occupied, or these users as present, from before the engine began.
    /// Those who are not here by the end of the usual time are told to be gone.
    pub fn recall(&mut self, is_occupied: bool, mut users: Vec<UserId>, now_ms: u64) {
        if let Some(presence) = self.presence() {
            users.retain(|user| !presence.has_user(user));
        }
        let is_gone = is_occupied && self.audience.is_empty();
        if !is_gone && users.is_empty() {
            return;
        }
        let Some(held) = self.hold_back() else { return };
        let due_ms = now_ms.saturating_add(HOLD_MS);
        users.into_iter().for_each(|user| held.hold_removed(user, due_ms));
        if is_gone {
            held.vacated_ms.get_or_insert(due_ms);
        }
        self.rest_role();
    }

    pub(super) fn held_back(&self) -> Option<&HeldBack> {
        self.role.as_ref()?.crowd()?.held_back.as_deref()
    }

    fn held_back_mut(&mut self) -> Option<&mut HeldBack> {
        self.role.as_mut()?.crowd_mut()?.held_back.as_deref_mut()
    }

    /// Where to note what is held back; there is no such place on a user's own channel.
    fn hold_back(&mut self) -> Option<&mut HeldBack> {
        Some(self.crowd()?.held_back.get_or_insert_default())
    }
}

fn wants_any(topic: &Topic, kinds: HookSet, out: &impl Origins) -> bool {
    out.witness().wants(&topic.app).bits() & kinds.bits() != 0
}

fn tell(topic: &Topic, at_ms: u64, seen: Seen, out: &impl Origins) {
    tell_of(topic, at_ms, seen.kind(), out, || seen);
}

/// Makes and tells what somebody wants to hear of.
pub(super) fn tell_of(
    topic: &Topic,
    at_ms: u64,
    kind: HookKind,
    out: &impl Origins,
    seen: impl FnOnce() -> Seen,
) {
    if out.witness().wants(&topic.app).contains(kind) {
        out.witness().saw(topic, at_ms, seen());
    }
}

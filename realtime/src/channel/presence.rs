//! Which users are on a channel: a user comes with the first connection and goes with the last, or
//! when the grace is over that the last one was given.

use super::audience::Seat;
use crate::{Member, Roster};
use contract::UserId;
use hashbrown::HashMap;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The members of one channel. User ids are chosen by strangers: the hash is keyed.
#[derive(Debug, Default)]
pub struct Presence {
    seats: HashMap<Seat, UserId>,
    users: HashMap<UserId, Present>,
    by_arrival: BTreeMap<u64, Arc<Member>>,
    /// When the grace of those without a connection ends, and their arrivals.
    absent: BTreeSet<(u64, u64)>,
    arrivals: u64,
    text_bytes: usize,
}

#[derive(Debug)]
struct Present {
    arrival: u64,
    connections: u32,
    /// The grace that the last connection was given, and the Unix milliseconds at which it ends.
    /// They count while there is no connection.
    grace_ms: u32,
    until_ms: u64,
}

/// What a member takes beside its texts, an estimate: it stands in three tables.
const MEMBER_BYTES: usize = 256;

impl Presence {
    pub fn len(&self) -> u32 {
        self.users.len() as u32
    }

    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    pub fn has_user(&self, user: &UserId) -> bool {
        self.users.contains_key(user)
    }

    /// Who a connection is here.
    pub fn user_of(&self, seat: Seat) -> Option<&UserId> {
        self.seats.get(&seat)
    }

    pub fn bytes(&self) -> usize {
        self.users.len() * MEMBER_BYTES + self.text_bytes
    }

    /// Seats a connection of `member`, and returns the member if that is news: if the user has no
    /// other connection and no grace left. Of a user who is here already only the info may change,
    /// and only with `replace_info`.
    pub fn arrive(
        &mut self,
        seat: Seat,
        member: Member,
        replace_info: bool,
    ) -> Option<Arc<Member>> {
        let is_new_seat = self.seats.insert(seat, member.user.clone()).is_none();
        if let Some(present) = self.users.get_mut(&member.user) {
            if present.connections == 0 {
                self.absent.remove(&(present.until_ms, present.arrival));
            }
            present.connections += u32::from(is_new_seat);
            let arrival = present.arrival;
            if replace_info {
                self.replace_info(arrival, member.info);
            }
            return None;
        }
        self.arrivals += 1;
        let arrival = self.arrivals;
        let present = Present { arrival, connections: 1, grace_ms: 0, until_ms: 0 };
        self.users.insert(member.user.clone(), present);
        self.text_bytes += member.text_bytes();
        let member = Arc::new(member);
        self.by_arrival.insert(arrival, member.clone());
        Some(member)
    }

    fn replace_info(&mut self, arrival: u64, info: Option<Arc<str>>) {
        let Some(held) = self.by_arrival.get_mut(&arrival) else { return };
        if held.info == info {
            return;
        }
        let newer = Member { info, ..held.as_ref().clone() };
        self.text_bytes = self.text_bytes + newer.text_bytes() - held.text_bytes();
        *held = Arc::new(newer);
    }

    /// Gives a connection's seat back, and returns its user if that was the last and nothing is
    /// waited for. With a `grace_ms` the user stays that long.
    pub fn depart(&mut self, seat: Seat, grace_ms: u64, now_ms: u64) -> Option<Arc<Member>> {
        let user = self.seats.remove(&seat)?;
        let present = self.users.get_mut(&user)?;
        present.connections -= 1;
        if present.connections > 0 {
            return None;
        }
        let arrival = present.arrival;
        if grace_ms > 0 {
            present.grace_ms = u32::try_from(grace_ms).unwrap_or(u32::MAX);
            present.until_ms = now_ms.saturating_add(present.grace_ms.into());
            self.absent.insert((present.until_ms, arrival));
            return None;
        }
        self.remove(arrival)
    }

    /// When the next grace ends.
    pub fn due_ms(&self) -> Option<u64> {
        self.absent.first().map(|&(until_ms, _)| until_ms)
    }

    /// Removes one user whose grace has ended, and says when it began and ended.
    pub fn expire_one(&mut self, now_ms: u64) -> Option<(Arc<Member>, (u64, u64))> {
        let &(until_ms, arrival) =
            self.absent.first().filter(|(until_ms, _)| *until_ms <= now_ms)?;
        self.absent.pop_first();
        let user = &self.by_arrival.get(&arrival)?.user;
        let grace_ms = self.users.get(user).map_or(0, |present| present.grace_ms);
        let left_ms = until_ms.saturating_sub(grace_ms.into());
        Some((self.remove(arrival)?, (left_ms, until_ms)))
    }

    fn remove(&mut self, arrival: u64) -> Option<Arc<Member>> {
        let member = self.by_arrival.remove(&arrival)?;
        self.users.remove(&member.user);
        self.text_bytes -= member.text_bytes();
        Some(member)
    }

    /// Everyone, in order of arrival.
    pub fn roster(&self) -> Roster {
        self.by_arrival.values().map(|member| member.as_ref().clone()).collect()
    }
}

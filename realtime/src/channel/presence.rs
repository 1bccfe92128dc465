//! Which users are on a channel: a user comes with the first connection and goes with the last.

use super::audience::Seat;
use crate::{Member, Roster};
use contract::UserId;
use hashbrown::HashMap;
use std::{collections::BTreeMap, sync::Arc};

/// The members of one channel. User ids are chosen by strangers: the hash is keyed.
#[derive(Debug, Default)]
pub struct Presence {
    seats: HashMap<Seat, UserId>,
    users: HashMap<UserId, Present>,
    by_arrival: BTreeMap<u64, Arc<Member>>,
    arrivals: u64,
}

#[derive(Debug)]
struct Present {
    arrival: u64,
    connections: u32,
}

impl Presence {
    pub fn len(&self) -> u32 {
        self.users.len() as u32
    }

    pub fn has_user(&self, user: &UserId) -> bool {
        self.users.contains_key(user)
    }

    /// Seats a connection of `member`, and returns the member if it is the user's first. What a
    /// later connection says about the user is not looked at.
    pub fn arrive(&mut self, seat: Seat, member: Member) -> Option<Arc<Member>> {
        if self.seats.contains_key(&seat) {
            return None;
        }
        self.seats.insert(seat, member.user.clone());
        if let Some(present) = self.users.get_mut(&member.user) {
            present.connections += 1;
            return None;
        }
        self.arrivals += 1;
        let arrival = self.arrivals;
        self.users.insert(member.user.clone(), Present { arrival, connections: 1 });
        let member = Arc::new(member);
        self.by_arrival.insert(arrival, member.clone());
        Some(member)
    }

    /// Gives a connection's seat back, and returns its user if that was the user's last.
    pub fn depart(&mut self, seat: Seat) -> Option<UserId> {
        let user = self.seats.remove(&seat)?;
        let present = self.users.get_mut(&user)?;
        present.connections -= 1;
        if present.connections > 0 {
            return None;
        }
        let arrival = present.arrival;
        self.users.remove(&user);
        self.by_arrival.remove(&arrival);
        Some(user)
    }

    /// Everyone, in order of arrival.
    pub fn roster(&self) -> Roster {
        self.by_arrival.values().map(|member| member.as_ref().clone()).collect()
    }
}

//! What the engine should do, said as simply as possible and as slowly as need be.

mod compare;

use crate::{EnterRefusal, Position, PublishError, Published, testing::*};
use contract::Pattern;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A connection: the number of its origin, and its socket.
pub type Connection = (usize, u64);

/// A user and the info given with it.
pub type Who = (&'static str, u8);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub app: u8,
    pub channel: &'static str,
}

/// The channels on which subscribers are told how many they are.
pub fn is_counted(channel: &str) -> bool {
    matches!(channel, "private-c" | "cache-a")
}

/// The room for members on each channel.
pub const MAX_MEMBERS: u32 = 2;

struct Present {
    who: Who,
    seats: BTreeSet<Connection>,
    /// When the grace ends, if there is no seat.
    until_ms: u64,
}

/// Connections in order of joining, and what each origin must still be told.
#[derive(Default)]
pub struct Model {
    subscribed: BTreeMap<Place, Vec<Connection>>,
    /// Present users in order of arrival.
    present: BTreeMap<Place, Vec<Present>>,
    listening: BTreeSet<(u8, &'static str, Connection)>,
    signed_in: BTreeMap<&'static str, BTreeSet<Connection>>,
    watching: BTreeMap<&'static str, BTreeSet<Connection>>,
    offline_at_ms: BTreeMap<&'static str, u64>,
    keys: BTreeMap<(Place, u8), Position>,
    kept: BTreeMap<Place, Vec<u64>>,
    last: BTreeMap<Place, Position>,
    expected: BTreeMap<usize, Vec<String>>,
}

/// A message as the model sees it.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    pub at: Place,
    pub key: Option<u8>,
    pub keep: bool,
    pub except: Option<u64>,
    /// The origin that has no room.
    pub full: Option<usize>,
}

impl Model {
    fn tell(&mut self, origins: impl IntoIterator<Item = usize>, words: &str) {
        for origin in origins.into_iter().collect::<BTreeSet<_>>() {
            self.expected.entry(origin).or_default().push(words.to_owned());
        }
    }

    fn seats(&self, at: Place) -> &[Connection] {
        self.subscribed.get(&at).map_or(&[], Vec::as_slice)
    }

    fn present(&self, at: Place) -> &[Present] {
        self.present.get(&at).map_or(&[], Vec::as_slice)
    }

    fn tell_all(&mut self, at: Place, words: &str) {
        let origins: Vec<usize> = self.seats(at).iter().map(|seat| seat.0).collect();
        self.tell(origins, &format!("{} {words}", at.app));
    }

    pub fn join(
        &mut self,
        at: Place,
        seat: Connection,
        who: Option<Who>,
        replace: bool,
        now_ms: u64,
    ) {
        let is_in = self.seats(at).contains(&seat);
        if !is_in {
            if let Some(who) = who {
                self.end_graces(at, now_ms);
                if !self.has_place(at, who) {
                    return self.tell([seat.0], &format!("{} refused {}", at.app, seat.1));
                }
                self.arrive(at, seat, who, replace);
            }
            self.subscribed.entry(at).or_default().push(seat);
        }
        let users: Vec<&str> = self.present(at).iter().map(|present| present.who.0).collect();
        let shows_roster = at.channel.starts_with("presence-") || !users.is_empty();
        let roster = if shows_roster { format!(" [{}]", users.join(" ")) } else { String::new() };
        self.tell([seat.0], &format!("{} joined {}{roster}", at.app, seat.1));
        if !is_in {
            self.tell_count(at);
        }
    }

    fn has_place(&self, at: Place, who: Who) -> bool {
        let present = self.present(at);
        present.len() < MAX_MEMBERS as usize || present.iter().any(|other| other.who.0 == who.0)
    }

    fn arrive(&mut self, at: Place, seat: Connection, who: Who, replace: bool) {
        let present = self.present.entry(at).or_default();
        match present.iter_mut().find(|other| other.who.0 == who.0) {
            Some(other) => {
                other.seats.insert(seat);
                if replace {
                    other.who = who;
                }
            }
            None => {
                present.push(Present { who, seats: [seat].into(), until_ms: 0 });
                self.tell_all(at, &format!("added {}", who.0));
            }
        }
    }

    pub fn enter(
        &mut self,
        at: Place,
        seat: Connection,
        who: Who,
        now_ms: u64,
    ) -> Result<(), EnterRefusal> {
        if !self.seats(at).contains(&seat) {
            return Err(EnterRefusal::NotJoined);
        }
        let is_other = |other: &Present| other.seats.contains(&seat) && other.who.0 != who.0;
        if self.present(at).iter().any(is_other) {
            return Err(EnterRefusal::OtherMember);
        }
        self.end_graces(at, now_ms);
        if !self.has_place(at, who) {
            return Err(EnterRefusal::MembersFull { max: MAX_MEMBERS });
        }
        self.arrive(at, seat, who, true);
        Ok(())
    }

    pub fn exit(&mut self, at: Place, seat: Connection, now_ms: u64) {
        self.end_graces(at, now_ms);
        self.depart(at, seat, None);
        self.forget(at);
    }

    fn depart(&mut self, at: Place, seat: Connection, until_ms: Option<u64>) {
        let present = self.present.entry(at).or_default();
        let Some(index) = present.iter().position(|other| other.seats.contains(&seat)) else {
            return;
        };
        present[index].seats.remove(&seat);
        if !present[index].seats.is_empty() {
            return;
        }
        match until_ms {
            Some(until_ms) => present[index].until_ms = until_ms,
            None => {
                let gone = present.remove(index);
                self.tell_all(at, &format!("removed {}", gone.who.0));
            }
        }
    }

    fn end_graces(&mut self, at: Place, now_ms: u64) {
        let present = self.present.entry(at).or_default();
        let is_over = |other: &Present| other.seats.is_empty() && other.until_ms <= now_ms;
        let mut gone: Vec<Present> = present.extract_if(.., |other| is_over(other)).collect();
        gone.sort_by_key(|other| other.until_ms);
        for other in gone {
            self.tell_all(at, &format!("removed {}", other.who.0));
        }
    }

    fn tell_count(&mut self, at: Place) {
        if is_counted(at.channel) {
            let count = self.seats(at).len();
            self.tell_all(at, &format!("count {count}"));
        }
    }

    fn tell_watchers(&mut self, user: &'static str, what: &str) {
        let origins: Vec<usize> =
            self.watching.get(user).into_iter().flatten().map(|who| who.0).collect();
        self.tell(origins, &format!("1 {what} {user}"));
    }

    fn is_online(&self, user: &str) -> bool {
        let is_signed_in =
            self.signed_in.get(user).is_some_and(|connections| !connections.is_empty());
        is_signed_in || self.offline_at_ms.contains_key(user)
    }

    pub fn watch(&mut self, user: &'static str, who: Connection, now_ms: u64) -> bool {
        self.end_absence(user, now_ms);
        self.watching.entry(user).or_default().insert(who);
        self.is_online(user)
    }

    fn end_absence(&mut self, user: &'static str, now_ms: u64) {
        if self.offline_at_ms.get(user).is_some_and(|&due_ms| due_ms <= now_ms) {
            self.offline_at_ms.remove(user);
            self.tell_watchers(user, "offline");
        }
    }

    pub fn unwatch(&mut self, user: &'static str, who: Connection) {
        self.watching.entry(user).or_default().remove(&who);
    }

    pub fn listen(&mut self, app: u8, pattern: &'static str, who: Connection) {
        self.listening.insert((app, pattern, who));
    }

    pub fn unlisten(&mut self, app: u8, pattern: &'static str, who: Connection) {
        self.listening.remove(&(app, pattern, who));
    }

    /// Connections that hear the channel by pattern alone.
    fn listeners(&self, at: Place) -> BTreeSet<Connection> {
        let matches =
            |pattern: &str| pattern.parse::<Pattern>().expect("pattern").matches(at.channel);
        self.listening
            .iter()
            .filter(|&&(app, pattern, who)| {
                app == at.app && matches(pattern) && !self.seats(at).contains(&who)
            })
            .map(|&(_, _, who)| who)
            .collect()
    }

    pub fn leave(&mut self, at: Place, seat: Connection, grace_ms: u64, now_ms: u64) {
        if self.leave_quietly(at, seat, (grace_ms > 0).then_some(now_ms + grace_ms)) {
            self.tell_count(at);
        }
        self.forget(at);
    }

    fn leave_quietly(&mut self, at: Place, seat: Connection, until_ms: Option<u64>) -> bool {
        let Some(seats) = self.subscribed.get_mut(&at) else { return false };
        let Some(index) = seats.iter().position(|&other| other == seat) else { return false };
        seats.remove(index);
        self.depart(at, seat, until_ms);
        true
    }

    fn is_remembered(&self, at: Place) -> bool {
        self.keys.keys().any(|&(place, _)| place == at) || self.kept.contains_key(&at)
    }

    /// Whether the channel exists although it may be that nobody hears it.
    fn is_held(&self, at: Place) -> bool {
        self.is_remembered(at) || !self.seats(at).is_empty() || !self.present(at).is_empty()
    }

    /// A channel that is not held: its order starts anew.
    fn forget(&mut self, at: Place) {
        if !self.is_held(at) {
            self.last.remove(&at);
        }
    }

    pub fn sign_in(&mut self, user: &'static str, who: Connection) {
        if !self.is_online(user) {
            self.tell_watchers(user, "online");
        }
        self.signed_in.entry(user).or_default().insert(who);
        self.offline_at_ms.remove(user);
        self.tell([who.0], &format!("1 joined {}", who.1));
    }

    pub fn sign_out(&mut self, user: &'static str, who: Connection, now_ms: u64) {
        let Some(connections) = self.signed_in.get_mut(user) else { return };
        if connections.remove(&who) && connections.is_empty() {
            self.offline_at_ms.insert(user, now_ms + 3_000);
        }
    }

    pub fn terminate(&mut self, user: &'static str) -> u32 {
        let connections = self.signed_in.get(user).cloned().unwrap_or_default();
        self.tell(connections.iter().map(|who| who.0), &format!("1 terminate {user}"));
        connections.len() as u32
    }

    pub fn tick(&mut self, now_ms: u64) {
        let places: Vec<Place> = self.present.keys().copied().collect();
        for at in places {
            self.end_graces(at, now_ms);
            self.forget(at);
        }
        let absent: Vec<_> = self.offline_at_ms.keys().copied().collect();
        absent.into_iter().for_each(|user| self.end_absence(user, now_ms));
    }

    pub fn publish(
        &mut self,
        message: Message,
        published: Result<Published, PublishError>,
    ) -> Result<(), TestCaseError> {
        let Message { at, key, keep, except, full } = message;
        if let Some(&first) = key.and_then(|key| self.keys.get(&(at, key))) {
            let published = published.expect("what was taken is not refused");
            prop_assert_eq!((published.duplicate, published.position), (true, first), "I5");
            return Ok(());
        }
        let mut concerned: BTreeSet<Connection> = self.seats(at).iter().copied().collect();
        concerned.extend(self.listeners(at));
        if full.is_some_and(|full| concerned.iter().any(|who| who.0 == full)) {
            prop_assert_eq!(published.err(), Some(PublishError::Overloaded));
            return Ok(());
        }
        let published = published.expect("there was room");
        let heard = concerned.iter().filter(|who| Some(who.1) != except).count();
        prop_assert_eq!((published.duplicate, published.delivered_to as usize), (false, heard));
        match self.last.get(&at) {
            Some(last) => {
                prop_assert_eq!(published.position, Position { seq: last.seq + 1, ..*last })
            }
            None => prop_assert_eq!(published.position.seq, 1),
        }
        if let Some(key) = key {
            self.keys.insert((at, key), published.position);
        }
        if keep {
            self.kept.entry(at).or_default().push(published.position.seq);
        }
        if self.is_held(at) {
            self.last.insert(at, published.position);
        }
        let words = format!("{} event {} x", at.app, published.position.seq);
        self.tell(concerned.iter().map(|who| who.0), &words);
        Ok(())
    }

    pub fn lose(&mut self, origin: usize, now_ms: u64) {
        let lost: Vec<_> = self
            .subscribed
            .iter()
            .map(|(&at, seats)| {
                (at, seats.iter().copied().filter(|who| who.0 == origin).collect::<Vec<_>>())
            })
            .collect();
        for (at, gone) in lost {
            let left = gone.into_iter().filter(|&seat| self.leave_quietly(at, seat, None)).count();
            if left > 0 {
                self.tell_count(at);
                self.forget(at);
            }
        }
        self.watching.values_mut().for_each(|watchers| watchers.retain(|who| who.0 != origin));
        self.listening.retain(|(_, _, who)| who.0 != origin);
        self.expected.remove(&origin);
        let users: Vec<_> = self.signed_in.keys().copied().collect();
        for user in users {
            let gone: Vec<_> =
                self.signed_in[user].iter().copied().filter(|who| who.0 == origin).collect();
            gone.into_iter().for_each(|who| self.sign_out(user, who, now_ms));
        }
    }
}

/// The user with the info of that number.
pub fn member_of((id, info): Who) -> crate::Member {
    crate::Member::new(user(id), Some(info.to_string().into()))
}

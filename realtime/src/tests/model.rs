//! What the engine should do, said as simply as possible and as slowly as need be.

use crate::{Delivery, Position, PublishError, Published, testing::*};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A connection: the number of its origin, and its socket.
pub type Connection = (usize, u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub app: u8,
    pub channel: &'static str,
}

/// The channel on which subscribers are told how many they are.
pub fn is_counted(channel: &str) -> bool {
    channel == "private-c"
}

/// Connections in order of joining, and what each place must still be told.
#[derive(Default)]
pub struct Model {
    subscribed: BTreeMap<Place, Vec<(Connection, &'static str)>>,
    /// Present users in order of arrival.
    present: BTreeMap<Place, Vec<&'static str>>,
    signed_in: BTreeMap<&'static str, BTreeSet<Connection>>,
    watching: BTreeMap<&'static str, BTreeSet<Connection>>,
    offline_at_ms: BTreeMap<&'static str, u64>,
    keys: BTreeMap<(Place, u8), Position>,
    last: BTreeMap<Place, Position>,
    expected: BTreeMap<usize, Vec<String>>,
}

impl Model {
    fn tell(&mut self, origins: impl IntoIterator<Item = usize>, words: &str) {
        for origin in origins.into_iter().collect::<BTreeSet<_>>() {
            self.expected.entry(origin).or_default().push(words.to_owned());
        }
    }

    fn origins(&self, at: Place) -> Vec<usize> {
        self.subscribed.get(&at).into_iter().flatten().map(|&((origin, _), _)| origin).collect()
    }

    pub fn join(&mut self, at: Place, who: Connection, user: &'static str) {
        let is_presence = at.channel.starts_with("presence-");
        let is_in = self
            .subscribed
            .get(&at)
            .is_some_and(|seats| seats.iter().any(|&(other, _)| other == who));
        if !is_in {
            if is_presence {
                let present = self.present.entry(at).or_default();
                if !present.contains(&user) {
                    if present.len() >= 2 {
                        return self.tell([who.0], &format!("{} refused {}", at.app, who.1));
                    }
                    present.push(user);
                    self.tell(self.origins(at), &format!("{} added {user}", at.app));
                }
            }
            self.subscribed.entry(at).or_default().push((who, user));
        }
        let roster =
            if is_presence { format!(" [{}]", self.present[&at].join(" ")) } else { String::new() };
        self.tell([who.0], &format!("{} joined {}{roster}", at.app, who.1));
        if !is_in {
            self.tell_count(at);
        }
    }

    fn tell_count(&mut self, at: Place) {
        let origins = self.origins(at);
        if is_counted(at.channel) {
            let words = format!("{} count {}", at.app, origins.len());
            self.tell(origins, &words);
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

    pub fn watch(&mut self, user: &'static str, who: Connection) -> bool {
        self.watching.entry(user).or_default().insert(who);
        self.is_online(user)
    }

    pub fn unwatch(&mut self, user: &'static str, who: Connection) {
        self.watching.entry(user).or_default().remove(&who);
    }

    pub fn leave(&mut self, at: Place, who: Connection) {
        if self.leave_quietly(at, who) {
            self.tell_count(at);
        }
    }

    fn leave_quietly(&mut self, at: Place, who: Connection) -> bool {
        let Some(seats) = self.subscribed.get_mut(&at) else { return false };
        let Some(seat) = seats.iter().position(|&(other, _)| other == who) else { return false };
        let (_, user) = seats.remove(seat);
        let is_last = seats.iter().all(|&(_, other)| other != user);
        if at.channel.starts_with("presence-") && is_last {
            self.present.entry(at).or_default().retain(|&other| other != user);
            self.tell(self.origins(at), &format!("{} removed {user}", at.app));
        }
        if self.origins(at).is_empty() && self.keys.keys().all(|&(place, _)| place != at) {
            // Nobody hears it and nothing is remembered: its order may start anew.
            self.last.remove(&at);
        }
        true
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

    pub fn tick(&mut self, now_ms: u64) {
        let due: Vec<_> = self
            .offline_at_ms
            .iter()
            .filter(|&(_, &due_ms)| due_ms <= now_ms)
            .map(|(&u, _)| u)
            .collect();
        for user in due {
            self.offline_at_ms.remove(user);
            self.tell_watchers(user, "offline");
        }
    }

    pub fn publish(
        &mut self,
        at: Place,
        key: Option<u8>,
        full: Option<usize>,
        published: Result<Published, PublishError>,
    ) -> Result<(), TestCaseError> {
        if let Some(&first) = key.and_then(|key| self.keys.get(&(at, key))) {
            let published = published.expect("what was taken is not refused");
            prop_assert_eq!((published.duplicate, published.position), (true, first), "I5");
            return Ok(());
        }
        let origins = self.origins(at);
        if full.is_some_and(|full| origins.contains(&full)) {
            prop_assert_eq!(published.err(), Some(PublishError::Overloaded));
            return Ok(());
        }
        let published = published.expect("there was room");
        prop_assert_eq!(
            (published.duplicate, published.delivered_to as usize),
            (false, origins.len())
        );
        match self.last.get(&at) {
            Some(last) => {
                prop_assert_eq!(published.position, Position { seq: last.seq + 1, ..*last })
            }
            None => prop_assert_eq!(published.position.seq, 1),
        }
        if let Some(key) = key {
            self.keys.insert((at, key), published.position);
        }
        if key.is_some() || !origins.is_empty() || self.last.contains_key(&at) {
            self.last.insert(at, published.position);
        }
        self.tell(origins, &format!("{} event {} x", at.app, published.position.seq));
        Ok(())
    }

    pub fn lose(&mut self, origin: usize, now_ms: u64) {
        let of_origin = |seats: &[(Connection, &'static str)]| -> Vec<Connection> {
            seats.iter().map(|&(who, _)| who).filter(|who| who.0 == origin).collect()
        };
        let lost: Vec<_> =
            self.subscribed.iter().map(|(&at, seats)| (at, of_origin(seats))).collect();
        for (at, gone) in lost {
            let was_in = gone.into_iter().filter(|&who| self.leave_quietly(at, who)).count();
            if was_in > 0 {
                self.tell_count(at);
            }
        }
        self.watching.values_mut().for_each(|watchers| watchers.retain(|who| who.0 != origin));
        self.expected.remove(&origin);
        let users: Vec<_> = self.signed_in.keys().copied().collect();
        for user in users {
            let gone: Vec<_> =
                self.signed_in[user].iter().copied().filter(|who| who.0 == origin).collect();
            gone.into_iter().for_each(|who| self.sign_out(user, who, now_ms));
        }
    }

    /// The origin was told exactly what was expected: I1, I3 and I4 for one place.
    pub fn hear(&mut self, origin: usize, told: Vec<Delivery>) -> Result<(), TestCaseError> {
        let mut told: Vec<String> = told.iter().map(with_app).collect();
        let mut expected = self.expected.remove(&origin).unwrap_or_default();
        // Of what a lost origin or the time does to several channels, the order is free.
        if told
            .iter()
            .all(|words| ["removed", "offline", "count"].iter().any(|what| words.contains(what)))
        {
            told.sort();
            expected.sort();
        }
        prop_assert_eq!(told, expected, "origin {}", origin);
        Ok(())
    }

    /// Counts, members, users and lists are the model's.
    pub fn agrees(&self, desk: &Desk, now_ms: u64) -> Result<(), TestCaseError> {
        let mut listed = BTreeMap::<u8, Vec<&str>>::new();
        for (&at, seats) in &self.subscribed {
            let topic =
                crate::Topic { app: at.app.to_string().parse().expect("app"), ..topic(at.channel) };
            let occupancy = now(desk.router.occupancy(&topic, now_ms)).expect("here");
            let present = self.present.get(&at).cloned().unwrap_or_default();
            prop_assert_eq!(
                (occupancy.subscriptions as usize, occupancy.users as usize),
                (seats.len(), present.len())
            );
            let members = now(desk.router.members(&topic)).expect("here");
            prop_assert_eq!(members.iter().map(|m| m.user.as_str()).collect::<Vec<_>>(), present);
            if !seats.is_empty() {
                listed.entry(at.app).or_default().push(at.channel);
            }
        }
        for app in 1..3_u8 {
            let id = app.to_string().parse().expect("app");
            let list = now(desk.router.channels(&id, "", 100)).expect("here");
            let names: Vec<&str> = list.channels.iter().map(|(name, _)| name.as_str()).collect();
            prop_assert_eq!(names, listed.remove(&app).unwrap_or_default());
        }
        for user_id in self.signed_in.keys() {
            let online = now(desk.router.user_online(&"1".parse().expect("app"), &user(user_id)))
                .expect("here");
            prop_assert_eq!(online, self.is_online(user_id));
        }
        let signed_in: usize = self.signed_in.values().map(BTreeSet::len).sum();
        let subscribed: usize = self.subscribed.values().map(Vec::len).sum();
        prop_assert_eq!(desk.router.stats().subscriptions as usize, signed_in + subscribed);
        Ok(())
    }
}

/// The delivery in short words, after its app; what is cached is told elsewhere.
fn with_app(delivery: &Delivery) -> String {
    let app = match delivery {
        Delivery::Event(event) => &event.topic.app,
        Delivery::Joined(joined) => &joined.topic.app,
        Delivery::Refused { topic, .. }
        | Delivery::MemberAdded { topic, .. }
        | Delivery::MemberRemoved { topic, .. }
        | Delivery::Count { topic, .. } => &topic.app,
        Delivery::Watched { app, .. } | Delivery::Terminate { app, .. } => app,
    };
    let words = in_words(delivery);
    let words = words.trim_end_matches(" miss").split(':').next().unwrap_or_default();
    format!("{app} {words}")
}

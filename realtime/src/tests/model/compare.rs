//! Whether the engine said and holds what the model expects.

use super::{Model, Place, member_of};
use crate::{Delivery, Position, Topic, testing::*};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

impl Model {
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

    /// Counts, members, users, histories and lists are the model's.
    pub fn agrees(&self, desk: &Desk, now_ms: u64) -> Result<(), TestCaseError> {
        let mut listed = BTreeMap::<u8, Vec<&str>>::new();
        let places: BTreeSet<Place> = self
            .subscribed
            .keys()
            .chain(self.present.keys())
            .chain(self.kept.keys())
            .copied()
            .collect();
        let mut idle = 0;
        for at in places {
            let topic =
                Topic { app: at.app.to_string().parse().expect("app"), ..topic(at.channel) };
            let (seats, present) = (self.seats(at), self.present(at));
            let occupancy = now(desk.router.occupancy(&topic, now_ms)).expect("here");
            prop_assert_eq!(
                (occupancy.subscriptions as usize, occupancy.users as usize),
                (seats.len(), present.len())
            );
            let members = now(desk.router.members(&topic)).expect("here");
            let expected = present.iter().map(|other| member_of(other.who)).collect::<Vec<_>>();
            prop_assert_eq!(members, expected);
            if !seats.is_empty() {
                listed.entry(at.app).or_default().push(at.channel);
            }
            self.agrees_on_history(desk, at, &topic, now_ms)?;
        }
        let remembered = self.keys.keys().map(|&(at, _)| at).chain(self.kept.keys().copied());
        let absent = self.present.iter().filter(|(_, users)| !users.is_empty()).map(|(&at, _)| at);
        for at in remembered.chain(absent).collect::<BTreeSet<_>>() {
            idle += u64::from(self.seats(at).is_empty());
        }
        prop_assert_eq!(desk.router.stats().idle, idle, "nothing is held without a reason");
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

    /// From wherever one comes back: everything kept since, nothing else, and nothing is missed.
    fn agrees_on_history(
        &self,
        desk: &Desk,
        at: Place,
        topic: &Topic,
        now_ms: u64,
    ) -> Result<(), TestCaseError> {
        let Some(&last) = self.last.get(&at) else { return Ok(()) };
        let kept = self.kept.get(&at).map_or(&[][..], Vec::as_slice);
        for seq in 0..=last.seq + 1 {
            let after = Some(Position { seq, ..last });
            let history = now(desk.router.history(topic, after, 1_000, now_ms)).expect("here");
            let seqs: Vec<u64> = history.events.iter().map(|event| event.position.seq).collect();
            let is_ahead = seq > last.seq;
            let expected: Vec<u64> =
                kept.iter().copied().filter(|&other| is_ahead || other > seq).collect();
            prop_assert_eq!((seqs, history.recovered), (expected, !is_ahead), "after {}", seq);
            prop_assert_eq!(history.last, Some(last));
        }
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

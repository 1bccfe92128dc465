//! Any sequence of comings and goings: what is seen is what follows from who was there when.
//!
//! The model keeps only when each channel was heard and each user present, and reads from that what
//! there was to tell: presences with a pause between them that is too short are one.

use crate::{EngineConfig, HOLD_MS, Join, Publish, Sender, Topic, testing::*};
use contract::SocketId;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const ORIGINS: usize = 3;
const CHANNELS: [&str; 4] = ["news", "presence-room", "private-cache-a", "private-counted"];
const USERS: [&str; 3] = ["ann", "bob", "cyd"];
const GRACES_MS: [u64; 4] = [0, 1_500, 3_000, 6_000];

type Connection = (usize, u64);

#[derive(Clone, Debug)]
enum Step {
    Join { channel: usize, who: Connection, user: Option<usize> },
    Leave { channel: usize, who: Connection, grace: usize },
    Enter { channel: usize, who: Connection, user: usize },
    Exit { channel: usize, who: Connection },
    Say { channel: usize, who: Connection },
    Show { ttl_ms: u64 },
    Lose { origin: usize },
    Wait { elapsed_ms: u64 },
    Tick { elapsed_ms: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let channel = || 0..CHANNELS.len();
    let who = || (0..ORIGINS, 0_u64..2);
    let elapsed = || prop_oneof![0_u64..400, 0_u64..4_000, Just(1_500), Just(3_000), Just(3_001)];
    let step = prop_oneof![
        8 => (channel(), who(), prop::option::weighted(0.7, 0..USERS.len()))
            .prop_map(|(channel, who, user)| Step::Join { channel, who, user }),
        8 => (channel(), who(), 0..GRACES_MS.len())
            .prop_map(|(channel, who, grace)| Step::Leave { channel, who, grace }),
        3 => (channel(), who(), 0..USERS.len())
            .prop_map(|(channel, who, user)| Step::Enter { channel, who, user }),
        3 => (channel(), who()).prop_map(|(channel, who)| Step::Exit { channel, who }),
        2 => (channel(), who()).prop_map(|(channel, who)| Step::Say { channel, who }),
        1 => (1_u64..6_000).prop_map(|ttl_ms| Step::Show { ttl_ms }),
        1 => (0..ORIGINS).prop_map(|origin| Step::Lose { origin }),
        5 => elapsed().prop_map(|elapsed_ms| Step::Wait { elapsed_ms }),
        5 => elapsed().prop_map(|elapsed_ms| Step::Tick { elapsed_ms }),
    ];
    prop::collection::vec(step, 1..150)
}

/// When something was so: beginnings, and ends with how long its return was waited for.
#[derive(Clone, Debug, Default)]
struct Times(Vec<(u64, Option<(u64, u64)>)>);

impl Times {
    fn begin(&mut self, now_ms: u64) {
        self.0.push((now_ms, None));
    }

    fn end(&mut self, now_ms: u64, waited_ms: u64) {
        self.0.last_mut().expect("it began").1 = Some((now_ms, waited_ms.max(HOLD_MS)));
    }

    /// What there is to tell of it until `now_ms`.
    fn told(&self, [began, ended]: [&str; 2], now_ms: u64) -> Vec<String> {
        let mut told = Vec::new();
        let mut over_ms = None;
        for &(from_ms, until) in &self.0 {
            match over_ms {
                Some(over_ms) if from_ms < over_ms => {}
                Some(over_ms) => {
                    told.push(format!("{over_ms} {ended}"));
                    told.push(format!("{from_ms} {began}"));
                }
                None => told.push(format!("{from_ms} {began}")),
            }
            over_ms = until.map(|(at_ms, waited_ms)| at_ms + waited_ms);
        }
        if let Some(over_ms) = over_ms.filter(|over_ms| *over_ms <= now_ms) {
            told.push(format!("{over_ms} {ended}"));
        }
        told
    }
}

#[derive(Default)]
struct OfChannel {
    seats: BTreeMap<Connection, Option<usize>>,
    heard: Times,
    present: [Times; USERS.len()],
    value_until_ms: u64,
    missed_ms: Option<u64>,
    /// Misses, counts and what was said: told at once, in order.
    others: Vec<String>,
}

impl OfChannel {
    fn connections_of(&self, user: usize) -> usize {
        self.seats.values().filter(|seat| **seat == Some(user)).count()
    }

    fn come(&mut self, user: usize, now_ms: u64) {
        if self.connections_of(user) == 0 {
            self.present[user].begin(now_ms);
        }
    }

    fn go(&mut self, who: Connection, grace_ms: u64, now_ms: u64) {
        let Some(Some(user)) = self.seats.insert(who, None) else { return };
        if self.connections_of(user) == 0 {
            self.present[user].end(now_ms, grace_ms);
        }
    }

    fn count(&mut self, channel: &str, now_ms: u64) {
        if channel.ends_with("counted") {
            self.others.push(format!("{now_ms} count {}", self.seats.len()));
        }
    }

    fn leave(&mut self, who: Connection, grace_ms: u64, now_ms: u64) -> bool {
        if !self.seats.contains_key(&who) {
            return false;
        }
        self.go(who, grace_ms, now_ms);
        self.seats.remove(&who);
        if self.seats.is_empty() {
            self.heard.end(now_ms, 0);
        }
        true
    }
}

struct Both {
    desks: Vec<Desk>,
    channels: [OfChannel; CHANNELS.len()],
    seen: BTreeMap<(usize, String), Vec<String>>,
    now_ms: u64,
}

impl Both {
    fn new(shards: u32) -> Self {
        let first = Desk::new(EngineConfig { shards, ..EngineConfig::default() });
        first.notes.want_all();
        let mut desks = vec![first];
        (1..ORIGINS).for_each(|_| desks.push(desks[0].beside()));
        Self { desks, channels: Default::default(), seen: BTreeMap::new(), now_ms: 1 }
    }

    fn topic(channel: usize) -> Topic {
        topic(CHANNELS[channel])
    }

    fn socket((origin, socket): Connection) -> SocketId {
        SocketId::from_random(origin as u64 * 10 + socket)
    }

    fn take(&mut self, step: &Step) {
        let (router, now_ms) = (self.desks[0].router.clone(), self.now_ms);
        match *step {
            Step::Join { channel, who, user } => {
                router.join(
                    Join {
                        topic: Self::topic(channel),
                        origin: self.desks[who.0].origin,
                        socket: Self::socket(who),
                        member: user.map(|user| member(USERS[user])),
                        replace_info: false,
                        max_members: 100,
                        announce_count: CHANNELS[channel].ends_with("counted"),
                    },
                    now_ms,
                );
                self.joined(channel, who, user);
            }
            Step::Leave { channel, who, grace } => {
                let (origin, grace_ms) = (self.desks[who.0].origin, GRACES_MS[grace]);
                let counts = CHANNELS[channel].ends_with("counted");
                let topic = Self::topic(channel);
                router.leave(&topic, origin, Self::socket(who), now_ms, counts, grace_ms);
                if self.channels[channel].leave(who, grace_ms, now_ms) {
                    self.channels[channel].count(CHANNELS[channel], now_ms);
                }
            }
            Step::Enter { channel, who, user } => {
                let (topic, origin) = (Self::topic(channel), self.desks[who.0].origin);
                let as_member = member(USERS[user]);
                let entered =
                    router.enter(&topic, origin, Self::socket(who), as_member, 100, now_ms);
                let of = &mut self.channels[channel];
                if entered.is_ok() && of.seats[&who].is_none() {
                    of.come(user, now_ms);
                    of.seats.insert(who, Some(user));
                }
            }
            Step::Exit { channel, who } => {
                let origin = self.desks[who.0].origin;
                router.exit(&Self::topic(channel), origin, Self::socket(who), now_ms);
                if self.channels[channel].seats.contains_key(&who) {
                    self.channels[channel].go(who, 0, now_ms);
                }
            }
            Step::Say { channel, who } => {
                let sender = Sender::Socket { socket: Self::socket(who), identity: None };
                let publish = Publish { sender, ..message(CHANNELS[channel], "x") };
                self.desks[0].publish(publish, now_ms).expect("taken");
                if channel > 0 {
                    let socket = Self::socket(who).bits();
                    let said = format!("{now_ms} said x of {socket} as nobody");
                    self.channels[channel].others.push(said);
                }
            }
            Step::Show { ttl_ms } => {
                self.desks[0].show(CHANNELS[2], "value", ttl_ms, now_ms);
                self.channels[2].value_until_ms = now_ms + ttl_ms;
            }
            Step::Lose { origin } => {
                router.remove_origin(self.desks[origin].origin, now_ms);
                self.desks[origin] = self.desks[origin].beside();
                for (name, of) in CHANNELS.iter().zip(&mut self.channels) {
                    let gone = (0..2).filter(|socket| of.leave((origin, *socket), 0, now_ms));
                    if gone.count() > 0 {
                        of.count(name, now_ms);
                    }
                }
            }
            Step::Wait { elapsed_ms } => self.now_ms += elapsed_ms,
            Step::Tick { elapsed_ms } => {
                self.now_ms += elapsed_ms;
                router.tick(self.now_ms);
            }
        }
    }

    fn joined(&mut self, channel: usize, who: Connection, user: Option<usize>) {
        let (of, now_ms) = (&mut self.channels[channel], self.now_ms);
        if of.seats.contains_key(&who) {
            return;
        }
        if of.seats.is_empty() {
            of.heard.begin(now_ms);
        }
        if let Some(user) = user {
            of.come(user, now_ms);
        }
        of.seats.insert(who, user);
        let is_quiet = of.missed_ms.is_some_and(|missed_ms| now_ms < missed_ms + HOLD_MS);
        if CHANNELS[channel].contains("cache") && of.value_until_ms <= now_ms && !is_quiet {
            of.missed_ms = Some(now_ms);
            of.others.push(format!("{now_ms} miss"));
        }
        of.count(CHANNELS[channel], now_ms);
    }

    /// Sorts what was seen by what it is about.
    fn read(&mut self) {
        for (topic, at_ms, seen) in self.desks[0].notes.take() {
            let channel = CHANNELS.iter().position(|name| *name == topic.channel.as_str());
            let words = seen_in_words(&seen);
            let about = match words.split_once(' ') {
                None if words != "miss" => "heard".to_owned(),
                Some(("added" | "removed", user)) => user.to_owned(),
                _ => "others".to_owned(),
            };
            let key = (channel.expect("one of ours"), about);
            self.seen.entry(key).or_default().push(format!("{at_ms} {words}"));
        }
    }

    /// What was seen is the beginning of what there is to tell, and all of it once time has been
    /// looked at.
    fn compare(&mut self, is_settled: bool) -> Result<(), TestCaseError> {
        self.read();
        let mut expected = BTreeMap::new();
        for (channel, of) in self.channels.iter().enumerate() {
            let heard = of.heard.told(["occupied", "vacated"], self.now_ms);
            expected.insert((channel, "heard".to_owned()), heard);
            for (user, present) in USERS.iter().zip(&of.present) {
                let words = [format!("added {user}"), format!("removed {user}")];
                let told = present.told([&words[0], &words[1]], self.now_ms);
                expected.insert((channel, (*user).to_owned()), told);
            }
            expected.insert((channel, "others".to_owned()), of.others.clone());
        }
        let all: BTreeSet<_> = expected.keys().chain(self.seen.keys()).cloned().collect();
        for key in all {
            let expected = expected.get(&key).map_or(&[][..], Vec::as_slice);
            let seen = self.seen.get(&key).map_or(&[][..], Vec::as_slice);
            let is_late = !is_settled && expected.len() == seen.len() + 1;
            let due = expected.len() - usize::from(is_late);
            prop_assert_eq!(seen, &expected[..due], "{:?} at {}", key, self.now_ms);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn what_is_seen_follows_from_who_was_there(steps in steps(), shards in 1_u32..4) {
        let mut both = Both::new(shards);
        for step in steps {
            both.take(&step);
            both.compare(matches!(step, Step::Tick { .. }))?;
        }
        for origin in 0..ORIGINS {
            both.take(&Step::Lose { origin });
        }
        both.take(&Step::Tick { elapsed_ms: 20_000 });
        both.compare(true)?;
        // Only the cached value may outlast everything, until its own memory is swept.
        prop_assert!(both.desks[0].router.stats().idle <= 1);
    }
}

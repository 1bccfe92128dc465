//! Rules that hold whatever a client does.

use super::talk::{Talk, member};
use proptest::prelude::*;
use realtime::JoinRefusal;
use std::collections::BTreeSet;

const CHANNELS: [&str; 5] = ["a", "b/c", "presence-x", "_metered/x", ""];

#[derive(Clone, Debug)]
enum Step {
    Say(String),
    Ask(&'static str, &'static str, bool),
    LetIn(&'static str),
    KeepOut(&'static str),
}

fn step() -> impl Strategy<Value = Step> {
    let channel = || prop::sample::select(&CHANNELS[..]);
    let kind = prop::sample::select(&["subscribe", "unsubscribe"][..]);
    prop_oneof![
        ".{0,60}".prop_map(Step::Say),
        (kind, channel(), any::<bool>()).prop_map(|(k, c, named)| Step::Ask(k, c, named)),
        channel().prop_map(Step::LetIn),
        channel().prop_map(Step::LetIn),
        channel().prop_map(Step::KeepOut),
    ]
}

proptest! {
    /// Every named request is answered exactly once, and the end gives back every place taken.
    #[test]
    fn answers_and_places_add_up(steps in prop::collection::vec(step(), 1..80)) {
        let mut talk = Talk::new();
        let (mut held, mut open) = (BTreeSet::new(), BTreeSet::new());
        // Answers of the owner still to come, by channel.
        let mut owed = std::collections::BTreeMap::<&str, u32>::new();
        for (n, step) in steps.iter().enumerate() {
            let lines = match step {
                Step::Say(text) => talk.say(text),
                Step::Ask(kind, channel, named) => {
                    let id = format!(r#","requestId":"r{n}""#);
                    if *named {
                        open.insert(format!("r{n}"));
                    }
                    talk.ask(kind, channel, if *named { &id } else { "" })
                }
                Step::LetIn(channel) | Step::KeepOut(channel)
                    if owed.get(channel).copied().unwrap_or(0) == 0 => continue,
                Step::LetIn(channel) => {
                    *owed.entry(channel).or_default() -= 1;
                    talk.let_in(channel, &[member("u_2", None)])
                }
                Step::KeepOut(channel) => {
                    *owed.entry(channel).or_default() -= 1;
                    talk.keep_out(channel, JoinRefusal::Overloaded)
                }
            };
            for line in &lines {
                if let Some(join) = line.strip_prefix("join ") {
                    let name = join.rsplit_once(" as ").expect(join).0.to_owned();
                    let known = CHANNELS.iter().find(|c| **c == name).expect("asked for");
                    *owed.entry(known).or_default() += 1;
                    held.insert(name);
                }
                if let Some(left) = line.strip_prefix("leave ") {
                    held.remove(left);
                }
                let frame: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
                if let Some(id) = frame["requestId"].as_str() {
                    prop_assert!(open.remove(id), "answered once: {line}");
                }
            }
        }
        let pending: u32 = owed.values().sum();
        prop_assert!(open.len() <= pending as usize, "{open:?} {pending}");
        let given_back: BTreeSet<String> =
            talk.conversation.end().iter().map(|left| left.channel.to_string()).collect();
        let refused_at_owner = held.difference(&given_back).count();
        prop_assert!(refused_at_owner == 0 || steps.iter().any(|s| matches!(s, Step::KeepOut(_))));
    }
}

//! Whatever is said to a conversation, what it says obeys the rules that SDKs live on.
//! Source: spec/pusher.md §2.6, §12.2, §20.7.

use super::talk::{Talk, member};
use crate::dialects::pusher::fixtures;
use proptest::prelude::*;
use realtime::{CacheAnswer, JoinRefusal};

#[derive(Clone, Debug)]
enum Step {
    Say(String),
    Subscribe { channel: &'static str, signed: bool, data: Option<&'static str> },
    Unsubscribe(&'static str),
    LetIn(&'static str),
    KeepOut(&'static str),
    SignIn(&'static str),
    ClientEvent(&'static str, String),
    Terminate,
}

const CHANNELS: [&str; 7] = [
    "news",
    "cache-a",
    "private-a",
    "private-encrypted-a",
    "presence-a",
    "#server-to-user-ann",
    "a b\u{1}\"é",
];
const MEMBERS: [&str; 4] =
    [r#"{"user_id":"ann"}"#, r#"{"user_id":7,"user_info":"\"\u0000"}"#, "[", r#"{"user_id":[]}"#];
const USERS: [&str; 4] =
    [r#"{"id":"ann"}"#, r#"{"id":"bob","watchlist":["ann"]}"#, r#"{"id":1}"#, "\u{0}"];

fn step() -> impl Strategy<Value = Step> {
    let channel = || prop::sample::select(&CHANNELS[..]);
    prop_oneof![
        any::<String>().prop_map(Step::Say),
        "(pusher:(ping|pong|subscribe|signin|x)|client-x|y)".prop_map(|event| {
            Step::Say(format!(r#"{{"event":"{event}","channel":null,"data":{{"channel":7}}}}"#))
        }),
        (channel(), any::<bool>(), prop::option::of(prop::sample::select(&MEMBERS[..])))
            .prop_map(|(channel, signed, data)| Step::Subscribe { channel, signed, data }),
        channel().prop_map(Step::Unsubscribe),
        channel().prop_map(Step::LetIn),
        channel().prop_map(Step::LetIn),
        channel().prop_map(Step::KeepOut),
        prop::sample::select(&USERS[..]).prop_map(Step::SignIn),
        (channel(), any::<String>()).prop_map(|(c, data)| Step::ClientEvent(c, data)),
        Just(Step::Terminate),
    ]
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn take(talk: &mut Talk, step: &Step) -> Vec<String> {
    match step {
        Step::Say(text) => talk.say(text),
        Step::Subscribe { channel, signed, data } => {
            let auth = match signed {
                true => fixtures::channel_auth(channel, *data),
                false => "x:y".into(),
            };
            let data = data.map(|d| format!(r#","channel_data":{}"#, json(d))).unwrap_or_default();
            talk.say(&format!(
                r#"{{"event":"pusher:subscribe","data":{{"channel":{},"auth":"{auth}"{data}}}}}"#,
                json(channel)
            ))
        }
        Step::Unsubscribe(channel) => talk.unsubscribe(channel),
        Step::LetIn(channel) if channel.contains(' ') => vec![],
        Step::LetIn(channel) => {
            let roster = channel.starts_with("presence-").then(|| vec![member("ann", None)]);
            talk.let_in_with(channel, roster, CacheAnswer::Miss)
        }
        Step::KeepOut(channel) if channel.contains(' ') => vec![],
        Step::KeepOut(channel) => talk.keep_out(channel, JoinRefusal::Overloaded),
        Step::SignIn(user_data) => talk.sign_in(user_data),
        Step::ClientEvent(channel, data) => talk.say(&format!(
            r#"{{"event":"client-x","channel":{},"data":{}}}"#,
            json(channel),
            json(data)
        )),
        Step::Terminate => talk.hear(|c, cx, out| c.on_terminate(cx, out)),
    }
}

/// The code of an error frame, if it is one with a code.
fn code(line: &str) -> Option<u16> {
    let rest = line.strip_prefix(r#"{"event":"pusher:error","data":{"code":"#)?;
    rest.split(',').next()?.parse().ok()
}

proptest! {
    /// `Talk` lints every frame; here is what concerns several of them.
    #[test]
    fn frames_and_closes_obey_the_rules(steps in prop::collection::vec(step(), 1..60)) {
        let mut talk = Talk::new();
        for step in &steps {
            let lines = take(&mut talk, step);
            for (at, line) in lines.iter().enumerate() {
                let next = lines.get(at + 1);
                match code(line) {
                    // Fatal codes come with their close, and only with it.
                    Some(code @ 4000..=4299) => {
                        let close = format!("close {code} ");
                        prop_assert!(next.is_some_and(|next| next.starts_with(&close)), "{lines:?}");
                    }
                    Some(code) => prop_assert!((4300..4400).contains(&code), "{lines:?}"),
                    None => {}
                }
                if let Some(close) = line.strip_prefix("close ") {
                    let (code, reason) = close.split_once(' ').unwrap();
                    prop_assert!(code.parse::<u16>().unwrap() < 4300 && reason.len() <= 123);
                }
            }
        }
    }

    /// Whatever happened, the end gives back exactly what was asked for and not given up.
    #[test]
    fn nothing_asked_for_is_forgotten_at_the_end(steps in prop::collection::vec(step(), 1..60)) {
        let mut talk = Talk::new();
        let mut held = std::collections::BTreeSet::new();
        for step in &steps {
            for line in take(&mut talk, step) {
                if let Some(join) = line.strip_prefix("join ") {
                    held.insert(join.split(' ').next().unwrap().to_owned());
                }
                if let Some(user) = line.strip_prefix("sign in ") {
                    held.insert(format!("#server-to-user-{}", user.split(' ').next().unwrap()));
                }
                if let Some(left) = line.strip_prefix("leave ") {
                    held.remove(left);
                }
            }
            if let Step::KeepOut(channel) = step && !talk.holds(channel) {
                held.remove(*channel);
            }
        }
        let given_back: std::collections::BTreeSet<String> =
            talk.conversation.end().iter().map(|left| left.channel.to_string()).collect();
        prop_assert!(given_back.is_superset(&held), "{held:?} {given_back:?}");
    }
}

//! A conversation to hold in tests. Effects read as lines.

use crate::{
    dialects::{
        Cx,
        pusher::{
            conversation::{Conversation, Opening},
            fixtures, linter,
            upgrade::ClientHint,
        },
    },
    directory::App,
    hub::effect::{Effect, Outgoing},
    refusals::without_refusal,
    state::Gateway,
};
use contract::directory::AppRecord;
use realtime::{CacheAnswer, JoinRefusal, Joined, Member, Position, Topic};
use std::sync::Arc;

pub struct Talk {
    pub gateway: Arc<Gateway>,
    pub app: Arc<App>,
    /// Channels it asked to hear, in order.
    pub hears: Vec<String>,
    pub conversation: Conversation,
    pub now_ms: u64,
}

impl Talk {
    pub fn new() -> Self {
        Self::with(|_| {}, ClientHint::Other)
    }

    pub fn with(change: impl FnOnce(&mut AppRecord), client: ClientHint) -> Self {
        let gateway = fixtures::gateway(fixtures::directory(change));
        let app = gateway.directory.app_by_path(fixtures::APP).expect("the app is known");
        let opening = Opening {
            socket: fixtures::socket(),
            key: fixtures::KEY.parse().unwrap(),
            client,
            now_ms: 1_000,
        };
        let conversation = Conversation::open(opening, &app.state());
        Self { gateway, app, hears: Vec::new(), conversation, now_ms: 1_000 }
    }

    /// What `act` makes the conversation ask for, a line each; every frame is linted.
    pub fn hear<T>(
        &mut self,
        act: impl FnOnce(&mut Conversation, &Cx<'_>, &mut Vec<Effect>) -> T,
    ) -> Vec<String> {
        let state = self.app.state();
        let cx = Cx {
            gateway: &self.gateway,
            app: &self.app,
            state: &state,
            now_ms: self.now_ms,
            unix_ms: self.now_ms,
        };
        let mut out = Vec::new();
        act(&mut self.conversation, &cx, &mut out);
        self.hears.extend(out.iter().filter_map(|effect| match effect {
            Effect::Hear { channel, .. } => Some(channel.to_string()),
            _ => None,
        }));
        out.iter().filter_map(line).collect()
    }

    pub fn say(&mut self, text: &str) -> Vec<String> {
        self.hear(|c, cx, out| c.on_text(text, cx, out))
    }

    pub fn subscribe(&mut self, channel: &str, more: &str) -> Vec<String> {
        self.say(&format!(
            r#"{{"event":"pusher:subscribe","data":{{"channel":"{channel}"{more}}}}}"#
        ))
    }

    pub fn unsubscribe(&mut self, channel: &str) -> Vec<String> {
        self.say(&format!(r#"{{"event":"pusher:unsubscribe","data":{{"channel":"{channel}"}}}}"#))
    }

    /// Subscribes to a channel with a proper signature, and is let in.
    pub fn join(&mut self, channel: &str) -> Vec<String> {
        let auth = fixtures::channel_auth(channel, None);
        let asked = self.subscribe(channel, &format!(r#","auth":"{auth}""#));
        assert!(asked.iter().any(|line| line.starts_with("join ")), "{asked:?}");
        self.let_in(channel)
    }

    pub fn let_in(&mut self, channel: &str) -> Vec<String> {
        self.let_in_with(channel, None, CacheAnswer::NotACache)
    }

    pub fn let_in_with(
        &mut self,
        channel: &str,
        roster: Option<Vec<Member>>,
        cached: CacheAnswer,
    ) -> Vec<String> {
        let joined = self.joined(channel, roster, cached);
        self.hear(|c, cx, out| c.on_joined(&joined, cx, out))
    }

    pub fn joined(
        &self,
        channel: &str,
        roster: Option<Vec<Member>>,
        cached: CacheAnswer,
    ) -> Joined {
        Joined {
            topic: Topic { app: self.app.id.clone(), channel: channel.parse().unwrap() },
            socket: fixtures::socket(),
            roster: roster.map(Arc::new),
            cached,
            position: Position { epoch: 1, seq: 0 },
        }
    }

    pub fn keep_out(&mut self, channel: &str, reason: JoinRefusal) -> Vec<String> {
        let channel = channel.parse().unwrap();
        self.hear(|c, cx, out| c.on_refused(&channel, reason, cx, out))
    }

    /// Whether the conversation holds the channel, or waits for it.
    pub fn holds(&self, channel: &str) -> bool {
        self.conversation.seats.contains_key(channel)
            || self.conversation.user.as_ref().is_some_and(|user| user.channel.as_str() == channel)
    }

    /// Signs in with a proper signature.
    pub fn sign_in(&mut self, user_data: &str) -> Vec<String> {
        let auth = fixtures::user_auth(user_data);
        let user_data = serde_json::to_string(user_data).unwrap();
        self.say(&format!(
            r#"{{"event":"pusher:signin","data":{{"auth":"{auth}","user_data":{user_data}}}}}"#
        ))
    }
}

pub fn member(id: &str, info: Option<&str>) -> Member {
    Member::new(id.parse().unwrap(), info.map(Into::into))
}

/// What it hears is kept apart.
fn line(effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::Send(text) | Effect::Deliver { text, .. } => {
            let text = std::str::from_utf8(text).expect("UTF-8");
            linter::lint(text);
            without_refusal(text)
        }
        Effect::Join { channel, member: None, .. } => format!("join {channel}"),
        Effect::Join { channel, member: Some(member), .. } => {
            format!("join {channel} as {}", show(member))
        }
        Effect::Leave { channel, grace_ms: 0 } => format!("leave {channel}"),
        Effect::Publish { message, ticket: None } => {
            let Outgoing { channel, name, data, identity, keep_history: false } = message else {
                panic!("what clients tell each other is not kept");
            };
            let user = identity.as_ref().map(|member| format!(" as {}", member.user));
            format!("publish {channel} {name} {}{}", data.as_str(), user.unwrap_or_default())
        }
        Effect::SignIn { member, watch } => {
            let watch: Vec<&str> = watch.iter().map(|user| user.as_str()).collect();
            format!("sign in {} watching [{}]", show(member), watch.join(" "))
        }
        Effect::Live(_, what) => format!("live {}", serde_json::to_string(what).unwrap()),
        Effect::Close { code, reason } => format!("close {code} {reason}"),
        Effect::Hear { .. } => return None,
        other => panic!("not of this dialect: {other:?}"),
    })
}

fn show(member: &Member) -> String {
    let info = member.info.as_deref().map(|info| format!(" {info}")).unwrap_or_default();
    format!("{}{info}", member.user)
}

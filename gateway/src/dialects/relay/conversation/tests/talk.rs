//! A conversation to hold in tests. Effects read as lines.

use crate::{
    dialects::{
        Cx, Dialect, Seldom, pusher,
        relay::{
            conversation::{Conversation, Opening},
            fixtures, linter,
        },
    },
    directory::App,
    hub::effect::{Effect, Outgoing, Question, Ticket},
    refusals::without_refusal,
    state::Gateway,
};
use contract::directory::AppRecord;
use realtime::{CacheAnswer, JoinRefusal, Joined, Member, Position, Topic};
use std::sync::Arc;

pub const NOTHING: [&str; 0] = [];

pub struct Talk {
    pub gateway: Arc<Gateway>,
    pub app: Arc<App>,
    pub conversation: Conversation,
    pub now_ms: u64,
}

impl Talk {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut AppRecord)) -> Self {
        let gateway = pusher::fixtures::gateway(fixtures::directory(change));
        let app = gateway.directory.app_by_path(fixtures::APP).expect("the app is known");
        let opening = Opening {
            socket: fixtures::socket(),
            key: fixtures::KEY.parse().unwrap(),
            now_ms: 1_000,
        };
        let conversation = Conversation::open(opening, &app.state());
        Self { gateway, app, conversation, now_ms: 1_000 }
    }

    /// What `act` makes the conversation ask for, a line each; every frame is linted.
    pub fn hear(
        &mut self,
        act: impl FnOnce(&mut Conversation, &Cx<'_>, &mut Vec<Effect>),
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
        out.iter().map(line).collect()
    }

    pub fn say(&mut self, text: &str) -> Vec<String> {
        self.hear(|c, cx, out| c.on_text(text, cx, out))
    }

    pub fn subscribe(&mut self, channel: &str, more: &str) -> Vec<String> {
        self.say(&format!(
            r#"{{"event":"relay:subscribe","data":{{"channel":"{channel}"{more}}}}}"#
        ))
    }

    /// Subscribes with what the customer's back end signs.
    pub fn subscribe_signed(&mut self, channel: &str, data: Option<&str>) -> Vec<String> {
        let more = signed(channel, data);
        self.subscribe(channel, &more)
    }

    pub fn unsubscribe(&mut self, channel: &str) -> Vec<String> {
        self.say(&format!(r#"{{"event":"relay:unsubscribe","data":{{"channel":"{channel}"}}}}"#))
    }

    /// Subscribes with a proper signature, and is let in.
    pub fn join(&mut self, channel: &str, data: Option<&str>) -> Vec<String> {
        let asked = self.subscribe_signed(channel, data);
        assert!(asked.iter().any(|line| line.starts_with("join ")), "{asked:?}");
        self.let_in(channel, data.map(|_| vec![]))
    }

    pub fn let_in(&mut self, channel: &str, roster: Option<Vec<Member>>) -> Vec<String> {
        self.let_in_with(channel, roster, CacheAnswer::NotACache)
    }

    pub fn let_in_with(
        &mut self,
        channel: &str,
        roster: Option<Vec<Member>>,
        cached: CacheAnswer,
    ) -> Vec<String> {
        let joined = Joined {
            topic: Topic { app: self.app.id.clone(), channel: channel.parse().unwrap() },
            socket: fixtures::socket(),
            roster: roster.map(Arc::new),
            cached,
            position: Position { epoch: 1, seq: 0 },
        };
        self.hear(|c, cx, out| c.on_joined(&joined, cx, out))
    }

    pub fn keep_out(&mut self, channel: &str, reason: JoinRefusal) -> Vec<String> {
        let channel = channel.parse().unwrap();
        self.hear(|c, cx, out| c.on_refused(&channel, reason, cx, out))
    }

    pub fn tell_members(&mut self, ticket: Ticket, roster: &[Member]) -> Vec<String> {
        self.hear(|c, cx, out| c.on_members(ticket, roster, cx, out))
    }

    /// What the connection held when it ended.
    pub fn end(&mut self) -> Vec<String> {
        self.conversation.end().into_iter().map(|left| left.channel.as_str().to_owned()).collect()
    }
}

/// Members of a subscribe that carry a proper signature.
pub fn signed(channel: &str, data: Option<&str>) -> String {
    let auth = fixtures::channel_auth(channel, data);
    let data = data.map(|data| format!(r#","channel_data":{}"#, serde_json::json!(data)));
    format!(r#","auth":"{auth}"{}"#, data.unwrap_or_default())
}

pub fn succeeded(channel: &str) -> String {
    format!(r#"{{"event":"relay:subscription_succeeded","channel":"{channel}","data":{{}}}}"#)
}

pub fn error(code: u16, message: &str, channel: Option<&str>) -> String {
    let channel = channel.map(|c| format!(r#","channel":"{c}""#)).unwrap_or_default();
    format!(r#"{{"event":"relay:error","data":{{"code":{code},"message":"{message}"{channel}}}}}"#)
}

pub fn member(id: &str, id_is_number: bool, info: Option<&str>) -> Member {
    Member { user: id.parse().unwrap(), id_is_number, info: info.map(Into::into) }
}

fn line(effect: &Effect) -> String {
    match effect {
        Effect::Send(text) | Effect::Deliver { text, .. } => {
            let text = std::str::from_utf8(text).expect("UTF-8");
            linter::lint(text);
            without_refusal(text)
        }
        Effect::Join { channel, member: None, .. } => format!("join {channel}"),
        Effect::Join { channel, member: Some(member), replace_info } => {
            assert!(!replace_info);
            format!("join {channel} as {}", show(member))
        }
        Effect::Leave { channel, grace_ms: 0 } => format!("leave {channel}"),
        Effect::Hear { channel, voice } => {
            assert_eq!(voice.dialect, Dialect::Relay);
            format!("hear {channel}")
        }
        Effect::Publish { message, ticket: None } => {
            let Outgoing { channel, name, data, identity, keep_history } = message;
            assert!(!keep_history, "client events leave nothing behind");
            let who = identity.as_ref().map(|m| format!(" as {}", m.user)).unwrap_or_default();
            format!("publish {channel} {name} {}{who}", data.as_str())
        }
        Effect::Ask { question: Question::Members { channel }, ticket } => {
            format!("ask {ticket} members of {channel}")
        }
        Effect::Live(_, what) => format!("live {}", serde_json::to_string(what).unwrap()),
        Effect::Close { code, reason } => format!("close {code} {reason}"),
        other => panic!("nothing this dialect asks for: {other:?}"),
    }
}

fn show(member: &Member) -> String {
    let mut shown = String::new();
    crate::dialects::relay::member::push_id(&mut shown, member);
    shown + &member.info.as_deref().map(|info| format!(" {info}")).unwrap_or_default()
}

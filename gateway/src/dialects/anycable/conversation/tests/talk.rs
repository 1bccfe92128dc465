//! A conversation to hold in tests. Effects read as lines.

use crate::{
    dialects::{
        Cx, Seldom,
        anycable::{
            codec::{SHOWS_PRESENCE, read_epoch},
            conversation::{Conversation, Protocol},
            fixtures,
            linter::lint,
            resume::State,
        },
    },
    directory::App,
    hub::effect::{Effect, Outgoing, Question, Ticket},
    state::Gateway,
};
use contract::{SocketId, directory::AppRecord};
use realtime::{
    CacheAnswer, Encodings, Event, History, Joined, Member, Payload, Position, Sender, Topic,
};
use std::sync::Arc;

pub const ROOM: &str = "room/1";

pub struct Talk {
    pub gateway: Arc<Gateway>,
    pub app: Arc<App>,
    pub conversation: Conversation,
    pub now_ms: u64,
    pub unix_ms: u64,
    /// The last question's.
    pub ticket: Ticket,
    pub pauses: usize,
}

impl Talk {
    pub fn new(protocol: Protocol) -> Self {
        Self::with(protocol, |_| {})
    }

    pub fn with(protocol: Protocol, change: impl FnOnce(&mut AppRecord)) -> Self {
        Self::of(protocol, None, None, change)
    }

    pub fn known(ext: &str, change: impl FnOnce(&mut AppRecord)) -> Self {
        Self::of(Protocol::Extended, Some(ext), None, change)
    }

    pub fn resumed(state: State) -> Self {
        Self::of(Protocol::Extended, None, Some(state), |_| {})
    }

    pub fn of(
        protocol: Protocol,
        ext: Option<&str>,
        resumed: Option<State>,
        change: impl FnOnce(&mut AppRecord),
    ) -> Self {
        let gateway = fixtures::gateway(change);
        let app = fixtures::app(&gateway);
        let conversation = fixtures::conversation(&app, protocol, ext, resumed);
        Self { gateway, app, conversation, now_ms: 1_000, unix_ms: 500_000, ticket: 0, pauses: 0 }
    }

    /// What `act` makes the conversation ask for, a line each; every frame is linted.
    pub fn hear<T>(
        &mut self,
        act: impl FnOnce(&mut Conversation, &Cx<'_>, &mut Vec<Effect>) -> T,
    ) -> Vec<String> {
        let state = self.app.state();
        let (now_ms, unix_ms) = (self.now_ms, self.unix_ms);
        let cx = Cx { gateway: &self.gateway, app: &self.app, state: &state, now_ms, unix_ms };
        let mut out = Vec::new();
        act(&mut self.conversation, &cx, &mut out);
        for effect in &out {
            if let Effect::Ask { ticket, .. } = effect {
                self.ticket = *ticket;
            }
        }
        self.pauses += out.iter().filter(|e| matches!(e, Effect::Pause { .. })).count();
        out.iter().filter(|e| !matches!(e, Effect::Pause { .. })).map(line).collect()
    }

    pub fn say(&mut self, text: &str) -> Vec<String> {
        self.hear(|c, cx, out| c.on_text(text, cx, out))
    }

    /// A command on a subscription, with more members of the frame.
    pub fn command(&mut self, command: &str, identifier: &str, more: &str) -> Vec<String> {
        let identifier = serde_json::to_string(identifier).unwrap();
        self.say(&format!(r#"{{"command":"{command}","identifier":{identifier}{more}}}"#))
    }

    /// Subscribes, and the owner lets the connection in.
    pub fn subscribe(&mut self, identifier: &str, channel: &str) -> Vec<String> {
        let asked = self.command("subscribe", identifier, "");
        assert_eq!(asked, [format!("join {channel}")]);
        self.let_in(channel)
    }

    pub fn let_in(&mut self, channel: &str) -> Vec<String> {
        let joined = Joined {
            topic: self.topic(channel),
            socket: fixtures::socket(7),
            roster: None,
            cached: CacheAnswer::NotACache,
            position: at(10),
        };
        self.hear(|c, cx, out| c.on_joined(&joined, cx, out))
    }

    pub fn answer(&mut self, recovered: bool, events: Vec<Event>) -> Vec<String> {
        let events = events.into_iter().map(Arc::new).collect();
        let history = History { events, last: Some(at(10)), recovered, more: false };
        let ticket = self.ticket;
        self.hear(|c, cx, out| c.on_history(ticket, &history, cx, out))
    }

    /// A kept message of second `at_s` that one connection is not to get.
    pub fn event(&self, seq: u64, at_s: u64, except: Option<SocketId>) -> Event {
        Event {
            topic: self.topic(ROOM),
            position: at(seq),
            name: "message".parse().unwrap(),
            data: Payload::Json(seq.to_string().into()),
            sender: Sender::server(),
            except,
            idempotency_key: None,
            at_ms: at_s * 1_000,
            kept: true,
            encoded: Encodings::default(),
        }
    }

    fn topic(&self, channel: &str) -> Topic {
        Topic { app: self.app.id.clone(), channel: channel.parse().unwrap() }
    }
}

fn at(seq: u64) -> Position {
    Position { epoch: read_epoch("vei4").unwrap(), seq }
}

/// A frame of a type about a subscription.
pub fn about(kind: &str, identifier: &str) -> String {
    let identifier = serde_json::to_string(identifier).unwrap();
    format!(r#"{{"type":"{kind}","identifier":{identifier}}}"#)
}

pub fn message(identifier: &str, seq: u64) -> String {
    let identifier = serde_json::to_string(identifier).unwrap();
    format!(
        r#"{{"identifier":{identifier},"message":{seq},"stream_id":"{ROOM}","epoch":"vei4","offset":{seq}}}"#
    )
}

fn line(effect: &Effect) -> String {
    match effect {
        Effect::Send(text) | Effect::Deliver { text, .. } => {
            let text = std::str::from_utf8(text).expect("UTF-8");
            lint(text);
            text.to_owned()
        }
        Effect::Join { channel, member: None, .. } => format!("join {channel}"),
        Effect::Hear { channel, voice } => {
            let presence = if voice.has(SHOWS_PRESENCE) { " and who is there" } else { "" };
            format!("hear {channel} as {}{presence}", voice.tag.as_deref().expect("a tag"))
        }
        Effect::Unhear { channel, voice } => {
            format!("unhear {channel} as {}", voice.tag.as_deref().expect("a tag"))
        }
        Effect::Leave { channel, grace_ms } => format!("leave {channel} after {grace_ms}"),
        Effect::Enter { channel, member } => format!("enter {channel} as {}", show(member)),
        Effect::Exit { channel } => format!("exit {channel}"),
        Effect::Publish { message, .. } => {
            let Outgoing { channel, name, data, identity, keep_history } = message;
            let identity = identity.as_ref().map(|m| format!(" as {}", m.user)).unwrap_or_default();
            assert!(!keep_history, "whispers are not kept");
            format!("publish {channel} {name} {}{identity}", data.as_str())
        }
        Effect::Ask { question: Question::Members { channel }, .. } => {
            format!("who is on {channel}")
        }
        Effect::Ask { question: Question::History { channel, after, until, .. }, .. } => {
            let seq = |position: &Option<Position>| {
                position.map_or("-".to_owned(), |position| position.seq.to_string())
            };
            format!("history of {channel} from {} to {}", seq(after), seq(until))
        }
        Effect::Close { code, reason } => format!("close {code} {reason}"),
        other => panic!("nothing asks for {other:?} here"),
    }
}

fn show(member: &Member) -> String {
    let info = member.info.as_deref().map(|info| format!(" {info}")).unwrap_or_default();
    format!("{}{info}", member.user)
}

//! A conversation to hold in tests. Effects read as lines.

use crate::{
    admission,
    dialects::{
        Cx, Seldom,
        metered::{
            conversation::{Conversation, Opening},
            fixtures::{self, Records},
            linter,
        },
    },
    directory::App,
    hub::{
        effect::{Effect, Ticket},
        voice::Voice,
    },
    state::Gateway,
};
use contract::Pattern;
use realtime::{
    CacheAnswer, JoinRefusal, Joined, Member, Position, PublishError, Published, Topic,
};
use std::sync::Arc;

pub struct Talk {
    pub gateway: Arc<Gateway>,
    pub app: Arc<App>,
    pub conversation: Conversation,
    pub now_ms: u64,
    pub unix_ms: u64,
    /// Of the last message that wants to know its fate.
    ticket: Option<Ticket>,
}

/// May do everything everywhere.
pub const ONE: &str = r#"{"sub":"u_1","exp":4102444800}"#;

impl Talk {
    /// With a signed token for everything.
    pub fn new() -> Self {
        Self::with_token(|_| {}, ONE)
    }

    pub fn with_token(change: impl FnOnce(&mut Records), claims: &str) -> Self {
        let (gateway, _) = fixtures::gateway(change);
        let now_ms = fixtures::NOW_S * 1_000;
        let (bearing, claims) =
            admission::signed_token(&gateway.directory, &fixtures::jwt(claims), now_ms)
                .expect("a good token");
        let opening = Opening {
            socket: fixtures::socket(),
            peer: Member::new(claims.peer, claims.peer_metadata),
            expires_at: Some(claims.expires_at_s),
            metadata: claims.metadata.map(|metadata| metadata.to_string()),
            max_message_bytes: bearing.app.load().limits.max_payload_bytes,
            bearing,
        };
        Self::open(gateway, opening)
    }

    pub fn with_key(change: impl FnOnce(&mut Records)) -> Self {
        let (gateway, _) = fixtures::gateway(change);
        let now_ms = fixtures::NOW_S * 1_000;
        let bearing = admission::publishable(&gateway.directory, fixtures::PK, None, now_ms)
            .expect("a good key");
        let opening = Opening {
            socket: fixtures::socket(),
            peer: Member::new("a-uuid".parse().unwrap(), None),
            expires_at: None,
            metadata: None,
            max_message_bytes: bearing.app.load().limits.max_payload_bytes,
            bearing,
        };
        Self::open(gateway, opening)
    }

    fn open(gateway: Arc<Gateway>, opening: Opening) -> Self {
        let app = fixtures::app_of(&gateway);
        let unix_ms = fixtures::NOW_S * 1_000;
        let conversation = Conversation::open(opening);
        Self { gateway, app, conversation, now_ms: 1_000, unix_ms, ticket: None }
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
            unix_ms: self.unix_ms,
        };
        let mut out = Vec::new();
        act(&mut self.conversation, &cx, &mut out);
        for effect in &out {
            if let Effect::Publish { ticket, .. } = effect {
                self.ticket = *ticket;
            }
        }
        out.iter().map(line).collect()
    }

    pub fn say(&mut self, text: &str) -> Vec<String> {
        self.hear(|c, cx, out| c.on_text(text, cx, out))
    }

    /// `more` is further members, each with a comma before it.
    pub fn ask(&mut self, kind: &str, channel: &str, more: &str) -> Vec<String> {
        let channel = serde_json::Value::from(channel);
        self.say(&format!(r#"{{"type":"{kind}","channel":{channel}{more}}}"#))
    }

    /// Subscribes as request `s`, and is let in.
    pub fn join(&mut self, channel: &str, roster: &[Member]) -> Vec<String> {
        let asked = self.ask("subscribe", channel, r#","requestId":"s""#);
        assert!(asked[0].starts_with("join "), "{asked:?}");
        self.let_in(channel, roster)
    }

    pub fn let_in(&mut self, channel: &str, roster: &[Member]) -> Vec<String> {
        self.let_in_with(channel, Some(roster.to_vec()), CacheAnswer::NotACache)
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

    /// The owner took the last message, for so many connections.
    pub fn delivered(&mut self, delivered_to: u32) -> Vec<String> {
        let position = Position { epoch: 1, seq: 1 };
        let done = Published { position, duplicate: false, occupancy: None, delivered_to };
        let ticket = self.ticket.take().expect("it wanted to know");
        self.hear(|c, cx, out| c.on_published(ticket, &done, cx, out))
    }

    pub fn undelivered(&mut self) -> Vec<String> {
        let ticket = self.ticket.take();
        self.hear(|c, cx, out| c.on_publish_failed(ticket, &PublishError::Overloaded, cx, out))
    }

    pub fn listening(&mut self, pattern: &str, accepted: bool) -> Vec<String> {
        let pattern: Pattern = pattern.parse().unwrap();
        self.hear(|c, cx, out| c.on_listening(&pattern, accepted, cx, out))
    }
}

pub fn member(id: &str, info: Option<&str>) -> Member {
    Member::new(id.parse().unwrap(), info.map(Into::into))
}

/// The error frame with this code and request.
#[track_caller]
pub fn assert_error(said: &[String], request: Option<&str>, code: &str) {
    let [frame] = said else { panic!("one frame: {said:?}") };
    let members = linter::lint(frame);
    assert_eq!(members["type"], "error", "{frame}");
    assert_eq!(members["code"], code, "{frame}");
    assert_eq!(members.get("requestId").and_then(|id| id.as_str()), request, "{frame}");
}

fn line(effect: &Effect) -> String {
    match effect {
        Effect::Send(text) | Effect::Deliver { text, .. } => {
            let text = std::str::from_utf8(text).expect("UTF-8");
            linter::lint(text);
            text.to_owned()
        }
        Effect::Join { channel, member: None, .. } => format!("join {channel} unseen"),
        Effect::Join { channel, member: Some(member), replace_info } => {
            assert!(replace_info, "the newest connection's metadata is shown");
            format!("join {channel} as {}", show(member))
        }
        Effect::Hear { channel, voice } => format!("hear {channel}{}", wants(voice)),
        Effect::Unhear { channel, voice } => format!("unhear {channel}{}", wants(voice)),
        Effect::Leave { channel, grace_ms } => {
            assert_eq!(*grace_ms, 0);
            format!("leave {channel}")
        }
        Effect::Listen { pattern, voice } => {
            format!("listen {}{}", pattern.as_str(), wants(voice))
        }
        Effect::Unlisten { pattern } => format!("unlisten {}", pattern.as_str()),
        Effect::Publish { message, .. } => {
            let who = message.identity.as_ref().expect("a peer");
            let kept = if message.keep_history { "" } else { " unkept" };
            let (channel, name) = (&message.channel, &message.name);
            format!("publish {channel} {name} {} as {}{kept}", message.data.as_str(), show(who))
        }
        Effect::SignIn { member, watch } => {
            assert!(watch.is_empty());
            format!("sign in {}", show(member))
        }
        Effect::Pause { ms } => format!("pause {ms}"),
        Effect::Wake { after_ms } => format!("wake in {after_ms}"),
        Effect::Live(_, what) => format!("live {}", serde_json::to_string(what).unwrap()),
        Effect::Close { code, reason } => format!("close {code} {reason}"),
        Effect::Enter { .. } | Effect::Exit { .. } | Effect::Ask { .. } => {
            panic!("not a thing of this dialect: {effect:?}")
        }
    }
}

fn wants(voice: &Voice) -> String {
    let named = [(1, " metadata"), (2, " presence"), (4, " pattern"), (8, " open only")];
    named.iter().filter(|(flag, _)| voice.has(*flag)).map(|(_, name)| *name).collect()
}

fn show(member: &Member) -> String {
    let info = member.info.as_deref().map(|info| format!(" {info}")).unwrap_or_default();
    format!("{}{info}", member.user)
}

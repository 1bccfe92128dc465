//! One connection's side of the protocol: one frame in, effects out. No waiting, no socket.

mod client_event;
mod lifecycle;
mod sign_in;
mod subscribe;
#[cfg(test)]
mod tests;

use super::{
    codec::{self, DecodeError},
    errors::Fatal,
    frame::{Inbound, Outbound},
    upgrade::ClientHint,
};
use crate::{
    dialects::{Cx, Seldom, rate::Rate},
    directory::AppState,
    hub::effect::Effect,
};
use contract::{AppKey, ChannelName, SocketId, UserId, live::LiveKind};
use rustc_hash::FxHashMap;
use sign_in::SignedIn;
use subscribe::Seat;

/// A connection. Idle it holds no memory beyond itself.
#[derive(Debug)]
pub struct Conversation {
    socket: SocketId,
    /// The key in the URL.
    key: AppKey,
    /// Other keys of the app whose signatures this connection lives on.
    other_keys: Vec<AppKey>,
    client: ClientHint,
    /// Frames in a row that made no sense.
    malformed: u8,
    /// When it is closed unless authorised by then.
    authorise_by: Option<u64>,
    client_events: Rate,
    seats: FxHashMap<ChannelName, Seat>,
    user: Option<Box<SignedIn>>,
    watching: Vec<UserId>,
}

/// What a connection begins with.
#[derive(Clone, Debug)]
pub struct Opening {
    pub socket: SocketId,
    pub key: AppKey,
    pub client: ClientHint,
    pub now_ms: u64,
}

/// Watching is this dialect's own; the hub asks for it by the methods of the same names.
impl Seldom for Conversation {}

impl Conversation {
    /// Frames in a row that make no sense before the connection is closed.
    pub const MAX_MALFORMED: u8 = 100;

    pub fn open(opening: Opening, state: &AppState) -> Self {
        let Opening { socket, key, client, now_ms } = opening;
        let must_authorise = state.settings.authorized_connections_only;
        Self {
            socket,
            key,
            other_keys: Vec::new(),
            client,
            malformed: 0,
            authorise_by: must_authorise.then_some(now_ms + lifecycle::AUTHORISE_WITHIN_MS),
            client_events: Rate::default(),
            seats: FxHashMap::default(),
            user: None,
            watching: Vec::new(),
        }
    }

    /// The first frame; SDKs take nothing else for one.
    pub fn greeting(&self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let activity_timeout_s = cx.state.settings.activity_timeout_s;
        say(&Outbound::Established { socket: self.socket, activity_timeout_s }, out);
    }

    pub fn on_text(&mut self, text: &str, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let frame = match codec::decode(text) {
            Ok(frame) => frame,
            Err(error) => return self.not_understood(&error, cx, out),
        };
        self.malformed = 0;
        match frame {
            Inbound::Ping => say(&Outbound::Pong, out),
            Inbound::Pong => {}
            Inbound::Subscribe(request) => self.subscribe(&request, cx, out),
            Inbound::Unsubscribe { channel } => self.unsubscribe(&channel, cx, out),
            Inbound::SignIn { auth, user_data } => self.sign_in(&auth, &user_data, cx, out),
            Inbound::ClientEvent(event) => self.client_event(event, cx, out),
            Inbound::Unknown { event } => {
                let shown: String = event.chars().take(100).collect();
                complain(None, &format!("Unknown event {shown}"), out);
            }
        }
    }

    /// Binary is not part of the protocol: refused, not punished. Source: spec/pusher.md §2.1.
    pub fn on_binary(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.strike("Binary messages are not part of this protocol", cx, out);
    }

    fn not_understood(&mut self, error: &DecodeError, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.strike(&error.to_string(), cx, out);
    }

    fn strike(&mut self, message: &str, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.malformed += 1;
        complain(None, message, out);
        show_refusal("malformed", message, cx, out);
        if self.malformed >= Self::MAX_MALFORMED {
            out.push(Effect::Close { code: 1008, reason: "Too many malformed messages" });
        }
    }

    /// Notes that the connection now depends on this key staying active.
    fn relies_on(&mut self, auth: &str, cx: &Cx<'_>) {
        let Some(key) = auth.split_once(':').map(|(key, _)| key) else { return };
        if key == self.key.as_str() || self.other_keys.iter().any(|k| k.as_str() == key) {
            return;
        }
        self.other_keys.extend(cx.state.credential(key).map(|c| c.key.clone()));
    }

    fn authorised(&mut self) {
        self.authorise_by = None;
    }
}

fn say(frame: &Outbound<'_>, out: &mut Vec<Effect>) {
    out.push(Effect::Send(codec::encode(frame)));
}

/// An error that leaves the connection open.
fn complain(code: Option<u16>, message: &str, out: &mut Vec<Effect>) {
    say(&Outbound::Error { code, message }, out);
}

/// An error that ends the connection.
fn end(fatal: &Fatal, out: &mut Vec<Effect>) {
    out.push(Effect::Send(fatal.frame()));
    out.push(Effect::Close { code: fatal.code(), reason: fatal.reason() });
}

fn show_refusal(code: &str, message: &str, cx: &Cx<'_>, out: &mut Vec<Effect>) {
    cx.tell(out, |_| LiveKind::Refused {
        source: "socket".into(),
        code: code.into(),
        message: message.into(),
        request_id: None,
    });
}

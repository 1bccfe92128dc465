//! The dialects that clients speak, behind one seam.
//!
//! The hub knows connections, effects and what is due; a dialect knows words. This file is where
//! the two meet: every dialect has a conversation for a connection's own affairs and an encoder
//! for what goes to all subscribers of a channel alike.

pub mod pusher;

use crate::{
    admission::ConnectionPermit,
    directory::{App, AppState},
    hub::{effect::Effect, topics::Due},
    state::Gateway,
    upgrade::{Asked, Farewell},
};
use bytes::Bytes;
use contract::{ChannelName, SocketId, UserId, directory::Kill};
use realtime::{JoinRefusal, Joined, PublishError, Topic};
use std::sync::Arc;

/// What a connection speaks, fixed at its upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    Pusher,
}

impl Dialect {
    /// The dialect's slot among an event's encodings.
    const fn slot(self) -> usize {
        self as usize
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Pusher => "pusher",
        }
    }

    /// What is due to a channel's subscribers, as a whole WebSocket frame.
    pub fn encode_due(self, topic: &Topic, due: &Due) -> Bytes {
        match (self, due) {
            (Self::Pusher, Due::Event(event)) => event
                .encoded
                .get_or_encode(self.slot(), || pusher::codec::frame_event(event))
                .clone(),
            (Self::Pusher, due) => pusher::codec::frame_due(topic, due),
        }
    }
}

/// What a conversation may look at while it speaks.
pub struct Cx<'a> {
    pub app: &'a Arc<App>,
    pub state: &'a AppState,
    /// Milliseconds of the worker's own clock.
    pub now_ms: u64,
}

/// Why the gateway ends a connection of its own accord.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// The node goes down; the client should go elsewhere.
    Drain,
    /// The client did not answer a probe.
    NoPong,
    /// A message was begun and not ended in time.
    UnfinishedMessage,
    /// The client sends more messages than any client needs.
    Flooding,
}

/// One connection's conversation, in its dialect.
pub enum Conversation {
    Pusher(pusher::conversation::Conversation),
}

/// The same call to whichever dialect is spoken.
macro_rules! speak {
    ($self:expr, $conversation:ident => $call:expr) => {
        match $self {
            Conversation::Pusher($conversation) => $call,
        }
    };
}

impl Conversation {
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Pusher(_) => Dialect::Pusher,
        }
    }

    /// The first frame, which must precede all others.
    pub fn greeting(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        speak!(self, c => c.greeting(cx, out))
    }
    pub fn on_text(&mut self, text: &str, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        speak!(self, c => c.on_text(text, cx, out))
    }
    pub fn on_binary(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        speak!(self, c => c.on_binary(cx, out))
    }
    /// Whether the connection still wants the channel; if so it hears it from now on.
    pub fn on_joined(&mut self, joined: &Joined, cx: &Cx<'_>, out: &mut Vec<Effect>) -> bool {
        speak!(self, c => c.on_joined(joined, cx, out))
    }
    pub fn on_refused(
        &mut self,
        channel: &ChannelName,
        reason: JoinRefusal,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        speak!(self, c => c.on_refused(channel, reason, cx, out))
    }
    pub fn on_publish_failed(&mut self, e: &PublishError, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        speak!(self, c => c.on_publish_failed(e, cx, out))
    }
    pub fn on_watch_snapshot(
        &mut self,
        seen: &[(UserId, bool)],
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        speak!(self, c => c.on_watch_snapshot(seen, cx, out))
    }
    pub fn on_watched(&mut self, user: &UserId, online: bool, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        speak!(self, c => c.on_watched(user, online, cx, out))
    }
    /// The customer ended all connections of the signed-in user.
    pub fn on_terminate(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        speak!(self, c => c.on_terminate(cx, out))
    }
    /// Something of this app has ended; close if the connection depends on it.
    pub fn on_kill(&mut self, kill: &Kill, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        speak!(self, c => c.on_kill(kill, cx, out))
    }
    pub fn on_part(&mut self, parting: Parting, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        speak!(self, c => c.on_part(parting, cx, out))
    }
    /// Whether [`Conversation::on_tick`] has anything to wait for.
    pub fn has_deadline(&self) -> bool {
        speak!(self, c => c.has_deadline())
    }
    pub fn on_tick(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        speak!(self, c => c.on_tick(cx, out))
    }
    /// Error frame text, close code and reason for a reader that does not keep up.
    pub fn too_slow(&self) -> (Bytes, u16, &'static str) {
        speak!(self, c => c.too_slow())
    }
    pub fn signed_in_as(&self) -> Option<&UserId> {
        speak!(self, c => c.signed_in_as())
    }
    /// Notes whose coming and going this connection is told.
    pub fn watching(&mut self, users: Vec<UserId>) {
        speak!(self, c => c.watching(users))
    }
    /// Forgets whom it watches, and says who that was.
    pub fn stop_watching(&mut self) -> Vec<UserId> {
        speak!(self, c => c.stop_watching())
    }
    /// The connection is gone: every channel it joined or asked to join, its user's included.
    pub fn end(&mut self) -> Vec<ChannelName> {
        speak!(self, c => c.end())
    }
}

/// A connection that is let in.
pub struct Admission {
    pub app: Arc<App>,
    pub permit: ConnectionPermit,
    pub conversation: Conversation,
}

/// Decides which dialect an upgrade asks for, and whether it is let in.
pub fn admit(
    gateway: &Gateway,
    asked: &Asked<'_>,
    socket: SocketId,
) -> Result<Admission, Farewell> {
    pusher::socket::admit(gateway, asked, socket)
}

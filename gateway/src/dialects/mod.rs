//! The dialects that clients speak, behind one seam.
//!
//! The hub knows connections, effects and what is due; a dialect knows words. This file is where
//! the two meet: every dialect has a conversation for a connection's own affairs and an encoder
//! for what goes to all subscribers of a channel alike.

pub mod anycable;
pub mod desk;
pub mod family;
pub mod json;
pub mod metered;
pub mod neutral;
pub mod objection;
pub mod pusher;
pub mod rate;
pub mod relay;
pub mod route;
mod seldom;
#[cfg(test)]
mod tests;

use crate::{
    admission::ConnectionPermit,
    directory::{App, AppState},
    hub::{
        effect::{Effect, Left, Ticket},
        topics::Due,
        voice::Voice,
    },
    live::Place,
    state::Gateway,
    upgrade::{Asked, Farewell, Handshake, HttpRefusal},
};
use bytes::Bytes;
use contract::{ChannelName, Pattern, SocketId, UserId, directory::Kill, live::LiveKind};
use realtime::{History, JoinRefusal, Joined, Member, PublishError, Published, Topic};
use route::Route;
pub use seldom::Seldom;
use std::sync::Arc;

/// What a connection speaks, fixed at its upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    Pusher,
    Relay,
    AnyCable,
    /// AnyCable's server-sent events: the same words on an HTTP response.
    AnyCableEvents,
    Metered,
}

/// How texts are marked off from each other on the way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    WebSocket,
    /// Texts follow each other as they are.
    Raw,
}

impl Dialect {
    pub const ALL: [Dialect; 5] =
        [Self::Pusher, Self::Relay, Self::AnyCable, Self::AnyCableEvents, Self::Metered];

    /// The first of the dialect's slots among an event's encodings.
    pub const fn slot(self) -> usize {
        match self {
            Self::Pusher => 0,
            Self::Relay => 1,
            Self::AnyCable => 2,
            // With and without the sender's metadata.
            Self::Metered => 3,
            Self::AnyCableEvents => 5,
        }
    }

    pub const fn framing(self) -> Framing {
        match self {
            Self::AnyCableEvents => Framing::Raw,
            Self::Pusher | Self::Relay | Self::AnyCable | Self::Metered => Framing::WebSocket,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Pusher => "pusher",
            Self::Relay => "relay",
            Self::AnyCable => "anycable",
            Self::AnyCableEvents => "anycable_sse",
            Self::Metered => "metered",
        }
    }

    /// What its customers call it: one dialect, whatever carries it.
    pub const fn common_name(self) -> &'static str {
        match self {
            Self::AnyCable | Self::AnyCableEvents => Self::AnyCable.name(),
            Self::Pusher | Self::Relay | Self::Metered => self.name(),
        }
    }

    /// Whether the app's owner has it switched on.
    pub fn is_on(self, state: &AppState) -> bool {
        let dialects = &state.settings.dialects;
        match self {
            Self::Pusher => dialects.pusher,
            Self::Relay => dialects.relay,
            Self::AnyCable | Self::AnyCableEvents => dialects.anycable,
            Self::Metered => dialects.metered,
        }
    }

    /// What is due to a channel's subscribers in this voice, framed; empty if they are told nothing.
    pub fn encode_due(self, voice: &Voice, topic: &Topic, due: &Due) -> Bytes {
        match self {
            Self::Pusher => pusher::codec::frame_due(voice, topic, due),
            Self::AnyCable => anycable::codec::frame_due(voice, topic, due),
            Self::Relay => relay::codec::frame_due(voice, topic, due),
            Self::AnyCableEvents => anycable::sse::codec::frame_due(voice, topic, due),
            Self::Metered => metered::codec::frame_due(voice, topic, due),
        }
    }
}

/// What a conversation may look at while it speaks.
pub struct Cx<'a> {
    pub gateway: &'a Arc<Gateway>,
    pub app: &'a Arc<App>,
    pub state: &'a AppState,
    /// Milliseconds of the worker's own clock.
    pub now_ms: u64,
    /// Unix time.
    pub unix_ms: u64,
}

impl Cx<'_> {
    /// Shows what happens to those who look at the app live or will look back, if there are any.
    pub fn tell(&self, out: &mut Vec<Effect>, what: impl FnOnce(&Place) -> LiveKind) {
        if let Some(place) = self.gateway.live.place(self.app, self.unix_ms) {
            out.push(Effect::Live(place, Box::new(what(&place))));
        }
    }
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
    /// The app's owner has switched the dialect off.
    SwitchedOff,
    /// The app's owner no longer takes connections from where this one came.
    Unwelcome,
}

/// One connection's conversation, in its dialect.
pub enum Conversation {
    Pusher(pusher::conversation::Conversation),
    Relay(relay::conversation::Conversation),
    AnyCable(anycable::Conversation),
    AnyCableEvents(Box<anycable::sse::Conversation>),
    Metered(metered::conversation::Conversation),
}

/// The same call to whichever dialect is spoken.
macro_rules! speak {
    ($self:expr, $conversation:ident => $call:expr) => {
        match $self {
            Conversation::Pusher($conversation) => $call,
            Conversation::Relay($conversation) => $call,
            Conversation::AnyCable($conversation) => $call,
            Conversation::AnyCableEvents($conversation) => $call,
            Conversation::Metered($conversation) => $call,
        }
    };
}

type Out<'a> = &'a mut Vec<Effect>;

impl Conversation {
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Pusher(_) => Dialect::Pusher,
            Self::Relay(_) => Dialect::Relay,
            Self::AnyCable(_) => Dialect::AnyCable,
            Self::AnyCableEvents(_) => Dialect::AnyCableEvents,
            Self::Metered(_) => Dialect::Metered,
        }
    }

    /// The first frame, which must precede all others.
    pub fn greeting(&mut self, cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.greeting(cx, out))
    }
    pub fn on_text(&mut self, text: &str, cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_text(text, cx, out))
    }
    pub fn on_binary(&mut self, cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_binary(cx, out))
    }
    /// The owner let the connection in; it is heard from the next `Hear` on.
    pub fn on_joined(&mut self, joined: &Joined, cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_joined(joined, cx, out))
    }
    pub fn on_refused(
        &mut self,
        channel: &ChannelName,
        reason: JoinRefusal,
        cx: &Cx<'_>,
        out: Out<'_>,
    ) {
        speak!(self, c => c.on_refused(channel, reason, cx, out))
    }
    pub fn on_published(&mut self, ticket: Ticket, done: &Published, cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_published(ticket, done, cx, out))
    }
    pub fn on_publish_failed(
        &mut self,
        ticket: Option<Ticket>,
        e: &PublishError,
        cx: &Cx<'_>,
        out: Out<'_>,
    ) {
        speak!(self, c => c.on_publish_failed(ticket, e, cx, out))
    }
    pub fn on_members(&mut self, ticket: Ticket, members: &[Member], cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_members(ticket, members, cx, out))
    }
    pub fn on_history(&mut self, ticket: Ticket, history: &History, cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_history(ticket, history, cx, out))
    }
    /// The owner of the channel that a question was about could not be asked.
    pub fn on_unanswered(&mut self, ticket: Ticket, cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_unanswered(ticket, cx, out))
    }
    /// Whether there was room for another pattern to listen to.
    pub fn on_listening(&mut self, pattern: &Pattern, accepted: bool, cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_listening(pattern, accepted, cx, out))
    }
    pub fn on_watch_snapshot(&mut self, seen: &[(UserId, bool)], cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_watch_snapshot(seen, cx, out))
    }
    pub fn on_watched(&mut self, user: &UserId, online: bool, cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_watched(user, online, cx, out))
    }
    /// The customer ended all connections of the signed-in user.
    pub fn on_terminate(&mut self, cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_terminate(cx, out))
    }
    /// The customer ended the connections that go by this one's [`Conversation::identity`].
    pub fn on_disconnect(&mut self, reconnect: bool, cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_disconnect(reconnect, cx, out))
    }
    /// Something of this app has ended; close if the connection depends on it.
    pub fn on_kill(&mut self, kill: &Kill, cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_kill(kill, cx, out))
    }
    /// Something of this app allows less than it did; end what is no longer covered.
    pub fn on_narrowed(&mut self, cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_narrowed(cx, out))
    }
    pub fn on_part(&mut self, parting: Parting, cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_part(parting, cx, out))
    }
    /// Whether [`Conversation::on_tick`] has anything to wait for.
    pub fn has_deadline(&self) -> bool {
        speak!(self, c => c.has_deadline())
    }
    /// About once a second.
    pub fn on_tick(&mut self, cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_tick(cx, out))
    }
    /// After an `Effect::Wake`.
    pub fn on_wake(&mut self, cx: &Cx<'_>, out: Out<'_>) {
        speak!(self, c => c.on_wake(cx, out))
    }
    /// Last text, close code and reason for a reader that does not keep up.
    pub fn too_slow(&self) -> (Bytes, u16, &'static str) {
        speak!(self, c => c.too_slow())
    }
    /// Milliseconds of silence after which the client is asked for a sign of life.
    pub fn probe_after_ms(&self, state: &AppState) -> u64 {
        speak!(self, c => c.probe_after_ms(state))
    }
    /// Bytes of the longest message taken, where `configured` is what the operator allows.
    pub fn max_inbound(&self, configured: usize) -> usize {
        speak!(self, c => c.max_inbound(configured))
    }
    pub fn signed_in_as(&self) -> Option<&UserId> {
        speak!(self, c => c.signed_in_as())
    }
    /// What the connection's credential says of who it is, as one text.
    pub fn identity(&self) -> Option<&str> {
        speak!(self, c => c.identity())
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
    pub fn end(&mut self) -> Vec<Left> {
        speak!(self, c => c.end())
    }
}

/// A connection that is let in.
pub struct Admission {
    pub app: Arc<App>,
    pub permit: ConnectionPermit,
    pub conversation: Conversation,
}

/// What has to be known before the upgrade is answered: the protocol to agree on, or a refusal
/// over HTTP.
pub fn handshake(
    gateway: &Gateway,
    asked: &Asked<'_>,
    route: Route<'_>,
) -> Result<Handshake, HttpRefusal> {
    match route.dialect {
        Dialect::AnyCable => anycable::socket::handshake(gateway, asked, route.key),
        Dialect::Relay => relay::socket::handshake(gateway, asked, route.key),
        Dialect::Pusher | Dialect::AnyCableEvents => Ok(Handshake::default()),
        Dialect::Metered => metered::socket::handshake(gateway, asked),
    }
}

/// Decides whether an upgrade is let in, and to which conversation.
pub async fn admit(
    gateway: &Gateway,
    asked: &Asked<'_>,
    route: Route<'_>,
    socket: SocketId,
) -> Result<Admission, Farewell> {
    match route.dialect {
        Dialect::AnyCable => anycable::socket::admit(gateway, asked, route.key, socket).await,
        Dialect::Relay => relay::socket::admit(gateway, asked, route.key, socket).await,
        Dialect::Pusher | Dialect::AnyCableEvents => {
            pusher::socket::admit(gateway, asked, route.key, socket).await
        }
        Dialect::Metered => metered::socket::admit(gateway, asked, socket).await,
    }
}

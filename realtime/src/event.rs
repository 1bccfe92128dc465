//! A message in no dialect's words.

use crate::Member;
use bytes::Bytes;
use contract::{AppId, ChannelName, EventName, SocketId, UserId};
use std::sync::{Arc, OnceLock};

/// A channel of an app: the same name in two apps is two topics.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Topic {
    pub app: AppId,
    pub channel: ChannelName,
}

/// Where in a channel's one order a message stands.
///
/// `seq` grows by one per message from 1. `epoch` changes when the owner could not carry the
/// channel's history on, so positions of different epochs cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    pub epoch: u64,
    pub seq: u64,
}

/// What was published, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// An opaque text, as the Pusher family publishes it.
    Text(Arc<str>),
    /// The text of one JSON value, never parsed and printed again.
    Json(Arc<str>),
}

impl Payload {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(text) | Self::Json(text) => text,
        }
    }
}

/// Who published, and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The customer's back end, over HTTP; it may speak for a user.
    Server { identity: Option<Arc<Member>> },
    /// A connection, and who it has proved to be.
    Socket { socket: SocketId, identity: Option<Arc<Member>> },
}

impl Sender {
    /// The customer's back end in nobody's name.
    pub fn server() -> Self {
        Self::Server { identity: None }
    }

    pub fn identity(&self) -> Option<&Arc<Member>> {
        match self {
            Self::Server { identity } | Self::Socket { identity, .. } => identity.as_ref(),
        }
    }

    pub fn user(&self) -> Option<&UserId> {
        self.identity().map(|member| &member.user)
    }
}

/// One message of a channel, with its place in the channel's order.
#[derive(Debug)]
pub struct Event {
    pub topic: Topic,
    pub position: Position,
    pub name: EventName,
    pub data: Payload,
    pub sender: Sender,
    /// The one connection that does not get it.
    pub except: Option<SocketId>,
    /// The publisher's id for it; a second publish with the same id has no effect.
    pub idempotency_key: Option<Arc<str>>,
    /// Unix milliseconds at which the owner accepted it.
    pub at_ms: u64,
    /// Whether history was to keep it. What was not kept is never missed either, so its position
    /// is no place to come back to.
    pub kept: bool,
    pub encoded: Encodings,
}

/// Room for the message in the words of each dialect, filled at most once by whoever delivers
/// first and shared by all connections. The engine never looks inside.
#[derive(Debug, Default)]
pub struct Encodings([OnceLock<Bytes>; Encodings::SLOTS]);

impl Encodings {
    pub const SLOTS: usize = 8;

    /// The bytes in `slot`, made by `encode` if nobody has yet.
    pub fn get_or_encode(&self, slot: usize, encode: impl FnOnce() -> Bytes) -> &Bytes {
        self.0[slot].get_or_init(encode)
    }
}

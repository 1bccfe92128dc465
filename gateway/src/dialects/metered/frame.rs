//! The frames of the dialect, in both directions. Source: spec/metered.md §4, §5.

use crate::dialects::{json::Value, metered::errors::ErrorCode};
use contract::UserId;
use realtime::Member;
use std::borrow::Cow;

/// What a client says, and its own name for that, which the answer repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    pub id: Option<Cow<'a, str>>,
    pub asks: Asks<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asks<'a> {
    Subscribe {
        channel: Given<'a>,
        with_metadata: bool,
    },
    Unsubscribe {
        channel: Given<'a>,
    },
    /// `data` is the raw JSON of any value, `null` included; nothing if the member is not there.
    Publish {
        channel: Given<'a>,
        data: Option<Value<'a>>,
    },
    Send {
        to: Given<'a>,
        data: Option<Value<'a>>,
    },
    Ping,
    Unknown {
        kind: Cow<'a, str>,
    },
}

/// A member that must be a string. What else it is has an error of its own per member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given<'a>(pub Option<Cow<'a, str>>);

impl Given<'_> {
    /// The text, or an empty one, which is no channel's and no peer's name.
    pub fn text(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

/// What we say. Events have their own way out: [`super::codec::encode_event`].
#[derive(Clone, Copy, Debug)]
pub enum Outbound<'a> {
    Welcome(Welcome<'a>),
    Ack {
        request: &'a str,
    },
    Error {
        request: Option<&'a str>,
        code: ErrorCode,
        message: &'a str,
    },
    Pong {
        request: Option<&'a str>,
    },
    /// Everyone on the channel but the one who is told.
    Snapshot {
        channel: &'a str,
        roster: &'a [Member],
        told: &'a UserId,
    },
    Joined {
        channel: &'a str,
        member: &'a Member,
    },
    Left {
        channel: &'a str,
        user: &'a UserId,
    },
    GoingAway {
        retry_after_ms: u32,
    },
}

/// The first frame. Source: spec/metered.md §4.
#[derive(Clone, Copy, Debug)]
pub struct Welcome<'a> {
    pub peer: &'a UserId,
    /// Unix seconds; written as `null` for a publishable key, never left out.
    pub expires_at: Option<u64>,
    /// Unix seconds.
    pub server_time: u64,
    pub max_message_bytes: u32,
    /// The text of a JSON object.
    pub metadata: Option<&'a str>,
}

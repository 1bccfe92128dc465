//! The frames of the dialect, in both directions. Source: spec/anycable.md §6.

use super::codec;
use crate::dialects::json::{Kind, Value};
use realtime::{Member, Position};
use std::{borrow::Cow, fmt, sync::Arc};

/// A subscription's name as a JSON string, quotes included, so that frames take it as it is.
///
/// Two identifiers are the same when their decoded texts are, byte for byte; this is the one way
/// in which such a text is written here, so comparing it compares them. Never normalised.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier(Arc<str>);

impl Identifier {
    /// Of the decoded text.
    pub fn new(text: &str) -> Self {
        let mut json = String::with_capacity(text.len() + 16);
        codec::push_string(&mut json, text);
        Self(json.into())
    }

    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// For a [`Voice`](crate::hub::voice::Voice)'s tag.
    pub fn tag(&self) -> Arc<str> {
        self.0.clone()
    }

    /// The decoded text.
    pub fn text(&self) -> Cow<'_, str> {
        let parsed = crate::dialects::json::parse(&self.0).ok();
        parsed.and_then(Value::as_str).unwrap_or_default()
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identifier({})", self.0)
    }
}

/// What a client says. Identifiers are decoded texts here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound<'a> {
    Subscribe {
        identifier: Cow<'a, str>,
        history: Option<HistoryAsk<'a>>,
        presence: Option<PresenceAsk<'a>>,
    },
    Unsubscribe {
        identifier: Cow<'a, str>,
    },
    /// An action of a channel class, of which there are none here.
    Message,
    /// `data` is the JSON text of any value.
    Whisper {
        identifier: Cow<'a, str>,
        data: &'a str,
    },
    History {
        identifier: Cow<'a, str>,
        history: Option<HistoryAsk<'a>>,
    },
    Join {
        identifier: Cow<'a, str>,
        presence: PresenceAsk<'a>,
    },
    Leave {
        identifier: Cow<'a, str>,
    },
    Presence {
        identifier: Cow<'a, str>,
        records: bool,
    },
    Ping,
    Pong,
}

/// Who joins a stream's presence; `info` is the text of any JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceAsk<'a> {
    pub id: Cow<'a, str>,
    pub info: Option<&'a str>,
}

/// What a client says it has seen of its streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryAsk<'a> {
    /// Unix seconds, inclusive.
    pub since: Option<u64>,
    pub streams: Option<Value<'a>>,
}

/// From where on one stream's messages are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// Behind this message.
    Position(Position),
    /// Behind a message of an epoch that never was.
    Nowhere,
    /// Everything kept since this second.
    Since(u64),
    /// Nothing is asked of this stream.
    Nothing,
}

impl HistoryAsk<'_> {
    /// What is asked of one stream: its position wins over the time.
    pub fn of(&self, stream: &str) -> From {
        let streams = self.streams.into_iter().flat_map(Value::members);
        // As a browser reads it: of a member given twice the last one counts.
        let own = streams.filter(|(name, _)| name == stream).last();
        match own.and_then(|(_, position)| codec::position(position)) {
            Some(Some(position)) => From::Position(position),
            Some(None) => From::Nowhere,
            None => self.since.map_or(From::Nothing, From::Since),
        }
    }
}

impl<'a> HistoryAsk<'a> {
    /// Nothing when neither a time nor positions are there: then nothing is answered.
    pub fn new(since: Option<u64>, streams: Option<Value<'a>>) -> Option<Self> {
        let since = since.filter(|since| *since > 0);
        let streams = streams.filter(|streams| streams.kind() == Kind::Object);
        (since.is_some() || streams.is_some()).then_some(Self { since, streams })
    }
}

/// What we say of our own accord. What all subscribers get alike has its own way out:
/// [`codec::frame_due`].
#[derive(Clone, Copy, Debug)]
pub enum Outbound<'a> {
    Welcome {
        sid: &'a str,
        /// Subscriptions that came back with a resumed connection.
        restored: Option<&'a [Identifier]>,
    },
    Ping {
        message: u64,
    },
    Pong,
    Disconnect {
        reason: &'a str,
        reconnect: bool,
    },
    Confirm(&'a Identifier),
    Reject(&'a Identifier),
    ConfirmHistory(&'a Identifier),
    RejectHistory(&'a Identifier),
    /// Everyone present; without `records` only how many.
    Present {
        identifier: &'a Identifier,
        members: &'a [Member],
        records: bool,
    },
    NoPresence(&'a Identifier),
}

//! The frames of the dialect, in both directions. Source: spec/relay.md §4.

use contract::SocketId;
use realtime::Member;
use std::borrow::Cow;

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound<'a> {
    Ping,
    Subscribe(Subscribe<'a>),
    /// A subscribe that cannot be read, and why.
    BadSubscribe(Cow<'static, str>),
    Unsubscribe {
        channel: Cow<'a, str>,
    },
    ClientEvent(ClientEvent<'a>),
    /// Not for us to know; the connection stays.
    Ignored,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribe<'a> {
    pub channel: Cow<'a, str>,
    pub auth: Option<Cow<'a, str>>,
    /// The exact characters that were signed.
    pub channel_data: Option<Cow<'a, str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientEvent<'a> {
    pub name: Cow<'a, str>,
    pub channel: Cow<'a, str>,
    /// What goes out as `data`: a string's text, or any other value's compact JSON.
    pub data: Cow<'a, str>,
}

/// What we say. Published events have their own way out: [`super::codec::encode_event`].
#[derive(Clone, Copy, Debug)]
pub enum Outbound<'a> {
    Established {
        socket: SocketId,
        activity_timeout_s: u32,
    },
    Pong,
    /// After 4000, 4009 and 4100 the connection stays unless a close follows.
    Error {
        code: u16,
        message: &'a str,
        channel: Option<&'a str>,
    },
    /// `roster` on presence channels: everyone there, the newcomer included.
    Subscribed {
        channel: &'a str,
        roster: Option<&'a [Member]>,
    },
    MemberAdded {
        channel: &'a str,
        member: &'a Member,
    },
    MemberRemoved {
        channel: &'a str,
        member: &'a Member,
    },
}

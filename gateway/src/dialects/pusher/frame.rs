//! The frames of the dialect, in both directions. Source: spec/pusher.md §2 to §12.

use contract::{SocketId, UserId};
use realtime::Member;
use std::borrow::Cow;

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound<'a> {
    Ping,
    Pong,
    Subscribe(Subscribe<'a>),
    Unsubscribe {
        channel: Cow<'a, str>,
    },
    SignIn {
        auth: Given<'a>,
        user_data: Given<'a>,
    },
    ClientEvent(ClientEvent<'a>),
    /// A name under our prefixes that is not the client's to send, or that we do not know.
    Unknown {
        event: Cow<'a, str>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribe<'a> {
    pub channel: Cow<'a, str>,
    pub auth: Given<'a>,
    pub channel_data: Given<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientEvent<'a> {
    pub name: Cow<'a, str>,
    pub channel: Given<'a>,
    /// What goes out as `data`: a string's text, or any other value's compact JSON.
    pub data: Cow<'a, str>,
}

/// A member that must be a string where it counts, and must not break anything where it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given<'a> {
    Absent,
    Text(Cow<'a, str>),
    NotText,
}

impl Given<'_> {
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent | Self::NotText => None,
        }
    }

    pub fn into_owned(self) -> Given<'static> {
        match self {
            Self::Absent => Given::Absent,
            Self::Text(text) => Given::Text(Cow::Owned(text.into_owned())),
            Self::NotText => Given::NotText,
        }
    }
}

/// What we say. Events have their own way out: [`super::codec::encode_event`].
#[derive(Clone, Copy, Debug)]
pub enum Outbound<'a> {
    Established {
        socket: SocketId,
        activity_timeout_s: u32,
    },
    Pong,
    /// Without a code the connection stays; see spec/pusher.md §12.2 for which codes do what.
    Error {
        code: Option<u16>,
        message: &'a str,
    },
    /// `roster` on presence channels: everyone there, the newcomer included.
    Subscribed {
        channel: &'a str,
        roster: Option<&'a [Member]>,
    },
    SubscriptionError {
        event: RefusalEvent,
        channel: &'a str,
        refusal: &'a SubscribeRefusal,
    },
    CacheMiss {
        channel: &'a str,
    },
    /// `user_data` exactly as it was received.
    SignedIn {
        user_data: &'a str,
    },
    MemberAdded {
        channel: &'a str,
        member: &'a Member,
    },
    MemberRemoved {
        channel: &'a str,
        user: &'a UserId,
    },
    Count {
        channel: &'a str,
        subscriptions: u32,
    },
    Watchlist {
        online: &'a [&'a UserId],
        offline: &'a [&'a UserId],
    },
}

/// Under which name a refused subscription is told. Source: spec/pusher.md §4.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalEvent {
    Public,
    /// The .NET client listens for this one.
    Internal,
}

impl RefusalEvent {
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "pusher:subscription_error",
            Self::Internal => "pusher_internal:subscription_error",
        }
    }
}

/// Why a subscription is refused, in the client's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscribeRefusal {
    pub kind: RefusalKind,
    pub error: Cow<'static, str>,
}

/// The `type` and `status` of a refused subscription. Source: spec/pusher.md §4.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    Auth,
    InvalidChannel,
    /// Something is too big.
    TooLarge,
    /// There is too much of something; waiting may help.
    TooMany,
}

impl RefusalKind {
    pub fn type_and_status(self) -> (&'static str, u16) {
        match self {
            Self::Auth => ("AuthError", 401),
            Self::InvalidChannel => ("InvalidChannel", 400),
            Self::TooLarge => ("LimitReached", 413),
            Self::TooMany => ("LimitReached", 429),
        }
    }
}

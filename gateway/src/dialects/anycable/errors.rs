//! What this dialect says about the end of a connection: a frame with a reason, then the close.
//! Source: spec/anycable.md §5.3, §5.6.

use super::{codec, frame::Outbound};
use crate::{
    admission::{Refusal, Why},
    dialects::Parting,
};
use bytes::Bytes;

/// Why a connection is ended, or not let in. Clients act on `reconnect` and on one reason only,
/// `token_expired`, which has them fetch a new token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fatal {
    Unauthorized,
    TokenExpired,
    /// What the connection was let in by, or one of its streams, no longer holds: it may come back
    /// and be judged anew.
    NoLongerAuthorized,
    Remote {
        reconnect: bool,
    },
    TlsRequired,
    QuotaExceeded,
    TooManyConnections,
    Overloaded,
    ServerRestart,
    NoPong,
    TooSlow,
    UnfinishedMessage,
    TooManyMessages,
}

impl Fatal {
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unauthorized | Self::NoLongerAuthorized => "unauthorized",
            Self::TokenExpired => "token_expired",
            Self::Remote { .. } => "remote",
            Self::TlsRequired => "tls_required",
            Self::QuotaExceeded => "quota_exceeded",
            Self::TooManyConnections => "too_many_connections",
            Self::Overloaded => "overloaded",
            Self::ServerRestart => "server_restart",
            Self::NoPong => "no_pong",
            Self::TooSlow => "too_slow",
            Self::UnfinishedMessage => "unfinished_message",
            Self::TooManyMessages => "too_many_messages",
        }
    }

    /// Whether the client should try again. Never left out: without it one client goes on for ever
    /// and the other stops for good.
    pub fn reconnect(self) -> bool {
        match self {
            Self::Remote { reconnect } => reconnect,
            Self::Unauthorized | Self::TokenExpired | Self::TlsRequired | Self::QuotaExceeded => {
                false
            }
            Self::NoLongerAuthorized
            | Self::TooManyConnections
            | Self::Overloaded
            | Self::ServerRestart
            | Self::NoPong
            | Self::TooSlow
            | Self::UnfinishedMessage
            | Self::TooManyMessages => true,
        }
    }

    /// The code and reason of the close frame, which clients do not act on.
    pub fn close(self) -> (u16, &'static str) {
        match self {
            Self::Unauthorized | Self::TokenExpired | Self::NoLongerAuthorized => {
                (1000, "Auth Failed")
            }
            Self::Remote { .. } => (1000, "Closed remotely"),
            Self::TlsRequired => (1000, "TLS required"),
            Self::QuotaExceeded => (1000, "Quota exceeded"),
            Self::TooManyConnections => (1000, "Too many connections"),
            Self::Overloaded => (1000, "Overloaded"),
            Self::ServerRestart => (1001, "Server restart"),
            Self::NoPong => (1000, "No Pong"),
            Self::TooSlow => (1000, "Too slow"),
            Self::UnfinishedMessage => (1000, "Message not finished in time"),
            Self::TooManyMessages => (1000, "Too many messages"),
        }
    }

    pub fn frame(self) -> Bytes {
        codec::encode(&Outbound::Disconnect { reason: self.reason(), reconnect: self.reconnect() })
    }
}

impl From<&Refusal> for Fatal {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Unauthorised(Why::TokenExpired) => Self::TokenExpired,
            Refusal::RouteUnknown
            | Refusal::AppUnknown
            | Refusal::AppDisabled
            | Refusal::DialectDisabled
            | Refusal::Unauthorised(_)
            | Refusal::ScopeAction(_)
            | Refusal::ScopeChannel
            | Refusal::ChannelLimit { .. }
            | Refusal::MemberLimit { .. }
            | Refusal::PlanFeature(_)
            | Refusal::OriginRefused
            | Refusal::AddressRefused => Self::Unauthorized,
            Refusal::TlsRequired => Self::TlsRequired,
            Refusal::QuotaExhausted(_) => Self::QuotaExceeded,
            Refusal::ConnectionLimit { .. } => Self::TooManyConnections,
            Refusal::RateLimited { .. }
            | Refusal::Overloaded { .. }
            | Refusal::BodyTooLarge { .. }
            | Refusal::EventTooLarge { .. }
            | Refusal::BadRequest(_)
            | Refusal::UnsupportedEncoding
            | Refusal::Internal => Self::Overloaded,
            Refusal::Draining => Self::ServerRestart,
        }
    }
}

impl From<Parting> for Fatal {
    fn from(parting: Parting) -> Self {
        match parting {
            Parting::Drain => Self::ServerRestart,
            Parting::NoPong => Self::NoPong,
            Parting::UnfinishedMessage => Self::UnfinishedMessage,
            Parting::Flooding => Self::TooManyMessages,
            Parting::SwitchedOff | Parting::Unwelcome => Self::Unauthorized,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_connection_may_come_back_unless_nobody_is_served() {
        for (parting, said, code, reconnect) in [
            (Parting::Drain, "server_restart", 1001, true),
            (Parting::NoPong, "no_pong", 1000, true),
            (Parting::UnfinishedMessage, "unfinished_message", 1000, true),
            (Parting::Flooding, "too_many_messages", 1000, true),
            (Parting::SwitchedOff, "unauthorized", 1000, false),
            (Parting::Unwelcome, "unauthorized", 1000, false),
        ] {
            let fatal = Fatal::from(parting);
            assert_eq!((fatal.reason(), fatal.close().0), (said, code));
            assert_eq!(fatal.reconnect(), reconnect, "{parting:?}");
        }
    }

    #[test]
    fn an_operator_says_whether_a_closed_connection_comes_back() {
        for reconnect in [true, false] {
            let expected =
                format!(r#"{{"type":"disconnect","reason":"remote","reconnect":{reconnect}}}"#);
            assert_eq!(Fatal::Remote { reconnect }.frame(), expected);
        }
    }
}

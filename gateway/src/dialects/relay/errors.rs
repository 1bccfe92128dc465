//! What this dialect says about refusals: statuses and texts over HTTP, error frames and close codes
//! over WebSocket. Source: spec/relay.md §2, §4.1, §4.2.

use super::{codec, frame::Outbound};
use crate::admission::{Refusal, Why};
use bytes::Bytes;
use contract::TerminateCode;
use std::borrow::Cow;

/// A subscribe that cannot be read.
pub const BAD_PAYLOAD: u16 = 4000;
/// A channel name or a signature that is not taken.
pub const NOT_AUTHORISED: u16 = 4009;
/// Too much of something.
pub const OVER_LIMIT: u16 = 4100;

/// Why a connection is ended, or not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fatal {
    InvalidAppKey,
    AppDisabled,
    DialectDisabled,
    OriginRefused,
    TlsRequired,
    Path,
    NotAuthorisedInTime,
    /// The key that a subscription was signed with has been revoked.
    CredentialRevoked,
    OverConnectionLimit,
    OverCapacity,
    SlowConsumer,
    UnfinishedMessage,
    Flooding,
    HeartbeatTimeout,
    Terminated(TerminateCode),
    Draining,
    Internal,
}

impl Fatal {
    /// The dialect knows three: 4001 nothing to be had here, 4100 too much, 4200 the server ends.
    /// Its clients try again after each of them. Source: spec/relay.md §4.1, §4.6.
    pub fn code(self) -> u16 {
        match self {
            Self::InvalidAppKey
            | Self::AppDisabled
            | Self::DialectDisabled
            | Self::OriginRefused
            | Self::TlsRequired
            | Self::Path => 4001,
            Self::NotAuthorisedInTime | Self::CredentialRevoked => NOT_AUTHORISED,
            Self::OverConnectionLimit
            | Self::OverCapacity
            | Self::SlowConsumer
            | Self::UnfinishedMessage
            | Self::Flooding => OVER_LIMIT,
            Self::HeartbeatTimeout | Self::Draining | Self::Internal => 4200,
            Self::Terminated(code) => code.into(),
        }
    }

    pub fn reason(self) -> &'static str {
        match self {
            Self::InvalidAppKey => "Invalid app key",
            Self::AppDisabled => "App is disabled",
            Self::DialectDisabled => "This protocol is switched off for the app",
            Self::OriginRefused => "Origin not allowed",
            Self::TlsRequired => "The app takes connections over TLS only",
            Self::Path => "Path not found",
            Self::NotAuthorisedInTime => "Connection not authorized within timeout",
            Self::CredentialRevoked => "The key this connection was authorized with is revoked",
            Self::OverConnectionLimit => "Over connection limit",
            Self::OverCapacity => "Over capacity",
            Self::SlowConsumer => "Client does not read fast enough",
            Self::UnfinishedMessage => "Message not finished in time",
            Self::Flooding => "Too many messages in a second",
            Self::HeartbeatTimeout => "Ping not answered in time",
            Self::Terminated(_) => "Terminated by API",
            Self::Draining => "Server is shutting down",
            Self::Internal => "Internal error",
        }
    }

    /// The error frame that precedes the close.
    pub fn frame(self) -> Bytes {
        let (code, message) = (self.code(), self.reason());
        codec::encode(&Outbound::Error { code, message, channel: None })
    }

    /// Whether trying again at once cannot help, so that a client that does is held off.
    /// Source: spec/relay.md §10, trap 9.
    pub fn is_held_against(self) -> bool {
        !matches!(self, Self::Draining | Self::Internal)
    }
}

/// What a connection is told that admission did not let in.
pub fn refuse_upgrade(refusal: &Refusal) -> Fatal {
    match refusal {
        Refusal::RouteUnknown => Fatal::Path,
        Refusal::AppUnknown | Refusal::Unauthorised(_) => Fatal::InvalidAppKey,
        Refusal::AppDisabled | Refusal::QuotaExhausted(_) | Refusal::PlanFeature(_) => {
            Fatal::AppDisabled
        }
        Refusal::DialectDisabled => Fatal::DialectDisabled,
        Refusal::ConnectionLimit { .. } => Fatal::OverConnectionLimit,
        Refusal::OriginRefused
        | Refusal::AddressRefused
        | Refusal::ScopeAction(_)
        | Refusal::ScopeChannel
        | Refusal::ChannelLimit { .. }
        | Refusal::MemberLimit { .. } => Fatal::OriginRefused,
        Refusal::TlsRequired => Fatal::TlsRequired,
        Refusal::RateLimited { .. } | Refusal::Overloaded { .. } => Fatal::OverCapacity,
        Refusal::Draining => Fatal::Draining,
        Refusal::BodyTooLarge { .. }
        | Refusal::EventTooLarge { .. }
        | Refusal::BadRequest(_)
        | Refusal::UnsupportedEncoding
        | Refusal::Internal => Fatal::Internal,
    }
}

/// The status and text of a refused HTTP request. Source: spec/relay.md §2.
pub fn http(refusal: &Refusal) -> (u16, Cow<'static, str>) {
    let text = |status, text: &'static str| (status, Cow::Borrowed(text));
    let ours = |status| (status, Cow::Owned(refusal.to_string()));
    match refusal {
        Refusal::RouteUnknown => text(404, "Not found"),
        Refusal::AppUnknown => text(401, "Unknown app ID"),
        Refusal::Unauthorised(Why::Missing) => text(401, "Missing or invalid Authorization header"),
        Refusal::Unauthorised(Why::Token) => text(403, "Invalid app secret"),
        Refusal::Unauthorised(Why::TokenExpired) => ours(403),
        // A signed query on a path that only this dialect has.
        Refusal::Unauthorised(
            Why::Parameter(_) | Why::Timestamp | Why::Signature { .. } | Why::BodyDigest,
        ) => ours(401),
        Refusal::RateLimited { .. } => text(429, "rate limit exceeded"),
        Refusal::BadRequest(_) => ours(422),
        Refusal::AppDisabled
        | Refusal::DialectDisabled
        | Refusal::BodyTooLarge { .. }
        | Refusal::EventTooLarge { .. }
        | Refusal::ScopeAction(_)
        | Refusal::ScopeChannel
        | Refusal::QuotaExhausted(_)
        | Refusal::ConnectionLimit { .. }
        | Refusal::ChannelLimit { .. }
        | Refusal::MemberLimit { .. }
        | Refusal::PlanFeature(_)
        | Refusal::OriginRefused
        | Refusal::AddressRefused
        | Refusal::TlsRequired
        | Refusal::UnsupportedEncoding
        | Refusal::Overloaded { .. }
        | Refusal::Draining
        | Refusal::Internal => ours(refusal.status()),
    }
}

/// `{"error":"…"}`: the body of every refusal over HTTP, and the one key that SDKs read.
pub fn http_body(error: &str) -> String {
    let mut body = String::with_capacity(16 + error.len());
    body.push_str(r#"{"error":"#);
    super::member::push_text(&mut body, error);
    body.push('}');
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_and_a_full_app_are_told_in_the_sheets_words() {
        for (fatal, code, reason) in [
            (Fatal::InvalidAppKey, 4001, "Invalid app key"),
            (Fatal::OverConnectionLimit, 4100, "Over connection limit"),
        ] {
            assert_eq!((fatal.code(), fatal.reason()), (code, reason));
            let expected = format!(
                r#"{{"event":"relay:error","data":{{"code":{code},"message":"{reason}"}}}}"#
            );
            assert_eq!(fatal.frame(), expected);
        }
    }

    #[test]
    fn bodies_have_the_one_key_that_sdks_read() {
        assert_eq!(http_body(r#"say "what""#), r#"{"error":"say \"what\""}"#);
    }
}

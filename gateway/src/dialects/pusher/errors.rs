//! What this dialect says about refusals: statuses and codes over HTTP, error frames and close
//! codes over WebSocket. Source: spec/pusher.md §12, §16.1.

use super::{codec, frame::Outbound};
use crate::{admission::Refusal, dialects::json::push_escaped};
use bytes::Bytes;
use contract::TerminateCode;
use std::borrow::Cow;

/// Why a connection is ended, or not let in. Each is told by a frame and by the close itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fatal {
    TlsRequired,
    AppUnknown {
        message: Cow<'static, str>,
    },
    AppDisabled,
    ConnectionLimit,
    Path,
    Protocol,
    OriginRefused,
    NotAuthorisedInTime,
    /// The key that a subscription or sign-in was signed with has been revoked.
    CredentialRevoked,
    OverCapacity,
    SlowConsumer,
    UnfinishedMessage,
    Flooding,
    Terminated(TerminateCode),
    Draining,
    Internal,
    HeartbeatTimeout,
}

impl Fatal {
    pub fn app_unknown(key: &str) -> Self {
        let shown: String = key.chars().take(64).collect();
        Self::AppUnknown { message: format!("App key {shown} does not exist").into() }
    }

    /// The close code, which tells clients what to do: 4000 to 4099 give up, 4100 to 4199 try again
    /// after a second, 4200 to 4299 at once. Above that they give up as on an unknown code, so no
    /// such code is here. Source: spec/pusher.md §2.6, §12.3.
    pub fn code(&self) -> u16 {
        match self {
            Self::TlsRequired => 4000,
            Self::AppUnknown { .. } => 4001,
            Self::AppDisabled => 4003,
            Self::ConnectionLimit => 4004,
            Self::Path => 4005,
            Self::Protocol => 4007,
            Self::OriginRefused | Self::NotAuthorisedInTime | Self::CredentialRevoked => 4009,
            Self::OverCapacity | Self::SlowConsumer | Self::UnfinishedMessage | Self::Flooding => {
                4100
            }
            Self::Terminated(code) => (*code).into(),
            Self::Draining | Self::Internal => 4200,
            Self::HeartbeatTimeout => 4201,
        }
    }

    /// The reason in the close frame.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TlsRequired => "The app takes connections over TLS only",
            Self::AppUnknown { .. } => "App key does not exist",
            Self::AppDisabled => "App is disabled",
            Self::ConnectionLimit => "App is over its connection quota",
            Self::Path => "Path not found",
            Self::Protocol => "Unsupported protocol version",
            Self::OriginRefused => "Origin not allowed",
            Self::NotAuthorisedInTime => "Connection not authorized within timeout",
            Self::CredentialRevoked => "The key this connection was authorized with is revoked",
            Self::OverCapacity => "Over capacity",
            Self::SlowConsumer => "Client does not read fast enough",
            Self::UnfinishedMessage => "Message not finished in time",
            Self::Flooding => "Too many messages in a second",
            Self::Terminated(_) => "Terminated by API",
            Self::Draining => "Server is going away, reconnect",
            Self::Internal => "Internal error",
            Self::HeartbeatTimeout => "Pong reply not received in time",
        }
    }

    /// The text of the error frame that precedes the close.
    pub fn frame(&self) -> Bytes {
        let message = match self {
            Self::AppUnknown { message } => message,
            other => other.reason(),
        };
        codec::encode(&Outbound::Error { code: Some(self.code()), message })
    }
}

/// What a connection is told that admission did not let in; `key` is the one in the URL.
pub fn refuse_upgrade(refusal: &Refusal, key: &str) -> Fatal {
    match refusal {
        Refusal::RouteUnknown => Fatal::Path,
        Refusal::AppUnknown | Refusal::Unauthorised(_) => Fatal::app_unknown(key),
        Refusal::AppDisabled
        | Refusal::DialectDisabled
        | Refusal::QuotaExhausted(_)
        | Refusal::PlanFeature(_) => Fatal::AppDisabled,
        Refusal::ConnectionLimit { .. } => Fatal::ConnectionLimit,
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

/// The `code` in the body of a refused HTTP request. Source: spec/pusher.md §16.1.
pub fn http_code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::RouteUnknown => "not_found",
        Refusal::AppUnknown => "app_not_found",
        Refusal::Unauthorised(_) => "auth_failed",
        Refusal::AppDisabled
        | Refusal::ScopeAction(_)
        | Refusal::ScopeChannel
        | Refusal::PlanFeature(_)
        | Refusal::OriginRefused
        | Refusal::AddressRefused
        | Refusal::TlsRequired
        | Refusal::DialectDisabled => "forbidden",
        Refusal::BodyTooLarge { .. } | Refusal::EventTooLarge { .. } => "payload_too_large",
        Refusal::RateLimited { .. }
        | Refusal::QuotaExhausted(_)
        | Refusal::ConnectionLimit { .. } => "rate_limited",
        Refusal::ChannelLimit { .. } | Refusal::MemberLimit { .. } => "limit_exceeded",
        Refusal::BadRequest(_) => "invalid_input",
        Refusal::UnsupportedEncoding => "unsupported_encoding",
        Refusal::Overloaded { .. } => "backpressure",
        Refusal::Draining => "service_unavailable",
        Refusal::Internal => "internal_error",
    }
}

/// `{"error","code","status"}`: the body of every refusal over HTTP.
pub fn http_body(error: &str, code: &str, status: u16) -> String {
    let mut body = String::with_capacity(48 + error.len() + code.len());
    body.push_str(r#"{"error":""#);
    push_escaped(&mut body, error);
    body.push_str(r#"","code":""#);
    push_escaped(&mut body, code);
    body.push_str(r#"","status":"#);
    body.push_str(itoa::Buffer::new().format(status));
    body.push('}');
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_named_in_the_frame() {
        let fatal = Fatal::app_unknown("unknown_key");
        let expected = r#"{"event":"pusher:error","data":{"code":4001,"message":"App key unknown_key does not exist"}}"#;
        assert_eq!(fatal.frame(), expected);
        assert!(fatal.reason().len() <= 123);
    }

    #[test]
    fn bodies_have_the_familys_shape() {
        let expected = r#"{"error":"say \"what\"","code":"invalid_input","status":400}"#;
        assert_eq!(http_body(r#"say "what""#, "invalid_input", 400), expected);
    }
}

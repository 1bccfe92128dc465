//! What this dialect says about refusals: error frames, close codes, statuses and codes over
//! HTTP. Source: spec/metered.md §4, §8, §9, §12.

use super::names::BadChannel;
use crate::admission::{Refusal, TokenRefusal};
use std::borrow::Cow;

/// The `code` of an error frame; the connection stays open. Clients pass codes on that they do
/// not know. Source: spec/metered.md §8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    MalformedMessage,
    UnknownType,
    InvalidChannel,
    InvalidPeerId,
    ChannelNotAuthorized,
    ChannelReserved,
    ChannelLimitExceeded,
    /// Ours: a presence channel has all the members it may have.
    ChannelFull,
    PeerNotFound,
    MissingData,
    ActionNotPermitted,
    OverMessageQuota,
    BackendError,
    InternalError,
    /// Ours: the last word to a client that does not read.
    SlowConsumer,
}

impl ErrorCode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MalformedMessage => "malformed_message",
            Self::UnknownType => "unknown_type",
            Self::InvalidChannel => "invalid_channel",
            Self::InvalidPeerId => "invalid_peer_id",
            Self::ChannelNotAuthorized => "channel_not_authorized",
            Self::ChannelReserved => "channel_reserved",
            Self::ChannelLimitExceeded => "channel_limit_exceeded",
            Self::ChannelFull => "channel_full",
            Self::PeerNotFound => "peer_not_found",
            Self::MissingData => "missing_data",
            Self::ActionNotPermitted => "action_not_permitted",
            Self::OverMessageQuota => "over_message_quota",
            Self::BackendError => "backend_error",
            Self::InternalError => "internal_error",
            Self::SlowConsumer => "slow_consumer",
        }
    }
}

/// Why a request of a connection is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub code: ErrorCode,
    pub message: Cow<'static, str>,
    /// What admission calls it; nothing for what no limit and no credential is about.
    pub refusal: Option<Refusal>,
}

impl Complaint {
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), refusal: None }
    }

    pub fn because(self, refusal: Refusal) -> Self {
        Self { refusal: Some(refusal), ..self }
    }

    /// Something that may be better in a moment.
    pub fn backend(what: impl std::fmt::Display) -> Self {
        Self::new(ErrorCode::BackendError, format!("{what}, try again later"))
    }
}

/// The connection stays open whatever is refused. Source: spec/metered.md §8.
impl From<Refusal> for Complaint {
    fn from(refusal: Refusal) -> Self {
        let code = match &refusal {
            Refusal::QuotaExhausted(_) => ErrorCode::OverMessageQuota,
            Refusal::RateLimited { .. } | Refusal::Overloaded { .. } | Refusal::Draining => {
                return Self::backend(&refusal).because(refusal);
            }
            Refusal::ScopeAction(_) | Refusal::PlanFeature(_) => ErrorCode::ActionNotPermitted,
            Refusal::ScopeChannel => ErrorCode::ChannelNotAuthorized,
            Refusal::ChannelLimit { .. } => ErrorCode::ChannelLimitExceeded,
            Refusal::MemberLimit { .. } => ErrorCode::ChannelFull,
            Refusal::BadRequest(_)
            | Refusal::BodyTooLarge { .. }
            | Refusal::EventTooLarge { .. }
            | Refusal::UnsupportedEncoding => ErrorCode::MalformedMessage,
            Refusal::RouteUnknown
            | Refusal::AppUnknown
            | Refusal::AppDisabled
            | Refusal::Unauthorised(_)
            | Refusal::ConnectionLimit { .. }
            | Refusal::OriginRefused
            | Refusal::AddressRefused
            | Refusal::TlsRequired
            | Refusal::DialectDisabled
            | Refusal::Internal => ErrorCode::InternalError,
        };
        Self::new(code, refusal.to_string()).because(refusal)
    }
}

impl From<BadChannel> for Complaint {
    fn from(bad: BadChannel) -> Self {
        let code = match bad {
            BadChannel::Malformed => ErrorCode::InvalidChannel,
            BadChannel::Reserved => ErrorCode::ChannelReserved,
        };
        Self::new(code, bad.to_string())
    }
}

/// Why a connection is ended, or not let in. The code tells the SDK what to do; see the table in
/// spec/metered.md §9. 4000 is the client's own and never ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fatal {
    InvalidToken,
    TokenExpired,
    /// Only before the welcome: after it clients would stop for good. Source: §15 trap 6.
    ChannelNotAuthorized,
    OverConcurrentLimit,
    OverMessageRate,
    Suspended,
    DialectDisabled,
    AdminDisconnect,
    GoingAway,
    TooLarge,
    UnfinishedMessage,
    SlowConsumer,
    NoPong,
    Overloaded,
    Internal,
}

impl Fatal {
    pub fn code(self) -> u16 {
        match self {
            Self::GoingAway | Self::NoPong => 1001,
            Self::UnfinishedMessage | Self::SlowConsumer => 1008,
            Self::TooLarge => 1009,
            Self::Internal => 1011,
            Self::Overloaded => 1013,
            Self::InvalidToken => 4001,
            Self::TokenExpired => 4002,
            Self::ChannelNotAuthorized => 4003,
            Self::OverConcurrentLimit => 4010,
            Self::OverMessageRate => 4011,
            Self::Suspended | Self::DialectDisabled => 4012,
            Self::AdminDisconnect => 4020,
        }
    }

    pub fn reason(self) -> &'static str {
        match self {
            Self::InvalidToken => "invalid_token",
            Self::TokenExpired => "token_expired",
            Self::ChannelNotAuthorized => "channel_not_authorized",
            Self::OverConcurrentLimit => "over_concurrent_limit",
            Self::OverMessageRate => "over_message_rate",
            Self::Suspended => "account_suspended",
            Self::DialectDisabled => "dialect_disabled",
            Self::AdminDisconnect => "admin_disconnect",
            Self::GoingAway => "going_away",
            Self::TooLarge => "message_too_large",
            Self::UnfinishedMessage => "message not finished in time",
            Self::SlowConsumer => "client does not read fast enough",
            Self::NoPong => "no answer to a ping",
            Self::Overloaded => "over capacity",
            Self::Internal => "internal_error",
        }
    }
}

/// What a connection is told that is not let in. What is wrong with a credential is not told.
pub fn refuse_upgrade(refusal: &Refusal) -> Fatal {
    match refusal {
        Refusal::AppUnknown
        | Refusal::Unauthorised(_)
        | Refusal::OriginRefused
        | Refusal::AddressRefused
        | Refusal::TlsRequired
        | Refusal::ScopeAction(_) => Fatal::InvalidToken,
        Refusal::ScopeChannel | Refusal::ChannelLimit { .. } | Refusal::MemberLimit { .. } => {
            Fatal::ChannelNotAuthorized
        }
        Refusal::AppDisabled | Refusal::QuotaExhausted(_) | Refusal::PlanFeature(_) => {
            Fatal::Suspended
        }
        Refusal::DialectDisabled => Fatal::DialectDisabled,
        Refusal::ConnectionLimit { .. } => Fatal::OverConcurrentLimit,
        Refusal::RateLimited { .. } | Refusal::Overloaded { .. } => Fatal::Overloaded,
        Refusal::Draining => Fatal::GoingAway,
        Refusal::RouteUnknown
        | Refusal::BodyTooLarge { .. }
        | Refusal::EventTooLarge { .. }
        | Refusal::BadRequest(_)
        | Refusal::UnsupportedEncoding
        | Refusal::Internal => Fatal::Internal,
    }
}

/// The same for a signed token.
pub fn refuse_token(refusal: TokenRefusal) -> Fatal {
    match refusal {
        TokenRefusal::Expired => Fatal::TokenExpired,
        TokenRefusal::Invalid => Fatal::InvalidToken,
        TokenRefusal::OutsideKey => Fatal::ChannelNotAuthorized,
    }
}

/// Status, `error` and message of a refused HTTP request. Whatever is wrong with a credential is
/// one answer, so that keys cannot be told apart by asking. Source: spec/metered.md §12.
pub fn http(refusal: &Refusal) -> (u16, &'static str, String) {
    let (status, error) = match refusal {
        Refusal::RouteUnknown => (404, "not_found"),
        Refusal::AppUnknown | Refusal::Unauthorised(_) => {
            return (401, "unauthorized", "a valid secret key is required".into());
        }
        Refusal::AppDisabled => (403, "account_suspended"),
        Refusal::DialectDisabled => (403, "dialect_disabled"),
        Refusal::OriginRefused | Refusal::AddressRefused | Refusal::TlsRequired => {
            (403, "forbidden")
        }
        Refusal::ScopeAction(_) | Refusal::PlanFeature(_) => (403, "action_not_permitted"),
        Refusal::ChannelLimit { .. } | Refusal::MemberLimit { .. } => {
            (403, "channel_limit_exceeded")
        }
        Refusal::ScopeChannel => (403, "channel_not_authorized"),
        Refusal::BodyTooLarge { .. } | Refusal::EventTooLarge { .. } => (413, "invalid_request"),
        Refusal::UnsupportedEncoding => (415, "invalid_request"),
        Refusal::BadRequest(_) => (400, "invalid_request"),
        Refusal::RateLimited { .. } | Refusal::ConnectionLimit { .. } => (429, "rate_limited"),
        Refusal::QuotaExhausted(_) => (429, "over_message_quota"),
        Refusal::Overloaded { .. } | Refusal::Draining | Refusal::Internal => {
            (503, "internal_error")
        }
    };
    (status, error, refusal.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::Why;

    #[test]
    fn nothing_wrong_with_a_credential_is_told_apart() {
        let told: Vec<_> = [Why::Missing, Why::Token, Why::TokenExpired]
            .map(|why| http(&Refusal::Unauthorised(why)))
            .into();
        assert!(told.iter().all(|answer| *answer == http(&Refusal::AppUnknown)), "{told:?}");
    }

    #[test]
    fn closes_are_codes_that_the_sheet_has_and_reasons_that_fit() {
        const CODES: [u16; 12] =
            [1001, 1008, 1009, 1011, 1013, 4001, 4002, 4003, 4010, 4011, 4012, 4020];
        for fatal in [
            Fatal::InvalidToken,
            Fatal::TokenExpired,
            Fatal::ChannelNotAuthorized,
            Fatal::OverConcurrentLimit,
            Fatal::OverMessageRate,
            Fatal::Suspended,
            Fatal::DialectDisabled,
            Fatal::AdminDisconnect,
            Fatal::GoingAway,
            Fatal::TooLarge,
            Fatal::UnfinishedMessage,
            Fatal::SlowConsumer,
            Fatal::NoPong,
            Fatal::Overloaded,
            Fatal::Internal,
        ] {
            assert!(CODES.contains(&fatal.code()) && fatal.reason().len() <= 123, "{fatal:?}");
        }
    }
}

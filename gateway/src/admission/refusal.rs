//! Every reason for which something is refused. One enum, one machine code and one status each;
//! a dialect maps it to its own numbers and texts.

use contract::Action;
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    RouteUnknown,
    AppUnknown,
    AppDisabled,
    Unauthorised(Why),
    BodyTooLarge {
        limit: usize,
    },
    EventTooLarge {
        limit: usize,
    },
    /// The credential may not do this at all.
    ScopeAction(Action),
    /// The credential may do this, but not on that channel.
    ScopeChannel,
    RateLimited {
        retry_after_ms: u64,
        rule: Rule,
    },
    QuotaExhausted {
        quota: &'static str,
    },
    ConnectionLimit {
        limit: u32,
    },
    OriginRefused,
    TlsRequired,
    /// The app's owner has switched this dialect off.
    DialectDisabled,
    BadRequest(String),
    UnsupportedEncoding,
    Overloaded {
        retry_after_ms: u64,
    },
    Draining,
    Internal,
}

/// What was wrong with a credential. Unknown, revoked and wrongly signed are not told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Neither a signed query nor a Bearer key.
    Missing,
    /// An `auth_*` parameter is missing, given twice or not of its shape.
    Parameter(&'static str),
    /// More than 600 s off.
    Timestamp,
    /// Unknown key or wrong signature. `signed` is what was signed, in structure.
    Signature {
        signed: String,
    },
    /// `body_md5` is missing, or not the digest of the body.
    BodyDigest,
    /// The Bearer key is not one of this app's.
    Token,
    TokenExpired,
}

/// Which bucket was empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    Publishes,
    Reads,
    FailedCredentials,
    ChannelSignatures,
}

impl Rule {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publishes => "publishes_per_second",
            Self::Reads => "reads_per_second",
            Self::FailedCredentials => "failed_credentials",
            Self::ChannelSignatures => "channel_signatures",
        }
    }
}

impl Refusal {
    /// The machine codes, in the order of [`Refusal::index`].
    pub const CODES: [&'static str; 19] = [
        "route_unknown",
        "app_unknown",
        "app_disabled",
        "unauthorised",
        "body_too_large",
        "event_too_large",
        "scope_action",
        "scope_channel",
        "rate_limited",
        "quota_exhausted",
        "connection_limit",
        "origin_refused",
        "tls_required",
        "bad_request",
        "unsupported_encoding",
        "overloaded",
        "draining",
        "internal",
        "dialect_disabled",
    ];

    /// A small number per code, for tables of counters.
    pub fn index(&self) -> usize {
        match self {
            Self::RouteUnknown => 0,
            Self::AppUnknown => 1,
            Self::AppDisabled => 2,
            Self::Unauthorised(_) => 3,
            Self::BodyTooLarge { .. } => 4,
            Self::EventTooLarge { .. } => 5,
            Self::ScopeAction(_) => 6,
            Self::ScopeChannel => 7,
            Self::RateLimited { .. } => 8,
            Self::QuotaExhausted { .. } => 9,
            Self::ConnectionLimit { .. } => 10,
            Self::OriginRefused => 11,
            Self::TlsRequired => 12,
            Self::BadRequest(_) => 13,
            Self::UnsupportedEncoding => 14,
            Self::Overloaded { .. } => 15,
            Self::Draining => 16,
            Self::Internal => 17,
            Self::DialectDisabled => 18,
        }
    }

    /// The machine code.
    pub fn code(&self) -> &'static str {
        Self::CODES[self.index()]
    }

    /// The HTTP status. Source: the admission table of the architecture, spec/pusher.md §16.1.
    pub fn status(&self) -> u16 {
        match self {
            Self::RouteUnknown | Self::AppUnknown => 404,
            Self::Unauthorised(_) => 401,
            Self::AppDisabled
            | Self::ScopeAction(_)
            | Self::ScopeChannel
            | Self::QuotaExhausted { .. }
            | Self::OriginRefused
            | Self::TlsRequired
            | Self::DialectDisabled => 403,
            Self::BodyTooLarge { .. } | Self::EventTooLarge { .. } => 413,
            Self::RateLimited { .. } | Self::ConnectionLimit { .. } => 429,
            Self::BadRequest(_) => 400,
            Self::UnsupportedEncoding => 415,
            Self::Overloaded { .. } | Self::Draining => 503,
            Self::Internal => 500,
        }
    }

    /// Whole seconds to wait before trying again, for `Retry-After`; never 0.
    pub fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_ms, .. } | Self::Overloaded { retry_after_ms } => {
                Some(retry_after_ms.div_ceil(1_000).max(1))
            }
            Self::Draining | Self::ConnectionLimit { .. } => Some(1),
            Self::RouteUnknown
            | Self::AppUnknown
            | Self::AppDisabled
            | Self::Unauthorised(_)
            | Self::BodyTooLarge { .. }
            | Self::EventTooLarge { .. }
            | Self::ScopeAction(_)
            | Self::ScopeChannel
            | Self::QuotaExhausted { .. }
            | Self::OriginRefused
            | Self::TlsRequired
            | Self::DialectDisabled
            | Self::BadRequest(_)
            | Self::UnsupportedEncoding
            | Self::Internal => None,
        }
    }
}

/// What the caller may read. Never an expected digest, never another tenant's anything.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RouteUnknown => f.write_str("no such route"),
            Self::AppUnknown => f.write_str("no such app"),
            Self::AppDisabled => f.write_str("the app is disabled"),
            Self::Unauthorised(why) => why.fmt(f),
            Self::BodyTooLarge { limit } => write!(f, "the body is larger than {limit} bytes"),
            Self::EventTooLarge { limit } => {
                write!(f, "the data of an event is larger than {limit} bytes")
            }
            Self::ScopeAction(action) => {
                write!(f, "the key does not allow the action {}", action.as_str())
            }
            Self::ScopeChannel => f.write_str("the key does not cover this channel"),
            Self::RateLimited { rule, .. } => {
                write!(f, "too many requests: the limit {} is reached", rule.as_str())
            }
            Self::QuotaExhausted { quota } => write!(f, "the quota {quota} is used up"),
            Self::ConnectionLimit { limit } => {
                write!(f, "the app has reached its limit of {limit} connections")
            }
            Self::OriginRefused => f.write_str("connections from this origin are not allowed"),
            Self::TlsRequired => f.write_str("the app takes connections over TLS only"),
            Self::DialectDisabled => f.write_str("the app does not speak this protocol"),
            Self::BadRequest(what) => f.write_str(what),
            Self::UnsupportedEncoding => f.write_str("encoded request bodies are not supported"),
            Self::Overloaded { .. } => f.write_str("the service is overloaded, try again"),
            Self::Draining => f.write_str("this server is shutting down, try again"),
            Self::Internal => f.write_str("internal error"),
        }
    }
}

impl std::error::Error for Refusal {}

impl Why {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Parameter(_) => "parameter",
            Self::Timestamp => "timestamp",
            Self::Signature { .. } => "signature",
            Self::BodyDigest => "body_digest",
            Self::Token => "token",
            Self::TokenExpired => "token_expired",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str(
                "a signed query (auth_key, auth_timestamp, auth_version, auth_signature) or a \
                 Bearer key is required",
            ),
            Self::Parameter(name) => write!(f, "{name} must be given once and be well-formed"),
            Self::Timestamp => f.write_str("auth_timestamp is more than 600 seconds off"),
            Self::Signature { signed } => {
                write!(f, "unknown key or wrong signature; what is signed here: {signed}")
            }
            Self::BodyDigest => f.write_str("body_md5 must be the MD5 of the body"),
            Self::Token => f.write_str("the key is not a valid key of this app"),
            Self::TokenExpired => f.write_str("the key has expired"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_its_code_and_status() {
        for (refusal, code, status) in [
            (Refusal::RouteUnknown, "route_unknown", 404),
            (Refusal::AppUnknown, "app_unknown", 404),
            (Refusal::AppDisabled, "app_disabled", 403),
            (Refusal::Unauthorised(Why::Missing), "unauthorised", 401),
            (Refusal::BodyTooLarge { limit: 1 }, "body_too_large", 413),
            (Refusal::EventTooLarge { limit: 1 }, "event_too_large", 413),
            (Refusal::ScopeAction(Action::Publish), "scope_action", 403),
            (Refusal::ScopeChannel, "scope_channel", 403),
            (Refusal::RateLimited { retry_after_ms: 1, rule: Rule::Reads }, "rate_limited", 429),
            (Refusal::QuotaExhausted { quota: "messages" }, "quota_exhausted", 403),
            (Refusal::ConnectionLimit { limit: 1 }, "connection_limit", 429),
            (Refusal::OriginRefused, "origin_refused", 403),
            (Refusal::DialectDisabled, "dialect_disabled", 403),
            (Refusal::TlsRequired, "tls_required", 403),
            (Refusal::BadRequest("x".into()), "bad_request", 400),
            (Refusal::UnsupportedEncoding, "unsupported_encoding", 415),
            (Refusal::Overloaded { retry_after_ms: 1 }, "overloaded", 503),
            (Refusal::Draining, "draining", 503),
            (Refusal::Internal, "internal", 500),
        ] {
            assert_eq!((refusal.code(), refusal.status()), (code, status), "{refusal:?}");
        }
    }

    #[test]
    fn waits_are_whole_seconds_and_never_none() {
        let wait = |retry_after_ms| {
            Refusal::RateLimited { retry_after_ms, rule: Rule::Publishes }.retry_after_s()
        };
        assert_eq!(
            [wait(0), wait(1), wait(1_000), wait(1_001)],
            [Some(1), Some(1), Some(1), Some(2)]
        );
    }
}

//! Every reason for which something is refused. One enum, one machine code and one status each;
//! a dialect maps it to its own numbers and texts.

use contract::{Action, RefusalCode};
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
        /// What the rule allows in its unit of time.
        limit: u32,
    },
    /// The pool of messages is used up.
    QuotaExhausted(Spent),
    ConnectionLimit {
        whose: Whose,
        used: u32,
        limit: u32,
    },
    /// A connection has as many channels as it may.
    ChannelLimit {
        limit: u32,
    },
    /// A presence channel has all the members it may have.
    MemberLimit {
        limit: u32,
    },
    /// The plan does not have this.
    PlanFeature(Feature),
    OriginRefused,
    /// The key is not taken from this address.
    AddressRefused,
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
    /// Of one secret key.
    KeyPublishes,
    /// Of one connection.
    ClientEvents,
}

/// A quota of messages that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    pub rule: QuotaRule,
    pub used: u64,
    pub limit: u64,
    /// Unix seconds.
    pub resets_at: i64,
    pub retry_after_s: u64,
}

/// Which quota of messages binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaRule {
    /// The organisation's.
    Messages,
    /// The app's own part of it.
    AppMessages,
    /// The organisation pays for no more than this.
    SpendLimit,
}

/// Whose limit of connections binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    App,
    Organisation,
}

/// What a plan has or has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    History,
    Patterns,
    DirectMessages,
}

/// Which limit a refusal is about, and how it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    pub rule: Option<&'static str>,
    pub used: Option<u64>,
    pub limit: Option<u64>,
    /// Unix seconds at which more is allowed.
    pub resets_at: Option<i64>,
}

impl Detail {
    fn of(rule: &'static str, limit: impl Into<u64>) -> Self {
        Self { rule: Some(rule), limit: Some(limit.into()), ..Self::default() }
    }
}

impl QuotaRule {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::AppMessages => "app_messages",
            Self::SpendLimit => "spend_limit",
        }
    }

    /// As the control plane calls it. What it may call others one day is the organisation's.
    pub fn named(name: &str) -> Self {
        match name {
            "app_messages" => Self::AppMessages,
            "spend_limit" => Self::SpendLimit,
            _ => Self::Messages,
        }
    }
}

impl Whose {
    /// The name of the limit.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::App => "max_connections",
            Self::Organisation => "connections",
        }
    }
}

impl Feature {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::Patterns => "patterns",
            Self::DirectMessages => "direct_messages",
        }
    }
}

impl Rule {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publishes => "publishes_per_second",
            Self::Reads => "reads_per_second",
            Self::FailedCredentials => "failed_credentials",
            Self::ChannelSignatures => "channel_signatures",
            Self::KeyPublishes => "key_publishes_per_second",
            Self::ClientEvents => "client_events_per_second",
        }
    }
}

impl Refusal {
    /// The machine code, the same in every dialect.
    pub fn code(&self) -> RefusalCode {
        match self {
            Self::RouteUnknown => RefusalCode::RouteUnknown,
            Self::AppUnknown => RefusalCode::AppUnknown,
            Self::AppDisabled => RefusalCode::AppDisabled,
            Self::Unauthorised(_) => RefusalCode::Unauthorised,
            Self::BodyTooLarge { .. } => RefusalCode::BodyTooLarge,
            Self::EventTooLarge { .. } => RefusalCode::EventTooLarge,
            Self::ScopeAction(_) => RefusalCode::ScopeAction,
            Self::ScopeChannel => RefusalCode::ScopeChannel,
            Self::RateLimited { .. } => RefusalCode::RateLimited,
            Self::QuotaExhausted(_) => RefusalCode::QuotaExhausted,
            Self::ConnectionLimit { .. } => RefusalCode::ConnectionLimit,
            Self::ChannelLimit { .. } => RefusalCode::ChannelLimit,
            Self::MemberLimit { .. } => RefusalCode::MemberLimit,
            Self::PlanFeature(_) => RefusalCode::PlanFeature,
            Self::OriginRefused => RefusalCode::OriginRefused,
            Self::AddressRefused => RefusalCode::AddressRefused,
            Self::TlsRequired => RefusalCode::TlsRequired,
            Self::DialectDisabled => RefusalCode::DialectDisabled,
            Self::BadRequest(_) => RefusalCode::BadRequest,
            Self::UnsupportedEncoding => RefusalCode::UnsupportedEncoding,
            Self::Overloaded { .. } => RefusalCode::Overloaded,
            Self::Draining => RefusalCode::Draining,
            Self::Internal => RefusalCode::Internal,
        }
    }

    /// A small number per code, for tables of counters.
    pub fn index(&self) -> usize {
        self.code().index()
    }

    /// Which limit it is about. `now_ms` is Unix time.
    pub fn detail(&self, now_ms: u64) -> Detail {
        match self {
            Self::BodyTooLarge { limit } => Detail::of("body_bytes", *limit as u64),
            Self::EventTooLarge { limit } => Detail::of("payload_bytes", *limit as u64),
            Self::RateLimited { retry_after_ms, rule, limit } => Detail {
                used: Some((*limit).into()),
                resets_at: i64::try_from((now_ms + retry_after_ms).div_ceil(1_000)).ok(),
                ..Detail::of(rule.as_str(), *limit)
            },
            Self::QuotaExhausted(spent) => Detail {
                used: Some(spent.used),
                resets_at: Some(spent.resets_at),
                ..Detail::of(spent.rule.as_str(), spent.limit)
            },
            Self::ConnectionLimit { whose, used, limit } => {
                Detail { used: Some((*used).into()), ..Detail::of(whose.as_str(), *limit) }
            }
            Self::ChannelLimit { limit } => Detail {
                used: Some((*limit).into()),
                ..Detail::of("max_channels_per_connection", *limit)
            },
            Self::MemberLimit { limit } => {
                Detail { used: Some((*limit).into()), ..Detail::of("max_presence_members", *limit) }
            }
            Self::PlanFeature(feature) => {
                Detail { rule: Some(feature.as_str()), ..Detail::default() }
            }
            Self::AddressRefused => Detail { rule: Some("allowed_addresses"), ..Detail::default() },
            Self::OriginRefused => Detail { rule: Some("allowed_origins"), ..Detail::default() },
            Self::TlsRequired => Detail { rule: Some("tls_only"), ..Detail::default() },
            Self::ScopeAction(action) => {
                Detail { rule: Some(action.as_str()), ..Detail::default() }
            }
            Self::RouteUnknown
            | Self::AppUnknown
            | Self::AppDisabled
            | Self::Unauthorised(_)
            | Self::ScopeChannel
            | Self::DialectDisabled
            | Self::BadRequest(_)
            | Self::UnsupportedEncoding
            | Self::Overloaded { .. }
            | Self::Draining
            | Self::Internal => Detail::default(),
        }
    }

    /// The HTTP status. Source: the admission table of the architecture, spec/pusher.md §16.1.
    pub fn status(&self) -> u16 {
        match self {
            Self::RouteUnknown | Self::AppUnknown => 404,
            Self::Unauthorised(_) => 401,
            Self::AppDisabled
            | Self::ScopeAction(_)
            | Self::ScopeChannel
            | Self::ChannelLimit { .. }
            | Self::MemberLimit { .. }
            | Self::PlanFeature(_)
            | Self::OriginRefused
            | Self::AddressRefused
            | Self::TlsRequired
            | Self::DialectDisabled => 403,
            Self::BodyTooLarge { .. } | Self::EventTooLarge { .. } => 413,
            Self::RateLimited { .. } | Self::QuotaExhausted(_) | Self::ConnectionLimit { .. } => {
                429
            }
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
            Self::QuotaExhausted(spent) => Some(spent.retry_after_s.max(1)),
            Self::Draining | Self::ConnectionLimit { .. } => Some(1),
            Self::RouteUnknown
            | Self::AppUnknown
            | Self::AppDisabled
            | Self::Unauthorised(_)
            | Self::BodyTooLarge { .. }
            | Self::EventTooLarge { .. }
            | Self::ScopeAction(_)
            | Self::ScopeChannel
            | Self::ChannelLimit { .. }
            | Self::MemberLimit { .. }
            | Self::PlanFeature(_)
            | Self::OriginRefused
            | Self::AddressRefused
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
            Self::QuotaExhausted(Spent { rule, used, limit, .. }) => {
                let rule = rule.as_str();
                write!(f, "the quota {rule} is used up: {used} of {limit}")
            }
            Self::ConnectionLimit { whose, limit, .. } => {
                let whose = match whose {
                    Whose::App => "app",
                    Whose::Organisation => "organisation",
                };
                write!(f, "the {whose} has reached its limit of {limit} connections")
            }
            Self::ChannelLimit { limit } => {
                write!(f, "a connection may have at most {limit} channels")
            }
            Self::MemberLimit { limit } => {
                write!(f, "the channel has reached its limit of {limit} members")
            }
            Self::PlanFeature(feature) => {
                write!(f, "the plan does not have the feature {}", feature.as_str())
            }
            Self::AddressRefused => f.write_str("the key is not taken from this address"),
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
    fn waits_are_whole_seconds_and_never_none() {
        let wait = |retry_after_ms| {
            let limited = Refusal::RateLimited { retry_after_ms, rule: Rule::Publishes, limit: 1 };
            limited.retry_after_s()
        };
        assert_eq!(
            [wait(0), wait(1), wait(1_000), wait(1_001)],
            [Some(1), Some(1), Some(1), Some(2)]
        );
    }

    #[test]
    fn what_a_limit_refuses_says_which_and_how_it_stands() {
        let detail = |refusal: Refusal| {
            let Detail { rule, used, limit, resets_at } = refusal.detail(10_500);
            (rule.unwrap_or_default(), used, limit, resets_at)
        };
        let spent = Spent {
            rule: QuotaRule::AppMessages,
            used: 1_003,
            limit: 1_000,
            resets_at: 86_400,
            retry_after_s: 9,
        };
        for (refusal, expected) in [
            (
                Refusal::QuotaExhausted(spent),
                ("app_messages", Some(1_003), Some(1_000), Some(86_400)),
            ),
            (
                Refusal::RateLimited { retry_after_ms: 600, rule: Rule::KeyPublishes, limit: 5 },
                ("key_publishes_per_second", Some(5), Some(5), Some(12)),
            ),
            (
                Refusal::ConnectionLimit { whose: Whose::Organisation, used: 7, limit: 7 },
                ("connections", Some(7), Some(7), None),
            ),
            (Refusal::PlanFeature(Feature::Patterns), ("patterns", None, None, None)),
            (Refusal::EventTooLarge { limit: 9 }, ("payload_bytes", None, Some(9), None)),
            (Refusal::Internal, ("", None, None, None)),
        ] {
            assert_eq!(detail(refusal.clone()), expected, "{refusal:?}");
        }
    }

    #[test]
    fn quotas_are_called_what_the_control_plane_calls_them() {
        for rule in [QuotaRule::Messages, QuotaRule::AppMessages, QuotaRule::SpendLimit] {
            assert_eq!(QuotaRule::named(rule.as_str()), rule);
        }
        assert_eq!(QuotaRule::named("a quota of next year"), QuotaRule::Messages);
    }
}

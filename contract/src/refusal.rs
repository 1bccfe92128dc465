//! Why something is refused: the machine codes that gateways count, report and answer with.

use crate::AppId;
use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($variant:ident = $text:literal),+ $(,)?) => {
        /// One machine code per cause, the same in every dialect. New codes are added at the end:
        /// their numbers stand in files that outlive a process.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum RefusalCode {
            $(#[serde(rename = $text)] $variant),+
        }

        impl RefusalCode {
            pub const ALL: [RefusalCode; [$($text),+].len()] = [$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }
    };
}

codes! {
    RouteUnknown = "route_unknown",
    AppUnknown = "app_unknown",
    AppDisabled = "app_disabled",
    Unauthorised = "unauthorised",
    BodyTooLarge = "body_too_large",
    EventTooLarge = "event_too_large",
    ScopeAction = "scope_action",
    ScopeChannel = "scope_channel",
    RateLimited = "rate_limited",
    QuotaExhausted = "quota_exhausted",
    ConnectionLimit = "connection_limit",
    OriginRefused = "origin_refused",
    TlsRequired = "tls_required",
    BadRequest = "bad_request",
    UnsupportedEncoding = "unsupported_encoding",
    Overloaded = "overloaded",
    Draining = "draining",
    Internal = "internal",
    DialectDisabled = "dialect_disabled",
    PlanFeature = "plan_feature",
    AddressRefused = "address_refused",
    ChannelLimit = "channel_limit",
    MemberLimit = "member_limit",
}

impl RefusalCode {
    pub const COUNT: usize = Self::ALL.len();

    pub const fn index(self) -> usize {
        self as usize
    }
}

impl std::str::FromStr for RefusalCode {
    type Err = UnknownCode;
    fn from_str(raw: &str) -> Result<Self, UnknownCode> {
        Self::ALL.into_iter().find(|code| code.as_str() == raw).ok_or(UnknownCode)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a refusal code")]
pub struct UnknownCode;

/// How the refused call came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    Http,
    Socket,
}

/// One refusal of an app's traffic, as it can be looked up by its request id for seven days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalRecord {
    /// What the answer carried; unique for each refusal.
    pub request_id: String,
    pub app: AppId,
    /// Unix milliseconds.
    pub at_ms: u64,
    pub code: RefusalCode,
    /// The public half of the credential, if one was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Which limit, by the name of its setting or quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Unix seconds at which the limit allows more, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<i64>,
    pub dialect: String,
    pub transport: Transport,
    /// What was asked for: the route of a request, the command of a frame.
    pub action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// What the caller was told.
    pub message: String,
}

/// `POST /internal/v1/refusals`. A record that is there already is passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalBatch {
    pub gateway: String,
    pub refusals: Vec<RefusalRecord>,
}

impl RefusalBatch {
    pub const MAX_RECORDS: usize = 1_000;
    pub const MAX_BYTES: usize = 2 << 20;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_numbered_in_their_order_and_read_back() {
        for (n, code) in RefusalCode::ALL.into_iter().enumerate() {
            assert_eq!(code.index(), n);
            assert_eq!(code.as_str().parse(), Ok(code));
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{}\"", code.as_str()));
        }
        assert_eq!("unheard_of".parse::<RefusalCode>(), Err(UnknownCode));
    }
}

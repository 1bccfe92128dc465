//! A gateway as it registers and as the API shows it.

use crate::api::ApiError;
use contract::directory::Revision;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// A gateway counts as live this long after it was last heard of, seconds.
pub const LIVE_FOR_S: f64 = 15.0;

#[derive(Deserialize)]
pub struct FeedQuery {
    after: Revision,
    gateway: String,
    boot: String,
    ops_url: String,
}

/// What a gateway says about itself when it starts to follow the feed.
pub struct Registration {
    pub id: String,
    pub boot: Uuid,
    /// Where this control plane reads its live events; without a trailing slash.
    pub ops_url: String,
}

impl Registration {
    pub fn parse(query: FeedQuery) -> Result<(Self, Revision), ApiError> {
        let FeedQuery { after, gateway, boot, ops_url } = query;
        check_name(&gateway)?;
        if after > i64::MAX.unsigned_abs() {
            return Err(ApiError::field("after", "is not a revision"));
        }
        let boot = boot.parse().map_err(|_| ApiError::field("boot", "must be a UUID"))?;
        let url = reqwest::Url::parse(&ops_url)
            .ok()
            .filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
            .ok_or_else(|| ApiError::field("ops_url", "must be an http(s) URL"))?;
        let ops_url = url.as_str().trim_end_matches('/').to_owned();
        Ok((Self { id: gateway, boot, ops_url }, after))
    }
}

pub fn check_name(gateway: &str) -> Result<(), ApiError> {
    let named = (1..=64).contains(&gateway.len())
        && gateway.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.:".contains(&b));
    match named {
        true => Ok(()),
        false => Err(ApiError::field("gateway", "must be 1 to 64 bytes of [A-Za-z0-9_.:-]")),
    }
}

#[derive(Serialize, ToSchema)]
pub struct Gateway {
    pub id: String,
    /// Everything up to here is in force there.
    #[schema(value_type = u64)]
    pub confirmed_revision: Revision,
    #[serde(with = "time::serde::rfc3339")]
    pub last_seen: OffsetDateTime,
    pub live: bool,
}

#[derive(Serialize, ToSchema)]
pub struct Gateways {
    pub items: Vec<Gateway>,
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// The newest revision there is.
    #[schema(value_type = u64)]
    pub head: Revision,
}

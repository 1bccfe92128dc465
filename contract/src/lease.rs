//! Leases: how one quota is held by several gateways without a query per message.
//!
//! Everything is an absolute total since the gateway's boot, so a question that is asked twice is
//! answered twice with the same effect. A gateway asks about once a second for every app in use, in
//! one request, and may use what it was granted until the next answer.

use crate::AppId;
use serde::{Deserialize, Serialize};

/// `POST /internal/v1/leases`, answered with [`LeaseAnswer`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseRequest {
    pub gateway: String,
    pub boot: String,
    pub asks: Vec<LeaseAsk>,
}

impl LeaseRequest {
    pub const MAX_ASKS: usize = 5_000;
    pub const MAX_BYTES: usize = 2 << 20;
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseAsk {
    pub app: AppId,
    /// Units used here since boot: published and delivered.
    pub used: u64,
    /// Units that may be needed beyond `used` until the next answer.
    pub wanted: u64,
    /// Connections open here now.
    pub open: u32,
    /// Connections that may be needed beyond `open` until the next answer.
    pub wanted_connections: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseAnswer {
    /// In the order of the asks; an app that is no more has none.
    pub grants: Vec<LeaseGrant>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseGrant {
    pub app: AppId,
    /// Units since boot that may be used here: compare with `used`.
    pub granted: u64,
    /// Connections that may be open here at once.
    pub connections: u32,
    /// The state of the quota that binds first, for refusals and for when the control plane is away:
    /// then a gateway may use what was left, and no more.
    pub pool: Pool,
    /// The connections of all apps that share the limit, and the limit.
    pub connections_open: u32,
    pub connections_limit: u32,
}

/// A quota of messages at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Which quota: `messages` of the organisation, `app_messages` of one app, `spend_limit`.
    pub rule: String,
    pub limit: u64,
    pub used: u64,
    /// Unix seconds at which more is granted.
    pub resets_at: i64,
    /// Whether nothing is left and more is refused. Where overage is allowed, never.
    pub is_exhausted: bool,
    /// Whether use beyond the limit is billed in place of being refused.
    pub has_overage: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_keep_their_shape() {
        let ask = LeaseAsk {
            app: "100042".parse().unwrap(),
            used: 7,
            wanted: 100,
            open: 2,
            wanted_connections: 10,
        };
        let text = serde_json::to_string(&ask).unwrap();
        assert_eq!(
            text,
            r#"{"app":"100042","used":7,"wanted":100,"open":2,"wanted_connections":10}"#
        );
        assert_eq!(serde_json::from_str::<LeaseAsk>(&text).unwrap(), ask);
    }
}

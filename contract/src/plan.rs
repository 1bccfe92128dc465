//! What an app's plan allows, as far as gateways enforce it.

use serde::{Deserialize, Serialize};

/// The plan of an app's organisation. Its limits are in the app's limits already: those are the
/// smaller of the plan's and the app's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanTerms {
    /// What refusals call it.
    pub name: String,
    pub features: Features,
    /// Whether the message quota is held by leases; an app without is never refused for it.
    pub is_metered: bool,
    /// How many hours of its live events are kept; 0: none are.
    pub live_hours: u32,
}

impl Default for PlanTerms {
    fn default() -> Self {
        let features = Features::default();
        Self { name: "free".into(), features, is_metered: false, live_hours: 0 }
    }
}

/// What a plan has or has not. Refused with 403 `plan_feature`, naming the feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Features {
    /// Reading a channel's history, over HTTP and on sockets.
    pub history: bool,
    /// Subscriptions by pattern.
    pub patterns: bool,
    /// Messages to one connection or user.
    pub direct_messages: bool,
}

impl Default for Features {
    fn default() -> Self {
        Self { history: true, patterns: true, direct_messages: true }
    }
}

//! Plans and subscriptions as the API shows them.

use crate::api::ApiError;
use contract::plan::{Features, PlanTerms};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// What a version of a plan allows. Billing reads prices; all else is enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanVersion {
    pub plan: String,
    pub version: i32,
    pub display_name: String,
    pub is_public: bool,
    /// Micro-dollars per period of 30 days.
    pub price_micros: i64,
    /// Micro-dollars per million units beyond the quota; none where overage cannot be chosen.
    pub overage_micros_per_million: Option<i64>,
    pub max_connections: i32,
    pub messages_per_day: i64,
    pub max_payload_bytes: i32,
    pub max_publishes_per_s: i32,
    pub max_reads_per_s: i32,
    pub max_presence_members: i32,
    pub max_channels_per_connection: i32,
    pub history_s: i32,
    pub live_hours: i32,
    pub max_apps: i32,
    pub max_keys: i32,
    pub max_webhooks: i32,
    pub max_seats: i32,
    pub features: Features,
}

/// Whether it is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Good,
    /// A payment failed and is tried again; nothing is taken away yet.
    PastDue,
    /// It is not paid: the limits of the free plan hold until it is.
    Reduced,
}

impl Standing {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::PastDue => "past_due",
            Self::Reduced => "reduced",
        }
    }
}

/// A standing that the database holds and this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("unknown standing")]
pub struct UnknownStanding;

impl std::str::FromStr for Standing {
    type Err = UnknownStanding;
    fn from_str(raw: &str) -> Result<Self, UnknownStanding> {
        let all = [Self::Good, Self::PastDue, Self::Reduced];
        all.into_iter().find(|standing| standing.as_str() == raw).ok_or(UnknownStanding)
    }
}

/// What an organisation agreed to, as it is stored.
#[derive(Clone, Debug)]
pub struct Subscribed {
    /// The version agreed on, whatever the standing.
    pub plan: PlanVersion,
    pub period_start: OffsetDateTime,
    pub period_end: OffsetDateTime,
    /// What the next period begins with, where that is another.
    pub next: Option<(String, i32)>,
    pub standing: Standing,
    pub spend_limit_micros: Option<i64>,
}

/// One plan that can be had.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Plan {
    /// Its name for programs.
    #[schema(example = "growth")]
    pub plan: String,
    pub version: u32,
    pub display_name: String,
    /// Micro-dollars (a millionth of a dollar) per period of 30 days.
    pub price_micros: u64,
    /// Micro-dollars per million units beyond the quota; null where overage cannot be chosen.
    #[schema(required)]
    pub overage_micros_per_million: Option<u64>,
    pub limits: PlanLimits,
    #[schema(value_type = PlanFeatures)]
    pub features: Features,
}

/// What a plan allows. Of message units 30 days' worth is kept at most.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlanLimits {
    pub max_connections: u32,
    /// Units that each UTC day adds: one publish or one delivery per 5 KiB begun.
    pub messages_per_day: u64,
    pub max_payload_bytes: u32,
    pub max_publishes_per_s: u32,
    pub max_reads_per_s: u32,
    pub max_presence_members: u32,
    pub max_channels_per_connection: u32,
    /// Seconds that messages can be read back.
    pub history_s: u32,
    /// Hours that one can look back in an app's live events.
    pub live_hours: u32,
    pub max_apps: u32,
    /// Secret and publishable keys of one app together.
    pub max_keys: u32,
    pub max_webhooks: u32,
    pub max_seats: u32,
}

#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the shape in the OpenAPI document")]
pub struct PlanFeatures {
    /// Reading a channel's history.
    pub history: bool,
    /// Subscriptions by pattern.
    pub patterns: bool,
    /// Messages to one connection or user.
    pub direct_messages: bool,
}

/// What an organisation is on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Subscription {
    /// What was agreed on.
    pub plan: Plan,
    #[serde(with = "time::serde::rfc3339")]
    pub period_start: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub period_end: OffsetDateTime,
    /// What the next period begins with, where that is another plan or version.
    #[schema(required)]
    pub next: Option<NextPlan>,
    pub standing: Standing,
    /// Micro-dollars of overage that one period may come to; null: no end.
    #[schema(required)]
    pub spend_limit_micros: Option<u64>,
    /// What holds now: the plan's, or the free plan's while the standing is `reduced`.
    pub limits: PlanLimits,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NextPlan {
    pub plan: String,
    pub version: u32,
}

#[derive(Serialize, ToSchema)]
pub struct Plans {
    pub items: Vec<Plan>,
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl PlanVersion {
    /// As gateways know it.
    pub fn terms(&self) -> PlanTerms {
        PlanTerms {
            name: self.plan.clone(),
            features: self.features,
            is_metered: true,
            live_hours: self.live_hours.unsigned_abs(),
        }
    }

    pub fn limits(&self) -> PlanLimits {
        PlanLimits {
            max_connections: self.max_connections.unsigned_abs(),
            messages_per_day: self.messages_per_day.unsigned_abs(),
            max_payload_bytes: self.max_payload_bytes.unsigned_abs(),
            max_publishes_per_s: self.max_publishes_per_s.unsigned_abs(),
            max_reads_per_s: self.max_reads_per_s.unsigned_abs(),
            max_presence_members: self.max_presence_members.unsigned_abs(),
            max_channels_per_connection: self.max_channels_per_connection.unsigned_abs(),
            history_s: self.history_s.unsigned_abs(),
            live_hours: self.live_hours.unsigned_abs(),
            max_apps: self.max_apps.unsigned_abs(),
            max_keys: self.max_keys.unsigned_abs(),
            max_webhooks: self.max_webhooks.unsigned_abs(),
            max_seats: self.max_seats.unsigned_abs(),
        }
    }

    /// Whether there is room for one more of what the plan limits by number: `used` are there.
    pub fn require_room(&self, rule: &'static str, used: i64, limit: i32) -> Result<(), ApiError> {
        match used < i64::from(limit) {
            true => Ok(()),
            false => Err(ApiError::PlanLimit {
                rule,
                used: Some(used.max(0).unsigned_abs()),
                limit: Some(u64::from(limit.unsigned_abs())),
            }),
        }
    }

    pub fn require_apps(&self, used: i64) -> Result<(), ApiError> {
        self.require_room("max_apps", used, self.max_apps)
    }

    /// Secret and publishable keys of one app together.
    pub fn require_keys(&self, used: i64) -> Result<(), ApiError> {
        self.require_room("max_keys", used, self.max_keys)
    }

    /// Endpoints of all its apps and its own together.
    pub fn require_webhooks(&self, used: i64) -> Result<(), ApiError> {
        self.require_room("max_webhooks", used, self.max_webhooks)
    }

    /// Members and open invitations together.
    pub fn require_seats(&self, used: i64) -> Result<(), ApiError> {
        self.require_room("max_seats", used, self.max_seats)
    }
}

impl From<&PlanVersion> for Plan {
    fn from(version: &PlanVersion) -> Self {
        Self {
            plan: version.plan.clone(),
            version: version.version.unsigned_abs(),
            display_name: version.display_name.clone(),
            price_micros: version.price_micros.unsigned_abs(),
            overage_micros_per_million: version.overage_micros_per_million.map(i64::unsigned_abs),
            limits: version.limits(),
            features: version.features,
        }
    }
}

impl Subscribed {
    pub fn shown(&self, effective: &PlanVersion) -> Subscription {
        Subscription {
            plan: Plan::from(&self.plan),
            period_start: self.period_start,
            period_end: self.period_end,
            next: self
                .next
                .clone()
                .map(|(plan, version)| NextPlan { plan, version: version.unsigned_abs() }),
            standing: self.standing,
            spend_limit_micros: self.spend_limit_micros.map(i64::unsigned_abs),
            limits: effective.limits(),
        }
    }
}

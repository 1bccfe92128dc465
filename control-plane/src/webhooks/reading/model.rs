//! Deliveries and attempts as the API shows them, and which ones are asked for.

use crate::{
    api::{ApiError, PageParams, PageRequest},
    webhooks::{events::EventType, model::Attempt},
};
use contract::ChannelName;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// One event for one endpoint.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookDelivery {
    pub id: Uuid,
    /// What happened: the same for every endpoint that is told of it.
    pub message_id: Uuid,
    #[serde(rename = "type")]
    pub kind: String,
    #[schema(required)]
    pub channel: Option<String>,
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next; null once it is delivered or dead.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub next_at: Option<OffsetDateTime>,
    /// What the last attempt was answered.
    #[schema(required)]
    pub last_status: Option<i32>,
    #[schema(required)]
    pub last_error: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub finished_at: Option<OffsetDateTime>,
    /// What the event says beside its type and channel.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
    /// Where it stands among all deliveries, which is the order of pages.
    #[serde(skip)]
    pub place: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waiting, or to be tried again.
    Pending,
    Delivered,
    /// Given up. It can be replayed.
    Dead,
}

impl DeliveryState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    pub fn from_text(text: &str) -> Result<Self, sqlx::Error> {
        let all = [Self::Pending, Self::Delivered, Self::Dead];
        let found = all.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| sqlx::Error::Decode("unknown state of a delivery".into()))
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryParams {
    /// Only deliveries in this state.
    pub state: Option<DeliveryState>,
    /// Only events of this type.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Only events of this channel.
    pub channel: Option<String>,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u8>,
}

/// Which deliveries are looked for.
pub struct Wanted {
    pub state: Option<DeliveryState>,
    pub kind: Option<EventType>,
    pub channel: Option<String>,
    pub page: PageRequest,
}

impl DeliveryParams {
    pub fn checked(self) -> Result<Wanted, ApiError> {
        let kind = self.kind.as_deref().map(EventType::parse).transpose();
        let channel = self.channel.as_deref().map(str::parse::<ChannelName>).transpose();
        channel.map_err(|e| ApiError::field("channel", e))?;
        Ok(Wanted {
            state: self.state,
            kind: kind.map_err(|e| ApiError::field("type", e))?,
            channel: self.channel,
            page: PageParams::new(self.cursor, self.limit).try_into()?,
        })
    }
}

/// One request to an endpoint, in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookAttempt {
    pub id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    pub duration_ms: i32,
    /// How often its oldest event had been tried, this attempt included.
    pub attempt: i32,
    /// How many events it carried.
    pub events: i32,
    /// Null when no answer came.
    #[schema(required)]
    pub status: Option<i32>,
    /// Null when it was taken.
    #[schema(required)]
    pub error: Option<String>,
}

/// One request to an endpoint, as it was sent and answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookExchange {
    #[serde(flatten)]
    pub attempt: Attempt,
    /// What it carried, in its order.
    pub deliveries: Vec<CarriedDelivery>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CarriedDelivery {
    pub id: Uuid,
    #[serde(rename = "type")]
    pub kind: String,
    #[schema(required)]
    pub channel: Option<String>,
    pub state: DeliveryState,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AttemptParams {
    /// Only attempts that carried this delivery.
    pub delivery: Option<Uuid>,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u8>,
}

impl AttemptParams {
    pub fn page(&self) -> Result<PageRequest, ApiError> {
        PageParams::new(self.cursor.clone(), self.limit).try_into()
    }
}

/// Which deliveries are to be made again, oldest first and 10,000 at most.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayWebhook {
    /// `dead` if absent, or `delivered`.
    #[serde(default)]
    pub state: Option<DeliveryState>,
    /// Those that were made at this time or later.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub from: Option<OffsetDateTime>,
    /// Those that were made before.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub until: Option<OffsetDateTime>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReplayedWebhook {
    pub replayed: u64,
    /// Whether there are more of them: ask again.
    pub more: bool,
}

/// A replay as the audit log keeps it.
#[derive(Serialize)]
pub struct LoggedReplay {
    pub state: DeliveryState,
    #[serde(with = "time::serde::rfc3339::option")]
    pub from: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub until: Option<OffsetDateTime>,
    pub replayed: u64,
}

crate::audit::fact!(LoggedReplay);

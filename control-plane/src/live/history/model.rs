//! Kept live events as the API shows them.

use crate::apps::settings::LiveHistoryName;
use contract::LiveHistory;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// What happened in an app, newest first.
#[derive(Serialize, ToSchema)]
pub struct LivePage {
    pub items: Vec<LiveItem>,
    /// There is more, also if this page is short or empty: a page looks at no more than 20,000 events.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// Nothing older can be read: the plan reaches no further back.
    #[serde(with = "time::serde::rfc3339")]
    pub reaches_to: OffsetDateTime,
    /// The app's setting `live_history`; `off` also where the plan keeps nothing.
    #[schema(value_type = LiveHistoryName)]
    pub kept: LiveHistory,
}

/// One event, with the members that a live event of its kind has.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LiveItem {
    pub id: String,
    /// Unix milliseconds.
    pub at_ms: i64,
    #[schema(value_type = LiveKindName)]
    pub kind: String,
    /// `pusher`, `relay`, `anycable` or `metered`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The event's name; of `webhook` what it is called there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The first 1,024 bytes of the payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// How long the whole payload was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_bytes: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Of refusals: `http` or `socket`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// By which the refusal can be looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Of `dropped`: how many more events there were about then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
}

#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the shape in the OpenAPI document")]
pub enum LiveKindName {
    #[schema(rename = "connection_opened")]
    ConnectionOpened,
    #[schema(rename = "connection_closed")]
    ConnectionClosed,
    #[schema(rename = "subscribed")]
    Subscribed,
    #[schema(rename = "unsubscribed")]
    Unsubscribed,
    #[schema(rename = "published")]
    Published,
    #[schema(rename = "client_event")]
    ClientEvent,
    #[schema(rename = "refused")]
    Refused,
    /// What webhook endpoints are told.
    #[schema(rename = "webhook")]
    Webhook,
    #[schema(rename = "dropped")]
    Dropped,
}

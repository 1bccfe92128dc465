//! Secret keys as the API shows them and takes them.

use crate::{api::ApiError, people::model::DisplayName};
use contract::{Action, Pattern, Scope, SecretKeyId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SecretKey {
    /// The middle part of the token: names the key without being it.
    #[schema(value_type = String)]
    pub id: SecretKeyId,
    pub name: String,
    #[schema(value_type = Vec<ActionName>)]
    pub actions: Vec<Action>,
    #[schema(value_type = Vec<String>)]
    pub channels: Vec<Pattern>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub expires_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub last_used_at: Option<OffsetDateTime>,
}

/// What a key may be allowed to do.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the shape in the OpenAPI document")]
pub enum ActionName {
    #[schema(rename = "publish")]
    Publish,
    #[schema(rename = "subscribe")]
    Subscribe,
    #[schema(rename = "presence")]
    Presence,
    #[schema(rename = "send")]
    Send,
    #[schema(rename = "history")]
    History,
    #[schema(rename = "channels.read")]
    ChannelsRead,
    #[schema(rename = "users.terminate")]
    UsersTerminate,
    #[schema(rename = "usage.read")]
    UsageRead,
}

#[derive(Serialize, ToSchema)]
pub struct CreatedKey {
    pub key: SecretKey,
    /// The key itself, shown here and nowhere else.
    #[schema(format = "password")]
    pub token: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    #[schema(value_type = String, max_length = 100)]
    pub name: DisplayName,
    /// An empty list allows nothing.
    #[schema(value_type = Vec<ActionName>)]
    pub actions: Vec<Action>,
    /// Channel patterns: `*` within a segment, `**` across; an empty list covers no channel.
    #[schema(value_type = Vec<String>, max_items = 100)]
    pub channels: Vec<Pattern>,
    /// When the key stops working by itself.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
}

impl NewKey {
    pub fn checked(mut self, now: OffsetDateTime) -> Result<Self, ApiError> {
        if self.channels.len() > Scope::MAX_PATTERNS {
            let message = format!("must be at most {} patterns", Scope::MAX_PATTERNS);
            return Err(ApiError::field("channels", message));
        }
        if self.expires_at.is_some_and(|at| at <= now) {
            return Err(ApiError::field("expires_at", "must be in the future"));
        }
        self.actions.sort_unstable();
        self.actions.dedup();
        Ok(self)
    }
}

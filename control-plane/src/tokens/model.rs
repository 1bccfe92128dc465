//! Management tokens as the API shows them and takes them.

use crate::{api::ApiError, organisations::Permission, people::model::DisplayName};
use contract::{AppId, ManagementTokenId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// Apps that one token can be confined to.
const MAX_APPS: usize = 200;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ManagementToken)]
pub struct Token {
    /// The middle part of the token: names it without being it.
    #[schema(value_type = String)]
    pub id: ManagementTokenId,
    pub name: String,
    /// What it was made for. It may these as long as its maker may.
    pub permissions: Vec<Permission>,
    /// The apps it is confined to; null: the whole organisation.
    #[schema(required, value_type = Option<Vec<String>>)]
    pub apps: Option<Vec<AppId>>,
    /// Who made it.
    pub made_by: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub expires_at: Option<OffsetDateTime>,
    /// To the minute.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub last_used_at: Option<OffsetDateTime>,
}
crate::audit::fact!(Token);

#[derive(Serialize, ToSchema)]
pub struct CreatedToken {
    pub management_token: Token,
    /// The token itself, shown here and nowhere else.
    #[schema(format = "password")]
    pub token: String,
}

/// What the token that asks is and may right now.
#[derive(Serialize, ToSchema)]
pub struct TokenInfo {
    pub management_token: Token,
    pub organisation_id: Uuid,
    /// What it may now: what it was made for, as far as its maker still may it.
    pub effective_permissions: Vec<Permission>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    #[schema(value_type = String, max_length = 100)]
    pub name: DisplayName,
    /// At least one, and none that its maker does not have.
    #[schema(min_items = 1)]
    pub permissions: Vec<Permission>,
    /// Confines it to these apps. It then takes permissions on apps, keys and usage only.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 200)]
    pub apps: Option<Vec<AppId>>,
    /// When it stops working by itself.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
}

impl NewToken {
    pub fn checked(mut self, now: OffsetDateTime) -> Result<Self, ApiError> {
        self.permissions.sort_unstable();
        self.permissions.dedup();
        if self.permissions.is_empty() {
            return Err(ApiError::field("permissions", "must name at least one"));
        }
        if self.expires_at.is_some_and(|at| at <= now) {
            return Err(ApiError::field("expires_at", "must be in the future"));
        }
        let Some(apps) = &mut self.apps else { return Ok(self) };
        apps.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        apps.dedup();
        if apps.is_empty() || apps.len() > MAX_APPS {
            return Err(ApiError::field(
                "apps",
                format!("must name 1 to {MAX_APPS} apps, or be null"),
            ));
        }
        match self.permissions.iter().find(|permission| !permission.is_of_apps()) {
            None => Ok(self),
            Some(permission) => Err(ApiError::field(
                "permissions",
                format!("{} is not for a token that is confined to apps", permission.as_str()),
            )),
        }
    }
}

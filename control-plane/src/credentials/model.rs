//! Credentials as the API shows them.

use contract::AppKey;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Credential {
    #[schema(value_type = String)]
    pub key: AppKey,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub last_used_at: Option<OffsetDateTime>,
}

/// A new pair. The secret is shown here and nowhere else.
#[derive(Serialize, ToSchema)]
pub struct NewCredential {
    #[schema(value_type = String)]
    pub key: AppKey,
    #[schema(format = "password")]
    pub secret: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
pub struct CreatedCredential {
    pub credential: NewCredential,
}

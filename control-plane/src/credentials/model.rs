//! Credentials as the API shows them.

use crate::{api::nullable, apps::model::ImportedSecret, keys::rotation::Previous};
use contract::AppKey;
use serde::{Deserialize, Serialize};
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
    /// When the pair stops working by itself.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub expires_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub rotated_at: Option<OffsetDateTime>,
    /// The secret before the present one, while it is taken.
    #[schema(required)]
    pub previous: Option<Previous>,
}

crate::audit::fact!(Credential);

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPair {
    /// Brings a pair from elsewhere, so that whoever holds it changes nothing but the host.
    #[serde(default)]
    pub import: Option<ImportedPair>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportedPair {
    #[schema(value_type = String, max_length = 64)]
    pub key: AppKey,
    #[schema(value_type = String, format = "password", max_length = 128)]
    pub secret: ImportedSecret,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialPatch {
    /// When the pair stops working by itself and its connections end; null for never.
    #[serde(default, deserialize_with = "nullable::moment")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Option<OffsetDateTime>>,
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

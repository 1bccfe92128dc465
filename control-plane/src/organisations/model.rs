//! Organisations as the API shows them.

use super::permission::Role;
use crate::people::model::DisplayName;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Organisation {
    pub id: Uuid,
    pub name: String,
    /// What the signed-in person is in it.
    pub role: Role,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it is deleted for good, unless it is restored before; null when it is not.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub deleting_at: Option<OffsetDateTime>,
}
crate::audit::fact!(Organisation);

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameOrganisation {
    #[schema(value_type = String, max_length = 100)]
    pub name: DisplayName,
}

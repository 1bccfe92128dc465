//! Organisations as the API shows them, and what a role may do.

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
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameOrganisation {
    #[schema(value_type = String, max_length = 100)]
    pub name: DisplayName,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Owner,
    Admin,
    Developer,
    Viewer,
}

/// What a request wants to do in an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    Read,
    /// Make and change apps, credentials and keys; publish.
    Build,
    /// Delete apps, rename the organisation.
    Administer,
}

impl Role {
    pub fn may(self, right: Right) -> bool {
        match self {
            Self::Owner | Self::Admin => true,
            Self::Developer => right != Right::Administer,
            Self::Viewer => right == Right::Read,
        }
    }
}

/// A role that the database holds and this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("unknown role")]
pub struct UnknownRole;

impl TryFrom<String> for Role {
    type Error = UnknownRole;
    fn try_from(raw: String) -> Result<Self, UnknownRole> {
        match raw.as_str() {
            "owner" => Ok(Self::Owner),
            "admin" => Ok(Self::Admin),
            "developer" => Ok(Self::Developer),
            "viewer" => Ok(Self::Viewer),
            _ => Err(UnknownRole),
        }
    }
}

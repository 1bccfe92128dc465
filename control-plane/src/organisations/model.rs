//! Organisations as the API shows them.

use super::permission::{Permission, Role};
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
pub struct NewOrganisation {
    #[schema(value_type = String, max_length = 100)]
    pub name: DisplayName,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameOrganisation {
    #[schema(value_type = String, max_length = 100)]
    pub name: DisplayName,
}

/// What can be allowed, and what each role may.
#[derive(Serialize, ToSchema)]
pub struct Permissions {
    pub permissions: Vec<PermissionInfo>,
    pub roles: Vec<RoleInfo>,
}

#[derive(Serialize, ToSchema)]
pub struct PermissionInfo {
    pub permission: Permission,
    pub description: &'static str,
    /// Whether a token that is confined to some apps can have it.
    pub of_apps: bool,
}

#[derive(Serialize, ToSchema)]
pub struct RoleInfo {
    pub role: Role,
    pub permissions: Vec<Permission>,
}

impl Permissions {
    pub fn all() -> Self {
        let permission = |permission: Permission| PermissionInfo {
            permission,
            description: permission.description(),
            of_apps: permission.is_of_apps(),
        };
        let role = |role: Role| RoleInfo { role, permissions: role.permissions().collect() };
        Self {
            permissions: Permission::ALL.map(permission).into(),
            roles: Role::ALL.map(role).into(),
        }
    }
}

//! What people may do in an organisation: one list of permissions, from which every role is built.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! permissions {
    ($(#[doc = $doc:literal] $variant:ident = $text:tt),+ $(,)?) => {
        /// One thing that can be allowed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        pub enum Permission {
            $(#[doc = $doc] #[serde(rename = $text)] $variant),+
        }

        impl Permission {
            pub const ALL: [Permission; [$($text),+].len()] = [$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            /// What it allows, in words.
            pub const fn description(self) -> &'static str {
                match self {
                    $(Self::$variant => $doc.trim_ascii()),+
                }
            }
        }
    };
}

permissions! {
    /// See the organisation, its apps, their settings, channels and live events.
    AppsRead = "apps.read",
    /// Make and change apps; publish test messages, end connections.
    AppsWrite = "apps.write",
    /// Delete apps.
    AppsDelete = "apps.delete",
    /// See credentials and keys; their secrets nobody sees again.
    KeysRead = "keys.read",
    /// Make, change, rotate and revoke credentials and keys.
    KeysWrite = "keys.write",
    /// See usage, quotas and refusals.
    UsageRead = "usage.read",
    /// See the members and open invitations.
    TeamRead = "team.read",
    /// Invite, remove and give roles, none above one's own.
    TeamWrite = "team.write",
    /// See management tokens; not the tokens themselves.
    TokensRead = "tokens.read",
    /// Make and revoke management tokens, with no more than one's own permissions.
    TokensWrite = "tokens.write",
    /// See the plan, invoices and how they are paid.
    BillingRead = "billing.read",
    /// Change the plan, limits on spending and how it is paid.
    BillingWrite = "billing.write",
    /// Read and export the audit log.
    AuditRead = "audit.read",
    /// Rename the organisation; change its own webhooks.
    OrganisationWrite = "organisation.write",
    /// Delete the organisation or hand it to somebody else.
    OrganisationDelete = "organisation.delete",
}

impl Permission {
    pub fn changes_something(self) -> bool {
        !self.as_str().ends_with(".read")
    }

    /// Whether a token that is confined to some apps can have it.
    pub fn is_of_apps(self) -> bool {
        use Permission::*;
        matches!(self, AppsRead | AppsWrite | AppsDelete | KeysRead | KeysWrite | UsageRead)
    }
}

/// What somebody is in an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Owner,
    Admin,
    Developer,
    Billing,
    Viewer,
}

impl Role {
    pub const ALL: [Role; 5] =
        [Self::Owner, Self::Admin, Self::Developer, Self::Billing, Self::Viewer];

    pub fn may(self, permission: Permission) -> bool {
        use Permission::*;
        match self {
            Self::Owner => true,
            Self::Admin => permission != OrganisationDelete,
            Self::Developer => matches!(
                permission,
                AppsRead | AppsWrite | KeysRead | KeysWrite | UsageRead | TeamRead | TokensRead
            ),
            Self::Billing => {
                matches!(permission, AppsRead | UsageRead | TeamRead | BillingRead | BillingWrite)
            }
            Self::Viewer => matches!(permission, AppsRead | KeysRead | UsageRead | TeamRead),
        }
    }

    pub fn permissions(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.may(*permission))
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Billing => "billing",
            Self::Viewer => "viewer",
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
        Self::ALL.into_iter().find(|role| role.as_str() == raw).ok_or(UnknownRole)
    }
}

//! Invitations as the API shows them and takes them.

use crate::{
    organisations::{Role, model::Organisation},
    people::model::{DisplayName, EmailAddress, Password, User},
};
use contract::TokenHash;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Invitation {
    pub id: Uuid,
    pub email: String,
    pub role: Role,
    /// Who sent it; null when their account is gone.
    #[schema(required)]
    pub invited_by: Option<Uuid>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}
crate::audit::fact!(Invitation);

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    #[schema(value_type = String, format = "email", max_length = 254)]
    pub email: EmailAddress,
    /// None that allows what one's own does not.
    pub role: Role,
}

/// What the link in the mail carries. Only its hash is stored.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub struct InvitationToken(Zeroizing<String>);

impl InvitationToken {
    const MAX_BYTES: usize = 128;

    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

impl TryFrom<String> for InvitationToken {
    type Error = &'static str;
    fn try_from(raw: String) -> Result<Self, Self::Error> {
        let raw = Zeroizing::new(raw);
        match raw.len() <= Self::MAX_BYTES {
            true => Ok(Self(raw)),
            false => Err("is not a token of an invitation"),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresentedInvitation {
    #[schema(value_type = String, format = "password", max_length = 128)]
    pub token: InvitationToken,
}

/// What somebody is invited to.
#[derive(Serialize, ToSchema)]
pub struct InvitationView {
    pub organisation: String,
    pub email: String,
    pub role: Role,
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// Whether the address has an account: then sign in and accept, or else sign up.
    pub has_account: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitedSignUp {
    #[schema(value_type = String, format = "password", max_length = 128)]
    pub token: InvitationToken,
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 128)]
    pub password: Password,
    #[schema(value_type = Option<String>, max_length = 100)]
    pub name: Option<DisplayName>,
}

/// Somebody who signed up by an invitation.
#[derive(Serialize, ToSchema)]
pub struct JoinedUp {
    pub user: User,
    pub organisation: Organisation,
    pub csrf_token: String,
}

//! What requests about links say.

use crate::people::model::{EmailAddress, Password};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyEmail {
    /// From the link, after `#token=`.
    pub token: String,
}

#[derive(Serialize, ToSchema)]
pub struct VerifiedEmail {
    pub email: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskForReset {
    #[schema(value_type = String, format = "email", max_length = 254)]
    pub email: EmailAddress,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    /// From the link, after `#token=`.
    pub token: String,
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 128)]
    pub password: Password,
}

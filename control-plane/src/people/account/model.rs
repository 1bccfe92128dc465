//! What requests about one's account say.

use crate::people::model::{DisplayName, EmailAddress, Password, PresentedPassword};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeUser {
    /// `null` takes it away.
    // Named, so that it has to be there: nothing said is not nothing.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(value_type = Option<String>, required, max_length = 100)]
    pub name: Option<DisplayName>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEmail {
    #[schema(value_type = String, format = "email", max_length = 254)]
    pub email: EmailAddress,
    #[schema(value_type = String, format = "password", max_length = 128)]
    pub password: PresentedPassword,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    #[schema(value_type = String, format = "password", max_length = 128)]
    pub current_password: PresentedPassword,
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 128)]
    pub new_password: Password,
}

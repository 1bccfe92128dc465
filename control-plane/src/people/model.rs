//! People and sessions as the API shows them, and what it takes.

use super::second_factor::model::Code;
use crate::{
    api::ApiError, apps::model::App, credentials::model::NewCredential,
    organisations::model::Organisation,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct User {
    pub id: Uuid,
    pub email: String,
    #[schema(required)]
    pub name: Option<String>,
    /// Whether the address was proved by a link that was sent to it.
    pub email_verified: bool,
    /// Whether signing in takes a code besides the password.
    pub second_factor: bool,
}

impl User {
    /// Where mail for this person goes.
    pub fn address(&self) -> Result<EmailAddress, ApiError> {
        EmailAddress::try_from(self.email.clone()).map_err(ApiError::internal)
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    #[schema(value_type = String, format = "email", max_length = 254)]
    pub email: EmailAddress,
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 128)]
    pub password: Password,
    #[schema(value_type = Option<String>, max_length = 100)]
    pub name: Option<DisplayName>,
    /// Name of the organisation that is made; one is derived if absent.
    #[schema(value_type = Option<String>, max_length = 100)]
    pub organisation: Option<DisplayName>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    #[schema(format = "email", max_length = 254)]
    pub email: String,
    #[schema(value_type = String, format = "password", max_length = 128)]
    pub password: PresentedPassword,
}

/// Everything a newcomer needs; the secret is not shown again.
#[derive(Serialize, ToSchema)]
pub struct SignedUp {
    pub user: User,
    pub organisation: Organisation,
    pub app: App,
    pub credential: NewCredential,
    pub csrf_token: String,
}

#[derive(Serialize, ToSchema)]
pub struct LoggedIn {
    pub user: User,
    pub organisations: Vec<Organisation>,
    /// Send it as `X-CSRF-Token` with every request that changes something.
    pub csrf_token: String,
}

/// What a right password leads to.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum LoginAnswer {
    LoggedIn(LoggedIn),
    SecondFactorRequired(SecondFactorRequired),
}

#[derive(Serialize, ToSchema)]
pub struct SecondFactorRequired {
    /// Always `required`.
    pub second_factor: Step,
    /// For /v1/login/second-factor, a few times.
    pub pending_token: String,
    pub expires_in_s: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Required,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogInWithSecondFactor {
    pub pending_token: String,
    /// Six digits from the authenticator app, or a recovery code.
    #[schema(value_type = String)]
    pub code: Code,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmSession {
    #[schema(value_type = String, format = "password", max_length = 128)]
    pub password: PresentedPassword,
}

#[derive(Serialize, ToSchema)]
pub struct SessionInfo {
    pub user: User,
    pub organisations: Vec<Organisation>,
    pub csrf_token: String,
    /// Where SDKs connect and publish.
    pub gateway_url: String,
}

/// An e-mail address: one `@`, a dotted host, 254 bytes at most. Whether it takes mail, only mail
/// can tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn local_part(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = &'static str;
    fn try_from(raw: String) -> Result<Self, Self::Error> {
        let plain = !raw.chars().any(|c| c.is_whitespace() || c.is_control());
        let shaped = match raw.split_once('@') {
            Some((local, host)) => {
                !local.is_empty()
                    && !host.contains('@')
                    && host.split('.').all(|label| !label.is_empty())
                    && host.contains('.')
            }
            None => false,
        };
        match raw.len() <= 254 && plain && shaped && raw.parse::<lettre::Address>().is_ok() {
            true => Ok(Self(raw)),
            false => Err("must be an e-mail address of at most 254 bytes"),
        }
    }
}

/// A new password, 8 to 128 bytes. Never in `Debug`, wiped from memory when dropped.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Password(Zeroizing<String>);

impl TryFrom<String> for Password {
    type Error = &'static str;
    fn try_from(raw: String) -> Result<Self, Self::Error> {
        let raw = Zeroizing::new(raw);
        match (8..=128).contains(&raw.len()) {
            true => Ok(Self(raw)),
            false => Err("must be 8 to 128 bytes long"),
        }
    }
}

impl Password {
    pub fn into_secret(self) -> Zeroizing<String> {
        self.0
    }
}

/// A password someone signs in with: any text up to 128 bytes, so that a refusal of its form
/// tells nothing about the account.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct PresentedPassword(Zeroizing<String>);

impl TryFrom<String> for PresentedPassword {
    type Error = &'static str;
    fn try_from(raw: String) -> Result<Self, Self::Error> {
        let raw = Zeroizing::new(raw);
        match raw.len() <= 128 {
            true => Ok(Self(raw)),
            false => Err("must be at most 128 bytes long"),
        }
    }
}

impl PresentedPassword {
    pub fn into_secret(self) -> Zeroizing<String> {
        self.0
    }
}

/// A name people give to things: 1 to 100 characters, none of them control characters, no blanks
/// around it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct DisplayName(String);

impl DisplayName {
    pub const MAX_CHARS: usize = 100;

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name from text of any kind, shortened as needed.
    pub fn from_text(text: &str) -> Option<Self> {
        let kept: String = text.chars().filter(|c| !c.is_control()).take(Self::MAX_CHARS).collect();
        Self::try_from(kept.trim().to_owned()).ok()
    }
}

impl TryFrom<String> for DisplayName {
    type Error = &'static str;
    fn try_from(raw: String) -> Result<Self, Self::Error> {
        let length_ok = (1..=Self::MAX_CHARS).contains(&raw.chars().count());
        let clean = raw.trim() == raw && !raw.chars().any(char::is_control);
        match length_ok && clean {
            true => Ok(Self(raw)),
            false => Err("must be 1 to 100 characters, without blanks around them"),
        }
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

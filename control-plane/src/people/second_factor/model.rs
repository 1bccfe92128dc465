//! What the API says and takes about second factors.

use super::recovery::RecoveryCode;
use crate::people::model::PresentedPassword;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct SecondFactor {
    pub enabled: bool,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub enabled_at: Option<OffsetDateTime>,
    pub recovery_codes_left: i64,
}

/// Shown once. It is in force when a code made with it is confirmed.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorOffer {
    /// Base32, for typing into an authenticator app.
    pub secret: String,
    /// The same for a QR code.
    pub otpauth_uri: String,
}

/// Shown once.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    pub recovery_codes: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmSecondFactor {
    /// Six digits from the app.
    #[schema(value_type = String)]
    pub code: Code,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisableSecondFactor {
    #[schema(value_type = String, format = "password", max_length = 128)]
    pub password: PresentedPassword,
    /// Six digits from the app, or a recovery code.
    #[schema(value_type = String)]
    pub code: Code,
}

/// What somebody typed as their second factor.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub enum Code {
    App(u32),
    Recovery(RecoveryCode),
}

impl TryFrom<String> for Code {
    type Error = &'static str;
    fn try_from(raw: String) -> Result<Self, Self::Error> {
        let digits: String = raw.chars().filter(|c| *c != ' ').collect();
        if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()) {
            return digits.parse().map(Self::App).map_err(|_| "must be six digits");
        }
        let recovery = RecoveryCode::parse(&raw).map(Self::Recovery);
        recovery.ok_or("must be six digits or a recovery code")
    }
}

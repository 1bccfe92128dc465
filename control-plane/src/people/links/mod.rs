//! Links that are sent by mail and work once: what proves an address, and what sets a new password.
//!
//! A link is made when its mail is sent, by a job, so that neither the request that asks for it nor
//! the database ever holds one, and asking takes equally long whoever has an account.

pub mod http;
pub mod jobs;
mod model;
pub(super) mod store;
#[cfg(test)]
mod tests;

use contract::{TokenHash, credential::NoRandomness};
use time::Duration;
use zeroize::Zeroizing;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    VerifyEmail,
    ChangeEmail,
    ResetPassword,
}

impl Purpose {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ChangeEmail => "change_email",
            Self::ResetPassword => "reset_password",
        }
    }

    pub const fn lifetime(self) -> Duration {
        match self {
            Self::VerifyEmail | Self::ChangeEmail => Duration::hours(24),
            Self::ResetPassword => Duration::hours(1),
        }
    }
}

/// What stands in a link; only its hash is stored.
pub struct LinkToken(Zeroizing<String>);

impl LinkToken {
    pub fn generate() -> Result<Self, NoRandomness> {
        contract::credential::generate_opaque_token().map(|text| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

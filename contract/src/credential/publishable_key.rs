//! Keys that clients carry openly.

use super::{
    BASE62, BadCredential, NoRandomness, check_shape, is_base62, random_text, with_checksum,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A key for browsers and devices, public by nature: `pk_sbx_` + 24 random + checksum, base62. An
/// imported one is taken as it is: `pk_` and up to 125 characters of `[A-Za-z0-9_-]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublishableKey(std::sync::Arc<str>);

impl PublishableKey {
    pub const PREFIX: &'static str = "pk_sbx_";
    const RANDOM_CHARS: usize = 24;

    pub fn generate() -> Result<Self, NoRandomness> {
        let text = Self::PREFIX.to_owned() + &random_text(BASE62, Self::RANDOM_CHARS)?;
        Ok(Self(with_checksum(text).into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PublishableKey {
    type Err = BadCredential;
    fn from_str(raw: &str) -> Result<Self, BadCredential> {
        if raw.starts_with(Self::PREFIX) {
            let fits = |body: &str| body.len() == Self::RANDOM_CHARS && is_base62(body);
            check_shape(raw, Self::PREFIX, fits)?;
        }
        let rest = raw.strip_prefix("pk_").ok_or(BadCredential::Shape)?;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        match !rest.is_empty() && raw.len() <= 128 && rest.bytes().all(allowed) {
            true => Ok(Self(raw.into())),
            false => Err(BadCredential::Shape),
        }
    }
}

impl TryFrom<String> for PublishableKey {
    type Error = BadCredential;
    fn try_from(raw: String) -> Result<Self, BadCredential> {
        raw.parse()
    }
}

impl From<PublishableKey> for String {
    fn from(key: PublishableKey) -> String {
        key.0.as_ref().to_owned()
    }
}

impl std::borrow::Borrow<str> for PublishableKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PublishableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

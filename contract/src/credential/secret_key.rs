//! Secret keys: their public half, the token, and what signs in their name.

use super::{
    BASE62, BadCredential, KEY_ID_CHARS, NoRandomness, RANDOM_CHARS, TokenHash, check_shape,
    is_base62, named::NamedToken, random_text, with_checksum,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// The public half of a secret key: names it in lists, logs and receipts.
///
/// Shape: 12 base62 characters as issued; an imported id is `sk_id_` and up to 58 characters of
/// `[A-Za-z0-9_-]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretKeyId(Form);

/// There may be a million ids, nearly all of them issued: those have no memory of their own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Form {
    Issued([u8; KEY_ID_CHARS]),
    Imported(Box<str>),
}

impl SecretKeyId {
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // Base62 when it was parsed, so it is text.
            Form::Issued(id) => std::str::from_utf8(id).unwrap_or_default(),
            Form::Imported(id) => id,
        }
    }

    /// An id as issued.
    fn issued(raw: &str) -> Option<Self> {
        let id = raw.as_bytes().try_into().ok().filter(|_| is_base62(raw))?;
        Some(Self(Form::Issued(id)))
    }
}

impl FromStr for SecretKeyId {
    type Err = BadCredential;
    fn from_str(raw: &str) -> Result<Self, BadCredential> {
        if let Some(id) = Self::issued(raw) {
            return Ok(id);
        }
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let is_imported = raw
            .strip_prefix("sk_id_")
            .is_some_and(|rest| !rest.is_empty() && rest.len() <= 58 && rest.bytes().all(allowed));
        match is_imported {
            true => Ok(Self(Form::Imported(raw.into()))),
            false => Err(BadCredential::Shape),
        }
    }
}

impl TryFrom<String> for SecretKeyId {
    type Error = BadCredential;
    fn try_from(raw: String) -> Result<Self, BadCredential> {
        raw.parse()
    }
}

impl From<SecretKeyId> for String {
    fn from(id: SecretKeyId) -> String {
        id.as_str().to_owned()
    }
}

impl fmt::Display for SecretKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A secret key as its owner holds it: `sk_sbx_{id}_{30 random}{checksum}`, base62.
#[derive(Clone)]
pub struct SecretKeyToken(NamedToken);

impl SecretKeyToken {
    pub const PREFIX: &'static str = "sk_sbx_";

    pub fn generate() -> Result<Self, NoRandomness> {
        NamedToken::generate(Self::PREFIX).map(Self)
    }

    /// Another token of the key `id`. One whose id came from elsewhere has tokens of ids of their own.
    pub fn renewed(id: &SecretKeyId) -> Result<Self, NoRandomness> {
        if let Form::Imported(_) = &id.0 {
            return Self::generate();
        }
        NamedToken::renewed(Self::PREFIX, id.as_str()).map(Self)
    }

    pub fn id(&self) -> SecretKeyId {
        // Base62 when it was parsed, so it is an issued one.
        SecretKeyId::issued(self.0.id()).unwrap_or(SecretKeyId(Form::Issued([b'0'; KEY_ID_CHARS])))
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    pub fn hash(&self) -> TokenHash {
        self.0.hash()
    }
}

impl FromStr for SecretKeyToken {
    type Err = BadCredential;
    fn from_str(raw: &str) -> Result<Self, BadCredential> {
        NamedToken::parse(Self::PREFIX, raw).map(Self)
    }
}

impl fmt::Debug for SecretKeyToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKeyToken({}…)", self.0.visible())
    }
}

/// What signs the tokens of a secret key's owner: `ss_sbx_` + 30 random + checksum, base62, as
/// issued; an imported one is taken as it is, 1 to 128 printable ASCII characters.
///
/// It also is the second half of the pair `{id}:{secret}`. Signatures are made with the whole
/// text, so it cannot be kept as a hash. Source: spec/metered.md §2.
#[derive(Clone)]
pub struct TokenSecret(Zeroizing<String>);

impl TokenSecret {
    pub const PREFIX: &'static str = "ss_sbx_";

    pub fn generate() -> Result<Self, NoRandomness> {
        let text = Self::PREFIX.to_owned() + &random_text(BASE62, RANDOM_CHARS)?;
        Ok(Self(with_checksum(text).into()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for TokenSecret {
    type Err = BadCredential;
    fn from_str(raw: &str) -> Result<Self, BadCredential> {
        if raw.is_empty() || raw.len() > 128 || !raw.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(BadCredential::Shape);
        }
        if raw.starts_with(Self::PREFIX) {
            check_shape(raw, Self::PREFIX, |body| body.len() == RANDOM_CHARS && is_base62(body))?;
        }
        Ok(Self(raw.to_owned().into()))
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret(…)")
    }
}

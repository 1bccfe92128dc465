//! Management tokens: what scripts carry to the management API.

use super::{
    BadCredential, NoRandomness, TokenHash,
    named::{NamedToken, is_id},
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The public half of a management token: 12 base62 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ManagementTokenId(String);

impl ManagementTokenId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ManagementTokenId {
    type Err = BadCredential;
    fn from_str(raw: &str) -> Result<Self, BadCredential> {
        match is_id(raw) {
            true => Ok(Self(raw.to_owned())),
            false => Err(BadCredential::Shape),
        }
    }
}

impl TryFrom<String> for ManagementTokenId {
    type Error = BadCredential;
    fn try_from(raw: String) -> Result<Self, BadCredential> {
        raw.parse()
    }
}

impl From<ManagementTokenId> for String {
    fn from(id: ManagementTokenId) -> String {
        id.0
    }
}

impl fmt::Display for ManagementTokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A management token as its owner holds it: `mt_sbx_{id}_{30 random}{checksum}`, base62.
#[derive(Clone)]
pub struct ManagementToken(NamedToken);

impl ManagementToken {
    pub const PREFIX: &'static str = "mt_sbx_";

    pub fn generate() -> Result<Self, NoRandomness> {
        NamedToken::generate(Self::PREFIX).map(Self)
    }

    pub fn id(&self) -> ManagementTokenId {
        ManagementTokenId(self.0.id().to_owned())
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    pub fn hash(&self) -> TokenHash {
        self.0.hash()
    }
}

impl FromStr for ManagementToken {
    type Err = BadCredential;
    fn from_str(raw: &str) -> Result<Self, BadCredential> {
        NamedToken::parse(Self::PREFIX, raw).map(Self)
    }
}

impl fmt::Debug for ManagementToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ManagementToken({}…)", self.0.visible())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SecretKeyToken;

    #[test]
    fn an_issued_token_parses_back_and_a_mistyped_one_does_not() {
        let token = ManagementToken::generate().unwrap();
        let parsed: ManagementToken = token.expose().parse().unwrap();
        assert_eq!(parsed.id(), token.id());
        assert!(parsed.hash().ct_eq(&token.hash()));
        assert!(token.id().as_str().parse::<ManagementTokenId>().is_ok());
        for at in ManagementToken::PREFIX.len()..token.expose().len() {
            let mut text = token.expose().as_bytes().to_vec();
            if text[at] == b'_' {
                continue;
            }
            text[at] = if text[at] == b'a' { b'b' } else { b'a' };
            let text = String::from_utf8(text).unwrap();
            let refused = text.parse::<ManagementToken>().expect_err(&text);
            assert_eq!(refused, BadCredential::Checksum, "{text}");
        }
    }

    #[test]
    fn tokens_of_other_kinds_are_not_management_tokens() {
        let key = SecretKeyToken::generate().unwrap();
        assert_eq!(key.expose().parse::<ManagementToken>().unwrap_err(), BadCredential::Shape);
        let token = ManagementToken::generate().unwrap();
        assert_eq!(token.expose().parse::<SecretKeyToken>().unwrap_err(), BadCredential::Shape);
        for raw in ["", "mt_sbx_", "mt_sbx_short_abc", "mt_sbx_é"] {
            assert!(raw.parse::<ManagementToken>().is_err(), "{raw}");
        }
    }

    #[test]
    fn a_token_does_not_show_in_debug() {
        let token = ManagementToken::generate().unwrap();
        assert!(!format!("{token:?}").contains(&token.expose()[20..]));
        assert!(format!("{token:?}").contains(token.id().as_str()));
    }
}

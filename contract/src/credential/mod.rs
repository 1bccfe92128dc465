//! The shapes of the credentials that Signalbox issues, their checksums and hashes.
//!
//! A wrong checksum is refused before any look-up, so a truncated paste costs nothing and secret
//! scanners can tell a real key from a lookalike. Secrets never appear in `Debug`.

mod hash;
mod management_token;
mod named;
mod publishable_key;
mod secret_key;

pub use hash::TokenHash;
pub use management_token::{ManagementToken, ManagementTokenId};
pub use publishable_key::PublishableKey;
pub use secret_key::{SecretKeyId, SecretKeyToken, TokenSecret};
use std::{fmt, str::FromStr};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const CHECKSUM_CHARS: usize = 6;
const RANDOM_CHARS: usize = 30;
const KEY_ID_CHARS: usize = 12;

/// Why a text is not a credential of the expected shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCredential {
    #[error("does not have the shape of this kind of credential")]
    Shape,
    #[error("has a wrong checksum: it was mistyped or cut off")]
    Checksum,
}

/// The system's random source failed: nothing can be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system's source of randomness failed")]
pub struct NoRandomness;

/// Fills an array from the operating system's random source.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// `n` characters of `alphabet`, each equally likely.
fn random_text(alphabet: &[u8], n: usize) -> Result<String, NoRandomness> {
    // Bytes at or above the largest multiple would favour the first letters.
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(n);
    while text.len() < n {
        for byte in random_bytes::<32>()? {
            if usize::from(byte) < fair && text.len() < n {
                text.push(alphabet[usize::from(byte) % alphabet.len()] as char);
            }
        }
    }
    Ok(text)
}

/// CRC32 of `text` as six base62 digits, most significant first.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes()) as usize;
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[rest % 62];
        rest /= 62;
    }
    digits.iter().map(|&d| d as char).collect()
}

fn with_checksum(text: String) -> String {
    let sum = checksum(&text);
    text + &sum
}

fn is_base62(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Checks that `raw` is `prefix`, `chars` base62 characters and the checksum of both.
fn check_shape(
    raw: &str,
    prefix: &str,
    body_ok: impl Fn(&str) -> bool,
) -> Result<(), BadCredential> {
    let body = raw.strip_prefix(prefix).ok_or(BadCredential::Shape)?;
    if !body.is_ascii() || body.len() <= CHECKSUM_CHARS {
        return Err(BadCredential::Shape);
    }
    if !body_ok(&body[..body.len() - CHECKSUM_CHARS]) {
        return Err(BadCredential::Shape);
    }
    let (text, sum) = raw.split_at(raw.len() - CHECKSUM_CHARS);
    match checksum(text) == sum {
        true => Ok(()),
        false => Err(BadCredential::Checksum),
    }
}

/// A new app key: 20 lower-case base32 characters, public, never all digits.
pub fn generate_app_key() -> Result<crate::AppKey, NoRandomness> {
    loop {
        // An app key may stand where an app id may, so the two must not look alike.
        let text = random_text(BASE32, 20)?;
        if let (true, Ok(key)) = (text.starts_with(|c: char| c.is_ascii_lowercase()), text.parse())
        {
            return Ok(key);
        }
    }
}

/// A new app id: ten decimal digits, random so that it tells nothing about how many apps exist.
pub fn generate_app_id() -> Result<crate::AppId, NoRandomness> {
    loop {
        let number = u64::from_be_bytes(random_bytes::<8>()?) % 9_000_000_000 + 1_000_000_000;
        if let Ok(id) = number.to_string().parse() {
            return Ok(id);
        }
    }
}

/// An app's secret, which signs requests and channel authorisations.
///
/// Shape: `as_sbx_` + 30 random base62 characters + checksum as issued; an imported secret is
/// taken as it is, 1 to 128 printable ASCII characters.
#[derive(Clone)]
pub struct AppSecret(Zeroizing<String>);

impl AppSecret {
    pub const PREFIX: &'static str = "as_sbx_";

    pub fn generate() -> Result<Self, NoRandomness> {
        let text = Self::PREFIX.to_owned() + &random_text(BASE62, RANDOM_CHARS)?;
        Ok(Self(with_checksum(text).into()))
    }

    /// The secret itself: to sign with, to seal, or to show once to its owner.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for AppSecret {
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

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret(…)")
    }
}

/// The secret by which gateways and the control plane know each other.
#[derive(Clone)]
pub struct GatewayToken(Zeroizing<String>);

impl GatewayToken {
    pub const MIN_CHARS: usize = 16;

    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares in constant time.
    pub fn matches(&self, presented: &str) -> bool {
        self.0.as_bytes().ct_eq(presented.as_bytes()).into()
    }
}

impl FromStr for GatewayToken {
    type Err = BadCredential;
    fn from_str(raw: &str) -> Result<Self, BadCredential> {
        match raw.len() >= Self::MIN_CHARS && raw.bytes().all(|b| b.is_ascii_graphic()) {
            true => Ok(Self(raw.to_owned().into())),
            false => Err(BadCredential::Shape),
        }
    }
}

impl fmt::Debug for GatewayToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GatewayToken(…)")
    }
}

/// A new opaque token for sessions and the like: 43 base62 characters, 256 bits.
pub fn generate_opaque_token() -> Result<String, NoRandomness> {
    random_text(BASE62, 43)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issued_credentials_parse_back() {
        let key = SecretKeyToken::generate().unwrap();
        assert_eq!(key.expose().len(), 7 + 12 + 1 + 30 + 6);
        let parsed: SecretKeyToken = key.expose().parse().unwrap();
        assert_eq!(parsed.id(), key.id());
        assert!(parsed.hash().ct_eq(&key.hash()));
        assert!(AppSecret::generate().unwrap().expose().parse::<AppSecret>().is_ok());
        assert_eq!(generate_app_key().unwrap().as_str().len(), 20);
        assert!(generate_app_id().unwrap().as_str().bytes().all(|b| b.is_ascii_digit()));
    }

    #[test]
    fn one_changed_character_is_a_wrong_checksum() {
        let key = SecretKeyToken::generate().unwrap();
        for at in SecretKeyToken::PREFIX.len()..key.expose().len() {
            let mut text = key.expose().as_bytes().to_vec();
            if text[at] == b'_' {
                continue;
            }
            text[at] = if text[at] == b'a' { b'b' } else { b'a' };
            let text = String::from_utf8(text).unwrap();
            let error = text.parse::<SecretKeyToken>().expect_err(&text);
            assert_eq!(error, BadCredential::Checksum, "{text}");
        }
    }

    #[test]
    fn other_shapes_are_not_keys() {
        for raw in ["", "sk_sbx_", "sk_live_abc", "sk_sbx_short_abc", "pk_sbx_x", "sk_sbx_é"] {
            assert!(raw.parse::<SecretKeyToken>().is_err(), "{raw}");
        }
    }

    #[test]
    fn imported_app_secrets_are_taken_as_they_are() {
        assert!("s3cr3t-demo-4f9b8e21".parse::<AppSecret>().is_ok());
        assert!("x".repeat(128).parse::<AppSecret>().is_ok());
        for raw in ["", "two words", "line\nbreak", &"x".repeat(129)] {
            assert!(raw.parse::<AppSecret>().is_err(), "{raw:?}");
        }
    }

    #[test]
    fn publishable_keys_and_token_secrets_parse_back() {
        let key = PublishableKey::generate().unwrap();
        assert_eq!(key.as_str().parse::<PublishableKey>().unwrap(), key);
        for at in PublishableKey::PREFIX.len()..key.as_str().len() {
            let mut mistyped = key.as_str().as_bytes().to_vec();
            mistyped[at] = if mistyped[at] == b'a' { b'b' } else { b'a' };
            let mistyped = String::from_utf8(mistyped).unwrap();
            assert_eq!(mistyped.parse::<PublishableKey>(), Err(BadCredential::Checksum));
        }
        assert!("pk_live_Abc123".parse::<PublishableKey>().is_ok());
        for raw in ["", "pk_", "sk_live_x", "pk_a b", &format!("pk_{}", "x".repeat(126))] {
            assert!(raw.parse::<PublishableKey>().is_err(), "{raw:?}");
        }
        let secret = TokenSecret::generate().unwrap();
        assert!(secret.expose().parse::<TokenSecret>().is_ok());
        assert!(!format!("{secret:?}").contains(secret.expose()));
    }

    #[test]
    fn imported_ids_and_token_secrets_are_taken_as_they_are() {
        assert!("0123456789ab".parse::<SecretKeyId>().is_ok());
        assert!("sk_id_abc".parse::<SecretKeyId>().is_ok());
        assert!(format!("sk_id_{}", "x".repeat(58)).parse::<SecretKeyId>().is_ok());
        for raw in ["", "abc", "sk_id_", "sk_id_a:b", &format!("sk_id_{}", "x".repeat(59))] {
            assert!(raw.parse::<SecretKeyId>().is_err(), "{raw:?}");
        }
        assert!("sk_secret_def".parse::<TokenSecret>().is_ok());
        for raw in ["", "two words", "ss_sbx_short", &"x".repeat(129)] {
            assert!(raw.parse::<TokenSecret>().is_err(), "{raw:?}");
        }
    }

    #[test]
    fn a_renewed_token_keeps_its_keys_id() {
        let before = SecretKeyToken::generate().unwrap();
        let after = SecretKeyToken::renewed(&before.id()).unwrap();
        assert_eq!(after.id(), before.id());
        assert!(!after.hash().ct_eq(&before.hash()));
        let imported = "sk_id_abc".parse().unwrap();
        let after = SecretKeyToken::renewed(&imported).unwrap();
        assert!(after.expose().parse::<SecretKeyToken>().is_ok());
    }

    #[test]
    fn gateway_tokens_are_long_and_compared_whole() {
        let token: GatewayToken = "0123456789abcdef".parse().unwrap();
        assert!(token.matches("0123456789abcdef"));
        assert!(!token.matches("0123456789abcdeF") && !token.matches("0123456789abcdef0"));
        assert!("0123456789abcde".parse::<GatewayToken>().is_err());
        assert!("0123456789 abcdef".parse::<GatewayToken>().is_err());
        assert!(!format!("{token:?}").contains("0123"));
    }

    #[test]
    fn secrets_do_not_show_in_debug() {
        let (app, key) = (AppSecret::generate().unwrap(), SecretKeyToken::generate().unwrap());
        assert!(!format!("{app:?}").contains(app.expose()));
        assert!(!format!("{key:?}").contains(&key.expose()[20..]));
    }
}

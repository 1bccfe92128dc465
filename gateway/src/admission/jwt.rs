//! A JSON Web Token, taken apart strictly: what it says counts only after its signature fits.
//!
//! The algorithm is compared with what the key is for, never chosen by the token. Nothing in a
//! header can bring a key along or point to one.

use crate::dialects::json::{self, Kind, Value};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result as JwtResult},
    signature::{Error as SignatureError, Signer, Verifier},
};
use sha2::{Sha256, Sha384, Sha512};
use std::sync::Once;

/// Longer tokens are not looked at. Claims at their limits, in base64, stay below.
pub const MAX_BYTES: usize = 32_768;

/// Seconds by which the clock of whoever signs may run ahead of ours.
const NOT_BEFORE_LEEWAY_S: u64 = 5;

/// Why a token lets nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// The signature is good, its time is over.
    #[error("the token has expired")]
    Expired,
    /// Unknown keys, wrong signatures and claims that are not of their shape are not told apart.
    #[error("the token is not valid")]
    Invalid,
    #[error("the token names channels that its key does not cover")]
    OutsideKey,
}

/// The parts of a token whose signature is not checked yet.
#[derive(Debug)]
pub struct Unverified<'t> {
    /// Header and payload as they were signed.
    message: &'t str,
    payload: &'t str,
    signature: &'t str,
    algorithm: Algorithm,
    pub kid: Option<String>,
}

impl<'t> Unverified<'t> {
    pub fn parse(token: &'t str) -> Option<Self> {
        if token.len() > MAX_BYTES {
            return None;
        }
        let (message, signature) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        if payload.contains('.') {
            return None;
        }
        let header = decode(header)?;
        let header = object(&header)?;
        let [alg, typ, kid, jku, jwk, x5u, crit] =
            header.pick(["alg", "typ", "kid", "jku", "jwk", "x5u", "crit"]).ok()?;
        if [jku, jwk, x5u, crit].iter().any(Option::is_some) {
            return None;
        }
        let text = |value: Value<'_>| value.as_str().map(|text| text.into_owned());
        if let Some(typ) = typ
            && !text(typ)?.eq_ignore_ascii_case("JWT")
        {
            return None;
        }
        let algorithm = match text(alg?)?.as_str() {
            "HS256" => Algorithm::HS256,
            "HS384" => Algorithm::HS384,
            "HS512" => Algorithm::HS512,
            _ => return None,
        };
        let kid = match kid {
            Some(kid) => Some(text(kid)?),
            None => None,
        };
        Some(Self { message, payload, signature, algorithm, kid })
    }

    /// Whether the signature was made with `secret` by one of the `allowed` algorithms.
    pub fn is_signed_by(&self, secret: &str, allowed: &[Algorithm]) -> bool {
        install_provider();
        let key = DecodingKey::from_secret(secret.as_bytes());
        let (signature, message) = (self.signature, self.message.as_bytes());
        let fits = jsonwebtoken::crypto::verify(signature, message, &key, self.algorithm);
        allowed.contains(&self.algorithm) && fits.unwrap_or(false)
    }

    /// The text of the claims. Only for tokens whose signature was found to fit.
    pub fn claims(&self) -> Option<String> {
        decode(self.payload)
    }
}

fn decode(part: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// The JSON object that `text` is.
pub fn object(text: &str) -> Option<Value<'_>> {
    json::parse(text).ok().filter(|value| value.kind() == Kind::Object)
}

/// What a token says about its time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// Unix seconds.
    pub expires_at: Option<u64>,
    not_before: Option<u64>,
}

impl Times {
    pub fn parse(exp: Option<Value<'_>>, nbf: Option<Value<'_>>) -> Result<Self, TokenRefusal> {
        let date = |value: Option<Value<'_>>| {
            value.map(|value| numeric_date(value).ok_or(TokenRefusal::Invalid)).transpose()
        };
        Ok(Self { expires_at: date(exp)?, not_before: date(nbf)? })
    }

    pub fn check(self, now_s: u64) -> Result<(), TokenRefusal> {
        if self.not_before.is_some_and(|at| now_s + NOT_BEFORE_LEEWAY_S < at) {
            return Err(TokenRefusal::Invalid);
        }
        match self.expires_at.is_some_and(|at| now_s >= at) {
            true => Err(TokenRefusal::Expired),
            false => Ok(()),
        }
    }
}

/// Whole seconds of a date, which may be written with a fraction. What is before 1970 is 0.
fn numeric_date(value: Value<'_>) -> Option<u64> {
    let text = (value.kind() == Kind::Number).then(|| value.as_text())?;
    text.parse::<u64>().ok().or_else(|| {
        let seconds: f64 = text.parse().ok().filter(|s: &f64| s.is_finite())?;
        (seconds < u64::MAX as f64).then_some(seconds as u64)
    })
}

/// A token of `claims`, signed with `secret` in the name of `kid`.
pub fn sign(kid: &str, claims: &str, secret: &str) -> JwtResult<String> {
    install_provider();
    let header = serde_json::json!({ "alg": "HS256", "kid": kid, "typ": "JWT" }).to_string();
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = EncodingKey::from_secret(secret.as_bytes());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256)?;
    Ok(format!("{message}.{signature}"))
}

/// HMAC and nothing else: what a key is for decides, and all our keys are shared secrets.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| {
        let mac = KeyedMac::new(*algorithm, key.as_bytes())?;
        Ok(Box::new(mac))
    },
    verifier_factory: |algorithm, key| {
        let mac = KeyedMac::new(*algorithm, key.try_get_as_bytes()?)?;
        Ok(Box::new(mac))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

fn install_provider() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An `Err` would mean that somebody else installed one; nobody else does.
        let _ = PROVIDER.install_default();
    });
}

#[allow(clippy::large_enum_variant, reason = "boxed, and gone with the token it is asked about")]
enum KeyedMac {
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

impl KeyedMac {
    fn new(algorithm: Algorithm, secret: &[u8]) -> JwtResult<Self> {
        let refused = |_| ErrorKind::InvalidKeyFormat;
        Ok(match algorithm {
            Algorithm::HS256 => Self::Sha256(Hmac::new_from_slice(secret).map_err(refused)?),
            Algorithm::HS384 => Self::Sha384(Hmac::new_from_slice(secret).map_err(refused)?),
            Algorithm::HS512 => Self::Sha512(Hmac::new_from_slice(secret).map_err(refused)?),
            _ => return Err(ErrorKind::InvalidAlgorithm.into()),
        })
    }

    fn name(&self) -> Algorithm {
        match self {
            Self::Sha256(_) => Algorithm::HS256,
            Self::Sha384(_) => Algorithm::HS384,
            Self::Sha512(_) => Algorithm::HS512,
        }
    }
}

impl Signer<Vec<u8>> for KeyedMac {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        fn tag(mut mac: impl Mac, message: &[u8]) -> Vec<u8> {
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        }
        Ok(match self {
            Self::Sha256(mac) => tag(mac.clone(), message),
            Self::Sha384(mac) => tag(mac.clone(), message),
            Self::Sha512(mac) => tag(mac.clone(), message),
        })
    }
}

impl Verifier<Vec<u8>> for KeyedMac {
    /// In constant time, once the length fits.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        fn fits(mut mac: impl Mac, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
            mac.update(message);
            mac.verify_slice(signature).map_err(|_| SignatureError::new())
        }
        match self {
            Self::Sha256(mac) => fits(mac.clone(), message, signature),
            Self::Sha384(mac) => fits(mac.clone(), message, signature),
            Self::Sha512(mac) => fits(mac.clone(), message, signature),
        }
    }
}

impl JwtSigner for KeyedMac {
    fn algorithm(&self) -> Algorithm {
        self.name()
    }
}

impl JwtVerifier for KeyedMac {
    fn algorithm(&self) -> Algorithm {
        self.name()
    }
}

//! What an app's own secret signed for its users: connection tokens and names of streams.
//!
//! Source: spec/anycable.md §3, §5.3.

use crate::{
    admission::{
        BadSignature,
        bearer::find,
        jwt::{self, Times, TokenRefusal, Unverified},
        signed::parse_signature,
    },
    dialects::json,
    directory::{AppState, Credential, Secret, SigningKey},
};
use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use contract::AppKey;
use jsonwebtoken::Algorithm;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The claims of a token that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppTokenClaims {
    /// Who the connection is for: JSON text that is compared byte for byte.
    pub ext: Arc<str>,
    /// Unix seconds.
    pub exp: Option<u64>,
    /// The credential whose secret signed it.
    pub key: AppKey,
}

/// Checks a token that was signed with the secret of one of the app's active credentials.
/// `now_ms` is Unix time.
pub fn app_token(state: &AppState, jwt: &str, now_ms: u64) -> Result<AppTokenClaims, TokenRefusal> {
    match app_token_of_any_age(state, jwt, now_ms)? {
        (claims, false) => Ok(claims),
        (_, true) => Err(TokenRefusal::Expired),
    }
}

/// As [`app_token`], for those who may forgive that a token is past its time: says whether it is.
pub fn app_token_of_any_age(
    state: &AppState,
    jwt: &str,
    now_ms: u64,
) -> Result<(AppTokenClaims, bool), TokenRefusal> {
    const ALLOWED: [Algorithm; 3] = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
    let token = Unverified::parse(jwt).ok_or(TokenRefusal::Invalid)?;
    let fits = |secret: &Secret| token.is_signed_by(secret.text().expose(), &ALLOWED);
    let is_signer = |credential: &Credential| credential.accepts(now_ms / 1_000, fits);
    let signer = find(state, is_signer).ok_or(TokenRefusal::Invalid)?;
    let text = token.claims().ok_or(TokenRefusal::Invalid)?;
    let claims = jwt::object(&text).ok_or(TokenRefusal::Invalid)?;
    let [ext, exp, nbf] = claims.pick(["ext", "exp", "nbf"]).map_err(|_| TokenRefusal::Invalid)?;
    let times = Times::parse(exp, nbf)?;
    let is_late = match times.check(now_ms / 1_000) {
        Ok(()) => false,
        Err(TokenRefusal::Expired) => true,
        Err(other) => return Err(other),
    };
    let ext = ext.and_then(json::Value::as_str).ok_or(TokenRefusal::Invalid)?;
    let exp = times.expires_at;
    Ok((AppTokenClaims { ext: ext.into(), exp, key: signer.key.clone() }, is_late))
}

/// The name that a signed name of a stream stands for.
pub fn stream_name(state: &AppState, signed: &str) -> Result<String, BadSignature> {
    signed_stream(state, signed).map(|(name, _)| name)
}

/// As [`stream_name`], and the credential whose secret signed it.
pub fn signed_stream(state: &AppState, signed: &str) -> Result<(String, AppKey), BadSignature> {
    let (encoded, digest) = signed.rsplit_once("--").ok_or(BadSignature::Form)?;
    let digest = parse_signature(digest).ok_or(BadSignature::Form)?;
    // What was signed is the text as it was sent; how it is written inside is looked at after.
    let fits = |key: &SigningKey| bool::from(key.sign(&[encoded.as_bytes()]).ct_eq(&digest));
    let is_signer = |credential: &Credential| credential.secrets().any(|s| fits(s.signing_key()));
    let signer = find(state, is_signer);
    let signer = signer.ok_or(BadSignature::Mismatch)?;
    let name = decode_name(encoded).ok_or(BadSignature::Form)?;
    Ok((name, signer.key.clone()))
}

/// A JSON string in base64 of either alphabet, padded or not.
fn decode_name(encoded: &str) -> Option<String> {
    const EITHER: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let standard = encoded.replace('-', "+").replace('_', "/");
    let text = String::from_utf8(EITHER.decode(standard).ok()?).ok()?;
    json::parse(&text).ok()?.as_str().map(|name| name.into_owned())
}

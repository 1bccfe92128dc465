//! What a token of a secret key says about its bearer, and the limits of that.
//!
//! Source: spec/metered.md §3, §10.

use crate::{
    admission::jwt::{Times, TokenRefusal},
    dialects::json::{Kind, Value},
};
use contract::{Action, Pattern, Scope, UserId};
use std::sync::Arc;

pub const MAX_CHANNELS: usize = 100;
pub const MAX_PERMISSIONS: usize = 16;
pub const MAX_PEER_BYTES: usize = 128;
pub const MAX_METADATA_BYTES: usize = 8_192;
pub const MAX_PEER_METADATA_BYTES: usize = 4_096;

/// Steps that may be spent on comparing the patterns of one token or subscription with a key's.
pub const PATTERN_BUDGET: u32 = 50_000;

/// The claims of a token that was accepted.
#[derive(Clone, Debug)]
pub struct TokenClaims {
    pub peer: UserId,
    /// Unix seconds.
    pub expires_at_s: u64,
    /// A JSON object, only for the bearer itself.
    pub metadata: Option<Arc<str>>,
    /// A JSON object, for others to see.
    pub peer_metadata: Option<Arc<str>>,
}

/// Which claim is not of its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadClaim {
    #[error("the peer id must be 1 to {MAX_PEER_BYTES} printable ASCII characters")]
    Peer,
    #[error("channels must be at most {MAX_CHANNELS} channel names or patterns")]
    Channels,
    #[error("permissions must be at most {MAX_PERMISSIONS} names of actions")]
    Permissions,
    #[error("metadata must be an object of at most {MAX_METADATA_BYTES} bytes")]
    Metadata,
    #[error("peerMetadata must be an object of at most {MAX_PEER_METADATA_BYTES} bytes")]
    PeerMetadata,
}

/// Everything in the claims object, each of its shape.
pub struct Parsed {
    pub claims: TokenClaims,
    pub channels: Option<Vec<Pattern>>,
    pub permissions: Option<Vec<Action>>,
}

/// Reads the claims and checks the token's time.
pub fn parse(claims: Value<'_>, now_s: u64) -> Result<Parsed, TokenRefusal> {
    let [sub, exp, nbf, channels, permissions, metadata, peer_metadata] = claims
        .pick(["sub", "exp", "nbf", "channels", "permissions", "metadata", "peerMetadata"])
        .map_err(|_| TokenRefusal::Invalid)?;
    let times = Times::parse(exp, nbf)?;
    let expires_at_s = times.expires_at.ok_or(TokenRefusal::Invalid)?;
    times.check(now_s)?;
    let read = || {
        let sub = sub.and_then(Value::as_str).ok_or(BadClaim::Peer)?;
        let claims = TokenClaims {
            peer: peer(&sub)?,
            expires_at_s,
            metadata: metadata.map(private_metadata).transpose()?,
            peer_metadata: peer_metadata.map(self::peer_metadata).transpose()?,
        };
        let channels = channels.map(self::channels).transpose()?;
        let permissions = permissions.map(self::permissions).transpose()?;
        Ok(Parsed { claims, channels, permissions })
    };
    read().map_err(|_: BadClaim| TokenRefusal::Invalid)
}

/// A peer id: it is shown to others, so it keeps to what is printable everywhere.
pub fn peer(raw: &str) -> Result<UserId, BadClaim> {
    let fits = raw.len() <= MAX_PEER_BYTES && raw.bytes().all(|b| (b' '..=b'~').contains(&b));
    raw.parse().ok().filter(|_| fits).ok_or(BadClaim::Peer)
}

pub fn channels(value: Value<'_>) -> Result<Vec<Pattern>, BadClaim> {
    texts(value, MAX_CHANNELS, |text| text.parse().ok()).ok_or(BadClaim::Channels)
}

pub fn permissions(value: Value<'_>) -> Result<Vec<Action>, BadClaim> {
    texts(value, MAX_PERMISSIONS, |text| text.parse().ok()).ok_or(BadClaim::Permissions)
}

pub fn private_metadata(value: Value<'_>) -> Result<Arc<str>, BadClaim> {
    bag(value, MAX_METADATA_BYTES).ok_or(BadClaim::Metadata)
}

pub fn peer_metadata(value: Value<'_>) -> Result<Arc<str>, BadClaim> {
    bag(value, MAX_PEER_METADATA_BYTES).ok_or(BadClaim::PeerMetadata)
}

fn texts<T>(value: Value<'_>, max: usize, each: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    if value.kind() != Kind::Array || value.items().nth(max).is_some() {
        return None;
    }
    value.items().map(|item| each(&item.as_str()?)).collect()
}

/// An object, without blanks between its parts and otherwise byte for byte.
fn bag(value: Value<'_>, max: usize) -> Option<Arc<str>> {
    let text = (value.kind() == Kind::Object).then(|| value.compact())?;
    (text.len() <= max).then(|| text.into())
}

/// What the claims leave of a key's scope.
pub fn narrowed(channels: Option<Vec<Pattern>>, permissions: Option<Vec<Action>>) -> Scope {
    let everything = || Scope::everything().patterns();
    let actions = permissions.unwrap_or(Action::ALL.to_vec());
    Scope::new(&actions, channels.unwrap_or_else(everything))
}

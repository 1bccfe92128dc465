//! Tokens that the gateway signs for a back end, in the name of the secret key it presented.
//!
//! Source: spec/metered.md §12.3.

use crate::{
    admission::{
        claims::{self, BadClaim},
        http::{Admitted, Granted},
        jwt,
        refusal::Refusal,
    },
    dialects::json::Value,
};
use std::fmt::Write;

pub const DEFAULT_LIFETIME_S: u64 = 3_600;
pub const MAX_LIFETIME_S: u64 = 86_400;

/// What the token is to say. What is not given is left to the key.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenOrder<'a> {
    pub peer: &'a str,
    pub channels: Option<Value<'a>>,
    pub permissions: Option<Value<'a>>,
    pub expires_in_s: Option<u64>,
    pub metadata: Option<Value<'a>>,
    pub peer_metadata: Option<Value<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MintedToken {
    pub token: String,
    /// Unix seconds.
    pub expires_at_s: u64,
}

/// Signs what `order` asks for, as far as the key goes. `now_ms` is Unix time.
///
/// Errors: `BadRequest` for what no token may say, `ScopeChannel` and `ScopeAction` for what the
/// key may not give away.
pub fn mint_token(
    admitted: &Admitted,
    order: &TokenOrder<'_>,
    now_ms: u64,
) -> Result<MintedToken, Refusal> {
    let Granted::Scoped(key, terms) = &admitted.granted else {
        return Err(Refusal::BadRequest("tokens are signed in the name of a secret key".into()));
    };
    let Some(token_key) = terms.token_key() else {
        return Err(Refusal::BadRequest("this key has no secret to sign tokens with".into()));
    };
    let bad = |bad: BadClaim| Refusal::BadRequest(bad.to_string());
    let peer = claims::peer(order.peer).map_err(bad)?;
    let channels = order.channels.map(claims::channels).transpose().map_err(bad)?;
    let permissions = order.permissions.map(claims::permissions).transpose().map_err(bad)?;
    let metadata = order.metadata.map(claims::private_metadata).transpose().map_err(bad)?;
    let peer_metadata = order.peer_metadata.map(claims::peer_metadata).transpose().map_err(bad)?;
    let lifetime_s = order.expires_in_s.unwrap_or(DEFAULT_LIFETIME_S);
    if !(1..=MAX_LIFETIME_S).contains(&lifetime_s) {
        let why = format!("expiresInSec must be 1 to {MAX_LIFETIME_S}");
        return Err(Refusal::BadRequest(why));
    }
    if let Some(action) = permissions.iter().flatten().find(|a| !terms.scope.allows(**a)) {
        return Err(Refusal::ScopeAction(*action));
    }
    let mut budget = claims::PATTERN_BUDGET;
    let covers = |pattern| terms.scope.covers_pattern(pattern, &mut budget);
    if !channels.iter().flatten().all(covers) {
        return Err(Refusal::ScopeChannel);
    }

    let now_s = now_ms / 1_000;
    let expires_at_s = now_s + lifetime_s;
    let mut text = format!(
        r#"{{"sub":{},"iat":{now_s},"exp":{expires_at_s}"#,
        serde_json::Value::from(peer.as_str())
    );
    if let Some(channels) = channels {
        let names: Vec<&str> = channels.iter().map(|pattern| pattern.as_str()).collect();
        push(&mut text, "channels", &serde_json::Value::from(names).to_string());
    }
    if let Some(permissions) = permissions {
        let names: Vec<&str> = permissions.iter().map(|action| action.as_str()).collect();
        push(&mut text, "permissions", &serde_json::Value::from(names).to_string());
    }
    for (name, bag) in [("metadata", metadata), ("peerMetadata", peer_metadata)] {
        if let Some(bag) = bag {
            push(&mut text, name, &bag);
        }
    }
    text.push('}');
    let token = jwt::sign(key.name.as_str(), &text, token_key.secret.expose())
        .map_err(|_| Refusal::Internal)?;
    Ok(MintedToken { token, expires_at_s })
}

fn push(text: &mut String, name: &str, raw: &str) {
    // Writing to a string cannot fail.
    let _ = write!(text, r#","{name}":{raw}"#);
}

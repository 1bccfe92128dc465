//! Letting WebSocket upgrades in. Source: spec/metered.md §4.

use super::{
    conversation::{Conversation, Opening},
    errors::{Fatal, refuse_token, refuse_upgrade},
};
use crate::{
    admission::{self, Bearing, KeyRef, Refusal},
    dialects::{self, Admission, Dialect, json},
    directory::AppState,
    hub::clock,
    quota,
    state::Gateway,
    upgrade::{self, Asked, Farewell, Handshake, HttpRefusal, TurnedAway},
};
use actix_http::StatusCode;
use bytes::Bytes;
use contract::{SocketId, UserId, credential::random_bytes};
use percent_encoding::percent_decode_str;
use realtime::Member;
use std::borrow::Cow;

/// The one refusal that is told over HTTP: an address that connects too often. Everything else
/// comes after the upgrade, where clients look for it. Source: spec/metered.md §4, §15 trap 7.
pub fn handshake(gateway: &Gateway, asked: &Asked<'_>) -> Result<Handshake, HttpRefusal> {
    let Some(peer) = asked.peer else { return Ok(Handshake::default()) };
    let per_minute = gateway.config.metered_connects_per_minute;
    match gateway.arrivals.note(peer, per_minute, clock::unix_ms()) {
        Ok(()) => Ok(Handshake::default()),
        Err(wait_ms) => Err(HttpRefusal {
            status: StatusCode::TOO_MANY_REQUESTS,
            body: Bytes::new(),
            retry_after_s: Some(wait_ms.div_ceil(1_000).max(1)),
        }),
    }
}

/// Answers an upgrade: a connection with its conversation, or the code to close it with.
pub async fn admit(
    gateway: &Gateway,
    asked: &Asked<'_>,
    socket: SocketId,
) -> Result<Admission, Farewell> {
    enter(gateway, asked, socket).await.map_err(|TurnedAway { fatal, .. }| {
        let (code, reason) = (fatal.code(), fatal.reason());
        tracing::debug!(dialect = "metered", code, reason, "upgrade refused");
        Farewell { frames: Vec::new(), code, reason }
    })
}

async fn enter(
    gateway: &Gateway,
    asked: &Asked<'_>,
    socket: SocketId,
) -> Result<Admission, TurnedAway<Fatal>> {
    let now_ms = clock::unix_ms();
    let pass = present(gateway, asked, now_ms)?;
    let app = pass.bearing.app.clone();
    let refused = |refusal: Refusal| {
        let told = Some(upgrade::deny(
            gateway,
            &app,
            &refusal,
            Dialect::Metered,
            Some(pass.bearing.key.public_half()),
        ));
        TurnedAway { fatal: refuse_upgrade(&refusal), told }
    };
    let state = app.state();
    if !Dialect::Metered.is_on(&state) {
        return Err(refused(Refusal::DialectDisabled));
    }
    let connected = quota::connect(&gateway.leases, &app, asked.origin, asked.is_tls).await;
    let mut permit = connected.map_err(refused)?;
    pass.bearing.used(now_ms);
    permit.opened_by(pass.bearing.meter());
    if let KeyRef::Publishable(_) = &pass.bearing.key {
        app.seen.from_origin(&pass.bearing.key, asked.origin, now_ms / 1_000);
    }
    let opening = Opening {
        socket,
        metadata: welcome_metadata(&pass, &state),
        max_message_bytes: state.limits.max_payload_bytes,
        peer: pass.peer,
        bearing: pass.bearing,
        expires_at: pass.expires_at,
    };
    let conversation = dialects::Conversation::Metered(Conversation::open(opening));
    Ok(Admission { app, permit, conversation })
}

/// Checks the credential.
fn present(gateway: &Gateway, asked: &Asked<'_>, now_ms: u64) -> Result<Pass, Fatal> {
    match Credential::in_query(asked.query).ok_or(Fatal::InvalidToken)? {
        Credential::Key(key) => {
            let bearing = admission::publishable(&gateway.directory, &key, asked.origin, now_ms)
                .map_err(|refusal| refuse_upgrade(&refusal))?;
            // Nobody can choose who they are with a key that everybody has.
            let peer = Member::new(fresh_peer().ok_or(Fatal::Internal)?, None);
            Ok(Pass { bearing, peer, expires_at: None, metadata: None })
        }
        Credential::Token(token) => {
            let (bearing, claims) = admission::signed_token(&gateway.directory, &token, now_ms)
                .map_err(refuse_token)?;
            let peer = Member::new(claims.peer, claims.peer_metadata);
            let metadata = claims.metadata.map(|metadata| metadata.to_string());
            Ok(Pass { bearing, peer, expires_at: Some(claims.expires_at_s), metadata })
        }
    }
}

/// What a credential made of a connection.
struct Pass {
    bearing: Bearing,
    peer: Member,
    expires_at: Option<u64>,
    /// The token's own, as the text of an object.
    metadata: Option<String>,
}

/// What the query of the upgrade presents.
#[derive(Debug, PartialEq, Eq)]
enum Credential<'a> {
    Key(Cow<'a, str>),
    Token(Cow<'a, str>),
}

impl<'a> Credential<'a> {
    /// Exactly one, given once.
    fn in_query(query: &'a str) -> Option<Self> {
        let mut found = None;
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let text = || percent_decode_str(value).decode_utf8().ok();
            let credential = match name {
                "key" => Self::Key(text()?),
                "token" => Self::Token(text()?),
                _ => continue,
            };
            if found.replace(credential).is_some() {
                return None;
            }
        }
        found
    }
}

/// A new peer on every connect: a random UUID. Source: spec/metered.md §4, §15 trap 21.
fn fresh_peer() -> Option<UserId> {
    let mut bytes = random_bytes::<16>().ok()?;
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let hex = hex::encode(bytes);
    let groups = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    groups.join("-").parse().ok()
}

/// The token's own metadata, with the app's ICE servers unless it brings some itself.
/// Source: spec/metered.md §2, §4.
fn welcome_metadata(pass: &Pass, state: &AppState) -> Option<String> {
    let servers = &state.settings.metered.ice_servers;
    if servers.is_empty() || !pass.bearing.grant.takes_ice_servers() {
        return pass.metadata.clone();
    }
    let servers = serde_json::to_string(servers).ok()?;
    let own = pass.metadata.as_deref().unwrap_or("{}");
    Some(with_ice_servers(own, &servers))
}

/// `object` with a member `iceServers`, unless it has one.
fn with_ice_servers(object: &str, servers: &str) -> String {
    let Ok(value) = json::parse(object) else { return object.to_owned() };
    if value.members().any(|(name, _)| name == "iceServers") {
        return object.to_owned();
    }
    let text = value.as_text();
    let open = text[..text.len() - 1].trim_end();
    let comma = if open == "{" { "" } else { "," };
    format!(r#"{open}{comma}"iceServers":{servers}}}"#)
}

#[cfg(test)]
mod tests;

//! Letting WebSocket upgrades in. Source: spec/anycable.md §5.1 to §5.3, §6.9, §13.

#[cfg(test)]
mod tests;

use super::{
    conversation::{Conversation, Opening, Protocol, Token},
    errors::Fatal,
    heartbeat::Pace,
    query::Query,
    resume::State,
    sid::Sid,
    subprotocol::Offer,
};
use crate::{
    admission::{self, Refusal, TokenRefusal, Why},
    dialects::{self, Admission, Dialect},
    directory::{App, AppState},
    hub::clock,
    quota,
    state::Gateway,
    upgrade::{self, Asked, Farewell, Handshake, HttpRefusal, TurnedAway},
};
use actix_http::{StatusCode, header};
use bytes::Bytes;
use contract::{AppKey, SocketId, credential};
use std::sync::Arc;

/// Before the upgrade: agrees on the protocol. Pages of other origins are refused here, and nobody
/// else: whatever a client may have to act on is told after the upgrade.
pub fn handshake(
    gateway: &Gateway,
    asked: &Asked<'_>,
    raw_key: &str,
) -> Result<Handshake, HttpRefusal> {
    let app = gateway.directory.app_by_key(raw_key);
    if app.is_some_and(|app| !comes_from_allowed_page(&app.load(), asked.origin)) {
        let status = StatusCode::FORBIDDEN;
        return Err(HttpRefusal { status, body: Bytes::new(), retry_after_s: None });
    }
    Ok(Handshake { protocol: offer(asked).chosen })
}

fn comes_from_allowed_page(state: &AppState, origin: Option<&str>) -> bool {
    let allowed = &state.settings.allowed_origins;
    allowed.is_empty() || origin.is_some_and(|origin| admission::origin_allowed(allowed, origin))
}

fn offer<'a>(asked: &Asked<'a>) -> Offer<'a> {
    let values = asked.headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
    Offer::read(values.filter_map(|value| value.to_str().ok()))
}

/// After the upgrade: a connection with its conversation, or what to say before closing.
pub async fn admit(
    gateway: &Gateway,
    asked: &Asked<'_>,
    raw_key: &str,
    socket: SocketId,
) -> Result<Admission, Farewell> {
    enter(gateway, asked, raw_key, socket).await.map_err(|TurnedAway { fatal, told }| {
        let frame = match told {
            Some(told) => told.into_frame(fatal.frame(), 1),
            None => fatal.frame(),
        };
        let ((code, close_reason), reason) = (fatal.close(), fatal.reason());
        tracing::debug!(dialect = "anycable", code, reason, "upgrade refused");
        Farewell { frames: vec![frame], code, reason: close_reason }
    })
}

async fn enter(
    gateway: &Gateway,
    asked: &Asked<'_>,
    raw_key: &str,
    socket: SocketId,
) -> Result<Admission, TurnedAway<Fatal>> {
    let key: AppKey = raw_key.parse().map_err(|_| Fatal::Unauthorized)?;
    let app = gateway.directory.app_by_key(key.as_str()).ok_or(Fatal::Unauthorized)?;
    let refused = |refusal: Refusal| {
        let told =
            Some(upgrade::deny(gateway, &app, &refusal, Dialect::AnyCable, Some(key.as_str())));
        TurnedAway { fatal: Fatal::from(&refusal), told }
    };
    let state = app.state();
    if !Dialect::AnyCable.is_on(&state) {
        return Err(refused(Refusal::DialectDisabled));
    }
    let (offer, query) = (offer(asked), Query::read(asked.query));
    let jwt = given(asked.header("x-jid")).or(offer.token).or(query.jid.as_deref());
    let presented = present(&state, jwt, clock::unix_ms()).map_err(refused)?;
    let sid = given(asked.header("x-anycable-restore-sid")).or(query.sid.as_deref());
    let old = sid.and_then(Sid::parse).filter(|_| offer.protocol == Protocol::Extended);
    let resumed = old.and_then(|old| find(gateway, &app, &old, &presented));
    if presented.is_late && resumed.is_none() {
        return Err(refused(Refusal::Unauthorised(Why::TokenExpired)));
    }
    let connected = quota::connect(&gateway.leases, &app, asked.origin, asked.is_tls).await;
    let mut permit = connected.map_err(refused)?;
    permit.opened_with(presented.token.as_ref().map_or(&key, |token| &token.key), clock::unix_ms());
    let random = credential::random_bytes::<8>().map_err(|error| {
        tracing::error!(%error, "no connection name could be made");
        refused(Refusal::Internal)
    })?;
    let sid = Sid::new(socket, u64::from_ne_bytes(random));
    let kept = (offer.protocol == Protocol::Extended).then(|| {
        let predecessors = resumed.as_ref().map(|state| state.predecessors.clone());
        let predecessors = predecessors.unwrap_or_default();
        let state = State { ext: presented.ext.clone(), identifiers: Vec::new(), predecessors };
        gateway.resumes.keep(&app.id, socket, sid.random(), state)
    });
    if let (Some(old), Some(_)) = (old, &resumed) {
        gateway.resumes.succeed(&app.id, old.socket(), socket);
    }
    let opening = Opening {
        socket,
        sid,
        protocol: offer.protocol,
        key: Some(key),
        ext: presented.ext,
        token: presented.token,
        pace: Pace::asked(query.pi.as_deref(), query.ptp.as_deref()),
        resumed,
        kept,
        now_ms: clock::now_ms(),
    };
    let conversation = Conversation::open(opening, &state);
    Ok(Admission { app, permit, conversation: dialects::Conversation::AnyCable(conversation) })
}

/// Who a client showed itself to be.
struct Presented {
    ext: Option<Arc<str>>,
    token: Option<Token>,
    /// The token would do but for its time. Only a client that resumes is forgiven that.
    is_late: bool,
}

/// Reads the token. A bad one is refused also where none is needed.
fn present(state: &AppState, jwt: Option<&str>, now_ms: u64) -> Result<Presented, Refusal> {
    let Some(jwt) = jwt else {
        return match state.settings.anycable.anonymous {
            true => Ok(Presented { ext: None, token: None, is_late: false }),
            false => Err(Refusal::Unauthorised(Why::Missing)),
        };
    };
    match admission::app_token_of_any_age(state, jwt, now_ms) {
        Ok((claims, is_late)) if !is_late || !state.settings.anycable.end_with_token => {
            Ok(Presented {
                ext: Some(claims.ext),
                token: Some(Token { key: claims.key, expires_s: claims.exp }),
                is_late,
            })
        }
        Ok(_) | Err(TokenRefusal::Expired) => Err(Refusal::Unauthorised(Why::TokenExpired)),
        Err(TokenRefusal::Invalid | TokenRefusal::OutsideKey) => {
            Err(Refusal::Unauthorised(Why::Token))
        }
    }
}

/// What a client may go on from: a connection of this app whose name it knows and which was the
/// same person's.
fn find(gateway: &Gateway, app: &App, old: &Sid, presented: &Presented) -> Option<State> {
    let socket = old.socket();
    let mut state = gateway.resumes.find(&app.id, socket, old.random(), clock::unix_ms())?;
    if state.ext != presented.ext {
        return None;
    }
    state.predecessors.push(socket);
    let surplus = state.predecessors.len().saturating_sub(State::MAX_PREDECESSORS);
    state.predecessors.drain(..surplus);
    Some(state)
}

fn given(value: Option<&str>) -> Option<&str> {
    value.filter(|value| !value.is_empty())
}

//! Letting WebSocket upgrades in. Source: spec/pusher.md §2.1, §12.

use super::{
    conversation::{Conversation, Opening},
    errors::{Fatal, refuse_upgrade},
    upgrade::read_query,
};
use crate::{
    admission::{self, Refusal},
    dialects::{self, Admission, Dialect},
    hub::clock,
    state::Gateway,
    telemetry::log_refusal,
    upgrade::{Asked, Farewell},
};
use contract::{AppKey, SocketId};

/// Answers an upgrade: a connection with its conversation, or what to say before closing.
/// `raw_key` is empty on a path that leads nowhere.
pub fn admit(
    gateway: &Gateway,
    asked: &Asked<'_>,
    raw_key: &str,
    socket: SocketId,
) -> Result<Admission, Farewell> {
    enter(gateway, asked, raw_key, socket).map_err(|fatal| {
        let code = fatal.code();
        tracing::debug!(dialect = "pusher", code, reason = fatal.reason(), "upgrade refused");
        Farewell { frames: vec![fatal.frame()], code, reason: fatal.reason() }
    })
}

fn enter(
    gateway: &Gateway,
    asked: &Asked<'_>,
    raw_key: &str,
    socket: SocketId,
) -> Result<Admission, Fatal> {
    if raw_key.is_empty() {
        return Err(Fatal::Path);
    }
    let client = read_query(asked.query)?;
    let unknown = || Fatal::app_unknown(raw_key);
    let key: AppKey = raw_key.parse().map_err(|_| unknown())?;
    let app = gateway.directory.app_by_key(key.as_str()).ok_or_else(unknown)?;
    let refused = |refusal: Refusal| {
        app.counters.add_refusal(&refusal);
        log_refusal(&refusal, "socket", Some(&app.id), clock::unix_ms());
        refuse_upgrade(&refusal, raw_key)
    };
    if !Dialect::Pusher.is_on(&app.load()) {
        return Err(refused(Refusal::DialectDisabled));
    }
    let mut permit = admission::connect(&app, asked.origin, asked.is_tls).map_err(refused)?;
    permit.opened_with(&key, clock::unix_ms());
    let opening = Opening { socket, key, client, now_ms: clock::now_ms() };
    let conversation = Conversation::open(opening, &app.state());
    Ok(Admission { app, permit, conversation: dialects::Conversation::Pusher(conversation) })
}

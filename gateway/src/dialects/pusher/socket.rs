//! Letting WebSocket upgrades in. Source: spec/pusher.md §2.1, §12.

use super::{
    conversation::{Conversation, Opening},
    errors::{Fatal, refuse_upgrade},
    upgrade::read_query,
};
use crate::{
    admission::Refusal,
    dialects::{self, Admission, Dialect},
    hub::clock,
    quota,
    state::Gateway,
    upgrade::{self, Asked, Farewell, TurnedAway},
};
use contract::{AppKey, SocketId};

/// Answers an upgrade: a connection with its conversation, or what to say before closing.
/// `raw_key` is empty on a path that leads nowhere.
pub async fn admit(
    gateway: &Gateway,
    asked: &Asked<'_>,
    raw_key: &str,
    socket: SocketId,
) -> Result<Admission, Farewell> {
    enter(gateway, asked, raw_key, socket).await.map_err(|TurnedAway { fatal, told }| {
        let frame = match told {
            Some(told) => told.into_frame(fatal.frame(), 2),
            None => fatal.frame(),
        };
        let code = fatal.code();
        tracing::debug!(dialect = "pusher", code, reason = fatal.reason(), "upgrade refused");
        Farewell { frames: vec![frame], code, reason: fatal.reason() }
    })
}

async fn enter(
    gateway: &Gateway,
    asked: &Asked<'_>,
    raw_key: &str,
    socket: SocketId,
) -> Result<Admission, TurnedAway<Fatal>> {
    if raw_key.is_empty() {
        return Err(Fatal::Path.into());
    }
    let client = read_query(asked.query)?;
    let unknown = || Fatal::app_unknown(raw_key);
    let key: AppKey = raw_key.parse().map_err(|_| unknown())?;
    let app = gateway.directory.app_by_key(key.as_str()).ok_or_else(unknown)?;
    let refused = |refusal: Refusal| {
        let told =
            Some(upgrade::deny(gateway, &app, &refusal, Dialect::Pusher, Some(key.as_str())));
        TurnedAway { fatal: refuse_upgrade(&refusal, raw_key), told }
    };
    if !Dialect::Pusher.is_on(&app.load()) {
        return Err(refused(Refusal::DialectDisabled));
    }
    let connected = quota::connect(&gateway.leases, &app, asked.origin, asked.is_tls).await;
    let mut permit = connected.map_err(refused)?;
    permit.opened_with(&key, clock::unix_ms());
    let opening = Opening { socket, key, client, now_ms: clock::now_ms() };
    let conversation = Conversation::open(opening, &app.state());
    Ok(Admission { app, permit, conversation: dialects::Conversation::Pusher(conversation) })
}

//! Letting WebSocket upgrades in. Source: spec/pusher.md §2.1, §12.

use super::{
    conversation::{Conversation, Opening},
    errors::{Fatal, refuse_upgrade},
    upgrade::read_query,
};
use crate::{
    admission::{self, Refusal},
    dialects::{self, Admission},
    hub::clock,
    state::Gateway,
    telemetry::log_refusal,
    upgrade::{Asked, Farewell},
};
use contract::{AppKey, SocketId};

/// Answers an upgrade: a connection with its conversation, or what to say before closing.
pub fn admit(
    gateway: &Gateway,
    asked: &Asked<'_>,
    socket: SocketId,
) -> Result<Admission, Farewell> {
    let raw_key = key_in(asked.path, &gateway.config.mount).unwrap_or_default();
    enter(gateway, asked, raw_key, socket).map_err(|fatal| {
        let (error, code) = (fatal.frame(), fatal.code());
        tracing::debug!(dialect = "pusher", code, reason = fatal.reason(), "upgrade refused");
        Farewell { error, code, reason: fatal.reason() }
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
    let permit = admission::connect(&app, asked.origin, asked.is_tls).map_err(refused)?;
    permit.opened_with(&key, clock::unix_ms());
    let opening = Opening { socket, key, client, now_ms: clock::now_ms() };
    let conversation = Conversation::open(opening, &app.state());
    Ok(Admission { app, permit, conversation: dialects::Conversation::Pusher(conversation) })
}

/// The key in `{mount}/app/{key}`.
fn key_in<'a>(path: &'a str, mount: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(mount).unwrap_or(path).strip_prefix("/app/")?;
    (!rest.contains('/')).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_the_only_segment_after_app() {
        for (path, mount, expected) in [
            ("/app/abc", "", Some("abc")),
            ("/app/", "", Some("")),
            ("/app", "", None),
            ("/app/abc/more", "", None),
            ("/other/abc", "", None),
            ("/ws/app/abc", "/ws", Some("abc")),
            ("/app/abc", "/ws", Some("abc")),
        ] {
            assert_eq!(key_in(path, mount), expected, "{path}");
        }
    }
}

//! Letting WebSocket upgrades in. Source: spec/relay.md §4.1, §10 (trap 9).

use super::{
    conversation::{Conversation, Opening},
    errors::{Fatal, http_body, refuse_upgrade},
};
use crate::{
    admission::{self, Refusal},
    dialects::{self, Admission, Dialect},
    directory::App,
    hub::clock,
    quota,
    state::Gateway,
    upgrade::{self, Asked, Farewell, Handshake, HttpRefusal, TurnedAway},
};
use actix_http::StatusCode;
use contract::{AppKey, SocketId};
use std::sync::Arc;

/// Decides before the handshake whether a caller that keeps being turned away is heard again.
pub fn handshake(
    gateway: &Gateway,
    asked: &Asked<'_>,
    raw_key: &str,
) -> Result<Handshake, HttpRefusal> {
    let turned_away = &gateway.relay.turned_away;
    let held_off = turned_away.is_held_off(asked.peer, raw_key, clock::unix_ms());
    // What was refused may be in order by now: then nobody is held off.
    match held_off && look(gateway, asked, raw_key).is_err_and(Fatal::is_held_against) {
        true => Err(HttpRefusal {
            status: StatusCode::TOO_MANY_REQUESTS,
            body: http_body("rate limit exceeded").into(),
            retry_after_s: Some(60),
        }),
        false => Ok(Handshake::default()),
    }
}

/// Answers an upgrade: a connection with its conversation, or what to say before closing.
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
        if fatal.is_held_against() {
            gateway.relay.turned_away.note(asked.peer, raw_key, clock::unix_ms());
        }
        let (code, reason) = (fatal.code(), fatal.reason());
        tracing::debug!(dialect = "relay", code, reason, "upgrade refused");
        Farewell { frames: vec![frame], code, reason }
    })
}

async fn enter(
    gateway: &Gateway,
    asked: &Asked<'_>,
    raw_key: &str,
    socket: SocketId,
) -> Result<Admission, TurnedAway<Fatal>> {
    let (app, key) = find(gateway, raw_key)?;
    let refused = |refusal: Refusal| {
        let told = Some(upgrade::deny(gateway, &app, &refusal, Dialect::Relay, Some(key.as_str())));
        TurnedAway { fatal: refuse_upgrade(&refusal), told }
    };
    speaks(&app).map_err(refused)?;
    let connected = quota::connect(&gateway.leases, &app, asked.origin, asked.is_tls).await;
    let mut permit = connected.map_err(refused)?;
    permit.opened_with(&key, clock::unix_ms());
    let opening = Opening { socket, key, now_ms: clock::now_ms() };
    let conversation = Conversation::open(opening, &app.state());
    Ok(Admission { app, permit, conversation: dialects::Conversation::Relay(conversation) })
}

/// Whether the connection would be let in, without letting it in.
fn look(gateway: &Gateway, asked: &Asked<'_>, raw_key: &str) -> Result<(), Fatal> {
    let (app, _) = find(gateway, raw_key)?;
    speaks(&app)
        .and_then(|()| admission::may_connect(&app, asked.origin, asked.is_tls))
        .map_err(|refusal| refuse_upgrade(&refusal))
}

fn find(gateway: &Gateway, raw_key: &str) -> Result<(Arc<App>, AppKey), Fatal> {
    let key: AppKey = raw_key.parse().map_err(|_| Fatal::InvalidAppKey)?;
    let app = gateway.directory.app_by_key(raw_key).ok_or(Fatal::InvalidAppKey)?;
    Ok((app, key))
}

fn speaks(app: &App) -> Result<(), Refusal> {
    match Dialect::Relay.is_on(&app.load()) {
        true => Ok(()),
        false => Err(Refusal::DialectDisabled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::{pusher, relay::fixtures, relay::pace::TurnedAway};
    use actix_http::header::HeaderMap;
    use futures_util::FutureExt;

    fn asked<'a>(path: &'a str, headers: &'a HeaderMap, origin: Option<&'a str>) -> Asked<'a> {
        let peer = Some([127, 0, 0, 1].into());
        Asked { path, query: "", host: None, origin, is_tls: false, peer, headers }
    }

    fn admit_now(gateway: &Gateway, asked: &Asked<'_>, key: &str) -> Result<Admission, Farewell> {
        let admitted = admit(gateway, asked, key, fixtures::socket());
        admitted.now_or_never().expect("nothing to wait for")
    }

    #[test]
    fn a_caller_is_told_why_a_few_times_and_then_held_off_before_the_upgrade() {
        let gateway = pusher::fixtures::gateway(fixtures::directory(|_| {}));
        let headers = HeaderMap::new();
        let asked = asked("/app/nobody", &headers, None);
        for _ in 0..TurnedAway::TOLD {
            assert!(handshake(&gateway, &asked, "nobody").is_ok());
            let farewell = admit_now(&gateway, &asked, "nobody").err();
            let farewell = farewell.expect("nobody's key");
            assert_eq!((farewell.code, farewell.reason), (4001, "Invalid app key"));
        }
        let refusal = handshake(&gateway, &asked, "nobody").expect_err("held off");
        assert_eq!((refusal.status.as_u16(), refusal.retry_after_s), (429, Some(60)));
        assert_eq!(refusal.body, r#"{"error":"rate limit exceeded"}"#);
        assert!(handshake(&gateway, &asked, fixtures::KEY).is_ok(), "another key");
    }

    #[test]
    fn nobody_is_held_off_once_there_is_room() {
        let full = |record: &mut contract::directory::AppRecord| record.limits.max_connections = 1;
        let gateway = pusher::fixtures::gateway(fixtures::directory(full));
        let headers = HeaderMap::new();
        let asked = asked("/app/my-key", &headers, None);
        let enter = || admit_now(&gateway, &asked, fixtures::KEY);
        let first = enter().map_err(|f| f.code).expect("there is a place");
        for _ in 0..TurnedAway::TOLD {
            let farewell = enter().err().expect("no place");
            assert_eq!((farewell.code, farewell.reason), (4100, "Over connection limit"));
        }
        assert!(handshake(&gateway, &asked, fixtures::KEY).is_err());
        drop(first);
        assert!(handshake(&gateway, &asked, fixtures::KEY).is_ok());
        assert!(enter().is_ok());
    }

    #[test]
    fn an_app_lets_in_whom_its_settings_allow() {
        for (change, code, reason) in [
            (
                (|r| r.settings.dialects.relay = false) as fn(&mut contract::directory::AppRecord),
                4001,
                "This protocol is switched off for the app",
            ),
            (|r| r.enabled = false, 4001, "App is disabled"),
            (|r| r.settings.tls_only = true, 4001, "The app takes connections over TLS only"),
            (
                |r| r.settings.allowed_origins = vec!["https://shop.example".into()],
                4001,
                "Origin not allowed",
            ),
        ] {
            let gateway = pusher::fixtures::gateway(fixtures::directory(change));
            let headers = HeaderMap::new();
            let asked = asked("/app/my-key", &headers, Some("https://evil.example"));
            let farewell = admit_now(&gateway, &asked, fixtures::KEY).err();
            let farewell = farewell.expect("refused");
            assert_eq!((farewell.code, farewell.reason), (code, reason));
            assert_eq!(farewell.frames.len(), 1);
        }
    }
}

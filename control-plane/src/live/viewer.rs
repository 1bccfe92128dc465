//! One viewer's WebSocket: sends events, and ends when the viewer, the session or patience does.

use super::{ViewPermit, relay};
use crate::{apps::AppAccess, db, organisations::Permission, state::State};
use actix_web::HttpRequest;
use actix_ws::{CloseCode, CloseReason, Message, MessageStream, Session};
use contract::live::{LiveEvent, LiveKind};
use futures_util::StreamExt;
use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

/// Events that may wait for the viewer.
const QUEUED: usize = 256;
const PING_EVERY: Duration = Duration::from_secs(15);
/// A viewer who answers no ping for this long is gone.
const SILENT: Duration = Duration::from_secs(45);
/// A viewer who takes nothing for this long is cut off.
const STALLED: Duration = Duration::from_secs(10);

/// Why a view ended, as its close frame says it.
enum End {
    Gone,
    SignedOut,
    ShuttingDown,
}

/// The viewer does not take what is sent, or has left.
struct Unsent;

pub async fn run(
    request: HttpRequest,
    state: Arc<State>,
    access: AppAccess,
    permit: ViewPermit,
    mut session: Session,
    messages: MessageStream,
) {
    let (events, queue) = mpsc::channel(QUEUED);
    let outlet = relay::Outlet { events, dropped: Arc::default() };
    let relays = tokio::spawn(relay::run(state.clone(), access.app.clone(), outlet.clone()));
    let view = View { request, state, queue, outlet };
    let end = view.run(&mut session, messages).await;
    relays.abort();
    drop(permit);
    let reason = match end {
        Ok(End::Gone) | Err(Unsent) => None,
        Ok(End::SignedOut) => Some((CloseCode::Policy, "signed out")),
        Ok(End::ShuttingDown) => Some((CloseCode::Restart, "restarting")),
    };
    let reason =
        reason.map(|(code, text)| CloseReason { code, description: Some(text.to_owned()) });
    // The viewer may be gone already, and then there is nobody to tell.
    let _ = timeout(STALLED, session.close(reason)).await;
}

struct View {
    request: HttpRequest,
    state: Arc<State>,
    queue: mpsc::Receiver<String>,
    outlet: relay::Outlet,
}

impl View {
    async fn run(
        mut self,
        session: &mut Session,
        mut messages: MessageStream,
    ) -> Result<End, Unsent> {
        let mut pings = interval(PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut closing = self.state.closing.subscribe();
        let mut last_heard = Instant::now();
        loop {
            tokio::select! {
                event = self.queue.recv() => {
                    let Some(event) = event else { return Ok(End::Gone) };
                    send(session, event).await?;
                    self.tell_dropped(session).await?;
                }
                message = messages.next() => match message {
                    Some(Ok(Message::Ping(bytes))) => {
                        last_heard = Instant::now();
                        timeout(STALLED, session.pong(&bytes)).await.map_err(|_| Unsent)?
                            .map_err(|_| Unsent)?;
                    }
                    // Nothing is expected from a viewer; whatever comes shows that it lives.
                    Some(Ok(Message::Pong(_) | Message::Text(_) | Message::Nop)) => {
                        last_heard = Instant::now();
                    }
                    Some(Ok(Message::Binary(_) | Message::Continuation(_) | Message::Close(_)))
                    | Some(Err(_))
                    | None => return Ok(End::Gone),
                },
                _ = pings.tick() => {
                    if last_heard.elapsed() > SILENT {
                        return Ok(End::Gone);
                    }
                    // Rights may have ended since; the tick is also when that is noticed.
                    let access = timeout(db::PATIENCE, AppAccess::of(&self.request)).await;
                    let allowed = access.map(|a| a?.require(Permission::AppsRead));
                    if allowed.is_ok_and(|a| a.is_err_and(|e| e.ends_a_session())) {
                        return Ok(End::SignedOut);
                    }
                    timeout(STALLED, session.ping(b"")).await.map_err(|_| Unsent)?
                        .map_err(|_| Unsent)?;
                }
                _ = closing.wait_for(|closing| *closing) => return Ok(End::ShuttingDown),
            }
        }
    }

    async fn tell_dropped(&self, session: &mut Session) -> Result<(), Unsent> {
        let count = self.outlet.dropped.swap(0, Ordering::Relaxed);
        if count == 0 {
            return Ok(());
        }
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let (at_ms, what) = (since_epoch.as_millis() as u64, LiveKind::Dropped { count });
        let event = LiveEvent { at_ms, dialect: None, what };
        match serde_json::to_string(&event) {
            Ok(text) => send(session, text).await,
            Err(_) => Ok(()),
        }
    }
}

async fn send(session: &mut Session, text: String) -> Result<(), Unsent> {
    match timeout(STALLED, session.text(text)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Unsent),
    }
}

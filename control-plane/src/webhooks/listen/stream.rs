//! One listener's answer: it goes on until the listener, their rights or the process end.

use super::{
    RENEWED_EVERY,
    model::HEARTBEAT,
    reader::Reader,
    store::{self, Listener},
};
use crate::{
    api::ndjson::{Cut, Lines},
    apps::AppAccess,
    db::{self, patiently},
    organisations::Permission,
    state::State,
    webhooks::{events::EventType, model::Filter},
};
use actix_web::HttpRequest;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at, sleep, timeout};

const HEARTBEAT_EVERY: Duration = Duration::from_secs(10);
/// Looked for without being told that there is something, should the telling be lost.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// So much may come together before it is looked at.
const GATHER: Duration = Duration::from_millis(20);

pub struct Listening {
    pub request: HttpRequest,
    pub state: Arc<State>,
    pub listener: Listener,
    pub filter: Filter,
    pub reader: Reader,
}

impl Listening {
    pub async fn run(mut self, mut lines: Lines) {
        // Either way it is over, and nobody is there to be told why.
        let _: Result<(), Cut> = self.tell(&mut lines).await;
        drop(lines);
        if let Err(error) = store::remove(&self.state.db, &self.listener).await {
            tracing::warn!(%error, "a listener is left to run out");
        }
    }

    async fn tell(&mut self, lines: &mut Lines) -> Result<(), Cut> {
        let mut closing = self.state.closing.subscribe();
        let mut stored = self.state.feed.messages();
        let mut heartbeats = interval(HEARTBEAT_EVERY);
        let mut renewals = interval_at(Instant::now() + RENEWED_EVERY, RENEWED_EVERY);
        for ticks in [&mut heartbeats, &mut renewals] {
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        loop {
            tokio::select! {
                _ = closing.wait_for(|closing| *closing) => return Ok(()),
                () = lines.abandoned() => return Ok(()),
                _ = heartbeats.tick() => {
                    // Rights may have ended since; the beat is also when that is noticed.
                    if self.has_lost_access().await {
                        return Ok(());
                    }
                    lines.write(&HEARTBEAT).await?;
                    lines.flush().await?;
                }
                _ = renewals.tick() => {
                    if let Err(error) = store::renew(&self.state.db, &self.listener).await {
                        tracing::warn!(%error, "cannot renew a listener");
                    }
                }
                _ = timeout(LOOK_EVERY, stored.changed()) => {
                    sleep(GATHER).await;
                    stored.borrow_and_update();
                    self.tell_new(lines).await?;
                }
            }
        }
    }

    async fn tell_new(&mut self, lines: &mut Lines) -> Result<(), Cut> {
        loop {
            let new = match patiently(self.reader.next(&self.state.db)).await {
                Ok(new) => new,
                // What is stored stays there: it is told when the database is back.
                Err(error) => {
                    tracing::warn!(%error, "cannot read messages for a listener");
                    return Ok(());
                }
            };
            if new.is_empty() {
                return Ok(());
            }
            for message in new.iter().map(|stored| &stored.message) {
                let Ok(event) = EventType::parse(&message.kind) else { continue };
                if self.filter.wants(event, message.channel.as_deref()) {
                    lines.write(message).await?;
                }
            }
            lines.flush().await?;
        }
    }

    async fn has_lost_access(&self) -> bool {
        let access = timeout(db::PATIENCE, AppAccess::of(&self.request)).await;
        let allowed = access.map(|access| access?.require(Permission::AppsRead));
        allowed.is_ok_and(|allowed| allowed.is_err_and(|error| error.ends_a_session()))
    }
}

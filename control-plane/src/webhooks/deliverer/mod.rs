//! Telling endpoints what is due, for as long as the process runs.
//!
//! The loop (`work`) knows which endpoints have something due and gives each a turn at a time, in
//! the order in which they came. A turn (`turn`) claims what one request can tell, or some requests
//! that are made one after the other, sends that and records how it went. An endpoint that takes nothing holds few turns and then rests, so the others go
//! on; a process that dies leaves its leases to run out, so nothing is lost with it.

mod attempts;
mod candidates;
mod choice;
mod claim;
mod disable;
pub mod due;
mod endpoint;
mod messages;
mod record;
mod schedule;
mod trial;
mod turn;

pub use trial::send_test;

use super::own_events;
use crate::state::State;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};

/// How soon what is due by the clock is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long to wait for more once something came, so that it goes out together.
const COLLECT: Duration = Duration::from_millis(50);
/// How long to leave a database alone that could not be asked.
const AWAY_FOR: Duration = Duration::from_secs(3);

/// Delivers until the process stops, then finishes what was begun.
pub async fn work(state: Arc<State>) {
    let mut closing = state.closing.subscribe();
    let mut next_look = Instant::now();
    while !*closing.borrow_and_update() {
        tokio::select! {
            () = sleep_until(next_look) => state.webhooks.look_again(),
            () = woken(&state.webhooks.woken) => {}
            () = state.webhooks.freed.notified() => {}
            _ = closing.changed() => break,
        }
        if state.webhooks.take_look() {
            let looked = look(&state).await;
            next_look = Instant::now() + if looked.is_ok() { LOOK_EVERY } else { AWAY_FOR };
            if let Err(error) = looked {
                tracing::warn!(%error, "cannot look for webhooks");
            }
        }
        while let Some(turn) = state.webhooks.next_turn() {
            tokio::spawn(turn::run(state.clone(), turn));
        }
    }
    state.webhooks.all_done().await;
}

async fn woken(woken: &Notify) {
    woken.notified().await;
    sleep(COLLECT).await;
}

/// Asks the database for all that is due.
async fn look(state: &State) -> Result<(), sqlx::Error> {
    loop {
        let (_, more) = own_events::fan_out(&state.db).await?;
        if !more {
            break;
        }
    }
    state.webhooks.found(due::look(&state.db).await?);
    Ok(())
}

/// Makes every request that is due, one after the other, and those that become due by that.
#[cfg(test)]
pub async fn run_due(state: &Arc<State>) {
    loop {
        look(state).await.expect("the database");
        let mut any = false;
        while let Some(turn) = state.webhooks.next_turn() {
            any |= turn::run(state.clone(), turn).await;
        }
        if !any {
            return;
        }
    }
}

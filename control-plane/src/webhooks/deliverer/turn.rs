//! One request to one endpoint: claim, write, send, record.

use super::{
    claim::{self, Work},
    record,
};
use crate::{
    state::State,
    webhooks::{
        forms,
        outgoing::{Destination, Outcome, Request},
        runtime::Turn,
    },
};
use std::{sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

/// How long to try to write down how a request went. After that its lease runs out and it is made
/// once more.
const RECORD_FOR: Duration = Duration::from_secs(15);
const RECORD_AGAIN: Duration = Duration::from_millis(500);

/// Says whether a request was made, or another look may find one.
pub async fn run(state: Arc<State>, turn: Turn) -> bool {
    let claimed = {
        let _place = state.webhooks.database_place().await;
        claim::claim(&state, turn.target).await
    };
    let claimed = match claimed {
        Ok(claimed) => claimed,
        Err(error) => {
            // The next look finds it again.
            tracing::warn!(%error, endpoint.id = %turn.target.endpoint, "cannot claim webhooks");
            return false;
        }
    };
    if claimed.more {
        state.webhooks.again(turn.target);
    }
    let Some(work) = claimed.work else { return claimed.more };
    let (request, outcome) = send(&state, &work).await;
    keep(&state, &work, request.as_ref(), &outcome).await;
    turn.ended(outcome.is_taken());
    state.webhooks.again(work.target);
    true
}

async fn send(state: &State, work: &Work) -> (Option<Request>, Outcome) {
    let Some(keys) = &work.keys else {
        return (None, Outcome::not_sent("the app has no active key to sign with"));
    };
    let now = OffsetDateTime::now_utc();
    let request = match forms::write(work.endpoint.form, keys, &work.messages, now) {
        Ok(request) => request,
        Err(error) => return (None, Outcome::not_sent(error.to_string())),
    };
    let outgoing = &state.webhooks.outgoing;
    let outcome = match Destination::parse(&work.endpoint.url, outgoing.allows_loopback()) {
        Ok(destination) => outgoing.post(&destination, &request).await,
        Err(refused) => Outcome::not_sent(format!("the address {refused}")),
    };
    (Some(request), outcome)
}

async fn keep(state: &State, work: &Work, request: Option<&Request>, outcome: &Outcome) {
    let until = Instant::now() + RECORD_FOR;
    loop {
        let kept = {
            let _place = state.webhooks.database_place().await;
            record::record(state, work, request, outcome).await
        };
        let Err(error) = kept else { return };
        tracing::warn!(%error, endpoint.id = %work.target.endpoint,
            "how a webhook went could not be written down");
        if Instant::now() > until {
            return;
        }
        sleep(RECORD_AGAIN).await;
    }
}

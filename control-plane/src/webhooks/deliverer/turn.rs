//! What is done for one endpoint at a time: claim, write, send, record.

use super::{
    claim::{self, Parcel, Work},
    record::{self, Sent},
};
use crate::{
    state::State,
    telemetry::AttemptOutcome,
    webhooks::{
        forms,
        outgoing::{Destination, Outcome, Request},
        runtime::Turn,
    },
};
use std::{sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// Of what was taken at once, no request begins later: it ends, and is written down, before the
/// lease does.
const BEGIN_FOR: Duration = Duration::from_secs(4);
/// What was told is written down as often as this, so that it is not told again should the process
/// die.
const RECORD_EVERY: Duration = Duration::from_millis(250);
/// How long to try to write down how requests went. After that their lease runs out and they are
/// made once more.
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
    deliver(&state, &turn, work).await;
    state.webhooks.again(turn.target);
    true
}

/// One request after the other, until one is in vain or it takes too long: what is left then goes
/// back.
async fn deliver(state: &State, turn: &Turn, mut work: Work) {
    let began = Instant::now();
    let mut recorded = began;
    let mut sent = Vec::new();
    while let Some(parcel) = work.parcels.pop_front() {
        let (request, outcome) = send(state, &work, &parcel).await;
        count(state, &parcel, &outcome);
        let is_taken = outcome.is_taken();
        turn.ended(is_taken);
        sent.push(Sent { parcel, request, outcome });
        if !is_taken {
            break;
        }
        if recorded.elapsed() > RECORD_EVERY && !work.parcels.is_empty() {
            keep(state, &work, &sent, &[]).await;
            sent.clear();
            recorded = Instant::now();
        }
        if began.elapsed() > BEGIN_FOR || *state.closing.borrow() {
            break;
        }
    }
    let left = work.parcels.iter().flat_map(|parcel| &parcel.deliveries);
    let left: Vec<Uuid> = left.map(|claimed| claimed.id).collect();
    keep(state, &work, &sent, &left).await;
}

async fn send(state: &State, work: &Work, parcel: &Parcel) -> (Option<Request>, Outcome) {
    let Some(keys) = &work.keys else {
        return (None, Outcome::not_sent("the app has no active key to sign with"));
    };
    let now = OffsetDateTime::now_utc();
    let request = match forms::write(work.endpoint.form, keys, &parcel.messages, now) {
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

fn count(state: &State, parcel: &Parcel, outcome: &Outcome) {
    let kind = match (outcome.is_taken(), outcome.status, outcome.took.is_zero()) {
        (true, ..) => AttemptOutcome::Taken,
        (false, Some(_), _) => AttemptOutcome::Refused,
        (false, None, false) => AttemptOutcome::Unanswered,
        (false, None, true) => AttemptOutcome::NotSent,
    };
    let webhooks = &state.telemetry.webhooks;
    webhooks.count(kind, outcome.took);
    if outcome.is_taken() {
        let now = OffsetDateTime::now_utc();
        for claimed in &parcel.deliveries {
            // Another machine's clock may be ahead.
            webhooks.lateness.note(Duration::try_from(now - claimed.due).unwrap_or_default());
        }
    }
}

async fn keep(state: &State, work: &Work, sent: &[Sent], left: &[Uuid]) {
    if sent.is_empty() && left.is_empty() {
        return;
    }
    let until = Instant::now() + RECORD_FOR;
    loop {
        let kept = {
            let _place = state.webhooks.database_place().await;
            record::record(state, work, sent, left).await
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

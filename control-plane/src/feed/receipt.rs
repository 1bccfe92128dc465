//! After a revocation: which gateways have it in force, and how long that took.

use super::model::{ConfirmedBy, Receipt, Revoked};
use crate::{api::ApiError, db::patiently, gateways, state::State};
use actix_web::HttpResponse;
use contract::directory::Revision;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{Instant, sleep_until, timeout_at};

/// Longest that a revocation waits for its receipt.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often to look, should notifications be lost.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The answer to a revocation that is committed.
pub async fn answer(state: &State, revision: Revision) -> Result<HttpResponse, ApiError> {
    let receipt = wait(state, revision).await?;
    Ok(HttpResponse::Ok().json(Revoked { receipt }))
}

/// Waits until every live gateway has confirmed `revision`, or patience ends.
pub async fn wait(state: &State, revision: Revision) -> Result<Receipt, sqlx::Error> {
    let started = Instant::now();
    let deadline = started + PATIENCE;
    // Subscribed before looking, so that no confirmation falls between.
    let mut confirmations = state.feed.confirmations();
    let mut receipt = Waiting { revision, started, ms: BTreeMap::new() };
    let mut look_at = started;
    loop {
        if Instant::now() >= look_at {
            for gateway in patiently(gateways::store::live(&state.db)).await? {
                receipt.saw(&gateway.id, gateway.confirmed);
            }
            look_at = Instant::now() + LOOK_EVERY;
        }
        if receipt.complete() || Instant::now() >= deadline {
            return Ok(receipt.into());
        }
        match timeout_at(look_at.min(deadline), confirmations.recv()).await {
            Ok(Ok(confirmed)) => receipt.heard(&confirmed.gateway, confirmed.revision),
            // Fell behind or lost the sender: the next look finds what was missed.
            Ok(Err(_)) => sleep_until(look_at.min(deadline)).await,
            Err(_) => {}
        }
    }
}

struct Waiting {
    revision: Revision,
    started: Instant,
    /// Live gateways, with their time once they have confirmed.
    ms: BTreeMap<String, Option<u64>>,
}

impl Waiting {
    fn saw(&mut self, gateway: &str, confirmed: Revision) {
        self.ms.entry(gateway.to_owned()).or_insert(None);
        self.heard(gateway, confirmed);
    }

    fn heard(&mut self, gateway: &str, confirmed: Revision) {
        let elapsed = self.started.elapsed().as_millis() as u64;
        if let Some(ms @ None) = self.ms.get_mut(gateway)
            && confirmed >= self.revision
        {
            *ms = Some(elapsed);
        }
    }

    fn complete(&self) -> bool {
        self.ms.values().all(Option::is_some)
    }
}

impl From<Waiting> for Receipt {
    fn from(waiting: Waiting) -> Self {
        let mut receipt =
            Self { revision: waiting.revision, confirmed: Vec::new(), pending: Vec::new() };
        for (gateway, ms) in waiting.ms {
            match ms {
                Some(ms) => receipt.confirmed.push(ConfirmedBy { gateway, ms }),
                None => receipt.pending.push(gateway),
            }
        }
        receipt
    }
}

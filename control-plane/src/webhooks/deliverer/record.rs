//! What became of requests, in one transaction.

use super::{
    attempts,
    claim::{Claimed, Parcel, Work},
    disable::{self, Why},
    endpoint::{self, Health},
    schedule::{Jitter, rest_after, wait_after, within_bounds},
};
use crate::{
    api::ApiError,
    apps::store::parse_id,
    db::{Organisation, TenantTx},
    state::State,
    webhooks::{
        endpoints::interest,
        outgoing::{Outcome, Request},
    },
};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// Without one success for so long, an endpoint is told nothing more.
const FAILING_DAYS: i32 = 5;
/// How many that wait for their next try go at once when an endpoint is back.
const BROUGHT_FORWARD: i64 = 5_000;
/// Gone for good: nothing more is to be sent there.
const GONE: u16 = 410;

/// A request that was made, and how it went.
pub struct Sent {
    pub parcel: Parcel,
    pub request: Option<Request>,
    pub outcome: Outcome,
}

impl Sent {
    /// How often its oldest event has been tried, this time included.
    pub fn tries(&self) -> i32 {
        self.parcel.deliveries.iter().map(|claimed| claimed.attempts + 1).max().unwrap_or(1)
    }

    fn ids(&self) -> impl Iterator<Item = Uuid> {
        self.parcel.deliveries.iter().map(|claimed| claimed.id)
    }
}

/// Writes down requests and what follows from them, and gives back what was `left`. Of the requests
/// only the last may have been in vain.
pub async fn record(
    state: &State,
    work: &Work,
    sent: &[Sent],
    left: &[Uuid],
) -> Result<(), ApiError> {
    let organisation = Organisation::known(work.target.organisation);
    let mut tx = state.db.tenant("webhooks", organisation).await?;
    let endpoint = work.target.endpoint;
    let Some(mut health) = endpoint::lock_health(&mut tx, endpoint).await? else {
        return Ok(());
    };
    let mut is_disabled = false;
    attempts::insert_all(&mut tx, endpoint, sent).await?;
    let (taken, in_vain): (Vec<&Sent>, Vec<&Sent>) =
        sent.iter().partition(|one| one.outcome.is_taken());
    if !taken.is_empty() {
        delivered(&mut tx, &taken).await?;
        recovered(&mut tx, endpoint, &health).await?;
        (health.failures, health.failing_since) = (0, None);
    }
    for one in in_vain {
        let outcome = &one.outcome;
        let is_gone = outcome.status == Some(GONE);
        let dead = failed(&mut tx, work.lease, one, is_gone).await?;
        if let Some(why) = failing(&mut tx, endpoint, &health, outcome, is_gone).await? {
            disable::disable(state, &mut tx, endpoint, &health, why).await?;
            is_disabled = true;
        }
        tracing::info!(
            endpoint.id = %endpoint,
            status = outcome.status,
            error = outcome.error,
            events = one.parcel.deliveries.len(),
            tries = one.tries(),
            dead,
            duration_ms = outcome.took.as_millis() as u64,
            "a webhook was not taken"
        );
    }
    give_back(&mut tx, work.lease, left).await?;
    tx.commit().await?;
    if let Some(app) = health.app.as_deref().filter(|_| is_disabled) {
        // What happened is written down: it is not to be written down again because of this.
        if let Err(error) = interest::settle(&state.db, organisation, &parse_id(app)?).await {
            tracing::warn!(%error, app.id = app, "gateways go on telling what nobody wants");
        }
    }
    Ok(())
}

/// True however late it is known.
async fn delivered(tx: &mut TenantTx, taken: &[&Sent]) -> Result<(), sqlx::Error> {
    let each = || taken.iter().flat_map(|one| one.ids().map(move |id| (id, one.outcome.status)));
    let ids: Vec<Uuid> = each().map(|(id, _)| id).collect();
    let statuses: Vec<Option<i32>> = each().map(|(_, status)| status.map(i32::from)).collect();
    sqlx::query!(
        "UPDATE webhook_deliveries d
         SET state = 'delivered', finished_at = now(), attempts = d.attempts + 1,
             last_status = n.status, last_error = NULL, leased_until = NULL
         FROM unnest($2::uuid[], $3::int[]) AS n (id, status)
         WHERE d.organisation_id = $1 AND d.id = n.id AND d.state <> 'delivered'",
        tx.organisation().uuid(),
        &ids,
        &statuses as &[Option<i32>],
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// What was taken and not told is anybody's again, at once.
async fn give_back(
    tx: &mut TenantTx,
    lease: OffsetDateTime,
    left: &[Uuid],
) -> Result<(), sqlx::Error> {
    if left.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE webhook_deliveries SET leased_until = NULL, next_at = now()
         WHERE organisation_id = $1 AND id = ANY($2) AND state = 'pending' AND leased_until = $3",
        tx.organisation().uuid(),
        left,
        lease,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Says how many are dead now. Whoever was so slow that others have taken over changes nothing.
async fn failed(
    tx: &mut TenantTx,
    lease: OffsetDateTime,
    sent: &Sent,
    is_gone: bool,
) -> Result<usize, sqlx::Error> {
    let (outcome, deliveries) = (&sent.outcome, &sent.parcel.deliveries);
    let jitter = Jitter::random();
    let wait = |claimed: &Claimed| match is_gone {
        true => None,
        false => wait_after(claimed.attempts + 1, jitter, outcome.retry_after),
    };
    let ids: Vec<Uuid> = sent.ids().collect();
    let waits: Vec<Option<f64>> =
        deliveries.iter().map(|claimed| wait(claimed).map(|w| w.as_secs_f64())).collect();
    let states = sqlx::query_scalar!(
        "UPDATE webhook_deliveries d
         SET attempts = d.attempts + 1, leased_until = NULL, last_status = $5, last_error = $6,
             state = CASE WHEN n.wait IS NULL THEN 'dead' ELSE 'pending' END,
             finished_at = CASE WHEN n.wait IS NULL THEN now() END,
             next_at = now() + make_interval(secs => coalesce(n.wait, 0))
         FROM unnest($2::uuid[], $3::float8[]) AS n (id, wait)
         WHERE d.organisation_id = $1 AND d.id = n.id AND d.state = 'pending'
           AND d.leased_until = $4
         RETURNING d.state",
        tx.organisation().uuid(),
        &ids,
        &waits as &[Option<f64>],
        lease,
        outcome.status.map(i32::from),
        outcome.error,
    )
    .fetch_all(tx.db())
    .await?;
    Ok(states.iter().filter(|state| *state == "dead").count())
}

/// Whatever was held against the endpoint is forgotten. If it had been left alone, what waits for
/// its next try need not wait any longer.
async fn recovered(tx: &mut TenantTx, endpoint: Uuid, health: &Health) -> Result<(), sqlx::Error> {
    if health.failures == 0 && health.failing_since.is_none() {
        return Ok(());
    }
    let organisation = tx.organisation().uuid();
    sqlx::query!(
        "UPDATE webhook_endpoints SET failures = 0, failing_since = NULL, rests_until = NULL
         WHERE organisation_id = $1 AND id = $2",
        organisation,
        endpoint,
    )
    .execute(tx.db())
    .await?;
    if rest_after(health.failures).is_none() {
        return Ok(());
    }
    let brought = sqlx::query!(
        "UPDATE webhook_deliveries SET next_at = now()
         WHERE organisation_id = $1 AND id IN (
             SELECT id FROM webhook_deliveries
             WHERE organisation_id = $1 AND endpoint_id = $2 AND state = 'pending'
               AND next_at > now() AND leased_until IS NULL
             ORDER BY place LIMIT $3)",
        organisation,
        endpoint,
        BROUGHT_FORWARD,
    )
    .execute(tx.db())
    .await?
    .rows_affected();
    tracing::info!(endpoint.id = %endpoint, deliveries = brought, "a webhook endpoint is back");
    Ok(())
}

/// One more failure in a row. Says if it was one too many.
async fn failing(
    tx: &mut TenantTx,
    endpoint: Uuid,
    health: &Health,
    outcome: &Outcome,
    is_gone: bool,
) -> Result<Option<Why>, sqlx::Error> {
    let failures = health.failures.saturating_add(1);
    // Who is overwhelmed says so with these, and means all requests.
    let asked = outcome.retry_after.filter(|_| matches!(outcome.status, Some(429 | 503)));
    let rest = rest_after(failures).max(asked.map(within_bounds));
    let failed_too_long = sqlx::query_scalar!(
        r#"UPDATE webhook_endpoints
           SET failures = $3, failing_since = coalesce(failing_since, now()),
               rests_until = CASE WHEN $4::float8 IS NULL THEN rests_until
                                  ELSE now() + make_interval(secs => $4) END
           WHERE organisation_id = $1 AND id = $2
           RETURNING failing_since <= now() - make_interval(days => $5) AS "too_long!""#,
        tx.organisation().uuid(),
        endpoint,
        failures,
        rest.as_ref().map(Duration::as_secs_f64),
        FAILING_DAYS,
    )
    .fetch_one(tx.db())
    .await?;
    if !health.enabled {
        return Ok(None);
    }
    Ok(match (is_gone, failed_too_long && rest_after(failures).is_some()) {
        (true, _) => Some(Why::Gone),
        (false, true) => Some(Why::Failing),
        (false, false) => None,
    })
}

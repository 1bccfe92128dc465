//! What became of a request, in one transaction.

use super::{
    claim::{Claimed, Work},
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
        model::Attempt,
        outgoing::{Outcome, Request},
    },
};
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// Without one success for so long, an endpoint is told nothing more.
const FAILING_DAYS: i32 = 5;
/// How many that wait for their next try go at once when an endpoint is back.
const BROUGHT_FORWARD: i64 = 5_000;
/// Gone for good: nothing more is to be sent there.
const GONE: u16 = 410;

/// Writes down an attempt and what follows from it.
pub async fn record(
    state: &State,
    work: &Work,
    request: Option<&Request>,
    outcome: &Outcome,
) -> Result<(), ApiError> {
    let organisation = Organisation::known(work.target.organisation);
    let mut tx = state.db.tenant("webhooks", organisation).await?;
    let endpoint = work.target.endpoint;
    let Some(health) = endpoint::lock_health(&mut tx, endpoint).await? else {
        return Ok(());
    };
    let mut is_disabled = false;
    let tries = work.deliveries.iter().map(|claimed| claimed.attempts + 1).max().unwrap_or(1);
    let attempt = attempt_of(request, outcome, tries, work.deliveries.len());
    insert_attempt(&mut tx, endpoint, &attempt).await?;
    let ids: Vec<Uuid> = work.deliveries.iter().map(|claimed| claimed.id).collect();
    link(&mut tx, attempt.id, &ids).await?;
    if outcome.is_taken() {
        delivered(&mut tx, &ids, outcome).await?;
        recovered(&mut tx, endpoint, &health).await?;
    } else {
        let is_gone = outcome.status == Some(GONE);
        let dead = failed(&mut tx, work, outcome, is_gone).await?;
        if let Some(why) = failing(&mut tx, endpoint, &health, outcome, is_gone).await? {
            disable::disable(state, &mut tx, endpoint, &health, why).await?;
            is_disabled = true;
        }
        tracing::info!(
            endpoint.id = %endpoint,
            status = outcome.status,
            error = outcome.error,
            events = ids.len(),
            tries,
            dead,
            duration_ms = attempt.duration_ms,
            "a webhook was not taken"
        );
    }
    tx.commit().await?;
    if let Some(app) = health.app.as_deref().filter(|_| is_disabled) {
        // What happened is written down: it is not to be written down again because of this.
        if let Err(error) = interest::settle(&state.db, organisation, &parse_id(app)?).await {
            tracing::warn!(%error, app.id = app, "gateways go on telling what nobody wants");
        }
    }
    Ok(())
}

pub fn attempt_of(
    request: Option<&Request>,
    outcome: &Outcome,
    tries: i32,
    events: usize,
) -> Attempt {
    let headers = request.map_or_else(BTreeMap::new, |request| {
        let named = request.headers.iter();
        named.map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    });
    let body = request.map_or(&[][..], |request| &request.body);
    Attempt {
        id: Uuid::now_v7(),
        at: outcome.at,
        duration_ms: i32::try_from(outcome.took.as_millis()).unwrap_or(i32::MAX),
        attempt: tries,
        events: i32::try_from(events).unwrap_or(i32::MAX),
        status: outcome.status.map(i32::from),
        error: outcome.error.clone(),
        request_headers: headers,
        request_body: String::from_utf8_lossy(body).into_owned(),
        response_headers: outcome.headers.clone(),
        response_body: outcome.body.clone(),
    }
}

pub async fn insert_attempt(
    tx: &mut TenantTx,
    endpoint: Uuid,
    attempt: &Attempt,
) -> Result<(), sqlx::Error> {
    let encode = |e: serde_json::Error| sqlx::Error::Encode(e.into());
    let request_headers = serde_json::to_value(&attempt.request_headers).map_err(encode)?;
    let response_headers = attempt.response_headers.as_ref().map(serde_json::to_value);
    sqlx::query!(
        "INSERT INTO webhook_attempts
             (id, organisation_id, endpoint_id, at, duration_ms, attempt, events, status, error,
              request_headers, request_body, response_headers, response_body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        attempt.id,
        tx.organisation().uuid(),
        endpoint,
        attempt.at,
        attempt.duration_ms,
        attempt.attempt,
        attempt.events,
        attempt.status,
        attempt.error,
        request_headers,
        attempt.request_body,
        response_headers.transpose().map_err(encode)?,
        attempt.response_body,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// What was deleted in the meantime is left out.
async fn link(tx: &mut TenantTx, attempt: Uuid, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO webhook_attempt_deliveries (attempt_id, delivery_id, organisation_id)
         SELECT $2, id, organisation_id FROM webhook_deliveries
         WHERE organisation_id = $1 AND id = ANY($3) FOR KEY SHARE",
        tx.organisation().uuid(),
        attempt,
        ids,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// True however late it is known.
async fn delivered(tx: &mut TenantTx, ids: &[Uuid], outcome: &Outcome) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE webhook_deliveries
         SET state = 'delivered', finished_at = now(), attempts = attempts + 1, last_status = $3,
             last_error = NULL, leased_until = NULL
         WHERE organisation_id = $1 AND id = ANY($2) AND state <> 'delivered'",
        tx.organisation().uuid(),
        ids,
        outcome.status.map(i32::from),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Says how many are dead now. Whoever was so slow that others have taken over changes nothing.
async fn failed(
    tx: &mut TenantTx,
    work: &Work,
    outcome: &Outcome,
    is_gone: bool,
) -> Result<usize, sqlx::Error> {
    let jitter = Jitter::random();
    let wait = |claimed: &Claimed| match is_gone {
        true => None,
        false => wait_after(claimed.attempts + 1, jitter, outcome.retry_after),
    };
    let ids: Vec<Uuid> = work.deliveries.iter().map(|claimed| claimed.id).collect();
    let waits: Vec<Option<f64>> =
        work.deliveries.iter().map(|claimed| wait(claimed).map(|w| w.as_secs_f64())).collect();
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
        work.lease,
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

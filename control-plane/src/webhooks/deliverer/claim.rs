//! Taking what is due: under the endpoint's lock, so that two control planes never take from the
//! same queue at once, and with a lease instead of a lock while it is sent.

use super::{
    choice::{Candidate, choose},
    endpoint::{self, Endpoint},
    messages,
};
use crate::{
    db::{Organisation, TenantTx},
    state::State,
    webhooks::{
        forms::{Keys, Message},
        model::Form,
        runtime::Target,
    },
};
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// What was taken and not finished by then is taken again. A request takes 10 s at most.
pub const LEASE_S: f64 = 30.0;
/// Requests to one endpoint at once, of all control planes together; while it fails, one.
const AT_ONCE: i64 = 4;
/// How much of what is due is looked at for one request, how many channels of it, and how far into
/// each of these.
const LOOKED_AT: i64 = 500;
const CHANNELS: i64 = 100;
const DEEP: i64 = 100;
/// What stands behind one that waits is looked at again after so long at most, in case that one is
/// told to go earlier.
const PUT_OFF_S: f64 = 60.0;
/// Bytes in one request, roughly; one event alone may be longer.
const MAX_BYTES: usize = 256 << 10;
/// What an event costs beside its payload and the name of its channel.
const EVENT_BYTES: usize = 96;

/// One request to be made.
pub struct Work {
    pub target: Target,
    pub endpoint: Endpoint,
    /// None: the app has no pair that is active.
    pub keys: Option<Keys>,
    pub deliveries: Vec<Claimed>,
    pub messages: Vec<Message>,
    /// Tells this taking from later ones.
    pub lease: OffsetDateTime,
}

pub struct Claimed {
    pub id: Uuid,
    /// Tries before this one.
    pub attempts: i32,
}

pub struct Claim {
    pub work: Option<Work>,
    /// It is worth asking again at once.
    pub more: bool,
}

impl Claim {
    const NOTHING: Self = Self { work: None, more: false };
}

/// Takes one request's worth of what is due.
pub async fn claim(state: &State, target: Target) -> Result<Claim, sqlx::Error> {
    let organisation = Organisation::known(target.organisation);
    let mut tx = state.db.tenant("webhooks", organisation).await?;
    let Some(endpoint) = endpoint::lock_ready(&mut tx, target.endpoint).await? else {
        return Ok(Claim::NOTHING);
    };
    let allowed = if endpoint.failures > 0 { 1 } else { AT_ONCE };
    if requests_under_way(&mut tx, target.endpoint).await? >= allowed {
        // Whoever finishes one of them looks again.
        return Ok(Claim::NOTHING);
    }
    let candidates = candidates(&mut tx, target.endpoint).await?;
    let choice = choose(&candidates, endpoint.form.max_events());
    let in_the_way: Vec<&Candidate> = choice.in_the_way.iter().map(|at| &candidates[*at]).collect();
    let put_off = put_off(&mut tx, target.endpoint, &in_the_way).await?;
    let taken: Vec<&Candidate> = choice.take.iter().map(|at| &candidates[*at]).collect();
    if taken.is_empty() {
        tx.commit().await?;
        return Ok(Claim { work: None, more: put_off > 0 });
    }
    let keys = match endpoint.form {
        Form::Standard => endpoint.own_keys(&state.master_key)?,
        Form::Pusher | Form::Relay => {
            endpoint::oldest_pair(&mut tx, &state.master_key, endpoint.app.as_deref()).await?
        }
    };
    let mut stored = messages::read(&mut tx, taken.iter().map(|taken| taken.message)).await?;
    let (deliveries, messages) = fit(&taken, &mut stored);
    if deliveries.is_empty() {
        return Ok(Claim::NOTHING);
    }
    let more = choice.more || deliveries.len() < taken.len();
    let ids: Vec<Uuid> = deliveries.iter().map(|claimed| claimed.id).collect();
    let lease = lease(&mut tx, &ids).await?;
    tx.commit().await?;
    let work = Work { target, endpoint, keys, deliveries, messages, lease };
    Ok(Claim { work: Some(work), more })
}

/// As many from the front as fit into one request.
fn fit(
    taken: &[&Candidate],
    stored: &mut HashMap<Uuid, (Message, usize)>,
) -> (Vec<Claimed>, Vec<Message>) {
    let (mut deliveries, mut messages, mut bytes) = (Vec::new(), Vec::new(), 0);
    for candidate in taken {
        // A message is there as long as one of its deliveries is.
        let Some((message, its_bytes)) = stored.remove(&candidate.message) else { continue };
        bytes += its_bytes + candidate.channel.len() + EVENT_BYTES;
        if bytes > MAX_BYTES && !messages.is_empty() {
            break;
        }
        deliveries.push(Claimed { id: candidate.id, attempts: candidate.attempts });
        messages.push(message);
    }
    (deliveries, messages)
}

async fn requests_under_way(tx: &mut TenantTx, endpoint: Uuid) -> Result<i64, sqlx::Error> {
    // Each taking has a lease of its own.
    sqlx::query_scalar!(
        r#"SELECT count(DISTINCT leased_until) AS "count!" FROM webhook_deliveries
           WHERE organisation_id = $1 AND endpoint_id = $2 AND state = 'pending'
             AND leased_until > now()"#,
        tx.organisation().uuid(),
        endpoint,
    )
    .fetch_one(tx.db())
    .await
}

/// What might be taken, in order: of the channels whose turn it is, the front of the queue.
async fn candidates(tx: &mut TenantTx, endpoint: Uuid) -> Result<Vec<Candidate>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH due AS MATERIALIZED (
               SELECT channel, next_at, place FROM webhook_deliveries
               WHERE organisation_id = $1 AND endpoint_id = $2 AND state = 'pending'
                 AND next_at <= now()
               ORDER BY next_at, place LIMIT $3
           ), queues AS (
               SELECT channel FROM due WHERE channel <> '' GROUP BY channel
               ORDER BY min(next_at), min(place) LIMIT $4
           ), fronts AS (
               SELECT front.* FROM queues CROSS JOIN LATERAL (
                   SELECT id, message_id, place, channel, attempts, next_at, leased_until
                   FROM webhook_deliveries d
                   WHERE d.organisation_id = $1 AND d.endpoint_id = $2 AND d.state = 'pending'
                     AND d.channel = queues.channel
                   ORDER BY d.place LIMIT $5) AS front
               UNION ALL (
                   SELECT id, message_id, place, channel, attempts, next_at, leased_until
                   FROM webhook_deliveries
                   WHERE organisation_id = $1 AND endpoint_id = $2 AND state = 'pending'
                     AND channel = '' AND next_at <= now()
                   ORDER BY place LIMIT $5)
           )
           SELECT id AS "id!", message_id AS "message_id!", place AS "place!",
                  channel AS "channel!", attempts AS "attempts!",
                  CASE WHEN next_at > now() THEN next_at END AS waits_until,
                  coalesce(leased_until > now(), false) AS "is_leased!"
           FROM fronts ORDER BY place LIMIT $3"#,
        tx.organisation().uuid(),
        endpoint,
        LOOKED_AT,
        CHANNELS,
        DEEP,
    )
    .fetch_all(tx.db())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Candidate {
            id: row.id,
            message: row.message_id,
            place: row.place,
            channel: row.channel,
            attempts: row.attempts,
            waits_until: row.waits_until,
            is_leased: row.is_leased,
        })
        .collect())
}

/// Puts off what is due but stands behind one that waits, so that the rest is found soon. Says how
/// much that was.
async fn put_off(
    tx: &mut TenantTx,
    endpoint: Uuid,
    in_the_way: &[&Candidate],
) -> Result<u64, sqlx::Error> {
    if in_the_way.is_empty() {
        return Ok(0);
    }
    let channels: Vec<String> = in_the_way.iter().map(|w| w.channel.clone()).collect();
    let places: Vec<i64> = in_the_way.iter().map(|w| w.place).collect();
    let times: Vec<OffsetDateTime> = in_the_way.iter().filter_map(|w| w.waits_until).collect();
    let put_off = sqlx::query!(
        "UPDATE webhook_deliveries d
         SET next_at = least(behind.until, now() + make_interval(secs => $6))
         FROM (SELECT b.id, w.until
               FROM unnest($3::text[], $4::bigint[], $5::timestamptz[])
                   AS w (channel, place, until)
               CROSS JOIN LATERAL (
                   SELECT b.id FROM webhook_deliveries b
                   WHERE b.organisation_id = $1 AND b.endpoint_id = $2 AND b.state = 'pending'
                     AND b.channel = w.channel AND b.place > w.place AND b.next_at <= now()
                   ORDER BY b.place LIMIT $7) AS b) AS behind
         WHERE d.organisation_id = $1 AND d.id = behind.id",
        tx.organisation().uuid(),
        endpoint,
        &channels,
        &places,
        &times,
        PUT_OFF_S,
        LOOKED_AT,
    )
    .execute(tx.db())
    .await?;
    Ok(put_off.rows_affected())
}

/// Its turn comes again when the lease has run out, if nobody says what became of it before.
async fn lease(tx: &mut TenantTx, ids: &[Uuid]) -> Result<OffsetDateTime, sqlx::Error> {
    let leases = sqlx::query_scalar!(
        // Under the endpoint's lock the clock is later than at every taking before.
        r#"WITH lease AS MATERIALIZED (
               SELECT clock_timestamp() + make_interval(secs => $3) AS until)
           UPDATE webhook_deliveries SET leased_until = lease.until, next_at = lease.until
           FROM lease WHERE organisation_id = $1 AND id = ANY($2)
           RETURNING leased_until AS "leased_until!""#,
        tx.organisation().uuid(),
        ids,
        LEASE_S,
    )
    .fetch_all(tx.db())
    .await?;
    leases.into_iter().next().ok_or(sqlx::Error::RowNotFound)
}

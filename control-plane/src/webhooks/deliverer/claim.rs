//! Taking what is due: under the endpoint's lock, so that two control planes never take from the
//! same queue at once, and with a lease instead of a lock while it is sent.

use super::{
    candidates,
    choice::{Candidate, Choice, Most, choose},
    endpoint::{self, Endpoint},
    messages,
};
use crate::{
    db::{Organisation, TenantTx},
    state::State,
    webhooks::{
        forms::{Keys, Message},
        model::Form,
        runtime::{Target, Webhooks},
    },
};
use std::collections::{HashMap, VecDeque};
use time::OffsetDateTime;
use uuid::Uuid;

/// What was taken and not finished by then is taken again. A request takes 10 s at most.
pub const LEASE_S: f64 = 30.0;
/// Requests to one endpoint at once, of all control planes together; while it fails, one.
const AT_ONCE: i64 = 4;
/// Requests that one taking is for, made one after the other, where a request tells one event.
const IN_A_ROW: usize = 32;
/// Deliveries that are put off at once.
const PUT_OFF_AT_ONCE: i64 = 500;
/// What stands behind one that waits is looked at again after so long at most, in case that one is
/// told to go earlier.
const PUT_OFF_S: f64 = 60.0;
/// Bytes of one taking, roughly; one event alone may be longer.
const MAX_BYTES: usize = 256 << 10;
/// What an event costs beside its payload and the name of its channel.
const EVENT_BYTES: usize = 96;

/// Requests to be made, one after the other.
pub struct Work {
    pub target: Target,
    pub endpoint: Endpoint,
    /// None: the app has no pair that is active.
    pub keys: Option<Keys>,
    pub parcels: VecDeque<Parcel>,
    /// Tells this taking from later ones.
    pub lease: OffsetDateTime,
}

/// What one request tells.
#[derive(Default)]
pub struct Parcel {
    pub deliveries: Vec<Claimed>,
    pub messages: Vec<Message>,
}

pub struct Claimed {
    pub id: Uuid,
    /// Tries before this one.
    pub attempts: i32,
    /// Since when it could have been told.
    pub due: OffsetDateTime,
}

pub struct Claim {
    pub work: Option<Work>,
    /// It is worth asking again at once.
    pub more: bool,
}

impl Claim {
    const NOTHING: Self = Self { work: None, more: false };
}

/// Takes some of what is due.
pub async fn claim(state: &State, target: Target) -> Result<Claim, sqlx::Error> {
    let organisation = Organisation::known(target.organisation);
    let mut tx = state.db.tenant("webhooks", organisation).await?;
    let Some(endpoint) = endpoint::lock_ready(&mut tx, target.endpoint).await? else {
        return Ok(Claim::NOTHING);
    };
    let allowed = if endpoint.failures > 0 { 1 } else { AT_ONCE };
    let free = allowed - takings_under_way(&mut tx, target.endpoint).await?;
    if free <= 0 {
        // Whoever finishes one of them looks again.
        return Ok(Claim::NOTHING);
    }
    let Chosen { candidates, choice } =
        chosen(&mut tx, &state.webhooks, target.endpoint, |candidates| {
            most(&endpoint, candidates, free)
        })
        .await?;
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
    let parcel = fit(&taken, &mut stored);
    if parcel.deliveries.is_empty() {
        return Ok(Claim::NOTHING);
    }
    let more = choice.more || parcel.deliveries.len() < taken.len();
    let ids: Vec<Uuid> = parcel.deliveries.iter().map(|claimed| claimed.id).collect();
    let lease = lease(&mut tx, &ids).await?;
    tx.commit().await?;
    let parcels = match endpoint.form {
        Form::Pusher => VecDeque::from([parcel]),
        Form::Relay | Form::Standard => parcel.split(),
    };
    let work = Work { target, endpoint, keys, parcels, lease };
    Ok(Claim { work: Some(work), more })
}

impl Parcel {
    /// One for each event.
    fn split(self) -> VecDeque<Self> {
        let each = self.deliveries.into_iter().zip(self.messages);
        each.map(|(d, m)| Self { deliveries: vec![d], messages: vec![m] }).collect()
    }
}

struct Chosen {
    candidates: Vec<Candidate>,
    choice: Choice,
}

/// What is taken now. Where more is due than can be looked at, channels that are not the first in
/// time have every other turn: a long queue of one must not keep the others waiting.
async fn chosen(
    tx: &mut TenantTx,
    webhooks: &Webhooks,
    endpoint: Uuid,
    most: impl Fn(&[Candidate]) -> Most,
) -> Result<Chosen, sqlx::Error> {
    let (candidates, is_cut) = candidates::oldest(tx, endpoint).await?;
    let choice = choose(&candidates, most(&candidates));
    if !is_cut {
        webhooks.rounds.end(endpoint);
        return Ok(Chosen { candidates, choice });
    }
    let oldest = Chosen { choice: Choice { more: true, ..choice }, candidates };
    let blocked = oldest.choice.take.is_empty();
    let Some(from) = webhooks.rounds.next(endpoint, blocked) else { return Ok(oldest) };
    let (others, last) = candidates::after(tx, endpoint, &from).await?;
    // At the end it begins again.
    webhooks.rounds.went_to(endpoint, last.as_deref().unwrap_or_default());
    let choice = choose(&others, most(&others));
    if choice.take.is_empty() {
        return Ok(oldest);
    }
    let choice = Choice { more: true, in_the_way: Vec::new(), ..choice };
    Ok(Chosen { candidates: others, choice })
}

/// Where each event is a request of its own, what could go is shared by as many as may be sent at
/// once: so few events go side by side, and many in a row.
fn most(endpoint: &Endpoint, candidates: &[Candidate], free: i64) -> Most {
    match endpoint.form {
        Form::Pusher => Most::Together(endpoint.form.max_events()),
        // One request tells whether it is back.
        Form::Relay | Form::Standard if endpoint.failures > 0 => Most::Single(1),
        Form::Relay | Form::Standard => {
            let all = choose(candidates, Most::Single(candidates.len())).take.len();
            let free = usize::try_from(free).unwrap_or(1).max(1);
            Most::Single(all.div_ceil(free).clamp(1, IN_A_ROW))
        }
    }
}

/// As many from the front as fit into one taking.
fn fit(taken: &[&Candidate], stored: &mut HashMap<Uuid, (Message, usize)>) -> Parcel {
    let (mut parcel, mut bytes) = (Parcel::default(), 0);
    for candidate in taken {
        // A message is there as long as one of its deliveries is.
        let Some((message, its_bytes)) = stored.remove(&candidate.message) else { continue };
        bytes += its_bytes + candidate.channel.len() + EVENT_BYTES;
        if bytes > MAX_BYTES && !parcel.messages.is_empty() {
            break;
        }
        let Candidate { id, attempts, due, .. } = **candidate;
        parcel.deliveries.push(Claimed { id, attempts, due });
        parcel.messages.push(message);
    }
    parcel
}

async fn takings_under_way(tx: &mut TenantTx, endpoint: Uuid) -> Result<i64, sqlx::Error> {
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
        PUT_OFF_AT_ONCE,
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

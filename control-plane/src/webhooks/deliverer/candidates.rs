//! What might be taken from an endpoint's queue, in order.

use super::choice::Candidate;
use crate::db::TenantTx;
use time::OffsetDateTime;
use uuid::Uuid;

/// How much of what is due is looked at, how many channels of it, and how far into each of these.
const LOOKED_AT: i64 = 500;
const CHANNELS: i64 = 100;
const DEEP: i64 = 100;

/// A delivery that waits, as the queries below find it.
struct Row {
    id: Uuid,
    message_id: Uuid,
    place: i64,
    channel: String,
    attempts: i32,
    next_at: OffsetDateTime,
    is_due: bool,
    is_leased: bool,
    /// The looking ended here, though there may be more.
    is_cut: bool,
}

fn candidates(rows: Vec<Row>) -> Vec<Candidate> {
    let candidates = rows.into_iter().map(|row| Candidate {
        id: row.id,
        message: row.message_id,
        place: row.place,
        channel: row.channel,
        attempts: row.attempts,
        due: row.next_at,
        waits_until: (!row.is_due).then_some(row.next_at),
        is_leased: row.is_leased,
    });
    candidates.collect()
}

/// What has been due for longest: of the channels whose turn it is, the front of the queue. The
/// flag: more is due than was looked at.
pub async fn oldest(
    tx: &mut TenantTx,
    endpoint: Uuid,
) -> Result<(Vec<Candidate>, bool), sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
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
                  channel AS "channel!", attempts AS "attempts!", next_at AS "next_at!",
                  next_at <= now() AS "is_due!",
                  coalesce(leased_until > now(), false) AS "is_leased!",
                  (SELECT count(*) FROM due) >= $3 AS "is_cut!"
           FROM fronts ORDER BY place LIMIT $3"#,
        tx.organisation().uuid(),
        endpoint,
        LOOKED_AT,
        CHANNELS,
        DEEP,
    )
    .fetch_all(tx.db())
    .await?;
    let is_cut = rows.first().is_some_and(|row| row.is_cut);
    Ok((candidates(rows), is_cut))
}

/// The fronts of the channels that come after `channel` by name, whatever waits before them in
/// time: where much is due, each channel comes to its turn this way. Also the last of these
/// channels; none: there is nothing behind it.
pub async fn after(
    tx: &mut TenantTx,
    endpoint: Uuid,
    channel: &str,
) -> Result<(Vec<Candidate>, Option<String>), sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"WITH RECURSIVE queues AS (
               (SELECT channel, 1 AS n FROM webhook_deliveries
                WHERE organisation_id = $1 AND endpoint_id = $2 AND state = 'pending'
                  AND channel > $3
                ORDER BY channel LIMIT 1)
               UNION ALL
               SELECT next.channel, queues.n + 1 FROM queues CROSS JOIN LATERAL (
                   SELECT d.channel FROM webhook_deliveries d
                   WHERE d.organisation_id = $1 AND d.endpoint_id = $2 AND d.state = 'pending'
                     AND d.channel > queues.channel
                   ORDER BY d.channel LIMIT 1) AS next
               WHERE queues.n < $4
           )
           SELECT front.id AS "id!", front.message_id AS "message_id!", front.place AS "place!",
                  front.channel AS "channel!", front.attempts AS "attempts!",
                  front.next_at AS "next_at!", front.next_at <= now() AS "is_due!",
                  coalesce(front.leased_until > now(), false) AS "is_leased!",
                  queues.n = $4 AS "is_cut!"
           FROM queues CROSS JOIN LATERAL (
               SELECT id, message_id, place, channel, attempts, next_at, leased_until
               FROM webhook_deliveries d
               WHERE d.organisation_id = $1 AND d.endpoint_id = $2 AND d.state = 'pending'
                 AND d.channel = queues.channel
               ORDER BY d.place LIMIT $5) AS front
           ORDER BY front.place"#,
        tx.organisation().uuid(),
        endpoint,
        channel,
        CHANNELS as i32,
        // Flat: it is for those that are not at the front of all.
        DEEP / 10,
    )
    .fetch_all(tx.db())
    .await?;
    let last = rows.iter().find(|row| row.is_cut);
    let last = last.map(|row| row.channel.clone());
    Ok((candidates(rows), last))
}

//! Hours from minutes, and what is too old goes.
//!
//! Every control plane does this all the time: they take different hours, because a mark that
//! another holds is passed over. There is no job to get lost: the marks are the list of what is due.

use super::model::TAKEN_DAYS;
use crate::{db::Db, state::State};
use std::{sync::Arc, time::Duration};

const EVERY: Duration = Duration::from_secs(20);
/// Hours of apps added up in one transaction.
const HOURS: i64 = 100;
/// Minutes are kept a few days longer than they are taken.
const MINUTES_KEPT_DAYS: i32 = TAKEN_DAYS as i32 + 4;
/// A month more than the year that one may look back.
const HOURS_KEPT: &str = "13 months";
/// Rows deleted in one transaction.
const ROWS: i64 = 5_000;

pub async fn run(state: Arc<State>) {
    loop {
        if let Err(error) = round(&state.db).await {
            tracing::warn!(%error, "adding up usage failed; the next round tries again");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn round(db: &Db) -> Result<(), sqlx::Error> {
    while add_up(db).await? > 0 {}
    while prune(db).await? > 0 {}
    Ok(())
}

/// Adds up some of the hours that are over and marked; returns how many.
pub async fn add_up(db: &Db) -> Result<usize, sqlx::Error> {
    let mut tx = db.service().await?;
    let due = sqlx::query!(
        "SELECT app_id, hour FROM usage_stale_hours WHERE hour < now() - interval '65 minutes'
         ORDER BY hour, app_id LIMIT $1 FOR UPDATE SKIP LOCKED",
        HOURS,
    )
    .fetch_all(tx.db())
    .await?;
    if due.is_empty() {
        return Ok(0);
    }
    let apps: Vec<String> = due.iter().map(|row| row.app_id.clone()).collect();
    let hours: Vec<_> = due.iter().map(|row| row.hour).collect();
    sqlx::query!(
        "WITH due AS (
             SELECT * FROM unnest($1::text[], $2::timestamptz[]) AS d (app_id, hour)
         ), sums AS (
             SELECT m.app_id, d.hour, m.key, (array_agg(m.organisation_id))[1] AS organisation_id,
                 ARRAY[
                     coalesce(sum(m.counters[1]), 0), coalesce(sum(m.counters[2]), 0),
                     coalesce(sum(m.counters[3]), 0), coalesce(sum(m.counters[4]), 0),
                     coalesce(sum(m.counters[5]), 0), coalesce(sum(m.counters[6]), 0),
                     coalesce(sum(m.counters[7]), 0), coalesce(sum(m.counters[8]), 0),
                     coalesce(sum(m.counters[9]), 0), coalesce(sum(m.counters[10]), 0),
                     coalesce(sum(m.counters[11]), 0), coalesce(sum(m.counters[12]), 0),
                     coalesce(sum(m.counters[13]), 0), coalesce(sum(m.counters[14]), 0),
                     coalesce(sum(m.counters[15]), 0), coalesce(sum(m.counters[16]), 0),
                     coalesce(sum(m.counters[17]), 0), coalesce(sum(m.counters[18]), 0),
                     coalesce(sum(m.counters[19]), 0), coalesce(sum(m.counters[20]), 0),
                     coalesce(sum(m.counters[21]), 0), coalesce(sum(m.counters[22]), 0),
                     coalesce(sum(m.counters[23]), 0), coalesce(sum(m.counters[24]), 0),
                     coalesce(sum(m.counters[25]), 0), coalesce(sum(m.counters[26]), 0),
                     coalesce(sum(m.counters[27]), 0), coalesce(sum(m.counters[28]), 0),
                     coalesce(sum(m.counters[29]), 0), coalesce(sum(m.counters[30]), 0),
                     coalesce(sum(m.counters[31]), 0), coalesce(sum(m.counters[32]), 0),
                     coalesce(sum(m.counters[33]), 0), coalesce(sum(m.counters[34]), 0),
                     coalesce(sum(m.counters[35]), 0), coalesce(sum(m.counters[36]), 0),
                     coalesce(sum(m.counters[37]), 0), coalesce(sum(m.counters[38]), 0),
                     coalesce(sum(m.counters[39]), 0), coalesce(sum(m.counters[40]), 0)
                 ]::bigint[] AS counters
             FROM due d
             JOIN usage_minutes m ON m.app_id = d.app_id
                 AND m.minute >= extract(epoch FROM d.hour)::bigint / 60
                 AND m.minute < extract(epoch FROM d.hour)::bigint / 60 + 60
             GROUP BY m.app_id, d.hour, m.key
         ), peaks AS (
             SELECT d.app_id, d.hour, max(coalesce(p.peak, 0)) AS peak,
                    array_agg(coalesce(p.peak, 0) ORDER BY n.n) AS minute_peaks
             FROM due d
             CROSS JOIN generate_series(0, 59) AS n (n)
             LEFT JOIN usage_minute_peaks p
                 ON p.app_id = d.app_id AND p.hour = d.hour AND p.offset_m = n.n
             GROUP BY d.app_id, d.hour
         )
         INSERT INTO usage_hours (app_id, hour, key, organisation_id, counters, minute_peaks)
         SELECT s.app_id, s.hour, s.key, s.organisation_id,
                s.counters[1:12] || CASE s.key WHEN '' THEN p.peak ELSE 0 END || s.counters[14:],
                CASE s.key WHEN '' THEN p.minute_peaks END
         FROM sums s JOIN peaks p USING (app_id, hour)
         ON CONFLICT (app_id, hour, key) DO UPDATE
             SET counters = excluded.counters, minute_peaks = excluded.minute_peaks",
        &apps,
        &hours,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "DELETE FROM usage_stale_hours s
         USING unnest($1::text[], $2::timestamptz[]) AS d (app_id, hour)
         WHERE s.app_id = d.app_id AND s.hour = d.hour",
        &apps,
        &hours,
    )
    .execute(tx.db())
    .await?;
    tx.commit().await?;
    Ok(due.len())
}

/// Deletes minutes whose hours are added up, and hours nobody may ask for any more.
pub async fn prune(db: &Db) -> Result<u64, sqlx::Error> {
    let mut tx = db.service().await?;
    let minutes = sqlx::query!(
        "DELETE FROM usage_minutes WHERE (app_id, minute, key, gateway, boot) IN (
             SELECT m.app_id, m.minute, m.key, m.gateway, m.boot FROM usage_minutes m
             WHERE m.minute < extract(epoch FROM now())::bigint / 60 - $1::integer * 1440
               AND EXISTS (SELECT FROM usage_hours h WHERE h.app_id = m.app_id AND h.key = m.key
                           AND h.hour = to_timestamp(m.minute / 60 * 3600))
               AND NOT EXISTS (SELECT FROM usage_stale_hours s WHERE s.app_id = m.app_id
                               AND s.hour = to_timestamp(m.minute / 60 * 3600))
             LIMIT $2)",
        MINUTES_KEPT_DAYS,
        ROWS,
    )
    .execute(tx.db())
    .await?;
    let hours = sqlx::query!(
        "DELETE FROM usage_hours WHERE (app_id, hour, key) IN (
             SELECT app_id, hour, key FROM usage_hours
             WHERE hour < now() - $1::text::interval LIMIT $2)",
        HOURS_KEPT,
        ROWS,
    )
    .execute(tx.db())
    .await?;
    tx.commit().await?;
    Ok(minutes.rows_affected() + hours.rows_affected())
}

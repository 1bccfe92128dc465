//! The ledger in Postgres.

use super::model::{Batch, to_counters};
use crate::{
    db::{Db, ServiceTx},
    leases,
};

/// Hours older than this are not added up again before their mark is looked at anew. Hours are
/// added up once they are five minutes longer over, so a batch under way never misses it.
const OPEN_HOUR: &str = "60 minutes";

/// Writes down a batch; once this returns, it is committed. Rows of apps that nobody knows are kept
/// too: what was counted is never lost.
///
/// The order of locks is: this process's batches, minutes, marks, then quotas.
pub async fn take(db: &Db, batch: &Batch) -> Result<(), sqlx::Error> {
    if batch.rows.is_empty() {
        return Ok(());
    }
    let mut tx = db.service().await?;
    // Batches of one process wait for each other, so that each sees what the one before wrote.
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
        format!("usage {} {}", batch.holder.gateway, batch.holder.boot),
    )
    .fetch_one(tx.db())
    .await?;
    let apps = merge(&mut tx, batch).await?;
    mark(&mut tx, batch).await?;
    if !apps.is_empty() {
        leases::store::settle_ledger(&mut tx, &batch.holder, &apps).await?;
    }
    tx.commit().await
}

/// Merges the rows and adds what is new to the process's units. Returns the apps that have new ones.
async fn merge(tx: &mut ServiceTx, batch: &Batch) -> Result<Vec<String>, sqlx::Error> {
    let mut columns = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for ((app, minute, key), totals) in &batch.rows {
        columns.0.push(app.as_str().to_owned());
        columns.1.push(*minute);
        columns.2.push(key.clone());
        columns.3.push(array_text(&to_counters(totals)));
    }
    sqlx::query_scalar!(
        r#"WITH incoming AS (
             SELECT n.app_id, n.minute, n.key, n.counters::bigint[] AS counters,
                    coalesce(a.organisation_id, '00000000-0000-0000-0000-000000000000')
                        AS organisation_id
             FROM unnest($3::text[], $4::bigint[], $5::text[], $6::text[])
                 AS n (app_id, minute, key, counters)
             LEFT JOIN apps a ON a.id = n.app_id
         ), news AS (
             SELECT i.app_id, sum(
                 greatest(i.counters[2] - coalesce(m.counters[2], 0), 0)
                 + greatest(i.counters[4] - coalesce(m.counters[4], 0), 0))::bigint AS units
             FROM incoming i
             LEFT JOIN usage_minutes m ON m.app_id = i.app_id AND m.minute = i.minute
                 AND m.key = i.key AND m.gateway = $1 AND m.boot = $2
             GROUP BY i.app_id
         ), merged AS (
             INSERT INTO usage_minutes AS u
                 (gateway, boot, app_id, key, minute, organisation_id, counters)
             SELECT $1, $2, app_id, key, minute, organisation_id, counters
             FROM incoming ORDER BY app_id, minute, key
             ON CONFLICT (app_id, minute, key, gateway, boot) DO UPDATE
                 SET counters = merge_counters(u.counters, excluded.counters),
                     received_at = now()
         )
         INSERT INTO usage_boots AS b (gateway, boot, app_id, units)
         SELECT $1, $2, app_id, units FROM news WHERE units > 0 ORDER BY app_id
         ON CONFLICT (gateway, boot, app_id) DO UPDATE
             SET units = b.units + excluded.units, changed_at = now()
         RETURNING app_id"#,
        batch.holder.gateway,
        batch.holder.boot,
        &columns.0,
        &columns.1,
        &columns.2,
        &columns.3,
    )
    .fetch_all(tx.db())
    .await
}

/// Says which hours are to be added up (again). The mark of an hour that is still open is nobody's
/// to take away, so it needs no lock; that of an older one may be taken away at this moment, and
/// then a new one is made.
async fn mark(tx: &mut ServiceTx, batch: &Batch) -> Result<(), sqlx::Error> {
    let mut hours: Vec<(String, i64)> =
        batch.rows.keys().map(|(app, minute, _)| (app.as_str().to_owned(), minute / 60)).collect();
    hours.dedup();
    let (apps, hours): (Vec<String>, Vec<i64>) = hours.into_iter().unzip();
    sqlx::query!(
        "INSERT INTO usage_stale_hours (app_id, hour, organisation_id)
         SELECT n.app_id, to_timestamp(n.hour * 3600),
                coalesce(a.organisation_id, '00000000-0000-0000-0000-000000000000')
         FROM unnest($1::text[], $2::bigint[]) AS n (app_id, hour)
         LEFT JOIN apps a ON a.id = n.app_id
         WHERE to_timestamp(n.hour * 3600) > now() - $3::text::interval
         ORDER BY n.app_id, n.hour
         ON CONFLICT DO NOTHING",
        &apps,
        &hours,
        OPEN_HOUR,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "INSERT INTO usage_stale_hours (app_id, hour, organisation_id)
         SELECT n.app_id, to_timestamp(n.hour * 3600),
                coalesce(a.organisation_id, '00000000-0000-0000-0000-000000000000')
         FROM unnest($1::text[], $2::bigint[]) AS n (app_id, hour)
         LEFT JOIN apps a ON a.id = n.app_id
         WHERE to_timestamp(n.hour * 3600) <= now() - $3::text::interval
         ORDER BY n.app_id, n.hour
         ON CONFLICT (app_id, hour) DO UPDATE SET marked_at = now()",
        &apps,
        &hours,
        OPEN_HOUR,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// As Postgres writes an array: arrays of arrays of different lengths do not travel otherwise.
fn array_text(counters: &[i64]) -> String {
    let texts: Vec<String> = counters.iter().map(i64::to_string).collect();
    format!("{{{}}}", texts.join(","))
}

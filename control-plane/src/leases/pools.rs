//! Pools in Postgres: their rows are the locks of all quotas.

use super::{
    pool::{UnitPool, day_of},
    table::Table,
};
use crate::db::{ServiceTx, TenantTx};
use contract::AppId;
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// Brings the organisation's pool up to its plan of this moment: what a larger plan adds today is
/// there at once. For whoever changes the plan, in the same transaction.
pub async fn resize(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    let organisation = tx.organisation().uuid();
    let plan = sqlx::query!(
        r#"SELECT messages_per_day AS "per_day!", now() AS "now!" FROM effective_plans
           WHERE organisation_id = $1"#,
        organisation,
    )
    .fetch_one(tx.db())
    .await?;
    put_pool(tx, "", plan.per_day, plan.now).await
}

/// Gives an app a part of its own, of this size from now on, or none.
pub async fn divide(
    tx: &mut TenantTx,
    app: &AppId,
    per_day: Option<i64>,
) -> Result<(), sqlx::Error> {
    let organisation = tx.organisation().uuid();
    let now = lock_organisation(tx).await?;
    match per_day {
        Some(per_day) => put_pool(tx, app.as_str(), per_day, now).await,
        None => {
            sqlx::query!(
                "DELETE FROM quota_pools WHERE organisation_id = $1 AND app_id = $2",
                organisation,
                app.as_str(),
            )
            .execute(tx.db())
            .await?;
            Ok(())
        }
    }
}

/// The organisation's pool comes first in the order of locks.
async fn lock_organisation(tx: &mut TenantTx) -> Result<OffsetDateTime, sqlx::Error> {
    let organisation = tx.organisation().uuid();
    sqlx::query!(
        "SELECT day FROM quota_pools WHERE organisation_id = $1 AND app_id = ''
         FOR NO KEY UPDATE",
        organisation,
    )
    .fetch_optional(tx.db())
    .await?;
    sqlx::query_scalar!(r#"SELECT now() AS "now!""#).fetch_one(tx.db()).await
}

async fn put_pool(
    tx: &mut TenantTx,
    app: &str,
    per_day: i64,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let organisation = tx.organisation().uuid();
    let stored = sqlx::query_as!(
        StoredPool,
        "SELECT organisation_id, app_id, day, per_day, added, units_left, units_today,
                overage_period, overage_units
         FROM quota_pools WHERE organisation_id = $1 AND app_id = $2 FOR NO KEY UPDATE",
        organisation,
        app,
    )
    .fetch_optional(tx.db())
    .await?;
    let today = day_of(now);
    let mut pool = stored.map_or_else(|| UnitPool::opened(today, per_day), |p| p.pool());
    pool.advance(today, per_day);
    sqlx::query!(
        "INSERT INTO quota_pools
             (organisation_id, app_id, day, per_day, added, units_left, units_today)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (organisation_id, app_id) DO UPDATE SET
             day = excluded.day, per_day = excluded.per_day, added = excluded.added,
             units_left = excluded.units_left, units_today = excluded.units_today",
        organisation,
        app,
        pool.day,
        pool.per_day,
        pool.added,
        pool.left,
        pool.used_today,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Where the organisation's pool, or an app's part, stands now.
pub async fn pool(
    tx: &mut TenantTx,
    app: Option<&AppId>,
) -> Result<Option<(UnitPool, OffsetDateTime)>, sqlx::Error> {
    let organisation = tx.organisation().uuid();
    let name = app.map_or("", AppId::as_str);
    let now = sqlx::query_scalar!(r#"SELECT now() AS "now!""#).fetch_one(tx.db()).await?;
    let stored = sqlx::query_as!(
        StoredPool,
        "SELECT organisation_id, app_id, day, per_day, added, units_left, units_today,
                overage_period, overage_units
         FROM quota_pools WHERE organisation_id = $1 AND app_id = $2",
        organisation,
        name,
    )
    .fetch_optional(tx.db())
    .await?;
    Ok(stored.map(|stored| {
        let mut pool = stored.pool();
        pool.advance(day_of(now), pool.per_day);
        (pool, now)
    }))
}

/// Makes the pools that these apps need and that do not exist yet.
pub(super) async fn add_missing_pools(
    tx: &mut ServiceTx,
    apps: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH wanted AS (
             SELECT DISTINCT a.organisation_id, part.app_id,
                    coalesce(part.per_day, p.messages_per_day) AS per_day
             FROM apps a
             JOIN effective_plans p ON p.organisation_id = a.organisation_id
             CROSS JOIN LATERAL (
                 SELECT '' AS app_id, NULL::bigint AS per_day
                 UNION ALL
                 SELECT a.id, a.messages_per_day WHERE a.messages_per_day IS NOT NULL
             ) part
             WHERE a.id = ANY($1) AND a.deleted_at IS NULL
               AND NOT EXISTS (
                   SELECT FROM quota_pools q
                   WHERE q.organisation_id = a.organisation_id AND q.app_id = part.app_id)
         )
         INSERT INTO quota_pools (organisation_id, app_id, day, per_day, added, units_left)
         SELECT organisation_id, app_id, floor(extract(epoch FROM now()) / 86400)::integer,
                per_day, per_day, per_day
         FROM wanted ORDER BY organisation_id, app_id
         ON CONFLICT DO NOTHING",
        apps,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

pub(super) struct StoredPool {
    organisation_id: Uuid,
    app_id: String,
    day: i32,
    per_day: i64,
    added: i64,
    units_left: i64,
    units_today: i64,
    pub(super) overage_period: Option<OffsetDateTime>,
    overage_units: i64,
}

impl StoredPool {
    pub(super) fn pool(&self) -> UnitPool {
        UnitPool {
            day: self.day,
            per_day: self.per_day,
            added: self.added,
            left: self.units_left,
            used_today: self.units_today,
            overage: self.overage_units,
        }
    }
}

/// Locks pools in one order.
pub(super) async fn lock_pools(
    tx: &mut ServiceTx,
    organisations: &[Uuid],
    apps: &[String],
) -> Result<HashMap<(Uuid, String), StoredPool>, sqlx::Error> {
    let rows = sqlx::query_as!(
        StoredPool,
        "SELECT q.organisation_id, q.app_id, q.day, q.per_day, q.added, q.units_left,
                q.units_today, q.overage_period, q.overage_units
         FROM quota_pools q
         JOIN unnest($1::uuid[], $2::text[]) AS wanted (organisation_id, app_id)
             ON q.organisation_id = wanted.organisation_id AND q.app_id = wanted.app_id
         ORDER BY q.organisation_id, q.app_id FOR NO KEY UPDATE OF q",
        organisations,
        apps,
    )
    .fetch_all(tx.db())
    .await?;
    Ok(rows.into_iter().map(|row| ((row.organisation_id, row.app_id.clone()), row)).collect())
}

/// Writes down the pools that have changed.
pub(super) async fn save_pools(
    tx: &mut ServiceTx,
    after: &Table,
    periods: &HashMap<Uuid, OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    let mut rows: Vec<(Uuid, String, UnitPool, Option<OffsetDateTime>)> = Vec::new();
    for (id, share) in &after.organisations {
        rows.push((*id, String::new(), share.pool, periods.get(id).copied()));
    }
    for (id, share) in &after.apps {
        if let Some(pool) = share.pool {
            rows.push((share.organisation, id.as_str().to_owned(), pool, None));
        }
    }
    let of = |f: fn(&UnitPool) -> i64| rows.iter().map(|row| f(&row.2)).collect::<Vec<i64>>();
    sqlx::query!(
        "UPDATE quota_pools q SET day = n.day, per_day = n.per_day, added = n.added,
             units_left = n.units_left, units_today = n.units_today,
             overage_period = n.overage_period, overage_units = n.overage_units
         FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::bigint[], $5::bigint[],
                     $6::bigint[], $7::bigint[], $8::timestamptz[], $9::bigint[])
             AS n (organisation_id, app_id, day, per_day, added, units_left, units_today,
                   overage_period, overage_units)
         WHERE q.organisation_id = n.organisation_id AND q.app_id = n.app_id
           AND (q.day, q.per_day, q.added, q.units_left, q.units_today, q.overage_units)
               IS DISTINCT FROM
               (n.day, n.per_day, n.added, n.units_left, n.units_today, n.overage_units)",
        &rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.1.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.2.day).collect::<Vec<_>>(),
        &of(|pool| pool.per_day),
        &of(|pool| pool.added),
        &of(|pool| pool.left),
        &of(|pool| pool.used_today),
        &rows.iter().map(|row| row.3).collect::<Vec<_>>() as &[Option<OffsetDateTime>],
        &of(|pool| pool.overage),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

//! Refusals in Postgres.

use super::model::{Batch, Refusal, RefusalParams, moment};
use crate::{
    api::{PageRequest, Position},
    db::{Db, ServiceTx, TenantTx},
};
use contract::{AppId, refusal::RefusalRecord};
use sqlx::types::Json;

/// Refusals of one app and UTC day that are kept; more are only counted.
pub const KEPT_PER_DAY: i32 = 10_000;
/// How long they can be found.
pub const KEPT_DAYS: i32 = 7;

/// Writes down a report. What is there already, and what belongs to no app, is passed over.
pub async fn take(db: &Db, batch: &Batch) -> Result<(), sqlx::Error> {
    if batch.records.is_empty() {
        return Ok(());
    }
    let records: Vec<&RefusalRecord> = batch.records.iter().collect();
    let apps: Vec<String> = records.iter().map(|r| r.app.as_str().to_owned()).collect();
    let mut tx = db.service().await?;
    // The day's row of an app is the lock for what may still be kept of it.
    sqlx::query!(
        "INSERT INTO refusal_days AS d (app_id, day)
         SELECT a.id, (now() AT TIME ZONE 'UTC')::date FROM apps a
         WHERE a.id = ANY($1) AND a.deleted_at IS NULL ORDER BY a.id
         ON CONFLICT (app_id, day) DO UPDATE SET kept = d.kept",
        &apps,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "WITH incoming AS (
             SELECT n.*, a.organisation_id
             FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[],
                         $6::jsonb[])
                 AS n (app_id, request_id, at, code, key, record)
             JOIN apps a ON a.id = n.app_id AND a.deleted_at IS NULL
         ), news AS (
             SELECT i.*, row_number() OVER (PARTITION BY i.app_id ORDER BY i.at, i.request_id) AS n
             FROM incoming i
             WHERE NOT EXISTS (SELECT FROM refusals r
                               WHERE r.app_id = i.app_id AND r.request_id = i.request_id)
         ), kept AS (
             INSERT INTO refusals (app_id, request_id, organisation_id, at, code, key, record)
             SELECT n.app_id, n.request_id, n.organisation_id, least(n.at, now()), n.code, n.key,
                    n.record
             FROM news n
             JOIN refusal_days d ON d.app_id = n.app_id
                 AND d.day = (now() AT TIME ZONE 'UTC')::date
             WHERE n.n <= $7::integer - d.kept
             ON CONFLICT DO NOTHING RETURNING app_id
         ), counts AS (
             SELECT n.app_id, count(*) AS seen,
                    (SELECT count(*) FROM kept k WHERE k.app_id = n.app_id) AS kept
             FROM news n GROUP BY n.app_id
         )
         UPDATE refusal_days d
         SET kept = d.kept + c.kept::integer, passed = d.passed + c.seen - c.kept
         FROM counts c WHERE d.app_id = c.app_id AND d.day = (now() AT TIME ZONE 'UTC')::date",
        &apps,
        &records.iter().map(|r| r.request_id.clone()).collect::<Vec<_>>(),
        &records.iter().filter_map(|r| moment(r.at_ms)).collect::<Vec<_>>(),
        &records.iter().map(|r| r.code.as_str().to_owned()).collect::<Vec<_>>(),
        &records.iter().map(|r| r.key.clone()).collect::<Vec<_>>() as &[Option<String>],
        &records.iter().map(|r| Json(*r)).collect::<Vec<_>>() as &[Json<&RefusalRecord>],
        KEPT_PER_DAY,
    )
    .execute(tx.db())
    .await?;
    tx.commit().await
}

/// Newest first.
pub async fn page(
    tx: &mut TenantTx,
    app: &AppId,
    params: &RefusalParams,
    page: &PageRequest,
) -> Result<Vec<Refusal>, sqlx::Error> {
    let (before, before_id) = page.after();
    let rows = sqlx::query!(
        r#"SELECT at, record AS "record: Json<RefusalRecord>" FROM refusals
           WHERE organisation_id = $1 AND app_id = $2
             AND at > now() - make_interval(days => $3)
             AND ($4::text IS NULL OR code = $4)
             AND ($5::text IS NULL OR key = $5)
             AND ($6::timestamptz IS NULL OR at >= $6)
             AND ($7::timestamptz IS NULL OR at < $7)
             AND ($8::timestamptz IS NULL OR (at, request_id) < ($8, $9))
           ORDER BY at DESC, request_id DESC LIMIT $10"#,
        tx.organisation().uuid(),
        app.as_str(),
        KEPT_DAYS,
        params.code.as_deref(),
        params.key.as_deref(),
        params.from,
        params.to,
        before,
        before_id,
        page.fetch(),
    )
    .fetch_all(tx.db())
    .await?;
    Ok(rows.into_iter().map(|row| Refusal { at: row.at, ..row.record.0.into() }).collect())
}

pub fn position(refusal: &Refusal) -> Position {
    Position { created_at: refusal.at, id: refusal.request_id.clone() }
}

pub async fn get(
    tx: &mut TenantTx,
    app: &AppId,
    request_id: &str,
) -> Result<Option<Refusal>, sqlx::Error> {
    let record = sqlx::query_scalar!(
        r#"SELECT record AS "record: Json<RefusalRecord>" FROM refusals
           WHERE organisation_id = $1 AND app_id = $2 AND request_id = $3
             AND at > now() - make_interval(days => $4)"#,
        tx.organisation().uuid(),
        app.as_str(),
        request_id,
        KEPT_DAYS,
    )
    .fetch_optional(tx.db())
    .await?;
    Ok(record.map(|record| record.0.into()))
}

/// Deletes what nobody can find any more.
pub async fn prune(tx: &mut ServiceTx, rows: i64) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query!(
        "DELETE FROM refusals WHERE (app_id, request_id) IN (
             SELECT app_id, request_id FROM refusals
             WHERE at < now() - make_interval(days => $1) LIMIT $2)",
        KEPT_DAYS,
        rows,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "DELETE FROM refusal_days WHERE day < (now() AT TIME ZONE 'UTC')::date - $1::integer",
        KEPT_DAYS,
    )
    .execute(tx.db())
    .await?;
    Ok(gone.rows_affected())
}

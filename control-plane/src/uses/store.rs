//! Last uses in Postgres.
//!
//! They only ever move forward, whatever the order in which gateways report, and never beyond the
//! database's own clock. Nor before the credential was made: gateways report whole seconds. Rows
//! are locked in the order of their names, so that two gateways cannot wait for each other.

use super::model::{LastUses, Report};
use crate::db::{Db, ServiceTx};

/// Writes down what a gateway reported. Names that nobody has are passed over: what they named
/// may be gone since.
pub async fn note(db: &Db, report: &Report) -> Result<(), sqlx::Error> {
    let mut tx = db.service().await?;
    note_credentials(&mut tx, &report.credentials).await?;
    note_secret_keys(&mut tx, &report.secret_keys).await?;
    note_publishable_keys(&mut tx, &report.publishable_keys).await?;
    tx.commit().await
}

async fn note_credentials(tx: &mut ServiceTx, uses: &LastUses) -> Result<(), sqlx::Error> {
    if uses.names.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "WITH used AS (
             SELECT name, least(max(at), now()) AS at
             FROM unnest($1::text[], $2::timestamptz[]) AS reported (name, at) GROUP BY name
         ), news AS (
             SELECT c.key, greatest(c.last_used_at, c.created_at, used.at) AS at
             FROM app_credentials c JOIN used ON c.key = used.name
             WHERE c.last_used_at IS NULL OR c.last_used_at < used.at
             ORDER BY c.key FOR NO KEY UPDATE OF c
         )
         UPDATE app_credentials c SET last_used_at = greatest(c.last_used_at, news.at)
         FROM news WHERE c.key = news.key",
        &uses.names,
        &uses.at,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

async fn note_secret_keys(tx: &mut ServiceTx, uses: &LastUses) -> Result<(), sqlx::Error> {
    if uses.names.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "WITH used AS (
             SELECT name, least(max(at), now()) AS at
             FROM unnest($1::text[], $2::timestamptz[]) AS reported (name, at) GROUP BY name
         ), news AS (
             SELECT k.id, greatest(k.last_used_at, k.created_at, used.at) AS at
             FROM secret_keys k JOIN used ON k.id = used.name
             WHERE k.last_used_at IS NULL OR k.last_used_at < used.at
             ORDER BY k.id FOR NO KEY UPDATE OF k
         )
         UPDATE secret_keys k SET last_used_at = greatest(k.last_used_at, news.at)
         FROM news WHERE k.id = news.id",
        &uses.names,
        &uses.at,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

async fn note_publishable_keys(tx: &mut ServiceTx, uses: &LastUses) -> Result<(), sqlx::Error> {
    if uses.names.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "WITH used AS (
             SELECT name, least(max(at), now()) AS at
             FROM unnest($1::text[], $2::timestamptz[]) AS reported (name, at) GROUP BY name
         ), news AS (
             SELECT k.key, greatest(k.last_used_at, k.created_at, used.at) AS at
             FROM publishable_keys k JOIN used ON k.key = used.name
             WHERE k.last_used_at IS NULL OR k.last_used_at < used.at
             ORDER BY k.key FOR NO KEY UPDATE OF k
         )
         UPDATE publishable_keys k SET last_used_at = greatest(k.last_used_at, news.at)
         FROM news WHERE k.key = news.key",
        &uses.names,
        &uses.at,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

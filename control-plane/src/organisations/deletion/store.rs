//! Deleting in Postgres. What bills and laws need stays: the organisation's row, its apps' rows and
//! reserved names, the ledger, subscriptions and invoices.

use crate::{
    db::{Db, Organisation, TenantTx},
    keys::store::decode,
};
use contract::AppId;
use time::OffsetDateTime;

pub async fn set_deleting_at(
    tx: &mut TenantTx,
    at: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE organisations SET deleting_at = $2 WHERE id = $1",
        tx.organisation().uuid(),
        at,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

pub async fn apps(tx: &mut TenantTx) -> Result<Vec<AppId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM apps WHERE organisation_id = $1 AND deleted_at IS NULL ORDER BY id",
        tx.organisation().uuid(),
    )
    .fetch_all(tx.db())
    .await?;
    ids.iter().map(|id| decode(id)).collect()
}

/// Takes from its deleted apps what their owner wrote; the ledger needs no more than their ids.
pub async fn blank_apps(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE apps SET name = 'deleted', settings = '{}' WHERE organisation_id = $1",
        tx.organisation().uuid(),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Whether its time has come and it is still there. Holds the row until commit.
pub async fn is_due(tx: &mut TenantTx) -> Result<bool, sqlx::Error> {
    let due = sqlx::query_scalar!(
        r#"SELECT deleting_at <= now() AND erased_at IS NULL AS "due"
           FROM organisations WHERE id = $1 FOR UPDATE"#,
        tx.organisation().uuid(),
    )
    .fetch_optional(tx.db())
    .await?;
    Ok(due.flatten().unwrap_or(false))
}

/// Deletes who belonged to it, what they held and what they did. Doing it again changes nothing.
pub async fn erase(db: &Db, organisation: Organisation) -> Result<(), sqlx::Error> {
    let (mut tx, id) = (db.service().await?, organisation.uuid());
    sqlx::query!(
        "UPDATE organisations SET name = 'deleted', erased_at = now()
         WHERE id = $1 AND deleting_at <= now() AND erased_at IS NULL",
        id,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!("DELETE FROM memberships WHERE organisation_id = $1", id).execute(tx.db()).await?;
    sqlx::query!("DELETE FROM invitations WHERE organisation_id = $1", id).execute(tx.db()).await?;
    sqlx::query!("DELETE FROM management_tokens WHERE organisation_id = $1", id)
        .execute(tx.db())
        .await?;
    sqlx::query!("DELETE FROM idempotency_keys WHERE organisation_id = $1", id)
        .execute(tx.db())
        .await?;
    sqlx::query!("DELETE FROM secret_keys WHERE organisation_id = $1", id).execute(tx.db()).await?;
    sqlx::query!("DELETE FROM publishable_keys WHERE organisation_id = $1", id)
        .execute(tx.db())
        .await?;
    sqlx::query!("DELETE FROM app_credentials WHERE organisation_id = $1", id)
        .execute(tx.db())
        .await?;
    sqlx::query!("DELETE FROM audit_log WHERE organisation_id = $1", id).execute(tx.db()).await?;
    tx.commit().await
}

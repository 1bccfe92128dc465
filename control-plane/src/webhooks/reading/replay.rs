//! Making deliveries again: they are pending as if they had never been tried.

use super::model::DeliveryState;
use crate::db::TenantTx;
use time::OffsetDateTime;
use uuid::Uuid;

/// How many one request makes due.
pub const AT_MOST: i64 = 10_000;

/// Makes one due now. One that is being sent at this moment is left to that.
pub async fn one(tx: &mut TenantTx, endpoint: Uuid, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE webhook_deliveries
         SET state = 'pending', attempts = 0, next_at = now(), leased_until = NULL,
             finished_at = NULL
         WHERE id = $1 AND endpoint_id = $2 AND organisation_id = $3
           AND (leased_until IS NULL OR leased_until < now() OR state <> 'pending')",
        id,
        endpoint,
        tx.organisation().uuid(),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Makes those of a state due now, oldest first, and returns how many that were.
pub async fn many(
    tx: &mut TenantTx,
    endpoint: Uuid,
    state: DeliveryState,
    from: Option<OffsetDateTime>,
    until: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE webhook_deliveries
         SET state = 'pending', attempts = 0, next_at = now(), leased_until = NULL,
             finished_at = NULL
         WHERE id IN (
             SELECT id FROM webhook_deliveries
             WHERE endpoint_id = $1 AND organisation_id = $2 AND state = $3
               AND ($4::timestamptz IS NULL OR created_at >= $4)
               AND ($5::timestamptz IS NULL OR created_at < $5)
             ORDER BY place LIMIT $6 FOR UPDATE)",
        endpoint,
        tx.organisation().uuid(),
        state.as_str(),
        from,
        until,
        AT_MOST,
    )
    .execute(tx.db())
    .await?;
    Ok(done.rows_affected())
}

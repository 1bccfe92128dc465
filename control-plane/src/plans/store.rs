//! Subscriptions in Postgres.

use crate::db::TenantTx;

/// Puts a new organisation on the free plan, from today on.
pub async fn start(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    let organisation = tx.organisation().uuid();
    sqlx::query!(
        "INSERT INTO subscriptions (organisation_id, plan, version, period_start, period_end)
         SELECT $1, plan, version, date_trunc('day', now(), 'UTC'),
                date_trunc('day', now(), 'UTC') + interval '30 days'
         FROM plan_versions WHERE plan = 'free' AND valid_from <= now()
         ORDER BY version DESC LIMIT 1",
        organisation,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

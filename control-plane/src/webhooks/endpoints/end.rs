//! What becomes of endpoints when their app goes.

use crate::db::TenantTx;
use contract::AppId;

/// Ends all that an app has, with the app. The caller holds its row.
pub async fn of_app(tx: &mut TenantTx, app: &AppId) -> Result<(), sqlx::Error> {
    let organisation = tx.organisation().uuid();
    sqlx::query!(
        "UPDATE webhook_endpoints SET deleted_at = now(), enabled = false
         WHERE app_id = $1 AND organisation_id = $2 AND deleted_at IS NULL",
        app.as_str(),
        organisation,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "DELETE FROM webhook_listeners WHERE app_id = $1 AND organisation_id = $2",
        app.as_str(),
        organisation,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "UPDATE apps SET webhook_kinds = '{}' WHERE id = $1 AND organisation_id = $2",
        app.as_str(),
        organisation,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

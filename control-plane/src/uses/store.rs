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
    note_previous_secrets(&mut tx, &report.previous_secrets).await?;
    note_previous_tokens(&mut tx, &report.previous_tokens).await?;
    tx.commit().await
}

/// Makes the function that moves the last uses of one kind of credential forward.
macro_rules! note_uses {
    ($name:ident, $table:literal, $id:literal, $last_used:literal) => {
        async fn $name(tx: &mut ServiceTx, uses: &LastUses) -> Result<(), sqlx::Error> {
            if uses.names.is_empty() {
                return Ok(());
            }
            sqlx::query!(
                "WITH used AS (
                     SELECT name, least(max(at), now()) AS at
                     FROM unnest($1::text[], $2::timestamptz[]) AS reported (name, at) GROUP BY name
                 ), news AS (
                     SELECT c." + $id + " AS name, greatest(c." + $last_used
                    + ", c.created_at, used.at) AS at
                     FROM " + $table + " c JOIN used ON c." + $id + " = used.name
                     WHERE c." + $last_used + " IS NULL OR c." + $last_used + " < used.at
                     ORDER BY c." + $id + " FOR NO KEY UPDATE OF c
                 )
                 UPDATE " + $table + " c SET " + $last_used + " = greatest(c." + $last_used
                    + ", news.at)
                 FROM news WHERE c." + $id + " = news.name",
                &uses.names,
                &uses.at,
            )
            .execute(tx.db())
            .await?;
            Ok(())
        }
    };
}

note_uses!(note_credentials, "app_credentials", "key", "last_used_at");
note_uses!(note_secret_keys, "secret_keys", "id", "last_used_at");
note_uses!(note_publishable_keys, "publishable_keys", "key", "last_used_at");
// Of the secret or token before the present one.
note_uses!(note_previous_secrets, "app_credentials", "key", "previous_last_used_at");
note_uses!(note_previous_tokens, "secret_keys", "id", "previous_last_used_at");

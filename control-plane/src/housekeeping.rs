//! What is no longer needed goes away, a little every few minutes.

use crate::{db::Db, feed, leases, refusals, state::State};
use std::{sync::Arc, time::Duration};

const EVERY: Duration = Duration::from_secs(300);
/// At most this many rows per table and round, so that no statement runs long.
const ROWS: i64 = 5_000;

pub async fn run(state: Arc<State>) {
    loop {
        if let Err(error) = sweep(&state.db).await {
            tracing::warn!(%error, "housekeeping failed; the next round tries again");
        }
        tokio::time::sleep(EVERY).await;
    }
}

pub async fn sweep(db: &Db) -> Result<(), sqlx::Error> {
    let mut tx = db.service().await?;
    sqlx::query!(
        "DELETE FROM sessions WHERE token_hash IN (
             SELECT token_hash FROM sessions WHERE expires_at < now() LIMIT $1)",
        ROWS,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "DELETE FROM idempotency_keys WHERE (organisation_id, user_id, key) IN (
             SELECT organisation_id, user_id, key FROM idempotency_keys
             WHERE created_at < now() - interval '24 hours' LIMIT $1)",
        ROWS,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "DELETE FROM invitations WHERE id IN (
             SELECT id FROM invitations WHERE created_at < now() - interval '90 days' LIMIT $1)",
        ROWS,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!("DELETE FROM gateways WHERE last_seen < now() - interval '1 day'")
        .execute(tx.db())
        .await?;
    sqlx::query!(
        "DELETE FROM mail_links WHERE token_hash IN (
             SELECT token_hash FROM mail_links WHERE expires_at < now() LIMIT $1)",
        ROWS,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "DELETE FROM pending_logins WHERE token_hash IN (
             SELECT token_hash FROM pending_logins WHERE expires_at < now() LIMIT $1)",
        ROWS,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "DELETE FROM account_events WHERE id IN (
             SELECT id FROM account_events WHERE created_at < now() - interval '400 days' LIMIT $1)",
        ROWS,
    )
    .execute(tx.db())
    .await?;
    feed::store::prune(&mut tx, feed::store::KEPT_CHANGES).await?;
    leases::store::prune(&mut tx, ROWS).await?;
    tx.commit().await?;
    // Of these there may be many more in a round than of all else.
    loop {
        let mut tx = db.service().await?;
        let gone = refusals::store::prune(&mut tx, ROWS).await?;
        tx.commit().await?;
        if gone < ROWS.unsigned_abs() {
            return Ok(());
        }
    }
}

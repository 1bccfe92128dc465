//! What is no longer kept: attempts and delivered messages after a week, dead letters after a month.

use crate::{
    db::{Db, Organisation, ServiceTx},
    state::State,
};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

const EVERY: Duration = Duration::from_secs(30);
/// At most this many rows in one statement, so that none runs long.
const ROWS: i64 = 2_000;
/// Of each endpoint, so many attempts at most.
const ATTEMPTS_KEPT: i64 = 1_000;
/// Delivered messages and attempts.
const KEPT_DAYS: i32 = 7;
const DEAD_KEPT_DAYS: i32 = 30;

pub async fn run(state: Arc<State>) {
    loop {
        if let Err(error) = sweep(&state.db).await {
            tracing::warn!(%error, "webhooks could not be tidied; the next round tries again");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Does something until there is no more to do, each time in a transaction of its own.
macro_rules! until_done {
    ($db:expr, $some:path $(, $of:expr)?) => {
        loop {
            let mut tx = $db.service().await?;
            let rows = $some(&mut tx $(, $of)?).await?;
            tx.commit().await?;
            if rows < ROWS.unsigned_abs() {
                break;
            }
        }
    };
}

/// One round. Any number of processes may do this at once.
pub async fn sweep(db: &Db) -> Result<(), sqlx::Error> {
    until_done!(db, bury);
    until_done!(db, old_attempts);
    until_done!(db, many_attempts);
    until_done!(db, finished);
    until_done!(db, unheard);
    until_done!(db, of_deleted);
    let mut tx = db.service().await?;
    endpoints(&mut tx).await?;
    tx.commit().await
}

/// All that an organisation was ever told, and where. Doing it again changes nothing.
pub async fn erase(db: &Db, organisation: Organisation) -> Result<(), sqlx::Error> {
    let id = organisation.uuid();
    until_done!(db, messages_of, id);
    until_done!(db, attempts_of, id);
    let mut tx = db.service().await?;
    sqlx::query!("DELETE FROM webhook_listeners WHERE organisation_id = $1", id)
        .execute(tx.db())
        .await?;
    sqlx::query!("DELETE FROM webhook_outbox WHERE organisation_id = $1", id)
        .execute(tx.db())
        .await?;
    sqlx::query!("DELETE FROM webhook_endpoints WHERE organisation_id = $1", id)
        .execute(tx.db())
        .await?;
    tx.commit().await
}

async fn messages_of(tx: &mut ServiceTx, organisation: Uuid) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query!(
        "DELETE FROM webhook_messages WHERE id IN (
             SELECT id FROM webhook_messages WHERE organisation_id = $1 LIMIT $2)",
        organisation,
        ROWS,
    );
    Ok(gone.execute(tx.db()).await?.rows_affected())
}

async fn attempts_of(tx: &mut ServiceTx, organisation: Uuid) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query!(
        "DELETE FROM webhook_attempts WHERE id IN (
             SELECT id FROM webhook_attempts WHERE organisation_id = $1 LIMIT $2)",
        organisation,
        ROWS,
    );
    Ok(gone.execute(tx.db()).await?.rows_affected())
}

/// What waits for an endpoint that was given up becomes a dead letter; so does what nobody has
/// wanted to be sent for a month.
async fn bury(tx: &mut ServiceTx) -> Result<u64, sqlx::Error> {
    let buried = sqlx::query!(
        "UPDATE webhook_deliveries
         SET state = 'dead', finished_at = now(), leased_until = NULL,
             last_error = coalesce(last_error, 'the endpoint was disabled')
         WHERE id IN (
             SELECT d.id FROM webhook_endpoints e
             JOIN webhook_deliveries d ON d.endpoint_id = e.id AND d.state = 'pending'
             WHERE NOT e.enabled AND (d.leased_until IS NULL OR d.leased_until < now())
               AND (e.disabled_why IN ('failing', 'gone')
                    OR d.created_at < now() - make_interval(days => $1))
             LIMIT $2 FOR UPDATE OF d SKIP LOCKED)",
        DEAD_KEPT_DAYS,
        ROWS,
    );
    Ok(buried.execute(tx.db()).await?.rows_affected())
}

async fn old_attempts(tx: &mut ServiceTx) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query!(
        "DELETE FROM webhook_attempts WHERE id IN (
             SELECT id FROM webhook_attempts
             WHERE at < now() - make_interval(days => $1) ORDER BY at LIMIT $2)",
        KEPT_DAYS,
        ROWS,
    );
    Ok(gone.execute(tx.db()).await?.rows_affected())
}

/// Only endpoints that had an attempt lately can have too many.
async fn many_attempts(tx: &mut ServiceTx) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query!(
        "DELETE FROM webhook_attempts WHERE id IN (
             SELECT old.id FROM (
                 SELECT DISTINCT endpoint_id FROM webhook_attempts
                 WHERE at > now() - interval '10 minutes') AS e
             CROSS JOIN LATERAL (
                 SELECT id FROM webhook_attempts a WHERE a.endpoint_id = e.endpoint_id
                 ORDER BY a.at DESC, a.id DESC OFFSET $1 LIMIT $2) AS old
             LIMIT $2)",
        ATTEMPTS_KEPT,
        ROWS,
    );
    Ok(gone.execute(tx.db()).await?.rows_affected())
}

async fn finished(tx: &mut ServiceTx) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query!(
        "DELETE FROM webhook_deliveries WHERE id IN (
             SELECT id FROM webhook_deliveries
             WHERE finished_at < now() - make_interval(days => $1)
               AND (state = 'delivered' OR finished_at < now() - make_interval(days => $2))
             LIMIT $3)",
        KEPT_DAYS,
        DEAD_KEPT_DAYS,
        ROWS,
    );
    Ok(gone.execute(tx.db()).await?.rows_affected())
}

/// Messages that no delivery is left of.
async fn unheard(tx: &mut ServiceTx) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query!(
        "DELETE FROM webhook_messages WHERE id IN (
             SELECT id FROM webhook_messages m
             WHERE created_at < now() - make_interval(days => $1)
               AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.message_id = m.id)
             LIMIT $2)",
        KEPT_DAYS,
        ROWS,
    );
    Ok(gone.execute(tx.db()).await?.rows_affected())
}

async fn of_deleted(tx: &mut ServiceTx) -> Result<u64, sqlx::Error> {
    let deliveries = sqlx::query!(
        "DELETE FROM webhook_deliveries WHERE id IN (
             SELECT d.id FROM webhook_endpoints e JOIN webhook_deliveries d ON d.endpoint_id = e.id
             WHERE e.deleted_at IS NOT NULL LIMIT $1)",
        ROWS,
    );
    let deliveries = deliveries.execute(tx.db()).await?.rows_affected();
    let attempts = sqlx::query!(
        "DELETE FROM webhook_attempts WHERE id IN (
             SELECT a.id FROM webhook_endpoints e JOIN webhook_attempts a ON a.endpoint_id = e.id
             WHERE e.deleted_at IS NOT NULL LIMIT $1)",
        ROWS,
    );
    Ok(deliveries.max(attempts.execute(tx.db()).await?.rows_affected()))
}

/// Endpoints go with their app, and for good once nothing is left of what they were told.
async fn endpoints(tx: &mut ServiceTx) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE webhook_endpoints e SET deleted_at = now() FROM apps a
         WHERE a.id = e.app_id AND a.deleted_at IS NOT NULL AND e.deleted_at IS NULL",
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "DELETE FROM webhook_endpoints WHERE id IN (
             SELECT id FROM webhook_endpoints e
             WHERE deleted_at < now() - interval '1 hour'
               AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id)
               AND NOT EXISTS (SELECT FROM webhook_attempts a WHERE a.endpoint_id = e.id)
             LIMIT $1)",
        ROWS,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!("DELETE FROM webhook_listeners WHERE expires_at < now() - interval '1 hour'")
        .execute(tx.db())
        .await?;
    Ok(())
}

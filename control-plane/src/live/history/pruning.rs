//! What nobody can look back to any more.

use crate::{db::Db, state::State};
use std::{sync::Arc, time::Duration};

const EVERY: Duration = Duration::from_secs(30);
/// At most this many rows in one statement, so that none runs long.
const ROWS: i64 = 2_000;

pub async fn run(state: Arc<State>) {
    loop {
        if let Err(error) = sweep(&state.db).await {
            tracing::warn!(%error, "live events could not be pruned; the next round tries again");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// One round. Any number of processes may do this at once.
pub async fn sweep(db: &Db) -> Result<(), sqlx::Error> {
    while some(db).await? == ROWS.unsigned_abs() {}
    let mut tx = db.service().await?;
    sqlx::query!("DELETE FROM live_event_hours WHERE hour < now() - interval '2 days'")
        .execute(tx.db())
        .await?;
    // A process that was silent for longer has nothing left to tell twice.
    sqlx::query!("DELETE FROM live_reporters WHERE heard_at < now() - interval '2 days'")
        .execute(tx.db())
        .await?;
    tx.commit().await
}

async fn some(db: &Db) -> Result<u64, sqlx::Error> {
    let mut tx = db.service().await?;
    let gone = sqlx::query!(
        "DELETE FROM live_events WHERE (app_id, at, id) IN (
             SELECT app_id, at, id FROM live_events WHERE ends_at < now()
             ORDER BY ends_at LIMIT $1)",
        ROWS,
    )
    .execute(tx.db())
    .await?;
    tx.commit().await?;
    Ok(gone.rows_affected())
}

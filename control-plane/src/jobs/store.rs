//! Jobs in Postgres. A job that is taken is not locked but put off: its turn comes again after the
//! lease, and whoever took it must be done or have said so before then.

use super::{JobKind, NewJob, enqueue};
use crate::db::Db;
use serde_json::Value;
use std::time::Duration;
use time::OffsetDateTime;

pub struct Taken {
    pub id: i64,
    pub kind: String,
    pub payload: Value,
    /// This one counted. It also tells this taking from later ones.
    pub attempts: i32,
    pub max_attempts: i32,
}

/// Takes what is due, oldest first. Kinds that this build does not know wait for one that does.
pub async fn take(db: &Db, at_most: i64, lease: Duration) -> Result<Vec<Taken>, sqlx::Error> {
    let kinds = JobKind::ALL.map(|kind| kind.as_str().to_owned());
    let mut tx = db.service().await?;
    let taken = sqlx::query_as!(
        Taken,
        "UPDATE jobs SET attempts = attempts + 1, run_at = now() + make_interval(secs => $3)
         WHERE id IN (
             SELECT id FROM jobs
             WHERE failed_at IS NULL AND run_at <= now() AND attempts < max_attempts
               AND kind = ANY($1)
             ORDER BY run_at, id LIMIT $2 FOR UPDATE SKIP LOCKED)
         RETURNING id, kind, payload, attempts, max_attempts",
        &kinds[..],
        at_most,
        lease.as_secs_f64(),
    )
    .fetch_all(tx.db())
    .await?;
    tx.commit().await?;
    Ok(taken)
}

pub async fn done(db: &Db, job: &Taken) -> Result<(), sqlx::Error> {
    let mut tx = db.service().await?;
    sqlx::query!("DELETE FROM jobs WHERE id = $1 AND attempts = $2", job.id, job.attempts)
        .execute(tx.db())
        .await?;
    tx.commit().await
}

pub async fn again(db: &Db, job: &Taken, after: Duration, error: &str) -> Result<(), sqlx::Error> {
    let mut tx = db.service().await?;
    sqlx::query!(
        "UPDATE jobs SET run_at = now() + make_interval(secs => $3), last_error = $4
         WHERE id = $1 AND attempts = $2",
        job.id,
        job.attempts,
        after.as_secs_f64(),
        error,
    )
    .execute(tx.db())
    .await?;
    tx.commit().await
}

/// It stays to be looked at, and its key is free for another.
pub async fn give_up(db: &Db, job: &Taken, error: &str) -> Result<(), sqlx::Error> {
    let mut tx = db.service().await?;
    sqlx::query!(
        "UPDATE jobs SET failed_at = now(), last_error = $3, key = NULL
         WHERE id = $1 AND attempts = $2",
        job.id,
        job.attempts,
        error,
    )
    .execute(tx.db())
    .await?;
    tx.commit().await
}

/// Writes down the next turn of everything that recurs, and gives up what took a process with it
/// every time. Any number of processes may do this at once.
pub async fn tend(db: &Db) -> Result<(), sqlx::Error> {
    let mut tx = db.service().await?;
    let now = sqlx::query_scalar!(r#"SELECT now() AS "now!""#).fetch_one(tx.db()).await?;
    for kind in JobKind::ALL {
        if let Some(turn) = kind.every().and_then(|every| next_turn(now, every)) {
            let key = Some(format!("{} {}", kind.as_str(), turn.unix_timestamp()));
            let payload = serde_json::json!({ "turn": turn.unix_timestamp() });
            enqueue(tx.db(), &NewJob { kind, key, payload, run_at: Some(turn) }).await?;
        }
    }
    let lost = sqlx::query!(
        "UPDATE jobs SET failed_at = now(), key = NULL,
                last_error = coalesce(last_error, 'it never came back')
         WHERE failed_at IS NULL AND run_at <= now() AND attempts >= max_attempts",
    )
    .execute(tx.db())
    .await?
    .rows_affected();
    sqlx::query!("DELETE FROM jobs WHERE failed_at < now() - interval '30 days'")
        .execute(tx.db())
        .await?;
    tx.commit().await?;
    if lost > 0 {
        tracing::error!(jobs = lost, "gave up jobs that never came back");
    }
    Ok(())
}

/// The first whole multiple of `every` after `now`.
pub(super) fn next_turn(now: OffsetDateTime, every: Duration) -> Option<OffsetDateTime> {
    let every = i64::try_from(every.as_secs()).ok().filter(|s| *s > 0)?;
    let turn = (now.unix_timestamp() / every + 1) * every;
    OffsetDateTime::from_unix_timestamp(turn).ok()
}

//! What an owner no longer wants to be there goes, as a job: there may be much of it.

use crate::{
    api::ApiError,
    db::{Db, TenantTx},
    jobs::{JobError, JobKind, NewJob, enqueue},
    state::State,
};
use contract::{AppId, LiveHistory};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// At most this many rows in one statement, so that none runs long.
const ROWS: i64 = 2_000;
/// A batch that was being stored when its app changed is there by then.
const AFTER: Duration = Duration::seconds(5);

#[derive(Serialize, Deserialize)]
struct Payload {
    app: AppId,
    what: What,
    /// Unix milliseconds: what happened later stays.
    before_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Everything,
    Payloads,
}

impl What {
    /// What goes by such a change of the setting.
    pub fn by_change(before: LiveHistory, after: LiveHistory) -> Option<Self> {
        match (before, after) {
            (before, after) if before == after => None,
            (_, LiveHistory::Off) => Some(Self::Everything),
            (_, LiveHistory::WithoutData) => Some(Self::Payloads),
            (_, LiveHistory::WithData) => None,
        }
    }
}

/// Has it go soon, if the transaction commits.
pub async fn soon(tx: &mut TenantTx, app: &AppId, what: What) -> Result<(), ApiError> {
    let now = OffsetDateTime::now_utc();
    let before_ms = now.unix_timestamp_nanos() / 1_000_000;
    let before_ms = i64::try_from(before_ms).map_err(ApiError::internal)?;
    let payload = Payload { app: app.clone(), what, before_ms };
    let payload = serde_json::to_value(payload).map_err(ApiError::internal)?;
    let run_at = Some(now + AFTER);
    let job = NewJob { kind: JobKind::ForgetLive, key: None, payload, run_at };
    Ok(enqueue(tx.db(), &job).await?)
}

pub async fn run(state: &State, payload: serde_json::Value) -> Result<(), JobError> {
    let Payload { app, what, before_ms } = serde_json::from_value(payload)?;
    let before = OffsetDateTime::from_unix_timestamp_nanos(i128::from(before_ms) * 1_000_000);
    let before = before.map_err(|e| JobError::Never(e.to_string()))?;
    while some(&state.db, &app, what, before).await? == ROWS.unsigned_abs() {}
    Ok(())
}

async fn some(
    db: &Db,
    app: &AppId,
    what: What,
    before: OffsetDateTime,
) -> Result<u64, sqlx::Error> {
    let mut tx = db.service().await?;
    let done = match what {
        What::Everything => {
            sqlx::query!(
                "DELETE FROM live_events WHERE (app_id, at, id) IN (
                     SELECT app_id, at, id FROM live_events
                     WHERE app_id = $1 AND at < $2 LIMIT $3)",
                app.as_str(),
                before,
                ROWS,
            )
            .execute(tx.db())
            .await?
        }
        What::Payloads => {
            sqlx::query!(
                "UPDATE live_events SET data = NULL WHERE (app_id, at, id) IN (
                     SELECT app_id, at, id FROM live_events
                     WHERE app_id = $1 AND at < $2 AND data IS NOT NULL LIMIT $3)",
                app.as_str(),
                before,
                ROWS,
            )
            .execute(tx.db())
            .await?
        }
    };
    tx.commit().await?;
    Ok(done.rows_affected())
}

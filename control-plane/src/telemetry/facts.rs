//! What stands in the database, for all control planes alike. Counts end where they would begin to
//! cost something.

use crate::{
    db::{Db, patiently},
    gateways::{self, model::Gateway},
    webhooks::deliverer::due,
};
use contract::directory::Revision;

/// Counts end here.
pub const COUNTED: i64 = 100_000;

pub struct Facts {
    pub revision: Revision,
    pub gateways: Vec<Gateway>,
    pub webhooks_pending: i64,
    pub webhooks_dead: i64,
    /// How long the oldest has been due that nothing keeps from being sent, in seconds.
    pub webhooks_late_s: f64,
    pub endpoints_resting: i64,
    pub endpoints_disabled: i64,
    pub jobs: Vec<JobsOfAKind>,
    pub stale_hours: i64,
    /// How long ago the oldest of them was over, in seconds.
    pub stale_s: f64,
}

pub struct JobsOfAKind {
    pub kind: String,
    pub due: i64,
    pub failed: i64,
}

/// Errors: the database does not answer.
pub async fn read(db: &Db) -> Result<Facts, sqlx::Error> {
    patiently(read_all(db)).await
}

async fn read_all(db: &Db) -> Result<Facts, sqlx::Error> {
    let (gateways, revision) = gateways::store::all(db).await?;
    let mut tx = db.service().await?;
    let webhooks = sqlx::query!(
        r#"SELECT
               (SELECT count(*) FROM (SELECT FROM webhook_deliveries
                WHERE state = 'pending' LIMIT $1) AS waiting) AS "pending!",
               (SELECT count(*) FROM (SELECT FROM webhook_deliveries
                WHERE state = 'dead' LIMIT $1) AS lost) AS "dead!",
               (SELECT count(*) FROM webhook_endpoints
                WHERE enabled AND deleted_at IS NULL AND rests_until > now()) AS "resting!",
               (SELECT count(*) FROM webhook_endpoints
                WHERE NOT enabled AND deleted_at IS NULL AND disabled_why <> 'owner')
                   AS "disabled!""#,
        COUNTED,
    )
    .fetch_one(tx.db())
    .await?;
    let waiting = due::waiting(&mut tx).await?;
    let jobs = sqlx::query_as!(
        JobsOfAKind,
        r#"SELECT kind, count(*) FILTER (WHERE failed_at IS NULL AND run_at <= now()) AS "due!",
                  count(*) FILTER (WHERE failed_at IS NOT NULL) AS "failed!"
           FROM jobs GROUP BY kind ORDER BY kind"#,
    )
    .fetch_all(tx.db())
    .await?;
    let stale = sqlx::query!(
        // Those that could have been added up by now.
        r#"SELECT count(*) AS "hours!",
                  extract(epoch FROM now() - min(hour) - interval '65 minutes')::float8 AS late
           FROM usage_stale_hours WHERE hour < now() - interval '65 minutes'"#,
    )
    .fetch_one(tx.db())
    .await?;
    tx.commit().await?;
    Ok(Facts {
        revision,
        gateways,
        webhooks_pending: webhooks.pending,
        webhooks_dead: webhooks.dead,
        webhooks_late_s: waiting.iter().map(|endpoint| endpoint.late_s).fold(0.0, f64::max),
        endpoints_resting: webhooks.resting,
        endpoints_disabled: webhooks.disabled,
        jobs,
        stale_hours: stale.hours,
        stale_s: stale.late.unwrap_or(0.0),
    })
}

//! Which endpoints have something that is due.

use crate::{
    db::{Db, ServiceTx},
    webhooks::runtime::{Due, Target},
};
use uuid::Uuid;

/// An endpoint that has something due, and that nothing keeps from being told.
pub struct Waiting {
    id: Uuid,
    organisation_id: Uuid,
    is_failing: bool,
    /// How long its oldest delivery has been due, in seconds.
    pub late_s: f64,
}

pub async fn look(db: &Db) -> Result<Vec<Due>, sqlx::Error> {
    let mut tx = db.service().await?;
    let waiting = waiting(&mut tx).await?;
    tx.commit().await?;
    let due = waiting.into_iter().map(|endpoint| Due {
        target: Target { organisation: endpoint.organisation_id, endpoint: endpoint.id },
        is_failing: endpoint.is_failing,
    });
    Ok(due.collect())
}

/// Goes from endpoint to endpoint over the index, so that what waits at one costs nothing at the
/// others, however much it is.
pub async fn waiting(tx: &mut ServiceTx) -> Result<Vec<Waiting>, sqlx::Error> {
    sqlx::query_as!(
        Waiting,
        r#"WITH RECURSIVE first AS (
               (SELECT endpoint_id, next_at FROM webhook_deliveries WHERE state = 'pending'
                ORDER BY endpoint_id, next_at LIMIT 1)
               UNION ALL
               SELECT n.endpoint_id, n.next_at FROM first CROSS JOIN LATERAL (
                   SELECT d.endpoint_id, d.next_at FROM webhook_deliveries d
                   WHERE d.state = 'pending' AND d.endpoint_id > first.endpoint_id
                   ORDER BY d.endpoint_id, d.next_at LIMIT 1) AS n
           )
           SELECT e.id, e.organisation_id, e.failures > 0 AS "is_failing!",
                  extract(epoch FROM now() - first.next_at)::float8 AS "late_s!"
           FROM first JOIN webhook_endpoints e ON e.id = first.endpoint_id
           WHERE first.next_at <= now() AND e.enabled AND e.deleted_at IS NULL
             AND (e.rests_until IS NULL OR e.rests_until <= now())"#,
    )
    .fetch_all(tx.db())
    .await
}

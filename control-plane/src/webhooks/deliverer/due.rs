//! Which endpoints have something that is due.

use crate::{
    db::Db,
    webhooks::runtime::{Due, Target},
};

/// Goes from endpoint to endpoint over the index, so that what waits at one costs nothing at the
/// others, however much it is.
pub async fn look(db: &Db) -> Result<Vec<Due>, sqlx::Error> {
    let mut tx = db.service().await?;
    let rows = sqlx::query!(
        r#"WITH RECURSIVE first AS (
               (SELECT endpoint_id, next_at FROM webhook_deliveries WHERE state = 'pending'
                ORDER BY endpoint_id, next_at LIMIT 1)
               UNION ALL
               SELECT n.endpoint_id, n.next_at FROM first CROSS JOIN LATERAL (
                   SELECT d.endpoint_id, d.next_at FROM webhook_deliveries d
                   WHERE d.state = 'pending' AND d.endpoint_id > first.endpoint_id
                   ORDER BY d.endpoint_id, d.next_at LIMIT 1) AS n
           )
           SELECT e.id, e.organisation_id, e.failures > 0 AS "is_failing!"
           FROM first JOIN webhook_endpoints e ON e.id = first.endpoint_id
           WHERE first.next_at <= now() AND e.enabled AND e.deleted_at IS NULL
             AND (e.rests_until IS NULL OR e.rests_until <= now())"#,
    )
    .fetch_all(tx.db())
    .await?;
    tx.commit().await?;
    Ok(rows
        .into_iter()
        .map(|row| Due {
            target: Target { organisation: row.organisation_id, endpoint: row.id },
            is_failing: row.is_failing,
        })
        .collect())
}

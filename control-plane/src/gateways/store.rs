//! The gateways' registry in Postgres.

use super::model::{Gateway, LIVE_FOR_S, Registration};
use crate::db::Db;
use contract::directory::{Confirmation, Revision};
use uuid::Uuid;

/// More gateways than this are not listed.
const LISTED: i64 = 500;

/// A gateway follows the feed from `after`, which it has therefore applied.
pub async fn register(db: &Db, gateway: &Registration, after: Revision) -> Result<(), sqlx::Error> {
    let mut tx = db.service().await?;
    sqlx::query!(
        "INSERT INTO gateways (id, boot, ops_url, confirmed) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET
             boot = excluded.boot, ops_url = excluded.ops_url, last_seen = now(),
             confirmed = CASE WHEN gateways.boot = excluded.boot
                         THEN greatest(gateways.confirmed, excluded.confirmed)
                         ELSE excluded.confirmed END",
        gateway.id,
        gateway.boot,
        gateway.ops_url,
        after.cast_signed(),
    )
    .execute(tx.db())
    .await?;
    tx.commit().await
}

/// Heard of the gateway just now.
pub async fn touch(db: &Db, gateway: &Registration) -> Result<(), sqlx::Error> {
    let mut tx = db.service().await?;
    sqlx::query!(
        "UPDATE gateways SET last_seen = now() WHERE id = $1 AND boot = $2",
        gateway.id,
        gateway.boot,
    )
    .execute(tx.db())
    .await?;
    tx.commit().await
}

/// Whether the gateway is registered with this boot; if so, its confirmation counts and those
/// who wait for it are told.
pub async fn confirm(db: &Db, confirmation: &Confirmation) -> Result<bool, sqlx::Error> {
    let Ok(boot) = confirmation.boot.parse::<Uuid>() else {
        return Ok(false);
    };
    let revision = i64::try_from(confirmation.revision).unwrap_or(i64::MAX);
    let mut tx = db.service().await?;
    // Nobody can have applied what was not written yet.
    let known = sqlx::query!(
        "UPDATE gateways SET last_seen = now(),
             confirmed = greatest(confirmed, least($3, (SELECT revision FROM feed_head)))
         WHERE id = $1 AND boot = $2 RETURNING confirmed",
        confirmation.gateway,
        boot,
        revision,
    )
    .fetch_optional(tx.db())
    .await?;
    if let Some(known) = &known {
        let message = format!("{} {}", confirmation.gateway, known.confirmed);
        sqlx::query!("SELECT pg_notify('signalbox_confirmations', $1)", message)
            .fetch_one(tx.db())
            .await?;
    }
    tx.commit().await?;
    Ok(known.is_some())
}

pub struct LiveGateway {
    pub id: String,
    pub ops_url: String,
    pub confirmed: Revision,
}

/// The gateways that were heard of lately.
pub async fn live(db: &Db) -> Result<Vec<LiveGateway>, sqlx::Error> {
    let mut tx = db.service().await?;
    let rows = sqlx::query!(
        "SELECT id, ops_url, confirmed FROM gateways
         WHERE last_seen > now() - make_interval(secs => $1) ORDER BY id LIMIT $2",
        LIVE_FOR_S,
        LISTED,
    )
    .fetch_all(tx.db())
    .await?;
    tx.commit().await?;
    let live = rows.into_iter().map(|r| LiveGateway {
        id: r.id,
        ops_url: r.ops_url,
        confirmed: r.confirmed.unsigned_abs(),
    });
    Ok(live.collect())
}

/// All registered gateways, and the newest revision.
pub async fn all(db: &Db) -> Result<(Vec<Gateway>, Revision), sqlx::Error> {
    let mut tx = db.service().await?;
    let head = crate::feed::store::head(&mut tx).await?;
    let rows = sqlx::query!(
        r#"SELECT id, confirmed, last_seen,
                  last_seen > now() - make_interval(secs => $1) AS "live!"
           FROM gateways ORDER BY id LIMIT $2"#,
        LIVE_FOR_S,
        LISTED,
    )
    .fetch_all(tx.db())
    .await?;
    tx.commit().await?;
    let gateways = rows.into_iter().map(|r| Gateway {
        id: r.id,
        confirmed_revision: r.confirmed.unsigned_abs(),
        last_seen: r.last_seen,
        live: r.live,
    });
    Ok((gateways.collect(), head))
}

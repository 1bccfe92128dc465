//! Listeners in Postgres, and what they are to be told.

use super::{PER_APP, PER_ORGANISATION, RUNS_OUT_S, model::ToldMessage};
use crate::{
    api::ApiError,
    apps,
    db::{Db, Organisation, ServiceTx, TenantTx},
    webhooks::endpoints::interest,
};
use contract::{AppId, webhooks::HookSet};
use serde_json::value::RawValue;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

/// A wait after which a place may be free: whoever died without a word is forgotten by then.
const RETRY_AFTER_S: u64 = 30;

/// One listener, as the gateways are told of it.
#[derive(Clone)]
pub struct Listener {
    pub id: Uuid,
    pub organisation: Organisation,
    pub app: AppId,
    pub kinds: HookSet,
}

/// Writes a listener down and has the gateways tell what it wants. Returns the moment from which on
/// it is told. Errors: 429 when there are as many as may be.
pub async fn register(tx: &mut TenantTx, listener: &Listener) -> Result<OffsetDateTime, ApiError> {
    apps::store::lock(tx, &listener.app).await?.ok_or(ApiError::NotFound)?;
    let there = sqlx::query!(
        r#"SELECT count(*) AS "of_organisation!", count(*) FILTER (WHERE app_id = $2) AS "of_app!"
           FROM webhook_listeners WHERE organisation_id = $1 AND expires_at > now()"#,
        listener.organisation.uuid(),
        listener.app.as_str(),
    )
    .fetch_one(tx.db())
    .await?;
    if there.of_app >= PER_APP || there.of_organisation >= PER_ORGANISATION {
        return Err(ApiError::RateLimited { retry_after_s: RETRY_AFTER_S });
    }
    put(tx, listener).await
}

/// Keeps a listener for another while; one that was forgotten meanwhile is written down again.
pub async fn renew(db: &Db, listener: &Listener) -> Result<(), ApiError> {
    let mut tx = db.tenant("webhooks", listener.organisation).await?;
    let renewed = sqlx::query!(
        "UPDATE webhook_listeners SET expires_at = now() + make_interval(secs => $3)
         WHERE id = $1 AND organisation_id = $2",
        listener.id,
        listener.organisation.uuid(),
        RUNS_OUT_S,
    )
    .execute(tx.db())
    .await?;
    if renewed.rows_affected() == 0 {
        apps::store::lock(&mut tx, &listener.app).await?.ok_or(ApiError::NotFound)?;
        put(&mut tx, listener).await?;
    }
    Ok(tx.commit().await?)
}

async fn put(tx: &mut TenantTx, listener: &Listener) -> Result<OffsetDateTime, ApiError> {
    let now = sqlx::query_scalar!(
        r#"INSERT INTO webhook_listeners (id, organisation_id, app_id, kinds, expires_at)
           VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
           RETURNING now() AS "now!""#,
        listener.id,
        listener.organisation.uuid(),
        listener.app.as_str(),
        &interest::texts(listener.kinds),
        RUNS_OUT_S,
    )
    .fetch_one(tx.db())
    .await?;
    interest::refresh(tx, &listener.app).await?;
    Ok(now)
}

/// Takes a listener away, and what nobody else wants from what the gateways tell.
pub async fn remove(db: &Db, listener: &Listener) -> Result<(), ApiError> {
    let mut tx = db.tenant("webhooks", listener.organisation).await?;
    // An app that is gone has nothing to be told of.
    if apps::store::lock(&mut tx, &listener.app).await?.is_none() {
        return Ok(());
    }
    sqlx::query!(
        "DELETE FROM webhook_listeners WHERE id = $1 AND organisation_id = $2",
        listener.id,
        listener.organisation.uuid(),
    )
    .execute(tx.db())
    .await?;
    interest::refresh(&mut tx, &listener.app).await?;
    Ok(tx.commit().await?)
}

/// Tells listeners, wherever they are connected, that something was stored, once that is committed.
pub async fn announce(tx: &mut ServiceTx) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT pg_notify('signalbox_webhooks', '')").fetch_one(tx.db()).await?;
    Ok(())
}

/// Apps of which a listener has died without a word.
pub async fn forsaken(tx: &mut ServiceTx) -> Result<Vec<(Organisation, AppId)>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT DISTINCT organisation_id, app_id FROM webhook_listeners
         WHERE expires_at < now() LIMIT 100"
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter()
        .map(|row| {
            let app = apps::store::parse_id(&row.app_id)?;
            Ok((Organisation::known(row.organisation_id), app))
        })
        .collect()
}

/// Forgets an app's listeners that have run out.
pub async fn forget(db: &Db, organisation: Organisation, app: &AppId) -> Result<(), ApiError> {
    let mut tx = db.tenant("webhooks", organisation).await?;
    let is_there = apps::store::lock(&mut tx, app).await?.is_some();
    sqlx::query!(
        "DELETE FROM webhook_listeners
         WHERE app_id = $1 AND organisation_id = $2 AND expires_at < now()",
        app.as_str(),
        organisation.uuid(),
    )
    .execute(tx.db())
    .await?;
    if is_there {
        interest::refresh(&mut tx, app).await?;
    }
    Ok(tx.commit().await?)
}

/// A message, and when it was stored.
pub struct Stored {
    pub message: ToldMessage,
    pub stored_at: OffsetDateTime,
}

/// What was stored of an app from `floor` on, but for what was `seen`: in the order of storing.
pub async fn messages(
    tx: &mut TenantTx,
    app: &AppId,
    floor: OffsetDateTime,
    seen: &[Uuid],
    limit: i64,
) -> Result<Vec<Stored>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT id, type AS kind, channel, at, created_at, data AS "data: Json<Box<RawValue>>"
           FROM webhook_messages
           WHERE app_id = $1 AND organisation_id = $2 AND created_at >= $3 AND id <> ALL($4)
           ORDER BY created_at, seq, id LIMIT $5"#,
        app.as_str(),
        tx.organisation().uuid(),
        floor,
        seen,
        limit,
    )
    .fetch_all(tx.db())
    .await?;
    let stored = rows.into_iter().map(|row| Stored {
        message: ToldMessage {
            id: row.id,
            kind: row.kind,
            channel: row.channel,
            at: row.at,
            data: row.data.0,
        },
        stored_at: row.created_at,
    });
    Ok(stored.collect())
}

//! Key and secret pairs in Postgres; secrets only ever sealed.

use super::model::{Credential, NewCredential};
use crate::{
    api::{ApiError, PageRequest, Position},
    apps::store::{parse_id, take_name},
    db::TenantTx,
    feed,
};
use contract::{
    AppId, AppKey, AppSecret,
    directory::{AppCredential, Change, Kill, Revision},
    seal::MasterKey,
};

/// Active pairs of one app at most: enough to rotate, few enough for every gateway to hold.
pub const MAX_ACTIVE: i64 = 10;

/// Stores a pair. Errors: 409 when the key is in use anywhere, or was once.
pub async fn insert(
    tx: &mut TenantTx,
    app: &AppId,
    key: &AppKey,
    secret: &AppSecret,
    master_key: &MasterKey,
) -> Result<NewCredential, ApiError> {
    // Clients of some platforms configure the key as the app's id as well; one name serves both.
    if key.as_str() != app.as_str() {
        take_name(tx, key.as_str(), app).await?;
    }
    let created_at = sqlx::query_scalar!(
        "INSERT INTO app_credentials (key, app_id, organisation_id, sealed_secret)
         VALUES ($1, $2, $3, $4) RETURNING created_at",
        key.as_str(),
        app.as_str(),
        tx.organisation().uuid(),
        master_key.seal(secret.expose(), key.as_str())?,
    )
    .fetch_one(tx.db())
    .await?;
    Ok(NewCredential { key: key.clone(), secret: secret.expose().to_owned(), created_at })
}

pub async fn count_active(tx: &mut TenantTx, app: &AppId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM app_credentials
           WHERE app_id = $1 AND organisation_id = $2 AND revoked_at IS NULL"#,
        app.as_str(),
        tx.organisation().uuid(),
    )
    .fetch_one(tx.db())
    .await
}

pub async fn page(
    tx: &mut TenantTx,
    app: &AppId,
    page: &PageRequest,
) -> Result<Vec<Credential>, sqlx::Error> {
    let (before, before_key) = page.after();
    let rows = sqlx::query!(
        "SELECT key, created_at, last_used_at FROM app_credentials
         WHERE app_id = $1 AND organisation_id = $2 AND revoked_at IS NULL
           AND ($3::timestamptz IS NULL OR (created_at, key) < ($3, $4))
         ORDER BY created_at DESC, key DESC LIMIT $5",
        app.as_str(),
        tx.organisation().uuid(),
        before,
        before_key,
        page.fetch(),
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter()
        .map(|r| {
            let (created_at, last_used_at) = (r.created_at, r.last_used_at);
            Ok(Credential { key: parse_id(&r.key)?, created_at, last_used_at })
        })
        .collect()
}

pub fn position(credential: &Credential) -> Position {
    Position { created_at: credential.created_at, id: credential.key.as_str().to_owned() }
}

/// The active pairs as gateways get them, oldest first.
pub async fn sealed(tx: &mut TenantTx, app: &AppId) -> Result<Vec<AppCredential>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT key, sealed_secret FROM app_credentials
         WHERE app_id = $1 AND organisation_id = $2 AND revoked_at IS NULL
         ORDER BY created_at, key",
        app.as_str(),
        tx.organisation().uuid(),
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(AppCredential {
                key: parse_id(&r.key)?,
                sealed_secret: r.sealed_secret,
                expires_at: None,
                previous: None,
            })
        })
        .collect()
}

/// Revokes a pair and returns the kill's revision; a pair that is revoked already keeps its own.
/// Nothing when the app has no such pair.
pub async fn revoke(
    tx: &mut TenantTx,
    app: &AppId,
    key: &AppKey,
) -> Result<Option<Revision>, ApiError> {
    let organisation = tx.organisation().uuid();
    let found = sqlx::query!(
        "SELECT revoked_revision FROM app_credentials
         WHERE key = $1 AND app_id = $2 AND organisation_id = $3 FOR NO KEY UPDATE",
        key.as_str(),
        app.as_str(),
        organisation,
    )
    .fetch_optional(tx.db())
    .await?;
    let Some(found) = found else {
        return Ok(None);
    };
    if let Some(revision) = found.revoked_revision {
        return Ok(Some(revision.unsigned_abs()));
    }
    let kill = Kill::RevokeCredential { app: app.clone(), key: key.clone() };
    let revision = feed::store::append(tx, &Change::Kill(kill)).await?;
    sqlx::query!(
        "UPDATE app_credentials SET revoked_at = now(), revoked_revision = $4
         WHERE key = $1 AND app_id = $2 AND organisation_id = $3",
        key.as_str(),
        app.as_str(),
        organisation,
        revision.cast_signed(),
    )
    .execute(tx.db())
    .await?;
    Ok(Some(revision))
}

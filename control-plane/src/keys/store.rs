//! Secret keys in Postgres: only the hash of a token is kept.

use super::model::{NewKey, SecretKey};
use crate::{
    api::{ApiError, PageRequest, Position},
    db::TenantTx,
    feed,
};
use contract::{
    AppId, SecretKeyId, SecretKeyToken,
    directory::{Change, Kill, Revision, SecretKeyRecord},
};
use time::OffsetDateTime;

/// Usable keys of one app at most.
pub const MAX_ACTIVE: i64 = 100;

struct Row {
    id: String,
    name: String,
    actions: Vec<String>,
    channels: Vec<String>,
    created_at: OffsetDateTime,
    expires_at: Option<OffsetDateTime>,
    last_used_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for SecretKey {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: decode(&row.id)?,
            name: row.name,
            actions: decode_all(&row.actions)?,
            channels: decode_all(&row.channels)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        })
    }
}

/// Errors: a stored value that this version does not understand.
pub fn decode<T>(raw: &str) -> Result<T, sqlx::Error>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    raw.parse().map_err(|e: T::Err| sqlx::Error::Decode(e.into()))
}

pub fn decode_all<T>(raw: &[String]) -> Result<Vec<T>, sqlx::Error>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    raw.iter().map(|text| decode(text)).collect()
}

/// Stores a key and tells the gateways.
pub async fn insert(
    tx: &mut TenantTx,
    app: &AppId,
    new: NewKey,
    token: &SecretKeyToken,
) -> Result<SecretKey, ApiError> {
    let actions: Vec<String> = new.actions.iter().map(|a| a.as_str().to_owned()).collect();
    let channels: Vec<String> = new.channels.iter().map(|p| p.as_str().to_owned()).collect();
    let (id, hash) = (token.id(), token.hash());
    let created_at = sqlx::query_scalar!(
        "INSERT INTO secret_keys
             (id, app_id, organisation_id, name, token_hash, actions, channels, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING created_at",
        id.as_str(),
        app.as_str(),
        tx.organisation().uuid(),
        new.name.as_str(),
        &hash.as_bytes()[..],
        &actions,
        &channels,
        new.expires_at,
    )
    .fetch_one(tx.db())
    .await?;
    let record = SecretKeyRecord {
        id: id.clone(),
        app: app.clone(),
        hash,
        actions: new.actions.clone(),
        channels: new.channels.clone(),
        expires_at: new.expires_at.map(OffsetDateTime::unix_timestamp),
        sealed_token_secret: None,
    };
    feed::store::append(tx, &Change::SecretKey(record)).await?;
    Ok(SecretKey {
        id,
        name: new.name.as_str().to_owned(),
        actions: new.actions,
        channels: new.channels,
        created_at,
        expires_at: new.expires_at,
        last_used_at: None,
    })
}

pub async fn count_active(tx: &mut TenantTx, app: &AppId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM secret_keys
           WHERE app_id = $1 AND organisation_id = $2 AND revoked_at IS NULL
             AND (expires_at IS NULL OR expires_at > now())"#,
        app.as_str(),
        tx.organisation().uuid(),
    )
    .fetch_one(tx.db())
    .await
}

/// Keys that are not revoked, newest first.
pub async fn page(
    tx: &mut TenantTx,
    app: &AppId,
    page: &PageRequest,
) -> Result<Vec<SecretKey>, sqlx::Error> {
    let (before, before_id) = page.after();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, name, actions, channels, created_at, expires_at, last_used_at
         FROM secret_keys
         WHERE app_id = $1 AND organisation_id = $2 AND revoked_at IS NULL
           AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4))
         ORDER BY created_at DESC, id DESC LIMIT $5",
        app.as_str(),
        tx.organisation().uuid(),
        before,
        before_id,
        page.fetch(),
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter().map(SecretKey::try_from).collect()
}

pub fn position(key: &SecretKey) -> Position {
    Position { created_at: key.created_at, id: key.id.as_str().to_owned() }
}

/// Revokes a key and returns the kill's revision; a key that is revoked already keeps its own.
/// Nothing when the app has no such key.
pub async fn revoke(
    tx: &mut TenantTx,
    app: &AppId,
    id: &SecretKeyId,
) -> Result<Option<Revision>, ApiError> {
    let organisation = tx.organisation().uuid();
    let found = sqlx::query!(
        "SELECT revoked_revision FROM secret_keys
         WHERE id = $1 AND app_id = $2 AND organisation_id = $3 FOR NO KEY UPDATE",
        id.as_str(),
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
    let kill = Kill::RevokeSecretKey { app: app.clone(), id: id.clone() };
    let revision = feed::store::append(tx, &Change::Kill(kill)).await?;
    sqlx::query!(
        "UPDATE secret_keys SET revoked_at = now(), revoked_revision = $4
         WHERE id = $1 AND app_id = $2 AND organisation_id = $3",
        id.as_str(),
        app.as_str(),
        organisation,
        revision.cast_signed(),
    )
    .execute(tx.db())
    .await?;
    Ok(Some(revision))
}

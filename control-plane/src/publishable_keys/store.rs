//! Publishable keys in Postgres, and their records in the feed.

use super::model::{ClientKey, NewClientKey};
use crate::{
    api::{ApiError, PageRequest, Position},
    db::TenantTx,
    feed::{self, revocation::revocation},
    keys::store::{decode, decode_all, taken_or, texts},
};
use contract::{
    Action, AppId, Pattern, PublishableKey,
    directory::{Change, Kill, PublishableKeyRecord},
};
use time::OffsetDateTime;

struct Row {
    key: String,
    name: String,
    actions: Vec<String>,
    channels: Vec<String>,
    allowed_origins: Vec<String>,
    allow_no_origin: bool,
    ice_servers: bool,
    created_at: OffsetDateTime,
    expires_at: Option<OffsetDateTime>,
    last_used_at: Option<OffsetDateTime>,
    replaces: Option<String>,
}

/// Selects keys as they are shown; what follows says which.
macro_rules! select_keys {
    ($which:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            Row,
            "SELECT key, name, actions, channels, allowed_origins, allow_no_origin, ice_servers,
                    created_at, expires_at, last_used_at, replaces
             FROM publishable_keys " + $which,
            $($argument),*
        )
    };
}

impl TryFrom<Row> for ClientKey {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            key: decode(&row.key)?,
            name: row.name,
            actions: decode_all(&row.actions)?,
            channels: decode_all(&row.channels)?,
            allowed_origins: row.allowed_origins,
            allow_no_origin: row.allow_no_origin,
            ice_servers: row.ice_servers,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            replaces: row.replaces.as_deref().map(decode).transpose()?,
        })
    }
}

/// Stores a key and tells the gateways. Errors: 409 when the key is in use anywhere, or was once.
pub async fn insert(
    tx: &mut TenantTx,
    app: &AppId,
    key: &PublishableKey,
    new: NewClientKey,
) -> Result<ClientKey, ApiError> {
    let key = ClientKey {
        key: key.clone(),
        name: new.name.as_str().to_owned(),
        actions: new.actions,
        channels: new.channels,
        allowed_origins: new.allowed_origins,
        allow_no_origin: new.allow_no_origin,
        ice_servers: new.ice_servers,
        created_at: OffsetDateTime::UNIX_EPOCH,
        expires_at: new.expires_at,
        last_used_at: None,
        replaces: None,
    };
    put(tx, app, key).await
}

/// Stores a key as it is described but for its times, and tells the gateways.
pub async fn put(tx: &mut TenantTx, app: &AppId, key: ClientKey) -> Result<ClientKey, ApiError> {
    let created_at = sqlx::query_scalar!(
        "INSERT INTO publishable_keys
             (key, app_id, organisation_id, name, actions, channels, allowed_origins,
              allow_no_origin, ice_servers, expires_at, replaces)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING created_at",
        key.key.as_str(),
        app.as_str(),
        tx.organisation().uuid(),
        key.name,
        &texts(&key.actions, |a: &Action| a.as_str()),
        &texts(&key.channels, |p: &Pattern| p.as_str()),
        &key.allowed_origins,
        key.allow_no_origin,
        key.ice_servers,
        key.expires_at,
        key.replaces.as_ref().map(PublishableKey::as_str),
    )
    .fetch_one(tx.db())
    .await
    .map_err(|e| taken_or(e, "publishable_keys_pkey"))?;
    tell(tx, app, ClientKey { created_at, last_used_at: None, ..key }).await
}

/// Publishes the key's whole present state, and returns it.
async fn tell(tx: &mut TenantTx, app: &AppId, key: ClientKey) -> Result<ClientKey, ApiError> {
    let record = PublishableKeyRecord {
        key: key.key.clone(),
        app: app.clone(),
        actions: key.actions.clone(),
        channels: key.channels.clone(),
        allowed_origins: key.allowed_origins.clone(),
        allow_no_origin: key.allow_no_origin,
        ice_servers: key.ice_servers,
        expires_at: key.expires_at.map(OffsetDateTime::unix_timestamp),
    };
    feed::store::append(tx, &Change::PublishableKey(record)).await?;
    Ok(key)
}

/// Keys that are not revoked, newest first.
pub async fn page(
    tx: &mut TenantTx,
    app: &AppId,
    page: &PageRequest,
) -> Result<Vec<ClientKey>, sqlx::Error> {
    let (before, before_key) = page.after();
    let rows = select_keys!(
        "WHERE app_id = $1 AND organisation_id = $2 AND revoked_at IS NULL
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
    rows.into_iter().map(ClientKey::try_from).collect()
}

pub fn position(key: &ClientKey) -> Position {
    Position { created_at: key.created_at, id: key.key.as_str().to_owned() }
}

/// A key that is not revoked, held until commit.
pub async fn lock(
    tx: &mut TenantTx,
    app: &AppId,
    key: &PublishableKey,
) -> Result<Option<ClientKey>, sqlx::Error> {
    let row = select_keys!(
        "WHERE key = $1 AND app_id = $2 AND organisation_id = $3 AND revoked_at IS NULL
         FOR NO KEY UPDATE",
        key.as_str(),
        app.as_str(),
        tx.organisation().uuid(),
    )
    .fetch_optional(tx.db())
    .await?;
    row.map(ClientKey::try_from).transpose()
}

/// Writes down what may change of a key, and tells the gateways.
pub async fn update(tx: &mut TenantTx, app: &AppId, key: ClientKey) -> Result<ClientKey, ApiError> {
    sqlx::query!(
        "UPDATE publishable_keys
         SET name = $4, actions = $5, channels = $6, allowed_origins = $7, allow_no_origin = $8,
             ice_servers = $9, expires_at = $10
         WHERE key = $1 AND app_id = $2 AND organisation_id = $3",
        key.key.as_str(),
        app.as_str(),
        tx.organisation().uuid(),
        key.name,
        &texts(&key.actions, |a: &Action| a.as_str()),
        &texts(&key.channels, |p: &Pattern| p.as_str()),
        &key.allowed_origins,
        key.allow_no_origin,
        key.ice_servers,
        key.expires_at,
    )
    .execute(tx.db())
    .await?;
    tell(tx, app, key).await
}

revocation!("publishable_keys", "key", "publishable_key", key: PublishableKey => |app, key| {
    Kill::RevokePublishableKey { app, key }
});

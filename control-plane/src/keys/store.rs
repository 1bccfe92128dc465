//! Secret keys in Postgres: of a token only the hash is kept, and signing secrets are sealed.

use super::{
    model::{NewKey, SecretKey},
    networks,
    rotation::{Overlap, Previous},
};
use crate::{
    api::{ApiError, PageRequest, Position},
    db::TenantTx,
    feed::{self, revocation::revocation},
    plans,
};
use contract::{
    AppId, SecretKeyId, TokenHash,
    directory::{Change, Kill, PreviousToken, Revision, SecretKeyRecord},
};
use time::OffsetDateTime;

struct Row {
    id: String,
    name: String,
    actions: Vec<String>,
    channels: Vec<String>,
    created_at: OffsetDateTime,
    expires_at: Option<OffsetDateTime>,
    last_used_at: Option<OffsetDateTime>,
    token_secret_at: Option<OffsetDateTime>,
    max_publishes_per_s: Option<i32>,
    allowed_addresses: Vec<String>,
    rotated_at: Option<OffsetDateTime>,
    previous_expires_at: Option<OffsetDateTime>,
    previous_last_used_at: Option<OffsetDateTime>,
}

/// Selects keys as they are shown; what follows says which.
macro_rules! select_keys {
    ($which:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            Row,
            "SELECT id, name, actions, channels, created_at, expires_at, last_used_at,
                    token_secret_at, max_publishes_per_s, allowed_addresses, rotated_at,
                    CASE WHEN previous_expires_at > now() THEN previous_expires_at END
                        AS previous_expires_at,
                    previous_last_used_at
             FROM secret_keys " + $which,
            $($argument),*
        )
    };
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
            token_secret_at: row.token_secret_at,
            max_publishes_per_s: row.max_publishes_per_s.map(i32::unsigned_abs),
            allowed_addresses: decode_all(&row.allowed_addresses)?,
            rotated_at: row.rotated_at,
            previous: Previous::of(row.previous_expires_at, row.previous_last_used_at),
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

pub fn texts<T>(values: &[T], text: impl Fn(&T) -> &str) -> Vec<String> {
    values.iter().map(|value| text(value).to_owned()).collect()
}

/// Stores a key and tells the gateways. Errors: 409 when the id is in use anywhere, or was once.
pub async fn insert(
    tx: &mut TenantTx,
    app: &AppId,
    id: &SecretKeyId,
    new: NewKey,
    hash: TokenHash,
    sealed_token_secret: Option<Vec<u8>>,
) -> Result<SecretKey, ApiError> {
    let addresses = networks::parse("allowed_addresses", &new.allowed_addresses)?;
    sqlx::query!(
        "INSERT INTO secret_keys
             (id, app_id, organisation_id, name, token_hash, actions, channels, expires_at,
              sealed_token_secret, token_secret_at, max_publishes_per_s, allowed_addresses)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::bytea,
                 CASE WHEN $9::bytea IS NOT NULL THEN now() END, $10, $11)",
        id.as_str(),
        app.as_str(),
        tx.organisation().uuid(),
        new.name.as_str(),
        &hash.as_bytes()[..],
        &texts(&new.actions, |a| a.as_str()),
        &texts(&new.channels, |p| p.as_str()),
        new.expires_at,
        sealed_token_secret,
        new.max_publishes_per_s.map(u32::cast_signed),
        &displayed(&addresses),
    )
    .execute(tx.db())
    .await
    .map_err(|e| taken_or(e, "secret_keys_pkey"))?;
    publish(tx, app, id).await.map(|(key, _)| key)
}

fn displayed<T: std::fmt::Display>(values: &[T]) -> Vec<String> {
    values.iter().map(T::to_string).collect()
}

/// What a name that is in use already answers, of keys of either kind.
pub fn taken_or(error: sqlx::Error, constraint: &str) -> ApiError {
    match error.as_database_error().and_then(|d| d.constraint()) {
        Some(name) if name == constraint => {
            ApiError::Conflict { code: "key_taken", detail: "this key is in use, or was once" }
        }
        _ => error.into(),
    }
}

/// Tells the gateways the key's whole present state, and returns it.
async fn publish(
    tx: &mut TenantTx,
    app: &AppId,
    id: &SecretKeyId,
) -> Result<(SecretKey, Revision), ApiError> {
    let key = lock(tx, app, id).await?.ok_or(ApiError::NotFound)?;
    let held = sqlx::query!(
        "SELECT token_hash, sealed_token_secret, previous_token_hash FROM secret_keys
         WHERE id = $1 AND app_id = $2 AND organisation_id = $3",
        id.as_str(),
        app.as_str(),
        tx.organisation().uuid(),
    )
    .fetch_one(tx.db())
    .await?;
    let ends = key.previous.as_ref().map(|previous| previous.expires_at);
    let record = SecretKeyRecord {
        id: id.clone(),
        app: app.clone(),
        hash: hash_of(&held.token_hash)?,
        actions: key.actions.clone(),
        channels: key.channels.clone(),
        expires_at: key.expires_at.map(OffsetDateTime::unix_timestamp),
        sealed_token_secret: held.sealed_token_secret,
        previous: previous_token(held.previous_token_hash.as_deref(), ends)?,
        max_publishes_per_s: key.max_publishes_per_s,
        allowed_addresses: key.allowed_addresses.clone(),
    };
    let revision = feed::store::append(tx, &Change::SecretKey(record)).await?;
    Ok((key, revision))
}

/// Errors: stored bytes that are no SHA-256.
pub fn previous_token(
    hash: Option<&[u8]>,
    ends: Option<OffsetDateTime>,
) -> Result<Option<PreviousToken>, sqlx::Error> {
    let (Some(hash), Some(ends)) = (hash, ends) else { return Ok(None) };
    Ok(Some(PreviousToken { hash: hash_of(hash)?, expires_at: ends.unix_timestamp() }))
}

/// Errors: stored bytes that are no SHA-256.
pub fn hash_of(stored: &[u8]) -> Result<TokenHash, sqlx::Error> {
    let bytes: Result<[u8; 32], _> = stored.try_into();
    bytes.map(TokenHash::from_bytes).map_err(|e| sqlx::Error::Decode(e.into()))
}

/// A key that is not revoked, held until commit.
pub async fn lock(
    tx: &mut TenantTx,
    app: &AppId,
    id: &SecretKeyId,
) -> Result<Option<SecretKey>, sqlx::Error> {
    let row = select_keys!(
        "WHERE id = $1 AND app_id = $2 AND organisation_id = $3 AND revoked_at IS NULL
         FOR NO KEY UPDATE",
        id.as_str(),
        app.as_str(),
        tx.organisation().uuid(),
    )
    .fetch_optional(tx.db())
    .await?;
    row.map(SecretKey::try_from).transpose()
}

/// Writes down what may change of a key, and tells the gateways.
pub async fn update(
    tx: &mut TenantTx,
    app: &AppId,
    key: &SecretKey,
) -> Result<SecretKey, ApiError> {
    sqlx::query!(
        "UPDATE secret_keys SET name = $4, actions = $5, channels = $6, expires_at = $7,
             max_publishes_per_s = $8, allowed_addresses = $9
         WHERE id = $1 AND app_id = $2 AND organisation_id = $3 AND revoked_at IS NULL",
        key.id.as_str(),
        app.as_str(),
        tx.organisation().uuid(),
        key.name,
        &texts(&key.actions, |a| a.as_str()),
        &texts(&key.channels, |p| p.as_str()),
        key.expires_at,
        key.max_publishes_per_s.map(u32::cast_signed),
        &displayed(&key.allowed_addresses),
    )
    .execute(tx.db())
    .await?;
    publish(tx, app, &key.id).await.map(|(key, _)| key)
}

/// Puts another token in the place of the key's, and tells the gateways.
pub async fn rotate(
    tx: &mut TenantTx,
    app: &AppId,
    id: &SecretKeyId,
    hash: TokenHash,
    overlap: Overlap,
) -> Result<(SecretKey, Revision), ApiError> {
    sqlx::query!(
        "UPDATE secret_keys SET
             previous_token_hash = CASE WHEN $5::float8 > 0 THEN token_hash END,
             previous_expires_at = CASE WHEN $5 > 0 THEN now() + make_interval(secs => $5) END,
             previous_last_used_at = CASE WHEN $5 > 0 THEN last_used_at END,
             token_hash = $4, rotated_at = now()
         WHERE id = $1 AND app_id = $2 AND organisation_id = $3 AND revoked_at IS NULL",
        id.as_str(),
        app.as_str(),
        tx.organisation().uuid(),
        &hash.as_bytes()[..],
        overlap.seconds(),
    )
    .execute(tx.db())
    .await?;
    publish(tx, app, id).await
}

/// Ends the token before the present one, and tells the gateways.
pub async fn end_previous(
    tx: &mut TenantTx,
    app: &AppId,
    id: &SecretKeyId,
) -> Result<Revision, ApiError> {
    sqlx::query!(
        "UPDATE secret_keys SET previous_token_hash = NULL, previous_expires_at = NULL,
             previous_last_used_at = NULL
         WHERE id = $1 AND app_id = $2 AND organisation_id = $3 AND revoked_at IS NULL",
        id.as_str(),
        app.as_str(),
        tx.organisation().uuid(),
    )
    .execute(tx.db())
    .await?;
    publish(tx, app, id).await.map(|(_, revision)| revision)
}

/// Gives the key another signing secret, and tells the gateways.
pub async fn set_token_secret(
    tx: &mut TenantTx,
    app: &AppId,
    id: &SecretKeyId,
    sealed: &[u8],
) -> Result<SecretKey, ApiError> {
    sqlx::query!(
        "UPDATE secret_keys SET sealed_token_secret = $4, token_secret_at = now()
         WHERE id = $1 AND app_id = $2 AND organisation_id = $3 AND revoked_at IS NULL",
        id.as_str(),
        app.as_str(),
        tx.organisation().uuid(),
        sealed,
    )
    .execute(tx.db())
    .await?;
    publish(tx, app, id).await.map(|(key, _)| key)
}

/// Errors: 403 when the app has as many keys as the plan allows, of both kinds and expired ones included.
/// The caller holds the app's row, so two requests cannot both make the last one.
pub async fn require_room(tx: &mut TenantTx, app: &AppId) -> Result<(), ApiError> {
    let count = sqlx::query_scalar!(
        r#"SELECT (SELECT count(*) FROM secret_keys
                   WHERE app_id = $1 AND organisation_id = $2 AND revoked_at IS NULL)
                + (SELECT count(*) FROM publishable_keys
                   WHERE app_id = $1 AND organisation_id = $2 AND revoked_at IS NULL)
                  AS "count!""#,
        app.as_str(),
        tx.organisation().uuid(),
    )
    .fetch_one(tx.db())
    .await?;
    plans::store::held(tx).await?.require_keys(count)
}

/// Keys that are not revoked, newest first.
pub async fn page(
    tx: &mut TenantTx,
    app: &AppId,
    page: &PageRequest,
) -> Result<Vec<SecretKey>, sqlx::Error> {
    let (before, before_id) = page.after();
    let rows = select_keys!(
        "WHERE app_id = $1 AND organisation_id = $2 AND revoked_at IS NULL
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

revocation!("secret_keys", "id", "secret_key", id: SecretKeyId => |app, id| {
    Kill::RevokeSecretKey { app, id }
});

//! Key and secret pairs in Postgres; secrets only ever sealed.

use super::model::{Credential, NewCredential};
use crate::{
    api::{ApiError, PageRequest, Position},
    apps::store::{parse_id, take_name},
    db::TenantTx,
    feed::revocation::revocation,
    keys::rotation::{Overlap, Previous},
};
use contract::{
    AppId, AppKey, AppSecret,
    directory::{AppCredential, Kill, PreviousSecret},
    seal::MasterKey,
};
use time::OffsetDateTime;

/// Active pairs of one app at most: enough to rotate, few enough for every gateway to hold.
pub const MAX_ACTIVE: i64 = 10;

struct Row {
    key: String,
    created_at: OffsetDateTime,
    last_used_at: Option<OffsetDateTime>,
    expires_at: Option<OffsetDateTime>,
    rotated_at: Option<OffsetDateTime>,
    previous_expires_at: Option<OffsetDateTime>,
    previous_last_used_at: Option<OffsetDateTime>,
}

/// Selects pairs as they are shown; what follows says which.
macro_rules! select_pairs {
    ($which:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            Row,
            "SELECT key, created_at, last_used_at, expires_at, rotated_at,
                    CASE WHEN previous_expires_at > now() THEN previous_expires_at END
                        AS previous_expires_at,
                    previous_last_used_at
             FROM app_credentials " + $which,
            $($argument),*
        )
    };
}

impl TryFrom<Row> for Credential {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            key: parse_id(&row.key)?,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            rotated_at: row.rotated_at,
            previous: Previous::of(row.previous_expires_at, row.previous_last_used_at),
        })
    }
}

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
           WHERE app_id = $1 AND organisation_id = $2 AND revoked_at IS NULL
             AND (expires_at IS NULL OR expires_at > now())"#,
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
    let rows = select_pairs!(
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
    rows.into_iter().map(Credential::try_from).collect()
}

/// A pair that is not revoked, held until commit.
pub async fn lock(
    tx: &mut TenantTx,
    app: &AppId,
    key: &AppKey,
) -> Result<Option<Credential>, sqlx::Error> {
    let row = select_pairs!(
        "WHERE key = $1 AND app_id = $2 AND organisation_id = $3 AND revoked_at IS NULL
         FOR NO KEY UPDATE",
        key.as_str(),
        app.as_str(),
        tx.organisation().uuid(),
    )
    .fetch_optional(tx.db())
    .await?;
    row.map(Credential::try_from).transpose()
}

pub async fn set_expiry(
    tx: &mut TenantTx,
    app: &AppId,
    key: &AppKey,
    expires_at: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE app_credentials SET expires_at = $4
         WHERE key = $1 AND app_id = $2 AND organisation_id = $3 AND revoked_at IS NULL",
        key.as_str(),
        app.as_str(),
        tx.organisation().uuid(),
        expires_at,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Puts another secret in the place of the pair's. The key stays: clients carry it.
pub async fn rotate(
    tx: &mut TenantTx,
    app: &AppId,
    key: &AppKey,
    sealed_secret: &[u8],
    overlap: Overlap,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE app_credentials SET
             previous_sealed_secret = CASE WHEN $5::float8 > 0 THEN sealed_secret END,
             previous_expires_at = CASE WHEN $5 > 0 THEN now() + make_interval(secs => $5) END,
             previous_last_used_at = CASE WHEN $5 > 0 THEN last_used_at END,
             sealed_secret = $4, rotated_at = now()
         WHERE key = $1 AND app_id = $2 AND organisation_id = $3 AND revoked_at IS NULL",
        key.as_str(),
        app.as_str(),
        tx.organisation().uuid(),
        sealed_secret,
        overlap.seconds(),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

pub async fn end_previous(tx: &mut TenantTx, app: &AppId, key: &AppKey) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE app_credentials SET previous_sealed_secret = NULL, previous_expires_at = NULL,
             previous_last_used_at = NULL
         WHERE key = $1 AND app_id = $2 AND organisation_id = $3 AND revoked_at IS NULL",
        key.as_str(),
        app.as_str(),
        tx.organisation().uuid(),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

pub fn position(credential: &Credential) -> Position {
    Position { created_at: credential.created_at, id: credential.key.as_str().to_owned() }
}

/// The active pairs as gateways get them, oldest first.
pub async fn sealed(tx: &mut TenantTx, app: &AppId) -> Result<Vec<AppCredential>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT key, sealed_secret, expires_at, previous_sealed_secret,
                CASE WHEN previous_expires_at > now() THEN previous_expires_at END
                    AS previous_expires_at
         FROM app_credentials
         WHERE app_id = $1 AND organisation_id = $2 AND revoked_at IS NULL
           AND (expires_at IS NULL OR expires_at > now())
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
                expires_at: r.expires_at.map(OffsetDateTime::unix_timestamp),
                previous: previous_secret(r.previous_sealed_secret, r.previous_expires_at),
            })
        })
        .collect()
}

pub fn previous_secret(
    sealed_secret: Option<Vec<u8>>,
    ends: Option<OffsetDateTime>,
) -> Option<PreviousSecret> {
    let expires_at = ends?.unix_timestamp();
    Some(PreviousSecret { sealed_secret: sealed_secret?, expires_at })
}

revocation!("app_credentials", "key", "credential", key: AppKey => |app, key| {
    Kill::RevokeCredential { app, key }
});

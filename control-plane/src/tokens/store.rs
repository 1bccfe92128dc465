//! Management tokens in Postgres: of a token only the hash is kept.

use super::{
    ActingToken,
    model::{NewToken, Token},
};
use crate::{
    api::{ApiError, PageRequest, Position},
    db::{Db, PersonId, TenantTx},
    keys::store::{decode, decode_all, hash_of, texts},
    organisations::{self, Permission},
};
use contract::{AppId, ManagementToken, ManagementTokenId};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Tokens of one organisation at most that are not revoked.
pub const MAX_TOKENS: i64 = 100;
/// A token's last use is written down no more often than this.
const USE_STEP: Duration = Duration::seconds(60);

struct Row {
    id: String,
    name: String,
    permissions: Vec<String>,
    apps: Option<Vec<String>>,
    user_id: Uuid,
    created_at: OffsetDateTime,
    expires_at: Option<OffsetDateTime>,
    last_used_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for Token {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: decode(&row.id)?,
            name: row.name,
            permissions: permissions(&row.permissions),
            apps: apps(row.apps)?,
            made_by: row.user_id,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        })
    }
}

/// A permission that this version does not know is one that the token does not have.
fn permissions(stored: &[String]) -> Vec<Permission> {
    let known = |text: &String| Permission::ALL.into_iter().find(|p| p.as_str() == text);
    stored.iter().filter_map(known).collect()
}

fn apps(stored: Option<Vec<String>>) -> Result<Option<Vec<AppId>>, sqlx::Error> {
    stored.map(|ids| decode_all(&ids)).transpose()
}

/// The token that was presented, if it is in force. Also notes that it was used.
pub async fn acting(
    db: &Db,
    presented: &ManagementToken,
) -> Result<Option<ActingToken>, sqlx::Error> {
    let id = presented.id();
    let mut tx = db.service().await?;
    let row = sqlx::query!(
        "SELECT t.id, t.organisation_id, t.token_hash, t.name, t.permissions, t.apps, t.last_used_at,
                t.user_id, u.email
         FROM management_tokens t JOIN users u ON u.id = t.user_id
         WHERE t.id = $1 AND t.revoked_at IS NULL
           AND (t.expires_at IS NULL OR t.expires_at > now())",
        id.as_str(),
    )
    .fetch_optional(tx.db())
    .await?;
    let Some(row) = row else { return Ok(None) };
    if !hash_of(&row.token_hash)?.ct_eq(&presented.hash()) {
        return Ok(None);
    }
    if row.last_used_at.is_none_or(|at| at < OffsetDateTime::now_utc() - USE_STEP) {
        sqlx::query!("UPDATE management_tokens SET last_used_at = now() WHERE id = $1", row.id)
            .execute(tx.db())
            .await?;
    }
    tx.commit().await?;
    Ok(Some(ActingToken {
        id: decode(&row.id)?,
        name: row.name,
        organisation: row.organisation_id,
        maker: PersonId(row.user_id),
        maker_email: row.email,
        permissions: permissions(&row.permissions),
        apps: apps(row.apps)?,
    }))
}

/// Stores a token of the transaction's person. Errors: 409 when there are as many as there may be,
/// 422 when an app is not the organisation's.
pub async fn insert(
    tx: &mut TenantTx,
    token: &ManagementToken,
    new: NewToken,
) -> Result<Token, ApiError> {
    let (organisation, person) = (tx.organisation().uuid(), tx.person().0);
    // The organisation's row is the lock: two requests cannot both make the last token.
    organisations::store::lock(tx).await?;
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM management_tokens
           WHERE organisation_id = $1 AND revoked_at IS NULL"#,
        organisation,
    )
    .fetch_one(tx.db())
    .await?;
    if count >= MAX_TOKENS {
        return Err(ApiError::Conflict {
            code: "too_many_tokens",
            detail: "an organisation has at most 100 management tokens: revoke one first",
        });
    }
    let apps = new.apps.map(|apps| texts(&apps, AppId::as_str));
    if let Some(apps) = &apps {
        let found = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM apps
               WHERE organisation_id = $1 AND id = ANY($2) AND deleted_at IS NULL"#,
            organisation,
            apps,
        )
        .fetch_one(tx.db())
        .await?;
        if found != apps.len() as i64 {
            return Err(ApiError::field("apps", "one of them is not an app of this organisation"));
        }
    }
    let (id, hash) = (token.id(), token.hash());
    let row = sqlx::query_as!(
        Row,
        "INSERT INTO management_tokens
             (id, organisation_id, user_id, name, token_hash, permissions, apps, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         RETURNING id, name, permissions, apps, user_id, created_at, expires_at, last_used_at",
        id.as_str(),
        organisation,
        person,
        new.name.as_str(),
        &hash.as_bytes()[..],
        &texts(&new.permissions, |p| p.as_str()),
        apps.as_deref(),
        new.expires_at,
    )
    .fetch_one(tx.db())
    .await?;
    Ok(row.try_into()?)
}

/// Tokens that are not revoked, newest first.
pub async fn page(tx: &mut TenantTx, page: &PageRequest) -> Result<Vec<Token>, sqlx::Error> {
    let (before, before_id) = page.after();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, name, permissions, apps, user_id, created_at, expires_at, last_used_at
         FROM management_tokens
         WHERE organisation_id = $1 AND revoked_at IS NULL
           AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
         ORDER BY created_at DESC, id DESC LIMIT $4",
        tx.organisation().uuid(),
        before,
        before_id,
        page.fetch(),
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter().map(Token::try_from).collect()
}

pub fn position(token: &Token) -> Position {
    Position { created_at: token.created_at, id: token.id.as_str().to_owned() }
}

/// A token that is not revoked, held until commit.
pub async fn lock(tx: &mut TenantTx, id: &ManagementTokenId) -> Result<Option<Token>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, name, permissions, apps, user_id, created_at, expires_at, last_used_at
         FROM management_tokens
         WHERE organisation_id = $1 AND id = $2 AND revoked_at IS NULL FOR NO KEY UPDATE",
        tx.organisation().uuid(),
        id.as_str(),
    )
    .fetch_optional(tx.db())
    .await?;
    row.map(Token::try_from).transpose()
}

pub async fn revoke(tx: &mut TenantTx, id: &ManagementTokenId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE management_tokens SET revoked_at = now()
         WHERE organisation_id = $1 AND id = $2 AND revoked_at IS NULL",
        tx.organisation().uuid(),
        id.as_str(),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Ends what somebody made who is no longer a member.
pub async fn revoke_all_of(tx: &mut TenantTx, person: PersonId) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE management_tokens SET revoked_at = now()
         WHERE organisation_id = $1 AND user_id = $2 AND revoked_at IS NULL",
        tx.organisation().uuid(),
        person.0,
    )
    .execute(tx.db())
    .await?;
    Ok(done.rows_affected())
}

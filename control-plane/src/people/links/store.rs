//! Links in Postgres.

use super::{LinkToken, Purpose};
use crate::db::{PersonId, PersonTx};
use contract::TokenHash;
use time::OffsetDateTime;
use uuid::Uuid;

/// Of one purpose, for one person. With one more, the oldest no longer works.
const AT_MOST: i64 = 5;

pub struct Link {
    pub user_id: Uuid,
    /// Where it was sent.
    pub email: String,
}

pub async fn insert(
    tx: &mut PersonTx,
    person: PersonId,
    purpose: Purpose,
    email: &str,
    token: &LinkToken,
) -> Result<(), sqlx::Error> {
    let token = token.hash();
    sqlx::query!(
        "INSERT INTO mail_links (token_hash, user_id, purpose, email, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
        &token.as_bytes()[..],
        person.0,
        purpose.as_str(),
        email,
        OffsetDateTime::now_utc() + purpose.lifetime(),
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "DELETE FROM mail_links WHERE token_hash IN (
             SELECT token_hash FROM mail_links WHERE user_id = $1 AND purpose = $2
             ORDER BY created_at DESC OFFSET $3)",
        person.0,
        purpose.as_str(),
        AT_MOST,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

pub async fn exists(
    tx: &mut PersonTx,
    token: TokenHash,
    purpose: Purpose,
) -> Result<bool, sqlx::Error> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM mail_links WHERE token_hash = $1 AND purpose = $2
                          AND expires_at > now()) AS "found!""#,
        &token.as_bytes()[..],
        purpose.as_str(),
    );
    found.fetch_one(tx.db()).await
}

/// Uses a link up. Of two who try at once, one succeeds.
pub async fn take(
    tx: &mut PersonTx,
    token: TokenHash,
    purpose: Purpose,
) -> Result<Option<Link>, sqlx::Error> {
    sqlx::query_as!(
        Link,
        "DELETE FROM mail_links WHERE token_hash = $1 AND purpose = $2 AND expires_at > now()
         RETURNING user_id, email",
        &token.as_bytes()[..],
        purpose.as_str(),
    )
    .fetch_optional(tx.db())
    .await
}

pub async fn forget(
    tx: &mut PersonTx,
    person: PersonId,
    purpose: Purpose,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM mail_links WHERE user_id = $1 AND purpose = $2",
        person.0,
        purpose.as_str(),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

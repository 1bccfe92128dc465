//! Accounts and sessions in Postgres.

use super::{
    model::{EmailAddress, User},
    session,
};
use crate::db::{Db, PersonId, PersonTx};
use contract::TokenHash;
use time::OffsetDateTime;
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
pub enum InsertUserError {
    #[error("the address has an account")]
    Taken,
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Errors: `Taken` when the address, in any capitals, has an account.
pub async fn insert_user(
    tx: &mut PersonTx,
    email: &EmailAddress,
    name: Option<&str>,
    password_hash: &str,
) -> Result<User, InsertUserError> {
    let user = sqlx::query_as!(
        User,
        "INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, $3, $4)
         RETURNING id, email, name",
        Uuid::now_v7(),
        email.as_str(),
        name,
        password_hash,
    )
    .fetch_one(tx.db())
    .await;
    user.map_err(|e| match e.as_database_error().and_then(|d| d.constraint()) {
        Some("users_email_key") => InsertUserError::Taken,
        _ => InsertUserError::Db(e),
    })
}

/// An account with what its password is checked against.
pub struct Account {
    pub user: User,
    pub password_hash: String,
}

pub async fn account(db: &Db, email: &str) -> Result<Option<Account>, sqlx::Error> {
    let mut tx = db.anonymous().await?;
    let row = sqlx::query!(
        "SELECT id, email, name, password_hash FROM users WHERE lower(email) = lower($1)",
        email,
    )
    .fetch_optional(tx.db())
    .await?;
    tx.commit().await?;
    Ok(row.map(|r| Account {
        user: User { id: r.id, email: r.email, name: r.name },
        password_hash: r.password_hash,
    }))
}

/// Starts a session and ends what is past its time or past the limit.
pub async fn insert_session(
    tx: &mut PersonTx,
    person: PersonId,
    token: TokenHash,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO sessions (token_hash, user_id, expires_at) VALUES ($1, $2, $3)",
        &token.as_bytes()[..],
        person.0,
        OffsetDateTime::now_utc() + session::LIFETIME,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "DELETE FROM sessions WHERE user_id = $1 AND (expires_at < now() OR token_hash IN (
             SELECT token_hash FROM sessions WHERE user_id = $1
             ORDER BY created_at DESC OFFSET $2))",
        person.0,
        session::MAX_PER_PERSON,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

pub async fn user_of_session(db: &Db, token: TokenHash) -> Result<Option<User>, sqlx::Error> {
    let mut tx = db.anonymous().await?;
    let user = sqlx::query_as!(
        User,
        "SELECT u.id, u.email, u.name FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.token_hash = $1 AND s.expires_at > now()",
        &token.as_bytes()[..],
    )
    .fetch_optional(tx.db())
    .await?;
    tx.commit().await?;
    Ok(user)
}

pub async fn end_session(db: &Db, token: TokenHash) -> Result<(), sqlx::Error> {
    let mut tx = db.anonymous().await?;
    sqlx::query!("DELETE FROM sessions WHERE token_hash = $1", &token.as_bytes()[..])
        .execute(tx.db())
        .await?;
    tx.commit().await
}

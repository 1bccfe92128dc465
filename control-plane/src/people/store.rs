//! Accounts and sessions in Postgres.

use super::{
    device::Device,
    links::{self, Purpose},
    model::{EmailAddress, User},
    session,
};
use crate::db::{Db, PersonId, PersonTx};
use contract::TokenHash;
use time::OffsetDateTime;
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
pub enum EmailError {
    #[error("the address has an account")]
    Taken,
    #[error(transparent)]
    Db(sqlx::Error),
}

impl From<sqlx::Error> for EmailError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error().and_then(|d| d.constraint()) {
            Some("users_email_key") => Self::Taken,
            _ => Self::Db(error),
        }
    }
}

/// Errors: `Taken` when the address, in any capitals, has an account.
pub async fn insert_user(
    tx: &mut PersonTx,
    email: &EmailAddress,
    name: Option<&str>,
    password_hash: &str,
) -> Result<User, EmailError> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, $3, $4)",
        id,
        email.as_str(),
        name,
        password_hash,
    )
    .execute(tx.db())
    .await?;
    let (email, name) = (email.as_str().to_owned(), name.map(str::to_owned));
    Ok(User { id, email, name, email_verified: false, second_factor: false })
}

/// An account with what its password is checked against.
pub struct Account {
    pub user: User,
    pub password_hash: String,
}

pub async fn account(db: &Db, email: &str) -> Result<Option<Account>, sqlx::Error> {
    let mut tx = db.anonymous().await?;
    let row = sqlx::query!(
        r#"SELECT u.id, u.email, u.name, u.password_hash,
                  u.email_verified_at IS NOT NULL AS "email_verified!",
                  EXISTS (SELECT FROM second_factors f
                          WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL) AS "second_factor!"
           FROM users u WHERE lower(u.email) = lower($1)"#,
        email,
    )
    .fetch_optional(tx.db())
    .await?;
    tx.commit().await?;
    Ok(row.map(|r| Account {
        user: User {
            id: r.id,
            email: r.email,
            name: r.name,
            email_verified: r.email_verified,
            second_factor: r.second_factor,
        },
        password_hash: r.password_hash,
    }))
}

pub async fn user(db: &Db, person: PersonId) -> Result<Option<User>, sqlx::Error> {
    let mut tx = db.anonymous().await?;
    let user = sqlx::query_as!(
        User,
        r#"SELECT u.id, u.email, u.name, u.email_verified_at IS NOT NULL AS "email_verified!",
                  EXISTS (SELECT FROM second_factors f
                          WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL) AS "second_factor!"
           FROM users u WHERE u.id = $1"#,
        person.0,
    )
    .fetch_optional(tx.db())
    .await?;
    tx.commit().await?;
    Ok(user)
}

pub async fn password_hash(db: &Db, person: PersonId) -> Result<Option<String>, sqlx::Error> {
    let mut tx = db.anonymous().await?;
    let hash = sqlx::query_scalar!("SELECT password_hash FROM users WHERE id = $1", person.0)
        .fetch_optional(tx.db())
        .await?;
    tx.commit().await?;
    Ok(hash)
}

/// Whether `email` is still the person's address.
pub async fn mark_verified(
    tx: &mut PersonTx,
    person: PersonId,
    email: &str,
) -> Result<bool, sqlx::Error> {
    let updated = sqlx::query!(
        "UPDATE users SET email_verified_at = coalesce(email_verified_at, now())
         WHERE id = $1 AND lower(email) = lower($2)",
        person.0,
        email,
    )
    .execute(tx.db())
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// The address is proved by then. The old one comes back.
pub async fn change_email(
    tx: &mut PersonTx,
    person: PersonId,
    email: &str,
) -> Result<String, EmailError> {
    let old = sqlx::query_scalar!("SELECT email FROM users WHERE id = $1 FOR UPDATE", person.0)
        .fetch_one(tx.db())
        .await?;
    sqlx::query!(
        "UPDATE users SET email = $2, email_verified_at = now() WHERE id = $1",
        person.0,
        email,
    )
    .execute(tx.db())
    .await?;
    Ok(old)
}

/// Ends every session but `kept`, and everything that was begun with the old password.
pub async fn set_password(
    tx: &mut PersonTx,
    person: PersonId,
    password_hash: &str,
    kept: Option<Uuid>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE users SET password_hash = $2 WHERE id = $1", person.0, password_hash)
        .execute(tx.db())
        .await?;
    sqlx::query!(
        "DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2",
        person.0,
        kept,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!("DELETE FROM pending_logins WHERE user_id = $1", person.0)
        .execute(tx.db())
        .await?;
    links::store::forget(tx, person, Purpose::ResetPassword).await
}

pub async fn rename(
    tx: &mut PersonTx,
    person: PersonId,
    name: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE users SET name = $2 WHERE id = $1", person.0, name)
        .execute(tx.db())
        .await?;
    Ok(())
}

/// The address of the account that `email` names, if its owner was not told today.
pub async fn due_signup_notice(
    tx: &mut PersonTx,
    email: &EmailAddress,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "UPDATE users SET signup_notice_at = now()
         WHERE lower(email) = lower($1)
           AND coalesce(signup_notice_at < now() - interval '1 day', true)
         RETURNING email",
        email.as_str(),
    )
    .fetch_optional(tx.db())
    .await
}

/// Starts a session and ends what is past its time or past the limit.
pub async fn insert_session(
    tx: &mut PersonTx,
    person: PersonId,
    token: TokenHash,
    device: &Device,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO sessions (token_hash, user_id, expires_at, address, user_agent)
         VALUES ($1, $2, $3, $4, $5)",
        &token.as_bytes()[..],
        person.0,
        OffsetDateTime::now_utc() + session::LIFETIME,
        device.address.to_string(),
        device.user_agent,
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

/// Who uses a session, and what is known about it.
pub struct SessionUser {
    pub user: User,
    pub session_id: Uuid,
    /// The password was given within [`session::RECENT`].
    pub recent: bool,
}

pub async fn user_of_session(
    db: &Db,
    token: TokenHash,
) -> Result<Option<SessionUser>, sqlx::Error> {
    let mut tx = db.anonymous().await?;
    let row = sqlx::query!(
        r#"SELECT u.id, u.email, u.name, u.email_verified_at IS NOT NULL AS "email_verified!",
                  EXISTS (SELECT FROM second_factors f
                          WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL) AS "second_factor!",
                  s.id AS session_id,
                  s.confirmed_at > now() - make_interval(secs => $2) AS "recent!",
                  s.last_seen_at < now() - make_interval(secs => $3) AS "stale!"
           FROM sessions s JOIN users u ON u.id = s.user_id
           WHERE s.token_hash = $1 AND s.expires_at > now()"#,
        &token.as_bytes()[..],
        session::RECENT.as_secs_f64(),
        session::SEEN_EVERY.as_secs_f64(),
    )
    .fetch_optional(tx.db())
    .await?;
    if let Some(stale) = row.as_ref().filter(|r| r.stale) {
        sqlx::query!("UPDATE sessions SET last_seen_at = now() WHERE id = $1", stale.session_id)
            .execute(tx.db())
            .await?;
    }
    tx.commit().await?;
    Ok(row.map(|r| SessionUser {
        user: User {
            id: r.id,
            email: r.email,
            name: r.name,
            email_verified: r.email_verified,
            second_factor: r.second_factor,
        },
        session_id: r.session_id,
        recent: r.recent,
    }))
}

/// Remembers a device. Whether it is a new one of somebody who has others.
pub async fn meet_device(
    tx: &mut PersonTx,
    person: PersonId,
    device: &Device,
) -> Result<bool, sqlx::Error> {
    let fingerprint = device.fingerprint();
    let row = sqlx::query!(
        r#"SELECT count(*) AS "all!", count(*) FILTER (WHERE device = $2) AS "this!"
           FROM known_devices WHERE user_id = $1"#,
        person.0,
        &fingerprint[..],
    )
    .fetch_one(tx.db())
    .await?;
    sqlx::query!(
        "INSERT INTO known_devices (user_id, device) VALUES ($1, $2)
         ON CONFLICT (user_id, device) DO UPDATE SET last_seen_at = now()",
        person.0,
        &fingerprint[..],
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "DELETE FROM known_devices WHERE user_id = $1 AND device IN (
             SELECT device FROM known_devices WHERE user_id = $1
             ORDER BY last_seen_at DESC OFFSET $2)",
        person.0,
        session::KNOWN_DEVICES,
    )
    .execute(tx.db())
    .await?;
    Ok(row.all > 0 && row.this == 0)
}

pub async fn end_session(db: &Db, token: TokenHash) -> Result<(), sqlx::Error> {
    let mut tx = db.anonymous().await?;
    sqlx::query!("DELETE FROM sessions WHERE token_hash = $1", &token.as_bytes()[..])
        .execute(tx.db())
        .await?;
    tx.commit().await
}

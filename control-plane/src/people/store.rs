//! Accounts in Postgres.

use super::{
    links::{self, Purpose},
    model::{EmailAddress, User},
};
use crate::db::{Db, PersonId, PersonTx};
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

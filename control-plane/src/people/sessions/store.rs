//! Sessions, and the devices they were started from, in Postgres.

use crate::{
    db::{Db, PersonId, PersonTx},
    people::{device::Device, model::User, session},
};
use contract::TokenHash;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// A place where somebody is signed in.
#[derive(Serialize, ToSchema)]
pub struct Session {
    pub id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// To within five minutes.
    #[serde(with = "time::serde::rfc3339")]
    pub last_seen_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// Where the sign-in came from.
    #[schema(required)]
    pub address: Option<String>,
    #[schema(required)]
    pub user_agent: Option<String>,
    /// The one that asks.
    pub current: bool,
}

pub async fn all_of(
    tx: &mut PersonTx,
    person: PersonId,
    current: Uuid,
) -> Result<Vec<Session>, sqlx::Error> {
    sqlx::query_as!(
        Session,
        r#"SELECT id, created_at, last_seen_at, expires_at, address, user_agent,
                  id = $2 AS "current!"
           FROM sessions WHERE user_id = $1 AND expires_at > now()
           ORDER BY id = $2 DESC, last_seen_at DESC, id"#,
        person.0,
        current,
    )
    .fetch_all(tx.db())
    .await
}

pub async fn end(tx: &mut PersonTx, person: PersonId, id: Uuid) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query!("DELETE FROM sessions WHERE user_id = $1 AND id = $2", person.0, id)
        .execute(tx.db())
        .await?;
    Ok(ended.rows_affected() == 1)
}

pub async fn end_others(
    tx: &mut PersonTx,
    person: PersonId,
    kept: Uuid,
) -> Result<u64, sqlx::Error> {
    let ended =
        sqlx::query!("DELETE FROM sessions WHERE user_id = $1 AND id <> $2", person.0, kept)
            .execute(tx.db())
            .await?;
    Ok(ended.rows_affected())
}

pub async fn confirm(tx: &mut PersonTx, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE sessions SET confirmed_at = now() WHERE id = $1", id)
        .execute(tx.db())
        .await?;
    Ok(())
}

pub async fn end_all(tx: &mut PersonTx, person: PersonId) -> Result<u64, sqlx::Error> {
    let ended =
        sqlx::query!("DELETE FROM sessions WHERE user_id = $1", person.0).execute(tx.db()).await?;
    Ok(ended.rows_affected())
}

/// Starts a session and ends what is past its time or past the limit.
pub async fn insert(
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

pub async fn end_presented(db: &Db, token: TokenHash) -> Result<(), sqlx::Error> {
    let mut tx = db.anonymous().await?;
    sqlx::query!("DELETE FROM sessions WHERE token_hash = $1", &token.as_bytes()[..])
        .execute(tx.db())
        .await?;
    tx.commit().await
}

//! A person's own sessions in Postgres.

use crate::db::{PersonId, PersonTx};
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

//! Second factors, recovery codes and logins that wait for one, in Postgres.

use super::recovery::RecoveryCode;
use crate::db::{PersonId, PersonTx};
use contract::TokenHash;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// Between password and code.
pub const PENDING: Duration = Duration::from_secs(300);
const ATTEMPTS: i32 = 5;
/// Of one person at once. With one more, the oldest ends.
const AT_MOST: i64 = 10;

pub struct Factor {
    pub sealed_secret: Vec<u8>,
    pub confirmed_at: Option<OffsetDateTime>,
}

pub async fn of(tx: &mut PersonTx, person: PersonId) -> Result<Option<Factor>, sqlx::Error> {
    sqlx::query_as!(
        Factor,
        "SELECT sealed_secret, confirmed_at FROM second_factors WHERE user_id = $1",
        person.0,
    )
    .fetch_optional(tx.db())
    .await
}

/// Whether it could be offered: not while another is in force.
pub async fn offer(
    tx: &mut PersonTx,
    person: PersonId,
    sealed_secret: &[u8],
) -> Result<bool, sqlx::Error> {
    let offered = sqlx::query!(
        "INSERT INTO second_factors (user_id, sealed_secret) VALUES ($1, $2)
         ON CONFLICT (user_id) DO UPDATE
             SET sealed_secret = excluded.sealed_secret, created_at = now(), last_step = 0
             WHERE second_factors.confirmed_at IS NULL",
        person.0,
        sealed_secret,
    )
    .execute(tx.db())
    .await?;
    Ok(offered.rows_affected() == 1)
}

pub async fn confirm(
    tx: &mut PersonTx,
    person: PersonId,
    sealed_secret: &[u8],
    step: i64,
) -> Result<bool, sqlx::Error> {
    let confirmed = sqlx::query!(
        "UPDATE second_factors SET confirmed_at = now(), last_step = $3
         WHERE user_id = $1 AND confirmed_at IS NULL AND sealed_secret = $2",
        person.0,
        sealed_secret,
        step,
    )
    .execute(tx.db())
    .await?;
    Ok(confirmed.rows_affected() == 1)
}

/// Whether this step's code, and every later one's, is still unused.
pub async fn use_step(tx: &mut PersonTx, person: PersonId, step: i64) -> Result<bool, sqlx::Error> {
    let used = sqlx::query!(
        "UPDATE second_factors SET last_step = $2 WHERE user_id = $1 AND last_step < $2",
        person.0,
        step,
    )
    .execute(tx.db())
    .await?;
    Ok(used.rows_affected() == 1)
}

pub async fn remove(tx: &mut PersonTx, person: PersonId) -> Result<bool, sqlx::Error> {
    sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1", person.0)
        .execute(tx.db())
        .await?;
    let removed = sqlx::query!("DELETE FROM second_factors WHERE user_id = $1", person.0)
        .execute(tx.db())
        .await?;
    Ok(removed.rows_affected() == 1)
}

/// The old ones no longer work.
pub async fn replace_recovery_codes(
    tx: &mut PersonTx,
    person: PersonId,
    codes: &[RecoveryCode],
) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1", person.0)
        .execute(tx.db())
        .await?;
    let hashes: Vec<Vec<u8>> =
        codes.iter().map(|code| code.hash(person).as_bytes().to_vec()).collect();
    sqlx::query!(
        "INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])",
        person.0,
        &hashes[..],
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

pub async fn use_recovery_code(
    tx: &mut PersonTx,
    person: PersonId,
    code: TokenHash,
) -> Result<bool, sqlx::Error> {
    let used = sqlx::query!(
        "DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2",
        person.0,
        &code.as_bytes()[..],
    )
    .execute(tx.db())
    .await?;
    Ok(used.rows_affected() == 1)
}

pub async fn recovery_codes_left(tx: &mut PersonTx, person: PersonId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "left!" FROM recovery_codes WHERE user_id = $1"#,
        person.0,
    )
    .fetch_one(tx.db())
    .await
}

pub async fn begin_login(
    tx: &mut PersonTx,
    person: PersonId,
    token: TokenHash,
) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM pending_logins WHERE user_id = $1 AND expires_at < now()", person.0)
        .execute(tx.db())
        .await?;
    sqlx::query!(
        "INSERT INTO pending_logins (token_hash, user_id, attempts_left, expires_at)
         VALUES ($1, $2, $3, now() + make_interval(secs => $4))",
        &token.as_bytes()[..],
        person.0,
        ATTEMPTS,
        PENDING.as_secs_f64(),
    )
    .execute(tx.db())
    .await?;
    sqlx::query!(
        "DELETE FROM pending_logins WHERE token_hash IN (
             SELECT token_hash FROM pending_logins WHERE user_id = $1
             ORDER BY expires_at DESC OFFSET $2)",
        person.0,
        AT_MOST,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Who is signing in with it. Commit before the code is looked at: each try counts.
pub async fn try_login(tx: &mut PersonTx, token: TokenHash) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "UPDATE pending_logins SET attempts_left = attempts_left - 1
         WHERE token_hash = $1 AND expires_at > now() AND attempts_left > 0
         RETURNING user_id",
        &token.as_bytes()[..],
    )
    .fetch_optional(tx.db())
    .await
}

pub async fn end_login(tx: &mut PersonTx, token: TokenHash) -> Result<bool, sqlx::Error> {
    let ended =
        sqlx::query!("DELETE FROM pending_logins WHERE token_hash = $1", &token.as_bytes()[..])
            .execute(tx.db())
            .await?;
    Ok(ended.rows_affected() == 1)
}

//! The second factor: a code from an authenticator app, or a recovery code in its place.

pub mod http;
pub mod model;
pub mod recovery;
pub(super) mod store;
#[cfg(test)]
mod tests;
pub mod totp;

use super::{
    device::Device,
    events::{self, EventKind},
    letters,
    model::User,
};
use crate::{
    api::ApiError,
    db::{PersonId, PersonTx},
    mail,
    state::State,
};
use model::Code;
use recovery::RecoveryCode;
use time::OffsetDateTime;
use totp::TotpSecret;

/// Checks a code and uses it up. A wrong one is counted even though its transaction is not kept.
///
/// Errors: `WrongCode`, or `RateLimited` after too many of them.
pub async fn check(
    state: &State,
    tx: &mut PersonTx,
    user: &User,
    code: Code,
    device: &Device,
) -> Result<(), ApiError> {
    let person = PersonId(user.id);
    state.login_limits.check_code(user.id)?;
    let right = match code {
        Code::App(code) => app_code(state, tx, person, code).await?,
        Code::Recovery(code) => recovery_code(state, tx, user, &code, device).await?,
    };
    if !right {
        state.login_limits.charge_wrong_code(user.id);
        return Err(ApiError::WrongCode);
    }
    Ok(())
}

async fn app_code(
    state: &State,
    tx: &mut PersonTx,
    person: PersonId,
    code: u32,
) -> Result<bool, ApiError> {
    let Some(factor) = store::of(tx, person).await?.filter(|f| f.confirmed_at.is_some()) else {
        return Ok(false);
    };
    let secret = open(state, person, &factor.sealed_secret)?;
    match secret.step_of(code, OffsetDateTime::now_utc().unix_timestamp()) {
        Some(step) => Ok(store::use_step(tx, person, step).await?),
        None => Ok(false),
    }
}

async fn recovery_code(
    state: &State,
    tx: &mut PersonTx,
    user: &User,
    code: &RecoveryCode,
    device: &Device,
) -> Result<bool, ApiError> {
    let person = PersonId(user.id);
    if !store::use_recovery_code(tx, person, code.hash(person)).await? {
        return Ok(false);
    }
    let left = store::recovery_codes_left(tx, person).await?;
    events::record(tx, person, EventKind::RecoveryCodeUsed, None, Some(device)).await?;
    let letter = letters::recovery_code_used(state, left, device);
    mail::send_later(tx.db(), &letter.to(user.address()?)).await?;
    Ok(true)
}

pub(super) fn place(person: PersonId) -> String {
    format!("second-factor:{}", person.0)
}

fn open(state: &State, person: PersonId, sealed: &[u8]) -> Result<TotpSecret, ApiError> {
    let text = state.master_key.open(sealed, &place(person))?;
    TotpSecret::from_base32(&text).ok_or_else(|| ApiError::internal("a second factor's secret"))
}

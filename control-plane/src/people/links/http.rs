//! Proving an address, and setting a new password without the old one.

use super::{
    Purpose, jobs,
    model::{AskForReset, ResetPassword, VerifiedEmail, VerifyEmail},
    store,
};
use crate::{
    api::{ApiError, Body, Nothing, Problem},
    db::{PersonId, PersonTx},
    jobs::enqueue,
    mail,
    people::{
        Person,
        device::Device,
        events::{self, EventKind},
        letters,
        model::EmailAddress,
        store as people,
    },
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, post, web::Data};
use contract::TokenHash;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(verify_email)
        .service(resend_verification)
        .service(ask_for_password_reset)
        .service(reset_password);
}

/// Prove an address with the link that was sent to it.
///
/// Needs no sign-in: the link may be opened in another browser. For a changed address, this is when
/// it changes.
#[utoipa::path(
    tag = "people",
    request_body = VerifyEmail,
    responses(
        (status = 200, body = VerifiedEmail),
        (status = 409, body = Problem, description = "The new address has an account by now"),
        (status = 410, body = Problem, description = "The link was used, is too old, or never was one"),
        (status = 422, body = Problem), (status = 429, body = Problem),
    )
)]
#[post("/v1/email/verify")]
pub async fn verify_email(
    request: HttpRequest,
    state: Data<State>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let device = Device::of(&request, &state);
    state.login_limits.charge_address(device.address)?;
    let token = TokenHash::of(&body.json::<VerifyEmail>().await?.value.token);
    let mut tx = state.db.anonymous().await?;
    let email = match store::take(&mut tx, token, Purpose::VerifyEmail).await? {
        Some(link) => verified(&mut tx, link, &device).await?,
        None => {
            let link = store::take(&mut tx, token, Purpose::ChangeEmail).await?;
            changed(&state, &mut tx, link.ok_or(ApiError::LinkInvalid)?, &device).await?
        }
    };
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(VerifiedEmail { email }))
}

async fn verified(
    tx: &mut PersonTx,
    link: store::Link,
    device: &Device,
) -> Result<String, ApiError> {
    let person = PersonId(link.user_id);
    if !people::mark_verified(tx, person, &link.email).await? {
        return Err(ApiError::LinkInvalid);
    }
    store::forget(tx, person, Purpose::VerifyEmail).await?;
    events::record(tx, person, EventKind::EmailVerified, Some(&link.email), Some(device)).await?;
    Ok(link.email)
}

async fn changed(
    state: &State,
    tx: &mut PersonTx,
    link: store::Link,
    device: &Device,
) -> Result<String, ApiError> {
    let person = PersonId(link.user_id);
    let old = people::change_email(tx, person, &link.email).await?;
    for purpose in [Purpose::VerifyEmail, Purpose::ChangeEmail, Purpose::ResetPassword] {
        store::forget(tx, person, purpose).await?;
    }
    events::record(tx, person, EventKind::EmailChanged, Some(&link.email), Some(device)).await?;
    let old = EmailAddress::try_from(old).map_err(ApiError::internal)?;
    let letter = letters::email_changed(state, &link.email, device);
    mail::send_later(tx.db(), &letter.to(old)).await?;
    Ok(link.email)
}

/// Send the mail that proves the address again.
#[utoipa::path(
    tag = "people",
    responses(
        (status = 202, description = "Sent, unless the address is proved already"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 429, body = Problem),
    )
)]
#[post("/v1/email/verify/resend")]
pub async fn resend_verification(
    state: Data<State>,
    person: Person,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    body.json_or_empty::<Nothing>().await?;
    if !person.user.email_verified {
        state.login_limits.charge_mail(&person.user.email)?;
        let job = jobs::verify_email(person.id()).map_err(ApiError::internal)?;
        let mut tx = state.db.anonymous().await?;
        enqueue(tx.db(), &job).await?;
        tx.commit().await?;
    }
    Ok(HttpResponse::Accepted().finish())
}

/// Ask for a link to set a new password.
///
/// The answer is the same, and takes as long, whether or not the address has an account.
#[utoipa::path(
    tag = "people",
    request_body = AskForReset,
    responses(
        (status = 202, description = "If the address has an account, a mail is on its way"),
        (status = 422, body = Problem), (status = 429, body = Problem),
    )
)]
#[post("/v1/password/reset")]
pub async fn ask_for_password_reset(
    request: HttpRequest,
    state: Data<State>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    state.login_limits.charge_address(Device::of(&request, &state).address)?;
    let AskForReset { email } = body.json().await?.value;
    state.login_limits.charge_mail(email.as_str())?;
    let job = jobs::reset_password(email).map_err(ApiError::internal)?;
    let mut tx = state.db.anonymous().await?;
    enqueue(tx.db(), &job).await?;
    tx.commit().await?;
    Ok(HttpResponse::Accepted().finish())
}

/// Set a new password with the link that was sent.
///
/// Ends all sessions. It also proves the address, since the link came there; a second factor stays
/// in force.
#[utoipa::path(
    tag = "people",
    request_body = ResetPassword,
    responses(
        (status = 204, description = "Sign in with the new password"),
        (status = 410, body = Problem, description = "The link was used, is too old, or never was one"),
        (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem),
    )
)]
#[post("/v1/password/reset/confirm")]
pub async fn reset_password(
    request: HttpRequest,
    state: Data<State>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let device = Device::of(&request, &state);
    state.login_limits.charge_address(device.address)?;
    let ResetPassword { token, password } = body.json().await?.value;
    let token = TokenHash::of(&token);
    let mut tx = state.db.anonymous().await?;
    // Hashing is expensive: not for a link that is none.
    let exists = store::exists(&mut tx, token, Purpose::ResetPassword).await?;
    tx.commit().await?;
    if !exists {
        return Err(ApiError::LinkInvalid);
    }
    let password_hash = state.passwords.hash(password.into_secret()).await?;

    let mut tx = state.db.anonymous().await?;
    let link = store::take(&mut tx, token, Purpose::ResetPassword).await?;
    let link = link.ok_or(ApiError::LinkInvalid)?;
    let person = PersonId(link.user_id);
    if !people::mark_verified(&mut tx, person, &link.email).await? {
        return Err(ApiError::LinkInvalid);
    }
    people::set_password(&mut tx, person, &password_hash, None).await?;
    events::record(&mut tx, person, EventKind::PasswordReset, None, Some(&device)).await?;
    let to = EmailAddress::try_from(link.email).map_err(ApiError::internal)?;
    mail::send_later(tx.db(), &letters::password_changed(&state, &device).to(to)).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

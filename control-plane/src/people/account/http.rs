//! Change and delete one's own account.

use super::{
    model::{ChangeEmail, ChangePassword, ChangeUser},
    store,
};
use crate::{
    api::{ApiError, Body, Problem},
    jobs::enqueue,
    mail,
    people::{
        Person,
        device::Device,
        events::{self, EventKind},
        letters, links, login,
        model::{DisplayName, User},
        session, sessions, store as people,
    },
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, delete, patch, post, web::Data};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(change_user).service(change_email).service(change_password).service(delete_user);
}

/// Change one's name.
#[utoipa::path(
    tag = "people",
    request_body = ChangeUser,
    responses(
        (status = 200, body = User), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[patch("/v1/user")]
pub async fn change_user(
    state: Data<State>,
    person: Person,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let ChangeUser { name } = body.json().await?.value;
    let name = name.as_ref().map(DisplayName::as_str);
    let mut tx = state.db.person(person.id()).await?;
    people::rename(&mut tx, person.id(), name).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(User { name: name.map(str::to_owned), ..person.user }))
}

/// Ask to change one's address: a link goes to the new one, and opening it makes the change.
///
/// The answer does not say whether the new address has an account of its own; then no mail is sent.
#[utoipa::path(
    tag = "people",
    request_body = ChangeEmail,
    responses(
        (status = 202, description = "A mail is on its way to the new address"),
        (status = 401, body = Problem),
        (status = 403, body = Problem, description = "The password is wrong"),
        (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem),
    )
)]
#[post("/v1/user/email")]
pub async fn change_email(
    request: HttpRequest,
    state: Data<State>,
    person: Person,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let ChangeEmail { email, password } = body.json().await?.value;
    let device = Device::of(&request, &state);
    login::check_password(&state, &person.user, password, &device).await?;
    // Both: neither one account writes to many, nor many to one.
    state.login_limits.charge_mail(&person.user.email)?;
    if !email.as_str().eq_ignore_ascii_case(&person.user.email) {
        state.login_limits.charge_mail(email.as_str())?;
    }
    let job = links::jobs::change_email(person.id(), email).map_err(ApiError::internal)?;
    let mut tx = state.db.person(person.id()).await?;
    enqueue(tx.db(), &job).await?;
    tx.commit().await?;
    Ok(HttpResponse::Accepted().finish())
}

/// Change one's password. Every other session ends.
#[utoipa::path(
    tag = "people",
    request_body = ChangePassword,
    responses(
        (status = 204), (status = 401, body = Problem),
        (status = 403, body = Problem, description = "The current password is wrong"),
        (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem),
    )
)]
#[post("/v1/user/password")]
pub async fn change_password(
    request: HttpRequest,
    state: Data<State>,
    person: Person,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let ChangePassword { current_password, new_password } = body.json().await?.value;
    let device = Device::of(&request, &state);
    login::check_password(&state, &person.user, current_password, &device).await?;
    let password_hash = state.passwords.hash(new_password.into_secret()).await?;
    let (id, session) = (person.id(), person.session_id);
    let mut tx = state.db.person(id).await?;
    people::set_password(&mut tx, id, &password_hash, Some(session)).await?;
    sessions::store::confirm(&mut tx, session).await?;
    events::record(&mut tx, id, EventKind::PasswordChanged, None, Some(&device)).await?;
    let letter = letters::password_changed(&state, &device).to(person.user.address()?);
    mail::send_later(tx.db(), &letter).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Delete one's account, for good.
///
/// Refused while an organisation has no other owner: hand it over or delete it first.
#[utoipa::path(
    tag = "people",
    responses(
        (status = 204), (status = 401, body = Problem),
        (status = 403, body = Problem, description = "The password was not given lately"),
        (status = 409, body = Problem, description = "An organisation would be left without an owner"),
    )
)]
#[delete("/v1/user")]
pub async fn delete_user(state: Data<State>, person: Person) -> Result<HttpResponse, ApiError> {
    person.require_recent()?;
    let mut tx = state.db.service().await?;
    let memberships = store::memberships(&mut tx, person.id()).await?;
    if memberships.iter().any(|membership| membership.owned_alone) {
        return Err(ApiError::Conflict {
            code: "sole_owner",
            detail: "you are the only owner of an organisation: make somebody else its owner, \
                     or delete it, first",
        });
    }
    let letter = letters::account_deleted().to(person.user.address()?);
    mail::send_later(tx.db(), &letter).await?;
    store::delete(&mut tx, &person.user, &memberships).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().cookie(session::expired_cookie(&state.origins)).finish())
}

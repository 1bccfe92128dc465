//! Turn the second factor on and off, and make recovery codes.

use super::{
    check,
    model::{
        Code, ConfirmSecondFactor, DisableSecondFactor, RecoveryCodes, SecondFactor,
        SecondFactorOffer,
    },
    open, place,
    recovery::{HOW_MANY, RecoveryCode},
    store,
    totp::TotpSecret,
};
use crate::{
    api::{ApiError, Body, Nothing, Problem},
    db::{PersonId, PersonTx},
    mail,
    people::{
        Person,
        device::Device,
        events::{self, EventKind},
        letters, login,
    },
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, get, post, web::Data};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use time::OffsetDateTime;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get_second_factor)
        .service(offer_second_factor)
        .service(confirm_second_factor)
        .service(make_recovery_codes)
        .service(disable_second_factor);
}

/// Whether the second factor is on.
#[utoipa::path(
    tag = "people",
    responses((status = 200, body = SecondFactor), (status = 401, body = Problem))
)]
#[get("/v1/second-factor")]
pub async fn get_second_factor(
    state: Data<State>,
    person: Person,
) -> Result<HttpResponse, ApiError> {
    let mut tx = state.db.person(person.id()).await?;
    let enabled_at = store::of(&mut tx, person.id()).await?.and_then(|f| f.confirmed_at);
    let recovery_codes_left = store::recovery_codes_left(&mut tx, person.id()).await?;
    tx.commit().await?;
    let enabled = enabled_at.is_some();
    Ok(HttpResponse::Ok().json(SecondFactor { enabled, enabled_at, recovery_codes_left }))
}

/// Ask for a secret to put into an authenticator app.
///
/// Needs a verified address and a recent sign-in. Asking again makes another secret.
#[utoipa::path(
    tag = "people",
    responses(
        (status = 201, body = SecondFactorOffer),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem, description = "It is on already"),
    )
)]
#[post("/v1/second-factor")]
pub async fn offer_second_factor(
    state: Data<State>,
    person: Person,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    body.json_or_empty::<Nothing>().await?;
    person.require_recent()?;
    // Or whoever signs up with another's address could lock its owner out for good.
    person.require_verified()?;
    let secret = TotpSecret::generate()?.to_base32();
    let sealed = state.master_key.seal(&secret, &place(person.id()))?;
    let mut tx = state.db.person(person.id()).await?;
    if !store::offer(&mut tx, person.id(), &sealed).await? {
        return Err(ALREADY_ON);
    }
    tx.commit().await?;
    let account = utf8_percent_encode(&person.user.email, NON_ALPHANUMERIC);
    let otpauth_uri = format!(
        "otpauth://totp/Signalbox:{account}?secret={}&issuer=Signalbox&algorithm=SHA1&digits=6&period=30",
        secret.as_str(),
    );
    let secret = secret.as_str().to_owned();
    Ok(HttpResponse::Created().json(SecondFactorOffer { secret, otpauth_uri }))
}

const ALREADY_ON: ApiError = ApiError::Conflict {
    code: "second_factor_on",
    detail: "the second factor is on already: turn it off to set it up anew",
};

/// Turn the second factor on, with a code from the app.
///
/// From now on signing in needs a code. The answer holds the recovery codes; they are shown once.
#[utoipa::path(
    tag = "people",
    request_body = ConfirmSecondFactor,
    responses(
        (status = 200, body = RecoveryCodes),
        (status = 401, body = Problem),
        (status = 403, body = Problem, description = "The code is wrong"),
        (status = 404, body = Problem, description = "No secret was asked for"),
        (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem),
    )
)]
#[post("/v1/second-factor/confirm")]
pub async fn confirm_second_factor(
    request: HttpRequest,
    state: Data<State>,
    person: Person,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let ConfirmSecondFactor { code } = body.json().await?.value;
    person.require_recent()?;
    let id = person.id();
    state.login_limits.check_code(id.0)?;
    let mut tx = state.db.person(id).await?;
    let factor = store::of(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    if factor.confirmed_at.is_some() {
        return Err(ALREADY_ON);
    }
    let secret = open(&state, id, &factor.sealed_secret)?;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let step = match code {
        Code::App(code) => secret.step_of(code, now),
        Code::Recovery(_) => None,
    };
    let Some(step) = step else {
        state.login_limits.charge_wrong_code(id.0);
        return Err(ApiError::WrongCode);
    };
    if !store::confirm(&mut tx, id, &factor.sealed_secret, step).await? {
        return Err(ALREADY_ON);
    }
    let codes = new_codes(&mut tx, id).await?;
    let device = Device::of(&request, &state);
    events::record(&mut tx, id, EventKind::SecondFactorOn, None, Some(&device)).await?;
    let letter = letters::second_factor_on(&state, &device).to(person.user.address()?);
    mail::send_later(tx.db(), &letter).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(codes))
}

async fn new_codes(tx: &mut PersonTx, person: PersonId) -> Result<RecoveryCodes, ApiError> {
    let codes = (0..HOW_MANY).map(|_| RecoveryCode::generate()).collect::<Result<Vec<_>, _>>()?;
    store::replace_recovery_codes(tx, person, &codes).await?;
    Ok(RecoveryCodes { recovery_codes: codes.iter().map(RecoveryCode::shown).collect() })
}

/// Make new recovery codes. The old ones no longer work.
#[utoipa::path(
    tag = "people",
    responses(
        (status = 200, body = RecoveryCodes),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem, description = "The second factor is off"),
    )
)]
#[post("/v1/second-factor/recovery-codes")]
pub async fn make_recovery_codes(
    request: HttpRequest,
    state: Data<State>,
    person: Person,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    body.json_or_empty::<Nothing>().await?;
    person.require_recent()?;
    if !person.user.second_factor {
        return Err(OFF);
    }
    let device = Device::of(&request, &state);
    let mut tx = state.db.person(person.id()).await?;
    let codes = new_codes(&mut tx, person.id()).await?;
    events::record(&mut tx, person.id(), EventKind::RecoveryCodesMade, None, Some(&device)).await?;
    let letter = letters::recovery_codes_made(&state, &device).to(person.user.address()?);
    mail::send_later(tx.db(), &letter).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(codes))
}

const OFF: ApiError =
    ApiError::Conflict { code: "second_factor_off", detail: "the second factor is off" };

/// Turn the second factor off, with the password and a code.
#[utoipa::path(
    tag = "people",
    request_body = DisableSecondFactor,
    responses(
        (status = 204),
        (status = 401, body = Problem),
        (status = 403, body = Problem, description = "The password or the code is wrong"),
        (status = 409, body = Problem, description = "It is off already"),
        (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem),
    )
)]
#[post("/v1/second-factor/disable")]
pub async fn disable_second_factor(
    request: HttpRequest,
    state: Data<State>,
    person: Person,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let DisableSecondFactor { password, code } = body.json().await?.value;
    let device = Device::of(&request, &state);
    if !person.user.second_factor {
        return Err(OFF);
    }
    login::check_password(&state, &person.user, password, &device).await?;
    let mut tx = state.db.person(person.id()).await?;
    check(&state, &mut tx, &person.user, code, &device).await?;
    store::remove(&mut tx, person.id()).await?;
    events::record(&mut tx, person.id(), EventKind::SecondFactorOff, None, Some(&device)).await?;
    let letter = letters::second_factor_off(&state, &device).to(person.user.address()?);
    mail::send_later(tx.db(), &letter).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

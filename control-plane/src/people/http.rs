//! Sign up, sign in, sign out, who am I.

use super::{
    Person,
    device::Device,
    limits, login,
    model::{
        ConfirmSession, LogIn, LogInWithSecondFactor, LoginAnswer, SecondFactorRequired,
        SessionInfo, SignUp, SignedUp, Step,
    },
    second_factor,
    session::{self, SessionToken},
    sessions,
    store::{self, EmailError},
};
use crate::{
    api::{ApiError, Body, Problem},
    apps::{self, model::NewApp},
    db::{Organisation, PersonId},
    organisations,
    people::{
        events::{self, EventKind},
        links::LinkToken,
        model::{DisplayName, LoggedIn},
    },
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, get, post, web::Data};
use contract::TokenHash;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(sign_up)
        .service(log_in)
        .service(log_in_with_second_factor)
        .service(log_out)
        .service(get_session)
        .service(confirm_session);
}

/// Make an account, with an organisation and a first app ready to use.
///
/// The app's secret is in this answer and nowhere else. A mail is sent to prove the address; until
/// that is done, inviting, management tokens and changes of the plan are refused.
#[utoipa::path(
    tag = "people",
    request_body = SignUp,
    responses(
        (status = 201, body = SignedUp, description = "Signed up and signed in; sets the session cookie"),
        (status = 409, body = Problem, description = "The address has an account"),
        (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem),
    )
)]
#[post("/v1/signup")]
pub async fn sign_up(
    request: HttpRequest,
    state: Data<State>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let device = Device::of(&request, &state);
    state.login_limits.charge_address(device.address)?;
    let SignUp { email, password, name, organisation } = body.json().await?.value;
    let password_hash = state.passwords.hash(password.into_secret()).await?;
    let organisation_name = organisation
        .or_else(|| DisplayName::from_text(&format!("{}'s organisation", email.local_part())))
        .ok_or_else(|| ApiError::field("organisation", "is missing"))?;
    let first_app = DisplayName::from_text("First app").map(NewApp::named);
    let first_app = first_app.ok_or_else(|| ApiError::internal("no name for the first app"))?;

    let token = SessionToken::generate()?;
    let mut tx = state.db.anonymous().await?;
    let name = name.as_ref().map(DisplayName::as_str);
    let user = match store::insert_user(&mut tx, &email, name, &password_hash).await {
        Ok(user) => user,
        Err(error) => {
            drop(tx);
            if matches!(error, EmailError::Taken) {
                login::tell_the_owner(&state, &email).await?;
            }
            return Err(error.into());
        }
    };
    login::welcome(&mut tx, &user, &token, &device).await?;
    let mut tx = tx.enter(&user, Organisation::new_random()).await?;
    let organisation = organisations::store::insert(&mut tx, organisation_name.as_str()).await?;
    let (app, credential) = apps::create(&state, &mut tx, first_app).await?;
    let subject = organisation.id.to_string();
    tx.audit_change("organisation.created", &subject, None, Some(&organisation)).await?;
    tx.commit().await?;

    let csrf_token = token.csrf_token();
    Ok(HttpResponse::Created().cookie(token.cookie(&state.origins)).json(SignedUp {
        user,
        organisation,
        app,
        credential,
        csrf_token,
    }))
}

/// Sign in.
///
/// With a second factor the answer is `second_factor: "required"` and no session yet: send its
/// `pending_token` with a code to /v1/login/second-factor within five minutes.
#[utoipa::path(
    tag = "people",
    request_body = LogIn,
    responses(
        (status = 200, body = LoginAnswer, description = "Sets the session cookie, unless a second factor is to come"),
        (status = 401, body = Problem, description = "Address or password is wrong; which, is not said"),
        (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem),
    )
)]
#[post("/v1/login")]
pub async fn log_in(
    request: HttpRequest,
    state: Data<State>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let device = Device::of(&request, &state);
    state.login_limits.charge_address(device.address)?;
    let LogIn { email, password } = body.json().await?.value;
    state.login_limits.check_account(&email, device.address)?;
    let account = match limits::account_name(&email) {
        Some(email) => store::account(&state.db, email.as_str()).await?,
        None => None,
    };
    let (user, stored) = account.map(|a| (a.user, a.password_hash)).unzip();
    let verified = state.passwords.verify(password.into_secret(), stored).await?;
    let Some(user) = user.filter(|_| verified) else {
        state.login_limits.charge_failure(&email, device.address);
        return Err(ApiError::WrongLogin);
    };
    let mut tx = state.db.person(PersonId(user.id)).await?;
    if user.second_factor {
        let pending = LinkToken::generate()?;
        second_factor::store::begin_login(&mut tx, PersonId(user.id), pending.hash()).await?;
        tx.commit().await?;
        let required = SecondFactorRequired {
            second_factor: Step::Required,
            pending_token: pending.as_str().to_owned(),
            expires_in_s: second_factor::store::PENDING.as_secs(),
        };
        return Ok(HttpResponse::Ok().json(LoginAnswer::SecondFactorRequired(required)));
    }
    let token = SessionToken::generate()?;
    let signed_in = login::start_session(&state, tx, user, &token, &device).await?;
    let cookie = token.cookie(&state.origins);
    Ok(HttpResponse::Ok().cookie(cookie).json(LoginAnswer::LoggedIn(signed_in)))
}

/// Finish signing in with a code from the authenticator app, or a recovery code.
#[utoipa::path(
    tag = "people",
    request_body = LogInWithSecondFactor,
    responses(
        (status = 200, body = LoggedIn, description = "Sets the session cookie"),
        (status = 401, body = Problem, description = "Too late or tried too often: begin with the password again"),
        (status = 403, body = Problem, description = "The code is wrong or was used before"),
        (status = 422, body = Problem), (status = 429, body = Problem),
    )
)]
#[post("/v1/login/second-factor")]
pub async fn log_in_with_second_factor(
    request: HttpRequest,
    state: Data<State>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let device = Device::of(&request, &state);
    state.login_limits.charge_address(device.address)?;
    let LogInWithSecondFactor { pending_token, code } = body.json().await?.value;
    let pending = TokenHash::of(&pending_token);
    let mut tx = state.db.anonymous().await?;
    let person = second_factor::store::try_login(&mut tx, pending).await?;
    tx.commit().await?;
    let person = PersonId(person.ok_or(ApiError::LoginExpired)?);
    let user = store::user(&state.db, person).await?.ok_or(ApiError::LoginExpired)?;

    let mut tx = state.db.person(person).await?;
    if let Err(refused) = second_factor::check(&state, &mut tx, &user, code, &device).await {
        drop(tx);
        if matches!(refused, ApiError::WrongCode) {
            let mut tx = state.db.person(person).await?;
            let failed = EventKind::SecondFactorFailed;
            events::record(&mut tx, person, failed, None, Some(&device)).await?;
            tx.commit().await?;
        }
        return Err(refused);
    }
    if !second_factor::store::end_login(&mut tx, pending).await? {
        return Err(ApiError::LoginExpired);
    }
    let token = SessionToken::generate()?;
    let signed_in = login::start_session(&state, tx, user, &token, &device).await?;
    Ok(HttpResponse::Ok().cookie(token.cookie(&state.origins)).json(signed_in))
}

/// Sign out: the session ends and the cookie is taken back.
#[utoipa::path(
    tag = "people",
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem))
)]
#[post("/v1/logout")]
pub async fn log_out(state: Data<State>, person: Person) -> Result<HttpResponse, ApiError> {
    sessions::store::end_presented(&state.db, person.session.hash()).await?;
    Ok(HttpResponse::NoContent().cookie(session::expired_cookie(&state.origins)).finish())
}

/// Who is signed in, where they belong, and where the gateway is.
#[utoipa::path(
    tag = "people",
    responses((status = 200, body = SessionInfo), (status = 401, body = Problem))
)]
#[get("/v1/session")]
pub async fn get_session(state: Data<State>, person: Person) -> Result<HttpResponse, ApiError> {
    let mut tx = state.db.person(person.id()).await?;
    let organisations = organisations::store::all_of(&mut tx, person.id()).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(SessionInfo {
        csrf_token: person.session.csrf_token(),
        user: person.user,
        organisations,
        gateway_url: state.public_gateway_url.clone(),
    }))
}

/// Give the password again, for what a session alone is not enough.
///
/// Deleting things, management tokens and the second factor need a sign-in or this within the last
/// 15 minutes; otherwise they answer 403 `confirmation_required`.
#[utoipa::path(
    tag = "people",
    request_body = ConfirmSession,
    responses(
        (status = 204), (status = 401, body = Problem),
        (status = 403, body = Problem, description = "The password is wrong"),
        (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem),
    )
)]
#[post("/v1/session/confirm")]
pub async fn confirm_session(
    request: HttpRequest,
    state: Data<State>,
    person: Person,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let ConfirmSession { password } = body.json().await?.value;
    let device = Device::of(&request, &state);
    login::check_password(&state, &person.user, password, &device).await?;
    let mut tx = state.db.person(person.id()).await?;
    sessions::store::confirm(&mut tx, person.session_id).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

impl From<EmailError> for ApiError {
    fn from(error: EmailError) -> Self {
        match error {
            EmailError::Taken => Self::Conflict {
                code: "email_taken",
                detail: "there is an account with this e-mail address",
            },
            EmailError::Db(e) => e.into(),
        }
    }
}

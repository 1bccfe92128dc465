//! Sign up, sign in, sign out, who am I.

use super::{
    Person, limits,
    model::{LogIn, LoggedIn, SessionInfo, SignUp, SignedUp, User},
    session::{self, SessionToken},
    store::{self, InsertUserError},
};
use crate::{
    api::{ApiError, Body, Problem},
    apps::{self, model::NewApp},
    db::{Organisation, PersonId},
    organisations,
    people::model::DisplayName,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, get, post, web::Data};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(sign_up).service(log_in).service(log_out).service(get_session);
}

/// Make an account, with an organisation and a first app ready to use.
///
/// The app's secret is in this answer and nowhere else.
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
    state.login_limits.charge_address(limits::address_of(&request, &state))?;
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
    let user = store::insert_user(&mut tx, &email, name, &password_hash).await?;
    let person = PersonId(user.id);
    store::insert_session(&mut tx, person, token.hash()).await?;
    let mut tx = tx.enter(&user, Organisation::new_random()).await?;
    let organisation = organisations::store::insert(&mut tx, organisation_name.as_str()).await?;
    let (app, credential) = apps::create(&state, &mut tx, first_app).await?;
    tx.audit("person.signed_up", &user.id.to_string()).await?;
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
#[utoipa::path(
    tag = "people",
    request_body = LogIn,
    responses(
        (status = 200, body = LoggedIn, description = "Sets the session cookie"),
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
    let address = limits::address_of(&request, &state);
    state.login_limits.charge_address(address)?;
    let LogIn { email, password } = body.json().await?.value;
    state.login_limits.check_account(&email, address)?;
    let account = match limits::account_name(&email) {
        Some(email) => store::account(&state.db, email.as_str()).await?,
        None => None,
    };
    let (user, stored) = account.map(|a| (a.user, a.password_hash)).unzip();
    let verified = state.passwords.verify(password.into_secret(), stored).await?;
    let Some(user) = user.filter(|_| verified) else {
        state.login_limits.charge_failure(&email, address);
        return Err(ApiError::WrongLogin);
    };
    let token = SessionToken::generate()?;
    let organisations = start_session(&state, &user, &token).await?;
    let csrf_token = token.csrf_token();
    Ok(HttpResponse::Ok().cookie(token.cookie(&state.origins)).json(LoggedIn {
        user,
        organisations,
        csrf_token,
    }))
}

async fn start_session(
    state: &State,
    user: &User,
    token: &SessionToken,
) -> Result<Vec<organisations::model::Organisation>, ApiError> {
    let person = PersonId(user.id);
    let mut tx = state.db.person(person).await?;
    store::insert_session(&mut tx, person, token.hash()).await?;
    let organisations = organisations::store::all_of(&mut tx, person).await?;
    tx.commit().await?;
    Ok(organisations)
}

/// Sign out: the session ends and the cookie is taken back.
#[utoipa::path(
    tag = "people",
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem))
)]
#[post("/v1/logout")]
pub async fn log_out(state: Data<State>, person: Person) -> Result<HttpResponse, ApiError> {
    store::end_session(&state.db, person.session.hash()).await?;
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

impl From<InsertUserError> for ApiError {
    fn from(error: InsertUserError) -> Self {
        match error {
            InsertUserError::Taken => Self::Conflict {
                code: "email_taken",
                detail: "there is an account with this e-mail address",
            },
            InsertUserError::Db(e) => e.into(),
        }
    }
}

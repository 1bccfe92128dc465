//! List, make and revoke an app's secret keys.

use super::{
    model::{CreatedKey, NewKey, SecretKey},
    store,
};
use crate::{
    api::{
        ApiError, Body, Page, PageParams, PageRequest, Problem, StrictJson,
        idempotency::{Attempt, IdempotencyKey},
    },
    apps::{self, AppAccess},
    feed::{self, model::Revoked},
    organisations::model::Right,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, delete, get, http::StatusCode, post, web::Data};
use contract::{SecretKeyId, SecretKeyToken};
use time::OffsetDateTime;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_keys).service(create_key).service(revoke_key);
}

/// The app's secret keys that are not revoked, newest first; tokens are not shown.
#[utoipa::path(
    tag = "keys",
    params(("app" = String, Path, description = "App id"), PageParams),
    responses(
        (status = 200, body = Page<SecretKey>),
        (status = 401, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/apps/{app}/keys")]
pub async fn list_keys(
    state: Data<State>,
    access: AppAccess,
    page: PageRequest,
) -> Result<HttpResponse, ApiError> {
    let mut tx = access.begin(&state).await?;
    let keys = store::page(&mut tx, &access.app, &page).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(page.page(keys, store::position)))
}

/// Make a secret key for some actions on some channels.
#[utoipa::path(
    tag = "keys",
    params(
        ("app" = String, Path, description = "App id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    request_body = NewKey,
    responses(
        (status = 201, body = CreatedKey, description = "The token is in this answer and nowhere else"),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[post("/v1/apps/{app}/keys")]
pub async fn create_key(
    state: Data<State>,
    access: AppAccess,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Right::Build)?;
    let StrictJson { value, digest } = body.json::<NewKey>().await?;
    let body = StrictJson { value: value.checked(OffsetDateTime::now_utc())?, digest };
    let mut tx = access.begin(&state).await?;
    let ticket = match idempotency.begin(&state, &mut tx, &body).await? {
        Attempt::First(ticket) => ticket,
        Attempt::Replay(answer) => return Ok(answer),
    };
    apps::store::lock(&mut tx, &access.app).await?.ok_or(ApiError::NotFound)?;
    if store::count_active(&mut tx, &access.app).await? >= store::MAX_ACTIVE {
        let message = format!("an app has {} usable keys at most", store::MAX_ACTIVE);
        return Err(ApiError::field("key", message));
    }
    let token = SecretKeyToken::generate()?;
    let key = store::insert(&mut tx, &access.app, body.value, &token).await?;
    tx.audit("key.created", key.id.as_str()).await?;
    let created = CreatedKey { key, token: token.expose().to_owned() };
    let answer = ticket.finish(&state, &mut tx, StatusCode::CREATED, &created).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Revoke a secret key. Waits up to two seconds and says which gateways have confirmed.
#[utoipa::path(
    tag = "keys",
    params(
        ("app" = String, Path, description = "App id"),
        ("id" = String, Path, description = "Secret key id"),
    ),
    responses(
        (status = 200, body = Revoked),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[delete("/v1/apps/{app}/keys/{id}")]
pub async fn revoke_key(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Right::Build)?;
    let id = request.match_info().get("id").and_then(|raw| raw.parse::<SecretKeyId>().ok());
    let id = id.ok_or(ApiError::NotFound)?;
    let mut tx = access.begin(&state).await?;
    let revision = store::revoke(&mut tx, &access.app, &id).await?.ok_or(ApiError::NotFound)?;
    tx.audit("key.revoked", id.as_str()).await?;
    tx.commit().await?;
    let receipt = feed::receipt::wait(&state, revision).await?;
    Ok(HttpResponse::Ok().json(Revoked { receipt }))
}

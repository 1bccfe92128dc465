//! List, mint and revoke an app's key and secret pairs.

use super::{
    model::{CreatedCredential, Credential},
    store,
};
use crate::{
    api::{
        ApiError, Body, Nothing, Page, PageParams, PageRequest, Problem,
        idempotency::{Attempt, IdempotencyKey},
    },
    apps::{self, AppAccess},
    feed::{self, model::Revoked},
    organisations::Permission,
    state::State,
};
use actix_web::{HttpResponse, delete, get, http::StatusCode, post, web};
use contract::{AppKey, AppSecret, credential::generate_app_key};
use utoipa_actix_web::service_config::ServiceConfig;
use web::Data;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_credentials).service(create_credential).service(revoke_credential);
}

/// The app's active key and secret pairs, newest first; secrets are not shown.
#[utoipa::path(
    tag = "credentials",
    params(("app" = String, Path, description = "App id"), PageParams),
    responses(
        (status = 200, body = Page<Credential>),
        (status = 401, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/apps/{app}/credentials")]
pub async fn list_credentials(
    state: Data<State>,
    access: AppAccess,
    page: PageRequest,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysRead)?;
    let mut tx = access.begin(&state).await?;
    let credentials = store::page(&mut tx, &access.app, &page).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(page.page(credentials, store::position)))
}

/// Mint another pair. The older ones stay valid until they are revoked.
#[utoipa::path(
    tag = "credentials",
    params(
        ("app" = String, Path, description = "App id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses(
        (status = 201, body = CreatedCredential, description = "The secret is in this answer and nowhere else"),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[post("/v1/apps/{app}/credentials")]
pub async fn create_credential(
    state: Data<State>,
    access: AppAccess,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysWrite)?;
    let body = body.json_or_empty::<Nothing>().await?;
    let mut tx = access.begin(&state).await?;
    let ticket = match idempotency.begin(&state, &mut tx, &body).await? {
        Attempt::First(ticket) => ticket,
        Attempt::Replay(answer) => return Ok(answer),
    };
    apps::store::lock(&mut tx, &access.app).await?.ok_or(ApiError::NotFound)?;
    if store::count_active(&mut tx, &access.app).await? >= store::MAX_ACTIVE {
        let message = format!("an app has {} active pairs at most", store::MAX_ACTIVE);
        return Err(ApiError::field("credential", message));
    }
    let (key, secret) = (generate_app_key()?, AppSecret::generate()?);
    let credential = store::insert(&mut tx, &access.app, &key, &secret, &state.master_key).await?;
    apps::store::publish(&mut tx, &access.app).await?;
    tx.audit("credential.created", key.as_str()).await?;
    let created = CreatedCredential { credential };
    let answer = ticket.finish(&state, &mut tx, StatusCode::CREATED, &created).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Revoke a pair. Waits up to two seconds and says which gateways have confirmed.
#[utoipa::path(
    tag = "credentials",
    params(
        ("app" = String, Path, description = "App id"),
        ("key" = String, Path, description = "The pair's key"),
    ),
    responses(
        (status = 200, body = Revoked),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[delete("/v1/apps/{app}/credentials/{key}")]
pub async fn revoke_credential(
    request: actix_web::HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysWrite)?;
    let key = request.match_info().get("key").and_then(|raw| raw.parse::<AppKey>().ok());
    let key = key.ok_or(ApiError::NotFound)?;
    let mut tx = access.begin(&state).await?;
    let revision = store::revoke(&mut tx, &access.app, &key).await?.ok_or(ApiError::NotFound)?;
    tx.audit("credential.revoked", key.as_str()).await?;
    tx.commit().await?;
    let receipt = feed::receipt::wait(&state, revision).await?;
    Ok(HttpResponse::Ok().json(Revoked { receipt }))
}

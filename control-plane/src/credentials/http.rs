//! List, mint and revoke an app's key and secret pairs.

use super::{
    model::{CreatedCredential, Credential, CredentialPatch, NewCredential, NewPair},
    store,
};
use crate::{
    api::{
        ApiError, Body, Page, PageParams, PageRequest, Problem,
        idempotency::{Attempt, IdempotencyKey},
        path::named,
    },
    apps::{self, AppAccess},
    feed::{self, model::Revoked},
    keys::{
        model::check_expiry,
        rotation::{self, Rotate, Rotated},
    },
    organisations::Permission,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, delete, get, http::StatusCode, patch, post, web};
use contract::{AppKey, AppSecret, credential::generate_app_key};
use time::OffsetDateTime;
use utoipa_actix_web::service_config::ServiceConfig;
use web::Data;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_credentials)
        .service(create_credential)
        .service(patch_credential)
        .service(rotate_credential)
        .service(end_previous_secret)
        .service(revoke_credential)
        .service(super::everything::revoke_all);
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

/// Mint another pair, or bring one from elsewhere. The older ones stay valid until they are revoked.
#[utoipa::path(
    tag = "credentials",
    params(
        ("app" = String, Path, description = "App id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    request_body = NewPair,
    responses(
        (status = 201, body = CreatedCredential, description = "The secret is in this answer and nowhere else"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The imported key is taken"),
        (status = 422, body = Problem),
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
    let body = body.json_or_empty::<NewPair>().await?;
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
    let (key, secret) = match body.value.import {
        Some(pair) => (pair.key, pair.secret.0),
        None => (generate_app_key()?, AppSecret::generate()?),
    };
    let credential = store::insert(&mut tx, &access.app, &key, &secret, &state.master_key).await?;
    apps::store::publish(&mut tx, &access.app).await?;
    let made = store::lock(&mut tx, &access.app, &key).await?.ok_or(ApiError::NotFound)?;
    tx.audit_change("credential.created", key.as_str(), None, Some(&made)).await?;
    let created = CreatedCredential { credential };
    let answer = ticket.finish(&state, &mut tx, StatusCode::CREATED, &created).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Say when a pair stops working by itself.
#[utoipa::path(
    tag = "credentials",
    params(
        ("app" = String, Path, description = "App id"),
        ("key" = String, Path, description = "The pair's key"),
    ),
    request_body = CredentialPatch,
    responses(
        (status = 200, body = Credential),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[patch("/v1/apps/{app}/credentials/{key}")]
pub async fn patch_credential(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysWrite)?;
    let key: AppKey = named(&request, "key")?;
    let patch = body.json::<CredentialPatch>().await?.value;
    let mut tx = access.begin(&state).await?;
    apps::store::lock(&mut tx, &access.app).await?.ok_or(ApiError::NotFound)?;
    let before = store::lock(&mut tx, &access.app, &key).await?.ok_or(ApiError::NotFound)?;
    let expires_at = patch.expires_at.unwrap_or(before.expires_at);
    check_expiry(patch.expires_at.flatten(), OffsetDateTime::now_utc())?;
    store::set_expiry(&mut tx, &access.app, &key, expires_at).await?;
    apps::store::publish(&mut tx, &access.app).await?;
    let changed = Credential { expires_at, ..before.clone() };
    tx.audit_change("credential.changed", key.as_str(), Some(&before), Some(&changed)).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(changed))
}

/// Put another secret in the place of a pair's. The one before goes on for the overlap.
///
/// The key stays the same, so clients that carry it change nothing.
#[utoipa::path(
    tag = "credentials",
    params(
        ("app" = String, Path, description = "App id"),
        ("key" = String, Path, description = "The pair's key"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    request_body = Rotate,
    responses(
        (status = 201, body = Rotated<CreatedCredential>, description = "The secret is in this answer and nowhere else"),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[post("/v1/apps/{app}/credentials/{key}/rotate")]
pub async fn rotate_credential(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysWrite)?;
    let key: AppKey = named(&request, "key")?;
    let body = body.json_or_empty::<Rotate>().await?;
    let overlap = body.value.overlap_s;
    let mut tx = access.begin(&state).await?;
    let ticket = match idempotency.begin(&state, &mut tx, &body).await? {
        Attempt::First(ticket) => ticket,
        Attempt::Replay(answer) => return Ok(answer),
    };
    apps::store::lock(&mut tx, &access.app).await?.ok_or(ApiError::NotFound)?;
    let before = store::lock(&mut tx, &access.app, &key).await?.ok_or(ApiError::NotFound)?;
    let secret = AppSecret::generate()?;
    let sealed = state.master_key.seal(secret.expose(), key.as_str())?;
    store::rotate(&mut tx, &access.app, &key, &sealed, overlap).await?;
    let (_, revision) = apps::store::tell(&mut tx, &access.app).await?;
    let rotated = store::lock(&mut tx, &access.app, &key).await?.ok_or(ApiError::NotFound)?;
    tx.audit_change("credential.rotated", key.as_str(), Some(&before), Some(&rotated)).await?;
    let created_at = before.created_at;
    let credential = NewCredential { key, secret: secret.expose().to_owned(), created_at };
    let awaited = overlap.is_none().then_some(revision);
    rotation::answer(&state, ticket, tx, CreatedCredential { credential }, awaited).await
}

/// End the overlap of a rotation now. Waits up to two seconds and says which gateways have confirmed.
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
#[delete("/v1/apps/{app}/credentials/{key}/previous-secret")]
pub async fn end_previous_secret(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysWrite)?;
    let key: AppKey = named(&request, "key")?;
    let mut tx = access.begin(&state).await?;
    apps::store::lock(&mut tx, &access.app).await?.ok_or(ApiError::NotFound)?;
    let pair = store::lock(&mut tx, &access.app, &key).await?.ok_or(ApiError::NotFound)?;
    pair.previous.as_ref().ok_or(ApiError::NotFound)?;
    store::end_previous(&mut tx, &access.app, &key).await?;
    let (_, revision) = apps::store::tell(&mut tx, &access.app).await?;
    let after = Credential { previous: None, ..pair.clone() };
    let deed = "credential.previous_secret_revoked";
    tx.audit_change(deed, key.as_str(), Some(&pair), Some(&after)).await?;
    tx.commit().await?;
    feed::receipt::answer(&state, revision).await
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
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysWrite)?;
    let key: AppKey = named(&request, "key")?;
    let mut tx = access.begin(&state).await?;
    let before = store::lock(&mut tx, &access.app, &key).await?;
    let revision = store::revoke(&mut tx, &access.app, &key).await?.ok_or(ApiError::NotFound)?;
    if let Some(before) = &before {
        tx.audit_change("credential.revoked", key.as_str(), Some(before), None).await?;
    }
    tx.commit().await?;
    feed::receipt::answer(&state, revision).await
}

//! List, make, change and revoke an app's secret keys.

use super::{
    model::{CreatedKey, KeyPatch, NewKey, SecretKey, SignedKey, Signing},
    rotation::{self, Rotate, Rotated},
    store,
};
use crate::{
    api::{
        ApiError, Body, Nothing, Page, PageParams, PageRequest, Problem, StrictJson,
        idempotency::{Attempt, IdempotencyKey},
        path::named,
    },
    apps::{self, AppAccess},
    dry_run::{self, model::DryRunAnswer},
    feed::{self, model::Revoked},
    organisations::Permission,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, delete, get, http::StatusCode, patch, post, web::Data};
use contract::{SecretKeyId, SecretKeyToken, TokenSecret};
use time::OffsetDateTime;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_keys)
        .service(create_key)
        .service(patch_key)
        .service(create_token_secret)
        .service(rotate_key)
        .service(end_previous_token)
        .service(dry_run_key)
        .service(revoke_key);
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
    access.require(Permission::KeysRead)?;
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
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The imported id is taken"),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/apps/{app}/keys")]
pub async fn create_key(
    state: Data<State>,
    access: AppAccess,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysWrite)?;
    let StrictJson { value, digest } = body.json::<NewKey>().await?;
    let body = StrictJson { value: value.checked(OffsetDateTime::now_utc())?, digest };
    let mut tx = access.begin(&state).await?;
    let ticket = match idempotency.begin(&state, &mut tx, &body).await? {
        Attempt::First(ticket) => ticket,
        Attempt::Replay(answer) => return Ok(answer),
    };
    apps::store::lock(&mut tx, &access.app).await?.ok_or(ApiError::NotFound)?;
    store::require_room(&mut tx, &access.app).await?;
    let token = SecretKeyToken::generate()?;
    let mut wanted = body.value;
    let (id, secret) = match wanted.import.take() {
        Some(import) => (import.id, Some(import.token_secret.0)),
        None if wanted.token_secret => (token.id(), Some(TokenSecret::generate()?)),
        None => (token.id(), None),
    };
    let sealed = secret.as_ref().map(|secret| sealed(&state, &id, secret)).transpose()?;
    let key = store::insert(&mut tx, &access.app, &id, wanted, token.hash(), sealed).await?;
    tx.audit_change("key.created", key.id.as_str(), None, Some(&key)).await?;
    let created = CreatedKey::of(key, &token, secret);
    let answer = ticket.finish(&state, &mut tx, StatusCode::CREATED, &created).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Change what a secret key is called and allows.
#[utoipa::path(
    tag = "keys",
    params(
        ("app" = String, Path, description = "App id"),
        ("id" = String, Path, description = "Secret key id"),
    ),
    request_body = KeyPatch,
    responses(
        (status = 200, body = SecretKey),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[patch("/v1/apps/{app}/keys/{id}")]
pub async fn patch_key(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysWrite)?;
    let id: SecretKeyId = named(&request, "id")?;
    let patch = body.json::<KeyPatch>().await?.value;
    let mut tx = access.begin(&state).await?;
    let before = store::lock(&mut tx, &access.app, &id).await?.ok_or(ApiError::NotFound)?;
    let wanted = patch.over(before.clone(), OffsetDateTime::now_utc())?;
    let changed = store::update(&mut tx, &access.app, &wanted).await?;
    tx.audit_change("key.changed", id.as_str(), Some(&before), Some(&changed)).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(changed))
}

/// Give a key a secret to sign tokens with, in place of the one it may have.
///
/// Tokens that the earlier secret signed are refused from then on; the key's own token stays.
#[utoipa::path(
    tag = "keys",
    params(
        ("app" = String, Path, description = "App id"),
        ("id" = String, Path, description = "Secret key id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    responses(
        (status = 201, body = SignedKey, description = "The secret is in this answer and nowhere else"),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[post("/v1/apps/{app}/keys/{id}/token-secret")]
pub async fn create_token_secret(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysWrite)?;
    let id: SecretKeyId = named(&request, "id")?;
    let body = body.json_or_empty::<Nothing>().await?;
    let mut tx = access.begin(&state).await?;
    let ticket = match idempotency.begin(&state, &mut tx, &body).await? {
        Attempt::First(ticket) => ticket,
        Attempt::Replay(answer) => return Ok(answer),
    };
    let before = store::lock(&mut tx, &access.app, &id).await?.ok_or(ApiError::NotFound)?;
    let secret = TokenSecret::generate()?;
    let sealed = sealed(&state, &id, &secret)?;
    let key = store::set_token_secret(&mut tx, &access.app, &id, &sealed).await?;
    let deed = match before.token_secret_at {
        Some(_) => "key.token_secret_rotated",
        None => "key.token_secret_created",
    };
    tx.audit_change(deed, id.as_str(), Some(&before), Some(&key)).await?;
    let signed = SignedKey { signing: Signing::of(&id, &secret), key };
    let answer = ticket.finish(&state, &mut tx, StatusCode::CREATED, &signed).await?;
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
    access.require(Permission::KeysWrite)?;
    let id: SecretKeyId = named(&request, "id")?;
    let mut tx = access.begin(&state).await?;
    let before = store::lock(&mut tx, &access.app, &id).await?;
    let revision = store::revoke(&mut tx, &access.app, &id).await?.ok_or(ApiError::NotFound)?;
    // Revoking once more is no deed.
    if let Some(before) = &before {
        tx.audit_change("key.revoked", id.as_str(), Some(before), None).await?;
    }
    tx.commit().await?;
    feed::receipt::answer(&state, revision).await
}

/// Put another token in the place of a key's. The one before goes on for the overlap.
#[utoipa::path(
    tag = "keys",
    params(
        ("app" = String, Path, description = "App id"),
        ("id" = String, Path, description = "Secret key id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    request_body = Rotate,
    responses(
        (status = 201, body = Rotated<CreatedKey>, description = "The token is in this answer and nowhere else"),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[post("/v1/apps/{app}/keys/{id}/rotate")]
pub async fn rotate_key(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysWrite)?;
    let id: SecretKeyId = named(&request, "id")?;
    let body = body.json_or_empty::<Rotate>().await?;
    let overlap = body.value.overlap_s;
    let mut tx = access.begin(&state).await?;
    let ticket = match idempotency.begin(&state, &mut tx, &body).await? {
        Attempt::First(ticket) => ticket,
        Attempt::Replay(answer) => return Ok(answer),
    };
    let before = store::lock(&mut tx, &access.app, &id).await?.ok_or(ApiError::NotFound)?;
    let token = SecretKeyToken::renewed(&id)?;
    let (key, revision) = store::rotate(&mut tx, &access.app, &id, token.hash(), overlap).await?;
    tx.audit_change("key.rotated", id.as_str(), Some(&before), Some(&key)).await?;
    let made = CreatedKey::of(key, &token, None);
    let awaited = overlap.is_none().then_some(revision);
    rotation::answer(&state, ticket, tx, made, awaited).await
}

/// End the overlap of a rotation now. Waits up to two seconds and says which gateways have confirmed.
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
#[delete("/v1/apps/{app}/keys/{id}/previous-token")]
pub async fn end_previous_token(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysWrite)?;
    let id: SecretKeyId = named(&request, "id")?;
    let mut tx = access.begin(&state).await?;
    let key = store::lock(&mut tx, &access.app, &id).await?.ok_or(ApiError::NotFound)?;
    key.previous.as_ref().ok_or(ApiError::NotFound)?;
    let revision = store::end_previous(&mut tx, &access.app, &id).await?;
    let after = SecretKey { previous: None, ..key.clone() };
    let deed = "key.previous_token_revoked";
    tx.audit_change(deed, id.as_str(), Some(&key), Some(&after)).await?;
    tx.commit().await?;
    feed::receipt::answer(&state, revision).await
}

/// What a change would have refused in the last five minutes of this app's traffic. Changes nothing.
#[utoipa::path(
    tag = "keys",
    params(
        ("app" = String, Path, description = "App id"),
        ("id" = String, Path, description = "Secret key id"),
    ),
    request_body = KeyPatch,
    responses(
        (status = 200, body = DryRunAnswer),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[post("/v1/apps/{app}/keys/{id}/dry-run")]
pub async fn dry_run_key(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysRead)?;
    let id: SecretKeyId = named(&request, "id")?;
    let patch = body.json::<KeyPatch>().await?.value;
    let mut tx = access.begin(&state).await?;
    let key = store::lock(&mut tx, &access.app, &id).await?.ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    let wanted = patch.over(key, OffsetDateTime::now_utc())?;
    let question = contract::dry_run::DryRun {
        key: contract::dry_run::KeyName::Secret(id),
        actions: wanted.actions,
        channels: wanted.channels,
        origins: None,
        addresses: wanted.allowed_addresses,
    };
    Ok(HttpResponse::Ok().json(dry_run::ask(&state, &access.app, &question).await?))
}

fn sealed(state: &State, id: &SecretKeyId, secret: &TokenSecret) -> Result<Vec<u8>, ApiError> {
    Ok(state.master_key.seal(secret.expose(), id.as_str())?)
}

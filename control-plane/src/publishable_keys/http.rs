//! List, make, change and revoke an app's publishable keys.

use super::{
    model::{ClientKey, ClientKeyPatch, NewClientKey, ReplacedKey},
    store,
};
use crate::{
    api::{
        ApiError, Body, Page, PageParams, PageRequest, Problem, StrictJson,
        idempotency::{Attempt, IdempotencyKey},
        path::named,
    },
    apps::{self, AppAccess},
    dry_run::{self, model::DryRunAnswer},
    feed::{self, model::Revoked},
    keys::{
        self,
        rotation::{self, Rotate, Rotated},
    },
    organisations::Permission,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, delete, get, http::StatusCode, patch, post, web::Data};
use contract::PublishableKey;
use time::OffsetDateTime;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_publishable_keys)
        .service(create_publishable_key)
        .service(patch_publishable_key)
        .service(rotate_publishable_key)
        .service(dry_run_publishable_key)
        .service(revoke_publishable_key);
}

/// The app's publishable keys that are not revoked, newest first.
#[utoipa::path(
    tag = "publishable keys",
    params(("app" = String, Path, description = "App id"), PageParams),
    responses(
        (status = 200, body = Page<ClientKey>),
        (status = 401, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/apps/{app}/publishable-keys")]
pub async fn list_publishable_keys(
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

/// Make a key that clients may carry openly, for some actions on some channels.
#[utoipa::path(
    tag = "publishable keys",
    params(
        ("app" = String, Path, description = "App id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    request_body = NewClientKey,
    responses(
        (status = 201, body = ClientKey),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The key is taken"),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/apps/{app}/publishable-keys")]
pub async fn create_publishable_key(
    state: Data<State>,
    access: AppAccess,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysWrite)?;
    let StrictJson { value, digest } = body.json::<NewClientKey>().await?;
    let body = StrictJson { value: value.checked(OffsetDateTime::now_utc())?, digest };
    let mut tx = access.begin(&state).await?;
    let ticket = match idempotency.begin(&state, &mut tx, &body).await? {
        Attempt::First(ticket) => ticket,
        Attempt::Replay(answer) => return Ok(answer),
    };
    apps::store::lock(&mut tx, &access.app).await?.ok_or(ApiError::NotFound)?;
    keys::store::require_room(&mut tx, &access.app).await?;
    let key = match &body.value.key {
        Some(brought) => brought.clone(),
        None => PublishableKey::generate()?,
    };
    let made = store::insert(&mut tx, &access.app, &key, body.value).await?;
    tx.audit_change("publishable_key.created", key.as_str(), None, Some(&made)).await?;
    let answer = ticket.finish(&state, &mut tx, StatusCode::CREATED, &made).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Change what a publishable key is called, allows and is taken from.
#[utoipa::path(
    tag = "publishable keys",
    params(
        ("app" = String, Path, description = "App id"),
        ("key" = String, Path, description = "The publishable key"),
    ),
    request_body = ClientKeyPatch,
    responses(
        (status = 200, body = ClientKey),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[patch("/v1/apps/{app}/publishable-keys/{key}")]
pub async fn patch_publishable_key(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysWrite)?;
    let key: PublishableKey = named(&request, "key")?;
    let patch = body.json::<ClientKeyPatch>().await?.value;
    let mut tx = access.begin(&state).await?;
    let before = store::lock(&mut tx, &access.app, &key).await?.ok_or(ApiError::NotFound)?;
    let wanted = patch.over(before.clone(), OffsetDateTime::now_utc())?;
    let changed = store::update(&mut tx, &access.app, wanted).await?;
    tx.audit_change("publishable_key.changed", key.as_str(), Some(&before), Some(&changed)).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(changed))
}

/// Revoke a publishable key. Waits up to two seconds and says which gateways have confirmed.
#[utoipa::path(
    tag = "publishable keys",
    params(
        ("app" = String, Path, description = "App id"),
        ("key" = String, Path, description = "The publishable key"),
    ),
    responses(
        (status = 200, body = Revoked),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[delete("/v1/apps/{app}/publishable-keys/{key}")]
pub async fn revoke_publishable_key(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysWrite)?;
    let key: PublishableKey = named(&request, "key")?;
    let mut tx = access.begin(&state).await?;
    let before = store::lock(&mut tx, &access.app, &key).await?;
    let revision = store::revoke(&mut tx, &access.app, &key).await?.ok_or(ApiError::NotFound)?;
    if let Some(before) = &before {
        tx.audit_change("publishable_key.revoked", key.as_str(), Some(before), None).await?;
    }
    tx.commit().await?;
    feed::receipt::answer(&state, revision).await
}

/// Make a key that allows the same, and let this one end after the overlap.
///
/// Clients carry the key itself, so the new one is another key.
#[utoipa::path(
    tag = "publishable keys",
    params(
        ("app" = String, Path, description = "App id"),
        ("key" = String, Path, description = "The publishable key"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    request_body = Rotate,
    responses(
        (status = 201, body = Rotated<ReplacedKey>),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/apps/{app}/publishable-keys/{key}/rotate")]
pub async fn rotate_publishable_key(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysWrite)?;
    let key: PublishableKey = named(&request, "key")?;
    let body = body.json_or_empty::<Rotate>().await?;
    let overlap = body.value.overlap_s;
    let mut tx = access.begin(&state).await?;
    let ticket = match idempotency.begin(&state, &mut tx, &body).await? {
        Attempt::First(ticket) => ticket,
        Attempt::Replay(answer) => return Ok(answer),
    };
    apps::store::lock(&mut tx, &access.app).await?.ok_or(ApiError::NotFound)?;
    let mut replaced = store::lock(&mut tx, &access.app, &key).await?.ok_or(ApiError::NotFound)?;
    if !overlap.is_none() {
        keys::store::require_room(&mut tx, &access.app).await?;
    }
    let ends = overlap.ends(OffsetDateTime::now_utc());
    let own_end = replaced.expires_at;
    let revoked = match overlap.is_none() {
        true => store::revoke(&mut tx, &access.app, &key).await?,
        false => {
            replaced.expires_at = Some(own_end.map_or(ends, |own_end| own_end.min(ends)));
            replaced = store::update(&mut tx, &access.app, replaced).await?;
            None
        }
    };
    let made = ClientKey {
        key: PublishableKey::generate()?,
        expires_at: own_end,
        replaces: Some(key.clone()),
        ..replaced.clone()
    };
    let made = store::put(&mut tx, &access.app, made).await?;
    tx.audit_change("publishable_key.rotated", key.as_str(), Some(&replaced), Some(&made)).await?;
    rotation::answer(&state, ticket, tx, ReplacedKey { key: made, replaced }, revoked).await
}

/// What a change would have refused in the last five minutes of this app's traffic. Changes nothing.
#[utoipa::path(
    tag = "publishable keys",
    params(
        ("app" = String, Path, description = "App id"),
        ("key" = String, Path, description = "The publishable key"),
    ),
    request_body = ClientKeyPatch,
    responses(
        (status = 200, body = DryRunAnswer),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[post("/v1/apps/{app}/publishable-keys/{key}/dry-run")]
pub async fn dry_run_publishable_key(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysRead)?;
    let key: PublishableKey = named(&request, "key")?;
    let patch = body.json::<ClientKeyPatch>().await?.value;
    let mut tx = access.begin(&state).await?;
    let before = store::lock(&mut tx, &access.app, &key).await?.ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    let wanted = patch.over(before, OffsetDateTime::now_utc())?;
    let question = contract::dry_run::DryRun {
        key: contract::dry_run::KeyName::Publishable(key),
        actions: wanted.actions,
        channels: wanted.channels,
        origins: Some(contract::dry_run::Origins {
            allowed: wanted.allowed_origins,
            allow_none: wanted.allow_no_origin,
        }),
        addresses: Vec::new(),
    };
    Ok(HttpResponse::Ok().json(dry_run::ask(&state, &access.app, &question).await?))
}

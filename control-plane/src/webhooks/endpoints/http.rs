//! Endpoints of an app.

use super::{
    Owner, actions,
    model::{CreatedWebhook, NewWebhook, RotatedWebhookSecret, TestWebhook, Webhook, WebhookPatch},
};
use crate::{
    api::{ApiError, Body, Page, PageParams, PageRequest, Problem, idempotency::IdempotencyKey},
    apps::AppAccess,
    keys::rotation::Rotate,
    state::State,
    webhooks::model::Attempt,
};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web::Data};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_webhooks)
        .service(create_webhook)
        .service(get_webhook)
        .service(patch_webhook)
        .service(delete_webhook)
        .service(rotate_webhook_secret)
        .service(test_webhook);
}

/// The endpoints of an app, newest first.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("app" = String, Path, description = "App id"),
        PageParams,
    ),
    responses(
        (status = 200, body = Page<Webhook>),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/apps/{app}/webhooks")]
pub async fn list_webhooks(
    state: Data<State>,
    access: AppAccess,
    page: PageRequest,
) -> Result<HttpResponse, ApiError> {
    actions::list(&state, Owner::App(access), page).await
}

/// Make an endpoint that hears of what happens on an app's channels.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("app" = String, Path, description = "App id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    request_body = NewWebhook,
    responses(
        (status = 201, body = CreatedWebhook, description = "The secret is in this answer and nowhere else"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/apps/{app}/webhooks")]
pub async fn create_webhook(
    state: Data<State>,
    access: AppAccess,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    actions::create(&state, Owner::App(access), idempotency, body).await
}

/// One endpoint, and how it goes.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("app" = String, Path, description = "App id"),
        ("id" = String, Path, description = "Endpoint id"),
    ),
    responses(
        (status = 200, body = Webhook),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/apps/{app}/webhooks/{id}")]
pub async fn get_webhook(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    actions::get(&state, Owner::App(access), &request).await
}

/// Change an endpoint, or switch it off or on.
///
/// What it was to be told and was not goes to the new address. Switched off it is told nothing, and
/// what happens then it never hears of.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("app" = String, Path, description = "App id"),
        ("id" = String, Path, description = "Endpoint id"),
    ),
    request_body = WebhookPatch,
    responses(
        (status = 200, body = Webhook),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[patch("/v1/apps/{app}/webhooks/{id}")]
pub async fn patch_webhook(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    actions::patch(&state, Owner::App(access), &request, body).await
}

/// Delete an endpoint. What it was to be told is not sent.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("app" = String, Path, description = "App id"),
        ("id" = String, Path, description = "Endpoint id"),
    ),
    responses(
        (status = 204, description = "Gone"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[delete("/v1/apps/{app}/webhooks/{id}")]
pub async fn delete_webhook(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    actions::delete(&state, Owner::App(access), &request).await
}

/// Put another secret in the place of an endpoint's. Both sign for the overlap.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("app" = String, Path, description = "App id"),
        ("id" = String, Path, description = "Endpoint id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    request_body = Rotate,
    responses(
        (status = 200, body = RotatedWebhookSecret, description = "The secret is in this answer and nowhere else"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "Its form is signed with an app secret"),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/apps/{app}/webhooks/{id}/secret")]
pub async fn rotate_webhook_secret(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    actions::rotate(&state, Owner::App(access), &request, idempotency, body).await
}

/// Send an endpoint an event that is made up, now, and say how that went. It is not tried again.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("app" = String, Path, description = "App id"),
        ("id" = String, Path, description = "Endpoint id"),
    ),
    request_body = TestWebhook,
    responses(
        (status = 200, body = Attempt),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
        (status = 429, body = Problem),
    )
)]
#[post("/v1/apps/{app}/webhooks/{id}/test")]
pub async fn test_webhook(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    actions::test(&state, Owner::App(access), &request, body).await
}

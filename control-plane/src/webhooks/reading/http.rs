//! What was sent to the endpoints of an app.

use super::{
    actions,
    model::{
        AttemptParams, DeliveryParams, ReplayWebhook, ReplayedWebhook, WebhookAttempt,
        WebhookDelivery, WebhookExchange,
    },
};
use crate::{
    api::{ApiError, Body, Page, Problem},
    apps::AppAccess,
    state::State,
    webhooks::endpoints::Owner,
};
use actix_web::{HttpRequest, HttpResponse, get, post, web::Data};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_webhook_deliveries)
        .service(replay_webhook_delivery)
        .service(replay_webhook)
        .service(list_webhook_attempts)
        .service(get_webhook_attempt);
}

/// What an endpoint was told or is to be told, newest first.
///
/// Delivered ones are kept for 7 days, dead ones for 30. A page of a type or channel may be short, even
/// empty, and lead on: `next_cursor` is null at the end.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("app" = String, Path, description = "App id"),
        ("id" = String, Path, description = "Endpoint id"),
        DeliveryParams,
    ),
    responses(
        (status = 200, body = Page<WebhookDelivery>),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[get("/v1/apps/{app}/webhooks/{id}/deliveries")]
pub async fn list_webhook_deliveries(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    actions::list_deliveries(&state, Owner::App(access), &request).await
}

/// Make a delivery again, as if it had never been tried.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("app" = String, Path, description = "App id"),
        ("id" = String, Path, description = "Endpoint id"),
        ("delivery" = String, Path, description = "Delivery id"),
    ),
    responses(
        (status = 200, body = WebhookDelivery),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The endpoint is switched off"),
    )
)]
#[post("/v1/apps/{app}/webhooks/{id}/deliveries/{delivery}/replay")]
pub async fn replay_webhook_delivery(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    actions::replay_one(&state, Owner::App(access), &request).await
}

/// Make deliveries again: the dead ones, or those of a time, in their order.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("app" = String, Path, description = "App id"),
        ("id" = String, Path, description = "Endpoint id"),
    ),
    request_body = ReplayWebhook,
    responses(
        (status = 200, body = ReplayedWebhook),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The endpoint is switched off"),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/apps/{app}/webhooks/{id}/replay")]
pub async fn replay_webhook(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    actions::replay_many(&state, Owner::App(access), &request, body).await
}

/// The requests that were sent to an endpoint, newest first. The last 1,000 of 7 days are kept.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("app" = String, Path, description = "App id"),
        ("id" = String, Path, description = "Endpoint id"),
        AttemptParams,
    ),
    responses(
        (status = 200, body = Page<WebhookAttempt>),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[get("/v1/apps/{app}/webhooks/{id}/attempts")]
pub async fn list_webhook_attempts(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    actions::list_attempts(&state, Owner::App(access), &request).await
}

/// One request to an endpoint, as it was sent and answered.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("app" = String, Path, description = "App id"),
        ("id" = String, Path, description = "Endpoint id"),
        ("attempt" = String, Path, description = "Attempt id"),
    ),
    responses(
        (status = 200, body = WebhookExchange),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/apps/{app}/webhooks/{id}/attempts/{attempt}")]
pub async fn get_webhook_attempt(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    actions::get_attempt(&state, Owner::App(access), &request).await
}

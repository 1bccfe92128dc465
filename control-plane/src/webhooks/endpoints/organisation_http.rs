//! Endpoints of an organisation itself.

use super::{
    Owner, actions,
    model::{CreatedWebhook, NewWebhook, RotatedWebhookSecret, TestWebhook, Webhook, WebhookPatch},
};
use crate::{
    api::{ApiError, Body, Page, PageParams, PageRequest, Problem, idempotency::IdempotencyKey},
    keys::rotation::Rotate,
    organisations::OrganisationAccess,
    state::State,
    webhooks::model::Attempt,
};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web::Data};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_organisation_webhooks)
        .service(create_organisation_webhook)
        .service(get_organisation_webhook)
        .service(patch_organisation_webhook)
        .service(delete_organisation_webhook)
        .service(rotate_organisation_webhook_secret)
        .service(test_organisation_webhook);
}

/// The endpoints of an organisation itself, newest first.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("org" = String, Path, description = "Organisation id"),
        PageParams,
    ),
    responses(
        (status = 200, body = Page<Webhook>),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/webhooks")]
pub async fn list_organisation_webhooks(
    state: Data<State>,
    access: OrganisationAccess,
    page: PageRequest,
) -> Result<HttpResponse, ApiError> {
    actions::list(&state, Owner::Organisation(access), page).await
}

/// Make an endpoint that hears of what concerns the whole organisation: quotas, keys, invoices.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("org" = String, Path, description = "Organisation id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    request_body = NewWebhook,
    responses(
        (status = 201, body = CreatedWebhook, description = "The secret is in this answer and nowhere else"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/organisations/{org}/webhooks")]
pub async fn create_organisation_webhook(
    state: Data<State>,
    access: OrganisationAccess,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    actions::create(&state, Owner::Organisation(access), idempotency, body).await
}

/// One endpoint, and how it goes.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("org" = String, Path, description = "Organisation id"),
        ("id" = String, Path, description = "Endpoint id"),
    ),
    responses(
        (status = 200, body = Webhook),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/webhooks/{id}")]
pub async fn get_organisation_webhook(
    request: HttpRequest,
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    actions::get(&state, Owner::Organisation(access), &request).await
}

/// Change an endpoint, or switch it off or on.
///
/// What it was to be told and was not goes to the new address. Switched off it is told nothing, and
/// what happens then it never hears of.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("org" = String, Path, description = "Organisation id"),
        ("id" = String, Path, description = "Endpoint id"),
    ),
    request_body = WebhookPatch,
    responses(
        (status = 200, body = Webhook),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[patch("/v1/organisations/{org}/webhooks/{id}")]
pub async fn patch_organisation_webhook(
    request: HttpRequest,
    state: Data<State>,
    access: OrganisationAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    actions::patch(&state, Owner::Organisation(access), &request, body).await
}

/// Delete an endpoint. What it was to be told is not sent.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("org" = String, Path, description = "Organisation id"),
        ("id" = String, Path, description = "Endpoint id"),
    ),
    responses(
        (status = 204, description = "Gone"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[delete("/v1/organisations/{org}/webhooks/{id}")]
pub async fn delete_organisation_webhook(
    request: HttpRequest,
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    actions::delete(&state, Owner::Organisation(access), &request).await
}

/// Put another secret in the place of an endpoint's. Both sign for the overlap.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("org" = String, Path, description = "Organisation id"),
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
#[post("/v1/organisations/{org}/webhooks/{id}/secret")]
pub async fn rotate_organisation_webhook_secret(
    request: HttpRequest,
    state: Data<State>,
    access: OrganisationAccess,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    actions::rotate(&state, Owner::Organisation(access), &request, idempotency, body).await
}

/// Send an endpoint an event that is made up, now, and say how that went. It is not tried again.
#[utoipa::path(
    tag = "webhooks",
    params(
        ("org" = String, Path, description = "Organisation id"),
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
#[post("/v1/organisations/{org}/webhooks/{id}/test")]
pub async fn test_organisation_webhook(
    request: HttpRequest,
    state: Data<State>,
    access: OrganisationAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    actions::test(&state, Owner::Organisation(access), &request, body).await
}

//! Every URL on one screen. The documented ones are collected into the OpenAPI document here.

use crate::{
    alerts,
    api::{ApiError, openapi},
    apps, audit, billing, console, credentials, feed, gateways, inspect, keys, leases, live,
    messages, organisations, people, plans, publishable_keys, refusals,
    state::State,
    tokens, usage, uses, webhooks,
};
use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// The public API:
///
/// | path | methods |
/// |---|---|
/// | /v1/signup, /v1/login, /v1/login/second-factor, /v1/logout | POST |
/// | /v1/session, /v1/session/events | GET |
/// | /v1/session/confirm | POST |
/// | /v1/sessions, …/{session} | GET, DELETE |
/// | /v1/user | PATCH, DELETE |
/// | /v1/user/email, /v1/user/password | POST |
/// | /v1/email/verify, …/resend | POST |
/// | /v1/password/reset, …/confirm | POST |
/// | /v1/second-factor | GET, POST |
/// | /v1/second-factor/{confirm,disable,recovery-codes} | POST |
/// | /v1/organisations | GET, POST |
/// | /v1/organisations/{org} | GET, PATCH, DELETE |
/// | /v1/organisations/{org}/restore, …/transfer | POST |
/// | /v1/organisations/{org}/members, …/{user} | GET, PATCH, DELETE |
/// | /v1/organisations/{org}/invitations, …/{invitation} | GET, POST, DELETE |
/// | /v1/invitations/inspect, …/accept, …/sign-up | POST |
/// | /v1/permissions | GET |
/// | /v1/organisations/{org}/apps | GET, POST |
/// | /v1/organisations/{org}/tokens, …/{id} | GET, POST, DELETE |
/// | /v1/organisations/{org}/audit, …/export, …/head | GET |
/// | /v1/token | GET |
/// | /v1/organisations/{org}/usage, …/ledger | GET |
/// | /v1/organisations/{org}/subscription, …/preview | GET, PUT, POST |
/// | /v1/organisations/{org}/billing/{current,profile,spend-limit,payment-method} | GET, PUT, POST, DELETE |
/// | /v1/organisations/{org}/invoices, …/{number}[.html,.pdf], …/{number}/pay | GET, POST |
/// | /v1/organisations/{org}/alerts, …/settings | GET, PUT |
/// | /v1/apps/{app} | GET, PATCH, DELETE |
/// | /v1/apps/{app}/credentials, …/{key} | GET, POST, PATCH, DELETE |
/// | /v1/apps/{app}/credentials/{key}/rotate, …/previous-secret | POST, DELETE |
/// | /v1/apps/{app}/revoke-all | POST |
/// | /v1/apps/{app}/keys, …/{id} | GET, POST, PATCH, DELETE |
/// | /v1/apps/{app}/keys/{id}/token-secret, …/rotate, …/dry-run | POST |
/// | /v1/apps/{app}/keys/{id}/previous-token | DELETE |
/// | /v1/apps/{app}/publishable-keys, …/{key} | GET, POST, PATCH, DELETE |
/// | /v1/apps/{app}/publishable-keys/{key}/rotate, …/dry-run | POST |
/// | /v1/apps/{app}/usage | GET |
/// | /v1/apps/{app}/refusals, …/{request_id} | GET |
/// | /v1/apps/{app}/publish | POST |
/// | /v1/apps/{app}/channels, /v1/apps/{app}/channel | GET |
/// | /v1/apps/{app}/connections, …/{socket}/terminate | GET, POST |
/// | /v1/apps/{app}/live | GET (WebSocket) |
/// | /v1/apps/{app}/live/history | GET |
/// | /v1/{apps/{app},organisations/{org}}/webhooks, …/{id} | GET, POST, PATCH, DELETE |
/// | …/webhooks/{id}/secret, …/test, …/replay | POST |
/// | …/webhooks/{id}/deliveries, …/{delivery}/replay | GET, POST |
/// | …/webhooks/{id}/attempts, …/{attempt} | GET |
/// | /v1/apps/{app}/webhooks/events | GET (NDJSON) |
/// | /v1/gateways | GET |
/// | /v1/plans | GET |
/// | /cli/signalbox, /health, /openapi.json | GET |
pub fn public(cfg: &mut ServiceConfig) {
    people::http::routes(cfg);
    people::links::http::routes(cfg);
    people::account::http::routes(cfg);
    people::sessions::http::routes(cfg);
    people::second_factor::http::routes(cfg);
    organisations::http::routes(cfg);
    tokens::http::routes(cfg);
    audit::http::routes(cfg);
    apps::http::routes(cfg);
    credentials::http::routes(cfg);
    keys::http::routes(cfg);
    publishable_keys::http::routes(cfg);
    messages::http::routes(cfg);
    live::http::routes(cfg);
    live::history::http::routes(cfg);
    inspect::http::routes(cfg);
    gateways::http::routes(cfg);
    plans::http::routes(cfg);
    usage::http::routes(cfg);
    refusals::http::routes(cfg);
    billing::http::routes(cfg);
    alerts::http::routes(cfg);
    // Before the endpoints: `events` is no id.
    webhooks::listen::routes(cfg);
    webhooks::endpoints::routes(cfg);
    webhooks::reading::routes(cfg);
    cfg.service(get_health).service(openapi::get_openapi);
}

/// Gateways only, behind their token:
/// /internal/v1/{directory,feed,confirmations,uses,usage,leases,refusals,live-events,channel-events}.
pub fn internal(cfg: &mut web::ServiceConfig) {
    feed::http::routes(cfg);
    uses::http::routes(cfg);
    usage::intake::routes(cfg);
    leases::http::routes(cfg);
    refusals::intake::routes(cfg);
    live::history::intake::routes(cfg);
    webhooks::intake::routes(cfg);
}

/// All of them, and the console for the rest.
pub fn all(cfg: &mut web::ServiceConfig) {
    public(&mut ServiceConfig::new(cfg));
    internal(cfg);
    billing::http::webhooks(cfg);
    cfg.default_service(web::to(console::http::serve));
}

#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok` when the database answers.
    pub status: &'static str,
}

/// Whether the service can do its work.
#[utoipa::path(
    tag = "service",
    responses((status = 200, body = Health), (status = 503, body = crate::api::Problem))
)]
#[get("/health")]
pub async fn get_health(state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let tx = state.db.service().await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(Health { status: "ok" }))
}

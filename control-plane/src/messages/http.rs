//! Publish an event and list channels, by way of the gateway.

use super::{
    gateway::Signer,
    model::{Channels, ChannelsQuery, Publish, Published},
};
use crate::{
    api::{ApiError, Body, Problem, idempotency::IdempotencyKey},
    apps::AppAccess,
    credentials,
    organisations::Permission,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{Data, Query},
};
use contract::ChannelName;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(publish).service(list_channels);
}

/// Publish an event to a channel.
#[utoipa::path(
    tag = "messages",
    params(
        ("app" = String, Path, description = "App id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    request_body = Publish,
    responses(
        (status = 200, body = Published),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem),
        (status = 503, body = Problem, description = "The gateway does not answer"),
    )
)]
#[post("/v1/apps/{app}/publish")]
pub async fn publish(
    state: Data<State>,
    access: AppAccess,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::AppsWrite)?;
    let event = body.json::<Publish>().await?.value;
    let signer = signer(&state, &access).await?;
    let body = serde_json::to_vec(&event.as_event()).map_err(ApiError::internal)?;
    let key = idempotency.handed_on(&access.caller().actor());
    state.gateway.publish(&signer, body, key).await?;
    Ok(HttpResponse::Ok().json(Published {}))
}

/// The channels of the app that have subscribers right now.
#[utoipa::path(
    tag = "messages",
    params(("app" = String, Path, description = "App id"), ChannelsQuery),
    responses(
        (status = 200, body = Channels),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 503, body = Problem, description = "The gateway does not answer"),
    )
)]
#[get("/v1/apps/{app}/channels")]
pub async fn list_channels(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::AppsRead)?;
    let query = Query::<ChannelsQuery>::from_query(request.query_string())
        .map_err(|e| ApiError::field("query", e))?;
    let prefix = query.into_inner().prefix.unwrap_or_default();
    if prefix.len() > ChannelName::PORTABLE_MAX_BYTES {
        return Err(ApiError::field("prefix", "is longer than a channel's name may be"));
    }
    let signer = signer(&state, &access).await?;
    let info = match prefix.starts_with("presence-") {
        true => "subscription_count,user_count",
        false => "subscription_count",
    };
    let mut query = vec![("info", info)];
    if !prefix.is_empty() {
        query.push(("filter_by_prefix", &prefix));
    }
    let answer = state.gateway.channels(&signer, &query).await?;
    let channels: Channels = serde_json::from_slice(&answer).map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().json(channels))
}

/// The app's oldest active pair, opened. Errors: 409 when all are revoked.
async fn signer(state: &State, access: &AppAccess) -> Result<Signer, ApiError> {
    let mut tx = access.begin(state).await?;
    let oldest = credentials::store::sealed(&mut tx, &access.app).await?.into_iter().next();
    tx.commit().await?;
    let pair = oldest.ok_or(ApiError::Conflict {
        code: "no_credential",
        detail: "the app has no active key and secret: make one first",
    })?;
    let secret = state.master_key.open(&pair.sealed_secret, pair.key.as_str())?;
    Ok(Signer { app: access.app.clone(), key: pair.key, secret })
}

//! Publish an event and list channels, by way of the gateway.

use super::{
    model::{Channels, ChannelsQuery, Publish, PublishDialect, Published},
    signing::{self, Signer},
};
use crate::{
    api::{
        ApiError, Body, Problem,
        idempotency::{Attempt, IdempotencyKey},
    },
    apps::AppAccess,
    organisations::Permission,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, get,
    http::StatusCode,
    post,
    web::{Data, Query},
};
use contract::ChannelName;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(publish).service(list_channels);
}

/// Publish to a channel, through the HTTP API of one of the dialects.
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
        (status = 409, body = Problem, description = "`no_credential`, `no_secret_key`: the app has nothing to publish with"),
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
    let body = body.json::<Publish>().await?;
    let event = body.value.event()?;
    let mut tx = access.begin(&state).await?;
    match body.value.dialect {
        PublishDialect::Pusher | PublishDialect::Relay => {
            let post = signing::post(&state, &mut tx, &access, event).await?;
            tx.commit().await?;
            let key = idempotency.handed_on(&access.caller().actor());
            state.gateway.publish(post, key).await?;
            Ok(HttpResponse::Ok().json(Published {}))
        }
        // These know no idempotency keys, so a retry is recognised here.
        PublishDialect::AnyCable | PublishDialect::Metered => {
            let ticket = match idempotency.begin(&state, &mut tx, &body).await? {
                Attempt::First(ticket) => ticket,
                Attempt::Replay(answer) => return Ok(answer),
            };
            let post = signing::post(&state, &mut tx, &access, event).await?;
            state.gateway.publish(post, None).await?;
            let answer = ticket.finish(&state, &mut tx, StatusCode::OK, &Published {}).await?;
            tx.commit().await?;
            Ok(answer)
        }
    }
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
    let mut tx = access.begin(&state).await?;
    let signer = Signer::oldest(&state, &mut tx, &access).await?;
    tx.commit().await?;
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

//! What gateways call: the snapshot, the feed, confirmations. Not part of the public API.

use super::{store, stream};
use crate::{
    api::{ApiError, Body, ndjson},
    gateways::{
        self,
        caller::GatewayCaller,
        model::{FeedQuery, Registration},
    },
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web, web::Data};
use contract::directory::Confirmation;

pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/internal/v1/directory", web::get().to(directory))
        .route("/internal/v1/feed", web::get().to(follow_feed))
        .route("/internal/v1/confirmations", web::post().to(confirm));
}

async fn directory(state: Data<State>, _: GatewayCaller) -> HttpResponse {
    ndjson::answer(stream::snapshot(state.into_inner()))
}

async fn follow_feed(
    request: HttpRequest,
    state: Data<State>,
    _: GatewayCaller,
) -> Result<HttpResponse, ApiError> {
    let query = web::Query::<FeedQuery>::from_query(request.query_string())
        .map_err(|e| ApiError::field("query", e))?
        .into_inner();
    let (gateway, after) = Registration::parse(query)?;
    let mut tx = state.db.service().await?;
    let reached = store::reaches_back_to(&mut tx, after).await?;
    tx.commit().await?;
    if !reached {
        return Err(ApiError::FeedGone);
    }
    gateways::store::register(&state.db, &gateway, after).await?;
    tracing::info!(gateway.id = %gateway.id, feed.after = after, "gateway follows the feed");
    Ok(ndjson::answer(stream::follow(state.into_inner(), gateway, after)))
}

async fn confirm(
    state: Data<State>,
    _: GatewayCaller,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let confirmation = body.json::<Confirmation>().await?.value;
    match gateways::store::confirm(&state.db, &confirmation).await? {
        true => Ok(HttpResponse::NoContent().finish()),
        // Not registered with this boot: following the feed is how a gateway registers.
        false => Err(ApiError::NotFound),
    }
}

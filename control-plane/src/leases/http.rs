//! Where gateways ask for leases. Not part of the public API.

use super::{model::Request, store};
use crate::{
    api::{ApiError, Body},
    gateways::caller::GatewayCaller,
    state::State,
};
use actix_web::{HttpResponse, web, web::Data};
use contract::lease::LeaseRequest;

pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/internal/v1/leases", web::post().to(ask));
}

async fn ask(state: Data<State>, _: GatewayCaller, body: Body) -> Result<HttpResponse, ApiError> {
    let asked = body.json_up_to::<LeaseRequest>(LeaseRequest::MAX_BYTES).await?.value;
    let answer = store::answer(&state.db, &Request::parse(asked)?).await?;
    Ok(HttpResponse::Ok().json(answer))
}

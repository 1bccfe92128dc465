//! Where gateways report uses. Not part of the public API.

use super::{model::Report, store};
use crate::{
    api::{ApiError, Body},
    gateways::caller::GatewayCaller,
    state::State,
};
use actix_web::{HttpResponse, web, web::Data};
use contract::uses::Uses;

pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/internal/v1/uses", web::post().to(report));
}

async fn report(
    state: Data<State>,
    _: GatewayCaller,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let uses = body.json_up_to::<Uses>(Uses::MAX_BYTES).await?.value;
    let entries = uses.entries();
    store::note(&state.db, &Report::parse(uses)?).await?;
    state.telemetry.intake.uses.add(entries);
    Ok(HttpResponse::NoContent().finish())
}

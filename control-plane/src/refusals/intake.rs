//! Where gateways report refusals. Not part of the public API.

use super::{model::Batch, store};
use crate::{
    api::{ApiError, Body},
    gateways::caller::GatewayCaller,
    state::State,
};
use actix_web::{HttpResponse, web, web::Data};
use contract::refusal::RefusalBatch;

pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/internal/v1/refusals", web::post().to(take));
}

async fn take(state: Data<State>, _: GatewayCaller, body: Body) -> Result<HttpResponse, ApiError> {
    let sent = body.json_up_to::<RefusalBatch>(RefusalBatch::MAX_BYTES).await?.value;
    let batch = Batch::parse(sent)?;
    store::take(&state.db, &batch).await?;
    state.telemetry.intake.refusals.add(batch.records.len());
    Ok(HttpResponse::NoContent().finish())
}

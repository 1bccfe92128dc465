//! Where gateways send the ledger. Not part of the public API.

use super::{model::Batch, store};
use crate::{
    api::{ApiError, Body},
    gateways::caller::GatewayCaller,
    state::State,
};
use actix_web::{HttpResponse, web, web::Data};
use contract::usage::UsageBatch;
use time::OffsetDateTime;

pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/internal/v1/usage", web::post().to(take));
}

async fn take(state: Data<State>, _: GatewayCaller, body: Body) -> Result<HttpResponse, ApiError> {
    let sent = body.json_up_to::<UsageBatch>(UsageBatch::MAX_BYTES).await?.value;
    let batch = Batch::parse(sent, OffsetDateTime::now_utc())?;
    store::take(&state.db, &batch).await?;
    state.telemetry.intake.usage.add(batch.rows.len());
    Ok(HttpResponse::NoContent().finish())
}

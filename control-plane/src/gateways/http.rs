//! Which gateways there are, for people.

use super::{model::Gateways, store};
use crate::{
    api::{ApiError, Problem},
    state::State,
    tokens::Caller,
};
use actix_web::{HttpResponse, get, web::Data};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_gateways);
}

/// The registered gateways and how far each has followed the feed.
#[utoipa::path(
    tag = "gateways",
    responses((status = 200, body = Gateways), (status = 401, body = Problem))
)]
#[get("/v1/gateways")]
pub async fn list_gateways(state: Data<State>, _: Caller) -> Result<HttpResponse, ApiError> {
    let (items, head) = store::all(&state.db).await?;
    Ok(HttpResponse::Ok().json(Gateways { items, next_cursor: None, head }))
}

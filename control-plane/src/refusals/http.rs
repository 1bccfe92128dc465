//! Look up why something was refused.

use super::{
    model::{Refusal, RefusalParams},
    store,
};
use crate::{
    api::{ApiError, Page, PageRequest, Problem},
    apps::AppAccess,
    organisations::Permission,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, get, web::Data, web::Query};
use contract::RefusalCode;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_refusals).service(get_refusal);
}

/// What was refused of an app's traffic in the last seven days, newest first.
///
/// Of one app 10,000 refusals a day are kept; the usage counts them all.
#[utoipa::path(
    tag = "usage",
    params(("app" = String, Path, description = "App id"), RefusalParams),
    responses(
        (status = 200, body = Page<Refusal>),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[get("/v1/apps/{app}/refusals")]
pub async fn list_refusals(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::UsageRead)?;
    let params = Query::<RefusalParams>::from_query(request.query_string())
        .map_err(|e| ApiError::field("query", e))?
        .into_inner();
    if let Some(code) = &params.code {
        code.parse::<RefusalCode>().map_err(|e| ApiError::field("code", e))?;
    }
    let page = PageRequest::try_from(params.page())?;
    let mut tx = access.begin(&state).await?;
    let refusals = store::page(&mut tx, &access.app, &params, &page).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(page.page(refusals, store::position)))
}

/// One refusal, by the request id that its answer carried.
#[utoipa::path(
    tag = "usage",
    params(
        ("app" = String, Path, description = "App id"),
        ("request_id" = String, Path, description = "X-Request-Id of the refused answer"),
    ),
    responses(
        (status = 200, body = Refusal),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/apps/{app}/refusals/{request_id}")]
pub async fn get_refusal(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::UsageRead)?;
    let id = request.match_info().query("request_id");
    let mut tx = access.begin(&state).await?;
    let refusal = store::get(&mut tx, &access.app, id).await?.ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(refusal))
}

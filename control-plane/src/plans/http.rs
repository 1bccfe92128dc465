//! What plans there are, and what an organisation is on. Changing it is billing's.

use super::{
    model::{Plan, Plans, Subscription},
    store,
};
use crate::{
    api::{ApiError, Problem},
    organisations::{OrganisationAccess, Permission},
    state::State,
};
use actix_web::{HttpResponse, get, web::Data};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_plans).service(get_subscription);
}

/// The plans that can be chosen, cheapest first. Open to everybody.
#[utoipa::path(tag = "plans", responses((status = 200, body = Plans)))]
#[get("/v1/plans")]
pub async fn list_plans(state: Data<State>) -> Result<HttpResponse, ApiError> {
    let mut tx = state.db.service().await?;
    let plans = store::public(&mut tx).await?;
    tx.commit().await?;
    let items = plans.iter().map(Plan::from).collect();
    Ok(HttpResponse::Ok().json(Plans { items, next_cursor: None }))
}

/// What an organisation is on: plan, period, what comes next, and the limits that hold now.
#[utoipa::path(
    tag = "plans",
    params(("org" = String, Path, description = "Organisation id")),
    responses(
        (status = 200, body = Subscription),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/subscription")]
pub async fn get_subscription(
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::AppsRead)?;
    let mut tx = access.begin(&state).await?;
    let subscribed = store::current(&mut tx).await?;
    let effective = store::limits(&mut tx).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(subscribed.shown(&effective)))
}

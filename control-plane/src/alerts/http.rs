//! Read alerts, and say which are wanted.

use super::{
    model::{Alert, AlertSettings, MAX_THRESHOLDS},
    store,
};
use crate::{
    api::{ApiError, Body, Page, PageParams, PageRequest, Problem},
    organisations::{OrganisationAccess, Permission},
    state::State,
};
use actix_web::{HttpResponse, get, put, web::Data};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_alerts).service(get_alert_settings).service(put_alert_settings);
}

/// The alerts that were sent, newest first.
#[utoipa::path(
    tag = "alerts",
    params(("org" = String, Path, description = "Organisation id"), PageParams),
    responses(
        (status = 200, body = Page<Alert>),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/alerts")]
pub async fn list_alerts(
    state: Data<State>,
    access: OrganisationAccess,
    page: PageRequest,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::UsageRead)?;
    let mut tx = access.begin(&state).await?;
    let alerts = store::page(&mut tx, &page).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(page.page(alerts, store::position)))
}

/// Which alerts are sent.
#[utoipa::path(
    tag = "alerts",
    params(("org" = String, Path, description = "Organisation id")),
    responses(
        (status = 200, body = AlertSettings),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/alerts/settings")]
pub async fn get_alert_settings(
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::UsageRead)?;
    let mut tx = access.begin(&state).await?;
    let settings = store::settings(&mut tx).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(settings))
}

/// Say which alerts are sent.
#[utoipa::path(
    tag = "alerts",
    params(("org" = String, Path, description = "Organisation id")),
    request_body = AlertSettings,
    responses(
        (status = 200, body = AlertSettings),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[put("/v1/organisations/{org}/alerts/settings")]
pub async fn put_alert_settings(
    state: Data<State>,
    access: OrganisationAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::BillingWrite)?;
    let mut settings = body.json::<AlertSettings>().await?.value;
    if settings.thresholds.len() > MAX_THRESHOLDS {
        let message = format!("{MAX_THRESHOLDS} at most");
        return Err(ApiError::field("thresholds", message));
    }
    if settings.thresholds.iter().any(|threshold| !(1..=100).contains(threshold)) {
        return Err(ApiError::field("thresholds", "must be 1 to 100 per cent"));
    }
    settings.thresholds.sort_unstable();
    settings.thresholds.dedup();
    let mut tx = access.begin(&state).await?;
    let before = store::settings(&mut tx).await?;
    store::keep_settings(&mut tx, &settings).await?;
    tx.audit_change("alerts.changed", "alerts", Some(&before), Some(&settings)).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(settings))
}

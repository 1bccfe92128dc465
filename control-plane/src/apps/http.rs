//! List, make, read, change and delete apps.

use super::{
    AppAccess,
    model::{App, AppPatch, AtQuota, CreatedApp, NewApp, PatchedApp},
    settings::checked_settings,
    store,
};
use crate::{
    api::{
        ApiError, Body, Page, PageParams, PageRequest, Problem,
        idempotency::{Attempt, IdempotencyKey},
    },
    feed::{self, model::Revoked},
    leases,
    live::history::forget,
    organisations::{OrganisationAccess, Permission},
    plans::{self, model::PlanVersion},
    state::State,
};
use actix_web::{HttpResponse, delete, get, http::StatusCode, patch, post, web::Data};
use contract::directory::{Change, Kill};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_apps)
        .service(create_app)
        .service(get_app)
        .service(patch_app)
        .service(delete_app);
}

/// The apps of an organisation, newest first.
#[utoipa::path(
    tag = "apps",
    params(("org" = String, Path, description = "Organisation id"), PageParams),
    responses(
        (status = 200, body = Page<App>),
        (status = 401, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/apps")]
pub async fn list_apps(
    state: Data<State>,
    access: OrganisationAccess,
    page: PageRequest,
) -> Result<HttpResponse, ApiError> {
    access.require_of_apps(Permission::AppsRead)?;
    let mut tx = access.begin(&state).await?;
    let apps = store::page(&mut tx, access.caller.apps(), &page).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(page.page(apps, store::position)))
}

/// Make an app, new or brought from elsewhere with its key and secret.
#[utoipa::path(
    tag = "apps",
    params(
        ("org" = String, Path, description = "Organisation id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    request_body = NewApp,
    responses(
        (status = 201, body = CreatedApp, description = "The secret is in this answer and nowhere else"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The imported id or key is taken"),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/organisations/{org}/apps")]
pub async fn create_app(
    state: Data<State>,
    access: OrganisationAccess,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::AppsWrite)?;
    let body = body.json::<NewApp>().await?;
    let mut tx = access.begin(&state).await?;
    let ticket = match idempotency.begin(&state, &mut tx, &body).await? {
        Attempt::First(ticket) => ticket,
        Attempt::Replay(answer) => return Ok(answer),
    };
    let (app, credential) = super::create(&state, &mut tx, body.value).await?;
    let created = CreatedApp { app, credential };
    let answer = ticket.finish(&state, &mut tx, StatusCode::CREATED, &created).await?;
    tx.commit().await?;
    Ok(answer)
}

/// One app.
#[utoipa::path(
    tag = "apps",
    params(("app" = String, Path, description = "App id")),
    responses(
        (status = 200, body = App),
        (status = 401, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/apps/{app}")]
pub async fn get_app(state: Data<State>, access: AppAccess) -> Result<HttpResponse, ApiError> {
    access.require(Permission::AppsRead)?;
    let mut tx = access.begin(&state).await?;
    let app = store::get(&mut tx, &access.app).await?.ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(app))
}

/// Change an app: its name, whether it is on, its settings and limits.
///
/// Switching it off waits up to two seconds for the gateways and says which have done so.
#[utoipa::path(
    tag = "apps",
    params(("app" = String, Path, description = "App id")),
    request_body = AppPatch,
    responses(
        (status = 200, body = PatchedApp),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[patch("/v1/apps/{app}")]
pub async fn patch_app(
    state: Data<State>,
    access: AppAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::AppsWrite)?;
    let patch = body.json::<AppPatch>().await?.value;
    let mut tx = access.begin(&state).await?;
    let before = store::lock(&mut tx, &access.app).await?.ok_or(ApiError::NotFound)?;
    let plan = plans::store::held(&mut tx).await?;
    let wanted = patched(before.clone(), patch, &plan)?;
    let killed = match before.enabled && !wanted.enabled {
        true => {
            let kill = Kill::DisableApp { app: access.app.clone() };
            Some(feed::store::append(&mut tx, &Change::Kill(kill)).await?)
        }
        false => None,
    };
    store::update(&mut tx, &wanted).await?;
    if wanted.messages_per_day != before.messages_per_day {
        let per_day = wanted.messages_per_day.map(u64::cast_signed);
        leases::pools::divide(&mut tx, &access.app, per_day).await?;
    }
    let (was, is) = (before.settings.live_history, wanted.settings.live_history);
    if let Some(what) = forget::What::by_change(was, is) {
        forget::soon(&mut tx, &access.app, what).await?;
    }
    let app = store::publish(&mut tx, &access.app).await?;
    tx.audit_change("app.changed", app.id.as_str(), Some(&before), Some(&app)).await?;
    tx.commit().await?;
    let receipt = match killed {
        Some(revision) => Some(feed::receipt::wait(&state, revision).await?),
        None => None,
    };
    Ok(HttpResponse::Ok().json(PatchedApp { app, receipt }))
}

fn patched(app: App, patch: AppPatch, plan: &PlanVersion) -> Result<App, ApiError> {
    let own_limits = patch.limits.unwrap_or_default().over(app.own_limits, plan)?;
    let changed = App {
        name: patch.name.map_or(app.name, |name| name.as_str().to_owned()),
        enabled: patch.enabled.unwrap_or(app.enabled),
        settings: checked_settings(patch.settings.unwrap_or_default().over(app.settings))?,
        limits: own_limits.under(plan),
        own_limits,
        messages_per_day: patch.messages_per_day.unwrap_or(app.messages_per_day),
        at_quota: patch.at_quota.unwrap_or(app.at_quota),
        ..app
    };
    if let Some(Some(part)) = patch.messages_per_day {
        check_part(part, plan)?;
    }
    if patch.at_quota == Some(AtQuota::Overage) && plan.overage_micros_per_million.is_none() {
        return Err(ApiError::PlanLimit { rule: "overage", used: None, limit: None });
    }
    Ok(changed)
}

fn check_part(part: u64, plan: &PlanVersion) -> Result<(), ApiError> {
    let whole = plan.messages_per_day.unsigned_abs();
    match part {
        0 => Err(ApiError::field("messages_per_day", "must be at least 1")),
        part if part > whole => Err(ApiError::PlanLimit {
            rule: "messages_per_day",
            used: Some(part),
            limit: Some(whole),
        }),
        _ => Ok(()),
    }
}

/// Delete an app for good. Its id and keys are never given to another.
#[utoipa::path(
    tag = "apps",
    params(("app" = String, Path, description = "App id")),
    responses(
        (status = 200, body = Revoked),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[delete("/v1/apps/{app}")]
pub async fn delete_app(state: Data<State>, access: AppAccess) -> Result<HttpResponse, ApiError> {
    access.require(Permission::AppsDelete)?;
    let mut tx = access.begin(&state).await?;
    let before = store::lock(&mut tx, &access.app).await?.ok_or(ApiError::NotFound)?;
    let revision = store::delete(&mut tx, &access.app).await?;
    tx.audit_change("app.deleted", access.app.as_str(), Some(&before), None).await?;
    tx.commit().await?;
    let receipt = feed::receipt::wait(&state, revision).await?;
    Ok(HttpResponse::Ok().json(Revoked { receipt }))
}

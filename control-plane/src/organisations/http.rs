//! Make, list, read and rename organisations.

use super::{
    OrganisationAccess, Permission, deletion, invitations, members,
    model::{NewOrganisation, Organisation, Permissions, RenameOrganisation},
    store,
};
use crate::{
    api::{ApiError, Body, Page, PageParams, PageRequest, Problem},
    db,
    people::Person,
    state::State,
    tokens::Caller,
};
use actix_web::{HttpResponse, get, patch, post, web::Data};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_organisations)
        .service(create_organisation)
        .service(get_organisation)
        .service(rename_organisation)
        .service(list_permissions);
    deletion::http::routes(cfg);
    members::http::routes(cfg);
    invitations::http::routes(cfg);
}

/// What can be allowed, and what each role may.
#[utoipa::path(tag = "team", responses((status = 200, body = Permissions)))]
#[get("/v1/permissions")]
pub async fn list_permissions() -> HttpResponse {
    HttpResponse::Ok().json(Permissions::all())
}

/// Make another organisation, of which one is the owner. It begins without apps.
#[utoipa::path(
    tag = "organisations",
    request_body = NewOrganisation,
    responses(
        (status = 201, body = Organisation),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem, description = "One owns as many as one may"),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/organisations")]
pub async fn create_organisation(
    state: Data<State>,
    person: Person,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let NewOrganisation { name } = body.json().await?.value;
    let mut tx = state.db.person(person.id()).await?;
    if store::owned_by(&mut tx, person.id()).await? >= store::MAX_OWNED {
        return Err(ApiError::Conflict {
            code: "too_many_organisations",
            detail: "one person owns ten organisations at most",
        });
    }
    let mut tx = tx.enter(&person.user, db::Organisation::new_random()).await?;
    let made = store::insert(&mut tx, name.as_str()).await?;
    tx.audit_change("organisation.created", &made.id.to_string(), None, Some(&made)).await?;
    tx.commit().await?;
    Ok(HttpResponse::Created().json(made))
}

/// The organisations of the signed-in person, newest first; a token has one.
#[utoipa::path(
    tag = "organisations",
    params(PageParams),
    responses((status = 200, body = Page<Organisation>), (status = 401, body = Problem))
)]
#[get("/v1/organisations")]
pub async fn list_organisations(
    state: Data<State>,
    caller: Caller,
    page: PageRequest,
) -> Result<HttpResponse, ApiError> {
    let mut tx = state.db.person(caller.id()).await?;
    let rows = store::page_of(&mut tx, caller.id(), caller.organisation(), &page).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(page.page(rows, store::position)))
}

/// One organisation.
#[utoipa::path(
    tag = "organisations",
    params(("org" = String, Path, description = "Organisation id")),
    responses(
        (status = 200, body = Organisation),
        (status = 401, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}")]
pub async fn get_organisation(access: OrganisationAccess) -> Result<HttpResponse, ApiError> {
    access.require_of_apps(Permission::AppsRead)?;
    Ok(HttpResponse::Ok().json(access.organisation))
}

/// Rename an organisation.
#[utoipa::path(
    tag = "organisations",
    params(("org" = String, Path, description = "Organisation id")),
    request_body = RenameOrganisation,
    responses(
        (status = 200, body = Organisation),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[patch("/v1/organisations/{org}")]
pub async fn rename_organisation(
    state: Data<State>,
    access: OrganisationAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::OrganisationWrite)?;
    let RenameOrganisation { name } = body.json().await?.value;
    let mut tx = access.begin(&state).await?;
    store::rename(&mut tx, name.as_str()).await?;
    let before = access.organisation;
    let after = Organisation { name: name.as_str().to_owned(), ..before.clone() };
    let subject = before.id.to_string();
    tx.audit_change("organisation.renamed", &subject, Some(&before), Some(&after)).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(after))
}

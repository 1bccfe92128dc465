//! Read, export and anchor the audit log.

use super::{
    export,
    model::{AuditQuery, ExportFormat, ExportQuery, Head, ListedEntry},
    store,
};
use crate::{
    api::{ApiError, Page, Problem},
    organisations::{OrganisationAccess, Permission},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header,
    web::{Data, Query},
};
use serde::de::DeserializeOwned;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_audit).service(export_audit).service(get_audit_head);
}

/// What was done in an organisation, newest first.
#[utoipa::path(
    tag = "audit",
    params(("org" = String, Path, description = "Organisation id"), AuditQuery),
    responses(
        (status = 200, body = Page<ListedEntry>),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/audit")]
pub async fn list_audit(
    request: HttpRequest,
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::AuditRead)?;
    let query: AuditQuery = query_of(&request)?;
    let page = query.page()?;
    let mut tx = access.begin(&state).await?;
    let entries = store::page(&mut tx, &query, &page).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(page.page(entries, store::position)))
}

/// The log as a file, oldest first: NDJSON that can be verified, or CSV.
#[utoipa::path(
    tag = "audit",
    params(("org" = String, Path, description = "Organisation id"), ExportQuery),
    responses(
        (status = 200, description = "One entry per line", content(
            (String = "application/x-ndjson"), (String = "text/csv"),
        )),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/audit/export")]
pub async fn export_audit(
    request: HttpRequest,
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::AuditRead)?;
    let query: ExportQuery = query_of(&request)?;
    let (kind, name) = match query.format {
        ExportFormat::Ndjson => ("application/x-ndjson", "audit.ndjson"),
        ExportFormat::Csv => ("text/csv; charset=utf-8", "audit.csv"),
    };
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(export::stream(state, access, query)))
}

/// Where the log ends: keep it, and no entry up to here can be changed without it showing.
#[utoipa::path(
    tag = "audit",
    params(("org" = String, Path, description = "Organisation id")),
    responses(
        (status = 200, body = Head),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/audit/head")]
pub async fn get_audit_head(
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::AuditRead)?;
    let mut tx = access.begin(&state).await?;
    let head = store::head(&mut tx).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(head))
}

fn query_of<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, ApiError> {
    let query = Query::<T>::from_query(request.query_string());
    query.map(Query::into_inner).map_err(|e| ApiError::field("query", e))
}

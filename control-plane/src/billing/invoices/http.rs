//! List and read invoices: as JSON to recompute, as a page, as PDF.

use super::{
    html,
    model::{Invoice, InvoiceSummary},
    pdf, store,
};
use crate::{
    api::{ApiError, Page, PageParams, PageRequest, Problem},
    organisations::{OrganisationAccess, Permission},
    state::State,
};
use actix_web::{
    HttpResponse, get,
    web::{Data, Path},
};

/// The invoices of an organisation, newest first, and what became of them.
#[utoipa::path(
    tag = "billing",
    params(("org" = String, Path, description = "Organisation id"), PageParams),
    responses(
        (status = 200, body = Page<InvoiceSummary>),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/invoices")]
pub async fn list_invoices(
    state: Data<State>,
    access: OrganisationAccess,
    page: PageRequest,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::BillingRead)?;
    let mut tx = access.begin(&state).await?;
    let invoices = store::page(&mut tx, &page).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(page.page(invoices, store::position)))
}

/// One invoice as it was issued: its lines, and all they were computed from besides the ledger.
#[utoipa::path(
    tag = "billing",
    params(
        ("org" = String, Path, description = "Organisation id"),
        ("number" = String, Path, description = "The invoice's number"),
    ),
    responses(
        (status = 200, body = Invoice),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/invoices/{number}")]
pub async fn get_invoice(
    state: Data<State>,
    access: OrganisationAccess,
    path: Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let document = document(&state, &access, &path.1).await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(document))
}

/// One invoice as a page to read and print.
#[utoipa::path(
    tag = "billing",
    params(
        ("org" = String, Path, description = "Organisation id"),
        ("number" = String, Path, description = "The invoice's number"),
    ),
    responses(
        (status = 200, content_type = "text/html", body = String),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/invoices/{number}.html")]
pub async fn get_invoice_page(
    state: Data<State>,
    access: OrganisationAccess,
    path: Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let invoice = parsed(&document(&state, &access, &path.1).await?)?;
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html::page(&invoice)))
}

/// One invoice as PDF.
#[utoipa::path(
    tag = "billing",
    params(
        ("org" = String, Path, description = "Organisation id"),
        ("number" = String, Path, description = "The invoice's number"),
    ),
    responses(
        (status = 200, content_type = "application/pdf", body = Vec<u8>),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/invoices/{number}.pdf")]
pub async fn get_invoice_pdf(
    state: Data<State>,
    access: OrganisationAccess,
    path: Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let invoice = parsed(&document(&state, &access, &path.1).await?)?;
    let name = format!("inline; filename=\"invoice-{}.pdf\"", invoice.number);
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header(("content-disposition", name))
        .body(pdf::document(&invoice)))
}

async fn document(
    state: &State,
    access: &OrganisationAccess,
    number: &str,
) -> Result<String, ApiError> {
    access.require(Permission::BillingRead)?;
    let number = number.parse::<i32>().map_err(|_| ApiError::NotFound)?;
    let mut tx = access.begin(state).await?;
    let document = store::document(&mut tx, number).await?;
    tx.commit().await?;
    document.ok_or(ApiError::NotFound)
}

fn parsed(document: &str) -> Result<Invoice, ApiError> {
    serde_json::from_str(document).map_err(ApiError::internal)
}

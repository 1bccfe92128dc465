//! Whom invoices are made out to.

use super::invoices::model::Party;
use crate::{
    api::{ApiError, Body, Problem},
    db::TenantTx,
    organisations::{OrganisationAccess, Permission},
    people::model::EmailAddress,
    state::State,
};
use actix_web::{HttpResponse, get, put, web::Data};
use serde::Deserialize;
use utoipa::ToSchema;

const MAX_NAME: usize = 200;
const MAX_ADDRESS: usize = 500;
const MAX_VAT_ID: usize = 20;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The name on the invoice.
    #[schema(max_length = 200)]
    pub name: String,
    /// Street, town and so on; lines as they are to be printed.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub address: String,
    /// Two letters (ISO 3166-1); empty if unknown.
    #[serde(default)]
    #[schema(max_length = 2)]
    pub country: String,
    #[serde(default)]
    #[schema(max_length = 20)]
    pub vat_id: Option<String>,
    /// Invoices are sent there as well.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "email")]
    pub email: Option<EmailAddress>,
}

impl Profile {
    fn checked(self) -> Result<Self, ApiError> {
        let text = |field, value: &str, least: usize, most: usize, lines: bool| {
            let length = value.chars().count();
            let control = value.chars().any(|c| c.is_control() && !(lines && c == '\n'));
            match (least..=most).contains(&length) && !control {
                true => Ok(()),
                false => Err(ApiError::field(
                    field,
                    format!("must be {least} to {most} characters without control characters"),
                )),
            }
        };
        text("name", self.name.trim(), 1, MAX_NAME, false)?;
        text("address", &self.address, 0, MAX_ADDRESS, true)?;
        let letters = self.country.bytes().all(|b| b.is_ascii_uppercase());
        if !matches!(self.country.len(), 0 | 2) || !letters {
            return Err(ApiError::field("country", "must be two capital letters"));
        }
        if let Some(vat_id) = &self.vat_id {
            let sane = vat_id.bytes().all(|b| b.is_ascii_alphanumeric());
            if vat_id.len() < 4 || vat_id.len() > MAX_VAT_ID || !sane {
                let message = format!("must be 4 to {MAX_VAT_ID} letters and digits");
                return Err(ApiError::field("vat_id", message));
            }
        }
        Ok(self)
    }
}

/// The buyer as an invoice issued now names it.
pub async fn buyer(tx: &mut TenantTx) -> Result<Party, sqlx::Error> {
    let organisation = tx.organisation().uuid();
    let row = sqlx::query!(
        r#"SELECT coalesce(p.name, o.name) AS "name!", coalesce(p.address, '') AS "address!",
                  coalesce(p.country, '') AS "country!", p.vat_id AS "vat_id?", p.email AS "email?"
           FROM organisations o LEFT JOIN billing_profiles p ON p.organisation_id = o.id
           WHERE o.id = $1"#,
        organisation,
    )
    .fetch_one(tx.db())
    .await?;
    Ok(Party {
        name: row.name,
        address: row.address,
        country: row.country,
        vat_id: row.vat_id,
        email: row.email,
    })
}

/// Whom invoices are made out to.
#[utoipa::path(
    tag = "billing",
    params(("org" = String, Path, description = "Organisation id")),
    responses(
        (status = 200, body = Party),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/billing/profile")]
pub async fn get_billing_profile(
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::BillingRead)?;
    let mut tx = access.begin(&state).await?;
    let buyer = buyer(&mut tx).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(buyer))
}

/// Say whom invoices are made out to. Invoices that were issued stay as they are.
#[utoipa::path(
    tag = "billing",
    params(("org" = String, Path, description = "Organisation id")),
    request_body = Profile,
    responses(
        (status = 200, body = Party),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[put("/v1/organisations/{org}/billing/profile")]
pub async fn put_billing_profile(
    state: Data<State>,
    access: OrganisationAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::BillingWrite)?;
    let profile = body.json::<Profile>().await?.value.checked()?;
    let mut tx = access.begin(&state).await?;
    let organisation = tx.organisation().uuid();
    let before = buyer(&mut tx).await?;
    sqlx::query!(
        "INSERT INTO billing_profiles (organisation_id, name, address, country, vat_id, email)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (organisation_id) DO UPDATE SET name = $2, address = $3, country = $4,
             vat_id = $5, email = $6",
        organisation,
        profile.name.trim(),
        profile.address,
        profile.country,
        profile.vat_id,
        profile.email.as_ref().map(|email| email.as_str()),
    )
    .execute(tx.db())
    .await?;
    let buyer = buyer(&mut tx).await?;
    tx.audit_change("billing.profile_changed", &buyer.name, Some(&before), Some(&buyer)).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(buyer))
}

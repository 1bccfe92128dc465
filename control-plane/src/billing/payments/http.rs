//! The payment method, and paying by hand.

use super::{Provider, collect, paid::Asked, store};
use crate::{
    api::{ApiError, Body, Nothing, Problem},
    billing::{
        invoices::{
            model::{InvoiceSummary, PaymentState},
            store as invoices,
        },
        profile,
    },
    organisations::{OrganisationAccess, Permission},
    state::State,
};
use actix_web::{
    HttpResponse, delete, get, post,
    web::{Data, Path},
};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentSetup {
    /// `stripe`: by card. `manual`: by invoice.
    pub provider: &'static str,
    #[schema(required)]
    pub method: Option<PaymentMethodView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentMethodView {
    pub brand: String,
    #[schema(required)]
    pub last4: Option<String>,
    /// As `2027-04`.
    #[schema(required)]
    pub expires: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct SetupPage {
    /// Send the customer's browser there. The card is given to the provider and never comes here.
    pub url: String,
}

/// How invoices are paid.
#[utoipa::path(
    tag = "billing",
    params(("org" = String, Path, description = "Organisation id")),
    responses(
        (status = 200, body = PaymentSetup),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/billing/payment-method")]
pub async fn get_payment_method(
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::BillingRead)?;
    let mut tx = access.begin(&state).await?;
    let customer = store::customer(&mut tx).await?;
    tx.commit().await?;
    let method =
        customer.filter(|customer| customer.method.is_some()).map(|customer| PaymentMethodView {
            brand: customer.brand.unwrap_or_default(),
            last4: customer.last4,
            expires: customer.expires,
        });
    let provider = state.billing.provider.name();
    Ok(HttpResponse::Ok().json(PaymentSetup { provider, method }))
}

/// Begin to give a card: answers with the provider's page for it.
#[utoipa::path(
    tag = "billing",
    params(("org" = String, Path, description = "Organisation id")),
    responses(
        (status = 201, body = SetupPage),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "Invoices are not paid by card here"),
        (status = 503, body = Problem, description = "The provider does not answer"),
    )
)]
#[post("/v1/organisations/{org}/billing/payment-method")]
pub async fn start_payment_method(
    state: Data<State>,
    access: OrganisationAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::BillingWrite)?;
    body.json_or_empty::<Nothing>().await?;
    let Provider::Stripe(stripe) = &state.billing.provider else {
        return Err(ApiError::Conflict {
            code: "no_payment_provider",
            detail: "invoices are paid by transfer here: there is no card to be given",
        });
    };
    let organisation = access.organisation.id;
    let mut tx = access.begin(&state).await?;
    let known = store::customer(&mut tx).await?;
    let buyer = profile::buyer(&mut tx).await?;
    tx.commit().await?;
    let unavailable = |error: super::stripe::StripeError| {
        tracing::warn!(%error, "a card cannot be taken");
        ApiError::PaymentProviderUnavailable
    };
    let customer = match known {
        Some(known) => known.customer,
        None => {
            let email = buyer.email.as_deref();
            let made = stripe.create_customer(organisation, &buyer.name, email).await;
            let made = made.map_err(unavailable)?.id;
            let mut tx = access.begin(&state).await?;
            store::keep_customer(&mut tx, &made).await?;
            tx.commit().await?;
            made
        }
    };
    let back = state.console_link(&format!("/organisations/{organisation}/billing"));
    let session = stripe.start_setup(&customer, &back).await.map_err(unavailable)?;
    let url = session.url.ok_or_else(|| ApiError::internal("a setup page without an address"))?;
    Ok(HttpResponse::Created().json(SetupPage { url }))
}

/// Forget the card.
#[utoipa::path(
    tag = "billing",
    params(("org" = String, Path, description = "Organisation id")),
    responses(
        (status = 204),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 503, body = Problem, description = "The provider does not answer"),
    )
)]
#[delete("/v1/organisations/{org}/billing/payment-method")]
pub async fn delete_payment_method(
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::BillingWrite)?;
    let mut tx = access.begin(&state).await?;
    let method = store::customer(&mut tx).await?.and_then(|customer| customer.method);
    tx.commit().await?;
    if let (Some(method), Provider::Stripe(stripe)) = (method, &state.billing.provider) {
        stripe.detach(&method).await.map_err(|error| {
            tracing::warn!(%error, "a card cannot be forgotten");
            ApiError::PaymentProviderUnavailable
        })?;
        let mut tx = access.begin(&state).await?;
        store::forget_method(&mut tx, &method).await?;
        tx.audit("payment_method.removed", &method).await?;
        tx.commit().await?;
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Pay an invoice now, with the card that is there. None of the tries that are due is lost by it.
#[utoipa::path(
    tag = "billing",
    params(
        ("org" = String, Path, description = "Organisation id"),
        ("number" = String, Path, description = "The invoice's number"),
    ),
    responses(
        (status = 200, body = InvoiceSummary, description = "What became of it"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "Invoices are not paid by card here"),
        (status = 503, body = Problem, description = "The provider does not answer"),
    )
)]
#[post("/v1/organisations/{org}/invoices/{number}/pay")]
pub async fn pay_invoice(
    state: Data<State>,
    access: OrganisationAccess,
    path: Path<(String, String)>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::BillingWrite)?;
    body.json_or_empty::<Nothing>().await?;
    let number = path.1.parse::<i32>().map_err(|_| ApiError::NotFound)?;
    let summary = async || -> Result<InvoiceSummary, ApiError> {
        let mut tx = access.begin(&state).await?;
        let summary = invoices::summary(&mut tx, number).await?.ok_or(ApiError::NotFound)?;
        tx.commit().await?;
        Ok(summary)
    };
    let before = summary().await?;
    if before.state == PaymentState::Paid {
        return Ok(HttpResponse::Ok().json(before));
    }
    if matches!(state.billing.provider, Provider::Manual) {
        return Err(ApiError::Conflict {
            code: "no_payment_provider",
            detail: "invoices are paid by transfer here",
        });
    }
    let now = OffsetDateTime::now_utc();
    collect::collect(&state, access.organisation.id, number, Asked::ByCustomer, now).await?;
    Ok(HttpResponse::Ok().json(summary().await?))
}

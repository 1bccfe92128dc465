//! The routes of billing.

use super::{
    change, current,
    invoices::http as invoices,
    payments::{http as payments, webhook},
    profile,
};
use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(change::preview_subscription)
        .service(change::put_subscription)
        .service(current::get_current_bill)
        .service(current::put_spend_limit)
        .service(profile::get_billing_profile)
        .service(profile::put_billing_profile)
        .service(payments::get_payment_method)
        .service(payments::start_payment_method)
        .service(payments::delete_payment_method)
        .service(payments::pay_invoice)
        .service(invoices::list_invoices)
        // Before the plain number, which would match them as well.
        .service(invoices::get_invoice_page)
        .service(invoices::get_invoice_pdf)
        .service(invoices::get_invoice);
}

/// What the payment provider calls. Not part of the public API.
pub fn webhooks(cfg: &mut web::ServiceConfig) {
    cfg.service(webhook::stripe_webhook);
}

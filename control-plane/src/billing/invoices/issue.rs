//! Issuing an invoice: computed, numbered, written down, within the transaction that owes it.

use super::{
    model::{DUE_AFTER, FORMAT, Invoice},
    store,
};
use crate::{
    api::ApiError,
    billing::{
        compute::{Outcome, Recipe, invoice},
        ledger::Usage,
        line::Line,
        money::TooMuch,
        notices, profile,
        settings::BillingSettings,
    },
    db::TenantTx,
    webhooks::{events::OwnEvent, own_events},
};
use serde_json::json;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

impl From<TooMuch> for ApiError {
    fn from(error: TooMuch) -> Self {
        Self::internal(error)
    }
}

/// Adds the credits there are to the recipe and computes it; nothing is written.
pub async fn computed(
    tx: &mut TenantTx,
    recipe: Recipe,
    usage: &Usage,
) -> Result<(Recipe, Outcome), ApiError> {
    let credits = store::credits_left(tx).await?;
    let mut recipe = Recipe { credits, ..recipe };
    let outcome = invoice(&recipe, usage)?;
    // Only credits that were used say something about this invoice.
    recipe.credits.retain(|credit| {
        outcome.lines.iter().any(|line| matches!(line, Line::Credit { id, .. } if *id == credit.id))
    });
    Ok((recipe, outcome))
}

/// Issues the invoice, unless it has no lines. The subscription is locked by the caller.
pub async fn issue(
    tx: &mut TenantTx,
    settings: &BillingSettings,
    recipe: Recipe,
    outcome: Outcome,
    now: OffsetDateTime,
) -> Result<Option<Invoice>, ApiError> {
    if outcome.lines.is_empty() {
        return Ok(None);
    }
    for line in &outcome.lines {
        match line {
            Line::Credit { id, amount_micros, .. } => {
                store::use_credit(tx, *id, -*amount_micros).await?;
            }
            Line::CarriedForward { amount_micros } => {
                store::give_credit(tx, *amount_micros, "carried forward", now).await?;
            }
            _ => {}
        }
    }
    let invoice = Invoice {
        format: FORMAT.into(),
        id: Uuid::new_v4(),
        number: store::next_number(tx).await?,
        organisation_id: tx.organisation().uuid(),
        issued_at: now,
        due_at: now + DUE_AFTER,
        currency: "USD".into(),
        seller: settings.seller.clone(),
        buyer: profile::buyer(tx).await?,
        lines: outcome.lines,
        total_micros: outcome.total_micros,
        total_cents: outcome.total_cents,
        peak_connections_p99: outcome.peak_connections_p99,
        recipe,
    };
    store::insert(tx, &invoice, settings.provider.name()).await?;
    notices::issued(tx, &settings.console, &invoice).await?;
    let told = json!({
        "organisation_id": invoice.organisation_id,
        "invoice_id": invoice.id,
        "number": invoice.number,
        "currency": invoice.currency,
        "total_cents": invoice.total_cents,
        "due_at": invoice.due_at.format(&Rfc3339).map_err(ApiError::internal)?,
    });
    own_events::keep(tx, OwnEvent::InvoiceCreated, None, &told).await?;
    tracing::info!(
        organisation.id = %invoice.organisation_id,
        invoice.number,
        invoice.total_cents,
        "invoice issued"
    );
    Ok(Some(invoice))
}

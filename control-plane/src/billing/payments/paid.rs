//! What follows from a payment that came, or did not.

use super::store::{self, Change, Payment};
use crate::{
    api::ApiError,
    billing::{
        invoices::model::PaymentState,
        notices, periods,
        subscription::{self, Standing},
    },
    db::TenantTx,
    webhooks::{events::OwnEvent, own_events},
};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

/// When an invoice is tried, counted from its issue. After the last one fails the organisation is
/// reduced to the free plan's limits.
pub const TRIES_AFTER: [Duration; 3] = [Duration::ZERO, Duration::days(5), Duration::days(14)];

/// What a payment has been found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Paid {
        reference: Option<String>,
    },
    Processing,
    Failed {
        why: String,
    },
    /// Nobody is to blame: an invoice was sent and is not paid yet.
    NotYet,
}

/// Whether a failure moves the invoice towards the end of the three tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    BySchedule,
    ByCustomer,
}

/// Writes down what was found, and what it means for the organisation. Paid is for good.
pub async fn record(
    tx: &mut TenantTx,
    payment: &Payment,
    found: &Found,
    asked: Asked,
    now: OffsetDateTime,
) -> Result<(), ApiError> {
    if payment.state == PaymentState::Paid {
        return Ok(());
    }
    match found {
        Found::Paid { reference } => paid(tx, payment, reference.as_deref(), now).await,
        Found::Processing => {
            let change = Change {
                state: PaymentState::Processing,
                // Events tell; this is for when they do not.
                next_try_at: Some(now + Duration::hours(12)),
                ..unchanged(payment)
            };
            Ok(store::save(tx, payment.number, &change).await?)
        }
        Found::Failed { why } => failed(tx, payment, Some(why), asked, now).await,
        Found::NotYet => failed(tx, payment, None, asked, now).await,
    }
}

fn unchanged(payment: &Payment) -> Change<'static> {
    Change {
        state: payment.state,
        failures: payment.failures,
        number_of_try: payment.number_of_try,
        next_try_at: payment.next_try_at,
        last_error: None,
        paid_at: None,
        reference: None,
    }
}

async fn paid(
    tx: &mut TenantTx,
    payment: &Payment,
    reference: Option<&str>,
    now: OffsetDateTime,
) -> Result<(), ApiError> {
    let change = Change {
        state: PaymentState::Paid,
        next_try_at: None,
        paid_at: Some(now),
        reference,
        ..unchanged(payment)
    };
    store::save(tx, payment.number, &change).await?;
    let mut subscription = periods::current(tx, now).await?;
    let restored = subscription.standing != Standing::Good && store::overdue(tx).await?.is_empty();
    if restored {
        let was = std::mem::replace(&mut subscription.standing, Standing::Good);
        subscription::save(tx, &subscription, now).await?;
        if was == Standing::Reduced {
            subscription::republish(tx).await?;
        }
        tx.audit("subscription.restored", &subscription.plan.plan).await?;
    }
    notices::paid(tx, payment, restored).await?;
    let told = about(tx, payment);
    own_events::keep(tx, OwnEvent::InvoicePaid, None, &told).await?;
    Ok(tx.audit("invoice.paid", &payment.number.to_string()).await?)
}

async fn failed(
    tx: &mut TenantTx,
    payment: &Payment,
    why: Option<&str>,
    asked: Asked,
    now: OffsetDateTime,
) -> Result<(), ApiError> {
    let failures = match asked {
        Asked::BySchedule => payment.failures + 1,
        // Whoever tries by hand loses none of the tries that are due.
        Asked::ByCustomer => payment.failures,
    };
    let next_try_at = usize::try_from(failures)
        .ok()
        .and_then(|at| TRIES_AFTER.get(at))
        // A try that came late does not bring the next one closer than a day.
        .map(|after| (payment.issued_at + *after).max(now + Duration::DAY));
    let next_try_at = match asked {
        Asked::BySchedule => next_try_at,
        Asked::ByCustomer => payment.next_try_at,
    };
    let change = Change {
        state: PaymentState::Open,
        failures,
        number_of_try: payment.number_of_try + 1,
        next_try_at,
        last_error: why,
        ..unchanged(payment)
    };
    store::save(tx, payment.number, &change).await?;
    if let Some(why) = why {
        let mut told = about(tx, payment);
        told["why"] = why.into();
        own_events::keep(tx, OwnEvent::InvoicePaymentFailed, None, &told).await?;
    }
    if asked == Asked::ByCustomer {
        return Ok(());
    }
    let mut subscription = periods::current(tx, now).await?;
    let is_last = usize::try_from(failures).is_ok_and(|failures| failures >= TRIES_AFTER.len());
    let standing = match (is_last, why) {
        (true, _) => Standing::Reduced,
        (false, Some(_)) if subscription.standing == Standing::Good => Standing::PastDue,
        _ => subscription.standing,
    };
    if standing != subscription.standing {
        subscription.standing = standing;
        subscription::save(tx, &subscription, now).await?;
        if standing == Standing::Reduced {
            subscription::republish(tx).await?;
        }
        tx.audit("subscription.standing", standing.as_str()).await?;
    }
    notices::not_paid(tx, payment, why, failures, next_try_at).await?;
    Ok(())
}

/// An invoice as the organisation's own servers are told of it.
fn about(tx: &TenantTx, payment: &Payment) -> Value {
    json!({
        "organisation_id": tx.organisation().uuid(),
        "invoice_id": payment.invoice,
        "number": payment.number,
        "currency": "USD",
        "total_cents": payment.total_cents,
    })
}

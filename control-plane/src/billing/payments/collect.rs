//! Collecting what is owed: ask the provider, write down what it says.

use super::{
    Provider,
    paid::{Asked, Found, record},
    store,
    stripe::{Charge, IntentStatus, PaymentIntent, Stripe, StripeError},
};
use crate::{
    api::ApiError,
    billing::invoices::model::{Invoice, PaymentState},
    db::Organisation,
    state::State,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// While one process asks the provider, no other does.
const LEASE: Duration = Duration::minutes(10);
/// The provider takes no less; what is below is not asked for.
const LEAST_CENTS: i64 = 50;

/// Tries a new invoice at once. What goes wrong here is tried again by the job.
pub async fn now(state: &State, invoice: &Invoice) {
    let tried = collect(
        state,
        invoice.organisation_id,
        invoice.number,
        Asked::BySchedule,
        OffsetDateTime::now_utc(),
    );
    if let Err(error) = tried.await {
        tracing::warn!(%error, invoice.number, "an invoice could not be collected at once");
    }
}

/// Collects every invoice whose next try is due.
pub async fn due(state: &State, now: OffsetDateTime) -> Result<(), ApiError> {
    let mut tx = state.db.service().await?;
    let due = store::due(&mut tx, now).await?;
    tx.commit().await?;
    for (organisation, number) in due {
        if let Err(error) = collect(state, organisation, number, Asked::BySchedule, now).await {
            tracing::warn!(%error, organisation.id = %organisation, invoice.number = number,
                "an invoice could not be collected; it is tried again");
        }
    }
    Ok(())
}

struct Work {
    invoice: Uuid,
    cents: i64,
    number_of_try: i32,
    intent: Option<String>,
    is_processing: bool,
    customer: Option<store::Customer>,
}

/// One try. Nobody waits in a transaction while the provider thinks.
pub async fn collect(
    state: &State,
    organisation: Uuid,
    number: i32,
    asked: Asked,
    now: OffsetDateTime,
) -> Result<(), ApiError> {
    let tenant = Organisation::known(organisation);
    let mut tx = state.db.tenant("billing", tenant).await?;
    let payment = store::lock(&mut tx, number).await?.ok_or(ApiError::NotFound)?;
    let is_due = payment.next_try_at.is_some_and(|at| at <= now);
    if payment.state == PaymentState::Paid || (asked == Asked::BySchedule && !is_due) {
        return Ok(());
    }
    let work = Work {
        invoice: payment.invoice,
        cents: payment.total_cents,
        number_of_try: payment.number_of_try,
        intent: payment.provider_ref.clone(),
        is_processing: payment.state == PaymentState::Processing,
        customer: store::customer(&mut tx).await?,
    };
    if asked == Asked::BySchedule {
        store::put_off(&mut tx, number, now + LEASE).await?;
    }
    tx.commit().await?;
    let found = match &state.billing.provider {
        Provider::Manual => Found::NotYet,
        Provider::Stripe(_) if work.cents < LEAST_CENTS => {
            Found::Paid { reference: Some("below the least amount that is collected".into()) }
        }
        Provider::Stripe(stripe) => by_stripe(state, stripe, tenant, number, &work).await?,
    };
    let mut tx = state.db.tenant("billing", tenant).await?;
    let payment = store::lock(&mut tx, number).await?.ok_or(ApiError::NotFound)?;
    if payment.number_of_try != work.number_of_try {
        // An event has told what became of this try while we were waiting for the answer.
        return Ok(());
    }
    record(&mut tx, &payment, &found, asked, now).await?;
    Ok(tx.commit().await?)
}

async fn by_stripe(
    state: &State,
    stripe: &Stripe,
    tenant: Organisation,
    number: i32,
    work: &Work,
) -> Result<Found, ApiError> {
    if let Some(intent) = work.intent.as_ref().filter(|_| work.is_processing) {
        return Ok(found(&stripe.intent(intent).await.map_err(unreachable)?));
    }
    let Some(customer) = &work.customer else {
        return Ok(Found::Failed { why: "there is no payment method".into() });
    };
    let Some(method) = &customer.method else {
        return Ok(Found::Failed { why: "there is no payment method".into() });
    };
    let intent = match &work.intent {
        Some(intent) => intent.clone(),
        None => {
            let charge = Charge {
                invoice: work.invoice,
                organisation: tenant.uuid(),
                number,
                cents: work.cents,
                customer: &customer.customer,
            };
            let intent = stripe.create_intent(&charge).await.map_err(unreachable)?.id;
            let mut tx = state.db.tenant("billing", tenant).await?;
            store::set_ref(&mut tx, number, &intent).await?;
            tx.commit().await?;
            intent
        }
    };
    match stripe.confirm(&intent, method, work.invoice, work.number_of_try).await {
        Ok(intent) => Ok(found(&intent)),
        Err(StripeError::Declined { message }) => Ok(Found::Failed { why: message }),
        // It may be paid already, or ended: what it is now decides.
        Err(StripeError::Refused { status, message }) => {
            let intent = stripe.intent(&intent).await.map_err(unreachable)?;
            match intent.status {
                IntentStatus::Succeeded | IntentStatus::Processing => Ok(found(&intent)),
                _ => Err(ApiError::internal(format!("Stripe refused ({status}): {message}"))),
            }
        }
        Err(error) => Err(unreachable(error)),
    }
}

/// What the state of an intent means. Only the provider's own state is ever asked.
pub fn found(intent: &PaymentIntent) -> Found {
    let said = intent.last_payment_error.as_ref().and_then(|error| error.message.clone());
    match intent.status {
        IntentStatus::Succeeded => Found::Paid { reference: Some(intent.id.clone()) },
        IntentStatus::Processing => Found::Processing,
        IntentStatus::RequiresAction => {
            Found::Failed { why: "the bank asks the card's holder to confirm".into() }
        }
        IntentStatus::Canceled
        | IntentStatus::RequiresPaymentMethod
        | IntentStatus::RequiresConfirmation
        | IntentStatus::RequiresCapture
        | IntentStatus::Unknown => {
            Found::Failed { why: said.unwrap_or_else(|| "the payment did not succeed".into()) }
        }
    }
}

fn unreachable(error: StripeError) -> ApiError {
    tracing::warn!(%error, "the payment provider does not do what was asked");
    ApiError::PaymentProviderUnavailable
}

//! Events of Stripe. An event only says where to look: what is true is read from Stripe itself.

use super::{
    Provider,
    collect::found,
    paid::{Asked, Found, record},
    store,
    stripe::Stripe,
};
use crate::{
    api::ApiError,
    billing::{invoices::model::PaymentState, payments::collect},
    db::Organisation,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, post,
    web::{Data, Payload},
};
use futures_util::StreamExt;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use time::OffsetDateTime;
use uuid::Uuid;

/// How far a signature's time may be from ours.
const TOLERANCE_S: i64 = 300;
const MAX_EVENT_BYTES: usize = 256 << 10;

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: EventData,
}

#[derive(Deserialize)]
struct EventData {
    object: EventObject,
}

#[derive(Deserialize)]
struct EventObject {
    id: String,
    /// Of a checkout session.
    #[serde(default)]
    setup_intent: Option<String>,
}

/// Events of the payment provider, signed by it. 204: dealt with, now or before; 503: send it again.
#[post("/webhooks/stripe")]
pub async fn stripe_webhook(
    state: Data<State>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let Provider::Stripe(stripe) = &state.billing.provider else {
        return Err(ApiError::NotFound);
    };
    let signature = request.headers().get("stripe-signature").and_then(|v| v.to_str().ok());
    let signature = signature.ok_or(ApiError::WebhookSignature)?;
    let body = read(payload).await?;
    let now = OffsetDateTime::now_utc();
    if !is_signed(&stripe.webhook_secret, signature, &body, now.unix_timestamp()) {
        return Err(ApiError::WebhookSignature);
    }
    let event: Event =
        serde_json::from_slice(&body).map_err(|e| ApiError::MalformedJson(e.to_string()))?;
    let mut tx = state.db.service().await?;
    let known = store::knows_event(&mut tx, &event.id).await?;
    tx.commit().await?;
    if !known {
        // All effects bear being done twice, so the event is kept once they are done.
        act(&state, stripe, &event, now).await?;
        let mut tx = state.db.service().await?;
        store::keep_event(&mut tx, &event.id, &event.kind).await?;
        tx.commit().await?;
    }
    Ok(HttpResponse::NoContent().finish())
}

async fn read(mut payload: Payload) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|e| ApiError::MalformedJson(e.to_string()))?;
        if body.len() + chunk.len() > MAX_EVENT_BYTES {
            return Err(ApiError::TooLarge { limit: MAX_EVENT_BYTES });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over `<t>.<body>`, bytes as received. There may be
/// several `v1` while the secret is being changed.
pub(super) fn is_signed(secret: &str, header: &str, body: &[u8], now: i64) -> bool {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let mut times = parts().filter(|(name, _)| *name == "t");
    let (Some((_, raw)), None) = (times.next(), times.next()) else { return false };
    let Ok(at) = raw.parse::<i64>() else { return false };
    if now.abs_diff(at) > TOLERANCE_S.unsigned_abs() {
        return false;
    }
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(raw.as_bytes());
    mac.update(b".");
    mac.update(body);
    parts().filter(|(name, _)| *name == "v1").any(|(_, hex)| {
        // Compared in constant time.
        hex::decode(hex).is_ok_and(|claimed| mac.clone().verify_slice(&claimed).is_ok())
    })
}

async fn act(
    state: &State,
    stripe: &Stripe,
    event: &Event,
    now: OffsetDateTime,
) -> Result<(), ApiError> {
    let object = &event.data.object;
    match event.kind.as_str() {
        "payment_intent.succeeded"
        | "payment_intent.payment_failed"
        | "payment_intent.processing"
        | "payment_intent.canceled" => intent(state, stripe, &object.id, now).await,
        "setup_intent.succeeded" => method(state, stripe, &object.id, now).await,
        "checkout.session.completed" => match &object.setup_intent {
            Some(setup) => method(state, stripe, setup, now).await,
            None => Ok(()),
        },
        "payment_method.detached" => detached(state, &object.id).await,
        _ => Ok(()),
    }
}

async fn intent(
    state: &State,
    stripe: &Stripe,
    id: &str,
    now: OffsetDateTime,
) -> Result<(), ApiError> {
    let mut tx = state.db.service().await?;
    let invoice = store::invoice_of_ref(&mut tx, id).await?;
    tx.commit().await?;
    let Some((organisation, number)) = invoice else { return Ok(()) };
    let intent = stripe.intent(id).await.map_err(|error| {
        tracing::warn!(%error, "a payment's state could not be read");
        ApiError::PaymentProviderUnavailable
    })?;
    let mut tx = state.db.tenant("billing", Organisation::known(organisation)).await?;
    let payment = store::lock(&mut tx, number).await?.ok_or(ApiError::NotFound)?;
    let found = found(&intent);
    // A try that fails at once is recorded by who made it; only one that was under way fails here.
    let counts = match (&found, payment.state) {
        (_, PaymentState::Paid) => false,
        (Found::Paid { .. }, _) => true,
        (Found::Failed { .. }, PaymentState::Processing) => true,
        (Found::Processing, PaymentState::Open) => true,
        _ => false,
    };
    if counts {
        record(&mut tx, &payment, &found, Asked::BySchedule, now).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn method(
    state: &State,
    stripe: &Stripe,
    setup: &str,
    now: OffsetDateTime,
) -> Result<(), ApiError> {
    let setup = stripe.setup_intent(setup).await.map_err(|error| {
        tracing::warn!(%error, "a card's state could not be read");
        ApiError::PaymentProviderUnavailable
    })?;
    let (Some(customer), Some(method)) = (&setup.customer, &setup.payment_method) else {
        return Ok(());
    };
    if setup.status != "succeeded" {
        return Ok(());
    }
    let mut tx = state.db.service().await?;
    let organisation = store::organisation_of_customer(&mut tx, customer).await?;
    tx.commit().await?;
    let Some(organisation) = organisation else { return Ok(()) };
    let mut tx = state.db.tenant("billing", Organisation::known(organisation)).await?;
    if store::keep_method(&mut tx, &setup, method).await? {
        store::try_again(&mut tx, now).await?;
        tx.audit("payment_method.added", &method.id).await?;
    }
    tx.commit().await?;
    owed(state, organisation, now).await;
    Ok(())
}

/// A new card pays at once what an old one did not.
async fn owed(state: &State, organisation: Uuid, now: OffsetDateTime) {
    let tenant = Organisation::known(organisation);
    let overdue = async {
        let mut tx = state.db.tenant("billing", tenant).await?;
        store::overdue(&mut tx).await
    };
    match overdue.await {
        Ok(numbers) => {
            for number in numbers {
                let tried = collect::collect(state, organisation, number, Asked::ByCustomer, now);
                if let Err(error) = tried.await {
                    tracing::warn!(%error, "what is owed could not be collected at once");
                }
            }
        }
        Err(error) => tracing::warn!(%error, "what is owed could not be looked up"),
    }
}

async fn detached(state: &State, method: &str) -> Result<(), ApiError> {
    let mut tx = state.db.service().await?;
    let organisation = store::organisation_of_method(&mut tx, method).await?;
    tx.commit().await?;
    if let Some(organisation) = organisation {
        let mut tx = state.db.tenant("billing", Organisation::known(organisation)).await?;
        if store::forget_method(&mut tx, method).await? {
            tx.audit("payment_method.removed", method).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

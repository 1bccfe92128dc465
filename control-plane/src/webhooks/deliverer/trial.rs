//! A request to see whether an endpoint is set up: made at once, recorded, never tried again.

use super::{attempts, endpoint};
use crate::{
    api::ApiError,
    db::Organisation,
    state::State,
    webhooks::{
        events::{EventType, OwnEvent},
        forms::{self, Message},
        model::{Attempt, Form},
        outgoing::{Destination, Outcome},
        runtime::Target,
    },
};
use contract::webhooks::HookKind;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

/// Sends a sample of `event` (none: of the first that the form can tell) and says how it went.
///
/// It counts neither for nor against the endpoint. Errors: no such endpoint; an event that its form
/// cannot tell; no active pair to sign with.
pub async fn send_test(
    state: &State,
    target: Target,
    event: Option<EventType>,
) -> Result<Attempt, ApiError> {
    let organisation = Organisation::known(target.organisation);
    let mut tx = state.db.tenant("webhooks", organisation).await?;
    let endpoint = endpoint::find(&mut tx, target.endpoint).await?.ok_or(ApiError::NotFound)?;
    let keys = match endpoint.form {
        Form::Standard => endpoint.own_keys(&state.master_key)?,
        Form::Pusher | Form::Relay => {
            let app = endpoint.app.as_deref();
            endpoint::oldest_pair(&mut tx, &state.master_key, app).await?
        }
    };
    // Nobody waits in a transaction while the other side thinks.
    tx.commit().await?;
    let keys = keys.ok_or(ApiError::Conflict {
        code: "no_active_key",
        detail: "the app has no active key to sign with: make one first",
    })?;
    let of_app = endpoint.app.is_some();
    let mut known = EventType::of_channels().chain(EventType::own());
    let event = match event {
        Some(event) => Some(event).filter(|event| event.can_be_told(endpoint.form, of_app)),
        None => known.find(|event| event.can_be_told(endpoint.form, of_app)),
    };
    let event =
        event.ok_or_else(|| ApiError::field("type", "is not an event that this endpoint hears"))?;
    let now = OffsetDateTime::now_utc();
    let sample = sample(event, target.organisation, endpoint.app.clone(), now);
    let request = forms::write(endpoint.form, &keys, &[sample], now).map_err(ApiError::internal)?;
    let outgoing = &state.webhooks.outgoing;
    let outcome = match Destination::parse(&endpoint.url, outgoing.allows_loopback()) {
        Ok(destination) => outgoing.post(&destination, &request).await,
        Err(refused) => Outcome::not_sent(format!("the address {refused}")),
    };
    let attempt = attempts::attempt_of(Some(&request), &outcome, 1, 1);
    let mut tx = state.db.tenant("webhooks", organisation).await?;
    if endpoint::find(&mut tx, target.endpoint).await?.is_some() {
        attempts::insert(&mut tx, target.endpoint, std::slice::from_ref(&attempt)).await?;
    }
    tx.commit().await?;
    Ok(attempt)
}

/// An event as it might happen.
fn sample(
    event: EventType,
    organisation: Uuid,
    app: Option<String>,
    at: OffsetDateTime,
) -> Message {
    let (channel, data) = match event {
        EventType::OfChannel(kind) => {
            let (channel, data) = of_channel(kind);
            (Some(channel.to_owned()), data)
        }
        EventType::Own(own) => (None, of_organisation(own, organisation, app.as_deref(), at)),
    };
    let data = match data {
        Value::Object(data) => data,
        _ => Map::new(),
    };
    Message { id: Uuid::now_v7(), event, app, channel, at, data }
}

fn of_channel(kind: HookKind) -> (&'static str, Value) {
    match kind {
        HookKind::ChannelOccupied | HookKind::ChannelVacated => ("test-channel", json!({})),
        HookKind::MemberAdded | HookKind::MemberRemoved => {
            ("presence-test", json!({"user_id": "test-user"}))
        }
        HookKind::ClientEvent => (
            "private-test",
            json!({"event": "client-test", "data": "{\"test\":true}", "socket_id": "1.1"}),
        ),
        HookKind::CacheMiss => ("cache-test", json!({})),
        HookKind::SubscriptionCount => ("test-channel", json!({"subscription_count": 1})),
    }
}

fn of_organisation(
    own: OwnEvent,
    organisation: Uuid,
    app: Option<&str>,
    at: OffsetDateTime,
) -> Value {
    let rest = match own {
        OwnEvent::QuotaThreshold => json!({"rule": "messages", "threshold": 80, "used": 80,
            "limit": 100, "window_start": at.date().to_string()}),
        OwnEvent::KeyRevoked => json!({"kind": "secret_key", "key": "test"}),
        OwnEvent::InvoiceCreated => json!({"number": 0, "total_cents": 0}),
        OwnEvent::InvoicePaid => json!({"number": 0, "total_cents": 0}),
        OwnEvent::InvoicePaymentFailed => {
            json!({"number": 0, "total_cents": 0, "why": "this is a test"})
        }
        OwnEvent::EndpointDisabled => json!({"endpoint_id": Uuid::nil(), "why": "failing"}),
    };
    let mut data = json!({"organisation_id": organisation, "app_id": app, "test": true});
    if let (Value::Object(data), Value::Object(rest)) = (&mut data, rest) {
        data.extend(rest);
    }
    data
}

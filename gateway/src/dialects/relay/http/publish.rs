//! Publishing. Source: spec/relay.md §2.1, §2.2.

use super::{
    answer::{Failure, Success},
    fields::{self, Item, object},
};
use crate::{
    admission::Refusal,
    dialects::{
        Dialect,
        desk::{self, Call},
        json::Kind,
    },
};
use contract::Action;
use realtime::{Payload, Publish, Sender};
use std::sync::Arc;

/// Items of a batch.
const MAX_BATCH: usize = 100;

/// `POST /apps/{app}/events`: accepted also when nobody is there to hear it.
pub async fn event(call: &Call<'_>) -> Result<Success, Failure> {
    begin(call)?;
    let item = Item::read(object(&call.body)?, max_data_bytes(call))?;
    cleared(call, &item)?;
    charge_rest(call, item.channels.len())?;
    let key = idempotency_key(call, &item, "")?;
    let _hold = call.hold(payloads(&item)).await?;
    publish(call, item, key).await?;
    Ok(Success::OK)
}

/// `POST /apps/{app}/events/batch`: all items or none, in their order.
pub async fn batch(call: &Call<'_>) -> Result<Success, Failure> {
    begin(call)?;
    let body = object(&call.body)?;
    let [batch] = body.pick(["batch"])?;
    let batch = batch.filter(|batch| batch.kind() == Kind::Array);
    let batch = batch.ok_or_else(|| Failure::unprocessable("batch must be an array"))?;
    let mut items = Vec::new();
    for (at, item) in batch.items().enumerate() {
        if at == MAX_BATCH {
            let error = format!("batch must be at most {MAX_BATCH} events");
            return Err(Failure::unprocessable(error));
        }
        let read = || {
            let item = match item.kind() {
                Kind::Object => Item::read(item, max_data_bytes(call))?,
                _ => return Err(Failure::unprocessable("must be an object")),
            };
            cleared(call, &item)?;
            Ok(item)
        };
        items.push(read().map_err(|failure| of_item(at, failure))?);
    }
    charge_rest(call, items.iter().map(|item| item.channels.len()).sum())?;
    let count = items.len();
    let _hold = call.hold(items.iter().flat_map(payloads)).await?;
    for (at, item) in items.into_iter().enumerate() {
        // One key for the whole request must not make later items duplicates of the first.
        let key = idempotency_key(call, &item, &format!("/{at}"))?;
        publish(call, item, key).await?;
    }
    Ok(format!(r#"{{"ok":true,"count":{count}}}"#).into())
}

/// What comes before a body is looked into: the action, and one event's worth of the rate.
fn begin(call: &Call<'_>) -> Result<(), Failure> {
    call.admitted.require(Action::Publish)?;
    Ok(call.admitted.charge_publish(1)?)
}

/// The events of a request beyond the first, which is charged already.
fn charge_rest(call: &Call<'_>, events: usize) -> Result<(), Failure> {
    match events as u32 {
        0 | 1 => Ok(()),
        events => Ok(call.admitted.charge_publish(events - 1)?),
    }
}

fn max_data_bytes(call: &Call<'_>) -> usize {
    call.admitted.state.limits.max_payload_bytes as usize
}

/// Whether the credential may publish it.
fn cleared(call: &Call<'_>, item: &Item<'_>) -> Result<(), Failure> {
    for channel in &item.channels {
        call.admitted.require_channel(Action::Publish, channel)?;
    }
    Ok(())
}

fn of_item(at: usize, failure: Failure) -> Failure {
    match failure {
        Failure::Refused(Refusal::BadRequest(what)) => {
            Failure::unprocessable(format!("batch[{at}]: {what}"))
        }
        other => other,
    }
}

/// The size of what goes to each of the item's channels.
fn payloads(item: &Item<'_>) -> impl Iterator<Item = usize> {
    let bytes = item.data.len();
    item.channels.iter().map(move |_| bytes)
}

/// The item's own idempotency key, or else the header's with `suffix`.
fn idempotency_key(
    call: &Call<'_>,
    item: &Item<'_>,
    suffix: &str,
) -> Result<Option<Arc<str>>, Failure> {
    if item.idempotency_key.is_some() {
        return Ok(item.idempotency_key.clone());
    }
    let Some(header) = call.request.headers().get("x-idempotency-key") else { return Ok(None) };
    let key = fields::idempotency(header.to_str().unwrap_or_default())?;
    Ok(Some(if suffix.is_empty() { key } else { format!("{key}{suffix}").into() }))
}

async fn publish(call: &Call<'_>, item: Item<'_>, key: Option<Arc<str>>) -> Result<(), Failure> {
    let cache_ttl_ms = u64::from(call.admitted.state.settings.cache_ttl_s) * 1_000;
    let data: Arc<str> = item.data.as_ref().into();
    for channel in item.channels {
        let message = Publish {
            cache_ttl_ms: channel.kind().is_cache().then_some(cache_ttl_ms),
            topic: call.topic(channel),
            name: item.name.clone(),
            data: Payload::Text(data.clone()),
            sender: Sender::server(),
            except: item.except,
            idempotency_key: key.clone(),
            keep_history: true,
            want_counts: false,
        };
        desk::publish(call, message, Dialect::Relay).await?;
    }
    Ok(())
}

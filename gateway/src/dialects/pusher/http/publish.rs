//! Publishing. Source: spec/pusher.md §16.3, §16.4.

use super::{
    answer::{Failure, Success},
    call::Call,
    fields::{self, Fields, MAX_BATCH, as_object, object, parse_idempotency_key},
    info::{Info, push_name},
};
use crate::{
    admission::Refusal,
    dialects::{
        Dialect, desk,
        json::{Kind, Value},
    },
};
use contract::{Action, ChannelName};
use realtime::{Payload, Publish, Published, Sender};
use std::sync::Arc;

/// `POST /apps/{app}/events`
pub async fn event(call: &Call<'_>) -> Result<Success, Failure> {
    let event = begin(call)?;
    let fields = Fields::read(event, max_event_bytes(call))?;
    let channels = fields.channels()?;
    for channel in &channels {
        call.admitted.require_channel(Action::Publish, channel)?;
    }
    charge_rest(call, channels.len())?;
    let idempotency_key = idempotency_key(call, &fields)?;
    let _hold = call.hold(channels.iter().map(|_| fields.data.len())).await?;
    let data: Arc<str> = fields.data.as_ref().into();
    if fields.info.is_empty() {
        for channel in channels {
            publish(call, channel, &fields, data.clone(), idempotency_key.clone()).await?;
        }
        return Ok(Success::Done);
    }
    let mut answer = String::from(r#"{"channels":{"#);
    for channel in channels {
        let (key, kind) = (idempotency_key.clone(), channel.kind());
        push_name(&mut answer, channel.as_str());
        let published = publish(call, channel, &fields, data.clone(), key).await?;
        push_answer(&mut answer, fields.info, kind, &published);
    }
    answer.push_str("}}");
    Ok(Success::Object(answer))
}

/// `POST /apps/{app}/batch_events`
pub async fn batch(call: &Call<'_>) -> Result<Success, Failure> {
    let body = begin(call)?;
    let [batch] = body.pick(["batch"]).map_err(|e| Failure::bad_request(e.to_string()))?;
    let batch = batch.ok_or_else(|| Failure::bad_request("batch is missing"))?;
    let mut items = Vec::with_capacity(MAX_BATCH);
    for (at, item) in batch.items().enumerate() {
        if at == MAX_BATCH {
            return Err(Failure::bad_request(format!("batch must be at most {MAX_BATCH} events")));
        }
        items.push(read_item(call, item).map_err(|failure| of_item(at, failure))?);
    }
    if batch.kind() != Kind::Array || items.is_empty() {
        return Err(Failure::bad_request("batch must be an array of at least one event"));
    }
    charge_rest(call, items.len())?;
    let _hold = call.hold(items.iter().map(|(fields, _)| fields.data.len())).await?;
    let wants_info = items.iter().any(|(fields, _)| !fields.info.is_empty());
    let mut answer = String::from(r#"{"batch":["#);
    for (at, (fields, channel)) in items.into_iter().enumerate() {
        // One key for the whole request must not make later items duplicates of the first.
        let own = fields.idempotency_key.is_some();
        let key = idempotency_key(call, &fields)?;
        let key = key.map(|key| if own { key } else { format!("{key}/{at}").into() });
        let (kind, data) = (channel.kind(), fields.data.as_ref().into());
        let published = publish(call, channel, &fields, data, key).await?;
        answer.push_str(if at == 0 { "" } else { "," });
        push_answer(&mut answer, fields.info, kind, &published);
    }
    answer.push_str("]}");
    Ok(if wants_info { Success::Object(answer) } else { Success::Done })
}

/// What comes before a body is looked into: the action, and one event's worth of the rate.
pub fn begin<'a>(call: &'a Call<'_>) -> Result<Value<'a>, Failure> {
    call.admitted.require(Action::Publish)?;
    call.admitted.charge_publish(1)?;
    object(&call.body)
}

/// The events of a request beyond the first, which is charged already.
fn charge_rest(call: &Call<'_>, events: usize) -> Result<(), Failure> {
    match events as u32 {
        0 | 1 => Ok(()),
        events => Ok(call.admitted.charge_publish(events - 1)?),
    }
}

pub fn max_event_bytes(call: &Call<'_>) -> usize {
    call.admitted.state.limits.max_event_bytes as usize
}

fn read_item<'a>(call: &Call<'_>, item: Value<'a>) -> Result<(Fields<'a>, ChannelName), Failure> {
    let fields = Fields::read(as_object(item, "an event")?, max_event_bytes(call))?;
    let channel = fields.channel()?;
    call.admitted.require_channel(Action::Publish, &channel)?;
    Ok((fields, channel))
}

fn of_item(at: usize, failure: Failure) -> Failure {
    match failure {
        Failure::Refused(Refusal::BadRequest(what)) => {
            Failure::bad_request(format!("batch[{at}]: {what}"))
        }
        other => other,
    }
}

/// The body's idempotency key, or else the header's.
pub fn idempotency_key(call: &Call<'_>, fields: &Fields<'_>) -> Result<Option<Arc<str>>, Failure> {
    if fields.idempotency_key.is_some() {
        return Ok(fields.idempotency_key.clone());
    }
    let Some(header) = call.request.headers().get("x-idempotency-key") else { return Ok(None) };
    let raw = header.to_str().unwrap_or_default();
    parse_idempotency_key(raw).map(Some)
}

/// Publishes one event to one channel in the name of the customer's back end.
pub async fn publish(
    call: &Call<'_>,
    channel: ChannelName,
    fields: &fields::Fields<'_>,
    data: Arc<str>,
    idempotency_key: Option<Arc<str>>,
) -> Result<Published, Failure> {
    let settings = &call.admitted.state.settings;
    let publish = Publish {
        cache_ttl_ms: channel.kind().is_cache().then(|| u64::from(settings.cache_ttl_s) * 1_000),
        topic: call.topic(channel),
        name: fields.name.clone(),
        data: Payload::Text(data),
        sender: Sender::server(),
        except: fields.except,
        idempotency_key,
        keep_history: true,
        want_counts: !fields.info.is_empty(),
    };
    Ok(desk::publish(call, publish, Dialect::Pusher).await?)
}

fn push_answer(out: &mut String, info: Info, kind: contract::ChannelKind, published: &Published) {
    out.push('{');
    if let Some(occupancy) = &published.occupancy {
        info.push_counts(out, kind, occupancy);
    }
    out.push('}');
}

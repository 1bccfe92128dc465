//! Publishing in the name of a customer's back end, and what is written down about it.

use super::Call;
use crate::{
    admission::{Admitted, Refusal},
    dialects::Dialect,
    quota::Hold,
};
use contract::{live::LiveKind, usage};
use realtime::{Publish, PublishError, Published};

impl Call<'_> {
    /// Takes a place in the app's quota for messages with payloads of these sizes: for all of them
    /// or for none. It is held until the request is done.
    pub async fn hold(&self, payloads: impl Iterator<Item = usize>) -> Result<Hold, Refusal> {
        let Admitted { app, state, .. } = &self.admitted;
        let (messages, sum) = payloads
            .fold((0, 0), |(messages, sum), bytes| (messages + 1, sum + usage::units(bytes)));
        self.gateway.leases.hold(app, state, messages, sum, self.now_ms).await
    }
}

/// Hands a message to its channel's owner. What was accepted is counted and shown live; a
/// duplicate is neither.
pub async fn publish(
    call: &Call<'_>,
    message: Publish,
    dialect: Dialect,
) -> Result<Published, PublishError> {
    let (app, live) = (&call.admitted.app, &call.gateway.live);
    let (channel, event) = (message.topic.channel.clone(), message.name.clone());
    let shown = live.expects(app, call.now_ms).then(|| message.data.clone());
    let units = usage::units(message.data.as_str().len());
    let is_keyed = message.idempotency_key.is_some();
    let published = call.gateway.router.publish(message, call.now_ms).await?;
    if is_keyed {
        call.gateway.traffic.keyed_publish(published.duplicate);
    }
    if published.duplicate {
        return Ok(published);
    }
    call.admitted.meter.published(units);
    match shown {
        Some(data) => {
            app.counters.note_recent(channel.clone(), event.clone(), call.now_ms);
            live.emit(app, call.now_ms, Some(dialect.common_name()), |place| {
                let (data, data_bytes) = (place.payload(data.as_str()), data.as_str().len() as u64);
                LiveKind::Published { channel, event, data, data_bytes }
            });
        }
        None => {
            app.counters.note_recent(channel, event, call.now_ms);
            live.pass(app, call.now_ms);
        }
    }
    Ok(published)
}

//! Events from subscriber to subscriber. Source: spec/relay.md §4.3.

use super::{Conversation, seat::SeatState};
use crate::{
    admission::Refusal,
    dialects::{
        Cx, Dialect,
        objection::{Deed, Objection},
        relay::{channel, frame::ClientEvent},
    },
    hub::effect::{Effect, Outgoing, Ticket},
};
use contract::{ChannelName, EventName, live::LiveKind, usage};
use realtime::{Member, Payload, PublishError};
use std::sync::Arc;

/// A client event that may go out.
struct Cleared {
    channel: ChannelName,
    name: EventName,
    identity: Option<Arc<Member>>,
}

impl Conversation {
    /// What may not go out is dropped without a word to the client; the app's owner can see why.
    pub(super) fn client_event(
        &mut self,
        event: &ClientEvent<'_>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let Cleared { channel, name, identity } = match self.clear(event, cx) {
            Ok(cleared) => cleared,
            Err(objection) => return self.dropped(&objection, Some(&event.channel), cx),
        };
        cx.tell(out, |place| LiveKind::ClientEvent {
            channel: channel.clone(),
            event: name.clone(),
            data: place.payload(&event.data),
            data_bytes: event.data.len() as u64,
            socket_id: self.socket,
            user_id: identity.as_ref().map(|member| member.user.clone()),
        });
        let data = Payload::Text(event.data.as_ref().into());
        let message = Outgoing { channel, name, data, identity, keep_history: false };
        out.push(Effect::Publish { message, ticket: None });
    }

    /// The owner had no room for this connection's event.
    pub fn on_publish_failed(
        &mut self,
        _: Option<Ticket>,
        error: &PublishError,
        cx: &Cx<'_>,
        _: &mut Vec<Effect>,
    ) {
        let refusal = Refusal::Overloaded { retry_after_ms: 1_000 };
        self.dropped(&Objection::new(refusal, error.to_string()), None, cx);
    }

    fn dropped(&self, objection: &Objection, channel: Option<&str>, cx: &Cx<'_>) {
        let deed = Deed {
            dialect: Dialect::Relay,
            key: Some(self.key.as_str()),
            action: "client_event",
            channel,
            code: "client_event_rejected",
            message: &format!("Client event dropped: {}", objection.why),
        };
        cx.deny(&objection.refusal, deed);
    }

    fn clear(&mut self, event: &ClientEvent<'_>, cx: &Cx<'_>) -> Result<Cleared, Objection> {
        if event.name.len() == "client-".len() {
            return Err("the event name must be longer than client-".into());
        }
        if !cx.state.settings.client_events {
            return Err("client events are switched off for this app (client_events)".into());
        }
        let name: EventName = event.name.parse().map_err(|e| format!("the event name {e}"))?;
        let channel =
            channel::parse(&event.channel).map_err(|e| format!("the channel name {e}"))?;
        if !channel.kind().takes_client_events() {
            return Err(format!("{channel} is not a private or presence channel").into());
        }
        let seat = self.seats.get(&channel).filter(|seat| seat.state == SeatState::Taken);
        let seat = seat.ok_or_else(|| format!("not subscribed to {channel}"))?;
        let max_bytes = cx.state.limits.max_payload_bytes as usize;
        if event.data.len() > max_bytes {
            let why = format!("data must be at most {max_bytes} bytes");
            return Err(Objection::new(Refusal::EventTooLarge { limit: max_bytes }, why));
        }
        let identity = seat.member.clone();
        let per_s = cx.state.limits.max_client_events_per_s;
        if !self.client_events.allows(cx.now_ms, per_s) {
            return Err(Objection::too_many_events(per_s));
        }
        let units = usage::units(event.data.len());
        let spared = cx.gateway.leases.spare(cx.app, cx.state, units, cx.unix_ms);
        spared?;
        Ok(Cleared { channel, name, identity })
    }
}

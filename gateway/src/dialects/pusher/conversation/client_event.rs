//! Events from subscriber to subscriber. Source: spec/pusher.md §7.

use super::{Conversation, subscribe::SeatState};
use crate::{
    admission::Refusal,
    dialects::{
        Cx, Dialect,
        objection::{Deed, Objection},
        pusher::{
            codec,
            frame::{ClientEvent, Outbound},
        },
    },
    hub::effect::{Effect, Outgoing, Ticket},
};
use contract::{ChannelName, EventName, UserId, live::LiveKind, usage};
use realtime::{Member, Payload, PublishError};
use std::sync::Arc;

/// The code of every refused client event; never a close code, clients would give up for good.
const REJECTED: u16 = 4301;

/// A client event that may go out.
struct Cleared {
    channel: ChannelName,
    name: EventName,
    user: Option<UserId>,
}

impl Conversation {
    pub(super) fn client_event(
        &mut self,
        event: ClientEvent<'_>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        match self.clear(&event, cx) {
            Ok(Cleared { channel, name, user }) => {
                cx.tell(out, |place| LiveKind::ClientEvent {
                    channel: channel.clone(),
                    event: name.clone(),
                    data: place.payload(&event.data),
                    data_bytes: event.data.len() as u64,
                    socket_id: self.socket,
                    user_id: user.clone(),
                });
                let data = Payload::Text(event.data.as_ref().into());
                let identity =
                    user.map(|user| Arc::new(Member { user, id_is_number: false, info: None }));
                let message = Outgoing { channel, name, data, identity, keep_history: false };
                out.push(Effect::Publish { message, ticket: None });
            }
            Err(objection) => {
                let channel = event.channel.text();
                self.reject(&objection, channel, cx, out);
            }
        }
    }

    /// The owner had no room for this connection's event.
    pub fn on_publish_failed(
        &mut self,
        _: Option<Ticket>,
        error: &PublishError,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let refusal = Refusal::Overloaded { retry_after_ms: 1_000 };
        let objection = Objection::new(refusal, format!("{error}, try again later"));
        self.reject(&objection, None, cx, out);
    }

    fn clear(&mut self, event: &ClientEvent<'_>, cx: &Cx<'_>) -> Result<Cleared, Objection> {
        if !event.name.starts_with("client-") {
            return Err("the event name must start with client-".into());
        }
        if !cx.state.settings.client_events {
            return Err(
                "client events are switched off for this app (setting client_events)".into()
            );
        }
        let name: EventName = event.name.parse().map_err(|e| format!("the event name {e}"))?;
        let channel = event.channel.text().ok_or("channel must be a string")?;
        let channel =
            ChannelName::portable(channel).map_err(|e| format!("the channel name {e}"))?;
        if !channel.kind().takes_client_events() {
            return Err(format!("{channel} is not a private or presence channel").into());
        }
        let seat = self.seats.get(&channel).filter(|seat| seat.state == SeatState::Taken);
        let seat = seat.ok_or_else(|| format!("not subscribed to {channel}"))?;
        let max_bytes = cx.state.limits.max_event_bytes as usize;
        if event.data.len() > max_bytes {
            let why = format!("data must be at most {max_bytes} bytes");
            return Err(Objection::new(Refusal::EventTooLarge { limit: max_bytes }, why));
        }
        let user = seat.user.clone();
        let per_s = cx.state.limits.max_client_events_per_s;
        if !self.client_events.allows(cx.now_ms, per_s) {
            return Err(Objection::too_many_events(per_s));
        }
        let units = usage::units(event.data.len());
        let spared = cx.gateway.leases.spare(cx.app, cx.state, units, cx.unix_ms);
        spared?;
        Ok(Cleared { channel, name, user })
    }

    /// A frame that names the limit, where it is one.
    fn reject(
        &self,
        objection: &Objection,
        channel: Option<&str>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let message = format!("Client event rejected: {}", objection.why);
        let deed = Deed {
            dialect: Dialect::Pusher,
            key: Some(self.key.as_str()),
            action: "client_event",
            channel,
            code: "client_event_rejected",
            message: &message,
        };
        let told = cx.deny(&objection.refusal, deed);
        let frame = codec::encode(&Outbound::Error { code: Some(REJECTED), message: &message });
        out.push(Effect::Send(match objection.refusal {
            Refusal::BadRequest(_) => frame,
            _ => told.into_frame(frame, 2),
        }));
    }
}

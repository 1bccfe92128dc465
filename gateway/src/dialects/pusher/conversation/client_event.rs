//! Events from subscriber to subscriber. Source: spec/pusher.md §7.

use super::{Conversation, complain, show_refusal, subscribe::SeatState};
use crate::{
    dialects::{Cx, pusher::frame::ClientEvent},
    hub::effect::{Effect, Outgoing, Ticket},
};
use contract::{
    ChannelName, EventName, UserId,
    live::{LiveEvent, LiveKind},
};
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
                if cx.app.live.is_watched() {
                    out.push(Effect::Live(LiveKind::ClientEvent {
                        channel: channel.clone(),
                        event: name.clone(),
                        data: LiveEvent::shortened(&event.data).to_owned(),
                        socket_id: self.socket,
                        user_id: user.clone(),
                    }));
                }
                let data = Payload::Text(event.data.as_ref().into());
                let identity =
                    user.map(|user| Arc::new(Member { user, id_is_number: false, info: None }));
                let message = Outgoing { channel, name, data, identity, keep_history: false };
                out.push(Effect::Publish { message, ticket: None });
            }
            Err(why) => reject(&why, cx, out),
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
        reject(&format!("{error}, try again later"), cx, out);
    }

    fn clear(&mut self, event: &ClientEvent<'_>, cx: &Cx<'_>) -> Result<Cleared, String> {
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
            return Err(format!("{channel} is not a private or presence channel"));
        }
        let seat = self.seats.get(&channel).filter(|seat| seat.state == SeatState::Taken);
        let seat = seat.ok_or_else(|| format!("not subscribed to {channel}"))?;
        let max_bytes = cx.state.limits.max_event_bytes as usize;
        if event.data.len() > max_bytes {
            return Err(format!("data must be at most {max_bytes} bytes"));
        }
        let user = seat.user.clone();
        if !self.client_events.allows(cx.now_ms, cx.state.limits.max_client_events_per_s) {
            return Err("rate limit exceeded".into());
        }
        Ok(Cleared { channel, name, user })
    }
}

fn reject(why: &str, cx: &Cx<'_>, out: &mut Vec<Effect>) {
    let message = format!("Client event rejected: {why}");
    complain(Some(REJECTED), &message, out);
    show_refusal("client_event_rejected", &message, cx, out);
}

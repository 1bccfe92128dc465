//! Messages from subscriber to subscriber. Source: spec/anycable.md §6.6.

use super::{Conversation, subscribe::SeatState};
use crate::{
    admission::Refusal,
    dialects::{Cx, anycable::frame::Identifier, neutral, objection::Objection},
    hub::effect::{Effect, Outgoing, Ticket},
};
use contract::{ChannelName, live::LiveKind, usage};
use realtime::{Member, Payload, PublishError};
use std::sync::Arc;

impl Conversation {
    /// `data` goes to all others on the stream as it is; it is not kept.
    pub(super) fn whisper(
        &mut self,
        identifier: &str,
        data: &str,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let channel = match self.may_whisper(identifier, data, cx) {
            Ok(channel) => channel,
            Err(objection) => return self.deny(&objection, "whisper", "whisper_refused", cx),
        };
        let (name, identity) = (neutral::name_in(data), self.identity_on(&channel));
        cx.tell(out, |place| LiveKind::ClientEvent {
            channel: channel.clone(),
            event: name.clone(),
            data: place.payload(data),
            data_bytes: data.len() as u64,
            socket_id: self.socket,
            user_id: identity.as_ref().map(|member| member.user.clone()),
        });
        let data = Payload::Json(data.into());
        let message = Outgoing { channel, name, data, identity, keep_history: false };
        out.push(Effect::Publish { message, ticket: None });
    }

    fn may_whisper(
        &mut self,
        identifier: &str,
        data: &str,
        cx: &Cx<'_>,
    ) -> Result<ChannelName, Objection> {
        let subscription = self.subscriptions.get(&Identifier::new(identifier));
        let stream = &subscription.ok_or("not subscribed")?.stream;
        if !stream.may_whisper(cx.state) {
            return Err(format!("subscribers of {} may not whisper", stream.channel).into());
        }
        let max_bytes = cx.state.limits.max_payload_bytes as usize;
        if data.len() > max_bytes {
            let why = format!("data must be at most {max_bytes} bytes");
            return Err(Objection::new(Refusal::EventTooLarge { limit: max_bytes }, why));
        }
        let channel = stream.channel.clone();
        let is_in = self.seats.get(&channel).is_some_and(|seat| seat.state == SeatState::Taken);
        if !is_in {
            return Err(format!("not yet subscribed to {channel}").into());
        }
        let per_s = cx.state.limits.max_client_events_per_s;
        if !self.whispers.allows(cx.now_ms, per_s) {
            return Err(Objection::too_many_events(per_s));
        }
        let units = usage::units(data.len());
        let spared = cx.gateway.leases.spare(cx.app, cx.state, units, cx.unix_ms);
        spared?;
        Ok(channel)
    }

    /// Who the others are told it is: who is present there, else whom the token names.
    fn identity_on(&self, channel: &ChannelName) -> Option<Arc<Member>> {
        let present = self.seats.get(channel).and_then(|seat| seat.present.as_ref());
        let known = || {
            let user = self.known_user()?;
            Some(Arc::new(Member { user, id_is_number: false, info: None }))
        };
        present.map(|(_, member)| member.clone()).or_else(known)
    }

    /// Clients are not told; whoever watches the app is.
    pub fn on_publish_failed(
        &mut self,
        _: Option<Ticket>,
        error: &PublishError,
        cx: &Cx<'_>,
        _: &mut Vec<Effect>,
    ) {
        let refusal = Refusal::Overloaded { retry_after_ms: 1_000 };
        let objection = Objection::new(refusal, error.to_string());
        self.deny(&objection, "whisper", "whisper_refused", cx);
    }
}

//! Messages to channels and to peers. Source: spec/metered.md §7.

use super::{Conversation, acknowledge, end, lifecycle::FRAME_SLACK, not_authorized};
use crate::{
    admission::{Feature, Refusal},
    dialects::{
        Cx, Dialect,
        json::Value,
        metered::{
            codec,
            errors::{Complaint, ErrorCode, Fatal},
            names,
        },
        neutral,
        objection::Deed,
    },
    hub::effect::{Effect, Outgoing, Ticket},
};
use contract::{Action, ChannelName, live::LiveKind, usage};
use realtime::{Payload, PublishError, Published};

/// A message whose fate is not known yet.
#[derive(Debug)]
pub(super) struct Sent {
    request: Option<Box<str>>,
    to: To,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    Channel,
    Peer,
    /// The peer itself, which has it already.
    Itself,
}

impl Conversation {
    /// The publisher need not hear the channel. It takes from the rate at which the app publishes,
    /// over whichever way.
    pub(super) fn publish(
        &mut self,
        raw: &str,
        data: Option<Value<'_>>,
        request: Option<&str>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) -> Result<(), Complaint> {
        let channel = names::channel(raw)?;
        self.require(Action::Publish)?;
        self.require_channel(&channel)?;
        self.note(Action::Publish, &channel, cx);
        // What is published there is encrypted by the customer's back end, in a form of its own.
        if channel.kind().is_encrypted() {
            return Err(not_authorized(raw));
        }
        let data = data.ok_or_else(missing_data)?;
        if self.is_too_large(data) {
            self.end_too_large(cx, out);
            return Ok(());
        }
        self.bearing.grant.charge_publish(cx.unix_ms)?;
        cx.state.charge_publish(1)?;
        spare(data, cx)?;
        let message = self.outgoing(channel, data, true);
        self.show(&message, cx, out);
        let sent = request.map(|id| Sent { request: Some(id.into()), to: To::Channel });
        let ticket = sent.map(|sent| self.await_fate(sent));
        out.push(Effect::Publish { message, ticket });
        Ok(())
    }

    /// To every connection of one peer, whatever channels they share. Source: spec/metered.md §7,
    /// §15 trap 18.
    pub(super) fn send(
        &mut self,
        raw: &str,
        data: Option<Value<'_>>,
        request: Option<&str>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) -> Result<(), Complaint> {
        let to = names::peer(raw)
            .map_err(|e| Complaint::new(ErrorCode::InvalidPeerId, e.to_string()))?;
        self.require(Action::Send)?;
        if !cx.state.plan.features.direct_messages {
            return Err(Refusal::PlanFeature(Feature::DirectMessages).into());
        }
        self.note(Action::Send, &ChannelName::of_user(&to), cx);
        let data = data.ok_or_else(missing_data)?;
        if self.is_too_large(data) {
            self.end_too_large(cx, out);
            return Ok(());
        }
        spare(data, cx)?;
        let is_own = to == self.peer.user;
        if is_own {
            let text = codec::encode_echo(&self.peer, data.as_text());
            out.push(Effect::Deliver { text, payload_bytes: data.as_text().len() });
        }
        // Nobody may read a peer's channel back, so nothing of it is kept.
        let message = self.outgoing(ChannelName::of_user(&to), data, false);
        self.show(&message, cx, out);
        let to = if is_own { To::Itself } else { To::Peer };
        let ticket = self.await_fate(Sent { request: request.map(Into::into), to });
        out.push(Effect::Publish { message, ticket: Some(ticket) });
        Ok(())
    }

    /// Sender and metadata are what the credential proved, never what a frame says.
    fn outgoing(&self, channel: ChannelName, data: Value<'_>, keep_history: bool) -> Outgoing {
        let raw = data.as_text();
        Outgoing {
            channel,
            name: neutral::name_in(raw),
            data: Payload::Json(raw.into()),
            identity: Some(self.peer.clone()),
            keep_history,
        }
    }

    fn await_fate(&mut self, sent: Sent) -> Ticket {
        let rare = self.rare();
        rare.last_ticket = rare.last_ticket.wrapping_add(1);
        rare.sent.push((rare.last_ticket, sent));
        rare.last_ticket
    }

    fn fate_of(&mut self, ticket: Ticket) -> Option<Sent> {
        let sent = &mut self.rare.as_mut()?.sent;
        let at = sent.iter().position(|(held, _)| *held == ticket)?;
        Some(sent.swap_remove(at).1)
    }

    /// The owner took the message: to a channel that is success, to a peer only if it is there.
    pub(super) fn published(
        &mut self,
        ticket: Ticket,
        published: &Published,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let Some(sent) = self.fate_of(ticket) else { return };
        let request = sent.request.as_deref();
        match sent.to {
            To::Peer if published.delivered_to == 0 => {
                let what = Complaint::new(ErrorCode::PeerNotFound, "the peer is not online");
                self.complain(request, &what, cx, out);
            }
            To::Peer | To::Itself | To::Channel => acknowledge(request, out),
        }
    }

    /// The message had no effect.
    pub fn on_publish_failed(
        &mut self,
        ticket: Option<Ticket>,
        error: &PublishError,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let sent = ticket.and_then(|ticket| self.fate_of(ticket));
        let request = sent.as_ref().and_then(|sent| sent.request.as_deref());
        let refusal = Refusal::Overloaded { retry_after_ms: 1_000 };
        let what = Complaint::backend(error.to_string()).because(refusal);
        self.complain(request, &what, cx, out);
    }

    /// The client was told the limit in its welcome, and the official ones keep to it; so this is
    /// what a frame over the limit is. Source: spec/metered.md §10, §15 trap 8.
    fn is_too_large(&self, data: Value<'_>) -> bool {
        data.as_text().len() > (self.max_inbound - FRAME_SLACK) as usize
    }

    fn end_too_large(&self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let limit = (self.max_inbound - FRAME_SLACK) as usize;
        let refusal = Refusal::EventTooLarge { limit };
        let deed = Deed {
            dialect: Dialect::Metered,
            key: Some(self.bearing.key.public_half()),
            action: "message",
            channel: None,
            code: Fatal::TooLarge.reason(),
            message: &refusal.to_string(),
        };
        cx.deny(&refusal, deed);
        end(&Fatal::TooLarge, out);
    }

    fn show(&self, message: &Outgoing, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        cx.tell(out, |place| LiveKind::ClientEvent {
            channel: message.channel.clone(),
            event: message.name.clone(),
            data: place.payload(message.data.as_str()),
            data_bytes: message.data.as_str().len() as u64,
            socket_id: self.socket,
            user_id: Some(self.peer.user.clone()),
        });
    }
}

/// Takes the message from the app's quota.
fn spare(data: Value<'_>, cx: &Cx<'_>) -> Result<(), Complaint> {
    let units = usage::units(data.as_text().len());
    Ok(cx.gateway.leases.spare(cx.app, cx.state, units, cx.unix_ms)?)
}

fn missing_data() -> Complaint {
    Complaint::new(ErrorCode::MissingData, "data is missing")
}

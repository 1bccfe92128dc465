//! Subscribing and unsubscribing. Source: spec/metered.md §7.

use super::{Conversation, acknowledge, end, not_authorized, say};
use crate::{
    admission::Refusal,
    dialects::{
        Cx,
        metered::{
            codec::{self, Hears},
            errors::{Complaint, ErrorCode, Fatal},
            frame::Outbound,
            names,
        },
    },
    hub::effect::Effect,
};
use contract::{Action, ChannelKind, ChannelName, live::LiveKind};
use realtime::{CacheAnswer, JoinRefusal, Joined, Member};

/// Between the two answers to a subscription, so that they do not arrive in one read: where they
/// do, the SDK's own peers throw the second away. Source: spec/metered.md §7, §15 trap 5.
pub const PAUSE_MS: u32 = 15;

/// A channel this connection asked for. Once it is heard it holds no memory of its own.
#[derive(Debug, Default)]
pub(super) struct Seat {
    heard: Option<Hears>,
    /// Answers of the owner to requests given up since; they come before any other.
    forgone: u32,
    /// Requests that the owner has not answered yet, oldest first.
    asked: Vec<Asked>,
}

#[derive(Debug)]
struct Asked {
    request: Option<Box<str>>,
    hears: Hears,
}

impl Seat {
    /// Whether the connection has, or waits for, the channel.
    fn is_wanted(&self) -> bool {
        self.heard.is_some() || !self.asked.is_empty()
    }

    fn next_asked(&mut self) -> Option<Asked> {
        if self.asked.is_empty() {
            return None;
        }
        let next = self.asked.remove(0);
        if self.asked.is_empty() {
            self.asked = Vec::new();
        }
        Some(next)
    }
}

impl Conversation {
    pub(super) fn subscribe(
        &mut self,
        raw: &str,
        with_metadata: bool,
        request: Option<&str>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) -> Result<(), Complaint> {
        if names::is_pattern(raw) {
            return self.listen(raw, with_metadata, request, cx, out);
        }
        let channel = names::channel(raw)?;
        self.require(Action::Subscribe)?;
        self.require_channel(&channel)?;
        self.note(Action::Subscribe, &channel, cx);
        if !self.seats.get(&channel).is_some_and(Seat::is_wanted) {
            self.require_room(cx)?;
        }
        let hears = Hears::channel(with_metadata, self.bearing.grant.allows(Action::Presence));
        let asked = Asked { request: request.map(Into::into), hears };
        self.seats.entry(channel.clone()).or_default().asked.push(asked);
        // A repeat asks the owner again: it changes nothing there, and the answer has everyone in
        // it as of its place in the channel's order.
        out.push(self.join(channel, Some(self.peer.as_ref().clone())));
        Ok(())
    }

    fn join(&self, channel: ChannelName, member: Option<Member>) -> Effect {
        Effect::Join { channel, member, replace_info: true }
    }

    pub(super) fn require_room(&self, cx: &Cx<'_>) -> Result<(), Complaint> {
        let max = Self::MAX_CHANNELS.min(cx.state.limits.max_channels_per_connection as usize);
        let held = self.seats.values().filter(|seat| seat.is_wanted()).count();
        let patterns = self.rare.as_ref().map_or(0, |rare| rare.patterns.len());
        match held + patterns < max {
            true => Ok(()),
            false => {
                let what = format!("a connection may have {max} subscriptions");
                let what = Complaint::new(ErrorCode::ChannelLimitExceeded, what);
                Err(what.because(Refusal::ChannelLimit { limit: max as u32 }))
            }
        }
    }

    /// The owner let the connection in, or told it again who is there.
    pub fn on_joined(&mut self, joined: &Joined, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let channel = &joined.topic.channel;
        if channel.kind() == ChannelKind::User {
            let voice = Hears::default().voice();
            return out.push(Effect::Hear { channel: channel.clone(), voice });
        }
        let Some(asked) = self.settle(channel) else { return };
        let Some(seat) = self.seats.get_mut(channel) else { return };
        let was_heard = seat.heard.replace(asked.hears);
        acknowledge(asked.request.as_deref(), out);
        if asked.hears.presence() {
            out.push(Effect::Pause { ms: PAUSE_MS });
            self.show_roster(channel, joined.roster.as_deref().map_or(&[], Vec::as_slice), out);
        }
        if was_heard.is_none() {
            if let CacheAnswer::Hit(event) = &joined.cached {
                let with_metadata = asked.hears.with_metadata();
                let text = codec::encode_event(event, with_metadata);
                let payload_bytes = event.data.as_str().len();
                out.push(Effect::Deliver { text, payload_bytes });
            }
            self.show_subscribed(channel, cx, out);
        }
        if was_heard == Some(asked.hears) {
            return;
        }
        out.push(Effect::Hear { channel: channel.clone(), voice: asked.hears.voice() });
        if let Some(before) = was_heard {
            out.push(Effect::Unhear { channel: channel.clone(), voice: before.voice() });
        }
    }

    pub(super) fn show_roster(
        &self,
        channel: &ChannelName,
        roster: &[Member],
        out: &mut Vec<Effect>,
    ) {
        let (channel, told) = (channel.as_str(), &self.peer.user);
        say(&Outbound::Snapshot { channel, roster, told }, out);
    }

    fn show_subscribed(&self, channel: &ChannelName, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        cx.tell(out, |_| LiveKind::Subscribed {
            channel: channel.clone(),
            socket_id: self.socket,
            user_id: Some(self.peer.user.clone()),
        });
    }

    /// The owner did not let the connection in.
    pub fn on_refused(
        &mut self,
        channel: &ChannelName,
        reason: JoinRefusal,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        if channel.kind() == ChannelKind::User {
            return end(&Fatal::Overloaded, out);
        }
        let Some(asked) = self.settle(channel) else { return };
        let what = match reason {
            // Everyone on a presence channel is seen by the other dialects' clients too. On any
            // other, a peer beyond the list may still hear the channel.
            JoinRefusal::MembersFull { .. } if !channel.kind().is_presence() => {
                if let Some(seat) = self.seats.get_mut(channel) {
                    seat.asked.push(asked);
                    out.push(self.join(channel.clone(), None));
                }
                return;
            }
            JoinRefusal::MembersFull { max } => Complaint::new(
                ErrorCode::ChannelFull,
                format!("the channel has its maximum of {max} peers"),
            )
            .because(Refusal::MemberLimit { limit: max }),
            JoinRefusal::Overloaded => Complaint::backend("the service is over capacity")
                .because(Refusal::Overloaded { retry_after_ms: 1_000 }),
        };
        if !self.seats.get(channel).is_some_and(|seat| seat.is_wanted() || seat.forgone > 0) {
            self.seats.remove(channel);
        }
        self.complain(asked.request.as_deref(), &what, cx, out);
    }

    /// Takes one answer off what the owner owes; the request it answers, if that still matters.
    fn settle(&mut self, channel: &ChannelName) -> Option<Asked> {
        let seat = self.seats.get_mut(channel)?;
        if seat.forgone == 0 {
            return seat.next_asked();
        }
        seat.forgone -= 1;
        if seat.forgone == 0 && !seat.is_wanted() {
            self.seats.remove(channel);
        }
        None
    }

    /// Answered also when the channel was not held. Source: spec/metered.md §5.1.
    pub(super) fn unsubscribe(
        &mut self,
        raw: &str,
        request: Option<&str>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) -> Result<(), Complaint> {
        if names::is_pattern(raw) {
            self.unlisten(raw, out)?;
        } else {
            self.give_up(&names::channel(raw)?, cx, out);
        }
        acknowledge(request, out);
        Ok(())
    }

    /// Requests that are still open are answered: they were not refused, and now are of no use.
    fn give_up(&mut self, channel: &ChannelName, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let Some(seat) = self.seats.get_mut(channel).filter(|seat| seat.is_wanted()) else {
            return;
        };
        let was_heard = seat.heard.take().is_some();
        while let Some(asked) = seat.next_asked() {
            seat.forgone += 1;
            acknowledge(asked.request.as_deref(), out);
        }
        if seat.forgone == 0 {
            self.seats.remove(channel);
        }
        out.push(Effect::Leave { channel: channel.clone(), grace_ms: 0 });
        if was_heard {
            let socket_id = self.socket;
            cx.tell(out, |_| LiveKind::Unsubscribed { channel: channel.clone(), socket_id });
        }
    }

    /// Ends what the key no longer covers, and stops telling who comes and goes where that is no
    /// longer this peer's to know.
    pub(super) fn narrow_channels(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let may = self.bearing.grant.allows(Action::Subscribe);
        let lost: Vec<ChannelName> = self
            .seats
            .iter()
            .filter(|(_, seat)| seat.is_wanted())
            .map(|(channel, _)| channel)
            .filter(|channel| !may || self.require_channel(channel).is_err())
            .cloned()
            .collect();
        for channel in lost {
            self.give_up(&channel, cx, out);
            self.complain(None, &not_authorized(channel.as_str()), cx, out);
        }
        if self.bearing.grant.allows(Action::Presence) {
            return;
        }
        for (channel, seat) in &mut self.seats {
            seat.asked.iter_mut().for_each(|asked| asked.hears = asked.hears.without_presence());
            let Some(before) = seat.heard.filter(|hears| hears.presence()) else { continue };
            let after = before.without_presence();
            seat.heard = Some(after);
            out.push(Effect::Hear { channel: channel.clone(), voice: after.voice() });
            out.push(Effect::Unhear { channel: channel.clone(), voice: before.voice() });
        }
    }

    /// Every channel that the owner may still count this connection in.
    pub(super) fn leave_all(&mut self) -> impl Iterator<Item = ChannelName> + use<> {
        std::mem::take(&mut self.seats).into_keys()
    }
}

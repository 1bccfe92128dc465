//! Subscribing and unsubscribing. Source: spec/relay.md §3, §4.3.

use super::{
    Conversation, say,
    seat::{Seat, SeatState},
    show_refusal,
};
use crate::{
    admission::{self, BadSignature, Refusal, Why},
    dialects::{
        Cx, Dialect,
        objection::Deed,
        relay::{
            channel, codec,
            errors::{BAD_PAYLOAD, NOT_AUTHORISED, OVER_LIMIT},
            frame::{Outbound, Subscribe},
            member,
        },
    },
    hub::{
        effect::{Effect, Question, Ticket},
        voice::Voice,
    },
};
use contract::{ChannelName, live::LiveKind};
use realtime::{CacheAnswer, JoinRefusal, Joined, Member};
use std::{borrow::Cow, sync::Arc};

/// Rosters a connection may wait for at once; more repeats than that are not answered.
const MAX_ASKED: usize = 64;

/// Why a subscription is refused. The connection stays.
struct Refused {
    refusal: Refusal,
    code: u16,
    why: Cow<'static, str>,
}

fn refused(code: u16, why: impl Into<Cow<'static, str>>) -> Refused {
    let refusal = match code {
        OVER_LIMIT => Refusal::Overloaded { retry_after_ms: 1_000 },
        _ => Refusal::Unauthorised(Why::Token),
    };
    Refused { refusal, code, why: why.into() }
}

fn over_limit(refusal: Refusal, why: String) -> Refused {
    Refused { refusal, ..refused(OVER_LIMIT, why) }
}

impl Conversation {
    pub(super) fn subscribe(
        &mut self,
        request: &Subscribe<'_>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let channel = match channel::parse(&request.channel) {
            Ok(channel) => channel,
            Err(e) => {
                let why = refused(NOT_AUTHORISED, format!("The channel name {e}"));
                return self.refuse(&request.channel, &why, cx, out);
            }
        };
        match self.authorise(&channel, request, cx) {
            Ok(member) => match self.seats.get(&channel).filter(|seat| seat.is_held()) {
                Some(_) => self.repeat(channel, cx, out),
                None => self.ask(channel, member, cx, out),
            },
            Err(why) => self.refuse(channel.as_str(), &why, cx, out),
        }
    }

    /// Whether this connection may hear the channel, and as whom. A signature for a former socket
    /// is as wrong as any and no more: clients that reconnect send one. Source: spec/relay.md §10,
    /// trap 21.
    fn authorise(
        &mut self,
        channel: &ChannelName,
        request: &Subscribe<'_>,
        cx: &Cx<'_>,
    ) -> Result<Option<Member>, Refused> {
        if !channel.kind().needs_authorisation() {
            return Ok(None);
        }
        let auth = request.auth.as_deref().filter(|auth| !auth.is_empty());
        let auth = auth.ok_or_else(|| refused(NOT_AUTHORISED, "auth is required"))?;
        let data = request.channel_data.as_deref();
        let is_presence = channel.kind().is_presence();
        if is_presence && data.is_none() {
            return Err(refused(NOT_AUTHORISED, "channel_data is required"));
        }
        admission::channel_signature(cx.state, self.socket, channel.as_str(), auth, data)
            .map_err(|bad| refused(NOT_AUTHORISED, signature_error(bad)))?;
        self.relies_on(auth, cx);
        match data.filter(|_| is_presence) {
            None => Ok(None),
            Some(data) => member::read(data, cx.state.limits.max_member_bytes as usize)
                .map(Some)
                .map_err(|bad| refused(NOT_AUTHORISED, bad.to_string())),
        }
    }

    /// Notes that the connection now depends on this key staying active.
    fn relies_on(&mut self, auth: &str, cx: &Cx<'_>) {
        let Some(key) = auth.split_once(':').map(|(key, _)| key) else { return };
        if key == self.key.as_str() || self.other_keys.iter().any(|k| k.as_str() == key) {
            return;
        }
        self.other_keys.extend(cx.state.credential(key).map(|c| c.key.clone()));
    }

    fn ask(
        &mut self,
        channel: ChannelName,
        member: Option<Member>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let max = cx.state.limits.max_channels_per_connection as usize;
        let before = self.seats.get(&channel);
        if before.is_none() && self.seats.len() >= max {
            let why = format!("A connection may subscribe to at most {max} channels");
            let limit = Refusal::ChannelLimit { limit: max as u32 };
            return self.refuse(channel.as_str(), &over_limit(limit, why), cx, out);
        }
        let seat = Seat::asked(before, member.clone().map(Arc::new));
        self.seats.insert(channel.clone(), seat);
        out.push(Effect::Join { channel, member, replace_info: false });
    }

    /// Success is said again, with the roster as it is now, and nobody is announced.
    fn repeat(&mut self, channel: ChannelName, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        if seat.state == SeatState::Asked {
            seat.repeats = seat.repeats.saturating_add(1);
        } else if !channel.kind().is_presence() {
            say(&Outbound::Subscribed { channel: channel.as_str(), roster: None }, out);
        } else if self.asked.len() < MAX_ASKED {
            let ticket = self.next_ticket;
            self.next_ticket = ticket.wrapping_add(1);
            self.asked.push((ticket, channel.clone()));
            out.push(Effect::Ask { question: Question::Members { channel }, ticket });
        } else {
            let why = refused(OVER_LIMIT, "Too many subscribes are waiting for their answer");
            self.refuse(channel.as_str(), &why, cx, out);
        }
    }

    /// The channel a ticket was for, if the connection is still on it.
    fn answered(&mut self, ticket: Ticket) -> Option<ChannelName> {
        let at = self.asked.iter().position(|(asked, _)| *asked == ticket)?;
        let (_, channel) = self.asked.swap_remove(at);
        if self.asked.is_empty() {
            self.asked = Vec::new();
        }
        let seat = self.seats.get(&channel)?;
        (seat.state == SeatState::Taken).then_some(channel)
    }

    pub(super) fn tell_roster(&mut self, ticket: Ticket, roster: &[Member], out: &mut Vec<Effect>) {
        if let Some(channel) = self.answered(ticket) {
            let channel = channel.as_str();
            say(&Outbound::Subscribed { channel, roster: Some(roster) }, out);
        }
    }

    /// The owner could not be asked.
    pub(super) fn no_roster(&mut self, ticket: Ticket, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        if let Some(channel) = self.answered(ticket) {
            self.refuse(channel.as_str(), &over_capacity(), cx, out);
        }
    }

    /// The owner let the connection in.
    pub fn on_joined(&mut self, joined: &Joined, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let name = &joined.topic.channel;
        if self.settle(name) != Some(SeatState::Asked) {
            return;
        }
        let Some(seat) = self.seats.get_mut(name) else { return };
        seat.state = SeatState::Taken;
        let times = 1 + std::mem::take(&mut seat.repeats);
        let user_id = seat.user().cloned();
        if name.kind().needs_authorisation() {
            self.authorise_by = None;
        }
        let channel = name.as_str();
        let roster = joined.roster.as_deref().filter(|_| name.kind().is_presence());
        for _ in 0..times {
            say(&Outbound::Subscribed { channel, roster: roster.map(Vec::as_slice) }, out);
        }
        cx.tell(out, |_| {
            let (channel, socket_id) = (name.clone(), self.socket);
            LiveKind::Subscribed { channel, socket_id, user_id }
        });
        if let CacheAnswer::Hit(event) = &joined.cached {
            let payload_bytes = event.data.as_str().len();
            out.push(Effect::Deliver { text: codec::encode_event(event), payload_bytes });
        }
        out.push(Effect::Hear { channel: name.clone(), voice: VOICE });
    }

    /// The owner did not let the connection in.
    pub fn on_refused(
        &mut self,
        channel: &ChannelName,
        reason: JoinRefusal,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        if self.settle(channel) != Some(SeatState::Asked) {
            return;
        }
        self.seats.remove(channel);
        let why = match reason {
            JoinRefusal::MembersFull { max } => {
                let why = format!("The channel has its maximum of {max} members");
                over_limit(Refusal::MemberLimit { limit: max }, why)
            }
            JoinRefusal::Overloaded => over_capacity(),
        };
        self.refuse(channel.as_str(), &why, cx, out);
    }

    fn settle(&mut self, channel: &ChannelName) -> Option<SeatState> {
        let seat = self.seats.get_mut(channel)?;
        let state = seat.settle();
        if seat.is_over() {
            self.seats.remove(channel);
        }
        state
    }

    /// Not answered, held or not.
    pub(super) fn unsubscribe(&mut self, raw: &str, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let Ok(channel) = channel::parse(raw) else { return };
        let Some(seat) = self.seats.get_mut(&channel).filter(|seat| seat.is_held()) else { return };
        let was_taken = seat.state == SeatState::Taken;
        seat.state = SeatState::Left;
        if seat.is_over() {
            self.seats.remove(&channel);
        }
        if was_taken {
            let socket_id = self.socket;
            cx.tell(out, |_| LiveKind::Unsubscribed { channel: channel.clone(), socket_id });
        }
        out.push(Effect::Leave { channel, grace_ms: 0 });
    }

    fn refuse(&self, channel: &str, refused: &Refused, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let shown = &channel[..channel.floor_char_boundary(ChannelName::PORTABLE_MAX_BYTES)];
        let Refused { refusal, code, why } = refused;
        let deed = Deed {
            dialect: Dialect::Relay,
            key: Some(self.key.as_str()),
            action: "subscribe",
            channel: Some(shown),
            code: "subscription_refused",
            message: &format!("Subscription to {shown} refused: {why}"),
        };
        let told = cx.deny(refusal, deed);
        let frame =
            codec::encode(&Outbound::Error { code: *code, message: why, channel: Some(shown) });
        out.push(Effect::Send(match *code {
            OVER_LIMIT => told.into_frame(frame, 2),
            _ => frame,
        }));
    }

    pub(super) fn not_understood(&self, why: &str, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        say(&Outbound::Error { code: BAD_PAYLOAD, message: why, channel: None }, out);
        show_refusal("bad_subscribe", why, cx, out);
    }
}

const VOICE: Voice = Voice::plain(Dialect::Relay);

fn over_capacity() -> Refused {
    refused(OVER_LIMIT, "The service is over capacity, try again later")
}

/// What a client may read about a signature; never the expected one.
fn signature_error(bad: BadSignature) -> &'static str {
    match bad {
        BadSignature::EmptyKey => "Invalid signature: the app key before it is empty",
        BadSignature::Form => "Invalid signature: auth must be key:hex",
        BadSignature::Mismatch => "Invalid signature",
    }
}

//! Subscribing and unsubscribing. Source: spec/anycable.md §6.4, §6.8, §6.9.
//!
//! A client subscribes under identifiers, and several may name one stream. The connection has one
//! seat per stream at the stream's owner, and one voice per identifier here. What a subscription
//! waits for is put into its [`Wishes`] and done in one order: confirmed, what was missed, heard,
//! present.

use super::{Conversation, Protocol, say};
use crate::{
    admission::Refusal,
    dialects::{
        Cx, Dialect,
        anycable::{
            codec::SHOWS_PRESENCE,
            frame::{From, HistoryAsk, Identifier, Outbound, PresenceAsk},
            pubsub::{self, Stream},
        },
        objection::Objection,
    },
    hub::{effect::Effect, voice::Voice},
};
use contract::{ChannelName, live::LiveKind};
use realtime::{JoinRefusal, Joined, Member, Position};
use std::sync::Arc;

/// One identifier's subscription.
#[derive(Debug)]
pub(super) struct Subscription {
    pub stream: Stream,
    pub phase: Phase,
    /// The client used a command of presence, so it can tell such frames from messages.
    pub knows_presence: bool,
}

#[derive(Debug)]
pub(super) enum Phase {
    /// Came back with a resumed connection; not heard until the client says what it has seen, so
    /// that no later message overtakes that.
    Held(Box<Wishes>),
    /// Waits for the seat.
    Asked(Box<Wishes>),
    /// Waits for what was missed.
    CatchingUp(Box<Wishes>),
    Live,
}

/// What is to be done for a subscription on its way to being heard.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    /// Whether the client is told that it is subscribed; it knows of those that were restored.
    pub confirm: bool,
    pub history: Option<From>,
    pub member: Option<Member>,
}

/// A place at the owner of a stream, for all identifiers that name it.
#[derive(Debug, Default)]
pub(super) struct Seat {
    pub state: SeatState,
    /// Answers of the owner still to come, also to requests given up since.
    owed: u32,
    pub identifiers: Vec<Identifier>,
    /// Who the connection is there, and under which identifier it said so.
    pub present: Option<(Identifier, Arc<Member>)>,
    /// How long it stays present when the connection is lost.
    pub grace_ms: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SeatState {
    #[default]
    Left,
    Asked,
    Taken,
}

/// Between a confirmation and what belongs to the subscription. A client that reads both at once
/// may not know its subscription yet, and then drops all but messages.
const CONFIRM_FIRST_MS: u32 = 10;

impl Subscription {
    pub(super) fn new(stream: Stream, phase: Phase) -> Self {
        Self { stream, phase, knows_presence: false }
    }

    pub(super) fn wishes(&mut self) -> Option<&mut Wishes> {
        match &mut self.phase {
            Phase::Held(wishes) | Phase::Asked(wishes) | Phase::CatchingUp(wishes) => Some(wishes),
            Phase::Live => None,
        }
    }
}

impl Conversation {
    /// Longer ones name nothing that anybody subscribes to.
    pub const MAX_IDENTIFIER_BYTES: usize = 4_096;

    pub(super) fn subscribe(
        &mut self,
        identifier: &str,
        history: Option<HistoryAsk<'_>>,
        presence: Option<PresenceAsk<'_>>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let id = Identifier::new(identifier);
        match self.subscriptions.get(&id).map(|held| &held.phase) {
            Some(Phase::Live) => return self.subscribed_already(&id, out),
            // Its confirmation is on the way.
            Some(Phase::Asked(_) | Phase::CatchingUp(_)) => return,
            Some(Phase::Held(_)) | None => {}
        }
        let stream = match self.decide(identifier, cx) {
            Ok(stream) => stream,
            Err(why) => {
                self.forget(&id);
                self.deny(&why, "subscribe", "subscription_rejected", cx);
                return say(&Outbound::Reject(&id), out);
            }
        };
        let member = presence.and_then(|ask| self.member(&stream, &ask, cx));
        let wishes = Wishes {
            confirm: true,
            history: history.map(|ask| ask.of(stream.channel.as_str())),
            member,
        };
        let is_new = !self.subscriptions.contains_key(&id);
        let mut subscription = Subscription::new(stream, Phase::Live);
        subscription.knows_presence = wishes.member.is_some();
        self.subscriptions.insert(id.clone(), subscription);
        if is_new {
            self.keep(|state| state.identifiers.push(id.clone()));
        }
        self.take_seat(&id, wishes, cx, out);
    }

    fn decide(&self, identifier: &str, cx: &Cx<'_>) -> Result<Stream, Objection> {
        let max = cx.state.limits.max_channels_per_connection as usize;
        if self.subscriptions.len() >= max {
            let why = format!("a connection may have at most {max} subscriptions");
            return Err(Objection::new(Refusal::ChannelLimit { limit: max as u32 }, why));
        }
        if identifier.len() > Self::MAX_IDENTIFIER_BYTES {
            let max = Self::MAX_IDENTIFIER_BYTES;
            return Err(format!("an identifier must be at most {max} bytes").into());
        }
        pubsub::decide(identifier, cx.state)
            .map_err(|e| Objection::new(Refusal::ScopeChannel, e.to_string()))
    }

    /// One family of clients wants to hear it again and asks until it does; the other takes a
    /// second confirmation for a mistake and unsubscribes. Source: spec/anycable.md §6.4.
    fn subscribed_already(&self, id: &Identifier, out: &mut Vec<Effect>) {
        if self.protocol == Protocol::Rails {
            say(&Outbound::Confirm(id), out);
        }
    }

    /// Sees to it that the connection has a seat at the stream, and goes on from there.
    pub(super) fn take_seat(
        &mut self,
        id: &Identifier,
        wishes: Wishes,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        let channel = subscription.stream.channel.clone();
        subscription.phase = Phase::Asked(Box::new(wishes));
        let seat = self.seats.entry(channel.clone()).or_default();
        seat.identifiers.push(id.clone());
        match seat.state {
            SeatState::Taken => self.seated(id, None, cx, out),
            SeatState::Asked => {}
            SeatState::Left => {
                seat.state = SeatState::Asked;
                seat.owed += 1;
                out.push(Effect::Join { channel, member: None, replace_info: true });
            }
        }
    }

    /// The owner let the connection in.
    pub fn on_joined(&mut self, joined: &Joined, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let channel = &joined.topic.channel;
        if self.settle(channel) != Some(SeatState::Asked) {
            return;
        }
        let Some(seat) = self.seats.get_mut(channel) else { return };
        seat.state = SeatState::Taken;
        for id in seat.identifiers.clone() {
            self.seated(&id, Some(joined.position), cx, out);
        }
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
        let Some(seat) = self.seats.remove(channel) else { return };
        for id in seat.identifiers {
            self.forget(&id);
            let refusal = match reason {
                JoinRefusal::MembersFull { max } => Refusal::MemberLimit { limit: max },
                JoinRefusal::Overloaded => Refusal::Overloaded { retry_after_ms: 1_000 },
            };
            let why = Objection::new(refusal, reason.to_string());
            self.deny(&why, "subscribe", "subscription_rejected", cx);
            say(&Outbound::Reject(&id), out);
        }
    }

    /// Takes one answer off what the owner owes; the state of the seat if it was the last one.
    fn settle(&mut self, channel: &ChannelName) -> Option<SeatState> {
        let seat = self.seats.get_mut(channel)?;
        seat.owed = seat.owed.saturating_sub(1);
        let (state, owed) = (seat.state, seat.owed);
        if state == SeatState::Left && owed == 0 {
            self.seats.remove(channel);
        }
        (owed == 0).then_some(state)
    }

    /// The seat is there: confirms, and asks for what was missed. `joined_at` is the last message
    /// before the seat was taken just now.
    fn seated(
        &mut self,
        id: &Identifier,
        joined_at: Option<Position>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        let channel = subscription.stream.channel.clone();
        let Phase::Asked(wishes) = std::mem::replace(&mut subscription.phase, Phase::Live) else {
            return;
        };
        if wishes.confirm {
            say(&Outbound::Confirm(id), out);
            if wishes.history.is_some() || wishes.member.is_some() {
                out.push(Effect::Pause { ms: CONFIRM_FIRST_MS });
            }
        }
        let socket_id = self.socket;
        cx.tell(out, |_| {
            let user_id = wishes.member.as_ref().map(|member| member.user.clone());
            LiveKind::Subscribed { channel: channel.clone(), socket_id, user_id }
        });
        let history = wishes.history;
        subscription.phase = Phase::CatchingUp(wishes);
        match history {
            None => self.go_live(id, cx, out),
            Some(from) => self.catch_up(id, &channel, from, joined_at, cx, out),
        }
    }

    /// Nothing stands between the subscription and its stream any more.
    pub(super) fn go_live(&mut self, id: &Identifier, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        let Phase::CatchingUp(wishes) = std::mem::replace(&mut subscription.phase, Phase::Live)
        else {
            return;
        };
        let channel = subscription.stream.channel.clone();
        if let Some(voice) = self.voice(id, cx) {
            out.push(Effect::Hear { channel, voice });
        }
        if let Some(member) = wishes.member {
            self.enter(id, member, cx, out);
        }
    }

    /// How a subscription is told what is due.
    pub(super) fn voice(&self, id: &Identifier, cx: &Cx<'_>) -> Option<Voice> {
        let subscription = self.subscriptions.get(id)?;
        // To other clients a frame about presence is a message. Source: spec/anycable.md §6.7.
        let can_tell = self.protocol == Protocol::Extended || subscription.knows_presence;
        let shows = can_tell && subscription.stream.has_presence(cx.state);
        let flags = if shows { SHOWS_PRESENCE } else { 0 };
        Some(Voice { dialect: Dialect::AnyCable, flags, tag: Some(id.tag()) })
    }

    /// Nothing is answered, also when there was no such subscription.
    pub(super) fn unsubscribe(&mut self, identifier: &str, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let id = Identifier::new(identifier);
        let voice = self.voice(&id, cx);
        let Some(subscription) = self.forget(&id) else { return };
        let channel = subscription.stream.channel;
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        if !seat.identifiers.contains(&id) {
            return;
        }
        seat.identifiers.retain(|other| *other != id);
        if matches!(subscription.phase, Phase::Live) {
            let socket_id = self.socket;
            cx.tell(out, |_| LiveKind::Unsubscribed { channel: channel.clone(), socket_id });
        }
        if !seat.identifiers.is_empty() {
            if let (Phase::Live, Some(voice)) = (subscription.phase, voice) {
                out.push(Effect::Unhear { channel: channel.clone(), voice });
            }
            if seat.present.take_if(|(by, _)| *by == id).is_some() {
                out.push(Effect::Exit { channel });
            }
            return;
        }
        seat.present = None;
        seat.state = SeatState::Left;
        if seat.owed == 0 {
            self.seats.remove(&channel);
        }
        out.push(Effect::Leave { channel, grace_ms: 0 });
    }

    fn forget(&mut self, id: &Identifier) -> Option<Subscription> {
        let forgotten = self.subscriptions.remove(id)?;
        self.keep(|state| state.identifiers.retain(|other| other != id));
        Some(forgotten)
    }
}

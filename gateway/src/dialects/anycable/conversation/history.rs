//! What was missed. Source: spec/anycable.md §6.8.

use super::{
    Asked, Conversation, say,
    subscribe::{Phase, Subscription},
};
use crate::{
    admission::{Feature, Refusal},
    dialects::{
        Cx,
        anycable::{
            codec,
            frame::{From, HistoryAsk, Identifier, Outbound},
        },
    },
    hub::effect::{Effect, Question, Ticket},
};
use contract::ChannelName;
use realtime::{Event, History, Position};

/// More than any channel keeps: a position is served in full or not at all.
const ALL: usize = 100_000;

impl Conversation {
    pub(super) fn history(
        &mut self,
        identifier: &str,
        history: Option<HistoryAsk<'_>>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let id = Identifier::new(identifier);
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return };
        let from = history.map(|ask| ask.of(subscription.stream.channel.as_str()));
        let channel = subscription.stream.channel.clone();
        match &mut subscription.phase {
            // The client says what it has seen, be it nothing: from now on it may be heard.
            Phase::Held(_) => self.release(&id, from, cx, out),
            Phase::Asked(wishes) | Phase::CatchingUp(wishes) => {
                wishes.history = from.or(wishes.history);
            }
            Phase::Live => {
                if let Some(from) = from {
                    self.catch_up(&id, &channel, from, None, cx, out);
                }
            }
        }
    }

    /// Lets a restored subscription go for its seat.
    fn release(
        &mut self,
        id: &Identifier,
        history: Option<From>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let wishes = self.subscriptions.get_mut(id).and_then(Subscription::wishes);
        let Some(mut wishes) = wishes.map(std::mem::take) else { return };
        wishes.history = history;
        self.take_seat(id, wishes, cx, out);
    }

    /// Lets every subscription go whose client has not said in time what it has seen.
    pub(super) fn release_all(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let held = |(id, s): (&Identifier, &Subscription)| {
            matches!(s.phase, Phase::Held(_)).then(|| id.clone())
        };
        let all: Vec<Identifier> = self.subscriptions.iter().filter_map(held).collect();
        for id in all {
            self.release(&id, None, cx, out);
        }
    }

    /// Asks for what was missed, up to `until` or what has been handed out: the rest comes by
    /// itself.
    pub(super) fn catch_up(
        &mut self,
        id: &Identifier,
        channel: &ChannelName,
        from: From,
        until: Option<Position>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let after = match from {
            From::Nothing => return self.caught_up(id, true, cx, out),
            From::Nowhere => return self.caught_up(id, false, cx, out),
            From::Position(position) => Some(position),
            From::Since(_) => None,
        };
        if !cx.state.plan.features.history {
            let refusal = Refusal::PlanFeature(Feature::History);
            self.deny(&refusal.into(), "history", "history_refused", cx);
            return self.caught_up(id, false, cx, out);
        }
        if !self.may_catch_up(cx) {
            return self.caught_up(id, false, cx, out);
        }
        let ticket = self.ticket(Asked::History { identifier: id.clone(), from });
        let channel = channel.clone();
        let question = Question::History { channel, after, until, limit: ALL };
        out.push(Effect::Ask { question, ticket });
    }

    /// Tells what was missed, if it can be told whole.
    pub(super) fn replay(
        &mut self,
        ticket: Ticket,
        history: &History,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let Some(Asked::History { identifier, from }) = self.answered(ticket) else { return };
        if !self.subscriptions.contains_key(&identifier) {
            return;
        }
        let since_ms = match from {
            From::Since(since) => since.saturating_mul(1_000),
            From::Position(_) if history.recovered && !history.more => 0,
            From::Position(_) | From::Nowhere | From::Nothing => {
                return self.caught_up(&identifier, false, cx, out);
            }
        };
        let missed = history.events.iter().filter(|event| event.at_ms >= since_ms);
        for event in missed.filter(|event| self.is_for_us(event)) {
            let text = codec::encode_event(&identifier, event);
            out.push(Effect::Deliver { text, payload_bytes: event.data.as_str().len() });
        }
        self.caught_up(&identifier, true, cx, out);
    }

    /// Nobody could be asked what an answer is due to.
    pub(super) fn give_up(&mut self, ticket: Ticket, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        match self.answered(ticket) {
            Some(Asked::History { identifier, .. }) => {
                self.caught_up(&identifier, false, cx, out);
            }
            Some(Asked::Presence { identifier, .. }) => {
                say(&Outbound::NoPresence(&identifier), out);
            }
            None => {}
        }
    }

    fn caught_up(&mut self, id: &Identifier, fully: bool, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let Some(subscription) = self.subscriptions.get(id) else { return };
        let frame = if fully { Outbound::ConfirmHistory(id) } else { Outbound::RejectHistory(id) };
        say(&frame, out);
        if matches!(subscription.phase, Phase::CatchingUp(_)) {
            self.go_live(id, cx, out);
        }
    }

    /// What was kept from this client as it came is kept from it for good, also after it resumed.
    fn is_for_us(&self, event: &Event) -> bool {
        let predecessors = self.resuming.as_ref().map_or(&[][..], |r| &r.predecessors);
        let is_us = |socket| socket == self.socket || predecessors.contains(&socket);
        !event.except.is_some_and(is_us)
    }
}

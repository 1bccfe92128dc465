//! Who is there. Source: spec/anycable.md §6.7.

use super::{
    Asked, Conversation, say,
    subscribe::{Phase, SeatState},
};
use crate::{
    dialects::{
        Cx,
        anycable::{
            frame::{Identifier, Outbound, PresenceAsk},
            pubsub::Stream,
        },
        json::{self, Kind},
    },
    hub::effect::{Effect, Question, Ticket},
};
use contract::UserId;
use realtime::Member;
use std::{borrow::Cow, sync::Arc};

impl Conversation {
    pub(super) fn join(
        &mut self,
        identifier: &str,
        ask: &PresenceAsk<'_>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let id = Identifier::new(identifier);
        let Some(subscription) = self.subscriptions.get(&id) else { return };
        let Some(member) = self.member(&subscription.stream, ask, cx) else { return };
        if !self.may_be_present(cx) {
            return;
        }
        self.learns_presence(&id, cx, out);
        match self.subscriptions.get_mut(&id).and_then(|subscription| subscription.wishes()) {
            Some(wishes) => wishes.member = Some(member),
            None => self.enter(&id, member, cx, out),
        }
    }

    /// The member that a client asks to be, if it may. What it may not is passed over in silence.
    pub(super) fn member(
        &self,
        stream: &Stream,
        ask: &PresenceAsk<'_>,
        cx: &Cx<'_>,
    ) -> Option<Member> {
        let max_bytes = cx.state.limits.max_member_bytes as usize;
        let fits = ask.info.is_none_or(|info| info.len() <= max_bytes);
        if !fits || !stream.has_presence(cx.state) {
            return None;
        }
        let user: UserId = ask.id.parse().ok()?;
        // There members are who the app's back end says they are.
        if stream.channel.kind().is_presence() && self.known_user().as_ref() != Some(&user) {
            return None;
        }
        Some(Member { user, id_is_number: false, info: ask.info.map(Arc::from) })
    }

    /// Who the connection's token says it is: `user_id`, else `id`, of its `ext`.
    pub(super) fn known_user(&self) -> Option<UserId> {
        self.token.as_ref()?;
        let ext = json::parse(&self.identity).ok().filter(|ext| ext.kind() == Kind::Object)?;
        let [user_id, id] = ext.pick(["user_id", "id"]).ok()?;
        let id = user_id.or(id)?;
        let text = match id.kind() {
            Kind::String => id.as_str()?,
            Kind::Number => Cow::Borrowed(id.as_text()),
            Kind::Object | Kind::Array | Kind::Boolean | Kind::Null => return None,
        };
        text.parse().ok()
    }

    /// Makes the connection present. Under another id it would have to leave first.
    pub(super) fn enter(
        &mut self,
        id: &Identifier,
        member: Member,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let Some(subscription) = self.subscriptions.get(id) else { return };
        let channel = subscription.stream.channel.clone();
        let seat = self.seats.get_mut(&channel).filter(|seat| seat.state == SeatState::Taken);
        let Some(seat) = seat else { return };
        let by = match &seat.present {
            Some((_, other)) if other.user != member.user => return,
            Some((by, _)) => by.clone(),
            None => id.clone(),
        };
        seat.present = Some((by, Arc::new(member.clone())));
        seat.grace_ms = cx.state.settings.anycable.presence_grace_s.saturating_mul(1_000);
        out.push(Effect::Enter { channel, member });
    }

    /// A connection leaves as whoever it is; it need not say.
    pub(super) fn leave(&mut self, identifier: &str, out: &mut Vec<Effect>) {
        let id = Identifier::new(identifier);
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return };
        if let Some(wishes) = subscription.wishes() {
            wishes.member = None;
        }
        let channel = subscription.stream.channel.clone();
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        if seat.present.take().is_some() {
            out.push(Effect::Exit { channel });
        }
    }

    /// Answers who is there to this client alone. One answer to every question: it waits for one
    /// without a timeout.
    pub(super) fn presence(
        &mut self,
        identifier: &str,
        records: bool,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let id = Identifier::new(identifier);
        let Some(subscription) = self.subscriptions.get(&id) else { return };
        if !subscription.stream.has_presence(cx.state) || !self.may_be_present(cx) {
            return say(&Outbound::NoPresence(&id), out);
        }
        self.learns_presence(&id, cx, out);
        let Some(subscription) = self.subscriptions.get(&id) else { return };
        let channel = subscription.stream.channel.clone();
        let ticket = self.ticket(Asked::Presence { identifier: id, records });
        out.push(Effect::Ask { question: Question::Members { channel }, ticket });
    }

    pub(super) fn tell_members(
        &mut self,
        ticket: Ticket,
        members: &[Member],
        out: &mut Vec<Effect>,
    ) {
        let Some(Asked::Presence { identifier, records }) = self.answered(ticket) else { return };
        say(&Outbound::Present { identifier: &identifier, members, records }, out);
    }

    /// From now on the subscription is told who comes and goes.
    fn learns_presence(&mut self, id: &Identifier, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let before = self.voice(id, cx);
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        subscription.knows_presence = true;
        let is_heard = matches!(subscription.phase, Phase::Live);
        let channel = subscription.stream.channel.clone();
        let (Some(before), Some(after)) = (before, self.voice(id, cx)) else { return };
        if is_heard && before != after {
            out.push(Effect::Unhear { channel: channel.clone(), voice: before });
            out.push(Effect::Hear { channel, voice: after });
        }
    }
}

//! A connection that only listens: the socket's conversation, told as events.
//! Source: spec/anycable.md §9.

use super::{
    codec,
    text::{Form, push_frame},
};
use crate::{
    dialects::{
        Cx, Parting, Seldom,
        anycable::{self, errors::Fatal},
    },
    directory::AppState,
    hub::effect::{Effect, Left, Ticket},
};
use bytes::Bytes;
use contract::{ChannelName, UserId, directory::Kill};
use realtime::{History, JoinRefusal, Joined, Member, PublishError};

/// What the client asked for is said for it, right after the greeting; it never says anything
/// itself.
pub struct Conversation {
    inner: anycable::Conversation,
    form: Form,
    commands: Vec<String>,
}

impl Conversation {
    pub fn open(inner: anycable::Conversation, form: Form, commands: Vec<String>) -> Self {
        Self { inner, form, commands }
    }

    /// Lets the socket's conversation speak, and tells what it says as events.
    fn tell(
        &mut self,
        out: &mut Vec<Effect>,
        speak: impl FnOnce(&mut anycable::Conversation, &mut Vec<Effect>),
    ) {
        let from = out.len();
        speak(&mut self.inner, out);
        let form = self.form;
        for effect in &mut out[from..] {
            match effect {
                Effect::Send(frame) | Effect::Deliver { text: frame, .. } => {
                    *frame = event_of(frame, form);
                }
                Effect::Hear { voice, .. } | Effect::Unhear { voice, .. } => {
                    *voice = codec::voice(voice.clone(), form);
                }
                _ => {}
            }
        }
    }

    pub fn greeting(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let commands = std::mem::take(&mut self.commands);
        self.tell(out, |inner, out| {
            inner.greeting(cx, out);
            for command in &commands {
                inner.on_text(command, cx, out);
            }
        });
    }

    /// Nothing but the response leads here.
    pub fn on_text(&mut self, _: &str, _: &Cx<'_>, _: &mut Vec<Effect>) {}
    pub fn on_binary(&mut self, _: &Cx<'_>, _: &mut Vec<Effect>) {}

    pub fn on_joined(&mut self, joined: &Joined, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.tell(out, |inner, out| inner.on_joined(joined, cx, out));
    }

    /// A client that cannot ask again has to come again.
    pub fn on_refused(
        &mut self,
        channel: &ChannelName,
        reason: JoinRefusal,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        self.tell(out, |inner, out| {
            inner.on_refused(channel, reason, cx, out);
            out.push(Effect::Send(Fatal::Overloaded.frame()));
        });
        let (code, reason) = Fatal::Overloaded.close();
        out.push(Effect::Close { code, reason });
    }

    pub fn on_publish_failed(
        &mut self,
        ticket: Option<Ticket>,
        error: &PublishError,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        self.tell(out, |inner, out| inner.on_publish_failed(ticket, error, cx, out));
    }
    pub fn on_terminate(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.tell(out, |inner, out| inner.on_terminate(cx, out));
    }
    pub fn on_kill(&mut self, kill: &Kill, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.tell(out, |inner, out| inner.on_kill(kill, cx, out));
    }
    pub fn on_part(&mut self, parting: Parting, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.tell(out, |inner, out| inner.on_part(parting, cx, out));
    }
    pub fn has_deadline(&self) -> bool {
        self.inner.has_deadline()
    }
    pub fn on_tick(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.tell(out, |inner, out| inner.on_tick(cx, out));
    }
    pub fn too_slow(&self) -> (Bytes, u16, &'static str) {
        let (frame, code, reason) = self.inner.too_slow();
        (event_of(&frame, self.form), code, reason)
    }
    pub fn signed_in_as(&self) -> Option<&UserId> {
        self.inner.signed_in_as()
    }
    pub fn end(&mut self) -> Vec<Left> {
        self.inner.end()
    }
}

impl Seldom for Conversation {
    fn on_members(&mut self, ticket: Ticket, who: &[Member], cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.tell(out, |inner, out| inner.on_members(ticket, who, cx, out));
    }
    fn on_history(&mut self, ticket: Ticket, of: &History, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.tell(out, |inner, out| inner.on_history(ticket, of, cx, out));
    }
    fn on_unanswered(&mut self, ticket: Ticket, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.tell(out, |inner, out| inner.on_unanswered(ticket, cx, out));
    }
    fn on_disconnect(&mut self, reconnect: bool, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.tell(out, |inner, out| inner.on_disconnect(reconnect, cx, out));
    }
    fn on_wake(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.tell(out, |inner, out| inner.on_wake(cx, out));
    }
    fn identity(&self) -> Option<&str> {
        self.inner.identity()
    }
    fn probe_after_ms(&self, state: &AppState) -> u64 {
        self.inner.probe_after_ms(state)
    }
}

/// Empty where the client does not want it.
fn event_of(frame: &Bytes, form: Form) -> Bytes {
    let mut out = String::with_capacity(frame.len() + 32);
    if let Ok(frame) = std::str::from_utf8(frame) {
        push_frame(&mut out, frame, form);
    }
    out.into()
}

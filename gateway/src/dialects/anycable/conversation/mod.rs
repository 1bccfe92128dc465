//! One connection's side of the protocol: one frame in, effects out. No waiting, no socket.
//!
//! Errors are silence: clients take an invented frame with an identifier for a message.
//! Source: spec/anycable.md §6.1.

mod history;
mod lifecycle;
mod presence;
mod subscribe;
#[cfg(test)]
mod tests;
mod whisper;

use super::{
    codec,
    errors::Fatal,
    frame::{Identifier, Inbound, Outbound},
    heartbeat::{Heartbeat, Pace},
    pubsub,
    resume::{Kept, State},
    sid::Sid,
};
use crate::{
    dialects::{
        Cx, Dialect, Seldom,
        objection::{Deed, Objection},
        rate::Rate,
    },
    directory::AppState,
    hub::effect::{Effect, Ticket},
};
use contract::{AppKey, ChannelName, SocketId, directory::Revision, live::LiveKind};
use realtime::{History, Member};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use subscribe::{Phase, Seat, Subscription};

/// What both sides agreed to speak. Source: spec/anycable.md §5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `actioncable-v1-json`
    Base,
    /// The same with a client that repeats a subscribe until it is confirmed.
    Rails,
    /// `actioncable-v1-ext-json`
    Extended,
}

/// A connection. Idle it holds no memory beyond itself, its identity and what it may resume by.
pub struct Conversation {
    socket: SocketId,
    sid: Sid,
    protocol: Protocol,
    /// The `ext` of its token, or what stands for it.
    identity: Arc<str>,
    /// By which the URL named the app.
    key: Option<AppKey>,
    /// Nothing for an anonymous connection.
    token: Option<Box<Token>>,
    heartbeat: Heartbeat,
    /// Of the app's state that this connection was last judged by.
    revision: Revision,
    subscriptions: FxHashMap<Identifier, Subscription>,
    seats: FxHashMap<ChannelName, Seat>,
    asked: Vec<(Ticket, Asked)>,
    last_ticket: Ticket,
    whispers: Rate,
    catch_ups: Rate,
    presences: Rate,
    /// Nothing for a connection that neither goes on from another nor can be gone on from.
    resuming: Option<Box<Resuming>>,
}

/// What a connection was let in by.
#[derive(Clone, Debug)]
pub struct Token {
    /// The credential whose secret signed it.
    pub key: AppKey,
    pub expires_s: Option<u64>,
}

/// What a connection begins with.
pub struct Opening {
    pub socket: SocketId,
    pub sid: Sid,
    pub protocol: Protocol,
    /// By which the URL named the app, if by a key.
    pub key: Option<AppKey>,
    /// The `ext` of its token.
    pub ext: Option<Arc<str>>,
    pub token: Option<Token>,
    pub pace: Pace,
    /// What it goes on from, and which connection that was.
    pub resumed: Option<State>,
    /// Where what it can be resumed by is kept; extended connections only.
    pub kept: Option<Kept>,
    pub now_ms: u64,
}

/// How a connection goes on from another, and others may from it.
#[derive(Default)]
struct Resuming {
    kept: Option<Kept>,
    /// Those it goes back to: what was not for them is not for it either.
    predecessors: Box<[SocketId]>,
    /// Taken by the greeting.
    restore: Option<Vec<Identifier>>,
    /// Until when restored subscriptions wait for what the client has seen.
    held_until_ms: Option<u64>,
}

/// What an answer is for.
#[derive(Debug)]
enum Asked {
    History { identifier: Identifier, from: super::frame::From },
    Presence { identifier: Identifier, records: bool },
}

/// A client that is silent for so long is asked for a sign of life below its protocol.
const PROBE_AFTER_S: u32 = 30;
/// Restored subscriptions wait at most so long. Source: spec/anycable.md §6.9.
const HOLD_MS: u64 = 2_000;

impl Conversation {
    pub fn open(opening: Opening, state: &AppState) -> Self {
        let Opening { socket, sid, protocol, key, ext, token, pace, resumed, kept, now_ms } =
            opening;
        let nobody = || Arc::from(format!(r#"{{"sid":"{}"}}"#, sid.as_str()));
        let may_be_resumed = kept.is_some();
        let resuming = match resumed {
            Some(State { predecessors, identifiers, .. }) => Resuming {
                kept,
                predecessors: predecessors.into(),
                restore: Some(identifiers),
                held_until_ms: None,
            },
            None => Resuming { kept, ..Resuming::default() },
        };
        let resuming = (may_be_resumed || resuming.restore.is_some()).then(|| Box::new(resuming));
        Self {
            socket,
            sid,
            protocol,
            identity: ext.unwrap_or_else(nobody),
            key,
            token: token.map(Box::new),
            heartbeat: Heartbeat::start(pace, socket, now_ms),
            revision: state.revision,
            subscriptions: FxHashMap::default(),
            seats: FxHashMap::default(),
            asked: Vec::new(),
            last_ticket: 0,
            whispers: Rate::default(),
            catch_ups: Rate::default(),
            presences: Rate::default(),
            resuming,
        }
    }

    /// Clients wait for it without a timeout.
    pub fn greeting(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let restore = self.resuming.as_mut().and_then(|resuming| resuming.restore.take());
        let restored = restore.map(|identifiers| self.restore(identifiers, cx));
        let sid = self.sid;
        say(&Outbound::Welcome { sid: sid.as_str(), restored: restored.as_deref() }, out);
    }

    /// Takes up what may still be heard, without hearing it yet.
    fn restore(&mut self, identifiers: Vec<Identifier>, cx: &Cx<'_>) -> Vec<Identifier> {
        let mut restored = Vec::with_capacity(identifiers.len());
        for identifier in identifiers {
            let Ok(stream) = pubsub::decide(&identifier.text(), cx.state) else { continue };
            let phase = Phase::Held(Box::default());
            self.subscriptions.insert(identifier.clone(), Subscription::new(stream, phase));
            restored.push(identifier);
        }
        if let Some(resuming) = &mut self.resuming {
            resuming.held_until_ms = (!restored.is_empty()).then_some(cx.now_ms + HOLD_MS);
        }
        self.keep(|state| state.identifiers.clone_from(&restored));
        restored
    }

    pub fn on_text(&mut self, text: &str, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        match codec::decode(text) {
            Ok(Inbound::Subscribe { identifier, history, presence }) => {
                self.subscribe(&identifier, history, presence, cx, out);
            }
            Ok(Inbound::Unsubscribe { identifier }) => self.unsubscribe(&identifier, cx, out),
            Ok(Inbound::Whisper { identifier, data }) => self.whisper(&identifier, data, cx, out),
            Ok(Inbound::History { identifier, history }) => {
                self.history(&identifier, history, cx, out);
            }
            Ok(Inbound::Join { identifier, presence }) => {
                self.join(&identifier, &presence, cx, out);
            }
            Ok(Inbound::Leave { identifier }) => self.leave(&identifier, out),
            Ok(Inbound::Presence { identifier, records }) => {
                self.presence(&identifier, records, cx, out);
            }
            Ok(Inbound::Ping) => say(&Outbound::Pong, out),
            // There are no channel classes here, and whatever arrives is a sign of life already.
            Ok(Inbound::Message | Inbound::Pong) => {}
            Err(ignored) => show_refusal("malformed", &ignored.to_string(), cx, out),
        }
    }

    /// Everything is text; the JSON clients never send anything else.
    pub fn on_binary(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        show_refusal("malformed", "binary messages are not read", cx, out);
    }

    fn keep(&self, change: impl FnOnce(&mut State)) {
        if let Some(kept) = self.resuming.as_ref().and_then(|resuming| resuming.kept.as_ref()) {
            kept.update(change);
        }
    }

    /// Whether one more question for what was missed is within bounds: a client that resumes asks
    /// one per stream.
    fn may_catch_up(&mut self, cx: &Cx<'_>) -> bool {
        self.catch_ups.allows(cx.now_ms, cx.state.limits.max_channels_per_connection)
    }

    /// The same for presence, where it may join and ask who is there.
    fn may_be_present(&mut self, cx: &Cx<'_>) -> bool {
        let max = cx.state.limits.max_channels_per_connection;
        self.presences.allows(cx.now_ms, max.saturating_mul(2))
    }

    /// Errors are silence, but whoever watches the app, or looks the refusal up, can see why.
    fn deny(&self, objection: &Objection, action: &'static str, code: &str, cx: &Cx<'_>) {
        let key = self.token.as_ref().map(|token| &token.key).or(self.key.as_ref());
        let deed = Deed {
            dialect: Dialect::AnyCable,
            key: key.map(AppKey::as_str),
            action,
            channel: None,
            code,
            message: &objection.why,
        };
        cx.deny(&objection.refusal, deed);
    }

    fn ticket(&mut self, asked: Asked) -> Ticket {
        self.last_ticket = self.last_ticket.wrapping_add(1);
        self.asked.push((self.last_ticket, asked));
        self.last_ticket
    }

    fn answered(&mut self, ticket: Ticket) -> Option<Asked> {
        let at = self.asked.iter().position(|(asked, _)| *asked == ticket)?;
        let (_, asked) = self.asked.swap_remove(at);
        if self.asked.is_empty() {
            self.asked = Vec::new();
        }
        Some(asked)
    }
}

impl Seldom for Conversation {
    fn on_members(&mut self, ticket: Ticket, who: &[Member], _: &Cx<'_>, out: &mut Vec<Effect>) {
        self.tell_members(ticket, who, out);
    }
    fn on_history(
        &mut self,
        ticket: Ticket,
        history: &History,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        self.replay(ticket, history, cx, out);
    }
    fn on_unanswered(&mut self, ticket: Ticket, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.give_up(ticket, cx, out);
    }
    fn on_disconnect(&mut self, reconnect: bool, _: &Cx<'_>, out: &mut Vec<Effect>) {
        end(Fatal::Remote { reconnect }, out);
    }
    /// By what the customer may end it: the token's `ext`, byte for byte.
    fn identity(&self) -> Option<&str> {
        Some(&self.identity)
    }
    /// Most clients never speak unasked, and who is present should not outlive its machine by long.
    fn probe_after_ms(&self, state: &AppState) -> u64 {
        u64::from(state.settings.activity_timeout_s.min(PROBE_AFTER_S)) * 1_000
    }
}

fn say(frame: &Outbound<'_>, out: &mut Vec<Effect>) {
    out.push(Effect::Send(codec::encode(frame)));
}

/// Says why, and ends the connection.
fn end(fatal: Fatal, out: &mut Vec<Effect>) {
    let (code, reason) = fatal.close();
    out.push(Effect::Send(fatal.frame()));
    out.push(Effect::Close { code, reason });
}

/// What the client is not told, whoever watches the app is.
fn show_refusal(code: &str, message: &str, cx: &Cx<'_>, out: &mut Vec<Effect>) {
    cx.tell(out, |_| LiveKind::Refused {
        source: "socket".into(),
        code: code.into(),
        message: message.into(),
        request_id: None,
    });
}

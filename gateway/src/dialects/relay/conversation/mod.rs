//! One connection's side of the protocol: one frame in, effects out. No waiting, no socket.

mod client_event;
mod lifecycle;
mod seat;
mod subscribe;
#[cfg(test)]
mod tests;

use super::{
    codec,
    errors::Fatal,
    frame::{Inbound, Outbound},
};
use crate::{
    dialects::{Cx, Seldom, rate::Rate},
    directory::AppState,
    hub::effect::{Effect, Ticket},
};
use contract::{AppKey, ChannelName, SocketId, live::LiveKind};
use realtime::Member;
use rustc_hash::FxHashMap;
use seat::Seat;

/// A connection. Idle it holds no memory beyond itself.
#[derive(Debug)]
pub struct Conversation {
    socket: SocketId,
    /// The key in the URL.
    key: AppKey,
    /// Other keys of the app whose signatures this connection lives on.
    other_keys: Vec<AppKey>,
    /// When it is closed unless authorised by then.
    authorise_by: Option<u64>,
    client_events: Rate,
    seats: FxHashMap<ChannelName, Seat>,
    /// Rosters asked for, by ticket.
    asked: Vec<(Ticket, ChannelName)>,
    next_ticket: Ticket,
}

/// What a connection begins with.
#[derive(Clone, Debug)]
pub struct Opening {
    pub socket: SocketId,
    pub key: AppKey,
    pub now_ms: u64,
}

impl Seldom for Conversation {
    fn on_members(&mut self, ticket: Ticket, all: &[Member], _: &Cx<'_>, out: &mut Vec<Effect>) {
        self.tell_roster(ticket, all, out);
    }
    fn on_unanswered(&mut self, ticket: Ticket, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.no_roster(ticket, cx, out);
    }
    fn max_inbound(&self, configured: usize) -> usize {
        configured.min(lifecycle::MAX_INBOUND_BYTES)
    }
}

impl Conversation {
    pub fn open(opening: Opening, state: &AppState) -> Self {
        let Opening { socket, key, now_ms } = opening;
        let must_authorise = state.settings.authorized_connections_only;
        Self {
            socket,
            key,
            other_keys: Vec::new(),
            authorise_by: must_authorise.then_some(now_ms + lifecycle::AUTHORISE_WITHIN_MS),
            client_events: Rate::default(),
            seats: FxHashMap::default(),
            asked: Vec::new(),
            next_ticket: 0,
        }
    }

    /// The first frame, at once: clients wait for the server to speak. Source: spec/relay.md §4.1.
    pub fn greeting(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let activity_timeout_s = cx.state.settings.activity_timeout_s;
        say(&Outbound::Established { socket: self.socket, activity_timeout_s }, out);
    }

    pub fn on_text(&mut self, text: &str, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        match codec::decode(text) {
            // One for one: every pong starts another ping timer. Source: spec/relay.md §4.3.
            Inbound::Ping => say(&Outbound::Pong, out),
            Inbound::Subscribe(request) => self.subscribe(&request, cx, out),
            Inbound::BadSubscribe(why) => self.not_understood(&why, cx, out),
            Inbound::Unsubscribe { channel } => self.unsubscribe(&channel, cx, out),
            Inbound::ClientEvent(event) => self.client_event(&event, cx, out),
            Inbound::Ignored => {}
        }
    }

    /// Binary is not part of the protocol, and what is not understood is ignored.
    pub fn on_binary(&mut self, _: &Cx<'_>, _: &mut Vec<Effect>) {}
}

fn say(frame: &Outbound<'_>, out: &mut Vec<Effect>) {
    out.push(Effect::Send(codec::encode(frame)));
}

/// An error that ends the connection.
fn end(fatal: Fatal, out: &mut Vec<Effect>) {
    out.push(Effect::Send(fatal.frame()));
    out.push(Effect::Close { code: fatal.code(), reason: fatal.reason() });
}

fn show_refusal(code: &str, message: &str, cx: &Cx<'_>, out: &mut Vec<Effect>) {
    cx.tell(out, |_| LiveKind::Refused {
        source: "socket".into(),
        code: code.into(),
        message: message.into(),
        request_id: None,
    });
}

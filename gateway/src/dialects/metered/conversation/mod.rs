//! One connection's side of the protocol: one frame in, effects out. No waiting, no socket.

mod lifecycle;
mod patterns;
mod publish;
mod rate;
mod subscribe;
#[cfg(test)]
mod tests;

use super::{
    codec,
    errors::{Complaint, ErrorCode, Fatal},
    frame::{Asks, Outbound, Request, Welcome},
};
use crate::{
    admission::{Bearing, Refusal},
    dialects::{Cx, Dialect, Seldom, objection::Deed},
    directory::AppState,
    hub::effect::{Effect, Ticket},
};
use contract::{Action, ChannelName, Pattern, SocketId, UserId, live::LiveKind};
use patterns::Listening;
use publish::Sent;
use rate::Rate;
use realtime::{Member, Published};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use subscribe::Seat;

/// Silence after which a client is asked for a sign of life. Source: spec/metered.md §7.
const PROBE_AFTER_MS: u64 = 30_000;

/// A connection. Idle it holds no memory beyond itself, its credential and its peer.
#[derive(Debug)]
pub struct Conversation {
    socket: SocketId,
    /// Who it is to everyone else: the peer's id, and what its token lets others know of it.
    peer: Arc<Member>,
    bearing: Box<Bearing>,
    /// Unix milliseconds at which it is closed because its credential runs out.
    ends_at_ms: Option<u64>,
    /// The close is set for the exact moment.
    is_timed: bool,
    rate: Rate,
    /// Bytes of one message of the client.
    max_inbound: u32,
    seats: FxHashMap<ChannelName, Seat>,
    rare: Option<Box<Rare>>,
    greeting: Option<Box<Greeting>>,
}

/// What only the first frame says.
#[derive(Debug, Default)]
struct Greeting {
    /// The token's, Unix seconds.
    expires_at: Option<u64>,
    metadata: Option<String>,
}

/// What most connections never have.
#[derive(Debug, Default)]
struct Rare {
    patterns: Vec<Listening>,
    /// Messages whose fate is not known yet.
    sent: Vec<(Ticket, Sent)>,
    last_ticket: Ticket,
}

/// What a connection begins with.
#[derive(Debug)]
pub struct Opening {
    pub socket: SocketId,
    pub peer: Member,
    pub bearing: Bearing,
    /// Unix seconds at which the token ends; nothing for a publishable key.
    pub expires_at: Option<u64>,
    /// The text of a JSON object that the welcome carries.
    pub metadata: Option<String>,
    /// Bytes of one message's data.
    pub max_message_bytes: u32,
}

impl Conversation {
    /// Channels of one connection; an app's own limit may be lower. Source: spec/metered.md §10.
    pub const MAX_CHANNELS: usize = 100;

    pub fn open(opening: Opening) -> Self {
        let Opening { socket, peer, bearing, expires_at, metadata, max_message_bytes } = opening;
        Self {
            socket,
            peer: Arc::new(peer),
            ends_at_ms: lifecycle::end_of(expires_at, bearing.grant.key_expires_at_s()),
            bearing: Box::new(bearing),
            is_timed: false,
            rate: Rate::default(),
            max_inbound: max_message_bytes + lifecycle::FRAME_SLACK,
            seats: FxHashMap::default(),
            rare: None,
            greeting: Some(Box::new(Greeting { expires_at, metadata })),
        }
    }

    /// The first frame. The peer can be sent to from before it goes out.
    pub fn greeting(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        out.push(Effect::SignIn { member: self.peer.as_ref().clone(), watch: Vec::new() });
        let Greeting { expires_at, metadata } = *self.greeting.take().unwrap_or_default();
        let welcome = Welcome {
            peer: &self.peer.user,
            expires_at,
            server_time: cx.unix_ms / 1_000,
            max_message_bytes: self.max_inbound - lifecycle::FRAME_SLACK,
            metadata: metadata.as_deref(),
        };
        say(&Outbound::Welcome(welcome), out);
        self.on_tick(cx, out);
    }

    pub fn on_text(&mut self, text: &str, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        if !self.rate.allows(cx.now_ms) {
            return end(&Fatal::OverMessageRate, out);
        }
        if !Dialect::Metered.is_on(cx.state) {
            return end(&Fatal::DialectDisabled, out);
        }
        let Request { id, asks } = match codec::decode(text) {
            Ok(request) => request,
            Err(e) => {
                let what = Complaint::new(ErrorCode::MalformedMessage, e.to_string());
                return self.complain(e.request.as_deref(), &what, cx, out);
            }
        };
        let request = id.as_deref();
        let done = match asks {
            Asks::Ping => return say(&Outbound::Pong { request }, out),
            Asks::Subscribe { channel, with_metadata } => {
                self.subscribe(channel.text(), with_metadata, request, cx, out)
            }
            Asks::Unsubscribe { channel } => self.unsubscribe(channel.text(), request, cx, out),
            Asks::Publish { channel, data } => self.publish(channel.text(), data, request, cx, out),
            Asks::Send { to, data } => self.send(to.text(), data, request, cx, out),
            Asks::Unknown { kind } => {
                let shown: String = kind.chars().take(100).collect();
                Err(Complaint::new(ErrorCode::UnknownType, format!("unknown type: {shown}")))
            }
        };
        if let Err(what) = done {
            self.complain(request, &what, cx, out);
        }
    }

    /// Binary is not part of the protocol: refused, not punished. Source: spec/metered.md §8.
    pub fn on_binary(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        if !self.rate.allows(cx.now_ms) {
            return end(&Fatal::OverMessageRate, out);
        }
        let what = "messages are JSON text, never binary";
        self.complain(None, &Complaint::new(ErrorCode::MalformedMessage, what), cx, out);
    }

    /// By its peer id, which other dialects take for a user's.
    pub fn signed_in_as(&self) -> Option<&UserId> {
        Some(&self.peer.user)
    }

    /// An error that leaves the connection open.
    fn complain(
        &self,
        request: Option<&str>,
        what: &Complaint,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let Complaint { code, message, refusal } = what;
        let frame = codec::encode(&Outbound::Error { request, code: *code, message });
        let Some(refusal) = refusal else {
            out.push(Effect::Send(frame));
            cx.tell(out, |_| LiveKind::Refused {
                source: "socket".into(),
                code: code.as_str().into(),
                message: message.to_string(),
                request_id: None,
            });
            return;
        };
        let deed = Deed {
            dialect: Dialect::Metered,
            key: Some(self.bearing.key.public_half()),
            action: "message",
            channel: None,
            code: code.as_str(),
            message,
        };
        out.push(Effect::Send(cx.deny(refusal, deed).into_frame(frame, 1)));
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// For whoever wants to know later what a narrower key would have refused.
    fn note(&self, action: Action, channel: &ChannelName, cx: &Cx<'_>) {
        cx.app.seen.on_channel(&self.bearing.key, action, channel, cx.unix_ms / 1_000);
    }

    fn require(&self, action: Action) -> Result<(), Complaint> {
        match self.bearing.grant.allows(action) {
            true => Ok(()),
            false => {
                let what = format!("not permitted: {}", action.as_str());
                let what = Complaint::new(ErrorCode::ActionNotPermitted, what);
                Err(what.because(Refusal::ScopeAction(action)))
            }
        }
    }

    /// Whether the channel is this peer's to use. Names that ask for authorisation are only for
    /// peers whose token is signed for them.
    fn require_channel(&self, channel: &ChannelName) -> Result<(), Complaint> {
        let grant = &self.bearing.grant;
        let may = match channel.kind().needs_authorisation() {
            true => grant.authorises(channel),
            false => grant.covers(channel),
        };
        if may { Ok(()) } else { Err(not_authorized(channel.as_str())) }
    }
}

fn not_authorized(name: &str) -> Complaint {
    Complaint::new(ErrorCode::ChannelNotAuthorized, format!("not authorized: {name}"))
        .because(Refusal::ScopeChannel)
}

fn say(frame: &Outbound<'_>, out: &mut Vec<Effect>) {
    out.push(Effect::Send(codec::encode(frame)));
}

/// A request without a name of its own is not told that it succeeded. Source: spec/metered.md §5.1.
fn acknowledge(request: Option<&str>, out: &mut Vec<Effect>) {
    if let Some(request) = request {
        say(&Outbound::Ack { request }, out);
    }
}

fn end(fatal: &Fatal, out: &mut Vec<Effect>) {
    out.push(Effect::Close { code: fatal.code(), reason: fatal.reason() });
}

impl Seldom for Conversation {
    fn on_published(
        &mut self,
        ticket: Ticket,
        done: &Published,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        self.published(ticket, done, cx, out);
    }

    fn on_listening(
        &mut self,
        pattern: &Pattern,
        accepted: bool,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        self.listens(pattern, accepted, cx, out);
    }

    fn on_narrowed(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.narrow(cx, out);
    }

    fn on_wake(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        self.wake(cx, out);
    }

    fn probe_after_ms(&self, state: &AppState) -> u64 {
        PROBE_AFTER_MS.min(u64::from(state.settings.activity_timeout_s) * 1_000)
    }

    /// What the welcome promised, whatever the operator sets for others: clients that keep to it
    /// must not be closed for it.
    fn max_inbound(&self, _configured: usize) -> usize {
        self.max_inbound as usize
    }
}

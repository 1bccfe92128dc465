//! What a conversation asks its worker to do, in no dialect's words.

use super::voice::Voice;
use crate::live::Place;
use bytes::Bytes;
use contract::{ChannelName, EventName, Pattern, UserId, live::LiveKind};
use realtime::{Member, Payload, Position};
use std::sync::Arc;

/// One thing to do for one connection. Performed in order.
#[derive(Debug)]
pub enum Effect {
    /// Send this text to the connection.
    Send(Bytes),
    /// Send the connection an event that others got before it, or that is its own: a delivery.
    Deliver {
        text: Bytes,
        payload_bytes: usize,
    },
    /// Ask the owner of the channel to let the connection in; the answer comes later.
    Join {
        channel: ChannelName,
        member: Option<Member>,
        replace_info: bool,
    },
    /// Hear a channel that the owner let the connection into, in this voice; several voices are
    /// several subscriptions to the same channel.
    Hear {
        channel: ChannelName,
        voice: Voice,
    },
    /// Stop hearing the channel in this voice; the place at the owner stays.
    Unhear {
        channel: ChannelName,
        voice: Voice,
    },
    /// Stop hearing the channel in every voice and give the place at the owner back. A member stays
    /// present for `grace_ms` more.
    Leave {
        channel: ChannelName,
        grace_ms: u32,
    },
    /// Be present as this member on a channel the connection is in already.
    Enter {
        channel: ChannelName,
        member: Member,
    },
    /// No longer be present, but go on hearing.
    Exit {
        channel: ChannelName,
    },
    /// Hear every channel of the app whose name matches.
    Listen {
        pattern: Pattern,
        voice: Voice,
    },
    Unlisten {
        pattern: Pattern,
    },
    /// Publish in the name of this connection, which does not get it itself.
    Publish {
        message: Outgoing,
        ticket: Option<Ticket>,
    },
    /// Ask the owner of a channel; the answer comes with the ticket.
    Ask {
        question: Question,
        ticket: Ticket,
    },
    /// The connection now is this user's, instead of whoever it was before; it watches `watch`.
    SignIn {
        member: Member,
        watch: Vec<UserId>,
    },
    /// Whatever follows, from whichever source, is written at least so much later.
    Pause {
        ms: u32,
    },
    /// Call `on_wake` after so long.
    Wake {
        after_ms: u64,
    },
    /// Show it to whoever looks at the app live, or back.
    Live(Place, Box<LiveKind>),
    /// Send what is due, then close with this code and reason.
    Close {
        code: u16,
        reason: &'static str,
    },
}

/// By which a conversation recognises an answer.
pub type Ticket = u32;

/// A message of a connection on its way to a channel.
#[derive(Debug)]
pub struct Outgoing {
    pub channel: ChannelName,
    pub name: EventName,
    pub data: Payload,
    /// Who the connection is on the channel.
    pub identity: Option<Arc<Member>>,
    pub keep_history: bool,
}

/// What a conversation may ask the owner of a channel.
#[derive(Debug)]
pub enum Question {
    Members {
        channel: ChannelName,
    },
    /// Events after a position, or the latest; none after `until`, which by default is the last
    /// message that this worker has handed out on the channel. So what follows live follows at once.
    History {
        channel: ChannelName,
        after: Option<Position>,
        until: Option<Position>,
        limit: usize,
    },
}

/// A channel whose place is given back as the connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub channel: ChannelName,
    /// A member stays present for so much longer.
    pub grace_ms: u32,
}

impl Left {
    pub fn at_once(channel: ChannelName) -> Self {
        Self { channel, grace_ms: 0 }
    }
}

//! What a conversation asks its worker to do, in no dialect's words.

use bytes::Bytes;
use contract::{ChannelName, EventName, UserId, live::LiveKind};
use realtime::{Member, Payload};

/// One thing to do for one connection. Performed in order.
#[derive(Debug)]
pub enum Effect {
    /// Send this text to the connection.
    Send(Bytes),
    /// Ask the owner of the channel to let the connection in; the answer comes later.
    Join { channel: ChannelName, member: Option<Member> },
    /// Stop hearing the channel.
    Leave { channel: ChannelName },
    /// Publish to the channel's other subscribers in the name of this connection.
    Publish { channel: ChannelName, name: EventName, data: Payload, user: Option<UserId> },
    /// The connection now is this user's, instead of whoever it was before; it watches `watch`.
    SignIn { member: Member, watch: Vec<UserId> },
    /// Tell whoever watches the app live.
    Live(LiveKind),
    /// Send what is due, then close with this code and reason.
    Close { code: u16, reason: &'static str },
}

//! Subscribing and unsubscribing. Source: spec/pusher.md §4, §5, §8, §13.

use super::{Conversation, complain, say};
use crate::{
    admission::{self, BadSignature, Refusal, Why},
    dialects::{
        Cx, Dialect,
        json::{self, Kind},
        objection::Deed,
        pusher::{
            VOICE, codec,
            frame::{Given, Outbound, RefusalEvent, RefusalKind, Subscribe, SubscribeRefusal},
            upgrade::ClientHint,
        },
    },
    hub::effect::Effect,
};
use contract::{ChannelKind, ChannelName, UserId, live::LiveKind};
use realtime::{CacheAnswer, JoinRefusal, Joined, Member};
use std::{borrow::Cow, sync::Arc};

/// A channel this connection asked for.
#[derive(Debug)]
pub(super) struct Seat {
    pub state: SeatState,
    /// Answers of the owner still to come, also to requests given up since.
    owed: u32,
    /// The member it is, on presence channels.
    pub user: Option<UserId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SeatState {
    Asked,
    Taken,
    /// Unsubscribed before the answer came.
    Left,
}

/// What admission calls it, and what the client is told.
struct Refused {
    refusal: Refusal,
    said: SubscribeRefusal,
}

fn refused(kind: RefusalKind, error: impl Into<Cow<'static, str>>) -> Refused {
    let error = error.into();
    let refusal = match kind {
        RefusalKind::Auth => Refusal::Unauthorised(Why::Token),
        RefusalKind::InvalidChannel | RefusalKind::TooLarge => {
            Refusal::BadRequest(error.to_string())
        }
        RefusalKind::TooMany => Refusal::Overloaded { retry_after_ms: 1_000 },
    };
    Refused { refusal, said: SubscribeRefusal { kind, error } }
}

fn too_many(refusal: Refusal, error: String) -> Refused {
    Refused { refusal, ..refused(RefusalKind::TooMany, error) }
}

impl Conversation {
    pub(super) fn subscribe(
        &mut self,
        request: &Subscribe<'_>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let channel = match ChannelName::portable(&request.channel) {
            Ok(channel) => channel,
            Err(e) => {
                let why = refused(RefusalKind::InvalidChannel, format!("Channel name {e}"));
                return self.refuse(&request.channel, &why, cx, out);
            }
        };
        let held = self.seats.get(&channel).is_some_and(|seat| seat.state != SeatState::Left);
        if held {
            return complain(None, &format!("Existing subscription to channel {channel}"), out);
        }
        match self.admit(&channel, request, cx) {
            Ok(_) if channel.kind() == ChannelKind::User => self.take_own_feed(channel, cx, out),
            Ok(member) => self.ask(channel, member, out),
            Err(why) => self.refuse(channel.as_str(), &why, cx, out),
        }
    }

    /// Whether this connection may hear the channel, and as whom.
    fn admit(
        &mut self,
        channel: &ChannelName,
        request: &Subscribe<'_>,
        cx: &Cx<'_>,
    ) -> Result<Option<Member>, Refused> {
        let max = cx.state.limits.max_channels_per_connection as usize;
        if self.seats.len() >= max {
            let error = format!("A connection may subscribe to at most {max} channels");
            return Err(too_many(Refusal::ChannelLimit { limit: max as u32 }, error));
        }
        let kind = channel.kind();
        if kind == ChannelKind::User {
            let own = self.user.as_ref().is_some_and(|user| user.channel == *channel);
            return match own {
                true => Ok(None),
                false => Err(refused(RefusalKind::Auth, "Not signed in as this user")),
            };
        }
        if !kind.needs_authorisation() {
            return Ok(None);
        }
        let auth = match &request.auth {
            Given::Text(auth) if !auth.is_empty() => auth,
            _ => return Err(refused(RefusalKind::Auth, "auth is missing")),
        };
        let data = match &request.channel_data {
            Given::NotText => {
                return Err(refused(RefusalKind::Auth, "channel_data must be a string"));
            }
            given => given.text(),
        };
        admission::channel_signature(cx.state, self.socket, channel.as_str(), auth, data)
            .map_err(|bad| refused(RefusalKind::Auth, signature_error(bad)))?;
        self.relies_on(auth, cx);
        match kind.is_presence() {
            true => self.member(data, cx).map(Some),
            false => Ok(None),
        }
    }

    /// The member from `channel_data`, or else the signed-in user. Source: spec/pusher.md §5.1.
    fn member(&self, data: Option<&str>, cx: &Cx<'_>) -> Result<Member, Refused> {
        let max_bytes = cx.state.limits.max_member_bytes as usize;
        let too_large = || {
            refused(RefusalKind::TooLarge, format!("user_info must be at most {max_bytes} bytes"))
        };
        let member = match (data, &self.user) {
            (Some(data), _) => read_member(data)?,
            (None, Some(user)) if user.info_too_large => return Err(too_large()),
            (None, Some(user)) => user.member(),
            (None, None) => {
                return Err(refused(
                    RefusalKind::Auth,
                    "channel_data is missing and nobody is signed in",
                ));
            }
        };
        match member.info.as_ref().is_some_and(|info| info.len() > max_bytes) {
            true => Err(too_large()),
            false => Ok(member),
        }
    }

    fn ask(&mut self, channel: ChannelName, member: Option<Member>, out: &mut Vec<Effect>) {
        let user = member.as_ref().map(|member| member.user.clone());
        let seat = self.seats.entry(channel.clone()).or_insert(Seat {
            state: SeatState::Asked,
            owed: 0,
            user: None,
        });
        *seat = Seat { state: SeatState::Asked, owed: seat.owed + 1, user };
        out.push(Effect::Join { channel, member, replace_info: false });
    }

    /// A user's own feed is heard since the sign-in; subscribing to it only says so.
    fn take_own_feed(&mut self, channel: ChannelName, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let heard = self.user.as_ref().is_some_and(|user| user.is_confirmed());
        let state = if heard { SeatState::Taken } else { SeatState::Asked };
        if heard {
            self.welcome(&channel, None, cx, out);
        }
        self.seats.insert(channel, Seat { state, owed: 0, user: None });
    }

    /// The owner let the connection in. If it no longer wants to hear the channel, it has asked to
    /// leave already.
    pub fn on_joined(&mut self, joined: &Joined, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let channel = &joined.topic.channel;
        if channel.kind() == ChannelKind::User {
            return self.on_own_feed_joined(channel, cx, out);
        }
        if self.settle(channel) != Some(SeatState::Asked) {
            return;
        }
        if let Some(seat) = self.seats.get_mut(channel) {
            seat.state = SeatState::Taken;
        }
        if channel.kind().needs_authorisation() {
            self.authorised();
        }
        let roster = joined.roster.as_deref().filter(|_| channel.kind().is_presence());
        self.welcome(channel, roster.map(Vec::as_slice), cx, out);
        match &joined.cached {
            CacheAnswer::NotACache => {}
            CacheAnswer::Miss => say(&Outbound::CacheMiss { channel: channel.as_str() }, out),
            CacheAnswer::Hit(event) => out.push(Effect::Deliver {
                text: codec::encode_event(event),
                payload_bytes: event.data.as_str().len(),
            }),
        }
        out.push(Effect::Hear { channel: channel.clone(), voice: VOICE });
    }

    /// The owner did not let the connection in.
    pub fn on_refused(
        &mut self,
        channel: &ChannelName,
        reason: JoinRefusal,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        if channel.kind() == ChannelKind::User {
            return self.on_own_feed_refused(channel, reason, out);
        }
        if self.settle(channel) != Some(SeatState::Asked) {
            return;
        }
        self.seats.remove(channel);
        let why = match reason {
            JoinRefusal::MembersFull { max } => too_many(
                Refusal::MemberLimit { limit: max },
                format!("The channel has its maximum of {max} members"),
            ),
            JoinRefusal::Overloaded => {
                refused(RefusalKind::TooMany, "The service is over capacity, try again later")
            }
        };
        self.refuse(channel.as_str(), &why, cx, out);
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

    pub(super) fn welcome(
        &self,
        channel: &ChannelName,
        roster: Option<&[Member]>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        say(&Outbound::Subscribed { channel: channel.as_str(), roster }, out);
        cx.tell(out, |_| {
            let user_id = self.seats.get(channel).and_then(|seat| seat.user.clone());
            let (channel, socket_id) = (channel.clone(), self.socket);
            LiveKind::Subscribed { channel, socket_id, user_id }
        });
    }

    /// Nothing is answered, also when the channel was not held: SDKs unsubscribe after a refusal.
    pub(super) fn unsubscribe(&mut self, raw: &str, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let Ok(channel) = ChannelName::portable(raw) else { return };
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        if seat.state == SeatState::Left {
            return;
        }
        let was_taken = seat.state == SeatState::Taken;
        seat.state = SeatState::Left;
        if seat.owed == 0 {
            self.seats.remove(&channel);
        }
        if was_taken {
            let socket_id = self.socket;
            cx.tell(out, |_| LiveKind::Unsubscribed { channel: channel.clone(), socket_id });
        }
        if channel.kind() != ChannelKind::User {
            out.push(Effect::Leave { channel, grace_ms: 0 });
        }
    }

    /// Two frames, and the connection stays: one for the channel object, one for the error
    /// handlers, without a code because clients act on codes. Source: spec/pusher.md §4.3.
    fn refuse(&self, channel: &str, refused: &Refused, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let Refused { refusal: cause, said: refusal } = refused;
        let mut tell = |event| say(&Outbound::SubscriptionError { event, channel, refusal }, out);
        tell(RefusalEvent::Public);
        if self.client == ClientHint::DotNet {
            tell(RefusalEvent::Internal);
        }
        let shown: String = channel.chars().take(ChannelName::PORTABLE_MAX_BYTES).collect();
        let mut reason = refusal.error.to_string();
        if let Some(first) = reason.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        let message = format!("Subscription to {shown} refused: {reason}");
        let deed = Deed {
            dialect: Dialect::Pusher,
            key: Some(self.key.as_str()),
            action: "subscribe",
            channel: Some(&shown),
            code: refusal.kind.type_and_status().0,
            message: &message,
        };
        let told = cx.deny(cause, deed);
        let frame = codec::encode(&Outbound::Error { code: None, message: &message });
        out.push(Effect::Send(match refusal.kind {
            RefusalKind::TooMany => told.into_frame(frame, 2),
            _ => frame,
        }));
    }
}

/// What a client may read about a signature; never the expected one.
pub(super) fn signature_error(bad: BadSignature) -> &'static str {
    match bad {
        BadSignature::EmptyKey => {
            "Invalid signature: the key before it is empty, check the key your auth endpoint signs with"
        }
        BadSignature::Form => "Invalid signature: auth must be key:hex",
        BadSignature::Mismatch => "Invalid signature",
    }
}

/// `channel_data` of a presence channel: `user_id`, as text or as a whole number, and `user_info`.
fn read_member(data: &str) -> Result<Member, Refused> {
    let bad = |error: String| refused(RefusalKind::Auth, format!("Invalid channel_data: {error}"));
    let data = json::parse(data).map_err(|e| bad(e.to_string()))?;
    if data.kind() != Kind::Object {
        return Err(bad("it must be an object".into()));
    }
    let [id, info] = data.pick(["user_id", "user_info"]).map_err(|e| bad(e.to_string()))?;
    let id = id.ok_or_else(|| bad("user_id is missing".into()))?;
    let whole = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let id_is_number = id.kind() == Kind::Number;
    let id = match id.kind() {
        Kind::String => id.as_str().unwrap_or_default(),
        Kind::Number if whole(id.as_text()) => Cow::Borrowed(id.as_text()),
        _ => return Err(bad("user_id must be a string or a whole number".into())),
    };
    let user = id.parse::<UserId>().map_err(|e| match id.len() {
        0..=128 => bad(format!("user_id {e}")),
        _ => refused(RefusalKind::TooLarge, format!("user_id {e}")),
    })?;
    Ok(Member { user, id_is_number, info: info.map(|info| Arc::from(info.as_text())) })
}

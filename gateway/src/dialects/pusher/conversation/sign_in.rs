//! Signing in, the user's own feed, the watchlist. Source: spec/pusher.md §11.

use super::{
    Conversation, complain, say, show_refusal,
    subscribe::{SeatState, signature_error},
};
use crate::{
    admission,
    dialects::{
        Cx,
        json::{self, Kind, Value},
        pusher::{
            VOICE, codec,
            frame::{Given, Outbound},
        },
    },
    hub::effect::Effect,
};
use bytes::Bytes;
use contract::{ChannelName, UserId};
use realtime::{JoinRefusal, Member};
use std::sync::Arc;

/// At most this many users are watched by one connection.
pub const MAX_WATCHED: usize = 100;
const TOO_MANY_WATCHED: u16 = 4302;

/// Who the connection is.
#[derive(Debug)]
pub(super) struct SignedIn {
    pub channel: ChannelName,
    user: UserId,
    info: Option<Arc<str>>,
    /// It was given, but too large to be a presence member's; so it was not kept.
    pub info_too_large: bool,
    feed: Feed,
}

/// Whether the user's own channel is heard yet. Success is told once it is, so that nothing sent
/// to the user afterwards can be missed.
#[derive(Debug)]
enum Feed {
    Asked { then: Vec<Bytes> },
    Heard,
}

/// What `user_data` says.
struct UserData {
    user: UserId,
    info: Option<Arc<str>>,
    info_too_large: bool,
    watch: Vec<UserId>,
    watch_is_cut: bool,
}

impl SignedIn {
    pub(super) fn member(&self) -> Member {
        Member { user: self.user.clone(), id_is_number: false, info: self.info.clone() }
    }

    pub(super) fn is_confirmed(&self) -> bool {
        matches!(self.feed, Feed::Heard)
    }
}

impl Conversation {
    pub fn signed_in_as(&self) -> Option<&UserId> {
        self.user.as_ref().map(|user| &user.user)
    }

    /// Notes whose coming and going this connection is told.
    pub fn watching(&mut self, users: Vec<UserId>) {
        self.watching = users;
    }

    /// Forgets whom it watches, and says who that was.
    pub fn stop_watching(&mut self) -> Vec<UserId> {
        std::mem::take(&mut self.watching)
    }

    pub(super) fn sign_in(
        &mut self,
        auth: &Given<'_>,
        user_data: &Given<'_>,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        match self.check_sign_in(auth, user_data, cx) {
            Ok((raw, data)) => self.accept_sign_in(raw, data, out),
            Err(why) => {
                let message = format!("Sign-in failed: {why}");
                complain(None, &message, out);
                show_refusal("sign_in_failed", &message, cx, out);
            }
        }
    }

    fn check_sign_in<'a>(
        &mut self,
        auth: &Given<'_>,
        user_data: &'a Given<'_>,
        cx: &Cx<'_>,
    ) -> Result<(&'a str, UserData), String> {
        let auth = auth.text().filter(|auth| !auth.is_empty()).ok_or("auth is missing")?;
        let raw = user_data.text().ok_or("user_data must be a string")?;
        admission::user_signature(cx.state, self.socket, raw, auth).map_err(signature_error)?;
        let data = read_user_data(raw, cx)?;
        if self.user.as_ref().is_some_and(|now| now.user != data.user) {
            return Err("this connection is signed in as another user".into());
        }
        self.relies_on(auth, cx);
        self.authorised();
        Ok((raw, data))
    }

    fn accept_sign_in(&mut self, raw: &str, data: UserData, out: &mut Vec<Effect>) {
        let mut answer = vec![codec::encode(&Outbound::SignedIn { user_data: raw })];
        if data.watch_is_cut {
            let message = "Watchlist limit exceeded: only the first 100 user ids are watched";
            answer.push(codec::encode(&Outbound::Error { code: Some(TOO_MANY_WATCHED), message }));
        }
        let feed = match self.user.take().map(|user| user.feed) {
            Some(Feed::Heard) => {
                out.extend(answer.into_iter().map(Effect::Send));
                Feed::Heard
            }
            Some(Feed::Asked { mut then }) => {
                then.extend(answer);
                Feed::Asked { then }
            }
            None => Feed::Asked { then: answer },
        };
        let signed_in = SignedIn {
            channel: ChannelName::of_user(&data.user),
            user: data.user,
            info: data.info,
            info_too_large: data.info_too_large,
            feed,
        };
        out.push(Effect::SignIn { member: signed_in.member(), watch: data.watch });
        self.user = Some(Box::new(signed_in));
    }

    pub(super) fn on_own_feed_joined(
        &mut self,
        channel: &ChannelName,
        cx: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let Some(user) = self.user.as_mut().filter(|user| user.channel == *channel) else { return };
        match std::mem::replace(&mut user.feed, Feed::Heard) {
            Feed::Asked { then } => out.extend(then.into_iter().map(Effect::Send)),
            Feed::Heard => return,
        }
        let seat = self.seats.get_mut(channel).filter(|seat| seat.state == SeatState::Asked);
        if let Some(seat) = seat {
            seat.state = SeatState::Taken;
            self.welcome(channel, None, cx, out);
        }
        out.push(Effect::Hear { channel: channel.clone(), voice: VOICE });
    }

    pub(super) fn on_own_feed_refused(
        &mut self,
        channel: &ChannelName,
        reason: JoinRefusal,
        out: &mut Vec<Effect>,
    ) {
        let is_asked = |user: &mut Box<SignedIn>| user.channel == *channel && !user.is_confirmed();
        if let Some(user) = self.user.take_if(is_asked) {
            self.seats.remove(&user.channel);
            complain(None, &format!("Sign-in failed: {reason}, try again later"), out);
        }
    }

    /// Who of the watched is online, told once after the sign-in.
    pub fn on_watch_snapshot(
        &mut self,
        watched: &[(UserId, bool)],
        _: &Cx<'_>,
        out: &mut Vec<Effect>,
    ) {
        let group = |wanted: bool| -> Vec<&UserId> {
            watched.iter().filter(|(_, online)| *online == wanted).map(|(user, _)| user).collect()
        };
        let (online, offline) = (group(true), group(false));
        if watched.is_empty() {
            return;
        }
        let frame = Outbound::Watchlist { online: &online, offline: &offline };
        self.tell_watcher(&frame, out);
    }

    pub fn on_watched(&mut self, user: &UserId, online: bool, _: &Cx<'_>, out: &mut Vec<Effect>) {
        let (online, offline): (&[_], &[_]) = if online { (&[user], &[]) } else { (&[], &[user]) };
        self.tell_watcher(&Outbound::Watchlist { online, offline }, out);
    }

    /// Nothing about others precedes the news that the sign-in succeeded.
    fn tell_watcher(&mut self, frame: &Outbound<'_>, out: &mut Vec<Effect>) {
        match self.user.as_mut().map(|user| &mut user.feed) {
            Some(Feed::Asked { then }) => then.push(codec::encode(frame)),
            Some(Feed::Heard) => say(frame, out),
            None => {}
        }
    }
}

fn read_user_data(raw: &str, cx: &Cx<'_>) -> Result<UserData, String> {
    let bad = |e: &dyn std::fmt::Display| format!("invalid user_data: {e}");
    let data = json::parse(raw).map_err(|e| bad(&e))?;
    if data.kind() != Kind::Object {
        return Err(bad(&"it must be an object"));
    }
    let [id, info, watchlist] = data.pick(["id", "user_info", "watchlist"]).map_err(|e| bad(&e))?;
    let id = id.and_then(Value::as_str).ok_or_else(|| bad(&"id must be a string"))?;
    let user: UserId = id.parse().map_err(|e| bad(&format!("id {e}")))?;
    // The user's own channel must have a name that SDKs can subscribe to.
    ChannelName::portable(ChannelName::of_user(&user).as_str())
        .map_err(|_| bad(&"id has a character that is not allowed"))?;
    let info_too_large =
        info.is_some_and(|info| info.as_text().len() > cx.state.limits.max_member_bytes as usize);
    let info = info.filter(|_| !info_too_large).map(|info| Arc::from(info.as_text()));
    let (watch, watch_is_cut) = match watchlist {
        Some(list) => read_watchlist(list, cx).map_err(|e| bad(&e))?,
        None => (Vec::new(), false),
    };
    Ok(UserData { user, info, info_too_large, watch, watch_is_cut })
}

/// The first [`MAX_WATCHED`] ids, and whether there were more. Nothing when the app has it off.
fn read_watchlist(list: Value<'_>, cx: &Cx<'_>) -> Result<(Vec<UserId>, bool), &'static str> {
    const EXPECTED: &str = "watchlist must be an array of user ids";
    if list.kind() != Kind::Array {
        return Err(EXPECTED);
    }
    let mut watch = Vec::new();
    let mut count = 0;
    for item in list.items() {
        let user = item.as_str().and_then(|id| id.parse::<UserId>().ok()).ok_or(EXPECTED)?;
        count += 1;
        if count <= MAX_WATCHED && !watch.contains(&user) {
            watch.push(user);
        }
    }
    match cx.state.settings.watchlist_events {
        true => Ok((watch, count > MAX_WATCHED)),
        false => Ok((Vec::new(), false)),
    }
}

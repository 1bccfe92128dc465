//! Signs of life, and what ends a connection. Source: spec/anycable.md §4.7, §5.3, §5.5, §5.6.

use super::{
    Conversation, end, say,
    subscribe::{Seat, Subscription},
};
use crate::{
    dialects::{
        Cx, Parting,
        anycable::{
            errors::Fatal,
            frame::Outbound,
            pubsub::{self, Way},
        },
    },
    directory::AppState,
    hub::effect::{Effect, Left},
};
use bytes::Bytes;
use contract::{UserId, directory::Kill};

impl Conversation {
    /// Pings are due as long as a connection lasts.
    pub fn has_deadline(&self) -> bool {
        true
    }

    pub fn on_tick(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let is_over = |until_ms: &mut u64| cx.now_ms >= *until_ms;
        let held_until_ms = self.resuming.as_mut().map(|resuming| &mut resuming.held_until_ms);
        if held_until_ms.is_some_and(|until_ms| until_ms.take_if(is_over).is_some()) {
            self.release_all(cx, out);
        }
        if std::mem::replace(&mut self.revision, cx.state.revision) != cx.state.revision {
            self.on_resettled(cx, out);
        }
        if self.token_is_over(cx) {
            return end(Fatal::TokenExpired, out);
        }
        if let Some(message) = self.heartbeat.due(cx.now_ms, cx.unix_ms) {
            say(&Outbound::Ping { message }, out);
        }
    }

    fn token_is_over(&self, cx: &Cx<'_>) -> bool {
        let expires_s = self.token.as_ref().and_then(|token| token.expires_s);
        cx.state.settings.anycable.end_with_token
            && expires_s.is_some_and(|at| cx.unix_ms >= at.saturating_mul(1_000))
    }

    /// Something was ended for good in this connection's app.
    pub fn on_kill(&mut self, kill: &Kill, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        match kill {
            Kill::DisableApp { .. } | Kill::DeleteApp { .. } => end(Fatal::Unauthorized, out),
            Kill::RevokeCredential { key, .. } => {
                if self.key.as_ref() == Some(key) {
                    end(Fatal::Unauthorized, out);
                } else if self.token.as_ref().is_some_and(|token| token.key == *key) {
                    // Whoever can get a token that holds again is to do so.
                    end(Fatal::TokenExpired, out);
                } else if !self.all_hold(cx.state, Subscription::is_signed) {
                    end(Fatal::NoLongerAuthorized, out);
                }
            }
            Kill::RevokeSecretKey { .. } | Kill::RevokePublishableKey { .. } => {}
        }
    }

    /// What holds for the app is something else than before.
    pub fn on_resettled(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let settings = &cx.state.settings;
        let may_be_here = cx.state.serves()
            && settings.dialects.anycable
            && (self.token.is_some() || settings.anycable.anonymous);
        if !may_be_here {
            return end(Fatal::Unauthorized, out);
        }
        if !self.all_hold(cx.state, |subscription| !subscription.is_signed()) {
            end(Fatal::NoLongerAuthorized, out);
        }
    }

    /// Whether those of the subscriptions that are in doubt would be allowed today.
    fn all_hold(&self, state: &AppState, in_doubt: impl Fn(&Subscription) -> bool) -> bool {
        let mut doubtful = self.subscriptions.iter().filter(|(_, s)| in_doubt(s));
        doubtful.all(|(id, _)| pubsub::decide(&id.text(), state).is_ok())
    }

    /// The gateway ends the connection of its own accord.
    pub fn on_part(&mut self, parting: Parting, _: &Cx<'_>, out: &mut Vec<Effect>) {
        end(parting.into(), out);
    }

    /// Nobody signs in here, so nobody's connections are ended that way.
    pub fn on_terminate(&mut self, _: &Cx<'_>, _: &mut Vec<Effect>) {}

    pub fn signed_in_as(&self) -> Option<&UserId> {
        None
    }

    pub fn too_slow(&self) -> (Bytes, u16, &'static str) {
        let (code, reason) = Fatal::TooSlow.close();
        (Fatal::TooSlow.frame(), code, reason)
    }

    /// The connection is gone: every seat it has or asked for. Who was present stays so for a while,
    /// for the client may come back.
    pub fn end(&mut self) -> Vec<Left> {
        self.subscriptions = Default::default();
        self.resuming = None;
        let grace = |seat: &Seat| seat.present.as_ref().map_or(0, |_| seat.grace_ms);
        let seats = std::mem::take(&mut self.seats);
        seats.into_iter().map(|(channel, seat)| Left { grace_ms: grace(&seat), channel }).collect()
    }
}

impl Subscription {
    /// Whether it lasts as long as the secret its stream's name was signed with.
    fn is_signed(&self) -> bool {
        matches!(self.stream.way, Way::Signed)
    }
}

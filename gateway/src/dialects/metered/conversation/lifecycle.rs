//! What ends a connection. Source: spec/metered.md §9.

use super::{Conversation, end, say};
use crate::{
    admission::KeyRef,
    dialects::{
        Cx, Parting,
        metered::{
            codec,
            errors::{Complaint, ErrorCode, Fatal},
            frame::Outbound,
        },
    },
    hub::effect::{Effect, Left},
};
use bytes::Bytes;
use contract::{ChannelName, directory::Kill};

/// A token's connection ends this long before the token, so that a client never acts on one that
/// has ended. Source: spec/metered.md §7, §15 trap 22.
const EARLY_MS: u64 = 250;

/// Ends nearer than this are waited for exactly; the sweep looks at the others.
const NEAR_MS: u64 = 2_000;

/// What a message may be longer than its data. Source: spec/metered.md §15 trap 8.
pub(super) const FRAME_SLACK: u32 = 2 << 10;

/// When the client is told to come back after a drain, milliseconds.
const RETRY_AFTER_MS: u32 = 1_000;

/// Unix milliseconds at which a connection is closed whose token and key end at these Unix seconds.
pub(super) fn end_of(token_s: Option<u64>, key_s: Option<i64>) -> Option<u64> {
    let key_s = key_s.map(|at| u64::try_from(at).unwrap_or_default());
    let ends_at_s = token_s.into_iter().chain(key_s).min()?;
    Some(ends_at_s.saturating_mul(1_000).saturating_sub(EARLY_MS))
}

impl Conversation {
    /// Whether time passing can mean anything to this connection.
    pub fn has_deadline(&self) -> bool {
        self.ends_at_ms.is_some() && !self.is_timed
    }

    /// Time passed: the token's end may be near.
    pub fn on_tick(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let Some(ends_at_ms) = self.ends_at_ms else { return };
        let after_ms = ends_at_ms.saturating_sub(cx.unix_ms);
        if after_ms <= NEAR_MS && !self.is_timed {
            self.is_timed = true;
            out.push(Effect::Wake { after_ms });
        }
    }

    /// The moment that was waited for; the clock may have been set back since.
    pub(super) fn wake(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        match self.ends_at_ms {
            Some(ends_at_ms) if cx.unix_ms >= ends_at_ms => end(&Fatal::TokenExpired, out),
            _ => {
                self.is_timed = false;
                self.on_tick(cx, out);
            }
        }
    }

    /// Every connection of this peer is to end.
    pub fn on_terminate(&mut self, _: &Cx<'_>, out: &mut Vec<Effect>) {
        end(&Fatal::AdminDisconnect, out);
    }

    /// Something was ended for good in this connection's app.
    pub fn on_kill(&mut self, kill: &Kill, _: &Cx<'_>, out: &mut Vec<Effect>) {
        match (kill, &self.bearing.key) {
            (Kill::DisableApp { .. }, _) => end(&Fatal::Suspended, out),
            (Kill::DeleteApp { .. }, _) => end(&Fatal::InvalidToken, out),
            (Kill::RevokeSecretKey { id, .. }, KeyRef::Secret(own)) if id == own => {
                end(&Fatal::InvalidToken, out);
            }
            (Kill::RevokePublishableKey { key, .. }, KeyRef::Publishable(own)) if key == own => {
                end(&Fatal::InvalidToken, out);
            }
            (
                Kill::RevokeSecretKey { .. }
                | Kill::RevokePublishableKey { .. }
                | Kill::RevokeCredential { .. },
                _,
            ) => {}
        }
    }

    /// Something of the app allows less than it did.
    pub(super) fn narrow(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let grant = &self.bearing.grant;
        if !grant.current() {
            // It was revoked, which ends the connection.
            return;
        }
        if !self.bearing.is_welcome() {
            return end(&Fatal::InvalidToken, out);
        }
        let key_ends_at_ms = end_of(None, grant.key_expires_at_s());
        if key_ends_at_ms.is_some_and(|at| self.ends_at_ms.is_none_or(|held| at < held)) {
            self.ends_at_ms = key_ends_at_ms;
            self.is_timed = false;
            self.on_tick(cx, out);
        }
        self.narrow_channels(cx, out);
        self.narrow_patterns(cx, out);
    }

    /// The gateway ends the connection of its own accord.
    pub fn on_part(&mut self, parting: Parting, _: &Cx<'_>, out: &mut Vec<Effect>) {
        match parting {
            Parting::Drain => {
                say(&Outbound::GoingAway { retry_after_ms: RETRY_AFTER_MS }, out);
                end(&Fatal::GoingAway, out);
            }
            Parting::NoPong => end(&Fatal::NoPong, out),
            Parting::UnfinishedMessage => end(&Fatal::UnfinishedMessage, out),
            Parting::Flooding => end(&Fatal::OverMessageRate, out),
            Parting::SwitchedOff => end(&Fatal::DialectDisabled, out),
            Parting::Unwelcome => end(&Fatal::InvalidToken, out),
        }
    }

    /// Error frame, close code and reason for a client that does not take what it is sent.
    pub fn too_slow(&self) -> (Bytes, u16, &'static str) {
        let fatal = Fatal::SlowConsumer;
        let what = Complaint::new(ErrorCode::SlowConsumer, fatal.reason());
        let frame = Outbound::Error { request: None, code: what.code, message: &what.message };
        (codec::encode(&frame), fatal.code(), fatal.reason())
    }

    /// The connection is gone: every channel it joined or asked to join, its own included.
    pub fn end(&mut self) -> Vec<Left> {
        let own = ChannelName::of_user(&self.peer.user);
        self.leave_all().chain([own]).map(Left::at_once).collect()
    }
}

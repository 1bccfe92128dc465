//! What ends a connection. Source: spec/relay.md §4.1, §4.2.

use super::{Conversation, end};
use crate::{
    dialects::{Cx, Parting, relay::errors::Fatal},
    hub::effect::{Effect, Left},
};
use bytes::Bytes;
use contract::{UserId, directory::Kill};

/// How long a connection may stay unauthorised where the app demands authorisation.
pub const AUTHORISE_WITHIN_MS: u64 = 30_000;

/// A longer message closes the connection with 1009. Source: spec/relay.md §1, §4.3.
pub(super) const MAX_INBOUND_BYTES: usize = 100 << 10;

impl Conversation {
    pub fn has_deadline(&self) -> bool {
        self.authorise_by.is_some()
    }

    pub fn on_tick(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let overdue = self.authorise_by.is_some_and(|by| cx.now_ms >= by);
        if overdue && cx.state.settings.authorized_connections_only {
            self.authorise_by = None;
            end(Fatal::NotAuthorisedInTime, out);
        }
    }

    /// The dialect has no sign-in; its members are known by channel only.
    pub fn signed_in_as(&self) -> Option<&UserId> {
        None
    }

    /// The customer ended this user's connections.
    pub fn on_terminate(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        end(Fatal::Terminated(cx.state.settings.terminate_code), out);
    }

    /// Something was ended for good in this connection's app.
    pub fn on_kill(&mut self, kill: &Kill, _: &Cx<'_>, out: &mut Vec<Effect>) {
        match kill {
            Kill::DisableApp { .. } => end(Fatal::AppDisabled, out),
            Kill::DeleteApp { .. } => end(Fatal::InvalidAppKey, out),
            Kill::RevokeCredential { key, .. } if *key == self.key => {
                end(Fatal::InvalidAppKey, out);
            }
            Kill::RevokeCredential { key, .. } if self.other_keys.contains(key) => {
                end(Fatal::CredentialRevoked, out);
            }
            Kill::RevokeCredential { .. }
            | Kill::RevokeSecretKey { .. }
            | Kill::RevokePublishableKey { .. } => {}
        }
    }

    /// The gateway ends the connection of its own accord.
    pub fn on_part(&mut self, parting: Parting, _: &Cx<'_>, out: &mut Vec<Effect>) {
        let fatal = match parting {
            Parting::Drain => Fatal::Draining,
            Parting::NoPong => Fatal::HeartbeatTimeout,
            Parting::UnfinishedMessage => Fatal::UnfinishedMessage,
            Parting::Flooding => Fatal::Flooding,
            Parting::SwitchedOff => Fatal::DialectDisabled,
            Parting::Unwelcome => Fatal::OriginRefused,
        };
        end(fatal, out);
    }

    /// Error frame, close code and reason for a client that does not take what it is sent.
    pub fn too_slow(&self) -> (Bytes, u16, &'static str) {
        let fatal = Fatal::SlowConsumer;
        (fatal.frame(), fatal.code(), fatal.reason())
    }

    /// The connection is gone: every channel it joined or asked to join.
    pub fn end(&mut self) -> Vec<Left> {
        let seats = std::mem::take(&mut self.seats);
        seats.into_keys().map(Left::at_once).collect()
    }
}

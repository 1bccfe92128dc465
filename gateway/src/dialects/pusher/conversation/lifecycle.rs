//! What ends a connection. Source: spec/pusher.md §11.3, §11.6, §12.

use super::{Conversation, end};
use crate::{
    dialects::{Cx, Parting, pusher::errors::Fatal},
    hub::effect::{Effect, Left},
};
use bytes::Bytes;
use contract::{ChannelKind, directory::Kill};

/// How long a connection may stay unauthorised where the app demands authorisation.
pub const AUTHORISE_WITHIN_MS: u64 = 30_000;

impl Conversation {
    /// Time passed: an unauthorised connection may be over its time.
    pub fn on_tick(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        let overdue = self.authorise_by.is_some_and(|by| cx.now_ms >= by);
        if overdue && cx.state.settings.authorized_connections_only {
            self.authorise_by = None;
            end(&Fatal::NotAuthorisedInTime, out);
        }
    }

    /// Whether time passing can mean anything to this connection.
    pub fn has_deadline(&self) -> bool {
        self.authorise_by.is_some()
    }

    /// The customer ended this user's connections.
    pub fn on_terminate(&mut self, cx: &Cx<'_>, out: &mut Vec<Effect>) {
        end(&Fatal::Terminated(cx.state.settings.terminate_code), out);
    }

    /// Something was ended for good in this connection's app.
    pub fn on_kill(&mut self, kill: &Kill, _: &Cx<'_>, out: &mut Vec<Effect>) {
        match kill {
            Kill::DisableApp { .. } => end(&Fatal::AppDisabled, out),
            Kill::DeleteApp { .. } => end(&Fatal::app_unknown(self.key.as_str()), out),
            Kill::RevokeCredential { key, .. } if *key == self.key => {
                end(&Fatal::app_unknown(self.key.as_str()), out);
            }
            Kill::RevokeCredential { key, .. } if self.other_keys.contains(key) => {
                end(&Fatal::CredentialRevoked, out);
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
            Parting::SwitchedOff => Fatal::AppDisabled,
            Parting::Unwelcome => Fatal::OriginRefused,
        };
        end(&fatal, out);
    }

    /// Error frame, close code and reason for a client that does not take what it is sent.
    pub fn too_slow(&self) -> (Bytes, u16, &'static str) {
        let fatal = Fatal::SlowConsumer;
        (fatal.frame(), fatal.code(), fatal.reason())
    }

    /// The connection is gone: every channel it joined or asked to join, its user's own included.
    pub fn end(&mut self) -> Vec<Left> {
        let seats = std::mem::take(&mut self.seats);
        let own = self.user.take().map(|user| user.channel);
        let others = seats.into_keys().filter(|channel| channel.kind() != ChannelKind::User);
        own.into_iter().chain(others).map(Left::at_once).collect()
    }
}

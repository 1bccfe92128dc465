//! What only some dialects' conversations have to say anything about.

use super::Cx;
use crate::{
    directory::AppState,
    hub::effect::{Effect, Ticket},
};
use contract::{Pattern, UserId};
use realtime::{History, Member, Published};

/// Each method does nothing unless the dialect asked for what it answers. See
/// [`super::Conversation`] for what they are.
pub trait Seldom {
    fn on_published(&mut self, _: Ticket, _: &Published, _: &Cx<'_>, _: &mut Vec<Effect>) {}
    fn on_members(&mut self, _: Ticket, _: &[Member], _: &Cx<'_>, _: &mut Vec<Effect>) {}
    fn on_history(&mut self, _: Ticket, _: &History, _: &Cx<'_>, _: &mut Vec<Effect>) {}
    fn on_unanswered(&mut self, _: Ticket, _: &Cx<'_>, _: &mut Vec<Effect>) {}
    fn on_listening(&mut self, _: &Pattern, _: bool, _: &Cx<'_>, _: &mut Vec<Effect>) {}
    fn on_watch_snapshot(&mut self, _: &[(UserId, bool)], _: &Cx<'_>, _: &mut Vec<Effect>) {}
    fn on_watched(&mut self, _: &UserId, _: bool, _: &Cx<'_>, _: &mut Vec<Effect>) {}
    fn on_disconnect(&mut self, _: bool, _: &Cx<'_>, _: &mut Vec<Effect>) {}
    fn on_narrowed(&mut self, _: &Cx<'_>, _: &mut Vec<Effect>) {}
    fn on_wake(&mut self, _: &Cx<'_>, _: &mut Vec<Effect>) {}
    fn identity(&self) -> Option<&str> {
        None
    }
    fn watching(&mut self, _: Vec<UserId>) {}
    fn stop_watching(&mut self) -> Vec<UserId> {
        Vec::new()
    }
    fn probe_after_ms(&self, state: &AppState) -> u64 {
        u64::from(state.settings.activity_timeout_s) * 1_000
    }
    fn max_inbound(&self, configured: usize) -> usize {
        configured
    }
}

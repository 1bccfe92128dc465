//! What the witness sees of a shard beside its channels' own transitions.

use super::{Full, Shard};
use crate::{Publish, Seen, Sender, Topic, channel::Origins as _};
use contract::{UserId, webhooks::HookKind};

impl Shard {
    /// A message of a connection, as it is seen if it is taken and somebody wants to see it.
    #[inline]
    pub(super) fn said(&self, publish: &Publish) -> Option<(Topic, Seen)> {
        match publish.sender {
            Sender::Socket { socket, .. } => {
                let kind = publish.topic.channel.kind();
                let wanted = self.outlets.witness().wants(&publish.topic.app);
                if !kind.takes_client_events() || !wanted.contains(HookKind::ClientEvent) {
                    return None;
                }
                let user = publish.sender.user().filter(|_| kind.is_presence()).cloned();
                let (name, data) = (publish.name.clone(), publish.data.clone());
                let seen = Seen::ClientEvent { name, data, socket, user };
                Some((publish.topic.clone(), seen))
            }
            Sender::Server { .. } => None,
        }
    }

    /// See [`crate::Router::recall`].
    pub fn recall(&mut self, topic: &Topic, is_occupied: bool, users: Vec<UserId>, now_ms: u64) {
        match self.find_or_create(topic, now_ms) {
            Ok(slot) => self.act(slot, |channel, _| channel.recall(is_occupied, users, now_ms)),
            Err(Full) => {
                let removed = users.into_iter().map(|user| Seen::MemberRemoved { user });
                for seen in removed.chain(is_occupied.then_some(Seen::Vacated)) {
                    self.outlets.witness().saw(topic, now_ms, seen);
                }
            }
        }
    }
}

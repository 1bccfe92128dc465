//! A user's own channel: who is signed in, who watches, and when the user counts as gone.

use super::{
    Channel, Origins, Role,
    audience::{Audience, Seat},
};
use crate::{Delivery, OriginId, Topic};
use contract::ChannelKind;

/// Milliseconds after the last sign-out at which a user is offline, so that a reconnect is not
/// seen. Source: spec/pusher.md §11.4.
pub const OFFLINE_AFTER_MS: u64 = 3_000;

/// What watchers know of a user.
#[derive(Debug, Default)]
pub struct UserState {
    watchers: Audience,
    online: bool,
    offline_due_ms: Option<u64>,
}

impl UserState {
    /// Someone watches, is signed in, or was a moment ago.
    pub fn is_waited_for(&self) -> bool {
        self.online || !self.watchers.is_empty()
    }

    pub fn offline_due_ms(&self) -> Option<u64> {
        self.offline_due_ms
    }

    /// A connection signs in: the first one is news to the watchers, unless they never missed it.
    pub fn sign_in(&mut self, topic: &Topic, out: &impl Origins) {
        self.offline_due_ms = None;
        if !std::mem::replace(&mut self.online, true) {
            self.tell(topic, out);
        }
    }

    /// The last connection is gone.
    pub fn sign_out(&mut self, now_ms: u64) {
        self.offline_due_ms = Some(now_ms.saturating_add(OFFLINE_AFTER_MS));
    }

    pub fn wake(&mut self, topic: &Topic, now_ms: u64, out: &impl Origins) {
        if self.offline_due_ms.is_some_and(|due_ms| due_ms <= now_ms) {
            self.offline_due_ms = None;
            self.online = false;
            self.tell(topic, out);
        }
    }

    pub fn is_watched_from(&self, origin: OriginId) -> bool {
        self.watchers.origins().any(|other| other == origin)
    }

    pub fn remove_origin(&mut self, origin: OriginId) {
        self.watchers.remove_origin(origin);
    }

    fn tell(&self, topic: &Topic, out: &impl Origins) {
        let Some(user) = topic.channel.user() else { return };
        for origin in self.watchers.origins() {
            let delivery = Delivery::Watched {
                app: topic.app.clone(),
                user: user.clone(),
                online: self.online,
            };
            out.deliver(origin, delivery);
        }
    }
}

impl Channel {
    /// Whether watchers see the user as online.
    pub fn is_online(&self) -> bool {
        self.user().is_some_and(|user| user.online)
    }

    /// Adds a watcher. Whether the user is online.
    pub fn watch(&mut self, seat: Seat) -> bool {
        let Some(user) = self.user_state() else { return false };
        user.watchers.insert(seat);
        user.online
    }

    pub fn unwatch(&mut self, seat: Seat) {
        if let Some(user) = self.user_mut() {
            user.watchers.remove(seat);
        }
        self.rest_role();
    }

    /// Asks the origins to close the connections that are signed in as the user, and says how many
    /// there are.
    pub fn terminate(&self, topic: &Topic, out: &impl Origins) -> u32 {
        let Some(user) = topic.channel.user() else { return 0 };
        self.tell(out, || Delivery::Terminate { app: topic.app.clone(), user: user.clone() });
        self.subscriptions()
    }

    /// What is known of the user, if the channel is a user's own.
    pub(super) fn user_state(&mut self) -> Option<&mut UserState> {
        if self.kind != ChannelKind::User {
            return None;
        }
        self.role.get_or_insert_with(|| Box::new(Role::User(Box::default()))).user_mut()
    }
}

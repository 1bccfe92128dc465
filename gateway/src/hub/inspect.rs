//! Looking at single connections, for those who run the app.

use super::{
    Hub, clock,
    connection::{Connection, Phase},
    inbox::ToWorker,
};
use crate::state::Gateway;
use contract::{
    AppId, ChannelKind, ChannelName, SocketId,
    inspect::{Connections, OpenConnection, Wanted},
};
use std::{rc::Rc, sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// A worker that takes longer is left out.
const PATIENCE: Duration = Duration::from_secs(1);

impl Gateway {
    /// Whether the connection is open here and is the app's. Nothing when a worker did not say.
    pub async fn holds(&self, app: &AppId, socket: SocketId) -> Option<bool> {
        self.find(|found| ToWorker::Find { app: app.clone(), socket, found }).await
    }

    /// Ends a connection of the app as its API does. Whether it was open here; nothing when a worker
    /// did not say.
    pub async fn terminate(&self, app: &AppId, socket: SocketId) -> Option<bool> {
        self.find(|found| ToWorker::Terminate { app: app.clone(), socket, found }).await
    }

    /// The open connections of the app here.
    pub async fn connections(&self, app: &AppId, wanted: Wanted) -> Connections {
        let (workers, wanted) = (self.workers(), Arc::new(wanted));
        let (found, mut answers) = mpsc::channel(workers.len().max(1));
        for worker in workers {
            let (app, wanted, found) = (app.clone(), wanted.clone(), found.clone());
            worker.push(ToWorker::List { app, wanted, found });
        }
        drop(found);
        let mut all = Connections::default();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while let Ok(Some(part)) = tokio::time::timeout_at(deadline, answers.recv()).await {
            all.add(part);
        }
        all
    }

    async fn find(&self, question: impl Fn(mpsc::Sender<()>) -> ToWorker) -> Option<bool> {
        let (found, mut answer) = mpsc::channel(1);
        for worker in self.workers() {
            worker.push(question(found.clone()));
        }
        drop(found);
        // Every worker lets go of its end; only the one that holds the socket answers first.
        let answered = tokio::time::timeout(PATIENCE, answer.recv()).await;
        answered.ok().map(|found| found.is_some())
    }
}

impl Hub {
    pub(super) fn find_open(&self, app: &AppId, socket: SocketId) -> Option<Rc<Connection>> {
        self.find(socket).filter(|c| c.app.id == *app && c.phase() == Phase::Open)
    }

    pub(super) fn list(&self, app: &AppId, wanted: &Wanted) -> Connections {
        let is_wanted = |c: &Connection| {
            let user = wanted.user.as_ref();
            c.app.id == *app
                && c.phase() == Phase::Open
                && wanted.channel.as_ref().is_none_or(|channel| hears(c, channel))
                && (user.is_none() || c.conversation.borrow().signed_in_as() == user)
        };
        let mut open = self.select(is_wanted);
        let total = open.len() as u64;
        open.sort_unstable_by_key(|c| std::cmp::Reverse(c.opened_at()));
        open.truncate(Connections::MAX);
        let (now, unix_now) = (clock::now_ms(), clock::unix_ms());
        let connections = open
            .iter()
            .map(|c| {
                let (channels, channel_count) = channels(c);
                OpenConnection {
                    socket_id: c.socket,
                    dialect: c.dialect.name().into(),
                    opened_at_ms: unix_now.saturating_sub(now.saturating_sub(c.opened_at())),
                    user_id: c.conversation.borrow().signed_in_as().cloned(),
                    channels,
                    channel_count,
                }
            })
            .collect();
        Connections { connections, total }
    }
}

fn hears(connection: &Connection, channel: &ChannelName) -> bool {
    connection.subscriptions.borrow().iter().any(|held| held.topic.topic.channel == *channel)
}

/// Its channels, a user's own left out, and how many they are.
fn channels(connection: &Connection) -> (Vec<ChannelName>, u32) {
    let held = connection.subscriptions.borrow();
    let names = held.iter().map(|held| &held.topic.topic.channel);
    let mut names: Vec<_> = names.filter(|name| name.kind() != ChannelKind::User).collect();
    names.sort_unstable();
    // A connection may hear a channel in several voices.
    names.dedup();
    let count = names.len() as u32;
    (names.into_iter().take(OpenConnection::MAX_CHANNELS).cloned().collect(), count)
}

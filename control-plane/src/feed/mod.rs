//! The directory feed: what gateways need to know, in the order it was committed.
//!
//! A change is written in the transaction of what it describes ([`store::append`]). Committing
//! wakes every control-plane process through Postgres' NOTIFY, and each process wakes the feed
//! streams of the gateways that are connected to it.

pub mod http;
pub mod model;
pub mod receipt;
pub(crate) mod revocation;
pub mod store;
mod stream;
#[cfg(test)]
mod tests;

use crate::{db::Db, state::State};
use contract::directory::Revision;
use sqlx::postgres::PgListener;
use std::{sync::Arc, time::Duration};
use tokio::sync::{broadcast, watch};

const CHANGES: &str = "signalbox_changes";
const CONFIRMATIONS: &str = "signalbox_confirmations";
const MESSAGES: &str = "signalbox_webhooks";
/// How long to wait before listening again after the database was lost.
const LISTEN_AGAIN: Duration = Duration::from_millis(500);
/// A connection that said nothing for this long is replaced.
const LISTEN_ANEW: Duration = Duration::from_secs(30);

/// Wakes those who wait for changes, confirmations, or messages of webhooks.
#[derive(Clone)]
pub struct FeedHandle {
    changed: watch::Sender<()>,
    confirmed: broadcast::Sender<Confirmed>,
    messages: watch::Sender<()>,
}

/// A gateway reported that everything up to `revision` is in force there.
#[derive(Clone, Debug)]
pub struct Confirmed {
    pub gateway: String,
    pub revision: Revision,
}

impl FeedHandle {
    pub fn new() -> Self {
        Self {
            changed: watch::Sender::new(()),
            confirmed: broadcast::Sender::new(256),
            messages: watch::Sender::new(()),
        }
    }

    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub fn confirmations(&self) -> broadcast::Receiver<Confirmed> {
        self.confirmed.subscribe()
    }

    /// Changes when what webhooks are to tell was stored, by whichever control plane.
    pub fn messages(&self) -> watch::Receiver<()> {
        self.messages.subscribe()
    }

    fn wake(&self, channel: &str, payload: &str) {
        if channel == CHANGES {
            self.changed.send_replace(());
            return;
        }
        if channel == MESSAGES {
            self.messages.send_replace(());
            return;
        }
        let parsed = payload.rsplit_once(' ');
        let parsed = parsed.and_then(|(id, n)| Some((id, n.parse::<Revision>().ok()?)));
        match parsed {
            Some((id, revision)) => {
                let confirmed = Confirmed { gateway: id.to_owned(), revision };
                // An error means that no receipt is being waited for.
                let _ = self.confirmed.send(confirmed);
            }
            None => tracing::error!(payload, "a confirmation that does not parse"),
        }
    }
}

impl Default for FeedHandle {
    fn default() -> Self {
        Self::new()
    }
}

/// Listens to the database for as long as the process lives. Without the database nothing is
/// lost: streams and receipts look for themselves now and then, and at every reconnection.
pub async fn listen(state: Arc<State>) {
    loop {
        if let Err(error) = listen_once(&state.db, &state.feed).await {
            tracing::warn!(%error, "lost the database's notifications");
        }
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}

async fn listen_once(db: &Db, feed: &FeedHandle) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(db.pool()).await?;
    listener.listen_all([CHANGES, CONFIRMATIONS, MESSAGES]).await?;
    feed.changed.send_replace(());
    feed.messages.send_replace(());
    // A connection that has been silent for long may be dead without having said so.
    while let Ok(next) = tokio::time::timeout(LISTEN_ANEW, listener.try_recv()).await {
        match next? {
            Some(notification) => feed.wake(notification.channel(), notification.payload()),
            None => return Ok(()),
        }
    }
    Ok(())
}

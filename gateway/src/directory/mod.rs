//! The directory: a replica of what the gateway needs to admit traffic.
//!
//! It is fed by the control plane's change feed ([`feed`]), written to local disk ([`disk`]) and
//! read by admission on every request. A look-up is a hash and a read lock; nothing is ever
//! fetched because somebody asked for it, so an unknown key costs what a known one costs.

pub mod app;
mod compile;
mod credential;
mod disk;
mod export;
mod facts;
mod feed;
mod fingerprints;
mod import;
mod kills;
mod lines;
mod replica;
mod scoped_key;
mod status;
#[cfg(test)]
mod tests;
mod token_index;

pub use app::{App, AppState, ConnectionGauge, SigningKey};
pub use credential::{Credential, Rotated, Secret};
pub use disk::Store;
pub use fingerprints::Purpose;
pub use import::{DiskError, import};
pub use kills::{KillNotice, KillReceipts, KillSubscription, News};
pub use scoped_key::{ClientKey, ClientTerms, Previous, SecretKey, SecretTerms};
pub use status::{Alarm, Status};

use crate::{
    admission::failures::FailureTable,
    hub::clock,
    metering::{Ledger, Totals},
    state::Gateway,
    webhooks::Interest,
};
use contract::{
    TokenHash,
    directory::{Change, Entry, Revision},
    seal::MasterKey,
};
use export::Export;
use kills::Kills;
use replica::{Kept, Replica};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::time::MissedTickBehavior;

/// Fills `directory` from the disk copy below `state_dir`, if there is one.
pub fn open(directory: &Directory, state_dir: &Path) -> Result<Option<Store>, DiskError> {
    Ok(disk::load(directory, &disk::folder(state_dir))?)
}

/// Follows the control plane's feed for as long as the process lives. `store` is what [`open`]
/// left to go on writing to.
pub async fn follow(gateway: Arc<Gateway>, store: Option<Store>) {
    let feed = feed::follow(gateway.directory.clone(), &gateway.config, store);
    tokio::join!(feed, end_in_time(&gateway.directory));
}

/// Ends credentials at their time, whether or not the control plane is there to say so.
async fn end_in_time(directory: &Directory) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        // Nobody waits to be told: what ended had its time written on it.
        drop(directory.expire(clock::unix_ms() / 1_000));
    }
}

/// A handle to the one directory of the process.
#[derive(Clone, Debug)]
pub struct Directory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    replica: Replica,
    kills: Kills,
    failures: FailureTable,
}

impl Directory {
    /// An empty directory whose secrets open with `master`, and whose apps count in memory.
    pub fn new(master: MasterKey) -> Self {
        Self::counting(master, Ledger::in_memory())
    }

    /// The same, counting in `ledger`.
    pub fn counting(master: MasterKey, ledger: Arc<Ledger>) -> Self {
        Self(Arc::new(Inner {
            replica: Replica::new(master, ledger),
            kills: Kills::default(),
            failures: FailureTable::default(),
        }))
    }

    /// The app whose active key this is.
    pub fn app_by_key(&self, key: &str) -> Option<Arc<App>> {
        self.0.replica.read().keys.get(key).cloned()
    }

    /// The app that a segment of a path names: by id, or else by key.
    pub fn app_by_path(&self, segment: &str) -> Option<Arc<App>> {
        let maps = self.0.replica.read();
        maps.apps.get(segment).or_else(|| maps.keys.get(segment)).cloned()
    }

    /// The app with this id.
    pub fn app_by_id(&self, id: &str) -> Option<Arc<App>> {
        self.0.replica.read().apps.get(id).cloned()
    }

    /// The secret key whose token has this hash.
    pub fn secret_key(&self, hash: &TokenHash) -> Option<Arc<SecretKey>> {
        self.0.replica.read().tokens.find(hash).cloned()
    }

    /// The secret key with this id.
    pub fn secret_key_by_id(&self, id: &str) -> Option<Arc<SecretKey>> {
        self.0.replica.read().secret_keys_by_id.get(id).map(|key| key.0.clone())
    }

    /// The publishable key with this text.
    pub fn publishable_key(&self, key: &str) -> Option<Arc<ClientKey>> {
        self.0.replica.read().publishable_keys.get(key).map(|key| key.0.clone())
    }

    /// The one app from whose secret a Bearer with this hash was derived, and what it is for.
    pub fn app_by_bearer(&self, hash: &TokenHash) -> Option<(Arc<App>, Purpose)> {
        self.0.replica.read().fingerprints.find(hash)
    }

    pub fn apps(&self) -> Vec<Arc<App>> {
        self.0.replica.read().apps.values().cloned().collect()
    }

    pub fn secret_keys(&self) -> Vec<Arc<SecretKey>> {
        self.0.replica.read().secret_keys_by_id.iter().map(|key| key.0.clone()).collect()
    }

    pub fn publishable_keys(&self) -> Vec<Arc<ClientKey>> {
        self.0.replica.read().publishable_keys.iter().map(|key| key.0.clone()).collect()
    }

    pub fn len(&self) -> usize {
        self.0.replica.read().apps.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the apps count.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.0.replica.ledger
    }

    /// What of which app somebody wants to hear of.
    pub fn interest(&self) -> &Arc<Interest> {
        &self.0.replica.interest
    }

    /// What was counted for apps that no longer exist, so that sums over all apps never go back.
    pub fn retired(&self) -> Totals {
        let maps = self.0.replica.read();
        self.ledger().totals_without(|app| maps.apps.contains_key(app))
    }

    /// Kills from now on, for closing the sockets that depend on what ended.
    pub fn subscribe_kills(&self) -> KillSubscription {
        self.0.kills.subscribe()
    }

    pub fn status(&self) -> &Status {
        &self.0.replica.status
    }

    pub(crate) fn failures(&self) -> &FailureTable {
        &self.0.failures
    }

    /// Applies one entry of the feed; the receipts cover the sockets to be closed for it.
    pub fn apply(&self, revision: Revision, change: Change) -> Option<KillReceipts> {
        let ended = self.0.replica.apply(revision, change);
        self.announce(ended, revision)
    }

    /// Ends the app credentials and rotated secrets whose time has come. `now_s` is Unix time.
    pub fn expire(&self, now_s: u64) -> Option<KillReceipts> {
        let ended = self.0.replica.expire(i64::try_from(now_s).unwrap_or(i64::MAX));
        self.announce(ended, self.status().applied())
    }

    /// Brings the directory to a whole snapshot.
    pub(crate) fn replace(
        &self,
        revision: Revision,
        changes: Vec<Change>,
        kept: &Kept,
    ) -> Option<KillReceipts> {
        let ended = self.0.replica.replace(revision, changes, kept);
        self.announce(ended, revision)
    }

    /// Everything, to be written as entries.
    fn export(&self) -> Export {
        self.0.replica.export()
    }

    /// Applies a disk copy that is complete up to `revision`.
    fn restore(&self, revision: Revision, entries: Vec<Entry>) {
        self.0.replica.restore(revision, entries);
    }

    /// The disk copy is read; the feed goes on after `revision`.
    pub(crate) fn loaded(&self, revision: Revision) {
        self.status().resume_at(revision);
        self.status().set_loaded();
    }

    fn announce(&self, news: Vec<News>, revision: Revision) -> Option<KillReceipts> {
        (!news.is_empty()).then(|| self.0.kills.publish(&news, revision))
    }
}

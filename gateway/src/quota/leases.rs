//! The apps in use here, what to ask for them, and what was answered.

use super::{account::Account, pace::Pace};
use crate::directory::App;
use contract::lease::{LeaseAnswer, LeaseAsk};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};
use tokio::sync::Notify;

/// One per gateway.
#[derive(Default)]
pub struct Leases {
    in_use: Mutex<Vec<InUse>>,
    is_away: AtomicBool,
    failures: AtomicU64,
    /// Somebody is short: ask before it is time.
    pub(super) short: Notify,
}

struct InUse {
    app: Arc<App>,
    units: Pace,
    connections: Pace,
    asked_ms: u64,
}

/// A question that was asked, for taking in its answer.
pub struct Asked {
    app: Arc<App>,
    pub ask: LeaseAsk,
}

impl Leases {
    const FLOOR_CONNECTIONS: u32 = 10;
    /// An app at rest is asked for seldom, but before its grant goes back to the pool.
    const REST_MS: u64 = 4_000;
    /// An app that nobody used for so long is no longer asked for.
    const FORGET_MS: u64 = 60_000;

    fn in_use(&self) -> MutexGuard<'_, Vec<InUse>> {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The app is used, and asked for from now on.
    pub fn enrol<'a>(&self, app: &'a Arc<App>, now_ms: u64) -> &'a Account {
        let account = app.quota.account(|| app.counters.units());
        if !account.is_enrolled.load(Relaxed) && !account.is_enrolled.swap(true, Relaxed) {
            let units = Pace::start(app.counters.units(), now_ms);
            let connections = Pace::start(app.connections.open().into(), now_ms);
            self.in_use().push(InUse { app: app.clone(), units, connections, asked_ms: 0 });
            self.hurry(account);
        }
        account
    }

    /// Somebody is short of something.
    pub fn hurry(&self, account: &Account) {
        account.is_wanted.store(true, Relaxed);
        self.short.notify_one();
    }

    pub fn is_away(&self) -> bool {
        self.is_away.load(Relaxed)
    }

    /// Questions that the control plane did not answer.
    pub fn failures(&self) -> u64 {
        self.failures.load(Relaxed)
    }

    pub fn apps(&self) -> usize {
        self.in_use().len()
    }

    /// What there is to ask now.
    pub fn asks(&self, now_ms: u64) -> Vec<Asked> {
        let mut asks = Vec::new();
        self.in_use().retain_mut(|entry| {
            let app = entry.app.clone();
            let Some(account) = app.quota.known() else { return false };
            let is_kept = entry.is_kept(account, now_ms);
            if let Some(ask) = entry.ask(account, now_ms) {
                asks.push(Asked { app: app.clone(), ask });
            }
            account.is_enrolled.store(is_kept, Relaxed);
            is_kept
        });
        asks
    }

    /// Takes in what was answered to `asked`; whoever waits looks again.
    pub fn answered(&self, asked: Vec<Asked>, answer: LeaseAnswer, now_ms: u64) {
        self.is_away.store(false, Relaxed);
        let mut grants: HashMap<_, _> =
            answer.grants.into_iter().map(|grant| (grant.app.clone(), grant)).collect();
        for Asked { app, ask } in asked {
            let Some(account) = app.quota.known() else { continue };
            match grants.remove(&ask.app) {
                Some(grant) => account.answered(grant, ask.used, ask.open, now_ms),
                None => account.unanswered(),
            }
        }
    }

    /// Nothing was answered: until something is, apps live on what they were told last.
    pub fn failed(&self, asked: Vec<Asked>) {
        self.is_away.store(true, Relaxed);
        self.failures.fetch_add(1, Relaxed);
        for Asked { app, .. } in asked {
            if let Some(account) = app.quota.known() {
                account.is_wanted.store(true, Relaxed);
                account.unanswered();
            }
        }
    }
}

impl InUse {
    fn is_kept(&self, account: &Account, now_ms: u64) -> bool {
        self.app.connections.open() > 0
            || account.waiting.load(Relaxed) > 0
            || account.is_wanted.load(Relaxed)
            || self.units.idle_ms(now_ms) < Leases::FORGET_MS
    }

    fn ask(&mut self, account: &Account, now_ms: u64) -> Option<LeaseAsk> {
        let (used, open) = (self.app.counters.units(), self.app.connections.open());
        let per_s = self.units.note(used, now_ms);
        let connections_per_s = self.connections.note(open.into(), now_ms);
        let is_at_rest = self.units.is_idle(now_ms) && self.connections.is_idle(now_ms);
        let is_wanted = account.is_wanted.swap(false, Relaxed);
        if is_at_rest && !is_wanted && now_ms < self.asked_ms + Leases::REST_MS {
            return None;
        }
        self.asked_ms = now_ms;
        let is_active = !self.units.is_idle(now_ms);
        let waiting = account.waiting.load(Relaxed);
        let waiting_connections = account.waiting_connections.load(Relaxed);
        Some(LeaseAsk {
            app: self.app.id.clone(),
            used,
            wanted: account.wanted(per_s, is_active, used) + waiting + account.in_flight(),
            open,
            wanted_connections: (connections_per_s.ceil() as u32).max(Leases::FLOOR_CONNECTIONS)
                + waiting_connections,
        })
    }
}

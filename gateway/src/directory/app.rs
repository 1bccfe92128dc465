//! An app as the gateway knows it: one object for as long as the app exists, with its state
//! swapped in one step on every change.

use crate::{
    admission::rates::Rates,
    directory::{credential::Credential, facts::Facts},
    dry_run::Seen,
    live::{Keep, LiveTap},
    metering::{Counters, Ledger},
    quota::Quota,
};
use arc_swap::{ArcSwap, Guard};
use contract::{
    AppId, AppLimits, AppSecret, AppSettings, OrganisationId, directory::Revision, plan::PlanTerms,
    webhooks::HookSet,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{
    fmt,
    sync::{
        Arc, LazyLock, Mutex, OnceLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

/// One app. Holders keep it across changes and ask [`App::load`] for what holds now.
pub struct App {
    pub id: AppId,
    pub connections: ConnectionGauge,
    pub counters: Counters,
    pub live: LiveTap,
    /// What its keys were used for lately.
    pub seen: Seen,
    pub quota: Quota,
    state: ArcSwap<AppState>,
    /// Which revision said what; touched by the directory's writer only.
    pub(super) facts: Mutex<Facts>,
}

impl App {
    pub(super) fn new(id: AppId, state: AppState, facts: Facts, ledger: Arc<Ledger>) -> Self {
        Self {
            counters: Counters::new(id.clone(), ledger),
            id,
            connections: ConnectionGauge::default(),
            live: LiveTap::keeping(Keep::of(&state)),
            seen: Seen::default(),
            quota: Quota::default(),
            state: ArcSwap::from_pointee(state),
            facts: Mutex::new(facts),
        }
    }

    /// What holds now, to keep.
    pub fn state(&self) -> Arc<AppState> {
        self.state.load_full()
    }

    /// What holds now, to look at: cheaper than [`App::state`], not to be held for long.
    pub fn load(&self) -> Guard<Arc<AppState>> {
        self.state.load()
    }

    pub(super) fn swap(&self, state: AppState) {
        self.live.keep(Keep::of(&state));
        self.state.store(Arc::new(state));
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Everything about an app that can change.
#[derive(Clone, Debug)]
pub struct AppState {
    pub revision: Revision,
    pub organisation: OrganisationId,
    pub enabled: bool,
    pub deleted: bool,
    /// Active key and secret pairs, oldest first.
    pub credentials: Vec<Credential>,
    pub settings: AppSettings,
    pub limits: AppLimits,
    pub plan: PlanTerms,
    /// The channel events that somebody wants to hear of.
    pub webhooks: HookSet,
    pub(crate) rates: OnceLock<Arc<Rates>>,
}

impl AppState {
    /// The active pair with this key.
    pub fn credential(&self, key: &str) -> Option<&Credential> {
        self.credentials.iter().find(|c| c.key.as_str() == key)
    }

    /// Whether traffic is taken at all.
    pub fn serves(&self) -> bool {
        self.enabled && !self.deleted
    }
}

/// HMAC-SHA256 with the secret already absorbed: starting one costs a copy, no hashing.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    pub fn new(secret: &str) -> Self {
        // Keys of any length are taken, so the fallback is never reached.
        Self(
            Hmac::new_from_slice(secret.as_bytes())
                .unwrap_or_else(|_| Hmac::new(&Default::default())),
        )
    }

    /// Stands in for the key of nobody, so that an unknown key costs what a known one costs.
    /// Random, so that nobody can sign with it either.
    pub fn of_nobody() -> &'static Self {
        static NOBODY: LazyLock<SigningKey> = LazyLock::new(|| {
            let random = AppSecret::generate();
            SigningKey::new(random.as_ref().map_or("", |secret| secret.expose()))
        });
        &NOBODY
    }

    pub fn start(&self) -> Hmac<Sha256> {
        self.0.clone()
    }

    /// The digest of `pieces` joined.
    pub fn sign(&self, pieces: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.start();
        for piece in pieces {
            mac.update(piece);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// How many connections an app has open here, counted exactly.
#[derive(Debug, Default)]
pub struct ConnectionGauge {
    open: AtomicU32,
    peak: AtomicU32,
}

impl ConnectionGauge {
    pub fn open(&self) -> u32 {
        self.open.load(Relaxed)
    }

    /// The most that were open at once since the last call.
    pub fn take_peak(&self) -> u32 {
        self.peak.swap(self.open(), Relaxed).max(self.open())
    }

    pub fn peak(&self) -> u32 {
        self.peak.load(Relaxed)
    }

    /// Takes a place if fewer than `limit` are taken.
    pub(crate) fn take(&self, limit: u32) -> bool {
        let taken = self.open.fetch_update(Relaxed, Relaxed, |n| (n < limit).then_some(n + 1));
        if let Ok(before) = taken {
            self.peak.fetch_max(before + 1, Relaxed);
        }
        taken.is_ok()
    }

    pub(crate) fn give_back(&self) {
        self.open.fetch_sub(1, Relaxed);
    }
}

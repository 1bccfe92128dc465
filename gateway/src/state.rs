//! What all threads of a gateway share.

use crate::{
    config::Config,
    dialects::{anycable, metered::arrivals::Arrivals, relay},
    directory::Directory,
    hub::inbox::{Inbox, ToWorker},
    live::Live,
    metering::Traffic,
    quota::Leases,
    refusals,
    webhooks::Webhooks,
};
use contract::AppId;
use realtime::Router;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

/// A running gateway.
pub struct Gateway {
    pub config: Config,
    pub directory: Directory,
    pub router: Router,
    pub started: Instant,
    pub traffic: Traffic,
    pub leases: Leases,
    pub live: Live,
    /// Refusals on their way to the control plane.
    pub refused: refusals::Ring,
    /// What happens on channels, on its way to the control plane.
    pub webhooks: Option<Arc<Webhooks>>,
    pub arrivals: Arrivals,
    pub relay: relay::Memory,
    /// What clients of ended connections may go on from.
    pub resumes: anycable::resume::Store,
    workers: Mutex<Vec<Arc<Inbox>>>,
    draining: AtomicBool,
}

impl Gateway {
    /// With nobody who hears what happens on channels.
    pub fn new(config: Config, directory: Directory, router: Router) -> Arc<Self> {
        Self::telling(config, directory, router, None)
    }

    pub fn telling(
        config: Config,
        directory: Directory,
        router: Router,
        webhooks: Option<Arc<Webhooks>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            live: Live::keeping(config.live_kept_per_s),
            config,
            directory,
            router,
            started: Instant::now(),
            traffic: Traffic::default(),
            leases: Leases::default(),
            refused: refusals::Ring::default(),
            webhooks,
            arrivals: Arrivals::default(),
            relay: relay::Memory::default(),
            resumes: anycable::resume::Store::new(Default::default()),
            workers: Mutex::default(),
            draining: AtomicBool::new(false),
        })
    }

    /// A worker is ready to take what concerns all of them.
    pub fn enrol(&self, inbox: Arc<Inbox>) {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).push(inbox);
    }

    pub fn workers(&self) -> Vec<Arc<Inbox>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Ends every connection of the app whose credential gave it this identity.
    pub fn disconnect_identity(&self, app: &AppId, identity: &str, reconnect: bool) {
        let identity: Arc<str> = identity.into();
        for worker in self.workers() {
            let (app, identity) = (app.clone(), identity.clone());
            worker.push(ToWorker::Disconnect { app, identity, reconnect });
        }
    }

    /// Takes no new connections and asks the open ones to go elsewhere within `over_ms`.
    pub fn drain(&self, over_ms: u64) {
        self.draining.store(true, Ordering::Relaxed);
        for worker in self.workers() {
            worker.push(ToWorker::Drain { over_ms });
        }
    }
}

//! Everything that is counted of one app.

use super::{
    Totals,
    ledger::Ledger,
    meter::Meter,
    recent::{Recent, Seen},
};
use crate::admission::Refusal;
use contract::{AppId, ChannelName, EventName};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::AcqRel, Ordering::Acquire, Ordering::Relaxed},
    },
};

/// One app's counters, found through the app. Nothing is allocated before the app is first used.
pub struct Counters {
    app: AppId,
    ledger: Arc<Ledger>,
    meters: OnceLock<Arc<AppMeters>>,
    recent: OnceLock<Box<Recent>>,
}

/// The meters of one app: its own, and one for each credential that was used. There is one object
/// for each app of the process, also if the app goes and comes back.
#[derive(Debug)]
pub struct AppMeters {
    pub own: Arc<Meter>,
    of_keys: Mutex<HashMap<Box<str>, Arc<Meter>>>,
    /// What was counted for credentials that are no more.
    retired: Mutex<Totals>,
    units: Arc<AtomicU64>,
    open: AtomicU64,
}

impl AppMeters {
    pub(super) fn new(app: AppId) -> Self {
        let units = Arc::<AtomicU64>::default();
        let own = Arc::new(Meter::new(app, "", units.clone()));
        let (of_keys, retired) = Default::default();
        Self { own, of_keys, retired, units, open: AtomicU64::new(0) }
    }

    /// The meter of a credential, by its public half. Whether it is new, too.
    fn of_key(&self, key: &str) -> (Arc<Meter>, bool) {
        let mut of_keys = self.of_keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(meter) = of_keys.get(key) {
            return (meter.clone(), false);
        }
        let meter = Arc::new(Meter::new(self.own.app.clone(), key, self.units.clone()));
        of_keys.insert(key.into(), meter.clone());
        (meter, true)
    }

    pub(super) fn all(&self) -> Vec<Arc<Meter>> {
        let of_keys = self.of_keys.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::once(&self.own).chain(of_keys.values()).cloned().collect()
    }

    pub fn totals(&self) -> Totals {
        // Held to the end: a meter that somebody holds is not retired in between.
        let all = self.all();
        let mut totals = self.retired.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for meter in &all {
            totals.add(&meter.totals());
        }
        totals
    }

    /// Takes out the meters that nobody can count on any more and that have nothing to say.
    pub(super) fn retire(&self, is_idle: impl Fn(&Meter) -> bool) -> Vec<Meter> {
        let mut of_keys = self.of_keys.lock().unwrap_or_else(PoisonError::into_inner);
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |meter: &Arc<Meter>| Arc::strong_count(meter) == 1 && is_idle(meter);
        let over = of_keys.extract_if(|_, meter| is_over(meter));
        let over: Vec<Meter> = over.filter_map(|(_, meter)| Arc::into_inner(meter)).collect();
        over.iter().for_each(|meter| retired.add(&meter.totals()));
        over
    }

    fn opened(&self) {
        let open = self.open.fetch_add(1, AcqRel) + 1;
        self.own.peaked(open);
    }

    fn closed(&self) {
        self.open.fetch_sub(1, AcqRel);
    }

    pub(super) fn open(&self) -> u64 {
        self.open.load(Acquire)
    }
}

impl Counters {
    pub(crate) fn new(app: AppId, ledger: Arc<Ledger>) -> Self {
        Self { app, ledger, meters: OnceLock::new(), recent: OnceLock::new() }
    }

    fn meters(&self) -> &Arc<AppMeters> {
        self.meters.get_or_init(|| self.ledger.app(&self.app))
    }

    /// What belongs to the app and to no credential: refusals before one was accepted, connections
    /// that need none, the peak.
    pub fn own(&self) -> &Arc<Meter> {
        &self.meters().own
    }

    /// The meter of a credential of the app, kept in `found` from its first use on.
    pub fn of_key<'a>(&self, found: &'a OnceLock<Arc<Meter>>, key: &str) -> &'a Arc<Meter> {
        found.get_or_init(|| {
            let (meter, is_new) = self.meters().of_key(key);
            if is_new {
                self.ledger.house(&meter);
            }
            meter
        })
    }

    /// Billable units since the process started, published and delivered, of all credentials.
    pub fn units(&self) -> u64 {
        self.meters.get().map_or(0, |meters| meters.units.load(Relaxed))
    }

    /// Notes an accepted event for the app's developers to look at. `at_ms` is Unix time.
    pub fn note_recent(&self, channel: ChannelName, event: EventName, at_ms: u64) {
        self.recent.get_or_init(Box::default).note(channel, event, at_ms);
    }

    /// The app's last events, oldest first.
    pub fn recent(&self) -> Vec<Seen> {
        self.recent.get().map(|recent| recent.all()).unwrap_or_default()
    }

    pub fn add_request(&self, status: u16, bytes_in: u64, bytes_out: u64) {
        self.own().request(status, bytes_in, bytes_out);
    }

    /// Before a credential was accepted.
    pub fn add_refusal(&self, refusal: &Refusal) {
        self.own().refused(refusal);
    }

    /// A connection begins that counts on `meter`.
    pub(crate) fn connection_opened(&self, meter: &Meter) {
        meter.opened();
        self.meters().opened();
    }

    pub(crate) fn connection_closed(&self, meter: &Meter) {
        meter.closed();
        self.meters().closed();
    }

    /// `None` for an app that was never used.
    pub fn totals(&self) -> Option<Totals> {
        self.meters.get().map(|meters| meters.totals())
    }
}

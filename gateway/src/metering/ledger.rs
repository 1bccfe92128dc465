//! All meters of the process, the page they stand in, and the turn of the minute.

use super::{
    Totals,
    cells::usage,
    counters::AppMeters,
    meter::{Meter, Reading, Reported, State},
    page::{self, Page, Reserve, Turn},
    record::Side,
    shipper::Health,
    spool::{Spool, SpoolError},
};
use contract::{AppId, usage::UsageRow};
use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
};

/// The ledger of one process.
#[derive(Debug)]
pub struct Ledger {
    gateway: String,
    boot: String,
    apps: RwLock<HashMap<AppId, Arc<AppMeters>>>,
    /// None where there is no disk to write to.
    spool: Option<Spool>,
    page: Mutex<Housing>,
    /// Held while the minute is read or turned, so that a reading is of one minute.
    turn: Mutex<Turn>,
    is_failing: AtomicBool,
    homeless: AtomicUsize,
    health: Arc<Health>,
}

/// Where meters get their places.
#[derive(Debug)]
struct Housing {
    page: Option<Page>,
    waiting: Vec<Arc<Meter>>,
    reserve: Reserve,
}

/// A row for the control plane, and what to remember once it has it.
#[derive(Debug)]
pub struct Due {
    pub row: UsageRow,
    meter: Arc<Meter>,
    version: u64,
}

impl Due {
    /// The control plane has the row.
    pub fn reported(&self) {
        self.set(State::UpTo(self.version));
    }

    /// The control plane does not want it.
    pub fn refused(&self) {
        self.set(State::Refused);
    }

    fn set(&self, state: State) {
        self.meter.set_reported(Reported { minute: self.row.minute, state });
    }
}

/// Unix time in whole minutes.
pub fn minute_of(unix_ms: u64) -> u64 {
    unix_ms / 60_000
}

impl Ledger {
    /// Counts in memory alone: for tools and tests.
    pub fn in_memory() -> Arc<Self> {
        Arc::new(Self::with(String::new(), String::new(), None, page::reserve, 0))
    }

    /// Counts in a page below the spool's folder.
    pub fn open(gateway: &str, boot: &str, spool: Spool, now_ms: u64) -> Arc<Self> {
        Self::open_with(gateway, boot, spool, now_ms, page::reserve)
    }

    pub(super) fn open_with(
        gateway: &str,
        boot: &str,
        spool: Spool,
        now_ms: u64,
        reserve: Reserve,
    ) -> Arc<Self> {
        let minute = minute_of(now_ms);
        let ledger = Self::with(gateway.into(), boot.into(), Some(spool), reserve, minute);
        ledger.rehouse();
        Arc::new(ledger)
    }

    fn with(
        gateway: String,
        boot: String,
        spool: Option<Spool>,
        reserve: Reserve,
        minute: u64,
    ) -> Self {
        Self {
            gateway,
            boot,
            apps: RwLock::default(),
            spool,
            page: Mutex::new(Housing { page: None, waiting: Vec::new(), reserve }),
            turn: Mutex::new(Turn::first(minute)),
            is_failing: AtomicBool::new(false),
            homeless: AtomicUsize::new(0),
            health: Arc::default(),
        }
    }

    pub fn gateway(&self) -> &str {
        &self.gateway
    }

    /// The name of this start of the process.
    pub fn boot(&self) -> &str {
        &self.boot
    }

    pub fn spool(&self) -> Option<&Spool> {
        self.spool.as_ref()
    }

    /// How reporting is going.
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// Whether something cannot be kept on the disk.
    pub fn is_failing(&self) -> bool {
        self.is_failing.load(Relaxed)
    }

    /// Meters that a crash would lose what they count of the current minute.
    pub fn homeless(&self) -> usize {
        self.homeless.load(Relaxed)
    }

    /// The meters of an app; the same for as long as the process lives.
    pub(super) fn app(&self, id: &AppId) -> Arc<AppMeters> {
        let known = |apps: &HashMap<AppId, Arc<AppMeters>>| apps.get(id).cloned();
        if let Some(app) = known(&self.apps.read().unwrap_or_else(PoisonError::into_inner)) {
            return app;
        }
        let mut apps = self.apps.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(app) = known(&apps) {
            return app;
        }
        let app = Arc::new(AppMeters::new(id.clone()));
        apps.insert(id.clone(), app.clone());
        drop(apps);
        self.house(&app.own);
        app
    }

    fn apps(&self) -> Vec<Arc<AppMeters>> {
        self.apps.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn meters(&self) -> Vec<Arc<Meter>> {
        self.apps().iter().flat_map(|app| app.all()).collect()
    }

    /// What was counted for apps of which `is_known` does not know.
    pub fn totals_without(&self, is_known: impl Fn(&AppId) -> bool) -> Totals {
        let mut totals = Totals::default();
        for app in self.apps().iter().filter(|app| !is_known(&app.own.app)) {
            totals.add(&app.totals());
        }
        totals
    }

    fn housing(&self) -> MutexGuard<'_, Housing> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a new meter its place in the page. Without one it counts in memory until there is.
    pub(super) fn house(&self, meter: &Arc<Meter>) {
        if self.spool.is_none() {
            return;
        }
        let mut housing = self.housing();
        let placed = match &mut housing.page {
            Some(page) => page.begin(meter.app.as_str(), &meter.key),
            None => Err(io::ErrorKind::StorageFull.into()),
        };
        match placed {
            Ok(record) => meter.settle(record),
            Err(e) => {
                self.fails("a counter has no place on the disk and is kept in memory", &e);
                housing.waiting.push(meter.clone());
                self.homeless.store(housing.waiting.len(), Relaxed);
            }
        }
    }

    /// Gives those a place that have none, as far as there is room by now.
    fn rehouse(&self) {
        let Some(spool) = &self.spool else { return };
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut housing = self.housing();
        if housing.page.is_none() {
            let created = spool.own_folder(&self.boot).and_then(|folder| {
                Page::create(&folder, &self.gateway, &self.boot, *turn, housing.reserve)
            });
            match created {
                Ok(page) => housing.page = Some(page),
                Err(e) => return self.fails("counters have no file and are kept in memory", &e),
            }
        }
        while let Some(meter) = housing.waiting.pop() {
            let Some(page) = &mut housing.page else { return };
            match page.begin(meter.app.as_str(), &meter.key) {
                Ok(record) if meter.is_homeless() => meter.settle(record),
                Ok(_) => {}
                Err(e) => {
                    self.fails("counters have no place on the disk and are kept in memory", &e);
                    housing.waiting.push(meter);
                    break;
                }
            }
        }
        self.homeless.store(housing.waiting.len(), Relaxed);
    }

    fn fails(&self, what: &str, error: &dyn std::error::Error) {
        match self.is_failing.swap(true, Relaxed) {
            true => tracing::debug!(error = %error, "{what}"),
            false => tracing::error!(error = %error, "{what}"),
        }
    }

    /// What is due once a second: a place for those that have none, and the turn of the minute.
    pub fn tick(&self, now_ms: u64) {
        let was_failing = self.is_failing();
        self.rehouse();
        let turned = self.turn_to(minute_of(now_ms));
        if let Err(e) = &turned {
            self.fails("the minute's counts cannot be written and the minute goes on", e);
        }
        if was_failing && turned.is_ok() && self.homeless() == 0 && self.housing().page.is_some() {
            self.is_failing.store(false, Relaxed);
            tracing::info!("usage is kept on the disk again");
        }
    }

    /// Ends the minute, once what was counted in it is on the disk or with the control plane. Until
    /// then it goes on, whatever the clock says: counts may come late, but are never lost.
    ///
    /// Errors: the disk does not take it.
    fn turn_to(&self, minute: u64) -> Result<(), SpoolError> {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(spool) = &self.spool else { return Ok(()) };
        if minute <= turn.minute || !spool.lets_end(turn.minute, minute) {
            return Ok(());
        }
        let meters = self.meters();
        let mut rows = Vec::new();
        for meter in &meters {
            let reading = meter.close(turn.side);
            rows.extend(due(meter, turn.minute, reading, Late::Yes).map(|due| due.row));
        }
        drop(meters);
        if !rows.is_empty() {
            spool.keep(&self.gateway, &self.boot, turn.minute, &rows)?;
        }
        *turn = turn.next(minute);
        if let Some(page) = &self.housing().page {
            page.turn(*turn);
        }
        for app in self.apps() {
            app.own.forget_peak(|| app.open());
            self.retire(&app, turn.side);
        }
        Ok(())
    }

    /// Gives the places of credentials that are no more to those that come.
    fn retire(&self, app: &AppMeters, side: Side) {
        let over = app.retire(|meter| meter.read(side).is_empty());
        let mut housing = self.housing();
        let Some(page) = &mut housing.page else { return };
        over.into_iter().filter_map(Meter::into_record).for_each(|record| page.end(record));
    }

    /// The rows of the current minute that the control plane does not have as they are now.
    pub fn due(&self) -> Vec<Due> {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let read = |meter: Arc<Meter>| {
            let reading = meter.read(turn.side);
            due(&meter, turn.minute, reading, Late::No)
        };
        self.meters().into_iter().filter_map(read).collect()
    }

    /// The process ends: what is with the control plane need not be kept.
    pub fn close(&self) {
        let Some(spool) = &self.spool else { return };
        if !self.due().is_empty() {
            return;
        }
        if let Err(e) = spool.forget_page(&self.boot) {
            tracing::warn!(error = %e, "usage that is reported stays on the disk");
        }
    }
}

/// Whether rows that were refused while their minute lasted are due as well.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Late {
    Yes,
    No,
}

fn due(meter: &Arc<Meter>, minute: u64, reading: Reading, late: Late) -> Option<Due> {
    let reported = meter.reported();
    let is_known = reported.minute == minute
        && match reported.state {
            State::Nothing => false,
            State::UpTo(version) => version == reading.version,
            State::Refused => late == Late::No,
        };
    if is_known || reading.is_empty() {
        return None;
    }
    let totals = usage(&reading.values);
    // What operators alone count is no usage.
    if totals.is_zero() {
        return None;
    }
    let (app, key) = (meter.app.clone(), meter.key.to_string());
    let row = UsageRow { app, key, minute, totals };
    Some(Due { row, meter: meter.clone(), version: reading.version })
}

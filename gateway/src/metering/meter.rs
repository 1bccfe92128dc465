//! One credential of one app: where its traffic is counted.

use super::{
    cells::{Cell, Values},
    record::{Ends, Record, Side},
};
use crate::admission::Refusal;
use contract::AppId;
use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// The counters of one (app, key) of this process. There is one object for each, whatever happens to
/// the app or the key; who counts holds it, so that counting is an addition and no look-up.
#[derive(Debug)]
pub struct Meter {
    pub app: AppId,
    /// The public half of the credential; empty for the app as a whole.
    pub key: Box<str>,
    /// In the page, once that had room.
    kept: OnceLock<Record>,
    /// In memory, while it had none.
    interim: OnceLock<Record>,
    /// Billable units of the whole app.
    units: Arc<AtomicU64>,
    reported: Mutex<Reported>,
}

/// What the control plane has of one minute of this meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    pub minute: u64,
    pub state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Nothing,
    /// Everything up to this [`Reading::version`].
    UpTo(u64),
    /// It does not take this minute: left until the minute is over.
    Refused,
}

/// A meter's values within the minute, and a number that no other values of the minute have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub values: Values,
    pub version: u64,
}

/// Frames on their way to one connection: how many have an event in them, what those cost, and the
/// bytes of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub events: u32,
    pub units: u32,
    pub bytes: u32,
}

impl Tally {
    /// Frames that carry no event.
    pub fn of_bytes(bytes: usize) -> Self {
        Self { bytes: bytes as u32, ..Self::default() }
    }

    /// One event more, with so many bytes of payload.
    pub fn event(&mut self, payload_bytes: usize) {
        self.events += 1;
        self.units += contract::usage::units(payload_bytes) as u32;
    }

    pub fn add(&mut self, other: Tally) {
        self.events += other.events;
        self.units += other.units;
        self.bytes += other.bytes;
    }
}

impl Meter {
    pub(super) fn new(app: AppId, key: &str, units: Arc<AtomicU64>) -> Self {
        let (kept, interim, reported) = Default::default();
        Self { app, key: key.into(), kept, interim, units, reported }
    }

    fn record(&self) -> &Record {
        match self.kept.get() {
            Some(record) => record,
            None => self.interim.get_or_init(Record::in_memory),
        }
    }

    fn add(&self, cell: Cell, n: u64) {
        self.record().live()[cell as usize].fetch_add(n, Relaxed);
    }

    /// An event was accepted; each channel of each item is one.
    pub fn published(&self, units: u64) {
        let live = self.record().live();
        live[Cell::Published as usize].fetch_add(1, Relaxed);
        live[Cell::PublishedUnits as usize].fetch_add(units, Relaxed);
        self.units.fetch_add(units, Relaxed);
    }

    /// Frames were handed to sockets.
    pub fn wrote(&self, events: u64, units: u64, bytes: u64) {
        let live = self.record().live();
        if events > 0 {
            live[Cell::Delivered as usize].fetch_add(events, Relaxed);
            live[Cell::DeliveredUnits as usize].fetch_add(units, Relaxed);
            self.units.fetch_add(units, Relaxed);
        }
        live[Cell::SocketBytesOut as usize].fetch_add(bytes, Relaxed);
    }

    /// The same for frames of one connection.
    pub fn wrote_tally(&self, Tally { events, units, bytes }: Tally) {
        if bytes > 0 {
            self.wrote(events.into(), units.into(), bytes.into());
        }
    }

    pub fn heard(&self, messages: u64, bytes: u64) {
        let live = self.record().live();
        live[Cell::SocketMessagesIn as usize].fetch_add(messages, Relaxed);
        live[Cell::SocketBytesIn as usize].fetch_add(bytes, Relaxed);
    }

    pub fn request(&self, status: u16, bytes_in: u64, bytes_out: u64) {
        let class = usize::from(status / 100).clamp(1, super::Totals::STATUS_CLASSES) - 1;
        let live = self.record().live();
        live[Cell::Requests as usize + class].fetch_add(1, Relaxed);
        if bytes_in > 0 {
            live[Cell::HttpBytesIn as usize].fetch_add(bytes_in, Relaxed);
        }
        if bytes_out > 0 {
            live[Cell::HttpBytesOut as usize].fetch_add(bytes_out, Relaxed);
        }
    }

    pub fn refused(&self, refusal: &Refusal) {
        self.record().live()[Cell::REFUSALS + refusal.index()].fetch_add(1, Relaxed);
    }

    pub(super) fn opened(&self) {
        self.add(Cell::ConnectionsOpened, 1);
    }

    pub(super) fn closed(&self) {
        self.add(Cell::ConnectionsClosed, 1);
    }

    /// So many connections are open.
    pub(super) fn peaked(&self, open: u64) {
        self.record().peaked(open);
    }

    /// The peak of a new minute starts with what `open` says.
    pub(super) fn forget_peak(&self, open: impl Fn() -> u64) {
        for record in self.records() {
            record.forget_peak();
        }
        self.peaked(open());
    }

    fn records(&self) -> impl Iterator<Item = &Record> {
        self.kept.get().into_iter().chain(self.interim.get())
    }

    /// Since the process started.
    pub fn totals(&self) -> super::Totals {
        let mut totals = super::Totals::default();
        for record in self.records() {
            totals.add(&super::Totals::of(&record.values()));
        }
        totals
    }

    /// Whether it still waits for a place in the page.
    pub(super) fn is_homeless(&self) -> bool {
        self.kept.get().is_none()
    }

    /// Counts in the page from here on.
    pub(super) fn settle(&self, record: Record) {
        let is_news = self.kept.set(record).is_ok();
        debug_assert!(is_news, "a meter has one place");
    }

    /// Its place in the page, once nobody counts on it any more.
    pub(super) fn into_record(self) -> Option<Record> {
        self.kept.into_inner()
    }

    /// What was counted since the minute began.
    pub(super) fn read(&self, side: Side) -> Reading {
        self.read_with(|record| record.since(side))
    }

    /// The same, with what comes from here on belonging to the next minute once its side is turned
    /// to.
    pub(super) fn close(&self, side: Side) -> Reading {
        self.read_with(|record| record.close(side))
    }

    fn read_with(&self, read: impl Fn(&Record) -> Ends) -> Reading {
        let mut reading = Reading { values: [0; Cell::COUNT], version: 0 };
        for record in self.records() {
            let Ends { since, live } = read(record);
            for (place, value) in since.into_iter().enumerate() {
                let sum = &mut reading.values[place];
                match place == Cell::ConnectionsPeak as usize {
                    true => *sum = value.max(*sum),
                    false => *sum = sum.wrapping_add(value),
                }
            }
            // Within a minute nothing ever goes down, so neither does the sum.
            reading.version = live.iter().fold(reading.version, |sum, n| sum.wrapping_add(*n));
        }
        reading
    }

    pub(super) fn reported(&self) -> Reported {
        *self.reported.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_reported(&self, reported: Reported) {
        let mut known = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if known.minute <= reported.minute {
            *known = reported;
        }
    }
}

impl Reading {
    pub fn is_empty(&self) -> bool {
        self.values.iter().all(|value| *value == 0)
    }
}

/// Sums up what was written to connection after connection, so that neighbours with the same meter
/// cost an addition in a register. What is in it is counted at its end.
#[derive(Default)]
pub struct Run {
    meter: Option<Arc<Meter>>,
    events: u64,
    units: u64,
    bytes: u64,
}

impl Run {
    pub fn wrote(&mut self, meter: &Arc<Meter>, tally: Tally) {
        if !self.meter.as_ref().is_some_and(|own| Arc::ptr_eq(own, meter)) {
            self.count();
            self.meter = Some(meter.clone());
        }
        self.events += u64::from(tally.events);
        self.units += u64::from(tally.units);
        self.bytes += u64::from(tally.bytes);
    }

    fn count(&mut self) {
        if let (Some(meter), true) = (&self.meter, self.bytes > 0) {
            meter.wrote(self.events, self.units, self.bytes);
        }
        (self.events, self.units, self.bytes) = (0, 0, 0);
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.count();
    }
}

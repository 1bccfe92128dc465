//! What happens in an app, for those who watch it and for those who look back.
//!
//! Before an event is made, [`Live::place`] is asked once whether anybody gets to see it: someone who
//! watches, or the control plane, which keeps some for a while. Of each app so many a second are
//! kept, and of the whole gateway; the others are counted, exactly, and told as one event that says
//! how many there were. An event that nobody gets to see costs an addition to a number that lies
//! beside what every publish looks at.

mod allowance;
mod report;
mod ring;
mod tap;
#[cfg(test)]
mod tests;

pub use report::{EVERY, Reporter};
pub use ring::Ring;
pub use tap::{Keep, LiveReader, LiveTap};

use crate::directory::{App, Directory};
use allowance::PerSecond;
use contract::{
    AppId,
    live::{KeptEvent, LiveEvent, LiveKind},
};
use std::{
    borrow::Cow,
    sync::{Mutex, MutexGuard, PoisonError, atomic::Ordering::SeqCst},
};

/// The live events of all apps of a gateway.
#[derive(Debug)]
pub struct Live {
    /// Events on their way to the control plane.
    pub ring: Ring,
    per_second: PerSecond,
    /// Apps of which some events were only counted since that was last told. Each stands here once.
    unsettled: Mutex<Vec<AppId>>,
}

/// Who gets to see an event. It has been counted for that, so it is to be made and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the event has been counted as one that is shown"]
pub struct Place {
    pub is_watched: bool,
    pub kept: Option<Keep>,
}

impl Place {
    /// As much of a payload as the best place shows.
    pub fn payload(&self, data: &str) -> Option<String> {
        let most = match (self.is_watched, self.kept) {
            (true, _) => LiveEvent::MAX_DATA_BYTES,
            (false, Some(Keep::WithData)) => LiveEvent::MAX_KEPT_DATA_BYTES,
            (false, Some(Keep::WithoutData) | None) => return None,
        };
        Some(LiveEvent::shortened(data, most).to_owned())
    }
}

impl Live {
    /// Keeps at most `kept_per_s` events in a second; 0: none.
    pub fn keeping(kept_per_s: u32) -> Self {
        Self {
            ring: Ring::default(),
            per_second: PerSecond::new(kept_per_s),
            unsettled: Mutex::default(),
        }
    }

    /// Whether an event that happens now is likely to be shown, for those who must hold on to
    /// something until it has happened. Counts nothing.
    pub fn expects(&self, app: &App, now_ms: u64) -> bool {
        let tap = &app.live;
        tap.is_watched() || (self.keeps(app).is_some() && tap.allowance.has_room(second(now_ms)))
    }

    /// Counts an event, and says who gets to see it. Ask before making one.
    pub fn place(&self, app: &App, now_ms: u64) -> Option<Place> {
        let is_watched = app.live.is_watched();
        let kept = self.keeps(app).filter(|_| self.may_keep(app, second(now_ms)));
        (is_watched || kept.is_some()).then_some(Place { is_watched, kept })
    }

    /// Counts an event that nothing is left of.
    pub fn pass(&self, app: &App, now_ms: u64) {
        if self.keeps(app).is_none() {
            return;
        }
        let counted = app.live.allowance.count(second(now_ms));
        let missed = counted.left_behind + u64::from(counted.is_within);
        self.miss(app, missed);
    }

    /// Shows `what` to those who get to see it, if anybody does; made once.
    pub fn emit(
        &self,
        app: &App,
        at_ms: u64,
        dialect: Option<&'static str>,
        what: impl FnOnce(&Place) -> LiveKind,
    ) {
        if let Some(place) = self.place(app, at_ms) {
            self.show(app, place, at_ms, dialect, what(&place));
        }
    }

    /// The same for a place that was asked for before.
    pub fn show(
        &self,
        app: &App,
        place: Place,
        at_ms: u64,
        dialect: Option<&'static str>,
        what: LiveKind,
    ) {
        let mut event = LiveEvent { at_ms, dialect: dialect.map(Cow::Borrowed), what };
        if place.is_watched {
            app.live.show(&event);
        }
        let Some(keep) = place.kept else { return };
        cut(&mut event.what, keep);
        if !self.ring.push(&app.id, event) {
            self.ring.leave_out(1);
            self.miss(app, 1);
        }
    }

    /// Puts into the ring how many events there were besides the kept ones.
    pub fn settle(&self, directory: &Directory, now_ms: u64) {
        // Not in the head of the loop, which would hold the lock: what is missed again is put back.
        let unsettled = std::mem::take(&mut *self.unsettled());
        for id in unsettled {
            let Some(app) = directory.app_by_id(id.as_str()) else { continue };
            let tap = &app.live;
            // First: what is missed from here on puts the app on the list again.
            tap.is_listed.store(false, SeqCst);
            let count = tap.missed.swap(0, SeqCst) + tap.allowance.take_excess();
            let what = LiveKind::Dropped { count };
            let event = LiveEvent { at_ms: now_ms, dialect: None, what };
            if count > 0 && self.keeps(&app).is_some() && !self.ring.push(&id, event) {
                self.miss(&app, count);
            }
        }
    }

    /// What could not be told waits again; what there is no room for counts as missed.
    pub fn put_back(&self, directory: &Directory, events: Vec<KeptEvent>) {
        let lost = self.ring.put_back(events);
        self.forgo(directory, lost);
    }

    /// Events that were to be kept, and are not.
    pub fn forgo(&self, directory: &Directory, events: Vec<KeptEvent>) {
        for lost in events {
            let count = match lost.event.what {
                LiveKind::Dropped { count } => count,
                _ => {
                    self.ring.leave_out(1);
                    1
                }
            };
            if let Some(app) = directory.app_by_id(lost.app.as_str()) {
                self.miss(&app, count);
            }
        }
    }

    fn keeps(&self, app: &App) -> Option<Keep> {
        app.live.keeps().filter(|_| !self.per_second.is_none())
    }

    fn may_keep(&self, app: &App, second: u32) -> bool {
        let counted = app.live.allowance.count(second);
        let is_kept = counted.is_within && self.per_second.take(second);
        let missed = counted.left_behind + u64::from(counted.is_within && !is_kept);
        if !is_kept || missed > 0 {
            self.miss(app, missed);
        }
        is_kept
    }

    /// Sees to it that so many more events, and what the allowance counts beyond what it allows, are
    /// told.
    fn miss(&self, app: &App, count: u64) {
        let tap = &app.live;
        if count > 0 {
            tap.missed.fetch_add(count, SeqCst);
        }
        if !tap.is_listed.load(SeqCst) && !tap.is_listed.swap(true, SeqCst) {
            self.unsettled().push(app.id.clone());
        }
    }

    fn unsettled(&self) -> MutexGuard<'_, Vec<AppId>> {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn second(ms: u64) -> u32 {
    (ms / 1_000) as u32
}

/// To what may rest of it.
fn cut(what: &mut LiveKind, keep: Keep) {
    match what {
        LiveKind::Published { data, .. } | LiveKind::ClientEvent { data, .. } => match keep {
            Keep::WithData => data.iter_mut().for_each(|data| {
                data.truncate(data.floor_char_boundary(LiveEvent::MAX_KEPT_DATA_BYTES));
            }),
            Keep::WithoutData => *data = None,
        },
        LiveKind::Refused { message, .. } => {
            message.truncate(message.floor_char_boundary(LiveEvent::MAX_KEPT_MESSAGE_BYTES));
        }
        LiveKind::ConnectionOpened { .. }
        | LiveKind::ConnectionClosed { .. }
        | LiveKind::Subscribed { .. }
        | LiveKind::Unsubscribed { .. }
        | LiveKind::Dropped { .. } => {}
    }
}

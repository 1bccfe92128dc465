//! What of which app somebody wants to hear of.
//!
//! It is asked with every transition of every channel, under the lock of a shard, so an app in
//! which nobody is interested must cost next to nothing: one relaxed load of its mark.

use contract::{AppId, webhooks::HookSet};
use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

pub struct Interest {
    /// Apps share marks; one that shares its mark with an app of interest pays for a look.
    marks: Box<[AtomicU32; MARKS]>,
    apps: RwLock<HashMap<AppId, HookSet>>,
    /// Apps of which more is wanted than before.
    begun: Mutex<HashSet<AppId>>,
}

const MARK_BITS: u32 = 12;
const MARKS: usize = 1 << MARK_BITS;

impl Default for Interest {
    fn default() -> Self {
        let marks = Box::new([const { AtomicU32::new(0) }; MARKS]);
        Self { marks, apps: RwLock::default(), begun: Mutex::default() }
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interest").field("apps", &self.apps).finish_non_exhaustive()
    }
}

impl Interest {
    #[inline]
    pub fn of(&self, app: &AppId) -> HookSet {
        match self.mark(app).load(Relaxed) {
            0 => HookSet::NONE,
            _ => self.look(app),
        }
    }

    #[cold]
    fn look(&self, app: &AppId) -> HookSet {
        let apps = self.apps.read().unwrap_or_else(PoisonError::into_inner);
        apps.get(app).copied().unwrap_or_default()
    }

    pub fn set(&self, app: &AppId, kinds: HookSet) {
        let mut apps = self.apps.write().unwrap_or_else(PoisonError::into_inner);
        let before = match kinds.is_empty() {
            true => apps.remove(app),
            false => apps.insert(app.clone(), kinds),
        };
        if before.unwrap_or_default().union(kinds) != before.unwrap_or_default() {
            self.begun().insert(app.clone());
        }
        match (before.is_some(), kinds.is_empty()) {
            (false, false) => drop(self.mark(app).fetch_add(1, Relaxed)),
            (true, true) => drop(self.mark(app).fetch_sub(1, Relaxed)),
            _ => {}
        }
    }

    /// Apps of which more is wanted than at the last call.
    pub fn take_begun(&self) -> HashSet<AppId> {
        std::mem::take(&mut *self.begun())
    }

    fn begun(&self) -> MutexGuard<'_, HashSet<AppId>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark(&self, app: &AppId) -> &AtomicU32 {
        // Ids are random, so their last bytes tell apps apart well enough; all short ones share one.
        let last = app.as_str().as_bytes().last_chunk().map_or(0, |last| u32::from_le_bytes(*last));
        &self.marks[(last.wrapping_mul(0x9E37_79B1) >> (32 - MARK_BITS)) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::webhooks::HookKind;

    #[test]
    fn each_app_has_its_own_interest_also_where_marks_are_shared() {
        let interest = Interest::default();
        let [one, other]: [AppId; 2] = ["1", "2"].map(|id| id.parse().unwrap());
        let kinds = HookSet::NONE.with(HookKind::CacheMiss);
        for (app, now) in
            [(&one, kinds), (&one, kinds.with(HookKind::ClientEvent)), (&other, kinds)]
        {
            interest.set(app, now);
            assert_eq!(interest.of(app), now);
        }
        interest.set(&one, HookSet::NONE);
        interest.set(&one, HookSet::NONE);
        assert_eq!((interest.of(&one), interest.of(&other)), (HookSet::NONE, kinds));
        interest.set(&other, HookSet::NONE);
        assert_eq!(interest.mark(&one).load(Relaxed), 0, "nobody pays any more");
    }

    #[test]
    fn it_is_known_of_which_apps_more_is_wanted() {
        let interest = Interest::default();
        let app: AppId = "1".parse().unwrap();
        let one = HookSet::NONE.with(HookKind::CacheMiss);
        let two = one.with(HookKind::ChannelVacated);
        for (kinds, is_more) in [
            (one, true),
            (one, false),
            (two, true),
            (one, false),
            (HookSet::NONE, false),
            (two, true),
        ] {
            interest.set(&app, kinds);
            assert_eq!(interest.take_begun().contains(&app), is_more, "{kinds:?}");
        }
    }
}

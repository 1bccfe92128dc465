//! What one app was lent here, and what is left of it.

use super::pace::Pace;
use crate::admission::{QuotaRule, Refusal, Spent, Whose};
use arc_swap::ArcSwapOption;
use contract::lease::LeaseGrant;
use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{
            AtomicBool, AtomicU32, AtomicU64,
            Ordering::{AcqRel, Acquire, Relaxed, Release},
        },
    },
};
use tokio::sync::Notify;

/// An app's account, made when the app is first used. Apps that are not metered never have one.
#[derive(Default)]
pub struct Quota(OnceLock<Box<Account>>);

impl Quota {
    /// `counted` are the units that the app has used since the process started.
    pub fn account(&self, counted: impl FnOnce() -> u64) -> &Account {
        self.0.get_or_init(|| Box::new(Account::new(counted())))
    }

    pub fn known(&self) -> Option<&Account> {
        self.0.get().map(|account| &**account)
    }
}

impl fmt::Debug for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Quota(…)")
    }
}

/// Totals since the process started, as the control plane counts them. Who takes compares and adds
/// in one step, so that callers at once cannot take the same unit.
pub struct Account {
    /// Units of requests that are admitted and not counted yet, in the lower half; the upper half
    /// changes with every change, so that a comparison never meets an older state unnoticed.
    in_flight: AtomicU64,
    granted: AtomicU64,
    /// Unix milliseconds after which the grant has gone back to the pool.
    valid_until_ms: AtomicU64,
    /// Ask again when so much is used.
    low_at: AtomicU64,
    /// Used beyond the grant since the last answer, by those who cannot wait.
    lent: AtomicU64,
    connections: AtomicU32,
    pub(super) waiting: AtomicU64,
    pub(super) waiting_connections: AtomicU32,
    /// Somebody was refused or is short since the app was last asked for.
    pub(super) is_wanted: AtomicBool,
    pub(super) is_enrolled: AtomicBool,
    told: ArcSwapOption<Told>,
    pub(super) answers: Notify,
}

/// The last answer.
#[derive(Clone, Debug)]
struct Told {
    at_ms: u64,
    /// Counted here at that time.
    counted: u64,
    open: u32,
    grant: LeaseGrant,
    /// How fast all gateways together use the pool.
    pace: Pace,
    per_s: f64,
}

impl Told {
    /// Whether the pool is so far from its end that a few units more, at every gateway, cannot
    /// overshoot it before the next answer says so.
    fn is_far_from_the_end(&self, left: u64) -> bool {
        let granted = self.grant.granted.saturating_sub(self.counted) as f64;
        left as f64 >= 100.0 + 2.0 * self.per_s.max(4.0 * granted)
    }
}

/// Where an app stands that is short of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was heard of this app, or nothing lately: the control plane will say.
    Unknown,
    /// The pool had so much left.
    Short { left: u64, spent: Spent },
    /// Nothing is left.
    Exhausted(Spent),
    /// The control plane is away, and what it said last lets so much pass.
    Alone { left: u64, spent: Spent },
    /// The control plane is away and has said nothing that would stop this.
    Open,
}

const LOWER: u64 = u32::MAX as u64;

impl Account {
    /// What may be used before the first answer.
    pub const FIRST_UNITS: u64 = 10;
    pub const FIRST_CONNECTIONS: u32 = 10;
    /// Who needs little keeps a little, so that the first message after a pause need not wait.
    const FLOOR_ACTIVE: u64 = 50;
    const FLOOR: u64 = 5;
    /// A control plane that hears nothing takes a grant back after 10 s.
    const VALID_MS: u64 = 8_000;
    /// What those who cannot wait may use beyond the grant until the next answer; or a thousandth
    /// of what is left, if that is more.
    const LENT: u64 = 50;
    const MOST_LENT: u64 = 10_000;

    fn new(counted: u64) -> Self {
        Self {
            in_flight: AtomicU64::new(0),
            granted: AtomicU64::new(counted + Self::FIRST_UNITS),
            valid_until_ms: AtomicU64::new(u64::MAX),
            low_at: AtomicU64::new(0),
            lent: AtomicU64::new(0),
            connections: AtomicU32::new(Self::FIRST_CONNECTIONS),
            waiting: AtomicU64::new(0),
            waiting_connections: AtomicU32::new(0),
            is_wanted: AtomicBool::new(true),
            is_enrolled: AtomicBool::new(false),
            told: ArcSwapOption::empty(),
            answers: Notify::new(),
        }
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight.load(Acquire) & LOWER
    }

    /// Takes a place for messages of so many units together, if one unit of each is left.
    pub fn take(&self, messages: u64, units: u64, counted: impl Fn() -> u64, now_ms: u64) -> bool {
        if now_ms >= self.valid_until_ms.load(Relaxed) {
            return false;
        }
        let mut state = self.in_flight.load(Acquire);
        loop {
            let used = counted() + (state & LOWER);
            if used + messages > self.granted.load(Relaxed) {
                return false;
            }
            let next = changed(state, (state & LOWER) + units);
            match self.in_flight.compare_exchange_weak(state, next, AcqRel, Acquire) {
                Ok(_) => return true,
                Err(other) => state = other,
            }
        }
    }

    /// Takes a place whatever was granted.
    pub fn take_anyway(&self, units: u64) {
        self.change(|in_flight| in_flight + units);
    }

    /// What was taken has been counted, or was not used.
    pub fn give_back(&self, units: u64) {
        self.change(|in_flight| in_flight.saturating_sub(units));
    }

    fn change(&self, to: impl Fn(u64) -> u64) {
        // `Err` would mean that the closure refused, which it never does.
        let _ = self
            .in_flight
            .fetch_update(AcqRel, Acquire, |state| Some(changed(state, to(state & LOWER))));
    }

    /// Whether one more message is within the grant, for who counts it before anybody else can ask
    /// on the same thread.
    pub fn has_room(&self, counted: u64, now_ms: u64) -> bool {
        now_ms < self.valid_until_ms.load(Relaxed)
            && counted + self.in_flight() < self.granted.load(Relaxed)
    }

    /// Whether it is time to ask for more; says so once per answer.
    pub fn runs_low(&self, counted: u64) -> bool {
        counted >= self.low_at.load(Relaxed) && self.low_at.swap(u64::MAX, Relaxed) != u64::MAX
    }

    /// Lets a message pass beyond the grant whose sender cannot be made to wait, where `left` is
    /// far from the end.
    pub fn lend(&self, units: u64, left: u64) -> bool {
        let most = (left / 1_000).clamp(Self::LENT, Self::MOST_LENT);
        self.told.load().as_ref().is_some_and(|told| told.is_far_from_the_end(left))
            && self.lent.fetch_add(units, Relaxed) < most
    }

    /// What to ask for beyond what is used, for an app that uses `per_s` here and is `active`: a
    /// second's worth, and near the end of the pool less and less, so that what is left is not
    /// held by gateways that do not need it any more.
    pub fn wanted(&self, per_s: f64, is_active: bool, counted: u64) -> u64 {
        const PARTS: f64 = 3.0;
        const SHORTEST_S: f64 = 0.1;
        let told = self.told.load();
        let seconds = told.as_ref().map_or(1.0, |told| {
            let pool = &told.grant.pool;
            let used = pool.used.saturating_add(counted.saturating_sub(told.counted));
            let left = pool.limit.saturating_sub(used) as f64;
            match pool.has_overage || told.per_s <= 0.0 {
                true => 1.0,
                false => (left / told.per_s / PARTS).clamp(SHORTEST_S, 1.0),
            }
        });
        let floor = match is_active && seconds >= 1.0 {
            true => Self::FLOOR_ACTIVE,
            false => Self::FLOOR,
        };
        ((per_s * seconds).ceil() as u64).max(floor)
    }

    /// Where the app stands, by the last answer. `counted` are its units since the start.
    pub fn standing(&self, counted: u64, is_away: bool, now_ms: u64) -> Standing {
        let told = self.told.load();
        let Some(told) = told.as_deref() else {
            return if is_away { Standing::Open } else { Standing::Unknown };
        };
        let pool = &told.grant.pool;
        let since = (counted + self.in_flight()).saturating_sub(told.counted);
        let used = pool.used.saturating_add(since);
        let left = pool.limit.saturating_sub(used);
        let now_s = now_ms / 1_000;
        let resets_at = pool.resets_at.max(0) as u64;
        let spent = Spent {
            rule: QuotaRule::named(&pool.rule),
            used: if pool.is_exhausted { used.max(pool.limit) } else { used },
            limit: pool.limit,
            resets_at: pool.resets_at,
            retry_after_s: resets_at.saturating_sub(now_s).max(1),
        };
        let is_fresh = now_ms < told.at_ms + Self::VALID_MS;
        match (is_away, is_fresh) {
            (true, _) if pool.has_overage || now_s >= resets_at => Standing::Open,
            (true, _) if left == 0 || pool.is_exhausted => Standing::Exhausted(spent),
            (true, _) => Standing::Alone { left, spent },
            (false, false) => Standing::Unknown,
            (false, true) if now_s >= resets_at => Standing::Unknown,
            (false, true) if pool.is_exhausted => Standing::Exhausted(spent),
            // What is billed beyond the pool has no end that could be seen from here.
            (false, true) if pool.has_overage => Standing::Short { left: u64::MAX, spent },
            (false, true) => Standing::Short { left, spent },
        }
    }

    /// Connections that may be open here, beside the app's own limit, and whether that is known to
    /// be all there is.
    pub fn connections(&self, is_away: bool, now_ms: u64) -> (u32, Option<Refusal>) {
        let granted = self.connections.load(Relaxed);
        let told = self.told.load();
        let Some(told) = told.as_deref() else {
            return if is_away { (u32::MAX, None) } else { (granted, None) };
        };
        let LeaseGrant { connections_open: used, connections_limit: limit, .. } = told.grant;
        let refusal = Refusal::ConnectionLimit { whose: Whose::Organisation, used, limit };
        let is_fresh = now_ms < told.at_ms + Self::VALID_MS;
        if is_away {
            let left = limit.saturating_sub(used);
            return (granted.max(told.open.saturating_add(left)), Some(refusal));
        }
        (granted, (is_fresh && used >= limit).then_some(refusal))
    }

    /// Takes an answer in. `counted` and `open` are what the question said.
    pub fn answered(&self, grant: LeaseGrant, counted: u64, open: u32, now_ms: u64) {
        let wanted = grant.granted.saturating_sub(counted);
        self.granted.store(grant.granted, Relaxed);
        self.connections.store(grant.connections, Relaxed);
        self.lent.store(0, Relaxed);
        // Used up or not, an empty grant is asked for by those who are short.
        let low_at = if wanted == 0 { u64::MAX } else { grant.granted - wanted.div_ceil(2) };
        self.low_at.store(low_at, Relaxed);
        let before = self.told.load();
        let start = || Pace::start(grant.pool.used, now_ms);
        let mut pace = before.as_ref().map_or_else(start, |told| told.pace);
        let per_s = pace.note(grant.pool.used, now_ms);
        let told = Told { at_ms: now_ms, counted, open, grant, pace, per_s };
        self.told.store(Some(Arc::new(told)));
        self.valid_until_ms.store(now_ms + Self::VALID_MS, Release);
        self.answers.notify_waiters();
    }

    /// The app is no more, or nothing was said of it.
    pub fn unanswered(&self) {
        self.answers.notify_waiters();
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("granted", &self.granted)
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}

fn changed(state: u64, in_flight: u64) -> u64 {
    (state & !LOWER).wrapping_add(LOWER + 1) | in_flight.min(LOWER)
}

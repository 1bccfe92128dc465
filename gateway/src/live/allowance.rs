//! How many events may be kept, and how many there were: a word each.

use std::sync::atomic::{
    AtomicU64,
    Ordering::{Relaxed, SeqCst},
};

/// Events of one app that are kept in a second, on average.
pub const PER_S: u32 = 5;
/// After as many quiet seconds as it takes to save them up, so many are kept at once.
pub const BURST: u32 = 50;

/// One app's: the second that is being counted, what may be kept in it, and what has happened.
///
/// Whatever the number of threads, each event is counted in one second, and what a second saw
/// beyond its allowance is handed out once: to whoever begins the next second, or to
/// [`Allowance::take_excess`].
#[derive(Debug, Default)]
pub struct Allowance(AtomicU64);

/// What became of one more event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    pub is_within: bool,
    /// Of an earlier second: what it saw beyond its allowance, for the caller to account for.
    pub left_behind: u64,
}

/// Bits: 32 of the second, 6 of what is allowed in it, 26 of what happened.
#[derive(Clone, Copy)]
struct Word(u64);

const HAPPENED_BITS: u32 = 26;
const ALLOWED_BITS: u32 = 6;
const _: () = assert!(BURST < 1 << ALLOWED_BITS && PER_S <= BURST);
/// The clock of whoever counts may be so far behind: a request is counted by when it began.
const LATE_S: u32 = 60;

impl Word {
    fn new(second: u32, allowed: u32, happened: u32) -> Self {
        let allowed = u64::from(allowed) << HAPPENED_BITS;
        Self(u64::from(second) << 32 | allowed | u64::from(happened))
    }

    fn second(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn allowed(self) -> u32 {
        (self.0 >> HAPPENED_BITS) as u32 & ((1 << ALLOWED_BITS) - 1)
    }

    fn happened(self) -> u32 {
        self.0 as u32 & ((1 << HAPPENED_BITS) - 1)
    }

    fn has_room(self) -> bool {
        self.happened() < self.allowed()
    }

    fn excess(self) -> u64 {
        u64::from(self.happened().saturating_sub(self.allowed()))
    }

    fn counts_for(self, second: u32) -> bool {
        second <= self.second() && second >= self.second().saturating_sub(LATE_S)
    }

    /// The first event of another second. What was not used is saved up; a clock that went back is
    /// as good as a long pause.
    fn turned(self, second: u32) -> Self {
        let passed = second.checked_sub(self.second()).unwrap_or(BURST);
        let saved = self.allowed().saturating_sub(self.happened());
        let allowed = saved.saturating_add(passed.saturating_mul(PER_S)).min(BURST);
        Self::new(second, allowed, 1)
    }
}

impl Allowance {
    /// Whether one more event would be within what may be kept.
    pub fn has_room(&self, second: u32) -> bool {
        let word = Word(self.0.load(Relaxed));
        !word.counts_for(second) || word.has_room()
    }

    pub fn count(&self, second: u32) -> Counted {
        let mut seen = Word(self.0.load(Relaxed));
        loop {
            if seen.counts_for(second) {
                // Should it have turned meanwhile, the event counts in the newer second.
                let before = Word(self.0.fetch_add(1, SeqCst));
                return Counted { is_within: before.has_room(), left_behind: 0 };
            }
            let turned = seen.turned(second);
            match self.0.compare_exchange_weak(seen.0, turned.0, SeqCst, Relaxed) {
                // Every second allows one.
                Ok(_) => return Counted { is_within: true, left_behind: seen.excess() },
                Err(now) => seen = Word(now),
            }
        }
    }

    /// What happened beyond the allowance; from here on it is not counted any more.
    pub fn take_excess(&self) -> u64 {
        let mut seen = Word(self.0.load(SeqCst));
        while seen.excess() > 0 {
            let settled = Word::new(seen.second(), seen.allowed(), seen.allowed());
            match self.0.compare_exchange_weak(seen.0, settled.0, SeqCst, SeqCst) {
                Ok(_) => return seen.excess(),
                Err(now) => seen = Word(now),
            }
        }
        0
    }
}

/// The whole gateway's. Looking at it when it is used up writes nothing.
#[derive(Debug)]
pub struct PerSecond {
    most: u32,
    /// The second, and what is taken in it.
    taken: AtomicU64,
}

impl PerSecond {
    pub fn new(most: u32) -> Self {
        Self { most, taken: AtomicU64::new(0) }
    }

    pub fn is_none(&self) -> bool {
        self.most == 0
    }

    /// Takes one. A clock that is behind takes of the newest second.
    pub fn take(&self, second: u32) -> bool {
        let taken = self.taken.fetch_update(Relaxed, Relaxed, |word| {
            let (now, taken) = ((word >> 32) as u32, word as u32);
            let is_another = second > now || now - second > LATE_S;
            let (now, taken) = if is_another { (second, 0) } else { (now, taken) };
            (taken < self.most).then_some(u64::from(now) << 32 | u64::from(taken + 1))
        });
        taken.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of `n` events in a second are within.
    fn within(allowance: &Allowance, second: u32, n: u32) -> u32 {
        (0..n).filter(|_| allowance.count(second).is_within).count() as u32
    }

    #[test]
    fn a_quiet_app_keeps_a_burst_and_a_busy_one_its_share() {
        let allowance = Allowance::default();
        for (second, happen, kept) in [
            (1_000, 80, BURST),
            (1_001, 80, PER_S),
            (1_002, 2, 2),
            (1_003, 80, 2 * PER_S - 2),
            (1_004, 3, 3),
            (1_014, 80, BURST),
            (1_015, 80, PER_S),
            (1_019, 80, 4 * PER_S),
        ] {
            assert!(allowance.has_room(second), "{second}");
            assert_eq!(within(&allowance, second, happen), kept, "{second}");
        }
    }

    #[test]
    fn what_is_beyond_is_handed_out_once() {
        let allowance = Allowance::default();
        within(&allowance, 7_000, 80);
        assert!(!allowance.has_room(7_000));
        assert_eq!((allowance.take_excess(), allowance.take_excess()), (30, 0));
        assert_eq!(within(&allowance, 7_000, 3), 0, "taking it makes no room");
        let counted = allowance.count(7_001);
        assert_eq!(counted, Counted { is_within: true, left_behind: 3 });
        assert_eq!(allowance.take_excess(), 0);
    }

    #[test]
    fn late_clocks_count_in_the_second_that_runs_and_one_set_back_begins_anew() {
        let allowance = Allowance::default();
        assert_eq!(within(&allowance, 7_000, 50), 50);
        assert_eq!(within(&allowance, 6_999, 5), 0);
        assert_eq!(within(&allowance, 7_000 - LATE_S, 5), 0);
        let counted = allowance.count(6_000);
        assert_eq!(counted, Counted { is_within: true, left_behind: 10 });
        assert_eq!(within(&allowance, 6_000, 80), BURST - 1);
    }

    #[test]
    fn a_gateway_keeps_so_many_a_second() {
        let kept = |limit: &PerSecond, second| (0..500).filter(|_| limit.take(second)).count();
        let limit = PerSecond::new(200);
        assert_eq!([kept(&limit, 9_000), kept(&limit, 9_000), kept(&limit, 9_001)], [200, 0, 200]);
        assert_eq!([kept(&limit, 9_000), kept(&limit, 5_000)], [0, 200], "late, and set back");
        let none = PerSecond::new(0);
        assert!(none.is_none() && kept(&none, 1) == 0);
    }
}

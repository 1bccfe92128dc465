//! A pool of message units: every UTC day adds to it, use takes away.

use time::OffsetDateTime;

/// A pool holds at most what this many days add.
pub const DAYS_KEPT: i64 = 30;
const DAY_S: i64 = 86_400;

/// Units that may be used, as of the day it was last looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitPool {
    /// Days since 1970 in UTC: the last one that was added.
    pub day: i32,
    pub per_day: i64,
    /// What `day` has added so far.
    pub added: i64,
    /// Below zero when the last message admitted reached more subscribers than was left.
    pub left: i64,
    /// Used on `day`.
    pub used_today: i64,
    /// Used beyond the pool in the current period.
    pub overage: i64,
}

/// The UTC day that a moment is in, counted from 1970.
pub fn day_of(now: OffsetDateTime) -> i32 {
    i32::try_from(now.unix_timestamp().div_euclid(DAY_S)).unwrap_or(i32::MAX)
}

/// Unix seconds of the midnight at which the next day is added.
pub fn resets_at(now: OffsetDateTime) -> i64 {
    (i64::from(day_of(now)) + 1) * DAY_S
}

impl UnitPool {
    /// A new pool holds what one day adds.
    pub fn opened(day: i32, per_day: i64) -> Self {
        Self { day, per_day, added: per_day, left: per_day, used_today: 0, overage: 0 }
    }

    /// Adds the days that have begun since, and takes over another size: more counts at once, less
    /// from tomorrow. However often the size changes, a day adds its largest size once.
    pub fn advance(&mut self, today: i32, per_day: i64) {
        let days = i64::from(today) - i64::from(self.day);
        if days > 0 {
            // Days before today added what was agreed on then.
            self.add(self.per_day.saturating_mul(days - 1), self.per_day);
            self.add(per_day, per_day);
            (self.day, self.added, self.used_today) = (today, per_day, 0);
        } else if per_day > self.added {
            self.left = self.left.saturating_add(per_day - self.added);
            self.added = per_day;
        }
        self.per_day = per_day;
    }

    /// What is above the most that the pool keeps is lost, but nothing is taken from it.
    fn add(&mut self, units: i64, per_day: i64) {
        let most = per_day.saturating_mul(DAYS_KEPT);
        self.left = self.left.saturating_add(units).min(most);
    }

    /// Takes what was used. Beyond the pool it is a debt, or overage where that is agreed.
    pub fn charge(&mut self, units: i64, is_overage_billed: bool) {
        let covered = match is_overage_billed {
            true => units.min(self.left.max(0)),
            false => units,
        };
        self.left = self.left.saturating_sub(covered);
        self.overage = self.overage.saturating_add(units - covered);
        self.used_today = self.used_today.saturating_add(units);
    }

    /// What could be used today: what is left, and what was used already.
    pub fn limit_today(&self) -> i64 {
        self.left.saturating_add(self.used_today)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_add_up_to_thirty_and_no_further() {
        let mut pool = UnitPool::opened(100, 10);
        for (day, left) in [(100, 10), (101, 20), (129, 300), (130, 300), (100_000, 300)] {
            pool.advance(day, 10);
            assert_eq!(pool.left, left, "day {day}");
        }
    }

    #[test]
    fn a_debt_is_taken_from_the_next_day() {
        let mut pool = UnitPool::opened(100, 10);
        pool.charge(14, false);
        assert_eq!((pool.left, pool.limit_today()), (-4, 10));
        pool.advance(101, 10);
        assert_eq!((pool.left, pool.used_today, pool.limit_today()), (6, 0, 6));
    }

    #[test]
    fn an_upgrade_adds_the_difference_of_the_day_once() {
        let mut pool = UnitPool::opened(100, 10);
        for (per_day, left) in [(25, 25), (10, 25), (25, 25), (30, 30)] {
            pool.advance(100, per_day);
            assert_eq!(pool.left, left, "{per_day} a day");
        }
        pool.advance(101, 5);
        assert_eq!(pool.left, 35);
        pool.advance(200, 5);
        assert_eq!(pool.left, 150, "a smaller plan keeps 30 of its own days");
    }

    #[test]
    fn overage_begins_where_the_pool_ends() {
        let mut pool = UnitPool::opened(100, 10);
        for (units, left, overage) in [(4, 6, 0), (8, 0, 2), (5, 0, 7)] {
            pool.charge(units, true);
            assert_eq!((pool.left, pool.overage), (left, overage));
        }
        pool.charge(3, false);
        pool.charge(2, true);
        assert_eq!((pool.left, pool.overage), (-3, 9), "a debt is not paid by overage");
    }

    #[test]
    fn days_are_utc() {
        let at = |s| OffsetDateTime::from_unix_timestamp(s).unwrap();
        for (second, day) in [(0, 0), (86_399, 0), (86_400, 1), (1_700_000_000, 19_675)] {
            assert_eq!(day_of(at(second)), day);
            assert_eq!(resets_at(at(second)), i64::from(day + 1) * 86_400);
        }
    }

    proptest! {
        #[test]
        fn looking_seldom_makes_no_difference(
            steps in prop::collection::vec((0..3_i32, 0..50_i64), 1..60), per_day in 1..20_i64,
        ) {
            let (mut seldom, mut daily) = (UnitPool::opened(0, per_day), UnitPool::opened(0, per_day));
            let mut day = 0;
            for (days, units) in steps {
                for _ in 0..days {
                    day += 1;
                    daily.advance(day, per_day);
                }
                daily.charge(units, false);
                if units > 0 {
                    seldom.advance(day, per_day);
                    seldom.charge(units, false);
                }
            }
            seldom.advance(day, per_day);
            prop_assert_eq!(seldom, daily);
        }
    }
}

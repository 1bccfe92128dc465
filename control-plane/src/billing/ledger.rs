//! The ledger as billing reads it: what each app used on each day.

use super::calendar::{Day, Period};
use crate::usage::ledger::LedgerHour;
use contract::{AppId, BadId, usage::Metric};
use std::collections::BTreeMap;

/// Billable units of one app in one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Units {
    pub published: u64,
    pub delivered: u64,
}

impl Units {
    pub fn total(self) -> u64 {
        self.published.saturating_add(self.delivered)
    }
}

/// What was used, added up as an invoice needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    days: BTreeMap<Day, BTreeMap<AppId, Units>>,
    /// Connections of all apps together, by Unix minute.
    peaks: BTreeMap<i64, u64>,
}

impl Usage {
    /// Adds a line of the ledger's export.
    pub fn add(&mut self, hour: &LedgerHour) -> Result<(), BadId> {
        let published = hour.counters.get(Metric::PublishedUnits);
        let delivered = hour.counters.get(Metric::DeliveredUnits);
        let app = hour.app.parse()?;
        self.add_units(Day::of(hour.hour), &app, Units { published, delivered });
        let first = hour.hour.unix_timestamp().div_euclid(60);
        for (minute, peak) in (first..).zip(&hour.minute_peaks) {
            self.add_peak(minute, *peak);
        }
        Ok(())
    }

    pub fn add_units(&mut self, day: Day, app: &AppId, units: Units) {
        if units == Units::default() {
            return;
        }
        let known = self.days.entry(day).or_default().entry(app.clone()).or_default();
        known.published = known.published.saturating_add(units.published);
        known.delivered = known.delivered.saturating_add(units.delivered);
    }

    pub fn add_peak(&mut self, minute: i64, peak: u64) {
        if peak > 0 {
            let known = self.peaks.entry(minute).or_default();
            *known = known.saturating_add(peak);
        }
    }

    pub fn of_day(&self, day: Day) -> impl Iterator<Item = (&AppId, Units)> {
        self.days.get(&day).into_iter().flatten().map(|(app, units)| (app, *units))
    }

    /// The 99th percentile of the period's minutes by nearest rank; a minute without a row counts
    /// as one without connections. A spike of seconds is not in it.
    pub fn peak_connections_p99(&self, period: &Period) -> u64 {
        let first = period.start.unix_timestamp().div_euclid(60);
        let minutes = period.minutes();
        let mut busy: Vec<u64> = self
            .peaks
            .range(first..first.saturating_add_unsigned(minutes))
            .map(|(_, peak)| *peak)
            .collect();
        busy.sort_unstable();
        let rank = (minutes * 99).div_ceil(100);
        let idle = minutes - busy.len() as u64;
        let at = rank.checked_sub(idle).and_then(|at| at.checked_sub(1));
        at.and_then(|at| busy.get(usize::try_from(at).ok()?)).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn hours_add_up_by_app_and_day() {
        let line = r#"{"app":"100042","hour":"2026-11-21T18:00:00Z","key":"k1","settled":true,
            "counters":{"published":2,"published_units":3,"delivered_units":40}}"#;
        let mut usage = Usage::default();
        for text in [
            line.to_owned(),
            line.replace("18:00", "23:00").replace("k1", "k2"),
            line.replace("21T18", "22T00"),
        ] {
            usage.add(&serde_json::from_str(&text).unwrap()).unwrap();
        }
        let of = |day: &str| usage.of_day(day.parse().unwrap()).map(|(_, u)| u).collect::<Vec<_>>();
        assert_eq!(of("2026-11-21"), [Units { published: 6, delivered: 80 }]);
        assert_eq!(of("2026-11-22"), [Units { published: 3, delivered: 40 }]);
        assert_eq!(of("2026-11-23"), []);
    }

    #[test]
    fn the_peak_that_counts_is_the_one_that_lasts() {
        let start = datetime!(2026-11-01 00:00 UTC);
        let period = Period { start, end: start + super::super::calendar::PERIOD };
        let first = start.unix_timestamp() / 60;
        let mut usage = Usage::default();
        for minute in 0..432 {
            usage.add_peak(first + minute, 1_000);
        }
        assert_eq!(usage.peak_connections_p99(&period), 0, "one in a hundred minutes is a spike");
        usage.add_peak(first + 432, 7);
        assert_eq!(usage.peak_connections_p99(&period), 7);
        for minute in 0..432 {
            usage.add_peak(first + minute, 500);
        }
        usage.add_peak(first + 1_000, 1_600);
        usage.add_peak(first - 1, 9_999);
        assert_eq!(usage.peak_connections_p99(&period), 1_500);
    }
}

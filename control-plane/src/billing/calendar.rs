//! Days and periods. Every day is a UTC day, and every period is 30 of them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};
use time::{Date, Duration, OffsetDateTime, UtcOffset, macros::format_description};
use utoipa::ToSchema;

pub const PERIOD: Duration = Duration::days(30);

/// A UTC day, written `2026-11-21`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a day as 2026-11-21")]
pub struct BadDay;

impl Day {
    pub fn of(at: OffsetDateTime) -> Self {
        Self(at.to_offset(UtcOffset::UTC).date())
    }

    pub fn start(self) -> OffsetDateTime {
        self.0.midnight().assume_utc()
    }

    pub fn next(self) -> Self {
        Self(self.0.saturating_add(Duration::DAY))
    }

    pub fn end(self) -> OffsetDateTime {
        self.next().start()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        write!(f, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

impl FromStr for Day {
    type Err = BadDay;
    fn from_str(raw: &str) -> Result<Self, BadDay> {
        let format = format_description!("[year]-[month]-[day]");
        Date::parse(raw, format).map(Self).map_err(|_| BadDay)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// From `start` on, until just before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Period {
    #[serde(with = "time::serde::rfc3339")]
    pub start: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub end: OffsetDateTime,
}

impl Period {
    pub fn contains(&self, at: OffsetDateTime) -> bool {
        self.start <= at && at < self.end
    }

    pub fn seconds(&self) -> u64 {
        (self.end - self.start).whole_seconds().unsigned_abs()
    }

    /// Whole seconds from `now` to the end: what an upgrade at `now` is charged for.
    pub fn seconds_left(&self, now: OffsetDateTime) -> u64 {
        let left = (self.end - now.max(self.start)).whole_seconds();
        u64::try_from(left).unwrap_or(0)
    }

    pub fn minutes(&self) -> u64 {
        self.seconds() / 60
    }

    pub fn next(&self) -> Self {
        Self { start: self.end, end: self.end + PERIOD }
    }

    pub fn days(&self) -> impl Iterator<Item = Day> + use<> {
        let end = self.end;
        std::iter::successors(Some(Day::of(self.start)), |day| Some(day.next()))
            .take_while(move |day| day.start() < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_period_has_thirty_days_and_counts_whole_seconds() {
        let start = datetime!(2026-02-10 00:00 UTC);
        let period = Period { start, end: start + PERIOD };
        let days: Vec<_> = period.days().collect();
        assert_eq!((days.len(), days[0].to_string().as_str()), (30, "2026-02-10"));
        assert_eq!(days[29].end(), period.end);
        assert_eq!(period.seconds(), 2_592_000);
        assert_eq!(period.seconds_left(start), 2_592_000);
        assert_eq!(period.seconds_left(datetime!(2026-03-11 23:59:58.5 UTC)), 1);
        assert_eq!(period.seconds_left(period.end + Duration::HOUR), 0);
    }

    #[test]
    fn a_day_is_read_as_it_is_written() {
        let day: Day = "2026-11-21".parse().unwrap();
        assert_eq!(day.to_string(), "2026-11-21");
        for raw in ["", "2026-13-01", "21.11.2026", "2026-11-21T00:00:00Z"] {
            assert_eq!(raw.parse::<Day>(), Err(BadDay), "{raw}");
        }
    }
}

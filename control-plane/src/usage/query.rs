//! Which usage is asked for.

use crate::api::ApiError;
use serde::{Deserialize, Serialize};
use time::{Duration, Month, OffsetDateTime, Time, UtcOffset};
use utoipa::{IntoParams, ToSchema};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Granularity {
    Minute,
    #[default]
    Hour,
    Day,
    Month,
}

impl Granularity {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The beginning of the bucket that a moment is in, in UTC.
    fn floor(self, at: OffsetDateTime) -> OffsetDateTime {
        let at = at.to_offset(UtcOffset::UTC);
        let seconds = match self {
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Month => {
                let first = at.replace_day(1).unwrap_or(at);
                return first.replace_time(Time::MIDNIGHT);
            }
        };
        let whole = at.unix_timestamp().div_euclid(seconds) * seconds;
        OffsetDateTime::from_unix_timestamp(whole).unwrap_or(at)
    }

    /// The beginning of the bucket after the one that begins at `start`.
    pub fn next(self, start: OffsetDateTime) -> OffsetDateTime {
        match self {
            Self::Minute => start + Duration::MINUTE,
            Self::Hour => start + Duration::HOUR,
            Self::Day => start + Duration::DAY,
            Self::Month => {
                let next = match start.month() {
                    Month::December => start
                        .replace_month(Month::January)
                        .and_then(|s| s.replace_year(start.year() + 1)),
                    month => start.replace_month(month.next()),
                };
                next.unwrap_or(start + Duration::days(31))
            }
        }
    }

    /// What an answer covers that names no beginning.
    fn usual(self) -> Duration {
        match self {
            Self::Minute => Duration::HOUR,
            Self::Hour => Duration::DAY,
            Self::Day => Duration::days(30),
            Self::Month => Duration::days(365),
        }
    }

    /// How far back there is anything of this size, or of smaller ones.
    fn kept(self) -> Duration {
        match self {
            Self::Minute => Duration::days(super::model::TAKEN_DAYS),
            Self::Hour | Self::Day | Self::Month => Duration::days(400),
        }
    }

    /// Long answers cost: hours for a month or two, days for the whole 13 months.
    fn most(self) -> Duration {
        match self {
            Self::Minute => Duration::DAY,
            Self::Hour => Duration::days(62),
            Self::Day | Self::Month => Duration::days(400),
        }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageParams {
    /// From this moment on (RFC 3339), rounded down to a whole bucket. One hour, a day, 30 days or
    /// a year before `to` by default.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<OffsetDateTime>,
    /// Up to this moment (RFC 3339), rounded up; now by default.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub to: Option<OffsetDateTime>,
    /// `minute` (for 31 days), `hour`, `day` or `month`; `hour` by default.
    #[serde(default)]
    #[param(inline)]
    pub granularity: Granularity,
    /// Only of this key; empty: only what belongs to no key.
    pub key: Option<String>,
    /// `json`, or `csv` as with `Accept: text/csv`.
    pub format: Option<String>,
}

/// A range of whole buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub from: OffsetDateTime,
    pub to: OffsetDateTime,
    pub granularity: Granularity,
}

impl Range {
    /// Errors: the end before the beginning, more than an answer holds, or longer ago than is kept.
    pub fn parse(params: &UsageParams, now: OffsetDateTime) -> Result<Self, ApiError> {
        let granularity = params.granularity;
        let to = params.to.unwrap_or(now).min(granularity.next(granularity.floor(now)));
        let from = params.from.unwrap_or_else(|| to - granularity.usual());
        let from = granularity.floor(from);
        let whole = granularity.floor(to);
        let to = if whole < to { granularity.next(whole) } else { whole };
        if from >= to {
            return Err(ApiError::field("from", "must be before `to`, and not in the future"));
        }
        if from < now - granularity.kept() - Duration::days(31) {
            return Err(ApiError::field("from", "is longer ago than usage is kept"));
        }
        // A bucket more, for what rounding adds.
        if to - from > granularity.most() + (granularity.next(from) - from) {
            let days = granularity.most().whole_days();
            let name = granularity.as_str();
            return Err(ApiError::field("to", format!("by {name}, {days} days are the most")));
        }
        Ok(Self { from, to, granularity })
    }

    /// The beginnings of the buckets.
    pub fn buckets(self) -> impl Iterator<Item = OffsetDateTime> {
        std::iter::successors(Some(self.from), move |at| Some(self.granularity.next(*at)))
            .take_while(move |at| *at < self.to)
    }

    /// Minutes of it that have begun.
    pub fn minutes(self, now: OffsetDateTime) -> i64 {
        let end = self.to.min(Granularity::Minute.next(Granularity::Minute.floor(now)));
        (end - self.from).whole_minutes().max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-03-15 10:20:30 UTC);

    #[track_caller]
    fn check(
        granularity: Granularity,
        from: Option<OffsetDateTime>,
        to: Option<OffsetDateTime>,
        expected: Option<(OffsetDateTime, OffsetDateTime, usize)>,
    ) {
        let params = UsageParams { granularity, from, to, ..UsageParams::default() };
        let range = Range::parse(&params, NOW).ok();
        assert_eq!(range.map(|r| (r.from, r.to, r.buckets().count())), expected);
    }

    #[test]
    fn a_range_is_of_whole_buckets_up_to_now() {
        use Granularity::{Day, Hour, Minute, Month};
        let hour = datetime!(2026-03-15 10:00 UTC);
        check(Hour, None, None, Some((hour - Duration::DAY, hour + Duration::HOUR, 25)));
        let minute = datetime!(2026-03-15 10:20 UTC);
        check(Minute, None, None, Some((minute - Duration::HOUR, minute + Duration::MINUTE, 61)));
        let (from, to) = (datetime!(2026-02-03 05:00 UTC), datetime!(2026-02-05 00:00 UTC));
        check(Day, Some(from), Some(to), Some((datetime!(2026-02-03 00:00 UTC), to, 2)));
        let (january, march) = (datetime!(2026-01-01 00:00 UTC), datetime!(2026-04-01 00:00 UTC));
        check(Month, Some(january + Duration::DAY), None, Some((january, march, 3)));
        check(Hour, Some(hour), Some(hour), None);
        check(Hour, Some(NOW + Duration::DAY), None, None);
        check(Minute, Some(NOW - Duration::days(2)), None, None);
        check(Day, Some(NOW - Duration::days(500)), None, None);
        check(Hour, Some(NOW - Duration::days(70)), None, None);
    }

    #[test]
    fn minutes_are_those_that_have_begun() {
        let from = datetime!(2026-03-15 10:00 UTC);
        let range = Range { from, to: from + Duration::HOUR, granularity: Granularity::Hour };
        assert_eq!(range.minutes(NOW), 21);
        assert_eq!(range.minutes(NOW + Duration::DAY), 60);
    }
}

//! Usage: what gateways count, and how it travels.
//!
//! Counters are absolute totals per (gateway, boot, app, key, minute). They only grow, so they merge
//! by maximum: a batch that arrives twice, late or out of order changes nothing that is true.

use crate::{AppId, RefusalCode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{collections::BTreeMap, fmt};

/// Bytes of payload that make one billable unit. A message of no bytes is one unit.
pub const UNIT_BYTES: usize = 5 * 1_024;

/// Billable units of a message whose payload has this many bytes.
pub const fn units(payload_bytes: usize) -> u64 {
    match payload_bytes.div_ceil(UNIT_BYTES) {
        0 => 1,
        units => units as u64,
    }
}

/// One thing that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// Events accepted; each channel of a trigger and each item of a batch is one.
    Published,
    PublishedUnits,
    /// Frames with an event written to sockets and streams.
    Delivered,
    DeliveredUnits,
    /// Bytes of requests' bodies and of frames read.
    BytesIn,
    /// Bytes of answers' bodies and of frames written.
    BytesOut,
    /// API requests by the class of their status.
    Requests1xx,
    Requests2xx,
    Requests3xx,
    Requests4xx,
    Requests5xx,
    ConnectionsOpened,
    /// The most connections open at once within the minute; the one metric that is no sum.
    ConnectionsPeak,
    Refused(RefusalCode),
}

impl Metric {
    const PLAIN: [Metric; 13] = [
        Self::Published,
        Self::PublishedUnits,
        Self::Delivered,
        Self::DeliveredUnits,
        Self::BytesIn,
        Self::BytesOut,
        Self::Requests1xx,
        Self::Requests2xx,
        Self::Requests3xx,
        Self::Requests4xx,
        Self::Requests5xx,
        Self::ConnectionsOpened,
        Self::ConnectionsPeak,
    ];
    pub const COUNT: usize = Self::PLAIN.len() + RefusalCode::COUNT;

    pub fn all() -> impl Iterator<Item = Metric> {
        Self::PLAIN.into_iter().chain(RefusalCode::ALL.into_iter().map(Self::Refused))
    }

    /// Its place in [`Totals`] and in files. Places are never given to another metric.
    pub const fn index(self) -> usize {
        match self {
            Self::Published => 0,
            Self::PublishedUnits => 1,
            Self::Delivered => 2,
            Self::DeliveredUnits => 3,
            Self::BytesIn => 4,
            Self::BytesOut => 5,
            Self::Requests1xx => 6,
            Self::Requests2xx => 7,
            Self::Requests3xx => 8,
            Self::Requests4xx => 9,
            Self::Requests5xx => 10,
            Self::ConnectionsOpened => 11,
            Self::ConnectionsPeak => 12,
            Self::Refused(code) => Self::PLAIN.len() + code.index(),
        }
    }

    pub fn of_status(status: u16) -> Self {
        match status / 100 {
            ..=1 => Self::Requests1xx,
            2 => Self::Requests2xx,
            3 => Self::Requests3xx,
            4 => Self::Requests4xx,
            5.. => Self::Requests5xx,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Published => "published",
            Self::PublishedUnits => "published_units",
            Self::Delivered => "delivered",
            Self::DeliveredUnits => "delivered_units",
            Self::BytesIn => "bytes_in",
            Self::BytesOut => "bytes_out",
            Self::Requests1xx => "requests_1xx",
            Self::Requests2xx => "requests_2xx",
            Self::Requests3xx => "requests_3xx",
            Self::Requests4xx => "requests_4xx",
            Self::Requests5xx => "requests_5xx",
            Self::ConnectionsOpened => "connections_opened",
            Self::ConnectionsPeak => "connections_peak",
            Self::Refused(code) => return write!(f, "refused.{}", code.as_str()),
        })
    }
}

/// A value for every metric. As JSON: an object with those that are not zero.
#[derive(Clone, PartialEq, Eq)]
pub struct Totals([u64; Metric::COUNT]);

impl Default for Totals {
    fn default() -> Self {
        Self([0; Metric::COUNT])
    }
}

impl Totals {
    pub fn get(&self, metric: Metric) -> u64 {
        self.0[metric.index()]
    }

    pub fn set(&mut self, metric: Metric, value: u64) {
        self.0[metric.index()] = value;
    }

    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|value| *value == 0)
    }

    /// Billable units: what was published and what was delivered.
    pub fn units(&self) -> u64 {
        self.get(Metric::PublishedUnits) + self.get(Metric::DeliveredUnits)
    }

    /// What is known after another report of the same counters.
    pub fn merge(&mut self, other: &Totals) {
        for (mine, other) in self.0.iter_mut().zip(other.0) {
            *mine = (*mine).max(other);
        }
    }

    /// What two different counters make together. Peaks at different places may have been at
    /// different moments, so their sum is the most there can have been.
    pub fn add(&mut self, other: &Totals) {
        for (mine, other) in self.0.iter_mut().zip(other.0) {
            *mine = mine.saturating_add(other);
        }
    }
}

impl fmt::Debug for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = Metric::all().filter(|metric| self.get(*metric) > 0);
        f.debug_map().entries(counted.map(|m| (m.to_string(), self.get(m)))).finish()
    }
}

impl Serialize for Totals {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let counted = Metric::all().filter(|metric| self.get(*metric) > 0);
        s.collect_map(counted.map(|metric| (metric.to_string(), self.get(metric))))
    }
}

impl<'de> Deserialize<'de> for Totals {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mut totals = Self::default();
        for (name, value) in BTreeMap::<String, u64>::deserialize(d)? {
            let metric = Metric::all().find(|metric| metric.to_string() == name);
            let metric = metric.ok_or_else(|| de::Error::custom("has a metric nobody knows"))?;
            // Postgres counts with a sign.
            if i64::try_from(value).is_err() {
                return Err(de::Error::custom("has a number beyond 2^63"));
            }
            totals.set(metric, value);
        }
        Ok(totals)
    }
}

/// The totals of one app and credential in one minute at one gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageRow {
    pub app: AppId,
    /// The public half of the credential; empty for what belongs to the app as a whole: its
    /// connection peak, and refusals before a credential was accepted.
    pub key: String,
    /// Unix time in whole minutes.
    pub minute: u64,
    pub totals: Totals,
}

/// `POST /internal/v1/usage`: answered with 204 once the rows are committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageBatch {
    pub gateway: String,
    /// Of the process that counted, which may be one that is no more.
    pub boot: String,
    pub rows: Vec<UsageRow>,
}

impl UsageBatch {
    pub const MAX_ROWS: usize = 2_000;
    pub const MAX_BYTES: usize = 4 << 20;
    pub const MAX_KEY_BYTES: usize = 64;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_place_and_a_name_of_its_own() {
        let places: Vec<usize> = Metric::all().map(Metric::index).collect();
        assert_eq!(places, (0..Metric::COUNT).collect::<Vec<_>>());
        let names: std::collections::BTreeSet<_> = Metric::all().map(|m| m.to_string()).collect();
        assert_eq!(names.len(), Metric::COUNT);
    }

    #[test]
    fn units_are_five_kibibytes_begun() {
        for (bytes, expected) in [(0, 1), (1, 1), (5_120, 1), (5_121, 2), (10_240, 2), (10_241, 3)]
        {
            assert_eq!(units(bytes), expected, "{bytes} bytes");
        }
    }

    #[test]
    fn totals_travel_as_what_is_not_zero() {
        let mut totals = Totals::default();
        totals.set(Metric::Published, 3);
        totals.set(Metric::Refused(RefusalCode::RateLimited), 1);
        let text = serde_json::to_string(&totals).unwrap();
        assert_eq!(text, r#"{"published":3,"refused.rate_limited":1}"#);
        assert_eq!(serde_json::from_str::<Totals>(&text).unwrap(), totals);
        assert!(serde_json::from_str::<Totals>(r#"{"unheard_of":1}"#).is_err());
        assert!(serde_json::from_str::<Totals>(r#"{"published":9223372036854775808}"#).is_err());
    }

    #[test]
    fn a_report_that_comes_twice_or_late_changes_nothing() {
        let report = |published| {
            let mut totals = Totals::default();
            totals.set(Metric::Published, published);
            totals
        };
        let mut known = report(5);
        for published in [5, 3, 5] {
            known.merge(&report(published));
        }
        assert_eq!(known, report(5));
        known.merge(&report(7));
        assert_eq!(known, report(7));
    }
}

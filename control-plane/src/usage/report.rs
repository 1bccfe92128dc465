//! Usage as the API shows it.

use super::{
    query::{Granularity, Range},
    reading::{Connections, Part, Peak},
};
use crate::leases::pool::{UnitPool, resets_at};
use contract::{
    AppId, RefusalCode,
    usage::{Metric, Totals},
};
use serde::Serialize;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counts {
    /// Events accepted; each channel of a trigger and each item of a batch is one.
    pub published: u64,
    pub published_units: u64,
    /// Events written to sockets and streams.
    pub delivered: u64,
    pub delivered_units: u64,
    /// What counts against the quota: units published and delivered.
    pub units: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// API requests by the class of their status.
    pub requests: Requests,
    pub connections_opened: u64,
    /// Refusals by their machine code.
    pub refused: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Requests {
    #[serde(rename = "1xx")]
    pub informed: u64,
    #[serde(rename = "2xx")]
    pub succeeded: u64,
    #[serde(rename = "3xx")]
    pub redirected: u64,
    #[serde(rename = "4xx")]
    pub refused: u64,
    #[serde(rename = "5xx")]
    pub failed: u64,
}

impl From<&Totals> for Counts {
    fn from(totals: &Totals) -> Self {
        let refused = |code: RefusalCode| match totals.get(Metric::Refused(code)) {
            0 => None,
            count => Some((code.as_str().to_owned(), count)),
        };
        Self {
            published: totals.get(Metric::Published),
            published_units: totals.get(Metric::PublishedUnits),
            delivered: totals.get(Metric::Delivered),
            delivered_units: totals.get(Metric::DeliveredUnits),
            units: totals.units(),
            bytes_in: totals.get(Metric::BytesIn),
            bytes_out: totals.get(Metric::BytesOut),
            requests: Requests {
                informed: totals.get(Metric::Requests1xx),
                succeeded: totals.get(Metric::Requests2xx),
                redirected: totals.get(Metric::Requests3xx),
                refused: totals.get(Metric::Requests4xx),
                failed: totals.get(Metric::Requests5xx),
            },
            connections_opened: totals.get(Metric::ConnectionsOpened),
            refused: RefusalCode::ALL.into_iter().filter_map(refused).collect(),
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Bucket {
    #[serde(with = "time::serde::rfc3339")]
    pub start: OffsetDateTime,
    #[serde(flatten)]
    pub counts: Counts,
    /// The most connections in any minute, over all gateways.
    pub connections_peak: u64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeyUsage {
    /// The public half of the credential; empty for what belongs to the app as a whole.
    pub key: String,
    #[serde(flatten)]
    pub counts: Counts,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConnectionUsage {
    /// The most in any minute of the range.
    pub peak: u64,
    /// Of the samples of all minutes, the one that 99 of 100 do not exceed.
    pub p99: u64,
}

/// Where a message quota stands now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Quota {
    /// `messages` of the organisation, or `app_messages` of the app's own part.
    pub rule: String,
    /// Units that could be used today: what was kept from earlier days, and what today added.
    pub limit: i64,
    /// Units used today.
    pub used: u64,
    /// Below zero: taken from the next day.
    pub left: i64,
    /// Units that each UTC day adds; 30 days' worth is kept at most.
    pub per_day: u64,
    #[serde(with = "time::serde::rfc3339")]
    pub resets_at: OffsetDateTime,
    /// Units used beyond the pool in this period, to be billed.
    pub overage_units: u64,
}

impl Quota {
    pub fn new(rule: &str, pool: &UnitPool, now: OffsetDateTime) -> Self {
        Self {
            rule: rule.into(),
            limit: pool.limit_today(),
            used: pool.used_today.max(0).unsigned_abs(),
            left: pool.left,
            per_day: pool.per_day.max(0).unsigned_abs(),
            resets_at: OffsetDateTime::from_unix_timestamp(resets_at(now)).unwrap_or(now),
            overage_units: pool.overage.max(0).unsigned_abs(),
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AppUsage {
    #[schema(value_type = String)]
    pub app: AppId,
    /// The key that was asked for.
    #[schema(required)]
    pub key: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub to: OffsetDateTime,
    pub granularity: Granularity,
    pub total: Counts,
    pub connections: ConnectionUsage,
    pub connections_open: u64,
    /// Every bucket of the range, also those in which nothing happened.
    pub buckets: Vec<Bucket>,
    pub keys: Vec<KeyUsage>,
    /// The organisation's quota, and the app's own part where it has one.
    pub quotas: Vec<Quota>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrganisationUsage {
    pub organisation_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub to: OffsetDateTime,
    pub granularity: Granularity,
    pub total: Counts,
    pub connections: ConnectionUsage,
    pub connections_open: u64,
    pub buckets: Vec<Bucket>,
    pub apps: Vec<UsageOfApp>,
    pub quotas: Vec<Quota>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UsageOfApp {
    pub app: String,
    pub name: String,
    /// The app is deleted; what it used counts still.
    pub is_deleted: bool,
    #[serde(flatten)]
    pub counts: Counts,
    pub connections: ConnectionUsage,
}

/// Sums of parts.
pub fn total<'a>(parts: impl Iterator<Item = &'a Part>) -> Counts {
    Counts::from(&sum(parts))
}

fn sum<'a>(parts: impl Iterator<Item = &'a Part>) -> Totals {
    parts.fold(Totals::default(), |mut sum, part| {
        sum.add(&part.totals);
        sum
    })
}

/// All buckets of a range; those without parts are zero.
pub fn buckets(range: Range, parts: &[Part], peaks: &[Peak]) -> Vec<Bucket> {
    let mut sums: BTreeMap<OffsetDateTime, Totals> = BTreeMap::new();
    for part in parts {
        sums.entry(part.start).or_default().add(&part.totals);
    }
    let peaks: BTreeMap<_, _> =
        peaks.iter().filter(|p| p.app.is_none()).map(|p| (p.start, p.peak)).collect();
    let bucket = |start| Bucket {
        start,
        counts: sums.get(&start).map(Counts::from).unwrap_or_default(),
        connections_peak: peaks.get(&start).copied().unwrap_or_default(),
    };
    range.buckets().map(bucket).collect()
}

pub fn by_key(parts: &[Part]) -> Vec<KeyUsage> {
    let mut sums: BTreeMap<&str, Totals> = BTreeMap::new();
    for part in parts {
        sums.entry(&part.key).or_default().add(&part.totals);
    }
    let usage = |(key, totals): (&str, Totals)| KeyUsage {
        key: key.to_owned(),
        counts: Counts::from(&totals),
    };
    sums.into_iter().map(usage).collect()
}

/// Of one app, or of all together.
pub fn connections_of(app: Option<&str>, all: &[Connections]) -> ConnectionUsage {
    let found = all.iter().find(|one| one.app.as_deref() == app);
    let (peak, p99) = found.map_or((0, 0), |one| (one.peak, one.p99));
    ConnectionUsage { peak, p99 }
}

/// Every app that exists, and every other one that was used.
pub fn by_app(
    names: Vec<(String, String, bool)>,
    parts: &[Part],
    all: &[Connections],
) -> Vec<UsageOfApp> {
    let usage = |(app, name, is_deleted): (String, String, bool)| UsageOfApp {
        counts: total(parts.iter().filter(|part| part.app == app)),
        connections: connections_of(Some(&app), all),
        app,
        name,
        is_deleted,
    };
    let used = |app: &UsageOfApp| app.counts != Counts::default() || app.connections.peak > 0;
    names.into_iter().map(usage).filter(|app| !app.is_deleted || used(app)).collect()
}

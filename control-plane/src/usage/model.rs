//! A gateway's batch, checked, and counters as Postgres holds them.

use crate::{api::ApiError, leases::model::Holder};
use contract::{
    AppId,
    usage::{Metric, Totals, UsageBatch},
};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Minutes this far ahead are a clock that is wrong.
const AHEAD_MINUTES: i64 = 10;
/// Minutes older than this are not taken: the hours they belong to are closed for good soon.
pub const TAKEN_DAYS: i64 = 31;

#[derive(Clone, Debug)]
pub struct Batch {
    pub holder: Holder,
    /// One entry per app, minute and key, in the order in which rows are locked.
    pub rows: BTreeMap<(AppId, i64, String), Totals>,
}

impl Batch {
    /// Errors: names that no gateway has, too many rows, a key that is none, a minute in the
    /// future or from before what is kept.
    pub fn parse(batch: UsageBatch, now: OffsetDateTime) -> Result<Self, ApiError> {
        let holder = Holder::parse(batch.gateway, batch.boot)?;
        if batch.rows.len() > UsageBatch::MAX_ROWS {
            let max = UsageBatch::MAX_ROWS;
            return Err(ApiError::field("rows", format!("has more than {max} entries")));
        }
        let now = now.unix_timestamp() / 60;
        let mut rows = BTreeMap::<_, Totals>::new();
        for (n, row) in batch.rows.into_iter().enumerate() {
            let refuse = |field, why: &str| ApiError::field(format!("rows[{n}].{field}"), why);
            let minute = i64::try_from(row.minute).unwrap_or(i64::MAX);
            if minute > now + AHEAD_MINUTES {
                return Err(refuse("minute", "is in the future"));
            }
            if minute < now - TAKEN_DAYS * 1_440 {
                return Err(refuse("minute", "is too long ago"));
            }
            let is_key = |b: u8| b.is_ascii_graphic();
            if row.key.len() > UsageBatch::MAX_KEY_BYTES || !row.key.bytes().all(is_key) {
                return Err(refuse("key", "is not a key"));
            }
            rows.entry((row.app, minute, row.key)).or_default().merge(&row.totals);
        }
        Ok(Self { holder, rows })
    }
}

/// Every counter in its place. Errors are impossible: no counter is beyond what Postgres holds.
pub fn to_counters(totals: &Totals) -> Vec<i64> {
    Metric::all().map(|metric| i64::try_from(totals.get(metric)).unwrap_or(i64::MAX)).collect()
}

/// What is missing is zero; what this version does not know is left out.
pub fn from_counters(counters: &[i64]) -> Totals {
    let mut totals = Totals::default();
    for metric in Metric::all() {
        let value = counters.get(metric.index()).copied().unwrap_or_default();
        totals.set(metric, value.max(0).unsigned_abs());
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The queries add up this many counters; more metrics need longer lists there.
    #[test]
    fn the_queries_have_room_for_every_metric() {
        const { assert!(Metric::COUNT <= 40) };
        // What the queries know by number.
        assert_eq!(Metric::PublishedUnits.index(), 1);
        assert_eq!(Metric::DeliveredUnits.index(), 3);
        assert_eq!(Metric::ConnectionsPeak.index(), 12);
    }

    #[test]
    fn counters_read_back() {
        let mut totals = Totals::default();
        totals.set(Metric::BytesIn, 7);
        assert_eq!(from_counters(&to_counters(&totals)), totals);
        assert_eq!(from_counters(&to_counters(&totals)[..5]), totals);
        assert!(from_counters(&[]).is_zero());
    }
}

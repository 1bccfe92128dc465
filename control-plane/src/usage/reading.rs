//! Reads the ledger: hours that are added up, and the minutes of those that are not yet.

use super::{
    model::from_counters,
    query::{Granularity, Range},
};
use crate::db::TenantTx;
use contract::{
    AppId,
    usage::{Metric, Totals},
};
use time::{Duration, OffsetDateTime};

/// Of which apps and keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct Of<'a> {
    pub app: Option<&'a AppId>,
    pub key: Option<&'a str>,
}

/// The sum of one app's and key's counters in one bucket. Peaks are no sums: they are zero here.
#[derive(Clone, Debug)]
pub struct Part {
    pub start: OffsetDateTime,
    pub app: String,
    pub key: String,
    pub totals: Totals,
}

struct Row {
    start: OffsetDateTime,
    app: String,
    key: String,
    counters: Vec<i64>,
}

impl From<Row> for Part {
    fn from(row: Row) -> Self {
        let mut totals = from_counters(&row.counters);
        totals.set(Metric::ConnectionsPeak, 0);
        Self { start: row.start, app: row.app, key: row.key, totals }
    }
}

/// Reports may take longer than what is asked for all the time.
pub async fn take_time(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT set_config('statement_timeout', '10s', true)").fetch_one(tx.db()).await?;
    Ok(())
}

/// By bucket, app and key, in this order.
pub async fn parts(tx: &mut TenantTx, of: Of<'_>, range: Range) -> Result<Vec<Part>, sqlx::Error> {
    let rows = match range.granularity {
        Granularity::Minute => minutes(tx, of, range).await?,
        _ => hours(tx, of, range).await?,
    };
    Ok(rows.into_iter().map(Part::from).collect())
}

/// Asks for rows of which each says when, whose and by which key, with all counters added up.
macro_rules! added_up {
    ($when:literal, $from:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            "SELECT " + $when + r#" AS "start!", app_id AS "app!", key AS "key!",
                  ARRAY[
                      coalesce(sum(counters[1]), 0), coalesce(sum(counters[2]), 0), coalesce(sum(counters[3]), 0),
                      coalesce(sum(counters[4]), 0), coalesce(sum(counters[5]), 0), coalesce(sum(counters[6]), 0),
                      coalesce(sum(counters[7]), 0), coalesce(sum(counters[8]), 0), coalesce(sum(counters[9]), 0),
                      coalesce(sum(counters[10]), 0), coalesce(sum(counters[11]), 0), coalesce(sum(counters[12]), 0),
                      coalesce(sum(counters[13]), 0), coalesce(sum(counters[14]), 0), coalesce(sum(counters[15]), 0),
                      coalesce(sum(counters[16]), 0), coalesce(sum(counters[17]), 0), coalesce(sum(counters[18]), 0),
                      coalesce(sum(counters[19]), 0), coalesce(sum(counters[20]), 0), coalesce(sum(counters[21]), 0),
                      coalesce(sum(counters[22]), 0), coalesce(sum(counters[23]), 0), coalesce(sum(counters[24]), 0),
                      coalesce(sum(counters[25]), 0), coalesce(sum(counters[26]), 0), coalesce(sum(counters[27]), 0),
                      coalesce(sum(counters[28]), 0), coalesce(sum(counters[29]), 0), coalesce(sum(counters[30]), 0),
                      coalesce(sum(counters[31]), 0), coalesce(sum(counters[32]), 0), coalesce(sum(counters[33]), 0),
                      coalesce(sum(counters[34]), 0), coalesce(sum(counters[35]), 0), coalesce(sum(counters[36]), 0),
                      coalesce(sum(counters[37]), 0), coalesce(sum(counters[38]), 0), coalesce(sum(counters[39]), 0),
                      coalesce(sum(counters[40]), 0)
                  ]::bigint[] AS "counters!: Vec<i64>"
             FROM "# + $from + "
             GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
            $($argument),+
        )
    };
}

async fn minutes(tx: &mut TenantTx, of: Of<'_>, range: Range) -> Result<Vec<Row>, sqlx::Error> {
    added_up!(
        "to_timestamp(minute * 60)",
        "usage_minutes
         WHERE organisation_id = $1 AND ($2::text IS NULL OR app_id = $2)
             AND ($3::text IS NULL OR key = $3) AND minute >= $4 AND minute < $5",
        tx.organisation().uuid(),
        of.app.map(AppId::as_str),
        of.key,
        range.from.unix_timestamp() / 60,
        range.to.unix_timestamp() / 60,
    )
    .fetch_all(tx.db())
    .await
}

async fn hours(tx: &mut TenantTx, of: Of<'_>, range: Range) -> Result<Vec<Row>, sqlx::Error> {
    added_up!(
        "date_trunc($6, hour, 'UTC')",
        "usage_parts
         WHERE organisation_id = $1 AND ($2::text IS NULL OR app_id = $2)
             AND ($3::text IS NULL OR key = $3) AND hour >= $4 AND hour < $5",
        tx.organisation().uuid(),
        of.app.map(AppId::as_str),
        of.key,
        range.from,
        range.to,
        range.granularity.as_str(),
    )
    .fetch_all(tx.db())
    .await
}

/// The most connections within one bucket.
pub struct Peak {
    pub start: OffsetDateTime,
    /// None: of all apps that were asked for together.
    pub app: Option<String>,
    pub peak: u64,
}

pub async fn peaks(
    tx: &mut TenantTx,
    app: Option<&AppId>,
    range: Range,
) -> Result<Vec<Peak>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT date_trunc($5, at, 'UTC') AS "start!", app_id AS app,
                  max(peak)::bigint AS "peak!"
           FROM (
               SELECT app_id, hour + offset_m * interval '1 minute' AS at, sum(peak) AS peak
               FROM usage_minute_peaks
               WHERE organisation_id = $1 AND ($2::text IS NULL OR app_id = $2)
                 AND hour >= date_trunc('hour', $3::timestamptz, 'UTC') AND hour < $4
               GROUP BY GROUPING SETS ((1, 2), (2))
           ) minutes
           WHERE at >= $3 AND at < $4
           GROUP BY 1, 2 ORDER BY 1, 2"#,
        tx.organisation().uuid(),
        app.map(AppId::as_str),
        range.from,
        range.to,
        range.granularity.as_str(),
    )
    .fetch_all(tx.db())
    .await?;
    let peaks = rows.into_iter().map(|row| Peak {
        start: row.start,
        app: row.app,
        peak: row.peak.unsigned_abs(),
    });
    Ok(peaks.collect())
}

/// Connections of one app over a range, or of all apps (no `app`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    pub app: Option<String>,
    /// The most in any minute.
    pub peak: u64,
    /// Of the samples of all minutes, the one that 99 of 100 do not exceed.
    pub p99: u64,
}

/// Of every app that was asked for, and of all together. A minute without a sample is one without
/// a connection.
pub async fn connections(
    tx: &mut TenantTx,
    app: Option<&AppId>,
    range: Range,
    now: OffsetDateTime,
) -> Result<Vec<Connections>, sqlx::Error> {
    // Samples above the 99th percentile: with the largest first, it stands right behind them.
    let above = percentile_place(range.minutes(now));
    let rows = sqlx::query!(
        r#"WITH minutes AS (
               SELECT app_id, hour + offset_m * interval '1 minute' AS at, sum(peak)::bigint AS peak
               FROM usage_minute_peaks
               WHERE organisation_id = $1 AND ($2::text IS NULL OR app_id = $2)
                 AND hour >= date_trunc('hour', $3::timestamptz, 'UTC') AND hour < $4
               GROUP BY GROUPING SETS ((1, 2), (2))
           )
           SELECT app_id AS app, max(peak) AS "peak!",
                  (array_agg(peak ORDER BY peak DESC))[$5::bigint::integer + 1] AS p99
           FROM minutes WHERE at >= $3 AND at < $4
           GROUP BY app_id ORDER BY app_id"#,
        tx.organisation().uuid(),
        app.map(AppId::as_str),
        range.from,
        range.to,
        above,
    )
    .fetch_all(tx.db())
    .await?;
    let connections = rows.into_iter().map(|row| Connections {
        app: row.app,
        peak: row.peak.unsigned_abs(),
        p99: row.p99.unwrap_or_default().unsigned_abs(),
    });
    Ok(connections.collect())
}

/// How many of so many samples are larger than their 99th percentile (nearest rank).
fn percentile_place(samples: i64) -> i64 {
    samples / 100
}

/// The names of the organisation's apps, of deleted ones too.
pub async fn app_names(tx: &mut TenantTx) -> Result<Vec<(String, String, bool)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT id, name, deleted_at IS NOT NULL AS "is_deleted!" FROM apps
           WHERE organisation_id = $1 ORDER BY created_at, id"#,
        tx.organisation().uuid(),
    )
    .fetch_all(tx.db())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name, row.is_deleted)).collect())
}

/// A row of the ledger: an app's and key's hour.
pub struct HourRow {
    pub app: String,
    pub hour: OffsetDateTime,
    pub key: String,
    pub counters: Vec<i64>,
    /// Of the row without a key: the most connections of each minute.
    pub minute_peaks: Option<Vec<i64>>,
    /// Added up, and no batch has changed it since.
    pub is_settled: bool,
}

/// The ledger's hours from `from` to `to`, by hour, app and key.
pub async fn ledger(
    tx: &mut TenantTx,
    from: OffsetDateTime,
    to: OffsetDateTime,
) -> Result<Vec<HourRow>, sqlx::Error> {
    sqlx::query_as!(
        HourRow,
        r#"WITH sums AS (
               SELECT hour, app_id, key,
                  ARRAY[
                      coalesce(sum(counters[1]), 0), coalesce(sum(counters[2]), 0), coalesce(sum(counters[3]), 0),
                      coalesce(sum(counters[4]), 0), coalesce(sum(counters[5]), 0), coalesce(sum(counters[6]), 0),
                      coalesce(sum(counters[7]), 0), coalesce(sum(counters[8]), 0), coalesce(sum(counters[9]), 0),
                      coalesce(sum(counters[10]), 0), coalesce(sum(counters[11]), 0), coalesce(sum(counters[12]), 0),
                      coalesce(sum(counters[13]), 0), coalesce(sum(counters[14]), 0), coalesce(sum(counters[15]), 0),
                      coalesce(sum(counters[16]), 0), coalesce(sum(counters[17]), 0), coalesce(sum(counters[18]), 0),
                      coalesce(sum(counters[19]), 0), coalesce(sum(counters[20]), 0), coalesce(sum(counters[21]), 0),
                      coalesce(sum(counters[22]), 0), coalesce(sum(counters[23]), 0), coalesce(sum(counters[24]), 0),
                      coalesce(sum(counters[25]), 0), coalesce(sum(counters[26]), 0), coalesce(sum(counters[27]), 0),
                      coalesce(sum(counters[28]), 0), coalesce(sum(counters[29]), 0), coalesce(sum(counters[30]), 0),
                      coalesce(sum(counters[31]), 0), coalesce(sum(counters[32]), 0), coalesce(sum(counters[33]), 0),
                      coalesce(sum(counters[34]), 0), coalesce(sum(counters[35]), 0), coalesce(sum(counters[36]), 0),
                      coalesce(sum(counters[37]), 0), coalesce(sum(counters[38]), 0), coalesce(sum(counters[39]), 0),
                      coalesce(sum(counters[40]), 0)
                  ]::bigint[] AS counters
               FROM usage_parts
               WHERE organisation_id = $1 AND hour >= $2 AND hour < $3
               GROUP BY 1, 2, 3
           ), peaks AS (
               SELECT hours.app_id, hours.hour,
                      array_agg(coalesce(p.peak, 0) ORDER BY n.n) AS minute_peaks
               FROM (SELECT DISTINCT app_id, hour FROM sums WHERE key = '') hours
               CROSS JOIN generate_series(0, 59) AS n (n)
               LEFT JOIN usage_minute_peaks p
                   ON p.organisation_id = $1 AND p.hour >= $2 AND p.hour < $3
                   AND p.app_id = hours.app_id AND p.hour = hours.hour AND p.offset_m = n.n
               GROUP BY hours.app_id, hours.hour
           )
           SELECT s.app_id AS "app!", s.hour AS "hour!", s.key AS "key!",
                  s.counters AS "counters!: Vec<i64>",
                  p.minute_peaks AS "minute_peaks: Vec<i64>",
                  NOT EXISTS (SELECT FROM usage_stale_hours u
                              WHERE u.app_id = s.app_id AND u.hour = s.hour) AS "is_settled!"
           FROM sums s
           LEFT JOIN peaks p ON p.app_id = s.app_id AND p.hour = s.hour AND s.key = ''
           ORDER BY s.hour, s.app_id, s.key"#,
        tx.organisation().uuid(),
        from,
        to,
    )
    .fetch_all(tx.db())
    .await
}

/// A day's beginning and end, for reading a long ledger in parts.
pub fn days(
    from: OffsetDateTime,
    to: OffsetDateTime,
) -> impl Iterator<Item = (OffsetDateTime, OffsetDateTime)> {
    std::iter::successors(Some(from), move |at| Some(*at + Duration::DAY))
        .take_while(move |at| *at < to)
        .map(move |at| (at, (at + Duration::DAY).min(to)))
}

#[cfg(test)]
mod tests {
    use super::percentile_place;

    #[test]
    fn one_minute_in_a_hundred_may_be_larger() {
        for (minutes, larger) in
            [(0, 0), (1, 0), (99, 0), (100, 1), (199, 1), (200, 2), (43_200, 432)]
        {
            assert_eq!(percentile_place(minutes), larger, "{minutes} minutes");
        }
    }
}

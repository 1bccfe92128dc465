//! The ledger in Postgres, added up for an invoice.

use super::{
    calendar::{Day, Period},
    ledger::{Units, Usage},
};
use crate::{apps::store::parse_id, db::TenantTx};
use contract::usage::Metric;

/// A place in `counters`, as Postgres counts.
fn place(metric: Metric) -> i32 {
    i32::try_from(metric.index()).unwrap_or(i32::MAX).saturating_add(1)
}

/// What the organisation used in the period.
pub async fn of_period(tx: &mut TenantTx, period: Period) -> Result<Usage, sqlx::Error> {
    // Two months of a large ledger take longer than a request may.
    sqlx::query!("SELECT set_config('statement_timeout', '60s', true)").fetch_one(tx.db()).await?;
    let organisation = tx.organisation().uuid();
    let mut usage = Usage::default();
    let days = sqlx::query!(
        r#"SELECT app_id AS "app_id!", date_trunc('day', hour, 'UTC') AS "day!",
                  sum(coalesce(counters[$4], 0))::bigint AS "published!",
                  sum(coalesce(counters[$5], 0))::bigint AS "delivered!"
           FROM usage_parts
           WHERE organisation_id = $1 AND hour >= $2 AND hour < $3
           GROUP BY 1, 2"#,
        organisation,
        period.start,
        period.end,
        place(Metric::PublishedUnits),
        place(Metric::DeliveredUnits),
    )
    .fetch_all(tx.db())
    .await?;
    for row in days {
        let units = Units {
            published: row.published.unsigned_abs(),
            delivered: row.delivered.unsigned_abs(),
        };
        usage.add_units(Day::of(row.day), &parse_id(&row.app_id)?, units);
    }
    let peaks = sqlx::query!(
        r#"SELECT extract(epoch FROM hour)::bigint / 60 + offset_m AS "minute!",
                  sum(peak)::bigint AS "peak!"
           FROM usage_minute_peaks
           WHERE organisation_id = $1 AND hour >= $2 AND hour < $3
           GROUP BY 1"#,
        organisation,
        period.start,
        period.end,
    )
    .fetch_all(tx.db())
    .await?;
    for row in peaks {
        usage.add_peak(row.minute, row.peak.unsigned_abs());
    }
    Ok(usage)
}

//! How far limits are used, read from what leases and the ledger have charged.

use super::model::{Measure, Rule};
use crate::{apps::store::parse_id, billing::calendar::Day, db::ServiceTx};
use time::OffsetDateTime;

/// Below this nobody is told anything.
const FROM_PER_CENT: i64 = 1;
/// A gateway that has not been heard of for so long has no connections.
const SILENT_S: f64 = 10.0;

/// Every limit that is used at all, with what was told about it.
pub async fn all(tx: &mut ServiceTx, now: OffsetDateTime) -> Result<Vec<Measure>, sqlx::Error> {
    let mut measures = messages(tx, now).await?;
    measures.extend(connections(tx, now).await?);
    measures.extend(spending(tx).await?);
    Ok(measures)
}

async fn messages(tx: &mut ServiceTx, now: OffsetDateTime) -> Result<Vec<Measure>, sqlx::Error> {
    let today = Day::of(now);
    let day = i32::try_from(today.start().unix_timestamp() / 86_400).unwrap_or(i32::MAX);
    let rows = sqlx::query!(
        r#"SELECT p.organisation_id, p.app_id, p.units_today, p.units_left,
                  coalesce((SELECT max(a.threshold) FROM alerts a
                            WHERE a.organisation_id = p.organisation_id AND a.app_id = p.app_id
                              AND a.rule = CASE p.app_id WHEN '' THEN 'messages'
                                           ELSE 'app_messages' END
                              AND a.window_start = $2::text::date), 0::smallint) AS "told!"
           FROM quota_pools p
           WHERE p.day = $1 AND p.units_today > 0
             AND p.units_today::numeric * 100 >=
                 (p.units_left + p.units_today)::numeric * $3::bigint"#,
        day,
        today.to_string(),
        FROM_PER_CENT,
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter()
        .map(|row| {
            let app = Some(row.app_id.as_str()).filter(|app| !app.is_empty());
            Ok(Measure {
                organisation: row.organisation_id,
                app: app.map(parse_id).transpose()?,
                rule: if app.is_some() { Rule::AppMessages } else { Rule::Messages },
                window: today,
                used: row.units_today,
                limit: row.units_left.saturating_add(row.units_today).max(0),
                told: row.told,
            })
        })
        .collect()
}

async fn connections(tx: &mut ServiceTx, now: OffsetDateTime) -> Result<Vec<Measure>, sqlx::Error> {
    let today = Day::of(now);
    let rows = sqlx::query!(
        r#"WITH open AS (
               SELECT l.organisation_id, l.app_id, sum(l.open)::bigint AS open
               FROM quota_leases l
               WHERE l.heard_at > $1::timestamptz - make_interval(secs => $3) AND l.open > 0
               GROUP BY 1, 2
           ), limited AS (
               SELECT o.organisation_id, '' AS app_id, 'connections' AS rule,
                      sum(o.open)::bigint AS open, min(p.max_connections)::bigint AS most
               FROM open o JOIN effective_plans p USING (organisation_id) GROUP BY 1
             UNION ALL
               SELECT o.organisation_id, o.app_id, 'app_connections', o.open,
                      (a.limits ->> 'max_connections')::bigint
               FROM open o JOIN apps a ON a.id = o.app_id
               WHERE a.limits ? 'max_connections'
           )
           SELECT l.organisation_id AS "organisation_id!", l.app_id AS "app_id!",
                  l.rule AS "rule!", l.open AS "open!", l.most AS "most!",
                  coalesce((SELECT max(a.threshold) FROM alerts a
                            WHERE a.organisation_id = l.organisation_id AND a.app_id = l.app_id
                              AND a.rule = l.rule AND a.window_start = $2::text::date),
                           0::smallint) AS "told!"
           FROM limited l WHERE l.most > 0 AND l.open * 100 >= l.most * $4::bigint"#,
        now,
        today.to_string(),
        SILENT_S,
        FROM_PER_CENT,
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter()
        .map(|row| {
            let app = Some(row.app_id.as_str()).filter(|app| !app.is_empty());
            Ok(Measure {
                organisation: row.organisation_id,
                app: app.map(parse_id).transpose()?,
                rule: Rule::from_text(&row.rule)?,
                window: today,
                used: row.open,
                limit: row.most,
                told: row.told,
            })
        })
        .collect()
}

/// What overage costs by the present price; a limit of zero needs no telling.
async fn spending(tx: &mut ServiceTx) -> Result<Vec<Measure>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT s.organisation_id, s.period_start, s.spend_limit_micros AS "allowed!",
                  least(q.overage_units::numeric * p.overage_micros_per_million / 1000000,
                        9000000000000000000)::bigint AS "spent!",
                  coalesce((SELECT max(a.threshold) FROM alerts a
                            WHERE a.organisation_id = s.organisation_id AND a.app_id = ''
                              AND a.rule = 'spend_limit'
                              AND a.window_start = (s.period_start AT TIME ZONE 'UTC')::date),
                           0::smallint) AS "told!"
           FROM subscriptions s
           JOIN effective_plans p USING (organisation_id)
           JOIN quota_pools q ON q.organisation_id = s.organisation_id AND q.app_id = ''
                AND q.overage_period = s.period_start
           WHERE s.spend_limit_micros > 0 AND q.overage_units > 0
             AND p.overage_micros_per_million IS NOT NULL"#,
    )
    .fetch_all(tx.db())
    .await?;
    let measure = |organisation, start, used, limit, told| Measure {
        organisation,
        app: None,
        rule: Rule::SpendLimit,
        window: Day::of(start),
        used,
        limit,
        told,
    };
    Ok(rows
        .into_iter()
        .map(|row| measure(row.organisation_id, row.period_start, row.spent, row.allowed, row.told))
        .collect())
}

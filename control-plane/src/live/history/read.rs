//! Kept events out of Postgres.

use super::{filter::Wanted, model::LiveItem};
use crate::{api::Position, db::TenantTx};
use contract::AppId;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// A page looks at no more events than this, so that one that finds little does not run long.
const LOOKED_AT: i64 = 20_000;

/// A page and the cursor to the next one.
pub async fn page(
    tx: &mut TenantTx,
    app: &AppId,
    wanted: &Wanted,
    reaches_to: OffsetDateTime,
    has_data: bool,
) -> Result<(Vec<LiveItem>, Option<String>), sqlx::Error> {
    let from = wanted.from.map_or(reaches_to, |from| from.max(reaches_to));
    // No event is from much later than it was stored.
    let beyond = OffsetDateTime::now_utc() + Duration::DAY;
    let until = wanted.until.unwrap_or(beyond);
    let (after, after_id) = wanted.after.unwrap_or((beyond, Uuid::max()));
    let rows = sqlx::query!(
        r#"SELECT id AS "id!", at AS "at!", kind AS "kind!", dialect, channel, event, socket_id,
                  user_id, CASE WHEN $13 THEN data END AS data, data_bytes, source, code, message,
                  request_id, count
           FROM (
               SELECT * FROM live_events
               WHERE organisation_id = $1 AND app_id = $2 AND at >= $3 AND at < $4
                 AND (at, id) < ($5, $6)
               ORDER BY at DESC, id DESC LIMIT $7
           ) e
           WHERE kind = 'dropped' OR (
               ($8::text[] IS NULL OR kind = ANY($8))
               AND ($9::text IS NULL OR channel ~ $9)
               AND ($10::text IS NULL OR event ~ $10)
               AND ($11::text IS NULL OR socket_id = $11)
               AND ($12::text IS NULL OR dialect = $12)
               AND ($14::text IS NULL OR strpos(
                   lower(concat_ws(E'\n', channel, event, CASE WHEN $13 THEN data END, socket_id,
                                   user_id, dialect, message, code, request_id)),
                   lower($14)) > 0)
           )
           ORDER BY at DESC, id DESC LIMIT $15"#,
        tx.organisation().uuid(),
        app.as_str(),
        from,
        until,
        after,
        after_id,
        LOOKED_AT,
        wanted.kinds.as_deref(),
        wanted.channel.as_deref(),
        wanted.event.as_deref(),
        wanted.socket_id.as_deref(),
        wanted.dialect.as_deref(),
        has_data,
        wanted.search.as_deref(),
        wanted.page.fetch(),
    )
    .fetch_all(tx.db())
    .await?;
    let is_full = rows.len() as i64 == wanted.page.fetch();
    let rows = rows.into_iter().map(|row| {
        let item = LiveItem {
            id: row.id.to_string(),
            at_ms: (row.at.unix_timestamp_nanos() / 1_000_000) as i64,
            kind: row.kind,
            dialect: row.dialect,
            channel: row.channel,
            event: row.event,
            data: row.data,
            data_bytes: row.data_bytes,
            socket_id: row.socket_id,
            user_id: row.user_id,
            source: row.source,
            code: row.code,
            message: row.message,
            request_id: row.request_id,
            count: row.count,
        };
        (item, Position { created_at: row.at, id: row.id.to_string() })
    });
    let page = wanted.page.page(rows.collect(), |(_, position)| position.clone());
    let items = page.items.into_iter().map(|(item, _)| item).collect();
    if is_full || !wanted.is_choosy() {
        return Ok((items, page.next_cursor));
    }
    // Where the looking ended, if it did not come to the end.
    let last = sqlx::query!(
        "SELECT at, id FROM live_events
         WHERE organisation_id = $1 AND app_id = $2 AND at >= $3 AND at < $4
           AND (at, id) < ($5, $6)
         ORDER BY at DESC, id DESC OFFSET $7 LIMIT 1",
        tx.organisation().uuid(),
        app.as_str(),
        from,
        until,
        after,
        after_id,
        LOOKED_AT - 1,
    )
    .fetch_optional(tx.db())
    .await?;
    let next = last.map(|row| Position { created_at: row.at, id: row.id.to_string() }.to_cursor());
    Ok((items, next))
}

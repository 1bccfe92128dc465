//! What happened, out of Postgres: the events that gateways kept, and the webhook events that were
//! stored for endpoints and listeners, as one list.

use super::{
    filter::{WEBHOOK, Wanted},
    model::LiveItem,
};
use crate::{
    api::Position,
    db::TenantTx,
    webhooks::{events::EventType, model::Form},
};
use contract::{AppId, live::LiveEvent};
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
                  user_id, CASE WHEN $13 THEN coalesce(data, left(said::text, $20)) END AS data,
                  coalesce(data_bytes, octet_length(said::text)) AS data_bytes, source, code,
                  message, request_id, count
           FROM (
               (SELECT at, id, kind, dialect, channel, event, socket_id, user_id, data,
                       NULL::json AS said, data_bytes, source, code, message, request_id, count
                FROM live_events
                WHERE $16 AND organisation_id = $1 AND app_id = $2 AND at >= $3 AND at < $4
                  AND (at, id) < ($5, $6)
                ORDER BY at DESC, id DESC LIMIT $7)
               UNION ALL
               (SELECT at, id, $18, NULL, channel, type, NULL, NULL, NULL, data, NULL, NULL, NULL,
                       NULL, NULL, NULL
                FROM webhook_messages
                WHERE $17 AND organisation_id = $1 AND app_id = $2 AND at >= $3 AND at < $4
                  AND (at, id) < ($5, $6)
                ORDER BY at DESC, id DESC LIMIT $7)
               ORDER BY at DESC, id DESC LIMIT $7
           ) e
           WHERE kind = 'dropped' OR (
               ($8::text[] IS NULL OR kind = ANY($8))
               AND (kind <> $18 OR event = ANY($19))
               AND ($9::text IS NULL OR channel ~ $9)
               AND ($10::text IS NULL OR event ~ $10)
               AND ($11::text IS NULL OR socket_id = $11)
               AND ($12::text IS NULL OR dialect = $12)
               AND ($14::text IS NULL OR strpos(
                   lower(concat_ws(E'\n', channel, event,
                                   CASE WHEN $13 THEN coalesce(data, left(said::text, $20)) END,
                                   socket_id, user_id, dialect, message, code, request_id)),
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
        wanted.is_of_kept(),
        wanted.is_of_webhooks(),
        WEBHOOK,
        &told(),
        LiveEvent::MAX_KEPT_DATA_BYTES as i32,
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
            data: row.data.map(beginning),
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
    if is_full {
        return Ok((items, page.next_cursor));
    }
    // Where the looking ended, if it did not come to the end.
    let last = sqlx::query!(
        r#"SELECT at AS "at!", id AS "id!" FROM (
               (SELECT at, id FROM live_events
                WHERE $8 AND organisation_id = $1 AND app_id = $2 AND at >= $3 AND at < $4
                  AND (at, id) < ($5, $6)
                ORDER BY at DESC, id DESC LIMIT $7)
               UNION ALL
               (SELECT at, id FROM webhook_messages
                WHERE $9 AND organisation_id = $1 AND app_id = $2 AND at >= $3 AND at < $4
                  AND (at, id) < ($5, $6)
                ORDER BY at DESC, id DESC LIMIT $7)
           ) e
           ORDER BY at DESC, id DESC OFFSET $7 - 1 LIMIT 1"#,
        tx.organisation().uuid(),
        app.as_str(),
        from,
        until,
        after,
        after_id,
        LOOKED_AT,
        wanted.is_of_kept(),
        wanted.is_of_webhooks(),
    )
    .fetch_optional(tx.db())
    .await?;
    let next = last.map(|row| Position { created_at: row.at, id: row.id.to_string() }.to_cursor());
    Ok((items, next))
}

/// The types of webhook events that a listener hears who asks for none by name.
fn told() -> Vec<String> {
    let all = EventType::of_channels().chain(EventType::own());
    let told =
        all.filter(|event| event.is_told_unasked() && event.can_be_told(Form::Standard, true));
    told.map(|event| event.as_str().to_owned()).collect()
}

fn beginning(mut data: String) -> String {
    data.truncate(data.floor_char_boundary(LiveEvent::MAX_KEPT_DATA_BYTES));
    data
}

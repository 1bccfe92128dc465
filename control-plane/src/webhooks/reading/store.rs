//! Deliveries and attempts in Postgres. Whoever asks has found the endpoint among their own first.

use super::model::{
    CarriedDelivery, DeliveryState, Wanted, WebhookAttempt, WebhookDelivery, WebhookExchange,
};
use crate::{
    api::{Page, PageRequest, Position},
    db::TenantTx,
    webhooks::{events::EventType, model::Attempt},
};
use serde_json::Value;
use sqlx::types::Json;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// How many deliveries are looked through for one page of those of a type or channel: an endpoint
/// may have millions. The cursor then leads on from there.
const LOOKED_THROUGH: i64 = 10_000;

struct Row {
    id: Uuid,
    message_id: Uuid,
    place: i64,
    channel: String,
    kind: String,
    state: String,
    attempts: i32,
    next_at: OffsetDateTime,
    last_status: Option<i32>,
    last_error: Option<String>,
    created_at: OffsetDateTime,
    finished_at: Option<OffsetDateTime>,
    data: Value,
}

impl TryFrom<Row> for WebhookDelivery {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let state = DeliveryState::from_text(&row.state)?;
        Ok(Self {
            id: row.id,
            message_id: row.message_id,
            kind: row.kind,
            channel: Some(row.channel).filter(|channel| !channel.is_empty()),
            state,
            attempts: row.attempts,
            next_at: (state == DeliveryState::Pending).then_some(row.next_at),
            last_status: row.last_status,
            last_error: row.last_error,
            created_at: row.created_at,
            finished_at: row.finished_at,
            data: row.data,
            place: row.place,
        })
    }
}

/// Newest first.
pub async fn deliveries(
    tx: &mut TenantTx,
    endpoint: Uuid,
    wanted: &Wanted,
) -> Result<Page<WebhookDelivery>, sqlx::Error> {
    let organisation = tx.organisation().uuid();
    let below = wanted.page.after().1.and_then(|place| place.parse::<i64>().ok());
    let state = wanted.state.map(DeliveryState::as_str);
    let kind = wanted.kind.map(EventType::as_str);
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT d.id, d.message_id, d.place AS "place!", d.channel, d.type AS kind, d.state,
                  d.attempts, d.next_at, d.last_status, d.last_error, d.created_at, d.finished_at,
                  m.data
           FROM (SELECT * FROM webhook_deliveries
                 WHERE endpoint_id = $1 AND organisation_id = $2
                   AND ($3::bigint IS NULL OR place < $3) AND ($4::text IS NULL OR state = $4)
                 ORDER BY place DESC LIMIT $5) d
           JOIN webhook_messages m ON m.id = d.message_id
           WHERE ($6::text IS NULL OR d.type = $6) AND ($7::text IS NULL OR d.channel = $7)
           ORDER BY d.place DESC LIMIT $8"#,
        endpoint,
        organisation,
        below,
        state,
        LOOKED_THROUGH,
        kind,
        wanted.channel,
        wanted.page.fetch(),
    )
    .fetch_all(tx.db())
    .await?;
    let found: Vec<_> =
        rows.into_iter().map(WebhookDelivery::try_from).collect::<Result<_, _>>()?;
    let is_full = found.len() > usize::from(wanted.page.limit);
    let page = wanted.page.page(found, |delivery| at_place(delivery.place));
    if is_full || (kind.is_none() && wanted.channel.is_none()) {
        return Ok(page);
    }
    let end = sqlx::query!(
        r#"SELECT min(place) AS place, count(*) AS "looked_through!" FROM (
               SELECT place FROM webhook_deliveries
               WHERE endpoint_id = $1 AND organisation_id = $2
                 AND ($3::bigint IS NULL OR place < $3) AND ($4::text IS NULL OR state = $4)
               ORDER BY place DESC LIMIT $5) looked_at"#,
        endpoint,
        organisation,
        below,
        state,
        LOOKED_THROUGH,
    )
    .fetch_one(tx.db())
    .await?;
    let goes_on = end.looked_through == LOOKED_THROUGH;
    let next = end.place.filter(|_| goes_on).map(|place| at_place(place).to_cursor());
    Ok(Page { next_cursor: next, ..page })
}

/// A delivery's place in pages is its place among all.
fn at_place(place: i64) -> Position {
    Position { created_at: OffsetDateTime::UNIX_EPOCH, id: place.to_string() }
}

pub async fn delivery(
    tx: &mut TenantTx,
    endpoint: Uuid,
    id: Uuid,
) -> Result<Option<WebhookDelivery>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT d.id, d.message_id, d.place AS "place!", d.channel, d.type AS kind, d.state,
                  d.attempts, d.next_at, d.last_status, d.last_error, d.created_at, d.finished_at,
                  m.data
           FROM webhook_deliveries d JOIN webhook_messages m ON m.id = d.message_id
           WHERE d.id = $1 AND d.endpoint_id = $2 AND d.organisation_id = $3"#,
        id,
        endpoint,
        tx.organisation().uuid(),
    )
    .fetch_optional(tx.db())
    .await?;
    row.map(WebhookDelivery::try_from).transpose()
}

/// Newest first; those that carried `delivery`, if it is given.
pub async fn attempts(
    tx: &mut TenantTx,
    endpoint: Uuid,
    delivery: Option<Uuid>,
    page: &PageRequest,
) -> Result<Vec<WebhookAttempt>, sqlx::Error> {
    let (before, before_id) = page.after();
    sqlx::query_as!(
        WebhookAttempt,
        "SELECT a.id, a.at, a.duration_ms, a.attempt, a.events, a.status, a.error
         FROM webhook_attempts a
         WHERE a.endpoint_id = $1 AND a.organisation_id = $2
           AND ($3::timestamptz IS NULL OR (a.at, a.id::text) < ($3, $4))
           AND ($5::uuid IS NULL OR a.id IN (
               SELECT attempt_id FROM webhook_attempt_deliveries WHERE delivery_id = $5))
         ORDER BY a.at DESC, a.id::text DESC LIMIT $6",
        endpoint,
        tx.organisation().uuid(),
        before,
        before_id,
        delivery,
        page.fetch(),
    )
    .fetch_all(tx.db())
    .await
}

pub fn position(attempt: &WebhookAttempt) -> Position {
    Position { created_at: attempt.at, id: attempt.id.to_string() }
}

/// One attempt, with all that was said.
pub async fn exchange(
    tx: &mut TenantTx,
    endpoint: Uuid,
    id: Uuid,
) -> Result<Option<WebhookExchange>, sqlx::Error> {
    let organisation = tx.organisation().uuid();
    let row = sqlx::query!(
        r#"SELECT at, duration_ms, attempt, events, status, error, request_body, response_body,
                  request_headers AS "request_headers: Json<BTreeMap<String, String>>",
                  response_headers AS "response_headers: Json<BTreeMap<String, String>>"
           FROM webhook_attempts
           WHERE id = $1 AND endpoint_id = $2 AND organisation_id = $3"#,
        id,
        endpoint,
        organisation,
    )
    .fetch_optional(tx.db())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let carried = sqlx::query!(
        "SELECT d.id, d.type AS kind, d.channel, d.state
         FROM webhook_attempt_deliveries c JOIN webhook_deliveries d ON d.id = c.delivery_id
         WHERE c.attempt_id = $1 AND c.organisation_id = $2 ORDER BY d.place",
        id,
        organisation,
    )
    .fetch_all(tx.db())
    .await?;
    let deliveries = carried
        .into_iter()
        .map(|row| {
            Ok(CarriedDelivery {
                id: row.id,
                kind: row.kind,
                channel: Some(row.channel).filter(|channel| !channel.is_empty()),
                state: DeliveryState::from_text(&row.state)?,
            })
        })
        .collect::<Result<_, sqlx::Error>>()?;
    let attempt = Attempt {
        id,
        at: row.at,
        duration_ms: row.duration_ms,
        attempt: row.attempt,
        events: row.events,
        status: row.status,
        error: row.error,
        request_headers: row.request_headers.0,
        request_body: row.request_body,
        response_headers: row.response_headers.map(|headers| headers.0),
        response_body: row.response_body,
    };
    Ok(Some(WebhookExchange { attempt, deliveries }))
}

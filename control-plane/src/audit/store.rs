//! The log in Postgres. The database numbers, links and hashes what is inserted.

use super::{
    Actor, Deed,
    model::{AuditQuery, Entry, EntryActor, EntryApp, Head, ListedEntry},
};
use crate::{
    api::{PageRequest, Position, request_id},
    db::{Organisation, TenantTx},
};
use serde_json::Value;
use sqlx::PgConnection;
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};
use uuid::Uuid;

const AT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

pub async fn append(
    db: &mut PgConnection,
    organisation: Organisation,
    actor: &Actor,
    deed: &Deed,
) -> Result<(), sqlx::Error> {
    let request_id = Some(request_id::current()).filter(|id| !id.is_empty());
    sqlx::query!(
        "INSERT INTO audit_log (organisation_id, user_id, actor_kind, actor_id, actor_name, action,
                                subject, before, after, request_id, address)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        organisation.uuid(),
        actor.person.map(|person| person.0),
        actor.kind,
        actor.id,
        actor.name,
        deed.action,
        deed.subject,
        deed.before,
        deed.after,
        request_id,
        request_id::address().map(|address| address.to_string()),
    )
    .execute(db)
    .await?;
    Ok(())
}

struct Row {
    organisation_id: Uuid,
    seq: i64,
    at: OffsetDateTime,
    actor_kind: String,
    actor_id: Option<String>,
    actor_name: Option<String>,
    user_id: Option<Uuid>,
    action: String,
    subject: String,
    before: Option<Value>,
    after: Option<Value>,
    request_id: Option<String>,
    address: Option<String>,
    prev_hash: Vec<u8>,
    hash: Vec<u8>,
    subject_name: Option<String>,
    app_id: Option<String>,
    app_name: Option<String>,
}

impl TryFrom<Row> for ListedEntry {
    type Error = sqlx::Error;
    fn try_from(mut row: Row) -> Result<Self, sqlx::Error> {
        let app = row.app_id.take().zip(row.app_name.take());
        Ok(Self {
            subject_name: row.subject_name.take(),
            app: app.map(|(id, name)| EntryApp { id, name }),
            entry: row.try_into()?,
        })
    }
}

impl TryFrom<Row> for Entry {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let at = row.at.to_offset(time::UtcOffset::UTC).format(AT);
        Ok(Self {
            v: 1,
            organisation_id: row.organisation_id,
            seq: row.seq,
            at: at.map_err(|e| sqlx::Error::Decode(e.into()))?,
            actor: EntryActor {
                kind: row.actor_kind,
                id: row.actor_id,
                name: row.actor_name,
                person: row.user_id,
            },
            action: row.action,
            subject: row.subject,
            before: row.before,
            after: row.after,
            request_id: row.request_id,
            address: row.address,
            prev_hash: hex::encode(row.prev_hash),
            hash: hex::encode(row.hash),
        })
    }
}

/// Newest first. An entry's place in pages is its number.
pub async fn page(
    tx: &mut TenantTx,
    query: &AuditQuery,
    page: &PageRequest,
) -> Result<Vec<ListedEntry>, sqlx::Error> {
    let below = page.after().1.and_then(|seq| seq.parse::<i64>().ok());
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT l.organisation_id, l.seq, l.at, l.actor_kind, l.actor_id, l.actor_name, l.user_id,
                  l.action, l.subject, l.before, l.after, l.request_id, l.address, l.prev_hash, l.hash,
                  named.name AS "subject_name?", a.id AS "app_id?", a.name AS "app_name?"
         FROM audit_log l
         LEFT JOIN LATERAL (
             SELECT app_id, name FROM secret_keys
             WHERE id = l.subject AND starts_with(l.action, 'key.')
             UNION ALL
             SELECT app_id, name FROM publishable_keys
             WHERE key = l.subject AND starts_with(l.action, 'publishable_key.')
             UNION ALL
             SELECT app_id, NULL FROM app_credentials
             WHERE key = l.subject AND starts_with(l.action, 'credential.')
             UNION ALL
             SELECT app_id, coalesce(nullif(description, ''), substring(url FROM '^[^?#]*'))
             FROM webhook_endpoints
             WHERE organisation_id = l.organisation_id AND starts_with(l.action, 'webhook.')
               AND id = CASE l.action
                   WHEN 'webhook.delivery_replayed' THEN (
                       SELECT d.endpoint_id FROM webhook_deliveries d WHERE d.id = l.subject::uuid)
                   ELSE l.subject::uuid END
             UNION ALL
             SELECT id, name FROM apps
             WHERE id = l.subject AND starts_with(l.action, 'app.')
             LIMIT 1
         ) named ON true
         LEFT JOIN apps a ON a.organisation_id = l.organisation_id
              AND a.id = coalesce(named.app_id, l.after->>'app_id', l.before->>'app_id')
         WHERE l.organisation_id = $1
           AND ($2::bigint IS NULL OR l.seq < $2)
           AND ($3::text IS NULL OR l.actor_id = $3 OR l.user_id::text = $3
                OR lower(l.actor_name) = lower($3))
           AND ($4::text IS NULL OR l.action = $4 OR starts_with(l.action, $4 || '.'))
           AND ($5::text IS NULL OR l.subject = $5)
           AND ($6::timestamptz IS NULL OR l.at >= $6)
           AND ($7::timestamptz IS NULL OR l.at < $7)
           AND ($9::text IS NULL OR a.id = $9)
         ORDER BY l.seq DESC LIMIT $8"#,
        tx.organisation().uuid(),
        below,
        query.actor,
        query.action,
        query.subject,
        query.from,
        query.to,
        page.fetch(),
        query.app,
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter().map(ListedEntry::try_from).collect()
}

pub fn position(listed: &ListedEntry) -> Position {
    Position { created_at: OffsetDateTime::UNIX_EPOCH, id: listed.entry.seq.to_string() }
}

/// The next entries after `after`, oldest first.
pub async fn following(
    tx: &mut TenantTx,
    after: i64,
    from: Option<OffsetDateTime>,
    to: Option<OffsetDateTime>,
    limit: i64,
) -> Result<Vec<Entry>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT organisation_id, seq, at, actor_kind, actor_id, actor_name, user_id, action, subject,
                before, after, request_id, address, prev_hash, hash,
                NULL::text AS subject_name, NULL::text AS app_id, NULL::text AS app_name
         FROM audit_log
         WHERE organisation_id = $1 AND seq > $2
           AND ($3::timestamptz IS NULL OR at >= $3) AND ($4::timestamptz IS NULL OR at < $4)
         ORDER BY seq LIMIT $5",
        tx.organisation().uuid(),
        after,
        from,
        to,
        limit,
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter().map(Entry::try_from).collect()
}

pub async fn head(tx: &mut TenantTx) -> Result<Head, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT seq, hash, at FROM audit_heads WHERE organisation_id = $1",
        tx.organisation().uuid(),
    )
    .fetch_optional(tx.db())
    .await?;
    Ok(match row {
        Some(row) => Head { seq: row.seq, hash: hex::encode(row.hash), at: Some(row.at) },
        None => Head { seq: 0, hash: hex::encode(super::chain::BEGINNING), at: None },
    })
}

//! The log in Postgres. The database numbers, links and hashes what is inserted.

use super::{
    Actor, Deed,
    model::{AuditQuery, Entry, EntryActor, Head},
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
) -> Result<Vec<Entry>, sqlx::Error> {
    let below = page.after().1.and_then(|seq| seq.parse::<i64>().ok());
    let rows = sqlx::query_as!(
        Row,
        "SELECT organisation_id, seq, at, actor_kind, actor_id, actor_name, user_id, action, subject,
                before, after, request_id, address, prev_hash, hash
         FROM audit_log
         WHERE organisation_id = $1
           AND ($2::bigint IS NULL OR seq < $2)
           AND ($3::text IS NULL OR actor_id = $3 OR user_id::text = $3
                OR lower(actor_name) = lower($3))
           AND ($4::text IS NULL OR action = $4 OR starts_with(action, $4 || '.'))
           AND ($5::text IS NULL OR subject = $5)
           AND ($6::timestamptz IS NULL OR at >= $6)
           AND ($7::timestamptz IS NULL OR at < $7)
         ORDER BY seq DESC LIMIT $8",
        tx.organisation().uuid(),
        below,
        query.actor,
        query.action,
        query.subject,
        query.from,
        query.to,
        page.fetch(),
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter().map(Entry::try_from).collect()
}

pub fn position(entry: &Entry) -> Position {
    Position { created_at: OffsetDateTime::UNIX_EPOCH, id: entry.seq.to_string() }
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
                before, after, request_id, address, prev_hash, hash
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

//! Organisations and memberships in Postgres.

use super::{Role, model::Organisation};
use crate::{
    api::{PageRequest, Position},
    db::{PersonId, PersonTx, TenantTx},
    plans,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// Organisations that one person can own.
pub const MAX_OWNED: i64 = 10;
/// More organisations than this are listed by page only.
const ALL_AT_MOST: i64 = 100;

struct Row {
    id: Uuid,
    name: String,
    role: String,
    created_at: OffsetDateTime,
    deleting_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for Organisation {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let role = Role::try_from(row.role).map_err(|e| sqlx::Error::Decode(e.into()))?;
        Ok(Self {
            id: row.id,
            name: row.name,
            role,
            created_at: row.created_at,
            deleting_at: row.deleting_at,
        })
    }
}

/// Makes the transaction's organisation, owned by its person.
pub async fn insert(tx: &mut TenantTx, name: &str) -> Result<Organisation, sqlx::Error> {
    let (organisation, person) = (tx.organisation().uuid(), tx.person().0);
    let created_at = sqlx::query_scalar!(
        "INSERT INTO organisations (id, name) VALUES ($1, $2) RETURNING created_at",
        organisation,
        name,
    )
    .fetch_one(tx.db())
    .await?;
    sqlx::query!(
        "INSERT INTO memberships (organisation_id, user_id, role) VALUES ($1, $2, 'owner')",
        organisation,
        person,
    )
    .execute(tx.db())
    .await?;
    plans::store::start(tx).await?;
    let name = name.to_owned();
    Ok(Organisation { id: organisation, name, role: Role::Owner, created_at, deleting_at: None })
}

pub async fn all_of(tx: &mut PersonTx, person: PersonId) -> Result<Vec<Organisation>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT o.id, o.name, m.role, o.created_at, o.deleting_at
         FROM memberships m JOIN organisations o ON o.id = m.organisation_id
         WHERE m.user_id = $1 ORDER BY o.created_at, o.id LIMIT $2",
        person.0,
        ALL_AT_MOST,
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter().map(Organisation::try_from).collect()
}

pub async fn page_of(
    tx: &mut PersonTx,
    person: PersonId,
    only: Option<Uuid>,
    page: &PageRequest,
) -> Result<Vec<Organisation>, sqlx::Error> {
    let (before, before_id) = page.after();
    let before_id = before_id.and_then(|id| id.parse::<Uuid>().ok());
    let rows = sqlx::query_as!(
        Row,
        "SELECT o.id, o.name, m.role, o.created_at, o.deleting_at
         FROM memberships m JOIN organisations o ON o.id = m.organisation_id
         WHERE m.user_id = $1
           AND ($2::timestamptz IS NULL OR (o.created_at, o.id) < ($2, $3::uuid))
           AND ($5::uuid IS NULL OR o.id = $5)
         ORDER BY o.created_at DESC, o.id DESC LIMIT $4",
        person.0,
        before,
        before_id,
        page.fetch(),
        only,
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter().map(Organisation::try_from).collect()
}

/// The organisation as `person` belongs to it; nothing when they do not, or it does not exist.
pub async fn membership(
    tx: &mut PersonTx,
    person: PersonId,
    organisation: Uuid,
) -> Result<Option<Organisation>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT o.id, o.name, m.role, o.created_at, o.deleting_at
         FROM memberships m JOIN organisations o ON o.id = m.organisation_id
         WHERE m.user_id = $1 AND m.organisation_id = $2",
        person.0,
        organisation,
    )
    .fetch_optional(tx.db())
    .await?;
    row.map(Organisation::try_from).transpose()
}

/// The organisation, held until commit: for what must be decided one at a time. The role is not
/// known here; it is shown as the least.
pub async fn lock(tx: &mut TenantTx) -> Result<Organisation, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT id, name, created_at, deleting_at FROM organisations WHERE id = $1
         FOR NO KEY UPDATE",
        tx.organisation().uuid(),
    )
    .fetch_one(tx.db())
    .await?;
    Ok(Organisation {
        id: row.id,
        name: row.name,
        role: Role::Viewer,
        created_at: row.created_at,
        deleting_at: row.deleting_at,
    })
}

/// Whether its apps may work: it is not on its way out.
pub async fn stands(tx: &mut TenantTx) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT deleting_at IS NULL AS "stands!" FROM organisations WHERE id = $1"#,
        tx.organisation().uuid(),
    )
    .fetch_one(tx.db())
    .await
}

/// How many organisations somebody owns. Holds the person's row, so that two requests cannot both
/// make the last one.
pub async fn owned_by(tx: &mut PersonTx, person: PersonId) -> Result<i64, sqlx::Error> {
    sqlx::query!("SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE", person.0)
        .fetch_optional(tx.db())
        .await?;
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM memberships WHERE user_id = $1 AND role = 'owner'"#,
        person.0,
    )
    .fetch_one(tx.db())
    .await
}

pub async fn rename(tx: &mut TenantTx, name: &str) -> Result<(), sqlx::Error> {
    let id = tx.organisation().uuid();
    sqlx::query!("UPDATE organisations SET name = $2 WHERE id = $1", id, name)
        .execute(tx.db())
        .await?;
    Ok(())
}

pub fn position(organisation: &Organisation) -> Position {
    Position { created_at: organisation.created_at, id: organisation.id.to_string() }
}

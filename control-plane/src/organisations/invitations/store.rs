//! Invitations in Postgres.

use super::model::{Invitation, InvitationToken, InvitationView};
use crate::{
    api::{PageRequest, Position},
    db::{Db, TenantTx},
    organisations::Role,
};
use contract::TokenHash;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

pub const LIFETIME: Duration = Duration::days(7);
/// Invitations of one organisation in a day: each is a mail to somebody who did not ask for it.
pub const PER_DAY: i64 = 50;

struct Row {
    id: Uuid,
    email: String,
    role: String,
    invited_by: Option<Uuid>,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
}

impl TryFrom<Row> for Invitation {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let Row { id, email, invited_by, created_at, expires_at, .. } = row;
        Ok(Self { id, email, role: role_of(row.role)?, invited_by, created_at, expires_at })
    }
}

fn role_of(stored: String) -> Result<Role, sqlx::Error> {
    Role::try_from(stored).map_err(|e| sqlx::Error::Decode(e.into()))
}

pub async fn sent_today(tx: &mut TenantTx) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM invitations
           WHERE organisation_id = $1 AND created_at > now() - interval '1 day'"#,
        tx.organisation().uuid(),
    )
    .fetch_one(tx.db())
    .await
}

/// Stores an invitation in place of one that is open for the same address.
pub async fn insert(
    tx: &mut TenantTx,
    email: &str,
    role: Role,
    token: TokenHash,
) -> Result<Invitation, sqlx::Error> {
    let (organisation, person) = (tx.organisation().uuid(), tx.person().0);
    sqlx::query!(
        "UPDATE invitations SET withdrawn_at = now()
         WHERE organisation_id = $1 AND lower(email) = lower($2)
           AND accepted_at IS NULL AND withdrawn_at IS NULL",
        organisation,
        email,
    )
    .execute(tx.db())
    .await?;
    let row = sqlx::query_as!(
        Row,
        "INSERT INTO invitations
             (id, organisation_id, email, role, token_hash, invited_by, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         RETURNING id, email, role, invited_by, created_at, expires_at",
        Uuid::now_v7(),
        organisation,
        email,
        role.as_str(),
        &token.as_bytes()[..],
        person,
        OffsetDateTime::now_utc() + LIFETIME,
    )
    .fetch_one(tx.db())
    .await?;
    row.try_into()
}

/// Those that can still be accepted, newest first.
pub async fn page(tx: &mut TenantTx, page: &PageRequest) -> Result<Vec<Invitation>, sqlx::Error> {
    let (before, before_id) = page.after();
    let before_id = before_id.and_then(|id| id.parse::<Uuid>().ok());
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, email, role, invited_by, created_at, expires_at FROM invitations
         WHERE organisation_id = $1
           AND accepted_at IS NULL AND withdrawn_at IS NULL AND expires_at > now()
           AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $4",
        tx.organisation().uuid(),
        before,
        before_id,
        page.fetch(),
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter().map(Invitation::try_from).collect()
}

pub fn position(invitation: &Invitation) -> Position {
    Position { created_at: invitation.created_at, id: invitation.id.to_string() }
}

/// One that can still be accepted, held until commit.
pub async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<Option<Invitation>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, email, role, invited_by, created_at, expires_at FROM invitations
         WHERE organisation_id = $1 AND id = $2
           AND accepted_at IS NULL AND withdrawn_at IS NULL AND expires_at > now()
         FOR UPDATE",
        tx.organisation().uuid(),
        id,
    )
    .fetch_optional(tx.db())
    .await?;
    row.map(Invitation::try_from).transpose()
}

pub async fn withdraw(tx: &mut TenantTx, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE invitations SET withdrawn_at = now() WHERE organisation_id = $1 AND id = $2",
        tx.organisation().uuid(),
        id,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

pub async fn accept(tx: &mut TenantTx, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE invitations SET accepted_at = now() WHERE organisation_id = $1 AND id = $2",
        tx.organisation().uuid(),
        id,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Which invitation a link is of, and what it invites to.
pub struct Found {
    pub id: Uuid,
    pub organisation: Uuid,
    pub view: InvitationView,
}

/// Nothing when it was used, withdrawn or has expired, or the organisation is being deleted.
pub async fn find(db: &Db, token: &InvitationToken) -> Result<Option<Found>, sqlx::Error> {
    let hash = token.hash();
    let mut tx = db.service().await?;
    let row = sqlx::query!(
        r#"SELECT i.id, i.organisation_id, i.email, i.role, i.expires_at, o.name,
                  EXISTS (SELECT FROM users u WHERE lower(u.email) = lower(i.email)) AS "has!"
           FROM invitations i JOIN organisations o ON o.id = i.organisation_id
           WHERE i.token_hash = $1 AND i.accepted_at IS NULL AND i.withdrawn_at IS NULL
             AND i.expires_at > now() AND o.deleting_at IS NULL"#,
        &hash.as_bytes()[..],
    )
    .fetch_optional(tx.db())
    .await?;
    tx.commit().await?;
    let Some(row) = row else { return Ok(None) };
    let view = InvitationView {
        organisation: row.name,
        email: row.email,
        role: role_of(row.role)?,
        expires_at: row.expires_at,
        has_account: row.has,
    };
    Ok(Some(Found { id: row.id, organisation: row.organisation_id, view }))
}

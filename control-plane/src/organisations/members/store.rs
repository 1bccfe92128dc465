//! Members in Postgres.

use super::model::Member;
use crate::{
    api::{ApiError, PageRequest, Position},
    db::{PersonId, TenantTx},
    organisations::Role,
    plans,
};
use time::OffsetDateTime;
use uuid::Uuid;

struct Row {
    user_id: Uuid,
    email: String,
    name: Option<String>,
    role: String,
    joined_at: OffsetDateTime,
}

impl TryFrom<Row> for Member {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let role = Role::try_from(row.role).map_err(|e| sqlx::Error::Decode(e.into()))?;
        let Row { user_id, email, name, joined_at, .. } = row;
        Ok(Self { user_id, email, name, role, joined_at })
    }
}

/// Newest first.
pub async fn page(tx: &mut TenantTx, page: &PageRequest) -> Result<Vec<Member>, sqlx::Error> {
    let (before, before_id) = page.after();
    let before_id = before_id.and_then(|id| id.parse::<Uuid>().ok());
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT user_id AS "user_id!", email AS "email!", name, role AS "role!",
                  created_at AS "joined_at!"
           FROM members
           WHERE organisation_id = $1
             AND ($2::timestamptz IS NULL OR (created_at, user_id) < ($2, $3::uuid))
           ORDER BY created_at DESC, user_id DESC LIMIT $4"#,
        tx.organisation().uuid(),
        before,
        before_id,
        page.fetch(),
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter().map(Member::try_from).collect()
}

pub fn position(member: &Member) -> Position {
    Position { created_at: member.joined_at, id: member.user_id.to_string() }
}

pub async fn get(tx: &mut TenantTx, person: PersonId) -> Result<Option<Member>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT user_id AS "user_id!", email AS "email!", name, role AS "role!",
                  created_at AS "joined_at!"
           FROM members WHERE organisation_id = $1 AND user_id = $2"#,
        tx.organisation().uuid(),
        person.0,
    )
    .fetch_optional(tx.db())
    .await?;
    row.map(Member::try_from).transpose()
}

/// Who has one of these roles: for mail that concerns them.
pub async fn with_roles(tx: &mut TenantTx, roles: &[Role]) -> Result<Vec<Member>, sqlx::Error> {
    let names: Vec<String> = roles.iter().map(|role| role.as_str().to_owned()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT user_id AS "user_id!", email AS "email!", name, role AS "role!",
                  created_at AS "joined_at!"
           FROM members WHERE organisation_id = $1 AND role = ANY($2) ORDER BY created_at"#,
        tx.organisation().uuid(),
        &names,
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter().map(Member::try_from).collect()
}

pub async fn has_address(tx: &mut TenantTx, email: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM members WHERE organisation_id = $1
                          AND lower(email) = lower($2)) AS "has!""#,
        tx.organisation().uuid(),
        email,
    )
    .fetch_one(tx.db())
    .await
}

/// Errors: 409 when the person is a member already.
pub async fn insert(tx: &mut TenantTx, person: PersonId, role: Role) -> Result<(), ApiError> {
    let done = sqlx::query!(
        "INSERT INTO memberships (organisation_id, user_id, role) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
        tx.organisation().uuid(),
        person.0,
        role.as_str(),
    )
    .execute(tx.db())
    .await?;
    match done.rows_affected() {
        1 => Ok(()),
        _ => Err(already_member()),
    }
}

pub fn already_member() -> ApiError {
    ApiError::Conflict {
        code: "already_member",
        detail: "whoever has this address belongs to the organisation already",
    }
}

pub async fn set_role(tx: &mut TenantTx, person: PersonId, role: Role) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE memberships SET role = $3 WHERE organisation_id = $1 AND user_id = $2",
        tx.organisation().uuid(),
        person.0,
        role.as_str(),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

pub async fn remove(tx: &mut TenantTx, person: PersonId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM memberships WHERE organisation_id = $1 AND user_id = $2",
        tx.organisation().uuid(),
        person.0,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Errors: 409 when nobody else owns the organisation. The caller holds its row.
pub async fn require_another_owner(tx: &mut TenantTx, besides: PersonId) -> Result<(), ApiError> {
    let another = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM memberships WHERE organisation_id = $1
                          AND role = 'owner' AND user_id <> $2) AS "another!""#,
        tx.organisation().uuid(),
        besides.0,
    )
    .fetch_one(tx.db())
    .await?;
    match another {
        true => Ok(()),
        false => Err(ApiError::Conflict {
            code: "last_owner",
            detail: "an organisation always has an owner: make another member one first",
        }),
    }
}

/// Errors: 403 when the plan has no seat left. An open invitation holds a seat; that to `besides`
/// does not count, since it is about to be used or replaced. The caller holds the organisation's row.
pub async fn require_seat(tx: &mut TenantTx, besides: &str) -> Result<(), ApiError> {
    let plan = plans::store::limits(tx).await?;
    let taken = sqlx::query_scalar!(
        r#"SELECT (SELECT count(*) FROM memberships WHERE organisation_id = $1)
                + (SELECT count(*) FROM invitations
                   WHERE organisation_id = $1 AND accepted_at IS NULL AND withdrawn_at IS NULL
                     AND expires_at > now() AND lower(email) <> lower($2)) AS "taken!""#,
        tx.organisation().uuid(),
        besides,
    )
    .fetch_one(tx.db())
    .await?;
    plan.require_seats(taken)
}

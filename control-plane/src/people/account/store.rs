//! The end of an account in Postgres.

use crate::db::{PersonId, ServiceTx};
use uuid::Uuid;

/// Organisations that would be left without an owner, those that are being deleted apart. Until the transaction ends, nobody joins,
/// leaves or changes their role in any organisation of this person.
pub async fn owned_alone(tx: &mut ServiceTx, person: PersonId) -> Result<Vec<Uuid>, sqlx::Error> {
    let members = sqlx::query!(
        "SELECT organisation_id, user_id, role FROM memberships
         WHERE organisation_id IN (
             SELECT m.organisation_id
             FROM memberships m JOIN organisations o ON o.id = m.organisation_id
             WHERE m.user_id = $1 AND o.deleting_at IS NULL)
         ORDER BY organisation_id, user_id FOR UPDATE",
        person.0,
    )
    .fetch_all(tx.db())
    .await?;
    let owners = || members.iter().filter(|m| m.role == "owner");
    let shared = |id| owners().any(|m| m.organisation_id == id && m.user_id != person.0);
    let owned = owners().filter(|m| m.user_id == person.0).map(|m| m.organisation_id);
    Ok(owned.filter(|id| !shared(*id)).collect())
}

/// Sessions, memberships and everything else of the person go with it.
pub async fn delete(tx: &mut ServiceTx, person: PersonId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM users WHERE id = $1", person.0).execute(tx.db()).await?;
    Ok(())
}

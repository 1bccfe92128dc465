//! The end of an account in Postgres.

use crate::{
    db::{Organisation, PersonId, ServiceTx},
    people::model::User,
};

/// What somebody belongs to.
pub struct Membership {
    pub organisation: Organisation,
    /// Nobody else owns it, and it is not being deleted.
    pub owned_alone: bool,
}

/// Until the transaction ends, nobody joins, leaves or changes their role in any of them.
pub async fn memberships(
    tx: &mut ServiceTx,
    person: PersonId,
) -> Result<Vec<Membership>, sqlx::Error> {
    sqlx::query!(
        "SELECT id FROM organisations
         WHERE id IN (SELECT organisation_id FROM memberships WHERE user_id = $1)
         ORDER BY id FOR NO KEY UPDATE",
        person.0,
    )
    .fetch_all(tx.db())
    .await?;
    let rows = sqlx::query!(
        r#"SELECT o.id, m.role = 'owner' AND o.deleting_at IS NULL AND NOT EXISTS (
                      SELECT FROM memberships other
                      WHERE other.organisation_id = o.id AND other.role = 'owner'
                        AND other.user_id <> $1) AS "owned_alone!"
           FROM memberships m JOIN organisations o ON o.id = m.organisation_id
           WHERE m.user_id = $1 ORDER BY o.id"#,
        person.0,
    )
    .fetch_all(tx.db())
    .await?;
    let membership =
        |id, owned_alone| Membership { organisation: Organisation::known(id), owned_alone };
    Ok(rows.into_iter().map(|row| membership(row.id, row.owned_alone)).collect())
}

/// Sessions, memberships and everything else of the person go with it; the organisations' logs say
/// that they left.
pub async fn delete(
    tx: &mut ServiceTx,
    user: &User,
    memberships: &[Membership],
) -> Result<(), sqlx::Error> {
    for membership in memberships {
        let subject = user.id.to_string();
        tx.audit_in(membership.organisation, user, "member.deleted_account", &subject).await?;
    }
    sqlx::query!("DELETE FROM users WHERE id = $1", user.id).execute(tx.db()).await?;
    Ok(())
}

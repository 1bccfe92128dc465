//! From an invitation to a membership.

use super::store::{self, Found};
use crate::{
    api::ApiError,
    db::TenantTx,
    organisations::{self, members, model::Organisation},
};

/// What an invitation answers that can no longer be accepted.
pub fn spent() -> ApiError {
    ApiError::Conflict {
        code: "invitation_spent",
        detail: "this invitation was used or withdrawn, or it has expired",
    }
}

/// Makes the transaction's person a member, and uses up the invitation.
pub async fn join(tx: &mut TenantTx, found: &Found) -> Result<Organisation, ApiError> {
    let person = tx.person();
    let organisation = organisations::store::lock(tx).await?;
    let invitation = store::lock(tx, found.id).await?.ok_or_else(spent)?;
    members::store::require_seat(tx, &invitation.email).await?;
    members::store::insert(tx, person, invitation.role).await?;
    store::accept(tx, invitation.id).await?;
    let member = members::store::get(tx, person).await?.ok_or(ApiError::NotFound)?;
    tx.audit_change("member.joined", &person.0.to_string(), None, Some(&member)).await?;
    Ok(Organisation { role: member.role, ..organisation })
}

//! The way into an organisation: from the id in the path to a transaction that sees its rows.

use super::{Permission, Role, model::Organisation, store};
use crate::{api::ApiError, db, state::State, tokens::Caller};
use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use std::{future::Future, pin::Pin};
use uuid::Uuid;

/// Proof that whoever asks belongs to the organisation in the path. An organisation of others
/// answers exactly like one that does not exist.
pub struct OrganisationAccess {
    pub caller: Caller,
    pub organisation: Organisation,
}

impl OrganisationAccess {
    /// Errors: 403 when the role does not allow it, or the token, which may also be confined to
    /// apps; 409 when it would change an organisation that is being deleted.
    pub fn require(&self, permission: Permission) -> Result<(), ApiError> {
        self.require_of_apps(permission)?;
        self.require_whole()
    }

    /// Errors: 403 for a token that is confined to apps.
    pub fn require_whole(&self) -> Result<(), ApiError> {
        match self.caller.apps() {
            None => Ok(()),
            Some(_) => Err(ApiError::TokenForbidden),
        }
    }

    /// Errors: 403 when `role` allows what the caller may not, so that nobody gives, or takes from
    /// others, more than they have.
    pub fn require_to_give(&self, role: Role) -> Result<(), ApiError> {
        match role.permissions().all(|permission| self.may(permission)) {
            true => Ok(()),
            false => Err(ApiError::Forbidden),
        }
    }

    /// The same where a token may be confined to apps, because the caller looks after that.
    pub fn require_of_apps(&self, permission: Permission) -> Result<(), ApiError> {
        self.require_even_deleting(permission)?;
        match self.organisation.deleting_at.is_some() && permission.changes_something() {
            false => Ok(()),
            true => Err(ApiError::Conflict {
                code: "organisation_deleting",
                detail: "this organisation is being deleted: restore it first",
            }),
        }
    }

    /// The same for what also ends or undoes a deletion.
    pub fn require_even_deleting(&self, permission: Permission) -> Result<(), ApiError> {
        #[cfg(test)]
        crate::testing::required::note(permission);
        if !self.organisation.role.may(permission) {
            return Err(ApiError::Forbidden);
        }
        match self.may(permission) {
            true => Ok(()),
            false => Err(ApiError::TokenForbidden),
        }
    }

    /// Whether role and token together allow it.
    pub fn may(&self, permission: Permission) -> bool {
        let token_may = match &self.caller {
            Caller::Person(_) => true,
            Caller::Token(token) => token.permissions.contains(&permission),
        };
        token_may && self.organisation.role.may(permission)
    }

    pub fn permissions(&self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(|permission| self.may(*permission))
    }

    pub async fn begin(&self, state: &State) -> Result<db::TenantTx, ApiError> {
        let tenant = db::Organisation::known(self.organisation.id);
        let tx = state.db.person(self.caller.id()).await?;
        Ok(tx.enter(self.caller.actor(), tenant).await?)
    }

    /// Errors: 404 unless the caller belongs to `organisation`.
    pub async fn enter(
        state: &State,
        caller: Caller,
        organisation: Uuid,
    ) -> Result<Self, ApiError> {
        if !caller.may_enter(organisation) {
            return Err(ApiError::NotFound);
        }
        let mut tx = state.db.person(caller.id()).await?;
        let organisation = store::membership(&mut tx, caller.id(), organisation).await?;
        tx.commit().await?;
        Ok(Self { caller, organisation: organisation.ok_or(ApiError::NotFound)? })
    }

    async fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let caller = Caller::of(request).await?;
        let state = request.app_data::<Data<State>>();
        let state = state.ok_or_else(|| ApiError::internal("no state"))?;
        let id = request.match_info().get("org").and_then(|raw| raw.parse::<Uuid>().ok());
        Self::enter(state, caller, id.ok_or(ApiError::NotFound)?).await
    }
}

impl FromRequest for OrganisationAccess {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}

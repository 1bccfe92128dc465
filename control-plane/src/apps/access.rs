//! The way to an app: from the id in the path to a transaction of its organisation.

use super::store;
use crate::{
    api::ApiError,
    db::TenantTx,
    organisations::{OrganisationAccess, Permission},
    state::State,
    tokens::Caller,
};
use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use contract::AppId;
use std::{future::Future, pin::Pin};

/// Proof that the app in the path exists in an organisation of whoever asks. An app of others
/// answers exactly like one that does not exist.
pub struct AppAccess {
    pub app: AppId,
    organisation: OrganisationAccess,
}

impl AppAccess {
    pub fn caller(&self) -> &Caller {
        &self.organisation.caller
    }

    pub fn require(&self, permission: Permission) -> Result<(), ApiError> {
        self.organisation.require_of_apps(permission)
    }

    pub async fn begin(&self, state: &State) -> Result<TenantTx, ApiError> {
        self.organisation.begin(state).await
    }

    pub async fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let caller = Caller::of(request).await?;
        let state = request.app_data::<Data<State>>();
        let state = state.ok_or_else(|| ApiError::internal("no state"))?;
        let app = request.match_info().get("app").and_then(|raw| raw.parse::<AppId>().ok());
        let app = app.filter(|app| caller.may_reach(app)).ok_or(ApiError::NotFound)?;
        let mut tx = state.db.person(caller.id()).await?;
        let id = store::organisation_of(&mut tx, caller.id(), &app).await?;
        tx.commit().await?;
        let id = id.ok_or(ApiError::NotFound)?;
        Ok(Self { app, organisation: OrganisationAccess::enter(state, caller, id).await? })
    }
}

impl FromRequest for AppAccess {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}

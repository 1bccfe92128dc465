//! Whose endpoints are meant: an app's, which hear of its channels, or those of the organisation
//! itself, which hear of what concerns all of it.

use crate::{
    api::ApiError,
    apps::{self, AppAccess},
    db::TenantTx,
    organisations::{self, OrganisationAccess, Permission},
    state::State,
};
use contract::AppId;

pub enum Owner {
    App(AppAccess),
    Organisation(OrganisationAccess),
}

impl Owner {
    pub fn app(&self) -> Option<&AppId> {
        match self {
            Self::App(access) => Some(&access.app),
            Self::Organisation(_) => None,
        }
    }

    pub fn may_read(&self) -> Result<(), ApiError> {
        match self {
            Self::App(access) => access.require(Permission::AppsRead),
            Self::Organisation(access) => access.require(Permission::AppsRead),
        }
    }

    pub fn may_change(&self) -> Result<(), ApiError> {
        match self {
            Self::App(access) => access.require(Permission::AppsWrite),
            Self::Organisation(access) => access.require(Permission::OrganisationWrite),
        }
    }

    pub async fn begin(&self, state: &State) -> Result<TenantTx, ApiError> {
        match self {
            Self::App(access) => access.begin(state).await,
            Self::Organisation(access) => access.begin(state).await,
        }
    }

    /// A transaction in which what the endpoints add up to stays as it is until commit: the app's
    /// row is held. It comes before the endpoints' own rows.
    pub async fn begin_change(&self, state: &State) -> Result<TenantTx, ApiError> {
        let mut tx = self.begin(state).await?;
        self.hold_app(&mut tx).await?;
        Ok(tx)
    }

    /// The same, holding the organisation first: for what its plan counts.
    pub async fn hold_all(&self, tx: &mut TenantTx) -> Result<(), ApiError> {
        organisations::store::lock(tx).await?;
        self.hold_app(tx).await
    }

    async fn hold_app(&self, tx: &mut TenantTx) -> Result<(), ApiError> {
        if let Some(app) = self.app() {
            apps::store::lock(tx, app).await?.ok_or(ApiError::NotFound)?;
        }
        Ok(())
    }
}

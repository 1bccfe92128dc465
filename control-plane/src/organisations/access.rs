//! The way into an organisation: from the id in the path to a transaction that sees its rows.

use super::{Permission, model::Organisation, store};
use crate::{api::ApiError, db, people::Person, state::State};
use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use std::{future::Future, pin::Pin};
use uuid::Uuid;

/// Proof that the person asking belongs to the organisation in the path. An organisation of
/// others answers exactly like one that does not exist.
pub struct OrganisationAccess {
    pub person: Person,
    pub organisation: Organisation,
}

impl OrganisationAccess {
    pub fn require(&self, permission: Permission) -> Result<(), ApiError> {
        match self.organisation.role.may(permission) {
            true => Ok(()),
            false => Err(ApiError::Forbidden),
        }
    }

    pub async fn begin(&self, state: &State) -> Result<db::TenantTx, ApiError> {
        let tenant = db::Organisation::known(self.organisation.id);
        let tx = state.db.person(self.person.id()).await?;
        Ok(tx.enter(self.person.id(), tenant).await?)
    }

    async fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let person = Person::of(request).await?;
        let state = request.app_data::<Data<State>>();
        let state = state.ok_or_else(|| ApiError::internal("no state"))?;
        let id = request.match_info().get("org").and_then(|raw| raw.parse::<Uuid>().ok());
        let id = id.ok_or(ApiError::NotFound)?;
        let mut tx = state.db.person(person.id()).await?;
        let organisation = store::membership(&mut tx, person.id(), id).await?;
        tx.commit().await?;
        Ok(Self { person, organisation: organisation.ok_or(ApiError::NotFound)? })
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

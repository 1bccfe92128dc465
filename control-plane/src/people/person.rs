//! Who is asking: the extractor that every handler behind sign-in takes.

use super::{model::User, session::SessionToken, sessions::store};
use crate::{
    api::{ApiError, origin},
    db::PersonId,
    state::State,
    tokens,
};
use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use std::{future::Future, pin::Pin};
use uuid::Uuid;

/// A signed-in person. On a method that changes something, the request has also carried the
/// session's CSRF token, so a handler that takes a `Person` cannot forget to ask for it.
pub struct Person {
    pub user: User,
    pub session: SessionToken,
    pub session_id: Uuid,
    recent: bool,
}

impl Person {
    pub fn id(&self) -> PersonId {
        PersonId(self.user.id)
    }

    /// For what reaches other people or costs money.
    pub fn require_verified(&self) -> Result<(), ApiError> {
        if self.user.email_verified { Ok(()) } else { Err(ApiError::EmailUnverified) }
    }

    /// For what a stolen session must not be enough for: the password was given within
    /// [`session::RECENT`](super::session::RECENT).
    pub fn require_recent(&self) -> Result<(), ApiError> {
        if self.recent { Ok(()) } else { Err(ApiError::ConfirmationRequired) }
    }

    /// Errors: 403 when a management token asks.
    pub async fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        tokens::refuse_token(request).await?;
        let state = request.app_data::<Data<State>>();
        let state = state.ok_or_else(|| ApiError::internal("no state"))?;
        let session =
            SessionToken::from_request(request, &state.origins).ok_or(ApiError::Unauthenticated)?;
        let known = store::user_of_session(&state.db, session.hash())
            .await?
            .ok_or(ApiError::Unauthenticated)?;
        if origin::is_unsafe(request.method()) {
            let token = request.headers().get("x-csrf-token").and_then(|v| v.to_str().ok());
            if !token.is_some_and(|token| session.csrf_matches(token)) {
                return Err(ApiError::Csrf);
            }
        }
        let store::SessionUser { user, session_id, recent } = known;
        Ok(Self { user, session, session_id, recent })
    }
}

impl FromRequest for Person {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}

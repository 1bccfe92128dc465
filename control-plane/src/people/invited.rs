//! An account for somebody who was invited: the link in the mail has proved the address.

use super::{
    device::Device,
    login,
    model::{DisplayName, EmailAddress, Password, User},
    session::SessionToken,
    store,
};
use crate::{
    api::ApiError,
    db::{PersonId, PersonTx},
    state::State,
};
use actix_web::HttpRequest;

/// Makes the account and its session, in a transaction for the caller to go on with.
pub async fn invited(
    request: &HttpRequest,
    state: &State,
    email: EmailAddress,
    name: Option<DisplayName>,
    password: Password,
) -> Result<(PersonTx, User, SessionToken), ApiError> {
    let hash = state.passwords.hash(password.into_secret()).await?;
    let session = SessionToken::generate()?;
    let mut tx = state.db.anonymous().await?;
    let name = name.as_ref().map(DisplayName::as_str);
    let user = store::insert_user(&mut tx, &email, name, &hash).await?;
    store::mark_verified(&mut tx, PersonId(user.id), email.as_str()).await?;
    login::welcome(&mut tx, &user, &session, &Device::of(request, state)).await?;
    Ok((tx, User { email_verified: true, ..user }, session))
}

//! How somebody gets in: the password, the second factor if it is on, a session.

use super::{
    device::Device,
    events::{self, EventKind},
    letters,
    model::{LoggedIn, PresentedPassword, User},
    session::SessionToken,
    sessions, store,
};
use crate::{
    api::ApiError,
    db::{PersonId, PersonTx},
    jobs::enqueue,
    mail, organisations,
    people::{links, model::EmailAddress},
    state::State,
};

/// Checks the password of somebody who is signed in.
///
/// Errors: `WrongPassword`, or `RateLimited` after too many of them.
pub async fn check_password(
    state: &State,
    user: &User,
    password: PresentedPassword,
    device: &Device,
) -> Result<(), ApiError> {
    state.login_limits.check_account(&user.email, device.address)?;
    let stored = store::password_hash(&state.db, PersonId(user.id)).await?;
    if !state.passwords.verify(password.into_secret(), stored).await? {
        state.login_limits.charge_failure(&user.email, device.address);
        return Err(ApiError::WrongPassword);
    }
    Ok(())
}

/// Starts a session. Its owner is told when the device is new to them.
pub async fn start_session(
    state: &State,
    mut tx: PersonTx,
    user: User,
    token: &SessionToken,
    device: &Device,
) -> Result<LoggedIn, ApiError> {
    let person = PersonId(user.id);
    sessions::store::insert(&mut tx, person, token.hash(), device).await?;
    events::record(&mut tx, person, EventKind::SignedIn, None, Some(device)).await?;
    if sessions::store::meet_device(&mut tx, person, device).await? {
        let letter = letters::new_sign_in(state, device).to(user.address()?);
        mail::send_later(tx.db(), &letter).await?;
    }
    let organisations = organisations::store::all_of(&mut tx, person).await?;
    tx.commit().await?;
    Ok(LoggedIn { user, organisations, csrf_token: token.csrf_token() })
}

/// What a new account begins with besides its organisation: a session, a device that is known, and
/// a mail to prove the address.
pub async fn welcome(
    tx: &mut PersonTx,
    user: &User,
    token: &SessionToken,
    device: &Device,
) -> Result<(), ApiError> {
    let person = PersonId(user.id);
    sessions::store::insert(tx, person, token.hash(), device).await?;
    sessions::store::meet_device(tx, person, device).await?;
    events::record(tx, person, EventKind::SignedUp, None, Some(device)).await?;
    let job = links::jobs::verify_email(person).map_err(ApiError::internal)?;
    Ok(enqueue(tx.db(), &job).await?)
}

/// Somebody tried to sign up with an address that has an account. Its owner should know, once.
pub async fn tell_the_owner(state: &State, email: &EmailAddress) -> Result<(), ApiError> {
    let mut tx = state.db.anonymous().await?;
    if let Some(address) = store::due_signup_notice(&mut tx, email).await? {
        let address = EmailAddress::try_from(address).map_err(ApiError::internal)?;
        mail::send_later(tx.db(), &letters::address_taken(state).to(address)).await?;
    }
    Ok(tx.commit().await?)
}

//! Making a link and sending it. Done again, it makes another; both work until one is used.

use super::{LinkToken, Purpose, store};
use crate::{
    db::PersonId,
    jobs::{JobError, JobKind, NewJob},
    people::{letters, model::EmailAddress, store as people},
    state::State,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
struct Verify {
    user_id: Uuid,
}

#[derive(Serialize, Deserialize)]
struct Change {
    user_id: Uuid,
    email: EmailAddress,
}

#[derive(Serialize, Deserialize)]
struct Reset {
    email: EmailAddress,
}

pub fn verify_email(person: PersonId) -> Result<NewJob, serde_json::Error> {
    job(JobKind::VerifyEmail, &Verify { user_id: person.0 })
}

pub fn change_email(person: PersonId, email: EmailAddress) -> Result<NewJob, serde_json::Error> {
    job(JobKind::ChangeEmail, &Change { user_id: person.0, email })
}

/// For any address: whether it has an account is found out when nobody waits any more.
pub fn reset_password(email: EmailAddress) -> Result<NewJob, serde_json::Error> {
    job(JobKind::ResetPassword, &Reset { email })
}

fn job(kind: JobKind, payload: &impl Serialize) -> Result<NewJob, serde_json::Error> {
    Ok(NewJob::now(kind, serde_json::to_value(payload)?))
}

fn parse<T: DeserializeOwned>(payload: Value) -> Result<T, JobError> {
    Ok(serde_json::from_value(payload)?)
}

pub async fn send_verification(state: &State, payload: Value) -> Result<(), JobError> {
    let Verify { user_id } = parse(payload)?;
    let user = people::user(&state.db, PersonId(user_id)).await?;
    let Some(user) = user.filter(|user| !user.email_verified) else { return Ok(()) };
    let to = EmailAddress::try_from(user.email).map_err(|e| JobError::Never(e.into()))?;
    let token = make(state, PersonId(user_id), Purpose::VerifyEmail, &to).await?;
    Ok(state.mailer.send(&letters::verify_email(state, &token).to(to)).await?)
}

/// Says nothing to an address that has an account of its own.
pub async fn send_change(state: &State, payload: Value) -> Result<(), JobError> {
    let Change { user_id, email } = parse(payload)?;
    if people::account(&state.db, email.as_str()).await?.is_some_and(|a| a.user.id != user_id) {
        return Ok(());
    }
    let token = make(state, PersonId(user_id), Purpose::ChangeEmail, &email).await?;
    Ok(state.mailer.send(&letters::change_email(state, &token).to(email)).await?)
}

pub async fn send_reset(state: &State, payload: Value) -> Result<(), JobError> {
    let Reset { email } = parse(payload)?;
    let Some(account) = people::account(&state.db, email.as_str()).await? else { return Ok(()) };
    let to = EmailAddress::try_from(account.user.email).map_err(|e| JobError::Never(e.into()))?;
    let token = make(state, PersonId(account.user.id), Purpose::ResetPassword, &to).await?;
    Ok(state.mailer.send(&letters::reset_password(state, &token).to(to)).await?)
}

pub(in crate::people) async fn make(
    state: &State,
    person: PersonId,
    purpose: Purpose,
    email: &EmailAddress,
) -> Result<LinkToken, JobError> {
    let token = LinkToken::generate()?;
    let mut tx = state.db.anonymous().await?;
    store::insert(&mut tx, person, purpose, email.as_str(), &token).await?;
    tx.commit().await?;
    Ok(token)
}

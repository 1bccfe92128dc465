//! What whoever runs the service does for somebody who cannot do it any more:
//! `signalbox-control-plane person …`.

use super::{
    events::{self, EventKind},
    letters,
    links::{self, Purpose},
    model::EmailAddress,
    second_factor, store,
};
use crate::{db::PersonId, jobs::JobError, mail, state::State};
use clap::Subcommand;

#[derive(Clone, Subcommand)]
pub enum PersonCommand {
    /// Print a link to set a new password, for somebody who gets no mail. It works once, for an hour.
    ResetLink { email: String },
    /// Take an address as proved.
    Verify { email: String },
    /// Turn the second factor off, for somebody who lost both their app and their recovery codes.
    DisableSecondFactor { email: String },
    /// End all sessions.
    EndSessions { email: String },
}

#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    #[error("there is no account with this address")]
    Nobody,
    #[error("the second factor is off already")]
    Off,
    #[error("{0}")]
    Failed(#[from] JobError),
}

impl From<sqlx::Error> for OperatorError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What to print.
pub async fn run(state: &State, command: &PersonCommand) -> Result<String, OperatorError> {
    let (PersonCommand::ResetLink { email }
    | PersonCommand::Verify { email }
    | PersonCommand::DisableSecondFactor { email }
    | PersonCommand::EndSessions { email }) = command;
    let account = store::account(&state.db, email).await?.ok_or(OperatorError::Nobody)?;
    let person = PersonId(account.user.id);
    let address = account.user.address().map_err(JobError::from)?;
    let mut tx = state.db.anonymous().await?;
    let (deed, said) = match command {
        PersonCommand::ResetLink { .. } => {
            let token = links::jobs::make(state, person, Purpose::ResetPassword, &address).await?;
            let url = state.console_link(&format!("/reset-password#token={}", token.as_str()));
            ("a link to set a new password was made", url)
        }
        PersonCommand::Verify { .. } => {
            store::mark_verified(&mut tx, person, address.as_str()).await?;
            ("the address was taken as proved", format!("{} is verified", address.as_str()))
        }
        PersonCommand::DisableSecondFactor { .. } => {
            if !second_factor::store::remove(&mut tx, person).await? {
                return Err(OperatorError::Off);
            }
            tell(state, &mut tx, address).await?;
            ("the second factor was turned off", "the second factor is off".to_owned())
        }
        PersonCommand::EndSessions { .. } => {
            let ended = super::sessions::store::end_all(&mut tx, person).await?;
            ("all sessions were ended", format!("{ended} sessions ended"))
        }
    };
    events::record(&mut tx, person, EventKind::ByOperator, Some(deed), None).await?;
    tx.commit().await?;
    Ok(said)
}

async fn tell(
    state: &State,
    tx: &mut crate::db::PersonTx,
    address: EmailAddress,
) -> Result<(), sqlx::Error> {
    mail::send_later(tx.db(), &letters::second_factor_off_by_operator(state).to(address)).await
}

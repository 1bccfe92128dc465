//! Work that is done later, once, by whichever control plane takes it first.
//!
//! A job is written in the transaction that makes it necessary ([`enqueue`]), so it exists if and
//! only if that commits. It runs at least once: a process that dies leaves it to another, so what a
//! job does must bear being done twice. A new kind is a line in [`JobKind`], an arm in [`run`], and
//! a `feature::jobs` module.

mod error;
mod run;
mod store;
#[cfg(test)]
mod tests;

pub use error::JobError;
#[cfg(test)]
pub use run::run_due;
pub use run::work;
use sqlx::PgConnection;
use std::time::Duration;
use time::OffsetDateTime;

macro_rules! job_kinds {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// What is to be done. The texts are in the database: they do not change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum JobKind {
            $($(#[$doc])* $variant),+
        }

        impl JobKind {
            pub const ALL: [JobKind; [$($text),+].len()] = [$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }
    };
}

job_kinds! {
    /// One mail, written already.
    Mail = "mail",
    /// Periods that end, invoices, collecting.
    Billing = "billing",
    /// Whether somebody nears a limit.
    Alerts = "alerts",
    /// A link that proves the address of a new account.
    VerifyEmail = "verify_email",
    /// A link that proves an account's new address.
    ChangeEmail = "change_email",
    /// A link to set a new password, if the address has an account.
    ResetPassword = "reset_password",
    /// The end of an organisation that was not restored in time.
    EraseOrganisation = "erase_organisation",
    /// Live events that their app's owner no longer wants kept.
    ForgetLive = "forget_live",
}

impl JobKind {
    /// How often it is done without anybody asking, counted from the epoch; none: when asked.
    pub const fn every(self) -> Option<Duration> {
        match self {
            Self::Billing | Self::Alerts => Some(Duration::from_secs(60)),
            Self::Mail
            | Self::VerifyEmail
            | Self::ChangeEmail
            | Self::ResetPassword
            | Self::EraseOrganisation
            | Self::ForgetLive => None,
        }
    }

    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A job to be written down.
pub struct NewJob {
    pub kind: JobKind,
    /// Two jobs with the same key are one, for as long as the first waits or runs.
    pub key: Option<String>,
    pub payload: serde_json::Value,
    /// Not before; none: at once.
    pub run_at: Option<OffsetDateTime>,
}

impl NewJob {
    pub fn now(kind: JobKind, payload: serde_json::Value) -> Self {
        Self { kind, key: None, payload, run_at: None }
    }
}

/// Writes the job down as part of the connection's transaction.
pub async fn enqueue(db: &mut PgConnection, job: &NewJob) -> Result<(), sqlx::Error> {
    // Without a conflict target: naming one would need the right to read the table.
    sqlx::query!(
        "INSERT INTO jobs (kind, key, payload, run_at) VALUES ($1, $2, $3, coalesce($4, now()))
         ON CONFLICT DO NOTHING",
        job.kind.as_str(),
        job.key,
        job.payload,
        job.run_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

//! Mail: written by features with [`letter::Letter`], sent as jobs.

mod folder;
#[cfg(test)]
pub mod inbox;
pub mod jobs;
pub mod letter;
mod message;
mod settings;
#[cfg(test)]
mod sink;
mod smtp;
#[cfg(test)]
mod tests;
mod transport;

pub use letter::Letter;
pub use settings::{BadMailSettings, MailSettings};
pub use transport::{Mailer, SendError};

use crate::{
    jobs::{JobKind, NewJob, enqueue},
    people::model::EmailAddress,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use contract::seal::MasterKey;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

/// What somebody is to read. It may hold a link that opens an account, so it has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Mail {
    pub to: EmailAddress,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
}

/// How a mail lies in a job. Sealed where reading the database must not be enough to use it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    Plain(Mail),
    Sealed(String),
}

const PLACE: &str = "mail";

/// Sends once the connection's transaction commits. Not for mail that holds a secret: until it is
/// sent it lies readable in the database.
pub async fn send_later(db: &mut PgConnection, mail: &Mail) -> Result<(), sqlx::Error> {
    keep(db, &Kept::Plain(mail.clone())).await
}

/// The same for mail whose link or code is a credential.
pub async fn send_sealed(
    master_key: &MasterKey,
    db: &mut PgConnection,
    mail: &Mail,
) -> Result<(), sqlx::Error> {
    let text = serde_json::to_string(mail).map_err(|e| sqlx::Error::Encode(e.into()))?;
    let sealed = master_key.seal(&text, PLACE).map_err(|e| sqlx::Error::Encode(e.into()))?;
    keep(db, &Kept::Sealed(STANDARD.encode(sealed))).await
}

async fn keep(db: &mut PgConnection, kept: &Kept) -> Result<(), sqlx::Error> {
    let payload = serde_json::to_value(kept).map_err(|e| sqlx::Error::Encode(e.into()))?;
    enqueue(db, &NewJob::now(JobKind::Mail, payload)).await
}

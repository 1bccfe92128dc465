//! Sending a mail that was written down.

use super::{Kept, Mail, PLACE, SendError};
use crate::{jobs::JobError, state::State};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

pub async fn run(state: &State, payload: Value) -> Result<(), JobError> {
    let mail = match serde_json::from_value(payload)? {
        Kept::Plain(mail) => mail,
        Kept::Sealed(sealed) => {
            let sealed = STANDARD.decode(sealed).map_err(|e| JobError::Never(e.to_string()))?;
            serde_json::from_str::<Mail>(&state.master_key.open(&sealed, PLACE)?)?
        }
    };
    Ok(state.mailer.send(&mail).await?)
}

impl From<SendError> for JobError {
    fn from(error: SendError) -> Self {
        match error.is_final() {
            true => Self::Never(error.to_string()),
            false => Self::Later(error.to_string()),
        }
    }
}

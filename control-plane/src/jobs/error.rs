//! Why a job was not done, and whether trying again may help.

/// The text is kept in the job's row and logged, so it must hold no secret.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Something was away or refused for now.
    #[error("{0}")]
    Later(String),
    /// It will be no different next time.
    #[error("{0}")]
    Never(String),
}

impl From<sqlx::Error> for JobError {
    fn from(error: sqlx::Error) -> Self {
        Self::Later(error.to_string())
    }
}

/// A payload that does not decode.
impl From<serde_json::Error> for JobError {
    fn from(error: serde_json::Error) -> Self {
        Self::Never(error.to_string())
    }
}

impl From<contract::credential::NoRandomness> for JobError {
    fn from(error: contract::credential::NoRandomness) -> Self {
        Self::Later(error.to_string())
    }
}

impl From<contract::seal::SealError> for JobError {
    fn from(error: contract::seal::SealError) -> Self {
        Self::Never(error.to_string())
    }
}

impl From<crate::api::ApiError> for JobError {
    fn from(error: crate::api::ApiError) -> Self {
        Self::Later(error.to_string())
    }
}

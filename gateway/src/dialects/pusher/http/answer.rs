//! From outcomes to responses.

use crate::{
    admission::Refusal,
    dialects::{
        desk::{Answer, BodyError, Failing},
        pusher::errors::{http_body, http_code},
    },
};
use actix_web::http::StatusCode;
use realtime::{LinkError, PublishError};

/// A request that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Success {
    /// `{}`
    Done,
    /// The text of a JSON object.
    Object(String),
}

/// A request that was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    Refused(Refusal),
    /// The body did not arrive in time.
    TooSlow,
    /// The body broke off or was not framed as HTTP says.
    Broken,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        Self::Refused(match error {
            PublishError::Overloaded | PublishError::Unavailable => {
                Refusal::Overloaded { retry_after_ms: 1_000 }
            }
        })
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        Self::Refused(match error {
            LinkError::Unavailable => Refusal::Overloaded { retry_after_ms: 1_000 },
        })
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Refused(refusal) => Self::Refused(refusal),
            BodyError::TooSlow => Self::TooSlow,
            BodyError::Broken => Self::Broken,
        }
    }
}

impl From<Success> for Answer {
    fn from(success: Success) -> Self {
        match success {
            Success::Done => Self::json(StatusCode::OK, &b"{}"[..]),
            Success::Object(text) => Self::json(StatusCode::OK, text),
        }
    }
}

impl Failure {
    pub fn bad_request(what: impl Into<String>) -> Self {
        Self::Refused(Refusal::BadRequest(what.into()))
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused(refusal) => {
                StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Refused(refusal) => refusal.retry_after_s(),
            Self::TooSlow | Self::Broken => None,
        }
    }
}

impl Failing for Failure {
    fn answer(&self) -> Answer {
        let status = self.status();
        let body = http_body(&self.message(), self.code(), status.as_u16());
        Answer::json(status, body).retry_after(self.retry_after_s())
    }

    fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::TooSlow | Self::Broken => None,
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::Refused(refusal) => http_code(refusal),
            Self::TooSlow => "request_timeout",
            Self::Broken => "invalid_input",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.to_string(),
            Self::TooSlow => "the body did not arrive in time".into(),
            Self::Broken => "the body could not be read".into(),
        }
    }
}

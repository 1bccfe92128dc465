//! From outcomes to statuses. Nothing is said beyond them; whoever watches the app reads why.
//! Source: spec/anycable.md §4.4, §4.5, §13.

use super::body::BadBody;
use crate::{
    admission::Refusal,
    dialects::desk::{Answer, BodyError, Failing},
};
use actix_web::http::StatusCode;
use contract::RefusalCode;
use realtime::{LinkError, PublishError};

/// A request that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Success {
    /// Trap 5: 201 exactly, and no body.
    Done,
    /// The text of a JSON object.
    Present(String),
}

/// A request that was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    Refused(Refusal),
    Body(BadBody),
    /// The body did not arrive in time.
    TooSlow,
    /// The body broke off or was not framed as HTTP says.
    Broken,
    NoSuchPath,
    PresenceOff,
    NotTaken(PublishError),
    NotAnswered(LinkError),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<BadBody> for Failure {
    fn from(bad: BadBody) -> Self {
        match bad {
            BadBody::DataTooLarge { limit } => Self::Refused(Refusal::EventTooLarge { limit }),
            bad => Self::Body(bad),
        }
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        Self::NotTaken(error)
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        Self::NotAnswered(error)
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
            Success::Done => Self::empty(StatusCode::CREATED),
            Success::Present(text) => Self::json(StatusCode::OK, text),
        }
    }
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            // That there is such an app is nothing to be told without its Bearer.
            Self::Refused(Refusal::AppUnknown | Refusal::AppDisabled) => StatusCode::UNAUTHORIZED,
            Self::Refused(refusal) => {
                StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::Body(BadBody::Malformed(_)) | Self::Broken => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Body(BadBody::DataTooLarge { .. } | BadBody::TooMany) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::PresenceOff | Self::NotTaken(_) | Self::NotAnswered(_) => {
                StatusCode::NOT_IMPLEMENTED
            }
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Refused(refusal) => refusal.retry_after_s(),
            Self::NotTaken(_) | Self::NotAnswered(_) => Some(1),
            Self::Body(_) | Self::TooSlow | Self::Broken | Self::NoSuchPath | Self::PresenceOff => {
                None
            }
        }
    }
}

impl Failing for Failure {
    fn answer(&self) -> Answer {
        Answer::empty(self.status()).retry_after(self.retry_after_s())
    }

    fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// That there is such an app is nothing to be told without its Bearer.
    fn mask(&self) -> Option<RefusalCode> {
        let is_told_apart =
            !matches!(self, Self::Refused(Refusal::AppUnknown | Refusal::AppDisabled));
        if is_told_apart { None } else { Some(RefusalCode::Unauthorised) }
    }

    fn code(&self) -> &str {
        match self {
            Self::Refused(refusal) => refusal.code().as_str(),
            Self::Body(BadBody::Malformed(_)) | Self::Broken => "malformed",
            Self::Body(BadBody::DataTooLarge { .. } | BadBody::TooMany) => "too_large",
            Self::TooSlow => "request_timeout",
            Self::NoSuchPath => "not_found",
            Self::PresenceOff => "presence_off",
            Self::NotTaken(_) | Self::NotAnswered(_) => "not_processed",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.to_string(),
            Self::Body(bad) => bad.to_string(),
            Self::TooSlow => "the body did not arrive in time".into(),
            Self::Broken => "the body could not be read".into(),
            Self::NoSuchPath => "the path is not …/presence/{stream}/users".into(),
            Self::PresenceOff => {
                "presence is switched off for this app (setting anycable.presence)".into()
            }
            Self::NotTaken(error) => error.to_string(),
            Self::NotAnswered(error) => error.to_string(),
        }
    }
}

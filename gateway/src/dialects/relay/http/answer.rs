//! From outcomes to responses. Source: spec/relay.md §2.

use crate::{
    admission::Refusal,
    dialects::{
        desk::{Answer, BodyError, Failing},
        json::BadMember,
        relay::errors,
    },
};
use actix_web::http::StatusCode;
use realtime::{LinkError, PublishError};
use std::borrow::Cow;

/// A request that was accepted: the text of a JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Success(pub Cow<'static, str>);

impl Success {
    pub const OK: Success = Success(Cow::Borrowed(r#"{"ok":true}"#));
}

impl From<String> for Success {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// A request that was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    Refused(Refusal),
    /// The body is not a JSON object.
    NotJson,
    ChannelNotFound,
    /// The channel auth endpoint is off, or does not do this for this caller, and why.
    Signing(&'static str),
    /// The body did not arrive in time.
    TooSlow,
    /// The body broke off or was not framed as HTTP says.
    Broken,
}

impl Failure {
    /// The body is JSON, but not what is asked for.
    pub fn unprocessable(what: impl Into<String>) -> Self {
        Self::Refused(Refusal::BadRequest(what.into()))
    }

    fn said(&self) -> (u16, Cow<'static, str>) {
        match self {
            Self::Refused(refusal) => errors::http(refusal),
            Self::NotJson => (400, "Invalid JSON body".into()),
            Self::ChannelNotFound => (404, "Channel not found".into()),
            Self::Signing(why) => (403, (*why).into()),
            Self::TooSlow => (408, "the body did not arrive in time".into()),
            Self::Broken => (400, "the body could not be read".into()),
        }
    }
}

impl From<BadMember> for Failure {
    fn from(bad: BadMember) -> Self {
        match bad {
            // Two readers could see two different requests in it.
            BadMember::Twice(_) => Self::NotJson,
            bad => Self::unprocessable(bad.to_string()),
        }
    }
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
    fn from(Success(text): Success) -> Self {
        match text {
            Cow::Borrowed(text) => Self::json(StatusCode::OK, text),
            Cow::Owned(text) => Self::json(StatusCode::OK, text),
        }
    }
}

impl Failing for Failure {
    fn answer(&self) -> Answer {
        let (status, text) = self.said();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Answer::json(status, errors::http_body(&text))
            .retry_after(self.refusal().and_then(Refusal::retry_after_s))
    }

    fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::Refused(refusal) => refusal.code().as_str(),
            Self::NotJson | Self::Broken => "bad_request",
            Self::ChannelNotFound => "channel_not_found",
            Self::Signing(_) => "channel_auth_refused",
            Self::TooSlow => "request_timeout",
        }
    }

    fn message(&self) -> String {
        self.said().1.into_owned()
    }
}

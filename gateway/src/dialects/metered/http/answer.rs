//! From outcomes to responses. Source: spec/metered.md §12.

use crate::{
    admission::Refusal,
    dialects::{
        desk::{Answer, BodyError, Failing},
        json,
        metered::{errors, names::BadChannel},
    },
};
use actix_web::http::StatusCode;
use contract::RefusalCode;
use realtime::{LinkError, PublishError};

/// A request that was accepted: the text of a JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Success(pub String);

/// A request that was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    Refused(Refusal),
    /// The channel's name is nobody's to use.
    Reserved,
    /// The body did not arrive in time.
    TooSlow,
    /// The body broke off or was not framed as HTTP says.
    Broken,
}

impl Failure {
    pub fn bad_request(what: impl Into<String>) -> Self {
        Self::Refused(Refusal::BadRequest(what.into()))
    }

    fn parts(&self) -> (u16, &'static str, String) {
        match self {
            Self::Refused(refusal) => errors::http(refusal),
            Self::Reserved => (400, "channel_reserved", BadChannel::Reserved.to_string()),
            Self::TooSlow => (408, "invalid_request", "the body did not arrive in time".into()),
            Self::Broken => (400, "invalid_request", "the body could not be read".into()),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<BadChannel> for Failure {
    fn from(bad: BadChannel) -> Self {
        match bad {
            BadChannel::Malformed => Self::bad_request(bad.to_string()),
            BadChannel::Reserved => Self::Reserved,
        }
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

impl From<Success> for Answer {
    fn from(Success(text): Success) -> Self {
        Self::json(StatusCode::OK, text)
    }
}

impl Failing for Failure {
    /// `{"error","message"}`: the first is a machine code.
    fn answer(&self) -> Answer {
        let (status, error, message) = self.parts();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        let mut body = String::with_capacity(32 + error.len() + message.len());
        body.push_str(r#"{"error":""#);
        body.push_str(error);
        body.push_str(r#"","message":""#);
        json::push_escaped(&mut body, &message);
        body.push_str("\"}");
        let retry_after_s = self.refusal().and_then(Refusal::retry_after_s);
        Answer::json(status, body).retry_after(retry_after_s)
    }

    fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Reserved | Self::TooSlow | Self::Broken => None,
        }
    }

    /// Whatever is wrong with a credential is one answer.
    fn mask(&self) -> Option<RefusalCode> {
        match self {
            Self::Refused(Refusal::AppUnknown) => Some(RefusalCode::Unauthorised),
            _ => None,
        }
    }

    fn code(&self) -> &str {
        self.parts().1
    }

    fn message(&self) -> String {
        self.parts().2
    }
}

/// The body as one JSON object.
pub fn object(body: &[u8]) -> Result<json::Value<'_>, Failure> {
    let text = simdutf8::basic::from_utf8(body)
        .map_err(|_| Failure::bad_request("the body is not UTF-8"))?;
    let value = json::parse(text)
        .map_err(|e| Failure::bad_request(format!("the body is not JSON: {e}")))?;
    match value.kind() {
        json::Kind::Object => Ok(value),
        _ => Err(Failure::bad_request("the body must be an object")),
    }
}

/// A member that, where it is given, must be a string.
pub fn text<'a>(
    value: Option<json::Value<'a>>,
    name: &str,
) -> Result<Option<std::borrow::Cow<'a, str>>, Failure> {
    let must = || Failure::bad_request(format!("{name} must be a string"));
    value.map(|value| value.as_str().ok_or_else(must)).transpose()
}

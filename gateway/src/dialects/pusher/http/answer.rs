//! From outcomes to responses.

use crate::{
    admission::Refusal,
    dialects::pusher::errors::{http_body, http_code},
};
use actix_web::{
    HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
    web::{Bytes, Payload},
};
use realtime::{LinkError, PublishError};
use std::{
    pin::Pin,
    task::{Context, Poll},
};

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

impl Success {
    pub fn body(self) -> Bytes {
        match self {
            Self::Done => Bytes::from_static(b"{}"),
            Self::Object(text) => text.into(),
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

    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => http_code(refusal),
            Self::TooSlow => "request_timeout",
            Self::Broken => "invalid_input",
        }
    }

    pub fn message(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.to_string(),
            Self::TooSlow => "the body did not arrive in time".into(),
            Self::Broken => "the body could not be read".into(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Refused(refusal) => refusal.retry_after_s(),
            Self::TooSlow | Self::Broken => None,
        }
    }

    /// The response; the connection ends with it if a body is still on its way.
    pub fn respond(&self, unread: bool) -> HttpResponse {
        let status = self.status();
        let body = http_body(&self.message(), self.code(), status.as_u16());
        let mut response = json(status, body.into());
        if let Some(seconds) = self.retry_after_s() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if unread {
            response.head_mut().set_connection_type(actix_http::ConnectionType::Close);
        }
        response
    }
}

/// A body that holds on to the request's until it is sent: actix reads the rest of a dropped
/// chunked body without end, and closes the connection on one that is still held.
pub fn keeping(payload: Payload, body: BoxBody) -> BoxBody {
    BoxBody::new(Keeping { _payload: payload, body })
}

struct Keeping {
    _payload: Payload,
    body: BoxBody,
}

impl MessageBody for Keeping {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}

pub fn json(status: StatusCode, body: Bytes) -> HttpResponse {
    let mut response = HttpResponse::with_body(status, BoxBody::new(body));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

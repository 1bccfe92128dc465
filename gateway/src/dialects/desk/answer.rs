//! From outcomes to responses.

use crate::{admission::Refusal, refusals::Told};
use actix_web::{
    HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    web::{Bytes, Payload},
};
use contract::RefusalCode;
use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// What goes back to the client.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// Nothing for an answer without content.
    pub content_type: Option<&'static str>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Bytes,
}

impl Answer {
    pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        let content_type = Some("application/json");
        Self { status, content_type, headers: Vec::new(), body: body.into() }
    }

    pub fn empty(status: StatusCode) -> Self {
        Self { status, content_type: None, headers: Vec::new(), body: Bytes::new() }
    }

    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Says when to come again, where the refusal knows.
    pub fn retry_after(self, seconds: Option<u64>) -> Self {
        match seconds {
            Some(seconds) => self.with(header::RETRY_AFTER, HeaderValue::from(seconds)),
            None => self,
        }
    }

    /// Adds the refusal's id to the headers, and what limit it is about to them and to a body in
    /// JSON.
    pub fn told(mut self, told: &Told) -> Self {
        self.headers.extend(told.headers());
        if told.code.is_some() && self.content_type == Some("application/json") {
            self.body = told.into_body(self.body);
        }
        self
    }

    pub fn respond(self) -> HttpResponse {
        let mut response = HttpResponse::with_body(self.status, BoxBody::new(self.body));
        if let Some(content_type) = self.content_type {
            let value = HeaderValue::from_static(content_type);
            response.headers_mut().insert(header::CONTENT_TYPE, value);
        }
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

/// Why a request failed, in one dialect's words.
pub trait Failing: From<Refusal> + From<super::BodyError> {
    fn answer(&self) -> Answer;
    /// What admission decided, if it was admission.
    fn refusal(&self) -> Option<&Refusal>;
    /// A machine code to tell in place of the true one, which would say too much to a stranger.
    fn mask(&self) -> Option<RefusalCode> {
        None
    }
    /// A code of the dialect and a sentence, for the live view.
    fn code(&self) -> &str;
    fn message(&self) -> String;
}

/// What a request is answered that fails so.
#[cfg(test)]
pub fn told(failure: &impl Failing) -> Answer {
    failure.answer().told(&Told::of(failure.refusal(), 0).masked(failure.mask()))
}

/// The response to a request whose body was not read to its end: the connection ends with it, and
/// the rest of the request's body is held until it is sent, because actix reads what remains of a
/// dropped chunked body without end and closes the connection on one that is still held.
pub fn respond_unread(answer: Answer, payload: Payload) -> HttpResponse {
    let mut response = answer.respond();
    response.head_mut().set_connection_type(actix_http::ConnectionType::Close);
    response.map_body(|_, body| BoxBody::new(Keeping { _payload: payload, body }))
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

//! Responses: a stream of events, or a status.

use crate::dialects::desk::{self, Answer};
use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue},
    },
    web::{Bytes, Payload},
};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, DuplexStream, ReadBuf};

/// What a connection may be ahead of its response; more waits in the connection, which is bounded.
const PIPE_BYTES: usize = 16 << 10;
/// What is taken from the pipe at a time.
const CHUNK_BYTES: usize = 4 << 10;

const NOT_STORED: &str = "private, no-cache, no-store, must-revalidate, max-age=0";

/// The body of a response that lasts as long as its connection. Dropping it ends the connection.
pub struct Events(DuplexStream);

impl Events {
    /// The body, and the end that a connection writes to.
    pub fn pipe() -> (Self, DuplexStream) {
        let (read, write) = tokio::io::duplex(PIPE_BYTES);
        (Self(read), write)
    }
}

impl MessageBody for Events {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let mut chunk = [0; CHUNK_BYTES];
        let mut chunk = ReadBuf::new(&mut chunk);
        // A pipe within the process has no errors but its end.
        let read = ready!(Pin::new(&mut self.0).poll_read(cx, &mut chunk));
        Poll::Ready(match (read, chunk.filled()) {
            (Err(_), _) | (Ok(()), []) => None,
            (Ok(()), bytes) => Some(Ok(Bytes::copy_from_slice(bytes))),
        })
    }
}

pub fn events(body: impl MessageBody + 'static) -> HttpResponse {
    let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(body));
    for (name, value) in [
        (CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (CACHE_CONTROL, NOT_STORED),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

pub fn empty(status: StatusCode) -> HttpResponse {
    Answer::empty(status).respond()
}

/// A refusal, before or after the request's body was read.
pub fn refuse(
    request: &HttpRequest,
    payload: Payload,
    status: StatusCode,
    retry_after_s: Option<u64>,
) -> HttpResponse {
    let answer = Answer::empty(status).retry_after(retry_after_s);
    match desk::is_announced(request) {
        true => desk::respond_unread(answer, payload),
        false => answer.respond(),
    }
}

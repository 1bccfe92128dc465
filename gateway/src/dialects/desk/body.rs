//! Reading a request's body: no more than the limit, no longer than the patience.

use crate::admission::Refusal;
use actix_web::{
    HttpRequest,
    error::PayloadError,
    http::header,
    web::{Bytes, BytesMut, Payload},
};
use futures_util::StreamExt;
use std::{future::poll_fn, task::Poll, time::Duration};

/// Why a body could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyError {
    Refused(Refusal),
    /// It did not arrive in time.
    TooSlow,
    /// It broke off or was not framed as HTTP says.
    Broken,
}

impl From<Refusal> for BodyError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Time for the whole body to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether the request announces a body.
pub fn is_announced(request: &HttpRequest) -> bool {
    let headers = request.headers();
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0")
}

/// Reads the whole body.
///
/// Errors: `UnsupportedEncoding` and `BodyTooLarge` before a byte is read where the head tells,
/// `BodyTooLarge` at the first chunk past the limit, `TooSlow`, `Broken`.
pub async fn read(
    request: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> Result<Bytes, BodyError> {
    check_head(request, limit)?;
    let whole = async {
        let Some(first) = payload.next().await else { return Ok(Bytes::new()) };
        let first = within(0, first, limit)?;
        let Some(second) = payload.next().await else { return Ok(first) };
        let second = within(first.len(), second, limit)?;
        let mut all = BytesMut::with_capacity(first.len() + second.len());
        all.extend_from_slice(&first);
        all.extend_from_slice(&second);
        while let Some(chunk) = payload.next().await {
            let chunk = within(all.len(), chunk, limit)?;
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    };
    let mut whole = std::pin::pin!(whole);
    // Nearly every body is there once the dispatcher has had another turn: only one that is not
    // gets a timer, which costs more than reading it.
    let mut is_first = true;
    let soon = poll_fn(|cx| match whole.as_mut().poll(cx) {
        Poll::Ready(body) => Poll::Ready(Some(body)),
        Poll::Pending if std::mem::take(&mut is_first) => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        Poll::Pending => Poll::Ready(None),
    });
    match soon.await {
        Some(body) => body,
        None => tokio::time::timeout(PATIENCE, whole).await.unwrap_or(Err(BodyError::TooSlow)),
    }
}

fn check_head(request: &HttpRequest, limit: usize) -> Result<(), BodyError> {
    let headers = request.headers();
    let encodings = headers.get_all(header::CONTENT_ENCODING);
    if encodings.into_iter().any(|e| !e.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Refusal::UnsupportedEncoding.into());
    }
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    // A length that is no number does not get past the HTTP parser; one over 64 bits is too large.
    match announced.map(str::parse::<u64>) {
        Some(Ok(length)) if length <= limit as u64 => Ok(()),
        None => Ok(()),
        Some(_) => Err(Refusal::BodyTooLarge { limit }.into()),
    }
}

fn within(
    so_far: usize,
    chunk: Result<Bytes, PayloadError>,
    limit: usize,
) -> Result<Bytes, BodyError> {
    let chunk = chunk.map_err(|_| BodyError::Broken)?;
    match so_far + chunk.len() > limit {
        true => Err(Refusal::BodyTooLarge { limit }.into()),
        false => Ok(chunk),
    }
}

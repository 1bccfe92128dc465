//! Answers of one JSON value per line, written as they come about. The reader's pace is the
//! writer's: what nobody reads stops the writing, and soon ends it.

use actix_web::{
    Error, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    web::Bytes,
};
use futures_util::{Stream, stream};
use serde::Serialize;
use std::time::Duration;
use tokio::sync::mpsc;

/// A reader who takes nothing for this long is cut off; they will come back.
const STALLED: Duration = Duration::from_secs(10);
const CHUNK_BYTES: usize = 16 * 1024;
const QUEUED_CHUNKS: usize = 16;

/// The far end has gone, or is too slow.
pub struct Cut;

pub struct Lines {
    out: mpsc::Sender<Bytes>,
    buffer: Vec<u8>,
}

/// A body, and the writing end that fills it.
pub fn lines() -> (Lines, impl Stream<Item = Result<Bytes, Error>>) {
    let (out, chunks) = mpsc::channel(QUEUED_CHUNKS);
    let body = stream::unfold(chunks, |mut chunks: mpsc::Receiver<Bytes>| async move {
        chunks.recv().await.map(|chunk| (Ok(chunk), chunks))
    });
    (Lines { out, buffer: Vec::new() }, body)
}

/// The answer with this body.
pub fn answer(body: impl Stream<Item = Result<Bytes, Error>> + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/x-ndjson"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(body)
}

impl Lines {
    pub async fn write(&mut self, line: &impl Serialize) -> Result<(), Cut> {
        serde_json::to_writer(&mut self.buffer, line).map_err(|error| {
            tracing::error!(%error, "a line that does not serialise");
            Cut
        })?;
        self.end_line().await
    }

    /// A line that is JSON already.
    pub async fn write_text(&mut self, line: &str) -> Result<(), Cut> {
        self.buffer.extend_from_slice(line.as_bytes());
        self.end_line().await
    }

    async fn end_line(&mut self) -> Result<(), Cut> {
        self.buffer.push(b'\n');
        match self.buffer.len() >= CHUNK_BYTES {
            true => self.flush().await,
            false => Ok(()),
        }
    }

    pub async fn flush(&mut self) -> Result<(), Cut> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let chunk = Bytes::from(std::mem::take(&mut self.buffer));
        self.out.send_timeout(chunk, STALLED).await.map_err(|_| Cut)
    }

    /// Ends when nobody reads any more.
    pub async fn abandoned(&self) {
        self.out.closed().await;
    }
}

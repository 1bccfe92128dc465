//! From an HTTP request with `Upgrade: websocket` to a served connection.
//!
//! Refusals for a reason that the client should know are told over the WebSocket, after a
//! successful upgrade: SDKs take an HTTP error for a network failure and try again for ever.
//! Source: spec/pusher.md §2.1.

use crate::{
    dialects::{self, Admission},
    hub::{Hub, clock, connection::Connection, session},
    state::Gateway,
    wire::{frame, stream::Wire},
};
use actix_codec::{Framed, FramedParts};
use actix_http::{Request, Response, StatusCode, body::BodySize, h1, header, ws};
use bytes::Bytes;
use contract::{SocketId, credential};
use futures_util::SinkExt;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What a WebSocket upgrade asked for, borrowed from its request.
pub struct Asked<'a> {
    pub path: &'a str,
    pub query: &'a str,
    pub origin: Option<&'a str>,
    pub is_tls: bool,
}

/// What to tell a client that is not let in: text frames, then a close.
#[derive(Clone, Debug)]
pub struct Farewell {
    pub error: Bytes,
    pub code: u16,
    pub reason: &'static str,
}

/// How long a client that was turned away may take to close.
const FAREWELL: Duration = Duration::from_secs(2);

pub async fn upgrade(
    gateway: Arc<Gateway>,
    request: Request,
    mut framed: Framed<Wire, h1::Codec>,
) -> Result<(), Infallible> {
    let response = match ws::handshake(request.head()) {
        _ if gateway.is_draining() => draining(),
        Ok(mut builder) => builder.finish().drop_body(),
        Err(e) => Response::from(e).drop_body(),
    };
    let is_upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    let body = if is_upgraded { BodySize::None } else { BodySize::Sized(0) };
    let sent = framed.send(h1::Message::Item((response, body))).await;
    if sent.is_err() || !is_upgraded {
        return Ok(());
    }
    // The codec's buffers go here, before the connection settles down.
    let FramedParts { mut io, read_buf, .. } = framed.into_parts();
    io.end_of_http();
    let early = read_buf.to_vec();
    drop(read_buf);
    let socket = match credential::random_bytes::<8>() {
        Ok(bytes) => SocketId::from_random(u64::from_ne_bytes(bytes)),
        Err(e) => {
            tracing::error!(error = %e, "no socket id could be made");
            return Ok(());
        }
    };
    let admitted = {
        let origin = request.head().headers().get(header::ORIGIN).and_then(|o| o.to_str().ok());
        let asked = Asked {
            path: request.path(),
            query: request.uri().query().unwrap_or_default(),
            origin,
            is_tls: io.is_tls(),
        };
        dialects::admit(&gateway, &asked, socket)
    };
    drop(request);
    match admitted {
        Ok(Admission { app, permit, conversation }) => {
            let (slow, now) = (gateway.config.slow_consumer_bytes, clock::now_ms());
            let connection = Connection::new(socket, app, io, conversation, permit, slow, now);
            session::serve(Hub::here(&gateway), connection, early).await;
        }
        Err(farewell) => turn_away(io, &farewell).await,
    }
    Ok(())
}

fn draining() -> Response<()> {
    let mut response = Response::with_body(StatusCode::SERVICE_UNAVAILABLE, ());
    response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    response
}

/// Says why, closes, and waits a moment for the client to have read it.
async fn turn_away(mut io: Wire, farewell: &Farewell) {
    let mut frames = frame::text(&farewell.error).to_vec();
    frames.extend_from_slice(&frame::close(farewell.code, farewell.reason));
    let goodbye = async {
        io.write_all(&frames).await?;
        io.flush().await?;
        let mut ignored = [0; 512];
        while io.read(&mut ignored).await? > 0 {}
        Ok::<_, std::io::Error>(())
    };
    // Too slow or already gone: either way the socket is dropped now.
    if let Ok(Err(e)) = tokio::time::timeout(FAREWELL, goodbye).await {
        tracing::trace!(error = %e, "client left before it was told why");
    }
}

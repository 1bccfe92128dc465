//! From an HTTP request with `Upgrade: websocket` to a served connection.
//!
//! Refusals for a reason that the client should know are told over the WebSocket, after a
//! successful upgrade: SDKs take an HTTP error for a network failure and try again for ever.
//! Source: spec/pusher.md §2.1.

use crate::{
    admission::Refusal,
    dialects::{self, Admission, Dialect, route::Route},
    directory::App,
    forwarded,
    hub::{
        Hub, clock,
        connection::Connection,
        session::{self, Opening},
    },
    refusals::{Denied, Told},
    server,
    state::Gateway,
    wire::{frame, stream::Wire},
};
use actix_codec::{Framed, FramedParts};
use actix_http::{
    Request, Response, StatusCode,
    body::{BodySize, BoxBody, MessageBody},
    h1,
    header::{self, HeaderMap, HeaderValue},
    ws,
};
use bytes::Bytes;
use contract::{SocketId, credential, refusal::Transport};
use futures_util::SinkExt;
use std::{convert::Infallible, net::IpAddr, pin::Pin, sync::Arc, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What a WebSocket upgrade asked for, borrowed from its request.
pub struct Asked<'a> {
    pub path: &'a str,
    pub query: &'a str,
    pub host: Option<&'a str>,
    pub origin: Option<&'a str>,
    pub is_tls: bool,
    pub peer: Option<IpAddr>,
    pub headers: &'a HeaderMap,
}

impl<'a> Asked<'a> {
    fn of(request: &'a Request, is_tls: bool, proxies: usize) -> Self {
        let headers = request.head().headers();
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        Self {
            path: request.path(),
            query: request.uri().query().unwrap_or_default(),
            host: text(header::HOST),
            origin: text(header::ORIGIN),
            is_tls,
            peer: forwarded::caller(request.peer_addr(), headers, proxies),
            headers,
        }
    }

    /// A header's value, where it is given and is text.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What the answer to an upgrade agrees on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handshake {
    /// One of the subprotocols that the client offered.
    pub protocol: Option<&'static str>,
}

/// An upgrade that is refused over HTTP, which most clients take for a failure of the network.
#[derive(Clone, Debug)]
pub struct HttpRefusal {
    pub status: StatusCode,
    /// JSON, or nothing.
    pub body: Bytes,
    pub retry_after_s: Option<u64>,
}

/// What to tell a client that is not let in: text frames, then a close.
#[derive(Clone, Debug)]
pub struct Farewell {
    pub frames: Vec<Bytes>,
    pub code: u16,
    pub reason: &'static str,
}

/// Why a connection is not let in, in its dialect's words, and what else it is told.
#[derive(Clone, Debug)]
pub struct TurnedAway<F> {
    pub fatal: F,
    /// Nothing where no app is concerned.
    pub told: Option<Told>,
}

impl<F> From<F> for TurnedAway<F> {
    fn from(fatal: F) -> Self {
        Self { fatal, told: None }
    }
}

/// Writes down that an upgrade is refused. `key` is the public half of what it showed.
pub fn deny(
    gateway: &Gateway,
    app: &App,
    refusal: &Refusal,
    dialect: Dialect,
    key: Option<&str>,
) -> Told {
    app.counters.add_refusal(refusal);
    let denied = Denied {
        refusal: Some(refusal),
        dialect,
        transport: Transport::Socket,
        key,
        action: "connect",
        channel: None,
        code: refusal.code().as_str(),
        message: &refusal.to_string(),
    };
    gateway.deny(Some(app), denied)
}

/// How long a client that was turned away may take to close.
const FAREWELL: Duration = Duration::from_secs(2);

pub async fn upgrade(
    gateway: Arc<Gateway>,
    request: Request,
    mut framed: Framed<Wire, h1::Codec>,
) -> Result<(), Infallible> {
    let response = answer(&gateway, &request, framed.io_ref().is_tls());
    let is_upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    if !is_upgraded {
        // Nothing is left to do for a client that did not wait for the answer.
        let _ = send(&mut framed, response).await;
        return Ok(());
    }
    let switching = h1::Message::Item((response.drop_body(), BodySize::None));
    if Pin::new(&mut framed).write(switching).is_err() {
        return Ok(());
    }
    // The codec's buffers go here, before the connection settles down.
    let FramedParts { mut io, read_buf, write_buf, .. } = framed.into_parts();
    io.end_of_http();
    let opening = Opening { head: Bytes::copy_from_slice(&write_buf), early: read_buf.to_vec() };
    drop((read_buf, write_buf));
    let socket = match credential::random_bytes::<8>() {
        Ok(bytes) => SocketId::from_random(u64::from_ne_bytes(bytes)),
        Err(e) => {
            tracing::error!(error = %e, "no socket id could be made");
            return Ok(());
        }
    };
    let admitted = {
        let proxies = gateway.config.trusted_proxies;
        let asked = Asked::of(&request, io.is_tls(), proxies);
        // On the heap, so that a settled connection does not keep the room that this took.
        Box::pin(dialects::admit(&gateway, &asked, Route::of(&gateway, &asked), socket)).await
    };
    drop(request);
    match admitted {
        Ok(Admission { app, permit, conversation }) => {
            let (slow, now) = (gateway.config.slow_consumer_bytes, clock::now_ms());
            let connection = Connection::new(socket, app, io, conversation, permit, slow, now);
            session::serve(Hub::here(&gateway), connection, opening).await;
        }
        Err(farewell) => turn_away(io, &opening.head, &farewell).await,
    }
    Ok(())
}

/// The response to the upgrade: 101, or why not.
fn answer(gateway: &Gateway, request: &Request, is_tls: bool) -> Response<BoxBody> {
    if gateway.is_draining() {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        return refuse(HttpRefusal { status, body: Bytes::new(), retry_after_s: Some(1) });
    }
    if let Some(refusal) = server::refuse_head(request, &gateway.config.mount) {
        return refusal;
    }
    let mut response = match ws::handshake(request.head()) {
        Ok(mut builder) => builder.finish().map_into_boxed_body(),
        Err(e) => return Response::from(e),
    };
    let asked = Asked::of(request, is_tls, gateway.config.trusted_proxies);
    match dialects::handshake(gateway, &asked, Route::of(gateway, &asked)) {
        Ok(Handshake { protocol }) => {
            if let Some(protocol) = protocol {
                let value = HeaderValue::from_static(protocol);
                response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, value);
            }
            response
        }
        Err(refusal) => refuse(refusal),
    }
}

fn refuse(refusal: HttpRefusal) -> Response<BoxBody> {
    let HttpRefusal { status, body, retry_after_s } = refusal;
    let has_body = !body.is_empty();
    let mut response = Response::with_body(status, BoxBody::new(body));
    response.head_mut().set_connection_type(actix_http::ConnectionType::Close);
    let headers = response.headers_mut();
    for (name, value) in Told::of(None, 0).headers() {
        headers.insert(name, value);
    }
    if has_body {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Some(seconds) = retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Writes a response whose body is in one piece.
async fn send(
    framed: &mut Framed<Wire, h1::Codec>,
    response: Response<BoxBody>,
) -> Result<(), Box<dyn std::error::Error>> {
    let (response, body) = response.into_parts();
    let body = body.try_into_bytes().unwrap_or_default();
    let size = BodySize::Sized(body.len() as u64);
    framed.send(h1::Message::Item((response, size))).await?;
    if !body.is_empty() {
        framed.send(h1::Message::Chunk(Some(body))).await?;
        framed.send(h1::Message::Chunk(None)).await?;
    }
    Ok(())
}

/// Upgrades, says why, closes, and waits a moment for the client to have read it.
async fn turn_away(mut io: Wire, head: &[u8], farewell: &Farewell) {
    let mut frames = head.to_vec();
    for text in &farewell.frames {
        frame::push_frame(&mut frames, frame::Opcode::Text, text);
    }
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

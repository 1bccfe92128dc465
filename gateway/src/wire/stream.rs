//! The socket: plain TCP or TLS, behind one type.

use super::head::HeadGuard;
use actix_rt::net::{ActixStream, Ready};
use bytes::Bytes;
use socket2::SockRef;
use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    net::Shutdown,
    pin::Pin,
    task::{Context, Poll, Waker},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;

/// A client's socket. Before the upgrade it reads under the eye of a [`HeadGuard`].
pub struct Wire {
    transport: Transport,
    guard: Option<Box<HeadGuard>>,
}

enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Pipe(DuplexStream),
}

/// Slices handed to one vectored write.
const MAX_SLICES: usize = 64;

impl Wire {
    pub fn plain(tcp: TcpStream) -> Self {
        Self { transport: Transport::Plain(tcp), guard: Some(Box::default()) }
    }

    pub fn tls(stream: TlsStream<TcpStream>) -> Self {
        Self { transport: Transport::Tls(Box::new(stream)), guard: Some(Box::default()) }
    }

    /// One end of a pipe within the process; the other is the body of an HTTP response.
    pub fn pipe(end: DuplexStream) -> Self {
        Self { transport: Transport::Pipe(end), guard: None }
    }

    pub fn is_tls(&self) -> bool {
        matches!(self.transport, Transport::Tls(_))
    }

    /// From here on bytes are WebSocket frames, not HTTP heads.
    pub fn end_of_http(&mut self) {
        self.guard = None;
    }

    fn tcp(&self) -> Option<&TcpStream> {
        match &self.transport {
            Transport::Plain(tcp) => Some(tcp),
            Transport::Tls(stream) => Some(stream.get_ref().0),
            Transport::Pipe(_) => None,
        }
    }

    /// Writes what the socket takes now. `Ok(0)` is not an end: the socket is full.
    pub fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.transport {
            // The socket itself is asked, not what is remembered of its readiness: one memory
            // access less per delivery. Whoever waits for room later goes through the reactor.
            Transport::Plain(tcp) => or_full(SockRef::from(&*tcp).send(bytes)),
            Transport::Tls(stream) => now_or_full(stream.as_mut(), bytes),
            Transport::Pipe(pipe) => now_or_full(pipe, bytes),
        }
    }

    /// Whether bytes that were taken still wait inside (TLS records the socket had no room for).
    pub fn has_unflushed(&self) -> bool {
        match &self.transport {
            Transport::Plain(_) | Transport::Pipe(_) => false,
            Transport::Tls(stream) => stream.get_ref().1.wants_write(),
        }
    }

    /// Writes the front of `queue` in one call and says how many bytes were taken.
    pub fn poll_write_queue(
        &mut self,
        cx: &mut Context<'_>,
        queue: &VecDeque<Bytes>,
    ) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let mut count = 0;
        for (slice, bytes) in slices.iter_mut().zip(queue) {
            *slice = IoSlice::new(bytes);
            count += 1;
        }
        Pin::new(self).poll_write_vectored(cx, &slices[..count])
    }

    /// Ends both directions, so that whoever reads wakes up to an end of file.
    pub fn cut(&mut self) {
        // An error here means that the peer was faster: the socket is gone either way.
        let cut = match &mut self.transport {
            Transport::Plain(tcp) => SockRef::from(&*tcp).shutdown(Shutdown::Both),
            Transport::Tls(stream) => SockRef::from(stream.get_ref().0).shutdown(Shutdown::Both),
            Transport::Pipe(pipe) => end_pipe(pipe),
        };
        if let Err(e) = cut {
            tracing::trace!(error = %e, "socket was already closed");
        }
    }
}

fn now_or_full(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<usize> {
    let mut cx = Context::from_waker(Waker::noop());
    match Pin::new(stream).poll_write(&mut cx, bytes) {
        Poll::Ready(result) => result,
        Poll::Pending => Ok(0),
    }
}

/// What was written stays to be read; then the reader finds the end.
fn end_pipe(pipe: &mut DuplexStream) -> io::Result<()> {
    match Pin::new(pipe).poll_shutdown(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Ok(()),
    }
}

fn or_full(result: io::Result<usize>) -> io::Result<usize> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(0),
        other => other,
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let this = &mut *self;
        let result = match &mut this.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Transport::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
            Transport::Pipe(pipe) => Pin::new(pipe).poll_read(cx, buf),
        };
        if let (Some(guard), Poll::Ready(Ok(()))) = (&mut this.guard, &result) {
            guard.inspect(&mut buf.filled_mut()[before..]);
        }
        result
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Transport::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
            Transport::Pipe(pipe) => Pin::new(pipe).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, slices),
            Transport::Tls(stream) => Pin::new(stream.as_mut()).poll_write_vectored(cx, slices),
            Transport::Pipe(pipe) => Pin::new(pipe).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Transport::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
            Transport::Pipe(pipe) => Pin::new(pipe).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Transport::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
            Transport::Pipe(pipe) => Pin::new(pipe).poll_shutdown(cx),
        }
    }
}

impl ActixStream for Wire {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        match self.tcp() {
            Some(tcp) => ActixStream::poll_read_ready(tcp, cx),
            None => Poll::Ready(Ok(Ready::ALL)),
        }
    }
    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        match self.tcp() {
            Some(tcp) => ActixStream::poll_write_ready(tcp, cx),
            None => Poll::Ready(Ok(Ready::ALL)),
        }
    }
}

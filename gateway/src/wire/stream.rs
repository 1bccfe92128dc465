//! The socket: plain TCP or TLS, behind one type.

use super::head::HeadGuard;
use actix_rt::net::{ActixStream, Ready};
use bytes::Bytes;
use socket2::SockRef;
use std::{
    io::{self, IoSlice},
    net::Shutdown,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf},
    net::TcpStream,
    time::Sleep,
};
use tokio_rustls::server::TlsStream;

/// A client's socket. Before the upgrade it is under the eye of a [`HeadGuard`], and one that takes
/// nothing of a response for too long is given up.
pub struct Wire {
    socket: Socket,
    http: Option<Box<Http>>,
}

/// The socket alone, as it is once nobody speaks HTTP on it any more.
pub enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Pipe(Box<Pipe>),
}

/// What is looked after while HTTP is spoken.
#[derive(Default)]
struct Http {
    guard: HeadGuard,
    /// Runs while the peer takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

/// A peer that takes nothing of a response for so long is gone.
const STALLED: Duration = Duration::from_secs(10);

impl Http {
    /// Passes on how a write went, unless the peer has been stalling too long.
    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        wrote: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if wrote.is_ready() {
            self.stalled = None;
            return wrote;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(STALLED)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// One end of a pipe within the process, until it is cut.
pub struct Pipe {
    end: Option<DuplexStream>,
    /// Who waits to read.
    reader: Option<Waker>,
}

impl Pipe {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(end) = &mut self.end else { return Poll::Ready(Ok(())) };
        let read = Pin::new(end).poll_read(cx, buf);
        if read.is_pending() && !self.reader.as_ref().is_some_and(|w| w.will_wake(cx.waker())) {
            self.reader = Some(cx.waker().clone());
        }
        read
    }

    /// What was written stays to be read at the other end, before it finds the end.
    fn cut(&mut self) {
        self.end = None;
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.end {
            Some(end) => Pin::new(end).poll_write_vectored(cx, slices),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }
}

/// Slices handed to one vectored write.
const MAX_SLICES: usize = 64;

impl Wire {
    pub fn plain(tcp: TcpStream) -> Self {
        Self { socket: Socket::Plain(tcp), http: Some(Box::default()) }
    }

    pub fn tls(stream: TlsStream<TcpStream>) -> Self {
        Self { socket: Socket::Tls(Box::new(stream)), http: Some(Box::default()) }
    }

    /// One end of a pipe within the process; the other is the body of an HTTP response.
    pub fn pipe(end: DuplexStream) -> Self {
        let pipe = Pipe { end: Some(end), reader: None };
        Self { socket: Socket::Pipe(Box::new(pipe)), http: None }
    }

    pub fn is_tls(&self) -> bool {
        matches!(self.socket, Socket::Tls(_))
    }

    /// From here on bytes are WebSocket frames, not HTTP heads.
    pub fn end_of_http(&mut self) {
        self.http = None;
    }

    /// What remains once HTTP is over.
    pub fn into_socket(self) -> Socket {
        self.socket
    }

    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        wrote: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match &mut self.http {
            Some(http) => http.watch(cx, wrote),
            None => wrote,
        }
    }
}

impl Socket {
    fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Socket::Plain(tcp) => Some(tcp),
            Socket::Tls(stream) => Some(stream.get_ref().0),
            Socket::Pipe(_) => None,
        }
    }

    /// Writes what the socket takes now. `Ok(0)` is not an end: the socket is full.
    pub fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            // The socket itself is asked, not what is remembered of its readiness: one memory
            // access less per delivery. Whoever waits for room later goes through the reactor.
            Socket::Plain(tcp) => or_full(SockRef::from(&*tcp).send(bytes)),
            Socket::Tls(stream) => {
                let mut cx = Context::from_waker(Waker::noop());
                now_or_full(Pin::new(stream.as_mut()).poll_write(&mut cx, bytes))
            }
            Socket::Pipe(pipe) => {
                let mut cx = Context::from_waker(Waker::noop());
                now_or_full(pipe.poll_write(&mut cx, &[IoSlice::new(bytes)]))
            }
        }
    }

    /// Whether bytes that were taken still wait inside (TLS records the socket had no room for).
    pub fn has_unflushed(&self) -> bool {
        match self {
            Socket::Plain(_) | Socket::Pipe(_) => false,
            Socket::Tls(stream) => stream.get_ref().1.wants_write(),
        }
    }

    /// Writes the front of `queue` in one call and says how many bytes were taken.
    pub fn poll_write_queue<'a>(
        &mut self,
        cx: &mut Context<'_>,
        queue: impl Iterator<Item = &'a Bytes>,
    ) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let mut count = 0;
        for (slice, bytes) in slices.iter_mut().zip(queue) {
            *slice = IoSlice::new(bytes);
            count += 1;
        }
        self.poll_write_slices(cx, &slices[..count])
    }

    fn poll_write_slices(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write_vectored(cx, slices),
            Self::Pipe(pipe) => pipe.poll_write(cx, slices),
        }
    }

    pub fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
            Self::Pipe(pipe) => pipe.poll_read(cx, buf),
        }
    }

    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
            Self::Pipe(_) => Poll::Ready(Ok(())),
        }
    }

    /// Ends both directions, so that whoever reads wakes up to an end of file.
    pub fn cut(&mut self) {
        // An error here means that the peer was faster: the socket is gone either way.
        let cut = match self {
            Socket::Plain(tcp) => SockRef::from(&*tcp).shutdown(Shutdown::Both),
            Socket::Tls(stream) => SockRef::from(stream.get_ref().0).shutdown(Shutdown::Both),
            Socket::Pipe(pipe) => {
                pipe.cut();
                Ok(())
            }
        };
        if let Err(e) = cut {
            tracing::trace!(error = %e, "socket was already closed");
        }
    }
}

fn now_or_full(wrote: Poll<io::Result<usize>>) -> io::Result<usize> {
    match wrote {
        Poll::Ready(result) => result,
        Poll::Pending => Ok(0),
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
        let result = this.socket.poll_read(cx, buf);
        if let (Some(http), Poll::Ready(Ok(()))) = (&mut this.http, &result) {
            http.guard.inspect(&mut buf.filled_mut()[before..]);
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
        let this = &mut *self;
        let wrote = this.socket.poll_write_slices(cx, &[IoSlice::new(bytes)]);
        this.watch(cx, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let wrote = this.socket.poll_write_slices(cx, slices);
        this.watch(cx, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Socket::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
            Socket::Pipe(pipe) => {
                pipe.cut();
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl ActixStream for Wire {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        match self.socket.tcp() {
            Some(tcp) => ActixStream::poll_read_ready(tcp, cx),
            None => Poll::Ready(Ok(Ready::ALL)),
        }
    }
    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        match self.socket.tcp() {
            Some(tcp) => ActixStream::poll_write_ready(tcp, cx),
            None => Poll::Ready(Ok(Ready::ALL)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[actix_web::test]
    async fn a_peer_that_takes_nothing_for_too_long_is_given_up() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut http = Http::default();
        assert!(http.watch(&mut cx, Poll::<io::Result<usize>>::Pending).is_pending());
        assert!(http.stalled.is_some(), "the time runs");
        assert!(matches!(http.watch(&mut cx, Poll::Ready(Ok(1))), Poll::Ready(Ok(1))));
        assert!(http.stalled.is_none(), "any progress ends it");
        http.stalled = Some(Box::pin(tokio::time::sleep(Duration::ZERO)));
        tokio::time::sleep(Duration::from_millis(5)).await;
        let Poll::Ready(Err(error)) = http.watch(&mut cx, Poll::<io::Result<usize>>::Pending)
        else {
            panic!("the time is over");
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[actix_web::test]
    async fn a_pipe_that_is_cut_ends_and_keeps_what_was_written() {
        let (mut far, near) = tokio::io::duplex(64);
        let mut wire = Wire::pipe(near);
        assert_eq!(wire.socket.try_write(b"last words").unwrap(), 10);
        let reading = actix_rt::spawn(async move {
            let mut byte = [0];
            let read = wire.read(&mut byte);
            (tokio::time::timeout(Duration::from_millis(20), read).await.is_err(), wire)
        });
        let (was_waiting, mut wire) = reading.await.unwrap();
        assert!(was_waiting);
        wire.socket.cut();
        assert_eq!(wire.read(&mut [0]).await.unwrap(), 0, "its end");
        assert!(wire.socket.try_write(b"more").is_err());
        let mut all = String::new();
        far.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, "last words");
        assert!(far.write_all(b"answer").await.is_err());
    }
}

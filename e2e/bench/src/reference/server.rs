//! The event loop.

use super::{
    Mode,
    channels::Channels,
    connection::{Connection, Speaks},
    protocol::{self, Event},
};
use crate::{
    apps::App,
    sys::{
        Epoll, Ready,
        socket::{self, Received},
    },
    wire::{
        http,
        signature::Signer,
        websocket::{self, Frame},
    },
};
use socket2::Socket;
use std::{
    io,
    net::SocketAddrV4,
    os::fd::AsRawFd,
    time::{Duration, Instant},
};

const LISTENER: u64 = u64::MAX;
const ACCEPTS_PER_ROUND: usize = 64;
const SCRATCH_BYTES: usize = 64 * 1024;
/// How often the loop looks at the time when nothing happens.
const IDLE: Duration = Duration::from_millis(500);

pub struct Server {
    mode: Mode,
    listener: Socket,
    epoll: Epoll,
    /// By descriptor.
    connections: Vec<Option<Box<Connection>>>,
    channels: Channels,
    publish_path: String,
    socket_path: String,
    signer: Signer,
    scratch: Vec<u8>,
}

impl Server {
    pub fn bind(at: SocketAddrV4, mode: Mode) -> io::Result<Self> {
        let listener = socket::listen(at)?;
        let epoll = Epoll::new(512)?;
        epoll.watch_listener(&listener, LISTENER)?;
        let app = App::nth(0);
        Ok(Self {
            mode,
            listener,
            epoll,
            connections: Vec::new(),
            channels: Channels::default(),
            publish_path: format!("/apps/{}/events", app.id),
            socket_path: format!("/app/{}", app.key),
            signer: Signer::new(&app.secret),
            scratch: vec![0; SCRATCH_BYTES],
        })
    }

    /// Where it listens; asked for with port 0, the kernel chose one.
    pub fn address(&self) -> io::Result<SocketAddrV4> {
        let address = self.listener.local_addr()?;
        address.as_socket_ipv4().ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
    }

    /// Serves until the time is up.
    pub fn run(mut self, until: Instant) -> io::Result<()> {
        while Instant::now() < until {
            for at in 0..self.epoll.wait(IDLE)? {
                match self.epoll.ready(at) {
                    ready if ready.token == LISTENER => self.accept()?,
                    ready => self.serve(ready),
                }
            }
            self.deliver_waiting();
        }
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        for _ in 0..ACCEPTS_PER_ROUND {
            let socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                Err(e) => return Err(e),
            };
            socket.set_nonblocking(true)?;
            socket.set_tcp_nodelay(true)?;
            let at = socket.as_raw_fd() as usize;
            self.epoll.watch(&socket, at as u64)?;
            if self.connections.len() <= at {
                self.connections.resize_with(at + 1, || None);
            }
            self.connections[at] = Some(Box::new(Connection::new(socket)));
        }
        Ok(())
    }

    fn serve(&mut self, ready: Ready) {
        let at = ready.token as usize;
        let flushed = match self.connections[at].as_mut() {
            Some(connection) if ready.writable() => connection.flush(),
            _ => Ok(()),
        };
        let served = flushed.and_then(|()| match ready.readable() {
            true => self.read(at, ready.ended()),
            false => Ok(()),
        });
        if served.is_err() {
            self.close(at);
        }
    }

    /// Reads all there is. Errors: the connection ended or broke a rule; it is to be closed.
    fn read(&mut self, at: usize, to_the_end: bool) -> io::Result<()> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let result = self.read_into(at, to_the_end, &mut scratch);
        self.scratch = scratch;
        result
    }

    fn read_into(&mut self, at: usize, to_the_end: bool, scratch: &mut [u8]) -> io::Result<()> {
        loop {
            let Some(connection) = self.connections[at].as_mut() else { return Ok(()) };
            let held = connection.held.len();
            if held == scratch.len() {
                return Err(io::ErrorKind::InvalidData.into());
            }
            scratch[..held].copy_from_slice(&connection.held);
            let filled = match socket::receive(&connection.socket, &mut scratch[held..])? {
                Received::Bytes(count) => held + count,
                Received::NothingYet => return Ok(()),
                Received::End => return Err(io::ErrorKind::UnexpectedEof.into()),
            };
            let used = self.take(at, &scratch[..filled])?;
            if let Some(connection) = self.connections[at].as_mut() {
                connection.held.clear();
                connection.held.extend_from_slice(&scratch[used..filled]);
                if connection.held.is_empty() {
                    connection.held = Vec::new();
                }
            }
            if filled < scratch.len() && !to_the_end {
                return Ok(());
            }
        }
    }

    /// Takes whole requests and frames; how many bytes that were.
    fn take(&mut self, at: usize, bytes: &[u8]) -> io::Result<usize> {
        let mut used = 0;
        loop {
            let rest = &bytes[used..];
            let taken = match self.connections[at].as_ref().map(|c| c.speaks) {
                Some(Speaks::Http) => self.take_request(at, rest)?,
                Some(Speaks::WebSocket) => self.take_frame(at, rest)?,
                None => 0,
            };
            if taken == 0 {
                return Ok(used);
            }
            used += taken;
        }
    }

    fn take_request(&mut self, at: usize, bytes: &[u8]) -> io::Result<usize> {
        let Some(head_length) = http::head_length(bytes) else { return Ok(0) };
        let head = &bytes[..head_length];
        let mut words = head.split(|b| *b == b' ' || *b == b'\r');
        let (method, target) = (words.next().unwrap_or(b""), words.next().unwrap_or(b""));
        let (path, query) = match memchr::memchr(b'?', target) {
            Some(mark) => (&target[..mark], &target[mark + 1..]),
            None => (target, &b""[..]),
        };
        let body_length = http::content_length(head).ok_or(io::ErrorKind::InvalidData)?;
        let Some(body) = bytes.get(head_length..head_length + body_length) else { return Ok(0) };
        if method == b"GET" && path == self.socket_path.as_bytes() {
            let key = http::header(head, "sec-websocket-key").ok_or(io::ErrorKind::InvalidData)?;
            self.upgrade(at, key)?;
        } else if method == b"POST" && path == self.publish_path.as_bytes() {
            self.publish(at, query, body)?;
        } else {
            self.send(at, protocol::NOT_FOUND)?;
        }
        Ok(head_length + body_length)
    }

    fn upgrade(&mut self, at: usize, client_key: &[u8]) -> io::Result<()> {
        if let Some(connection) = self.connections[at].as_mut() {
            connection.speaks = Speaks::WebSocket;
        }
        self.send(at, &protocol::welcome(client_key))
    }

    fn publish(&mut self, at: usize, query: &[u8], body: &[u8]) -> io::Result<()> {
        if !self.signer.accepts(self.publish_path.as_bytes(), query, body) {
            return self.send(at, protocol::UNAUTHORIZED);
        }
        let Some(event) = Event::read(body) else { return self.send(at, protocol::BAD_REQUEST) };
        self.send(at, protocol::ACCEPTED)?;
        if let Some(channel) = self.channels.find(event.channel) {
            event.append(self.channels.queue(channel));
            if self.mode == Mode::Direct {
                self.deliver_waiting();
            }
        }
        Ok(())
    }

    fn take_frame(&mut self, at: usize, bytes: &[u8]) -> io::Result<usize> {
        let Some(frame) = Frame::read(bytes) else { return Ok(0) };
        match frame.opcode {
            websocket::CLOSE => return Err(io::ErrorKind::ConnectionReset.into()),
            websocket::PING => {
                let mut pong = Vec::new();
                websocket::append_frame(&mut pong, websocket::PONG, &frame.unmasked(bytes));
                self.send(at, &pong)?;
            }
            websocket::TEXT => {
                let text = frame.unmasked(bytes);
                if let Some(name) = protocol::subscription(&text) {
                    let channel = self.channels.join(name, at);
                    if let Some(connection) = self.connections[at].as_mut() {
                        connection.joined.push(channel);
                    }
                    self.send(at, &protocol::subscribed(name))?;
                }
            }
            _ => {}
        }
        Ok(frame.length())
    }

    fn deliver_waiting(&mut self) {
        while let Some((at, channel)) = self.channels.take_waiting() {
            for member in &channel.members {
                // A broken subscriber is closed when epoll reports it.
                let _ = self.send(*member, &channel.frames);
            }
            self.channels.put_back(at, channel);
        }
    }

    #[inline]
    fn send(&mut self, at: usize, bytes: &[u8]) -> io::Result<()> {
        self.connections[at].as_mut().map_or(Ok(()), |connection| connection.send(bytes))
    }

    fn close(&mut self, at: usize) {
        if let Some(connection) = self.connections[at].take() {
            for channel in connection.joined {
                self.channels.leave(channel, at);
            }
        }
    }
}

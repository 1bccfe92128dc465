//! One accepted connection.

use super::channels::ChannelIndex;
use crate::sys::socket;
use socket2::Socket;
use std::io;

pub struct Connection {
    pub socket: Socket,
    pub speaks: Speaks,
    pub joined: Vec<ChannelIndex>,
    /// The start of a request or frame whose rest has not come yet.
    pub held: Vec<u8>,
    unsent: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    Http,
    WebSocket,
}

impl Connection {
    pub fn new(socket: Socket) -> Self {
        let (held, unsent) = (Vec::new(), Vec::new());
        Self { socket, speaks: Speaks::Http, joined: Vec::new(), held, unsent }
    }

    /// Sends at once; what the socket does not take goes out when it is writable again.
    #[inline]
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let sent = if self.unsent.is_empty() { socket::send(&self.socket, bytes)? } else { 0 };
        if sent < bytes.len() {
            self.unsent.extend_from_slice(&bytes[sent..]);
        }
        Ok(())
    }

    pub fn flush(&mut self) -> io::Result<()> {
        let mut sent = 0;
        while sent < self.unsent.len() {
            match socket::send(&self.socket, &self.unsent[sent..])? {
                0 => break,
                count => sent += count,
            }
        }
        if sent == self.unsent.len() {
            self.unsent = Vec::new();
        } else {
            self.unsent.drain(..sent);
        }
        Ok(())
    }
}

//! Non-blocking TCP sockets on loopback.

use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    time::Duration,
};

/// How many connections one source address can hold to one server address: the kernel's default
/// range of ephemeral ports, rounded down.
pub const CONNECTIONS_PER_SOURCE: usize = 28_000;

/// What one attempt to read gave.
pub enum Received {
    Bytes(usize),
    NothingYet,
    End,
}

/// The address connection number `index` of `total` comes from; `None` leaves it to the kernel.
pub fn source_of(index: usize, total: usize) -> Option<Ipv4Addr> {
    let sources = total.div_ceil(CONNECTIONS_PER_SOURCE);
    (sources > 1).then(|| Ipv4Addr::from(0x7f00_0002 + (index % sources) as u32))
}

/// Starts to connect; the socket becomes writable when that is done.
pub fn connect(to: SocketAddrV4, source: Option<Ipv4Addr>) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    if let Some(source) = source {
        socket.bind(&SocketAddr::from((source, 0)).into())?;
    }
    match socket.connect(&SocketAddr::V4(to).into()) {
        Err(e) if e.raw_os_error() != Some(libc::EINPROGRESS) => Err(e),
        _ => Ok(socket),
    }
}

pub fn listen(at: SocketAddrV4) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::V4(at).into())?;
    socket.listen(4096)?;
    Ok(socket)
}

#[inline]
pub fn receive(mut socket: &Socket, into: &mut [u8]) -> io::Result<Received> {
    match socket.read(into) {
        Ok(0) => Ok(Received::End),
        Ok(count) => Ok(Received::Bytes(count)),
        Err(e) if is_transient(&e) => Ok(Received::NothingYet),
        Err(e) => Err(e),
    }
}

/// How many bytes the socket took now; 0 when it is full.
#[inline]
pub fn send(mut socket: &Socket, bytes: &[u8]) -> io::Result<usize> {
    match socket.write(bytes) {
        Err(e) if is_transient(&e) => Ok(0),
        result => result,
    }
}

/// Sends a small message whole, waiting up to 5 s for room.
pub fn send_all(socket: &Socket, mut bytes: &[u8]) -> io::Result<()> {
    for _ in 0..5_000 {
        bytes = &bytes[send(socket, bytes)?..];
        if bytes.is_empty() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err(io::ErrorKind::TimedOut.into())
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_source_is_enough_up_to_its_ports() {
        assert_eq!(source_of(0, CONNECTIONS_PER_SOURCE), None);
        assert_eq!(source_of(0, CONNECTIONS_PER_SOURCE + 1), Some(Ipv4Addr::new(127, 0, 0, 2)));
        assert_eq!(source_of(1, CONNECTIONS_PER_SOURCE + 1), Some(Ipv4Addr::new(127, 0, 0, 3)));
        assert_eq!(source_of(2, CONNECTIONS_PER_SOURCE + 1), Some(Ipv4Addr::new(127, 0, 0, 2)));
    }
}

//! Names of connections. Source: spec/anycable.md §5.4, §6.9.

use contract::SocketId;
use std::fmt;

/// The `sid` of a connection: 21 characters of `A-Za-z0-9_-`.
///
/// The first eleven hold the socket id, which others may learn: back ends exclude by it. The rest
/// is random and known to the connection's client alone, because who presents the whole may resume
/// the connection. Shape: 126 bits, six per character, highest first: 64 of the socket id, then 62
/// random ones.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sid([u8; Sid::CHARS]);

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const RANDOM_BITS: u32 = 62;

impl Sid {
    pub const CHARS: usize = 21;

    /// Of `random` the lower 62 bits count.
    pub fn new(socket: SocketId, random: u64) -> Self {
        let random = random & ((1 << RANDOM_BITS) - 1);
        let bits = u128::from(socket.bits()) << RANDOM_BITS | u128::from(random);
        let mut chars = [0; Self::CHARS];
        for (at, char) in chars.iter_mut().rev().enumerate() {
            *char = ALPHABET[(bits >> (6 * at)) as usize & 63];
        }
        Self(chars)
    }

    /// Reads what a client presents; nothing for any other shape.
    pub fn parse(raw: &str) -> Option<Self> {
        let chars: [u8; Self::CHARS] = raw.as_bytes().try_into().ok()?;
        chars.iter().all(|char| ALPHABET.contains(char)).then_some(Self(chars))
    }

    pub fn socket(&self) -> SocketId {
        SocketId::from_random((self.bits() >> RANDOM_BITS) as u64)
    }

    /// The part that only the connection's client knows.
    pub fn random(&self) -> u64 {
        self.bits() as u64 & ((1 << RANDOM_BITS) - 1)
    }

    pub fn as_str(&self) -> &str {
        // Only letters of the alphabet ever get in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    fn bits(&self) -> u128 {
        let value = |char: u8| ALPHABET.iter().position(|c| *c == char).unwrap_or(0) as u128;
        self.0.iter().fold(0, |bits, char| bits << 6 | value(*char))
    }
}

/// It is a credential: only its public half is shown.
impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sid({}…)", self.socket())
    }
}

/// The connection that `exclude_socket` names: by its `sid`, or as the Pusher family names it.
pub fn excluded(raw: &str) -> Option<SocketId> {
    match Sid::parse(raw) {
        Some(sid) => Some(sid.socket()),
        None => raw.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: u64 = (1 << RANDOM_BITS) - 1;

    #[test]
    fn a_sid_has_its_shape_and_gives_back_what_it_holds() {
        for (socket, random) in [(0, 0), (u64::MAX, MOST), (1 << 32 | 2, 5), (1234 << 32, MOST - 1)]
        {
            let socket = SocketId::from_random(socket);
            let sid = Sid::new(socket, random);
            assert_eq!(sid.as_str().len(), 21);
            let read = Sid::parse(sid.as_str()).expect("its own shape");
            assert_eq!((read.socket(), read.random()), (socket, random), "{}", sid.as_str());
        }
    }

    #[test]
    fn only_what_a_client_presents_whole_is_the_same() {
        let socket = SocketId::from_random(7);
        assert_ne!(Sid::new(socket, 1), Sid::new(socket, 2));
        assert_eq!(format!("{:?}", Sid::new(socket, 1)), "Sid(0.7…)");
    }

    #[test]
    fn other_shapes_are_no_sid() {
        for raw in
            ["", "pconpOF0JVn7vUEvTvCL", "pconpOF0JVn7vUEvTvCLdd", "pconpOF0JVn7vUEvTvC d", "é"]
        {
            assert_eq!(Sid::parse(raw), None, "{raw:?}");
        }
        assert!(Sid::parse("pconpOF0JVn7vUEvTvCLd").is_some());
    }

    #[test]
    fn back_ends_may_exclude_by_either_name() {
        let socket: SocketId = "1234.5678".parse().unwrap();
        assert_eq!(excluded(Sid::new(socket, 9).as_str()), Some(socket));
        assert_eq!(excluded("1234.5678"), Some(socket));
        assert_eq!(excluded("somebody"), None);
    }
}

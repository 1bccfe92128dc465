//! WebSocket frames: headers in, frames out. Source: RFC 6455 §5.

use bytes::{Buf, Bytes};

/// The first half of the first byte that says what a frame is. Source: RFC 6455 §5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

impl Opcode {
    fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }
    pub fn is_control(self) -> bool {
        self as u8 >= 8
    }
}

/// What a peer did that ends the connection, with its close code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    #[error("{0}")]
    Protocol(&'static str),
    #[error("text is not UTF-8")]
    NotUtf8,
    #[error("message is larger than {limit} bytes")]
    TooBig { limit: usize },
}

impl WireError {
    /// Source: RFC 6455 §7.4.1.
    pub fn close_code(self) -> u16 {
        match self {
            Self::Protocol(_) => 1002,
            Self::NotUtf8 => 1007,
            Self::TooBig { .. } => 1009,
        }
    }
}

/// A client frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub fin: bool,
    pub opcode: Opcode,
    pub mask: [u8; 4],
    /// Bytes of the header itself.
    pub size: usize,
    pub payload: usize,
}

pub const MAX_CONTROL_PAYLOAD: usize = 125;

impl Header {
    /// Reads a client frame's header from the start of `buf`; `None` when more bytes are needed.
    ///
    /// Everything that can be refused is refused here, before a byte of payload is waited for.
    pub fn parse(buf: &[u8], max_payload: usize) -> Result<Option<Self>, WireError> {
        let &[first, second, ..] = buf else { return Ok(None) };
        let fin = first & 0x80 != 0;
        if first & 0x70 != 0 {
            return Err(WireError::Protocol("reserved bits are set"));
        }
        let opcode =
            Opcode::from_bits(first & 0x0f).ok_or(WireError::Protocol("unknown opcode"))?;
        if second & 0x80 == 0 {
            return Err(WireError::Protocol("client frames must be masked"));
        }
        let short = usize::from(second & 0x7f);
        if opcode.is_control() && (!fin || short > MAX_CONTROL_PAYLOAD) {
            return Err(WireError::Protocol("control frames are whole and at most 125 bytes"));
        }
        let (payload, at) = match short {
            126 => match buf.get(2..4) {
                Some(&[a, b]) => (u64::from(u16::from_be_bytes([a, b])), 4),
                _ => return Ok(None),
            },
            127 => match buf.get(2..10).and_then(|b| <[u8; 8]>::try_from(b).ok()) {
                Some(bytes) => (u64::from_be_bytes(bytes), 10),
                None => return Ok(None),
            },
            short => (short as u64, 2),
        };
        if payload > max_payload as u64 {
            return Err(WireError::TooBig { limit: max_payload });
        }
        let Some(mask) = buf.get(at..at + 4).and_then(|b| b.try_into().ok()) else {
            return Ok(None);
        };
        Ok(Some(Self { fin, opcode, mask, size: at + 4, payload: payload as usize }))
    }
}

/// Applies a client's mask, in place.
pub fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let wide = u64::from_ne_bytes([
        mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3],
    ]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

/// Room for the longest header of a server's frame.
pub const MAX_SERVER_HEADER: usize = 10;

/// A text to write a frame's content to, with room for the header before it.
pub fn text_with_room(capacity: usize) -> String {
    let mut out = String::with_capacity(MAX_SERVER_HEADER + capacity);
    out.push_str("\0\0\0\0\0\0\0\0\0\0");
    out
}

/// Puts the header of a text frame into the end of the room that [`text_with_room`] left for it
/// and cuts off the rest of the room.
pub fn with_header(text: String) -> Bytes {
    const TEXT: u8 = 0x80 | Opcode::Text as u8;
    let mut buf = text.into_bytes();
    let payload = buf.len() - MAX_SERVER_HEADER;
    let start = match payload {
        0..=125 => {
            buf[8..10].copy_from_slice(&[TEXT, payload as u8]);
            8
        }
        126..=0xffff => {
            buf[6..8].copy_from_slice(&[TEXT, 126]);
            buf[8..10].copy_from_slice(&(payload as u16).to_be_bytes());
            6
        }
        _ => {
            buf[..2].copy_from_slice(&[TEXT, 127]);
            buf[2..10].copy_from_slice(&(payload as u64).to_be_bytes());
            0
        }
    };
    let mut framed = Bytes::from(buf);
    framed.advance(start);
    framed
}

/// Appends a whole server frame.
pub fn push_frame(buf: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    push_header(buf, opcode, payload.len());
    buf.extend_from_slice(payload);
}

/// Appends the header of a server frame whose payload of so many bytes comes next.
pub fn push_header(buf: &mut Vec<u8>, opcode: Opcode, payload: usize) {
    buf.push(0x80 | opcode as u8);
    match payload {
        len @ 0..=125 => buf.push(len as u8),
        len @ 126..=0xffff => {
            buf.push(126);
            buf.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            buf.push(127);
            buf.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
}

fn whole(opcode: Opcode, payload: &[u8]) -> Bytes {
    let mut buf = Vec::with_capacity(MAX_SERVER_HEADER + payload.len());
    push_frame(&mut buf, opcode, payload);
    buf.into()
}

pub fn text(payload: &[u8]) -> Bytes {
    whole(Opcode::Text, payload)
}

pub fn ping() -> Bytes {
    Bytes::from_static(&[0x89, 0])
}

pub fn pong(payload: &[u8]) -> Bytes {
    whole(Opcode::Pong, payload)
}

/// A close frame; the reason is cut to what fits a control frame.
pub fn close(code: u16, reason: &str) -> Bytes {
    let mut cut = reason.len().min(MAX_CONTROL_PAYLOAD - 2);
    while !reason.is_char_boundary(cut) {
        cut -= 1;
    }
    let mut payload = Vec::with_capacity(2 + cut);
    payload.extend_from_slice(&code.to_be_bytes());
    payload.extend_from_slice(&reason.as_bytes()[..cut]);
    whole(Opcode::Close, &payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(buf: &[u8], expected: Result<Option<(bool, Opcode, usize)>, u16>) {
        let seen = Header::parse(buf, 65_536)
            .map(|h| h.map(|h| (h.fin, h.opcode, h.payload)))
            .map_err(WireError::close_code);
        assert_eq!(seen, expected, "{buf:02x?}");
    }

    #[test]
    fn headers_are_judged_at_the_first_byte_that_tells() {
        check(&[0x81], Ok(None));
        check(&[0x81, 0x85, 1, 2, 3], Ok(None));
        check(&[0x81, 0x85, 1, 2, 3, 4], Ok(Some((true, Opcode::Text, 5))));
        check(&[0x01, 0x80, 1, 2, 3, 4], Ok(Some((false, Opcode::Text, 0))));
        check(&[0x81, 0x05], Err(1002));
        check(&[0xc1, 0x85], Err(1002));
        check(&[0xa1, 0x85], Err(1002));
        check(&[0x91, 0x85], Err(1002));
        check(&[0x83, 0x85], Err(1002));
        check(&[0x8b, 0x85], Err(1002));
        check(&[0x89, 0xfd, 1, 2, 3, 4], Ok(Some((true, Opcode::Ping, 125))));
        check(&[0x89, 0xfe], Err(1002));
        check(&[0x09, 0x80], Err(1002));
    }

    #[test]
    fn a_frame_that_announces_too_much_is_refused_at_its_header() {
        let long = |len: u64| [&[0x81, 0xff][..], &len.to_be_bytes(), &[0; 4]].concat();
        check(&long(65_536), Ok(Some((true, Opcode::Text, 65_536))));
        check(&long(65_537)[..10], Err(1009));
        check(&long(u64::MAX)[..10], Err(1009));
    }

    #[test]
    fn unmasking_twice_gives_the_text_back() {
        for len in 0..40 {
            let text: Vec<u8> = (0..len).collect();
            let mut masked = text.clone();
            unmask(&mut masked, [0xaa, 0x55, 0x12, 0x34]);
            for (i, byte) in masked.iter().enumerate() {
                assert_eq!(*byte, text[i] ^ [0xaa, 0x55, 0x12, 0x34][i % 4]);
            }
            unmask(&mut masked, [0xaa, 0x55, 0x12, 0x34]);
            assert_eq!(masked, text);
        }
    }

    #[test]
    fn server_frames_have_the_shortest_header() {
        assert_eq!(text(b"hi").as_ref(), [0x81, 2, b'h', b'i']);
        assert_eq!(text(&[0; 126])[..4], [0x81, 126, 0, 126]);
        assert_eq!(text(&[0; 65_536])[..10], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert_eq!(close(4001, "no")[..], [0x88, 4, 0x0f, 0xa1, b'n', b'o']);
        assert_eq!(close(4001, &"é".repeat(100)).len(), 2 + 2 + 122);
    }
}

//! WebSocket frames and the opening handshake. Source: RFC 6455.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::{Digest, Sha1};

pub const TEXT: u8 = 1;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// The key every connection of the generator offers; a benchmark has no caches to fool.
pub const CLIENT_KEY: &str = "c2lnbmFsYm94LWJlbmNoMQ==";

/// The head of a frame whose payload is there, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub opcode: u8,
    pub is_final: bool,
    pub mask: Option<[u8; 4]>,
    pub head: usize,
    pub payload: usize,
}

impl Frame {
    /// `None` while the frame is not whole yet.
    #[inline]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (first, second) = (*bytes.first()?, *bytes.get(1)?);
        let (mut head, payload) = match second & 0x7f {
            126 => (4, u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?).into()),
            127 => {
                let length = u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
                (10, usize::try_from(length).ok()?)
            }
            length => (2, usize::from(length)),
        };
        let mask = if second & 0x80 == 0 {
            None
        } else {
            head += 4;
            Some(*bytes.get(head - 4..)?.first_chunk()?)
        };
        (bytes.len() - head.min(bytes.len()) >= payload).then_some(Self {
            opcode: first & 0x0f,
            is_final: first & 0x80 != 0,
            mask,
            head,
            payload,
        })
    }

    pub fn length(&self) -> usize {
        self.head + self.payload
    }

    /// The payload of the frame that stands at the start of the bytes, as it was sent.
    #[inline]
    pub fn payload<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.head..self.head + self.payload]
    }

    pub fn unmasked(&self, bytes: &[u8]) -> Vec<u8> {
        let mask = self.mask.unwrap_or_default();
        self.payload(bytes).iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
    }
}

/// Appends a server's frame.
pub fn append_frame(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    append_head(out, opcode, payload.len(), 0);
    out.extend_from_slice(payload);
}

/// A client's frame. Its mask is zero, so that nothing has to be changed.
pub fn client_frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 14);
    append_head(&mut out, opcode, payload.len(), 0x80);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
    out
}

pub fn append_head(out: &mut Vec<u8>, opcode: u8, payload: usize, masked: u8) {
    out.push(0x80 | opcode);
    match payload {
        0..=125 => out.push(masked | payload as u8),
        126..=0xffff => {
            out.push(masked | 126);
            out.extend_from_slice(&(payload as u16).to_be_bytes());
        }
        _ => {
            out.push(masked | 127);
            out.extend_from_slice(&(payload as u64).to_be_bytes());
        }
    }
}

/// `Sec-WebSocket-Accept` for a client's key.
pub fn accept(key: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_whole_only() {
        for payload in [0, 5, 125, 126, 200, 65_535, 65_536] {
            let mut server = Vec::new();
            append_frame(&mut server, TEXT, &vec![b'a'; payload]);
            for bytes in [server, client_frame(TEXT, &vec![b'a'; payload])] {
                let frame = Frame::read(&bytes).expect("whole");
                assert_eq!((frame.opcode, frame.payload), (TEXT, payload));
                assert_eq!(frame.length(), bytes.len());
                assert_eq!(Frame::read(&bytes[..bytes.len() - 1]), None, "{payload}");
            }
        }
        assert_eq!(Frame::read(&[]), None);
    }

    #[test]
    fn a_masked_payload_is_restored() {
        // RFC 6455 §5.7: a masked "Hello".
        let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(Frame::read(&bytes).unwrap().unmasked(&bytes), b"Hello");
    }

    #[test]
    fn the_handshake_answer_is_the_rfc_s() {
        // RFC 6455 §1.3.
        assert_eq!(accept(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}

//! Client bytes to messages: unmasking, fragments, UTF-8, all within bounds.

use super::frame::{Header, Opcode, WireError, unmask};

/// One message of a client, borrowed from the read buffer.
#[derive(Debug, PartialEq, Eq)]
pub enum Inbound<'a> {
    Text(&'a str),
    Binary,
    Ping(&'a [u8]),
    Pong,
    /// The code, if the client gave one.
    Close(Option<u16>),
}

/// Whether the reader should go on with the bytes it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Continue,
    Stop,
}

/// What one connection has received in part. Empty, and without memory of its own, between
/// messages.
#[derive(Default)]
pub struct Reader {
    held: Vec<u8>,
    message: Option<Box<Fragments>>,
}

struct Fragments {
    text: bool,
    data: Vec<u8>,
    count: usize,
}

/// A message may come in at most this many fragments.
const MAX_FRAGMENTS: usize = 128;

impl Reader {
    /// Whether a message or frame has begun and not ended.
    pub fn is_midway(&self) -> bool {
        !self.held.is_empty() || self.message.is_some()
    }

    /// Takes what was read and hands each whole message to `take`. Bytes are unmasked in place.
    ///
    /// Errors: what the peer did wrong; nothing may be fed afterwards.
    pub fn feed(
        &mut self,
        input: &mut [u8],
        max_message: usize,
        take: &mut dyn FnMut(Inbound<'_>) -> Flow,
    ) -> Result<(), WireError> {
        if self.held.is_empty() {
            let used = self.walk(input, max_message, take)?;
            self.held.extend_from_slice(&input[used..]);
            return Ok(());
        }
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(input);
        let used = self.walk(&mut held, max_message, take)?;
        if used < held.len() {
            held.drain(..used);
            self.held = held;
        }
        Ok(())
    }

    /// Handles the whole frames in `buf` and says how many bytes they took.
    fn walk(
        &mut self,
        buf: &mut [u8],
        max_message: usize,
        take: &mut dyn FnMut(Inbound<'_>) -> Flow,
    ) -> Result<usize, WireError> {
        let mut at = 0;
        while let Some(header) = Header::parse(&buf[at..], max_message)? {
            self.refuse_early(&header, max_message)?;
            let start = at + header.size;
            let end = start + header.payload;
            let Some(payload) = buf.get_mut(start..end) else { break };
            unmask(payload, header.mask);
            at = end;
            if self.frame(header, payload, take)? == Flow::Stop {
                return Ok(buf.len());
            }
        }
        Ok(at)
    }

    /// A fragment that would make its message too long is refused before its payload is awaited.
    fn refuse_early(&self, header: &Header, max_message: usize) -> Result<(), WireError> {
        let begun = self.message.as_ref().map_or(0, |message| message.data.len());
        match header.opcode {
            Opcode::Continuation if begun + header.payload > max_message => {
                Err(WireError::TooBig { limit: max_message })
            }
            _ => Ok(()),
        }
    }

    fn frame(
        &mut self,
        header: Header,
        payload: &[u8],
        take: &mut dyn FnMut(Inbound<'_>) -> Flow,
    ) -> Result<Flow, WireError> {
        match header.opcode {
            Opcode::Ping => Ok(take(Inbound::Ping(payload))),
            Opcode::Pong => Ok(take(Inbound::Pong)),
            Opcode::Close => Ok(take(Inbound::Close(close_code(payload)?))),
            Opcode::Continuation => self.continuation(header.fin, payload, take),
            Opcode::Text | Opcode::Binary if self.message.is_some() => {
                Err(WireError::Protocol("a new message began inside another"))
            }
            opcode if header.fin => whole(opcode == Opcode::Text, payload, take),
            opcode => {
                let text = opcode == Opcode::Text;
                let data = payload.to_vec();
                self.message = Some(Box::new(Fragments { text, data, count: 1 }));
                Ok(Flow::Continue)
            }
        }
    }

    fn continuation(
        &mut self,
        fin: bool,
        payload: &[u8],
        take: &mut dyn FnMut(Inbound<'_>) -> Flow,
    ) -> Result<Flow, WireError> {
        let Some(mut message) = self.message.take() else {
            return Err(WireError::Protocol("a continuation without a beginning"));
        };
        message.count += 1;
        if message.count > MAX_FRAGMENTS {
            return Err(WireError::Protocol("a message in too many fragments"));
        }
        message.data.extend_from_slice(payload);
        if fin {
            return whole(message.text, &message.data, take);
        }
        self.message = Some(message);
        Ok(Flow::Continue)
    }
}

fn whole(
    text: bool,
    payload: &[u8],
    take: &mut dyn FnMut(Inbound<'_>) -> Flow,
) -> Result<Flow, WireError> {
    if !text {
        return Ok(take(Inbound::Binary));
    }
    let text = simdutf8::basic::from_utf8(payload).map_err(|_| WireError::NotUtf8)?;
    Ok(take(Inbound::Text(text)))
}

/// Source: RFC 6455 §5.5.1, §7.4.
fn close_code(payload: &[u8]) -> Result<Option<u16>, WireError> {
    match payload {
        [] => Ok(None),
        [_] => Err(WireError::Protocol("a close code is two bytes")),
        [a, b, reason @ ..] => {
            std::str::from_utf8(reason).map_err(|_| WireError::NotUtf8)?;
            match u16::from_be_bytes([*a, *b]) {
                code @ (1000..=1003 | 1007..=1014 | 3000..=4999) => Ok(Some(code)),
                _ => Err(WireError::Protocol("a close code that may not be sent")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [1, 2, 3, 4];
        let mut masked = payload.to_vec();
        unmask(&mut masked, mask);
        let mut frame = vec![first];
        match payload.len() {
            len @ 0..=125 => frame.push(0x80 | len as u8),
            len => {
                frame.push(0x80 | 126);
                frame.extend((len as u16).to_be_bytes());
            }
        }
        frame.extend(mask);
        frame.extend(masked);
        frame
    }

    /// Feeds `input` in pieces of `step` bytes and notes what came out.
    fn read(input: &[u8], step: usize, max: usize) -> (Vec<String>, Result<(), u16>) {
        let (mut reader, mut seen) = (Reader::default(), Vec::new());
        for piece in input.chunks(step) {
            let mut note = |message: Inbound<'_>| {
                seen.push(format!("{message:?}"));
                Flow::Continue
            };
            if let Err(e) = reader.feed(&mut piece.to_vec(), max, &mut note) {
                return (seen, Err(e.close_code()));
            }
        }
        (seen, Ok(()))
    }

    #[track_caller]
    fn check(input: &[u8], expected: &[&str], end: Result<(), u16>) {
        for step in [1, 3, 7, input.len().max(1)] {
            let (seen, result) = read(input, step, 1_000);
            assert_eq!((seen, result), (expected.iter().map(|s| s.to_string()).collect(), end));
        }
    }

    #[test]
    fn messages_come_out_whole_however_the_bytes_arrive() {
        let two = [frame(0x81, b"one"), frame(0x81, b"two")].concat();
        check(&two, &["Text(\"one\")", "Text(\"two\")"], Ok(()));
        let parts =
            [frame(0x01, "é".as_bytes()), frame(0x89, b"p"), frame(0x00, b"b"), frame(0x80, b"c")];
        check(&parts.concat(), &["Ping([112])", "Text(\"ébc\")"], Ok(()));
        check(&frame(0x82, b"x"), &["Binary"], Ok(()));
        check(&frame(0x88, &[0x03, 0xe8]), &["Close(Some(1000))"], Ok(()));
        check(&frame(0x88, &[]), &["Close(None)"], Ok(()));
    }

    #[test]
    fn a_character_may_be_cut_by_a_fragment_but_not_by_the_message() {
        let parts = [frame(0x01, &[0xc3]), frame(0x80, &[0xa9])].concat();
        check(&parts, &["Text(\"é\")"], Ok(()));
        check(&frame(0x81, &[0xc3]), &[], Err(1007));
        check(&frame(0x81, &[0xff]), &[], Err(1007));
    }

    #[test]
    fn what_the_protocol_forbids_ends_the_connection() {
        check(&frame(0x80, b"x"), &[], Err(1002));
        check(&[frame(0x01, b"x"), frame(0x81, b"y")].concat(), &[], Err(1002));
        check(&frame(0x88, &[3]), &[], Err(1002));
        check(&frame(0x88, &[0x03, 0xed]), &[], Err(1002));
        check(&frame(0x88, &[0x03, 0xe8, 0xff]), &[], Err(1007));
    }

    #[test]
    fn size_and_number_of_fragments_are_bounded() {
        check(&frame(0x81, &[b'a'; 1_001]), &[], Err(1009));
        let parts = [frame(0x01, &[b'a'; 600]), frame(0x80, &[b'a'; 401])].concat();
        check(&parts, &[], Err(1009));
        let most = [frame(0x01, b""), frame(0x00, b"").repeat(126), frame(0x80, b"")].concat();
        check(&most, &["Text(\"\")"], Ok(()));
        let more = [frame(0x01, b""), frame(0x00, b"").repeat(127), frame(0x80, b"")].concat();
        check(&more, &[], Err(1002));
    }

    #[test]
    fn nothing_is_held_between_messages() {
        let mut reader = Reader::default();
        let mut ignore = |_: Inbound<'_>| Flow::Continue;
        let mut whole = frame(0x81, b"x");
        reader.feed(&mut whole[..3].to_vec(), 100, &mut ignore).unwrap();
        assert!(reader.is_midway());
        reader.feed(&mut whole[3..], 100, &mut ignore).unwrap();
        assert!(!reader.is_midway());
        assert_eq!(reader.held.capacity(), 0);
    }
}

//! What every message carries in its data, so that its reader can check and time it.
//!
//! `~sb~`, then stream (8), sequence (8) and send time (16) in hex: letters that no JSON encoder
//! changes, at a fixed width, so that it is read in place without parsing the frame.

use memchr::memmem;

const MARK: &[u8; 4] = b"~sb~";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Whose sequence this is: see `load::streams`.
    pub stream: u32,
    /// Counts from 1 within the stream.
    pub sequence: u32,
    /// When it was sent, or was due to be.
    pub sent_ns: u64,
}

impl Stamp {
    pub const BYTES: usize = 36;

    /// Appends the stamp, filled up with `x` to `data_bytes`.
    pub fn append(&self, out: &mut Vec<u8>, data_bytes: usize) {
        let end = out.len() + data_bytes.max(Self::BYTES);
        out.extend_from_slice(MARK);
        append_hex(out, self.stream.into(), 8);
        append_hex(out, self.sequence.into(), 8);
        append_hex(out, self.sent_ns, 16);
        out.resize(end, b'x');
    }

    /// The stamp in a frame's payload; `at` remembers where the last one stood.
    #[inline]
    pub fn find(payload: &[u8], at: &mut usize) -> Option<Self> {
        if payload.get(*at..*at + MARK.len()) != Some(MARK) {
            *at = memmem::find(payload, MARK)?;
        }
        let digits = payload.get(*at + MARK.len()..*at + Self::BYTES)?;
        Some(Self {
            stream: hex_value(&digits[..8])? as u32,
            sequence: hex_value(&digits[8..16])? as u32,
            sent_ns: hex_value(&digits[16..])?,
        })
    }
}

fn append_hex(out: &mut Vec<u8>, value: u64, digits: u32) {
    for place in (0..digits).rev() {
        out.push(b"0123456789abcdef"[(value >> (place * 4)) as usize & 15]);
    }
}

#[inline]
fn hex_value(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_reads_back_wherever_it_stands() {
        let stamp = Stamp { stream: 7, sequence: u32::MAX, sent_ns: 1_234_567_890_123 };
        let mut at = 0;
        for lead in ["", r#"{"event":"m","data":""#, "x"] {
            let mut payload = lead.as_bytes().to_vec();
            stamp.append(&mut payload, 128);
            assert_eq!(payload.len(), lead.len() + 128);
            assert_eq!(Stamp::find(&payload, &mut at), Some(stamp), "{lead:?}");
        }
    }

    #[test]
    fn none_is_found_where_none_is() {
        assert_eq!(Stamp::find(br#"{"event":"pusher:pong"}"#, &mut 0), None);
        assert_eq!(Stamp::find(b"~sb~00", &mut 0), None);
        assert_eq!(Stamp::find(b"", &mut 40), None);
        assert_eq!(Stamp::find(&[b"~sb~" as &[u8], &[b'?'; 32]].concat(), &mut 0), None);
    }
}

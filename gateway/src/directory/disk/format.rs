//! Lines of the disk copy: eight hexadecimal digits of CRC32, a blank, one JSON object.

use contract::directory::Revision;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The first line of a snapshot. `entries` more follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub version: u32,
    pub revision: Revision,
    pub entries: u64,
}

impl Header {
    pub const VERSION: u32 = 1;
}

/// Appends `value` as one line.
pub fn write_line(out: &mut Vec<u8>, value: &impl Serialize) -> serde_json::Result<()> {
    let at = out.len();
    out.extend_from_slice(b"00000000 ");
    serde_json::to_writer(&mut *out, value)?;
    let sum = format!("{:08x}", crc32fast::hash(&out[at + 9..]));
    out[at..at + 8].copy_from_slice(sum.as_bytes());
    out.push(b'\n');
    Ok(())
}

/// Why a line cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLine {
    /// The bytes are not the ones that were written.
    Damaged,
    /// They are, but this version does not understand them.
    Unknown,
}

pub fn read_line<T: DeserializeOwned>(line: &[u8]) -> Result<T, BadLine> {
    let (sum, text) = line.split_at_checked(9).ok_or(BadLine::Damaged)?;
    let written = std::str::from_utf8(&sum[..8]).ok().and_then(|s| u32::from_str_radix(s, 16).ok());
    if sum[8] != b' ' || written != Some(crc32fast::hash(text)) {
        return Err(BadLine::Damaged);
    }
    serde_json::from_slice(text).map_err(|_| BadLine::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_back_and_every_flipped_bit_is_noticed() {
        let header = Header { version: 1, revision: 7, entries: 2 };
        let mut line = Vec::new();
        write_line(&mut line, &header).unwrap();
        assert_eq!(line.pop(), Some(b'\n'));
        assert_eq!(read_line::<Header>(&line), Ok(header));
        for at in 0..line.len() {
            let mut broken = line.clone();
            broken[at] ^= 1;
            assert_eq!(read_line::<Header>(&broken), Err(BadLine::Damaged), "byte {at}");
        }
        assert_eq!(read_line::<Header>(b""), Err(BadLine::Damaged));
    }

    #[test]
    fn what_is_whole_but_unknown_is_told_apart() {
        let mut line = Vec::new();
        write_line(&mut line, &serde_json::json!({"other": 1})).unwrap();
        assert_eq!(read_line::<Header>(line.trim_ascii_end()), Err(BadLine::Unknown));
    }
}

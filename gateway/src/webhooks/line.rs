//! An event as a line of a file: its checksum, a space, its JSON.

use contract::webhooks::ChannelEvent;
use std::io;

const CHECKSUM_DIGITS: usize = 8;

/// Adds a line.
pub fn put(out: &mut Vec<u8>, event: &ChannelEvent) -> io::Result<()> {
    let start = out.len();
    out.extend_from_slice(&[b' '; CHECKSUM_DIGITS + 1]);
    if let Err(e) = serde_json::to_writer(&mut *out, event) {
        out.truncate(start);
        return Err(e.into());
    }
    let (head, json) = out[start..].split_at_mut(CHECKSUM_DIGITS + 1);
    let checksum = format!("{:08x}", crc32fast::hash(json));
    head[..CHECKSUM_DIGITS].copy_from_slice(checksum.as_bytes());
    out.push(b'\n');
    Ok(())
}

/// The JSON of a line without its end, if it is as it was written.
pub fn json(line: &[u8]) -> Option<&str> {
    let (checksum, rest) = line.split_at_checked(CHECKSUM_DIGITS)?;
    let json = rest.strip_prefix(b" ")?;
    let checksum = u32::from_str_radix(std::str::from_utf8(checksum).ok()?, 16).ok()?;
    let is_whole = crc32fast::hash(json) == checksum;
    std::str::from_utf8(json).ok().filter(|_| is_whole)
}

/// The event in a line without its end.
pub fn event(line: &[u8]) -> Option<ChannelEvent> {
    serde_json::from_str(json(line)?).ok()
}

//! Bytes to frames and back. Pure: no clock, no socket, no store.

mod decode;
mod encode;
mod fan_out;
#[cfg(test)]
mod tests;

pub use decode::{Malformed, decode};
pub use encode::{MAX_SNAPSHOT_BYTES, encode, encode_echo, encode_event, push_peer};
pub use fan_out::{Hears, frame_due};

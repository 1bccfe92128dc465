//! Bytes to frames and back. Pure: no clock, no socket, no store.

mod decode;
mod encode;
mod fan_out;
#[cfg(test)]
mod tests;

pub use decode::{decode, outgoing};
pub use encode::{encode, encode_event};
pub use fan_out::frame_due;

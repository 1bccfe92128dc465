//! Bytes to frames and back. Pure: no clock, no socket, no store.

mod decode;
mod encode;
mod epoch;
mod fan_out;
#[cfg(test)]
mod tests;

pub use decode::{Ignored, decode};
pub use encode::{encode, encode_event, message_in, presence_set, push_string};
pub use epoch::{position, push_epoch, read_epoch};
pub use fan_out::{SHOWS_PRESENCE, frame_due};

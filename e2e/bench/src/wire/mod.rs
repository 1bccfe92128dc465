//! Bytes on the wire, as both ends of the benchmark read and write them.

pub mod http;
pub mod signature;
pub mod stamp;
pub mod websocket;

pub use stamp::Stamp;

//! From bytes to WebSocket messages and back, and the socket itself.
//!
//! `frame` and `reader` are pure; `stream` is the one place that knows whether TLS is spoken.
//! The write path of a connection (`hub::connection`) sees a [`stream::Wire`] and nothing below it.
//! Source: RFC 6455.

pub mod frame;
pub mod head;
pub mod reader;
pub mod stream;
pub mod tls;

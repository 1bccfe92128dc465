//! Requests to servers that somebody else named: where they may go, and what they may cost.
//!
//! An address is judged after the name was resolved, and the connection is made to the address that
//! was judged. Redirects are not followed, no proxy is asked, and an answer has 10 s and 64 KiB.

mod address;
mod destination;
mod resolver;
mod send;

pub use address::Reach;
pub use destination::{BadDestination, Destination, check};
pub use send::{Outcome, Outgoing, Request};

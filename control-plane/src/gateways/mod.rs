//! The gateways that follow the feed: who they are, where they are, what they have confirmed.

pub mod ask;
pub mod caller;
pub mod http;
pub mod model;
pub mod store;

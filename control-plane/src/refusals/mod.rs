//! Refusals of an app's traffic: each can be found by its request id for seven days.
//!
//! The number kept is bounded per app and day; how many there were is in the usage of the app.

pub mod http;
pub mod intake;
pub mod model;
pub mod store;
#[cfg(test)]
mod tests;

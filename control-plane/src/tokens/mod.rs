//! Management tokens: for scripts, what a session is for people. A token may at most what its maker
//! may at that moment, and no more than it was made for.

pub mod caller;
pub mod http;
mod limits;
pub mod model;
pub mod store;
#[cfg(test)]
mod tests;

pub use caller::{ActingToken, Caller, refuse_token};
pub use limits::TokenLimits;

//! Looking back in an app's live events.
//!
//! Gateways tell which events they kept and how many more there were; kept and left out together
//! are all that happened. How far back an app's events reach is its plan's, what rests of them is
//! its owner's choice, and more than so many an hour are only counted.

mod filter;
pub mod forget;
pub mod http;
pub mod intake;
pub mod model;
pub mod pruning;
mod read;
mod regex;
mod store;
#[cfg(test)]
mod tests;

//! Plans: what an organisation may use, and what that costs.
//!
//! A plan is a row per version, and a version never changes. What an organisation has now is its
//! subscription's version, or the free plan's newest while it is not paid (`effective_plans`).

pub mod http;
pub mod model;
pub mod store;
#[cfg(test)]
mod tests;

pub use store::republish;

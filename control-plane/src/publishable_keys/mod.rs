//! Publishable keys (`pk_`): what clients open connections with, limited to actions, channel
//! patterns and origins.

pub mod http;
pub mod model;
pub mod store;
#[cfg(test)]
mod tests;

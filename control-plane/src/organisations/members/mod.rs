//! The team: who belongs to an organisation, and as what.

pub mod http;
pub mod model;
pub mod store;
#[cfg(test)]
mod tests;

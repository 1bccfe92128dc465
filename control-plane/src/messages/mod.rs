//! The console's own publishes and questions, made through the gateway's public HTTP API exactly
//! as a customer's back end would make them.

pub mod gateway;
pub mod http;
pub mod model;
pub mod signature;
pub mod signing;
#[cfg(test)]
mod tests;

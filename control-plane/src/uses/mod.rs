//! When credentials were last used, as the gateways report it.

pub mod http;
pub mod model;
pub mod store;
#[cfg(test)]
mod tests;

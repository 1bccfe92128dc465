//! Secret keys (`sk_`): Bearer credentials limited to actions and channel patterns.

pub mod http;
pub mod model;
pub mod networks;
pub mod publisher;
pub mod rotation;
pub mod store;
#[cfg(test)]
mod tests;

//! Key and secret pairs: what SDKs sign with. An app may have several, so that they can rotate.

pub mod everything;
pub mod http;
pub mod model;
pub mod store;
#[cfg(test)]
mod tests;

//! Invitations: a link by mail that makes whoever has the address a member, once.

pub mod http;
pub mod join;
pub mod model;
pub mod store;
#[cfg(test)]
mod tests;

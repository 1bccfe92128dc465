//! Where somebody is signed in, and what happened to their account.

pub mod http;
pub(super) mod store;
#[cfg(test)]
mod tests;

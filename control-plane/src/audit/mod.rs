//! The audit log: every management deed, who did it, and what was before and after. Each entry
//! holds the hash of the one before it, so that nobody can change the past without it showing.
//!
//! The chain is made in the database (`migrations/0009`), in the transaction of the deed, whoever
//! writes; it is checked here, without a database.

mod actor;
pub mod chain;
mod deed;
mod export;
pub mod fact;
pub mod http;
pub mod model;
pub mod store;
#[cfg(test)]
mod tests;
pub mod verify;

pub use actor::Actor;
pub use deed::Deed;
pub use fact::Fact;
pub(crate) use fact::fact;

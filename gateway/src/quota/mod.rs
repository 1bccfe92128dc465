//! Quotas that several gateways share, held without a query per message.
//!
//! The control plane lends each gateway units and connections for about a second of an app's
//! traffic; admission compares with what was lent. What one app has here is its [`Account`], what
//! is asked for and what comes back goes through [`Leases`], and [`Asker`] carries both over HTTP.
//! The whole behaviour at the edge, and without the control plane, stands in docs/limits.md.

mod account;
mod asker;
mod hold;
mod leases;
pub(crate) mod pace;
#[cfg(test)]
mod tests;

pub use account::{Account, Quota, Standing};
pub use asker::Asker;
pub use hold::{Hold, connect};
pub use leases::Leases;

//! Money: what an organisation owes, why, and how it is paid.
//!
//! Everything that makes an amount is pure and in four files: `pool` says which units are beyond
//! the quota, `terms` what was agreed when, `compute` makes the lines, `money` rounds. The same
//! code runs when an invoice is issued and when anybody recomputes it from the ledger.

pub mod calendar;
pub mod change;
pub mod cli;
pub mod compute;
pub mod current;
pub mod http;
pub mod invoices;
pub mod jobs;
pub mod ledger;
pub mod line;
pub mod money;
pub mod notices;
pub mod payments;
pub mod periods;
pub mod pool;
pub mod profile;
pub mod settings;
pub mod subscription;
pub mod terms;
pub mod usage;
pub mod verify;

#[cfg(test)]
mod compute_tests;
#[cfg(test)]
mod tests;

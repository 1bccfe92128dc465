//! Webhooks: what happens, told to the servers of those who want to hear of it.
//!
//! Gateways send what happens on channels (`intake`), the control plane itself keeps what happens
//! to organisations (`own_events`). Both become messages with one delivery per endpoint that wants
//! them (`fan_out`), in one transaction. Every control plane has a `deliverer`: it claims
//! deliveries, writes them in the endpoint's form (`forms`), sends them (`outgoing`) and records
//! how that went. A delivery is made at least once, or becomes a dead letter that can be seen.

pub mod deliverer;
pub mod endpoints;
pub mod events;
mod fan_out;
mod forms;
pub mod intake;
pub mod listen;
pub mod model;
pub mod outgoing;
pub mod own_events;
pub mod pruning;
pub mod reading;
mod rounds;
pub mod runtime;
pub mod secret;
#[cfg(test)]
mod tests;

pub use runtime::{Target, Webhooks, wake};

//! Leases: one quota held by many gateways, with no query per message.
//!
//! `pool` is the arithmetic of what days add and use takes away, `share` that of dividing what is
//! left, and `table` both together for one request: pure, so that a model can be held against them.
//! `store` locks what a request concerns, in one order, and writes down the outcome.

pub mod http;
pub mod model;
pub mod pool;
pub mod pools;
mod share;
pub mod store;
pub mod table;
#[cfg(test)]
mod tests;

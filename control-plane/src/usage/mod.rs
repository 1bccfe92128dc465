//! Usage: the ledger that gateways send, added up by hours, and read as people and invoices ask.
//!
//! Minutes are absolute totals per gateway, process, app and key; they merge by maximum, so a batch
//! that comes twice or late changes nothing that is true. An hour is computed anew from its minutes
//! whenever one of them changed after it was added up.

pub mod http;
pub mod intake;
pub mod ledger;
pub mod model;
pub mod query;
pub mod reading;
pub mod report;
pub mod rollup;
pub mod store;
mod table;
#[cfg(test)]
mod tests;

//! What quotas, invoices and dashboards count, per app and credential. The ledger is the traffic:
//! counters stand in a mapped page that survives the process, and travel as absolute totals per
//! (gateway, boot, app, key, minute), which merge by maximum.
//!
//! ```text
//! meter    one (app, key): who counts holds it, and an event is a few additions
//! record   its cells, in the page or, while the disk is full, in memory
//! page     the file of this process, `usage/{boot}/live.page`
//! ledger   all meters, and the turn of the minute
//! spool    minutes that are over and not reported yet, `usage/{boot}/{minute}.rows`
//! shipper  reports both to the control plane
//! ```

mod cells;
mod counters;
mod ledger;
mod meter;
mod page;
mod recent;
mod record;
mod region;
mod shipper;
mod spool;
#[cfg(test)]
pub(crate) mod tests;
mod traffic;

pub use cells::Totals;
pub use counters::Counters;
pub use ledger::Ledger;
pub use meter::{Meter, Run, Tally};
pub use recent::Seen;
pub use shipper::{EVERY, Health, ReportError, Shipper, TICK};
pub use spool::{Spool, SpoolError};
pub use traffic::{BOUNDS_MS, SUBSCRIPTION_LABELS, Traffic};

//! The end of an organisation: at once for traffic, after thirty days for good, and until then it
//! can be undone.

pub mod http;
pub mod jobs;
mod store;
#[cfg(test)]
mod tests;

use time::Duration;

/// How long a deletion can be undone.
pub const GRACE: Duration = Duration::days(30);

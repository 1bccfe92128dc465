//! When credentials were last used: noted where they are admitted, reported to the control plane.
//!
//! A use costs a load and, once per second and credential, a store. Each credential holds its own
//! note, so what waits for a control plane that is away is bounded by what the directory holds.

mod last_use;
mod report;
#[cfg(test)]
mod tests;

pub use last_use::LastUse;
pub use report::{EVERY, Reporter};

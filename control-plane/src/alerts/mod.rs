//! Alerts: an organisation is told as it nears its limits, once per threshold and window.
//!
//! A job measures every minute (`measure`), finds thresholds that were reached (`model`), and
//! writes each down once (`store`): whoever's insert it is sends the mail and the event.

pub mod http;
pub mod jobs;
pub mod measure;
pub mod model;
pub mod store;

#[cfg(test)]
mod tests;

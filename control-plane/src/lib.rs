//! The control plane: people, organisations, apps and credentials on Postgres; the management API,
//! the console, and the feed by which gateways know what to admit.
//!
//! One folder per feature: `http.rs` (routes), `model.rs` (what goes over the wire), `store.rs`
//! (SQL, checked at compile time, fenced by tenant), `tests.rs`. What they share is in `api`
//! (errors, bodies, pages) and `db` (the scopes a transaction can have).

pub mod alerts;
pub mod api;
pub mod apps;
pub mod audit;
pub mod billing;
pub mod cli;
pub mod config;
pub mod console;
pub mod credentials;
pub mod db;
pub mod dry_run;
pub mod feed;
pub mod gateways;
pub mod housekeeping;
pub mod inspect;
pub mod jobs;
pub mod keys;
pub mod leases;
pub mod live;
pub mod mail;
pub mod messages;
pub mod organisations;
pub mod people;
pub mod plans;
pub mod publishable_keys;
pub mod refusals;
pub mod routes;
pub mod server;
pub mod state;
pub mod telemetry;
#[cfg(test)]
mod testing;
pub mod tokens;
pub mod usage;
pub mod uses;
pub mod webhooks;

//! Plans: what an organisation may use, and what that costs.

pub mod store;

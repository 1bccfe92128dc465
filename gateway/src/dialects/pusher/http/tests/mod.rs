//! The HTTP API against a real engine and a real directory.

pub(crate) mod house;
mod limits;
mod publishing;
mod queries;
mod scopes;

//! One's own account: name, address, password, and its end.

pub mod http;
mod model;
mod store;
#[cfg(test)]
mod tests;

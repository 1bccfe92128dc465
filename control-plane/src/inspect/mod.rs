//! What is there in an app right now, by asking its gateways: single connections, and who is on a
//! channel.

pub mod http;
pub mod model;
#[cfg(test)]
mod tests;

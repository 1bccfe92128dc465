//! People: sign up, sign in, sign out, and who is asking.

pub mod http;
pub mod limits;
pub mod model;
pub mod password;
pub mod person;
pub mod session;
mod store;
#[cfg(test)]
mod tests;

pub use person::Person;

//! People: their accounts, how they get in, and who is asking.

pub mod account;
pub mod device;
pub mod events;
pub mod http;
mod invited;
mod letters;
pub mod limits;
pub mod links;
mod login;
pub mod model;
pub mod operator;
#[cfg(test)]
mod operator_tests;
pub mod password;
pub mod person;
pub mod second_factor;
pub mod session;
pub mod sessions;
mod store;
#[cfg(test)]
mod tests;

pub use invited::invited;
pub use person::Person;

//! Organisations: the tenants. A person acts in one through a membership with a role.

pub mod access;
pub mod deletion;
pub mod http;
pub mod invitations;
pub mod members;
pub mod model;
pub mod permission;
pub mod store;
#[cfg(test)]
mod tests;

pub use access::OrganisationAccess;
pub use permission::{Permission, Role};

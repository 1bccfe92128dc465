//! Who is asking, may they, and is there quota left: one order, asked by every dialect.
//!
//! The only room that knows keys, signatures, scopes and limits. It answers with a [`Refusal`],
//! which each dialect says in its own words.

mod channel;
mod connect;
mod credential;
pub(crate) mod failures;
mod http;
mod query;
pub(crate) mod rates;
mod refusal;
mod signed;
#[cfg(test)]
pub(crate) mod tests;

pub use channel::{BadSignature, channel_signature, user_signature};
pub use connect::{ConnectionPermit, connect};
pub use http::{Admitted, KeyRef, Pending, RequestView, http_credential};
pub use refusal::{Refusal, Rule, Why};

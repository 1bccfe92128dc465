//! Who is asking, may they, and is there quota left: one order, asked by every dialect.
//!
//! The only room that knows keys, signatures, scopes and limits. It answers with a [`Refusal`],
//! which each dialect says in its own words.

mod app_token;
mod bearer;
mod bearing;
mod channel;
mod claims;
mod connect;
mod credential;
pub(crate) mod failures;
mod http;
mod jwt;
mod mint;
mod query;
pub(crate) mod rates;
mod refusal;
mod signed;
#[cfg(test)]
pub(crate) mod tests;

pub use crate::directory::Purpose;
pub use app_token::{AppTokenClaims, app_token, app_token_of_any_age, signed_stream, stream_name};
pub use bearer::{app_of_bearer, bearer_credential, derived_bearer, failed};
pub use bearing::{Bearing, Grant, publishable, signed_token};
pub use channel::{BadSignature, channel_signature, sign_channel, user_signature};
pub use claims::{BadClaim, PATTERN_BUDGET, TokenClaims, peer as peer_id};
pub use connect::{ConnectionPermit, connect, connect_within, may_connect, origin_allowed};
pub use http::{Admitted, KeyRef, Pending, RequestView, http_credential};
pub use jwt::TokenRefusal;
pub use mint::{MintedToken, TokenOrder, mint_token};
pub use refusal::{Detail, Feature, QuotaRule, Refusal, Rule, Spent, Whose, Why};

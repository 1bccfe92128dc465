//! Receipts: who has confirmed a revocation, and how fast.

use contract::directory::Revision;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// The revocation's place in the feed.
    #[schema(value_type = u64)]
    pub revision: Revision,
    pub confirmed: Vec<ConfirmedBy>,
    /// Live gateways that had not confirmed when the wait ended; they will, and until then they
    /// may still accept what was revoked.
    pub pending: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfirmedBy {
    pub gateway: String,
    /// Milliseconds after the revocation was committed.
    pub ms: u64,
}

#[derive(Serialize, ToSchema)]
pub struct Revoked {
    pub receipt: Receipt,
}

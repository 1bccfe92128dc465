//! An invoice as it is kept and handed out: a document that never changes.

use crate::{
    audit::fact,
    billing::{compute::Recipe, line::Line, money::Micros},
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;
use uuid::Uuid;

/// The shape of the document; another shape gets another name.
pub const FORMAT: &str = "signalbox-invoice/1";
/// How long there is to pay.
pub const DUE_AFTER: Duration = Duration::days(14);

/// Whoever sells or buys, as they were when the invoice was issued.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Party {
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Two letters (ISO 3166-1).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub country: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

fact!(Party);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invoice {
    /// `signalbox-invoice/1`.
    pub format: String,
    pub id: Uuid,
    /// Counts from 1 within the organisation, without gaps.
    pub number: i32,
    pub organisation_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub issued_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub due_at: OffsetDateTime,
    /// `USD`.
    pub currency: String,
    pub seller: Party,
    pub buyer: Party,
    pub lines: Vec<Line>,
    /// The sum of the lines.
    pub total_micros: Micros,
    /// What is to be paid: the sum in whole cents, half a cent up.
    pub total_cents: i64,
    /// Of the one-minute samples of the period, all apps together. Informs; is not billed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_connections_p99: Option<u64>,
    /// All that the lines were computed from, besides the ledger.
    pub recipe: Recipe,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    Open,
    /// The provider is still at it.
    Processing,
    Paid,
}

impl PaymentState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Processing => "processing",
            Self::Paid => "paid",
        }
    }

    pub fn from_text(text: &str) -> Result<Self, sqlx::Error> {
        [Self::Open, Self::Processing, Self::Paid]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| sqlx::Error::Decode("unknown state of a payment".into()))
    }
}

/// An invoice in a list, and what has become of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceSummary {
    pub id: Uuid,
    pub number: i32,
    #[serde(with = "time::serde::rfc3339")]
    pub issued_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub due_at: OffsetDateTime,
    pub total_cents: i64,
    pub currency: &'static str,
    pub state: PaymentState,
    /// Tries to collect it that failed; after the third the organisation is reduced.
    pub failures: i32,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub next_try_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub paid_at: Option<OffsetDateTime>,
    /// Why the last try failed, in words for the one who pays.
    #[schema(required)]
    pub last_error: Option<String>,
}

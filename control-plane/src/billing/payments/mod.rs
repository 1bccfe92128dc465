//! How invoices are paid.
//!
//! One invoice is one payment intent at the provider, for ever: a try confirms it once more, so two
//! tries can never take the money twice. What the provider says about the intent is read from the
//! provider itself, never from an event's text, so events may come twice, late and out of order.

pub mod collect;
#[cfg(test)]
mod fake;
pub mod http;
pub mod paid;
pub mod store;
pub mod stripe;
#[cfg(test)]
mod tests;
pub mod webhook;

use stripe::Stripe;

/// Through whom money comes.
pub enum Provider {
    /// An operator marks invoices as paid.
    Manual,
    Stripe(Box<Stripe>),
}

impl Provider {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Stripe(_) => "stripe",
        }
    }
}

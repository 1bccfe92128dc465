//! How billing is set up: who sells, and through whom money comes.

use super::{
    invoices::model::Party,
    payments::{Provider, stripe::Stripe},
};
use zeroize::Zeroizing;

/// As configured.
#[derive(Clone)]
pub struct BillingConfig {
    pub seller: Party,
    /// Without it, invoices are marked as paid by an operator.
    pub stripe: Option<StripeConfig>,
}

#[derive(Clone)]
pub struct StripeConfig {
    pub secret_key: Zeroizing<String>,
    pub webhook_secret: Zeroizing<String>,
    pub base_url: reqwest::Url,
}

/// As used.
pub struct BillingSettings {
    /// Where mails lead to.
    pub console: String,
    pub seller: Party,
    pub provider: Provider,
}

impl BillingSettings {
    pub fn new(config: &BillingConfig, console: &str) -> Result<Self, reqwest::Error> {
        let provider = match &config.stripe {
            Some(stripe) => Provider::Stripe(Box::new(Stripe::new(stripe)?)),
            None => Provider::Manual,
        };
        Ok(Self { console: console.to_owned(), seller: config.seller.clone(), provider })
    }
}

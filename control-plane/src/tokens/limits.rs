//! How often a token may ask, and how often an address may present ones that are not known.

use crate::{
    api::ApiError,
    people::limits::{Limiter, Rate, limited, network},
};
use contract::ManagementTokenId;
use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

/// Twenty requests a second, and 200 at once.
const PER_TOKEN: Rate = Rate { burst: 200, interval: Duration::from_millis(50) };
/// Unknown tokens from one address.
const UNKNOWN: Rate = Rate { burst: 60, interval: Duration::from_secs(1) };
/// Keys a limiter remembers per generation.
const CAPACITY: usize = 50_000;

pub struct TokenLimits {
    tokens: Limiter,
    unknown: Limiter,
}

impl Default for TokenLimits {
    fn default() -> Self {
        Self { tokens: Limiter::new(PER_TOKEN, CAPACITY), unknown: Limiter::new(UNKNOWN, CAPACITY) }
    }
}

impl TokenLimits {
    /// Counts one request of a token that is known.
    pub fn charge(&self, token: &ManagementTokenId) -> Result<(), ApiError> {
        self.tokens.charge(token, Instant::now()).map_err(limited)
    }

    /// Whether another token may be tried from this address.
    pub fn check_address(&self, address: IpAddr) -> Result<(), ApiError> {
        self.unknown.check(network(address), Instant::now()).map_err(limited)
    }

    pub fn charge_unknown(&self, address: IpAddr) {
        // The charge is what matters here; the next check is where it is answered.
        let _ = self.unknown.charge(network(address), Instant::now());
    }
}

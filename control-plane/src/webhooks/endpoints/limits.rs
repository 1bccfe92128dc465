//! How often an endpoint may be tried out: it is somebody's server.

use crate::{
    api::ApiError,
    people::limits::{Limiter, Rate, limited},
};
use std::time::{Duration, Instant};
use uuid::Uuid;

const PER_ENDPOINT: Rate = Rate { burst: 10, interval: Duration::from_secs(3) };
/// Endpoints that are remembered per generation.
const CAPACITY: usize = 10_000;

pub struct TestLimits(Limiter);

impl Default for TestLimits {
    fn default() -> Self {
        Self(Limiter::new(PER_ENDPOINT, CAPACITY))
    }
}

impl TestLimits {
    pub fn charge(&self, endpoint: Uuid) -> Result<(), ApiError> {
        self.0.charge(endpoint, Instant::now()).map_err(limited)
    }
}

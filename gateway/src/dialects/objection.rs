//! Why something that a connection asked for is not done.

use super::{Cx, Dialect};
use crate::{
    admission::{Refusal, Rule},
    refusals::{Denied, Told},
};
use contract::refusal::Transport;

/// What admission calls it, and the dialect's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    pub refusal: Refusal,
    pub why: String,
}

impl Objection {
    pub fn new(refusal: Refusal, why: impl Into<String>) -> Self {
        Self { refusal, why: why.into() }
    }

    /// A connection sends more than its rate of events.
    pub fn too_many_events(per_s: u32) -> Self {
        let retry_after_ms = 1_000 / u64::from(per_s.max(1));
        let limited =
            Refusal::RateLimited { retry_after_ms, rule: Rule::ClientEvents, limit: per_s };
        Self::new(limited, "rate limit exceeded")
    }
}

impl From<Refusal> for Objection {
    fn from(refusal: Refusal) -> Self {
        let why = refusal.to_string();
        Self { refusal, why }
    }
}

/// What is asked for makes no sense, or not here.
impl From<String> for Objection {
    fn from(why: String) -> Self {
        Self { refusal: Refusal::BadRequest(why.clone()), why }
    }
}

impl From<&str> for Objection {
    fn from(why: &str) -> Self {
        why.to_owned().into()
    }
}

/// What a connection wanted to do.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a> {
    pub dialect: Dialect,
    /// The public half of the credential that the connection was opened with.
    pub key: Option<&'a str>,
    pub action: &'static str,
    pub channel: Option<&'a str>,
    /// The dialect's own code.
    pub code: &'a str,
    /// What the client is told, or whoever watches the app in its place.
    pub message: &'a str,
}

impl Cx<'_> {
    /// Counts and writes down a refusal.
    pub fn deny(&self, refusal: &Refusal, deed: Deed<'_>) -> Told {
        let Deed { dialect, key, action, channel, code, message } = deed;
        self.app.counters.add_refusal(refusal);
        let denied = Denied {
            refusal: Some(refusal),
            dialect,
            transport: Transport::Socket,
            key,
            action,
            channel,
            code,
            message,
        };
        self.gateway.deny(Some(self.app), denied)
    }
}

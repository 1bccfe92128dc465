//! What was done, before it is written.

use super::fact::{Fact, recorded};
use serde_json::Value;

pub struct Deed {
    pub action: String,
    pub subject: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

impl Deed {
    pub fn new(
        action: &str,
        subject: &str,
        before: Option<&dyn Fact>,
        after: Option<&dyn Fact>,
    ) -> Result<Self, sqlx::Error> {
        let state = |side: Option<&dyn Fact>| {
            side.map(recorded).transpose().map_err(|e| sqlx::Error::Encode(e.into()))
        };
        Ok(Self {
            action: action.to_owned(),
            subject: subject.to_owned(),
            before: state(before)?,
            after: state(after)?,
        })
    }
}

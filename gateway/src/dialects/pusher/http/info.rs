//! The `info` attributes: which may be asked where, and their answers.
//! Source: spec/pusher.md §16.2, §16.7.

use super::answer::Failure;
use crate::dialects::json::{Kind, Value, push_escaped};
use contract::ChannelKind;
use realtime::{Cached, Occupancy};

/// What the asker wants to know of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Info {
    pub user_count: bool,
    pub subscription_count: bool,
    pub cache: bool,
}

/// Where it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Publish,
    Channels,
    Channel,
}

impl Info {
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Notes a comma-separated list; blanks and repetitions are fine.
    ///
    /// Errors: 400 for an attribute that is unknown or not offered here.
    pub fn note(&mut self, list: &str, endpoint: Endpoint) -> Result<(), Failure> {
        for item in list.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            match item {
                "user_count" => self.user_count = true,
                "subscription_count" => self.subscription_count = true,
                "cache" if endpoint == Endpoint::Channel => self.cache = true,
                other => {
                    let shown: String = other.chars().take(40).collect();
                    let error = format!("info: the attribute {shown} is not offered here");
                    return Err(Failure::bad_request(error));
                }
            }
        }
        Ok(())
    }

    /// Of a publish request's body: a list in a string, or an array of strings.
    pub fn of_publish(value: Option<Value<'_>>) -> Result<Self, Failure> {
        let mut info = Self::default();
        let bad = || Failure::bad_request("info must be a string");
        match value {
            None => {}
            Some(value) if value.kind() == Kind::Array => {
                for item in value.items() {
                    info.note(&item.as_str().ok_or_else(bad)?, Endpoint::Publish)?;
                }
            }
            Some(value) => info.note(&value.as_str().ok_or_else(bad)?, Endpoint::Publish)?,
        }
        Ok(info)
    }

    /// Writes the counts asked for as members, each with a comma before it where `out` needs one.
    pub fn push_counts(self, out: &mut String, kind: ChannelKind, occupancy: &Occupancy) {
        if self.user_count && kind.is_presence() {
            push_number(out, "user_count", u64::from(occupancy.users));
        }
        if self.subscription_count {
            push_number(out, "subscription_count", u64::from(occupancy.subscriptions));
        }
    }
}

/// Writes `"name":number`, behind a comma unless it is an object's first member.
fn push_number(out: &mut String, name: &str, number: u64) {
    push_name(out, name);
    out.push_str(itoa::Buffer::new().format(number));
}

pub fn push_name(out: &mut String, name: &str) {
    out.push_str(if out.ends_with('{') { "\"" } else { ",\"" });
    push_escaped(out, name);
    out.push_str("\":");
}

/// `{event,data,ttl}`, or `null` for an empty cache; `ttl` in whole seconds.
pub fn push_cache(out: &mut String, cached: Option<&Cached>) {
    push_name(out, "cache");
    let Some(cached) = cached else { return out.push_str("null") };
    out.push_str(r#"{"event":""#);
    push_escaped(out, cached.event.name.as_str());
    out.push_str(r#"","data":""#);
    push_escaped(out, cached.event.data.as_str());
    out.push('"');
    push_number(out, "ttl", cached.ttl_ms.div_ceil(1_000));
    out.push('}');
}

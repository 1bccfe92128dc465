//! What a listener asks for, and the lines it gets.

use crate::{
    api::ApiError,
    webhooks::{
        events::EventType,
        model::{Filter, Form},
    },
};
use contract::Pattern;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

const MAX_PATTERNS: usize = 20;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListenParams {
    /// Types of events, separated by commas; all but `subscription_count` if absent.
    #[serde(default)]
    events: String,
    /// Patterns of channels, separated by commas: `*` within a segment, `**` across; all if absent.
    #[serde(default)]
    channels: String,
}

impl ListenParams {
    pub fn filter(&self) -> Result<Filter, ApiError> {
        let events: Result<Vec<_>, _> = items(&self.events).map(EventType::parse).collect();
        let events = events.map_err(|e| ApiError::field("events", e))?;
        let channels: Result<Vec<_>, _> =
            items(&self.channels).map(str::parse::<Pattern>).collect();
        let channels = channels.map_err(|e| ApiError::field("channels", e))?;
        if channels.len() > MAX_PATTERNS {
            let message = format!("must be at most {MAX_PATTERNS} patterns");
            return Err(ApiError::field("channels", message));
        }
        // The form that has words for everything.
        let filter = Filter { form: Form::Standard, of_app: true, events, channels };
        match filter.events.iter().find(|event| !filter.wants_type(**event)) {
            None => Ok(filter),
            Some(event) => {
                let message = format!("{} is nothing that happens to an app", event.as_str());
                Err(ApiError::field("events", message))
            }
        }
    }
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// What has happened, as a listener is told it.
#[derive(Serialize, ToSchema)]
pub struct ToldMessage {
    pub id: Uuid,
    #[serde(rename = "type")]
    pub kind: String,
    #[schema(required)]
    pub channel: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What the event says beside its type and channel.
    #[schema(value_type = Object)]
    pub data: Box<RawValue>,
}

/// A line that says nothing but that the stream lives.
#[derive(Serialize)]
pub struct Heartbeat {
    heartbeat: bool,
}

pub const HEARTBEAT: Heartbeat = Heartbeat { heartbeat: true };

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(events: &str, channels: &str) -> Result<Filter, ApiError> {
        ListenParams { events: events.into(), channels: channels.into() }.filter()
    }

    #[test]
    fn lists_are_separated_by_commas_and_absent_means_the_usual() {
        let all = filter("", "").unwrap();
        assert_eq!((all.kinds().kinds().count(), all.channels.len()), (6, 0));
        let some = filter("subscription_count, member.added,", "a-*,b/**").unwrap();
        assert_eq!((some.kinds().kinds().count(), some.channels.len()), (2, 2));
        let own = filter("key.revoked", "").unwrap();
        assert!(
            own.kinds().is_empty() && own.wants(EventType::parse("key.revoked").unwrap(), None)
        );
    }

    #[test]
    fn what_cannot_be_heard_is_refused_by_name() {
        let patterns = vec!["a"; MAX_PATTERNS + 1].join(",");
        for (events, channels, field) in [
            ("channel_sold", "", "events"),
            ("invoice.paid", "", "events"),
            ("", "a\u{1}", "channels"),
            ("", &*patterns, "channels"),
        ] {
            match filter(events, channels) {
                Err(ApiError::Invalid(errors)) => assert_eq!(errors[0].field, field),
                _ => panic!("{events} {channels}"),
            }
        }
        assert!(filter("", &vec!["a"; MAX_PATTERNS].join(",")).is_ok());
    }
}

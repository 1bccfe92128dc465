//! What an endpoint wants, and how an attempt went.

use super::events::EventType;
use contract::{
    Pattern,
    webhooks::{HookKind, HookSet},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// The words in which an endpoint is told, and how that is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Batches signed with the app's secret, as Pusher's SDKs verify them.
    Pusher,
    /// One event per request, signed with the app's secret.
    Relay,
    /// Standard Webhooks: one event per request, signed with the endpoint's own secret.
    Standard,
}

impl Form {
    pub const ALL: [Form; 3] = [Self::Pusher, Self::Relay, Self::Standard];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pusher => "pusher",
            Self::Relay => "relay",
            Self::Standard => "standard",
        }
    }

    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.as_str() == text)
    }

    /// Events in one request at most.
    pub const fn max_events(self) -> usize {
        match self {
            Self::Pusher => 100,
            Self::Relay | Self::Standard => 1,
        }
    }
}

/// Which events an endpoint is told.
#[derive(Clone)]
pub struct Filter {
    pub form: Form,
    /// Otherwise of a whole organisation.
    pub of_app: bool,
    /// None: all that the form can tell and that need not be asked for.
    pub events: Vec<EventType>,
    /// None: all.
    pub channels: Vec<Pattern>,
}

#[derive(Debug, thiserror::Error)]
#[error("an endpoint's filter does not decode: {0}")]
pub struct BadFilter(String);

impl Filter {
    /// From an endpoint's row.
    pub fn decode(
        form: &str,
        of_app: bool,
        events: &[String],
        channels: &[String],
    ) -> Result<Self, BadFilter> {
        let events: Result<_, _> = events.iter().map(|text| EventType::parse(text)).collect();
        let channels: Result<_, _> = channels.iter().map(|text| text.parse::<Pattern>()).collect();
        Ok(Self {
            form: Form::from_text(form).ok_or_else(|| BadFilter(form.to_owned()))?,
            of_app,
            events: events.map_err(|e| BadFilter(e.to_string()))?,
            channels: channels.map_err(|e| BadFilter(e.to_string()))?,
        })
    }

    pub fn wants_type(&self, event: EventType) -> bool {
        let named = match self.events.is_empty() {
            true => event.is_told_unasked(),
            false => self.events.contains(&event),
        };
        named && event.can_be_told(self.form, self.of_app)
    }

    /// What is of no channel passes every pattern.
    pub fn wants(&self, event: EventType, channel: Option<&str>) -> bool {
        let passes = channel.is_none_or(|channel| {
            self.channels.is_empty() || self.channels.iter().any(|p| p.matches(channel))
        });
        passes && self.wants_type(event)
    }

    /// The kinds that gateways have to tell because of this endpoint.
    pub fn kinds(&self) -> HookSet {
        let all = HookKind::ALL.into_iter();
        all.filter(|kind| self.wants_type(EventType::OfChannel(*kind))).collect()
    }
}

/// One request to an endpoint, as it was sent and answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Attempt {
    pub id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    pub duration_ms: i32,
    /// How often its oldest event had been tried, this attempt included.
    pub attempt: i32,
    pub events: i32,
    /// Absent when no answer came.
    #[schema(required)]
    pub status: Option<i32>,
    /// Absent when it was taken.
    #[schema(required)]
    pub error: Option<String>,
    pub request_headers: BTreeMap<String, String>,
    pub request_body: String,
    #[schema(required)]
    pub response_headers: Option<BTreeMap<String, String>>,
    /// Its first 4 KiB.
    #[schema(required)]
    pub response_body: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhooks::events::OwnEvent;

    fn filter(form: &str, of_app: bool, events: &[&str], channels: &[&str]) -> Filter {
        let owned = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        Filter::decode(form, of_app, &owned(events), &owned(channels)).expect("a filter")
    }

    #[test]
    fn a_filter_is_by_type_and_by_channel() {
        let occupied = EventType::OfChannel(HookKind::ChannelOccupied);
        let count = EventType::OfChannel(HookKind::SubscriptionCount);
        let all = filter("pusher", true, &[], &[]);
        assert!(all.wants(occupied, Some("any")) && !all.wants(count, Some("any")));
        assert_eq!(all.kinds().kinds().count(), 6);
        let counts = filter("pusher", true, &["subscription.count"], &["room-*"]);
        assert!(counts.wants(count, Some("room-1")));
        assert!(!counts.wants(count, Some("hall-1")) && !counts.wants(occupied, Some("room-1")));
        assert_eq!(counts.kinds(), HookSet::NONE.with(HookKind::SubscriptionCount));
        assert_eq!(filter("relay", true, &[], &[]).kinds().kinds().count(), 4);
    }

    #[test]
    fn what_concerns_an_organisation_is_of_no_channel() {
        let paid = EventType::Own(OwnEvent::InvoicePaid);
        let revoked = EventType::Own(OwnEvent::KeyRevoked);
        let organisation = filter("standard", false, &[], &[]);
        assert!(organisation.wants(paid, None) && organisation.wants(revoked, None));
        assert!(organisation.kinds().is_empty());
        let app = filter("standard", true, &[], &["room-*"]);
        assert!(app.wants(revoked, None) && !app.wants(paid, None));
    }

    #[test]
    fn a_row_of_another_version_is_noticed() {
        let none: [String; 0] = [];
        assert!(Filter::decode("smoke", true, &none, &none).is_err());
        assert!(Filter::decode("pusher", true, &["channel_sold".to_owned()], &none).is_err());
        assert!(Filter::decode("pusher", true, &none, &[String::new()]).is_err());
    }
}

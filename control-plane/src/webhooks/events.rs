//! The types of events, and what each form calls them.

use super::model::Form;
use contract::webhooks::HookKind;
use serde::{Deserialize, Serialize};

macro_rules! own_events {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// What happens to an organisation rather than on a channel.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum OwnEvent {
            $($(#[$doc])* $variant),+
        }

        impl OwnEvent {
            pub const ALL: [OwnEvent; [$($text),+].len()] = [$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }
    };
}

own_events! {
    /// A share of a quota is used up.
    QuotaThreshold = "quota.threshold",
    /// A pair, a secret key or a publishable key is no longer taken.
    KeyRevoked = "key.revoked",
    InvoiceCreated = "invoice.created",
    InvoicePaid = "invoice.paid",
    /// An invoice was to be collected, and was not.
    InvoicePaymentFailed = "invoice.payment_failed",
    /// An endpoint is no longer told anything.
    EndpointDisabled = "endpoint.disabled",
}

impl OwnEvent {
    /// Whether it can be about one app. An app's endpoints hear of no others.
    pub const fn can_concern_an_app(self) -> bool {
        match self {
            Self::QuotaThreshold | Self::KeyRevoked | Self::EndpointDisabled => true,
            Self::InvoiceCreated | Self::InvoicePaid | Self::InvoicePaymentFailed => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum EventType {
    OfChannel(HookKind),
    Own(OwnEvent),
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a type of event")]
pub struct UnknownEventType(String);

impl EventType {
    /// As the database and the API have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OfChannel(kind) => kind.as_str(),
            Self::Own(own) => own.as_str(),
        }
    }

    /// As the standard form has it: what it is about, a dot, what has happened.
    pub const fn dotted(self) -> &'static str {
        match self {
            Self::OfChannel(kind) => match kind {
                HookKind::ChannelOccupied => "channel.occupied",
                HookKind::ChannelVacated => "channel.vacated",
                HookKind::MemberAdded => "member.added",
                HookKind::MemberRemoved => "member.removed",
                HookKind::ClientEvent => "client.event",
                HookKind::CacheMiss => "cache.miss",
                HookKind::SubscriptionCount => "subscription.count",
            },
            Self::Own(own) => own.as_str(),
        }
    }

    /// Takes either spelling.
    pub fn parse(text: &str) -> Result<Self, UnknownEventType> {
        Self::of_channels()
            .chain(Self::own())
            .find(|event| event.as_str() == text || event.dotted() == text)
            .ok_or_else(|| UnknownEventType(text.chars().take(64).collect()))
    }

    pub fn of_channels() -> impl Iterator<Item = Self> {
        HookKind::ALL.into_iter().map(Self::OfChannel)
    }

    pub fn own() -> impl Iterator<Item = Self> {
        OwnEvent::ALL.into_iter().map(Self::Own)
    }

    /// Whether an endpoint of this form can hear of it: one of an app, or of a whole organisation.
    pub const fn can_be_told(self, form: Form, of_app: bool) -> bool {
        match (self, form) {
            (Self::OfChannel(_), Form::Pusher | Form::Standard) => of_app,
            // The dialect has no words for the others.
            (Self::OfChannel(kind), Form::Relay) => {
                of_app
                    && matches!(
                        kind,
                        HookKind::ChannelOccupied
                            | HookKind::ChannelVacated
                            | HookKind::MemberAdded
                            | HookKind::MemberRemoved
                    )
            }
            (Self::Own(own), Form::Standard) => !of_app || own.can_concern_an_app(),
            (Self::Own(_), Form::Pusher | Form::Relay) => false,
        }
    }

    /// Whether an endpoint that names no types hears of it. Counts change all the time, so they
    /// have to be asked for. Source: spec/pusher.md §10.
    pub const fn is_told_unasked(self) -> bool {
        !matches!(self, Self::OfChannel(HookKind::SubscriptionCount))
    }
}

impl TryFrom<String> for EventType {
    type Error = UnknownEventType;
    fn try_from(text: String) -> Result<Self, UnknownEventType> {
        Self::parse(&text)
    }
}

impl From<EventType> for &'static str {
    fn from(event: EventType) -> Self {
        event.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read_in_both_spellings() {
        for event in EventType::of_channels().chain(EventType::own()) {
            assert_eq!(EventType::parse(event.as_str()).unwrap(), event);
            assert_eq!(EventType::parse(event.dotted()).unwrap(), event);
        }
        for wrong in ["", "channel_", "CHANNEL_OCCUPIED", "channel-occupied"] {
            assert!(EventType::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn forms_tell_what_they_have_words_for() {
        let told = |form, of_app| {
            let all = EventType::of_channels().chain(EventType::own());
            all.filter(|event| event.can_be_told(form, of_app)).count()
        };
        assert_eq!(told(Form::Pusher, true), 7);
        assert_eq!(told(Form::Relay, true), 4);
        assert_eq!(told(Form::Standard, true), 7 + 3);
        assert_eq!(told(Form::Standard, false), OwnEvent::ALL.len());
        assert_eq!((told(Form::Pusher, false), told(Form::Relay, false)), (0, 0));
    }
}

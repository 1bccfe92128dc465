//! A publish from the console, and the channels it shows.

use crate::api::ApiError;
use contract::{ChannelName, EventName};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// The channel: AnyCable calls it a stream, Metered a topic.
    #[schema(max_length = 256)]
    pub channel: String,
    /// The event's name. Pusher needs one, Relay takes `message` without one, and the others have
    /// no names.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200, nullable = false)]
    pub name: Option<EventName>,
    /// Pusher and Relay: a string goes out as it is; any other JSON goes out as its text, byte for
    /// byte. AnyCable and Metered: any JSON value, byte for byte.
    #[schema(value_type = serde_json::Value)]
    pub data: Box<RawValue>,
    /// Through which dialect's HTTP API it goes. Everyone on the channel hears it, whichever it is.
    #[serde(default)]
    pub dialect: PublishDialect,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublishDialect {
    /// Signed with the app's oldest active pair.
    #[default]
    Pusher,
    /// With that pair's secret as the Bearer.
    Relay,
    /// With the Bearer that is derived from that secret.
    #[serde(rename = "anycable")]
    #[schema(rename = "anycable")]
    AnyCable,
    /// With the oldest secret key that has a signing secret and covers the channel.
    Metered,
}

/// A publish that makes sense in its dialect.
pub enum Event<'a> {
    Pusher(Named<'a>),
    Relay(Named<'a>),
    AnyCable(Value<'a>),
    Metered(Value<'a>),
}

/// A name and a text.
pub struct Named<'a> {
    pub channel: ChannelName,
    pub name: &'a str,
    pub data: EventData<'a>,
}

/// One JSON value.
pub struct Value<'a> {
    pub channel: ChannelName,
    pub data: &'a RawValue,
}

#[derive(Serialize)]
#[serde(untagged)]
pub enum EventData<'a> {
    /// A JSON string, not decoded and encoded again.
    Quoted(&'a RawValue),
    Text(&'a str),
}

/// What Relay's events are called that nobody has named.
const UNNAMED: &str = "message";

impl Publish {
    /// Errors: a name that is missing, or is too much; a channel that the dialect cannot name.
    pub fn event(&self) -> Result<Event<'_>, ApiError> {
        let name = self.name.as_ref().map(EventName::as_str);
        Ok(match self.dialect {
            PublishDialect::Pusher => {
                let name = name.ok_or_else(|| ApiError::field("name", "is missing"))?;
                Event::Pusher(self.named(name, ChannelName::portable(&self.channel))?)
            }
            PublishDialect::Relay => {
                Event::Relay(self.named(name.unwrap_or(UNNAMED), self.channel.parse())?)
            }
            PublishDialect::AnyCable => Event::AnyCable(self.value()?),
            PublishDialect::Metered => Event::Metered(self.value()?),
        })
    }

    fn named<'a>(
        &'a self,
        name: &'a str,
        channel: Result<ChannelName, contract::BadChannelName>,
    ) -> Result<Named<'a>, ApiError> {
        let channel = channel.map_err(|e| ApiError::field("channel", e))?;
        let data = match self.data.get().starts_with('"') {
            true => EventData::Quoted(&self.data),
            false => EventData::Text(self.data.get()),
        };
        Ok(Named { channel, name, data })
    }

    fn value(&self) -> Result<Value<'_>, ApiError> {
        if self.name.is_some() {
            return Err(ApiError::field("name", "messages of this dialect have no name"));
        }
        let channel = self.channel.parse().map_err(|e| ApiError::field("channel", e))?;
        Ok(Value { channel, data: &self.data })
    }
}

/// Published. Nothing more is known: delivery is not waited for.
#[derive(Serialize, ToSchema)]
pub struct Published {}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChannelsQuery {
    /// Only channels whose names start with this.
    #[param(max_length = 200)]
    pub prefix: Option<String>,
}

/// The channels with subscribers right now.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct Channels {
    pub channels: BTreeMap<String, ChannelInfo>,
    /// There are more than are listed.
    #[serde(default)]
    pub truncated: bool,
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct ChannelInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_count: Option<u64>,
    /// Distinct users; asked for when the prefix is one of presence channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_count: Option<u64>,
}

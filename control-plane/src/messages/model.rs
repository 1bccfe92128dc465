//! A publish from the console, and the channels it shows.

use contract::{BadChannelName, ChannelName, EventName};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    #[schema(value_type = String, max_length = 200)]
    pub channel: PublishedChannel,
    #[schema(value_type = String, max_length = 200)]
    pub name: EventName,
    /// A string goes out as it is; any other JSON goes out as its text, byte for byte.
    #[schema(value_type = serde_json::Value)]
    pub data: Box<RawValue>,
}

/// A channel that the Pusher HTTP API can name: every dialect's clients can read it.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub struct PublishedChannel(ChannelName);

impl TryFrom<String> for PublishedChannel {
    type Error = BadChannelName;
    fn try_from(raw: String) -> Result<Self, BadChannelName> {
        ChannelName::portable(&raw).map(Self)
    }
}

/// The publish as the gateway's HTTP API takes it.
#[derive(Serialize)]
pub struct GatewayEvent<'a> {
    pub name: &'a str,
    pub channel: &'a str,
    pub data: EventData<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub enum EventData<'a> {
    /// A JSON string, not decoded and encoded again.
    Quoted(&'a RawValue),
    Text(&'a str),
}

impl Publish {
    pub fn as_event(&self) -> GatewayEvent<'_> {
        let data = match self.data.get().starts_with('"') {
            true => EventData::Quoted(&self.data),
            false => EventData::Text(self.data.get()),
        };
        GatewayEvent { name: self.name.as_str(), channel: self.channel.0.as_str(), data }
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

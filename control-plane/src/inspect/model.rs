//! Connections and channels as the API shows them.

use contract::{
    AppId, ChannelName, UserId,
    inspect::{ChannelDetail, ChannelMember, OpenConnection, RecentEvent},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConnectionsQuery {
    /// Only connections that hear this channel.
    #[param(value_type = Option<String>)]
    pub channel: Option<ChannelName>,
    /// Only connections signed in as this user.
    #[param(value_type = Option<String>)]
    pub user: Option<UserId>,
}

/// The open connections, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenConnections {
    /// At most 500.
    pub connections: Vec<ConnectionView>,
    /// How many there are, the listed ones included.
    pub total: u64,
    /// Gateways that did not answer: their connections are not in here.
    pub unanswered: Vec<String>,
}

/// A connection that was ended, as the audit log keeps it beside its id.
#[derive(Serialize)]
pub struct LoggedConnection {
    pub app_id: AppId,
}

crate::audit::fact!(LoggedConnection);

#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectionView {
    pub socket_id: String,
    /// `pusher`, `relay`, `anycable` or `metered`.
    pub dialect: String,
    /// Unix milliseconds.
    pub opened_at_ms: u64,
    /// Who it has signed in as.
    pub user_id: Option<String>,
    /// The first 20 channels it hears, by name.
    pub channels: Vec<String>,
    pub channel_count: u32,
}

impl From<OpenConnection> for ConnectionView {
    fn from(open: OpenConnection) -> Self {
        Self {
            socket_id: open.socket_id.to_string(),
            dialect: open.dialect,
            opened_at_ms: open.opened_at_ms,
            user_id: open.user_id.map(|user| user.as_str().to_owned()),
            channels: open.channels.iter().map(|name| name.as_str().to_owned()).collect(),
            channel_count: open.channel_count,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChannelQuery {
    /// The channel's whole name.
    #[param(value_type = String)]
    pub name: ChannelName,
}

/// Who is on a channel, and what it remembers.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelView {
    pub name: String,
    /// Connections that hear it.
    pub subscriptions: u64,
    /// Distinct users among them; only channels with presence have any.
    pub users: u64,
    /// At most 100 of the users.
    pub members: Vec<ChannelUser>,
    /// The last event of a cache channel, while it is kept.
    pub cached: Option<KeptEvent>,
    /// The latest events that history has, newest first, at most 50.
    pub events: Vec<KeptEvent>,
    /// Gateways that did not answer: what they have is not in here.
    pub unanswered: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelUser {
    pub user_id: String,
    /// What was said of the user when it joined: any JSON.
    #[schema(value_type = Option<serde_json::Value>)]
    pub info: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct KeptEvent {
    pub event: String,
    /// At most 4,096 bytes of it.
    pub data: String,
    /// Unix milliseconds.
    pub at_ms: u64,
}

impl ChannelView {
    pub fn of(name: &ChannelName, detail: ChannelDetail, unanswered: Vec<String>) -> Self {
        Self {
            name: name.as_str().to_owned(),
            subscriptions: detail.subscriptions,
            users: detail.users,
            members: detail.members.into_iter().map(ChannelUser::from).collect(),
            cached: detail.cached.map(KeptEvent::from),
            events: detail.events.into_iter().map(KeptEvent::from).collect(),
            unanswered,
        }
    }
}

impl From<ChannelMember> for ChannelUser {
    fn from(member: ChannelMember) -> Self {
        Self { user_id: member.user_id.as_str().to_owned(), info: member.info }
    }
}

impl From<RecentEvent> for KeptEvent {
    fn from(event: RecentEvent) -> Self {
        Self { event: event.event.as_str().to_owned(), data: event.data, at_ms: event.at_ms }
    }
}

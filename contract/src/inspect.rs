//! What is there in an app right now: asked by the control plane, answered by each gateway of what
//! it has.

use crate::{ChannelName, EventName, SocketId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// `GET /internal/v1/apps/{app}/connections`: the open connections of an app, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connections {
    /// At most [`Connections::MAX`].
    pub connections: Vec<OpenConnection>,
    /// How many there are.
    pub total: u64,
}

impl Connections {
    pub const MAX: usize = 500;

    /// As one list, of which the newest stay.
    pub fn add(&mut self, other: Self) {
        self.total += other.total;
        self.connections.extend(other.connections);
        self.connections.sort_by_key(|open| std::cmp::Reverse((open.opened_at_ms, open.socket_id)));
        self.connections.truncate(Self::MAX);
    }
}

/// Which of an app's connections are asked for; nothing means all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenConnection {
    pub socket_id: SocketId,
    /// A lower-case word such as `pusher`.
    pub dialect: String,
    /// Unix milliseconds.
    pub opened_at_ms: u64,
    /// Who it has signed in as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The first [`OpenConnection::MAX_CHANNELS`] it hears, by name.
    pub channels: Vec<ChannelName>,
    pub channel_count: u32,
}

impl OpenConnection {
    pub const MAX_CHANNELS: usize = 20;
}

/// `POST /internal/v1/apps/{app}/connections/{socket}/terminate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminated {
    /// Whether the connection was open here.
    pub was_here: bool,
}

/// `GET /internal/v1/apps/{app}/channel`: who is on a channel and what it remembers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ChannelDetail {
    pub subscriptions: u64,
    /// Distinct users among them, of whom at most [`ChannelDetail::MAX_MEMBERS`] are named.
    pub users: u64,
    pub members: Vec<ChannelMember>,
    /// The last event of a cache channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<RecentEvent>,
    /// The latest events, newest first.
    pub events: Vec<RecentEvent>,
}

impl ChannelDetail {
    pub const MAX_MEMBERS: usize = 100;
    pub const MAX_EVENTS: usize = 50;

    /// As one channel: a user who is at both is one.
    pub fn add(&mut self, other: Self) {
        self.subscriptions += other.subscriptions;
        let is_new = |member: &ChannelMember| {
            !self.members.iter().any(|known| known.user_id == member.user_id)
        };
        let news: Vec<_> = other.members.into_iter().filter(is_new).collect();
        self.users = match self.members.is_empty() {
            true => other.users,
            false => self.users + news.len() as u64,
        };
        self.members.extend(news);
        self.members.truncate(Self::MAX_MEMBERS);
        self.cached = self.cached.take().into_iter().chain(other.cached).max_by_key(|e| e.at_ms);
        self.events.extend(other.events);
        self.events.sort_by_key(|event| std::cmp::Reverse(event.at_ms));
        self.events.truncate(Self::MAX_EVENTS);
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChannelMember {
    pub user_id: UserId,
    /// What was said of the user, any JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<Box<RawValue>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentEvent {
    pub event: EventName,
    /// At most [`crate::live::LiveEvent::MAX_DATA_BYTES`] of the payload.
    pub data: String,
    /// Unix milliseconds.
    pub at_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(socket: &str, opened_at_ms: u64) -> OpenConnection {
        OpenConnection {
            socket_id: socket.parse().unwrap(),
            dialect: "pusher".into(),
            opened_at_ms,
            user_id: None,
            channels: Vec::new(),
            channel_count: 0,
        }
    }

    fn member(user: &str) -> ChannelMember {
        ChannelMember { user_id: user.parse().unwrap(), info: None }
    }

    #[test]
    fn connections_of_two_gateways_are_one_list_newest_first() {
        let of = |open| Connections { connections: vec![open], total: 1 };
        let mut all = of(open("1.1", 5));
        all.add(of(open("1.2", 9)));
        assert_eq!((all.connections[0].opened_at_ms, all.total), (9, 2));
        let many = (0..600).map(|n| open("2.2", n)).collect();
        all.add(Connections { connections: many, total: 600 });
        assert_eq!((all.connections.len(), all.total), (Connections::MAX, 602));
        assert_eq!(all.connections[0].opened_at_ms, 599);
    }

    #[test]
    fn so_many_members_and_events_are_named_and_no_more() {
        for (there, named) in [(100, 100), (101, 100)] {
            let mut channel = ChannelDetail::default();
            let members = (0..there).map(|n| member(&format!("u{n}"))).collect();
            channel.add(ChannelDetail { users: there, members, ..ChannelDetail::default() });
            assert_eq!((channel.users, channel.members.len()), (there, named));
        }
        let said = |at_ms| RecentEvent { event: "e".parse().unwrap(), data: "1".into(), at_ms };
        for (there, kept) in [(50, 50), (51, 50)] {
            let mut channel = ChannelDetail::default();
            let events = (0..there).map(said).collect();
            channel.add(ChannelDetail { events, ..ChannelDetail::default() });
            assert_eq!((channel.events.len(), channel.events[0].at_ms), (kept, there - 1));
        }
    }

    #[test]
    fn a_user_on_two_gateways_is_one_user() {
        let of = |members: Vec<ChannelMember>| ChannelDetail {
            subscriptions: 3,
            users: members.len() as u64,
            members,
            ..ChannelDetail::default()
        };
        let mut channel = ChannelDetail::default();
        channel.add(of(vec![member("a"), member("b")]));
        channel.add(of(vec![member("b"), member("c")]));
        assert_eq!((channel.subscriptions, channel.users), (6, 3));
        let named: Vec<_> = channel.members.iter().map(|m| m.user_id.as_str()).collect();
        assert_eq!(named, ["a", "b", "c"]);
    }
}

//! What a credential may do: actions × channel patterns.

use crate::{ChannelName, Pattern};
use serde::{Deserialize, Serialize};

/// One thing a key may be allowed. Source: quality rules, credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Action {
    #[serde(rename = "publish")]
    Publish,
    #[serde(rename = "subscribe")]
    Subscribe,
    #[serde(rename = "presence")]
    Presence,
    #[serde(rename = "send")]
    Send,
    #[serde(rename = "history")]
    History,
    #[serde(rename = "channels.read")]
    ChannelsRead,
    #[serde(rename = "users.terminate")]
    UsersTerminate,
    #[serde(rename = "usage.read")]
    UsageRead,
}

impl Action {
    pub const ALL: [Action; 8] = [
        Self::Publish,
        Self::Subscribe,
        Self::Presence,
        Self::Send,
        Self::History,
        Self::ChannelsRead,
        Self::UsersTerminate,
        Self::UsageRead,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Subscribe => "subscribe",
            Self::Presence => "presence",
            Self::Send => "send",
            Self::History => "history",
            Self::ChannelsRead => "channels.read",
            Self::UsersTerminate => "users.terminate",
            Self::UsageRead => "usage.read",
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl std::str::FromStr for Action {
    type Err = UnknownAction;
    fn from_str(raw: &str) -> Result<Self, UnknownAction> {
        Self::ALL.into_iter().find(|a| a.as_str() == raw).ok_or(UnknownAction)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an action")]
pub struct UnknownAction;

/// The compiled scope of a credential. An empty list means nothing, not everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    actions: u16,
    channels: Channels,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Channels {
    Every,
    Matching(Box<[Pattern]>),
}

impl Scope {
    /// At most this many patterns stand in one scope.
    pub const MAX_PATTERNS: usize = 100;

    /// What an app's own secret may do: everything in that app.
    pub fn everything() -> Self {
        let actions = Action::ALL.iter().fold(0, |bits, a| bits | a.bit());
        Self { actions, channels: Channels::Every }
    }

    pub fn new(actions: &[Action], patterns: Vec<Pattern>) -> Self {
        let actions = actions.iter().fold(0, |bits, a| bits | a.bit());
        let channels = match patterns.iter().any(|p| p.as_str() == "**") {
            true => Channels::Every,
            false => Channels::Matching(patterns.into()),
        };
        Self { actions, channels }
    }

    pub fn allows(&self, action: Action) -> bool {
        self.actions & action.bit() != 0
    }

    pub fn covers(&self, channel: &ChannelName) -> bool {
        match &self.channels {
            Channels::Every => true,
            Channels::Matching(patterns) => patterns.iter().any(|p| p.matches(channel.as_str())),
        }
    }

    /// Whether every channel that `pattern` can name is covered, as far as `budget` lasts.
    pub fn covers_pattern(&self, pattern: &Pattern, budget: &mut u32) -> bool {
        match &self.channels {
            Channels::Every => true,
            Channels::Matching(patterns) => patterns.iter().any(|p| pattern.is_within(p, budget)),
        }
    }

    /// The patterns that make the same scope again.
    pub fn patterns(&self) -> Vec<Pattern> {
        match &self.channels {
            Channels::Every => "**".parse().into_iter().collect(),
            Channels::Matching(patterns) => patterns.to_vec(),
        }
    }

    /// Whether every channel of the app is covered, which listings of names need.
    pub fn covers_every_channel(&self) -> bool {
        self.channels == Channels::Every
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(raw: &str) -> ChannelName {
        raw.parse().expect(raw)
    }

    #[test]
    fn an_empty_list_means_nothing() {
        let scope = Scope::new(&[], vec![]);
        assert!(Action::ALL.into_iter().all(|a| !scope.allows(a)));
        assert!(!scope.covers(&channel("news")));
    }

    #[test]
    fn actions_and_channels_are_independent() {
        let scope = Scope::new(&[Action::Publish], vec!["room-*".parse().unwrap()]);
        assert!(scope.allows(Action::Publish) && !scope.allows(Action::ChannelsRead));
        assert!(scope.covers(&channel("room-1")) && !scope.covers(&channel("news")));
        assert!(!scope.covers_every_channel());
    }

    #[test]
    fn an_apps_secret_may_do_everything() {
        let scope = Scope::everything();
        assert!(Action::ALL.into_iter().all(|a| scope.allows(a)));
        assert!(scope.covers(&channel("a/b")) && scope.covers_every_channel());
    }

    #[test]
    fn action_names_are_stable() {
        for action in Action::ALL {
            let json = serde_json::to_string(&action).unwrap();
            assert_eq!(json, format!("\"{}\"", action.as_str()));
            assert_eq!(action.as_str().parse(), Ok(action));
        }
    }
}

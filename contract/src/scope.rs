//! What a credential may do: actions × channel patterns.

use crate::{ChannelName, Pattern, pattern};
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
    /// The texts of the patterns, each with a line feed behind it, which no pattern has inside: one
    /// piece of memory, since there may be a million scopes.
    Matching(Box<str>),
}

/// The texts of the patterns in one text.
fn texts(joined: &str) -> impl Iterator<Item = &str> {
    joined.split_terminator('\n')
}

impl Scope {
    /// At most this many patterns stand in one scope.
    pub const MAX_PATTERNS: usize = 100;
    /// Steps that may be spent on comparing two scopes.
    const CONTAINS_BUDGET: u32 = 50_000;

    /// What an app's own secret may do: everything in that app.
    pub fn everything() -> Self {
        let actions = Action::ALL.iter().fold(0, |bits, a| bits | a.bit());
        Self { actions, channels: Channels::Every }
    }

    pub fn new(actions: &[Action], patterns: Vec<Pattern>) -> Self {
        let actions = actions.iter().fold(0, |bits, a| bits | a.bit());
        let channels = match patterns.iter().any(|p| p.as_str() == "**") {
            true => Channels::Every,
            false => Channels::Matching(joined(&patterns)),
        };
        Self { actions, channels }
    }

    pub fn allows(&self, action: Action) -> bool {
        self.actions & action.bit() != 0
    }

    pub fn covers(&self, channel: &ChannelName) -> bool {
        match &self.channels {
            Channels::Every => true,
            Channels::Matching(joined) => {
                texts(joined).any(|text| pattern::matches(text, channel.as_str()))
            }
        }
    }

    /// Whether every channel that `pattern` can name is covered, as far as `budget` lasts.
    pub fn covers_pattern(&self, pattern: &Pattern, budget: &mut u32) -> bool {
        match &self.channels {
            Channels::Every => true,
            Channels::Matching(joined) => {
                texts(joined).any(|text| pattern::is_within(pattern.as_str(), text, budget))
            }
        }
    }

    /// Whether everything that `other` allows is allowed here too. A yes is always right.
    pub fn contains(&self, other: &Scope) -> bool {
        let mut budget = Self::CONTAINS_BUDGET;
        let has_actions = other.actions & !self.actions == 0;
        has_actions
            && (self.channels == other.channels
                || other.patterns().iter().all(|p| self.covers_pattern(p, &mut budget)))
    }

    /// The patterns that make the same scope again.
    pub fn patterns(&self) -> Vec<Pattern> {
        match &self.channels {
            Channels::Every => "**".parse().into_iter().collect(),
            Channels::Matching(joined) => texts(joined).flat_map(str::parse).collect(),
        }
    }

    /// Whether every channel of the app is covered, which listings of names need.
    pub fn covers_every_channel(&self) -> bool {
        self.channels == Channels::Every
    }
}

fn joined(patterns: &[Pattern]) -> Box<str> {
    let bytes = patterns.iter().map(|pattern| pattern.as_str().len() + 1).sum();
    let mut joined = String::with_capacity(bytes);
    for pattern in patterns {
        joined.push_str(pattern.as_str());
        joined.push('\n');
    }
    joined.into()
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
    fn patterns_come_out_as_they_went_in() {
        for patterns in [&[][..], &["a/*"], &["a/*", r"b\*\\", "c"], &["*", "***"]] {
            let patterns: Vec<Pattern> = patterns.iter().map(|p| p.parse().unwrap()).collect();
            assert_eq!(Scope::new(&[], patterns.clone()).patterns(), patterns);
        }
    }

    #[test]
    fn actions_and_channels_are_independent() {
        let scope = Scope::new(&[Action::Publish], vec!["room-*".parse().unwrap()]);
        assert!(scope.allows(Action::Publish) && !scope.allows(Action::ChannelsRead));
        assert!(scope.covers(&channel("room-1")) && !scope.covers(&channel("news")));
        assert!(!scope.covers_every_channel());
    }

    #[test]
    fn a_scope_contains_what_is_narrower() {
        let scope = |actions: &[Action], patterns: &[&str]| {
            Scope::new(actions, patterns.iter().map(|p| p.parse().unwrap()).collect())
        };
        let both = [Action::Publish, Action::Subscribe];
        for (outer, inner, expected) in [
            (scope(&both, &["a/*"]), scope(&both, &["a/*"]), true),
            (scope(&both, &["a/**"]), scope(&both, &["a/*", "a/b/*"]), true),
            (scope(&both, &["**"]), scope(&[], &[]), true),
            (scope(&both, &["a/*"]), scope(&both, &["a/**"]), false),
            (scope(&both, &["a/*"]), scope(&both, &["**"]), false),
            (scope(&both[..1], &["**"]), scope(&both, &["a"]), false),
            (scope(&both, &[]), scope(&both, &["a"]), false),
        ] {
            assert_eq!(outer.contains(&inner), expected, "{inner:?} in {outer:?}");
        }
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

//! What a change of a key would have refused: the control plane asks, gateways look at what they
//! saw lately.

use crate::{Action, Pattern, PublishableKey, SecretKeyId};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// How far back gateways remember, seconds.
pub const WINDOW_S: u64 = 300;

/// Examples of one action's channels, origins or addresses at most.
pub const MAX_EXAMPLES: usize = 20;

/// `POST /internal/v1/apps/{app}/dry-run`: the key as it would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryRun {
    pub key: KeyName,
    pub actions: Vec<Action>,
    pub channels: Vec<Pattern>,
    /// Only publishable keys ask where a client's page comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<Origins>,
    /// Networks it would be taken from; empty means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<IpNet>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyName {
    Secret(SecretKeyId),
    Publishable(PublishableKey),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origins {
    /// Empty means any.
    pub allowed: Vec<String>,
    /// Whether clients without an origin are let in although origins are listed.
    pub allow_none: bool,
}

/// What one gateway saw of the key, and what of it would have been refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// Seconds that are looked back to; fewer than [`WINDOW_S`] after a start.
    pub window_s: u64,
    /// Operations that there was no room to remember: what is found is a part of what there was.
    pub forgotten: u64,
    pub looked_at: u64,
    pub refused: u64,
    pub actions: Vec<ActionFindings>,
    /// Connections that would not have been opened, by origin.
    pub origins: Vec<Example>,
    /// Requests that would not have been taken, by address.
    pub addresses: Vec<Example>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionFindings {
    pub action: Action,
    pub looked_at: u64,
    pub refused: u64,
    /// The channels (or patterns) refused most often, most first.
    pub channels: Vec<Example>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    pub name: String,
    pub count: u64,
}

impl Findings {
    /// Adds what another gateway found.
    pub fn add(&mut self, other: Findings) {
        self.window_s = self.window_s.max(other.window_s);
        self.forgotten += other.forgotten;
        self.looked_at += other.looked_at;
        self.refused += other.refused;
        merge(&mut self.origins, other.origins);
        merge(&mut self.addresses, other.addresses);
        for found in other.actions {
            match self.actions.iter_mut().find(|held| held.action == found.action) {
                Some(held) => {
                    held.looked_at += found.looked_at;
                    held.refused += found.refused;
                    merge(&mut held.channels, found.channels);
                }
                None => self.actions.push(found),
            }
        }
        self.actions.sort_by_key(|found| found.action);
    }
}

fn merge(held: &mut Vec<Example>, more: Vec<Example>) {
    for example in more {
        match held.iter_mut().find(|known| known.name == example.name) {
            Some(known) => known.count += example.count,
            None => held.push(example),
        }
    }
    keep_most(held);
}

/// Leaves the examples with the highest counts, highest first.
pub fn keep_most(examples: &mut Vec<Example>) {
    examples.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    examples.truncate(MAX_EXAMPLES);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(name: &str, count: u64) -> Example {
        Example { name: name.into(), count }
    }

    fn found(action: Action, channels: &[(&str, u64)]) -> Findings {
        let refused = channels.iter().map(|(_, count)| count).sum();
        let channels = channels.iter().map(|(name, count)| example(name, *count)).collect();
        Findings {
            window_s: 60,
            looked_at: refused + 1,
            refused,
            actions: vec![ActionFindings { action, looked_at: refused + 1, refused, channels }],
            ..Findings::default()
        }
    }

    #[test]
    fn findings_of_gateways_add_up() {
        let mut sum = found(Action::Subscribe, &[("a", 1), ("b", 5)]);
        sum.add(found(Action::Subscribe, &[("a", 7)]));
        sum.add(Findings { window_s: 300, forgotten: 2, ..found(Action::Publish, &[("a", 1)]) });
        assert_eq!((sum.window_s, sum.forgotten, sum.looked_at, sum.refused), (300, 2, 17, 14));
        let [publish, subscribe] = &sum.actions[..] else { panic!("two actions") };
        assert_eq!(publish.action, Action::Publish);
        assert_eq!(subscribe.channels, [example("a", 8), example("b", 5)]);
    }

    #[test]
    fn examples_are_few() {
        let many: Vec<_> = (0..30).map(|n| (format!("c{n:02}"), n)).collect();
        let many: Vec<_> = many.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        let mut sum = Findings::default();
        sum.add(found(Action::Publish, &many[..15]));
        sum.actions[0].channels.clear();
        sum.add(found(Action::Publish, &many));
        let kept = &sum.actions[0].channels;
        assert_eq!(
            (kept.len(), &kept[0], &kept[19]),
            (20, &example("c29", 29), &example("c10", 10))
        );
    }

    #[test]
    fn a_question_keeps_its_shape() {
        let text = r#"{"key":{"secret":"0123456789ab"},"actions":["publish"],"channels":["a/*"],"addresses":["10.0.0.0/8"]}"#;
        let question: DryRun = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&question).unwrap(), text);
    }
}

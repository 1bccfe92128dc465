//! Questions to a shard. They change nothing.

use super::Shard;
use crate::{EngineStats, History, Member, Occupancy, Position, Topic, channel::Channel};
use contract::{AppId, ChannelName};

impl Shard {
    pub fn occupancy(&self, topic: &Topic, now_ms: u64) -> Occupancy {
        self.channel(topic).map(|channel| channel.occupancy(now_ms)).unwrap_or_default()
    }

    pub fn members(&self, topic: &Topic) -> Vec<Member> {
        self.channel(topic).map(|channel| channel.members()).unwrap_or_default()
    }

    pub fn is_online(&self, topic: &Topic) -> bool {
        self.channel(topic).is_some_and(|channel| channel.is_online())
    }

    pub fn history(
        &self,
        topic: &Topic,
        after: Option<Position>,
        limit: usize,
        now_ms: u64,
    ) -> History {
        match self.channel(topic) {
            Some(channel) => channel.history(topic, after, limit, &self.bounds.history, now_ms),
            None => {
                History { events: Vec::new(), last: None, recovered: after.is_none(), more: false }
            }
        }
    }

    /// Occupied channels of an app whose names start with `prefix`, in no order, without what they
    /// have cached.
    pub fn channels(&self, app: &AppId, prefix: &str, found: &mut Vec<(ChannelName, Occupancy)>) {
        let of_app = self.apps.of(app).iter().map(|&slot| &self.slots[slot as usize]);
        found.extend(
            of_app
                .filter(|held| held.topic.channel.as_str().starts_with(prefix))
                .map(|held| (held.topic.channel.clone(), held.channel.counts())),
        );
    }

    /// Adds this shard's figures.
    pub fn count_into(&self, stats: &mut EngineStats) {
        for (sum, occupied) in stats.occupied.iter_mut().zip(self.tally.occupied) {
            *sum += occupied;
        }
        stats.idle += self.idle.len() as u64;
        stats.subscriptions += self.tally.subscriptions;
        stats.retained_bytes += self.tally.retained_bytes as u64;
        stats.evicted += self.tally.evicted;
    }

    fn channel(&self, topic: &Topic) -> Option<&Channel> {
        self.find(topic).map(|slot| &self.slots[slot as usize].channel)
    }
}

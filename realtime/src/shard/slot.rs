//! A channel's place in its shard.

use crate::{Topic, channel::Channel};

/// No alarm.
pub const NEVER: u64 = u64::MAX;
/// No slot.
pub const NOWHERE: u32 = u32::MAX;

/// A channel and its places in the shard's lists.
pub struct Slot {
    pub topic: Topic,
    pub channel: Channel,
    /// Tells this channel from an earlier one in the same slot.
    pub generation: u32,
    /// Index among the occupied channels of its app.
    pub at_app: u32,
    /// Neighbours in the list of idle channels, and whether it is in the list.
    pub older: u32,
    pub newer: u32,
    pub is_listed: bool,
    /// When it is to be woken, Unix milliseconds.
    pub alarm_ms: u64,
    /// Bytes it is charged for.
    pub charged: usize,
}

impl Slot {
    pub fn new(topic: Topic, channel: Channel, generation: u32) -> Self {
        Self {
            topic,
            channel,
            generation,
            at_app: NOWHERE,
            older: NOWHERE,
            newer: NOWHERE,
            is_listed: false,
            alarm_ms: NEVER,
            charged: 0,
        }
    }
}

/// What of a channel the shard keeps sums of.
#[derive(Clone, Copy)]
pub struct Weight {
    pub subscriptions: u32,
    pub is_idle: bool,
    pub retained_bytes: usize,
}

impl Weight {
    #[inline]
    pub fn of(channel: &Channel) -> Self {
        Self {
            subscriptions: channel.subscriptions(),
            is_idle: channel.is_idle(),
            retained_bytes: channel.retained_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_channel_stays_small() {
        assert!(size_of::<Slot>() <= 160, "{}", size_of::<Slot>());
    }
}

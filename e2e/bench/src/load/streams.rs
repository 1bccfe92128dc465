//! Numbered sequences of messages, each from one publisher to one channel.
//!
//! With fewer channels than publishers a channel has several streams, one for each publisher that
//! shares it; otherwise each channel has one stream and each publisher goes round its channels.

#[derive(Clone, Copy, Debug)]
pub struct Streams {
    pub channels: u32,
    pub publishers: u32,
}

impl Streams {
    fn channels_are_shared(self) -> bool {
        self.channels < self.publishers
    }

    pub fn count(self) -> u32 {
        self.channels.max(self.publishers)
    }

    /// How many streams a channel has, at most.
    pub fn slots(self) -> u32 {
        self.publishers.div_ceil(self.channels).max(1)
    }

    #[inline]
    pub fn channel_of(self, stream: u32) -> u32 {
        if self.channels_are_shared() { stream % self.channels } else { stream }
    }

    /// The place of a stream among its channel's.
    #[inline]
    pub fn slot_of(self, stream: u32) -> u32 {
        if self.channels_are_shared() { stream / self.channels } else { 0 }
    }

    /// The stream after `last` among a publisher's own.
    pub fn next(self, publisher: u32, last: Option<u32>) -> u32 {
        match last {
            Some(last) if last + self.publishers < self.channels => last + self.publishers,
            // More publishers than channels or the round is over; either way the first one.
            _ => publisher,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_channel_is_reached_and_every_stream_has_one_publisher() {
        for (channels, publishers) in [(1, 1), (1, 8), (3, 8), (8, 8), (100, 16), (1_000, 16)] {
            let streams = Streams { channels, publishers };
            let mut seen = HashSet::new();
            for publisher in 0..publishers {
                let mut last = None;
                for _ in 0..channels.div_ceil(publishers) {
                    let stream = streams.next(publisher, last);
                    last = Some(stream);
                    if streams.next(publisher, None) == stream && !seen.insert(stream) {
                        continue;
                    }
                    seen.insert(stream);
                    assert!(streams.slot_of(stream) < streams.slots());
                }
            }
            let reached: HashSet<u32> = seen.iter().map(|s| streams.channel_of(*s)).collect();
            assert_eq!(seen.len() as u32, streams.count(), "{streams:?}");
            assert_eq!(reached.len() as u32, channels, "{streams:?}");
        }
    }

    #[test]
    fn a_channel_s_streams_stand_apart() {
        let streams = Streams { channels: 3, publishers: 8 };
        let places: HashSet<_> =
            (0..streams.count()).map(|s| (streams.channel_of(s), streams.slot_of(s))).collect();
        assert_eq!(places.len(), 8);
    }
}

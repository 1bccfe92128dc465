//! Decides whether every subscriber got every message once and in order.

use super::streams::Streams;
use crate::wire::Stamp;

pub struct Ledger {
    streams: Streams,
    /// The last sequence heard, by subscriber and slot.
    last: Vec<u32>,
    pub findings: Findings,
}

/// All zero when nothing is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Findings {
    /// Messages left out before a later one.
    pub gaps: u64,
    /// Messages that came again or after a later one.
    pub reordered: u64,
    /// Messages of another channel.
    pub misrouted: u64,
}

impl Ledger {
    pub fn new(streams: Streams, subscribers: u32) -> Self {
        let last = vec![0; subscribers as usize * streams.slots() as usize];
        Self { streams, last, findings: Findings::default() }
    }

    #[inline]
    pub fn heard(&mut self, subscriber: usize, channel: u32, stamp: Stamp) {
        if stamp.stream >= self.streams.count() || self.streams.channel_of(stamp.stream) != channel
        {
            self.findings.misrouted += 1;
            return;
        }
        let slot = self.streams.slot_of(stamp.stream) as usize;
        let Some(last) = self.last.get_mut(subscriber * self.streams.slots() as usize + slot)
        else {
            self.findings.misrouted += 1;
            return;
        };
        if stamp.sequence > *last {
            self.findings.gaps += u64::from(stamp.sequence - *last - 1);
            *last = stamp.sequence;
        } else {
            self.findings.reordered += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(heard: &[(u32, u32)], gaps: u64, reordered: u64, misrouted: u64) {
        // Channel 0 has the streams 0 and 2, channel 1 has 1 and 3.
        let mut ledger = Ledger::new(Streams { channels: 2, publishers: 4 }, 2);
        for (stream, sequence) in heard {
            ledger.heard(0, 0, Stamp { stream: *stream, sequence: *sequence, sent_ns: 0 });
        }
        assert_eq!(ledger.findings, Findings { gaps, reordered, misrouted }, "{heard:?}");
    }

    #[test]
    fn what_is_wrong_is_counted() {
        check(&[(0, 1), (2, 1), (0, 2), (2, 2)], 0, 0, 0);
        check(&[(0, 1), (0, 4)], 2, 0, 0);
        check(&[(0, 2)], 1, 0, 0);
        check(&[(0, 1), (0, 1)], 0, 1, 0);
        check(&[(0, 1), (0, 3), (0, 2)], 1, 1, 0);
        check(&[(1, 1)], 0, 0, 1);
        check(&[(4, 1)], 0, 0, 1);
    }
}

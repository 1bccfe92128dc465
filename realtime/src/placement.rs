//! Which shard a channel falls in: the same answer on every node and in every version.

use crate::Topic;

/// The shard of `topic` among `shards`.
///
/// Shape: SipHash-1-3 with the key (`key`, 0) over the app id, one byte 0xFF, and the channel
/// name; the upper 32 bits of the result times `shards`, shifted right by 32. 0xFF is in no
/// UTF-8 text, so no two topics hash the same bytes. The key keeps a stranger who chooses names
/// from putting them all on one shard.
pub fn shard_of(topic: &Topic, key: u64, shards: u32) -> u32 {
    let mut hash = Sip13::new(key, 0);
    hash.write(topic.app.as_str().as_bytes());
    hash.write(&[0xFF]);
    hash.write(topic.channel.as_str().as_bytes());
    let upper = hash.finish() >> 32;
    ((upper * u64::from(shards)) >> 32) as u32
}

/// SipHash-1-3 (Aumasson and Bernstein), as the standard library has it but with a promise that
/// it will not change.
struct Sip13 {
    v: [u64; 4],
    tail: u64,
    length: usize,
}

impl Sip13 {
    fn new(k0: u64, k1: u64) -> Self {
        let v = [
            k0 ^ 0x736f_6d65_7073_6575,
            k1 ^ 0x646f_7261_6e64_6f6d,
            k0 ^ 0x6c79_6765_6e65_7261,
            k1 ^ 0x7465_6462_7974_6573,
        ];
        Self { v, tail: 0, length: 0 }
    }

    #[inline]
    fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.v;
        a = a.wrapping_add(b);
        b = b.rotate_left(13) ^ a;
        a = a.rotate_left(32);
        c = c.wrapping_add(d);
        d = d.rotate_left(16) ^ c;
        a = a.wrapping_add(d);
        d = d.rotate_left(21) ^ a;
        c = c.wrapping_add(b);
        b = b.rotate_left(17) ^ c;
        c = c.rotate_left(32);
        self.v = [a, b, c, d];
    }

    #[inline]
    fn word(&mut self, word: u64) {
        self.v[3] ^= word;
        self.round();
        self.v[0] ^= word;
    }

    #[inline]
    fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let filled = self.length % 8;
            if filled == 0
                && let Some((word, rest)) = bytes.split_first_chunk::<8>()
            {
                self.word(u64::from_le_bytes(*word));
                self.length += 8;
                bytes = rest;
                continue;
            }
            self.tail |= u64::from(bytes[0]) << (8 * filled);
            self.length += 1;
            bytes = &bytes[1..];
            if filled == 7 {
                let word = std::mem::take(&mut self.tail);
                self.word(word);
            }
        }
    }

    fn finish(mut self) -> u64 {
        let last = self.tail | ((self.length as u64 & 0xFF) << 56);
        self.word(last);
        self.v[2] ^= 0xFF;
        for _ in 0..3 {
            self.round();
        }
        self.v.into_iter().fold(0, |sum, v| sum ^ v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::Hasher;

    #[test]
    fn the_hash_is_siphash_1_3() {
        let text: Vec<u8> = (0..=255).collect();
        for split in 0..64 {
            let mut ours = Sip13::new(0, 0);
            ours.write(&text[..split]);
            ours.write(&text[split..split + 37]);
            // The standard library's hasher is SipHash-1-3 with a zero key today.
            let mut theirs = std::hash::DefaultHasher::new();
            theirs.write(&text[..split + 37]);
            assert_eq!(ours.finish(), theirs.finish(), "split at {split}");
        }
    }

    #[track_caller]
    fn check(app: &str, channel: &str, key: u64, expected: u32) {
        let topic =
            Topic { app: app.parse().expect(app), channel: channel.parse().expect(channel) };
        assert_eq!(shard_of(&topic, key, 1024), expected, "{app} {channel}");
    }

    #[test]
    fn places_are_the_same_in_every_version() {
        check("1", "news", 0, 773);
        check("2", "news", 0, 467);
        check("1", "presence-room.1", 0, 47);
        check("1", "news", 7, 964);
    }

    #[test]
    fn channels_spread_evenly() {
        let mut filled = vec![0_u32; 1024];
        for n in 0..102_400 {
            let topic = Topic {
                app: "4711".parse().expect("app"),
                channel: format!("room-{n}").parse().expect("channel"),
            };
            filled[shard_of(&topic, 0, 1024) as usize] += 1;
        }
        assert!(filled.iter().all(|&n| (50..170).contains(&n)), "{filled:?}");
    }
}

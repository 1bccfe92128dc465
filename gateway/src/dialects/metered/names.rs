//! The names that clients choose: of channels, of peers, of sets of channels.
//! Source: spec/metered.md §6, §10.

use crate::admission::{self, BadClaim};
use contract::{BadPattern, ChannelKind, ChannelName, Pattern, UserId};

/// Nobody's to use, in whatever case they are written. Source: seed 004.
const RESERVED: [&str; 3] = ["_metered/", "_internal/", "_system/"];

/// Why a channel cannot be named so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadChannel {
    #[error("a channel name is 1 to {} bytes without control characters", ChannelName::MAX_BYTES)]
    Malformed,
    #[error("this channel name is reserved")]
    Reserved,
}

/// A channel by its name.
pub fn channel(raw: &str) -> Result<ChannelName, BadChannel> {
    let name: ChannelName = raw.parse().map_err(|_| BadChannel::Malformed)?;
    match is_reserved(raw) || name.kind() == ChannelKind::User {
        true => Err(BadChannel::Reserved),
        false => Ok(name),
    }
}

/// The channels whose names fit a pattern.
pub fn pattern(raw: &str) -> Result<Pattern, BadChannel> {
    // What cannot be a name cannot be the pattern of one, stars or not.
    raw.parse::<ChannelName>().map_err(|_| BadChannel::Malformed)?;
    match is_reserved(raw) || raw.starts_with(ChannelName::USER_PREFIX) {
        true => Err(BadChannel::Reserved),
        false => raw.parse().map_err(|_: BadPattern| BadChannel::Malformed),
    }
}

fn is_reserved(raw: &str) -> bool {
    RESERVED
        .iter()
        .any(|prefix| raw.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix)))
}

/// Whether a name to subscribe to means a pattern: it has a star that no backslash stands before.
pub fn is_pattern(raw: &str) -> bool {
    let mut bytes = raw.bytes().peekable();
    while let Some(b) = bytes.next() {
        match b {
            b'\\' if matches!(bytes.peek(), Some(b'*' | b'\\')) => {
                bytes.next();
            }
            b'*' => return true,
            _ => {}
        }
    }
    false
}

/// A peer, who is a user to the other dialects.
pub fn peer(raw: &str) -> Result<UserId, BadClaim> {
    admission::peer_id(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_any_printable_text_but_for_reserved_beginnings() {
        let check = |raw: &str, expected: Result<(), BadChannel>| {
            assert_eq!(channel(raw).map(|_| ()), expected, "{raw:?}");
        };
        for raw in ["a", "app_abc/room-1", "комната 1", "#hash", "a\\*b", "_metered", "x_system/a"]
        {
            check(raw, Ok(()));
        }
        check(&"c".repeat(256), Ok(()));
        for raw in ["", "a\u{0}b", "a\u{1f}b", "a\u{7f}b", "a\u{80}b", "a\u{9f}b"] {
            check(raw, Err(BadChannel::Malformed));
        }
        check(&"c".repeat(257), Err(BadChannel::Malformed));
        check(&"é".repeat(129), Err(BadChannel::Malformed));
        for raw in [
            "_metered/a",
            "_METERED/a",
            "_Internal/",
            "_system/x",
            "_sYsTeM/x",
            "#server-to-user-a",
        ] {
            check(raw, Err(BadChannel::Reserved));
        }
    }

    #[test]
    fn an_unescaped_star_makes_a_pattern() {
        for (raw, expected) in [
            ("devices/*/events", true),
            ("**", true),
            ("a\\*b", false),
            ("a\\\\*b", true),
            ("a\\", false),
            ("room-1", false),
        ] {
            assert_eq!(is_pattern(raw), expected, "{raw}");
        }
    }

    #[test]
    fn patterns_are_bounded_like_names() {
        assert!(pattern("fleet/sensor-*/telemetry").is_ok());
        assert!(pattern(&"*a".repeat(16)).is_ok());
        assert_eq!(pattern(&"*a".repeat(17)), Err(BadChannel::Malformed));
        assert_eq!(pattern(&format!("{}*", "a".repeat(256))), Err(BadChannel::Malformed));
        assert_eq!(pattern("a\n*"), Err(BadChannel::Malformed));
        assert_eq!(pattern("_Metered/*"), Err(BadChannel::Reserved));
        assert_eq!(pattern("#server-to-user-*"), Err(BadChannel::Reserved));
    }

    #[test]
    fn peers_are_printable_ascii() {
        for raw in ["u_1", "a b", "~", "a/b", &"u".repeat(128)] {
            assert!(peer(raw).is_ok(), "{raw}");
        }
        for raw in ["", "é", "a\nb", "a\u{7f}", &"u".repeat(129)] {
            assert_eq!(peer(raw), Err(BadClaim::Peer), "{raw:?}");
        }
    }
}

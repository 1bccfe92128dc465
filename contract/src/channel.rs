//! Channel names and what their prefix says about them.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};

/// Why a text is not a channel name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadChannelName {
    #[error("must be 1 to {max} bytes long, is {bytes}")]
    Length { max: usize, bytes: usize },
    #[error("has a character that is not allowed at byte {at}")]
    Byte { at: usize },
    #[error("names that start with # are reserved")]
    Reserved,
}

/// A channel name the engine accepts.
///
/// Shape: 1 to 256 bytes of UTF-8 without control characters; compared byte for byte, never
/// normalised; the prefix fixes the kind. A dialect may accept less: see [`ChannelName::portable`].
/// Errors: `BadChannelName`, naming the first rule that failed.
/// Source: spec/metered.md §6 (the widest of the dialects), spec/pusher.md §3.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChannelName(Arc<str>);

/// What the prefix of a name makes of a channel. Source: spec/pusher.md §3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelKind {
    Public,
    PublicCache,
    Private,
    PrivateCache,
    Encrypted,
    EncryptedCache,
    Presence,
    PresenceCache,
    /// `#server-to-user-{id}`: what the server sends to one signed-in user.
    User,
}

impl ChannelKind {
    /// Whether subscribing needs a signature.
    pub fn needs_authorisation(self) -> bool {
        !matches!(self, Self::Public | Self::PublicCache | Self::User)
    }
    pub fn is_presence(self) -> bool {
        matches!(self, Self::Presence | Self::PresenceCache)
    }
    pub fn is_encrypted(self) -> bool {
        matches!(self, Self::Encrypted | Self::EncryptedCache)
    }
    /// Whether the last event is kept for later subscribers.
    pub fn is_cache(self) -> bool {
        matches!(
            self,
            Self::PublicCache | Self::PrivateCache | Self::EncryptedCache | Self::PresenceCache
        )
    }
    /// Whether subscribers may send events to each other.
    pub fn takes_client_events(self) -> bool {
        matches!(self, Self::Private | Self::PrivateCache | Self::Presence | Self::PresenceCache)
    }
    /// The label in metrics. Source: spec/pusher.md §18.3.
    pub fn metric_label(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::PublicCache => "cache",
            Self::Private | Self::PrivateCache | Self::User => "private",
            Self::Encrypted | Self::EncryptedCache => "private_encrypted",
            Self::Presence | Self::PresenceCache => "presence",
        }
    }
}

/// Longest prefix first, so that `private-cache-` is not read as `private-`.
const PREFIXES: [(&str, ChannelKind); 8] = [
    ("private-encrypted-cache-", ChannelKind::EncryptedCache),
    ("private-encrypted-", ChannelKind::Encrypted),
    ("private-cache-", ChannelKind::PrivateCache),
    ("private-", ChannelKind::Private),
    ("presence-cache-", ChannelKind::PresenceCache),
    ("presence-", ChannelKind::Presence),
    ("cache-", ChannelKind::PublicCache),
    (ChannelName::USER_PREFIX, ChannelKind::User),
];

impl ChannelName {
    pub const MAX_BYTES: usize = 256;
    /// The longest name in the Pusher family. Source: spec/pusher.md §3.1.
    pub const PORTABLE_MAX_BYTES: usize = 200;
    pub const USER_PREFIX: &'static str = "#server-to-user-";
    /// What the names of channels begin with that need authorisation.
    pub const PROTECTED_PREFIXES: [&'static str; 2] = ["private-", "presence-"];

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn kind(&self) -> ChannelKind {
        PREFIXES
            .iter()
            .find(|(prefix, _)| self.0.starts_with(prefix))
            .map_or(ChannelKind::Public, |(_, kind)| *kind)
    }

    /// A name as the Pusher family allows it.
    ///
    /// Shape: 1 to 200 bytes of `[A-Za-z0-9_\-=@,.;]`, or `#server-to-user-` and the same.
    /// Errors: `Reserved` for any other name that starts with `#`.
    /// Source: spec/pusher.md §3.1.
    pub fn portable(raw: &str) -> Result<Self, BadChannelName> {
        if raw.is_empty() || raw.len() > Self::PORTABLE_MAX_BYTES {
            return Err(BadChannelName::Length { max: Self::PORTABLE_MAX_BYTES, bytes: raw.len() });
        }
        let rest = match raw.strip_prefix(Self::USER_PREFIX) {
            Some("") => return Err(BadChannelName::Reserved),
            Some(rest) => rest,
            None if raw.starts_with('#') => return Err(BadChannelName::Reserved),
            None => raw,
        };
        match rest.bytes().position(|b| !is_portable_byte(b)) {
            Some(at) => Err(BadChannelName::Byte { at: raw.len() - rest.len() + at }),
            None => Ok(Self(raw.into())),
        }
    }

    /// The channel on which `user` is sent what is meant for them alone.
    pub fn of_user(user: &crate::UserId) -> Self {
        Self(format!("{}{}", Self::USER_PREFIX, user.as_str()).into())
    }

    /// The user whose own channel this is, if it is one.
    pub fn user(&self) -> Option<crate::UserId> {
        self.0.strip_prefix(Self::USER_PREFIX)?.parse().ok()
    }
}

fn is_portable_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'=' | b'@' | b',' | b'.' | b';')
}

impl FromStr for ChannelName {
    type Err = BadChannelName;
    fn from_str(raw: &str) -> Result<Self, BadChannelName> {
        if raw.is_empty() || raw.len() > Self::MAX_BYTES {
            return Err(BadChannelName::Length { max: Self::MAX_BYTES, bytes: raw.len() });
        }
        match raw.char_indices().find(|(_, c)| c.is_control()) {
            Some((at, _)) => Err(BadChannelName::Byte { at }),
            None => Ok(Self(raw.into())),
        }
    }
}

impl TryFrom<String> for ChannelName {
    type Error = BadChannelName;
    fn try_from(raw: String) -> Result<Self, BadChannelName> {
        raw.parse()
    }
}

impl From<ChannelName> for String {
    fn from(name: ChannelName) -> String {
        name.0.as_ref().to_owned()
    }
}

impl std::borrow::Borrow<str> for ChannelName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChannelName({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_anchored_prefix_decides_the_kind() {
        use ChannelKind::*;
        for (raw, kind) in [
            ("news", Public),
            ("cache-bus.7", PublicCache),
            ("private-room.42", Private),
            ("private-cache-room", PrivateCache),
            ("private-encrypted-room.7", Encrypted),
            ("private-encrypted-cache-room", EncryptedCache),
            ("presence-room.1", Presence),
            ("presence-cache-room.1", PresenceCache),
            ("#server-to-user-user-123", User),
            ("privateroom", Public),
            ("presence_x", Public),
            ("mycache-1", Public),
            ("Private-room", Public),
        ] {
            assert_eq!(raw.parse::<ChannelName>().expect(raw).kind(), kind, "{raw}");
        }
    }

    #[track_caller]
    fn check_portable(raw: &str, expected: Result<(), BadChannelName>) {
        assert_eq!(ChannelName::portable(raw).map(|_| ()), expected, "{raw:?}");
    }

    #[test]
    fn portable_names_are_the_pusher_familys() {
        let long = |bytes| Err(BadChannelName::Length { max: 200, bytes });
        check_portable("a-b_c=d@e,f.g;h", Ok(()));
        check_portable(&"c".repeat(200), Ok(()));
        check_portable(&"c".repeat(201), long(201));
        check_portable("", long(0));
        check_portable("a:b", Err(BadChannelName::Byte { at: 1 }));
        check_portable("a/b", Err(BadChannelName::Byte { at: 1 }));
        check_portable("комната", Err(BadChannelName::Byte { at: 0 }));
        check_portable("#private", Err(BadChannelName::Reserved));
        check_portable("#server-to-user-", Err(BadChannelName::Reserved));
        check_portable("#server-to-user-u1", Ok(()));
        check_portable("#server-to-user-a b", Err(BadChannelName::Byte { at: 17 }));
    }

    #[test]
    fn wide_names_take_any_printable_text() {
        assert!("комната/1".parse::<ChannelName>().is_ok());
        assert!("c".repeat(256).parse::<ChannelName>().is_ok());
        assert!("c".repeat(257).parse::<ChannelName>().is_err());
        assert!("a\u{0}b".parse::<ChannelName>().is_err());
        assert!("a\u{85}b".parse::<ChannelName>().is_err());
    }
}

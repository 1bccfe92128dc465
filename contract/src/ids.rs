//! Identifiers. Each is parsed at the edge; none can be built from an unchecked string.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};

/// Why a text is not the identifier it was given as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    #[error("must be {min} to {max} bytes long, is {bytes}")]
    Length { min: usize, max: usize, bytes: usize },
    #[error("has a character that is not allowed at byte {at}")]
    Byte { at: usize },
    #[error("is not of the form digits.digits")]
    SocketIdForm,
    #[error("was not issued by this service")]
    SocketIdForeign,
    #[error("starts with a reserved prefix")]
    Reserved,
}

/// A text newtype over `Arc<str>`: cheap to clone, parsed by `$check`, serialised as the text.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(raw: &str) -> Result<Self, BadId> {
                let check: fn(&str) -> Result<(), BadId> = $check;
                check(raw).map(|()| Self(raw.into()))
            }
        }
        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(raw: String) -> Result<Self, BadId> {
                raw.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.as_ref().to_owned()
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), &self.0)
            }
        }
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

fn within(raw: &str, min: usize, max: usize, allowed: fn(u8) -> bool) -> Result<(), BadId> {
    if raw.len() < min || raw.len() > max {
        return Err(BadId::Length { min, max, bytes: raw.len() });
    }
    match raw.bytes().position(|b| !allowed(b)) {
        Some(at) => Err(BadId::Byte { at }),
        None => Ok(()),
    }
}

fn is_token_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')
}

text_id! {
    /// An app's id, the usual segment of `/apps/{id}`.
    ///
    /// Shape: issued ids are decimal digits, because server SDKs insist on digits; an imported id
    /// is 1 to 64 bytes of `[A-Za-z0-9_.-]`.
    /// Source: spec/pusher.md §1.2.
    AppId, |raw| within(raw, 1, 64, is_token_byte)
}

text_id! {
    /// An app's public key, the segment of `/app/{key}`.
    ///
    /// Shape: issued keys are 20 lower-case base32 characters; an imported key is 1 to 64 bytes of
    /// `[A-Za-z0-9_.-]`.
    AppKey, |raw| within(raw, 1, 64, is_token_byte)
}

text_id! {
    /// A user: the id of a signed-in connection or of a presence member, always text.
    ///
    /// Shape: 1 to 128 bytes of UTF-8 without control characters.
    /// Source: spec/pusher.md §5.4, §11.1.
    UserId, |raw| match (raw.len(), raw.char_indices().find(|(_, c)| c.is_control())) {
        (0 | 129.., _) => Err(BadId::Length { min: 1, max: 128, bytes: raw.len() }),
        (_, Some((at, _))) => Err(BadId::Byte { at }),
        _ => Ok(()),
    }
}

impl UserId {
    /// Whether the id keeps to the letters that a signed-in user's id may have.
    /// Source: spec/pusher.md §11.1.
    pub fn is_portable(&self) -> bool {
        self.0.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-=@,.;".contains(&b))
    }
}

text_id! {
    /// The name of an event.
    ///
    /// Shape: 1 to 200 characters, any but control characters.
    /// Source: spec/pusher.md §6, §14.
    EventName, |raw| {
        let chars = raw.chars().count();
        if !(1..=EventName::MAX_CHARS).contains(&chars) {
            return Err(BadId::Length { min: 1, max: EventName::MAX_CHARS, bytes: chars });
        }
        match raw.char_indices().find(|(_, c)| c.is_control()) {
            Some((at, _)) => Err(BadId::Byte { at }),
            None => Ok(()),
        }
    }
}

impl EventName {
    pub const MAX_CHARS: usize = 200;

    /// What a message that was published without a name is called where names are needed.
    pub fn unnamed() -> Self {
        Self("message".into())
    }

    pub fn is_client_event(&self) -> bool {
        self.0.starts_with("client-")
    }

    /// Whether it begins like a frame of some protocol, which no publisher may forge.
    pub fn is_reserved(&self) -> bool {
        ["pusher:", "pusher_internal:", "relay:"].iter().any(|prefix| self.0.starts_with(prefix))
    }
}

/// An organisation: the tenant that owns apps. Opaque text (a UUID as issued).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrganisationId(Arc<str>);

impl OrganisationId {
    pub fn new(raw: impl Into<Arc<str>>) -> Self {
        Self(raw.into())
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A connection's public name, bound into every channel signature.
///
/// Shape: `digits.digits`, two random 32-bit numbers without leading zeros; nothing else is
/// encoded in it and it is not reused.
/// Source: spec/pusher.md §2.3.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(u64);

impl SocketId {
    pub fn from_random(bits: u64) -> Self {
        Self(bits)
    }
    pub fn bits(self) -> u64 {
        self.0
    }
}

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0 >> 32, self.0 as u32)
    }
}

impl fmt::Debug for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SocketId({self})")
    }
}

impl FromStr for SocketId {
    type Err = BadId;
    /// Errors: `SocketIdForm` when it is not `digits.digits`; `SocketIdForeign` when it is, but not
    /// in the canonical form or range that this service issues.
    fn from_str(raw: &str) -> Result<Self, BadId> {
        let (high, low) = raw.split_once('.').ok_or(BadId::SocketIdForm)?;
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(high) || !digits(low) {
            return Err(BadId::SocketIdForm);
        }
        let number = |part: &str| match part.parse::<u32>() {
            Ok(n) if part.len() == 1 || !part.starts_with('0') => Ok(n),
            _ => Err(BadId::SocketIdForeign),
        };
        Ok(Self(u64::from(number(high)?) << 32 | u64::from(number(low)?)))
    }
}

impl Serialize for SocketId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SocketId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_socket(raw: &str, expected: Result<&str, BadId>) {
        let parsed = raw.parse::<SocketId>().map(|id| id.to_string());
        assert_eq!(parsed, expected.map(str::to_owned), "{raw:?}");
    }

    #[test]
    fn socket_ids_are_two_canonical_numbers() {
        check_socket("1234.5678", Ok("1234.5678"));
        check_socket("0.0", Ok("0.0"));
        check_socket("4294967295.4294967295", Ok("4294967295.4294967295"));
        check_socket("4294967296.1", Err(BadId::SocketIdForeign));
        check_socket("01.2", Err(BadId::SocketIdForeign));
        check_socket("1234", Err(BadId::SocketIdForm));
        check_socket("1.2.3", Err(BadId::SocketIdForm));
        check_socket("1.-2", Err(BadId::SocketIdForm));
        check_socket("1.2\n", Err(BadId::SocketIdForm));
        check_socket(".", Err(BadId::SocketIdForm));
    }

    #[test]
    fn lengths_hold_at_the_limit_and_fail_one_past_it() {
        assert!("k".repeat(64).parse::<AppKey>().is_ok());
        assert!("k".repeat(65).parse::<AppKey>().is_err());
        assert!("u".repeat(128).parse::<UserId>().is_ok());
        assert!("u".repeat(129).parse::<UserId>().is_err());
        assert!("é".repeat(200).parse::<EventName>().is_ok());
        assert!("é".repeat(201).parse::<EventName>().is_err());
        assert!("".parse::<EventName>().is_err());
    }

    #[test]
    fn keys_take_no_syntax_of_other_places() {
        for raw in ["a/b", "a b", "a%2f", "ключ", "a:b", "a?b"] {
            assert!(raw.parse::<AppKey>().is_err(), "{raw}");
        }
    }
}

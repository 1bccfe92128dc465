//! Which channel names this dialect takes.

use contract::{BadChannelName, ChannelName};

/// Why a text names no channel here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    #[error(transparent)]
    Name(#[from] BadChannelName),
    /// The parts of a signed text are parted by colons.
    #[error("must not contain : on private and presence channels")]
    Colon,
}

/// A name as this dialect allows it.
///
/// Shape: 1 to 200 bytes of UTF-8 without control characters; not a user's own channel; no `:` where
/// a signature is asked for, so that no signature can be read as another's.
/// Source: spec/relay.md §1, §7.3.
pub fn parse(raw: &str) -> Result<ChannelName, BadName> {
    const MAX_BYTES: usize = ChannelName::PORTABLE_MAX_BYTES;
    if raw.is_empty() || raw.len() > MAX_BYTES {
        return Err(BadChannelName::Length { max: MAX_BYTES, bytes: raw.len() }.into());
    }
    if raw.starts_with(ChannelName::USER_PREFIX) {
        return Err(BadChannelName::Reserved.into());
    }
    let name: ChannelName = raw.parse()?;
    match name.kind().needs_authorisation() && raw.contains(':') {
        true => Err(BadName::Colon),
        false => Ok(name),
    }
}

/// The `type` of a channel in answers. Source: spec/relay.md §1.
pub fn kind_text(name: &ChannelName) -> &'static str {
    let kind = name.kind();
    match (kind.is_presence(), kind.needs_authorisation()) {
        (true, _) => "presence",
        (false, true) => "private",
        (false, false) => "public",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: Result<&str, BadName>) {
        assert_eq!(parse(raw).map(|name| kind_text(&name)), expected, "{raw:?}");
    }

    #[test]
    fn names_are_wide_but_for_the_colon_in_signed_ones() {
        let length = |bytes| Err(BadName::Name(BadChannelName::Length { max: 200, bytes }));
        check("chat", Ok("public"));
        check("комната 1/a:b#c%", Ok("public"));
        check("private-user.1", Ok("private"));
        check("private-encrypted-a", Ok("private"));
        check("presence-room", Ok("presence"));
        check("presence-cache-room", Ok("presence"));
        check("cache-a:b", Ok("public"));
        check("private-a:b", Err(BadName::Colon));
        check("presence-a:{}", Err(BadName::Colon));
        check(&"c".repeat(200), Ok("public"));
        check(&"c".repeat(201), length(201));
        check("", length(0));
        check("a\u{0}b", Err(BadName::Name(BadChannelName::Byte { at: 1 })));
        check("#server-to-user-ann", Err(BadName::Name(BadChannelName::Reserved)));
        check("#server-to-user-", Err(BadName::Name(BadChannelName::Reserved)));
    }
}

//! Agreeing on what to speak, and the token that may travel beside it.
//! Source: spec/anycable.md §5.2.

use super::conversation::Protocol;

const BASE: &str = "actioncable-v1-json";
const EXTENDED: &str = "actioncable-v1-ext-json";
/// A client that offers it stops for good when it is chosen.
const UNSUPPORTED: &str = "actioncable-unsupported";
const TOKEN_PREFIX: &str = "anycable-token.";

/// What a client offered, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer<'a> {
    /// One of what was offered, or nothing when nothing of it can be spoken.
    pub chosen: Option<&'static str>,
    pub protocol: Protocol,
    pub token: Option<&'a str>,
}

impl<'a> Offer<'a> {
    /// Reads the values of `Sec-WebSocket-Protocol`. With nothing offered the base is spoken.
    pub fn read(values: impl Iterator<Item = &'a str>) -> Self {
        let offered: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
        let spoken = offered.iter().find_map(|name| match *name {
            BASE => Some(BASE),
            EXTENDED => Some(EXTENDED),
            _ => None,
        });
        let is_rails = offered.contains(&UNSUPPORTED);
        let protocol = match spoken {
            Some(EXTENDED) => Protocol::Extended,
            _ if is_rails => Protocol::Rails,
            _ => Protocol::Base,
        };
        Self {
            chosen: spoken.or(is_rails.then_some(UNSUPPORTED)),
            protocol,
            token: offered
                .iter()
                .find_map(|name| name.strip_prefix(TOKEN_PREFIX))
                .filter(|token| !token.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_of_what_was_offered_is_chosen_and_never_the_token() {
        for (offered, chosen, protocol, token) in [
            (BASE, Some(BASE), Protocol::Base, None),
            (EXTENDED, Some(EXTENDED), Protocol::Extended, None),
            (
                "actioncable-v1-ext-json, actioncable-v1-json",
                Some(EXTENDED),
                Protocol::Extended,
                None,
            ),
            ("actioncable-v1-json,actioncable-v1-ext-json", Some(BASE), Protocol::Base, None),
            (
                "actioncable-v1-json, anycable-token.ey.J.x",
                Some(BASE),
                Protocol::Base,
                Some("ey.J.x"),
            ),
            (
                "anycable-token.t, actioncable-v1-ext-json",
                Some(EXTENDED),
                Protocol::Extended,
                Some("t"),
            ),
            ("actioncable-v1-json, actioncable-unsupported", Some(BASE), Protocol::Rails, None),
            ("actioncable-v1-json, actioncable-ext-pong", Some(BASE), Protocol::Base, None),
            (
                "actioncable-v1-msgpack, actioncable-unsupported",
                Some(UNSUPPORTED),
                Protocol::Rails,
                None,
            ),
            ("actioncable-v1-msgpack", None, Protocol::Base, None),
            ("anycable-token.", None, Protocol::Base, None),
            ("", None, Protocol::Base, None),
        ] {
            let expected = Offer { chosen, protocol, token };
            assert_eq!(Offer::read([offered].into_iter()), expected, "{offered}");
        }
    }

    #[test]
    fn several_headers_are_one_offer() {
        let offer = Offer::read(["actioncable-v1-msgpack", "actioncable-v1-json"].into_iter());
        assert_eq!(offer.chosen, Some(BASE));
        assert_eq!(Offer::read(std::iter::empty()).chosen, None);
    }
}

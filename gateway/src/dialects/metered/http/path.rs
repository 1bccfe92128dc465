//! Which endpoint a request is for, read from its raw path: a channel's name may hold slashes,
//! escaped or not. Source: spec/metered.md §12, §15 trap 13.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// An endpoint, with the names in its path as they were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    Peers(&'a str),
    Publish(&'a str),
    Tokens,
    Disconnect(&'a str),
    Usage,
}

/// `path` is what stands behind `/v1`. The part behind the last slash is what is to be done with
/// a channel.
pub fn route<'a>(method: &str, path: &'a str) -> Option<Route<'a>> {
    match (method, path) {
        ("POST", "/tokens") => return Some(Route::Tokens),
        ("GET", "/usage") => return Some(Route::Usage),
        _ => {}
    }
    if let ("DELETE", Some(peer)) = (method, path.strip_prefix("/peers/")) {
        return Some(Route::Disconnect(peer));
    }
    let (channel, verb) = path.strip_prefix("/channels/")?.rsplit_once('/')?;
    match (method, verb) {
        ("GET", "peers") => Some(Route::Peers(channel)),
        ("POST", "publish") => Some(Route::Publish(channel)),
        _ => None,
    }
}

/// A name with its escapes undone, once; nothing if that is not text.
pub fn decoded(raw: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(raw).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_behind_the_last_slash_is_the_verb() {
        for (method, path, expected) in [
            ("GET", "/channels/app_abc%2Froom-1/peers", Some(Route::Peers("app_abc%2Froom-1"))),
            ("GET", "/channels/app_abc/room-1/peers", Some(Route::Peers("app_abc/room-1"))),
            ("GET", "/channels/a%2Fpeers/peers", Some(Route::Peers("a%2Fpeers"))),
            ("GET", "/channels/a/peers/peers", Some(Route::Peers("a/peers"))),
            ("GET", "/channels//peers", Some(Route::Peers(""))),
            ("POST", "/channels/a/b/publish", Some(Route::Publish("a/b"))),
            ("POST", "/tokens", Some(Route::Tokens)),
            ("DELETE", "/peers/u_1", Some(Route::Disconnect("u_1"))),
            ("DELETE", "/peers/a/b", Some(Route::Disconnect("a/b"))),
            ("DELETE", "/peers/", Some(Route::Disconnect(""))),
            ("GET", "/usage", Some(Route::Usage)),
            ("GET", "", None),
            ("GET", "/", None),
            ("GET", "/channels", None),
            ("GET", "/channels/a", None),
            ("GET", "/channels/peers", None),
            ("GET", "/channels/a/publish", None),
            ("POST", "/channels/a/peers", None),
            ("GET", "/channels/a/peers/", None),
            ("GET", "/tokens", None),
            ("POST", "/usage", None),
            ("GET", "/peers/u_1", None),
            ("POST", "/nope", None),
        ] {
            assert_eq!(route(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn escapes_are_undone_once() {
        for (raw, expected) in [
            ("app_abc%2Froom-1", Some("app_abc/room-1")),
            ("app_abc/room-1", Some("app_abc/room-1")),
            ("a%252Fb", Some("a%2Fb")),
            ("%D0%BA", Some("к")),
            ("a+b", Some("a+b")),
            ("%ff", None),
        ] {
            assert_eq!(decoded(raw).as_deref(), expected, "{raw}");
        }
    }
}

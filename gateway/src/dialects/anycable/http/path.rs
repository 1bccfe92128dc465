//! Paths as they were sent. The stream in a path may hold an escaped slash, so nothing is decoded
//! before the path is taken apart. Source: spec/anycable.md §4.5, §13.

use percent_encoding::percent_decode_str;

/// The stream in `…/api/presence/{stream}/users`, with its escapes undone once. `path` is raw.
pub fn presence_stream(path: &str) -> Option<String> {
    let (_, rest) = path.split_once("/api/presence/")?;
    let stream = rest.strip_suffix("/users")?;
    if stream.is_empty() || stream.contains('/') {
        return None;
    }
    percent_decode_str(stream).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Trap 3.
    #[test]
    fn a_stream_is_one_segment_decoded_once() {
        for (path, expected) in [
            ("/api/presence/news/users", Some("news")),
            ("/api/presence/chat%2F1/users", Some("chat/1")),
            ("/api/presence/chat%2f1/users", Some("chat/1")),
            ("/api/presence/chat%252F1/users", Some("chat%2F1")),
            ("/api/presence/a+b/users", Some("a+b")),
            ("/api/presence/a%20b/users", Some("a b")),
            ("/api/presence/%D0%BA/users", Some("к")),
            ("/api/presence/users/users", Some("users")),
            ("/apps/key/api/presence/chat%2F1/users", Some("chat/1")),
            ("/mount/api/presence/a/users", Some("a")),
            ("/api/presence/chat/1/users", None),
            ("/api/presence//users", None),
            ("/api/presence/users", None),
            ("/api/presence/a/users/", None),
            ("/api/presence/a", None),
            ("/api/presence/a/people", None),
            ("/api/presence/%FF/users", None),
            ("/api/presen%63e/a/users", None),
        ] {
            assert_eq!(presence_stream(path).as_deref(), expected, "{path}");
        }
    }
}

//! How long a JSON text is when it is written as short as clients write it.

/// Bytes of `raw` (one JSON value) without blanks between its parts and with every escape that
/// need not be one undone: `JSON.stringify` and encoders that escape everything beyond ASCII come
/// to the same. Source: spec/metered.md §12.2.
pub fn serialized_bytes(raw: &str) -> usize {
    let bytes = raw.as_bytes();
    let (mut at, mut size, mut in_string) = (0, 0, false);
    while at < bytes.len() {
        match (in_string, bytes[at]) {
            (false, b' ' | b'\t' | b'\n' | b'\r') => at += 1,
            (true, b'\\') => {
                let (read, written) = escape(raw, at);
                at += read;
                size += written;
            }
            (_, byte) => {
                in_string ^= byte == b'"';
                at += 1;
                size += 1;
            }
        }
    }
    size
}

/// How long the escape at `at` is, and how long it need be.
fn escape(raw: &str, at: usize) -> (usize, usize) {
    match raw.as_bytes().get(at + 1) {
        Some(b'u') => match unit(raw, at) {
            Some(0x08 | 0x09 | 0x0a | 0x0c | 0x0d | 0x22 | 0x5c) => (6, 2),
            Some(0..0x20) => (6, 6),
            Some(0xD800..0xDC00) => (12, 4),
            Some(code) => (6, char::from_u32(code).map_or(3, char::len_utf8)),
            None => (6, 6),
        },
        Some(b'/') => (2, 1),
        _ => (2, 2),
    }
}

fn unit(raw: &str, at: usize) -> Option<u32> {
    u32::from_str_radix(raw.get(at + 2..at + 6)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_the_shortest_writer_writes() {
        for (raw, shortest) in [
            ("null", "null"),
            ("{ \"a\" : [ 1 , 2 ] }", r#"{"a":[1,2]}"#),
            (r#""a b""#, r#""a b""#),
            (r#""\u0041\/\u0022\n\u000a\u0001""#, r#""A/\"\n\n\u0001""#),
            (r#""\u00e9\u043a\u20ac""#, r#""éк€""#),
            (r#""\ud83d\ude00""#, r#""😀""#),
            (r#""\\u0041\"""#, r#""\\u0041\"""#),
        ] {
            assert_eq!(serialized_bytes(raw), shortest.len(), "{raw}");
            let parsed: serde_json::Value = serde_json::from_str(raw).unwrap();
            assert_eq!(serde_json::to_string(&parsed).unwrap(), shortest, "{raw}");
        }
    }
}

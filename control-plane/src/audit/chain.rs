//! How entries hang together: one text per entry, and its hash.
//!
//! The hash of an entry is the SHA-256 of its canonical JSON without the member `hash`: members
//! sorted by code point, no blanks, strings with the short escapes of JSON and otherwise as they
//! are, integers only. `prev_hash` is one of the members, and 64 zeros in the first entry.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What the first entry follows.
pub const BEGINNING: [u8; 32] = [0; 32];

/// JSON as the same text for the same value, whoever wrote it.
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            let mut separator = '[';
            for item in items {
                text.push(separator);
                write(item, text);
                separator = ',';
            }
            text.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Value::Object(members) => {
            // Sorted here, since whether a map is sorted depends on a feature of the parser.
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            let mut separator = '{';
            for (name, member) in sorted {
                text.push(separator);
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(member, text);
                separator = ',';
            }
            text.push_str(if members.is_empty() { "{}" } else { "}" });
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

/// The hash of an entry's object; a member `hash` in it does not count.
pub fn hash(entry: &Value) -> [u8; 32] {
    let mut entry = entry.clone();
    if let Value::Object(members) = &mut entry {
        members.remove("hash");
    }
    Sha256::digest(canonical(&entry).as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_has_one_text() {
        for (value, expected) in [
            (json!({}), "{}"),
            (json!([]), "[]"),
            (json!({"b": 1, "a": [true, null, {}]}), r#"{"a":[true,null,{}],"b":1}"#),
            (
                json!({"é": 1, "z": 2, "Z": 3, "\u{1f600}": 4, "\u{ffff}": 5}),
                "{\"Z\":3,\"z\":2,\"é\":1,\"\u{ffff}\":5,\"\u{1f600}\":4}",
            ),
            (
                json!("\" \\ / \u{8} \u{c} \n \r \t \u{1} \u{7f} ü"),
                "\"\\\" \\\\ / \\b \\f \\n \\r \\t \\u0001 \u{7f} ü\"",
            ),
        ] {
            assert_eq!(canonical(&value), expected);
        }
    }

    #[test]
    fn the_hash_covers_all_but_itself() {
        let entry = json!({"seq": 1, "prev_hash": "00", "hash": "whatever"});
        let bare = json!({"prev_hash": "00", "seq": 1});
        assert_eq!(hash(&entry), hash(&bare));
        assert_ne!(hash(&entry), hash(&json!({"seq": 2, "prev_hash": "00"})));
    }
}

//! What may stand in the log as the state before and after a deed.

use serde_json::{Number, Value};

/// A type whose values may be written into the audit log: one that carries no secret.
///
/// Implemented with [`fact!`] beside the type. Types that show a secret once (`CreatedKey`,
/// `NewCredential` …) do not have it, so they cannot be logged by mistake.
pub trait Fact: Sync {
    fn fact(&self) -> Result<Value, serde_json::Error>;
}

/// Lets values of these types into the audit log.
macro_rules! fact {
    ($($kind:ty),+ $(,)?) => {$(
        impl $crate::audit::Fact for $kind {
            fn fact(&self) -> Result<serde_json::Value, serde_json::Error> {
                serde_json::to_value(self)
            }
        }
    )+};
}
pub(crate) use fact;

const REDACTED: &str = "[redacted]";
/// Members that are secrets wherever they occur, for types that are shown with a password inside.
const SECRET_NAMES: [&str; 7] =
    ["credential", "pair", "password", "password_hash", "secret", "token", "token_secret"];
/// How the secrets that we issue begin.
const SECRET_PREFIXES: [&str; 5] = ["as_sbx_", "sk_sbx_", "ss_sbx_", "mt_sbx_", "whsec_"];
/// Larger integers are not the same number to every reader of JSON.
const SAFE: i64 = (1 << 53) - 1;

/// A state as the log keeps it: without secrets, and the same to every reader of JSON.
pub fn recorded(state: &dyn Fact) -> Result<Value, serde_json::Error> {
    state.fact().map(plain)
}

fn plain(value: Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value,
        Value::Number(number) => plain_number(number),
        Value::String(text) if SECRET_PREFIXES.iter().any(|p| text.starts_with(p)) => {
            REDACTED.into()
        }
        // The one character that Postgres cannot keep.
        Value::String(text) => text.replace('\0', "\u{fffd}").into(),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(members) => {
            let member = |(name, value): (String, Value)| {
                let secret = value.is_string() && SECRET_NAMES.contains(&name.as_str());
                (
                    name.replace('\0', "\u{fffd}"),
                    if secret { REDACTED.into() } else { plain(value) },
                )
            };
            members.into_iter().map(member).collect()
        }
    }
}

fn plain_number(number: Number) -> Value {
    match number.as_i64() {
        Some(n) if (-SAFE..=SAFE).contains(&n) => number.into(),
        _ => number.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_do_not_reach_the_log() {
        let state = json!({
            "name": "x", "token": "abc", "ice_servers": [{"credential": "turn-password"}],
            "note": "as_sbx_abc", "credential": {"key": "public"}, "secret": null,
        });
        let expected = json!({
            "name": "x", "token": "[redacted]", "ice_servers": [{"credential": "[redacted]"}],
            "note": "[redacted]", "credential": {"key": "public"}, "secret": null,
        });
        assert_eq!(plain(state), expected);
    }

    #[test]
    fn numbers_are_the_same_to_every_reader() {
        let state =
            json!([1, -7, 9007199254740991_i64, 9007199254740992_i64, 0.5, u64::MAX, "a\0"]);
        let expected = json!([
            1,
            -7,
            9007199254740991_i64,
            "9007199254740992",
            "0.5",
            "18446744073709551615",
            "a\u{fffd}"
        ]);
        assert_eq!(plain(state), expected);
    }
}

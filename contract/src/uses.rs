//! When credentials were last used, as gateways tell the control plane.

use crate::{AppKey, PublishableKey, SecretKeyId};
use serde::{Deserialize, Serialize};

/// One report: what was used since the last report that arrived. Repeating one changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uses {
    pub gateway: String,
    #[serde(default)]
    pub credentials: Vec<CredentialUse>,
    #[serde(default)]
    pub secret_keys: Vec<SecretKeyUse>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publishable_keys: Vec<PublishableKeyUse>,
}

/// A key and secret pair that signed a request, or whose key opened a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialUse {
    pub key: AppKey,
    /// Unix seconds of the last use.
    pub at_s: u64,
    /// Whether it is the secret before the present one that was used.
    #[serde(default, skip_serializing_if = "is_false")]
    pub previous: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// A publishable key that a connection was opened with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishableKeyUse {
    pub key: PublishableKey,
    /// Unix seconds of the last use.
    pub at_s: u64,
}

/// A secret key that a request was made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretKeyUse {
    pub id: SecretKeyId,
    /// Unix seconds of the last use.
    pub at_s: u64,
    /// Whether it is the token before the present one that was used.
    #[serde(default, skip_serializing_if = "is_false")]
    pub previous: bool,
}

impl Uses {
    /// Entries of one report at most, of all kinds together; more make several reports.
    pub const MAX_ENTRIES: usize = 1_000;
    /// No report is longer, bytes: the longest entry is below 192.
    pub const MAX_BYTES: usize = 192 * (Self::MAX_ENTRIES + 1);

    pub fn of(gateway: &str) -> Self {
        Self {
            gateway: gateway.to_owned(),
            credentials: Vec::new(),
            secret_keys: Vec::new(),
            publishable_keys: Vec::new(),
        }
    }

    pub fn entries(&self) -> usize {
        self.credentials.len() + self.secret_keys.len() + self.publishable_keys.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_keeps_its_shape() {
        let uses = Uses {
            gateway: "g1".into(),
            credentials: vec![CredentialUse {
                key: "vk_demo".parse().unwrap(),
                at_s: 7,
                previous: false,
            }],
            secret_keys: vec![SecretKeyUse {
                id: "0123456789ab".parse().unwrap(),
                at_s: 8,
                previous: true,
            }],
            publishable_keys: Vec::new(),
        };
        let text = serde_json::to_string(&uses).unwrap();
        let expected = r#"{"gateway":"g1","credentials":[{"key":"vk_demo","at_s":7}],"secret_keys":[{"id":"0123456789ab","at_s":8,"previous":true}]}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Uses>(&text).unwrap(), uses);
        let nothing = serde_json::from_str::<Uses>(r#"{"gateway":"g1"}"#).unwrap();
        assert_eq!(nothing, Uses::of("g1"));
    }

    #[test]
    fn the_longest_report_fits() {
        let longest =
            CredentialUse { key: "k".repeat(64).parse().unwrap(), at_s: u64::MAX, previous: true };
        let credentials = vec![longest; Uses::MAX_ENTRIES];
        let uses = Uses { credentials, ..Uses::of(&"g".repeat(64)) };
        assert!(serde_json::to_vec(&uses).unwrap().len() <= Uses::MAX_BYTES);
        let key = format!("pk_{}", "k".repeat(125)).parse().unwrap();
        let publishable_keys = vec![PublishableKeyUse { key, at_s: u64::MAX }; Uses::MAX_ENTRIES];
        let uses = Uses { publishable_keys, ..Uses::of(&"g".repeat(64)) };
        assert!(serde_json::to_vec(&uses).unwrap().len() <= Uses::MAX_BYTES);
    }

    #[test]
    fn what_is_no_key_and_no_time_does_not_decode() {
        for entry in [
            r#"{"key":"a/b","at_s":1}"#,
            r#"{"key":"a","at_s":-1}"#,
            r#"{"key":"a","at_s":1.5}"#,
            r#"{"key":"a"}"#,
        ] {
            let text = format!(r#"{{"gateway":"g1","credentials":[{entry}]}}"#);
            assert!(serde_json::from_str::<Uses>(&text).is_err(), "{entry}");
        }
    }
}

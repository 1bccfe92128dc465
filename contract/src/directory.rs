//! The directory: what gateways need to admit traffic, and the feed that keeps it current.
//!
//! Two lanes share one revision order. *Kill* records are tiny, monotone and idempotent: once
//! applied, nothing of the same or a lower revision may undo them. *Change* records carry the
//! whole new state of one thing and are validated when written and again when read.

use crate::{
    Action, AppId, AppKey, AppLimits, AppSettings, OrganisationId, Pattern, PublishableKey,
    SecretKeyId, TokenHash, plan::PlanTerms, webhooks::HookSet,
};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Position in the feed. Order of revisions is the order of commits.
pub type Revision = u64;

/// One line of the feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub revision: Revision,
    pub change: Change,
}

/// What happened. In a snapshot no line is a kill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Change {
    App(AppRecord),
    SecretKey(SecretKeyRecord),
    PublishableKey(PublishableKeyRecord),
    Kill(Kill),
}

/// Everything a gateway knows about an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppRecord {
    pub id: AppId,
    pub organisation: OrganisationId,
    pub enabled: bool,
    /// Active key and secret pairs, oldest first; never empty for a usable app.
    pub credentials: Vec<AppCredential>,
    #[serde(default)]
    pub settings: AppSettings,
    #[serde(default)]
    pub limits: AppLimits,
    #[serde(default)]
    pub plan: PlanTerms,
    /// The channel events that somebody wants to hear of.
    #[serde(default, skip_serializing_if = "wants_nothing")]
    pub webhooks: HookSet,
}

fn wants_nothing(set: &HookSet) -> bool {
    set.is_empty()
}

/// A key with its sealed secret; the place of the seal is the app key's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppCredential {
    pub key: AppKey,
    #[serde(with = "base64_bytes")]
    pub sealed_secret: Vec<u8>,
    /// Unix seconds after which the pair is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// The secret that this one replaced, while both are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousSecret>,
}

/// A rotated secret in its overlap; the place of its seal is the app key's text as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    #[serde(with = "base64_bytes")]
    pub sealed_secret: Vec<u8>,
    /// Unix seconds after which it is refused.
    pub expires_at: i64,
}

/// A scoped secret key, by the hash of its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretKeyRecord {
    pub id: SecretKeyId,
    pub app: AppId,
    pub hash: TokenHash,
    pub actions: Vec<Action>,
    pub channels: Vec<Pattern>,
    /// Unix seconds after which the key is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// What signs tokens in the key's name, if its owner asked for that; the place of the seal is
    /// the key's id.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_base64")]
    pub sealed_token_secret: Option<Vec<u8>>,
    /// The token that this one replaced, while both are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousToken>,
    /// Publishes per second, over all channels; the app's own rate holds as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_publishes_per_s: Option<u32>,
    /// Networks it is taken from; empty means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_addresses: Vec<IpNet>,
}

/// A rotated token in its overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousToken {
    pub hash: TokenHash,
    /// Unix seconds after which it is refused.
    pub expires_at: i64,
}

/// A key that clients carry openly. Source: spec/metered.md §2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishableKeyRecord {
    pub key: PublishableKey,
    pub app: AppId,
    pub actions: Vec<Action>,
    pub channels: Vec<Pattern>,
    /// Origins (`https://host[:port]`) it is taken from; empty means any.
    #[serde(default)]
    pub allowed_origins: Vec<String>,
    /// Whether clients that send no `Origin` are let in although origins are listed.
    #[serde(default)]
    pub allow_no_origin: bool,
    /// Whether peers are greeted with the app's ICE servers.
    #[serde(default = "yes")]
    pub ice_servers: bool,
    /// Unix seconds after which the key is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

fn yes() -> bool {
    true
}

/// Ends something for good. Sockets that depend on it are closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Kill {
    /// The app is switched off; a later `App` record with `enabled` switches it on again.
    DisableApp { app: AppId },
    /// The app is deleted: it, its credentials and its keys no longer exist.
    DeleteApp { app: AppId },
    /// One key and secret pair of the app is revoked.
    RevokeCredential { app: AppId, key: AppKey },
    /// One secret key of the app is revoked.
    RevokeSecretKey { app: AppId, id: SecretKeyId },
    /// One publishable key of the app is revoked.
    RevokePublishableKey { app: AppId, key: PublishableKey },
}

impl Kill {
    pub fn app(&self) -> &AppId {
        match self {
            Self::DisableApp { app }
            | Self::DeleteApp { app }
            | Self::RevokeCredential { app, .. }
            | Self::RevokeSecretKey { app, .. }
            | Self::RevokePublishableKey { app, .. } => app,
        }
    }
}

/// One line of the feed's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "one line is held at a time")]
pub enum FeedLine {
    Entry(Entry),
    Heartbeat { heartbeat: At },
}

/// One line of a snapshot. The last must be `End`, or the snapshot is cut off and not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SnapshotLine {
    Start { snapshot: At },
    End { end: End },
    Change(Box<Change>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    pub revision: Revision,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub revision: Revision,
    /// How many changes stood between start and end.
    pub records: u64,
}

/// What a gateway reports once everything up to `revision` is in force there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    pub gateway: String,
    /// A fresh id for each start of the process.
    pub boot: String,
    pub revision: Revision,
}

mod base64_bytes {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&STANDARD.encode(bytes))
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

mod optional_base64 {
    use super::base64_bytes;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, s: S) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => base64_bytes::serialize(bytes, s),
            None => s.serialize_none(),
        }
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Vec<u8>>, D::Error> {
        #[derive(Deserialize)]
        struct Sealed(#[serde(with = "base64_bytes")] Vec<u8>);
        Ok(Option::<Sealed>::deserialize(d)?.map(|sealed| sealed.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_shape() {
        let kill = Entry {
            revision: 7,
            change: Change::Kill(Kill::DisableApp { app: "100042".parse().unwrap() }),
        };
        let line = serde_json::to_string(&kill).unwrap();
        let expected =
            r#"{"revision":7,"change":{"type":"kill","what":"disable_app","app":"100042"}}"#;
        assert_eq!(line, expected);
        assert_eq!(serde_json::from_str::<FeedLine>(&line).unwrap(), FeedLine::Entry(kill));
        let heartbeat =
            serde_json::from_str::<FeedLine>(r#"{"heartbeat":{"revision":7}}"#).unwrap();
        assert_eq!(heartbeat, FeedLine::Heartbeat { heartbeat: At { revision: 7 } });
    }

    #[test]
    fn an_app_record_reads_back() {
        let record = AppRecord {
            id: "100042".parse().unwrap(),
            organisation: OrganisationId::new("org"),
            enabled: true,
            credentials: vec![AppCredential {
                key: "vk_demo_7d3c1f0a".parse().unwrap(),
                sealed_secret: vec![1, 2, 3],
                expires_at: None,
                previous: Some(PreviousSecret { sealed_secret: vec![4], expires_at: 7 }),
            }],
            settings: AppSettings::default(),
            limits: AppLimits::default(),
            plan: PlanTerms::default(),
            webhooks: HookSet::NONE,
        };
        let line = serde_json::to_string(&Change::App(record.clone())).unwrap();
        let read = serde_json::from_str::<SnapshotLine>(&line).unwrap();
        assert_eq!(read, SnapshotLine::Change(Box::new(Change::App(record))));
    }

    #[test]
    fn a_record_with_a_bad_name_does_not_decode() {
        let line = r#"{"type":"kill","what":"disable_app","app":"a/b"}"#;
        assert!(serde_json::from_str::<Change>(line).is_err());
    }
}

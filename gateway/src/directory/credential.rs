//! A pair of an app as the gateway holds it: its key, its secret, and the secret before that one
//! while the overlap of a rotation lasts.

use crate::{
    directory::{app::SigningKey, fingerprints::Purpose},
    metering::Meter,
    uses::LastUse,
};
use contract::{
    AppKey, AppSecret, TokenHash,
    directory::{AppCredential, PreviousSecret},
};
use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// A key and what is needed to check what its secret stands for.
#[derive(Clone)]
pub struct Credential {
    pub key: AppKey,
    /// Shared by all versions of the pair that the app's states have held.
    pub last_use: Arc<LastUse>,
    /// Where it counts; see [`crate::metering::Counters::of_key`].
    pub meter: OnceLock<Arc<Meter>>,
    pub(super) current: Arc<Secret>,
    pub(super) previous: Option<Arc<Rotated>>,
    /// Unix seconds; `i64::MAX` for never.
    pub(super) expires_at: i64,
}

/// A secret that was replaced.
#[derive(Debug)]
pub struct Rotated {
    pub last_use: LastUse,
    pub(super) secret: Arc<Secret>,
    /// Unix seconds.
    pub(super) expires_at: i64,
}

/// One secret, and what is made of it once.
pub struct Secret {
    text: AppSecret,
    mac: SigningKey,
    /// Hashes of the Bearers that the secret stands for, in the order of [`Purpose::ALL`].
    derived: [TokenHash; Purpose::ALL.len()],
    /// As the control plane sealed it: what the disk copy is written from.
    pub(super) sealed: Box<[u8]>,
}

impl Secret {
    pub(super) fn new(text: AppSecret, sealed: &[u8]) -> Self {
        let mac = SigningKey::new(text.expose());
        let derived = Purpose::ALL.map(|purpose| match purpose.label() {
            Some(label) => TokenHash::of(&hex::encode(mac.sign(&[label.as_bytes()]))),
            None => TokenHash::of(text.expose()),
        });
        Self { text, mac, derived, sealed: sealed.into() }
    }

    /// The secret itself, for what is signed otherwise than with [`Secret::signing_key`].
    pub(crate) fn text(&self) -> &AppSecret {
        &self.text
    }

    /// The hash of the Bearer for `purpose`.
    pub fn derived(&self, purpose: Purpose) -> &TokenHash {
        &self.derived[purpose as usize]
    }

    pub fn signing_key(&self) -> &SigningKey {
        &self.mac
    }
}

impl Credential {
    /// What the key's owner signs with now.
    pub fn signing_key(&self) -> &SigningKey {
        self.current.signing_key()
    }

    /// Every secret that is taken: the present one, then the one before.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let previous = self.previous.as_ref().map(|rotated| &*rotated.secret);
        std::iter::once(&*self.current).chain(previous)
    }

    /// Whether one of the secrets is the one looked for. The earlier one then counts as used.
    /// `now_s` is Unix time.
    pub fn accepts(&self, now_s: u64, is_it: impl Fn(&Secret) -> bool) -> bool {
        if is_it(&self.current) {
            return true;
        }
        let rotated = self.previous.as_ref().filter(|rotated| is_it(&rotated.secret));
        rotated.inspect(|rotated| rotated.last_use.note(now_s)).is_some()
    }

    /// The use of the secret before the present one.
    pub fn previous_use(&self) -> Option<&Arc<Rotated>> {
        self.previous.as_ref()
    }

    /// Unix seconds at which something of it ends.
    pub(super) fn next_end(&self) -> i64 {
        self.previous.as_ref().map_or(self.expires_at, |r| r.expires_at.min(self.expires_at))
    }

    /// As it is from `now_s` on; nothing once it has ended.
    pub(super) fn at(mut self, now_s: i64) -> Option<Self> {
        self.previous = self.previous.filter(|rotated| rotated.expires_at > now_s);
        (self.expires_at > now_s).then_some(self)
    }

    pub(super) fn to_record(&self) -> AppCredential {
        AppCredential {
            key: self.key.clone(),
            sealed_secret: self.current.sealed.to_vec(),
            expires_at: (self.expires_at < i64::MAX).then_some(self.expires_at),
            previous: self.previous.as_ref().map(|rotated| PreviousSecret {
                sealed_secret: rotated.secret.sealed.to_vec(),
                expires_at: rotated.expires_at,
            }),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("key", &self.key).finish_non_exhaustive()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

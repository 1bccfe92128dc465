//! The spec sheet's running example as an app in a directory, for tests.

use crate::directory::{Directory, SigningKey};
use contract::{
    AppLimits, AppSettings, OrganisationId, SocketId,
    directory::{AppCredential, AppRecord, Change},
    seal::MasterKey,
};

pub const APP: &str = "my-app";
pub const KEY: &str = "my-key";
pub const SECRET: &str = "my-secret";
/// A second pair of the same app, as during a rotation.
pub const NEXT_KEY: &str = "my-next-key";
pub const NEXT_SECRET: &str = "my-next-secret";

pub fn socket() -> SocketId {
    "123.456".parse().expect("the sheet's socket id")
}

pub fn master() -> MasterKey {
    MasterKey::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").expect("32 bytes")
}

pub fn record() -> AppRecord {
    let credential = |key: &str, secret: &str| AppCredential {
        key: key.parse().expect("a key"),
        sealed_secret: master().seal(secret, key).expect("sealed"),
        expires_at: None,
        previous: None,
    };
    AppRecord {
        id: APP.parse().expect("an app id"),
        organisation: OrganisationId::new("organisation"),
        enabled: true,
        credentials: vec![credential(KEY, SECRET), credential(NEXT_KEY, NEXT_SECRET)],
        settings: AppSettings { client_events: true, ..AppSettings::default() },
        limits: AppLimits::default(),
        plan: Default::default(),
        webhooks: Default::default(),
    }
}

/// A directory that holds the app of `record()` as `change` leaves it.
pub fn directory(change: impl FnOnce(&mut AppRecord)) -> Directory {
    let mut record = record();
    change(&mut record);
    let directory = Directory::new(master());
    assert!(directory.apply(1, Change::App(record)).is_none());
    directory
}

/// `key:signature` over `text`.
pub fn auth(key: &str, secret: &str, text: &str) -> String {
    format!("{key}:{}", hex::encode(SigningKey::new(secret).sign(&[text.as_bytes()])))
}

/// What the customer's back end signs for the sheet's socket.
pub fn channel_auth(channel: &str, data: Option<&str>) -> String {
    let tail = data.map(|data| format!(":{data}")).unwrap_or_default();
    auth(KEY, SECRET, &format!("{}:{channel}{tail}", socket()))
}
